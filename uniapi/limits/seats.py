"""How many calls run at once with each credential for a model, and who waits for a seat, in order
of arrival.
"""

from __future__ import annotations

from collections import Counter
from typing import TypeAlias

from uniapi.config import Provider

Seat: TypeAlias = tuple[str, str, str]
"""(provider id, credential id, upstream model)."""


class Seats:
    """The seats that are taken, and the lines before them; a line is for all credentials of a
    provider that serve the model, so that whichever is free first serves who came first.
    """

    def __init__(self) -> None:
        self._taken: Counter[Seat] = Counter()
        self._lines: dict[tuple[str, str], dict[object, None]] = {}

    def is_free(
        self, provider: Provider, credential_id: str, model: str, most: int, asker: object
    ) -> bool:
        """Whether `asker` may take a seat of this credential, of which it has `most`: one is free
        and nobody who came before waits for it.
        """
        if self._taken[(provider.provider_id, credential_id, model)] >= most:
            return False
        line = self._lines.get((provider.provider_id, model))
        if not line:
            return True
        before = list(line).index(asker) if asker in line else len(line)
        free = sum(
            max(0, most - self._taken[(provider.provider_id, one.credential_id, model)])
            for one in provider.credentials
        )
        return free > before

    def take(self, seat: Seat) -> None:
        """One more call runs."""
        self._taken[seat] += 1

    def leave(self, seat: Seat) -> None:
        """It is over."""
        self._taken[seat] -= 1
        if self._taken[seat] <= 0:
            del self._taken[seat]

    def line_up(self, provider_id: str, model: str, asker: object) -> None:
        """`asker` waits, behind those that wait already; where it stands already, it stays."""
        self._lines.setdefault((provider_id, model), {}).setdefault(asker, None)

    def give_up(self, asker: object) -> None:
        """`asker` waits no longer, wherever it stood."""
        for name in [name for name, line in self._lines.items() if asker in line]:
            del self._lines[name][asker]
            if not self._lines[name]:
                del self._lines[name]
