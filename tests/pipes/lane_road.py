"""One stream through the pipes, with the fast lane and without: what a client gets, and what is
learned, has to be the same.
"""

import json

from uniapi.dialects import (
    CLIENT_DIALECTS,
    UPSTREAM_DIALECTS,
    Quirk,
    ReplyContext,
)
from uniapi.pipes import PipeChoice, Sides
from uniapi.pipes.text_lane import TextLane
from uniapi.wire import ResponseHead, Run, SseDecoder

HEAD = ResponseHead(status=200, headers={"content-type": "text/event-stream"})


def pipe(upstream, client, *, road="translate", model="alias", quirk=None, has_lane=True, **more):
    """A pipe for a stream."""
    dialect = UPSTREAM_DIALECTS[upstream]
    client = CLIENT_DIALECTS[client]
    choice = PipeChoice(
        sides=Sides(client=client, dialect=dialect, stream=True, quirk=quirk or Quirk()),
        model=model,
        reply=ReplyContext(requested_model="alias", id_seed="5eed", created_s=1),
        **more,
    )
    if road == "relay":
        made = choice.relay(HEAD)
    else:
        made = choice.translate(HEAD)
    made._lane = CountingLane(made._framer)
    if not has_lane:
        made._lane._lessons = 0
    return made


class CountingLane(TextLane):
    """`runs` are those that were found."""

    def __init__(self, framer):
        super().__init__(framer)
        self.runs = 0

    def one(self, data):
        run = super().one(data)
        self.runs += run is not None
        return run

    def cut(self, data):
        for piece in super().cut(data):
            self.runs += isinstance(piece, Run)
            yield piece


def cut(data, rng):
    """In pieces of any size."""
    at = 0
    while at < len(data):
        size = rng.choice((1, 7, 60, 500, 5000))
        yield data[at : at + size]
        at += size


def through(made, pieces):
    """The bytes that come out."""
    out = []
    for piece in pieces:
        if made.is_over:
            break
        out += made.feed(piece)
    out += made.eof()
    return b"".join(out)


def learned(made):
    """What the report says at the end."""
    report = made.report
    turn = report.turn.turn() if report.turn is not None else None
    return {
        "facts": (report.committed, report.is_whole, report.failure, report.usage, report.finish),
        "more": (report.model, report.issued_ids, report.losses, list(report.items), turn),
    }


def told(data):
    """The events that bytes hold, whatever escapes they are spelled with."""
    decoder = SseDecoder()
    return [(frame.event, _value(frame.data)) for frame in decoder.feed(data) + decoder.eof()]


def _value(data):
    try:
        return json.loads(data)
    except ValueError:
        return data


def difference(upstream, client, pieces, *, road="translate", **more):
    """What differs with and without the lane, in words; empty where nothing does. `pieces` is read
    twice. Gives how many runs there were, too.
    """
    fast, full = (
        pipe(upstream, client, road=road, has_lane=has_lane, **more) for has_lane in (True, False)
    )
    fast_bytes, full_bytes, runs = through(fast, pieces), through(full, pieces), fast._lane.runs
    assert not full._lane.runs
    same = fast_bytes == full_bytes
    if road != "relay":
        same = same or told(fast_bytes) == told(full_bytes)
    if not same:
        return f"bytes: {fast_bytes!r}\ninstead of {full_bytes!r}", runs
    if learned(fast) != learned(full):
        return f"learned: {learned(fast)}\ninstead of {learned(full)}", runs
    return "", runs
