"""From a vendor's own ids to the indexes of the event grammar (`canonical/events.py`), and the
events that follow. It refuses nonsense.
"""

from __future__ import annotations

from collections.abc import Hashable

from uniapi.canonical import (
    Citation,
    Event,
    Opaque,
    Part,
    PartDelta,
    PartEnd,
    PartStart,
    TokenLogprob,
)
from uniapi.errors import WireError


class PartTracker:
    """Vendor ids → part indexes, and the events that follow. A decoder names its parts by any
    hashable key (a block index, a tool-call id, ("text", choice)).

    `events` collects what has been emitted since the last `drain`.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._index: dict[Hashable, int] = {}
        self._open: dict[Hashable, int] = {}
        self._opened = 0

    def is_open(self, key: Hashable) -> bool:
        return key in self._open

    def was_opened(self, key: Hashable) -> bool:
        return key in self._index

    def open(self, key: Hashable, part: Part, choice: int = 0) -> None:
        """Start a part under `key`.

        Opening a key again starts a new part: vendors reuse keys after an end.
        """
        if key in self._open:
            self.close(key)
        index = self._opened
        self._opened += 1
        self._index[key] = self._open[key] = index
        self.events.append(PartStart(index=index, part=part, choice=choice))

    def delta(
        self,
        key: Hashable,
        text: str = "",
        *,
        citations: tuple[Citation, ...] = (),
        logprobs: tuple[TokenLogprob, ...] = (),
        opaque: Opaque | None = None,
    ) -> None:
        """More of the open part `key`; a delta that says nothing emits nothing.

        Raises WireError when it is not open.
        """
        if not text and not citations and not logprobs and opaque is None:
            return
        index = self._open.get(key)
        if index is None:
            raise WireError(f"a delta for {key!r}, which is not open")
        self.events.append(
            PartDelta(index=index, text=text, citations=citations, logprobs=logprobs, opaque=opaque)
        )

    def close(self, key: Hashable) -> None:
        """End the part `key`; nothing happens when it is not open."""
        index = self._open.pop(key, None)
        if index is not None:
            self.events.append(PartEnd(index=index))

    def close_all(self, except_for: Hashable = None) -> None:
        """End every open part, in the order they were opened."""
        for key in list(self._open):
            if except_for is None or key != except_for:
                self.close(key)

    def whole(self, part: Part, choice: int = 0) -> None:
        """A part that arrived complete."""
        self.events.append(PartStart(index=self._opened, part=part, choice=choice))
        self.events.append(PartEnd(index=self._opened))
        self._opened += 1
