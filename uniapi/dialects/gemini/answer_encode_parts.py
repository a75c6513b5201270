"""What whole and streamed answers write alike: parts, the end of a candidate, usage, the
envelope.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from uniapi.canonical import (
    Citation,
    Finish,
    Json,
    Media,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Response,
    Search,
    Text,
    TokenLogprob,
    ToolCall,
    ToolResult,
    Unknown,
    Usage,
)
from uniapi.dialects.codec import ReplyContext
from uniapi.dialects.function_tools import call_object

from .media import encode_media
from .request_encode_parts import Block
from .vocabulary import FAMILY, NAME, NATIVE_FINISHES

Extensions = Mapping[str, Mapping[str, Json]]


def reply_parts(part: Part, losses: list[str]) -> list[Block]:
    """The parts of a candidate's content for `part`; none for what is empty."""
    signed = signature(_opaque_of(part))
    match part:
        case Text(text=text) | Refusal(text=text):
            return [{"text": text, **signed}] if text or signed else []
        case Reasoning(text=text):
            if part.is_redacted or not (text or signed):
                return []
            return [{"text": text, "thought": True, **signed}]
        case ToolCall():
            return [
                {
                    "functionCall": {
                        "id": part.call_id,
                        "name": part.name,
                        "args": call_object(part),
                    },
                    **signed,
                }
            ]
        case Media():
            encoded = encode_media(part)
            if encoded is not None:
                # A sound of this vendor comes without words, another's brings its transcript.
                transcript = [{"text": part.text}] if part.kind == "audio" and part.text else []
                return [*transcript, {**encoded, **signed}]
            if part.text:
                return [{"text": part.text}]
            losses.append(part.kind)
            return []
        case Unknown(dialect=dialect, raw=raw) if dialect == NAME and isinstance(raw, dict):
            return [raw]
        case Unknown():
            losses.append(part.name)
            return []
        case ToolResult():
            losses.append("tool_result")
            return []
        case Search():
            return []


def signature(opaque: Opaque | None) -> Block:
    """`thoughtSignature`, when the opaque value is one of this family."""
    if opaque is None or opaque.family != FAMILY or not isinstance(opaque.value, str):
        return {}
    return {"thoughtSignature": opaque.value}


def candidate_end(
    index: int, finish: Finish, parts: Sequence[Part], extensions: Extensions
) -> Block:
    """The members of a candidate that come with its end: why, and what it drew on."""
    native = (
        finish.native
        if finish.dialect == NAME and finish.native
        else NATIVE_FINISHES[finish.reason]
    )
    end: Block = {"finishReason": native}
    if finish.message:
        end["finishMessage"] = finish.message
    kept = _kept_members(index, extensions)
    end.update(kept)
    texts = [part for part in parts if isinstance(part, Text)]
    citations = [citation for text in texts for citation in text.citations]
    if citations and "groundingMetadata" not in kept and "citationMetadata" not in kept:
        end["groundingMetadata"] = _grounding(citations, texts[0].text if len(texts) == 1 else None)
    queries = [query for part in parts if isinstance(part, Search) for query in part.queries]
    if queries and "groundingMetadata" not in kept:
        end.setdefault("groundingMetadata", {})["webSearchQueries"] = queries
    logprobs = [token for text in texts for token in text.logprobs]
    if logprobs:
        end["logprobsResult"] = {
            "chosenCandidates": [_token(token) for token in logprobs],
            "topCandidates": [
                {"candidates": [_token(other) for other in token.alternatives]}
                for token in logprobs
            ],
        }
    return end


def prompt_feedback(response: Response) -> Json:
    """The block of a prompt, when the upstream of this dialect gave nothing else; None
    otherwise.
    """
    if any(choice.parts for choice in response.choices):
        return None
    return response.extensions.get(NAME, {}).get("promptFeedback")


def encode_usage(usage: Usage) -> Block:
    """`usageMetadata`; an upstream of this dialect has its own words.

    Candidates and thoughts add up to the output, so thoughts that a vendor counts beside it are cut
    to it.
    """
    if usage.raw is not None and usage.dialect == NAME:
        return dict(usage.raw)
    reasoning = (
        usage.reasoning_tokens or 0
        if usage.output_tokens is None
        else min(usage.reasoning_tokens or 0, usage.output_tokens)
    )
    spelled: dict[str, int | None] = {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": (
            None if usage.output_tokens is None else max(0, usage.output_tokens - reasoning)
        ),
        "thoughtsTokenCount": None if usage.reasoning_tokens is None else reasoning,
        "cachedContentTokenCount": usage.cache_read_tokens,
        "totalTokenCount": usage.total,
    }
    return {name: count for name, count in spelled.items() if count is not None}


def envelope(context: ReplyContext, response_id: str | None) -> Block:
    return {"modelVersion": context.requested_model, "responseId": response_id or context.id_seed}


def _opaque_of(part: Part) -> Opaque | None:
    return None if isinstance(part, Refusal | Search | Unknown) else part.opaque


def _kept_members(index: int, extensions: Extensions) -> Block:
    """The candidate's own metadata, as an upstream of this dialect gave it."""
    for kept in extensions.get(NAME, {}).get("candidates", ()):
        if isinstance(kept, dict) and kept.get("index") == index:
            return {name: value for name, value in kept.items() if name != "index"}
    return {}


def _grounding(citations: Sequence[Citation], text: str | None) -> Block:
    """Sources as grounding chunks, the stretches they support as segments; `text` is None when
    offsets cannot be placed.
    """
    chunks: dict[tuple[str | None, str | None], int] = {}
    supports: list[Json] = []
    for citation in citations:
        position = chunks.setdefault((citation.url, citation.title), len(chunks))
        if text is None or citation.end is None:
            continue
        start, end = citation.start or 0, citation.end
        segment: Block = {
            "startIndex": _byte(text, start),
            "endIndex": _byte(text, end),
            "text": text[start:end],
        }
        supports.append({"segment": segment, "groundingChunkIndices": [position]})
    grounding: Block = {
        "groundingChunks": [
            {"web": {name: value for name, value in (("uri", url), ("title", title)) if value}}
            for url, title in chunks
        ]
    }
    if supports:
        grounding["groundingSupports"] = supports
    return grounding


def _byte(text: str, character: int) -> int:
    return len(text[:character].encode("utf-8", "surrogatepass"))


def _token(token: TokenLogprob) -> Block:
    return {"token": token.token, "logProbability": token.logprob}
