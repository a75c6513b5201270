"""The words of the Messages API that several codecs share: names, stop reasons, media types, and
how JSON is spelled on its streams.

Formats: https://platform.claude.com/docs/en/api/messages and the types of the anthropic SDK 2.x.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from json.encoder import encode_basestring

from uniapi.canonical import CacheHint, FinishReason, Json, OutputFormat, Request
from uniapi.dialects.quirk import Quirk

NAME = "anthropic"
FAMILY = "anthropic"

STOP_REASONS: Mapping[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "compaction": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}

PDF = "application/pdf"
CALL_MEMBERS = frozenset({"type", "id", "name", "input", "cache_control"})
"""Members of a `tool_use` block that a ToolCall has a place for; others go with it as its opaque
value.
"""
IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})


def quoted(text: str) -> bytes:
    """`text` as a JSON string, by the encoder's C function: the one cost of every
    streamed delta.
    """
    try:
        return encode_basestring(text).encode()
    except UnicodeEncodeError:
        return json.dumps(text).encode()


def cache_hint(marked: Mapping[str, Json]) -> CacheHint | None:
    """The breakpoint marker of a block or tool, when it has one."""
    marker = marked.get("cache_control")
    if not isinstance(marker, dict):
        return None
    ttl = marker.get("ttl")
    return CacheHint(ttl=ttl if isinstance(ttl, str) else None)


def member(value: Json, name: str) -> Json:
    """A member of what is an object only perhaps."""
    return value.get(name) if isinstance(value, dict) else None


def is_forced_choice(choice: Json) -> bool:
    """Whether a `tool_choice` forces a call."""
    return member(choice, "type") in ("any", "tool")


def is_made_search(block: Json) -> bool:
    """Whether the result of a search was made by a gateway for an answer of another vendor: what
    Claude's API finds is encrypted.
    """
    found = member(block, "content")
    return (
        member(block, "type") == "web_search_tool_result"
        and isinstance(found, list)
        and bool(found)
        and not any(member(result, "encrypted_content") for result in found)
    )


def is_made_citation(citation: Json) -> bool:
    """Whether a citation was made for an answer of another vendor (`answer_encode_parts`): it has
    an index that the API refuses.
    """
    indexes = member(citation, "encrypted_index"), member(citation, "search_result_index")
    return bool(indexes[0] == "" or indexes[1] == -1)


def stands_in_tool(request: Request | None, quirk: Quirk) -> OutputFormat | None:
    """The output format for which `json_response` (`function_tools`) is forced, None when the
    request needs no such tool: encoder and decoders must agree.
    """
    if (
        request is None
        or quirk.anthropic_structured
        or request.output_format is None
        or request.output_format.schema is None
    ):
        return None
    return request.output_format


def is_billing_block(text: Json) -> bool:
    """Whether this is Claude Code's attribution block, which means nothing to another vendor and
    differs between conversations.
    """
    return isinstance(text, str) and text.startswith("x-anthropic-billing-header:")
