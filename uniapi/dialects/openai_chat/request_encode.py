"""Canonical Request → a chat body for an OpenAI-compatible upstream.

Only what the client said is written, in the vocabulary the quirk row says this upstream reads.
Members of the `openai_chat` dialect that we do not know go through; those of other dialects are
losses, as is everything the row forbids.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from uniapi.canonical import (
    HostedTool,
    Json,
    Message,
    OutputFormat,
    ReasoningSettings,
    Request,
    Text,
    Tool,
    ToolChoice,
)
from uniapi.dialects.codec import EncodedRequest
from uniapi.dialects.efforts import is_reasoning, nearest_effort, said_effort, wants_reasoning
from uniapi.dialects.function_tools import FREEFORM_PARAMETERS, description_with_grammar
from uniapi.dialects.losses import unsaid
from uniapi.dialects.quirk import Quirk

from .request_decode_members import DIALECT_NAME
from .request_encode_messages import encode_cache, encode_messages, schema_instruction
from .request_encode_names import wire_name
from .request_encode_schema import function_parameters

MAX_USER = 64
FOREIGN_TIERS = {"standard_only": "default"}
"""Anthropic's words for `service_tier`."""


_SAYS_NOTHING = (("store", False), ("modalities", ["text"]))
"""Members that ask for what happens anyway: no loss where they are refused."""


def encode_request(request: Request, quirk: Quirk) -> EncodedRequest:
    losses: list[str] = []
    request = _with_schema_in_text(request, quirk)
    body: dict[str, Json] = {
        "model": request.model,
        "messages": encode_messages(request, quirk, losses),
    }
    _write_tools(body, request, quirk, losses)
    _write_sampling(body, request, quirk, losses)
    if request.reasoning is not None:
        _write_reasoning(body, request.reasoning, quirk, losses)
    if request.output_format is not None:
        body["response_format"] = _encoded_format(request.output_format, quirk)
    _write_settings(body, request, quirk, losses)
    _write_extensions(body, request, losses)
    drop_refused_sampling(body, body.get("reasoning_effort"), quirk, losses)
    for name in quirk.dropped_members:
        if name in body:
            if (name, body.pop(name)) in _SAYS_NOTHING:
                continue
            if (
                name not in ("stream_options", "parallel_tool_calls")
                or request.include_usage
                or request.parallel_tool_calls is not None
            ):
                losses.append(name)
    return EncodedRequest(body=body, losses=tuple(dict.fromkeys(losses)))


def short_user(user: str | None) -> str | None:
    """An end-user id that vendors take: OpenAI allows 64 characters, Z.AI, Volcengine and
    OpenRouter 128, and Claude Code's `metadata.user_id` is a JSON object of more. A digest still
    tells one user from another.
    """
    if user is None or len(user) <= MAX_USER:
        return user
    return hashlib.sha256(user.encode("utf-8", "surrogatepass")).hexdigest()


def _write_sampling(
    body: dict[str, Json], request: Request, quirk: Quirk, losses: list[str]
) -> None:
    sampling = request.sampling
    said: dict[str, Json] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        quirk.max_tokens_member: sampling.max_output_tokens
        if sampling.max_output_tokens is not None
        else quirk.default_max_tokens,
        quirk.seed_member: sampling.seed,
        "n": sampling.choices,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        "logprobs": sampling.logprobs,
        "top_logprobs": sampling.top_logprobs,
        "logit_bias": dict(sampling.logit_bias) if sampling.logit_bias is not None else None,
    }
    body.update({name: value for name, value in said.items() if value is not None})
    if sampling.stop:
        body["stop"] = list(sampling.stop[: quirk.max_stops])
        if quirk.max_stops is not None and len(sampling.stop) > quirk.max_stops:
            losses.append("stop")
    if sampling.top_logprobs is not None and sampling.logprobs is None:
        body["logprobs"] = True


def _write_settings(
    body: dict[str, Json], request: Request, quirk: Quirk, losses: list[str]
) -> None:
    tier = request.service_tier
    said: dict[str, Json] = {
        "modalities": list(request.output_modalities) or None,
        "audio": dict(request.audio_output) if request.audio_output is not None else None,
        "verbosity": request.verbosity,
        "user": short_user(request.user),
        "metadata": dict(request.metadata) if request.metadata is not None else None,
        "prompt_cache_key": request.prompt_cache_key,
        "service_tier": FOREIGN_TIERS.get(tier, tier) if tier is not None else None,
        "store": request.store,
    }
    body.update({name: value for name, value in said.items() if value is not None})
    if request.stream:
        body["stream"] = True
        if quirk.stream_options:
            body["stream_options"] = {"include_usage": True}
    losses += unsaid(request, ("previous_response_id", "citations", "documents.context"))
    if request.cache is not None:
        if quirk.cache_control:
            body["cache_control"] = encode_cache(request.cache)
        else:
            losses.append("cache_control")


