"""The way of an inference call from the door to the executor: its credits, its candidates, the
credential an id binds it to, the limits, moderation, the plan.

A straight function that reads in the order in which things happen; whatever refuses on the way is a
RequestRefused and is recorded.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from uniapi.canonical import STORED, Call, RequestRefused
from uniapi.clock import Clock
from uniapi.config import ClientKey
from uniapi.dialects import CLIENT_DIALECTS
from uniapi.limits import Admitted, Limits, Refused
from uniapi.routing import Candidates, Catalog, Channel, Pin
from uniapi.stats import CallRecord

from .aside import LONG_BYTES, aside, is_long
from .call_facts import estimate_call_tokens
from .call_question import question_of
from .call_records import left_record, refusal_record
from .call_state import Reply
from .discovery import ModelLists
from .eligible_channels import possible_owners
from .executor import Executor
from .issued_ids import IssuedIds, Reference, find_references, said_once
from .issued_items import IssuedItems
from .moderation import FLAGGED, Moderation
from .refusals import model_not_found, over_limit, still_discovering
from .snapshot import Snapshot
from .spending import Held, Spending

NOTHING_NAMED = Candidates(alias="", members=())


class HoldsSnapshot(Protocol):
    """Holds the snapshot in force."""

    current: Snapshot


class Reception:
    """Takes inference calls in."""

    def __init__(
        self,
        *,
        in_force: HoldsSnapshot,
        spending: Spending,
        record: Callable[[CallRecord], None],
        lists: ModelLists,
        pins: IssuedIds,
        items: IssuedItems,
        limits: Limits,
        moderation: Moderation,
        executor: Executor,
        clock: Clock,
        rng: random.Random,
    ) -> None:
        self._in_force = in_force
        self._spending = spending
        self._record = record
        self._lists = lists
        self._pins = pins
        self._items = items
        self._limits = limits
        self._moderation = moderation
        self._executor = executor
        self._clock = clock
        self._rng = rng

    async def run(self, call: Call, key: ClientKey, reply: Reply) -> None:
        """Answer `call` through `reply`.

        Raises RequestRefused before anything was sent. Whatever becomes of the call, it is recorded
        once.
        """
        takes_long = len(call.body) + call.upload_bytes > LONG_BYTES and is_long(call)
        try:
            if CLIENT_DIALECTS[call.dialect].keeps_items:
                resolved = partial(self._items.resolve, call, self._clock.monotonic_s())
                call = await aside(resolved) if takes_long else resolved()
            snapshot, candidates = self._in_force.current, NOTHING_NAMED
            if call.operation is not STORED:  # there the id names the place
                candidates = snapshot.catalog.candidates(key, call.requested_model)
                if candidates.may_expire or not candidates.members:
                    snapshot, candidates = await self._candidates(call, key)
            named = (
                await aside(partial(find_references, call)) if takes_long else find_references(call)
            )
            pin = None
            if named:
                pin = self._pin(call, key, snapshot, candidates, named)
                call = await aside(partial(said_once, call)) if takes_long else said_once(call)
            tokens = 0
            if snapshot.counts_tokens or not self._spending.is_free:
                counted = partial(estimate_call_tokens, call)
                tokens = await aside(counted) if takes_long else counted()
            now, now_s = self._clock.monotonic_s(), self._clock.now_s()
            minds_session = candidates.minds_sessions or key.policy == "sticky"
            engine_of = snapshot.engines.engine_of
            if takes_long:
                asked = (call, key, engine_of, now, now_s, tokens, pin, minds_session)
                question = await aside(partial(question_of, *asked))
                del asked  # this frame waits as long as the answer takes
            else:
                question = question_of(call, key, engine_of, now, now_s, tokens, pin, minds_session)
            del named
            global_rates = snapshot.config.preferences.rates
            admitted = self._limits.admit(key, candidates.alias, now, global_rates, tokens)
            if isinstance(admitted, Refused):
                raise over_limit(admitted)
            held = None
            if not self._spending.is_free:
                held = self._hold(call, key, candidates, tokens, admitted)
        except RequestRefused as refused:
            self._record(refusal_record(call, refused.error))
            raise
        except asyncio.CancelledError:
            self._record(left_record(call, self._clock.now_s() - call.received_at_s))
            raise
        try:
            if key.is_moderated:
                await self._moderate(call, key, snapshot)
                now, now_s = self._clock.monotonic_s(), self._clock.now_s()
            plan = snapshot.router.plan(question, candidates, now, now_s, self._rng)
            used = partial(self._used, admitted) if snapshot.counts_tokens else None
            await self._executor.run(call, plan, snapshot.lanes, reply, takes_long, held, used)
        finally:
            admitted.release()
            if held is not None:
                held.release()

    def _hold(
        self, call: Call, key: ClientKey, candidates: Candidates, tokens: int, admitted: Admitted
    ) -> Held | None:
        """What the call may cost, taken off its key's credits and budgets. Raises RequestRefused;
        then it uses up no rate either.
        """
        try:
            return self._spending.admit(call, key, candidates.channels(), tokens)
        except RequestRefused:
            admitted.undo(self._clock.monotonic_s())
            admitted.release()
            raise

    def _pin(
        self,
        call: Call,
        key: ClientKey,
        snapshot: Snapshot,
        candidates: Candidates,
        named: Sequence[Reference],
    ) -> Pin | None:
        """The credential that a call is bound to by the ids in it. Raises RequestRefused."""
        channels = candidates.channels() if candidates else _all_channels(snapshot.catalog, key)
        owners = possible_owners(call, channels, snapshot.engines.engine_of)
        return self._pins.bind(key.key_id, named, owners, self._clock.now_s())

    async def _candidates(self, call: Call, key: ClientKey) -> tuple[Snapshot, Candidates]:
        """The candidates of the model that was asked for, without those whose time is over; waits
        for a first discovery when they may come with it. Raises RequestRefused: 404, or 503 while
        lists are fetched.
        """
        snapshot = self._in_force.current
        candidates = snapshot.router.candidates(key, call.requested_model, self._clock.now_s())
        if candidates:
            return snapshot, candidates
        in_time = await self._lists.wait(snapshot.catalog.unlisted(key))
        snapshot = self._in_force.current
        candidates = snapshot.router.candidates(key, call.requested_model, self._clock.now_s())
        if candidates:
            return snapshot, candidates
        if not in_time:
            raise still_discovering()
        unlisted = [provider.name for provider in snapshot.catalog.unlisted(key)]
        raise model_not_found(
            call.requested_model, snapshot.catalog.near_matches(key, call.requested_model), unlisted
        )

    async def _moderate(self, call: Call, key: ClientKey, snapshot: Snapshot) -> None:
        """Raises RequestRefused when a moderation model flags what the user says; the refusal is
        recorded.
        """
        try:
            is_flagged = await self._moderation.is_flagged(
                call, key, snapshot.router, snapshot.lanes
            )
        except asyncio.CancelledError:
            self._record(left_record(call, self._clock.now_s() - call.received_at_s))
            raise
        if is_flagged:
            self._record(refusal_record(call, FLAGGED, is_flagged=True))
            raise RequestRefused(FLAGGED)

    def _used(self, admitted: Admitted, tokens: int) -> None:
        admitted.used(tokens, self._clock.monotonic_s())


def _all_channels(catalog: Catalog, key: ClientKey) -> list[Channel]:
    """Every channel a client key reaches, one for each provider."""
    found: dict[str, Channel] = {}
    for alias in catalog.models(key):
        for channel in catalog.candidates(key, alias).channels():
            found.setdefault(channel.provider.provider_id, channel)
    return list(found.values())
