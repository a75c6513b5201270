"""Whole answers: a Messages `message` object ↔ Response. https://platform.claude.com/docs/en/api/messages"""

from __future__ import annotations

import json
from collections.abc import Mapping

from uniapi.canonical import Choice, Finish, FoldError, Json, Part, Refusal, Response, Text, ToolCall
from uniapi.dialects.codec import EncodedResponse, ReplyContext, UpstreamContext
from uniapi.dialects.shapes import expecting
from uniapi.dialects.think_tags import without_think_tags
from uniapi.errors import WireError

from .error import stream_failure
from .part_reply import finish_members, message_id, reply_blocks, spell_usage
from .reading import CallReader, carried, dumped, read_finish, read_plain, read_usage, text_of
from .vocabulary import NAME

KNOWN_MEMBERS = frozenset({"id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage"})


def decode_response(body: Json, context: UpstreamContext) -> Response:
    """Raises WireError for what is no message (HTML, a list), FoldError with its Failure for an error object in an answer of status 200."""
    with expecting("an Anthropic message"):
        response = _decode(body, context)
    return without_think_tags(response) if context.quirk.think_tags else response


def _decode(body: Json, context: UpstreamContext) -> Response:
    if not isinstance(body, dict):
        raise WireError(f"expected an Anthropic message, found {type(body).__name__}")
    content = body.get("content")
    if body.get("type") == "error" or (content is None and body.get("type") != "message"):
        if body.get("error") or isinstance(body.get("message"), str):
            raise FoldError(stream_failure(body, json.dumps(body).encode()))
        raise WireError("expected an Anthropic message with `content`")
    calls = CallReader(context)
    parts: list[Part] = []
    for block in content if isinstance(content, list) else [{"type": "text", "text": content}] if isinstance(content, str) else []:
        if isinstance(block, dict):
            parts.append(read_block(block, calls))
    finish = read_finish(
        body.get("stop_reason"),
        body.get("stop_sequence"),
        body.get("stop_details"),
        has_calls=any(isinstance(part, ToolCall) for part in parts),
    )
    extensions = {name: value for name, value in body.items() if name not in KNOWN_MEMBERS and value is not None}
    return Response(
        choices=(Choice(parts=tuple(parts), finish=finish),),
        response_id=text_of(body, "id") or None,
        model=text_of(body, "model") or None,
        usage=read_usage(body.get("usage")),
        extensions={NAME: extensions} if extensions else {},
    )


def read_block(block: Mapping[str, Json], calls: CallReader) -> Part:
    """One whole content block of an answer."""
    if block.get("type") != "tool_use":
        return read_plain(block, calls.family) or carried(block)
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


def encode_response(response: Response, context: ReplyContext) -> EncodedResponse:
    """A `message` for a client; only the first choice has a place in it."""
    losses: list[str] = []
    if len(response.choices) > 1:
        losses.append("choices")
    choice = response.choices[0] if response.choices else Choice(parts=(), finish=Finish(reason="stop"))
    content: list[dict[str, Json]] = []
    for part in choice.parts:
        content += reply_blocks(part, len(content), context, losses)
    extensions = dict(response.extensions.get(NAME, {}))
    members = finish_members(
        choice.finish,
        extensions,
        has_refusal_text=any(isinstance(part, Refusal) for part in choice.parts),
        has_calls=any(isinstance(part, ToolCall) for part in choice.parts),
    )
    body: dict[str, Json] = {
        "id": message_id(response.response_id, context),
        "type": "message",
        "role": "assistant",
        "model": context.requested_model,
        "content": content,
        **members,
        "usage": spell_usage(response.usage, context.input_tokens_estimate, whole=True),
    }
    body.update({name: value for name, value in extensions.items() if name not in body})
    return EncodedResponse(body=body, losses=tuple(dict.fromkeys(losses)))
