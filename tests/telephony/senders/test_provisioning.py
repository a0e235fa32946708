"""The account at Twilio: what has to be changed, what is, and what is left alone."""

from __future__ import annotations

import json
import logging
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import openapi
import pytest
from click.testing import CliRunner
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client
from twilio_rest import ACCOUNT, TOKEN, Received

from ivr.cli import cli
from ivr.errors import TelephonyError
from ivr.telephony.provisioning import Plan, plan_number, plan_taskrouter

NUMBER = "+815012345678"
PUBLIC = "https://voice.example.co.jp"
NUMBERS = f"/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers"
PN, WS, WQ, WW = (kind + "1" * 32 for kind in ("PN", "WS", "WQ", "WW"))
RIGHT = {
    "voice_url": f"{PUBLIC}/voice/incoming#rc=2&rp=ct,rt,5xx",
    "voice_method": "POST",
    "voice_fallback_url": f"{PUBLIC}/voice/fallback",
    "voice_fallback_method": "POST",
    "status_callback": f"{PUBLIC}/voice/status",
    "status_callback_method": "POST",
}
ASSIGNMENT = f"{PUBLIC}/voice/assignment"
EVENTS = f"{PUBLIC}/voice/task-event"


class Account(HttpClient):
    """Twilio's REST side, in memory: one number, and a workspace, a queue and a workflow where
    they were made. ``refuses``: (HTTP status, Twilio's code) for every request from now on;
    ``answers``: the body that each gets instead."""

    def __init__(self) -> None:
        super().__init__(logging.getLogger(__name__), is_async=False)
        self.number: dict[str, Any] | None = {"sid": PN, "phone_number": NUMBER}
        self.things: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, Received]] = []
        self.refuses: tuple[int, int] | None = None
        self.answers: str | None = None

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        parts = urlsplit(uri)
        form = tuple((name, str(value)) for name, value in (data or {}).items())
        received = Received(method, f"{parts.path}?{urlencode(params or {})}", form, "")
        self.asked.append((parts.netloc, received))
        if self.refuses:
            status, code = self.refuses
            told = {"status": status, "code": code, "message": f"no: {NUMBER}"}
            return Response(status, json.dumps(told))
        if self.answers is not None:
            return Response(200 if method == "GET" else 201, self.answers)
        answer = self._answer(method, parts.path, dict(form))
        return Response(200 if method == "GET" else 201, json.dumps(answer))

    def _answer(self, method: str, path: str, form: dict[str, str]) -> dict[str, Any]:
        if path == f"{NUMBERS}.json":
            found = [self.number] if self.number else []
            return {"incoming_phone_numbers": found, "next_page_uri": None}
        if path == f"{NUMBERS}/{PN}.json":
            assert self.number is not None
            self.number |= {_snake(name): value for name, value in form.items()}
            return self.number
        kind = next(k for k in ("Workflows", "TaskQueues", "Workspaces") if k in path)
        sid = {"Workflows": WW, "TaskQueues": WQ, "Workspaces": WS}[kind]
        key = {"Workflows": "workflows", "TaskQueues": "task_queues", "Workspaces": "workspaces"}
        if method == "GET":
            found = [self.things[kind]] if kind in self.things else []
            return {key[kind]: found, "meta": {"key": key[kind], "next_page_url": None}}
        said = {_snake(name): value for name, value in form.items()}
        self.things[kind] = {
            **self.things.get(kind, {"sid": sid, "workspace_sid": WS}),
            **said,
        }
        return self.things[kind]

    @property
    def changes(self) -> list[Received]:
        """What was asked for that changes something."""
        return [received for _, received in self.asked if received.method != "GET"]


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


@pytest.fixture
def account() -> Account:
    return Account()


def planned(account: Account, *, taskrouter: str | None = None) -> Plan:
    client = Client(ACCOUNT, TOKEN, http_client=account)
    plan = Plan()
    plan_number(client, plan, number=NUMBER, public_url=PUBLIC)
    if taskrouter:
        plan_taskrouter(client, plan, name=taskrouter, public_url=PUBLIC)
    return plan


def carried_out(plan: Plan) -> list[str]:
    told: list[str] = []
    plan.carry_out(told.append)
    return told


def test_a_plan_changes_nothing(account: Account) -> None:
    plan = planned(account, taskrouter="honnin")
    assert [change.what.partition(":")[0] for change in plan.changes] == [
        NUMBER,
        "workspace 'honnin'",
        "queue 'honnin'",
        "workflow 'honnin'",
    ]
    assert account.changes == []


