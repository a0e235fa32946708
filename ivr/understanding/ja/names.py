"""Japanese names as callers say them, corrections and repetitions included."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ivr.understanding import names
from ivr.understanding.ja import name_dictionary, name_frame, name_turns, single_name
from ivr.understanding.ja.name_turns import Part
from ivr.understanding.mora import level
from ivr.understanding.names import Asked, understood
from ivr.understanding.value import HeardName, Understood

#: A whole name of which only a part was said anew is confirmed.
_CORRECTED_SURE = 0.6


def parse(text: str, *, asked: Asked, confidence: float) -> Understood:
    """The name in ``text``. ``confidence`` is the recogniser's, 0..1.

    ``ok``: the asked part, or more, with parts the dictionary knows; where the caller corrects a
    whole name with another, the last one. ``unclear``: ``given_missing`` (the full name was asked,
    the value is the surname), ``unknown_name`` (it sounds like a name, but a part is not known as
    one), ``extra_words`` (the value is the name among other sentences), ``corrected`` (a part was
    said anew; without a value where nothing was), ``said_twice`` (two names, without a value).
    ``none``: no name, or only a given name where more was asked (``surname_missing``).
    """
    parts = name_turns.turns(text)
    if len(parts) == 1:
        return _said(text, asked, confidence)
    found = _corrected(parts, asked, confidence)
    if found.value is None and name_turns.may_be_a_name(text):
        # サトウ イエ: a correction that never came, or somebody's given name.
        whole = single_name.parse(text, asked=asked, confidence=confidence * _CORRECTED_SURE)
        if whole.value is not None and _name(whole).givens:
            return replace(whole, status="unclear", reason="unknown_name")
    return found


def _corrected(parts: Sequence[Part], asked: Asked, confidence: float) -> Understood:
    """The last name of several parts, each correcting the one before it."""
    held: Understood | None = None
    lost = False  # what was held is taken back, and nothing is said instead yet
    extra = False
    for at, part in enumerate(parts):
        lost = lost or (part.relation == "corrects" and held is not None)
        if name_frame.is_answer("".join(name_frame.words(part.text))):
            continue
        said = _name_or_part(part.text, asked, confidence)
        if said.value is None:
            denied = at + 1 < len(parts) and parts[at + 1].relation == "corrects"
            if lost or said.status == "unclear":
                return understood("unclear", None, 0.0, "corrected")
            if name_turns.speaks_of_others(part.text) and not denied:
                return understood("none", None, 0.0, "no_name")
            extra = True
        elif held is None:
            held = said
        else:
            held, lost = _instead(held, said, asked), False
            if held is None:
                return understood("unclear", None, 0.0, "corrected")
    if held is not None and lost:
        return understood("unclear", None, 0.0, "corrected")
    return _concluded(held, asked, extra=extra)


def _concluded(held: Understood | None, asked: Asked, *, extra: bool) -> Understood:
    if held is None:
        return understood("none", None, 0.0, "no_name")
    if asked == "full" and not _name(held).surnames:
        return understood("none", None, 0.0, "surname_missing")
    if extra and held.status == "ok":
        return replace(held, status="unclear", reason="extra_words")
    return held


def _said(text: str, asked: Asked, confidence: float) -> Understood:
    """The name of an utterance that corrects nothing, in one sentence or several."""
    found = single_name.parse(text, asked=asked, confidence=confidence)
    sentences = name_turns.sentences(text)
    whole = found.status == "ok" or found.reason == "given_missing"
    if whole or len(sentences) == 1 or (found.value and not name_turns.goes_on(text)):
        return found
    held: Understood | None = None
    extra = False
    for sentence in sentences:
        if name_frame.is_answer("".join(name_frame.words(sentence))):
            continue
        said = _name_or_part(sentence, asked, confidence)
        if said.value is None or single_name.is_ordinary_word(_name(said).text):
            if name_turns.speaks_of_others(sentence):
                return found
            extra = True
        elif held is None:
            held = said
        else:
            held = _together(held, said)
            if held is None:
                return understood("unclear", None, 0.0, "said_twice")
    return _concluded(held, asked, extra=extra) if held is not None else found


def _name_or_part(text: str, asked: Asked, confidence: float) -> Understood:
    """The name of one part of an utterance; where the full name was asked, a given name alone
    counts too."""
    found = _said(text, asked, confidence)
    if asked != "full":
        return found
    if found.reason == "given_missing":
        rather = name_dictionary.load().rather(_name(found).text)
    else:
        rather = "given" if found.reason == "surname_missing" else None
    if rather == "given":
        return single_name.parse(text, asked="given", confidence=confidence)
    return found


def _instead(before: Understood, after: Understood, asked: Asked) -> Understood | None:
    """What holds after ``after`` was said instead of ``before``; None where that is not clear."""
    old, new = _name(before), _name(after)
    if asked != "full" or (new.surnames and new.givens):
        return after
    if not (old.surnames and old.givens):
        return after if new.surnames else None
    anew = name_dictionary.load().rather(new.text)
    if anew is None:
        return None
    merged = names.merge(new, old) if anew == "surname" else names.merge(old, new)
    sure = min(before.confidence, after.confidence) * _CORRECTED_SURE
    return understood("unclear", merged, sure, "corrected")


def _together(before: Understood, after: Understood) -> Understood | None:
    """What two sentences say together; None where they name two people."""
    one, other = _name(before), _name(after)
    if not (_agree(one.surnames, other.surnames) and _agree(one.givens, other.givens)):
        return None
    said, said_anew = (bool(name.surnames) + 2 * bool(name.givens) for name in (one, other))
    if said | said_anew in (said, said_anew):
        return before if said >= said_anew else after
    if said > said_anew:  # 花子です、山田です: two given names, or two people?
        return None
    sure = min(before.confidence, after.confidence)
    if "unknown_name" in (before.reason, after.reason):
        return Understood("unclear", names.merge(one, other), sure, "unknown_name")
    return Understood("ok", names.merge(one, other), sure)


def _agree(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether two sets of readings may be one name's; a part that was not said agrees."""
    sounds = [set(map(level, readings)) for readings in (one, other)]
    return not all(sounds) or bool(sounds[0] & sounds[1])


def _name(found: Understood) -> HeardName:
    assert isinstance(found.value, HeardName)  # noqa: S101
    return found.value
