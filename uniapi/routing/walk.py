"""Where a request stands in its candidates: the ring of its client key, and, inside a place of it,
the ring of a nested key, which has its own order, retries and limits.
"""

from __future__ import annotations

import random
from functools import partial
from itertools import islice

from uniapi.clock import Monotonic
from uniapi.config import ClientKey
from uniapi.limits import Admitted, Refused

from .availability import Availability
from .candidates import Candidate, Candidates, Channel, Group
from .question import Question
from .ring import Ring
from .state import RouterState


class Walk:
    """`advance` goes to the next place; `spend` and what stands beside it count the attempts."""

    def __init__(
        self,
        state: RouterState,
        question: Question,
        available: Availability,
        candidates: Candidates,
        now: Monotonic,
        rng: random.Random,
    ) -> None:
        self._state = state
        self._question = question
        self._open = available
        self._rng = rng
        self.nested: dict[str, Admitted] = {}
        """What the limits of nested keys counted of this request."""
        self.root = self._ring(question.client_key, candidates, now)
        self.rings = [self.root]

    @property
    def ring(self) -> Ring:
        """The innermost one; the request's own when all have come to their end."""
        return self.rings[-1] if self.rings else self.root

    def advance(self, now: Monotonic) -> Channel | None:
        """The next channel whose turn it is, whether or not it can be called; None when every ring
        has come to its end.
        """
        while self.rings:
            ring = self.rings[-1]
            entry = ring.advance()
            if entry is None:
                self._leave(ring)
            elif isinstance(entry, Group):
                self._enter(entry, now)
            else:
                return entry
        return None

    def attempted(self) -> None:
        """The channel whose turn it was is called."""
        for ring in self.rings:
            ring.misses = 0

    def restart(self) -> None:
        """Walk anew: what could not be called a moment ago may be free."""
        self.root.misses = 0
        self.rings = [self.root]

    def count_attempts(self, now: Monotonic, most: int) -> None:
        """The first attempt has failed: how many more channel-blamed ones are there in each ring?
        One for each usable candidate (the one that failed was), and the ring's retries.
        """
        for ring in self.rings or [self.root]:
            if ring.budget is None:
                usable = (
                    entry
                    for entry in ring.entries
                    if entry is ring.entry or self._is_usable(now, entry)
                )
                retries = self._open.retries(ring.client_key, ring.entries)
                ring.budget = sum(1 for _ in islice(usable, most)) + retries

    def is_let_in(self, channel: Channel) -> bool:
        """Whether the limits of the nested keys on the way to a channel let this request in."""
        return all(key_id in self.nested for key_id in channel.key_path)

    def finish(self, now: Monotonic, tokens: int | None) -> None:
        """The request is over; what nested keys counted of it is corrected and given back."""
        for lease in self.nested.values():
            if tokens is not None:
                lease.used(tokens, now)
            lease.release()
        self.nested = {}

    def _leave(self, ring: Ring) -> None:
        """A ring has come to its end; for the ring around it, that was one attempt if any of its
        own counted.
        """
        self.rings.pop()
        if self.rings and ring.used:
            self.rings[-1].spend()

    def _enter(self, group: Group, now: Monotonic) -> None:
        """Walk a nested key's candidates, if its own limits let the request in (counted once for
        each request).
        """
        key = group.client_key
        if key.key_id not in self.nested:
            admitted = self._state.limits.admit(
                key, group.candidates.alias, tokens=self._question.tokens, now=now
            )
            if isinstance(admitted, Refused):
                self._open.refused_groups[key.key_id] = admitted
                return
            self._open.refused_groups.pop(key.key_id, None)
            self.nested[key.key_id] = admitted
        self.rings.append(self._ring(key, group.candidates, now))

    def _ring(self, key: ClientKey, candidates: Candidates, now: Monotonic) -> Ring:
        """The ring of a key, in the order of its policy."""
        entries = list(candidates.members)
        if len(entries) > 1:
            entries = self._state.choice.order(
                key,
                candidates.alias,
                entries,
                self._question.session,
                is_usable=partial(self._is_usable, now),
                rng=self._rng,
                now=now,
            )
        return Ring(key, candidates.alias, entries, None if key.auto_retry else 1)

    def _is_usable(self, now: Monotonic, candidate: Candidate) -> bool:
        return any(
            self._open.is_usable(channel, now) for channel in self._open.reached([candidate])
        )
