"""Whoever is refused finds a line: who, from where, what was said; no stranger fills the log."""

import logging

import pytest

from uniapi.canonical import ClientError
from uniapi.server.quiet import MAX_ADDRESSES
from uniapi.server.refusal_log import MOST_LINES, RefusalLog, Stranger

KEY = "sk-not-the-right-key-at-all"
WRONG = ClientError(status=401, message="m", code="invalid_api_key")
UNKNOWN = ClientError(status=404, message="m", code="not_found")


def who(address="203.0.113.7", **more):
    known = {"request_id": "r1", "method": "POST", "path": "/v1/messages", "agent": "claude-cli/3"}
    return Stranger(**{**known, "address": address, "key": KEY, **more})


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, logger="uniapi.front")
    return lambda: [record.getMessage() for record in caplog.records]


def test_a_wrong_key_is_a_warning_that_says_who(lines, caplog):
    """The key only by its mask."""
    RefusalLog().write(who(), WRONG, 0.0)
    assert lines() == [
        "r1 - POST /v1/messages 401 invalid_api_key from 203.0.113.7 key sk-not…-all"
        " by claude-cli/3"
    ]
    assert caplog.records[0].levelno == logging.WARNING


def test_a_refusal_without_a_code_says_what_is_wrong(lines):
    """And nothing of what was sent."""
    for message in (
        "The request body is not valid JSON: Expecting value: line 1 column 2 (char 1).",
        "`model` must be a non-empty string, not 'a secret'.",
        "",
    ):
        RefusalLog().write(who(), ClientError(status=400, message=message), 0.0)
    said = [line.partition(" 400 ")[2].partition(" from ")[0] for line in lines()]
    assert said == [
        "The request body is not valid JSON",
        "`model` must be a non-empty string",
        "refused",
    ]


def test_wrong_keys_of_an_address_are_a_line_a_minute(lines):
    """The next line says how many were not written; another address has its own."""
    log = RefusalLog()
    for second in range(61):
        log.write(who(), WRONG, float(second))
    log.write(who("203.0.113.8"), WRONG, 61.0)
    assert [line.rpartition("claude-cli/3")[2] for line in lines()] == [
        "",
        " (59 more since the last line)",
        "",
    ]


def test_other_refusals_are_a_line_each(lines):
    """A client that has the path wrong is told each time; strangers' words are cut."""
    log = RefusalLog()
    for _ in range(3):
        log.write(who(path="/" + "x" * 500, key=None), UNKNOWN, 0.0)
    assert len(lines()) == 3
    assert all("no key" in line and len(line) < 250 for line in lines())


def test_a_stranger_who_asks_for_paths_fills_no_disk(lines):
    """From the hundredth line in a minute on they are only counted."""
    log = RefusalLog()
    for _ in range(MOST_LINES + 50):
        log.write(who(), UNKNOWN, 0.0)
    assert len(lines()) == MOST_LINES
    log.write(who(), UNKNOWN, 60.0)
    assert lines()[-1].endswith("(50 more since the last line)")


def test_addresses_are_remembered_within_a_bound(lines):
    """The one that was met the longest time ago is forgotten."""
    log = RefusalLog()
    for number in range(MAX_ADDRESSES + 1):
        log.write(who(f"2001:db8::{number:x}"), WRONG, 0.0)
    log.write(who("2001:db8::0"), WRONG, 1.0)
    assert len(lines()) == MAX_ADDRESSES + 2
