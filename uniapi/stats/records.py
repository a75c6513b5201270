"""What is remembered of a call: one CallRecord with its AttemptRecords. Facts only: no prompt, no answer, no secret (keys appear as fingerprints)."""

from __future__ import annotations

from dataclasses import dataclass

from uniapi.canonical import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """One upstream try. `outcome` is `ok`, `cancelled` or a FailureKind's value; `status` the upstream's HTTP status (None: no answer came)."""

    provider: str
    provider_id: str
    upstream_model: str
    credential_id: str
    credential_display: str
    outcome: str
    status: int | None
    duration_s: float
    message: str = ""

    @property
    def is_success(self) -> bool:
        return self.outcome == "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One client request, from door to door. Times: `at_s` epoch seconds of arrival, the others durations in seconds (None: it never came to that).

    `outcome`: `ok`, `client_left`, `refused` (we said no before any attempt) or the FailureKind shown to the client.
    """

    request_id: str
    at_s: float
    key_id: str
    key_label: str
    operation: str
    endpoint: str
    requested_model: str
    provider: str | None
    provider_id: str | None
    upstream_model: str | None
    status: int
    outcome: str
    stream: bool
    attempts: tuple[AttemptRecord, ...]
    usage: Usage | None = None
    cost: float | None = None
    first_token_s: float | None = None
    total_s: float = 0.0
    client_ip: str | None = None
    is_flagged: bool = False
