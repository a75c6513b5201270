"""Aggregates as files: JSON lines in gzip members (`zcat` shows them), each with gzip's own
checksum, so that damage is noticed and never counted.

    days/2026-11-03.gz    a head (schema, day, how far into the journal it goes, the members'
    lengths), the outlines of its hours, the whole day without
                          fingerprints, each hour
    checkpoint.gz         a head, then the hours that are not in the day files yet

Once a day is old its file is rewritten as head, one outline and compacted day alone. The lengths in
the head let a report unpack only what it needs. `SCHEMA` is the version of all of it; `MIGRATIONS`
lifts the documents of an older version, one step each.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from operator import add
from sys import intern
from typing import Any

from uniapi.storage import START, Position
from uniapi.values import dataclass, field

from .aggregate import Aggregate, CellKey, CredentialKey
from .chart_sums import OUTLINED, Outline
from .columns import WIDTH
from .latencies import WAITS_WIDTH, ChannelKey
from .sums import Key

SCHEMA = 1
MIGRATIONS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""From version n to n + 1, for the head documents. None yet: this is the first version."""
LARGEST_PART = 1 << 27
"""Bytes one member may unpack to: a damaged or hostile file does not fill the memory."""
_MALFORMED = (KeyError, IndexError, TypeError, ValueError, AttributeError)
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), check_circular=False, allow_nan=False
)


class Damaged(Exception):
    """The file is cut, altered, or not ours. The message says how."""


class TooNew(Exception):
    """The file was written by a later version, which is to keep it."""

    def __init__(self, schema: int) -> None:
        super().__init__(f"written by a later version (schema {schema}; this one knows {SCHEMA})")
        self.schema = schema


@dataclass(slots=True)
class DayFile:
    """A day as kept: packed, its parts unpacked on demand.

    `through`: every journal line before this place is counted here (those of this day, that is).
    """

    day: int
    through: Position
    outline: bytes = b""
    total: bytes = b""
    hours: dict[int, bytes] = field(default_factory=dict)

    @property
    def is_compacted(self) -> bool:
        return not self.hours

    def whole(self) -> Aggregate:
        return unpack(self.total) if self.total else Aggregate()

    def outlines(self) -> dict[int, Outline]:
        """By hour (since the epoch); of a compacted day there is one, under the first hour."""
        return unpack_outlines(self.outline) if self.outline else {}

    def hour(self, hour: int) -> Aggregate:
        """The counts of an hour (hours since the epoch)."""
        return unpack(self.hours[hour]) if hour in self.hours else Aggregate()


def pack(aggregate: Aggregate) -> bytes:
    """One gzip member with an aggregate as one line of JSON.

    Names are listed once; trailing zeros of a cell are left out.
    """
    words: dict[str, int] = {}
    document = {
        "cells": _rows(aggregate.cells.items(), words),
        "clients": _rows(
            (((key_id,), row) for key_id, row in aggregate.waits.clients.items()), words
        ),
        "channels": _rows(aggregate.waits.channels.items(), words),
        "credentials": _rows(
            ((key, [count]) for key, count in aggregate.credentials.items()), words
        ),
        "endpoints": aggregate.endpoints,
        "ips": aggregate.ips,
    }
    return _member({"words": list(words), **document})


def pack_outlines(outlines: Mapping[int, Outline]) -> bytes:
    """One gzip member with the outlines of hours."""
    words: dict[str, int] = {}
    hours = [
        [hour, _rows((((key_id,), row) for key_id, row in outline.items()), words)]
        for hour, outline in sorted(outlines.items())
    ]
    return _member({"words": list(words), "hours": hours})


def unpack_outlines(member: bytes) -> dict[int, Outline]:
    """The outlines again, by hour. Raises Damaged."""
    document = _document(member)
    found: dict[int, Outline] = {}
    try:
        words = document["words"]
        for hour, rows in document["hours"]:
            _add_rows(found.setdefault(int(hour), {}), rows, words, 1, len(OUTLINED))
    except _MALFORMED as error:
        raise Damaged(f"its outlines do not have the form of them ({error!r})") from None
    return found


def unpack(member: bytes) -> Aggregate:
    """The aggregate again. Raises Damaged."""
    return gathered([member])


