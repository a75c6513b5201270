"""Long rate windows in the data dir: written when something was counted, and again until the disk
takes them.
"""

import errno
import json
from dataclasses import replace

import pytest

from uniapi.config import ByModel, ClientKey, parse_rates
from uniapi.kept_windows import SPARE_BYTES, WINDOWS_FILE, KeptWindows
from uniapi.limits import Limits, Refused
from uniapi.storage import MemoryFolder

KEY = ClientKey(
    key_id="k",
    display="sk-…",
    secret="sk-k",
    label="k",
    rates=ByModel(default=parse_rates("9/min,2/day")),
)

PATIENT = replace(KEY, key_id="p", rates=ByModel(default=parse_rates("99999/day")))


class Clock:
    monotonic = 50.0

    def monotonic_s(self):
        return self.monotonic

    def now_s(self):
        return 1e9


class FullFolder(MemoryFolder):
    is_full = True

    def replace(self, name, content):
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        super().replace(name, content)

    def appender(self, name):
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().appender(name)


def used(limits, times, model="m"):
    for _ in range(times):
        assert not isinstance(limits.admit(KEY, model, now=50.0), Refused)


def is_used_up(folder, model="m"):
    again = Limits()
    KeptWindows(again, folder, Clock()).load()
    return isinstance(again.admit(KEY, model, now=50.0), Refused)


def test_what_was_counted_limits_the_next_process():
    """And is written once, not again while nothing happens."""
    folder, limits = MemoryFolder(), Limits()
    kept = KeptWindows(limits, folder, Clock())
    kept.flush()
    assert folder.names() == []
    used(limits, 2)
    kept.flush()
    size = folder.size(WINDOWS_FILE)
    kept.flush(at_once=True)
    assert size == folder.size(WINDOWS_FILE)
    assert is_used_up(folder)


def test_a_window_that_was_counted_into_costs_its_own_line():
    """Not the nine hundred others: three hundred keys of three models were written every 38 s."""
    folder, limits, clock = MemoryFolder(), Limits(), Clock()
    kept = KeptWindows(limits, folder, clock)
    for number in range(900):
        used(limits, 1, f"model-{number}")
    kept.flush()
    whole = folder.size(WINDOWS_FILE)
    clock.monotonic += 1
    used(limits, 1, "model-7")
    kept.flush()
    assert folder.size(WINDOWS_FILE) - whole < whole / 300
    assert is_used_up(folder, "model-7")
    assert not is_used_up(folder, "model-8")


def test_the_file_is_rewritten_before_it_is_large():
    folder, limits, clock = MemoryFolder(), Limits(), Clock()
    kept = KeptWindows(limits, folder, clock)
    largest = 0
    for number in range(20_000):
        limits.admit(PATIENT, f"model-{number % 5}", now=50.0)
        kept.flush(at_once=True)
        largest = max(largest, folder.size(WINDOWS_FILE))
    assert largest < 2 * SPARE_BYTES
    again = Limits()
    KeptWindows(again, folder, clock).load()
    assert sum(one.window.used(50.0) for one in again.long_windows()) == 20_000


def test_a_full_disk_is_said_once_and_tried_until_it_frees(caplog):
    """Nothing of it is forgotten meanwhile."""
    folder, limits = FullFolder(), Limits()
    kept = KeptWindows(limits, folder, Clock())
    used(limits, 1)
    for _ in range(3):
        kept.flush(at_once=True)
    assert len(caplog.records) == 1
    folder.is_full = False
    kept.flush(at_once=True)
    assert "kept again" in caplog.text
    used(limits, 1)
    folder.is_full = True
    kept.flush(at_once=True)
    folder.is_full = False
    kept.flush(at_once=True)
    assert is_used_up(folder)


def test_very_much_is_written_less_often():
    """Half a million bytes a second on the average; at the end at once."""
    clock, limits, folder = Clock(), Limits(), MemoryFolder()
    kept = KeptWindows(limits, folder, clock)
    for number in range(20_000):
        used(limits, 1, f"model-{number}")
    kept.flush()
    size = folder.size(WINDOWS_FILE)
    clock.monotonic += 1
    used(limits, 1)
    kept.flush()
    assert size == folder.size(WINDOWS_FILE)
    kept.flush(at_once=True)
    assert size < folder.size(WINDOWS_FILE)


def test_the_file_of_an_earlier_version_is_read():
    folder, limits = MemoryFolder(), Limits()
    used(limits, 2)
    stored = {"windows": [one.dump(50.0, 1e9) for one in limits.long_windows()]}
    folder.replace("windows.json", json.dumps(stored).encode())
    assert is_used_up(folder)
    kept = KeptWindows(again := Limits(), folder, Clock())
    kept.load()
    used(again, 1, "n")
    kept.flush()
    assert folder.names() == [WINDOWS_FILE]
    assert is_used_up(folder)


@pytest.mark.parametrize("torn", range(1, 60, 7))
def test_a_torn_line_is_no_line(torn):
    folder, limits = MemoryFolder(), Limits()
    kept = KeptWindows(limits, folder, Clock())
    used(limits, 2)
    kept.flush()
    whole = folder.read(WINDOWS_FILE)
    folder.replace(WINDOWS_FILE, whole + whole[:torn])
    assert is_used_up(folder)


@pytest.mark.parametrize("content", [b"", b"[1]\n", b"{\n", b"[" * 100_000 + b"\n", b"{}\n"])
@pytest.mark.parametrize("name", [WINDOWS_FILE, "windows.json"])
def test_a_damaged_file_is_as_if_nothing_had_been(name, content):
    """The gateway starts."""
    folder, limits = MemoryFolder(), Limits()
    folder.replace(name, content)
    KeptWindows(limits, folder, Clock()).load()
    used(limits, 2)
