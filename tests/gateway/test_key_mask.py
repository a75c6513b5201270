"""The credential is hidden wherever it stands, whatever came before it."""

from __future__ import annotations

import random

import pytest

from uniapi.gateway.key_mask import NO_SECRET, KeyMask

SECRET = b"sk-ab/9"


def over(mask, data):
    return b"".join(mask.over(data, has_failed=False))


@pytest.mark.parametrize("before", [b"", b"a", b"no digit", b"9 /", SECRET[:-1], SECRET])
def test_it_is_found_after_whatever_did_not_hold_it(before):
    mask = KeyMask(lambda data: data.replace(SECRET, b"***"), SECRET)
    over(mask, before)
    for data in (SECRET, b"x" + SECRET + b"x\n", b"sk-" + SECRET, b"\n" * 5000 + SECRET):
        assert over(mask, data) == data.replace(SECRET, b"***")


def test_it_is_searched_for_in_any_text_of_its_own_letters():
    rng, found = random.Random(1), 0
    mask = KeyMask(lambda data: b"found", b"aab")
    for _ in range(2000):
        data = bytes(rng.choices(b"ab. ", k=rng.randrange(12)))
        is_found = over(mask, data) == b"found"
        assert is_found == (b"aab" in data)
        found += is_found
    assert found > 50


@pytest.mark.parametrize(
    ("data", "looked_at"),
    [
        (rb"\u0073k-ab/9", True),
        (rb"x\n\u0073k", True),
        (rb"sk-ab\/9", True),
        (rb"\n\u4f60\"", False),
        (rb"\n", False),
    ],
)
def test_where_it_may_be_spelled_with_escapes_all_is_looked_at(data, looked_at):
    looked = []
    mask = KeyMask(lambda data: looked.append(data) or data, SECRET)
    assert over(mask, data) == data
    assert looked == [data] * looked_at


def test_a_slash_in_the_text_is_no_spelling_of_a_secret_without_one():
    mask = KeyMask(lambda data: b"found", b"sk-ab9")
    assert over(mask, rb"sk\/x ") == rb"sk\/x "


def test_where_there_is_none_nothing_is_found():
    assert over(KeyMask(lambda data: b"found", NO_SECRET), b"no secret") == b"no secret"