def gathered(parts: Iterable[bytes | Aggregate]) -> Aggregate:
    """The sum of packed and unpacked aggregates.

    Packed ones are added row by row: reports are made of hundreds. Raises Damaged.
    """
    total = Aggregate()
    for part in parts:
        if isinstance(part, Aggregate):
            total.merge(part)
            continue
        try:
            _add_packed(total, _document(part))
        except _MALFORMED as error:
            raise Damaged(f"a part does not have the form of one ({error!r})") from None
    return total


def _add_packed(total: Aggregate, document: Mapping[str, Any]) -> None:
    words = document["words"]
    _add_rows(total.cells, document["cells"], words, len(CellKey._fields), WIDTH, CellKey._make)
    _add_rows(total.waits.clients, document["clients"], words, 1, WAITS_WIDTH)
    _add_rows(
        total.waits.channels,
        document["channels"],
        words,
        len(ChannelKey._fields),
        WAITS_WIDTH,
        ChannelKey._make,
    )
    for *row, count in document["credentials"]:
        name = CredentialKey._make([words[index] for index in row])
        total.credentials[name] = total.credentials.get(name, 0) + count
    for counts, added in ((total.endpoints, document["endpoints"]), (total.ips, document["ips"])):
        for name, count in added.items():
            counts[name] = counts.get(name, 0) + count


def _add_rows(
    table: dict[Any, list[int]],
    rows: list[list[int]],
    words: list[str],
    names: int,
    width: int,
    key_of: Callable[[Iterable[str]], Key] | None = None,
) -> None:
    """Add packed rows, each `names` places in `words` and then its figures, to a table of rows
    `width` wide. `key_of` makes the key of several names; one alone is its own.

    A year is hundreds of thousands of rows: a plain tuple finds what stands under a named one, and
    names that are one object are not compared letter by letter.
    """
    word = list(map(intern, words)).__getitem__
    for row in rows:
        key: Any = word(row[0]) if key_of is None else tuple(map(word, row[:names]))
        figures = row[names:]
        ours = table.get(key)
        if ours is None:
            ours = table[key if key_of is None else key_of(key)] = [0] * width
        if len(figures) > width:
            raise ValueError(f"a row of {len(figures)} figures in place of {width}")
        ours[: len(figures)] = map(add, ours, figures)


def _rows(
    table: Iterable[tuple[Iterable[str], list[int]]], words: dict[str, int]
) -> list[list[int]]:
    """A table as rows of numbers: the places of its key in `words`, and the figures without
    trailing zeros.
    """
    rows = []
    for key, figures in table:
        last = len(figures)
        while last and not figures[last - 1]:
            last -= 1
        rows.append([*[words.setdefault(word, len(words)) for word in key], *figures[:last]])
    return rows


def encode_day(file: DayFile) -> bytes:
    """The bytes of a day file."""
    hours = sorted(file.hours.items())
    head = {
        "schema": SCHEMA,
        "day": file.day,
        "through": file.through,
        "outline": len(file.outline),
        "total": len(file.total),
        "hours": [[hour, len(member)] for hour, member in hours],
    }
    return b"".join([_member(head), file.outline, file.total, *(member for _, member in hours)])


def decode_day(content: bytes, day: int) -> DayFile:
    """A day file from its bytes. Raises Damaged, TooNew."""
    head, place = _head(content)
    try:
        if head["day"] != day:
            raise Damaged(f"it is of another day ({head['day']})")
        through = Position(*map(int, head["through"]))
        outline, place = _slice(content, place, head["outline"])
        total, place = _slice(content, place, head["total"])
        hours = {}
        for hour, length in head["hours"]:
            hours[int(hour)], place = _slice(content, place, length)
    except (KeyError, TypeError, ValueError) as error:
        raise Damaged(f"its head does not have the form of one ({error!r})") from None
    return DayFile(day=day, through=through, outline=outline, total=total, hours=hours)


@dataclass(slots=True)
class Pending:
    """The hours of a day that are counted but not in its file yet.

    `since`: the file's `through` when this began; a file that goes further holds all of this.
    """

    since: Position = START
    hours: dict[int, Aggregate] = field(default_factory=dict)


