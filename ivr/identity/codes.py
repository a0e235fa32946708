"""One-time codes: how they are made, kept and compared, and the policy for them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

#: NIST SP 800-63B-4 section 3.1.3.2 asks for at least six decimal digits.
CODE_DIGITS = 6


@dataclass(frozen=True, slots=True)
class CodePolicy:
    """Limits on codes. Defaults are those of the settings of the same names.

    ``minutes``: how long a code works. ``attempts``: wrong codes per verification.
    ``sends``: codes asked for per verification. ``lockout_failures``: wrong codes per claimed
    identity or customer and day before checks become decoys. ``lockout_in_a_row``: the same of a
    customer without a right one between them, over whatever time. ``customer_sends_per_day``,
    ``prefix_sends_per_day`` and ``sends_per_day``: codes really sent. ``breaker_sends`` and
    ``breaker_percent``: of so many codes sent within an hour by one channel at least so many per
    cent must be entered, or none is sent by it for a while; 0 per cent: no such rule.
    ``phone_prefixes``: how phones that may get codes begin; empty: any. ``contact_changed_days``:
    how long a changed contact is pointed out. ``send_seconds``: how long every send takes as the
    caller sees it, whether or not there is anybody to send to; ``check_seconds`` the same of the
    check of a code, where there are providers that check codes themselves.
    """

    minutes: int = 10
    attempts: int = 3
    sends: int = 3
    lockout_failures: int = 10
    lockout_in_a_row: int = 100
    customer_sends_per_day: int = 6
    prefix_sends_per_day: int = 500
    sends_per_day: int = 20_000
    breaker_sends: int = 50
    breaker_percent: int = 20
    phone_prefixes: tuple[str, ...] = ("+81",)
    contact_changed_days: int = 30
    send_seconds: float = 1.0
    check_seconds: float = 2.0

    @property
    def lifetime(self) -> timedelta:
        return timedelta(minutes=self.minutes)


def derive_code_key(index_key: bytes) -> bytes:
    """The key of code hashes, 32 bytes, derived from the index key (HKDF-SHA256, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"honnin-ivr codes v1").derive(
        index_key
    )


def new_code() -> str:
    """Six random digits from the operating system's generator."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def code_hash(key: bytes, *, verification_id: str, code_id: str, code: str) -> str:
    """HMAC-SHA256 of a code, bound to its verification and row; 64 hexadecimal digits."""
    message = "\x00".join((verification_id, code_id, code))
    return hmac.new(key, message.encode(), hashlib.sha256).hexdigest()


def hash_of_no_code() -> str:
    """Looks like :func:`code_hash`, but no code has it: what a decoy keeps."""
    return secrets.token_hex(32)


def same_hash(left: str, right: str) -> bool:
    """Compare two hashes in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())
