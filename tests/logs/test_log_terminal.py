"""The log on a terminal: lines that fit, colour by status, a short id, the time once; whatever
strangers say moves no cursor.
"""

import io
import logging
import re

import pytest

from uniapi.logs.terminal import TerminalFormatter, columns_of, cut, has_colour, wrapped
from uniapi.logs.text import shown, survive_encoding
from uniapi.server.arrival_log import tell_answer

ID = "0123456789abcdef01234567"
CALL = {
    "request_id": ID,
    "key": "laptop",
    "model": "gpt-4o",
    "provider": "openai",
    "upstream_model": "gpt-4o",
    "status": 200,
    "outcome": "ok",
    "attempts": 1,
    "first_token_ms": 320,
    "total_ms": 1240,
    "input_tokens": 120,
    "output_tokens": 33,
    "cost": 0.0012,
}
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def formatter(*, is_coloured=False):
    return TerminalFormatter(io.StringIO(), str, is_coloured=is_coloured)


def record(message="", level=logging.INFO, at=1_700_000_000.0, **fields):
    made = logging.LogRecord("uniapi", level, "", 0, message, None, None)
    made.created = at
    if fields:
        made.fields = fields
    return made


def body(text):
    """Without the day's line and the time."""
    return "\n".join(line[9:] for line in ESCAPES.sub("", text).splitlines()[1:])


def test_a_call_is_one_line_with_what_one_looks_for():
    """Status first, the id short, the provider's name for the model only where it is another."""
    assert body(formatter().format(record(**CALL))) == (
        "200 012345 laptop gpt-4o → openai 1.2 s (first 0.3) 120+33 $0.0012"
    )
    late = record(**CALL)
    late.fields = lambda: CALL
    assert "200 012345 laptop gpt-4o" in formatter().format(late)
    other = {**CALL, "key": "me", "upstream_model": "gpt-4o-2024-11-20"}
    assert "gpt-4o → openai/gpt-4o-… 1.2" in formatter().format(record(**other))


@pytest.mark.parametrize("name", ["x" * 100_000, "模型" * 50, "a b " * 90, "\x1b[2J\u202e" * 40])
def test_no_name_makes_a_line_longer_than_the_terminal(name):
    """Names are cut, in columns; what controls a terminal is written out."""
    fields = {**CALL, "model": name, "key": name[:50], "provider": name[:70]}
    text = formatter().format(record(**fields))
    assert all(columns_of(line) <= 80 for line in text.splitlines())
    assert not {"\x1b", "\u202e"} & set(text)


def test_a_long_message_is_wrapped_and_whole():
    """Nothing of it is lost."""
    message = f"{ID} openai key 1 " + " ".join(["words"] * 40) + " " + "z" * 200
    text = formatter().format(record(message, logging.WARNING, request_id=ID))
    assert all(columns_of(line) <= 80 for line in text.splitlines())
    assert body(text).replace("\n", " ").count("words") == 40
    assert text.count("z") == 200
    assert body(text).startswith("warning: 012345 openai key 1")


def test_the_time_stands_once():
    """And the day on a line of its own when it begins."""
    made = formatter()
    first, second, later = (
        made.format(record("a", at=at)) for at in (1_700_000_000.0, 1_700_000_000.4, 1_700_000_005)
    )
    assert first.count("\n") == 1
    assert second == " " * 9 + "a"
    assert re.fullmatch(r"\d\d:\d\d:\d\d a", later)


@pytest.mark.parametrize(
    "status, outcome, code",
    [(200, "ok", 32), (404, "refused", 33), (503, "overloaded", 31), (0, "client_left", 2)],
)
def test_the_status_has_a_colour(status, outcome, code):
    """Green, yellow, red; who left is faint."""
    text = formatter(is_coloured=True).format(
        record(**{**CALL, "status": status, "outcome": outcome})
    )
    assert f"\x1b[{code}m{status or '---'}\x1b[0m 012345" in text


def test_a_refusal_of_a_stranger_is_a_line_with_its_status_first():
    """With as much of the id as is needed to find it again."""
    fields = {"request_id": ID, "method": "POST", "status": 401}
    message = f"{ID} - POST /v1/messages 401 invalid_api_key from 203.0.113.7 no key"
    assert body(formatter().format(record(message, logging.WARNING, **fields))) == (
        "401 012345 POST /v1/messages invalid_api_key from 203.0.113.7 no key"
    )


def test_an_answer_beside_calls_begins_as_a_call_does(caplog):
    """Its status first, then as much of the id as a call's line has."""
    with caplog.at_level(logging.INFO, "uniapi.front"):
        tell_answer(ID, "laptop", "GET", "/v1/models", "models")
    assert body(formatter().format(caplog.records[0])) == "200 012345 laptop GET /v1/models"


def test_a_call_that_was_never_tried_says_why():
    """Where an attempt was made, its own line has said it."""
    refused = {
        **CALL,
        "status": 404,
        "outcome": "refused",
        "attempts": 0,
        "error": "No such model.",
    }
    assert "No such model." in formatter().format(record(**refused))
    tried = {**refused, "attempts": 1}
    assert "No such model." not in formatter().format(record(**tried))


def test_colour_is_for_terminals_that_want_it():
    """A file has none, nor has who set NO_COLOR."""

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    assert has_colour(Terminal(), {})
    assert not has_colour(Terminal(), {"NO_COLOR": "1"})
    assert not has_colour(Terminal(), {"TERM": "dumb"})
    assert not has_colour(io.StringIO(), {})


@pytest.mark.parametrize(
    "text, width, expected",
    [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("模型", 4, "模型"), ("模型名", 4, "模…")],
)
def test_what_is_too_long_is_cut_in_columns(text, width, expected):
    """Chinese signs take two."""
    assert cut(text, width) == expected


def test_wrapping_breaks_words_that_are_too_long():
    """And keeps every character."""
    assert wrapped("aa bbbbbbb c", 4) == ["aa", "bbbb", "bbb", "c"]


def test_what_a_stranger_says_is_one_line():
    """Line breaks, escapes and marks that turn the direction are written out; length is bounded."""
    assert shown("a\nb\x1b[31m\u202ec") == "a\\nb\\x1b[31m\\u202ec"
    assert len(shown("x" * 100_000)) == 4000


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "iso-8859-2", "utf-8"])
def test_output_survives_any_encoding(encoding):
    """The usual signs have a plain form, others are a question mark."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    survive_encoding(stream)
    stream.write("sk-abc…wxyz → 模型")
    stream.flush()
    text = raw.getvalue().decode(encoding)
    assert text.startswith("sk-abc")
    if encoding == "ascii":
        assert text == "sk-abc...wxyz -> ??"
