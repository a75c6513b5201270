"""Credits: an exact balance that survives."""

import errno
from decimal import Decimal

import pytest
from faulty_disks import FailingDisk
from sample_calls import NOON_S, call, client_key, config

from uniapi.canonical import Usage
from uniapi.money import picodollars
from uniapi.stats import Recorder
from uniapi.storage import DiskFolder

HOUR_S, DAY_S = 3600, 86400


@pytest.fixture
def disk():
    return FailingDisk()


@pytest.fixture
def start(tmp_path, disk):
    def opened(*keys):
        recorder = Recorder(DiskFolder(tmp_path, disk))
        recorder.open()
        recorder.configure(config(*keys))
        return recorder

    return opened


def test_a_key_is_exhausted_when_nothing_is_left(start):
    """At once, not when the statistics are written; the overshoot of a call in flight shows as a
    negative balance.
    """
    key = client_key(credits=0.001)
    recorder = start(key)
    assert not recorder.is_exhausted(key)
    recorder.record(call(usage=Usage(input_tokens=200, output_tokens=49)))
    assert not recorder.is_exhausted(key)
    recorder.record(call(usage=Usage(output_tokens=2)))
    assert recorder.is_exhausted(key)
    assert picodollars(-0.00001) == recorder.ledger.balance_pd(key)


def test_zero_credits_are_none_left_and_no_credits_are_no_limit(start):
    """The predecessor took `credits: 0` for unlimited."""
    recorder = start()
    assert recorder.is_exhausted(client_key(credits=0.0))
    assert not recorder.is_exhausted(client_key(credits=None))
    assert None is recorder.ledger.balance_pd(client_key())


def test_the_balance_is_the_same_after_a_restart(start):
    """To the last pico-dollar, killed or closed."""
    recorder = start()
    for number in range(500):
        recorder.record(
            call(
                usage=Usage(
                    input_tokens=number, output_tokens=number * 7, cache_read_tokens=number // 3
                )
            )
        )
        if number % 50 == 0:
            recorder.commit(NOON_S + number * 60)
    recorder.commit(NOON_S + DAY_S)
    assert 0 < recorder.ledger.spent_pd("key1") == start().ledger.spent_pd("key1")


def test_added_credits_are_durable_when_the_call_returns(start):
    """Also when the process is killed right after it."""
    key = client_key(credits=0.0)
    recorder = start(key)
    recorder.add_credits("key1", 0.1, NOON_S)
    recorder.add_credits("key1", 0.2, NOON_S)
    assert picodollars(0.3) == start(key).ledger.balance_pd(key)
    assert not start(key).is_exhausted(key)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
def test_credits_that_cannot_be_written_are_not_added(start, disk, code):
    """The error reaches the administrator, and memory and disk agree."""
    key = client_key(credits=0.0)
    recorder = start(key)
    recorder.add_credits("key1", 1.0, NOON_S)
    disk.code = code
    with pytest.raises(OSError):
        recorder.add_credits("key1", 5.0, NOON_S)
    disk.code = None
    assert picodollars(1.0) == recorder.ledger.balance_pd(key) == start(key).ledger.balance_pd(key)


@pytest.mark.parametrize(
    "content", ["", "[]", '{"schema":1}', '{"schema":1,"added":{"a":5}}', "nul"]
)
def test_a_damaged_credits_file_is_said_and_set_aside(start, tmp_path, content, caplog):
    """It adds nothing, and it is there to be looked at."""
    (tmp_path / "credits.json").write_text(content)
    recorder = start()
    assert recorder.ledger.added_pd("key1") == 0
    assert content == (tmp_path / "credits.json.damaged").read_text()
    assert any("damaged" in message for message in caplog.messages)


def test_a_newer_credits_file_is_never_overwritten(start, tmp_path):
    """Adding is refused."""
    (tmp_path / "credits.json").write_text('{"schema": 99}')
    with pytest.raises(OSError, match="later version"):
        start().add_credits("key1", 1.0, NOON_S)
    assert (tmp_path / "credits.json").read_text() == '{"schema": 99}'


def test_only_calls_since_created_at_count(start):
    """Changing it in the configuration restates the spending, for calls written and waiting alike,
    and a restart agrees.
    """
    recorder = start()
    for hours in (0, 30, 60):
        recorder.record(call(at_s=NOON_S + hours * HOUR_S, cost_pd=10**hours))
        recorder.commit(NOON_S + hours * HOUR_S)
    recorder.record(call(at_s=NOON_S + 61 * HOUR_S, cost_pd=7))
    renewed = client_key(created_at_s=NOON_S + 20 * HOUR_S)
    recorder.configure(config(renewed))
    assert recorder.ledger.spent_pd("key1") == 10**30 + 10**60 + 7
    recorder.record(call(at_s=NOON_S, cost_pd=5))
    recorder.commit(NOON_S + 62 * HOUR_S)
    again = start(renewed)
    assert 10**30 + 10**60 + 7 == again.ledger.spent_pd("key1") == recorder.ledger.spent_pd("key1")
    again.configure(config())
    assert again.ledger.spent_pd("key1") == 1 + 10**30 + 10**60 + 7 + 5


def test_a_call_is_given_back_with_its_cost(start):
    """For the log line; one without a price has none."""
    recorder = start()
    assert Decimal("0.00035") * 10**12 == recorder.record(call()).cost_pd
    assert None is recorder.record(call(usage=None)).cost_pd
