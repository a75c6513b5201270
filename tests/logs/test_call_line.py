"""The line of a finished call: its text is made where it is written, and says no more than any
other line may.
"""

import io
import json
import logging
from dataclasses import replace

import pytest

from uniapi.logs.call_log import CallLine
from uniapi.logs.log import set_secrets, set_up_logging
from uniapi.logs.writer import say_call, write_in_background
from uniapi.stats import CallRecord

SECRET = "totally-private-0123456789"
ENDED_AT_S = 1_793_707_200.25


def call(message=""):
    return CallRecord(
        request_id="r1",
        at_s=ENDED_AT_S - 1,
        key_id="key1",
        key_label="alice",
        operation="generate",
        endpoint="POST /v1/chat/completions",
        requested_model="gpt-6",
        provider=None,
        provider_id=None,
        upstream_model=None,
        status=502,
        outcome="refused",
        stream=False,
        attempts=(),
        total_s=0.5,
        message=message,
    )


@pytest.fixture
def opened(tmp_path):
    """Opens the log in a format; gives its file and its handler. The root logger as it was is put
    back.
    """
    root = logging.getLogger()
    handlers, level, raises = root.handlers[:], root.level, logging.raiseExceptions
    made = []

    def open_log(format_name):
        path = tmp_path / "log"
        set_up_logging(level="info", file=str(path), format_name=format_name)
        made.extend(root.handlers)
        return path, made[0]

    yield open_log
    for handler in (*root.handlers, *made):
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.raiseExceptions = raises
    logging.getLogger("aiohttp.server").filters.clear()


def lines(path):
    return path.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("format_name", ["text", "json"])
def test_it_is_written_in_order_with_the_others(opened, format_name):
    log_file, _ = opened(format_name)
    (outer,) = write_in_background()
    log = logging.getLogger("uniapi.app")
    log.info("before")
    log.handle(CallLine(call(), ENDED_AT_S))
    log.info("behind")
    assert outer.drain()
    before, line, behind = lines(log_file)
    assert "before" in before
    assert "behind" in behind
    assert "r1 alice gpt-6 502 (refused) attempts 0 total 500 ms" in line
    if format_name == "json":
        members = json.loads(line)
        assert (members["request_id"], members["total_ms"]) == ("r1", 500)
        assert members["level"] == "info"


@pytest.mark.parametrize("format_name", ["text", "json"])
def test_a_secret_is_cut_short_though_a_reload_came_between(opened, format_name):
    """The line was said while the secret was in force, and is written when it is not any more."""
    log_file, inner = opened(format_name)
    set_secrets([SECRET])
    line = CallLine(call(f"the vendor says {SECRET}"), ENDED_AT_S)
    assert inner.filter(line)
    set_secrets(["another-secret"])
    inner.emit(line)
    assert SECRET not in log_file.read_text(encoding="utf-8")
    assert "the vendor says tot…" in log_file.read_text(encoding="utf-8")


def test_a_line_that_cannot_be_said_takes_no_other_with_it(opened):
    log_file, _ = opened("text")
    (outer,) = write_in_background()
    broken = CallLine(call(), ENDED_AT_S)
    del broken.call
    log = logging.getLogger("uniapi.app")
    for line in (CallLine(call(), ENDED_AT_S), broken, CallLine(call(), ENDED_AT_S)):
        log.handle(line)
    assert outer.drain()
    assert len(lines(log_file)) == 2


@pytest.mark.parametrize(
    "odd",
    [
        {"requested_model": "a\nline\x1b[2J of its own"},
        {"requested_model": "sk-0123456789abcdef"},
        {"requested_model": f"x{SECRET}", "key_label": "…"},
        {"outcome": "refused", "message": f"{SECRET} and \x1b"},
        {"requested_model": "m" * 5000},
        {"first_token_s": 0.25, "stream": True, "cost_pd": 1_500_000},
        {"provider": "p", "upstream_model": "up\u202e"},
    ],
)
def test_many_at_once_are_written_as_they_are_one_by_one(opened, odd):
    """Whatever stands among them."""
    log_file, inner = opened("text")
    set_secrets([SECRET])
    usual = replace(call(), outcome="ok", status=200)
    calls = [usual, replace(usual, **odd), replace(usual, request_id="r3")]
    records = [CallLine(one, ENDED_AT_S + place) for place, one in enumerate(calls)]
    assert all(inner.filter(one) for one in records)
    inner.emit_all(records)
    together = log_file.read_text(encoding="utf-8")
    for one in records:
        inner.emit(one)
    assert log_file.read_text(encoding="utf-8") == together * 2
    assert together.count("\n") == 3
    assert SECRET not in together
    assert "\x1b" not in together


def test_usual_calls_have_the_short_way(opened):
    _, inner = opened("text")
    usual = replace(call(), outcome="ok", status=200)
    records = [CallLine(usual, ENDED_AT_S), CallLine(usual, ENDED_AT_S)]
    assert inner.formatter.format_all(records).count("\n") == 2
    assert inner.formatter.format_all([*records, logging.makeLogRecord({"msg": "else"})]) == ""


class Counting(logging.Filter):
    """Lets all pass, and counts them."""

    def __init__(self):
        super().__init__()
        self.seen = 0

    def filter(self, record):
        self.seen += 1
        return True


@pytest.mark.parametrize("where", ["nowhere", "logger", "parent", "handler", "other handler"])
def test_whoever_wants_a_say_in_a_call_s_line_has_it(opened, where):
    """The short way is for where nobody does, and what is written is the same."""
    log_file, _ = opened("text")
    set_secrets([SECRET])
    (outer,) = write_in_background()
    log, counting = logging.getLogger("uniapi.app"), Counting()
    other = logging.StreamHandler(io.StringIO())
    other.addFilter(counting)
    if where == "logger":
        log.addFilter(counting)
    elif where == "handler":
        outer.addFilter(counting)
    elif where == "other handler":
        logging.getLogger().addHandler(other)
    elif where == "parent":
        log.addHandler(other)
    try:
        say_call(log, call(f"the vendor says {SECRET}"), ENDED_AT_S)
        assert outer.drain()
    finally:
        log.removeFilter(counting)
        log.removeHandler(other)
        logging.getLogger().removeHandler(other)
    assert counting.seen == (where != "nowhere")
    (line,) = lines(log_file)
    assert line.endswith(
        "r1 alice gpt-6 502 (refused: the vendor says tot…) attempts 0 total 500 ms"
    )


def test_a_secret_of_a_waiting_call_is_cut_short_though_a_reload_came_between(opened):
    log_file, _ = opened("text")
    set_secrets([SECRET])
    (outer,) = write_in_background()
    outer._is_asleep = False  # its thread does not begin yet
    say_call(logging.getLogger("uniapi.app"), call(f"the vendor says {SECRET}"), ENDED_AT_S)
    set_secrets(["another-secret"])
    outer._wake()
    assert outer.drain()
    assert SECRET not in log_file.read_text(encoding="utf-8")
