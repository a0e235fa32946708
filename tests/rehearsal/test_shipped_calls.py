"""The shipped flow's calls go as their files expect; nobody can tell who is a customer; Twilio
would play every document; nothing personal is logged."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from twiml_schema import check_twiml
from witness import ROOT, Placed, Rehearsals, Secrets, rehearsing, secrets_of

from ivr.commands import demo
from ivr.rehearsal.callfile import load_call
from ivr.rehearsal.conversation import Moment

FOLDER = ROOT / "flows" / "verify" / "calls"
PATHS = sorted(FOLDER.glob("*.yaml"))


@pytest.fixture(scope="module")
def rehearsals(request: pytest.FixtureRequest) -> Iterator[Rehearsals]:
    with rehearsing() as rehearsals:
        for item in request.session.items:
            if isinstance(item, pytest.Function) and item.originalname == "test_a_shipped_call":
                path = item.callspec.params["path"]
                assert isinstance(path, Path)
                rehearsals.begin(path)
        yield rehearsals


@pytest.fixture(scope="module")
def all_placed(rehearsals: Rehearsals) -> list[Placed]:
    """Every shipped call, placed."""
    futures = [rehearsals.begin(path) for path in PATHS]
    return [future.result() for future in futures]


# --- each call ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_shipped_call(rehearsals: Rehearsals, path: Path) -> None:
    placed = rehearsals.begin(path).result()
    assert placed.outcome.problems == ()


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_call_file_says_what_it_shows(path: Path) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", path.stem)
    first = path.read_text("utf-8").partition("\n")[0]
    shown = re.match(r"# ((?:[VLOAPD][0-9]+(?:, )?)+): \S", first)
    assert shown, f"{path.name} begins with no '# V3: what it shows'"
    known = (ROOT / "docs" / "requirements.md").read_text("utf-8")
    for requirement in shown[1].split(", "):
        assert f"| {requirement} |" in known


def test_there_are_many_calls_and_no_two_have_one_name(all_placed: list[Placed]) -> None:
    titles = [placed.call.call for placed in all_placed]
    assert len(titles) >= 45
    assert len(set(titles)) == len(titles)


def test_every_call_says_how_sure_the_agent_may_be(all_placed: list[Placed]) -> None:
    unsaid = [
        placed.call.call
        for placed in all_placed
        if placed.call.expect.level is None or placed.call.expect.ended is None
    ]
    assert unsaid == []


def test_every_prompt_is_heard_in_some_call(
    all_placed: list[Placed], rehearsals: Rehearsals
) -> None:
    heard = frozenset[str]().union(
        *(placed.outcome.said for placed in all_placed if placed.call.language == "ja")
    )
    assert set(rehearsals.flow.prompts["ja"]) - heard == set()


@pytest.mark.parametrize("name", [demo.SHOWN, *demo.QUIET])
def test_the_demo_can_place_its_calls(name: str, rehearsals: Rehearsals) -> None:
    call = load_call(FOLDER / f"{name}.yaml", flows={"verify": rehearsals.flow})
    assert call.model_fields_set.isdisjoint({"now", "customers", "world"})


# --- no oracle ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Person:
    """Who calls. ``before``: turns of calls made earlier; ``world``: what fails."""

    birthdate: str = "昭和六十年三月五日"
    name: str = "山田太郎"
    caller: str = "+819012345678"
    before: str = ""
    world: str = ""


_LOCKING = """\
  - bot: consent
  - caller: {say: はい}
  - caller: {say: 昭和六十年三月五日です}
  - caller: {say: 山田太郎です}
  - caller: {say: はい}
  - caller: {press: $wrong_code}
  - caller: {press: $wrong_code}
  - caller: {press: $wrong_code}
  - caller: {wait: 11m}
  - caller: {call_again: true}
