"""One canonical part → the content blocks of an answer, and the envelope's members that whole and
streamed answers share.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import (
    Citation,
    Finish,
    Json,
    Media,
    Part,
    Reasoning,
    Refusal,
    Search,
    Text,
    ToolCall,
    ToolResult,
    Unknown,
    Usage,
)
from uniapi.dialects.codec import ReplyContext
from uniapi.dialects.function_tools import call_object

from .searches import search_blocks
from .vocabulary import FAMILY, NAME, STOP_REASONS

Block = dict[str, Json]

_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
    "error": "end_turn",
}


def reply_blocks(
    part: Part, position: int, context: ReplyContext, losses: list[str]
) -> list[Block]:
    """The finished blocks for `part`; `position` is the index of the first, for ids the upstream
    did not give. Empty text makes no block: clients would send it back, and the API refuses it.
    """
    match part:
        case Text():
            if not part.text and not part.citations:
                return []
            citations = reply_citations(part.citations, losses)
            return [
                {
                    "type": "text",
                    "text": part.text,
                    **({"citations": citations} if citations else {}),
                }
            ]
        case Refusal(text=text):
            return [{"type": "text", "text": text}] if text else []
        case Reasoning():
            return _reasoning(part)
        case ToolCall():
            others = (
                part.opaque.value
                if part.opaque is not None
                and part.opaque.family == FAMILY
                and isinstance(part.opaque.value, dict)
                else {}
            )
            return [
                {
                    "type": "tool_use",
                    "id": call_id(part, position, context),
                    "name": call_name(part),
                    "input": call_object(part),
                    **others,
                }
            ]
        case Media():
            text = media_text(part, losses)
            return [{"type": "text", "text": text}] if text else []
        case Search():
            return search_blocks(part, context.id_seed, position)
        case Unknown(dialect=dialect, raw=raw):
            if dialect == NAME and isinstance(raw, dict):
                return [dict(raw)]
            losses.append(part.name)
            return []
        case ToolResult():
            losses.append("tool_result")
            return []


def _reasoning(part: Reasoning) -> list[Block]:
    token = own_token(part)
    if part.is_redacted:
        return [{"type": "redacted_thinking", "data": token}] if token else []
    if not part.text and not token:
        return []
    return [{"type": "thinking", "thinking": part.text, "signature": token}]


def own_token(part: Reasoning) -> str:
    """The signature or data this family issued; empty for foreign reasoning, whose tokens are not
    ours to show.
    """
    is_own = (
        part.opaque is not None
        and part.opaque.family == FAMILY
        and isinstance(part.opaque.value, str)
    )
    return part.opaque.value if is_own and part.opaque is not None else ""


def reply_citations(citations: tuple[Citation, ...], losses: list[str]) -> list[Block]:
    """This dialect's own citations as they came, others as places in a web-search result or,
    without an address, in a search result of no index.

    The empty `encrypted_index` and the index -1 tell a citation of ours from the vendor's when it
    comes back (`part_encode`).
    """
    spelled: list[Block] = []
    for citation in citations:
        if citation.dialect == NAME and citation.raw is not None:
            spelled.append(dict(citation.raw))
        elif citation.url:
            spelled.append(
                {
                    "type": "web_search_result_location",
                    "cited_text": citation.cited_text or "",
                    "encrypted_index": "",
                    "title": citation.title,
                    "url": citation.url,
                }
            )
        elif citation.title or citation.cited_text:
            spelled.append(
                {
                    "type": "search_result_location",
                    "cited_text": citation.cited_text or "",
                    "source": citation.title or citation.cited_text,
                    "title": citation.title,
                    "search_result_index": -1,
                    "start_block_index": 0,
                    "end_block_index": 0,
                }
            )
        else:
            losses.append("citations")
    return spelled


def media_text(part: Media, losses: list[str]) -> str:
    """Media in an answer as text: an image as Markdown, a sound as its transcript.

    The wire has no block for them.
    """
    address = part.url or (
        f"data:{part.mime or 'image/png'};base64,{part.data}" if part.data else None
    )
    if part.kind == "image" and address is not None:
        return f"![{part.title or 'image'}]({address})"
    losses.append(part.kind)
    return part.text or ""


def call_id(part: ToolCall, position: int, context: ReplyContext) -> str:
    return part.call_id or f"toolu_{context.id_seed}{position:02d}"


def call_name(part: ToolCall) -> str:
    return f"{part.namespace}__{part.name}" if part.namespace else part.name


def message_id(response_id: str | None, context: ReplyContext) -> str:
    """The upstream's own id when it is a message's, else one made of the seed."""
    return (
        response_id
        if response_id is not None and response_id.startswith("msg_")
        else f"msg_{context.id_seed}"
    )


def finish_members(
    finish: Finish, extensions: Mapping[str, Json], *, has_refusal_text: bool, has_calls: bool
) -> dict[str, Json]:
    """`stop_reason`, `stop_sequence` and, for a refusal, `stop_details`. The vendor's own word is
    used where it was this vendor's.

    Some vendors end an answer with calls by a plain stop; clients of this dialect look for
    `tool_use`.
    """
    is_own = finish.dialect == NAME and finish.native in STOP_REASONS
    reason = finish.native if is_own else _REASONS[finish.reason]
    if not is_own and has_calls and reason == "end_turn":
        reason = "tool_use"
    elif has_refusal_text and reason == "end_turn":
        reason = "refusal"
    elif finish.stop_sequence is not None and reason == "end_turn":
        reason = "stop_sequence"
    members: dict[str, Json] = {"stop_reason": reason, "stop_sequence": finish.stop_sequence}
    if reason == "refusal" and (finish.message or "stop_details" in extensions):
        members["stop_details"] = extensions.get("stop_details") or {
            "type": "refusal",
            "category": None,
            "explanation": finish.message,
        }
    return members


def encode_usage(usage: Usage | None, input_estimate: int, *, whole: bool) -> dict[str, Json]:
    """The wire's usage: input without the cached tokens, which have figures of their own. This
    vendor's own object goes back as it came.

    `whole`: every required figure must be there, an estimate or 0 where nothing is known.
    """
    if usage is not None and usage.dialect == NAME and usage.raw is not None:
        spelled: dict[str, Json] = dict(usage.raw)
    else:
        spelled = _split_usage(usage) if usage is not None else {}
    if whole and spelled.get("input_tokens") is None:
        spelled["input_tokens"] = input_estimate
    if spelled.get("output_tokens") is None:
        spelled["output_tokens"] = 0
    return spelled


def _split_usage(usage: Usage) -> dict[str, Json]:
    spelled: dict[str, Json] = {}
    read, written = usage.cache_read_tokens, usage.cache_write_tokens
    if usage.input_tokens is not None:
        spelled["input_tokens"] = max(0, usage.input_tokens - (read or 0) - (written or 0))
        spelled["cache_creation_input_tokens"] = written or 0
        spelled["cache_read_input_tokens"] = read or 0
    if usage.output_tokens is not None:
        spelled["output_tokens"] = usage.output_tokens
    if usage.reasoning_tokens is not None:
        spelled["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    if usage.web_searches:
        spelled["server_tool_use"] = {
            "web_search_requests": usage.web_searches,
            "web_fetch_requests": 0,
        }
    return spelled