def _write_extensions(body: dict[str, Json], request: Request, losses: list[str]) -> None:
    for dialect, members in request.extensions.items():
        if dialect == DIALECT_NAME:
            for name, value in members.items():
                body.setdefault(name, value)
        else:
            losses.extend(members)


# Reasoning


def _write_reasoning(
    body: dict[str, Json], settings: ReasoningSettings, quirk: Quirk, losses: list[str]
) -> None:
    match quirk.reasoning_request:
        case "effort":
            effort = _effort_word(settings, quirk)
            if effort is not None:
                body["reasoning_effort"] = effort
        case "openrouter":
            body["reasoning"] = _openrouter_reasoning(settings, quirk)
        case "thinking":
            body["thinking"] = {"type": "disabled" if settings.is_off else "enabled"}
            effort = _effort_word(settings, quirk)
            if effort is not None and not settings.is_off:
                if quirk.efforts:
                    body["reasoning_effort"] = effort
                elif settings.effort is not None:
                    losses.append("reasoning_effort")
        case "enable_thinking":
            body["enable_thinking"] = not settings.is_off
            if settings.budget is not None and settings.budget > 0:
                body["thinking_budget"] = settings.budget
        case "none":
            if not settings.is_off:
                losses.append("reasoning_effort")


def _effort_word(settings: ReasoningSettings, quirk: Quirk) -> str | None:
    """The effort to ask for, None to leave it to the model (adaptive, or a budget of -1): one that
    also takes `none` may not think at all unless it is told to (GPT-5.1 to 5.4, Mistral Small), and
    gets `medium`.
    """
    effort = said_effort(settings)
    if effort is None and "none" in quirk.efforts and wants_reasoning(settings):
        effort = "medium"
    return nearest_effort(effort, quirk.efforts) if effort is not None else None


def _openrouter_reasoning(settings: ReasoningSettings, quirk: Quirk) -> dict[str, Json]:
    """https://openrouter.ai/docs/use-cases/reasoning-tokens: effort and max_tokens exclude each
    other.
    """
    reasoning: dict[str, Json]
    if settings.is_off:
        reasoning = {"enabled": False}
    elif settings.effort is not None:
        reasoning = {"effort": _effort_word(settings, quirk)}
    elif settings.budget is not None and settings.budget > 0:
        reasoning = {"max_tokens": settings.budget}
    else:
        reasoning = {"enabled": True}
    if settings.include is False:
        reasoning["exclude"] = True
    return reasoning


def drop_refused_sampling(
    body: dict[str, Json], effort: Json, quirk: Quirk, losses: list[str]
) -> None:
    """Takes out what the model refuses while it reasons; `effort` is what the body asks for. A
    temperature or top_p of 1 says nothing, and is no loss.
    """
    if quirk.sampling_while_reasoning or not is_reasoning(effort, quirk):
        return
    for name, says_nothing in (
        ("temperature", 1),
        ("top_p", 1),
        ("logprobs", False),
        ("top_logprobs", 0),
    ):
        if body.pop(name, None) not in (None, says_nothing):
            losses.append(name)


# Structured output


def _encoded_format(wanted: OutputFormat, quirk: Quirk) -> dict[str, Json]:
    if wanted.kind == "text":
        return {"type": "text"}
    if wanted.kind == "json" or wanted.schema is None or not quirk.json_schema:
        return {"type": "json_object"}
    described: dict[str, Json] = {
        "name": wire_name(wanted.name or "response"),
        "schema": dict(wanted.schema),
    }
    if wanted.description is not None:
        described["description"] = wanted.description
    if wanted.strict is not None:
        described["strict"] = wanted.strict
    return {"type": "json_schema", "json_schema": described}


def _with_schema_in_text(request: Request, quirk: Quirk) -> Request:
    """For upstreams that know `json_object` only: the schema is told in the system text (they also
    want the word JSON to be said).
    """
    wanted = request.output_format
    if quirk.json_schema or wanted is None or wanted.schema is None:
        return request
    return replace(
        request,
        messages=(
            Message(role="system", parts=(Text(text=schema_instruction(wanted.schema)),)),
            *request.messages,
        ),
    )


# Tools


