"""Canonical request → a generateContent body the API takes, with the losses named.
https://ai.google.dev/api/generate-content
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Json, Message, Request, Text, ToolCall, iter_parts
from uniapi.dialects.codec import EncodedRequest
from uniapi.dialects.losses import SETTINGS, unsaid
from uniapi.dialects.quirk import Quirk
from uniapi.dialects.turn_repair import json_in_words

from .request_encode_names import ToolNames
from .request_encode_parts import Block, PartEncoder, vouch_for_calls
from .request_encode_schema import output_schema
from .request_encode_thinking import encode_thinking, is_generation_3
from .request_encode_tools import encode_tools
from .request_encode_turns import arrange_turns
from .vocabulary import NAME

MAX_STOP_SEQUENCES = 5

HARM_CATEGORIES = (
    "HARM_CATEGORY_HARASSMENT",
    "HARM_CATEGORY_HATE_SPEECH",
    "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "HARM_CATEGORY_DANGEROUS_CONTENT",
)
"""The adjustable ones: https://ai.google.dev/gemini-api/docs/safety-settings"""

_EMPTY_TURN: Block = {"role": "user", "parts": [{"text": " "}]}
"""A conversation has to begin with the user, and a turn has to say something."""

_SERVICE_TIERS = {"flex": "flex", "priority": "priority"}

_UNSAID = SETTINGS - {
    "n",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "logprobs",
    "top_logprobs",
    "modalities",
}
"""Settings that the wire has no word for."""


def encode_request(request: Request, quirk: Quirk) -> EncodedRequest:
    """The body for this model. Never fails: what cannot be said is in `losses`."""
    losses: list[str] = []
    names = ToolNames(request.tools)
    call_names = {
        part.call_id: names.wire(part.name, part.namespace)
        for part in iter_parts(request.messages)
        if isinstance(part, ToolCall)
    }
    parts = PartEncoder(quirk, names, call_names, losses)
    body: dict[str, Json] = {"contents": _contents(request.messages, parts, quirk)}
    tools = encode_tools(request, quirk, names, losses)
    json_in_words = (
        None if quirk.json_with_tools or "tools" not in tools else _json_in_words(request)
    )
    system = _system(request.messages, losses)
    if json_in_words is not None:
        system.append({"text": json_in_words})
        losses.append("response_format")
    if system:
        body["systemInstruction"] = {"parts": system}
    body.update(tools)
    config = _generation_config(request, quirk, losses)
    if json_in_words is None:
        config.update(_output_format(request, quirk))
    if config:
        body["generationConfig"] = config
    tier = _SERVICE_TIERS.get(request.service_tier or "")
    if tier is not None:
        body["serviceTier"] = tier
    _add_extensions(body, request, losses)
    if quirk.safety_threshold is not None and "safetySettings" not in body:
        body["safetySettings"] = [
            {"category": category, "threshold": quirk.safety_threshold}
            for category in HARM_CATEGORIES
        ]
    _note_unsaid(request, losses)
    _drop_refused(body, quirk, losses)
    return EncodedRequest(body=body, losses=tuple(dict.fromkeys(losses)))


def _contents(messages: tuple[Message, ...], parts: PartEncoder, quirk: Quirk) -> list[Block]:
    contents: list[Block] = []
    for turn in arrange_turns(messages):
        encoded = [block for index, part in turn.parts for block in parts.encode(part, index)]
        if not encoded:
            continue
        if turn.role == "model" and is_generation_3(quirk):
            vouch_for_calls(encoded)
        if contents and contents[-1]["role"] == turn.role:
            contents[-1]["parts"] += encoded
        else:
            contents.append({"role": turn.role, "parts": encoded})
    if not contents or contents[0]["role"] != "user":
        contents.insert(0, _EMPTY_TURN)
    return contents


