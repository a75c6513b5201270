"""Arguments in pieces come out as the object that was meant, wherever they were cut."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uniapi.dialects.streamed_arguments import StreamedArguments

MEANT = {
    '{"a": "one\ntwo\tthree"}': {"a": "one\ntwo\tthree"},
    '{"a": "x\\\\", "b": "\\"\n"}': {"a": "x\\", "b": '"\n'},
    '{"a": NaN, "b": -Infinity, "c": "NaN -Infinity", "d": -1}': {
        "a": None,
        "b": None,
        "c": "NaN -Infinity",
        "d": -1,
    },
    '"{\\"command\\": \\"ls\\"}"': {"command": "ls"},
    '{}{"a": 1}': {"a": 1},
    " {} ": {},
    "{}": {},
    "{ }\n{}": None,
    "[1]": [1],
    '{"a": {}}': {"a": {}},
    '\n{"a":[{"b":"}{"}]}': {"a": [{"b": "}{"}]},
}


def told(pieces):
    arguments = StreamedArguments()
    return "".join([*(arguments.take(piece) for piece in pieces), arguments.end()])


@pytest.mark.parametrize("text", MEANT)
def test_what_was_meant_is_told_however_it_is_cut(text):
    """In one piece, letter by letter, and in two at every place."""
    cuts = [[text], list(text), *([text[:at], text[at:]] for at in range(len(text)))]
    meant = MEANT[text]
    for pieces in cuts:
        found = told(pieces)
        assert (json.loads(found) == meant) if meant is not None else (found == text)


def test_an_object_is_told_as_it_comes():
    """Nothing waits for the end of sound arguments."""
    arguments = StreamedArguments()
    assert [arguments.take(piece) for piece in ('{"a', '": "x', 'y"', "}")] == [
        '{"a',
        '": "x',
        'y"',
        "}",
    ]
    assert arguments.end() == ""


@given(st.dictionaries(st.text(), st.none() | st.floats() | st.text() | st.integers()), st.data())
def test_sound_arguments_stay_the_very_text(value, data):
    """Whatever they say, and wherever they are cut."""
    text = json.dumps({name: None if held != held else held for name, held in value.items()})
    if "Infinity" in text.replace("\\", ""):
        text = json.dumps({name: str(held) for name, held in value.items()})
    at = data.draw(st.integers(0, len(text)))
    assert told([text[:at], text[at:]]) == text


def test_a_flood_of_blanks_is_linear():
    """Neither blanks nor empty objects are looked at again and again."""
    assert told([" "] * 20_000) == " " * 20_000
    assert told(["{}"] * 20_000) == "{}" * 20_000