@dataclass(slots=True)
class Checkpoint:
    """All that is needed to go on: how far the journal has been counted, what is not in the day
    files yet, what every client key has spent, and the names of ids.
    """

    watermark: Position = START
    pending: dict[int, Pending] = field(default_factory=dict)
    spent: dict[str, list[Any]] = field(default_factory=dict)
    """Client key id → [pico-dollars, since when (epoch seconds or None)]."""
    names: dict[str, str] = field(default_factory=dict)
    """Id → what to show for it."""
    written_at_s: float = 0.0
    periods: list[Any] | None = None
    """What was spent by calendar period (`period_sums`); None: written before there were any."""


def encode_checkpoint(checkpoint: Checkpoint) -> bytes:
    members = [
        (day, hour, pack(part))
        for day, pending in checkpoint.pending.items()
        for hour, part in pending.hours.items()
    ]
    head = {
        "schema": SCHEMA,
        "watermark": checkpoint.watermark,
        "written_at": checkpoint.written_at_s,
        "since": [[day, pending.since] for day, pending in checkpoint.pending.items()],
        "hours": [[day, hour, len(member)] for day, hour, member in members],
        "spent": checkpoint.spent,
        "names": checkpoint.names,
        "periods": checkpoint.periods,
    }
    return b"".join([_member(head), *(member for _, _, member in members)])


def decode_checkpoint(content: bytes) -> Checkpoint:
    """Raises Damaged, TooNew."""
    head, place = _head(content)
    try:
        checkpoint = Checkpoint(
            watermark=Position(*map(int, head["watermark"])),
            pending={
                int(day): Pending(since=Position(*map(int, since))) for day, since in head["since"]
            },
            spent={
                str(key): [int(amount), None if since is None else float(since)]
                for key, (amount, since) in head["spent"].items()
            },
            names={str(key): str(name) for key, name in head["names"].items()},
            written_at_s=float(head["written_at"]),
            periods=_periods(head.get("periods")),
        )
        for day, hour, length in head["hours"]:
            member, place = _slice(content, place, length)
            checkpoint.pending[day].hours[int(hour)] = unpack(member)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Damaged(f"its head does not have the form of one ({error!r})") from None
    return checkpoint


def _periods(stored: Any) -> list[Any] | None:
    """Raises ValueError, TypeError."""
    if stored is None:
        return None
    return [
        [str(name), str(period), [[int(start), int(amount)] for start, amount in sums]]
        for name, period, sums in stored
    ]


def upgraded(
    document: dict[str, Any],
    migrations: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = MIGRATIONS,
    target: int = SCHEMA,
) -> dict[str, Any]:
    """A head document of this version, from one of this or an older version.

    Raises TooNew, and Damaged for a version that nothing leads from.
    """
    schema = document.get("schema")
    if not isinstance(schema, int) or isinstance(schema, bool):
        raise Damaged("it does not say its schema")
    if schema > target:
        raise TooNew(schema)
    while schema < target:
        if schema not in migrations:
            raise Damaged(f"schema {schema} is not known")
        document = migrations[schema](document)
        schema += 1
    return document


def _member(document: Any) -> bytes:
    return gzip.compress(_ENCODER.encode(document).encode("utf-8", "replace") + b"\n", 6, mtime=0)


def _document(content: bytes) -> dict[str, Any]:
    document, place = _first(content)
    if place != len(content):
        raise Damaged("a part is longer than its head says")
    return document


def _head(content: bytes) -> tuple[dict[str, Any], int]:
    document, place = _first(content)
    return upgraded(document), place


def _first(content: bytes) -> tuple[dict[str, Any], int]:
    """The document of the first gzip member, and where the next begins."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        text = unpacker.decompress(content, LARGEST_PART)
        if not unpacker.eof:
            raise Damaged("it is cut short" if content else "it is empty")
        document = json.loads(text)
    except zlib.error as error:
        raise Damaged(str(error)) from None
    except (ValueError, RecursionError):
        raise Damaged("it is not JSON") from None
    if not isinstance(document, dict):
        raise Damaged("it is not a JSON object")
    return document, len(content) - len(unpacker.unused_data)


def _slice(content: bytes, place: int, length: int) -> tuple[bytes, int]:
    if not 0 < length <= len(content) - place:
        raise Damaged("it is cut short")
    return content[place : place + length], place + length
