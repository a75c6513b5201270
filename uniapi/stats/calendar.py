"""Hours and days since the epoch, in UTC: the grid that counts are kept on."""

from __future__ import annotations

import datetime

from .journal_line import rounded_s

HOUR_S = 3600
DAY_S = 86400
_EPOCH_ORDINAL = datetime.date(1970, 1, 1).toordinal()
_LAST_DAY = datetime.date.max.toordinal() - _EPOCH_ORDINAL
_LAST_HOUR = _LAST_DAY * 24 + 23


def hour_of(at_s: float) -> int:
    """The hour (since the epoch) that a moment lies in, to the millisecond that the journal keeps.

    What no clock can mean falls on the first hour or the last.
    """
    # Rounding is slow, and only in the last millisecond of a second does it come to another one.
    is_plain = 0 <= at_s < 1e12 and at_s % 1 < 0.999
    hour = int(at_s if is_plain else rounded_s(at_s)) // HOUR_S
    return min(max(hour, 0), _LAST_HOUR)


def plain_span(hour: int) -> tuple[float, float]:
    """From when and until when moments lie in an hour, but for those that rounding puts there or
    elsewhere.
    """
    return hour * HOUR_S, (hour + 1) * HOUR_S - 0.001


def day_name(day: int) -> str:
    """`2026-11-03` for a day since the epoch."""
    return datetime.date.fromordinal(min(max(0, day), _LAST_DAY) + _EPOCH_ORDINAL).isoformat()


def day_of_name(name: str) -> int | None:
    """The other way; None for a text that is no date."""
    try:
        return datetime.date.fromisoformat(name).toordinal() - _EPOCH_ORDINAL
    except ValueError:
        return None
