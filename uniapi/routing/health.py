"""What rests: channels, credentials for one model, whole credentials. And how often each credential
succeeded lately.

A rest ends half-open: the next attempt is a trial, and while it runs others treat it as
resting. Success clears it, failure makes it rest again (longer, where the rest is a back-off). A
trial whose outcome never arrives holds its lease for at most `TRIAL_S`. `now` is monotonic seconds.
The state survives reloads; `keep` forgets what the config no longer has. Bounded: entries long over
are forgotten.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal, NamedTuple

from uniapi.clock import Monotonic
from uniapi.config import Config, Provider
from uniapi.values import dataclass

from .success_rates import SuccessRates

TRIAL_S = 120.0
RECALL_S = 60.0
"""How often what rests is looked at where nothing else can serve."""
FORGOTTEN_AFTER_S = 24 * 3600.0
"""A back-off that was not used for so long starts anew."""
MAX_RESTS = 20_000
LATELY = 0.5
"""What is left of the weight of a success that still counts: six hours of it."""

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
    is_guess: bool = False
    """Neither the provider named the time nor the configuration: it never leaves a request
    unserved that what rests might serve.
    """
    is_inferred: bool = False
    """It was never asked and refused itself: others like it were."""


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


class Lasting(NamedTuple):
    """A rest that outlives the process; `until` on the scale of `now`."""

    until: float
    reason: Reason
    failures: int
    times: int
    is_guess: bool


@dataclass(slots=True)
class _Entry:
    until: float
    reason: Reason
    message: str
    failures: int
    """Back-off rests in a row without a success between: what the next one doubles by."""
    times: int = 1
    """Rests of any sort in a row."""
    began_at: float = 0.0
    is_guess: bool = False
    is_inferred: bool = False
    trial_until: float = 0.0
    trial: object | None = None
    """Who runs the trial; None: nobody, or its lease is over."""


class Health:
    """What rests, success rates by credential."""

    def __init__(self) -> None:
        self.rests: dict[Rested, _Entry] = {}
        """What rests or has to prove itself; mostly empty, and then nobody has to ask anything."""
        self.rates = SuccessRates()
        self.changes = 0
        """Grows whenever a rest begins or ends."""

    def free_at(self, rested: Rested, now: Monotonic, asker: object = None) -> float:
        """When `rested` may next be used: `now` when it may at once (perhaps as a trial). A running
        trial of somebody else counts as resting until its lease ends.
        """
        entry = self.rests.get(rested)
        if entry is None:
            return now
        if entry.until > now:
            return entry.until
        if entry.trial is not None and entry.trial is not asker and entry.trial_until > now:
            return entry.trial_until
        return now

    def reason(self, rested: Rested) -> Reason | None:
        """Why `rested` rests or last rested; None when it is sound."""
        entry = self.rests.get(rested)
        return entry.reason if entry is not None else None

    def words(self, rested: Rested) -> str:
        """What the upstream said when `rested` was put to rest."""
        entry = self.rests.get(rested)
        return entry.message if entry is not None else ""

    def is_tried(self, rested: Rested, now: Monotonic) -> bool:
        """Whether somebody has `rested` on trial right now."""
        entry = self.rests.get(rested)
        return entry is not None and entry.trial is not None and entry.trial_until > now

    def is_half_open(self, rested: Rested, now: Monotonic) -> bool:
        """Whether its rest is over and it has not proved itself yet."""
        entry = self.rests.get(rested)
        return entry is not None and entry.until <= now

    def is_doubtful(self, rested: Rested) -> bool:
        """Whether it was refused or found empty the last time: a rate limit says nothing against a
        credential whose rest is over.
        """
        entry = self.rests.get(rested)
        return entry is not None and entry.reason in ("refused", "quota")

    def is_guess(self, rested: Rested) -> bool:
        """Whether the rest is one that neither the provider nor the configuration named."""
        entry = self.rests.get(rested)
        return entry is not None and entry.is_guess

    def recall_at(self, rested: Rested, now: Monotonic, *, is_only: bool = False) -> float:
        """When a request that nothing else can serve may use `rested` though it rests: at once
        after a guess, but for a second refusal or empty purse in a row, which is looked at once a
        minute; a provider's only credential that often in any case, and after its first refusal
        where it has not served lately: what serves may be refused by mistake.
        """
        entry = self.rests.get(rested)
        if entry is None:
            return now
        if entry.trial is not None and entry.trial_until > now:
            return entry.trial_until
        if not entry.is_guess and not is_only:
            return entry.until
        is_refusal = entry.reason in ("refused", "quota") and not entry.is_inferred
        is_dead = is_only and is_refusal and not self._served_lately(rested, now)
        is_proved = is_dead or entry.times > 1
        is_hopeful = entry.is_guess and (not is_proved or entry.reason in ("rate", "failure"))
        return min(entry.until, entry.began_at + (0.0 if is_hopeful else RECALL_S))

    def begin(self, used: Iterable[Rested], trier: object, now: Monotonic) -> bool:
        """An attempt uses `used`; those that are half-open go on trial.

        True when at least one did.
        """
        is_trial = False
        for rested in used:
            entry = self.rests.get(rested)
            if entry is not None:
                entry.trial, entry.trial_until = trier, now + TRIAL_S
                is_trial = True
        return is_trial

    def release(self, used: Iterable[Rested], trier: object) -> None:
        """The trial ended without saying anything about `used`: the next attempt may try."""
        for rested in used:
            entry = self.rests.get(rested)
            if entry is not None and entry.trial is trier:
                entry.trial = None

    def succeeded(self, used: Iterable[Rested], now: Monotonic) -> dict[Rested, tuple[Reason, str]]:
        """`used` served: they are sound again, unless they were put to rest while the attempt ran
        (then they stay so). Gives those that had rested, with the reason and the words.
        """
        back = {}
        for rested in used:
            entry = self.rests.get(rested)
            if entry is not None and (entry.until <= now or entry.trial is not None):
                del self.rests[rested]
                back[rested] = (entry.reason, entry.message)
                self.changes += 1
        return back

    def rest(self, rested: Rested, rest: Rest, message: str, now: Monotonic) -> float:
        """Put `rested` to rest; gives the time it ends.

        Failures that come in while it rests already (calls that were under way) do not double its
        back-off.
        """
        entry = self.rests.get(rested)
        if entry is not None and entry.until + FORGOTTEN_AFTER_S < now:
            entry = None
        is_repeat = entry is not None and entry.until > now and entry.trial is None
        in_row, times = (0, 0) if entry is None else (entry.failures, entry.times)
        if rest.seconds is None and not (is_repeat and in_row):
            in_row += 1
        until = now + _seconds(rest, in_row)
        if entry is not None and is_repeat:
            until = max(until, entry.until)
        self.rests[rested] = _Entry(
            until=until,
            reason=rest.reason,
            message=message[:300],
            failures=in_row,
            times=max(1, times if is_repeat else times + 1),
            began_at=now,
            is_guess=rest.is_guess,
            is_inferred=rest.is_inferred,
        )
        self.changes += 1
        if len(self.rests) > MAX_RESTS:
            self._forget_old(now)
        return until

    def models_out(self, rested: Rested, now: Monotonic) -> int:
        """How many models of a credential are at rest because its money or share is used up."""
        return sum(
            other.upstream_model is not None and entry.reason == "quota" and entry.until > now
            for other, entry in self.rests.items()
            if other[:2] == rested[:2]
        )

    def clear(self, provider_ids: Collection[str], credential_id: str | None = None) -> int:
        """What rests of these providers, or of one of their credentials, is tried anew; gives how
        many rests that ended.
        """
        cleared = [
            rested
            for rested in self.rests
            if rested.provider_id in provider_ids and credential_id in (None, rested.credential_id)
        ]
        for rested in cleared:
            del self.rests[rested]
        self.changes += bool(cleared)
        return len(cleared)

    def lasting(self) -> dict[Rested, Lasting]:
        """The rests of credentials that outlive the process: refused ones, and used-up quotas."""
        return {
            rested: Lasting(entry.until, entry.reason, entry.failures, entry.times, entry.is_guess)
            for rested, entry in self.rests.items()
            if rested.credential_id is not None and entry.reason in ("refused", "quota")
        }

    def restore(self, rested: Rested, lasting: Lasting, now: Monotonic) -> None:
        """A rest of an earlier process. Whoever starts anew may have mended it: where nothing else
        can serve it is looked at with the first request.
        """
        self.rests[rested] = _Entry(
            until=lasting.until,
            reason=lasting.reason,
            message="before the restart",
            failures=lasting.failures,
            times=lasting.times,
            began_at=now - RECALL_S,
            is_guess=lasting.is_guess,
        )

    def success_rate(
        self, provider_id: str, credential_id: str, now: Monotonic
    ) -> tuple[float, float]:
        """(share of recent attempts that succeeded, how many there were, old ones weighing less);
        (-1, 0) when there is nothing to go by.
        """
        return self.rates.at((provider_id, credential_id), now)

    def success_rates(
        self, providers: Iterable[Provider], now: Monotonic
    ) -> dict[tuple[str, str], tuple[float, float]]:
        """By (provider id, credential id), of every credential that there is something of."""
        rates = {
            (provider.provider_id, credential.credential_id): self.success_rate(
                provider.provider_id, credential.credential_id, now
            )
            for provider in providers
            for credential in provider.credentials
        }
        return {name: rate for name, rate in rates.items() if rate[1]}

    def snapshot(self, now: Monotonic) -> tuple[Resting, ...]:
        """Everything that rests, is half-open or on trial, soonest back first."""
        found = []
        for rested, entry in self.rests.items():
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
        """Forget providers and credentials that `config` does not have, and what rests of those
        that it says anything else of than `before` did: whoever corrects an entry wants it tried
        at once.
        """
        before = before or config
        old = {provider.provider_id: provider for provider in before.providers}
        is_same_way = before.preferences.proxy == config.preferences.proxy
        same = [one for one in config.providers if is_same_way and old.get(one.provider_id) == one]
        providers = {provider.provider_id for provider in same}
        credentials = _names(same)
        self.rests = {
            rested: entry
            for rested, entry in self.rests.items()
            if (
                rested.provider_id in providers
                if rested.credential_id is None
                else (rested.provider_id, rested.credential_id) in credentials
            )
        }
        self.changes += 1
        self.rates.keep(_names(config.providers))

    def _served_lately(self, rested: Rested, now: Monotonic) -> bool:
        """Whether the credential is known to be one that serves."""
        name = (rested.provider_id, rested.credential_id or "")
        share, weight = self.rates.at(name, now)
        return share * weight >= LATELY

    def _forget_old(self, now: Monotonic) -> None:
        kept = {
            rested: entry
            for rested, entry in self.rests.items()
            if entry.until + FORGOTTEN_AFTER_S > now
        }
        if len(kept) > MAX_RESTS:
            newest = sorted(kept.items(), key=lambda item: item[1].until, reverse=True)
            kept = dict(newest[: MAX_RESTS // 2])
        self.rests = kept


def _names(providers: Iterable[Provider]) -> set[tuple[str, str]]:
    """(provider id, credential id) of every credential."""
    return {
        (provider.provider_id, credential.credential_id)
        for provider in providers
        for credential in provider.credentials
    }


def _seconds(rest: Rest, in_row: int) -> float:
    if rest.seconds is not None:
        return rest.seconds
    return min(rest.cap_s, rest.first_s * 2.0 ** min(in_row - 1, 60))