"""
PEOPLE = {
    "the customer": Person(),
    "wrong name": Person(name="渡辺健"),
    "wrong birthdate": Person(birthdate="昭和六十年三月六日"),
    "look-alike name": Person(birthdate="昭和三十三年七月十二日", name="後藤一郎"),
    "unknown person": Person(birthdate="昭和四十年七月七日", name="小川浩"),
    "two customers alike": Person(birthdate="昭和四十五年一月十五日", name="いとうまこと"),
    "no contact": Person(birthdate="昭和十三年二月十四日", name="渡辺茂"),
    "unusual reading": Person(birthdate="平成元年一月八日", name="木村和"),
    "locked": Person(before=_LOCKING, world="settings: {lockout_failures: 3}"),
    "sender down": Person(world="sender: down"),
    "no more codes today": Person(before=_LOCKING, world="settings: {customer_sends_per_day: 1}"),
}
#: Everything one can do before a code is accepted, and what every caller does.
_BEGIN = """\
  - bot: consent
  - caller: {say: はい}
  - caller: {hear: [{text: BIRTHDATEです, confidence: 0.3}]}
  - bot: birthdate_confirm
  - caller: {say: はい}
  - caller: {hear: [{text: NAMEです, confidence: 0.3}]}
  - bot: name_confirm
  - caller: {press: "1"}
  - bot: code_ready
  - caller: {say: はい}
  - bot: code_entry
"""
_MENU = """\
  - caller: {press: "*"}
  - bot: not_arrived
  - caller: {press: "KEY"}
  - bot: SAID
"""
_PATIENCE = """\
  - caller: {say: ちょっと待ってください}
  - bot: code_wait
  - caller: {wait: 43s}
"""
WAYS = {
    "menu, resumed, used up": _BEGIN
    + _MENU.replace("KEY", "1").replace("SAID", "code_wait")
    + "  - caller: {silence: true}\n"
    + _MENU.replace("KEY", "2").replace("SAID", "code_sent_again")
    + _MENU.replace("KEY", "3").replace("SAID", "code_sent_other")
    + """\
  - caller: {press: $wrong_code}
  - bot: wrong_code
  - caller: {hangup: true}
  - caller: {wait: 1m}
  - caller: {call_again: true}
  - bot: code_resume
  - caller: {press: $wrong_code}
  - bot: wrong_code
  - caller: {press: $wrong_code}
  - bot: transfer
""",
    "expired, too many sends": _BEGIN
    + 15 * _PATIENCE
    + """\
  - caller: {press: $wrong_code}
  - bot: code_expired
