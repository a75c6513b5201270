"""Canonical Request → the body of `POST /v1/responses`.

A translated call is stateless: unless the client says otherwise or leans on stored state itself,
`store` is false, and reasoning comes back encrypted
(https://platform.openai.com/docs/guides/reasoning#encrypted-reasoning-items). Stop words, seed,
penalties, `top_k`, `n` and `logit_bias` have no place in this API.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import (
    CacheHint,
    HostedTool,
    Json,
    Media,
    OutputFormat,
    Part,
    Reasoning,
    ReasoningSettings,
    Request,
    Tool,
    iter_parts,
)
from uniapi.dialects.cache_marks import shortens
from uniapi.dialects.codec import EncodedRequest
from uniapi.dialects.efforts import said_effort, wants_reasoning
from uniapi.dialects.fitting import Beside
from uniapi.dialects.losses import has_cache_hints, unsaid
from uniapi.dialects.openai_chat.request_encode import short_user
from uniapi.dialects.openai_chat.request_encode_names import wire_name

from .request_decode import ENCRYPTED_INCLUDE, LOGPROBS_INCLUDE
from .request_encode_items import (
    encode_input,
    is_replayable,
    leans_on_stored_items,
    marked_instructions,
)
from .request_encode_tools import additional_tools_item, encode_choice, encode_tools
from .vocabulary import MIN_OUTPUT_TOKENS, NAME

_SHARED_WITH_CHAT = frozenset(
    {"safety_identifier", "prompt_cache_retention", "prompt_cache_options", "moderation"}
)
"""Members of the chat API that mean the same here."""
_TIERS = frozenset({"auto", "default", "flex", "priority", "scale", "fast"})
_SUMMARIES: Mapping[str, str] = {
    "auto": "auto",
    "concise": "concise",
    "detailed": "detailed",
    "summarized": "auto",
}
_VERBOSITIES = frozenset({"low", "medium", "high"})


def encode_request(request: Request) -> EncodedRequest:
    losses: list[str] = []
    instructions, items = encode_input(request, losses)
    body: dict[str, Json] = {"model": request.model}
    if instructions is not None:
        body["instructions"] = instructions
    body["input"] = items
    _encode_tools(body, request, losses)
    _encode_sampling(body, request, losses)
    _encode_reasoning(body, request)
    _encode_text(body, request, losses)
    _encode_settings(body, request, losses)
    _encode_include(body, request)
    _encode_extensions(body, request, losses)
    return EncodedRequest(
        body=body,
        losses=tuple(dict.fromkeys(losses)),
        beside=Beside(
            keeps_reasoning=body.get("store") is False and not _is_off(request),
            is_marked=has_cache_hints(request),
            marked_system=marked_instructions(request) if "instructions" in body else (),
        ),
    )


def _is_off(request: Request) -> bool:
    return request.reasoning is not None and request.reasoning.is_off


def _encode_tools(body: dict[str, Json], request: Request, losses: list[str]) -> None:
    tools = encode_tools(request.tools, losses)
    if "image" in request.output_modalities and not any(
        tool["type"] == "image_generation" for tool in tools
    ):
        tools.append({"type": "image_generation"})
    if "audio" in request.output_modalities:
        losses.append("modalities")
    brought = additional_tools_item(request, losses)
    if brought is not None:
        index, item = brought
        body["input"].insert(index, item)
    if tools:
        body["tools"] = tools
    choice = request.tool_choice
    if choice is not None and (tools or brought is not None):
        kept = request.extensions.get(NAME, {}).get("tool_choice")
        encoded = kept if kept is not None else encode_choice(choice, request)
        if encoded is not None:
            body["tool_choice"] = encoded
        else:
            losses.append("tool_choice")
    elif choice is not None and choice.mode in ("required", "tool"):
        losses.append("tool_choice")
    if request.parallel_tool_calls is not None:
        body["parallel_tool_calls"] = request.parallel_tool_calls


def _encode_sampling(body: dict[str, Json], request: Request, losses: list[str]) -> None:
    sampling = request.sampling
    if sampling.temperature is not None:
        body["temperature"] = sampling.temperature
    if sampling.top_p is not None:
        body["top_p"] = sampling.top_p
    if sampling.max_output_tokens is not None:
        body["max_output_tokens"] = max(sampling.max_output_tokens, MIN_OUTPUT_TOKENS)
    if sampling.top_logprobs is not None:
        body["top_logprobs"] = sampling.top_logprobs
    placeless = {
        "top_k": sampling.top_k,
        "stop": sampling.stop or None,
        "seed": sampling.seed,
        "n": sampling.choices if sampling.choices != 1 else None,
        "presence_penalty": sampling.presence_penalty or None,
        "frequency_penalty": sampling.frequency_penalty or None,
        "logit_bias": sampling.logit_bias or None,
        "audio": request.audio_output,
    }
    losses.extend(name for name, value in placeless.items() if value is not None)


def _encode_reasoning(body: dict[str, Json], request: Request) -> None:
    settings = request.reasoning
    if settings is None:
        return
    reasoning: dict[str, Json] = {}
    effort = _effort(settings)
    if effort is not None:
        reasoning["effort"] = effort
    summary = _summary(settings)
    if summary is not None:
        reasoning["summary"] = summary
    if reasoning:
        body["reasoning"] = reasoning


def _effort(settings: ReasoningSettings) -> str | None:
    """The effort word; None when the client did not ask.

    Thinking asked for without a measure is `medium`: left unsaid, GPT-5.1 to 5.4 would not think at
    all.
    """
    effort = said_effort(settings)
    return "medium" if effort is None and wants_reasoning(settings) else effort


def _summary(settings: ReasoningSettings) -> str | None:
    """Summaries are only asked for when the client wants to see thinking: OpenAI refuses them to
    unverified organizations.

    A budget or adaptive thinking without more is Anthropic's way of asking, and its answers show
    the thinking.
    """
    if settings.is_off or settings.include is False or settings.visibility in ("omitted", "none"):
        return None
    if settings.visibility is not None:
        return _SUMMARIES.get(settings.visibility, "auto")
    return (
        "auto" if settings.include or settings.is_adaptive or settings.budget is not None else None
    )


def _encode_text(body: dict[str, Json], request: Request, losses: list[str]) -> None:
    text: dict[str, Json] = {}
    if request.output_format is not None:
        text["format"] = encode_format(request.output_format)
    if request.verbosity in _VERBOSITIES:
        text["verbosity"] = request.verbosity
    elif request.verbosity is not None:
        losses.append("verbosity")
    if text:
        body["text"] = text


def encode_format(wanted: OutputFormat) -> dict[str, Json]:
    """`text.format`."""
    if wanted.kind == "text":
        return {"type": "text"}
    if wanted.kind == "json" or wanted.schema is None:
        return {"type": "json_object"}
    encoded: dict[str, Json] = {
        "type": "json_schema",
        "name": wire_name(wanted.name or "response"),
        "schema": dict(wanted.schema),
    }
    if wanted.description is not None:
        encoded["description"] = wanted.description
    if wanted.strict is not None:
        encoded["strict"] = wanted.strict
    return encoded


def _encode_settings(body: dict[str, Json], request: Request, losses: list[str]) -> None:
    if request.stream:
        body["stream"] = True
    said: dict[str, Json] = {
        "user": short_user(request.user),
        "prompt_cache_key": request.prompt_cache_key,
        "previous_response_id": request.previous_response_id,
        "store": _store(request),
    }
    body.update({name: value for name, value in said.items() if value is not None})
    if request.service_tier in _TIERS:
        body["service_tier"] = request.service_tier
    elif request.service_tier not in (None, "standard_only"):
        losses.append("service_tier")
    if request.metadata is not None:
        if all(isinstance(value, str) for value in request.metadata.values()):
            body["metadata"] = dict(request.metadata)
        else:
            losses.append("metadata")
    losses += _unmarked(request)
    losses += unsaid(request, ("documents.context", "citations"))


def _unmarked(request: Request) -> list[str]:
    """Cache marks without a place: on tools and on what the model said; and a lifetime."""
    hints = [hint for part in iter_parts(request.messages) if (hint := _hint(part)) is not None]
    said = (part for turn in request.messages if turn.role == "assistant" for part in turn.parts)
    placeless = (*request.tools, *(part for part in said if not isinstance(part, Media)))
    lost = ["cache_control"] if any(_hint(holder) is not None for holder in placeless) else []
    return [*lost, *(["cache_control.ttl"] if any(map(shortens, hints)) else [])]


def _hint(holder: Part | Tool | HostedTool) -> CacheHint | None:
    hint = getattr(holder, "cache", None)
    return hint if isinstance(hint, CacheHint) else None


def _store(request: Request) -> bool | None:
    """The client's word; unsaid, false, unless the request leans on what is stored upstream."""
    if request.store is not None:
        return request.store
    return None if leans_on_stored_items(request) else False


