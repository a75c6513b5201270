"""The files of the counts: damage is noticed, whatever it is."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_calls import call

from uniapi.stats.aggregate import Aggregate
from uniapi.stats.chart_sums import outline_of
from uniapi.stats.packing import (
    Checkpoint,
    Damaged,
    DayFile,
    Pending,
    TooNew,
    decode_checkpoint,
    decode_day,
    encode_checkpoint,
    encode_day,
    pack,
    pack_outlines,
    unpack,
)
from uniapi.storage import Position


def counted(number):
    counts = Aggregate()
    for place in range(number):
        counts.add(call(requested_model=f"m{place}", cost_pd=place))
    return counts


OUTLINES = {498240: outline_of(counted(2)), 498263: outline_of(counted(3))}
DAY = DayFile(
    day=20760,
    through=Position(3, 77),
    outline=pack_outlines(OUTLINES),
    total=pack(counted(5).daily()),
    hours={498240: pack(counted(2)), 498263: pack(counted(3))},
)
CHECKPOINT = Checkpoint(
    watermark=Position(2, 5),
    pending={20760: Pending(Position(1, 9), {498240: counted(2)})},
    spent={"key1": [10**30, None]},
    names={"key1": "alice"},
    written_at_s=5.5,
)


def test_a_day_comes_back():
    """With its parts packed until they are asked for."""
    again = decode_day(encode_day(DAY), 20760)
    assert again == DAY
    assert (again.outlines(), again.whole(), again.hour(498263), again.hour(498241)) == (
        OUTLINES,
        counted(5).daily(),
        counted(3),
        Aggregate(),
    )


def test_a_checkpoint_comes_back():
    """Amounts beyond what a float holds too."""
    assert decode_checkpoint(encode_checkpoint(CHECKPOINT)) == CHECKPOINT


@pytest.mark.parametrize("content", [encode_day(DAY), encode_checkpoint(CHECKPOINT)])
@pytest.mark.parametrize("kind", ["cut", "flip", "zeros"])
@given(data=st.data())
def test_any_damage_is_noticed(content, kind, data):
    """Cut short, a bit flipped, zeros after a power cut: never other figures, never another
    exception.
    """
    place = data.draw(st.integers(0, len(content) - 1))
    if kind == "cut":
        content = content[:place]
    elif kind == "flip":
        content = (
            content[:place]
            + bytes([content[place] ^ 1 << data.draw(st.integers(0, 7))])
            + content[place + 1 :]
        )
    else:
        content = content[:place] + b"\0" * (len(content) - place)
    for decode, expected in (
        (lambda: read_day(content), read_day(encode_day(DAY))),
        (lambda: decode_checkpoint(content), CHECKPOINT),
    ):
        try:
            assert decode() == expected
        except Damaged:
            continue


def read_day(content):
    day = decode_day(content, 20760)
    return day.through, day.outlines(), day.whole(), {hour: day.hour(hour) for hour in day.hours}


@given(
    st.recursive(
        st.none() | st.integers(-2, 2) | st.text(max_size=2),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
        ),
    ),
    st.data(),
)
def test_heads_of_any_form_are_damage(value, data):
    """Valid gzip and JSON, but not ours."""
    head = {
        "schema": 1,
        "day": 20760,
        "through": [1, 2],
        "outline": 5,
        "total": 5,
        "hours": [],
        "watermark": [1, 2],
        "since": [],
        "spent": {},
        "names": {},
        "written_at": 1.0,
    }
    head[data.draw(st.sampled_from(sorted(head)))] = value
    content = gzip.compress(json.dumps(head).encode())
    for decode in (lambda: read_day(content), lambda: decode_checkpoint(content)):
        try:
            decode()
        except (Damaged, TooNew):
            continue


@pytest.mark.parametrize(
    "document",
    [
        {
            "words": ["a"],
            "cells": [[0, 0, 0, 0, 0, 0, *range(40)]],
            "clients": [],
            "channels": [],
            "credentials": [],
            "endpoints": {},
            "ips": {},
        },
        {
            "words": ["a"],
            "cells": [[0, 0, 0, 0, 0, 7, 1]],
            "clients": [],
            "channels": [],
            "credentials": [],
            "endpoints": {},
            "ips": {},
        },
        {"words": ["a"], "cells": []},
    ],
)
def test_a_part_of_another_form_is_damage(document):
    """Rows wider than ours (an earlier layout), words that are not there, members that
    are missing.
    """
    with pytest.raises(Damaged):
        unpack(gzip.compress(json.dumps(document).encode()))
