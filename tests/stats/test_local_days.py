"""Figures by the day are those of the local day (`TZ`)."""

import datetime
import time
import zoneinfo

import pytest
from sample_calls import call

from uniapi.config import Retention
from uniapi.money import Calendar
from uniapi.stats import RecentSums, Recorder, series_report, status_figures, terminal_report
from uniapi.storage import DiskFolder

BERLIN, KOLKATA, DENVER = "Europe/Berlin", "Asia/Kolkata", "America/Denver"
DAYS = 20


def calendar_of(place):
    zone = zoneinfo.ZoneInfo(place)

    def localtime(at_s):
        local = datetime.datetime.fromtimestamp(at_s, zone)
        offset = int(local.utcoffset().total_seconds())
        return time.struct_time(local.timetuple(), {"tm_gmtoff": offset, "tm_zone": local.tzname()})

    return Calendar(localtime)


def epoch(place, text):
    return (
        datetime.datetime.fromisoformat(text).replace(tzinfo=zoneinfo.ZoneInfo(place)).timestamp()
    )


def recorded(*times_s):
    recorder = Recorder()
    for number, at_s in enumerate(times_s):
        recorder.record(call(f"r{number}", at_s=at_s))
    return recorder


def by_date(figures, name="requests"):
    line = figures["all"][name] if "all" in figures else figures[name]
    assert len(line) == len(figures["times"]) == len(figures["dates"])
    return {date: count for date, count in zip(figures["dates"], line, strict=True) if count}


@pytest.mark.parametrize(
    ("place", "at", "date"),
    [
        (BERLIN, "2026-11-03T00:10", "2026-11-03"),
        (BERLIN, "2026-11-03T23:50", "2026-11-03"),
        (DENVER, "2026-11-03T18:00", "2026-11-03"),
        # An hour belongs to the day in which it begins: midnight is half past an hour of UTC.
        (KOLKATA, "2026-11-03T00:20", "2026-11-02"),
        (KOLKATA, "2026-11-03T00:40", "2026-11-03"),
        (KOLKATA, "2026-11-03T23:59", "2026-11-03"),
    ],
)
def test_a_call_stands_at_its_local_day(place, at, date):
    """In the chart of everything and in that of one model."""
    recorder, calendar = recorded(epoch(place, at)), calendar_of(place)
    now_s = epoch(place, "2026-11-09T12:00")
    recorder.commit(now_s)
    figures = status_figures(recorder, 24 * DAYS, now_s, calendar=calendar)
    assert by_date(figures) == {date: 1}
    assert (len(figures["times"]), figures["step_s"]) == (DAYS, 86400)
    assert figures["times"][-1] == epoch(place, "2026-11-09T00:00")
    series = series_report(RecentSums(recorder), {}, 24 * DAYS, now_s, None, calendar)
    assert by_date(series) == {date: 1}
    assert series["times"] == figures["times"]


@pytest.mark.parametrize(("month_day", "hours"), [("03-29", 23), ("10-25", 25), ("10-24", 24)])
def test_a_day_has_its_own_hours(month_day, hours):
    """23 where the clocks go forward, 25 where they go back."""
    begin, now_s = (epoch(BERLIN, f"2026-{month_day}T{at}") for at in ("00:00", "23:59"))
    # One call for every hour, and for the hour before and the one after.
    recorder = recorded(*(begin + hour * 3600 for hour in range(-1, hours + 1)))
    figures = status_figures(recorder, 24 * DAYS, now_s + 7200, calendar=calendar_of(BERLIN))
    assert list(by_date(figures).values()) == [1, hours, 1]


@pytest.mark.parametrize("place", [BERLIN, KOLKATA, DENVER, "Pacific/Apia", "UTC"])
def test_the_steps_together_are_the_whole(place):
    """No call is in two days or in none, whatever the minute one looks at."""
    calendar = calendar_of(place)
    end = epoch(place, "2026-11-09T00:00")
    recorder = recorded(*(end - 1800 * number for number in range(-4, 48 * 25)))
    for minutes in (0, 10, 29, 31, 59, 90):
        figures = status_figures(recorder, 24 * DAYS, end + minutes * 60, calendar=calendar)
        assert sum(figures["all"]["requests"]) == figures["summary"]["totals"]["requests"] > 0


@pytest.mark.parametrize("place", [BERLIN, KOLKATA, DENVER])
def test_a_day_of_which_only_the_sum_is_kept_stands_at_its_date(tmp_path, place):
    """Older than hours are kept: days of UTC, and none is lost."""
    day_s = 86400.0
    recorder = Recorder(DiskFolder(tmp_path), retention=Retention(hourly_s=2 * day_s))
    recorder.open()
    noon_s = datetime.datetime(2026, 11, 3, 12, tzinfo=datetime.timezone.utc).timestamp()
    for hour in range(-12, 12):
        recorder.record(call(f"r{hour}", at_s=noon_s + hour * 3600))
    now_s = noon_s + 6 * day_s
    for hours_before in (1, 0):
        recorder.commit(now_s - hours_before * 3600)
    recorder.compact(now_s)
    figures = status_figures(recorder, 24 * DAYS, now_s, calendar=calendar_of(place))
    assert by_date(figures) == {"2026-11-03": 24}
    assert figures["summary"]["totals"]["requests"] == 24
    recorder.close(now_s)


def test_the_terminal_names_local_days():
    """The first and the last by their dates."""
    at_s = epoch(KOLKATA, "2026-11-03T12:00")
    figures = status_figures(recorded(at_s), 24 * 15, at_s, calendar=calendar_of(KOLKATA))
    text = terminal_report(figures, title="t")
    assert "in one day)" in text
    assert "10-20" in text
    assert "11-03" in text
