"""One call while it runs: what it was given to work with, and what is known of it so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from uniapi.canonical import Call, Usage
from uniapi.clock import Clock, Monotonic
from uniapi.inspection import Tap
from uniapi.network import AccessTokens, MediaFetcher, Transport
from uniapi.routing import Plan
from uniapi.stats import AttemptRecord
from uniapi.values import dataclass, field

from .alarms import Alarms
from .answer_memory import AnswerMemory
from .backlog import Outlet
from .cache_rounds import CacheRounds
from .issued_ids import IssuedIds
from .issued_items import IssuedItems
from .lanes import Lane, Lanes
from .learned_models import LearnedModels
from .mender import Mender
from .reasoning_cache import ReasoningCache
from .route import Decoded
from .spending import Held
from .upstream_answer import UpstreamAnswer

OURS = "internal_error"
"""The outcome of a call that a mistake of ours ended."""


class Reply(Outlet, Protocol):
    """The client's side (see server/reply.py). `status` is what was sent, None before."""

    @property
    def status(self) -> int | None: ...

    @property
    def tap(self) -> Tap | None:
        """What looks on, where the inspector is on."""
        ...

    @property
    def is_started(self) -> bool: ...

    @property
    def has_lost(self) -> bool:
        """Whether something was written that the client was not there to take."""
        ...

    async def start(self, status: int, headers: Mapping[str, str]) -> None: ...

    async def finish(self) -> None: ...

    def break_off(self) -> None: ...

    async def send(self, status: int, headers: Mapping[str, str], body: bytes) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSurroundings:
    """What every call is run with, whatever is configured: the network, and the memories."""

    transport: Transport
    credentials: AccessTokens
    media: MediaFetcher
    pins: IssuedIds
    reasoning: ReasoningCache
    items: IssuedItems
    learned: LearnedModels
    clock: Clock
    caches: CacheRounds
    alarms: Alarms = field(default_factory=Alarms)
    memory: AnswerMemory = field(default_factory=AnswerMemory)
    shutdowns: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By provider id and model the day from which the provider's own list says that it is gone."""


@dataclass(slots=True)
class CallState:
    """What the loop and its attempts share of one call; becomes its record."""

    around: CallSurroundings
    call: Call
    plan: Plan
    lanes: Lanes
    """Of the configuration in force when it came: it keeps that, whatever is reloaded meanwhile."""
    reply: Reply
    now: Callable[[], Monotonic]
    heard_at: Monotonic
    """When the client last heard of us, the beginning included."""
    takes_long: bool = False
    """Whether what grows with the call is done in threads."""
    is_told: bool = False
    """Whether every step of it is told in the log."""
    held: Held | None = None
    """What is reserved for the call while it runs."""
    used: Callable[[int], None] | None = None
    """Told, once, how many tokens the call came to: what the upstream reports, 0 when nothing was
    answered.
    """
    keepalive_s: float | None = None
    """The interval of heartbeats that it was promised."""
    decoded: Decoded | None = None
    """What its client says in our words, once it was asked for."""
    mender: Mender | None = None
    """Who mends its requests, once one was refused or something is known of a model."""
    attempts: list[AttemptRecord] = field(default_factory=list)
    receiver: UpstreamAnswer | None = None
    """What takes the answer of the attempt under way, or of the one that served."""
    bodies: tuple[object, ...] = ()
    """What was sent, of a long call."""
    lane: Lane | None = None
    """Where it was sent last."""
    usage: Usage | None = None
    said: str = ""
    """What the client was told of a failure."""
    outcome: str = OURS
    status: int = 500
    """What somebody else will write where we wrote nothing; 0 where nobody will."""

    def mending(self) -> Mender:
        """Its mender."""
        if self.mender is None:
            preferences = self.lanes.preferences
            self.mender = Mender(
                learned=self.around.learned,
                clock=self.around.clock,
                learns=preferences.learn and preferences.unsupported_parameters != "reject",
            )
        return self.mender
