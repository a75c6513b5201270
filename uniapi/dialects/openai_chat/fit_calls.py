"""Every call of a chat answered, and no result without its call, where that is refused: clients
that were interrupted leave histories of the other kind.
"""

from __future__ import annotations

from uniapi.canonical import Json, ToolResult
from uniapi.dialects.fitting import Body, Fitting, minds
from uniapi.dialects.turn_repair import NO_RESULT, orphan_label

from .fit_system import joined
from .request_decode_members import at


@minds("calls_need_results", where=("tool_calls", "tool"))
def answered_calls(body: Body, fitting: Fitting) -> Body:
    """«An assistant message with 'tool_calls' must be followed by tool messages responding to each
    'tool_call_id'», «messages with role 'tool' must be a response to a preceeding message with
    'tool_calls'» (developers.openai.com/api/docs/guides/function-calling, 2026-11-30). What the
    last turn calls is still open.
    """
    messages = body.get("messages")
    if not isinstance(messages, list):
        return body
    answered: list[Json] = []
    missing: dict[str, None] = {}
    called: set[str] = set()
    for message in messages:
        role = at(message, "role")
        if role == "tool":
            call_id = str(at(message, "tool_call_id"))
            missing.pop(call_id, None)
            answered.append(message if call_id in called else _as_text(message, call_id))
            continue
        answered += [_no_result(call_id) for call_id in missing]
        missing = {}
        if role == "assistant":
            missing = dict.fromkeys(_call_ids(message))
            called |= missing.keys()
        answered.append(message)
    is_same = len(answered) == len(messages)
    is_same = is_same and all(new is old for new, old in zip(answered, messages, strict=True))
    if missing and at(messages[-1], "role") == "tool":
        answered += [_no_result(call_id) for call_id in missing]
        is_same = False
    return body if is_same else {**body, "messages": answered}


def _call_ids(message: Json) -> list[str]:
    calls = at(message, "tool_calls")
    return [str(at(call, "id")) for call in calls] if isinstance(calls, list) else []


def _no_result(call_id: str) -> Json:
    return {"role": "tool", "tool_call_id": call_id, "content": NO_RESULT}


def _as_text(message: Json, call_id: str) -> Json:
    label = orphan_label(ToolResult(call_id=call_id))
    return {"role": "user", "content": joined(label, at(message, "content"))}
