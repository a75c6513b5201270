"""Streamed tool calls of one choice → parts, whatever index and id discipline the vendor keeps.

OpenAI names a call by `index` and sends id and name once. Others number every call 0 and change the
id (Gemini's layer, Ollama), leave the index out, send the id and the name apart, send the arguments
as an object, or repeat the name on every piece.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from json.encoder import encode_basestring

from uniapi.canonical import Json, Opaque, Tool, ToolCall
from uniapi.dialects.function_tools import freeform_input
from uniapi.dialects.part_tracker import PartTracker
from uniapi.dialects.streamed_arguments import StreamedArguments
from uniapi.dialects.tool_names import offered_name
from uniapi.values import dataclass, field
from uniapi.wire import Run, spoken

from .request_decode_messages import google_signature
from .request_decode_parts import arguments_text
from .stream_decode_nesting import Nesting

_PIECE = {"index", "id", "type", "function"}


@dataclass(slots=True, eq=False)
class _Call:
    """One call as far as it is known.

    `held` keeps argument text that cannot be told yet: no name so far, or an `input` to be
    unwrapped at the end.
    """

    index: Json
    call_id: str | None = None
    is_open: bool = False
    is_closed: bool = False
    kind: str = "function"
    unwraps_input: bool = False
    held: list[str] = field(default_factory=list)
    name: str = ""
    opaque: Opaque | None = None
    nesting: Nesting = field(default_factory=Nesting)
    arguments: StreamedArguments = field(default_factory=StreamedArguments)


class CallReader:
    """Feeds a choice's `tool_calls` entries to the tracker.

    `tools` maps wire names to the client's own tools.
    """

    def __init__(
        self, parts: PartTracker, choice: int, id_seed: str, tools: Mapping[str, Tool]
    ) -> None:
        self._parts = parts
        self._choice = choice
        self._id_seed = id_seed
        self._tools = tools
        self._calls: list[_Call] = []
        self._by_id: dict[str, _Call] = {}
        self._by_index: dict[Json, _Call] = {}
        """The last call of each index. No piece looks at all calls: there may be very many."""

    @property
    def has_calls(self) -> bool:
        return any(call.is_open or call.held for call in self._calls)

    def take(self, entry: Mapping[str, Json]) -> None:
        """One entry of `tool_calls`, a whole call or a piece of one."""
        custom, function = entry.get("custom"), entry.get("function")
        # Snowflake writes both members and leaves the other one's name empty.
        is_custom = entry.get("type") == "custom" or (
            isinstance(custom, dict) and not isinstance(function, dict)
        )
        described = custom if is_custom else function
        named: Mapping[str, Json] = described if isinstance(described, dict) else entry
        call_id = entry.get("id")
        name = named.get("name")
        call = self._find(
            entry.get("index"),
            call_id if isinstance(call_id, str) and call_id else None,
            name if isinstance(name, str) and name else None,
        )
        if is_custom:
            call.kind = "custom"
        signature = google_signature(entry)
        if signature is not None:
            call.opaque = Opaque(family="gemini", value=signature)
        text = arguments_text(
            named.get("input") if call.kind == "custom" else named.get("arguments")
        )
        if not call.is_open and call.name:
            self._open(call)
        elif call.is_open and signature is not None:
            self._parts.delta(call, opaque=call.opaque)
        if text:
            self._extend(call, text)

    def close(self) -> None:
        """No more is coming: every call is told to its end, in order."""
        for call in self._calls:
            self._finish(call)

    def _find(self, index: Json, call_id: str | None, name: str | None) -> _Call:
        if isinstance(index, list | dict):
            index = None
        found = self._known(index, call_id, name)
        if found is None:
            if self._calls and self._calls[-1].nesting.is_whole:
                # A call whose arguments are whole ends when the next begins, so that readers who
                # take one at a time need not wait.
                self._finish(self._calls[-1])
            found = self._by_index[index] = _Call(index=index)
            self._calls.append(found)
        if found.call_id is None and call_id is not None:
            found.call_id = call_id
            self._by_id.setdefault(call_id, found)
        if not found.name and name:
            found.name = name
        return found

    def _known(self, index: Json, call_id: str | None, name: str | None) -> _Call | None:
        """The call that a piece continues, None when it begins another."""
        last = self._by_index.get(index)
        if call_id is not None and call_id in self._by_id:
            known = last if last is not None and last.call_id == call_id else self._by_id[call_id]
            # Gateways give the id of one call to the next (apache/maka#1995, 2026-11-30).
            is_next = index is not None and known.index != index and name is not None
            return None if is_next and known.nesting.is_whole else known
        if index is None and self._calls:
            last = self._calls[-1]
        if last is None and call_id is None and name is None and self._calls:
            # It begins nothing: the vendor numbers some pieces only, or each piece anew (Nebius:
            # dirac-run/dirac#215, 2026-11-30).
            open_last = None if self._calls[-1].nesting.is_whole else self._calls[-1]
            last = self._by_index.get(None, open_last)
        if last is None or (call_id is not None and last.call_id is not None):
            return None
        if name is not None and last.name and (index is None or last.nesting.is_whole):
            return None
        return last

    def _open(self, call: _Call) -> None:
        call.is_open = True
        tool = self._tools.get(offered_name(call.name, self._tools))
        call.unwraps_input = tool is not None and tool.kind == "custom" and call.kind == "function"
        own_id = call.call_id if self._by_id.get(call.call_id or "") is call else None
        call_id = own_id or f"call_{self._id_seed}{self._choice}{len(self._calls)}"
        self._parts.open(
            call,
            ToolCall(
                call_id=call_id,
                name=tool.name if tool is not None else call.name,
                kind="custom" if call.kind == "custom" or call.unwraps_input else "function",
                namespace=tool.namespace if tool is not None else None,
                opaque=call.opaque,
            ),
            self._choice,
        )
        if not call.unwraps_input:
            self._tell(call, "".join(call.held))
            call.held.clear()

    def _extend(self, call: _Call, text: str) -> None:
        if call.is_closed or _is_told_again(call):
            return
        call.nesting.read(text)
        if call.is_open and not call.unwraps_input:
            self._tell(call, text)
        else:
            call.held.append(text)

    def taker(self, entries: Sequence[Mapping[str, Json]]) -> Callable[[Run], None] | None:
        """What takes more of the arguments of which these entries of a chunk told a piece; None
        where they may tell anything else.
        """
        (entry,) = entries
        index, function = entry.get("index"), entry["function"]
        is_plain = entry.keys() <= _PIECE and function.keys() <= {"name", "arguments"}
        if (
            not is_plain
            or entry.get("id")
            or function.get("name")
            or isinstance(index, list | dict)
        ):
            return None
        call = self._known(index, None, None)
        if entry.get("type") == "custom" or call is None or not call.is_open:
            return None
        if call.kind == "custom" or call.unwraps_input:
            return None
        return lambda run: run.tell([_told(call, text) for text in run.texts])

    def _tell(self, call: _Call, text: str) -> None:
        """Freeform input as it comes; what should be an object as the object it means."""
        told = text if call.kind == "custom" else call.arguments.take(text)
        if told:
            self._parts.delta(call, told)

    def _finish(self, call: _Call) -> None:
        if call.is_closed:
            return
        call.is_closed = True
        if not call.is_open and not call.held:
            # Snowflake and others send calls with neither name nor arguments.
            return
        if not call.is_open:
            self._open(call)
        if call.unwraps_input:
            self._parts.delta(call, freeform_input("".join(call.held), call.name))
        elif call.kind != "custom":
            self._parts.delta(call, call.arguments.end())
        self._parts.close(call)


def _is_told_again(call: _Call) -> bool:
    """LiteLLM tells a whole call once more behind its pieces, also as a text in quotes
    (BerriAI/litellm#20480, 2026-11-30).
    """
    return call.arguments.is_object and call.nesting.is_whole


def _told(call: _Call, written: bytes) -> bytes:
    """What is told of a piece of an open function's arguments, both as JSON spells them."""
    if not written or call.is_closed or _is_told_again(call):
        return b""
    text = spoken(written)
    call.nesting.read(text)
    told = call.arguments.take(text)
    return written if told == text else encode_basestring(told)[1:-1].encode()