def _encode_include(body: dict[str, Json], request: Request) -> None:
    said = request.extensions.get(NAME, {}).get("include")
    include: list[Json] = list(said) if isinstance(said, list) else []
    if request.sampling.logprobs and LOGPROBS_INCLUDE not in include:
        include.append(LOGPROBS_INCLUDE)
    is_stored = body.get("store") is True
    if not is_stored and ENCRYPTED_INCLUDE not in include and _wants_encrypted(request):
        include.append(ENCRYPTED_INCLUDE)
    if include:
        body["include"] = include


def _wants_encrypted(request: Request) -> bool:
    """Whether the client asks for reasoning, or hands some back."""
    if request.reasoning is not None and not request.reasoning.is_off:
        return True
    return any(
        isinstance(part, Reasoning) and is_replayable(part.opaque)
        for part in iter_parts(request.messages)
    )


def _encode_extensions(body: dict[str, Json], request: Request, losses: list[str]) -> None:
    for dialect, members in request.extensions.items():
        for name, value in members.items():
            if dialect == NAME and name in ("reasoning", "text") and isinstance(value, dict):
                body[name] = {**value, **body.get(name, {})}
            elif (dialect == NAME and name != "tool_choice") or (
                dialect == "openai_chat" and name in _SHARED_WITH_CHAT
            ):
                body.setdefault(name, value)
            elif dialect != NAME:
                losses.append(name)