def _system(messages: tuple[Message, ...], losses: list[str]) -> list[Block]:
    blocks: list[Block] = []
    for index, message in enumerate(messages):
        if message.role not in ("system", "developer"):
            continue
        for part in message.parts:
            if isinstance(part, Text):
                blocks += [{"text": part.text}] if part.text else []
            else:
                losses.append(f"messages[{index}].{type(part).__name__.lower()}")
    return blocks


def _generation_config(request: Request, quirk: Quirk, losses: list[str]) -> dict[str, Json]:
    sampling = request.sampling
    said: dict[str, Json] = {
        "temperature": sampling.temperature,
        "topP": sampling.top_p,
        "topK": sampling.top_k,
        "maxOutputTokens": sampling.max_output_tokens
        if sampling.max_output_tokens is not None
        else quirk.default_max_tokens,
        "stopSequences": list(sampling.stop[:MAX_STOP_SEQUENCES]) or None,
        "seed": sampling.seed,
        "candidateCount": sampling.choices,
        "presencePenalty": sampling.presence_penalty,
        "frequencyPenalty": sampling.frequency_penalty,
        "responseLogprobs": True if sampling.logprobs else None,
        "logprobs": sampling.top_logprobs if sampling.logprobs else None,
    }
    if len(sampling.stop) > MAX_STOP_SEQUENCES:
        losses.append("stop")
    config = {name: value for name, value in said.items() if value is not None}
    if any(modality != "text" for modality in request.output_modalities):
        config["responseModalities"] = [modality.upper() for modality in request.output_modalities]
    thinking = encode_thinking(request.reasoning, quirk, losses)
    if thinking:
        config["thinkingConfig"] = thinking
    return config


def _json_in_words(request: Request) -> str | None:
    """How the system text asks for JSON where the wire may not; None when no JSON is wanted."""
    wanted = request.output_format
    if wanted is None or wanted.kind == "text":
        return None
    return json_in_words(wanted.schema)


def _output_format(request: Request, quirk: Quirk) -> dict[str, Json]:
    wanted = request.output_format
    if wanted is None or wanted.kind == "text":
        return {}
    if wanted.schema is None:
        return {"responseMimeType": "application/json"}
    if quirk.json_schema_members:
        return {
            "responseMimeType": "application/json",
            "responseJsonSchema": output_schema(wanted.schema, "json_schema"),
        }
    return {
        "responseMimeType": "application/json",
        "responseSchema": output_schema(wanted.schema, "openapi"),
    }


def _add_extensions(body: dict[str, Json], request: Request, losses: list[str]) -> None:
    """This dialect's other members as they came, joined with ours where both speak of one object;
    those of other dialects are losses.
    """
    for dialect, members in request.extensions.items():
        if dialect != NAME:
            losses += members
            continue
        for name, value in members.items():
            if name == "toolConfig" and (name in body or "tools" not in body):
                continue
            ours = body.get(name)
            if isinstance(ours, dict) and isinstance(value, Mapping):
                body[name] = {**value, **ours}
            elif ours is None:
                body[name] = value


def _note_unsaid(request: Request, losses: list[str]) -> None:
    """What the wire has no place for. Values that ask for nothing special are no loss."""
    if request.parallel_tool_calls is False and request.tools:
        losses.append("parallel_tool_calls")
    tier = request.service_tier
    if (
        tier is not None
        and tier not in _SERVICE_TIERS
        and tier not in ("auto", "default", "standard", "standard_only")
    ):
        losses.append("service_tier")
    losses += unsaid(request, _UNSAID)
    losses += [
        f"messages[{index}].name" for index, message in enumerate(request.messages) if message.name
    ]


def _drop_refused(body: dict[str, Json], quirk: Quirk, losses: list[str]) -> None:
    """Members this model refuses, at the top or in `generationConfig`."""
    for holder in (body, body.get("generationConfig")):
        for member in quirk.dropped_members:
            if isinstance(holder, dict) and holder.pop(member, None) is not None:
                losses.append(member)
    if not body.get("generationConfig", True):
        del body["generationConfig"]
