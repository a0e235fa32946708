# Needs Python 3.11 or later, make and a connection to PyPI; everything else is installed in .venv.
#   make PYTHON=/usr/local/bin/python3.13 test      another Python
#   make test PYTEST_FLAGS="-x tests/flow"          some tests only
#   make lock LOCK_FLAGS=--upgrade                  newer versions of everything

PYTHON ?= python3
PYTEST_FLAGS ?= -n 2
UV ?= uv
LOCK_FLAGS ?=

VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip --disable-pip-version-check install --quiet --quiet
LOCK_AS := --group build --universal --generate-hashes --python-version 3.11 \
	--no-emit-index-url --quiet --custom-compile-command "make lock" $(LOCK_FLAGS)
LOCK := $(UV) pip compile pyproject.toml $(LOCK_AS)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test run lint check audit rehearse rehearse-voice docs lock clean model model-env callers

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.project  ## place a call by voice, show it turn by turn, record it; then a few more
	@$(BIN)/ivr demo

test: $(VENV)/.project  ## run all tests
	@$(BIN)/python -m pytest $(PYTEST_FLAGS)

run: $(VENV)/.project  ## keep the server up and say how to point a Twilio number at it
	@$(BIN)/ivr serve

rehearse: $(VENV)/.project  ## place every call file and compare with what it expects
	@$(BIN)/ivr rehearse

rehearse-voice: $(VENV)/.project  ## place those call files by voice whose answers are recorded
	@$(BIN)/ivr rehearse --voice

lint: $(VENV)/.project  ## check flows, prompts, grammars and call files
	@$(BIN)/ivr lint

check: $(VENV)/.project  ## ruff, formatting, mypy, import rules, and lint of the flows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/ivr lint

audit: $(VENV)/.project  ## licences, known vulnerabilities, secrets among the sources
	@$(BIN)/python .ci/audit.py

docs: $(VENV)/.project  ## write docs/commands.md and docs/openapi.json from the program itself
	@$(BIN)/python docs/generate_commands.py
	@$(BIN)/python docs/generate_openapi.py

lock:  ## pin every dependency with its hashes, for every Python from 3.11 (needs uv)
	@command -v $(UV) >/dev/null || { \
		echo "make lock needs uv: 'pip install uv', or UV=/path/to/uv make lock" >&2; exit 1; }
	$(LOCK) --extra postgres --output-file requirements.lock
	$(LOCK) --extra dev --output-file requirements-dev.lock
	$(UV) pip compile $(LOCK_AS) --output-file requirements-build.lock

model-env: $(VENV)/.model  ## install what makes the speech model (PyTorch and voices)

model: $(VENV)/.model  ## make the Japanese rehearsal model from nothing (hours; see speech_model/)
	@$(BIN)/python -m speech_model --install \
		ivr/hearing/rehearsal_model/ja tests/hearing/rehearsal_model \
		speech_model/MEASURED.md

callers: $(VENV)/.model  ## speak the answers of rehearsed callers again (flows/verify/calls/audio)
	@$(BIN)/python -m speech_model.caller_recordings

clean:  ## remove .venv, caches and the rehearsal's database, keys and messages (var/)
	rm -rf $(VENV) var build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		.import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Exactly what is locked, nothing left over from before. Wheels only: a bare machine has no
# compiler, and would otherwise fail late, in the middle of somebody else's build. But for srt,
# which vosk imports: one file of Python without a wheel, built by the locked setuptools.
$(VENV)/.packages: requirements-dev.lock requirements-build.lock
	@command -v "$(PYTHON)" >/dev/null || { \
		echo "$(PYTHON) not found: apt install python3 python3-venv (3.11 or later)" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$$("$(PYTHON)" --version 2>&1) is too old: Python 3.11 or later is needed," \
			"make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments: apt install python3-venv" >&2; exit 1; }
	@echo "installing $$(grep -c '^[a-z]' requirements-dev.lock) locked packages into $(VENV)"
	@"$(PYTHON)" -m venv --clear $(VENV)
	@$(INSTALL) --require-hashes --only-binary :all: -r requirements-build.lock
	@$(INSTALL) --require-hashes --only-binary :all: --no-binary srt --no-build-isolation \
		-r requirements-dev.lock
	@touch $@

# --no-build-isolation: built by the locked setuptools, so nothing is fetched here.
$(VENV)/.project: pyproject.toml $(VENV)/.packages
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

# As large as 2 GB where PyPI's PyTorch brings its libraries for GPUs along.
$(VENV)/.model: pyproject.toml $(VENV)/.project
	@echo "installing PyTorch, voices and the rest of the extra \"model\" into $(VENV)"
	@$(INSTALL) --no-build-isolation --editable ".[model]"
	@touch $@
