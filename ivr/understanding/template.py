"""Phrase templates of grammar files: ``(a|b)`` alternatives, ``[x]`` optional, nestable."""

from __future__ import annotations

from itertools import product

#: More phrases than this from one template is a mistake, not a phrase.
MAX_PHRASES = 2000

_CLOSING = {"(": ")", "[": "]"}
_SPECIAL = frozenset("()[]|")


def expand(template: str) -> tuple[str, ...]:
    """Every phrase a template stands for, in order, without repeats.

    ``"(はい|ええ)[、お願いします]"`` gives four phrases. Runs of spaces become one, spaces
    at the ends go. Raises ``ValueError``, saying what is wrong and at which character
    (counted from 1), for brackets that do not match, a ``|`` outside brackets, an empty
    alternative, a template that may be empty, or more than ``MAX_PHRASES`` phrases.
    """
    phrases, end = _sequence(template, 0, opened_at=None)
    if end != len(template):
        raise ValueError(f"unexpected '{template[end]}' at character {end + 1}")
    cleaned = tuple(dict.fromkeys(" ".join(phrase.split()) for phrase in phrases))
    if "" in cleaned:
        raise ValueError("the template may be empty: it would match silence")
    return cleaned


def _sequence(template: str, start: int, opened_at: int | None) -> tuple[list[str], int]:
    """Phrases of the parts side by side from ``start``, and where the sequence stopped."""
    parts: list[list[str]] = []
    at = start
    while at < len(template):
        sign = template[at]
        if sign in _CLOSING:
            phrases, at = _group(template, at)
            parts.append(phrases)
        elif sign in ")]|":
            if opened_at is None:
                what = "'|' outside brackets" if sign == "|" else f"'{sign}' without its opening"
                raise ValueError(f"{what} at character {at + 1}")
            break
        else:
            end = at
            while end < len(template) and template[end] not in _SPECIAL:
                end += 1
            parts.append([template[at:end]])
            at = end
    count = 1
    for part in parts:
        count *= len(part)
    if count > MAX_PHRASES:
        raise ValueError(f"the template stands for more than {MAX_PHRASES} phrases: split it")
    return ["".join(choice) for choice in product(*parts)], at


def _group(template: str, start: int) -> tuple[list[str], int]:
    """Phrases of the bracket that opens at ``start``, and the position after its closing."""
    closing = _CLOSING[template[start]]
    phrases: list[str] = [""] if closing == "]" else []
    at = start + 1
    while True:
        alternative, at = _sequence(template, at, opened_at=start)
        if any(not phrase.strip() for phrase in alternative):
            raise ValueError(f"empty alternative in the bracket at character {start + 1}")
        phrases += alternative
        if at == len(template):
            raise ValueError(f"'{template[start]}' at character {start + 1} is never closed")
        if template[at] == "|":
            at += 1
            continue
        if template[at] != closing:
            raise ValueError(
                f"'{template[start]}' at character {start + 1} is closed by '{template[at]}'"
                f" at character {at + 1}"
            )
        return phrases, at + 1
