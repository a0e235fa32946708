"""destinations.yaml: what may stand there, and how it fits the flow and the settings."""

from __future__ import annotations

from datetime import datetime

import pytest
from small_flow import FLOW as FLOW_TEXT
from small_flow import WORDS, Workshop

from ivr.clock import JAPAN
from ivr.flow.destinations import UNDESCRIBED, Destination, DestinationsFile, Overflow
from ivr.flow.loader import load_flow_sources
from ivr.flow.opening_hours import OpeningHours

FLOW = "flows/small/flow.yaml"
DESKS = "flows/small/destinations.yaml"

GOOD = """\
hours:
  office:
    mon: [9:00-12:00, 13:00-17:00]
    holidays: [10:00-15:00]
    closed_days: [12-31, 2026-08-13]
destinations:
  agents: {kind: phone, ring: in_turn, hours: office, closed: sorry, overflow: {to: centre, prompt: why}}
  centre: {kind: sip, refer: true}
"""  # noqa: E501


@pytest.fixture
def desks(workshop: Workshop) -> Workshop:
    """The small flow with two destinations, described."""
    workshop.edit(FLOW, ("destinations: [agents]", "destinations: [agents, centre]"))
    workshop.write(DESKS, GOOD)
    return workshop


def test_destinations_are_loaded_with_the_flow(desks: Workshop) -> None:
    flow = desks.load()
    agents = flow.destinations.get("agents")
    assert (agents.kind, agents.in_turn, agents.closed) == ("phone", True, "sorry")
    assert agents.overflow == Overflow(to="centre", prompt="why")
    centre = flow.destinations.get("centre")
    assert (centre.kind, centre.in_turn, centre.refer) == ("sip", True, True)


def test_without_the_file_phones_ring_together_and_always(workshop: Workshop) -> None:
    flow = workshop.load()
    assert flow.destinations == UNDESCRIBED
    agents = flow.destinations.get("agents")
    assert (agents.kind, agents.in_turn, agents.overflow) == ("phone", False, None)
    assert flow.destinations.is_open("agents", datetime(2026, 11, 22, tzinfo=JAPAN))


def test_a_pinned_flow_keeps_its_destinations(desks: Workshop) -> None:
    flow = desks.load()
    assert load_flow_sources("small", flow.sources, WORDS) == flow
    desks.edit(DESKS, ("9:00-12:00", "9:00-12:30"))
    assert desks.load().digest != flow.digest


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (("kind: sip", "kind: fax"), ["8:18: unknown value 'fax' (one of phone, sip, taskrouter)"]),
        (("refer: true", "reffer: true"), ["8:23: unknown key 'reffer' (did you mean 'refer'?)"]),
        (
            ("kind: sip, refer: true", "kind: sip, ring: together"),
            ["8:11: 'ring' belongs to kind 'phone', not to 'sip'"],
        ),
        (
            ("{kind: sip, refer: true}", "{kind: phone, refer: true}"),
            ["8:11: 'refer' belongs to kind 'sip', not to 'phone'"],
        ),
        (
            ("{kind: sip, refer: true}", "{kind: taskrouter, ring: in_turn}"),
            ["8:11: 'ring' belongs to kind 'phone', not to 'taskrouter'"],
        ),
        (
            ("{kind: sip, refer: true}", "{kind: sip, wait_minutes: 5}"),
            ["8:11: 'wait_minutes' belongs to kind 'taskrouter', not to 'sip'"],
        ),
        (
            ("{kind: sip, refer: true}", "{kind: taskrouter, wait_minutes: 61}"),
            ["8:44: must be at most 60, not 61"],
        ),
        (
            # Who waits longer must not tell who is a customer.
            ("{kind: sip, refer: true}", "{kind: taskrouter, priority: {matched: 5}}"),
            [
                "8:41: unknown key 'matched' (known here: verified, urgent, proxy)",
            ],
        ),
        (
            ("closed: sorry, ", ""),
            [
                "7:3: states transfer to 'agents', which is not always open: name the prompt"
                " that says so in 'closed'"
            ],
        ),
        (
            ("hours: office, ", ""),
            ["7:11: 'closed' is said outside of 'hours', which are missing"],
        ),
        (
            ("kind: sip, refer: true", "kind: sip, hours: office"),
            [],
        ),
        (
            ("kind: sip, refer: true", "kind: sip, hours: office, closed: sorry"),
            ["8:46: is never said: no state transfers to 'centre', calls only overflow"],
        ),
        (
            ("9:00-12:00", "9:00-14:00"),
            ["3:10: must be in order and not overlap"],
        ),
        (
            ("9:00-12:00", "9-12"),
            ["3:11: must be a time of day such as 9:00-17:00"],
        ),
        (("12-31", "12-32"), ["5:19: there is no such day"]),
        (("mon:", "monn:"), ["3:5: unknown key 'monn' (did you mean 'mon'?)"]),
        (
            ("hours: office", "hours: ofice"),
            [
                "2:3: no destination keeps the hours 'office'",
                "7:47: unknown hours 'ofice' (did you mean 'office'?)",
            ],
        ),
        (
            ("    mon: [9:00-12:00, 13:00-17:00]\n", ""),
            ["2:3: the hours 'office' are never open: give a weekday its hours"],
        ),
        (
            ("to: centre", "to: center"),
            ["7:85: unknown destination 'center' (did you mean 'centre'?)"],
        ),
        (
            ("closed: sorry", "closed: sory"),
            [
                f"7:63: no prompt 'sory' in flows/small/prompts.{language}.yaml"
                " (did you mean 'sorry'?)"
                for language in ("en", "ja")
            ],
        ),
        (
            ("  centre:", "  centrre:"),
            [
                "8:3: unknown destination 'centrre' (did you mean 'centre'?);"
                " those of the flow are in flow.yaml"
            ],
        ),
        (
            ("{kind: sip, refer: true}", "{kind: sip, overflow: {to: agents}}"),
            [
                "7:85: calls that overflow from 'agents' come back to it",
                "8:38: calls that overflow from 'centre' come back to it",
            ],
        ),
        (
            ("to: centre", "to: agents"),
            ["7:85: calls that overflow from 'agents' come back to it"],
        ),
    ],
)
def test_mistakes_in_destinations(
    desks: Workshop, edit: tuple[str, str], expected: list[str]
) -> None:
    desks.edit(DESKS, edit)
    found = [line for line in desks.problems() if line.startswith(DESKS)]
    assert found == [f"{DESKS}:{line}" for line in expected]


