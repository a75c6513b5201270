"""Who has spent how much: an exact running total for every client key, sums by calendar period for
budgets, and the credits that were added by hand.

The total is kept twice: with every call (what `is_exhausted` asks) and as far as the journal has
been counted (what a checkpoint holds, so that replaying the rest of the journal after a crash comes
to the same sum). Credits that were added live in a file of their own, durable before `add` returns.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from typing import Any

from uniapi.clock import Epoch
from uniapi.config import ClientKey, PeriodName
from uniapi.money import Calendar, picodollars
from uniapi.storage import Folder
from uniapi.values import dataclass, field

from .packing import SCHEMA
from .period_sums import SHORT_PERIODS, PeriodSums
from .records import CallRecord

CREDITS_FILE = "credits.json"
KEPT_ENTRIES = 50


@dataclass(slots=True)
class Charges:
    """What some calls have cost: in all by client key, and by period."""

    sums: PeriodSums
    by_key: dict[str, int] = field(default_factory=dict)

    def add(self, key_id: str, amount_pd: int) -> None:
        self.by_key[key_id] = self.by_key.get(key_id, 0) + amount_pd


class Ledger:
    """Amounts are pico-dollars.

    `charge` and the questions belong to the event loop, `settle` to the thread that commits.
    """

    def __init__(self, folder: Folder, calendar: Calendar | None = None) -> None:
        self._folder = folder
        calendar = calendar or Calendar()
        # All of them until it is known which are asked for: the journal is replayed before that.
        self._live = Charges(PeriodSums(calendar, SHORT_PERIODS))
        self._settled = Charges(PeriodSums(calendar, SHORT_PERIODS))
        self._since: dict[str, float | None] = {}
        self._added: dict[str, dict[str, Any]] = {}
        self._is_newer = False

    # what is asked

    def spent_pd(self, key_id: str) -> int:
        """What the key's calls have cost since its `created_at` (all of them when it has none)."""
        return self._live.by_key.get(key_id, 0)

    def spent_in_pd(self, name: str, period: PeriodName, at_s: float) -> int:
        """What was spent in the calendar period that a moment lies in, by name (`period_sums`)."""
        return self._live.sums.spent_pd(name, period, at_s)

    @property
    def calendar(self) -> Calendar:
        return self._live.sums.calendar

    def watch_periods(self, periods: Iterable[PeriodName]) -> None:
        """Which periods shorter than a day are to be counted."""
        self._live.sums.short = self._settled.sums.short = frozenset(periods)

    def granted_pd(self, key: ClientKey) -> int | None:
        """What the key may spend in all: `credits` and what was added; None: no limit."""
        return None if key.credits is None else picodollars(key.credits) + self.added_pd(key.key_id)

    def added_pd(self, key_id: str) -> int:
        return int(self._added[key_id]["amount"]) if key_id in self._added else 0

    def balance_pd(self, key: ClientKey) -> int | None:
        """What is left, below zero when calls in flight overshot; None: no limit."""
        granted = self.granted_pd(key)
        return None if granted is None else granted - self.spent_pd(key.key_id)

    def is_exhausted(self, key: ClientKey) -> bool:
        """Nothing is left: the next call is refused."""
        balance = self.balance_pd(key)
        return balance is not None and balance <= 0

    # what happens

    def charge(self, call: CallRecord) -> None:
        """A call has ended."""
        self.put(call, self._live)

    def settle(self, calls: Iterable[CallRecord]) -> None:
        """What the calls were charged is counted for good.

        What was spent by one key at one provider within a second is one amount: it is in the same
        period, whichever that is.
        """
        spent: dict[tuple[str, str | None, float], int] = {}
        settled, since = self._settled, self._since
        for call in calls:
            cost_pd = call.cost_pd
            if not cost_pd:
                continue
            key_id, at_s = call.key_id, call.at_s
            place = (key_id, call.provider_id, at_s // 1 if at_s < 1e12 else at_s)
            spent[place] = spent.get(place, 0) + cost_pd
            since_s = since.get(key_id)
            if since_s is None or at_s >= since_s:
                settled.add(key_id, cost_pd)
        for (key_id, provider_id, second), amount in spent.items():
            settled.sums.add(key_id, provider_id, second, amount)

    def settle_all(self, charges: Charges) -> None:
        """The same of many calls."""
        _merge(charges, self._settled)

    def put(self, call: CallRecord, charges: Charges) -> None:
        """Add what a call has cost."""
        if not call.cost_pd:
            return
        charges.sums.add(call.key_id, call.provider_id, call.at_s, call.cost_pd)
        amount = self.counted_pd(call)
        if amount:
            charges.add(call.key_id, amount)

    def nothing(self) -> Charges:
        """Of no calls yet."""
        return Charges(PeriodSums(self.calendar, self._live.sums.short))

    def counted_pd(self, call: CallRecord) -> int:
        """What of a call's cost counts: all, unless the key is younger than the call."""
        since_s = self._since.get(call.key_id)
        return (
            0
            if call.cost_pd is None or (since_s is not None and call.at_s < since_s)
            else call.cost_pd
        )

    def add(self, key_id: str, amount_pd: int, now_s: Epoch) -> None:
        """Add to a key's credits; durable when this returns.

        Raises OSError, then nothing was added.
        """
        if self._is_newer:
            raise OSError(f"{CREDITS_FILE} was written by a later version and is left as it is")
        old = self._added.get(key_id, {"amount": 0, "entries": []})
        entries = [*old["entries"], {"at": round(now_s, 3), "amount": amount_pd}]
        added = {
            **self._added,
            key_id: {"amount": old["amount"] + amount_pd, "entries": entries[-KEPT_ENTRIES:]},
        }
        content = {"schema": SCHEMA, "unit": "1e-12 US dollars", "added": added}
        self._folder.replace(CREDITS_FILE, json.dumps(content, indent=1).encode())
        self._added = added

    # what is kept

    def load_credits(self) -> str | None:
        """Read what was added earlier.

        Gives what is wrong with the file, None when nothing is; a file that makes no sense adds
        nothing and is set aside.
        """
        try:
            found = json.loads(self._folder.read(CREDITS_FILE))
            if found["schema"] > SCHEMA:
                self._is_newer = True
                return (
                    f"{CREDITS_FILE} was written by a later version: the credits in it do not count"
                )
            self._added = {
                str(key): {
                    "amount": int(entry["amount"]),
                    "entries": list(entry.get("entries", ())),
                }
                for key, entry in found["added"].items()
            }
        except FileNotFoundError:
            return None
        except OSError as error:
            self._is_newer = True
            return (
                f"{CREDITS_FILE} cannot be read ({error.strerror}): the credits in it do not count"
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            with contextlib.suppress(OSError):
                self._folder.rename(CREDITS_FILE, f"{CREDITS_FILE}.damaged")
            return (
                f"{CREDITS_FILE} is damaged and was set aside as {CREDITS_FILE}.damaged: the"
                " credits in it do not count"
            )
        return None

    def dump(self) -> dict[str, list[Any]]:
        """What is settled, for a checkpoint: key id → [pico-dollars, since when]."""
        settled = self._settled.by_key
        return {
            key_id: [settled.get(key_id, 0), self._since.get(key_id)]
            for key_id in {**settled, **self._since}
        }

    def dump_periods(self) -> list[list[Any]]:
        """What is settled by period, for a checkpoint."""
        return self._settled.sums.dump()

    def load(self, spent: dict[str, list[Any]]) -> None:
        """Begin with what a checkpoint holds."""
        self._settled.by_key = {key_id: amount for key_id, (amount, _) in spent.items() if amount}
        self._since = {key_id: since for key_id, (_, since) in spent.items()}
        self._live.by_key = dict(self._settled.by_key)

    def load_periods(self, stored: list[Any]) -> None:
        """The same by period. Raises ValueError, TypeError, KeyError for what it is not."""
        self._settled.sums.load(stored)
        self._live.sums = self._settled.sums.copy()

    def load_hours(self, spent: Iterable[tuple[int, str, str, int]]) -> None:
        """By period, from hours: see `PeriodSums.load_hours`."""
        self._settled.sums.load_hours(spent)
        self._live.sums = self._settled.sums.copy()

    def since_s(self, key_id: str) -> float | None:
        """From when on the key's calls count."""
        return self._since.get(key_id)

    def restate(self, key_id: str, since_s: float | None, settled_pd: int) -> None:
        """The key's `created_at` changed: what is settled of its spending is what was counted since
        then. What waits is to be charged again.
        """
        self._since[key_id] = since_s
        self._settled.by_key[key_id] = settled_pd

    def recharge(self, waiting: Iterable[CallRecord], charges: Charges) -> None:
        """What is spent is what is settled, these calls, and these charges."""
        live = Charges(self._settled.sums.copy(), dict(self._settled.by_key))
        for call in waiting:
            self.put(call, live)
        _merge(charges, live)
        self._live = live


def _merge(charges: Charges, into: Charges) -> None:
    into.sums.merge(charges.sums)
    for key_id, amount in charges.by_key.items():
        into.add(key_id, amount)
