"""Canonical request → a generateContent body the API takes, with the losses named.
https://ai.google.dev/api/generate-content
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Json, Message, Request, Text, ToolCall, iter_parts
from uniapi.dialects.codec import EncodedRequest
from uniapi.dialects.fitting import Beside
from uniapi.dialects.losses import SETTINGS, unsaid

from .request_encode_names import ToolNames
from .request_encode_parts import Block, PartEncoder
from .request_encode_schema import output_schema
from .request_encode_schema_draft import SchemaBudget
from .request_encode_thinking import encode_thinking
from .request_encode_tools import encode_tools
from .request_encode_turns import arrange_turns, begun_by_user
from .vocabulary import NAME

MAX_STOP_SEQUENCES = 5

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


def encode_request(request: Request) -> EncodedRequest:
    """The body in the plain dialect, as Google's newest models take it. Never fails: what cannot be
    said is in `losses`; budgets of thinking stand beside the body.
    """
    losses: list[str] = []
    names = ToolNames(request.tools)
    call_names = {
        part.call_id: names.wire(part.name, part.namespace)
        for part in iter_parts(request.messages)
        if isinstance(part, ToolCall)
    }
    parts = PartEncoder(names, call_names, losses)
    body: dict[str, Json] = {"contents": _contents(request.messages, parts)}
    system = _system(request.messages, losses)
    if system:
        body["systemInstruction"] = {"parts": system}
    budget = SchemaBudget()
    body.update(encode_tools(request, names, losses, budget))
    config = {**_generation_config(request, losses), **_output_format(request, budget)}
    if config:
        body["generationConfig"] = config
    tier = _SERVICE_TIERS.get(request.service_tier or "")
    if tier is not None:
        body["serviceTier"] = tier
    _add_extensions(body, request, losses)
    _note_unsaid(request, losses)
    return EncodedRequest(
        body=body,
        losses=tuple(dict.fromkeys(losses)),
        beside=Beside(reasoning=request.reasoning),
    )


def _contents(messages: tuple[Message, ...], parts: PartEncoder) -> list[Json]:
    contents: list[Block] = []
    for turn in arrange_turns(messages):
        encoded = [block for index, part in turn.parts for block in parts.encode(part, index)]
        if not encoded:
            continue
        if contents and contents[-1]["role"] == turn.role:
            contents[-1]["parts"] += encoded
        else:
            contents.append({"role": turn.role, "parts": encoded})
    return begun_by_user(contents)


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


def _generation_config(request: Request, losses: list[str]) -> dict[str, Json]:
    sampling = request.sampling
    said: dict[str, Json] = {
        "temperature": sampling.temperature,
        "topP": sampling.top_p,
        "topK": sampling.top_k,
        "maxOutputTokens": sampling.max_output_tokens,
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
    thinking = encode_thinking(request.reasoning)
    if thinking:
        config["thinkingConfig"] = thinking
    return config


def _output_format(request: Request, budget: SchemaBudget) -> dict[str, Json]:
    wanted = request.output_format
    if wanted is None or wanted.kind == "text":
        return {}
    asked: dict[str, Json] = {"responseMimeType": "application/json"}
    if wanted.schema is not None:
        asked["responseJsonSchema"] = output_schema(wanted.schema, "json_schema", budget)
    return asked


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
