"""The agent's system: fetches the signed result of a call and checks it, as anybody may who
has a bearer key and the public keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ivr.clock import Clock
from ivr.errors import RehearsalError, SignatureInvalid
from ivr.identity.result import SeenResults, verify
from ivr.rehearsal.webhooks import WebhookClient


class AgentDesk:
    """Uses ``GET /results/<reference>`` and ``/.well-known/jwks.json``, nothing else. Relies on
    each result once."""

    def __init__(self, webhooks: WebhookClient, clock: Clock, *, key: str, audience: str) -> None:
        self._webhooks = webhooks
        self._clock = clock
        self._key = key
        self._audience = audience
        self._seen = SeenResults()

    def fetch(self, reference: str) -> Mapping[str, Any]:
        """The checked claims of a result.

        Raises:
            RehearsalError: it cannot be fetched, or must not be relied on.
        """
        answer = self._webhooks.get_json(f"/results/{reference}", bearer=self._key)
        token = answer.get("token") if isinstance(answer, dict) else None
        if not isinstance(token, str):
            raise RehearsalError("the server's result holds no token")
        return self.checked(token)

    def say(self, reference: str, *, was_person: bool) -> tuple[str, bool]:
        """Say whether it was the person; the call's label then, and whether that changed it.

        Raises:
            RehearsalError: that was refused.
        """
        path = f"/results/{reference}/disposition"
        answer = self._webhooks.tell_json(path, {"was_person": was_person}, bearer=self._key)
        label = answer.get("label") if isinstance(answer, dict) else None
        if not isinstance(label, str):
            raise RehearsalError("the server's answer to a disposition holds no label")
        return label, answer.get("changed") is True

    def checked(self, token: str) -> Mapping[str, Any]:
        """The claims of a token that came with the call.

        Raises:
            RehearsalError: it must not be relied on.
        """
        jwks = self._webhooks.get_json("/.well-known/jwks.json")
        if not isinstance(jwks, dict):
            raise RehearsalError("the server's key set is none")
        try:
            return verify(
                token,
                jwks,
                audience=self._audience,
                issuer=None,
                now=self._clock.now(),
                seen=self._seen,
            )
        except SignatureInvalid as error:
            raise RehearsalError(f"the result of the call: {error}") from None
