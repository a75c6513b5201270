"""A client's Responses body → canonical Request.

Members: https://platform.openai.com/docs/api-reference/responses/create (openai SDK 3.54, November
2026). `instructions` is the first system message. A member without a canonical place stays under
`extensions["openai_responses"]`, unless it only says the default. Two entries of `include` need no
member: logprobs are asked for in `sampling`, and encrypted reasoning is always handed out by our
encoder.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from uniapi.canonical import (
    Effort,
    HostedTool,
    Json,
    Message,
    Opaque,
    OutputFormat,
    ReasoningSettings,
    Request,
    RequestRefused,
    Sampling,
    Text,
    Tool,
    ToolCall,
)
from uniapi.dialects.cache_marks import with_newest_marked
from uniapi.dialects.openai_chat.request_decode_members import (
    decode_bool,
    decode_int,
    decode_list,
    decode_number,
    decode_object,
    decode_text,
    need_object,
    need_text,
    refused,
)
from uniapi.values import replace

from .opaque import own_members
from .request_decode_items import decode_input
from .request_decode_tool_search import in_sight
from .request_decode_tools import decode_choice, decode_tools, is_hosted_choice, own_namespace
from .vocabulary import FAMILY, NAME

LOGPROBS_INCLUDE = "message.output_text.logprobs"
ENCRYPTED_INCLUDE = "reasoning.encrypted_content"

_SETTINGS = frozenset(
    {
        "model",
        "input",
        "instructions",
        "stream",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "temperature",
        "top_p",
        "top_logprobs",
        "max_output_tokens",
        "reasoning",
        "text",
        "include",
        "user",
        "metadata",
        "prompt_cache_key",
        "service_tier",
        "store",
        "previous_response_id",
    }
)
_DEFAULTS: Mapping[str, Json] = {
    "truncation": "disabled",
    "background": False,
    "stream_options": {"include_usage": True},
}
"""What clients spell out although it changes nothing (the last is Cursor's, on the chat path)."""
_STATEFUL = ("previous_response_id", "conversation", "prompt")
"""Members that hold a conversation upstream: with one of them `input` may be missing."""
_EFFORTS: Mapping[str, Effort] = {effort: effort for effort in get_args(Effort)}


def decode_request(body: Mapping[str, Json], model: str, stream: bool) -> Request:
    """Raises RequestRefused naming the member that is missing or of the wrong type
    (`input[3].content[0].type`).
    """
    if body.get("input") is None and all(body.get(name) is None for name in _STATEFUL):
        raise RequestRefused.bad_request(
            "input: expected text or a list of items, found nothing", param="input"
        )
    extensions: dict[str, Json] = {
        name: value
        for name, value in body.items()
        if name not in _SETTINGS and value is not None and _DEFAULTS.get(name, _DEFAULTS) != value
    }
    messages, brought = decode_input(body.get("input"))
    tools = decode_tools(body.get("tools"), "tools") + list(brought)
    choice = body.get("tool_choice")
    if is_hosted_choice(choice):
        extensions["tool_choice"] = choice
    request = Request(
        model=model,
        messages=(
            *_instructions(body),
            *(_with_own_namespaces(message, tools) for message in messages),
        ),
        tools=in_sight(tools, messages),
        tool_choice=decode_choice(choice),
        parallel_tool_calls=decode_bool(body.get("parallel_tool_calls"), "parallel_tool_calls"),
        sampling=_sampling(body, extensions),
        reasoning=_reasoning(body, extensions),
        output_format=_output_format(body, extensions),
        verbosity=_verbosity(body),
        stream=stream,
        user=decode_text(body.get("user"), "user"),
        metadata=decode_object(body.get("metadata"), "metadata"),
        prompt_cache_key=decode_text(body.get("prompt_cache_key"), "prompt_cache_key"),
        service_tier=decode_text(body.get("service_tier"), "service_tier"),
        store=decode_bool(body.get("store"), "store"),
        previous_response_id=decode_text(body.get("previous_response_id"), "previous_response_id"),
        extensions={NAME: extensions} if extensions else {},
    )
    return with_newest_marked(request, extensions.get("prompt_cache_options"))


def _with_own_namespaces(message: Message, tools: list[Tool | HostedTool]) -> Message:
    """Calls of tools that were offered without a namespace, without the one the API gave them,
    which their token keeps.
    """
    parts = tuple(
        _with_own_namespace(part, tools)
        if isinstance(part, ToolCall) and part.namespace is not None
        else part
        for part in message.parts
    )
    return message if parts == message.parts else replace(message, parts=parts)


def _with_own_namespace(call: ToolCall, tools: list[Tool | HostedTool]) -> ToolCall:
    if own_namespace(call.namespace, call.name, tools) is not None:
        return call
    is_ours = call.opaque is None or call.opaque.family == FAMILY
    kept = (
        Opaque(
            family=FAMILY, value={**own_members(call.opaque, FAMILY), "namespace": call.namespace}
        )
        if is_ours
        else call.opaque
    )
    return replace(call, namespace=None, opaque=kept)


def _instructions(body: Mapping[str, Json]) -> tuple[Message, ...]:
    value = body.get("instructions")
    if value is None or value == "":
        return ()
    if isinstance(value, list):
        messages, _ = decode_input(value)
        return messages
    return (Message(role="system", parts=(Text(text=need_text(value, "instructions")),)),)


def _sampling(body: Mapping[str, Json], extensions: dict[str, Json]) -> Sampling:
    include = [
        need_text(word, f"include[{index}]")
        for index, word in enumerate(decode_list(body.get("include"), "include"))
    ]
    others = [word for word in include if word not in (LOGPROBS_INCLUDE, ENCRYPTED_INCLUDE)]
    if others:
        extensions["include"] = include
    return Sampling(
        temperature=decode_number(body.get("temperature"), "temperature"),
        top_p=decode_number(body.get("top_p"), "top_p"),
        max_output_tokens=decode_int(body.get("max_output_tokens"), "max_output_tokens"),
        logprobs=True if LOGPROBS_INCLUDE in include else None,
        top_logprobs=decode_int(body.get("top_logprobs"), "top_logprobs"),
    )


def _reasoning(body: Mapping[str, Json], extensions: dict[str, Json]) -> ReasoningSettings | None:
    reasoning = decode_object(body.get("reasoning"), "reasoning")
    if reasoning is None:
        return None
    rest = {
        name: value
        for name, value in reasoning.items()
        if name not in ("effort", "summary", "generate_summary") and value is not None
    }
    word = decode_text(reasoning.get("effort"), "reasoning.effort")
    effort = _EFFORTS.get((word or "").lower())
    if word is not None and effort is None:
        rest["effort"] = word
    if rest:
        extensions["reasoning"] = rest
    visibility = decode_text(reasoning.get("summary"), "reasoning.summary") or decode_text(
        reasoning.get("generate_summary"), "reasoning.generate_summary"
    )
    settings = ReasoningSettings(
        effort=effort,
        visibility=visibility,
        include=True if visibility not in (None, "none") else None,
    )
    return None if settings == ReasoningSettings() else settings


def _output_format(body: Mapping[str, Json], extensions: dict[str, Json]) -> OutputFormat | None:
    text = decode_object(body.get("text"), "text")
    if text is None:
        return None
    rest = {
        name: value
        for name, value in text.items()
        if name not in ("format", "verbosity") and value is not None
    }
    if rest:
        extensions["text"] = rest
    if text.get("format") is None:
        return None
    wanted = need_object(text["format"], "text.format")
    match wanted.get("type"):
        case "text":
            return OutputFormat(kind="text")
        case "json_object":
            return OutputFormat(kind="json")
        case "json_schema":
            # Chat's nesting is forgiven.
            nested = decode_object(wanted.get("json_schema"), "text.format.json_schema")
            described = nested if nested is not None else wanted
            return OutputFormat(
                kind="json_schema",
                name=decode_text(described.get("name"), "text.format.name"),
                description=decode_text(described.get("description"), "text.format.description"),
                schema=need_object(described.get("schema"), "text.format.schema"),
                strict=decode_bool(described.get("strict"), "text.format.strict"),
            )
        case str():
            extensions["text"] = {**rest, "format": wanted}
            return None
        case other:
            raise refused("text.format.type", "text, json_object or json_schema", other)


def _verbosity(body: Mapping[str, Json]) -> str | None:
    text = body.get("text")
    return decode_text(text.get("verbosity"), "text.verbosity") if isinstance(text, dict) else None
