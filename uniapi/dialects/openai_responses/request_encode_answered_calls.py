"""Every call of `input` answered by exactly one output, and no output without its call: the API
answers 400 to both («No tool output found for function call …», «No tool call found for function
call output …»).

Outputs stand right behind the run of calls they answer, because some servers of this API look
nowhere else (github.com/deepseek-ai/awesome-deepseek-integration/issues/740). A missing one is
written as such, one without a call becomes a user's text that says what it is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from uniapi.canonical import Json, ToolResult
from uniapi.dialects.turn_repair import NO_RESULT, orphan_label

OUTPUT_OF: Mapping[str, str] = {
    "function_call": "function_call_output",
    "custom_tool_call": "custom_tool_call_output",
}
"""The type of a call's output by the type of the call."""

_Item = dict[str, Any]


def with_answered_calls(items: Sequence[_Item]) -> list[_Item]:
    """`items` in order, but for outputs that move to their calls.

    Items of other types, and their order, stay as they are.
    """
    return _Pairing(items).paired()


class _Pairing:
    def __init__(self, items: Sequence[_Item]) -> None:
        self._items = items
        self._unclaimed: dict[str, deque[int]] = {}
        for position, item in enumerate(items):
            if item.get("type") in OUTPUT_OF.values():
                self._unclaimed.setdefault(item["call_id"], deque()).append(position)
        self._claimed: set[int] = set()
        self._run: list[tuple[int, _Item]] = []
        self._paired: list[_Item] = []

    def paired(self) -> list[_Item]:
        for position, item in enumerate(self._items):
            kind = item.get("type")
            if kind in OUTPUT_OF:
                self._run.append((position, item))
            elif kind in OUTPUT_OF.values():
                self._answer_run()
                if position not in self._claimed:
                    self._paired.append(_as_text(item))
                continue
            elif kind == "message" and item.get("role") != "assistant":
                self._answer_run()
            self._paired.append(item)
        self._answer_run()
        return self._paired

    def _answer_run(self) -> None:
        """The outputs of the calls since the last output."""
        for position, call in self._run:
            kind = OUTPUT_OF[call["type"]]
            places = self._unclaimed.get(call["call_id"], deque())
            while places and places[0] < position:
                places.popleft()
            if places:
                self._claimed.add(places[0])
                self._paired.append({**self._items[places.popleft()], "type": kind})
            else:
                self._paired.append({"type": kind, "call_id": call["call_id"], "output": NO_RESULT})
        self._run = []


def _as_text(output: _Item) -> _Item:
    heading = orphan_label(ToolResult(call_id=output["call_id"]))
    said: Json = output.get("output")
    content = said if isinstance(said, list) else [{"type": "input_text", "text": said}]
    return {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": heading}, *content],
    }
