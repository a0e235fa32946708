"""How units become phones with a place in the word, and the numbers Kaldi gives to their states.

Vosk finds the ends of words by phones that exist four times (``word_boundary.int``): at the begin
of a word, inside, at its end, or as a whole word. The four share one pair of outputs of the
network, so nothing more has to be learnt. Every phone has one state in chain topology: its first
frame is output ``2 * unit``, every following one ``2 * unit + 1``.
"""

from __future__ import annotations

from speech_model.phones import SILENCE, SPEECH, UNITS

#: Suffix of a phone by its place in the word, and what ``word_boundary.int`` calls it.
PLACES = {"B": "begin", "I": "internal", "E": "end", "S": "singleton"}
#: Phones as Kaldi numbers them, from 1 on: silence first.
PHONES = (SILENCE, *(f"{unit}_{place}" for unit in SPEECH for place in PLACES))
#: The unit (index in ``UNITS``) behind each of ``PHONES``.
UNIT_OF_PHONE = (0, *(UNITS.index(unit) for unit in SPEECH for _ in PLACES))
#: Outputs of a network: first frame and following frames of every unit.
OUTPUTS = 2 * len(UNITS)
_NUMBER = {phone: number for number, phone in enumerate(PHONES, start=1)}


def first_output(unit: int) -> int:
    """The output of a network that scores the first frame of ``UNITS[unit]``."""
    return 2 * unit


def following_output(unit: int) -> int:
    """The output of a network that scores any later frame of ``UNITS[unit]``."""
    return 2 * unit + 1


def self_loop(phone: str) -> int:
    """Kaldi's transition id for staying in ``phone``, one of ``PHONES``."""
    return 2 * _NUMBER[phone] - 1


def forward(phone: str) -> int:
    """Kaldi's transition id for ``phone``'s first frame."""
    return 2 * _NUMBER[phone]


def placed(pronunciation: tuple[str, ...]) -> tuple[str, ...]:
    """``pronunciation`` of one word with the place of each unit: ``('k_B', 'a_E')``.

    Raises :class:`ValueError` for an empty one.
    """
    if not pronunciation:
        raise ValueError("a word has a pronunciation without phones")
    if len(pronunciation) == 1:
        return (f"{pronunciation[0]}_S",)
    first, *inner, last = pronunciation
    return (f"{first}_B", *(f"{unit}_I" for unit in inner), f"{last}_E")
