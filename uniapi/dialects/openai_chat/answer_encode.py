"""Canonical Response → a `chat.completion` for a client, and the spelling of parts that the stream
encoder shares.

Besides OpenAI's own members a message carries what clients read elsewhere and must be able to
replay: `reasoning_content`, `thinking_blocks` (Anthropic's signed blocks, LiteLLM's name for them),
`reasoning_details` (OpenRouter), `extra_content.google.thought_signature` (Google's OpenAI layer),
`images` (OpenRouter).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from uniapi.canonical import (
    Choice,
    Citation,
    Json,
    Media,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Request,
    Response,
    Search,
    Text,
    TokenLogprob,
    Tool,
    ToolCall,
    Unknown,
)
from uniapi.dialects.codec import EncodedResponse, ReplyContext
from uniapi.values import dataclass, field

from .finish import encode_finish
from .reasoning import thinking_block
from .request_decode_members import DIALECT_NAME
from .request_decode_tools import LEGACY_ORIGIN
from .request_encode_media import encode_media
from .usage import encode_usage

AUDIO_LIFETIME_S = 3600
"""How long the ids of sounds are said to live when the upstream does not say."""


def encode_response(response: Response, context: ReplyContext) -> EncodedResponse:
    losses: list[str] = []
    is_legacy = speaks_functions(context.request)
    body: dict[str, Any] = {
        **response.extensions.get(DIALECT_NAME, {}),
        "id": completion_id(response.response_id, context),
        "object": "chat.completion",
        "created": response.created_s or context.created_s,
        "model": context.requested_model,
        "choices": [
            _encoded_choice(index, choice, context, is_legacy, losses)
            for index, choice in enumerate(response.choices)
        ],
    }
    if response.usage is not None:
        body["usage"] = encode_usage(response.usage)
    for dialect, members in response.extensions.items():
        if dialect != DIALECT_NAME:
            losses += members
    return EncodedResponse(body=body, losses=tuple(dict.fromkeys(losses)))


def completion_id(upstream_id: str | None, context: ReplyContext) -> str:
    """A chat upstream's own id, else one of ours in OpenAI's form."""
    if upstream_id is not None and upstream_id.startswith(("chatcmpl-", "gen-")):
        return upstream_id
    return f"chatcmpl-{context.id_seed}"


def speaks_functions(request: Request | None) -> bool:
    """Whether the client offered its tools as legacy `functions`, and so reads answers in
    `function_call`. They stand at the end, with a search behind them at most (`decode_tools`).
    """
    if request is None or not request.tools:
        return False
    return any(
        isinstance(tool, Tool) and tool.origin == LEGACY_ORIGIN for tool in request.tools[-2:]
    )


@dataclass(slots=True)
class _Message:
    """A message while its parts are read in order."""

    texts: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    members: dict[str, Any] = field(default_factory=dict)
    calls: list[dict[str, Any]] = field(default_factory=list)
    logprobs: list[TokenLogprob] = field(default_factory=list)

    def append(self, member: str, values: Iterable[Json]) -> None:
        values = list(values)
        if values:
            self.members.setdefault(member, []).extend(values)


def _encoded_choice(
    index: int, choice: Choice, context: ReplyContext, is_legacy: bool, losses: list[str]
) -> dict[str, Any]:
    message = _Message()
    for part in choice.parts:
        _add_part(message, part, context, losses)
    has_other = bool(message.calls) or "refusal" in message.members or "audio" in message.members
    encoded: dict[str, Any] = {
        "role": "assistant",
        "content": "".join(message.texts) if message.texts or not has_other else None,
        "refusal": None,
    }
    if message.reasoning:
        encoded["reasoning_content"] = "".join(message.reasoning)
    encoded.update(message.members)
    finish = encode_finish(choice.finish)
    if message.calls and is_legacy:
        encoded["function_call"] = message.calls[0]["function"]
        losses.extend(["tool_calls"] if len(message.calls) > 1 else [])
        finish = "function_call" if finish == "tool_calls" else finish
    elif message.calls:
        encoded["tool_calls"] = message.calls
    return {
        "index": index,
        "message": encoded,
        "logprobs": {
            "content": [encode_logprob(entry) for entry in message.logprobs],
            "refusal": None,
        }
        if message.logprobs
        else None,
        "finish_reason": finish,
    }


def _add_part(message: _Message, part: Part, context: ReplyContext, losses: list[str]) -> None:
    match part:
        case Text():
            base = sum(map(len, message.texts))
            message.append("annotations", encode_citations(part.citations, base, losses))
            message.texts.append(part.text)
            message.logprobs.extend(part.logprobs)
            message.members.update(encode_signature(part.opaque))
        case Reasoning():
            if part.text:
                message.reasoning.append(part.text)
            for member, value in encode_opaque_reasoning(part).items():
                if isinstance(value, list):
                    message.append(member, value)
                else:
                    message.members[member] = value
        case ToolCall():
            message.calls.append(encode_call(part))
        case Refusal():
            message.members["refusal"] = message.members.get("refusal", "") + part.text
        case Media():
            for member, value in encode_answer_media(part, context, losses).items():
                if isinstance(value, list):
                    message.append(member, value)
                else:
                    message.members[member] = value
        case Unknown() if is_annotation(part):
            message.append("annotations", [part.raw])
        case Unknown():
            losses.append(part.name)
        case Search():
            pass
        case _:
            losses.append("tool_result")


def is_annotation(part: Unknown) -> bool:
    return (
        part.dialect == DIALECT_NAME
        and part.name.startswith("annotations.")
        and isinstance(part.raw, dict)
    )


def encode_call(call: ToolCall) -> dict[str, Any]:
    """A whole call; arguments that are empty are an empty object, which clients parse."""
    encoded: dict[str, Any]
    if call.kind == "custom":
        encoded = {
            "id": call.call_id,
            "type": "custom",
            "custom": {"name": call.name, "input": call.arguments},
        }
    else:
        encoded = {
            "id": call.call_id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments or "{}"},
        }
    return {**encoded, **encode_signature(call.opaque)}


def encode_signature(opaque: Opaque | None) -> dict[str, Any]:
    """A Gemini thought signature in Google's own carriage; nothing for other families."""
    if opaque is None or opaque.family != "gemini":
        return {}
    return {"extra_content": {"google": {"thought_signature": opaque.value}}}


