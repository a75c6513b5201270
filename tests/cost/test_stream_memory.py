"""What an open stream keeps, counted in bytes that functions of ours allocated; of a chunk that
has gone on to its client nothing is kept.
"""

from __future__ import annotations

import gc
import tracemalloc

import pytest
from whole_gateway import (
    PACKAGE,
    SMALL_BODY,
    WholeGateway,
    chat_frames,
    messages_frames,
    stream_answer,
)

from uniapi.canonical import Text

pytestmark = pytest.mark.slow
STREAMS = 40
CEILINGS = {"relayed": 10_400, "translated": 14_500}
"""Bytes of ours for one more open stream of a small request; what asyncio keeps is not in it."""
KEPT_CEILING = 20
"""Bytes for one more delta that went on, among 400."""


@pytest.fixture
async def gateway(tmp_path):
    whole = await WholeGateway(tmp_path / "data").start()
    tracemalloc.start()
    yield whole
    tracemalloc.stop()
    await whole.stop()


def allocated():
    """Bytes that functions of ours hold."""
    gc.collect()
    snapshot = tracemalloc.take_snapshot()
    ours = snapshot.filter_traces([tracemalloc.Filter(True, f"{PACKAGE}/*")])
    return sum(trace.size for trace in ours.traces)


def frames_of(model, count):
    return list((chat_frames if model == "relayed" else messages_frames)(count))


async def bytes_of_a_stream(gateway, model, count):
    """For one of those that have had so many deltas, in one read."""
    frames = frames_of(model, count)
    gateway.upstream.answer, pieces = stream_answer(frames)
    ends = 2 if model == "relayed" else 3
    gateway.upstream.pieces = pieces[: -1 - ends]
    for _ in range(10):
        await gateway.open_stream(model)
    before = allocated()
    for _ in range(STREAMS):
        await gateway.open_stream(model)
    return (allocated() - before) / STREAMS


@pytest.mark.parametrize("model", CEILINGS)
async def test_an_open_stream(gateway, model):
    held = await bytes_of_a_stream(gateway, model, 4)
    assert 1_000 < held <= CEILINGS[model]


@pytest.mark.parametrize("model", CEILINGS)
async def test_a_delta_that_went_on(gateway, model):
    # The beginning of an answer is kept, to estimate what it costs where it is cut.
    some = await bytes_of_a_stream(gateway, model, 100)
    many = await bytes_of_a_stream(gateway, model, 500)
    assert (many - some) / 400 <= KEPT_CEILING


@pytest.mark.parametrize("model", CEILINGS)
async def test_of_a_request_its_bytes_are_kept(gateway, model):
    """What was read of them takes several times as much."""
    await bytes_of_a_stream(gateway, model, 4)
    gc.collect()
    read = [one for one in gc.get_objects() if type(one) is dict and "messages" in one]
    assert SMALL_BODY["messages"] not in [one["messages"] for one in read if "model" in one]


async def test_of_a_translated_conversation_only_the_first_turn_is_kept(gateway):
    frames = frames_of("translated", 4)
    gateway.upstream.answer, pieces = stream_answer(frames)
    gateway.upstream.pieces = pieces[:-4]
    turns = [
        {"role": role, "content": f"turn {place}"}
        for place, role in enumerate(("system", "user", "assistant", "user"))
    ]
    await gateway.open_stream("translated", messages=turns)
    gc.collect()
    kept = {one.text for one in gc.get_objects() if type(one) is Text and "turn" in one.text}
    assert kept == {"turn 0"}
