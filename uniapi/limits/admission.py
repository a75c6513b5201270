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
from uniapi.config import ByModel, ClientKey, Config, Credential, Provider, Rate, Rates
from uniapi.values import dataclass, field

from .seats import Seat, Seats
from .windows import Slot, Window

PERSISTED_FROM_S = 86400.0
MAX_WINDOWS = 50_000
"""Idle windows are forgotten when there are more."""
MAX_GATES = 4096
"""Client keys and models of which the windows are at hand."""

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


_Counted: TypeAlias = tuple[Window, Slot, int, bool]
"""What one request added to one window: the amount is the third, and the last is whether it is
tokens. A plain tuple: it is made for every call.
"""


_Limit: TypeAlias = tuple[Rate, int, Window | None, bool]
"""One limit, its amount, the window that it is for (None: it is for each request alone), and
whether it is of tokens.
"""


class _Gate:
    """What the calls of a client key for one model pass: their limits, and each window once. It
    holds for the very rates that it was made of.
    """

    __slots__ = ("global_rates", "limits", "rates", "windows")

    def __init__(self, rates: ByModel[Rates], global_rates: Rates, limits: list[_Limit]) -> None:
        self.rates = rates
        self.global_rates = global_rates
        self.limits = limits
        self.windows = _windows_of(limits)


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
        for place, (window, slot, amount, is_tokens) in enumerate(self._counted):
            if is_tokens:
                window.correct(slot, tokens - amount, now)
                self._counted[place] = (window, slot, tokens, True)

    def undo(self, now: Monotonic) -> None:
        """The request was not made after all: it uses up nothing."""
        for window, slot, amount, _ in self._counted:
            window.correct(slot, -amount, now)
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
        self._gates: dict[tuple[str, str], _Gate] = {}
        """By client key and model; what they lead to is in `_windows`."""
        self._running: dict[str, int] = {}
        self.seats = Seats()

    def admit(
        self,
        client_key: ClientKey,
        alias: str,
        now: Monotonic,
        global_rates: Rates = (),
        tokens: int = 0,
    ) -> Admitted | Refused:
        """Let one request of a client key in, or say why not.

        `alias` is the model it names, `tokens` the estimate of its input.
        """
        key_id, most = client_key.key_id, client_key.max_concurrency
        running = self._running.get(key_id, 0)
        if most is not None and running >= most:
            return Refused(
                reason="concurrency",
                message=f"This API key may run {most} requests at once.",
                retry_after_s=1.0,
            )
        counted: list[_Counted] = []
        if global_rates or not client_key.rates.is_empty:
            rates = client_key.rates
            gate = self._gates.get((key_id, alias))
            if gate is None or gate.rates is not rates or gate.global_rates is not global_rates:
                gate = self._gate(client_key, alias, global_rates, now)
            refused = _first_refusal(gate.limits, tokens, now)
            if refused is not None:
                return refused
            counted = _count(gate.windows, tokens, now)
        self._running[key_id] = running + 1
        return Admitted(counted, self._running, key_id)

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
        scope = _credential_scope(provider, credential, upstream_model)
        return _first_refusal(self._limits_of([(scope, rates)], now), tokens, now)

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
            windows = _windows_of(self._limits_of([(scope, rates)], now))
            admitted = Admitted(_count(windows, tokens, now))
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
        self._gates.clear()

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
                self._window(tuple(scope), counts, float(window_s)).load(slots, now, now_s)

    def _gate(
        self, client_key: ClientKey, alias: str, global_rates: Rates, now: Monotonic
    ) -> _Gate:
        if len(self._gates) >= MAX_GATES:
            self._gates.clear()
        name, rates = (client_key.key_id, alias), client_key.rates
        own = rates.resolve(alias, alias) or ()
        asked: list[tuple[Scope, Rates]] = [(("client", *name), own), (("global",), global_rates)]
        gate = self._gates[name] = _Gate(rates, global_rates, self._limits_of(asked, now))
        return gate

    def _limits_of(self, asked: list[tuple[Scope, Rates]], now: Monotonic) -> list[_Limit]:
        if len(self._windows) >= MAX_WINDOWS:
            # Before any of them is found, so that none is held here alone.
            self._forget_idle(now)
        return [
            (
                rate,
                rate.amount,
                self._window(scope, rate.counts, rate.window_s) if rate.window_s else None,
                rate.counts == "tokens",
            )
            for scope, rates in asked
            for rate in rates
        ]

    def _window(self, scope: Scope, counts: str, window_s: float) -> Window:
        name = (scope, counts, window_s)
        window = self._windows.get(name)
        if window is None:
            window = self._windows[name] = Window(window_s)
        return window

    def _forget_idle(self, now: Monotonic) -> None:
        self._windows = {
            name: window for name, window in self._windows.items() if not window.is_idle(now)
        }
        self._gates.clear()


def _first_refusal(limits: list[_Limit], tokens: int, now: Monotonic) -> Refused | None:
    latest: tuple[float, Rate] | None = None
    for rate, most, window, is_tokens in limits:
        if window is None:
            if tokens > most:
                return Refused(
                    reason="too_large",
                    message=(
                        f"The request has about {tokens} tokens; the limit is {most}"
                        " in one request."
                    ),
                )
            continue
        free_at = window.free_at(most, max(1, tokens) if is_tokens else 1, now)
        if free_at > now and (latest is None or free_at > latest[0]):
            latest = (free_at, rate)
    if latest is None:
        return None
    return Refused(
        reason="rate",
        message=f"Rate limit reached: {latest[1].text}.",
        retry_after_s=latest[0] - now,
    )


def _windows_of(limits: list[_Limit]) -> list[tuple[Window, bool]]:
    """What is counted in, each once; and whether that is tokens."""
    found = {window: is_tokens for _, _, window, is_tokens in limits if window is not None}
    return list(found.items())


def _count(windows: list[tuple[Window, bool]], tokens: int, now: Monotonic) -> list[_Counted]:
    counted = []
    for window, is_tokens in windows:
        amount = tokens if is_tokens else 1
        counted.append((window, window.add(amount, now), amount, is_tokens))
    return counted


_SCOPE_WORDS = {"global": 1, "client": 3, "credential": 4}


def _credential_scope(provider: Provider, credential: Credential, upstream_model: str) -> Scope:
    return ("credential", provider.provider_id, credential.credential_id, upstream_model)


def _most_at_once(provider: Provider, alias: str, upstream_model: str) -> int | None:
    most = provider.credential_max_concurrency
    return None if most.is_empty else most.resolve(alias, upstream_model)
