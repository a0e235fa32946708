"""What a policy makes of a call: what the agent may do, what is withheld and why. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from ivr.flow.policy import ANY, RECENT, SECOND, PolicyFile
from ivr.identity.assurance import LEVELS, Assurance, reached
from ivr.identity.contacts import CHANNELS
from ivr.identity.decision import Decision
from ivr.identity.ports import Channel
from ivr.identity.risk.scoring import Doubt, weigh


def decide(
    policy: PolicyFile,
    sure: Assurance,
    *,
    signals: Mapping[str, int],
    intent: str | None,
) -> Decision:
    """What ``policy`` makes of a caller of whom we are this ``sure``.

    ``signals``: by name (:mod:`ivr.flow.signals`); flags are signals too. ``intent``: what the
    call is about, None where it told none.
    """
    doubt = weigh(policy.risk, {**signals, **dict.fromkeys(sure.flags, 1)})
    withheld = _withheld(policy, sure.flags, doubt)
    may, step_up = [], {}
    for name, action in policy.actions.items():
        enough = LEVELS.index(sure.level) >= LEVELS.index(action.level)
        if not enough or not set(action.needs) <= sure.factors:
            measure = action.step_up
        elif name in withheld:
            measure = withheld[name]
        else:
            may.append(name)
            continue
        if measure is not None:
            step_up[name] = measure
    wants = _wanted(policy, intent)
    return Decision(policy.policy, wants, tuple(may), step_up, doubt)


def further(policy: PolicyFile, sure: Assurance, intent: str | None) -> tuple[Channel, ...] | None:
    """By which channels the code of a second contact would allow the action that the call takes;
    none where it is allowed without, or that would not be enough. None where the policy names no
    such action."""
    wants = _wanted(policy, intent)
    if wants is None:
        return None
    lacking = [way - sure.factors for way in policy.ways_to(wants)]
    if not all(lacking):
        return ()
    return tuple(
        channel
        for channel in CHANNELS
        if any(way <= {f"code_{channel}", SECOND} for way in lacking)
    )


def spares_a_code(
    policy: PolicyFile, sure: Assurance, *, signals: Mapping[str, int], intent: str | None
) -> bool:
    """Whether a code of an earlier call would be enough for the action that the call takes, and
    nothing raises doubt. Where it is not, everybody enters a code."""
    if policy.known_caller is None:
        return False
    factors = frozenset({*sure.factors, RECENT})
    level, flags = reached(policy, factors), (*sure.flags, RECENT)
    decision = decide(
        policy,
        replace(sure, level=level, factors=factors, flags=flags),
        signals=signals,
        intent=intent,
    )
    enough = decision.wants is None or decision.wants in decision.may
    return enough and decision.doubt.severity == "low"


def _wanted(policy: PolicyFile, intent: str | None) -> str | None:
    """The action that a call about ``intent`` takes."""
    return policy.intents.get(intent or ANY, policy.intents.get(ANY))


def _withheld(policy: PolicyFile, flags: Collection[str], doubt: Doubt) -> Mapping[str, str | None]:
    """Actions that are withheld, each with the measure that may allow it. Where several reasons
    withhold one: that of high risk, else of the first rule that holds, else of elevated risk."""
    found: dict[str, str | None] = {}

    def add(actions: Collection[str], measure: str | None) -> None:
        for action in actions:
            found.setdefault(action, measure)

    high, elevated = policy.risk.high, policy.risk.elevated
    if high is not None and doubt.severity == "high":
        add(high.withhold, high.step_up)
    for rule in policy.withhold:
        if set(rule.when) & set(flags):
            add(rule.actions, rule.step_up)
    if elevated is not None and doubt.severity != "low":
        add(elevated.withhold, elevated.step_up)
    return found


def decided(
    policy: PolicyFile, sure: Assurance, *, signals: Mapping[str, int], intent: str | None
) -> Assurance:
    """``sure`` with what ``policy`` makes of it, and the flag of what raised doubt."""
    decision = decide(policy, sure, signals=signals, intent=intent)
    return replace(sure, flags=(*sure.flags, *decision.doubt.flags), decision=decision)