def test_every_destination_of_the_flow_is_described(desks: Workshop) -> None:
    desks.edit(DESKS, ("  centre: {kind: sip, refer: true}\n", ""))
    assert desks.problems() == [f"{FLOW}:4:24: destination 'centre' is not described in {DESKS}"]


def test_a_destination_that_nobody_reaches(desks: Workshop) -> None:
    desks.edit(DESKS, (", overflow: {to: centre, prompt: why}", ""))
    assert desks.problems() == [f"{FLOW}:4:24: no state transfers to the destination 'centre'"]


def test_a_prompt_that_only_destinations_say_is_said(desks: Workshop) -> None:
    for language, text in (("ja", "受付時間外です。"), ("en", "We are closed.")):
        path = f"flows/small/prompts.{language}.yaml"
        desks.edit(path, ("prompts:\n", f"prompts:\n  shut: {text}\n"))
    unsaid = [line for line in desks.problems() if "never says" in line]
    assert len(unsaid) == 2
    desks.edit(DESKS, ("closed: sorry", "closed: shut"))
    assert desks.problems() == []


def test_addresses_in_the_settings_are_of_the_right_kind(desks: Workshop) -> None:
    phone, sip = ["+81312345678"], ["sip:queue@pbx.example.co.jp"]
    assert desks.problems(destinations={"agents": phone, "centre": sip}) == []
    assert desks.problems(destinations={"agents": phone}) == [
        f"{FLOW}:4:24: destination 'centre' is not in the settings (IVR_DESTINATIONS)"
    ]
    assert desks.problems(destinations={"agents": sip, "centre": phone}) == [
        f"{FLOW}:4:16: destination 'agents' is of kind 'phone': IVR_DESTINATIONS must hold"
        " phone numbers (+81312345678) for it",
        f"{FLOW}:4:24: destination 'centre' is of kind 'sip': IVR_DESTINATIONS must hold"
        " SIP addresses (sip:queue@pbx.example.co.jp) for it",
    ]


def test_ten_phones_ring_together_and_any_number_in_turn(desks: Workshop) -> None:
    sip = ["sip:queue@pbx.example.co.jp"]
    phones = [f"+8131234567{digit}" for digit in range(10)]
    desks.edit(DESKS, ("ring: in_turn", "ring: together"))
    assert desks.problems(destinations={"agents": phones, "centre": sip}) == []
    more = {"agents": [*phones, "+81312345680"], "centre": sip}
    assert desks.problems(destinations=more) == [
        f"{FLOW}:4:16: destination 'agents' has 11 numbers in IVR_DESTINATIONS; at most 10 ring"
        " together"
    ]
    desks.edit(DESKS, ("ring: together", "ring: in_turn"))
    assert desks.problems(destinations=more) == []


