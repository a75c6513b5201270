"""The parts of a streamed answer's output items: opened as they are announced, completed and closed
when the finished item is told.
"""

from __future__ import annotations

from uniapi.canonical import Reasoning, Refusal, Text, ToolCall, Unknown
from uniapi.dialects.openai_chat.request_decode_members import at
from uniapi.dialects.part_tracker import PartTracker

from .answer_decode_items import CALL_TYPES, MESSAGE_MEMBERS, OutputReader, call_text
from .opaque import item_token
from .stream_decode_items import Item


class ItemParts:
    """Opens and closes the parts of items; knows whether any was a call."""

    def __init__(self, parts: PartTracker, reader: OutputReader) -> None:
        self._parts = parts
        self._reader = reader
        self.has_calls = False

    def open_item(self, item: Item) -> None:
        kind = item.value.get("type")
        if kind in CALL_TYPES:
            self.open_call(item)
        elif kind == "reasoning":
            self._parts.open(item.key, Reasoning())

    def open_call(self, item: Item) -> None:
        self.has_calls = True
        call = self._reader.call(item.value)
        self._parts.open(
            item.key,
            ToolCall(
                call_id=call.call_id,
                name=call.name,
                kind=call.kind,
                namespace=call.namespace,
                opaque=call.opaque,
            ),
        )

    def open_text(self, item: Item, number: int) -> tuple[int, int]:
        key = (item.key, number)
        if not self._parts.was_opened(key):
            item.contents.append(number)
            self._parts.open(
                key,
                Text(text="", opaque=item_token(item.value, MESSAGE_MEMBERS, self._reader.family)),
            )
        return key

    def open_refusal(self, item: Item, number: int) -> tuple[int, int]:
        key = (item.key, number)
        if not self._parts.was_opened(key):
            item.contents.append(number)
            self._parts.open(key, Refusal(text=""))
        return key

    def open_reasoning(self, item: Item) -> None:
        if not self._parts.was_opened(item.key):
            self._parts.open(item.key, Reasoning())

    def finish(self, item: Item) -> None:
        """What of the finished item was not told yet, and the end of its parts."""
        match item.value.get("type"):
            case "message":
                self._finish_message(item)
            case "function_call" | "custom_tool_call":
                if not self._parts.was_opened(item.key):
                    self.open_call(item)
                item.complete(self._parts, item.key, item.key, call_text(item.value))
                self._parts.close(item.key)
            case "reasoning":
                self._finish_reasoning(item)
            case _:
                self._parts.close(item.key)
                for part in self._reader.parts(dict(item.value)):
                    self._parts.whole(part)

    def _finish_message(self, item: Item) -> None:
        for place, part in enumerate(self._reader.message(item.value)):
            number = (
                item.contents[place]
                if place < len(item.contents)
                else max(item.contents, default=-1) + 1
            )
            key = (item.key, number)
            match part:
                case Text():
                    self.open_text(item, number)
                    item.complete(self._parts, key, number, part.text)
                    if self._parts.is_open(key):
                        logprobs = () if item.has_logprobs else part.logprobs
                        self._parts.delta(
                            key,
                            citations=part.citations[item.citations.get(number, 0) :],
                            logprobs=logprobs,
                        )
                case Refusal():
                    self.open_refusal(item, number)
                    item.complete(self._parts, key, number, part.text)
                case Unknown():
                    self._parts.whole(part)
            self._parts.close(key)
        for number in item.contents:
            self._parts.close((item.key, number))

    def _finish_reasoning(self, item: Item) -> None:
        whole = self._reader.reasoning(item.value)
        self.open_reasoning(item)
        for member in ("summary", "content"):
            pieces = item.value.get(member)
            told = [piece for piece in item.told if isinstance(piece, tuple) and piece[0] == member]
            for place, piece in enumerate(pieces if isinstance(pieces, list) else []):
                key = told[place] if place < len(told) else (member, f"late {place}")
                if key not in item.told and any(
                    "".join(texts) == at(piece, "text") for texts in item.told.values()
                ):
                    # Streamed as a summary, finished as content (gpt-oss behind several hosts): one
                    # text.
                    continue
                item.complete(self._parts, item.key, key, at(piece, "text"))
        if self._parts.is_open(item.key):
            if not item.told:
                self._parts.delta(item.key, whole.text)
            self._parts.delta(item.key, opaque=whole.opaque)
            self._parts.close(item.key)
