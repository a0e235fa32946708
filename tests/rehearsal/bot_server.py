"""A small flow, and a small server that answers webhooks with whatever a test puts there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flask
from twilio.request_validator import RequestValidator

from ivr.clock import ManualClock
from ivr.flow.flow import Flow
from ivr.flow.model import FlowFile
from ivr.rehearsal.callfile import DEFAULT_NOW, CallFile

TOKEN = "a-token-for-tests"
PUBLIC = "https://bot.invalid"
AGENT = "+815000000100"

PROMPTS = {
    "greeting": ("こちらは{company}です。",),
    "consent": ("ご本人様ですか。", "もう一度伺います。ご本人様ですか。"),
    "name": ("お名前をどうぞ。",),
    "confirm": ("{value}様でよろしいですか。",),
    "code_ready": ("ご用意ができたら「はい」とどうぞ。",),
    "code_entry": ("六けたを押してください。",),
    "transfer": ("おつなぎします。",),
    "goodbye": ("失礼いたします。",),
}

Reply = str | tuple[str, int] | Callable[[Mapping[str, str]], Any]


def say(text: str) -> str:
    return f'<Say language="ja-JP">{text}</Say>'


def ask(text: str, action: str = "/next", **attributes: str) -> str:
    given = {"input": "dtmf speech", "language": "ja-JP", "actionOnEmptyResult": "true"}
    given |= {"action": action, **attributes}
    written = " ".join(f'{name}="{value}"' for name, value in given.items())
    return f"<Gather {written}>{say(text)}</Gather>"


def dial(action: str = "/dialled", whisper: str = "/whisper?ref=R1") -> str:
    return f'<Dial action="{action}" timeout="20"><Number url="{whisper}">{AGENT}</Number></Dial>'


def seconds(clock: ManualClock) -> float:
    """How long the call has taken, by the rehearsal's clock."""
    return (clock.now() - DEFAULT_NOW).total_seconds()


GOODBYE = say("失礼いたします。") + "<Hangup/>"


@dataclass
class BotServer:
    """``pages`` maps a path to TwiML (without <Response>), to a body with a status, or to a
    function of the form fields. ``posts`` keeps what came: path, fields, headers."""

    address: str = ""
    pages: dict[str, Reply] = field(default_factory=dict)
    posts: list[tuple[str, dict[str, str], dict[str, str]]] = field(default_factory=list)
    bearers: list[str] = field(default_factory=list)
    unsigned: int = 0
    outbox: Path = Path("outbox.jsonl")

    def fields(self, path: str) -> list[dict[str, str]]:
        """The fields of every post to ``path``."""
        return [fields for posted, fields, _ in self.posts if posted == path]

    def send_code(self, code: str, text: str | None = None, channel: str = "sms") -> None:
        line = {
            "at": "2026-11-22T01:00:00+00:00", "channel": channel, "to": "+819012345678",
            "subject": "", "text": text or f"番号は {code} です", "code": code,
        }  # fmt: skip
        with self.outbox.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def bot_app(bot: BotServer, token: str = TOKEN, public: str = PUBLIC) -> flask.Flask:
    """``bot`` as an application that is reached at ``public`` and signed for with ``token``."""
    app = flask.Flask("bot")
    validator = RequestValidator(token)

    @app.route("/<path:path>", methods=["GET", "POST"])
    def answer(path: str) -> Any:
        request = flask.request
        fields = request.form.to_dict()
        if request.method == "POST":
            bot.posts.append((request.path, fields, dict(request.headers)))
            query = f"?{request.query_string.decode()}" if request.query_string else ""
            signed = request.headers.get("X-Twilio-Signature", "")
            if not validator.validate(public + request.path + query, fields, signed):
                bot.unsigned += 1
                return "", 403
        elif "Authorization" in request.headers:
            bot.bearers.append(request.headers["Authorization"])
        reply = bot.pages.get(request.path)
        if callable(reply):
            reply = reply(fields)
        if reply is None:
            return "", 204 if path == "voice/status" else 404
        if isinstance(reply, str):
            reply = f"<?xml version='1.0'?><Response>{reply}</Response>"
        return reply

    return app


def small_flow() -> Flow:
    """What a telephone reads of a flow; the rest is the machine's business."""
    file = FlowFile.model_construct(flow="verify", languages=("ja", "en"), destinations=("agents",))
    return Flow(file, {"ja": PROMPTS}, {}, {}, "digest", {})


def call_of(*turns: Mapping[str, Any], **more: Any) -> CallFile:
    """A call file without a file."""
    content = {
        "call": "a call",
        "flow": "verify",
        "caller": "+819012345678",
        "turns": list(turns),
        "expect": {},
        **more,
    }
    return CallFile.model_validate_json(json.dumps(content))
