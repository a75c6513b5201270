"""A call as one line of the journal, and back. Members that say nothing are left out; what the line
cannot hold (a vendor's raw usage) is not remembered.

Reading is lenient: a line of another kind, or one that makes no sense, is no call.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from math import isfinite
from typing import Any, TypeGuard, cast

from uniapi.canonical import Usage
from uniapi.money import plausible

from .columns import KEPT, Figures, stated_figures
from .records import AttemptRecord, CallRecord

LONGEST_NAME = 200
"""Of what a client may choose freely: model names and paths."""

_quoted = json.encoder.encode_basestring
"""A text as a JSON string; the standard library's own, in C."""


def rounded_s(seconds: float) -> float:
    """Seconds as the journal holds them, to the millisecond; what cannot be a time is 0."""
    return round(seconds, 3) if -1e12 < seconds < 1e12 else 0.0


def _written_s(seconds: float) -> str:
    """`rounded_s` as text, without making the number: the shortest text of a number is slow to
    find.
    """
    return f"{seconds:.3f}" if -1e12 < seconds < 1e12 else "0"


def _are_times(seconds: Sequence[float | None]) -> TypeGuard[Sequence[float]]:
    """Whether all of them are known, and can be times: the usual case."""
    if None in seconds:
        return False
    known = cast("Sequence[float]", seconds)
    return isfinite(sum(known)) and min(known) > -1e12 and max(known) < 1e12


def short_name(text: str) -> str:
    """A name that a client chose, as the journal holds it: bounded, and valid Unicode."""
    text = text[:LONGEST_NAME]
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def encode_call(call: CallRecord) -> bytes:
    """The line, with its line break."""
    return next(lines_of((call,), stated_figures((call,))))


def lines_of(calls: Sequence[CallRecord], figures: Figures) -> Iterator[bytes]:
    """The lines, with their line breaks, of equal calls (`batch`) for which `figures` were stated.

    One template is filled in for each of them, since it is done for every request: an encoder takes
    twenty times as long.
    """
    call, lines = calls[0], _Template()
    asked = _asked(call.key_id, call.key_label, call.operation, call.endpoint, call.requested_model)
    lines.same('{"id":')
    lines.texts([_quoted(one.request_id) for one in calls])
    lines.seconds(',"at":', [one.at_s for one in calls])
    lines.same(f',{asked},"status":{call.status:d},"outcome":{_quoted(call.outcome)}')
    lines.seconds(',"s":', [one.total_s for one in calls])
    if call.provider is not None:
        lines.same(_served(call.provider, call.provider_id, call.upstream_model))
    if call.stream:
        lines.same(',"stream":true')
    lines.seconds(',"first":', [one.first_token_s for one in calls])
    lines.tokens(calls, figures)
    lines.counts(',"cost":', [one.cost_pd for one in calls])
    if call.client_ip is not None:
        lines.same(f',"ip":{_quoted(call.client_ip)}')
    if call.is_flagged:
        lines.same(',"flagged":true')
    if call.message:
        lines.same(f',"said":{_quoted(call.message)}')
    separator = ',"attempts":['
    for place, attempt in enumerate(call.attempts):
        tried = _tried(attempt.credential_id, attempt.credential_display, attempt.outcome)
        lines.same(f"{separator}{{{tried}")
        lines.seconds(',"s":', [one.attempts[place].duration_s for one in calls])
        lines.same(_came_to(attempt, call))
        separator = ","
    lines.same("]}\n" if call.attempts else "}\n")
    return lines.filled()


class _Template:
    """What lines have in common as text, and columns of what each has of its own. What is no
    Unicode becomes a question mark.
    """

    def __init__(self) -> None:
        self._text = ""
        self._columns: list[Iterable[object]] = []

    def same(self, text: str) -> None:
        self._text += text.replace("%", "%%")

    def texts(self, column: Iterable[str]) -> None:
        self._put("%b", [one.encode("utf-8", "replace") for one in column])

    def seconds(self, before: str, column: Sequence[float | None]) -> None:
        """Times behind a text; neither where a line has none."""
        if _are_times(column):
            self.same(before)
            self._put("%.3f", column)
        elif column.count(None) < len(column):
            self.texts(["" if one is None else before + _written_s(one) for one in column])

    def counts(self, before: str, column: Sequence[int | None]) -> None:
        """The same of whole numbers."""
        if None not in column:
            self.same(before)
            self._put("%d", column)
        elif column.count(None) < len(column):
            self.texts(["" if one is None else f"{before}{one:d}" for one in column])

    def tokens(self, calls: Sequence[CallRecord], figures: Figures) -> None:
        """The member with the counts that are known; nothing when none is."""
        if not figures:
            return
        is_usual = all(len(one) == len(calls) and None not in one for one in figures.values())
        if not is_usual or any(call.usage and call.usage.is_estimate for call in calls):
            self.texts([_tokens(call.usage) for call in calls])
            return
        separator = ',"tokens":{'
        for name, column in figures.items():
            self.counts(f'{separator}"{KEPT[name]}":', column)
            separator = ","
        self.same("}")

    def filled(self) -> Iterator[bytes]:
        """The lines. In bytes: that takes half as long, and none of them is encoded."""
        form = self._text.encode("utf-8", "replace")
        return map(form.__mod__, zip(*self._columns, strict=True))

    def _put(self, form: str, column: Iterable[object]) -> None:
        self._text += form
        self._columns.append(column)


