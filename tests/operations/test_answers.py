"""Answers in another form than was asked for: made so where something is there to make it of."""

import pytest

from uniapi.canonical import Operation
from uniapi.errors import WireError
from uniapi.operations import events_of, sound_in


@pytest.mark.parametrize(
    ("operation", "answer"),
    [
        (Operation.IMAGE, {"data": ["x"]}),
        (Operation.IMAGE, {"data": []}),
        (Operation.TRANSCRIBE, {"text": None}),
        (Operation.TRANSCRIBE, {"segments": []}),
        (Operation.EMBED, {"data": [{"embedding": [1]}]}),
        (Operation.IMAGE, ["x"]),
    ],
)
def test_of_nothing_no_events_are_made(operation, answer):
    assert events_of(operation, answer) is None


def test_a_picture_is_an_event():
    made = events_of(
        Operation.IMAGE, {"data": [{"b64_json": "AA=="}], "usage": {"total_tokens": 1}}
    )
    assert made.startswith(b"event: image_generation.completed\n")
    assert b'"usage":{"total_tokens":1}' in made


def test_sound_lies_two_objects_deep_at_most():
    assert sound_in({"audio": {"data": "AAAA"}}) == b"\0\0\0"
    deep = {"data": "AAAA"}
    for _ in range(900):
        deep = {"audio": deep}
    with pytest.raises(WireError):
        sound_in(deep)
