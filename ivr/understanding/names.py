"""What a slot parser says about a name, in every language."""

from __future__ import annotations

from typing import Literal

from ivr.understanding.value import HeardName, Status, Understood

#: Which part of a name was asked for.
Asked = Literal["full", "surname", "given"]


def understood(
    status: Status, name: HeardName | None, confidence: float, reason: str = ""
) -> Understood:
    """A name as :class:`Understood`; nothing heard has no confidence."""
    return Understood(status, name, confidence if name is not None else 0.0, reason)


def merge(surname: HeardName, given: HeardName) -> HeardName:
    """One name from a surname said in one turn and a given name said in the next.

    The parts come from the turn that asked for them: where the second answer was a full name,
    only its given name counts. Letters are put in the order English speakers say them.
    """
    surname_text = surname.surname_text or surname.text
    given_text = given.given_text or given.text
    parts = (surname_text, given_text)
    if all(part.isascii() for part in parts):
        text = f"{given_text} {surname_text}".strip()
    else:
        text = "".join(parts)
    return HeardName(
        text=text,
        surname_text=surname_text,
        given_text=given_text,
        surnames=surname.surnames,
        givens=given.givens,
        rare=tuple(dict.fromkeys((*surname.rare, *given.rare))),
    )
