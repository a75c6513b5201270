"""A finished call in the log: as one line, and as members of a JSON line."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from uniapi.canonical import Usage
from uniapi.stats import CallRecord

LONGEST_NAME = 200
"""Of a model in the log: a client may name anything."""


_USUAL = logging.makeLogRecord(
    {
        "name": "uniapi.app",
        "levelno": logging.INFO,
        "levelname": "INFO",
        "msg": None,
        "call": None,
        "clean": str,
    }
).__dict__
"""The members of a log record of a call."""


class PassesCalls(logging.Filter):
    """A filter that lets every call's line pass."""

    cleans: Callable[[str], str] | None = None
    """What it takes out of the line's text, where it does."""


class CallLine(logging.LogRecord):
    """A finished call on its way to the log: its text is made by whoever writes it, since calls end
    where nobody must wait. The call does not change any more.
    """

    call: CallRecord
    clean: Callable[[str], str]
    """Takes the secrets out of its text."""

    def __init__(self, call: CallRecord, ended_at_s: float) -> None:
        # All of its names are there already: a copy is not made larger.
        members = self.__dict__ = _USUAL.copy()
        members["call"], members["created"] = call, ended_at_s

    def getMessage(self) -> str:
        return self.clean(call_line(self.call))

    def fields(self) -> dict[str, Any]:
        """Its members in a JSON line."""
        return call_fields(self.call)


def call_line(call: CallRecord) -> str:
    """One readable line about a call: id, key, models, status, attempts, times, tokens."""
    tries = f" attempts {len(call.attempts)}" if len(call.attempts) != 1 else ""
    first = (
        f" first {call.first_token_s * 1000:.0f} ms"
        if call.first_token_s is not None and call.stream
        else ""
    )
    usage = "" if call.usage is None else _said_tokens(call.usage)
    cost = f" ${call.cost_pd / 1e12:.6f}" if call.cost_pd is not None else ""
    why = "" if call.outcome == "ok" else f" ({_said_outcome(call)})"
    return (
        f"{call.request_id} {names_of(call)} {call.status or '-'}{why}{tries}{first}"
        f" total {call.total_s * 1000:.0f} ms{usage}{cost}"
    )


def names_of(call: CallRecord) -> str:
    """Who asked for what, and where it went. But for these and the words of a failure everything in
    a line is a number, or a word of ours.
    """
    return _names(call.key_label, call.requested_model, call.provider, call.upstream_model)


@lru_cache(maxsize=256)
def _names(label: str, model: str, provider: str | None, upstream_model: str | None) -> str:
    where = f" → {provider}/{upstream_model}" if provider is not None else ""
    return f"{label} {model[:LONGEST_NAME]}{where}"


def _said_outcome(call: CallRecord) -> str:
    """With the words that were given where no attempt has told them."""
    is_told = call.attempts or not call.message
    return call.outcome if is_told else f"{call.outcome}: {call.message}"


def _said_tokens(usage: Usage) -> str:
    about = "about " if usage.is_estimate else ""
    return f" tokens {about}{usage.input_tokens or 0}+{usage.output_tokens or 0}"


def call_fields(call: CallRecord) -> dict[str, Any]:
    """The same as members of a JSON line; what is not known is left out."""
    usage = call.usage
    fields = {
        "request_id": call.request_id,
        "key": call.key_label,
        "model": call.requested_model[:LONGEST_NAME],
        "provider": call.provider,
        "upstream_model": call.upstream_model,
        "status": call.status,
        "outcome": call.outcome,
        "attempts": len(call.attempts),
        "first_token_ms": (
            None
            if call.first_token_s is None or not call.stream
            else round(call.first_token_s * 1000)
        ),
        "total_ms": round(call.total_s * 1000),
        "input_tokens": None if usage is None else usage.input_tokens,
        "output_tokens": None if usage is None else usage.output_tokens,
        "is_estimate": True if usage is not None and usage.is_estimate else None,
        "cost": None if call.cost_pd is None else call.cost_pd / 1e12,
        "error": call.message or None,
    }
    return {name: value for name, value in fields.items() if value is not None}
