"""SIP addresses with what travels to the agent's side in headers: codes, no personal data.

Twilio puts the header part of the address (RFC 3261 section 19.1.1) into the INVITE, or leaves it
in the Refer-To of a REFER for the other side to do so.
"""

from __future__ import annotations

from urllib.parse import quote

from ivr.telephony.ports import AgentView

#: Twilio takes addresses below 255 and headers below 1024 characters.
MOST_ADDRESS_CHARACTERS = 254
MOST_HEADER_CHARACTERS = 1023
#: IA5 text follows (ITU-T Q.931 section 4.5.30), which RFC 7434 section 4 wants in front.
_TEXT_FOLLOWS = b"\x04"


def address_with_headers(
    address: str, reference: str | None, view: AgentView | None, *, referred: bool = False
) -> str:
    """``address`` (``sip:…``, without headers of its own) with headers about a call.

    ``X-Honnin-Reference`` fetches the signed result; ``X-Honnin-Level``, ``-Language``,
    ``-Flags`` and ``-Why`` say what the whisper says. ``User-to-User`` (RFC 7433) holds
    reference and level for systems that hand on nothing else. Where all that is too long, what
    stands last is left out.

    ``referred``: for a REFER, which goes to where the call came from. Whoever that is may learn
    the reference, which opens nothing without a key, but no level: it would tell who is a
    customer. Telephones take up to 255 characters there, headers and all (baresip 1.0).
    """
    if referred:
        view = None
    headers = [] if reference is None else [("X-Honnin-Reference", reference)]
    if view is not None:
        headers.append(("X-Honnin-Level", view.level))
    if reference is not None:
        headers.append(("User-to-User", _user_to_user(reference, view)))
    if view is not None:
        headers.append(("X-Honnin-Language", view.language))
        headers += [("X-Honnin-Flags", ",".join(view.flags))] if view.flags else []
        headers += [("X-Honnin-Why", ",".join(view.why))] if view.why else []
    written = [f"{name}={quote(value, safe='')}" for name, value in headers]
    most = MOST_HEADER_CHARACTERS
    if referred:
        most = MOST_ADDRESS_CHARACTERS - len(address) - len("?")
    while written and len("&".join(written)) > most:
        written.pop()
    return f"{address}?{'&'.join(written)}" if written else address


def _user_to_user(reference: str, view: AgentView | None) -> str:
    text = f"ref={reference}" + (f";acr={view.level}" if view else "")
    return f"{(_TEXT_FOLLOWS + text.encode('ascii')).hex()};encoding=hex"
