"""How the events of a client's stream are spelled: each with its running number, and the output
items they tell of by their place.
"""

from __future__ import annotations

from collections.abc import Sequence
from json.encoder import encode_basestring

from uniapi.canonical import Json, Opaque
from uniapi.wire import dump_json

from .answer_encode_items import carrier_item, item_id

_TAIL = b',"sequence_number":'
_END = b"}\n\n"


class EventWriter:
    """Spells events with their running number.

    `pending` holds frames not yet taken; `output` the items by place, None while one is open.
    """

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self.sequence = 0
        self.pending: list[bytes] = []
        self.output: list[dict[str, Json] | None] = []
        self.losses: list[str] = []

    def take(self) -> list[bytes]:
        """The frames since the last call."""
        frames = self.pending
        self.pending = []
        return frames

    def emit(self, kind: str, **members: Json) -> None:
        self.pending.append(
            b"event: "
            + kind.encode()
            + b"\ndata: "
            + dump_json({"type": kind, **members, "sequence_number": self.sequence})
            + b"\n\n"
        )
        self.sequence += 1

    def emit_around(self, kind: str, member: str, encoded: bytes) -> None:
        """An event whose one member is JSON already."""
        name = kind.encode()
        self.pending.append(
            b'event: %b\ndata: {"type":"%b","%b":%b%b%d%b'
            % (name, name, member.encode(), encoded, _TAIL, self.sequence, _END)
        )
        self.sequence += 1

    def delta(self, head: bytes, text: str, tail: bytes = _TAIL) -> None:
        """A text delta from its prepared head: the hot path."""
        try:
            encoded = encode_basestring(text).encode()
        except UnicodeEncodeError:
            encoded = dump_json(text)
        self.pending.append(b"%b%b%b%d%b" % (head, encoded, tail, self.sequence, _END))
        self.sequence += 1

    def deltas(self, head: bytes, texts: Sequence[bytes], tail: bytes = _TAIL) -> None:
        """Text deltas of texts that are written as JSON, without quotes."""
        numbered = enumerate(texts, self.sequence)
        self.pending += [b'%b"%b"%b%d%b' % (head, text, tail, at, _END) for at, text in numbered]
        self.sequence += len(texts)

    def head(self, kind: str, **members: Json) -> bytes:
        """The beginning of all deltas of one piece, up to the text itself."""
        return (
            b"event: "
            + kind.encode()
            + b"\ndata: "
            + dump_json({"type": kind, **members})[:-1]
            + b',"delta":'
        )

    def place(self, kind: str) -> tuple[int, str]:
        """The next place in the output, and the id of the item that takes it."""
        index = len(self.output)
        self.output.append(None)
        return index, item_id(kind, self.seed, index)

    def added(self, index: int, item: dict[str, Json]) -> None:
        self.emit("response.output_item.added", output_index=index, item=item)

    def done(self, index: int, item: dict[str, Json]) -> None:
        self.output[index] = item
        self.emit("response.output_item.done", output_index=index, item=item)

    def whole(self, item: dict[str, Json], index: int | None = None) -> None:
        """An item that is told at once."""
        if index is None:
            index = len(self.output)
            self.output.append(None)
        self.added(index, item)
        self.done(index, item)

    def carry(
        self, opaque: Opaque, *, call_id: str | None = None, standalone: bool = False
    ) -> None:
        """A reasoning item that carries another vendor's token."""
        index, carrier_id = self.place("reasoning")
        self.whole(carrier_item(carrier_id, opaque, call_id=call_id, standalone=standalone), index)
