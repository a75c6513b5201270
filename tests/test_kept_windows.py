"""Long rate windows in the data dir: written when something was counted, and again until the disk
takes them.
"""

import errno

import pytest

from uniapi.config import ByModel, ClientKey, parse_rates
from uniapi.kept_windows import WINDOWS_FILE, KeptWindows
from uniapi.limits import Limits, Refused
from uniapi.storage import MemoryFolder

KEY = ClientKey(
    key_id="k",
    display="sk-…",
    secret="sk-k",
    label="k",
    rates=ByModel(default=parse_rates("9/min,2/day")),
)


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


def used(limits, times):
    for _ in range(times):
        assert not isinstance(limits.admit(KEY, "m", now=50.0), Refused)


def test_what_was_counted_limits_the_next_process():
    """And is written once, not again while nothing happens."""
    folder, limits = MemoryFolder(), Limits()
    kept = KeptWindows(limits, folder, Clock())
    assert kept.changed() is None
    used(limits, 2)
    kept.write(kept.changed())
    assert kept.changed() is None
    again = Limits()
    KeptWindows(again, folder, Clock()).load()
    assert isinstance(again.admit(KEY, "m", now=50.0), Refused)


def test_a_full_disk_is_said_once_and_tried_until_it_frees(caplog):
    """Nothing of it is forgotten meanwhile."""
    folder, limits = FullFolder(), Limits()
    kept = KeptWindows(limits, folder, Clock())
    used(limits, 1)
    for _ in range(3):
        kept.write(kept.changed(at_once=True))
    assert len(caplog.records) == 1
    folder.is_full = False
    kept.write(kept.changed(at_once=True))
    assert kept.changed() is None
    assert "kept again" in caplog.text
    assert folder.size(WINDOWS_FILE) > 0


def test_a_large_file_is_written_less_often():
    """A hundred thousand bytes a second on the average; at the end at once."""
    clock, limits = Clock(), Limits()
    kept = KeptWindows(limits, MemoryFolder(), clock)
    for number in range(2000):
        limits.admit(KEY, f"model-{number}", now=50.0)
    _, content = kept.changed()
    assert len(content) > 100_000
    clock.monotonic = 51.0
    assert kept.changed() is None
    assert kept.changed(at_once=True) is not None
    clock.monotonic = 51.0 + len(content) / 100_000
    assert kept.changed() is not None


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"[" * 100_000])
def test_a_damaged_file_is_as_if_nothing_had_been(content):
    """The gateway starts."""
    folder, limits = MemoryFolder(), Limits()
    folder.replace(WINDOWS_FILE, content)
    KeptWindows(limits, folder, Clock()).load()
    used(limits, 2)
