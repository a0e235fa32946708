"""Fixtures of the senders; what they are made of is in ``sender_rigs.py``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from mail_server import Certificate, Mailbox, mail_server, new_certificate
from sender_rigs import OURS, TIMEOUT_S, VOICES, Rig, outbox_rig, smtp_rig, twilio_rig
from twilio_rest import ACCOUNT, HOST, TOKEN, FakeTwilio, LoopbackHttpClient, fake_twilio
from verify_server import SERVICE, VERIFY_HOST

from ivr.clock import ManualClock
from ivr.identity.ports import Channel
from ivr.telephony.senders.twilio_messaging import TwilioMessaging
from ivr.telephony.senders.twilio_verify import TwilioVerify
from ivr.telephony.senders.twilio_voice import TwilioVoice


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    with fake_twilio() as server:
        yield server


@pytest.fixture
def twilio_client(twilio: FakeTwilio) -> Iterator[LoopbackHttpClient]:
    client = LoopbackHttpClient({HOST: f"127.0.0.1:{twilio.port}"}, timeout=TIMEOUT_S)
    with closing(client):
        yield client


@pytest.fixture
def messaging(twilio_client: LoopbackHttpClient) -> TwilioMessaging:
    return TwilioMessaging(ACCOUNT, TOKEN, from_number=OURS, http_client=twilio_client)


@pytest.fixture
def voice(twilio_client: LoopbackHttpClient) -> TwilioVoice:
    return TwilioVoice(ACCOUNT, TOKEN, from_number=OURS, voices=VOICES, http_client=twilio_client)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    # TLS compares with the machine's own clock.
    return new_certificate(tmp_path_factory.mktemp("mail"), datetime.now(UTC))


@pytest.fixture
def mailbox(certificate: Certificate) -> Iterator[Mailbox]:
    with mail_server(certificate) as box:
        yield box


@pytest.fixture
def verifying(twilio: FakeTwilio) -> Iterator[TwilioVerify]:
    client = LoopbackHttpClient({VERIFY_HOST: f"127.0.0.1:{twilio.port}"}, timeout=TIMEOUT_S)
    with closing(client):
        yield TwilioVerify(ACCOUNT, TOKEN, service_sid=SERVICE, http_client=client)


@pytest.fixture(params=["outbox", "messaging", "voice", "verifying", "smtp"])
def rig(request: pytest.FixtureRequest, clock: ManualClock, tmp_path: Path) -> Rig:
    """Every sender, one after the other."""
    get = request.getfixturevalue
    if request.param == "outbox":
        return outbox_rig(tmp_path, clock)
    if request.param == "smtp":
        return smtp_rig(get("mailbox"), get("certificate"), clock)
    channel: Channel = "voice" if request.param == "voice" else "sms"
    return twilio_rig(channel, get(request.param), get("twilio"))
