"""Where finished requests are kept: in memory, or in the data dir. The oldest go first.

On disk a request is a line that says whose it is and how long, and that many bytes behind it. A
torn end, as a kill leaves one, ends what is read of its file; what follows goes into a new one.
"""

from __future__ import annotations

import json
import zlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from uniapi.storage import Appender, Folder

FILES = 8
"""A ring on disk is so many files; the oldest goes as a whole."""
MOST_HEAD = 400
_ENDING = ".requests"


class Kept(NamedTuple):
    """A finished request: compressed JSON."""

    request_id: str
    data: bytes


def packed(request_id: str, picture: dict[str, Any]) -> Kept:
    text = json.dumps(picture, ensure_ascii=False, separators=(",", ":"))
    return Kept(request_id, zlib.compress(text.encode("utf-8", "replace"), 3))


def unpacked(data: bytes) -> dict[str, Any]:
    """Raises ValueError, zlib.error for what was not packed here."""
    value = json.loads(zlib.decompress(data))
    if not isinstance(value, dict):
        raise ValueError
    return value


class MemoryRing:
    """The last `last` requests."""

    def __init__(self, last: int) -> None:
        self._last = last
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, request_id: object) -> bool:
        return request_id in self._kept

    def add(self, kept: Kept) -> int:
        """Gives how many bytes older ones took that went for it."""
        self._kept[kept.request_id] = kept.data
        return self.drop_oldest() if len(self._kept) > self._last else 0

    def drop_oldest(self) -> int:
        """Gives its bytes; 0 when there is none."""
        return len(self._kept.popitem(last=False)[1]) if self._kept else 0

    def get(self, request_id: str) -> bytes | None:
        return self._kept.get(request_id)


class DiskRing:
    """The last `last` requests, at most `most_bytes` of them, in the files of a folder. One writer,
    in a thread; `get` in any. Raises OSError.
    """

    def __init__(self, folder: Folder, last: int, most_bytes: int) -> None:
        self._folder = folder
        self._last = last
        self._most = most_bytes
        self._file_bytes = max(1, most_bytes // FILES)
        self._places: OrderedDict[str, tuple[str, int, int]] = OrderedDict()
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._appender: Appender | None = None
        self._name = ""

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, request_id: object) -> bool:
        return request_id in self._places

    def open(self) -> None:
        """Find what an earlier process kept."""
        for name in ring_files(self._folder):
            self._sizes[name] = self._folder.size(name) or 0
            for request_id, start, length in self._entries(name, self._sizes[name]):
                self._note(request_id, (name, start, length))

    def add(self, batch: Sequence[Kept]) -> None:
        for kept in batch:
            head = json.dumps({"id": kept.request_id, "bytes": len(kept.data)}).encode() + b"\n"
            line = head + kept.data + b"\n"
            if len(line) > self._file_bytes:
                continue
            self._make_room(len(line))
            assert self._appender is not None
            start = self._sizes[self._name] + len(head)
            self._appender.write_synced(line)
            self._sizes[self._name] += len(line)
            self._note(kept.request_id, (self._name, start, len(kept.data)))

    def get(self, request_id: str) -> bytes | None:
        place = self._places.get(request_id)
        if place is None:
            return None
        name, start, length = place
        try:
            return self._folder.read(name, start, length)
        except OSError:
            return None

    def close(self) -> None:
        if self._appender is not None:
            self._appender.close()
            self._appender = None

    def _note(self, request_id: str, place: tuple[str, int, int]) -> None:
        self._places[request_id] = place
        while len(self._places) > self._last:
            self._places.popitem(last=False)

    def _make_room(self, size: int) -> None:
        """A file with room for `size` is open, and all of them are no larger than they may be."""
        if self._appender is None or self._sizes[self._name] + size > self._file_bytes:
            self.close()
            number = int(next(reversed(self._sizes)).partition(".")[0]) + 1 if self._sizes else 1
            self._name = f"{number:08d}{_ENDING}"
            self._appender = self._folder.appender(self._name)
            self._sizes[self._name] = 0
        while sum(self._sizes.values()) + size > self._most:
            oldest = next(iter(self._sizes))
            if oldest == self._name:
                return
            self._folder.remove(oldest)
            del self._sizes[oldest]
            for request_id in [one for one, at in self._places.items() if at[0] == oldest]:
                del self._places[request_id]

    def _entries(self, name: str, size: int) -> Iterator[tuple[str, int, int]]:
        place = 0
        while place < size:
            line, found, _ = self._folder.read(name, place, MOST_HEAD).partition(b"\n")
            try:
                head = json.loads(line)
                request_id, length = head["id"], head["bytes"]
            except (ValueError, TypeError, KeyError, RecursionError):
                return
            start = place + len(line) + 1
            is_sound = isinstance(request_id, str) and type(length) is int and length > 0
            if not found or not is_sound or start + length + 1 > size:
                return
            yield request_id, start, length
            place = start + length + 1


def ring_files(folder: Folder) -> list[str]:
    """The files of a ring, oldest first."""
    return [
        name
        for name in folder.names()
        if name.endswith(_ENDING) and name.partition(".")[0].isdecimal()
    ]


def forget_all(folder: Folder) -> int:
    """Nothing of a ring is left in `folder`; gives how many files that were."""
    files = ring_files(folder)
    for name in files:
        folder.remove(name)
    return len(files)
