"""Members that OpenAI refuses without another one, and that say nothing without it."""

from __future__ import annotations

from uniapi.dialects.fitting import Body, Fitting, minds

from .fit_members import without
from .fit_messages import Turn, with_messages

_OF_TOOLS = ("tools", "tool_choice", "parallel_tool_calls")


@minds("members_alone", where=(*_OF_TOOLS, "stream_options", "tool_calls"))
def no_members_alone(body: Body, fitting: Fitting) -> Body:
    """«[] is too short - 'tools'», «'tool_choice' is only allowed when 'tools' are specified», «The
    'stream_options' parameter is only allowed when 'stream' is enabled» (sources: the row of
    `members_alone` in `uniapi/engines/facts_chat.py`). Legacy `functions` are tools too.
    «Invalid 'messages[1].tool_calls': empty array.» (openai/openai-node#1341, 2026-11-30)
    """
    body = with_messages(body, _without_no_calls)
    has_tools = body.get("tools") or body.get("functions")
    alone = [name for name in _OF_TOOLS if name in body and not has_tools]
    if "stream_options" in body and not body.get("stream"):
        alone.append("stream_options")
    return without(body, *alone) if alone else body


def _without_no_calls(message: Turn, path: str) -> Turn:
    return without(message, "tool_calls") if message.get("tool_calls") == [] else message
