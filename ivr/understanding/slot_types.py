"""The types of values that callers can be asked for."""

from __future__ import annotations

from typing import Literal, get_args

SlotType = Literal[
    "birthdate",
    "name",
    "code",
    "digits",
    "address",
    "phone_number",
    "customer_number",
    "email_address",
]
SLOT_TYPES: tuple[SlotType, ...] = get_args(SlotType)
