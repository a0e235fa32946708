"""Made-up addresses for the destinations of a flow."""

from __future__ import annotations

from ivr.flow.flow import Flow

#: With a serial number; phones that ring in turn have a second one.
_PHONE = "+8150000001{:02d}"
_SECOND_PHONE = "+8150000002{:02d}"
_SIP = "sip:{}@pbx.rehearsal.invalid"
_WORKFLOW = "WW{:032x}"
_STANDBY = "sip:{}@standby.rehearsal.invalid;transport=tls"


def made_up_addresses(flow: Flow) -> dict[str, tuple[str, ...]]:
    """Logical destination -> addresses of its kind: one, or two where they are tried in turn."""
    found: dict[str, tuple[str, ...]] = {}
    for serial, name in enumerate(flow.file.destinations):
        desk = flow.destinations.get(name)
        if desk.kind == "taskrouter":
            found[name] = (_WORKFLOW.format(serial),)
        elif desk.kind == "sip":
            found[name] = (_SIP.format(name), _STANDBY.format(name))
        elif desk.in_turn:
            found[name] = (_PHONE.format(serial), _SECOND_PHONE.format(serial))
        else:
            found[name] = (_PHONE.format(serial),)
    return found
