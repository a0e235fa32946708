"""A small sound flow as files, and a workshop that edits, loads and lints it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ivr.commands.lint import lint_paths
from ivr.errors import FilesError
from ivr.flow.flow import Flow
from ivr.flow.loader import load_flow

WORDS = {
    "ja": {"company": "ひばり商店", "hours": "九時から五時", "callback_number": "0120"},
    "en": {"company": "Lark Shop", "hours": "nine to five", "callback_number": "0120"},
}

FLOW = """\
flow: small
languages: [ja, en]
start: hello
destinations: [agents]
on:
  no_input: to_agent
  no_match: to_agent
  invalid: to_agent
  mismatch: to_agent
  limit: to_agent
  failed: to_agent
  last: bye
retry: {no_input: sorry, no_match: sorry, invalid: sorry, mismatch: sorry}
slots:
  birthdate: {type: birthdate, pii: true}
  code: {type: code, pii: true, confirm: never, length: 6}
commands:
  agent: {go: to_agent}
  why: {do: explain, prompt: why}
  english: {do: repeat, language: en}
keys: {"0": agent}
states:
  hello:
    kind: say
    prompt: hello
    next: consent
  consent:
    kind: choose
    prompt: consent
    grammar: consent
    choices:
      yes: birthdate
      no: {go: to_agent, language: ja}
    keys: {1: yes, 2: no}
  birthdate:
    kind: collect
    slot: birthdate
    prompt: birthdate
    confirm: birthdate_confirm
    next: code
  code:
    kind: collect
    slot: code
    prompt: code
    menu: consent
    next: check
  check:
    kind: check
    check: check_code
    on: {ok: to_agent, wrong: code, expired: to_agent, exhausted: to_agent, failed: to_agent}
  to_agent:
    kind: transfer
    destination: agents
    prompt: transfer
    on: {bridged: bye, busy: bye, no_answer: bye, declined: bye, failed: bye}
  bye:
    kind: end
    prompt: bye
"""

PROMPTS_JA = """\
language: ja
prompts:
  hello: "{company}でございます。"
  sorry: [恐れ入ります。, もう一度お願いいたします。]
  why: 確認のためです。
  consent: よろしいでしょうか。
  birthdate: 生年月日をどうぞ。
  birthdate_confirm: "{value}でよろしいでしょうか。"
  code: 番号を押してください。
  transfer: おつなぎします。
  bye: 失礼いたします。{hours}にどうぞ。
"""

PROMPTS_EN = """\
language: en
prompts:
  hello: This is {company}.
  sorry: [I am sorry., Once more please.]
  why: To check who you are.
  consent: May we begin?
  birthdate: Your date of birth, please.
  birthdate_confirm: "{value}, is that right?"
  code: Press your code.
  transfer: I am putting you through.
  bye: Goodbye. We are here {hours}.
"""

GRAMMARS = {
    "ja": {
        "commands": "meanings: {agent: [係, (人|係)と話したい], why: [なぜ], english: [英語]}",
        "consent": 'meanings: {yes: ["(はい|ええ)[お願いします]"], no: [いいえ]}',
        "yes_no": "meanings: {yes: [はい], no: [いいえ]}",
    },
    "en": {
        "commands": "meanings: {agent: [agent], why: [why], english: [english]}",
        "consent": "meanings: {yes: [yes], no: [no]}",
        "yes_no": "meanings: {yes: [yes], no: [no]}",
    },
}

SAMPLES = {
    "ja": {"commands": ("係", "agent"), "answers": ("はい", "yes")},
    "en": {"commands": ("agent", "agent"), "answers": ("'yes'", "yes")},
}


def small_files() -> dict[str, str]:
    """Path -> text of every file of the small flow."""
    files = {
        "flows/small/flow.yaml": FLOW,
        "flows/small/prompts.ja.yaml": PROMPTS_JA,
        "flows/small/prompts.en.yaml": PROMPTS_EN,
    }
    for language, grammars in GRAMMARS.items():
        for name, meanings in grammars.items():
            head = f"grammar: {name}\nlanguage: {language}\n"
            say, meaning = SAMPLES[language]["commands" if name == "commands" else "answers"]
            sample = f"samples:\n  - {{say: {say}, means: {meaning}}}\n"
            files[f"grammars/{language}/{name}.yaml"] = head + meanings + "\n"
            files[f"grammars/{language}/{name}.samples.yaml"] = head + sample
    return files


class Workshop:
    """The small flow in a folder that is the working directory."""

    def __init__(self, root: Path) -> None:
        self._root = root
        for path, text in small_files().items():
            self.write(path, text)

    def write(self, path: str, text: str | bytes) -> None:
        """Write a file, making its folder."""
        target = self._root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())

    def edit(self, path: str, *changes: tuple[str, str]) -> None:
        """Replace text that stands in the file exactly once."""
        text = (self._root / path).read_text(encoding="utf-8")
        for old, new in changes:
            assert text.count(old) == 1, (path, old, text.count(old))
            text = text.replace(old, new)
        self.write(path, text)

    def remove(self, path: str) -> None:
        """Delete a file."""
        (self._root / path).unlink()

    def load(self, words: Mapping[str, Mapping[str, str]] = WORDS, **options: Any) -> Flow:
        """Load the flow."""
        folder, grammars = Path("flows/small"), Path("grammars")
        return load_flow(folder, grammars_dir=grammars, words=words, **options)

    def problems(self, **options: Any) -> list[str]:
        """What loading complains about."""
        try:
            self.load(**options)
        except FilesError as error:
            return [str(problem) for problem in error.problems]
        return []

    def problems_in_flow(self, *changes: tuple[str, str]) -> list[str]:
        """What loading complains about in flow.yaml after these edits, as line:column: message."""
        path = "flows/small/flow.yaml"
        self.edit(path, *changes)
        found = [line for line in self.problems() if line.startswith(path)]
        return [line.removeprefix(f"{path}:") for line in found]


def complaints(*paths: str) -> list[str]:
    """What lint says of these paths of a workshop, the working folder."""
    found = lint_paths(
        [Path(path) for path in paths],
        flows_dir=Path("flows"),
        grammars_dir=Path("grammars"),
        words=WORDS,
    )
    return [str(problem) for problem in found]
