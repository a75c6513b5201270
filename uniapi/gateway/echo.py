"""What may be kept of a failure's words. Some providers repeat the request in their errors, and
nobody's prompt belongs into a log, a journal or a page; its own client is told what was said, with
200 characters at most of what it sent.
"""

from __future__ import annotations

import json

from uniapi.canonical import Failure, FailureKind

MOST_SEARCHED = 256 * 1024
"""Bytes of a request, at its beginning and at its end, that a message is compared with."""
_SHORTEST = 16
"""Fewer characters in common may be anybody's: a parameter's name, a model's."""
_OF_THE_REQUEST = frozenset(
    {
        *(FailureKind.BAD_REQUEST, FailureKind.TOO_LONG, FailureKind.TOO_COSTLY),
        *(FailureKind.ITEM_MISSING, FailureKind.SIGNATURE, FailureKind.MODEL_FAULT),
    }
)
"""Such a failure speaks of what the client sent."""


def kept_words(failure: Failure, body: bytes) -> str:
    """What is written down of a failure. Of an upstream's word about the request itself: its code,
    type and parameter. Of any other: its message, without what stands in the request.
    """
    if failure.status is None:
        return failure.message
    if failure.kind in _OF_THE_REQUEST or len(body) > 2 * MOST_SEARCHED:
        named = (failure.code, failure.type, failure.param)
        return " ".join(dict.fromkeys(word for word in named if word))
    return without_echo(failure.message, body)


def without_echo(message: str, body: bytes, longest: int = 0) -> str:
    """`message` with every stretch that also stands in `body` cut to `longest` characters."""
    text = body
    if len(body) > 2 * MOST_SEARCHED:
        text = body[:MOST_SEARCHED] + b"\n" + body[-MOST_SEARCHED:]
    size = max(_SHORTEST, longest // 2)
    pieces, at = [], 0
    for place in range(0, len(message) - size + 1, size // 2):
        if place < at or not _stands_in(message[place : place + size], text):
            continue
        start, end = _stretched(message, place, place + size, at, text)
        if end - start > longest:
            pieces.append(message[at : start + longest] + "…")
            at = end
    return "".join((*pieces, message[at:]))


def _stretched(message: str, start: int, end: int, floor: int, text: bytes) -> tuple[int, int]:
    """The whole stretch around one that was found; both ends are moved by halving steps."""
    step = end - start
    while step:
        if start - step >= floor and _stands_in(message[start - step : end], text):
            start -= step
        elif end + step <= len(message) and _stands_in(message[start : end + step], text):
            end += step
        else:
            step //= 2
    return start, end


def _stands_in(words: str, text: bytes) -> bool:
    """As they are, or as JSON spells them."""
    if words.encode("utf-8", "surrogatepass") in text:
        return True
    spelled = json.dumps(words)[1:-1]
    return spelled != words and spelled.encode() in text
