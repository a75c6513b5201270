"""A playbook: a test reads as a conversation between a plan and its upstreams, on a clock turned by
hand.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from uniapi.canonical import NO_NEEDS, DialectNeeds, Failure, FailureKind
from uniapi.clock import Epoch, Monotonic
from uniapi.config import Config, EngineNames, Provider, parse_config
from uniapi.limits import Limits
from uniapi.routing import (
    Attempt,
    Catalog,
    Cursors,
    GiveUp,
    Health,
    Plan,
    Question,
    Road,
    Router,
    SessionHint,
    Sessions,
    Tried,
    Wait,
)

ENGINES = EngineNames(
    built=frozenset({"gpt", "claude", "gemini", "openrouter"}),
    known_unbuilt=frozenset({"codex"}),
    check_private_key=lambda text: None,
)

START_EPOCH_S = 1_700_000_000.0

KINDS = {
    400: FailureKind.BAD_REQUEST,
    401: FailureKind.CREDENTIAL_REFUSED,
    402: FailureKind.QUOTA,
    403: FailureKind.CREDENTIAL_REFUSED,
    404: FailureKind.MODEL_MISSING,
    413: FailureKind.TOO_LONG,
    429: FailureKind.RATE_LIMITED,
    500: FailureKind.SERVER_ERROR,
    501: FailureKind.SERVER_ERROR,
    503: FailureKind.OVERLOADED,
    504: FailureKind.TIMEOUT,
}


class Facts:
    """Engines as far as these tests care: the dialect and the engine by the provider's `engine:`,
    an account cache for all but gemini.
    """

    def name(self, provider: Provider) -> str:
        return provider.engine or "gpt"

    def has_account_cache(self, provider: Provider) -> bool:
        return provider.engine != "gemini"

    def dialect(
        self,
        provider: Provider,
        upstream_model: str,
        client_dialect: str,
        needs: DialectNeeds = NO_NEEDS,
    ) -> str:
        return {"claude": "anthropic", "gemini": "gemini"}.get(provider.engine or "", "openai_chat")


def read_config(text: str) -> Config:
    """The config of a test, from the text a user would write."""
    return parse_config(text, source="test", engines=ENGINES, environment={})[0]


@dataclass
class Player:
    """One gateway with its state, its clock, and the plan of the request at hand."""

    config: Config
    now: float = 1000.0
    seed: int = 1
    health: Health = field(default_factory=Health)
    limits: Limits = field(default_factory=Limits)
    cursors: Cursors = field(default_factory=Cursors)
    sessions: Sessions = field(default_factory=Sessions)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.router = self._router()
        self.plan: Plan | None = None
        self.step: Attempt | Wait | GiveUp | None = None

    def reload(self, text: str) -> None:
        """Another config, the same state."""
        before, self.config = self.config, read_config(text)
        self.health.keep(self.config, before)
        self.limits.keep(self.config)
        self.router = self._router()

    def _router(self) -> Router:
        return Router(
            catalog=Catalog(self.config),
            engines=Facts(),
            health=self.health,
            limits=self.limits,
            cursors=self.cursors,
            sessions=self.sessions,
            default_timeout_s=100.0,
        )

    def asked(self, model: str = "m", *, key: int = 0, **members: Any) -> Question:
        members.setdefault("client_dialect", "openai_chat")
        members.setdefault("path", "/v1/chat/completions")
        return Question(client_key=self.config.client_keys[key], requested_model=model, **members)

    def plan_for(self, asked: Question) -> Plan:
        now_s = Epoch(START_EPOCH_S + self.now)
        candidates = self.router.candidates(asked.client_key, asked.requested_model, now_s)
        now = Monotonic(self.now)
        return self.router.plan(asked, candidates, now=now, now_s=now_s, rng=self.rng)

    def asks(self, model: str = "m", *, key: int = 0, **members: Any) -> None:
        """A new request; its first step is taken."""
        self.plan = self.plan_for(self.asked(model, key=key, **members))
        self.step = self.plan.next(None, self.now)

    def shown(self, attempt: Attempt) -> str:
        """`a#1`: the provider and the number of its key."""
        ids = [credential.credential_id for credential in attempt.channel.provider.credentials]
        return f"{attempt.channel.provider.provider_id}#{ids.index(attempt.credential.credential_id) + 1}"  # noqa: E501

    @property
    def at(self) -> str:
        """Where the plan stands: `a#1` (provider and number of its key), `wait`, or the status it
        gives up with.
        """
        match self.step:
            case Attempt() as attempt:
                return self.shown(attempt)
            case Wait():
                return "wait"
            case GiveUp(error=error):
                return str(error.status)
            case _:
                return "nothing"

    def expects(
        self,
        channel: str | None = None,
        *,
        key: int | None = None,
        status: int | None = None,
        retry_after: int | None = None,
    ) -> None:
        """The step at hand is an attempt at `channel` (with its `key`-th key), or the end with
        `status`.
        """
        if status is not None:
            assert isinstance(self.step, GiveUp), self.at
            assert self.step.error.status == status
            if retry_after is not None:
                assert self.step.error.headers.get("retry-after") == str(retry_after)
            return
        assert isinstance(self.step, Attempt), self.at
        assert (self.step.channel.provider.provider_id, key) == (
            channel,
            None if key is None else int(self.shown(self.step).rpartition("#")[2]),
        )

    def waits(self) -> float:
        """The step at hand is a wait, which then passes."""
        assert isinstance(self.step, Wait), self.at
        assert self.plan is not None
        seconds = self.step.seconds
        self.now += seconds
        self.step = self.plan.next(None, self.now)
        return seconds

    def fails(
        self,
        status: int | FailureKind,
        *,
        retry_after: float | None = None,
        message: str = "mock",
        translated: bool = False,
        daily: bool = False,
        calls: int | None = None,
    ) -> None:
        """The attempt at hand fails; the next step is taken.

        `calls`: upstream calls it came to, None: one, or none when it could not be written.
        """
        assert isinstance(self.step, Attempt), self.at
        assert self.plan is not None
        kind = status if isinstance(status, FailureKind) else KINDS[status]
        number = status if isinstance(status, int) else None
        failure = Failure(
            kind=kind, message=message, status=number, retry_after_s=retry_after, is_daily=daily
        )
        calls = (0 if kind is FailureKind.UNSUPPORTED else 1) if calls is None else calls
        road = Road.TRANSLATE if translated else Road.RELAY
        self.step = self.plan.next(Tried(failure=failure, road=road, calls=calls), self.now)

    def serves(self, tokens: int | None = None) -> str:
        """The attempt at hand succeeds and the call ends; gives where it was served."""
        assert isinstance(self.step, Attempt), self.at
        assert self.plan is not None
        where = self.at
        self.plan.succeeded(self.now)
        self.plan.finished(self.now, tokens)
        return where

    def ends(self) -> None:
        """The call is over, however."""
        assert self.plan is not None
        self.plan.finished(self.now)

    def served(self, model: str = "m", *, key: int = 0, **members: Any) -> str:
        """One request that the first upstream serves; gives where."""
        self.asks(model, key=key, **members)
        return self.serves()

    def tries(
        self, answers: Callable[[str], int | FailureKind | None], model: str = "m", **members: Any
    ) -> list[str]:
        """One request; `answers` says how each attempt (`a#1`) fails, None: it serves.

        Gives every stop, the final status last when it gave up.
        """
        self.asks(model, **members)
        stops = []
        while isinstance(self.step, Attempt):
            stops.append(self.at)
            answer = answers(self.at)
            if answer is None:
                self.serves()
                return stops
            self.fails(answer)
        stops.append(self.at)
        self.ends()
        return stops

    def passes(self, seconds: float) -> None:
        self.now += seconds


def session(name: str | None, *, continues: bool = False, named: bool = False) -> SessionHint:
    return SessionHint(session_id=name, continues=continues, is_named=named)


@pytest.fixture
def play() -> Callable[..., Player]:
    """A player for the text of an `api.yaml`."""
    return lambda text, **members: Player(read_config(text), **members)


@pytest.fixture
def hint() -> Callable[..., SessionHint]:
    return session


@pytest.fixture
def config_of() -> Callable[[str], Config]:
    return read_config


def providers(keys_of: dict[str, int], *, more: str = "", model: str = "m") -> str:
    """Provider entries by name and number of keys; `more` goes under each one's `preferences`."""
    lines = ["providers:"]
    for name, count in keys_of.items():
        keys = ", ".join(f"{name}-key-{number}-0123456789" for number in range(1, count + 1))
        lines += [
            f"  - provider: {name}",
            f"    base_url: https://{name}.example/v1/chat/completions",
            f"    api: [{keys}]",
            f"    model: [{model}]",
        ]
        if more:
            lines += ["    preferences:", f"      {more}"]
    return "\n".join(lines) + "\n"


def client(
    rules: str = "[all]", *, api: str = "sk-client-0123456789abcdef", **preferences: Any
) -> str:
    """An `api_keys` entry."""
    lines = [f"  - api: {api}", f"    model: {rules}"]
    if preferences:
        lines.append("    preferences:")
        lines += [
            f"      {name}: {str(value).lower() if isinstance(value, bool) else value}"
            for name, value in preferences.items()
        ]
    return "\n".join(lines) + "\n"


def written(
    keys_of: dict[str, int],
    *,
    more: str = "",
    rules: str = "[all]",
    cooldown: float | None = None,
    **preferences: Any,
) -> str:
    """A whole `api.yaml`: providers with so many keys, one client key, and the global cooldown
    period.
    """
    text = providers(keys_of, more=more) + "api_keys:\n" + client(rules, **preferences)
    if cooldown is not None:
        text += f"preferences:\n  cooldown_period: {cooldown}\n"
    return text


@pytest.fixture
def yaml_of() -> Callable[..., str]:
    return written


@pytest.fixture
def parts() -> tuple[Callable[..., str], Callable[..., str]]:
    """(`providers`, `client`): the two halves of an `api.yaml`, for tests with several
    client keys.
    """
    return providers, client
