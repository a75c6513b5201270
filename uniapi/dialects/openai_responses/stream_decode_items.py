"""The output items of a streamed answer, as far as they were told."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import NamedTuple

from uniapi.canonical import Json
from uniapi.dialects.part_tracker import PartTracker
from uniapi.values import dataclass, field


@dataclass(slots=True)
class Item:
    """One output item as far as it was told. `key` names its parts, because some vendors use one
    `output_index` for several items.

    `told` holds the texts already emitted for each piece (content index, summary index); they are
    joined only where a later telling is compared.
    """

    key: int
    value: Mapping[str, Json]
    told: dict[Hashable, list[str]] = field(default_factory=dict)
    contents: list[int] = field(default_factory=list)
    """Content indexes in the order they were opened: some vendors begin at 1, while the finished
    item's list begins at 0.
    """
    citations: dict[int, int] = field(default_factory=dict)
    has_logprobs: bool = False
    is_done: bool = False

    def tell(self, parts: PartTracker, key: Hashable, piece: Hashable, text: Json) -> None:
        """More of one piece of the open part `key`.

        What comes after a part's end is left aside: the client has seen it end.
        """
        if not isinstance(text, str) or not text or not parts.is_open(key):
            return
        told = self.told.get(piece)
        if told is None:
            if isinstance(piece, tuple) and self.told:
                # The next piece of a reasoning: parted from the one before by a blank line.
                parts.delta(key, "\n\n")
            told = self.told[piece] = []
        told.append(text)
        parts.delta(key, text)

    def complete(self, parts: PartTracker, key: Hashable, piece: Hashable, text: Json) -> None:
        """What of the whole `text` was not told yet.

        A telling that contradicts the deltas is left aside: they are with the client already.
        """
        told = "".join(self.told.get(piece, ()))
        if isinstance(text, str) and len(text) > len(told) and text.startswith(told):
            self.tell(parts, key, piece, text[len(told) :])


class Items:
    """The items of one answer.

    Events name theirs by `output_index`, some vendors' by `item_id` alone.
    """

    def __init__(self) -> None:
        self._by_index: dict[int, Item] = {}
        self._index_of_id: dict[str, int] = {}
        self._made = 0

    def __len__(self) -> int:
        return len(self._by_index)

    @property
    def done(self) -> int:
        return sum(item.is_done for item in self._by_index.values())

    def at(self, index: int) -> Item | None:
        return self._by_index.get(index)

    def add(self, index: int, value: Mapping[str, Json]) -> Item:
        """A new item; an older one at the same index is over."""
        item = self._by_index[index] = Item(self._made, value)
        self._made += 1
        return item

    def index_of(self, item_id: Json) -> int | None:
        """Where the item of this id is, None when no item was said to have it."""
        return self._index_of_id.get(item_id) if isinstance(item_id, str) else None

    def name(self, index: int, item_id: Json) -> None:
        """The item at `index` has this id."""
        if isinstance(item_id, str):
            self._index_of_id[item_id] = index


class Running(NamedTuple):
    """The text that is being told: the place that its events name, its part, and what was told."""

    place: tuple[Json, ...]
    key: Hashable
    told: list[str]
