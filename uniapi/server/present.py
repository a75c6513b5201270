"""What is true at this moment, for the admin surface: the calls that run, what rests, how the
configuration is doing. Counts of the past are in `stats`.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from uniapi.canonical import Call
from uniapi.clock import Epoch
from uniapi.config import Config
from uniapi.routing import Resting
from uniapi.values import dataclass, field

from .reply import HttpReply

if TYPE_CHECKING:
    from uniapi.stats import LiveFigures

MOST_LIVE_ROWS = 100
MOST_ERRORS = 20
LONGEST_NAME = 200
"""Of what is shown: a label may be anything."""


class LiveCalls:
    """The inference calls between door and door, by their id: who answers one puts it there, and
    takes it out.
    """

    def __init__(self) -> None:
        self.calls: dict[str, tuple[Call, HttpReply]] = {}

    def __len__(self) -> int:
        return len(self.calls)

    def rows(self, now_s: Epoch, key_id: str | None) -> list[dict[str, Any]]:
        """The oldest calls for showing; only those of one client key when it is given."""
        ours = [
            (call, reply)
            for call, reply in self.calls.values()
            if key_id in (None, call.principal.key_id)
        ]
        return [_live_row(call, reply, now_s) for call, reply in ours[:MOST_LIVE_ROWS]]


def _live_row(call: Call, reply: HttpReply, now_s: Epoch) -> dict[str, Any]:
    """`provider` is known from the moment the answer begins."""
    return {
        "request_id": call.request_id,
        "key": call.principal.label[:LONGEST_NAME],
        "model": call.requested_model[:LONGEST_NAME],
        "operation": call.operation.value,
        "stream": call.stream,
        "seconds": round(max(0.0, now_s - call.received_at_s), 1),
        "state": "answering" if reply.is_started else "waiting",
        "provider": reply.provider,
        "bytes": reply.bytes_written,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigStatus:
    """The configuration in force, and what went wrong with the newest one. `source` is safe to
    show; `text` is not. Times: epoch seconds.

    `state`: `stale` when a newer configuration was refused. A remote one that cannot be had at the
    moment is an error too, but says nothing about the one in force.
    """

    source: str
    loaded_at_s: float
    text: str = ""
    state: Literal["ok", "stale"] = "ok"
    errors: tuple[str, ...] = ()
    failed_at_s: float | None = None

    def row(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "source": self.source,
            "loaded_at": self.loaded_at_s,
            "failed_at": self.failed_at_s,
            "errors": list(self.errors[:MOST_ERRORS]),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """One moment. `rates`: (provider id, credential id) → share of recent attempts that succeeded,
    and how many there were; absent without any.
    """

    started_at_s: float
    live: LiveCalls
    config_status: ConfigStatus
    resting: tuple[Resting, ...] = ()
    rates: Mapping[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    retirements: tuple[Mapping[str, Any], ...] = ()
    """The models written down that are shut down, or will be soon, as plain data."""
    money: Mapping[str, Any] = field(default_factory=dict)
    """Limits and what is used of them, the price list, models without a price, prompt caches,
    balances, as plain data.
    """
    learned: tuple[Mapping[str, Any], ...] = ()
    """What refusals have taught of the models in force, as plain data."""

    def live_figures(self, version: str, config: Config, trouble: str | None) -> LiveFigures:
        """What `/metrics` says of the moment."""
        from uniapi.stats import LiveFigures

        names = {provider.provider_id: provider.name for provider in config.providers}
        # A key that rests for three models is one key.
        at_rest = {
            (rest.what, rest.provider_id, rest.credential_id or rest.upstream_model)
            for rest in self.resting
            if rest.state == "resting"
        }
        resting: Counter[tuple[str, str]] = Counter(
            (names.get(provider_id, provider_id), "key" if what == "credential" else what)
            for what, provider_id, _ in at_rest
        )
        return LiveFigures(
            version=version,
            python=sys.version.partition(" ")[0],
            live_calls=len(self.live),
            resting=resting,
            config_loaded_at_s=self.config_status.loaded_at_s,
            is_config_stale=self.config_status.state == "stale",
            is_writing_stats=trouble is None,
            started_at_s=self.started_at_s,
        )

    def health_rows(self, config: Config) -> list[dict[str, Any]]:
        """Every provider with what rests of it: whole channels, and each key."""
        rests: dict[tuple[str, str | None], list[dict[str, Any]]] = {}
        for rest in self.resting:
            rests.setdefault((rest.provider_id, rest.credential_id), []).append(_rest_row(rest))
        rows = []
        for provider in config.providers:
            keys = []
            for credential in provider.credentials:
                share, count = self.rates.get(
                    (provider.provider_id, credential.credential_id), (-1.0, 0.0)
                )
                keys.append(
                    {
                        "key": credential.display,
                        "number": credential.number,
                        "success_rate": share if count else None,
                        "recent_attempts": round(count, 1),
                        "rests": rests.get((provider.provider_id, credential.credential_id), []),
                    }
                )
            rows.append(
                {
                    "provider": provider.provider_id,
                    "channels": rests.get((provider.provider_id, None), []),
                    "keys": keys,
                }
            )
        return rows


def _rest_row(rest: Resting) -> dict[str, Any]:
    return {
        "model": rest.upstream_model,
        "state": rest.state,
        "reason": rest.reason,
        "message": rest.message,
        "seconds_left": round(rest.seconds_left, 1),
    }
