"""Both lanes understand the same and answer the same, whatever is sent, in whatever pieces."""

import pytest
from fuzz_heads import fuzz as fuzz_heads
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


def test_what_is_plain_to_the_edge_is_the_same_one_request_to_aiohttp():
    """A short run; `fuzz_heads.py` makes long ones."""
    differences = []
    kinds, found = fuzz_heads(3000, 20261130, lambda *told: differences.append(told))
    assert found == 0, differences
    assert min(kinds["plain"], kinds["odd, refused"], kinds["odd, read or waited for"]) > 200
