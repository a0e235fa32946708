"""The description of the HTTP API is complete, is what is served, and is what happens."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from application_rig import PUBLIC_URL, RESULT_KEY, Call, by_client, settings_for
from flask import Response
from hypothesis import Phase, given, settings
from schemathesis.core.failures import FailureGroup

from ivr.clock import SystemClock
from ivr.flow.flow import Flow
from ivr.flow.model import TRANSFER_OUTCOMES
from ivr.identity.assurance import LEVELS
from ivr.records import outbox
from ivr.telephony.api_document import api_document
from ivr.telephony.crm.signing import CrmWebhook, headers_of
from ivr.wiring.application import RunningApp, build_app
from ivr.wiring.backstage import open_database

ROOT = Path(__file__).parents[2]
DOCUMENT = api_document("https://voice.example.co.jp")
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, shipped: Flow) -> Iterator[RunningApp]:
    """The whole application on a database of its own."""
    folder = tmp_path_factory.mktemp("api")
    made = settings_for(
        folder,
        f"sqlite:///{folder}/honnin.sqlite3",
        result_reads_per_minute=10_000,
        crm_webhooks={"crm": "http://127.0.0.1:9/events"},
        crm_secrets={"crm": "whsec_" + "c2Vj" * 8},
    )
    clock = SystemClock()
    db = open_database(made, clock)
    db.upgrade()
    db.dispose()
    app = build_app(made, clock, flow=shipped, recover=False)  # nobody is sent anything
    yield app
    app.close()


@pytest.fixture(scope="module")
def reference(running: RunningApp) -> str:
    """Of a call that was transferred."""
    call = Call([by_client(running.app)])
    call.rings().press("").press("0")
    reference = call.reference
    call.go(call.link("Dial"), {"DialCallStatus": "completed", "DialBridged": "true"})
    return reference


@pytest.fixture(scope="module")
def described(running: RunningApp) -> Any:
    return schemathesis.openapi.from_wsgi("/openapi.json", running.app)


def operations() -> list[tuple[str, str]]:
    """Method and path of everything that the document describes."""
    return [
        (method, path)
        for path, item in DOCUMENT["paths"].items()
        for method in METHODS & item.keys()
    ]


@pytest.mark.parametrize(("method", "path"), operations())
@pytest.mark.parametrize("key", [RESULT_KEY, "nobody's"])
def test_the_application_does_what_the_document_says(
    described: Any, key: str, method: str, path: str
) -> None:
    operation = described[path][method.upper()]

    @settings(max_examples=15, derandomize=True, database=None, phases=[Phase.generate])
    @given(case=operation.as_strategy())
    def holds(case: schemathesis.Case) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {key}"})

    holds()


def test_what_the_document_does_not_say_is_found(running: RunningApp) -> None:
    """The test above can fail."""
    silent = json.loads(json.dumps(DOCUMENT))
    del silent["paths"]["/results/{reference}"]["get"]["responses"]["401"]

    def application(environ: Any, start_response: Any) -> Any:
        description = Response(json.dumps(silent), mimetype="application/json")
        asked = environ["PATH_INFO"] == "/openapi.json"
        return (description if asked else running.app)(environ, start_response)

    other = schemathesis.openapi.from_wsgi("/openapi.json", application)
    operation = other["/results/{reference}"]["GET"]
    with pytest.raises(FailureGroup, match="401"):
        operation.Case(path_parameters={"reference": "x"}).call_and_validate()


def fits(name: str, instance: Any) -> list[str]:
    """What of ``instance`` does not fit a schema of the document."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(instance)]


def test_a_real_result_and_real_events_are_as_described(
    running: RunningApp, reference: str
) -> None:
    answer = running.app.test_client().get(
        f"/results/{reference}", headers={"Authorization": f"Bearer {RESULT_KEY}"}
    )
    assert (answer.status_code, fits("FetchedResult", answer.json)) == (200, [])
    with running.db.reading() as session:
        ended, issued = outbox.listing(session, ["waiting"], 2)
    assert (issued.kind, ended.kind) == ("result.issued", "transfer.ended")
    told = json.loads(issued.body or "")
    assert fits("ResultIssued", told) == []
    assert fits("ResultIssued", {**told, "data": {**told["data"], "name": "x"}}) != []
    assert fits("TransferEnded", json.loads(ended.body or "")) == []
    assert told["data"]["token"] == (answer.json or {})["token"]


def test_headers_of_webhooks_are_as_described() -> None:
    body, now = b"{}", SystemClock().now()
    webhook = CrmWebhook("crm", "https://crm.example.co.jp", (b"a" * 32, b"b" * 32))
    headers = headers_of(webhook, "evt_" + "0" * 32, body, now)
    parameters = DOCUMENT["components"]["parameters"]
    for name in ("WebhookId", "WebhookTimestamp", "WebhookSignature"):
        value = headers[parameters[name]["name"]]
        assert jsonschema_rs.is_valid(parameters[name]["schema"], value)


def test_closed_sets_are_those_of_the_program() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert tuple(schemas["Level"]["enum"]) == LEVELS
    outcome = schemas["TransferEnded"]["properties"]["data"]["properties"]["outcome"]
    assert tuple(outcome["enum"]) == TRANSFER_OUTCOMES


def test_every_route_that_twilio_does_not_call_is_described(running: RunningApp) -> None:
    served = {
        (method.lower(), re.sub(r"<(\w+)>", r"{\1}", rule.rule))
        for rule in running.app.url_map.iter_rules()
        if not rule.rule.startswith("/voice/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served == set(operations())


def test_the_document_is_openapi_and_is_served(running: RunningApp, described: Any) -> None:
    described.validate()
    served = running.app.test_client().get("/openapi.json").json
    assert served == api_document(PUBLIC_URL)
    assert served["servers"] == [{"url": PUBLIC_URL}]


def test_the_page_in_the_docs_is_the_document() -> None:
    path = ROOT / "docs" / "generate_openapi.py"
    spec = importlib.util.spec_from_file_location("generate_openapi", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = (ROOT / "docs" / "openapi.json").read_text(encoding="utf-8")
    assert page == module.render(), "run 'make docs'"
