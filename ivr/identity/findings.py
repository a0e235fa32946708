"""What a verification has found so far; kept as JSON in its record, encrypted at rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter

#: Evidence that accepted codes leave, and what became of a second one.
_PROOF = frozenset({"code", "channel", "verified_at", "code_call", "second", "second_channel"})
#: Evidence of a code that was entered in an earlier call.
_RECENT = frozenset({"recent", "recent_at", "recent_from"})
_CALLS_KEPT = 8


@dataclass(frozen=True, slots=True)
class Recalled:
    """How the last look for a code of an earlier call ended: its intent, its call, its outcome."""

    intent_id: str
    call_id: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Findings:
    """``evidence`` and ``flags`` as in CheckResult, since the verification began.

    ``channel``: by which a code was last sent. ``code_key``: the ``intent_id`` of the newest
    code that may have arrived. ``entries``: call -> its last check of a code (the intent) and how
    it ended, so that a repeated request counts once, whatever is entered in another call meanwhile.
    ``proven_in``: the call in which the right code was entered. ``second_keys``: of codes for a
    second contact, which are good in that call only. ``recalled``: the last look for a code of an
    earlier call. ``late``: the ``intent_id`` of a code that its provider accepted after the caller
    had been told that it was wrong. ``sent_to``: ``intent_id`` of a code -> blind index of where it
    went. ``shown``: such indexes of the contacts that were proven in that call.
    """

    evidence: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    channel: str | None = None
    code_key: str | None = None
    entries: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    proven_in: str | None = None
    second_keys: tuple[str, ...] = ()
    recalled: Recalled | None = None
    late: str | None = None
    sent_to: Mapping[str, str] = field(default_factory=dict)
    shown: tuple[str, ...] = ()

    def about(self, number: str) -> bool:
        """Whether they are about the customer with this number. Findings are sealed; what else a
        verification says of its customer, whoever may write to the tables could change."""
        return self.evidence.get("customer") == number

    def with_evidence(self, **evidence: str) -> Findings:
        return replace(self, evidence={**self.evidence, **evidence})

    def flagged(self, *flags: str) -> Findings:
        """With these flags too, each once, in the order they came up."""
        return replace(self, flags=tuple(dict.fromkeys((*self.flags, *flags))))

    def entered(self, call_id: str, intent_id: str, outcome: str) -> Findings:
        """With how a call's last check of a code ended. Of the calls that share a verification
        the last ones are kept: nobody makes it grow by calling again."""
        others = [(call, entry) for call, entry in self.entries.items() if call != call_id]
        return replace(
            self, entries=dict([*others, (call_id, (intent_id, outcome))][-_CALLS_KEPT:])
        )

    def outcome_of(self, call_id: str, intent_id: str) -> str | None:
        """How this check of a code ended, if it is the last of its call."""
        last, outcome = self.entries.get(call_id, (None, None))
        return outcome if last == intent_id else None

    def first_proven(self, call_id: str, code_key: str, **evidence: str) -> Findings:
        """With the first contact that was proven in this call, by the code with this ``intent_id``.
        Of what another call has proven nothing is left."""
        others = {key: value for key, value in self.evidence.items() if key not in _PROOF}
        found = replace(self, evidence={**others, **evidence}, proven_in=call_id, shown=())
        return found.with_shown(code_key)

    def with_shown(self, code_key: str) -> Findings:
        """With the contact that the code with this ``intent_id`` went to among those proven."""
        contact = self.sent_to.get(code_key)
        return self if contact is None else replace(self, shown=(*self.shown, contact))

    def looked(self, recalled: Recalled, **evidence: str) -> Findings:
        """With how a look for a code of an earlier call ended, and the ``evidence`` it left. What
        another call has found stays with that call, unless this one has found something too."""
        theirs = self.recalled is not None and self.recalled.call_id != recalled.call_id
        if theirs and not evidence and not _RECENT.isdisjoint(self.evidence):
            return self
        return replace(self, recalled=recalled, evidence={**self.evidence, **evidence})

    def for_call(self, call_id: str) -> Mapping[str, str]:
        """The evidence as one call may have it. Several calls may share a verification (a number
        can be forged, and many people may share one): an accepted code is proof in the call it
        was entered in, and in no other; so is a code of an earlier call, in the call it was found
        for."""
        gone: frozenset[str] = frozenset()
        if self.proven_in not in {None, call_id}:
            gone |= _PROOF
        if self.recalled is not None and self.recalled.call_id != call_id:
            gone |= _RECENT
        return {key: value for key, value in self.evidence.items() if key not in gone}

    @property
    def still_out(self) -> str:
        """Evidence ``sent`` where nothing new goes out: an earlier code may still be arriving."""
        if self.code_key is None:
            return "none"
        return self.evidence.get("sent", "none")

    def proven_here(self, call_id: str) -> bool:
        """Whether a code was accepted in this very call."""
        return self.evidence.get("code") == "ok" and self.proven_in == call_id

    def to_json(self) -> str:
        return _FINDINGS.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Findings:
        return _FINDINGS.validate_json(text)


_FINDINGS: TypeAdapter[Findings] = TypeAdapter(Findings)
