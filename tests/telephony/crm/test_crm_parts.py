"""Signatures, pauses and addresses of webhooks to CRMs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from ivr.clock import SystemClock
from ivr.errors import SettingsError
from ivr.records.database import Database
from ivr.records.outbox import EventRecord
from ivr.rehearsal.crm import RehearsedCrm, answering
from ivr.settings import Settings
from ivr.telephony.crm.addresses import AddressPolicy, NotAllowed, Unresolved
from ivr.telephony.crm.post import Answer, HttpPost
from ivr.telephony.crm.schedule import LONGEST, next_attempt
from ivr.telephony.crm.signing import CrmWebhook, headers_of, webhooks_of
from ivr.telephony.metrics import Metrics
from ivr.wiring.crm import open_deliveries

NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)
DAY = timedelta(hours=24)
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OTHER = "whsec_" + base64.b64encode(bytes(range(32, 64))).decode()
URL = "https://crm.example.co.jp/honnin"


# --- signatures -----------------------------------------------------------------------------


def test_the_example_of_standard_webhooks_is_signed_as_there() -> None:
    # From the specification's own test of its libraries.
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    webhook = CrmWebhook("crm", URL, (secret,))
    body = b'{"test": 2432232314}'
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = headers_of(webhook, "msg_p5jXN8AQM9LWM0D4loKWxJek", body, at)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"


def test_every_secret_signs_so_that_they_can_be_exchanged() -> None:
    settings = Settings(crm_webhooks={"crm": URL}, crm_secrets={"crm": f"{SECRET} {OTHER}"})  # type: ignore[dict-item]
    (webhook,) = webhooks_of(settings)
    headers = headers_of(webhook, "evt_1", b"{}", NOW)
    signed = f"evt_1.{int(NOW.timestamp())}.{{}}".encode()
    made = [
        base64.b64encode(hmac.new(bytes(secret), signed, hashlib.sha256).digest()).decode()
        for secret in (range(32), range(32, 64))
    ]
    assert headers["webhook-signature"] == " ".join(f"v1,{each}" for each in made)
    assert "secret" not in repr(webhook)


@pytest.mark.parametrize(
    ("webhooks", "secrets", "said"),
    [
        ({"crm": URL}, {}, "crm needs"),
        ({"crm": URL}, {"crm": ""}, "crm needs"),
        ({"crm": URL}, {"crm": "hush-hush"}, "crm needs"),
        ({"crm": URL}, {"crm": "whsec_aHVzaA=="}, "crm needs"),
        ({"crm": URL}, {"crm": f"{SECRET} whsec_???"}, "crm needs"),
        ({}, {"crm": SECRET}, "no webhook crm"),
    ],
)
def test_a_crm_without_a_good_secret_stops_the_start(
    webhooks: Any, secrets: Any, said: str
) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        webhooks_of(Settings(crm_webhooks=webhooks, crm_secrets=secrets))
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "good"),
    [
        (URL, True),
        ("https://crm.example.co.jp:8443/a?b=c", True),
        ("https://[2001:db8::1]/a", True),
        ("http://127.0.0.1:8080/a", True),
        ("http://localhost/a", True),
        ("http://crm.example.co.jp/a", False),
        ("http://127.0.0.1.evil.example/a", False),
        ("https://user:password@crm.example.co.jp/", False),
        ("https://crm.example.co.jp/a#b", False),
        ("https://crm.example.co.jp/a b", False),
        ("https://crm.example.co.jp/\r\nX: y", False),
        ("https://crm.example.co.jp:65536/", False),
        ("https://crm.example.co.jp:0/", False),
        ("https://[::1::2]/", False),
        ("ftp://crm.example.co.jp/", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_where_a_crm_may_be(url: str, good: bool) -> None:
    settings = Settings(crm_webhooks={"crm": url}, crm_secrets={"crm": SecretStr(SECRET)})
    if good:
        assert [webhook.url for webhook in webhooks_of(settings)] == [url]
        return
    with pytest.raises(SettingsError, match="crm must look like") as caught:
        webhooks_of(settings)
    assert "password" not in str(caught.value)


def test_production_takes_https_only() -> None:
    here = {"crm": "http://localhost/a"}
    settings = Settings(crm_webhooks=here, crm_secrets={"crm": SecretStr(SECRET)})
    assert len(webhooks_of(settings)) == 1
    with pytest.raises(SettingsError, match="crm must look like https"):
        webhooks_of(settings.model_copy(update={"mode": "production"}))


@pytest.mark.parametrize("name", ["", "CRM", "crm 1", "a" * 33, "窓口", 'crm"} 1'])
def test_names_fit_metrics(name: str) -> None:
    with pytest.raises(SettingsError, match="names are small letters"):
        webhooks_of(Settings(crm_webhooks={name: URL}, crm_secrets={name: SecretStr(SECRET)}))


# --- pauses ---------------------------------------------------------------------------------


def chance(seed: int) -> Random:
    return Random(seed)  # noqa: S311 (the same every time)


def event(attempts: int) -> EventRecord:
    return EventRecord(
        "evt_1", "call-1", "crm", "result.issued", "{}", NOW, NOW, NOW + DAY, attempts=attempts
    )


def test_pauses_grow_and_are_spread() -> None:
    for attempts, most in ((1, 5), (2, 15), (3, 45), (6, 1215), (9, 3 * 3600), (500, 3 * 3600)):
        pauses = [
            (next_attempt(event(attempts), Answer(500), NOW, chance(seed)) or NOW) - NOW
            for seed in range(50)
        ]
        assert timedelta(seconds=most / 2) <= min(pauses) < max(pauses) <= timedelta(seconds=most)
        assert len(set(pauses)) > 40


@pytest.mark.parametrize(
    ("retry_after", "least_s"),
    [
        ("120", 120),
        ("Sun, 22 Nov 2026 01:10:00 GMT", 600),
        ("999999999999999999999", LONGEST.total_seconds()),
        ("Sun, 22 Nov 2099 01:10:00 GMT", LONGEST.total_seconds()),
        ("-5", 0),
        ("Sun, 22 Nov 2020 01:10:00 GMT", 0),
        ("soon", 0),
        ("", 0),
    ],
)
def test_retry_after_in_both_forms_within_reason(retry_after: str, least_s: float) -> None:
    answer = Answer(429, "", retry_after)
    again = next_attempt(event(1), answer, NOW, chance(1))
    assert again is not None
    assert (
        timedelta(seconds=least_s)
        <= again - NOW
        <= max(timedelta(seconds=5), timedelta(seconds=least_s))
    )


@given(st.integers(1, 10_000), st.integers(0, 86_399), st.text(max_size=20), st.integers(0, 2**32))
def test_the_last_attempt_is_made_when_time_is_over_and_no_later(
    attempts: int, after_s: int, retry_after: str, seed: int
) -> None:
    now = NOW + timedelta(seconds=after_s)
    again = next_attempt(event(attempts), Answer(503, "", retry_after), now, chance(seed))
    assert again is not None
    assert now < again <= NOW + DAY
    assert next_attempt(event(attempts), Answer(503), NOW + DAY, chance(seed)) is None


def test_gone_is_not_tried_again() -> None:
    assert next_attempt(event(1), Answer(410), NOW, chance(1)) is None


# --- addresses ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("203.0.114.9", True),
        ("2400:4000::1", True),
        ("::ffff:203.0.114.9", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 (nothing listens there)
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:10.1.2.3", False),
        ("::ffff:169.254.169.254", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:7f00:1::", False),
        ("ff02::1", False),
    ],
)
def test_only_public_addresses_are_sent_to(address: str, public: bool) -> None:
    assert AddressPolicy().allows(ipaddress.ip_address(address)) == public


def test_networks_that_settings_allow() -> None:
    policy = AddressPolicy.of("10.20.0.0/16, fd12::/16", loopback=False)
    for address, allowed in (
        ("10.20.3.4", True),
        ("::ffff:10.20.3.4", True),
        ("10.21.3.4", False),
        ("fd12::9", True),
        ("127.0.0.1", False),
    ):
        assert policy.allows(ipaddress.ip_address(address)) == allowed
    assert AddressPolicy.of("", loopback=True).allows(ipaddress.ip_address("::1"))


def test_one_private_address_among_several_is_enough_to_refuse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lookup(*_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, 1, 6, "", (each, 443)) for each in ("203.0.114.9", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    with pytest.raises(NotAllowed):
        AddressPolicy().resolve("crm.example", 443)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: lookup()[:1])
    assert AddressPolicy().resolve("crm.example", 443) == ["203.0.114.9"]


def test_a_host_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> list[Any]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with pytest.raises(Unresolved):
        AddressPolicy().resolve("crm.invalid", 443)
    post = HttpPost(AddressPolicy(), timeout_s=1)
    assert post("https://crm.invalid/", {}, b"") == Answer(0, "unresolved")


@pytest.mark.parametrize("networks", ["10.0.0.1/8", "everything", "10.0.0.0/8;192.168.0.0/16"])
def test_networks_that_are_none_are_refused(networks: str, sqlite_database: Database) -> None:
    settings = Settings(crm_networks=networks)
    with pytest.raises(SettingsError, match="IVR_CRM_NETWORKS"):
        open_deliveries(settings, sqlite_database, sqlite_database.clock, Metrics())


# --- one request ----------------------------------------------------------------------------


def test_this_machine_is_not_sent_to_unless_rehearsing() -> None:
    with answering(RehearsedCrm()) as crm:
        post = HttpPost(AddressPolicy(), timeout_s=10)
        assert post(crm.url, {}, b"{}") == Answer(0, "address_not_allowed")
        assert crm.attempts == []


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        post = HttpPost(AddressPolicy(loopback=True), timeout_s=10)
        answer = post(f"http://127.0.0.1:{taken.getsockname()[1]}/", {}, b"")
    assert answer == Answer(0, "refused")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Self-signed, for localhost only."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "crm.test")])
    now = SystemClock().now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "crm.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    yield path


@pytest.fixture
def secure_crm(certificate: Path) -> Iterator[RehearsedCrm]:
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate)
    with answering(RehearsedCrm(), server_side) as crm:
        yield crm


def test_https_to_a_host_whose_certificate_is_trusted(
    secure_crm: RehearsedCrm, certificate: Path
) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    post = HttpPost(AddressPolicy(loopback=True), timeout_s=10, tls=trusting)
    url = secure_crm.url.replace("127.0.0.1", "localhost")
    assert post(url, {"webhook-id": "1"}, b"{}").status == 204
    (attempt,) = secure_crm.attempts
    assert attempt.headers["host"] == f"localhost:{secure_crm.port}"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_certificate_that_is_not_trusted_or_somebody_elses(
    secure_crm: RehearsedCrm, certificate: Path, host: str
) -> None:
    # The first trusts the system's authorities only; the second has another name.
    trusted = None if host == "localhost" else str(certificate)
    tls = ssl.create_default_context(cafile=trusted)
    post = HttpPost(AddressPolicy(loopback=True), timeout_s=10, tls=tls)
    url = secure_crm.url.replace("127.0.0.1", host)
    assert post(url, {}, b"{}") == Answer(0, "certificate")
    assert secure_crm.attempts == []


def test_no_tls_where_tls_is_expected() -> None:
    with answering(RehearsedCrm()) as crm:
        post = HttpPost(AddressPolicy(loopback=True), timeout_s=10)
        answer = post(crm.url.replace("http:", "https:"), {}, b"{}")
    assert answer.failure in {"tls", "closed"}
    assert crm.attempts == []
