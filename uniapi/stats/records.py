"""What is remembered of a call: one CallRecord with its AttemptRecords. Facts only: no prompt, no
answer, no secret (keys appear as fingerprints).

They are values all the same, but not frozen ones: they are made on the path of every request, and a
frozen dataclass of this size takes three times as long to make.
"""

from __future__ import annotations

from uniapi.canonical import Usage
from uniapi.values import dataclass


@dataclass(slots=True)
class AttemptRecord:
    """One upstream try. `outcome` is `ok`, `cancelled` or a FailureKind's value; `status` the
    upstream's HTTP status (None: no answer came); `credential_number` is the key's place in the
    file, from 1.
    """

    provider: str
    provider_id: str
    upstream_model: str
    credential_id: str
    credential_display: str
    outcome: str
    status: int | None
    duration_s: float
    message: str = ""
    credential_number: int = 1

    @property
    def is_success(self) -> bool:
        return self.outcome == "ok"


@dataclass(slots=True)
class CallRecord:
    """One client request, from door to door. Times: `at_s` epoch seconds of arrival, the others
    durations in seconds (None: it never came to that).

    `outcome`: `ok`, `client_left`, `refused` (we said no before any attempt), `unavailable` (nobody
    could be asked: every key or channel rests), `internal_error` (a mistake of ours) or the
    FailureKind shown to the client. `cost_pd` is in pico-dollars (1e-12 US dollars, see `cost`),
    None when it is not known; the recorder sets it, once. `message` is what the client was told of
    a failure, cut.
    """

    request_id: str
    at_s: float
    key_id: str
    key_label: str
    operation: str
    endpoint: str
    requested_model: str
    status: int
    outcome: str
    stream: bool
    provider: str | None = None
    provider_id: str | None = None
    upstream_model: str | None = None
    attempts: tuple[AttemptRecord, ...] = ()
    usage: Usage | None = None
    cost_pd: int | None = None
    first_token_s: float | None = None
    total_s: float = 0.0
    client_ip: str | None = None
    is_flagged: bool = False
    message: str = ""

    @property
    def is_failure(self) -> bool:
        """Something went wrong, other than the client leaving."""
        return self.outcome not in NOT_FAILURES

    @property
    def is_clients_own(self) -> bool:
        """A failure that no provider is to blame for: the client's mistake, or its own limit."""
        return self.outcome in CLIENTS_OWN and self.status < 500


NOT_FAILURES = frozenset({"ok", "client_left"})
CLIENTS_OWN = frozenset({"refused", "bad_request", "too_long", "item_missing", "unsupported"})
