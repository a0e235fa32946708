"""Slots: from what was heard or keyed to a value, and back to words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date

from ivr.understanding import (
    address,
    birthdate,
    customer_number,
    digits,
    email_address,
    names,
    phone_number,
)
from ivr.understanding.birthdate import Part, Reading
from ivr.understanding.card_numbers import SHORTEST, mask_card_numbers
from ivr.understanding.en import birthdate as english_birthdate
from ivr.understanding.en import names as english_names
from ivr.understanding.ja import bare_numbers, eras, name_dictionary
from ivr.understanding.ja import birthdate as japanese_birthdate
from ivr.understanding.ja import names as japanese_names
from ivr.understanding.ja.numbers import kanji
from ivr.understanding.names import Asked
from ivr.understanding.slot_types import SLOT_TYPES
from ivr.understanding.value import HeardName, Hypothesis, Understood, Value

#: Longer utterances (signs) are stories, not answers. An e-mail address that is spelt takes most.
MOST_SIGNS = 300
MOST_SIGNS_SPELT = 2000

#: A recogniser that gives no confidence is believed this much.
UNSTATED_CONFIDENCE = 0.8

_ENGLISH_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_PARTS: dict[str, Asked] = {"full": "full", "surname": "surname", "given": "given"}


def warm(slot_types: Collection[str] = ("name",)) -> None:
    """Load what the first parse of these slot types would load: the dictionary of names, the
    gazetteer of addresses (a second or two each)."""
    for slot_type, load in {"name": name_dictionary.load, "address": address.warm}.items():
        if slot_type in slot_types:
            load()


def parse(
    slot_type: str,
    hypotheses: Sequence[Hypothesis],
    *,
    language: str,
    today: date,
    part: str = "full",
    length: int | None = None,
    held: Value | None = None,
) -> Understood:
    """What ``hypotheses`` (best first) say for a slot of ``slot_type``.

    ``birthdate``: an ISO date; ``name``: a HeardName, ``part`` (``full``, ``surname``,
    ``given``) says what was asked; ``code``, ``digits`` and ``customer_number``: the digits,
    ``length`` of them where given; ``phone_number``: E.164; ``address``: as Japan Post writes it;
    ``email_address``: in small letters. A card number said anywhere is masked first (requirement
    A6), unless ``length`` asks for so many digits.

    ``held``: what the slot holds already. To an address without numbers, such as a postal code's,
    the house number may be said. A birthdate in parts: see :func:`parse_date_part`.

    A later hypothesis counts only where all before it hold nothing of the kind (``none``): what
    the best one leaves doubtful, a worse one may not settle. Confidence is the recogniser's (None
    counts as ``UNSTATED_CONFIDENCE``) times how sure the parse is.

    Raises ``ValueError`` for an unknown slot type, language or part.
    """
    understand = _parser(slot_type, language, today, part, length, held)
    most = MOST_SIGNS_SPELT if slot_type == "email_address" else MOST_SIGNS
    return _first(understand, hypotheses, most, mask=length is None or length < SHORTEST)


def parse_date_part(
    hypotheses: Sequence[Hypothesis], *, language: str, today: date, held: Reading
) -> tuple[Understood, Reading]:
    """A birthdate said in several utterances: what it is now, and what is held of it from now on.

    ``held`` is what was said before (``Reading()`` at first). The first part that it lacks was
    asked for where it has another, and a bare number answers that question. Of an utterance that
    was not understood nothing is held; where the parts cannot be one date, or are taken back,
    nothing is held any longer. Raises ``ValueError`` for an unknown language.
    """
    asked = held.missing[0] if held.missing and len(held.missing) < _DATE_PARTS else None
    said = held

    def understand(text: str, confidence: float) -> Understood:
        nonlocal said
        reading = _date_read(text, language, asked)
        if reading is None:
            return Understood("none", None, 0.0, "no_date")
        if reading.hidden:
            said = Reading() if reading.doubt == "corrected" else held
            return birthdate.conclude(reading, today=today, confidence=confidence)
        merged = birthdate.merge(held, reading)
        found = birthdate.conclude(merged, today=today, confidence=confidence)
        said = merged if found.status != "invalid" else Reading()
        return found

    return _first(understand, hypotheses, MOST_SIGNS, mask=True), said


_DATE_PARTS = 3


def _first(
    understand: Callable[[str, float], Understood],
    hypotheses: Sequence[Hypothesis],
    most_signs: int,
    *,
    mask: bool,
) -> Understood:
    """What the first hypothesis says that says anything of the kind."""
    result = Understood("none", None, 0.0, "nothing_heard")
    for hypothesis in hypotheses:
        stated = hypothesis.confidence
        confidence = UNSTATED_CONFIDENCE if stated is None else min(max(stated, 0.0), 1.0)
        text = hypothesis.text
        if len(text) > most_signs:
            result = Understood("none", None, 0.0, "too_long")
            continue
        found = understand(mask_card_numbers(text) if mask else text, confidence)
        if found.status != "none":
            return found
        if result.reason == "nothing_heard":
            result = found
    return result


def _parser(
    slot_type: str,
    language: str,
    today: date,
    part: str,
    length: int | None,
    held: Value | None,
) -> Callable[[str, float], Understood]:
    if language not in ("ja", "en"):
        raise ValueError(f"no understanding of language {language!r}: use 'ja' or 'en'")
    if slot_type == "birthdate":
        return lambda text, confidence: _birthdate(text, language, today, confidence)
    if slot_type == "name":
        if part not in _PARTS:
            raise ValueError(f"no such part of a name: {part!r}")
        return lambda text, confidence: _name(text, _PARTS[part], confidence)
    if slot_type in ("code", "digits"):
        return lambda text, confidence: digits.parse(text, confidence=confidence, length=length)
    if slot_type == "customer_number":
        return lambda text, confidence: customer_number.parse(
            text, confidence=confidence, length=length
        )
    if slot_type == "phone_number":
        return lambda text, confidence: phone_number.parse(text, confidence=confidence)
    if slot_type == "address":
        after = held if isinstance(held, str) else ""
        return lambda text, confidence: address.parse(text, confidence=confidence, after=after)
    if slot_type == "email_address":
        return lambda text, confidence: email_address.parse(
            text, confidence=confidence, language=language
        )
    raise ValueError(f"no such slot type: {slot_type!r}; known are {', '.join(SLOT_TYPES)}")


def _birthdate(text: str, language: str, today: date, confidence: float) -> Understood:
    reading = _date_read(text, language, None)
    if reading is None:
        return Understood("none", None, 0.0, "no_date")
    return birthdate.conclude(reading, today=today, confidence=confidence)


def _date_read(text: str, language: str, asked: Part | None) -> Reading | None:
    if language == "en":
        return english_birthdate.read(text, asked)
    if language != "ja":
        raise ValueError(f"no understanding of language {language!r}: use 'ja' or 'en'")
    reading = japanese_birthdate.read(text)
    return bare_numbers.read(text, asked) if reading is None and asked else reading


def _name(text: str, asked: Asked, confidence: float) -> Understood:
    """The script decides: English recognisers write letters, Japanese ones sometimes do."""
    if text.isascii():
        return english_names.parse(text, asked=asked, confidence=confidence)
    found = japanese_names.parse(text, asked=asked, confidence=confidence)
    if found.status == "none":
        return english_names.parse(text, asked=asked, confidence=confidence)
    return found


def parse_keys(slot_type: str, keys: str, *, today: date, length: int | None = None) -> Understood:
    """What keyed ``keys`` (without the finishing key) say for a slot of ``slot_type``.

    ``birthdate``: era 1-5 (明治 大正 昭和 平成 令和) and YYMMDD, seven keys, or eight western
    digits YYYYMMDD. ``code``, ``digits`` and ``customer_number``: exactly ``length`` digits where
    given. ``phone_number``: with its leading 0, abroad with 010. ``address``: a postal code of
    seven digits. A name and an e-mail address cannot be keyed: ``none``.

    Raises ``ValueError`` for an unknown slot type.
    """
    if slot_type == "birthdate":
        return _keyed_birthdate(keys, today)
    if slot_type in ("code", "digits", "customer_number"):
        return digits.keyed(keys, length=length)
    if slot_type == "phone_number":
        return phone_number.keyed(keys)
    if slot_type == "address":
        return address.keyed(keys)
    if slot_type in ("name", "email_address"):
        return Understood("none", None, 0.0, "not_keyable")
    raise ValueError(f"no such slot type: {slot_type!r}; known are {', '.join(SLOT_TYPES)}")


def _keyed_birthdate(keys: str, today: date) -> Understood:
    plain = digits.keyed(keys)
    if plain.status != "ok":
        return plain
    if len(keys) not in (7, 8):
        return Understood("invalid", None, 1.0, "wrong_length")
    era = eras.BY_KEY.get(keys[0]) if len(keys) == 7 else None
    if len(keys) == 7 and era is None:
        return Understood("invalid", None, 1.0, "no_such_era")
    month, day = int(keys[-4:-2]), int(keys[-2:])
    if era is None:
        year = int(keys[:4])
    else:
        if keys[1:3] == "00":
            return Understood("invalid", None, 1.0, "impossible_date")
        year = era.year(int(keys[1:3]))
    try:
        born = date(year, month, day)
    except ValueError:
        return Understood("invalid", None, 1.0, "impossible_date")
    doubt = "era_mismatch" if era is not None and not era.spans(born) else ""
    return birthdate.judge(born, today=today, confidence=1.0, doubt=doubt)


def spoken(slot_type: str, value: Value, *, language: str) -> str:
    """How ``value`` is read back to the caller, as heard and never more.

    Birthdates: 昭和六十年三月五日 (令和元年 for year 1), ``March 5, 1985``. Names: as heard.
    Digits: one by one, phone and customer numbers in groups. Addresses: 東京都渋谷区神南1の19の11.
    E-mail addresses: spelt. Raises ``ValueError`` for a value that is not of the slot type.
    """
    if slot_type == "name":
        if not isinstance(value, HeardName):
            raise ValueError("a name is read back from a HeardName")
        return value.text
    if isinstance(value, HeardName):
        raise ValueError("a name is no value of this slot type")
    if slot_type == "birthdate":
        try:
            born = date.fromisoformat(value)
        except ValueError:
            raise ValueError("a birthdate is read back from an ISO date") from None
        return _spoken_date(born, language)
    if slot_type in ("code", "digits"):
        return digits.spoken(value, language=language)
    if slot_type in _SPOKEN:
        return _SPOKEN[slot_type](value, language=language)
    raise ValueError(f"no such slot type: {slot_type!r}; known are {', '.join(SLOT_TYPES)}")


_SPOKEN = {
    "customer_number": customer_number.spoken,
    "phone_number": phone_number.spoken,
    "address": address.spoken,
    "email_address": email_address.spoken,
}


def _spoken_date(born: date, language: str) -> str:
    if language != "ja":
        return f"{_ENGLISH_MONTHS[born.month - 1]} {born.day}, {born.year}"
    era, year = eras.of(born)
    number = "元" if year == 1 else kanji(year)
    return f"{era.kanji}{number}年{kanji(born.month)}月{kanji(born.day)}日"


def merge_names(surname: HeardName, given: HeardName) -> HeardName:
    """A surname said in one turn and a given name said in the next, as one name."""
    return names.merge(surname, given)
