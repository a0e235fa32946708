"""A flow is loaded whole or refused whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from small_flow import WORDS, Workshop, small_files

from ivr.errors import FilesError
from ivr.flow.loader import digest_of, load_flow, load_flow_sources

FLOW = "flows/small/flow.yaml"
JA = "flows/small/prompts.ja.yaml"


def test_a_sound_flow(workshop: Workshop) -> None:
    flow = workshop.load(destinations={"agents": ["+81312345678"]})
    assert flow.name == "small"
    assert flow.prompts["ja"]["sorry"] == ("恐れ入ります。", "もう一度お願いいたします。")
    assert flow.prompts["en"]["why"] == ("To check who you are.",)
    yes = flow.grammars["ja"]["consent"].meanings["yes"]
    assert set(yes) == {"はい", "はいお願いします", "ええ", "ええお願いします"}
    assert flow.words == WORDS
    assert len(flow.digest) == 64


def test_sources_are_relative_and_have_no_samples(workshop: Workshop) -> None:
    sources = workshop.load().sources
    assert list(sources) == [
        "flow.yaml",
        "grammars/en/commands.yaml",
        "grammars/en/consent.yaml",
        "grammars/en/yes_no.yaml",
        "grammars/ja/commands.yaml",
        "grammars/ja/consent.yaml",
        "grammars/ja/yes_no.yaml",
        "prompts.en.yaml",
        "prompts.ja.yaml",
    ]
    assert sources["flow.yaml"] == small_files()[FLOW]


def test_a_pinned_version_loads_again_without_any_file(workshop: Workshop) -> None:
    flow = workshop.load()
    for path in small_files():
        workshop.remove(path)
    assert load_flow_sources("small", flow.sources, WORDS) == flow


def test_a_pinned_version_survives_settings_that_lint_would_refuse(workshop: Workshop) -> None:
    sources = workshop.load().sources
    words = {"ja": {**WORDS["ja"], "company": "株式会社" * 20}, "en": WORDS["en"]}
    assert load_flow_sources("small", sources, words).words == words


def test_a_pinned_version_that_is_damaged_is_refused(workshop: Workshop) -> None:
    sources = dict(workshop.load().sources)
    del sources["prompts.en.yaml"]
    sources["flow.yaml"] = sources["flow.yaml"].replace("next: consent", "next: consnt")
    with pytest.raises(FilesError) as error:
        load_flow_sources("small", sources, WORDS)
    assert [str(problem) for problem in error.value.problems] == [
        "small/flow.yaml:26:11: unknown state 'consnt' (did you mean 'consent'?)",
        "small/prompts.en.yaml: the file is empty",
    ]


def test_the_digest_depends_on_contents_and_nothing_else(
    workshop: Workshop, tmp_path: Path
) -> None:
    digest = workshop.load().digest
    there = workshop.load(words={**WORDS, "ja": {**WORDS["ja"], "company": "別"}})
    assert there.digest == digest
    absolute = load_flow(tmp_path / "flows/small", grammars_dir=tmp_path / "grammars", words=WORDS)
    assert absolute.digest == digest
    for path in (FLOW, JA, "grammars/ja/consent.yaml"):
        text = small_files()[path]
        workshop.write(path, text.replace("\n", "\r\n"))
        assert workshop.load().digest == digest, path
        workshop.write(path, text + "# a comment\n")
        assert workshop.load().digest != digest, path
        workshop.write(path, text)
    workshop.edit("grammars/ja/consent.samples.yaml", ("say: はい", "say: ええ"))
    assert workshop.load().digest == digest


def test_digests_keep_files_apart() -> None:
    assert digest_of({"a": "bc"}) != digest_of({"ab": "c"})
    assert digest_of({"a": "1", "b": "2"}) == digest_of({"b": "2", "a": "1"})


def test_all_problems_of_all_files_in_one_run(workshop: Workshop) -> None:
    workshop.edit(FLOW, ("next: consent", "nxet: consent"))
    workshop.edit(JA, ("  why: 確認のためです。", "  why: [確認のためです。"))
    workshop.write("flows/small/prompts.fr.yaml", "language: fr\n")
    workshop.edit("grammars/en/consent.yaml", ("[yes]", "['(yes']"))
    workshop.remove("grammars/ja/consent.samples.yaml")
    assert workshop.problems() == [
        "flows/small/flow.yaml:23:3: 'next' is missing",
        "flows/small/flow.yaml:26:5: unknown key 'nxet' (did you mean 'next'?)",
        "flows/small/prompts.fr.yaml: is no part of this flow (its files are destinations.yaml,"
        " flow.yaml, prompts.en.yaml, prompts.ja.yaml)",
        "flows/small/prompts.ja.yaml:6:10: a ',' or a closing bracket is missing before this",
        "grammars/en/consent.yaml:3:18: '(' at character 1 is never closed",
        "grammars/ja/consent.samples.yaml: is missing: every grammar needs sample utterances"
        " beside it",
    ]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (FLOW, None, ["flows/small/flow.yaml: no such flow"]),
        (FLOW, "", ["flows/small/flow.yaml: the file is empty"]),
        (FLOW, "[]", ["flows/small/flow.yaml:1:1: must be a mapping (key: value), not a list"]),
        (JA, None, ["flows/small/flow.yaml:2:13: flows/small/prompts.ja.yaml is missing"]),
        (JA, "", ["flows/small/prompts.ja.yaml: the file is empty"]),
        (
            "flows/small/promts.ja.yaml",
            "x",
            [
                "flows/small/promts.ja.yaml: is no part of this flow (its files are"
                " destinations.yaml, flow.yaml, prompts.en.yaml, prompts.ja.yaml)"
            ],
        ),
    ],
)
def test_missing_and_strange_files(
    workshop: Workshop, path: str, text: str | None, expected: list[str]
) -> None:
    if text is None:
        workshop.remove(path)
    else:
        workshop.write(path, text)
    assert workshop.problems() == expected


def test_names_agree_with_files_and_folders(workshop: Workshop) -> None:
    workshop.edit(FLOW, ("flow: small", "flow: smal"))
    workshop.edit(JA, ("language: ja", "language: en"))
    assert workshop.problems() == [
        "flows/small/flow.yaml:1:7: must be 'small', as the folder is called",
        "flows/small/prompts.ja.yaml:1:11: must be 'ja', as the file is called, not 'en'",
    ]


def test_loading_twice_gives_the_same(workshop: Workshop) -> None:
    assert workshop.load() == workshop.load()
    workshop.edit(FLOW, ("next: consent", "nxet: consent"))
    assert workshop.problems() == workshop.problems()


MUTABLE = sorted(path for path in small_files() if "/en/" not in path)
CHUNKS = st.sampled_from(
    ["", " ", "\n", ":", "-", "{", "]", "'", "*", "&a", "!!x", "yes", "0", "{value}", "\t", "あ"]
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    path=st.sampled_from(MUTABLE),
    start=st.integers(0, 1200),
    length=st.integers(0, 40),
    chunk=CHUNKS | st.text(max_size=5),
)
@example(path=FLOW, start=0, length=5000, chunk="[" * 3000)
def test_a_mutation_never_raises_anything_but_files_error(
    workshop: Workshop, path: str, start: int, length: int, chunk: str
) -> None:
    text = small_files()[path]
    start = min(start, len(text))
    mutated = text[:start] + chunk + text[start + length :]
    workshop.write(path, mutated.encode("utf-8", "replace"))
    for line in workshop.problems():
        place = line.partition(": ")[0]
        assert Path(place.split(":")[0]).suffix == ".yaml"
    sources = {name.removeprefix("flows/small/"): text for name, text in small_files().items()}
    sources[path.removeprefix("flows/small/")] = mutated
    try:
        load_flow_sources("small", sources, WORDS)
    except FilesError as error:
        assert error.problems
    workshop.write(path, text)
