"""Clients that repeat a request whatever `x-should-retry` says of it: told so that they stop.

They look at the status alone, and show nothing while they repeat. A 400 they show at once, with its
words. So a refusal that no repeat can change is a 400 to them; the log and the statistics have the
real status. Tried with codex 0.171.0, opencode 1.18.33 and gemini 0.61.0 (tests/agents/refused.py,
2026-11-30).
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from uniapi.wire import dump_json

_STOPS = 400
_PASSING = frozenset({408, 409, 429, *range(500, 600)})
_REPEATED = {
    # Five times each of the others, a 5xx twenty-five times; of a 429 the number alone is shown
    # (openai/codex, codex-api/src/api_bridge.rs, protocol/src/error.rs).
    "codex": frozenset(range(401, 600)),
    # Without end, and after hours where `retry-after` says so (anomalyco/opencode,
    # packages/opencode/src/session/retry.ts; vercel/ai, APICallError).
    "opencode": _PASSING,
    # Ten times (google-gemini/gemini-cli, packages/core/src/utils/retry.ts).
    "geminicli": _PASSING,
}
"""The beginning of a client's name, and the statuses that it repeats."""


def for_client(
    status: int, sent: Mapping[str, str], body: bytes, asked: Mapping[str, str]
) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and body as they are to be written of an answer to a request with the headers
    `asked`: a time to come back would be obeyed whatever the status, and so would the status that
    Google's errors hold.
    """
    if sent.get("x-should-retry") != "false":
        return status, sent, body
    client = (asked.get("originator") or asked.get("user-agent") or "").lower()
    is_repeated = any(
        client.startswith(name) and status in statuses for name, statuses in _REPEATED.items()
    )
    if not is_repeated:
        return status, sent, body
    headers = {name: value for name, value in sent.items() if name != "retry-after"}
    return _STOPS, headers, _said_again(body)


def _said_again(body: bytes) -> bytes:
    """An error that speaks of its status, with the one that it is sent with: Google's holds it,
    and OpenCode repeats what has `rate_limit` in its code. Any other as it is.
    """
    try:
        value = json.loads(body)
        error = value["error"]
        code = error["code"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return body
    if isinstance(code, int):
        said = {"code": _STOPS, "status": "INVALID_ARGUMENT"}
    elif code == "rate_limit_exceeded":
        said = {"code": "insufficient_quota"}
    else:
        return body
    return dump_json({**value, "error": {**error, **said}})
