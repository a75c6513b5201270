"""Who may send how much: the limits of client keys, of the whole instance and of each provider
credential, and how many calls run at once.

Everything is checked before anything is counted, so a refused request uses up nothing. Tokens are
counted by estimate and corrected by what the upstream reports. `now` is monotonic seconds; windows
of a day and longer can be dumped to plain data and loaded again after a restart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from uniapi.clock import Epoch, Monotonic
from uniapi.config import ClientKey, Config, Credential, Provider, Rate, Rates
from uniapi.values import dataclass, field

from .seats import Seat, Seats
from .windows import Slot, Window

PERSISTED_FROM_S = 86400.0
MAX_WINDOWS = 50_000
"""Idle windows are forgotten when there are more."""

Scope: TypeAlias = tuple[str, ...]
"""Whose window: `("global",)`, `("client", key_id, alias)`, `("credential", provider_id,
credential_id, upstream_model)`.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A request over a limit.

    `retry_after_s`: when it would be let through, None when waiting does not help or cannot be
    told. `status`: 429, or 413 when the request alone is too large.
    """

    reason: Literal["rate", "concurrency", "too_large"]
    message: str
    retry_after_s: float | None = None

    @property
    def status(self) -> int:
        return 413 if self.reason == "too_large" else 429


@dataclass(slots=True)
class _Counted:
    """What one request added to one window."""

    window: Window
    slot: Slot
    amount: int
    is_tokens: bool


@dataclass(slots=True)
class Admitted:
    """A request that was counted.

    `used` corrects its tokens; `release` ends its place among the running ones; both may come at
    any time, once or more.
    """

    _counted: list[_Counted] = field(default_factory=list)
    _running: dict[str, int] | None = None
    _key_id: str = ""
    _seats: Seats | None = None
    _seat: Seat = ("", "", "")

    def used(self, tokens: int, now: Monotonic) -> None:
        """The upstream reported `tokens` (input and output) for this request."""
        for counted in self._counted:
            if counted.is_tokens:
                counted.window.correct(counted.slot, tokens - counted.amount, now)
                counted.amount = tokens

    def undo(self, now: Monotonic) -> None:
        """The request was not made after all: it uses up nothing."""
        for counted in self._counted:
            counted.window.correct(counted.slot, -counted.amount, now)
        self._counted = []

    def release(self) -> None:
        """The call is over, or the attempt."""
        if self._seats is not None:
            self._seats.leave(self._seat)
            self._seats = None
        if self._running is not None:
            left = self._running[self._key_id] - 1
            if left > 0:
                self._running[self._key_id] = left
            else:
                del self._running[self._key_id]
            self._running = None


class LongWindow(NamedTuple):
    """A window that is kept across restarts, and its name: scope, what it counts, seconds."""

    name: tuple[Scope, str, float]
    window: Window

    def dump(self, now: Monotonic, now_s: Epoch) -> dict[str, Any]:
        """As plain data, which `Limits.load` takes."""
        scope, counts, window_s = self.name
        return {
            "scope": list(scope),
            "counts": counts,
            "window_s": window_s,
            "slots": self.window.dump(now, now_s),
        }


class Limits:
    """The counting state of every limit, by name of what is limited.

    Survives a reload; `keep` forgets what no longer exists.
    """

    def __init__(self) -> None:
        self.over_budget: Callable[[Provider], Refused | None] = lambda provider: None
        """Whether so much was spent at a provider that it is passed over; asked only of one that
        has a budget.
        """
        self._windows: dict[tuple[Scope, str, float], Window] = {}
        self._running: dict[str, int] = {}
        self.seats = Seats()

    def admit(
        self,
        client_key: ClientKey,
        alias: str,
        *,
        global_rates: Rates = (),
        tokens: int = 0,
        now: Monotonic,
    ) -> Admitted | Refused:
        """Let one request of a client key in, or say why not.

        `alias` is the model it names, `tokens` the estimate of its input.
        """
        running = self._running.get(client_key.key_id, 0)
        if client_key.max_concurrency is not None and running >= client_key.max_concurrency:
            return Refused(
                reason="concurrency",
                message=f"This API key may run {client_key.max_concurrency} requests at once.",
                retry_after_s=1.0,
            )
        rates = client_key.rates
        own = () if rates.is_empty else rates.resolve(alias, alias) or ()
        counted: list[_Counted] = []
        if own or global_rates:
            asked: list[tuple[Scope, Rates]] = []
            if own:
                asked.append((("client", client_key.key_id, alias), own))
            if global_rates:
                asked.append((("global",), global_rates))
            refused = self._first_refusal(asked, tokens, now)
            if refused is not None:
                return refused
            counted = self._count(asked, tokens, now)
        self._running[client_key.key_id] = running + 1
        return Admitted(counted, self._running, client_key.key_id)

    def credential_refusal(
        self,
        provider: Provider,
        credential: Credential,
        alias: str,
        upstream_model: str,
        *,
        tokens: int = 0,
        now: Monotonic,
        asker: object = None,
    ) -> Refused | None:
        """Whether a provider's credential is over its own limit for a model; counts nothing.
        `asker`: who may stand in the line for it.
        """
        most = _most_at_once(provider, alias, upstream_model)
        credential_id = credential.credential_id
        if most is not None and not self.seats.is_free(
            provider, credential_id, upstream_model, most, asker
        ):
            return Refused(
                reason="concurrency",
                message=f"{most} calls at once",
                retry_after_s=1.0,
            )
        rates = (
            None
            if provider.credential_rates.is_empty
            else provider.credential_rates.resolve(alias, upstream_model)
        )
        if not rates:
            return None
        return self._first_refusal(
            [(_credential_scope(provider, credential, upstream_model), rates)], tokens, now
        )

    def take_credential(
        self,
        provider: Provider,
        credential: Credential,
        alias: str,
        upstream_model: str,
        *,
        tokens: int = 0,
        now: Monotonic,
    ) -> Admitted:
        """Count one attempt with a credential (after `credential_refusal` said None)."""
        rates = (
            None
            if provider.credential_rates.is_empty
            else provider.credential_rates.resolve(alias, upstream_model)
        )
        admitted = Admitted()
        if rates:
            scope = _credential_scope(provider, credential, upstream_model)
            admitted = Admitted(self._count([(scope, rates)], tokens, now))
        if _most_at_once(provider, alias, upstream_model) is not None:
            seat = (provider.provider_id, credential.credential_id, upstream_model)
            self.seats.take(seat)
            admitted._seats, admitted._seat = self.seats, seat
        return admitted

    def running(self, key_id: str) -> int:
        """Calls of a client key in progress."""
        return self._running.get(key_id, 0)

    def keep(self, config: Config) -> None:
        """Forget the windows of client keys and credentials that `config` does not have."""
        keys = {client_key.key_id for client_key in config.client_keys}
        credentials = {
            (provider.provider_id, credential.credential_id)
            for provider in config.providers
            for credential in provider.credentials
        }
        self._windows = {
            name: window
            for name, window in self._windows.items()
            if (scope := name[0])[0] == "global"
            or (scope[1] in keys if scope[0] == "client" else (scope[1], scope[2]) in credentials)
        }

    def long_windows(self) -> list[LongWindow]:
        """The windows of a day and longer. As the two methods below, for a thread of its own."""
        names = [name for name in list(self._windows) if name[2] >= PERSISTED_FROM_S]
        return [
            LongWindow(name, window)
            for name in names
            if (window := self._windows.get(name)) is not None
        ]

    def changed_windows(self) -> list[LongWindow]:
        """Those that were counted into since the last time."""
        return [one for one in self.long_windows() if one.window.takes_changes()]

    def not_kept(self, windows: list[LongWindow]) -> None:
        """They count as changed still."""
        for one in windows:
            one.window.taken_changes = -1

    def load(self, stored: Mapping[str, Any], now: Monotonic, now_s: Epoch) -> None:
        """Take in `{"windows": […]}` of what `LongWindow.dump` gave in an earlier run; anything
        malformed is left out.
        """
        entries = stored.get("windows")
        for entry in entries if isinstance(entries, list) else ():
            if not isinstance(entry, dict):
                continue
            scope, counts, window_s, slots = (
                entry.get(name) for name in ("scope", "counts", "window_s", "slots")
            )
            if not (
                isinstance(scope, list)
                and scope
                and all(isinstance(word, str) for word in scope)
                and len(scope) == _SCOPE_WORDS.get(scope[0])
            ):
                continue
            if (
                isinstance(counts, str)
                and isinstance(window_s, int | float)
                and window_s >= PERSISTED_FROM_S
                and isinstance(slots, list)
            ):
                self._window(tuple(scope), counts, float(window_s), now).load(slots, now, now_s)

    def _first_refusal(
        self, asked: list[tuple[Scope, Rates]], tokens: int, now: Monotonic
    ) -> Refused | None:
        latest: tuple[float, Rate] | None = None
        for scope, rates in asked:
            for rate in rates:
                if rate.counts == "tokens_per_request":
                    if tokens > rate.amount:
                        return Refused(
                            reason="too_large",
                            message=(
                                f"The request has about {tokens} tokens; the limit is {rate.amount}"
                                " in one request."
                            ),
                        )
                    continue
                window = self._windows.get((scope, rate.counts, rate.window_s))
                if window is None:
                    continue
                cost = max(1, tokens) if rate.counts == "tokens" else 1
                free_at = window.free_at(rate.amount, cost, now)
                if free_at > now and (latest is None or free_at > latest[0]):
                    latest = (free_at, rate)
        if latest is None:
            return None
        return Refused(
            reason="rate",
            message=f"Rate limit reached: {latest[1].text}.",
            retry_after_s=latest[0] - now,
        )

    def _count(
        self, asked: list[tuple[Scope, Rates]], tokens: int, now: Monotonic
    ) -> list[_Counted]:
        counted = []
        for scope, rates in asked:
            for counts, window_s in dict.fromkeys(
                [(rate.counts, rate.window_s) for rate in rates if rate.window_s]
            ):
                window = self._window(scope, counts, window_s, now)
                amount = tokens if counts == "tokens" else 1
                counted.append(
                    _Counted(window, window.add(amount, now), amount, counts == "tokens")
                )
        return counted

    def _window(self, scope: Scope, counts: str, window_s: float, now: Monotonic) -> Window:
        name = (scope, counts, window_s)
        window = self._windows.get(name)
        if window is None:
            if len(self._windows) >= MAX_WINDOWS:
                self._windows = {
                    other: kept for other, kept in self._windows.items() if not kept.is_idle(now)
                }
            window = self._windows[name] = Window(window_s)
        return window


_SCOPE_WORDS = {"global": 1, "client": 3, "credential": 4}


def _credential_scope(provider: Provider, credential: Credential, upstream_model: str) -> Scope:
    return ("credential", provider.provider_id, credential.credential_id, upstream_model)


def _most_at_once(provider: Provider, alias: str, upstream_model: str) -> int | None:
    most = provider.credential_max_concurrency
    return None if most.is_empty else most.resolve(alias, upstream_model)