"""
    + _MENU.replace("KEY", "2").replace("SAID", "code_sent_again")
    + _MENU.replace("KEY", "2").replace("SAID", "to_person_sorry"),
}
#: A check that runs while a prompt is spoken moves the one clock that both share: what it then
#: shows is a race of this machine's, not a time that a caller could measure.
TIMED = {"menu, resumed, used up"}


@dataclass(frozen=True)
class Heard:
    """What a caller heard, and when: seconds since the code was spoken of for the first time."""

    lines: list[str]
    times: list[float]
    messages: int


def write_call(path: Path, person: Person, way: str) -> Path:
    """The call of one person who does what ``way`` says."""
    turns = WAYS[way].replace("BIRTHDATE", person.birthdate).replace("NAME", person.name)
    path.write_text(
        f'call: {path.stem}\nflow: verify\ncaller: "{person.caller}"\n'
        f"turns:\n{person.before}{turns}world: {{{person.world}}}\nexpect: {{ended: transfer}}\n",
        encoding="utf-8",
    )
    return path


def heard(placed: Placed, person: Person) -> Heard:
    """What the caller heard until an agent's phone rang, without what is read back of their own
    words. What the agent hears takes longer for some than for others."""
    assert placed.outcome.problems == ()
    calls = [at for at, moment in enumerate(placed.moments) if moment.text == "(calls)"]
    counted = placed.moments[calls[1 if person.before else 0] :]
    rings = next(at for at, moment in enumerate(counted) if moment.text.startswith("dials"))
    bot = [moment for moment in counted[:rings] if moment.who == "bot"]
    offered = next(moment.at for moment in bot if "code_offer" in moment.prompts)
    return Heard(
        lines=[_words(moment, person) for moment in bot],
        times=[max(0.0, (moment.at - offered).total_seconds()) for moment in bot],
        messages=sum(moment.who == "message" for moment in counted),
    )


def _words(moment: Moment, person: Person) -> str:
    return moment.text.replace(person.birthdate, "…").replace(person.name, "…")


@pytest.mark.parametrize("way", WAYS)
def test_nobody_can_hear_who_is_a_customer(
    rehearsals: Rehearsals, tmp_path: Path, way: str
) -> None:
    futures = {
        who: rehearsals.begin(write_call(tmp_path / f"{who.replace(' ', '-')}.yaml", person, way))
        for who, person in PEOPLE.items()
    }
    others = {who: heard(future.result(), PEOPLE[who]) for who, future in futures.items()}
    customer = others.pop("the customer")
    assert len(customer.lines) > 15
    assert customer.messages > 1
    for who, other in others.items():
        assert other.lines == customer.lines, who
        if way in TIMED:
            assert other.times == customer.times, who
        assert other.messages == 0, who


# --- documents ----------------------------------------------------------------------------


def test_twilio_would_play_every_document(all_placed: list[Placed], rehearsals: Rehearsals) -> None:
    documents = rehearsals.stage.documents
    assert {path for path, _ in documents} == {
        "/voice/incoming",
        "/voice/continue",
        "/voice/fallback",
        "/voice/whisper",
        "/voice/whisper/answer",
    }
    for verb in ("Gather", "Say", "Pause", "Redirect", "Dial", "Number", "Hangup", "prosody"):
        assert any(f"<{verb}" in document for _, document in documents), verb
    wrong = {problem: document for _, document in documents for problem in check_twiml(document)}
    assert wrong == {}


# --- the log ------------------------------------------------------------------------------


def test_nothing_personal_is_logged(all_placed: list[Placed], rehearsals: Rehearsals) -> None:
    lines = rehearsals.stage.log.getvalue().splitlines()
    secrets = secrets_of(all_placed)
    assert len(lines) > len(PATHS)  # every call leaves something
    assert len(secrets.digits) > len(PATHS) / 2  # and most brought a code
    assert [(found, line) for line in lines if (found := secrets.in_line(line))] == []


@pytest.mark.parametrize(
    "leak",
    [
        {"event": "sent", "detail": "code 204813 went out"},
        {"event": "call", "caller_number": "+819012345678"},
        {"event": "asked", "born": "1985-03-05"},
        {"event": "keyed", "keys": "3600305"},
        {"event": "heard", "words": "山田太郎です"},
        {"event": "heard", "words": "My name is John"},
        {"event": "heard", "words": "December first, nineteen seventy-nine"},
        {"event": "mail to taro.yamada@example.jp"},
    ],
    ids=", ".join,
)
def test_a_leak_would_be_found(leak: dict[str, str], rehearsals: Rehearsals) -> None:
    names = ("verified-by-sms", "english-verified", "birthdate-keys-first")
    placed = [rehearsals.begin(FOLDER / f"{name}.yaml").result() for name in names]
    secrets = secrets_of(placed)
    known = Secrets(secrets.words, secrets.digits | {"204813"}, secrets.parts)
    assert known.in_line(json.dumps({**leak, "timestamp": "2026-11-22T01:00:00.000000Z"}))


def test_what_is_no_leak_is_not_taken_for_one() -> None:
    line = {"event": "turn", "call_sid": "CA204813", "timestamp": "2026-11-22T01:00:00.204813Z"}
    secrets = Secrets(frozenset({"john"}), frozenset({"204813"}), frozenset({"1985-03-05"}))
    assert secrets.in_line(json.dumps(line)) == []