ROUTE = ("    destination: agents\n", "    destination: agents\n    routes: [{}]\n")


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ("{to: centre, level: verified, language: en}", []),
        ("{to: centre, intent: money}", ["no choice gives the intent 'money'"]),
        ("{to: center, language: en}", ["unknown destination 'center' (did you mean 'centre'?)"]),
        ("{to: centre}", ["a route needs at least one of 'level', 'intent' and 'language'"]),
        ("{to: centre, language: fr}", ["unknown value 'fr' (one of ja, en)"]),
        # Only what the code proves may decide: who is a customer must not be heard.
        ("{to: centre, level: matched}", ["unknown value 'matched' (one of verified)"]),
    ],
)
def test_routes(desks: Workshop, route: str, expected: list[str]) -> None:
    desks.edit(FLOW, (ROUTE[0], ROUTE[1].format(route)))
    assert [line.partition(": ")[2] for line in desks.problems()] == expected


def test_a_choice_gives_the_intent_that_a_route_asks_for(desks: Workshop) -> None:
    route = "{to: centre, intent: money}"
    desks.edit(
        FLOW,
        (ROUTE[0], ROUTE[1].format(route)),
        ("no: {go: to_agent, language: ja}", "no: {go: to_agent, intent: money}"),
    )
    assert desks.problems() == []


def test_a_route_in_a_language_the_flow_does_not_speak(desks: Workshop) -> None:
    desks.edit(
        FLOW, ("[ja, en]", "[ja]"), (ROUTE[0], ROUTE[1].format("{to: centre, language: en}"))
    )
    desks.remove("flows/small/prompts.en.yaml")
    assert "the flow does not speak 'en' (see 'languages')" in {
        line.partition(": ")[2] for line in desks.problems()
    }


MONDAY = OpeningHours(mon=("9:00-17:00",))
TUESDAY = OpeningHours(tue=("9:00-17:00",))


def chain(*keeps: str | None) -> DestinationsFile:
    """Destinations a, b, c … that keep these hours and overflow to the next."""
    names = "abcdef"[: len(keeps)]
    return DestinationsFile(
        hours={"monday": MONDAY, "tuesday": TUESDAY},
        destinations={
            name: Destination(
                kind="phone",
                hours=hours,
                closed="shut" if hours else None,
                overflow=Overflow(to=following) if following else None,
            )
            for name, following, hours in zip(names, [*names[1:], None], keeps, strict=True)
        },
    )


@pytest.mark.parametrize(
    ("keeps", "day", "expected"),
    [
        (("monday", None), 16, "a"),
        (("monday", None), 17, "b"),
        (("monday", "tuesday"), 17, "b"),
        (("monday", "tuesday"), 18, None),
        (("monday", "monday", "tuesday"), 17, "c"),
        ((None,), 18, "a"),
    ],
)
def test_the_first_that_is_open(
    keeps: tuple[str | None, ...], day: int, expected: str | None
) -> None:
    at = datetime(2026, 11, day, 10, tzinfo=JAPAN)
    assert chain(*keeps).open_one("a", at) == expected


def test_a_circle_that_is_closed_ends() -> None:
    """Lint refuses it; a pinned flow must not hang on it."""
    there = Destination(kind="phone", hours="monday", closed="shut", overflow=Overflow(to="back"))
    back = there.model_copy(update={"overflow": Overflow(to="there")})
    file = DestinationsFile(hours={"monday": MONDAY}, destinations={"there": there, "back": back})
    assert file.open_one("there", datetime(2026, 11, 18, 10, tzinfo=JAPAN)) is None


def test_the_small_flow_needs_no_destinations_file(workshop: Workshop) -> None:
    assert "destinations: [agents]" in FLOW_TEXT
    assert workshop.problems() == []


def test_a_transfer_may_say_where_closed_leads(desks: Workshop) -> None:
    desks.edit(FLOW, ("failed: bye}\n  bye", "failed: bye, closed: bye}\n  bye"))
    assert desks.problems() == []
    desks.edit(FLOW, ("closed: bye", "clsed: bye"))
    assert [line.partition(": ")[2] for line in desks.problems()] == [
        "a transfer never ends in 'clsed' (did you mean 'closed'?)"
    ]