def encode_opaque_reasoning(part: Reasoning) -> dict[str, Any]:
    """The members that carry a reasoning part's token out to the client."""
    block = thinking_block(part)
    if block is not None:
        return {"thinking_blocks": [block]}
    if (
        part.opaque is not None
        and part.opaque.family == "openrouter"
        and isinstance(part.opaque.value, list)
    ):
        return {"reasoning_details": list(part.opaque.value)}
    return encode_signature(part.opaque)


def encode_citations(
    citations: Iterable[Citation], base: int, losses: list[str]
) -> list[dict[str, Any]]:
    """`annotations`. Offsets count in the whole content, `base` is where the part begins.

    The wire knows URLs only, and its clients' types insist on one: a document without an address
    (Claude's, Cohere's, Nova's own) is named by its title in both places.
    """
    annotations: list[dict[str, Any]] = []
    for citation in citations:
        source = citation.url or citation.title
        if not source:
            losses.append("citations")
            continue
        own: Mapping[str, Any] = (
            citation.raw if citation.dialect == DIALECT_NAME and citation.raw is not None else {}
        )
        cited = {
            **own.get("url_citation", {}),
            "url": source,
            "title": citation.title or source,
            "start_index": base + citation.start if citation.start is not None else 0,
            "end_index": base + citation.end if citation.end is not None else 0,
        }
        annotations.append({**own, "type": "url_citation", "url_citation": cited})
    return annotations


def encode_answer_media(media: Media, context: ReplyContext, losses: list[str]) -> dict[str, Any]:
    """`images` or `audio` of a message."""
    if media.kind == "image" and (encoded := encode_media(media)) is not None:
        return {"images": [encoded]}
    if media.kind == "audio":
        own = (
            media.opaque.value
            if media.opaque is not None
            and media.opaque.family == "openai"
            and isinstance(media.opaque.value, dict)
            else {}
        )
        return {
            "audio": {
                "id": own.get("id", f"audio_{context.id_seed}"),
                "data": media.data or "",
                "expires_at": own.get("expires_at", context.created_s + AUDIO_LIFETIME_S),
                "transcript": media.text or "",
            }
        }
    losses.append(media.kind)
    return {}


def encode_logprob(entry: TokenLogprob) -> dict[str, Any]:
    return {
        "token": entry.token,
        "logprob": entry.logprob,
        "bytes": list(entry.utf8) if entry.utf8 is not None else None,
        "top_logprobs": [
            {
                "token": other.token,
                "logprob": other.logprob,
                "bytes": list(other.utf8) if other.utf8 is not None else None,
            }
            for other in entry.alternatives
        ],
    }
