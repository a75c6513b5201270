"""Where a plan stands in one ring of candidates: whose turn it is, and how many attempts are left.

A nested client key has a ring of its own.
"""

from __future__ import annotations

from uniapi.config import ClientKey
from uniapi.values import dataclass

from .candidates import Candidate


@dataclass(slots=True)
class Ring:
    """The ring of one client key: the request's own, or a nested one's.

    `budget`: channel-blamed attempts left; None: not counted yet, as nothing has failed.
    """

    client_key: ClientKey
    alias: str
    entries: list[Candidate]
    budget: int | None
    position: int = 0
    misses: int = 0
    used: int = 0

    @property
    def entry(self) -> Candidate:
        """The candidate whose turn it is."""
        return self.entries[(self.position - 1) % len(self.entries)]

    def advance(self) -> Candidate | None:
        """The next candidate in the ring; None when the budget is used up or a whole turn found
        nothing to try.
        """
        entries, budget = self.entries, self.budget
        if self.misses >= len(entries) or (budget is not None and budget <= 0):
            return None
        self.position += 1
        self.misses += 1
        return entries[(self.position - 1) % len(entries)]

    @property
    def is_used_up(self) -> bool:
        """No attempt is left."""
        return self.budget is not None and self.budget <= 0

    def spend(self) -> None:
        """One attempt is used."""
        if self.budget is not None:
            self.budget -= 1
        self.used += 1
