"""What a call costs, counted in functions of ours that are entered: no clock, so that it is the
same on every machine. Whoever makes a call dearer sees it here, and says why by a new ceiling.

    .venv/bin/python tests/cost/profile_call.py      where the time of a call goes, as a picture
"""

from __future__ import annotations

import pytest
from whole_gateway import (
    LIMITED_KEY,
    FunctionCount,
    WholeGateway,
    chat_answer,
    chat_frames,
    messages_answer,
    messages_frames,
    stream_answer,
)

WARM_CALLS = 3
CALLS = 5
CEILINGS = {"relayed": 167, "translated": 256}
"""For a whole call, from the client's first byte to the record, both sockets included."""
MOST_LIMITED = 176
"""The same, relayed, of a key with a limit, and answered as OpenAI does: with what a cache read."""
BURST_CEILINGS = {"relayed": 0.2, "translated": 0.2}
"""For one text delta among many that came in one read."""
READ_CEILINGS = {"relayed": 15.1, "translated": 21.2}
"""For one text delta that came in a read of its own."""


@pytest.fixture
async def gateway(tmp_path):
    whole = await WholeGateway(tmp_path / "data").start()
    yield whole
    await whole.stop()


async def functions_of_a_call(gateway, model, *, stream=False):
    for _ in range(WARM_CALLS):
        await gateway.ask(model, stream=stream)
    counts = []
    for _ in range(CALLS):
        with FunctionCount() as count:
            await gateway.ask(model, stream=stream)
        counts.append(count.entered)
    # A timed job may run beside one of them.
    return min(counts, key=lambda entered: sum(entered.values()))


@pytest.mark.parametrize("model", CEILINGS)
async def test_a_whole_call(gateway, model):
    gateway.upstream.answer = chat_answer() if model == "relayed" else messages_answer()
    entered = await functions_of_a_call(gateway, model)
    told = "\n".join(f"{times} {name}" for name, times in entered.most_common(30))
    total = sum(entered.values())
    assert total <= CEILINGS[model], f"{total}\n{told}"


async def test_a_whole_call_of_a_limited_key(gateway):
    gateway.key = LIMITED_KEY
    gateway.upstream.answer = chat_answer(
        prompt_tokens_details={"cached_tokens": 0, "audio_tokens": 0},
        completion_tokens_details={"reasoning_tokens": 0, "audio_tokens": 0},
    )
    entered = await functions_of_a_call(gateway, "relayed")
    told = "\n".join(f"{times} {name}" for name, times in entered.most_common(30))
    assert sum(entered.values()) <= MOST_LIMITED, f"{sum(entered.values())}\n{told}"


async def functions_of_a_delta(gateway, model, *, at_once):
    """The difference between a long answer and a short one, by the deltas it has more."""
    frames = chat_frames if model == "relayed" else messages_frames
    gateway.upstream.at_once = at_once
    sums = []
    for count in (20, 120):
        gateway.upstream.answer, gateway.upstream.pieces = stream_answer(list(frames(count)))
        entered = await functions_of_a_call(gateway, model, stream=True)
        sums.append(sum(entered.values()))
    return (sums[1] - sums[0]) / 100


@pytest.mark.parametrize("model", BURST_CEILINGS)
async def test_a_delta_of_a_burst(gateway, model):
    entered = await functions_of_a_delta(gateway, model, at_once=True)
    assert entered <= BURST_CEILINGS[model]


@pytest.mark.parametrize("model", READ_CEILINGS)
async def test_a_delta_in_a_read_of_its_own(gateway, model):
    entered = await functions_of_a_delta(gateway, model, at_once=False)
    assert entered <= READ_CEILINGS[model]
