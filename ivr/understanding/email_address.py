"""An e-mail address spelt aloud (requirement O7)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ivr.understanding.en import email_words as english
from ivr.understanding.ja import email_words as japanese
from ivr.understanding.spelling import Piece
from ivr.understanding.value import Understood

#: Longest e-mail address and part before the ``@`` (RFC 5321, 4.5.3.1).
_LONGEST, _LONGEST_LOCAL = 254, 64
#: The signs people use. Dots may stand anywhere: Japanese carriers gave out such addresses.
_LOCAL = re.compile(r"[a-z0-9._+-]+")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_TOP = re.compile(r"[a-z]{2,}")
_JAPANESE = re.compile(r"[^\x00-\x7f]")


def parse(text: str, *, confidence: float, language: str) -> Understood:
    """The address ``text`` spells, in small letters.

    ``unclear`` without a value: ``not_understood`` (something was left over), ``no_at_sign``,
    ``no_domain``. ``unclear`` with a value, to be read back: ``letter_or_digit`` (キュー and 九
    sound alike), ``letter_or_filler`` (a first エー), ``not_spelt`` (the recogniser wrote a word),
    ``domain_guessed`` (ヤフー alone). ``none``: no ``@`` and no spelling.
    """
    script = "ja" if _JAPANESE.search(text) else language
    # Some recognisers end every sentence with a stop, which belongs to no address.
    spelling = (japanese if script == "ja" else english).read(text.rstrip(" .。?!"))
    pieces = spelling.pieces
    at_signs = [index for index, piece in enumerate(pieces) if piece.signs == "@"]
    if not at_signs:
        if spelling.left_over or any(piece.kind != "sign" for piece in pieces) or len(pieces) < 2:
            return Understood("none", None, 0.0, "no_email")
        return Understood("unclear", None, 0.0, "no_at_sign")
    if spelling.left_over or len(at_signs) > 1:
        return Understood("unclear", None, 0.0, "not_understood")
    local = "".join(piece.signs for piece in pieces[: at_signs[0]])
    domain, guessed = _domain(pieces[at_signs[0] + 1 :])
    if not _is_local(local):
        return Understood("unclear", None, 0.0, "not_understood")
    address = f"{local}@{domain}"
    if not _is_domain(domain) or len(address) > _LONGEST:
        return Understood("unclear", None, 0.0, "no_domain")
    doubts = [piece.doubt for piece in pieces if piece.doubt and piece.kind != "domain"]
    doubt = doubts[0] if doubts else guessed
    return Understood("unclear" if doubt else "ok", address, confidence, doubt)


def spoken(address: str, *, language: str) -> str:
    """The address spelt back so that no sign can be taken for another:
    ``ティー、エー、アール、アルファベットのオー、アットマーク、ジーメール、ドット、コム``.

    ``ValueError`` for what is no address.
    """
    local, _, domain = address.partition("@")
    if not (_is_local(local) and _is_domain(domain)):
        raise ValueError("an e-mail address is read back from local@domain in small letters")
    labels = domain.split(".")
    return japanese.spoken(local, labels) if language == "ja" else english.spoken(local, labels)


def _domain(pieces: Sequence[Piece]) -> tuple[str, str]:
    """The domain, and why it is a guess, or an empty text."""
    if len(pieces) == 1 and pieces[0].host:
        return pieces[0].host, pieces[0].doubt
    return "".join(piece.signs for piece in pieces), ""


def _is_local(text: str) -> bool:
    return len(text) <= _LONGEST_LOCAL and _LOCAL.fullmatch(text) is not None


def _is_domain(text: str) -> bool:
    labels = text.split(".")
    return (
        len(labels) > 1
        and all(_LABEL.fullmatch(label) for label in labels)
        and _TOP.fullmatch(labels[-1]) is not None
    )
