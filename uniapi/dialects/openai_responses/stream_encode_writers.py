"""What writes each kind of output item into a client's stream: one writer for every open part, all
writing through one `EventWriter`.

A writer opens its item, tells deltas, and at its end tells the whole again, as the API does
(https://platform.openai.com/docs/api-reference/responses-streaming). Finished items are put into
`EventWriter.output`, which the last event repeats.
"""

from __future__ import annotations

from typing import Protocol

from uniapi.canonical import (
    Citation,
    Json,
    Media,
    PartDelta,
    Reasoning,
    Refusal,
    Text,
    TokenLogprob,
)
from uniapi.values import replace
from uniapi.wire import Run

from .answer_encode_items import (
    annotation_of,
    content_of,
    event_logprob_of,
    foreign,
    image_item,
    logprob_of,
    message_item,
    reasoning_item,
)
from .opaque import own_members
from .stream_encode_events import EventWriter
from .vocabulary import FAMILY

_TEXT_TAIL = b',"logprobs":[],"sequence_number":'


class PartWriter(Protocol):
    """Writes one open part."""

    def delta(self, event: PartDelta) -> None: ...

    def more(self, run: Run) -> bool:
        """More of it in texts that are copied as they are written; False where each of them has to
        be a delta.
        """
        ...

    def end(self) -> None: ...


class MessageWriter:
    """One message item, to which neighbouring texts and refusals belong.

    It is closed once sealed and without open content.
    """

    def __init__(self, events: EventWriter, own: dict[str, Json]) -> None:
        self.events = events
        self.source_id = own.get("id")
        phase = own.get("phase")
        self._phase = phase if isinstance(phase, str) else None
        self.content: list[dict[str, Json] | None] = []
        self._is_sealed = False
        self._is_closed = False
        self.index, self.text_id = events.place("message")
        events.added(self.index, message_item(self.text_id, [], self._phase, "in_progress"))

    def open_content(self, empty: dict[str, Json]) -> int:
        number = len(self.content)
        self.content.append(None)
        self.events.emit(
            "response.content_part.added",
            item_id=self.text_id,
            output_index=self.index,
            content_index=number,
            part=empty,
        )
        return number

    def close_content(self, number: int, content: dict[str, Json]) -> None:
        self.content[number] = content
        self.events.emit(
            "response.content_part.done",
            item_id=self.text_id,
            output_index=self.index,
            content_index=number,
            part=content,
        )
        if self._is_sealed:
            self.seal()

    def seal(self, status: str = "completed") -> None:
        """No more content will come: the item ends as soon as what is open has ended."""
        self._is_sealed = True
        content = [piece for piece in self.content if piece is not None]
        if self._is_closed or len(content) != len(self.content):
            return
        self._is_closed = True
        self.events.done(self.index, message_item(self.text_id, content, self._phase, status))


class MessageSlot:
    """The message item that the next text joins."""

    def __init__(self, events: EventWriter) -> None:
        self.events = events
        self.current: MessageWriter | None = None

    def join(self, own: dict[str, Json]) -> MessageWriter:
        """The current message, or a new one when there is none, or the text comes from another
        item.
        """
        if self.current is not None and own.get("id") not in (None, self.current.source_id):
            self.seal()
        if self.current is None:
            self.current = MessageWriter(self.events, own)
        return self.current

    def seal(self, status: str = "completed") -> None:
        if self.current is not None:
            self.current.seal(status)
            self.current = None


class TextWriter:
    """A text. Its item opens with the first that is said, so that an empty text leaves nothing
    behind.
    """

    def __init__(self, events: EventWriter, slot: MessageSlot, part: Text) -> None:
        self._events = events
        self._slot = slot
        self._part = replace(part, text="", citations=(), logprobs=())
        self._pieces: list[str] = []
        self._length = 0
        self._annotations: list[dict[str, Json]] = []
        self._held: list[Citation] = []
        """Sources without a place, and those behind them: they point to the end of the text, which
        must be known first.
        """
        self._logprobs: list[TokenLogprob] = []
        self._message: MessageWriter | None = None
        self._number = 0
        self._head = b""
        if part.text or part.citations or part.logprobs:
            self.delta(
                PartDelta(index=0, text=part.text, citations=part.citations, logprobs=part.logprobs)
            )

    def delta(self, event: PartDelta) -> None:
        if event.opaque is not None:
            self._part = replace(self._part, opaque=event.opaque)
        text = event.text
        if text and self._message is not None and not (event.citations or event.logprobs):
            self._pieces.append(text)
            self._length += len(text)
            self._events.delta(self._head, text, _TEXT_TAIL)
            return
        if self._message is None and (text or event.citations or event.logprobs):
            self._open()
        if event.logprobs:
            self._logprobs.extend(event.logprobs)
            self._emit_with_logprobs(text, event.logprobs)
        elif text:
            self._events.delta(self._head, text, _TEXT_TAIL)
        if text:
            self._pieces.append(text)
            self._length += len(text)
        for citation in event.citations:
            if self._held or citation.end is None:
                self._held.append(citation)
            else:
                self._cite(citation)

    def more(self, run: Run) -> bool:
        if self._message is None:
            return False
        self._pieces.append(run.text)
        self._length += len(run.text)
        self._events.deltas(self._head, run.texts, _TEXT_TAIL)
        return True

    def end(self) -> None:
        token = foreign(self._part.opaque)
        if self._message is not None:
            for citation in self._held:
                self._cite(citation)
            text = "".join(self._pieces)
            self._events.emit(
                "response.output_text.done",
                **self._where(),
                text=text,
                logprobs=[event_logprob_of(entry) for entry in self._logprobs],
            )
            logprobs = [logprob_of(entry) for entry in self._logprobs]
            content = {
                "type": "output_text",
                "text": text,
                "annotations": self._annotations,
                "logprobs": logprobs,
            }
            self._message.close_content(self._number, content)
        if token is not None:
            self._slot.seal()
            self._events.carry(token, standalone=self._message is None)

    def _cite(self, citation: Citation) -> None:
        annotation = annotation_of(citation, self._length)
        if annotation is None:
            if "citations" not in self._events.losses:
                self._events.losses.append("citations")
            return
        place = len(self._annotations)
        self._events.emit(
            "response.output_text.annotation.added",
            **self._where(),
            annotation_index=place,
            annotation=annotation,
        )
        self._annotations.append(annotation)

    def _open(self) -> None:
        self._message = self._slot.join(own_members(self._part.opaque, FAMILY))
        self._number = self._message.open_content(content_of(self._part))
        self._head = self._events.head("response.output_text.delta", **self._where())

    def _emit_with_logprobs(self, text: str, logprobs: tuple[TokenLogprob, ...]) -> None:
        encoded = [event_logprob_of(entry) for entry in logprobs]
        self._events.emit(
            "response.output_text.delta", **self._where(), delta=text, logprobs=encoded
        )

    def _where(self) -> dict[str, Json]:
        assert self._message is not None
        return {
            "item_id": self._message.text_id,
            "output_index": self._message.index,
            "content_index": self._number,
        }


