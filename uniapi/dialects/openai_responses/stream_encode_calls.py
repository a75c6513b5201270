"""What writes a call into a client's stream."""

from __future__ import annotations

from uniapi.canonical import Json, Opaque, PartDelta, Tool, ToolCall
from uniapi.values import replace
from uniapi.wire import Run

from .answer_encode_calls import CallType, call_item, call_type, freeform_text
from .answer_encode_items import foreign
from .stream_encode_events import EventWriter

_TEXTS: dict[CallType, tuple[str, str]] = {
    "function_call": ("response.function_call_arguments", "arguments"),
    "custom_tool_call": ("response.custom_tool_call_input", "input"),
}
"""The events that tell a call's text, and its member; a search for tools has none."""


class CallWriter:
    """A call. A freeform tool's call that comes back as a function's is held until it is whole,
    because its text lies inside the JSON; so is a search for tools, whose arguments are an object.
    """

    def __init__(self, events: EventWriter, call: ToolCall, tool: Tool | None) -> None:
        token = foreign(call.opaque)
        if token is not None:
            events.carry(token, call_id=call.call_id)
        self._events = events
        self._call = replace(call, arguments="", opaque=None if token is not None else call.opaque)
        self._tool = tool
        self._late: Opaque | None = None
        self._pieces: list[str] = []
        self._type = call_type(call, tool)
        is_unwrapped = self._type == "custom_tool_call" and call.kind == "function"
        self._is_held = is_unwrapped or self._type not in _TEXTS
        self._event, self._member = _TEXTS.get(self._type, ("", ""))
        self._index, self._id = events.place(self._type)
        self._where: dict[str, Json] = {"item_id": self._id, "output_index": self._index}
        self._head = events.head(f"{self._event}.delta", **self._where)
        events.added(self._index, call_item(self._id, self._call, tool, "in_progress"))
        self.delta(PartDelta(index=0, text=call.arguments))

    def delta(self, event: PartDelta) -> None:
        if event.opaque is not None:
            self._late = foreign(event.opaque)
        if event.text:
            self._pieces.append(event.text)
            if not self._is_held:
                self._events.delta(self._head, event.text)

    def more(self, run: Run) -> bool:
        self._pieces.append(run.text)
        if not self._is_held:
            self._events.deltas(self._head, run.texts)
        return True

    def end(self) -> None:
        call = replace(self._call, arguments="".join(self._pieces))
        if self._type == "function_call" and not call.arguments:
            call = replace(call, arguments="{}")
            self._events.delta(self._head, "{}")
        elif self._type == "custom_tool_call" and self._is_held:
            call = replace(call, kind="custom", arguments=freeform_text(call))
            if call.arguments:
                self._events.delta(self._head, call.arguments)
        item = call_item(self._id, call, self._tool)
        if self._event:
            said = {self._member: item[self._member]}
            self._events.emit(f"{self._event}.done", **self._where, **said)
        self._events.done(self._index, item)
        if self._late is not None:
            self._events.carry(self._late, call_id=call.call_id)
