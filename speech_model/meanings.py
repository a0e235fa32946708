"""What words mean, as far as it decides whether they were heard rightly.

Homophones are the same name, よん and し the same digit, しじゅう and よんじゅう the same ten.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from speech_model import numbers
from speech_model.graph import UNKNOWN
from speech_model.phones import phones

Sound = tuple[str, ...]
_DIGIT = {word: value for value, readings in enumerate(numbers.DIGITS) for word in readings}
#: Words of a date or number that carry no value.
_EMPTY = frozenset({"の", "せいれき"})
_NUMBERS = frozenset(numbers.words()) - _EMPTY
_TEN = "じゅう"


def sound(words: Iterable[str]) -> Sound:
    """The phones of some words, wherever one ends; ``[unk]`` sounds like nothing else."""
    return tuple(
        phone for word in words for phone in ((UNKNOWN,) if word == UNKNOWN else phones(word))
    )


def digits(words: Iterable[str]) -> str | None:
    """The digits said one by one, or None where something else is among them."""
    said = [word for word in words if word not in _EMPTY]
    if not said or any(word not in _DIGIT for word in said):
        return None
    return "".join(str(_DIGIT[word]) for word in said)


def date(words: Sequence[str]) -> tuple[str, ...]:
    """The numbers, counters and era of a date, each in one spelling, up to its day.

    Fillers, endings and の are left out. Two dates are equal where these are.
    """
    said = [word for word in words if word in _NUMBERS]
    days = [at for at, word in enumerate(said) if _is_day(word)]
    return tuple(_value(word) for word in said[: days[-1] + 1 if days else None])


def _is_day(word: str) -> bool:
    """にち, ついたち, ふつか to はつか."""
    return word in ("にち", "ついたち") or word.endswith("か")


def _value(word: str) -> str:
    if word in _DIGIT:
        return str(_DIGIT[word])
    if word.endswith(_TEN):
        tens = word.removesuffix(_TEN)
        return str(10 * (_DIGIT[tens] if tens else 1))
    return word