def test_the_number_is_led_to_us(account: Account) -> None:
    told = carried_out(planned(account))
    assert account.number is not None
    assert {name: account.number[name] for name in RIGHT} == RIGHT
    assert len(told) == 1
    # The second time everything is right.
    again = planned(account)
    assert (again.changes, len(again.right)) == ([], len(RIGHT))


def test_only_what_leads_elsewhere_is_changed(account: Account) -> None:
    assert account.number is not None
    account.number |= {**RIGHT, "status_callback": "https://elsewhere.example/status"}
    plan = planned(account)
    assert len(plan.right) == len(RIGHT) - 1
    carried_out(plan)
    (change,) = account.changes
    assert change.fields == {"StatusCallback": RIGHT["status_callback"]}


def test_workspace_queue_and_workflow_are_made_in_order(account: Account) -> None:
    plan = planned(account, taskrouter="honnin")
    carried_out(plan)
    assert plan.found == {"workspace": WS, "queue": WQ, "workflow": WW}
    workflow = account.changes[-1]
    assert workflow.path.startswith(f"/v1/Workspaces/{WS}/Workflows")
    assert workflow.fields["AssignmentCallbackUrl"] == ASSIGNMENT
    routing = json.loads(workflow.fields["Configuration"])["task_routing"]
    assert routing == {"filters": [], "default_filter": {"queue": WQ}}
    assert planned(account, taskrouter="honnin").changes == []


def test_a_workflow_that_is_there_keeps_its_routing(account: Account) -> None:
    carried_out(planned(account, taskrouter="honnin"))
    theirs = {"configuration": '{"theirs": 1}', "assignment_callback_url": "https://elsewhere"}
    account.things["Workflows"] |= theirs
    before = len(account.changes)
    carried_out(planned(account, taskrouter="honnin"))
    (change,) = account.changes[before:]
    assert change.fields == {"AssignmentCallbackUrl": ASSIGNMENT}
    assert account.things["Workflows"]["configuration"] == theirs["configuration"]


def test_a_queue_that_is_missing_is_made_in_the_workspace_that_is_there(account: Account) -> None:
    account.things["Workspaces"] = {"sid": WS, "friendly_name": "honnin"}
    plan = planned(account, taskrouter="honnin")
    assert [change.what for change in plan.changes[1:]] == [
        f"workspace 'honnin': event_callback_url = {EVENTS}",
        "queue 'honnin': create it",
        "workflow 'honnin': create it",
    ]
    carried_out(plan)
    assert plan.found["workflow"] == WW


def test_a_workspace_that_tells_somebody_else_goes_on_doing_so(account: Account) -> None:
    elsewhere = {"sid": WS, "friendly_name": "honnin", "event_callback_url": "https://elsewhere"}
    account.things["Workspaces"] = elsewhere
    plan = planned(account, taskrouter="honnin")
    assert "workspace 'honnin': its events go elsewhere, and are left to go there" in plan.right
    carried_out(plan)
    assert account.things["Workspaces"]["event_callback_url"] == "https://elsewhere"


def test_a_workspace_tells_us_what_agents_say_of_callers(account: Account) -> None:
    carried_out(planned(account, taskrouter="honnin"))
    workspace = account.things["Workspaces"]
    assert workspace["event_callback_url"] == EVENTS
    assert workspace["events_filter"] == "task.updated,task.wrapup,task.completed"


def test_a_number_of_somebody_else(account: Account) -> None:
    account.number = None
    with pytest.raises(TelephonyError, match="no number of this account"):
        planned(account)


@pytest.mark.parametrize("refused", [(401, 20003), (404, 20404), (429, 20429), (500, 0)])
def test_a_refusal_says_what_was_asked_and_nothing_of_twilios(
    account: Account, refused: tuple[int, int]
) -> None:
    account.refuses = refused
    with pytest.raises(TelephonyError) as caught:
        planned(account)
    assert f"HTTP {refused[0]}" in str(caught.value)
    assert "read the phone numbers" in str(caught.value)
    assert "no:" not in str(caught.value)


