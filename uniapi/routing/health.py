"""What rests: channels, credentials for one model, whole credentials. And how often each credential
succeeded lately.

A rest ends half-open: the next attempt is a trial, and while it runs others treat it as
resting. Success clears it, failure makes it rest again (longer, where the rest is a back-off). A
trial whose outcome never arrives holds its lease for at most `TRIAL_S`. `now` is monotonic seconds.
The state survives reloads; `keep` forgets what the config no longer has. Bounded: entries long over
are forgotten.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from uniapi.clock import Monotonic
from uniapi.config import Config, Provider

TRIAL_S = 120.0
FORGOTTEN_AFTER_S = 24 * 3600.0
"""A back-off that was not used for so long starts anew."""
MAX_RESTS = 20_000
HALF_LIFE_S = 6 * 3600.0
"""Of the weight of an outcome in a success rate."""

Reason = Literal["rate", "quota", "refused", "failure"]


class Rested(NamedTuple):
    """What can rest: a channel (no credential), a credential for one model, or a whole credential
    (no model).
    """

    provider_id: str
    credential_id: str | None
    upstream_model: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """How long something is to rest and why.

    Either `seconds`, or a back-off that starts at `first_s` and doubles up to `cap_s` at each
    further failure.
    """

    reason: Reason
    seconds: float | None = None
    first_s: float = 0.0
    cap_s: float = 0.0
    is_explicit: bool = False
    """The provider itself named the delay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resting:
    """What rests or has not yet proved itself again, for the admin surface."""

    what: Literal["channel", "credential"]
    provider_id: str
    upstream_model: str | None
    credential_id: str | None
    reason: Reason
    message: str
    seconds_left: float
    state: Literal["resting", "half_open", "trial"]


@dataclass(slots=True)
class _Entry:
    until: float
    reason: Reason
    message: str
    failures: int
    """Back-off rests in a row without a success between: what the next one doubles by."""
    trial_until: float = 0.0
    trial: object | None = None
    """Who runs the trial; None: nobody, or its lease is over."""


