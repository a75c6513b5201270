"""A month in the life of a busy gateway; `month.py` prints the figures of a larger one."""

import pytest
from month import DAYS, HOUR_S, month_of_calls, resident_mb, size_of

from uniapi.stats import Recorder, stats_report, status_figures
from uniapi.storage import DiskFolder

CALLS = 6000


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_month_stays_small_and_every_call_is_in_the_reports(tmp_path):
    """The memory of the last week is that of the first; the disk keeps to its bound; a new start
    knows it all, by the hour and by the day.
    """
    memory = []
    recorder = Recorder(DiskFolder(tmp_path))
    recorder.open()
    end_s = month_of_calls(recorder, CALLS, lambda: memory.append(resident_mb()))
    recorder.close(end_s)
    week = 7 * 24
    assert max(memory[-week:]) < 10 + max(memory[:week])
    assert size_of(tmp_path) < 50e6
    again = Recorder(DiskFolder(tmp_path))
    again.open()
    assert stats_report(again, DAYS * 24, end_s)["totals"]["requests"] == CALLS
    for hours in (24, week, DAYS * 24):
        figures = status_figures(again, hours, end_s)
        wanted = again.window(end_s - (hours - 1) * HOUR_S, end_s).totals()[0]
        assert wanted == sum(figures["all"]["requests"]) == figures["summary"]["totals"]["requests"]
        assert wanted == sum(line["requests"] for line in figures["models"])
