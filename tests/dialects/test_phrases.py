"""Phrases are found where a person would read them, and a hostile text is read once."""

import pytest

from uniapi.dialects.phrases import MAX_TEXT, has_phrase, plain, says
from uniapi.dialects.refusal_rows import DAILY, ITEMS, ROWS

ALL = {phrase for row in ROWS for phrase in (*row.says, *row.unless)} | {*DAILY, *ITEMS}


@pytest.mark.parametrize(
    ("text", "phrase", "found"),
    [
        ("The model  `x`\n does not exist", "model * does not exist", True),
        ("The model `x` of yours does not exist", "model * does not exist", False),
        ("The model `x` of yours does not exist", "model … does not exist", True),
        ("the model" + " very" * 40 + " gone", "model … gone", False),
        ("models/gemini-9 is not found", "models/* is not found", True),
        ("supermodel x is gone", "model * is gone", False),
        ("local:insufficient_quota", "insufficient_quota", True),
        ("decommissioned", "decommission", True),
        ("当前订阅套餐暂未开放glm-5权限", "暂未开放…权限", True),
        ("model a is gone, model b is here", "model * is here", True),
        ("model", "model * is here", False),
        ("your account’s limit", "account's limit", True),
    ],
)
def test_a_phrase(text, phrase, found):
    """`*` is one word, `…` a short stretch; a phrase begins where a word does."""
    assert has_phrase(plain(text), phrase) is found


def test_any_of_several():
    """One is enough, none is none."""
    assert says("b", ("a", "b"))
    assert not says("b", ())


class Counted(str):
    """A text that counts the characters it is searched through."""

    searched = 0

    def find(self, piece, start=0, end=None):
        found = super().find(piece, start, len(self) if end is None else end)
        stop = min(len(self), len(self) if end is None else end) if found < 0 else found
        Counted.searched += max(0, stop - start) + len(piece)
        return found


def _work(text):
    Counted.searched = 0
    counted = Counted(plain(text))
    for phrase in ALL:
        has_phrase(counted, phrase)
    return Counted.searched


HOSTILE = [
    "model ",
    "model x ",
    "models/",
    "file_",
    "not found ",
    "insufficient ",
    "limit: 0",
    "<html",
    "exceed ",
    "a",
    "模型",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_work_grows_with_the_text_and_no_faster(piece):
    """Whatever is repeated, four times the text are four times the work."""
    once, twice, four_times = (_work(piece * (size // len(piece))) for size in (2000, 4000, 8000))
    assert twice < once * 2.3
    assert four_times < once * 4.6


def test_a_text_is_read_to_a_bound():
    """A message of a megabyte costs what one of 16 KB does."""
    assert len(plain("x" * 1_000_000)) == MAX_TEXT
