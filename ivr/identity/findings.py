"""What a verification has found so far; kept as JSON in its record, encrypted at rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter

#: Evidence that an accepted code leaves.
_PROOF = frozenset({"code", "channel", "verified_at", "code_call"})


@dataclass(frozen=True, slots=True)
class Findings:
    """``evidence`` and ``flags`` as in CheckResult, since the verification began.

    ``channel``: by which a code was last sent. ``code_key``: the ``intent_id`` of the newest
    code that may have arrived. ``checked``: the last check of a code (its intent) and how it
    ended, so that a repeated request counts once. ``proven_in``: the call in which the right
    code was entered.
    """

    evidence: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    channel: str | None = None
    code_key: str | None = None
    checked: tuple[str, str] | None = None
    proven_in: str | None = None

    def with_evidence(self, **evidence: str) -> Findings:
        return replace(self, evidence={**self.evidence, **evidence})

    def flagged(self, *flags: str) -> Findings:
        """With these flags too, each once, in the order they came up."""
        return replace(self, flags=tuple(dict.fromkeys((*self.flags, *flags))))

    def for_call(self, call_id: str) -> Mapping[str, str]:
        """The evidence as one call may have it. Several calls may share a verification (a number
        can be forged, and many people may share one): an accepted code is proof in the call it
        was entered in, and in no other."""
        if self.proven_in in {None, call_id}:
            return self.evidence
        return {key: value for key, value in self.evidence.items() if key not in _PROOF}

    def to_json(self) -> str:
        return _FINDINGS.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Findings:
        return _FINDINGS.validate_json(text)


_FINDINGS: TypeAdapter[Findings] = TypeAdapter(Findings)
