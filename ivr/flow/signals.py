"""What may raise doubt about a call: signals by name, with what they tell.

A signal is a whole number: 1 where something holds, or how often it happened. None holds personal
data. Days and hours are those of Japan.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: Signals of the caller's number and of what callers from it did. Nothing here depends on who is
#: a customer, so a caller may notice what follows from them (DESIGN.md "No oracle").
OF_THE_NUMBER: Final[Mapping[str, str]] = {
    "number_withheld": "the caller's number is withheld, or a switchboard's word for that",
    "number_invalid": "the number has too few or too many digits for its country",
    "number_foreign": "the number is of another country",
    "number_voip": "the number is of an internet telephone (050 in Japan)",
    "number_tollfree": "the number is one that nobody calls from (0120, 0800, 0990)",
    "hour": "the hour of the day, 0 to 23",
    "calls_hour": "calls from this number this hour",
    "calls_day": "calls from this number today",
    "withheld_calls_hour": "calls with a withheld number this hour, all together",
    "birthdates_day": "different birthdates that callers from this number gave today",
    "identities_day": "different people (birthdate and name) they said to be today",
    "wrong_codes_day": "wrong codes that were entered in calls from this number today",
}

#: Signals of the person whom the caller claims to be: they decide on the result, never on what is
#: heard, for some depend on the directory and others would let anybody stop a victim's calls.
OF_THE_CLAIM: Final[Mapping[str, str]] = {
    "identity_wrong_codes_week": "wrong codes for this birthdate and name in seven days, from any"
    " number",
    "near_misses_day": "times today that a name from this number was nearly a customer's",
}

SIGNALS: Final[Mapping[str, str]] = {**OF_THE_NUMBER, **OF_THE_CLAIM}

#: Flags that calls may carry, with what they tell; each is also a signal with the value 1.
FLAGS: Final[Mapping[str, str]] = {
    "relay_risk": "the code was entered in a call from a number that is not the customer's",
    "contact_changed": "a phone or the e-mail of the customer changed lately",
    "name_uncertain": "the name was nearly a customer's",
    "several_customers": "several customers fit",
    "shared_phone": "the customer's phone is also registered for somebody else",
    "locked": "too many wrong codes for this identity today, or in a row",
    "locked_until_released": "too many wrong codes in a row: until `ivr person release`",
    "directory_error": "the directory did not answer",
    "no_contact": "there was no way to send a code",
    "send_error": "a code could not be sent",
    "send_capped": "no more codes may be sent today",
    "trouble": "something of ours broke during the call",
    "call_limit": "the call grew too long",
    "urgent": "something was lost or stolen",
    "screened": "the policy sent the call to a person before anything was asked",
    "proxy": "the caller speaks for somebody else",
    "code_recent": "no code was asked for: one was entered minutes ago, in an earlier call",
    "second_missing": "a code was asked for by a second contact too, and not entered",
}
