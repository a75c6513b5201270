"""Canonical events → the named, numbered events a Responses client reads (Codex, the openai SDK,
the Vercel AI SDK). There is no `[DONE]`.
"""

from __future__ import annotations

from uniapi.canonical import (
    Event,
    Finish,
    Json,
    Media,
    PartDelta,
    PartEnd,
    PartStart,
    Reasoning,
    Refusal,
    ResponseEnd,
    ResponseFailed,
    ResponseStart,
    Search,
    Text,
    ToolCall,
    Unknown,
    Usage,
    UsageReport,
)
from uniapi.dialects.codec import ReplyContext
from uniapi.dialects.stream_encoder import StreamEncoder
from uniapi.wire import Run, dump_json

from .answer_encode_envelope import closing, failed, opening
from .answer_encode_items import image_link, search_item
from .answer_encode_tools import ToolLookup
from .stream_encode_calls import CallWriter
from .stream_encode_events import EventWriter
from .stream_encode_writers import (
    ImageWriter,
    MessageSlot,
    PartWriter,
    ReasoningWriter,
    RefusalWriter,
    TextWriter,
)
from .vocabulary import NAME

_AFTER_RELAY = 1_000_000
"""Number of an event of ours behind relayed ones that were not counted: greater than theirs, as
numbers must rise.
"""


class ResponsesStreamEncoder(StreamEncoder):
    """See `StreamEncoder`. Only the first choice is told: this API has no others."""

    def __init__(self, context: ReplyContext) -> None:
        super().__init__(context)
        self._events = EventWriter(context.id_seed)
        self._events.losses = self.losses
        self._slot = MessageSlot(self._events)
        self._tools = ToolLookup(context.request)
        self._writers: dict[int, PartWriter] = {}
        self._usage: Usage | None = None
        self._response = opening(context, None, None)

    @property
    def items(self) -> list[dict[str, Json]]:
        return [item for item in self._events.output if item is not None]

    def feed(self, event: Event) -> list[bytes]:
        super().feed(event)
        return self._events.take()

    def join_midway(self) -> None:
        super().join_midway()
        self._events.sequence = _AFTER_RELAY

    def on_start(self, event: ResponseStart) -> None:
        self._usage = event.usage
        self._response = opening(self.context, event.response_id, event.created_s)
        encoded = dump_json(self._response)
        self._events.emit_around("response.created", "response", encoded)
        self._events.emit_around("response.in_progress", "response", encoded)

    def on_part_delta(self, event: PartDelta) -> None:
        writer = self._writers.get(event.index)
        if writer is not None:
            writer.delta(event)

    def more(self, index: int, run: Run) -> bytes:
        writer = self._writers.get(index)
        if writer is None or not writer.more(run):
            return super().more(index, run)
        return b"".join(self._events.take())

    def on_part_start(self, event: PartStart) -> None:
        if event.choice:
            self._lose("n")
            return
        part = event.part
        if isinstance(part, Media) and part.kind == "audio" and part.text:
            self._lose("audio")
            part = Text(text=part.text)
        if not isinstance(part, Text | Refusal):
            self._slot.seal()
        match part:
            case Text():
                self._writers[event.index] = TextWriter(self._events, self._slot, part)
            case Refusal():
                self._writers[event.index] = RefusalWriter(self._events, self._slot, part)
            case Reasoning():
                self._writers[event.index] = ReasoningWriter(self._events, part)
            case ToolCall():
                self._writers[event.index] = CallWriter(
                    self._events, part, self._tools.find(part.name, part.namespace)
                )
            case Media(kind="image", url=str()):
                self._writers[event.index] = TextWriter(self._events, self._slot, image_link(part))
            case Media(kind="image"):
                self._writers[event.index] = ImageWriter(self._events, part)
            case Media(kind=kind):
                self._lose(kind)
            case Search():
                index, search_id = self._events.place("web_search_call")
                self._events.whole(search_item(search_id, part), index)
            case Unknown(dialect=dialect, raw=dict(raw)) if dialect == NAME:
                self._events.whole(raw)
            case Unknown(name=name):
                self._lose(name)
            case _:
                self._lose("tool_result")

    def on_part_end(self, event: PartEnd) -> None:
        writer = self._writers.pop(event.index, None)
        if writer is not None:
            writer.end()

    def on_usage(self, event: UsageReport) -> None:
        self._usage = event.usage if self._usage is None else self._usage.updated(event.usage)

    def on_end(self, event: ResponseEnd) -> None:
        finish = event.finishes[0] if event.finishes else Finish(reason="stop")
        self._slot.seal("incomplete" if finish.reason == "length" else "completed")
        response = closing(self._response, self.items, self._usage, finish)
        self._events.emit(f"response.{response['status']}", response=response)

    def on_failed(self, event: ResponseFailed) -> None:
        # What was said stands; half a call or half a picture must never look whole, so those stay
        # open.
        for writer in self._writers.values():
            if not isinstance(writer, CallWriter | ImageWriter):
                writer.end()
        self._slot.seal("incomplete")
        self._events.emit(
            "response.failed",
            response=failed(self._response, self.items, self._usage, event.failure),
        )

    def _lose(self, name: str) -> None:
        if name not in self.losses:
            self.losses.append(name)
