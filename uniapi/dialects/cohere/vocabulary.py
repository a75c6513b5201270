"""The words of Cohere's v2 chat that several codecs share: names, finish reasons, and how tools of
other wires are spelled here.

Formats: https://docs.cohere.com/reference/chat and the v2 types of the cohere SDK.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from uniapi.canonical import FinishReason, HostedTool, Tool, ToolCall
from uniapi.dialects.function_tools import freeform_input, object_text
from uniapi.dialects.tool_names import offered_name, qualified_name

NAME = "cohere"
FAMILY = "cohere"

FINISH_REASONS: Mapping[str, FinishReason] = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_calls",
    "ERROR": "error",
    "TIMEOUT": "error",
    "ERROR_LIMIT": "length",
    "ERROR_TOXIC": "content_filter",
    "USER_CANCEL": "error",
}


class ToolNames:
    """Wire names of a request's tools, both ways: Cohere has no namespaces, and every tool is a
    function of an object.
    """

    def __init__(self, tools: Iterable[Tool | HostedTool]) -> None:
        self._tools: dict[str, Tool] = {}
        for tool in tools:
            if isinstance(tool, Tool):
                self._tools.setdefault(qualified_name(tool.name, tool.namespace), tool)

    def opened_call(self, call_id: str, name: str) -> ToolCall:
        """A call of the model under the client's own name for the tool, no arguments yet."""
        name = offered_name(name, self._tools)
        tool = self._tools.get(name)
        if tool is None:
            return ToolCall(call_id=call_id, name=name)
        return ToolCall(call_id=call_id, name=tool.name, kind=tool.kind, namespace=tool.namespace)


def wire_arguments(call: ToolCall) -> str:
    """The arguments as the text of a JSON object; freeform input is one member of it."""
    if call.kind == "custom":
        return json.dumps({"input": call.arguments}, ensure_ascii=False)
    return object_text(call.arguments)


def client_arguments(call: ToolCall, arguments: str) -> str:
    """What the model wrote, as the client's kind of tool takes it.

    A call without arguments comes as nothing or as `null`.
    """
    written = "{}" if arguments.strip() in ("", "null") else arguments
    return freeform_input(written, call.name) if call.kind == "custom" else written
