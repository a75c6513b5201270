"""When an upstream says to come back: in a header, or in words. The one reading of it that every
dialect's errors use.

Headers: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3, and OpenAI's `retry-after-ms`. A
moment is measured against the answer's own `date`, so a clock that is wrong here does no harm;
whoever hands the headers in adds `date` where the upstream gave none. Nonsense (no number,
infinity) is no delay; nobody is believed for more than a year.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

LONGEST_S = 366 * 86400.0
_MOMENTS = (1e9, 1e10)
"""A `retry-after` of so many seconds, 31 years and more, is a moment since 1970."""
_READ = 16_384
"""Characters of a message that are read."""

_TEXT = re.compile(
    r"(?:(?:try again|retry|retry[ -]after|reset(?:s)?|available|wait)(?: in| after| for)?:?"
    r" *(?:about |approximately )?)"
    r"((?:\d{1,30}(?:\.\d{1,30})?"
    r" *(?:days?|hours?|hrs?|minutes?|mins?|milliseconds?|ms|seconds?|secs?|[dhms])(?![a-z])"
    r" *(?:and )?)+)",
    re.IGNORECASE,
)
_PIECE = re.compile(
    r"(\d{1,30}(?:\.\d{1,30})?)"
    r" *(days?|hours?|hrs?|minutes?|mins?|milliseconds?|ms|seconds?|secs?|[dhms])(?![a-z])",
    re.IGNORECASE,
)
_CHINESE = re.compile(
    r"((?:\d{1,9}(?:\.\d{1,3})? ?(?:天|个?小时|分钟?|秒钟?|毫秒) ?){1,4})[之以]?后"
)
_CHINESE_PIECE = re.compile(r"(\d{1,9}(?:\.\d{1,3})?) ?(天|个?小时|分|秒|毫秒)")
_CHINESE_SECONDS = {"天": 86400.0, "时": 3600.0, "分": 60.0, "秒": 1.0}
_CHINESE_VERBS = ("重试", "再试", "再次", "请求", "重置", "恢复", "刷新", "解除")
_UNIT_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "ms": 0.001, "s": 1.0}

_MOMENT = re.compile(
    r"(?<![\d:.-])"
    r"(?:(?:(?P<year>\d{4})[-/])?(?P<month>\d{1,2})[-/](?P<day>\d{1,2})(?:[T ]|,? at |(?!\d)))?"
    r"(?:(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d{1,9})?)?)?"
    r" ?(?P<half>[AaPp][Mm]\b)?"
    r" ?(?P<zone>Z\b|(?:UTC|GMT)? ?[+-]\d{1,2}(?::?\d{2})?\b|UTC\b|GMT\b)?"
)
"""As plans write the end of a limit: `2026-07-16 20:07:48 +0800 CST` (Ark), `2026-05-15T15:00:00Z`
(MiniMax), `2026-09-18 02:03:30 UTC+8`, `2026-03-01 at 00:00 UTC` (Anthropic), `09-03 13:34:00 UTC`
(DashScope), `10:00 UTC`, `2026-08-25 07:41:44` (Zhipu, without a zone), `2026-12-01`.
"""
_NAMED_ZONE = re.compile(
    r"resets?(?: at)? (\d{1,2})(?::(\d{2}))? ?([ap]m)"
    r" \(([A-Za-z_]{1,32}(?:/[A-Za-z0-9_+-]{1,32}){0,2})\)",
    re.IGNORECASE,
)
"""As Claude's plans say it: `resets 6:30pm (Asia/Jerusalem)` (github.com/terryso/claude-auto-resume
/issues/24), `reset at 1pm (Etc/GMT+5)` (github.com/anthropics/claude-code/issues/2087, 2026-11-30).
"""
_AFTER = ("重置", "恢复", "刷新", "解除")
_BEFORE = (
    *("reset", "refresh", "regain access", "available", "try again", "retry", "until"),
    *_AFTER,
    "限额将",
)
_NEAR, _RIGHT_AFTER = 48, 16
"""Characters before and behind a moment in which it must be said what happens then."""
_JUST_PAST_S = 600.0
"""A moment so little ago is now: clocks differ."""


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """The delay in `retry-after-ms` or `retry-after` (seconds, as `42s` too, a date, or a moment
    as seconds since 1970), from 0 on; None when absent or unreadable. Names are lower case.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return _bounded(milliseconds / 1000)
    text = headers.get("retry-after")
    now = _date(headers.get("date"))
    seconds = _number(text.strip().removesuffix("s") if text else None)
    is_moment = seconds is not None and _MOMENTS[0] <= seconds < _MOMENTS[1]
    if seconds is not None and not is_moment:
        return _bounded(seconds)
    if now is None:
        return None
    if seconds is not None:
        return _bounded(seconds - now.timestamp())
    until = _date(text)
    return None if until is None else _bounded((until - now).total_seconds())


def delay_in_text(message: str) -> float | None:
    """Seconds in wording such as `try again in 1m2.5s`, `Please retry after 20 seconds`, `in
    350ms`, `请在 5 分钟后重试`; None when there is none.
    """
    match = _TEXT.search(message[:_READ])
    if match is None:
        return _chinese_delay(message[:_READ])
    total = 0.0
    for amount, unit in _PIECE.findall(match[1]):
        unit = unit.lower()
        total += (
            float(amount)
            * _UNIT_SECONDS["ms" if unit == "ms" or unit.startswith("milli") else unit[0]]
        )
    return _bounded(round(total, 3)) if math.isfinite(total) else None


