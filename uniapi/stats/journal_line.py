"""A call as one line of the journal, and back. Members that say nothing are left out; what the line
cannot hold (a vendor's raw usage) is not remembered.

Reading is lenient: a line of another kind, or one that makes no sense, is no call.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Any

from uniapi.canonical import Usage
from uniapi.money import plausible

from .columns import COLUMNS
from .records import AttemptRecord, CallRecord

LONGEST_NAME = 200
"""Of what a client may choose freely: model names and paths."""

_quoted = json.encoder.encode_basestring
"""A text as a JSON string; the standard library's own, in C."""
_KEPT = tuple((column.journal, column.name) for column in COLUMNS if column.journal is not None)
"""Members of a line's `tokens`, and the members of the usage that they keep."""
_MEMBERS = tuple(member for member, _ in _KEPT)
_read_kept = attrgetter(*(name for _, name in _KEPT))


def rounded_s(seconds: float) -> float:
    """Seconds as the journal holds them, to the millisecond; what cannot be a time is 0."""
    return round(seconds, 3) if -1e12 < seconds < 1e12 else 0.0


def _written_s(seconds: float) -> str:
    """`rounded_s` as text, without making the number: the shortest text of a number is slow to
    find.
    """
    return f"{seconds:.3f}" if -1e12 < seconds < 1e12 else "0"


def short_name(text: str) -> str:
    """A name that a client chose, as the journal holds it: bounded, and valid Unicode."""
    text = text[:LONGEST_NAME]
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def encode_call(call: CallRecord) -> bytes:
    """The line, with its line break."""
    return encode_text(LineForm(call).line(call))


def encode_text(text: str) -> bytes:
    """Lines as the journal holds them; what is no Unicode is a question mark."""
    return text.encode("utf-8", "replace")


class LineForm:
    """What the lines of equal calls (`batch`) have in common, as JSON text: between its pieces
    stand the id, times, tokens and the cost of each.

    Written piece by piece, since it is done for every request: an encoder takes ten times as long.
    """

    __slots__ = ("_asked", "_attempts", "_served", "_shown")

    def __init__(self, call: CallRecord) -> None:
        asked = _asked(
            call.key_id, call.key_label, call.operation, call.endpoint, call.requested_model
        )
        self._asked = f',{asked},"status":{call.status:d},"outcome":{_quoted(call.outcome)},"s":'
        self._served = (
            ""
            if call.provider is None
            else _served(call.provider, call.provider_id, call.upstream_model)
        )
        if call.stream:
            self._served += ',"stream":true'
        self._shown = "" if call.client_ip is None else f',"ip":{_quoted(call.client_ip)}'
        if call.is_flagged:
            self._shown += ',"flagged":true'
        if call.message:
            self._shown += f',"said":{_quoted(call.message)}'
        self._attempts = [_attempt(attempt, call) for attempt in call.attempts]

    def line(self, call: CallRecord) -> str:
        """That of one of them, with its line break."""
        text = (
            f'{{"id":{_quoted(call.request_id)},"at":{_written_s(call.at_s)}'
            f"{self._asked}{_written_s(call.total_s)}{self._served}"
        )
        if call.first_token_s is not None:
            text += f',"first":{_written_s(call.first_token_s)}'
        if call.usage is not None:
            text += _tokens(call.usage)
        if call.cost_pd is not None:
            text += f',"cost":{call.cost_pd:d}'
        text += self._shown
        separator = ',"attempts":['
        for (before, after), attempt in zip(self._attempts, call.attempts, strict=True):
            text += f"{separator}{before}{_written_s(attempt.duration_s)}{after}"
            separator = ","
        return text + ("]}\n" if self._attempts else "}\n")


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


def _tokens(usage: Usage) -> str:
    """The member with the counts that are known; nothing when none is."""
    inside = [
        f'"{short}":{count}'
        for short, count in zip(_MEMBERS, _read_kept(usage), strict=False)
        if count is not None and plausible(count) is not None
    ]
    if usage.is_estimate and inside:
        inside.append('"estimated":true')
    return f',"tokens":{{{",".join(inside)}}}' if inside else ""


def _attempt(attempt: AttemptRecord, call: CallRecord) -> tuple[str, str]:
    """What stands before how long it took, and what behind; provider and model only where they
    differ from the call's own.
    """
    tried = _tried(attempt.credential_id, attempt.credential_display, attempt.outcome)
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
    return f'{{{tried},"s":', text + "}"


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
        name: _whole(tokens[short]) for short, name in _KEPT if short in tokens
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
