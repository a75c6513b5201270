"""What an answer of these operations says it cost: one reader for all shapes, whole answers and
stream frames alike.

OpenAI's three spellings (`prompt_tokens` for embeddings, `input_tokens` for images and audio,
`seconds` for whisper, which says nothing in tokens), Cohere's `meta`, Google's `usageMetadata` and
per-text `statistics`, Titan's `inputTextTokenCount`, and Bedrock's headers where its bodies are
silent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from uniapi.canonical import Json, Operation, Usage, counted, stated_cost
from uniapi.values import replace

from .google import int_member, list_member, member
from .services import SERVICES

_PICTURES = frozenset({Operation.IMAGE, Operation.IMAGE_EDIT, Operation.IMAGE_VARIATION})
_SOUND = frozenset({Operation.TRANSCRIBE, Operation.TRANSLATE_AUDIO})


def decode_usage(operation: Operation, body: Json) -> Usage | None:
    """The usage that a whole answer, or one frame of a streamed one, states; None when it states
    none. Never raises.
    """
    if not isinstance(body, dict):
        return None
    stated = body.get("usage")
    if not isinstance(stated, dict):
        stated = member(body.get("x_groq"), "usage")
    usage = (
        _openai_usage(operation, stated)
        or _cohere_usage(body.get("meta"))
        or google_usage(member(body, "usageMetadata"))
    )
    if usage is None:
        counted = int_member(body, "inputTextTokenCount")
        usage = Usage(input_tokens=counted) if counted is not None else _predictions_usage(body)
    units = answer_units(operation, body)
    return replace(usage or Usage(), **units) if units else usage


def answer_units(operation: Operation, body: Mapping[str, Json]) -> dict[str, Any]:
    """What of an answer is billed by the piece, by the member of Usage that counts it: pictures
    (OpenAI's `data`), seconds of sound (`usage.seconds` of whisper-1, `duration` of a verbose
    transcript), Cohere's search units.
    """
    if operation in _PICTURES:
        made = sum(isinstance(each, dict) for each in list_member(body, "data"))
        return {"images": made} if made else {}
    if operation in _SOUND:
        stated = member(body.get("usage"), "seconds")
        seconds = _amount(body.get("duration") if stated is None else stated)
        return {} if seconds is None else {"audio_seconds": seconds}
    if operation is Operation.RERANK:
        units = _count(member(member(body.get("meta"), "billed_units"), "search_units"))
        return {"search_units": units} if units else {}
    return {}


def usage_of_headers(headers: Mapping[str, str]) -> Usage | None:
    """Bedrock's counts, which for Cohere's and Amazon's embedding models stand nowhere else.

    `headers` have lower-case names.
    """
    read, written = (
        _count(_number(headers.get(f"x-amzn-bedrock-{side}-token-count")))
        for side in ("input", "output")
    )
    return Usage(input_tokens=read, output_tokens=written) if read is not None else None


def google_usage(stated: Json) -> Usage | None:
    """`usageMetadata`; the candidates leave the thoughts out."""
    if not isinstance(stated, dict) or not stated:
        return None
    visible, thoughts = (
        int_member(stated, "candidatesTokenCount"),
        int_member(stated, "thoughtsTokenCount"),
    )
    return Usage(
        input_tokens=int_member(stated, "promptTokenCount"),
        output_tokens=None
        if visible is None and thoughts is None
        else (visible or 0) + (thoughts or 0),
        cache_read_tokens=int_member(stated, "cachedContentTokenCount"),
        reasoning_tokens=thoughts,
        input_audio_tokens=modality_count(stated, "promptTokensDetails", "AUDIO"),
        output_audio_tokens=modality_count(stated, "candidatesTokensDetails", "AUDIO"),
        output_image_tokens=modality_count(stated, "candidatesTokensDetails", "IMAGE"),
        raw=stated,
        dialect="gemini",
    )


def modality_count(stated: Mapping[str, Json], name: str, modality: str) -> int | None:
    counts = [
        int_member(each, "tokenCount")
        for each in list_member(stated, name)
        if member(each, "modality") == modality
    ]
    return sum(count for count in counts if count is not None) if counts else None


def sum_usages(usages: Iterable[Usage | None]) -> Usage | None:
    """The usage of several answers together; None when none of them states any. One alone stays as
    it is, with its raw object.
    """
    stated = [usage for usage in usages if usage is not None]
    if len(stated) < 2:
        return stated[0] if stated else None
    total = replace(stated[0], raw=None, dialect=None)
    for usage in stated[1:]:
        total = replace(
            total,
            input_tokens=_added(total.input_tokens, usage.input_tokens),
            output_tokens=_added(total.output_tokens, usage.output_tokens),
            cache_read_tokens=_added(total.cache_read_tokens, usage.cache_read_tokens),
            reasoning_tokens=_added(total.reasoning_tokens, usage.reasoning_tokens),
            input_audio_tokens=_added(total.input_audio_tokens, usage.input_audio_tokens),
            output_audio_tokens=_added(total.output_audio_tokens, usage.output_audio_tokens),
            output_image_tokens=_added(total.output_image_tokens, usage.output_image_tokens),
            images=_added(total.images, usage.images),
            search_units=_added(total.search_units, usage.search_units),
            total_tokens=_added(total.total_tokens, usage.total_tokens),
        )
    return total


def token_usage(
    usage: Usage | None, *, detail_member: str | None = None, modality: str = "TEXT"
) -> dict[str, Json] | None:
    """`usage` as OpenAI's image and audio answers write it (`input_tokens`, `output_tokens`,
    `total_tokens`); None when it is not known.

    `detail_member` (`input_tokens_details`) adds what was read by kind, where Google's own object
    (in `raw`) tells: text and `modality`.
    """
    if usage is None or usage.total is None:
        return None
    written: dict[str, Json] = {
        "input_tokens": usage.input_tokens or 0,
        "output_tokens": usage.output_tokens or 0,
        "total_tokens": usage.total or 0,
    }
    if detail_member is not None and usage.raw is not None:
        other = modality_count(usage.raw, "promptTokensDetails", modality) or 0
        written[detail_member] = {
            "text_tokens": max(0, (usage.input_tokens or 0) - other),
            f"{modality.lower()}_tokens": other,
        }
    return written


def _openai_usage(operation: Operation, stated: Json) -> Usage | None:
    if not isinstance(stated, dict):
        return None
    read = _first(stated, "prompt_tokens", "input_tokens")
    written = _first(stated, "completion_tokens", "output_tokens")
    total, cost = _first(stated, "total_tokens"), stated_cost(stated)
    if not SERVICES[operation].writes_tokens:
        # A total alone (Voyage, Jina) is what was read.
        read, written = read if read is not None else total, written or None
    details = next(
        (
            found
            for name in ("input_token_details", "input_tokens_details", "prompt_tokens_details")
            if isinstance(found := stated.get(name), dict)
        ),
        {},
    )
    audio = _count(details.get("audio_tokens"))
    if read is not None and audio and total == read + (written or 0) + audio:
        # Mistral counts the sound beside `prompt_tokens`; only the total has it in.
        read += audio
    if read is None and written is None and cost is None:
        return None
    if total == (read or 0) + (written or 0):
        total = None
    tier = stated.get("service_tier")
    written_details = member(stated, "output_tokens_details")
    return Usage(
        input_tokens=read,
        output_tokens=written,
        cache_read_tokens=_count(details.get("cached_tokens")),
        input_audio_tokens=audio,
        input_image_tokens=_count(details.get("image_tokens")),
        output_image_tokens=_count(member(written_details, "image_tokens")),
        total_tokens=total,
        cost=cost,
        service_tier=tier if isinstance(tier, str) else None,
    )


def _cohere_usage(meta: Json) -> Usage | None:
    """`tokens` is what was processed, `billed_units` what is paid; a rerank has search units only,
    which are no tokens.
    """
    for name in ("tokens", "billed_units"):
        counts = member(meta, name)
        read = _first(counts, "input_tokens") if isinstance(counts, dict) else None
        if read is not None:
            images = _first(counts, "image_tokens") or 0
            return Usage(
                input_tokens=read + (images if name == "billed_units" else 0),
                output_tokens=_first(counts, "output_tokens"),
            )
    return None


def _predictions_usage(body: Mapping[str, Json]) -> Usage | None:
    """Vertex counts each text: in the predictions, or in the embeddings of a batch."""
    holders = [
        member(prediction, "embeddings") for prediction in list_member(body, "predictions")
    ] or list_member(body, "embeddings")
    counts = [int_member(member(holder, "statistics"), "tokenCount") for holder in holders]
    stated = [count for count in counts if count is not None]
    return Usage(input_tokens=sum(stated)) if stated else None


def _amount(value: Json) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < 1e18 else None


def _first(stated: Mapping[str, Json], *names: str) -> int | None:
    return next((count for name in names if (count := _count(stated.get(name))) is not None), None)


def _count(value: Json) -> int | None:
    return counted(value)


def _number(text: str | None) -> int | None:
    if text is None or len(text) > 15:
        return None
    return int(text) if text.isascii() and text.isdigit() else None


def _added(one: int | None, other: int | None) -> int | None:
    return other if one is None else one + (other or 0)