def _write_tools(body: dict[str, Json], request: Request, quirk: Quirk, losses: list[str]) -> None:
    tools: list[dict[str, Json]] = []
    allowed = request.tool_choice.allowed if request.tool_choice is not None else None
    for tool in request.tools:
        if isinstance(tool, HostedTool):
            _write_hosted(body, tools, tool, losses)
        elif quirk.has_tools and (quirk.allowed_tools or allowed is None or tool.name in allowed):
            tools.append(_encoded_tool(tool, quirk, losses))
        elif quirk.has_tools:
            continue
        else:
            losses.append("tools")
    if not tools:
        if request.tool_choice is not None and request.tool_choice.mode in ("required", "tool"):
            losses.append("tool_choice")
        return
    body["tools"] = tools
    choice = request.tool_choice
    if choice is not None:
        encoded = _encoded_choice(choice, request, quirk)
        if encoded is None:
            losses.append("tool_choice")
        else:
            body["tool_choice"] = encoded
    if request.parallel_tool_calls is not None:
        if quirk.parallel_tool_calls_member:
            body["parallel_tool_calls"] = request.parallel_tool_calls
        elif not request.parallel_tool_calls:
            losses.append("parallel_tool_calls")


def _encoded_tool(tool: Tool, quirk: Quirk, losses: list[str]) -> dict[str, Json]:
    described: dict[str, Json] = {"name": wire_name(tool.name, tool.namespace)}
    if tool.description is not None:
        described["description"] = tool.description
    extras: Mapping[str, Any] = tool.extras if tool.dialect == DIALECT_NAME else {}
    if tool.extras and tool.dialect not in (DIALECT_NAME, None):
        losses.extend(f"tools.{name}" for name in tool.extras)
    encoded: dict[str, Json]
    if tool.kind == "custom" and quirk.custom_tools:
        if tool.grammar is not None:
            described["format"] = _nested_grammar(tool.grammar)
        encoded = {"type": "custom", "custom": described}
    elif tool.kind == "custom":
        if tool.grammar is not None and (description := description_with_grammar(tool)):
            described["description"] = description
        encoded = {"type": "function", "function": {**described, "parameters": FREEFORM_PARAMETERS}}
    else:
        if tool.parameters is not None:
            described["parameters"] = function_parameters(tool.parameters)
        if tool.strict is not None:
            described["strict"] = tool.strict
        described.update(extras.get("function", {}))
        encoded = {"type": "function", "function": described}
    encoded.update({name: value for name, value in extras.items() if name != "function"})
    if tool.cache is not None:
        if quirk.cache_control:
            encoded["cache_control"] = encode_cache(tool.cache)
        else:
            losses.append("cache_control")
    return encoded


def _nested_grammar(grammar: Mapping[str, Json]) -> dict[str, Json]:
    """Chat puts a grammar's syntax and definition one level deeper than Responses does."""
    if grammar.get("type") == "grammar" and "grammar" not in grammar:
        return {
            "type": "grammar",
            "grammar": {name: value for name, value in grammar.items() if name != "type"},
        }
    return dict(grammar)


def _write_hosted(
    body: dict[str, Json], tools: list[dict[str, Json]], tool: HostedTool, losses: list[str]
) -> None:
    """A hosted tool of our own dialect as it came; another dialect's web search as
    `web_search_options`; everything else is a loss.
    """
    if tool.dialect == DIALECT_NAME:
        if "web_search_options" in tool.raw and "type" not in tool.raw:
            body["web_search_options"] = tool.raw["web_search_options"]
        else:
            tools.append(dict(tool.raw))
        return
    if tool.kind != "web_search":
        losses.append(f"tools.{tool.kind}")
        return
    options: dict[str, Json] = {}
    if tool.context_size is not None:
        options["search_context_size"] = tool.context_size
    if tool.location:
        options["user_location"] = {"type": "approximate", "approximate": dict(tool.location)}
    for name in ("max_uses", "allowed_domains", "blocked_domains"):
        if getattr(tool, name):
            losses.append(f"tools.web_search.{name}")
    body["web_search_options"] = options


def _encoded_choice(choice: ToolChoice, request: Request, quirk: Quirk) -> Json:
    """None when it names a tool that was not sent."""
    offered = {tool.name: tool for tool in request.tools if isinstance(tool, Tool)}
    if choice.mode == "tool":
        named = offered.get(choice.name or "")
        return _named(named, quirk) if named is not None else None
    if (
        choice.allowed is None
        or not quirk.allowed_tools
        or choice.mode == "none"
        or offered.keys() <= set(choice.allowed)
    ):
        return choice.mode
    allowed = [_named(offered[name], quirk) for name in choice.allowed if name in offered]
    if len(allowed) == 1 and choice.mode == "required":
        return allowed[0]
    return (
        {"type": "allowed_tools", "allowed_tools": {"mode": choice.mode, "tools": allowed}}
        if allowed
        else None
    )


def _named(tool: Tool, quirk: Quirk) -> dict[str, Json]:
    kind = "custom" if tool.kind == "custom" and quirk.custom_tools else "function"
    return {"type": kind, kind: {"name": wire_name(tool.name, tool.namespace)}}
