"""A streamed answer: named events → canonical events.

https://platform.openai.com/docs/api-reference/responses-streaming. Items are told apart by
`output_index`, so several may be open at once. Every text has three tellings (deltas, `…done`, the
whole item); whatever an earlier one left out is taken from a later one, because vendors skip each
of them somewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping

from uniapi.canonical import Json, PartDelta
from uniapi.dialects.codec import UpstreamContext
from uniapi.dialects.error_words import tells_error
from uniapi.dialects.openai_chat.error import failure_of_object
from uniapi.dialects.openai_chat.request_decode_members import at
from uniapi.dialects.stream_decoder import StreamDecoder
from uniapi.errors import WireError
from uniapi.wire import Frame, Members, Run, load_json

from .answer_decode_content import TEXT_TYPES, decode_citations, decode_logprobs
from .answer_decode_items import (
    OutputReader,
    call_text,
    failure_of_response,
    finish,
)
from .stream_decode_items import Item, Items, Running
from .stream_decode_parts import ItemParts
from .usage import decode_usage

_NAMING = ("id", "call_id", "name", "namespace", "phase")


class ResponsesStreamDecoder(StreamDecoder):
    """See `StreamDecoder`. Events of unknown type are passed over: what they tell comes again in
    the item that they belong to.
    """

    members = Members((b'"delta"',), re.compile(rb'"(?:sequence_number|obfuscation)"'))

    def __init__(self, context: UpstreamContext) -> None:
        super().__init__(context)
        self._reader = OutputReader(context)
        self._items = Items()
        self._running: Running | None = None
        self._item_parts = ItemParts(self.parts, self._reader)

    def decode(self, frame: Frame) -> None:
        if not frame.data:
            return
        if frame.data == b"[DONE]":
            self._done_marker()
            return
        event = load_json(frame.data)
        if not isinstance(event, dict):
            raise WireError(f"expected an event object, found {type(event).__name__}")
        kind = event.get("type") or frame.event
        if self._runs_on(kind, event):
            return
        self._running = None
        method = _EVENTS.get(kind) if isinstance(kind, str) else None
        if method is not None:
            method(self, event)
        elif kind is None and tells_error(event):
            self.fail(failure_of_object(event))

    def _runs_on(self, kind: Json, event: Mapping[str, Json]) -> bool:
        """The hot path: more of the text that the event before told, taken without looking its item
        up again.
        """
        running, text = self._running, event.get("delta")
        if running is None or running.place != _place(kind, event):
            return False
        if not isinstance(text, str) or event.get("logprobs"):
            return False
        if text:
            running.told.append(text)
            self.parts.delta(running.key, text)
        return True

    def _tell(
        self, event: Mapping[str, Json], item: Item, key: Hashable, piece: Hashable = None
    ) -> None:
        """A delta: more of this piece of the open part `key`, of all of it where that is one."""
        piece = key if piece is None else piece
        item.tell(self.parts, key, piece, event.get("delta"))
        if self.parts.is_open(key) and piece in item.told:
            self._running = Running(_place(event.get("type"), event), key, item.told[piece])

    def taker(self, frame: Frame, event: PartDelta) -> Callable[[Run], None] | None:
        running = self._running
        return None if running is None else lambda run: running.told.append(run.text)

    # The envelope

    def _on_envelope(self, event: Mapping[str, Json]) -> None:
        response = event.get("response")
        if not isinstance(response, dict):
            self.start()
            return
        response_id, model, created = (
            response.get("id"),
            response.get("model"),
            response.get("created_at"),
        )
        self.start(
            response_id=response_id if isinstance(response_id, str) else None,
            model=model if isinstance(model, str) else None,
            created_s=int(created) if isinstance(created, int | float) else None,
        )

    def _on_end(self, event: Mapping[str, Json]) -> None:
        response = event.get("response")
        self._on_envelope(event)
        if not isinstance(response, dict):
            response = {
                "status": "incomplete"
                if event.get("type") == "response.incomplete"
                else "completed"
            }
        if response.get("error"):
            self._on_failed(event)
            return
        self._catch_up(response.get("output"))
        usage = decode_usage(response)
        if usage is not None:
            self.usage(usage)
        status = response.get("status") or (
            "incomplete" if event.get("type") == "response.incomplete" else "completed"
        )
        self.end(
            (
                finish(
                    status,
                    at(response.get("incomplete_details"), "reason"),
                    has_calls=self._item_parts.has_calls,
                ),
            )
        )

    def _on_failed(self, event: Mapping[str, Json]) -> None:
        response = event.get("response")
        if isinstance(response, dict):
            usage = decode_usage(response)
            if usage is not None:
                self.start()
                self.usage(usage)
            self.fail(failure_of_response(response))
        else:
            self.fail(failure_of_object(event))

    def _on_error(self, event: Mapping[str, Json]) -> None:
        """Documented flat (`message`, `code`); sent nested under `error` in fact."""
        if event.get("error"):
            self.fail(failure_of_object(event))
        else:
            self.fail(
                failure_of_object(
                    {
                        "error": {
                            name: value
                            for name, value in event.items()
                            if name not in ("type", "sequence_number")
                        }
                    }
                )
            )

    def _done_marker(self) -> None:
        """`[DONE]` is not of this dialect, but gateways append it; alone it says that the stream is
        whole.
        """
        if self.is_started:
            self.end((finish("completed", None, has_calls=self._item_parts.has_calls),))

    def _catch_up(self, output: Json) -> None:
        """Items that only the last event tells, or finishes telling."""
        if not isinstance(output, list):
            return
        for index, value in enumerate(output):
            if not isinstance(value, dict):
                continue
            known = self._items.index_of(value.get("id"))
            if known is None and len(output) == self._items.done:
                continue
            place = known if known is not None else index
            item = self._items.at(place)
            if item is None or not item.is_done:
                self._finish_item(place, value)

    # Items

    def _new_item(self, index: int, value: Mapping[str, Json]) -> Item:
        self.start()
        return self._items.add(index, value)

    def _item(self, event: Mapping[str, Json], kind: str) -> Item:
        """The item an event belongs to; one that was never announced is made up from the event's
        kind.
        """
        index = event.get("output_index")
        if not isinstance(index, int):
            index = self._items.index_of(event.get("item_id")) or 0
        item = self._items.at(index)
        if item is None or (item.value.get("type") != kind and item.is_done):
            return self._new_item(
                index,
                {
                    "type": kind,
                    "id": event.get("item_id"),
                    "call_id": event.get("call_id") or event.get("item_id"),
                },
            )
        return item

    def _on_item_added(self, event: Mapping[str, Json]) -> None:
        value, index = event.get("item"), event.get("output_index")
        if not isinstance(value, dict):
            return
        index = index if isinstance(index, int) else len(self._items)
        item = self._new_item(index, value)
        self._items.name(index, value.get("id"))
        self._item_parts.open_item(item)

    def _on_item_done(self, event: Mapping[str, Json]) -> None:
        value, index = event.get("item"), event.get("output_index")
        if not isinstance(value, dict):
            return
        if not isinstance(index, int):
            known = self._items.index_of(value.get("id"))
            index = known if known is not None else len(self._items)
        self._finish_item(index, value)

    def _finish_item(self, index: int, value: Mapping[str, Json]) -> None:
        item = self._items.at(index)
        if item is None or item.is_done:
            item = self._new_item(index, value)
            self._item_parts.open_item(item)
        self._items.name(index, value.get("id"))
        # The finished item is the truth; only what names it may have been said at its start alone.
        item.value = {
            **{name: item.value[name] for name in _NAMING if item.value.get(name) is not None},
            **value,
        }
        item.is_done = True
        self._item_parts.finish(item)

    # Text and refusals

    def _on_content_added(self, event: Mapping[str, Json]) -> None:
        kind = at(event.get("part"), "type")
        if kind == "refusal":
            self._item_parts.open_refusal(
                self._item(event, "message"), _number(event, "content_index")
            )
        elif kind in TEXT_TYPES and kind != "reasoning_text":
            self._item_parts.open_text(
                self._item(event, "message"), _number(event, "content_index")
            )

    def _on_text_delta(self, event: Mapping[str, Json]) -> None:
        item, number = self._item(event, "message"), _number(event, "content_index")
        key = self._item_parts.open_text(item, number)
        entries = event.get("logprobs")
        if entries and self.parts.is_open(key):
            logprobs = decode_logprobs(entries)
            item.has_logprobs = item.has_logprobs or bool(logprobs)
            self.parts.delta(key, logprobs=logprobs)
        self._tell(event, item, key, number)

    def _on_text_done(self, event: Mapping[str, Json]) -> None:
        item, number = self._item(event, "message"), _number(event, "content_index")
        item.complete(
            self.parts, self._item_parts.open_text(item, number), number, event.get("text")
        )

    def _on_annotation(self, event: Mapping[str, Json]) -> None:
        item, number = self._item(event, "message"), _number(event, "content_index")
        key = self._item_parts.open_text(item, number)
        if self.parts.is_open(key):
            citations = decode_citations([event.get("annotation")])
            item.citations[number] = item.citations.get(number, 0) + len(citations)
            self.parts.delta(key, citations=citations)

    def _on_refusal_delta(self, event: Mapping[str, Json]) -> None:
        item, number = self._item(event, "message"), _number(event, "content_index")
        self._tell(event, item, self._item_parts.open_refusal(item, number), number)

    def _on_refusal_done(self, event: Mapping[str, Json]) -> None:
        item, number = self._item(event, "message"), _number(event, "content_index")
        item.complete(
            self.parts, self._item_parts.open_refusal(item, number), number, event.get("refusal")
        )

    # Reasoning

    def _on_summary_delta(self, event: Mapping[str, Json]) -> None:
        item = self._reasoning_item(event)
        self._tell(event, item, item.key, ("summary", _number(event, "summary_index")))

    def _on_summary_done(self, event: Mapping[str, Json]) -> None:
        item = self._reasoning_item(event)
        item.complete(
            self.parts, item.key, ("summary", _number(event, "summary_index")), event.get("text")
        )

    def _on_reasoning_delta(self, event: Mapping[str, Json]) -> None:
        item = self._reasoning_item(event)
        self._tell(event, item, item.key, ("content", _number(event, "content_index")))

    def _on_reasoning_done(self, event: Mapping[str, Json]) -> None:
        item = self._reasoning_item(event)
        item.complete(
            self.parts, item.key, ("content", _number(event, "content_index")), event.get("text")
        )

    def _reasoning_item(self, event: Mapping[str, Json]) -> Item:
        item = self._item(event, "reasoning")
        self._item_parts.open_reasoning(item)
        return item

    # Calls

    def _call_item(self, event: Mapping[str, Json], kind: str) -> Item:
        item = self._item(event, kind)
        if not self.parts.was_opened(item.key):
            name = event.get("name")
            item.value = {**item.value, **({"name": name} if isinstance(name, str) else {})}
            self._item_parts.open_call(item)
        return item

    def _on_arguments_delta(self, event: Mapping[str, Json]) -> None:
        item = self._call_item(event, "function_call")
        self._tell(event, item, item.key)

    def _on_arguments_done(self, event: Mapping[str, Json]) -> None:
        item = self._call_item(event, "function_call")
        item.complete(
            self.parts, item.key, item.key, call_text({"arguments": event.get("arguments")})
        )

    def _on_input_delta(self, event: Mapping[str, Json]) -> None:
        item = self._call_item(event, "custom_tool_call")
        self._tell(event, item, item.key)

    def _on_input_done(self, event: Mapping[str, Json]) -> None:
        item = self._call_item(event, "custom_tool_call")
        item.complete(self.parts, item.key, item.key, event.get("input"))


def _place(kind: Json, event: Mapping[str, Json]) -> tuple[Json, ...]:
    """What an event tells of, as it spells it."""
    return kind, *map(event.get, ("output_index", "item_id", "content_index", "summary_index"))


def _number(event: Mapping[str, Json], member: str) -> int:
    value = event.get(member)
    return value if isinstance(value, int) else 0


_EVENTS: Mapping[str, Callable[[ResponsesStreamDecoder, Mapping[str, Json]], None]] = {
    "response.output_text.delta": ResponsesStreamDecoder._on_text_delta,
    "response.function_call_arguments.delta": ResponsesStreamDecoder._on_arguments_delta,
    "response.reasoning_summary_text.delta": ResponsesStreamDecoder._on_summary_delta,
    "response.reasoning_text.delta": ResponsesStreamDecoder._on_reasoning_delta,
    "response.custom_tool_call_input.delta": ResponsesStreamDecoder._on_input_delta,
    "response.refusal.delta": ResponsesStreamDecoder._on_refusal_delta,
    "response.created": ResponsesStreamDecoder._on_envelope,
    "response.queued": ResponsesStreamDecoder._on_envelope,
    "response.in_progress": ResponsesStreamDecoder._on_envelope,
    "response.output_item.added": ResponsesStreamDecoder._on_item_added,
    "response.output_item.done": ResponsesStreamDecoder._on_item_done,
    "response.content_part.added": ResponsesStreamDecoder._on_content_added,
    "response.output_text.done": ResponsesStreamDecoder._on_text_done,
    "response.output_text.annotation.added": ResponsesStreamDecoder._on_annotation,
    "response.refusal.done": ResponsesStreamDecoder._on_refusal_done,
    "response.reasoning_summary_text.done": ResponsesStreamDecoder._on_summary_done,
    "response.reasoning_text.done": ResponsesStreamDecoder._on_reasoning_done,
    "response.function_call_arguments.done": ResponsesStreamDecoder._on_arguments_done,
    "response.custom_tool_call_input.done": ResponsesStreamDecoder._on_input_done,
    "response.completed": ResponsesStreamDecoder._on_end,
    "response.done": ResponsesStreamDecoder._on_end,
    "response.incomplete": ResponsesStreamDecoder._on_end,
    "response.failed": ResponsesStreamDecoder._on_failed,
    "response.cancelled": ResponsesStreamDecoder._on_failed,
    "error": ResponsesStreamDecoder._on_error,
}
"""Frame type → method."""
