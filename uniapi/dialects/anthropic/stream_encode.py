"""Events → a Messages stream for a client.
https://platform.claude.com/docs/en/build-with-claude/streaming

The wire has one block open at a time, with dense indexes; canonical parts may overlap. The part
that opened first is written live, the others wait in order and follow as soon as it is closed. A
part that may turn out empty (text, reasoning) gets its block with its first content only.
"""

from __future__ import annotations

import json

from uniapi.canonical import (
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
    ToolCall,
    Unknown,
    Usage,
    UsageReport,
    client_status,
)
from uniapi.dialects.codec import ReplyContext
from uniapi.dialects.stream_encoder import StreamEncoder
from uniapi.values import dataclass, field, replace
from uniapi.wire import Run, dump_json

from .answer_encode_parts import (
    call_id,
    call_name,
    encode_usage,
    finish_members,
    media_text,
    message_id,
    own_token,
    reply_blocks,
    reply_citations,
)
from .error import error_type
from .vocabulary import FAMILY, NAME, quoted

PING = b'event: ping\ndata: {"type":"ping"}\n\n'

_DELTA_MEMBERS = ("container", "stop_details")
_DELTA_USAGE = frozenset(
    {
        "input_tokens",
        "output_tokens",
        "cache_creation_input_tokens",
        "cache_read_input_tokens",
        "server_tool_use",
        "output_tokens_details",
        "iterations",
        "fallback_credit",
    }
)


_LINE_ENDS = frozenset(b"\r\n")


@dataclass(slots=True)
class _Queued:
    """A canonical part that is open or waits for its turn."""

    part: Part
    deltas: list[PartDelta] = field(default_factory=list)
    is_ended: bool = False


