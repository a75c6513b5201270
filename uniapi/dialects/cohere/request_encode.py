"""A canonical request as the body of `POST /v2/chat`.

Format: https://docs.cohere.com/reference/chat.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import HostedTool, Json, OutputFormat, Request, Tool
from uniapi.dialects.codec import EncodedRequest
from uniapi.dialects.function_tools import FREEFORM_PARAMETERS, description_with_grammar
from uniapi.dialects.losses import SETTINGS, unsaid
from uniapi.dialects.tool_names import qualified_name

from .request_encode_messages import Block, MessageEncoder
from .vocabulary import NAME

MAX_STOP_SEQUENCES = 5
EFFORT_BUDGETS = {"minimal": 512, "low": 1024, "medium": 4096}
"""Thinking tokens by effort; more effort has no bound, which is what the model does by itself."""

_OWN_MEMBERS = frozenset(
    {"documents", "citation_options", "safety_mode", "strict_tools", "priority"}
)
"""Members of v2 chat that a client of any dialect may put into its request; no other dialect has a
meaning for them.
"""

_UNSAID = SETTINGS - {"seed", "presence_penalty", "frequency_penalty", "logprobs", "citations"}
"""Settings that the wire has no word for."""


def encode_request(request: Request) -> EncodedRequest:
    """The body in the plain dialect. Never fails: what cannot be said is in `losses`."""
    losses: list[str] = []
    tools = _tools(request, losses)
    output_format = request.output_format
    wants_json = output_format is not None and output_format.kind != "text"
    encoder = MessageEncoder(losses, has_documents=not wants_json and not tools)
    body: dict[str, Json] = {"model": request.model, "messages": encoder.encode(request.messages)}
    if request.stream:
        body["stream"] = True
    if tools:
        body["tools"] = tools
        body.update(_tool_settings(request, losses))
    elif request.tool_choice is not None and request.tool_choice.mode in ("required", "tool"):
        losses.append("tool_choice")
    if encoder.documents:
        body["documents"] = encoder.documents
    if output_format is not None and wants_json:
        body["response_format"] = _response_format(output_format)
    body.update(_sampling(request, losses))
    thinking = _thinking(request, body.get("max_tokens"))
    if thinking is not None:
        body["thinking"] = thinking
    _add_extensions(body, request, losses)
    losses += unsaid(request, _UNSAID)
    if request.service_tier not in (None, "auto", "default"):
        losses.append("service_tier")
    return EncodedRequest(body=body, losses=tuple(dict.fromkeys(losses)))


def _tools(request: Request, losses: list[str]) -> list[Block]:
    """The functions the model may call.

    A choice of some or of one tool is said by leaving the others out: the wire only knows
    `REQUIRED`.
    """
    choice = request.tool_choice
    wanted = choice.allowed if choice is not None else None
    if choice is not None and choice.mode == "tool":
        wanted = (choice.name,) if choice.name is not None else ()
    tools: list[Block] = []
    taken: set[str] = set()
    for tool in request.tools:
        if isinstance(tool, HostedTool):
            losses.append(f"tools.{tool.kind}")
            continue
        name = qualified_name(tool.name, tool.namespace)
        if wanted is not None and tool.name not in wanted:
            continue
        if name in taken:
            losses.append(f"tools.{tool.name}")
            continue
        taken.add(name)
        losses += [f"tools.{tool.name}.{key}" for key in tool.extras]
        tools.append({"type": "function", "function": _function(name, tool)})
    return tools


def _function(name: str, tool: Tool) -> Block:
    described = tool.description or ""
    parameters: Mapping[str, Json] = tool.parameters or {"type": "object", "properties": {}}
    if tool.kind == "custom":
        described, parameters = description_with_grammar(tool), FREEFORM_PARAMETERS
    return {
        "name": name,
        **({"description": described} if described else {}),
        "parameters": dict(parameters),
    }


def _tool_settings(request: Request, losses: list[str]) -> Block:
    settings: Block = {}
    choice = request.tool_choice
    if choice is not None and choice.mode in ("required", "tool"):
        settings["tool_choice"] = "REQUIRED"
    elif choice is not None and choice.mode == "none":
        settings["tool_choice"] = "NONE"
    if request.parallel_tool_calls is False:
        losses.append("parallel_tool_calls")
    strict = [tool for tool in request.tools if isinstance(tool, Tool) and tool.strict]
    # One switch for all tools; each must then have a required parameter
    # (https://docs.cohere.com/docs/structured-outputs-json).
    if (
        strict
        and len(strict) == len(request.tools)
        and all((tool.parameters or {}).get("required") for tool in strict)
    ):
        settings["strict_tools"] = True
    else:
        losses += [f"tools.{tool.name}.strict" for tool in strict]
    return settings


def _response_format(wanted: OutputFormat) -> Block:
    schema: Block = {} if wanted.schema is None else {"json_schema": dict(wanted.schema)}
    return {"type": "json_object", **schema}


def _sampling(request: Request, losses: list[str]) -> Block:
    sampling = request.sampling
    stop = sampling.stop[:MAX_STOP_SEQUENCES]
    if len(stop) < len(sampling.stop):
        losses.append("stop")
    asked: dict[str, Json] = {
        "max_tokens": sampling.max_output_tokens,
        "temperature": _within(sampling.temperature, 0, None, "temperature", losses),
        # `p` ends at 0.99, which is as good as the 1 that clients send to say nothing.
        "p": 0.99
        if sampling.top_p is not None and 0.99 < sampling.top_p <= 1
        else _within(sampling.top_p, 0, 0.99, "top_p", losses),
        "k": _within(sampling.top_k, 0, 500, "top_k", losses),
        "seed": sampling.seed,
        "frequency_penalty": _within(sampling.frequency_penalty, 0, 1, "frequency_penalty", losses),
        "presence_penalty": _within(sampling.presence_penalty, 0, 1, "presence_penalty", losses),
        "stop_sequences": list(stop) or None,
        "logprobs": sampling.logprobs or None,
    }
    return {name: value for name, value in asked.items() if value is not None}


def _within(
    value: float | None, lowest: float, highest: float | None, name: str, losses: list[str]
) -> float | None:
    """`value` in the range the API takes; moved into it, it is a loss."""
    if value is None or (value >= lowest and (highest is None or value <= highest)):
        return value
    losses.append(name)
    return lowest if value < lowest else highest


def _thinking(request: Request, limit: int | None) -> Block | None:
    """`thinking` (https://docs.cohere.com/docs/reasoning): on or off, with a budget where the
    client bounded it.
    """
    settings = request.reasoning
    if settings is None:
        return None
    if settings.is_off:
        return {"type": "disabled"}
    budget = (
        settings.budget
        if settings.budget is not None and settings.budget > 0
        else EFFORT_BUDGETS.get(settings.effort or "")
    )
    if budget is None:
        return {"type": "enabled"}
    if limit is not None and budget >= limit:
        # What remains of the limit is all there is for the answer.
        budget = max(1, limit // 2)
    return {"type": "enabled", "token_budget": budget}


def _add_extensions(body: dict[str, Json], request: Request, losses: list[str]) -> None:
    """Cohere's own members as they came; unknown members of other dialects are losses."""
    for dialect, members in request.extensions.items():
        for name, value in members.items():
            if dialect != NAME and name not in _OWN_MEMBERS:
                losses.append(name)
            elif name == "documents" and isinstance(value, list):
                body["documents"] = [*body.get("documents", ()), *value]
            elif name not in body:
                body[name] = value