class Health:
    """What rests, success rates by credential."""

    def __init__(self) -> None:
        self._entries: dict[Rested, _Entry] = {}
        self._rates: dict[tuple[str, str], _Rate] = {}

    @property
    def is_all_sound(self) -> bool:
        """Nothing rests and nothing has to prove itself: the common case, worth a short cut."""
        return not self._entries

    def free_at(self, rested: Rested, now: Monotonic, asker: object = None) -> float:
        """When `rested` may next be used: `now` when it may at once (perhaps as a trial). A running
        trial of somebody else counts as resting until its lease ends.
        """
        entry = self._entries.get(rested)
        if entry is None:
            return now
        if entry.until > now:
            return entry.until
        if entry.trial is not None and entry.trial is not asker and entry.trial_until > now:
            return entry.trial_until
        return now

    def reason(self, rested: Rested) -> Reason | None:
        """Why `rested` rests or last rested; None when it is sound."""
        entry = self._entries.get(rested)
        return entry.reason if entry is not None else None

    def is_tried(self, rested: Rested, now: Monotonic) -> bool:
        """Whether somebody has `rested` on trial right now."""
        entry = self._entries.get(rested)
        return entry is not None and entry.trial is not None and entry.trial_until > now

    def is_half_open(self, rested: Rested, now: Monotonic) -> bool:
        """Whether its rest is over and it has not proved itself yet."""
        entry = self._entries.get(rested)
        return entry is not None and entry.until <= now

    def begin(self, used: Iterable[Rested], trier: object, now: Monotonic) -> bool:
        """An attempt uses `used`; those that are half-open go on trial.

        True when at least one did.
        """
        is_trial = False
        for rested in used:
            entry = self._entries.get(rested)
            if entry is not None:
                entry.trial, entry.trial_until = trier, now + TRIAL_S
                is_trial = True
        return is_trial

    def release(self, used: Iterable[Rested], trier: object) -> None:
        """The trial ended without saying anything about `used`: the next attempt may try."""
        for rested in used:
            entry = self._entries.get(rested)
            if entry is not None and entry.trial is trier:
                entry.trial = None

    def succeeded(self, used: Iterable[Rested], now: Monotonic) -> None:
        """`used` served: they are sound again, unless they were put to rest while the attempt ran
        (then they stay so).
        """
        for rested in used:
            entry = self._entries.get(rested)
            if entry is not None and (entry.until <= now or entry.trial is not None):
                del self._entries[rested]

    def rest(self, rested: Rested, rest: Rest, message: str, now: Monotonic) -> float:
        """Put `rested` to rest; gives the time it ends.

        Failures that come in while it rests already (calls that were under way) do not double its
        back-off.
        """
        entry = self._entries.get(rested)
        if entry is not None and entry.until + FORGOTTEN_AFTER_S < now:
            entry = None
        is_repeat = entry is not None and entry.until > now and entry.trial is None
        in_row = 0 if entry is None else entry.failures
        if rest.seconds is None and not (is_repeat and in_row):
            in_row += 1
        seconds = (
            rest.seconds
            if rest.seconds is not None
            else min(rest.cap_s, rest.first_s * 2.0 ** min(in_row - 1, 60))
        )
        until = now + seconds
        if entry is not None and is_repeat:
            until = max(until, entry.until)
        self._entries[rested] = _Entry(until, rest.reason, message[:300], in_row)
        if len(self._entries) > MAX_RESTS:
            self._forget_old(now)
        return until

    def count(self, provider_id: str, credential_id: str, is_success: bool, now: Monotonic) -> None:
        """One outcome of a credential, for its success rate."""
        name = (provider_id, credential_id)
        rate = self._rates.get(name)
        if rate is None:
            rate = self._rates[name] = _Rate(0.0, 0.0, now)
        rate.add(is_success, now)

    def success_rate(
        self, provider_id: str, credential_id: str, now: Monotonic
    ) -> tuple[float, float]:
        """(share of recent attempts that succeeded, how many there were, old ones weighing less);
        (-1, 0) when there is nothing to go by.
        """
        rate = self._rates.get((provider_id, credential_id))
        return (-1.0, 0.0) if rate is None else rate.at(now)

    def snapshot(self, now: Monotonic) -> tuple[Resting, ...]:
        """Everything that rests, is half-open or on trial, soonest back first."""
        found = []
        for rested, entry in self._entries.items():
            if entry.until > now:
                state: Literal["resting", "half_open", "trial"] = "resting"
            else:
                state = (
                    "trial" if entry.trial is not None and entry.trial_until > now else "half_open"
                )
            found.append(
                Resting(
                    what="channel" if rested.credential_id is None else "credential",
                    provider_id=rested.provider_id,
                    upstream_model=rested.upstream_model,
                    credential_id=rested.credential_id,
                    reason=entry.reason,
                    message=entry.message,
                    seconds_left=max(0.0, entry.until - now),
                    state=state,
                )
            )
        return tuple(sorted(found, key=lambda resting: resting.seconds_left))

    def keep(self, config: Config, before: Config | None = None) -> None:
        """Forget providers and credentials that `config` does not have, or asks at another place
        than `before` did: what failed there says nothing of here, and whoever corrects an address
        wants it tried at once.
        """
        before = before or config
        old = {provider.provider_id: provider for provider in before.providers}
        same = [
            one
            for one in config.providers
            if one.provider_id not in old
            or _place(old[one.provider_id], before) == _place(one, config)
        ]
        ways = {
            (one.provider_id, key.credential_id): (key.proxy, key.project_id)
            for one in old.values()
            for key in one.credentials
        }
        providers = {provider.provider_id for provider in same}
        credentials = {
            name
            for provider in same
            for key in provider.credentials
            if ways.get(
                name := (provider.provider_id, key.credential_id), (key.proxy, key.project_id)
            )
            == (key.proxy, key.project_id)
        }
        self._entries = {
            rested: entry
            for rested, entry in self._entries.items()
            if (
                rested.provider_id in providers
                if rested.credential_id is None
                else (rested.provider_id, rested.credential_id) in credentials
            )
        }
        self._rates = {name: rate for name, rate in self._rates.items() if name in credentials}

    def _forget_old(self, now: Monotonic) -> None:
        kept = {
            rested: entry
            for rested, entry in self._entries.items()
            if entry.until + FORGOTTEN_AFTER_S > now
        }
        if len(kept) > MAX_RESTS:
            newest = sorted(kept.items(), key=lambda item: item[1].until, reverse=True)
            kept = dict(newest[: MAX_RESTS // 2])
        self._entries = kept


def _place(provider: Provider, config: Config) -> tuple[object, ...]:
    """Where and how a provider is asked."""
    proxy = provider.proxy or config.preferences.proxy
    return (
        provider.base_url,
        provider.engine,
        provider.project_id,
        provider.region,
        provider.cf_account_id,
        proxy,
        provider.headers,
    )


@dataclass(slots=True)
class _Rate:
    successes: float
    total: float
    counted_at: float

    def add(self, is_success: bool, now: Monotonic) -> None:
        faded = self._faded(now)
        self.successes = self.successes * faded + is_success
        self.total = self.total * faded + 1.0
        self.counted_at = now

    def at(self, now: Monotonic) -> tuple[float, float]:
        return self.successes / self.total, self.total * self._faded(now)

    def _faded(self, now: Monotonic) -> float:
        return math.pow(0.5, max(0.0, now - self.counted_at) / HALF_LIFE_S)
