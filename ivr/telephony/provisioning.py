"""What an account at Twilio needs for us: a plan first, and its changes on request.

Only what is missing or leads elsewhere is changed. Nothing is bought and nothing deleted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.rest import Client

from ivr.errors import TelephonyError
from ivr.telephony import links
from ivr.telephony.senders.twilio_errors import MALFORMED

#: Twilio's connection overrides: try twice more where connecting or reading times out, or the
#: answer is a 5xx. Neither sent nor signed.
OVERRIDES = "#rc=2&rp=ct,rt,5xx"
#: Takes every worker of the workspace.
_ALL_WORKERS = "1==1"
#: Events of a task in which an agent may have said whether it was the person.
_EVENTS = "task.updated,task.wrapup,task.completed"
_HINT = "check IVR_TWILIO_ACCOUNT_SID and IVR_TWILIO_AUTH_TOKEN"


@dataclass(frozen=True, slots=True)
class Change:
    """A request that has not been made: what it does, in words, and doing it. ``make`` finds
    what earlier changes created in the mapping it is given, by kind, and adds its own."""

    what: str
    make: Callable[[dict[str, str]], None]


@dataclass
class Plan:
    """``right`` is what needs no change. ``found`` maps kinds (``workspace``, ``queue``,
    ``workflow``) to the SIDs of what is there; :meth:`carry_out` adds what it creates."""

    right: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    found: dict[str, str] = field(default_factory=dict)

    def carry_out(self, told: Callable[[str], object]) -> None:
        """Make every change, in order; ``told`` hears of each that is made.

        Raises:
            TelephonyError: Twilio refused one; those before it stay made.
        """
        for change in self.changes:
            with _asking(change.what):
                change.make(self.found)
            told(change.what)


def plan_number(client: Client, plan: Plan, *, number: str, public_url: str) -> None:
    """Let the webhooks of ``number`` (E.164, ours) lead to ``public_url``.

    Raises:
        TelephonyError: Twilio refuses, or the number is not in this account.
    """
    with _asking("read the phone numbers"):
        owned = client.incoming_phone_numbers.list(phone_number=number, limit=1)
    if not owned:
        raise TelephonyError(
            "IVR_TWILIO_NUMBER is no number of this account", hint="buy it in Twilio's console"
        )
    wanted = {
        "voice_url": public_url + links.INCOMING + OVERRIDES,
        "voice_method": "POST",
        "voice_fallback_url": public_url + links.FALLBACK,
        "voice_fallback_method": "POST",
        "status_callback": public_url + links.STATUS,
        "status_callback_method": "POST",
    }
    present = owned[0]
    wrong = {name: url for name, url in wanted.items() if getattr(present, name) != url}
    for name in wanted.keys() - wrong.keys():
        plan.right.append(f"{number}: {name}")
    if wrong:

        def update(_: dict[str, str]) -> None:
            present.update(**wrong)

        said = ", ".join(f"{name} = {url}" for name, url in wrong.items())
        plan.changes.append(Change(f"{number}: {said}", update))


def plan_taskrouter(client: Client, plan: Plan, *, name: str, public_url: str) -> None:
    """A workspace, a queue of all its workers and a workflow, each called ``name``, whose
    assignments are answered and whose events are told at ``public_url``. A workflow that is there
    keeps its routing.

    Raises:
        TelephonyError: Twilio refuses.
    """
    with _asking("read TaskRouter's workspaces"):
        found = client.taskrouter.v1.workspaces.list(friendly_name=name, limit=1)
    workspace = found[0] if found else None
    told = public_url + links.TASK_EVENT
    _thing(plan, "workspace", name, workspace, _create_workspace(client, name, told))
    queue = workflow = None
    if workspace is not None:
        _plan_events(plan, name, workspace, told)
        with _asking("read TaskRouter's queues and workflows"):
            queues = workspace.task_queues.list(friendly_name=name, limit=1)
            workflows = workspace.workflows.list(friendly_name=name, limit=1)
        queue = queues[0] if queues else None
        workflow = workflows[0] if workflows else None
    _thing(plan, "queue", name, queue, _create_queue(client, name))
    url = public_url + links.ASSIGNMENT
    if workflow is None or workflow.assignment_callback_url == url:
        _thing(plan, "workflow", name, workflow, _create_workflow(client, name, url))
        return
    plan.found["workflow"] = str(workflow.sid)

    def update(_: dict[str, str]) -> None:
        workflow.update(assignment_callback_url=url)

    plan.changes.append(Change(f"workflow '{name}': assignment_callback_url = {url}", update))


def _thing(
    plan: Plan, kind: str, name: str, present: Any, create: Callable[[dict[str, str]], None]
) -> None:
    if present is None:
        plan.changes.append(Change(f"{kind} '{name}': create it", create))
    else:
        plan.found[kind] = present.sid
        plan.right.append(f"{kind} '{name}' ({present.sid})")


def _plan_events(plan: Plan, name: str, workspace: Any, url: str) -> None:
    """Have the workspace tell us of its tasks; one that tells somebody else goes on doing so."""
    present = workspace.event_callback_url
    if present == url:
        plan.right.append(f"workspace '{name}': event_callback_url")
    elif present:
        plan.right.append(f"workspace '{name}': its events go elsewhere, and are left to go there")
    else:

        def update(_: dict[str, str]) -> None:
            workspace.update(event_callback_url=url, events_filter=_EVENTS)

        plan.changes.append(Change(f"workspace '{name}': event_callback_url = {url}", update))


def _create_workspace(client: Client, name: str, told: str) -> Callable[[dict[str, str]], None]:
    def create(found: dict[str, str]) -> None:
        made = client.taskrouter.v1.workspaces.create(
            friendly_name=name, event_callback_url=told, events_filter=_EVENTS
        )
        found["workspace"] = str(made.sid)

    return create


def _create_queue(client: Client, name: str) -> Callable[[dict[str, str]], None]:
    def create(found: dict[str, str]) -> None:
        queues = client.taskrouter.v1.workspaces(found["workspace"]).task_queues
        found["queue"] = str(queues.create(friendly_name=name, target_workers=_ALL_WORKERS).sid)

    return create


def _create_workflow(client: Client, name: str, url: str) -> Callable[[dict[str, str]], None]:
    def create(found: dict[str, str]) -> None:
        routing = {"filters": [], "default_filter": {"queue": found["queue"]}}
        made = client.taskrouter.v1.workspaces(found["workspace"]).workflows.create(
            friendly_name=name,
            configuration=json.dumps({"task_routing": routing}),
            assignment_callback_url=url,
        )
        found["workflow"] = str(made.sid)

    return create


@contextmanager
def _asking(what: str) -> Iterator[None]:
    """
    Raises:
        TelephonyError: in place of whatever the SDK raises; never quotes Twilio.
    """
    try:
        yield
    except (TwilioRestException, TwilioServiceException) as error:
        code = f", error {error.code}" if error.code else ""
        raise TelephonyError(
            f"Twilio refused to {what} (HTTP {error.status}{code})", hint=_HINT
        ) from None
    except (TwilioException, requests.RequestException, OSError, *MALFORMED) as error:
        # Of a list that it cannot fetch the SDK only says so, and hands on the answer.
        status = getattr(error.args[-1] if error.args else None, "status_code", None)
        if status is not None:
            raise TelephonyError(f"Twilio refused to {what} (HTTP {status})", hint=_HINT) from None
        raise TelephonyError(
            f"Twilio gave no usable answer [{type(error).__name__}]: {what}",
            hint="is api.twilio.com reachable from here?",
        ) from None
