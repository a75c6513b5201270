"""What a relayed answer says without being translated: whether a 200 holds an error, or nothing.

Upstreams answer 200 with an error object (OpenRouter, gateways before it), or with a list that is
empty; both are a failed attempt. Moderations, image variations and everything else in OpenAI's own
shape pass unread but for this and for `read_usage`.
"""

from __future__ import annotations

from uniapi.canonical import Json, Operation

from .google import member
from .services import SERVICES


def is_empty(operation: Operation, body: Json) -> bool:
    """Whether a parsed 200 answer has nothing in it.

    A list, and what is no JSON by its service, are empty when there is nothing; a transcript may be
    an empty text: nobody spoke.
    """
    names = SERVICES[operation].substance
    if not names or isinstance(body, list):
        return not body
    found = next((value for name in names if (value := member(body, name)) is not None), None)
    return found is None or found in ([], {})


def error_message(body: Json) -> str | None:
    """The message of an error that came as a 200 answer or as a frame of a stream; None when it is
    none.
    """
    stated = member(body, "error")
    if member(body, "type") == "error" and stated is None:
        stated = member(body, "message") or "error"
    if stated is None or stated is False or stated in ("", {}, []):
        return None
    message = stated if isinstance(stated, str) else member(stated, "message")
    return (
        message
        if isinstance(message, str) and message
        else "the provider answered with an error and no message"
    )
