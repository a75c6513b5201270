"""Calendar periods in zones that have every oddity."""

import calendar
import datetime
import time
import zoneinfo

import pytest

from uniapi.money import Calendar


def zone(name):
    """`time.localtime` of a place, without touching the process's own zone."""
    place = zoneinfo.ZoneInfo(name)

    def localtime(at_s):
        local = datetime.datetime.fromtimestamp(at_s, place)
        offset = int(local.utcoffset().total_seconds())
        return time.struct_time(local.timetuple(), {"tm_gmtoff": offset, "tm_zone": local.tzname()})

    return Calendar(localtime)


def epoch(name, text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=zoneinfo.ZoneInfo(name)).timestamp()


@pytest.mark.parametrize(
    ("place", "period", "at", "start", "end"),
    [
        ("Europe/Berlin", "day", "2026-11-30T12:00", "2026-11-30T00:00", "2026-12-01T00:00"),
        ("Europe/Berlin", "day", "2026-03-29T12:00", "2026-03-29T00:00", "2026-03-30T00:00"),
        ("Europe/Berlin", "day", "2026-10-25T00:30", "2026-10-25T00:00", "2026-10-26T00:00"),
        ("America/Havana", "day", "2026-03-08T12:00", "2026-03-08T01:00", "2026-03-09T00:00"),
        ("Asia/Kolkata", "hour", "2026-11-30T12:10", "2026-11-30T12:00", "2026-11-30T13:00"),
        ("Asia/Kathmandu", "day", "2026-11-30T23:59", "2026-11-30T00:00", "2026-12-01T00:00"),
        ("Europe/Berlin", "week", "2026-11-29T23:59", "2026-11-23T00:00", "2026-11-30T00:00"),
        ("Europe/Berlin", "week", "2026-11-30T00:00", "2026-11-30T00:00", "2026-12-07T00:00"),
        ("Europe/Berlin", "month", "2026-02-28T23:59", "2026-02-01T00:00", "2026-03-01T00:00"),
        ("Pacific/Auckland", "month", "2028-02-29T12:00", "2028-02-01T00:00", "2028-03-01T00:00"),
        ("America/New_York", "year", "2026-12-31T23:59", "2026-01-01T00:00", "2027-01-01T00:00"),
        ("UTC", "minute", "2026-11-30T12:10:59", "2026-11-30T12:10", "2026-11-30T12:11"),
        ("UTC", "second", "2026-11-30T12:10:59", "2026-11-30T12:10:59", "2026-11-30T12:11"),
    ],
)
def test_a_period_is_the_calendars(place, period, at, start, end):
    """Days of 23 and 25 hours, days that begin at one, hours that begin at half past."""
    found = zone(place).bounds(period, epoch(place, at))
    assert (epoch(place, start), epoch(place, end)) == found


@pytest.mark.parametrize("place", ["Europe/Berlin", "Pacific/Apia", "America/St_Johns", "UTC"])
@pytest.mark.parametrize("period", ["hour", "day", "week", "month", "year"])
def test_periods_follow_each_other_without_gap(place, period):
    """Every second of some years lies in exactly one; also on the day that Samoa left out."""
    of_zone = zone(place)
    at, end = calendar.timegm((2011, 12, 1, 0, 0, 0)), calendar.timegm((2012, 4, 1, 0, 0, 0))
    start, next_start = of_zone.bounds(period, at)
    while next_start < end:
        assert start < next_start
        assert of_zone.bounds(period, next_start - 1)[1] == next_start
        start, next_start = of_zone.bounds(period, next_start)


def test_an_hour_that_comes_twice_is_two():
    """What was spent in the first is not held against the second."""
    berlin = zone("Europe/Berlin")
    first = calendar.timegm((2026, 10, 25, 0, 30, 0))
    assert berlin.bounds("hour", first)[1] == berlin.bounds("hour", first + 3600)[0]
