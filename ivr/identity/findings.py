"""What a verification has found so far; kept as JSON in its record, encrypted at rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class Findings:
    """``evidence`` and ``flags`` as in CheckResult, since the verification began.

    ``channel``: by which a code was last sent. ``code_key``: the ``intent_id`` of the newest
    code that may have arrived. ``checked``: the last check of a code (its intent) and how it
    ended, so that a repeated request counts once.
    """

    evidence: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    channel: str | None = None
    code_key: str | None = None
    checked: tuple[str, str] | None = None

    def with_evidence(self, **evidence: str) -> Findings:
        return replace(self, evidence={**self.evidence, **evidence})

    def flagged(self, *flags: str) -> Findings:
        """With these flags too, each once, in the order they came up."""
        return replace(self, flags=tuple(dict.fromkeys((*self.flags, *flags))))

    def to_json(self) -> str:
        return _FINDINGS.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str) -> Findings:
        return _FINDINGS.validate_json(text)


_FINDINGS: TypeAdapter[Findings] = TypeAdapter(Findings)
