"""Canonical Request → a plain chat body, for any OpenAI-compatible upstream.

Only what the client said is written, in the widest vocabulary of the format: freeform tools, cache
marks, the developer role, plain reasoning. No vendor is known here: what one of them does not take
is taken out or said otherwise by `fit`. Members of the `openai_chat` dialect that we do not know go
through; those of other dialects are losses.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from uniapi.canonical import HostedTool, Json, OutputFormat, Request, Tool, ToolChoice
from uniapi.dialects.cache_marks import ephemeral
from uniapi.dialects.codec import EncodedRequest
from uniapi.dialects.efforts import said_effort
from uniapi.dialects.fitting import Beside
from uniapi.dialects.losses import unsaid

from .request_decode_members import DIALECT_NAME
from .request_encode_messages import encode_messages
from .request_encode_names import wire_name
from .request_encode_schema import function_parameters

MAX_USER = 64
FOREIGN_TIERS = {"standard_only": "default"}
"""Anthropic's words for `service_tier`."""


def encode_request(request: Request) -> EncodedRequest:
    losses: list[str] = []
    messages, turns = encode_messages(request, losses)
    body: dict[str, Json] = {"model": request.model, "messages": messages}
    _encode_tools(body, request, losses)
    _encode_sampling(body, request)
    effort = said_effort(request.reasoning) if request.reasoning is not None else None
    if effort is not None:
        body["reasoning_effort"] = effort
    if request.output_format is not None:
        body["response_format"] = _encoded_format(request.output_format)
    _encode_settings(body, request)
    losses += unsaid(request, ("previous_response_id", "citations", "documents.context"))
    _encode_extensions(body, request, losses)
    return EncodedRequest(
        body=body,
        losses=tuple(dict.fromkeys(losses)),
        beside=Beside(reasoning=request.reasoning, turns=turns),
    )


def short_user(user: str | None) -> str | None:
    """An end-user id that vendors take: OpenAI allows 64 characters, Z.AI, Volcengine and
    OpenRouter 128, and Claude Code's `metadata.user_id` is a JSON object of more. A digest still
    tells one user from another.
    """
    if user is None or len(user) <= MAX_USER:
        return user
    return hashlib.sha256(user.encode("utf-8", "surrogatepass")).hexdigest()


def _encode_sampling(body: dict[str, Json], request: Request) -> None:
    sampling = request.sampling
    said: dict[str, Json] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "max_tokens": sampling.max_output_tokens,
        "seed": sampling.seed,
        "n": sampling.choices,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        "logprobs": sampling.logprobs,
        "top_logprobs": sampling.top_logprobs,
        "logit_bias": dict(sampling.logit_bias) if sampling.logit_bias is not None else None,
    }
    body.update({name: value for name, value in said.items() if value is not None})
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if sampling.top_logprobs is not None and sampling.logprobs is None:
        body["logprobs"] = True


def _encode_settings(body: dict[str, Json], request: Request) -> None:
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
        body["stream_options"] = {"include_usage": True}
    if request.cache is not None:
        body["cache_control"] = ephemeral(request.cache)


def _encode_extensions(body: dict[str, Json], request: Request, losses: list[str]) -> None:
    for dialect, members in request.extensions.items():
        if dialect == DIALECT_NAME:
            for name, value in members.items():
                body.setdefault(name, value)
        else:
            losses.extend(members)


# Structured output


def _encoded_format(wanted: OutputFormat) -> dict[str, Json]:
    if wanted.kind == "text":
        return {"type": "text"}
    if wanted.kind == "json" or wanted.schema is None:
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


# Tools


def _encode_tools(body: dict[str, Json], request: Request, losses: list[str]) -> None:
    tools: list[dict[str, Json]] = []
    for tool in request.tools:
        if isinstance(tool, HostedTool):
            _encode_hosted(body, tools, tool, losses)
        else:
            tools.append(_encoded_tool(tool, losses))
    choice = request.tool_choice
    if not tools:
        if choice is not None and choice.mode in ("required", "tool"):
            losses.append("tool_choice")
        return
    body["tools"] = tools
    if choice is not None:
        encoded = _encoded_choice(choice, request)
        if encoded is None:
            losses.append("tool_choice")
        else:
            body["tool_choice"] = encoded
    if request.parallel_tool_calls is not None:
        body["parallel_tool_calls"] = request.parallel_tool_calls


def _encoded_tool(tool: Tool, losses: list[str]) -> dict[str, Json]:
    described: dict[str, Json] = {"name": wire_name(tool.name, tool.namespace)}
    if tool.description is not None:
        described["description"] = tool.description
    extras: Mapping[str, Any] = tool.extras if tool.dialect == DIALECT_NAME else {}
    if tool.extras and tool.dialect not in (DIALECT_NAME, None):
        losses.extend(f"tools.{name}" for name in tool.extras)
    if tool.kind == "custom":
        if tool.grammar is not None:
            described["format"] = _nested_grammar(tool.grammar)
    else:
        if tool.parameters is not None:
            described["parameters"] = function_parameters(tool.parameters)
        if tool.strict is not None:
            described["strict"] = tool.strict
        described.update(extras.get("function", {}))
    encoded: dict[str, Json] = {"type": tool.kind, tool.kind: described}
    encoded.update({name: value for name, value in extras.items() if name != "function"})
    if tool.cache is not None:
        encoded["cache_control"] = ephemeral(tool.cache)
    return encoded


def _nested_grammar(grammar: Mapping[str, Json]) -> dict[str, Json]:
    """Chat puts a grammar's syntax and definition one level deeper than Responses does."""
    if grammar.get("type") == "grammar" and "grammar" not in grammar:
        return {
            "type": "grammar",
            "grammar": {name: value for name, value in grammar.items() if name != "type"},
        }
    return dict(grammar)


def _encode_hosted(
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


def _encoded_choice(choice: ToolChoice, request: Request) -> Json:
    """None when it names a tool that was not sent."""
    offered = {tool.name: tool for tool in request.tools if isinstance(tool, Tool)}
    if choice.mode == "tool":
        named = offered.get(choice.name or "")
        return _named(named) if named is not None else None
    if choice.allowed is None or choice.mode == "none" or offered.keys() <= set(choice.allowed):
        return choice.mode
    allowed = [_named(offered[name]) for name in choice.allowed if name in offered]
    if len(allowed) == 1 and choice.mode == "required":
        return allowed[0]
    return (
        {"type": "allowed_tools", "allowed_tools": {"mode": choice.mode, "tools": allowed}}
        if allowed
        else None
    )


def _named(tool: Tool) -> dict[str, Json]:
    return {"type": tool.kind, tool.kind: {"name": wire_name(tool.name, tool.namespace)}}
