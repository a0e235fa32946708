"""Which steps a run takes, and what it leaves alone."""

import json
from datetime import date
from pathlib import Path

import pytest
import toy_network

MISSING = "the extra 'model' is not installed; 'make model-env' installs it"
torch = pytest.importorskip("torch", reason=MISSING)

from speech_model import recipe, schedule  # noqa: E402
from speech_model.recipe import OtherRecipe, Recipe  # noqa: E402


class Rehearsed(Recipe):
    """Says which steps it would take."""

    def _take(self, step: str, build: str = "") -> None:
        self.progress(f"{step} {build}".strip())

    def _assets(self) -> None:
        self._take("assets")

    def _speech(self) -> None:
        self._take("speech")

    def _train(self, build: str) -> None:
        self._take("train", build)

    def _export(self, build: str) -> None:
        self._take("export", build)

    def _check(self) -> None:
        self._take("check")

    def _evaluate(self) -> None:
        self._take("evaluate")


def steps(work: Path, start: Path | None = None, until: str | None = None) -> list[str]:
    said: list[str] = []
    Rehearsed(work, 1, 0.01, 1, said.append, date(2026, 11, 23), start=start).run(until)
    return [line for line in said if not line.startswith("==")]


@pytest.fixture
def published(tmp_path: Path) -> Path:
    toy_network.write(tmp_path / "published" / "ja", toy_network.layers())
    return tmp_path / "published" / "ja"


def test_from_nothing_both_builds_are_made(tmp_path: Path) -> None:
    taken = steps(tmp_path)
    assert taken == [step.replace("-", " ") for step in recipe.STEPS]
    assert steps(tmp_path, until="speech") == ["assets", "speech"]


def test_from_a_published_model_only_the_shipped_build_is_made(
    tmp_path: Path, published: Path
) -> None:
    taken = steps(tmp_path / "work", published)
    assert taken == ["assets", "speech", "train shipped", "export shipped", "check", "evaluate"]


def test_a_work_folder_belongs_to_what_it_began_with(tmp_path: Path, published: Path) -> None:
    steps(tmp_path / "work", published)
    steps(tmp_path / "work", published)
    with pytest.raises(OtherRecipe, match="name another folder with --work"):
        steps(tmp_path / "work")
    toy_network.write(tmp_path / "other", toy_network.layers(seed=2))
    with pytest.raises(OtherRecipe):
        steps(tmp_path / "work", tmp_path / "other")


def test_what_was_measured_of_the_other_build_stays(tmp_path: Path, published: Path) -> None:
    page, work = tmp_path / "page.md", tmp_path / "work"
    for build in schedule.BUILDS:
        (work / build).mkdir(parents=True)
        (work / build / "evaluation.md").write_text(
            f"# x-{build} 1, measured\n\n### Digits\n\nold\n"
        )
    toy_network.write(work / "shipped" / "model", toy_network.layers())
    (work / "shipped" / "references").mkdir()

    def install(start: Path | None) -> str:
        made = Recipe(work, 1, 1.0, 1, lambda line: None, date(2026, 11, 23), start=start)
        made.install(tmp_path / "installed", tmp_path / "references", page)
        return page.read_text("utf-8")

    whole = install(None)
    (work / "shipped" / "evaluation.md").write_text(
        "# x-shipped 1, measured\n\n### Digits\n\nnew\n"
    )
    (work / "evaluation" / "evaluation.md").unlink()
    # The chapter that is left alone says so, once.
    for _ in range(2):
        title, old, new = install(published).split("\n## ")
        assert old.startswith("x-evaluation 1, measured\n\nOf an earlier run; the shipped build")
        assert old.count("earlier") == 1
        assert "old" in old
        assert new == whole.split("\n## ")[2].replace("old", "new")
        assert title == whole.split("\n## ")[0]
    card = json.loads((tmp_path / "installed" / "model.json").read_text("utf-8"))
    assert card["name"] == "toy"
    page.write_text("# Nothing here yet\n")
    assert "evaluation: not measured" in install(published)