@pytest.mark.parametrize("body", ['{"incoming_phone_numbers": [{"sid": "PN', "", "<html>", "[]"])
@pytest.mark.parametrize("changing", [False, True])
def test_an_answer_that_is_none_is_told_as_such(
    account: Account, body: str, changing: bool
) -> None:
    plan = planned(account, taskrouter="honnin")
    account.answers = body
    with pytest.raises(TelephonyError) as caught:
        if changing:
            carried_out(plan)
        else:
            planned(account)
    assert "no usable answer" in str(caught.value)
    assert "sid" not in str(caught.value)
    account.answers = None
    # Nothing is left half-known: the next time everything is looked up again.
    carried_out(planned(account, taskrouter="honnin"))
    assert planned(account, taskrouter="honnin").changes == []


def test_what_was_made_before_a_refusal_stays_made_and_is_told(account: Account) -> None:
    plan = planned(account, taskrouter="honnin")
    told: list[str] = []

    def tell(what: str) -> None:
        told.append(what)
        if what.startswith("workspace"):
            account.refuses = (429, 20429)

    with pytest.raises(TelephonyError, match="queue 'honnin'"):
        plan.carry_out(tell)
    assert [what.partition(":")[0] for what in told] == [NUMBER, "workspace 'honnin'"]
    account.refuses = None
    # Run again, it goes on where it was.
    assert [change.what for change in planned(account, taskrouter="honnin").changes] == [
        "queue 'honnin': create it",
        "workflow 'honnin': create it",
    ]


def test_every_change_is_one_that_twilios_specification_knows(account: Account) -> None:
    carried_out(planned(account, taskrouter="honnin"))
    account.things["Workflows"]["assignment_callback_url"] = "https://elsewhere"
    account.things["Workspaces"]["event_callback_url"] = None
    carried_out(planned(account, taskrouter="honnin"))
    files = {
        "api.twilio.com": openapi.spec("twilio_api_v2010.json"),
        "taskrouter.twilio.com": openapi.spec("twilio_taskrouter_v1.json"),
    }
    posts = [(host, received) for host, received in account.asked if received.method == "POST"]
    assert len(posts) == 6
    assert [openapi.problems(files[host], received) for host, received in posts] == [[]] * 6


def test_what_is_looked_up_is_filtered_by_name(account: Account) -> None:
    account.things["Workspaces"] = {"sid": WS, "friendly_name": "honnin"}
    planned(account, taskrouter="honnin")
    queries = [parse_qs(urlsplit(received.path).query) for _, received in account.asked]
    assert queries[0]["PhoneNumber"] == [NUMBER]
    assert [query["FriendlyName"] for query in queries[1:]] == [["honnin"]] * 3


# --- the command --------------------------------------------------------------------------

ENVIRONMENT = {
    "IVR_TWILIO_ACCOUNT_SID": ACCOUNT,
    "IVR_TWILIO_AUTH_TOKEN": TOKEN,
    "IVR_TWILIO_NUMBER": NUMBER,
    "IVR_PUBLIC_URL": PUBLIC,
}


def ran(
    account: Account, monkeypatch: pytest.MonkeyPatch, *options: str, **environment: str
) -> Any:
    for name, value in {**ENVIRONMENT, **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("IVR_ENV_FILE", raising=False)
    monkeypatch.setattr("ivr.commands.twilio_account.TwilioHttpClient", lambda timeout: account)
    return CliRunner().invoke(cli, ["twilio", "setup", *options])


def test_the_command_shows_and_changes_nothing(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = ran(account, monkeypatch, "--taskrouter", "honnin")
    assert result.exit_code == 0
    assert result.output.count("change  ") == 4
    assert "nothing was changed; add --apply" in result.output
    assert account.changes == []


def test_the_command_makes_the_changes_it_showed(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = ran(account, monkeypatch, "--taskrouter", "honnin", "--apply")
    shown = [line[8:] for line in result.output.splitlines() if line.startswith("change  ")]
    done = [line[8:] for line in result.output.splitlines() if line.startswith("done    ")]
    assert shown == done != []
    assert f"for IVR_DESTINATIONS: {WW}" in result.output
    again = ran(account, monkeypatch, "--taskrouter", "honnin")
    assert "nothing to change" in again.output
    assert WW in again.output


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (
            {"IVR_TWILIO_NUMBER": "", "IVR_TWILIO_AUTH_TOKEN": ""},
            "IVR_TWILIO_AUTH_TOKEN, IVR_TWILIO_NUMBER",
        ),
        ({"IVR_PUBLIC_URL": "http://127.0.0.1:8080"}, "IVR_PUBLIC_URL must begin with https://"),
    ],
)
def test_the_command_says_what_it_needs(
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    said: str,
) -> None:
    result = ran(account, monkeypatch, **environment)
    assert said in str(result.exception)
    assert account.asked == []
