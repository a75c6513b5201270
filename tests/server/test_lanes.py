"""Both lanes understand the same and answer the same, whatever is sent, in whatever pieces."""

import pytest
from fuzz_lanes import fuzz
from lanes import ask, sent, strange

CASES = {f"{group}, {case['name']}": case for group, cases in strange().items() for case in cases}


def cut(data, size):
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize("name", CASES)
async def test_what_strangers_send_is_answered_alike(lanes, name):
    case = CASES[name]
    data = sent(case)
    expected = None
    for size in (len(data), len(data) // 2, 7 if len(data) < 1000 else 4000):
        for lane in (lanes.edge, lanes.aiohttp):
            statuses, answers, is_open = await ask(lane, cut(data, size))
            assert (statuses, is_open) == (case["says"], case["open"])
            assert answers == (expected or answers) or case.get("words") == "two"
            expected = answers


async def test_what_is_broken_by_chance_is_answered_alike():
    """A short run; `fuzz_lanes.py` makes long ones."""
    differences = []
    assert await fuzz(400, 20261130, lambda *found: differences.append(found)) == 0, differences