def _chinese_delay(message: str) -> float | None:
    for match in _CHINESE.finditer(message):
        behind = message[match.end() : match.end() + _RIGHT_AFTER]
        if not any(verb in behind for verb in _CHINESE_VERBS):
            continue
        pieces = _CHINESE_PIECE.findall(match[1])
        seconds = sum(
            float(amount) * (0.001 if unit == "毫秒" else _CHINESE_SECONDS[unit[-1]])
            for amount, unit in pieces
        )
        return _bounded(seconds)
    return None


def delay_until(headers: Mapping[str, str], message: str, home_s: float) -> float | None:
    """Seconds to the moment at which the words say that a limit ends; None when they name none, or
    one that is over. `home_s`: the zone of a moment that names none, in seconds east of Greenwich;
    words in Chinese mean China's. Where that would be long past, Greenwich is meant after all.
    """
    now = _date(headers.get("date"))
    if now is None:
        return None
    named = _NAMED_ZONE.search(message[:_READ])
    if named is not None:
        return _delay_to_time(named, now)
    match = _told_moment(message[:_READ])
    if match is None:
        return None
    if match["zone"]:
        zones = [_zone_s(match["zone"])]
    elif match["month"]:
        zones = [8 * 3600.0 if _is_chinese(message) else home_s, 0.0]
    else:
        return None
    for zone_s in zones:
        moment = _moment(match, zone_s, now)
        delay = -math.inf if moment is None else (moment - now).total_seconds()
        if -_JUST_PAST_S <= delay <= LONGEST_S:
            return max(0.0, delay)
    return None


def explicit_delay(headers: Mapping[str, str], message: str) -> float | None:
    """What the headers say, else what the words say: a delay, or a moment of a known zone."""
    delay = retry_after_seconds(headers)
    if delay is None:
        delay = delay_in_text(message)
    return delay if delay is not None else delay_until(headers, message, 0.0)


def _told_moment(message: str) -> re.Match[str] | None:
    """The first moment of which it is said that something comes back then."""
    lowered = message.lower()
    for match in _MOMENT.finditer(message):
        if not match["hour"] and not match["year"]:
            continue
        before = lowered[max(0, match.start() - _NEAR) : match.start()]
        after = lowered[match.end() : match.end() + _RIGHT_AFTER]
        if any(verb in before for verb in _BEFORE) or any(verb in after for verb in _AFTER):
            return match
    return None


def _moment(match: re.Match[str], zone_s: float, now: datetime) -> datetime | None:
    """The moment, with what it leaves out taken from `now`: the next one of its kind."""
    local = now.astimezone(timezone(timedelta(seconds=zone_s)))
    hour = int(match["hour"] or 0)
    if match["half"]:
        hour = hour % 12 + _HALVES[match["half"].lower()]
    try:
        moment = local.replace(
            year=int(match["year"] or local.year),
            month=int(match["month"] or local.month),
            day=int(match["day"] or local.day),
            hour=hour,
            minute=int(match["minute"] or 0),
            second=int(match["second"] or 0),
            microsecond=0,
        )
        if match["year"] or moment >= now - timedelta(seconds=_JUST_PAST_S):
            return moment
        return moment.replace(year=moment.year + 1) if match["month"] else moment + _DAY
    except (ValueError, OverflowError):
        return None


def _delay_to_time(match: re.Match[str], now: datetime) -> float | None:
    """To the next such time of day in a place; None where this host has no zone files for it."""
    from zoneinfo import ZoneInfo  # rarely needed, and it reads the system's files

    hour, minute, half, place = match.groups()
    try:
        local = now.astimezone(ZoneInfo(place))
        moment = local.replace(
            hour=int(hour) % 12 + _HALVES[half.lower()],
            minute=int(minute or 0),
            second=0,
            microsecond=0,
        )
    except (KeyError, ValueError, OSError, OverflowError):
        return None
    if moment < local - timedelta(seconds=_JUST_PAST_S):
        moment += _DAY
    return max(0.0, (moment.astimezone(timezone.utc) - now).total_seconds())


_HALVES = {"am": 0, "pm": 12}
_DAY = timedelta(days=1)


def _zone_s(zone: str) -> float:
    """`Z`, `UTC`, `UTC+8`, `+0800`, `-05:30` → seconds east of Greenwich."""
    sign = -1.0 if "-" in zone else 1.0
    digits = "".join(character for character in zone if character.isdigit())
    hours, minutes = (digits, "") if len(digits) <= 2 else (digits[:-2], digits[-2:])
    seconds = sign * (int(hours or 0) * 3600.0 + int(minutes or 0) * 60.0)
    return seconds if abs(seconds) < 86400.0 else 0.0


def _is_chinese(message: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in message[:_READ])


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _date(text: str | None) -> datetime | None:
    from email.utils import parsedate_to_datetime  # ten modules, which only a failure needs

    try:
        moment = parsedate_to_datetime(text or "")
        # Written without a zone it is UTC, not this host's time.
        return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _bounded(seconds: float) -> float:
    return min(max(0.0, seconds), LONGEST_S)
