"""A relayed body made acceptable: only what the upstream's row says it refuses is changed, and
everything else, known or not, stays the client's.

What the row forbids and nobody will miss (a role's name, a refused spelling of one limit, reasoning
of an earlier turn that this upstream calls an unknown parameter) is changed silently; what the
client asked for and does not get is a loss.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from uniapi.canonical import Json
from uniapi.dialects.efforts import nearest_effort
from uniapi.dialects.fitting import NOTHING_BESIDE, Beside
from uniapi.dialects.quirk import Quirk

from .fit_turn_order import in_order
from .request_decode_members import at
from .request_encode import drop_refused_sampling
from .request_encode_messages import schema_instruction
from .request_encode_names import wire_call_id
from .request_encode_schema import function_parameters

TOOL_MEMBERS = ("tools", "tool_choice", "functions", "function_call", "parallel_tool_calls")
REASONING_MEMBERS = ("reasoning_content", "reasoning", "reasoning_details", "thinking_blocks")


def fit(
    body: Mapping[str, Json], quirk: Quirk, beside: Beside = NOTHING_BESIDE
) -> tuple[dict[str, Json], tuple[str, ...]]:
    """The body as a shallow copy and the losses.

    Members that do not change are the client's own objects; a body of an unexpected shape passes as
    it is.
    """
    repaired = dict(body)
    losses: list[str] = []
    _rename_limit(repaired, quirk)
    if quirk.seed_member != "seed" and "seed" in repaired:
        repaired.setdefault(quirk.seed_member, repaired.pop("seed"))
    stop = repaired.get("stop")
    if quirk.max_stops is not None and isinstance(stop, list) and len(stop) > quirk.max_stops:
        repaired["stop"] = stop[: quirk.max_stops]
        losses.append("stop")
    for name in sorted(quirk.dropped_members & repaired.keys()):
        del repaired[name]
        losses.append(name)
    if not quirk.has_tools and any(repaired.get(name) for name in ("tools", "functions")):
        losses.append("tools")
    if not quirk.has_tools:
        for name in TOOL_MEMBERS:
            repaired.pop(name, None)
    if not quirk.stream_options and "stream_options" in repaired:
        del repaired["stream_options"]
    if not quirk.parallel_tool_calls_member and repaired.pop("parallel_tool_calls", None) is False:
        losses.append("parallel_tool_calls")
    if quirk.checks_schemas and isinstance(repaired.get("tools"), list):
        _repair_schemas(repaired)
    _repair_reasoning(repaired, quirk, losses)
    drop_refused_sampling(repaired, repaired.get("reasoning_effort"), quirk, losses)
    messages = repaired.get("messages")
    if isinstance(messages, list):
        changed = in_order(_repaired_messages(messages, quirk, losses), quirk)
        if changed is not messages:
            repaired["messages"] = changed
    _repair_format(repaired, quirk)
    return repaired, tuple(dict.fromkeys(losses))


def _rename_limit(body: dict[str, Json], quirk: Quirk) -> None:
    """The spelling of the output limit: where the newer one is known the older may be refused
    (OpenAI's reasoning models); the newer one is only taken back where it is.
    """
    if quirk.max_tokens_member == "max_completion_tokens" and "max_tokens" in body:
        older = body.pop("max_tokens")
        body.setdefault("max_completion_tokens", older)
    elif (
        quirk.max_tokens_member == "max_tokens"
        and "max_completion_tokens" in quirk.dropped_members
        and "max_completion_tokens" in body
    ):
        newer = body.pop("max_completion_tokens")
        body.setdefault("max_tokens", newer)


def _repair_schemas(body: dict[str, Json]) -> None:
    """Tools keep their object unless their schema would be refused."""
    tools = [_mended_tool(tool) for tool in body["tools"]]
    if any(new is not old for new, old in zip(tools, body["tools"], strict=True)):
        body["tools"] = tools


def _mended_tool(tool: Json) -> Json:
    parameters = at(tool, "function", "parameters")
    if not isinstance(parameters, dict):
        return tool
    mended = function_parameters(parameters)
    return (
        tool
        if mended == parameters
        else {**tool, "function": {**tool["function"], "parameters": mended}}
    )


def _repair_reasoning(body: dict[str, Json], quirk: Quirk, losses: list[str]) -> None:
    effort = body.get("reasoning_effort")
    if not isinstance(effort, str):
        return
    if quirk.reasoning_request == "none":
        del body["reasoning_effort"]
        if effort != "none":
            losses.append("reasoning_effort")
    elif quirk.reasoning_request == "effort":
        body["reasoning_effort"] = nearest_effort(effort, quirk.efforts)


def _repair_format(body: dict[str, Json], quirk: Quirk) -> None:
    """Where only `json_object` is known, the schema is told in a system message."""
    schema = at(body.get("response_format"), "json_schema", "schema")
    messages = body.get("messages")
    if quirk.json_schema or not isinstance(schema, dict) or not isinstance(messages, list):
        return
    body["response_format"] = {"type": "json_object"}
    body["messages"] = [
        {
            "role": "user" if quirk.system_role == "user" else "system",
            "content": schema_instruction(schema),
        },
        *messages,
    ]


def _repaired_messages(messages: list[Json], quirk: Quirk, losses: list[str]) -> list[Json]:
    """The same list when nothing in it changes."""
    repaired: list[Json] = []
    has_changed = False
    for index, message in enumerate(messages):
        if not isinstance(message, dict):
            repaired.append(message)
            continue
        if not quirk.has_tools and message.get("role") in ("tool", "function"):
            has_changed = True
            losses.append("tools")
            continue
        changed = message
        for mend in _MENDS:
            changed = mend(changed, quirk, losses, f"messages[{index}]")
        has_changed = has_changed or changed is not message
        repaired.append(changed)
    return repaired if has_changed else messages


_Message = dict[str, Any]


def _mend_role(message: _Message, quirk: Quirk, losses: list[str], path: str) -> _Message:
    role = message.get("role")
    if (role == "developer" and quirk.system_role != "developer") or (
        role == "system" and quirk.system_role == "user"
    ):
        return {**message, "role": quirk.system_role}
    return message


def _mend_tool_turn(message: _Message, quirk: Quirk, losses: list[str], path: str) -> _Message:
    if quirk.has_tools or not (message.get("tool_calls") or message.get("function_call")):
        return message
    losses.append("tools")
    kept = {
        name: value
        for name, value in message.items()
        if name not in ("tool_calls", "function_call")
    }
    return {**kept, "content": kept.get("content") or ""}


def _mend_reasoning(message: _Message, quirk: Quirk, losses: list[str], path: str) -> _Message:
    """Reasoning and foreign signatures of earlier turns, perhaps from another provider, where they
    are unknown parameters.
    """
    if quirk.reasoning_replay != "none" or message.get("role") != "assistant":
        return message
    refused = {name for name in REASONING_MEMBERS if name in message}
    if quirk.opaque_family != "gemini" and "extra_content" in message:
        refused.add("extra_content")
    if refused:
        message = {name: value for name, value in message.items() if name not in refused}
    calls = message.get("tool_calls")
    if (
        quirk.opaque_family != "gemini"
        and isinstance(calls, list)
        and any(isinstance(call, dict) and "extra_content" in call for call in calls)
    ):
        bare = [
            {name: value for name, value in call.items() if name != "extra_content"}
            if isinstance(call, dict)
            else call
            for call in calls
        ]
        message = {**message, "tool_calls": bare}
    return message


def _mend_call_ids(message: _Message, quirk: Quirk, losses: list[str], path: str) -> _Message:
    form = quirk.tool_call_id_form
    if form == "any":
        return message
    call_id = message.get("tool_call_id")
    if isinstance(call_id, str) and wire_call_id(call_id, form) != call_id:
        message = {**message, "tool_call_id": wire_call_id(call_id, form)}
    calls = message.get("tool_calls")
    if isinstance(calls, list) and any(_has_other_id(call, quirk) for call in calls):
        message = {
            **message,
            "tool_calls": [
                {**call, "id": wire_call_id(call["id"], form)}
                if _has_other_id(call, quirk)
                else call
                for call in calls
            ],
        }
    return message


def _has_other_id(call: Json, quirk: Quirk) -> bool:
    call_id = at(call, "id")
    return isinstance(call_id, str) and wire_call_id(call_id, quirk.tool_call_id_form) != call_id


def _mend_content(message: _Message, quirk: Quirk, losses: list[str], path: str) -> _Message:
    content = message.get("content")
    if not isinstance(content, list) or (quirk.has_images and not quirk.text_content_only):
        return message
    kept = [part for part in content if _is_taken(part, quirk)]
    for part in content:
        if not _is_taken(part, quirk):
            losses.append(
                f"{path}.{'image' if at(part, 'type') == 'image_url' else at(part, 'type')}"
            )
    if quirk.text_content_only:
        return {**message, "content": "\n".join(str(at(part, "text") or "") for part in kept)}
    return {**message, "content": kept or ""} if len(kept) < len(content) else message


def _is_taken(part: Json, quirk: Quirk) -> bool:
    kind = at(part, "type")
    return kind == "text" if quirk.text_content_only else quirk.has_images or kind != "image_url"


_MENDS: tuple[Callable[[_Message, Quirk, list[str], str], _Message], ...] = (
    _mend_role,
    _mend_tool_turn,
    _mend_reasoning,
    _mend_call_ids,
    _mend_content,
)
