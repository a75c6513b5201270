"""Messages stream → events. https://platform.claude.com/docs/en/build-with-claude/streaming

message_start      the envelope, input usage; rarely blocks that are there already
content_block_*    one block: start, deltas, stop
message_delta      stop reason and cumulative usage
message_stop       the end; a stream without it is broken
ping, error        life, failure; event types not known are passed over
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from uniapi.canonical import Citation, Json, PartDelta, Reasoning, Text, ToolCall
from uniapi.dialects.codec import UpstreamContext
from uniapi.dialects.error_words import tells_error
from uniapi.dialects.stream_decoder import StreamDecoder, nothing_more
from uniapi.errors import WireError
from uniapi.wire import Frame, Members, Run, load_json

from .answer_decode import KNOWN_MEMBERS, decode_block
from .answer_decode_parts import (
    CallReader,
    carried,
    decode_citation,
    decode_finish,
    decode_plain,
    decode_usage,
    dumped,
    of_whole_text,
    signature,
    text_of,
)
from .error import stream_failure
from .vocabulary import NAME

_TEXTS = ({"type", "text"}, {"type", "thinking"}, {"type", "partial_json"})


class _Held:
    """A block that is told when it is whole: a server-tool block, a freeform or wrapped call, or
    one whose input came with its start.
    """

    __slots__ = ("block", "pieces")

    def __init__(self, block: dict[str, Json]) -> None:
        self.block = block
        self.pieces: list[str] = []


class AnthropicStreamDecoder(StreamDecoder):
    """Keys its parts by block index."""

    members = Members((b'"text"', b'"thinking"', b'"partial_json"'), pads=True)

    def __init__(self, context: UpstreamContext) -> None:
        super().__init__(context)
        self._calls = CallReader(context)
        self._held: dict[int, _Held] = {}
        self._early_input: dict[int, str] = {}
        self._length = 0
        """Characters of the open text block."""
        self._cited: list[Citation] = []
        """Its sources: they come before the text they stand for, and are told when that is known.
        """
        self._has_calls = False
        self._usage: dict[str, Json] = {}
        self._stop: dict[str, Json] = {}
        self._extensions: dict[str, Json] = {}

    def decode(self, frame: Frame) -> None:
        if not frame.data or frame.data == b"[DONE]":
            return
        body = load_json(frame.data)
        if not isinstance(body, dict):
            raise WireError(f"expected a stream event object, found {type(body).__name__}")
        kind = body.get("type") or frame.event
        if kind == "error" or (kind not in _READERS and tells_error(body)):
            self.fail(stream_failure(body, frame.data))
            return
        reader = _READERS.get(kind) if isinstance(kind, str) else None
        if reader is not None:
            reader(self, body)

    def taker(self, frame: Frame, event: PartDelta) -> Callable[[Run], None] | None:
        body = load_json(frame.data)
        delta = body["delta"]
        if body.get("type") != "content_block_delta" or delta.keys() not in _TEXTS:
            return None
        return self._take if "text" in delta else nothing_more

    def _take(self, run: Run) -> None:
        self._length += len(run.text)

    def _message_start(self, body: Mapping[str, Any]) -> None:
        message = body.get("message") or {}
        self._usage = dict(message.get("usage") or {})
        extensions = {
            name: value
            for name, value in message.items()
            if name not in KNOWN_MEMBERS and value is not None
        }
        self.start(
            response_id=text_of(message, "id") or None,
            model=text_of(message, "model") or None,
            usage=decode_usage(dict(self._usage)) if self._usage else None,
            extensions={NAME: extensions} if extensions else {},
        )
        for block in message.get("content") or ():
            part = decode_block(block, self._calls)
            self._has_calls |= isinstance(part, ToolCall)
            self.parts.whole(part)

    def _block_start(self, body: Mapping[str, Any]) -> None:
        self.start()
        self._length, self._cited = len(text_of(body.get("content_block") or {}, "text")), []
        index, block = _index(body), body.get("content_block") or {}
        if block.get("type") == "tool_use":
            self._open_call(index, block)
            return
        part = decode_plain(block, self._calls.family)
        if part is None or (isinstance(part, Reasoning) and part.is_redacted):
            self._held[index] = _Held(dict(block))
        else:
            self.parts.open(index, part)

    def _open_call(self, index: int, block: dict[str, Any]) -> None:
        """Arguments stream live, but for kinds that must be unwrapped whole.

        Input may come with the start, and then without deltas.
        """
        name = text_of(block, "name")
        is_stand_in = self._calls.is_stand_in(name)
        if self._calls.is_freeform(name) or (is_stand_in and self._calls.is_wrapped):
            self._held[index] = _Held(block)
            return
        if block.get("input"):
            self._early_input[index] = dumped(block["input"])
        if is_stand_in:
            self.parts.open(index, Text(text=""))
        else:
            self._has_calls = True
            self.parts.open(index, self._calls.opening(block))

    def _block_delta(self, body: Mapping[str, Any]) -> None:
        """The hot path: text of an open block comes first."""
        index, delta = _index(body), body.get("delta") or {}
        kind = delta.get("type")
        if kind == "text_delta" and self.parts.is_open(index):
            text = text_of(delta, "text")
            self._length += len(text)
            self.parts.delta(index, text)
            return
        self.start()
        held = self._held.get(index)
        if held is not None:
            _add_held(held, delta)
            return
        if not self.parts.was_opened(index) and kind in ("text_delta", "thinking_delta"):
            self.parts.open(index, Text(text="") if kind == "text_delta" else Reasoning())
        if kind == "text_delta":
            self.parts.delta(index, text_of(delta, "text"))
        elif kind == "input_json_delta":
            partial = text_of(delta, "partial_json")
            if partial:
                self._early_input.pop(index, None)
                self.parts.delta(index, partial)
        elif kind == "thinking_delta":
            self.parts.delta(index, text_of(delta, "thinking"))
        elif kind == "signature_delta":
            self.parts.delta(index, opaque=signature(delta.get("signature"), self._calls.family))
        elif kind == "citations_delta":
            citation = decode_citation(delta.get("citation"))
            if citation is not None:
                self._cited.append(citation)

    def _block_stop(self, body: Mapping[str, Any]) -> None:
        index = _index(body)
        held = self._held.pop(index, None)
        if held is not None:
            self._tell(held)
            return
        if self._cited:
            self.parts.delta(index, citations=of_whole_text(tuple(self._cited), self._length))
            self._cited = []
        early = self._early_input.pop(index, "")
        if early:
            self.parts.delta(index, early)
        self.parts.close(index)

    def _tell(self, held: _Held) -> None:
        block = held.block
        arguments = "".join(held.pieces)
        if block.get("type") != "tool_use":
            if arguments:
                block["input"] = _parsed(arguments)
            part = decode_plain(block, self._calls.family) or carried(block)
            self.parts.whole(part)
            return
        name = text_of(block, "name")
        arguments = self._calls.arguments(name, arguments or dumped(block.get("input")))
        if self._calls.is_stand_in(name):
            self.parts.whole(Text(text=arguments))
            return
        self._has_calls = True
        key = ("call", len(held.pieces), id(held))
        self.parts.open(key, self._calls.opening(block))
        self.parts.delta(key, arguments)
        self.parts.close(key)

    def _message_delta(self, body: Mapping[str, Any]) -> None:
        self.start()
        delta = body.get("delta") or {}
        self._stop.update({name: value for name, value in delta.items() if value is not None})
        self._extensions.update(
            {
                name: value
                for name, value in delta.items()
                if name not in KNOWN_MEMBERS and value is not None
            }
        )
        self._extensions.update(
            {
                name: value
                for name, value in body.items()
                if name not in ("type", "delta", "usage") and value is not None
            },
        )
        stated = body.get("usage")
        if isinstance(stated, dict):
            self._usage.update({name: value for name, value in stated.items() if value is not None})
            usage = decode_usage(dict(self._usage))
            if usage is not None:
                self.usage(usage)

    @property
    def may_end(self) -> bool:
        """Relays leave `message_stop` out: why the answer ended was said before it."""
        return self.is_done or "stop_reason" in self._stop

    def close_input(self) -> None:
        if self.may_end:
            self._message_stop({})

    def _message_stop(self, body: Mapping[str, Any]) -> None:
        for index in list(self._held):
            self._tell(self._held.pop(index))
        finish = decode_finish(
            self._stop.get("stop_reason"),
            self._stop.get("stop_sequence"),
            self._stop.get("stop_details"),
            has_calls=self._has_calls,
        )
        self.end((finish,), {NAME: self._extensions} if self._extensions else {})


_READERS: Mapping[str, Callable[[AnthropicStreamDecoder, Mapping[str, Any]], None]] = {
    "message_start": AnthropicStreamDecoder._message_start,
    "content_block_start": AnthropicStreamDecoder._block_start,
    "content_block_delta": AnthropicStreamDecoder._block_delta,
    "content_block_stop": AnthropicStreamDecoder._block_stop,
    "message_delta": AnthropicStreamDecoder._message_delta,
    "message_stop": AnthropicStreamDecoder._message_stop,
}
"""Frame type → method."""


def _index(body: Mapping[str, Any]) -> int:
    index = body.get("index")
    if not isinstance(index, int):
        raise WireError(f"expected a block index, found {index!r}")
    return index


def _add_held(held: _Held, delta: Mapping[str, Any]) -> None:
    kind = delta.get("type")
    if kind == "input_json_delta":
        held.pieces.append(text_of(delta, "partial_json"))
    elif kind == "compaction_delta":
        held.block.update(
            {name: value for name, value in delta.items() if name != "type" and value is not None}
        )


def _parsed(arguments: str) -> Json:
    try:
        return json.loads(arguments)
    except (ValueError, RecursionError):
        return {"_raw": arguments}