@lru_cache(maxsize=256)
def _asked(key_id: str, label: str, operation: str, endpoint: str, model: str) -> str:
    return (
        f'"key":{_quoted(key_id)},"label":{_quoted(label)},"op":{_quoted(operation)},'
        f'"path":{_quoted(short_name(endpoint))},"model":{_quoted(short_name(model))}'
    )


@lru_cache(maxsize=256)
def _served(provider: str, provider_id: str | None, upstream_model: str | None) -> str:
    text = f',"provider":{_quoted(provider)},"upstream":{_quoted(upstream_model or "")}'
    return text if provider_id == provider else f'{text},"provider_id":{_quoted(provider_id or "")}'


@lru_cache(maxsize=256)
def _tried(credential_id: str, display: str, outcome: str) -> str:
    return f'"key":{_quoted(credential_id)},"shown":{_quoted(display)},"outcome":{_quoted(outcome)}'


def decode_call(line: bytes) -> CallRecord | None:
    """The call in a line; None when there is none."""
    try:
        found = json.loads(line)
        if not isinstance(found, dict) or "outcome" not in found:
            return None
        return _call(found)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return None


def _tokens(usage: Usage | None) -> str:
    if usage is None:
        return ""
    stated = [(short, plausible(getattr(usage, name))) for name, short in KEPT.items()]
    inside = [f'"{short}":{count}' for short, count in stated if count is not None]
    if usage.is_estimate and inside:
        inside.append('"estimated":true')
    return f',"tokens":{{{",".join(inside)}}}' if inside else ""


def _came_to(attempt: AttemptRecord, call: CallRecord) -> str:
    """What stands behind the time of an attempt; provider and model only where they differ from the
    call's own.
    """
    text = ""
    if attempt.provider != call.provider:
        text += f',"provider":{_quoted(attempt.provider)}'
    if attempt.provider_id != (
        call.provider_id if attempt.provider == call.provider else attempt.provider
    ):
        text += f',"provider_id":{_quoted(attempt.provider_id)}'
    if attempt.upstream_model != call.upstream_model:
        text += f',"upstream":{_quoted(attempt.upstream_model)}'
    if attempt.status is not None:
        text += f',"status":{attempt.status:d}'
    if attempt.message:
        text += f',"why":{_quoted(attempt.message)}'
    if attempt.credential_number != 1:
        text += f',"n":{attempt.credential_number:d}'
    return text + "}"


def _call(line: Mapping[str, Any]) -> CallRecord:
    provider = _text_or_none(line.get("provider"))
    provider_id = _text_or_none(line.get("provider_id", provider))
    upstream_model = _text_or_none(line.get("upstream"))
    tokens = line.get("tokens")
    return CallRecord(
        request_id=_text(line["id"]),
        at_s=_seconds(line["at"]),
        key_id=_text(line["key"]),
        key_label=_text(line["label"]),
        operation=_text(line["op"]),
        endpoint=_text(line["path"]),
        requested_model=_text(line["model"]),
        provider=provider,
        provider_id=provider_id,
        upstream_model=upstream_model,
        status=_whole(line["status"]),
        outcome=_text(line["outcome"]),
        stream=line.get("stream") is True,
        attempts=tuple(
            _attempt_of(entry, provider, provider_id, upstream_model)
            for entry in line.get("attempts", ())
        ),
        usage=_usage(tokens) if tokens is not None else None,
        cost_pd=_whole(line["cost"]) if line.get("cost") is not None else None,
        first_token_s=_seconds(line["first"]) if line.get("first") is not None else None,
        total_s=_seconds(line["s"]),
        client_ip=_text_or_none(line.get("ip")),
        is_flagged=line.get("flagged") is True,
        message=_text(line.get("said", "")),
    )


def _attempt_of(
    line: Mapping[str, Any],
    provider: str | None,
    provider_id: str | None,
    upstream_model: str | None,
) -> AttemptRecord:
    own = line.get("provider")
    return AttemptRecord(
        provider=_text(provider if own is None else own),
        provider_id=_text(line.get("provider_id", provider_id if own is None else own)),
        upstream_model=_text(line.get("upstream", upstream_model)),
        credential_id=_text(line["key"]),
        credential_display=_text(line["shown"]),
        outcome=_text(line["outcome"]),
        status=_whole(line["status"]) if line.get("status") is not None else None,
        duration_s=_seconds(line["s"]),
        message=_text(line.get("why", "")),
        credential_number=_whole(line.get("n", 1)),
    )


def _usage(tokens: Mapping[str, Any]) -> Usage:
    known: dict[str, Any] = {
        name: _whole(tokens[short]) for name, short in KEPT.items() if short in tokens
    }
    return Usage(**known, is_estimate=tokens.get("estimated") is True)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _text_or_none(value: Any) -> str | None:
    return None if value is None else _text(value)


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def _seconds(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not -1e12 < value < 1e12:
        raise TypeError
    return float(value)
