"""A CRM that behaves badly: what it does ends as an error, soon, and tells nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import yaml
from fakes.directory_server import KEY, DirectoryServer
from people import BORN, MOBILE, customer

from ivr.clock import ManualClock
from ivr.errors import RecordsError, RecordsUnavailable, SettingsError
from ivr.identity.crm_directory import (
    CrmCandidate,
    CrmCandidates,
    CrmCustomer,
    CrmCustomers,
    CrmDirectory,
    CrmIds,
)
from ivr.identity.paced_directory import PacedDirectory

_DAY = date.fromisoformat(BORN)
_PAGE = Path(__file__).parents[2] / "docs" / "directory-api.yaml"


@pytest.fixture
def server() -> Iterator[DirectoryServer]:
    with DirectoryServer([customer()]) as running:
        yield running


@pytest.fixture
def crm(server: DirectoryServer, clock: ManualClock) -> Iterator[CrmDirectory]:
    made = CrmDirectory(server.url, KEY, clock, timeout_s=30)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("trouble", "error", "said"),
    [
        (500, RecordsUnavailable, "HTTP status 500"),
        (503, RecordsUnavailable, "HTTP status 503"),
        (429, RecordsUnavailable, "HTTP status 429"),
        (404, RecordsError, "HTTP status 404"),
        (401, RecordsError, "refuses the key"),
        (403, RecordsError, "refuses the key"),
        (204, RecordsError, "HTTP status 204"),
        ("redirect", RecordsError, "HTTP status 307"),
        ("drop", RecordsUnavailable, "does not answer"),
        ("cut", RecordsUnavailable, "does not answer"),
        ("garbage", RecordsError, "otherwise than documented"),
        ("other", RecordsError, "otherwise than documented"),
        ("flood", RecordsError, "more than 2000000 bytes"),
        ("bomb", RecordsError, "more than 2000000 bytes"),
    ],
)
def test_each_kind_of_trouble_is_an_error_without_personal_data(
    server: DirectoryServer,
    crm: CrmDirectory,
    trouble: str | int,
    error: type[RecordsError],
    said: str,
) -> None:
    server.trouble = trouble
    for look_up in (
        lambda: crm.born_on(_DAY),
        lambda: crm.by_id("c1"),
        lambda: crm.with_phones([MOBILE]),
    ):
        with pytest.raises(RecordsError, match=said) as caught:
            look_up()
        assert type(caught.value) is error
        told = f"{caught.value!r} {caught.value.__cause__}"
        assert not any(secret in told for secret in (BORN, "c1", MOBILE, MOBILE[1:], KEY))
    assert not any("elsewhere" in path for path, _ in server.asked)


@pytest.mark.parametrize("trouble", ["hang", "trickle"])
def test_no_call_waits_for_a_crm_that_does_not_come_to_an_end(
    server: DirectoryServer, crm: CrmDirectory, clock: ManualClock, trouble: str
) -> None:
    server.trouble = trouble
    paced = PacedDirectory(crm, clock, seconds=0.2)
    with pytest.raises(RecordsUnavailable, match="did not answer in time"):
        paced.born_on(_DAY)
    server.released.set()


def test_silence_ends_by_itself(server: DirectoryServer, clock: ManualClock) -> None:
    server.trouble = "hang"
    crm = CrmDirectory(server.url, KEY, clock, timeout_s=0.1)
    with pytest.raises(RecordsUnavailable, match="does not answer"):
        crm.born_on(_DAY)
    crm.close()


def test_nobody_listens(clock: ManualClock) -> None:
    with DirectoryServer() as gone:
        url = gone.url
    crm = CrmDirectory(url, KEY, clock, timeout_s=30)
    with pytest.raises(RecordsUnavailable, match="does not answer"):
        crm.born_on(_DAY)
    crm.close()


@pytest.mark.parametrize("trouble", ["drop", 502, 503, 504])
def test_one_failure_is_tried_again_at_once(
    server: DirectoryServer, crm: CrmDirectory, trouble: str | int
) -> None:
    server.trouble, server.troubled = trouble, 1
    assert [each.id for each in crm.born_on(_DAY)] == ["c1"]
    assert len(server.asked) == 2


def test_an_error_of_its_own_is_not_tried_again(server: DirectoryServer, crm: CrmDirectory) -> None:
    server.trouble = 500
    with pytest.raises(RecordsUnavailable):
        crm.born_on(_DAY)
    assert len(server.asked) == 1


def test_nobodys_data_is_in_a_url_and_no_cookie_is_kept(
    server: DirectoryServer, crm: CrmDirectory
) -> None:
    crm.born_on(_DAY)
    crm.by_id("c1")
    crm.with_phones([MOBILE])
    assert server.asked == [
        ("/honnin/customers/search", {"birthdate": BORN}),
        ("/honnin/customers/get", {"ids": ["c1"]}),
        ("/honnin/customers/phones", {"phones": [MOBILE]}),
    ]
    assert set(server.cookies) == {""}


def test_a_customer_who_was_not_asked_for_is_nobody(
    server: DirectoryServer, crm: CrmDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = server.answer("/honnin/customers/get", {"ids": ["c1"]})
    monkeypatch.setattr(server, "answer", lambda path, asked: answer)
    assert crm.by_id("c2") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"birthdate": "1985-02-30"},
        {"surname_kana": "山田"},
        {"given_kana": ""},
    ],
)
def test_a_customer_whom_nobody_could_find_is_none(
    server: DirectoryServer,
    crm: CrmDirectory,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, str],
) -> None:
    answer = server.answer("/honnin/customers/get", {"ids": ["c1"]})
    assert answer is not None
    answer["customers"][0] |= changes
    monkeypatch.setattr(server, "answer", lambda path, asked: answer)
    assert crm.by_id("c1") is None


def test_the_report_says_whether_it_works(server: DirectoryServer, crm: CrmDirectory) -> None:
    (line,) = crm.report()
    assert line.startswith("the CRM at 127.0.0.1 answers as documented, in ")
    server.trouble = "garbage"
    with pytest.raises(RecordsError, match="otherwise than documented"):
        crm.report()


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://crm.example.co.jp", KEY),
        ("ftp://crm.example.co.jp", KEY),
        ("https://", KEY),
        ("https://user:secret@crm.example.co.jp", KEY),
        ("crm.example.co.jp", KEY),
        ("https://crm.example.co.jp", ""),
        ("https://crm.example.co.jp", "鍵"),
        ("https://crm.example.co.jp", "a\nb"),
    ],
)
def test_urls_and_keys_that_cannot_be_used(clock: ManualClock, url: str, key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        CrmDirectory(url, key, clock, timeout_s=1)
    assert "secret" not in str(caught.value)


def test_the_page_for_integrators_says_what_is_read() -> None:
    page = yaml.safe_load(_PAGE.read_text(encoding="utf-8"))
    assert page["openapi"].startswith("3.1")
    schemas = page["components"]["schemas"]
    for name, model in {
        "Candidate": CrmCandidate,
        "Customer": CrmCustomer,
        "Candidates": CrmCandidates,
        "Customers": CrmCustomers,
        "Ids": CrmIds,
    }.items():
        described = schemas[name]
        assert set(described["properties"]) == set(model.model_fields), name
        required = {field for field, info in model.model_fields.items() if info.is_required()}
        assert set(described["required"]) == required, name
    answered = {
        path: operation["post"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
        for path, operation in page["paths"].items()
    }
    assert answered == {
        "/customers/search": "#/components/schemas/Candidates",
        "/customers/get": "#/components/schemas/Customers",
        "/customers/phones": "#/components/schemas/Ids",
    }
