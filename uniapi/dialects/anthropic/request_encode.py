"""Canonical request → a Messages body in the plain dialect of today (adaptive thinking steered by
effort, `output_config.format`, system turns in their place), with the losses named and the
`anthropic-beta` header it needs. What one model or host takes of it is `fit`'s.

https://platform.claude.com/docs/en/api/messages. The body carries `model` and `stream`; engines
that keep these in the URL take them out.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Json, Request
from uniapi.dialects.cache_marks import ephemeral
from uniapi.dialects.codec import EncodedRequest
from uniapi.dialects.fitting import NOTHING_BESIDE, Beside
from uniapi.dialects.losses import SETTINGS, unsaid
from uniapi.dialects.turn_repair import encode_system, json_in_words

from .request_encode_names import ToolNames
from .request_encode_parts import Block, PartEncoder, drop_marker
from .request_encode_schema import structured_schema
from .request_encode_thinking import plain_thinking
from .request_encode_tools import encode_tool_choice, encode_tools
from .request_encode_turns import encode_turns, leading_system, plain_or_blocks
from .vocabulary import NAME, member

MAX_BREAKPOINTS = 4

_BETA_TOOLS = (
    ("computer_20241022", "computer-use-2024-10-22"),
    ("computer_20250124", "computer-use-2025-01-24"),
    ("computer_20251124", "computer-use-2025-11-24"),
    ("code_execution_20250522", "code-execution-2025-05-22"),
    ("memory_", "context-management-2025-06-27"),
    ("advisor_", "advisor-tool-2026-03-01"),
    ("mcp_toolset", "mcp-client-2025-11-20"),
)
"""Tool types by prefix, the first match counting, and the beta each still needs."""
_BETA_MEMBERS = {
    "context_management": "context-management-2025-06-27",
    "compaction": "compact-2026-09-04",
    "fallbacks": "server-side-fallback-2026-07-01",
    "fallback_credit_token": "fallback-credit-2026-07-01",
    "speed": "fast-mode-2026-02-01",
    "thread": "message-threads-2026-08-12",
    "diagnostics": "cache-diagnosis-2026-04-07",
    "user_profile_id": "user-profiles-2026-09-04",
}
_SERVICE_TIERS = {"auto": "auto", "standard_only": "standard_only", "default": "standard_only"}

_UNSAID = SETTINGS - {"top_logprobs", "user", "cache_control", "citations", "documents.context"}
"""Settings that the wire has no word for."""


def encode_request(request: Request) -> EncodedRequest:
    """The body in the plain dialect. Never fails: what cannot be said is in `losses`."""
    losses: list[str] = []
    names = ToolNames(request.tools)
    parts = PartEncoder(names, losses)
    body: dict[str, Json] = {"model": request.model}
    if request.sampling.max_output_tokens is not None:
        body["max_tokens"] = request.sampling.max_output_tokens
    system, messages = _conversation(request, parts, losses)
    if system:
        body["system"] = plain_or_blocks(system)
    body["messages"] = messages
    tools = encode_tools(request, names, losses) if request.tools else []
    if tools:
        body["tools"] = tools
    if tools or request.tool_choice is not None:
        choice = encode_tool_choice(request, names, tools, losses)
        if choice is not None:
            body["tool_choice"] = choice
    thinking, effort = plain_thinking(request.reasoning)
    if thinking is not None:
        body["thinking"] = thinking
    body.update(_sampling(request, losses))
    body.update(_settings(request, losses))
    if effort is not None or request.output_format is not None:
        _add_output_config(body, request, effort, losses)
    if request.extensions:
        _add_extensions(body, request, losses)
    losses += unsaid(request, _UNSAID)
    _limit_breakpoints(body, losses)
    betas = _betas(body, uses_files=parts.uses_files)
    return EncodedRequest(
        body=body,
        losses=tuple(dict.fromkeys(losses)),
        headers={"anthropic-beta": ",".join(betas)} if betas else {},
        beside=_beside(request),
    )


def _beside(request: Request) -> Beside:
    reasoning, output_format = request.reasoning, request.output_format
    if reasoning is None and output_format is None:
        return NOTHING_BESIDE
    return Beside(reasoning=reasoning, output_format=output_format)


def _conversation(
    request: Request, parts: PartEncoder, losses: list[str]
) -> tuple[list[Block], list[dict[str, Json]]]:
    """Instructions before the first turn are the `system` member, later ones stay where they are:
    moving them would change what they say and the cached prefix.
    """
    leading = leading_system(request.messages)
    system = encode_system(request.messages[:leading], parts.blocks, losses)
    messages = encode_turns(request.messages, parts, losses, begins_at=leading)
    if not messages and system:
        # Instructions alone are refused; as the user's words they are answered.
        return [], [{"role": "user", "content": plain_or_blocks(system)}]
    output_format = request.output_format
    if output_format is not None and output_format.kind != "text" and output_format.schema is None:
        system = [*system, {"type": "text", "text": json_in_words(None)}]
    return system, messages


def _sampling(request: Request, losses: list[str]) -> dict[str, Json]:
    """temperature, which ends at 1 on this wire, top_p and top_k."""
    sampling = request.sampling
    said: dict[str, Json] = {}
    temperature = sampling.temperature
    if temperature is not None and not 0 <= temperature <= 1:
        losses.append("temperature")
        temperature = min(1.0, max(0.0, temperature))
    if temperature is not None:
        said["temperature"] = temperature
    if sampling.top_p is not None:
        said["top_p"] = sampling.top_p
    if sampling.top_k is not None:
        said["top_k"] = sampling.top_k
    return said


def _settings(request: Request, losses: list[str]) -> dict[str, Json]:
    settings: dict[str, Json] = {}
    if request.sampling.stop:
        stop = [text for text in request.sampling.stop if text.strip()]
        if len(stop) < len(request.sampling.stop):
            losses.append("stop")
        if stop:
            settings["stop_sequences"] = stop
    if request.user is not None:
        settings["metadata"] = {"user_id": request.user}
    if request.service_tier is not None:
        tier = _SERVICE_TIERS.get(request.service_tier)
        if tier is None:
            losses.append("service_tier")
        else:
            settings["service_tier"] = tier
    if request.cache is not None:
        settings["cache_control"] = ephemeral(request.cache)
    if request.stream:
        settings["stream"] = True
    return settings


def _add_output_config(
    body: dict[str, Json], request: Request, effort: str | None, losses: list[str]
) -> None:
    config: dict[str, Json] = {}
    if effort is not None:
        config["effort"] = effort
    schema = request.output_format.schema if request.output_format is not None else None
    if schema is not None:
        unsupported: set[str] = set()
        config["format"] = {"type": "json_schema", "schema": structured_schema(schema, unsupported)}
        losses += [f"response_format.schema.{keyword}" for keyword in sorted(unsupported)]
    if config:
        body["output_config"] = config


def _add_extensions(body: dict[str, Json], request: Request, losses: list[str]) -> None:
    """Unknown members of this dialect as they came, joined with ours where both speak of one
    object; those of other dialects are losses.
    """
    for dialect, members in request.extensions.items():
        if dialect != NAME:
            losses += members
            continue
        for name, value in members.items():
            ours = body.get(name)
            if isinstance(ours, dict) and isinstance(value, dict):
                body[name] = {**value, **ours}
            elif name not in body and not (name == "thinking" and member(value, "type") is None):
                body[name] = value


def _limit_breakpoints(body: dict[str, Json], losses: list[str]) -> None:
    """The API takes four cache breakpoints; the last ones cover the most, so the earliest go."""
    places = [body.get("tools"), body.get("system")]
    places += [message["content"] for message in body["messages"]]
    lists = [place for place in places if isinstance(place, list)]
    if not lists:
        return
    holders: list[tuple[list[Json], int]] = []

    def collect(items: list[Json]) -> None:
        for position, item in enumerate(items):
            if isinstance(item, dict):
                inner = item.get("content") if item.get("type") == "tool_result" else None
                if isinstance(inner, list):
                    collect(inner)
                if item.get("cache_control") is not None:
                    holders.append((items, position))

    for place in lists:
        collect(place)
    surplus = len(holders) + ("cache_control" in body) - MAX_BREAKPOINTS
    for items, position in holders[: max(0, surplus)]:
        items[position] = drop_marker(items[position])
    if surplus > 0:
        losses.append("cache_control")


_BETA_HOLDERS = frozenset(
    {*_BETA_MEMBERS, "tools", "mcp_servers", "container", "output_config", "thinking"}
)
"""Members in which something may need a beta."""


def _betas(body: Mapping[str, Json], *, uses_files: bool) -> list[str]:
    if not uses_files and _BETA_HOLDERS.isdisjoint(body):
        return []
    betas: dict[str, None] = {}
    if uses_files:
        betas["files-api-2025-04-14"] = None
    for tool in body.get("tools", ()):
        kind = tool.get("type")
        beta = next(
            (
                beta
                for prefix, beta in _BETA_TOOLS
                if isinstance(kind, str) and kind.startswith(prefix)
            ),
            None,
        )
        if beta is not None:
            betas[beta] = None
    if body.get("mcp_servers") and "mcp-client-2025-11-20" not in betas:
        betas["mcp-client-2025-04-04"] = None
    for name, beta in _BETA_MEMBERS.items():
        if body.get(name) is not None:
            betas[beta] = None
    edits = member(body.get("context_management"), "edits")
    if isinstance(edits, list) and any(
        str(member(edit, "type")).startswith("compact_") for edit in edits
    ):
        betas["compact-2026-01-12"] = None
    if member(body.get("container"), "skills"):
        betas["skills-2025-10-02"] = None
    if member(body.get("output_config"), "task_budget"):
        betas["task-budgets-2026-03-13"] = None
    if member(body.get("thinking"), "block_binding"):
        betas["thinking-binding-controls-2026-08-01"] = None
    if member(body.get("thinking"), "display") == "updates":
        betas["thinking-display-updates-2026-08-18"] = None
    return list(betas)
