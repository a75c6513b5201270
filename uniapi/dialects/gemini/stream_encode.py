"""Events → the chunks a Gemini client reads, as server-sent events or as the elements of one array.

Every chunk is a GenerateContentResponse. Text goes out as it comes; a call, a picture and the like
go out whole when their part ends. The last chunk has the finish reasons, the usage, and the
sources.
"""

from __future__ import annotations

from uniapi.canonical import (
    Citation,
    Json,
    Media,
    Part,
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
    TokenLogprob,
    ToolCall,
    Usage,
    UsageReport,
    client_error,
)
from uniapi.dialects.codec import ReplyContext
from uniapi.dialects.stream_encoder import StreamEncoder
from uniapi.values import dataclass, field, replace
from uniapi.wire import JsonArrayWriter, Run, dump_json

from .answer_encode_parts import candidate_end, encode_usage, envelope, reply_parts, signature
from .error import encode_error
from .request_encode_parts import Block
from .vocabulary import NAME

_TEXT_HEAD = b'data: {"candidates":[{"content":{"parts":[{"text":'


@dataclass(slots=True, kw_only=True)
class _Part:
    """A part as far as it has been told. `is_held`: it goes out whole, when it ends. `tail`: what
    stands behind each of its texts, nothing where they have no such form.
    """

    choice: int
    opening: Part
    is_held: bool
    tail: bytes
    pieces: list[str] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    logprobs: list[TokenLogprob] = field(default_factory=list)

    def whole(self) -> Part:
        grown = "".join(self.pieces)
        match self.opening:
            case ToolCall() as call:
                return replace(call, arguments=call.arguments + grown)
            case Media() as media:
                return replace(media, data=(media.data or "") + grown) if grown else media
            case Text() as text:
                return replace(
                    text,
                    text=text.text + grown,
                    citations=text.citations + tuple(self.citations),
                    logprobs=text.logprobs + tuple(self.logprobs),
                )
            case part:
                return part


class GeminiStreamEncoder(StreamEncoder):
    def __init__(self, context: ReplyContext) -> None:
        super().__init__(context)
        self._array = JsonArrayWriter() if context.framing == "json_array" else None
        self._extensions: dict[str, Json] = {}
        self._usage: Usage | None = None
        self._parts: dict[int, _Part] = {}
        self._grounded: list[_Part] = []
        """All texts and searches, for the sources and probabilities of the last chunk."""
        self._has_spoken = False
        self._tail = b""
        """How every chunk of text ends: rendered once, because a stream has thousands."""
        self._set_envelope(None)

    def join_midway(self) -> None:
        super().join_midway()
        if self._array is not None:
            self._array.is_open = True

    def on_start(self, event: ResponseStart) -> None:
        self._set_envelope(event.response_id)
        self._extensions.update(event.extensions.get(NAME, {}))
        self._usage = event.usage

    def on_part_start(self, event: PartStart) -> None:
        self._has_spoken = True
        part = _Part(
            choice=event.choice,
            opening=event.part,
            is_held=isinstance(event.part, ToolCall | Media),
            tail=self._text_tail(event),
        )
        self._parts[event.index] = part
        if isinstance(event.part, Text | Search):
            self._grounded.append(part)
        if not part.is_held:
            self._encode_parts(part.choice, reply_parts(part.opening, self.losses))

    def on_part_delta(self, event: PartDelta) -> None:
        part = self._parts[event.index]
        if event.text and (part.is_held or isinstance(part.opening, Text)):
            part.pieces.append(event.text)
        part.citations += event.citations
        part.logprobs += event.logprobs
        if part.is_held:
            if event.opaque is not None and isinstance(part.opening, ToolCall | Media):
                part.opening = replace(part.opening, opaque=event.opaque)
            return
        signed = signature(event.opaque)
        if event.text and not signed and part.tail:
            self._frame(_TEXT_HEAD[len(b"data: ") :] + dump_json(event.text) + part.tail)
        elif (event.text or signed) and isinstance(part.opening, Text | Reasoning | Refusal):
            thought: Block = {"thought": True} if isinstance(part.opening, Reasoning) else {}
            self._encode_parts(part.choice, [{"text": event.text, **thought, **signed}])

    def more(self, index: int, run: Run) -> bytes:
        part = self._parts[index]
        if part.is_held:
            part.pieces.append(run.text)
            return b""
        if not part.tail or self._array is not None:
            return super().more(index, run)
        if isinstance(part.opening, Text):
            part.pieces.append(run.text)
        return run.between(_TEXT_HEAD, part.tail + b"\r\n\r\n")

    def on_part_end(self, event: PartEnd) -> None:
        part = self._parts.pop(event.index)
        if part.is_held:
            self._encode_parts(part.choice, reply_parts(part.whole(), self.losses))

    def on_usage(self, event: UsageReport) -> None:
        self._usage = event.usage if self._usage is None else self._usage.updated(event.usage)

    def on_end(self, event: ResponseEnd) -> None:
        self._extensions.update(event.extensions.get(NAME, {}))
        candidates: list[Json] = []
        for index, finish in enumerate(event.finishes):
            told = [part.whole() for part in self._grounded if part.choice == index]
            end = candidate_end(index, finish, told, {NAME: self._extensions})
            candidates.append(
                {"content": {"parts": [{"text": ""}], "role": "model"}, **end, "index": index}
            )
        feedback = self._extensions.get("promptFeedback")
        last: Block = (
            {"candidates": candidates}
            if feedback is None or self._has_spoken
            else {"promptFeedback": feedback}
        )
        if self._usage is not None:
            last["usageMetadata"] = encode_usage(self._usage)
        self._write(last)
        self._close()

    def on_failed(self, event: ResponseFailed) -> None:
        self._frame(dump_json(encode_error(client_error(event.failure))))
        self._close()

    def _set_envelope(self, response_id: str | None) -> None:
        self._envelope = envelope(self.context, response_id)
        self._tail = b'}],"role":"model"},"index":0}],' + dump_json(self._envelope)[1:]

    def _text_tail(self, event: PartStart) -> bytes:
        if event.choice or not isinstance(event.part, Text | Refusal | Reasoning):
            return b""
        return b',"thought":true' + self._tail if isinstance(event.part, Reasoning) else self._tail

    def _encode_parts(self, choice: int, parts: list[Block]) -> None:
        if parts:
            self._write(
                {"candidates": [{"content": {"parts": parts, "role": "model"}, "index": choice}]}
            )

    def _write(self, chunk: Block) -> None:
        self._frame(dump_json({**chunk, **self._envelope}))

    def _frame(self, data: bytes) -> None:
        # Google ends its events with CRLF; google-genai for Python splits at any of the three line
        # ends, older clients only at this one.
        self.out.append(
            b"data: " + data + b"\r\n\r\n" if self._array is None else self._array.element(data)
        )

    def _close(self) -> None:
        if self._array is not None:
            self.out.append(self._array.close())
