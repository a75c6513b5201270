"""A Messages `message` object of an upstream → Response.
https://platform.claude.com/docs/en/api/messages
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from uniapi.canonical import Choice, FoldError, Json, Part, Response, Text, ToolCall
from uniapi.dialects.codec import UpstreamContext
from uniapi.dialects.error_words import tells_error
from uniapi.dialects.shapes import expecting
from uniapi.dialects.think_tags import without_think_tags
from uniapi.errors import WireError

from .answer_decode_parts import (
    CallReader,
    carried,
    decode_finish,
    decode_plain,
    decode_usage,
    dumped,
    text_of,
)
from .error import stream_failure
from .vocabulary import NAME

KNOWN_MEMBERS = frozenset(
    {"id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage"}
)


def decode_response(body: Json, context: UpstreamContext) -> Response:
    """Raises WireError for what is no message (HTML, a list), FoldError with its Failure for an
    error object in an answer of status 200.
    """
    with expecting("an Anthropic message"):
        response = _decode(body, context)
    return without_think_tags(response) if context.quirk.think_tags else response


def _decode(body: Json, context: UpstreamContext) -> Response:
    if not isinstance(body, dict):
        raise WireError(f"expected an Anthropic message, found {type(body).__name__}")
    content = body.get("content")
    if body.get("type") == "error" or (content is None and body.get("type") != "message"):
        if tells_error(body):
            raise FoldError(stream_failure(body, json.dumps(body).encode()))
        raise WireError("expected an Anthropic message with `content`")
    calls = CallReader(context)
    parts: list[Part] = []
    has_calls = False
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    for block in content if isinstance(content, list) else ():
        if isinstance(block, dict):
            part = decode_block(block, calls)
            has_calls = has_calls or isinstance(part, ToolCall)
            parts.append(part)
    finish = decode_finish(
        body.get("stop_reason"),
        body.get("stop_sequence"),
        body.get("stop_details"),
        has_calls=has_calls,
    )
    extensions: dict[str, Json] = {}
    if not body.keys() <= KNOWN_MEMBERS:
        extensions = {
            name: value
            for name, value in body.items()
            if name not in KNOWN_MEMBERS and value is not None
        }
    return Response(
        choices=(Choice(parts=tuple(parts), finish=finish),),
        response_id=text_of(body, "id") or None,
        model=text_of(body, "model") or None,
        usage=decode_usage(body.get("usage")),
        extensions={NAME: extensions} if extensions else {},
    )


def decode_block(block: Mapping[str, Json], calls: CallReader) -> Part:
    """One whole content block of an answer."""
    if block.get("type") != "tool_use":
        return decode_plain(block, calls.family) or carried(block)
    name = text_of(block, "name")
    arguments = calls.arguments(name, dumped(block.get("input")))
    if calls.is_stand_in(name):
        return Text(text=arguments)
    opening = calls.opening(block)
    return ToolCall(
        call_id=opening.call_id,
        name=opening.name,
        namespace=opening.namespace,
        kind=opening.kind,
        arguments=arguments,
        opaque=opening.opaque,
    )