class RefusalWriter:
    """The model's refusal, a piece of a message like a text."""

    def __init__(self, events: EventWriter, slot: MessageSlot, part: Refusal) -> None:
        self._events = events
        self._message = slot.join({})
        self._number = self._message.open_content({"type": "refusal", "refusal": ""})
        self._where: dict[str, Json] = {
            "item_id": self._message.text_id,
            "output_index": self._message.index,
            "content_index": self._number,
        }
        self._head = events.head("response.refusal.delta", **self._where)
        self._pieces: list[str] = []
        self.delta(PartDelta(index=0, text=part.text))

    def delta(self, event: PartDelta) -> None:
        if event.text:
            self._pieces.append(event.text)
            self._events.delta(self._head, event.text)

    def more(self, run: Run) -> bool:
        self._pieces.append(run.text)
        self._events.deltas(self._head, run.texts)
        return True

    def end(self) -> None:
        text = "".join(self._pieces)
        self._events.emit("response.refusal.done", **self._where, refusal=text)
        self._message.close_content(self._number, {"type": "refusal", "refusal": text})


class ReasoningWriter:
    """Reasoning text as one summary; the token goes out with the finished item."""

    def __init__(self, events: EventWriter, part: Reasoning) -> None:
        self._events = events
        self._part = replace(part, text="")
        self._pieces: list[str] = []
        self._index, self._id = events.place("reasoning")
        self._where: dict[str, Json] = {
            "item_id": self._id,
            "output_index": self._index,
            "summary_index": 0,
        }
        self._head = events.head("response.reasoning_summary_text.delta", **self._where)
        events.added(self._index, {"type": "reasoning", "id": self._id, "summary": []})
        self.delta(PartDelta(index=0, text=part.text))

    def delta(self, event: PartDelta) -> None:
        if event.opaque is not None:
            self._part = replace(self._part, opaque=event.opaque)
        if not event.text:
            return
        if not self._pieces:
            self._events.emit(
                "response.reasoning_summary_part.added",
                **self._where,
                part={"type": "summary_text", "text": ""},
            )
        self._pieces.append(event.text)
        self._events.delta(self._head, event.text)

    def more(self, run: Run) -> bool:
        self._pieces.append(run.text)
        self._events.deltas(self._head, run.texts)
        return True

    def end(self) -> None:
        text = "".join(self._pieces)
        if text:
            self._events.emit("response.reasoning_summary_text.done", **self._where, text=text)
            self._events.emit(
                "response.reasoning_summary_part.done",
                **self._where,
                part={"type": "summary_text", "text": text},
            )
        self._events.done(self._index, reasoning_item(self._id, replace(self._part, text=text)))


class ImageWriter:
    """An image by value, told when it is whole."""

    def __init__(self, events: EventWriter, image: Media) -> None:
        self._events = events
        self._image = image
        self._pieces = [image.data or ""]
        self._index, self._id = events.place("image_generation_call")
        self._where: dict[str, Json] = {"item_id": self._id, "output_index": self._index}
        events.added(
            self._index,
            {
                "type": "image_generation_call",
                "id": self._id,
                "status": "in_progress",
                "result": None,
            },
        )
        events.emit("response.image_generation_call.in_progress", **self._where)

    def delta(self, event: PartDelta) -> None:
        if event.text:
            self._pieces.append(event.text)

    def more(self, run: Run) -> bool:
        self._pieces.append(run.text)
        return True

    def end(self) -> None:
        self._events.emit("response.image_generation_call.completed", **self._where)
        self._events.done(
            self._index, image_item(self._id, replace(self._image, data="".join(self._pieces)))
        )