class AnthropicStreamEncoder(StreamEncoder):
    """`_queue` holds the parts not yet finished on the wire, the first being the one that is
    written; `_tail` closes its open block.
    """

    def __init__(self, context: ReplyContext) -> None:
        super().__init__(context)
        self._queue: dict[int, _Queued] = {}
        self._ignored: set[int] = set()
        self._live: int | None = None
        self._block = 0
        self._is_open = False
        self._prefix = b""
        self._suffix = b"}}\n\n"
        self._token = ""
        self._pending_data: list[str] = []
        self._usage: Usage | None = None
        self._has_refusal = False
        self._has_calls = False

    def on_start(self, event: ResponseStart) -> None:
        self._usage = event.usage
        extensions = dict(event.extensions.get(NAME, {}))
        message: dict[str, Json] = {
            "id": message_id(event.response_id, self.context),
            "type": "message",
            "role": "assistant",
            "model": self.context.requested_model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": encode_usage(event.usage, self.context.input_tokens_estimate, whole=True),
        }
        message.update({name: value for name, value in extensions.items() if name not in message})
        self._event("message_start", {"type": "message_start", "message": message})

    def on_part_start(self, event: PartStart) -> None:
        if event.choice > 0:
            self._ignored.add(event.index)
            self._lose("choices")
            return
        self._queue[event.index] = _Queued(event.part)
        if self._live is None:
            self._begin(event.index)

    def on_part_delta(self, event: PartDelta) -> None:
        if event.index == self._live:
            self._write(event)
        elif event.index not in self._ignored:
            self._queue[event.index].deltas.append(event)

    def more(self, index: int, run: Run) -> bytes:
        if index != self._live or not self._is_open:
            return super().more(index, run)
        match self._queue[index].part:
            case Text() | Refusal() | Reasoning(is_redacted=False) | ToolCall(kind="function"):
                return run.between(self._prefix, self._suffix)
            case _:
                return super().more(index, run)

    def on_part_end(self, event: PartEnd) -> None:
        if event.index in self._ignored:
            return
        self._queue[event.index].is_ended = True
        if event.index == self._live:
            self._finish()
            self._advance()

    def on_usage(self, event: UsageReport) -> None:
        self._usage = event.usage if self._usage is None else self._usage.updated(event.usage)

    def on_end(self, event: ResponseEnd) -> None:
        extensions = dict(event.extensions.get(NAME, {}))
        finish = event.finishes[0]
        if len(event.finishes) > 1:
            self._lose("choices")
        delta = finish_members(
            finish, extensions, has_refusal_text=self._has_refusal, has_calls=self._has_calls
        )
        delta.update(
            {
                name: extensions.pop(name)
                for name in _DELTA_MEMBERS
                if name in extensions and name not in delta
            }
        )
        usage = encode_usage(self._usage, self.context.input_tokens_estimate, whole=False)
        body: dict[str, Json] = {
            "type": "message_delta",
            "delta": delta,
            "usage": {name: value for name, value in usage.items() if name in _DELTA_USAGE},
        }
        body.update(
            {
                name: value
                for name, value in extensions.items()
                if name not in body and name not in _DELTA_MEMBERS
            }
        )
        self._event("message_delta", body)
        self._event("message_stop", {"type": "message_stop"})

    def on_failed(self, event: ResponseFailed) -> None:
        """An error event and nothing more: closing an open block would make half a tool call look
        whole.
        """
        failure = event.failure
        if (
            failure.dialect == NAME
            and failure.body is not None
            and not _LINE_ENDS & set(failure.body)
        ):
            self.out.append(b"event: error\ndata: " + failure.body + b"\n\n")
            return
        error = {"type": error_type(failure, client_status(failure)), "message": failure.message}
        self._event("error", {"type": "error", "error": error})

    def _advance(self) -> None:
        """Writes what waited: every part that is whole already, and the first that is not becomes
        the live one.
        """
        while self._live is None and self._queue:
            index = next(iter(self._queue))
            queued = self._queue[index]
            self._begin(index)
            for delta in queued.deltas:
                self._write(delta)
            queued.deltas.clear()
            if queued.is_ended:
                self._finish()

    def _begin(self, index: int) -> None:
        """Part `index` is written from now on."""
        self._live = index
        self._token = ""
        self._pending_data = []
        part = self._queue[index].part
        match part:
            case Text(text=text) | Refusal(text=text):
                self._has_refusal |= isinstance(part, Refusal)
                citations = part.citations if isinstance(part, Text) else ()
                self._write(PartDelta(index=index, text=text, citations=citations))
            case Reasoning(is_redacted=False):
                self._write(PartDelta(index=index, text=part.text, opaque=part.opaque))
            case ToolCall():
                self._has_calls = True
                self._open_call(part)
            case _:
                pass

    def _write(self, delta: PartDelta) -> None:
        """More of the live part; the hot path."""
        part = self._queue[delta.index].part
        if isinstance(part, Text | Refusal):
            if delta.text or delta.citations:
                self._ensure_open({"type": "text", "text": ""}, b'{"type":"text_delta","text":')
            for citation in reply_citations(delta.citations, self.losses):
                self._delta({"type": "citations_delta", "citation": citation})
        elif isinstance(part, Reasoning):
            if delta.opaque is not None:
                self._token = own_token(Reasoning(opaque=delta.opaque)) or self._token
            if part.is_redacted:
                return
            if delta.text or self._token:
                self._ensure_open(
                    {"type": "thinking", "thinking": "", "signature": ""},
                    b'{"type":"thinking_delta","thinking":',
                )
        elif isinstance(part, ToolCall):
            if part.kind == "custom" and delta.text:
                self._arguments(json.dumps(delta.text, ensure_ascii=False)[1:-1])
                return
        else:
            self._pending_data.append(delta.text)
            return
        if delta.text:
            self.out.append(self._prefix + quoted(delta.text) + self._suffix)

    def _finish(self) -> None:
        """The live part is over: closes its block, or writes a part that has no deltas on this
        wire.
        """
        index = self._live
        self._live = None
        if index is None:
            return
        part = self._queue.pop(index).part
        if isinstance(part, Reasoning) and not part.is_redacted and self._is_open and self._token:
            self._delta({"type": "signature_delta", "signature": self._token})
        elif isinstance(part, ToolCall) and part.kind == "custom":
            self._arguments('"}')
        elif isinstance(part, Media):
            media = replace(part, data=(part.data or "") + "".join(self._pending_data) or None)
            text = media_text(media, self.losses)
            if text:
                self._ensure_open({"type": "text", "text": ""}, b'{"type":"text_delta","text":')
                self.out.append(self._prefix + quoted(text) + self._suffix)
        elif not isinstance(part, Text | Refusal | Reasoning | ToolCall) or (
            isinstance(part, Reasoning) and part.is_redacted
        ):
            self._whole(part)
        if self._is_open:
            self._is_open = False
            self._event("content_block_stop", {"type": "content_block_stop", "index": self._block})
            self._block += 1

    def _open_call(self, part: ToolCall) -> None:
        others = (
            part.opaque.value
            if part.opaque is not None
            and part.opaque.family == FAMILY
            and isinstance(part.opaque.value, dict)
            else {}
        )
        block = {
            "type": "tool_use",
            "id": call_id(part, self._block, self.context),
            "name": call_name(part),
            "input": {},
            **others,
        }
        self._ensure_open(block, b'{"type":"input_json_delta","partial_json":')
        if part.kind == "custom":
            self._arguments('{"input": "')
            if part.arguments:
                self._arguments(json.dumps(part.arguments, ensure_ascii=False)[1:-1])
        elif part.arguments:
            self._arguments(part.arguments)

    def _arguments(self, text: str) -> None:
        self.out.append(self._prefix + quoted(text) + self._suffix)

    def _whole(self, part: Part) -> None:
        """A block that arrives complete.

        The input of a server tool comes as a delta, as on the vendor's own stream.
        """
        for block in reply_blocks(part, self._block, self.context, self.losses):
            tool_input = block.get("input") if isinstance(part, Unknown | Search) else None
            if tool_input is not None:
                block["input"] = {}
            self._event(
                "content_block_start",
                {"type": "content_block_start", "index": self._block, "content_block": block},
            )
            if tool_input is not None:
                self._delta(
                    {
                        "type": "input_json_delta",
                        "partial_json": json.dumps(tool_input, ensure_ascii=False),
                    }
                )
            self._event("content_block_stop", {"type": "content_block_stop", "index": self._block})
            self._block += 1

    def _ensure_open(self, block: dict[str, Json], delta_head: bytes) -> None:
        if self._is_open:
            return
        self._is_open = True
        self._event(
            "content_block_start",
            {"type": "content_block_start", "index": self._block, "content_block": block},
        )
        self._prefix = (
            b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":'
            % self._block
            + delta_head
        )

    def _delta(self, delta: dict[str, Json]) -> None:
        self._event(
            "content_block_delta",
            {"type": "content_block_delta", "index": self._block, "delta": delta},
        )

    def _event(self, name: str, body: dict[str, Json]) -> None:
        self.out.append(b"event: " + name.encode() + b"\ndata: " + dump_json(body) + b"\n\n")

    def _lose(self, name: str) -> None:
        if name not in self.losses:
            self.losses.append(name)
