"""Clients that repeat a request whatever `x-should-retry` says of it: told so that they stop.

They look at the status, one of them at the words too, and show nothing while they repeat. A 400
they show at once, with its words. So a refusal that no repeat can change is a 400 to them; the log
and the statistics have the real status. Tried with codex 0.171.0, opencode 1.18.33 and gemini
0.61.0 (tests/agents/refused.py, 2026-11-30).
"""

from __future__ import annotations

import json
import re
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
_READER = "opencode"
"""This one repeats whatever has such words or figures in it, wherever they stand and whatever the
status (opencode 1.18.33, `retryable` in packages/opencode/src/session/retry.ts); here by a word of
each of its phrases.
"""
_PASSING_WORDS = re.compile(
    rb"429|50[0234]|524"
    rb"|rate[- _]|too quick|too many|overload|terminated|unavailable|internal|server|returned"
    rb"|fetch|network|upstream|connect|socket|hang|reset|addrinfo|enotfound|eai_|econn|etimed"
    rb"|time|again|retry|exhausted|capacity",
    re.IGNORECASE,
)
_UNSEEN = "\u2060".encode()
"""A word joiner: a person sees the words as they were, a search for them finds nothing."""


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
    if is_repeated:
        status, body = _STOPS, _said_again(body)
        sent = {name: value for name, value in sent.items() if name != "retry-after"}
    if client.startswith(_READER):
        body = _PASSING_WORDS.sub(_parted, body)
    return status, sent, body


def _parted(found: re.Match[bytes]) -> bytes:
    """Words with what nobody sees behind their first letter."""
    return found[0][:1] + _UNSEEN + found[0][1:]


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
