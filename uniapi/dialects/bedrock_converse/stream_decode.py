"""Converse's event stream → canonical events.

The frames come from `wire.EventStreamDecoder`: `messageStart`, then for each block an optional
`contentBlockStart`, deltas and a `contentBlockStop`, then `messageStop` with the reason, then
`metadata` with the usage. The answer ends with `metadata`, or at the end of the bytes when it does
not come. Format:
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html#API_runtime_ConverseStream_ResponseSyntax.
"""

from __future__ import annotations

from typing import Literal

from uniapi.canonical import Json, Media, Reasoning, Text, Unknown
from uniapi.dialects.codec import UpstreamContext
from uniapi.dialects.function_tools import freeform_input
from uniapi.dialects.shapes import text_of
from uniapi.dialects.stream_decoder import StreamDecoder
from uniapi.values import dataclass, field
from uniapi.wire import ERROR_PREFIX, EXCEPTION_PREFIX, Frame, load_json

from .answer_decode import (
    BlockReader,
    decode_citation,
    decode_finish,
    decode_image,
    decode_usage,
    is_server_call,
)
from .error import decode_exception
from .vocabulary import NAME


@dataclass(slots=True)
class _Block:
    """An open content block. `held` collects what can only be told when it is whole."""

    kind: Literal[
        "text",
        "reasoning",
        "redacted",
        "call",
        "freeform",
        "stand_in",
        "server_call",
        "server_result",
        "image",
    ]
    start: Json = None
    held: list[str] = field(default_factory=list)
    results: list[Json] = field(default_factory=list)
    wrote: bool = False


class ConverseStreamDecoder(StreamDecoder):
    """Frames → events, by the block's index.

    A text stays open until the next block begins, because its citations may come in one of their
    own.
    """

    def __init__(self, context: UpstreamContext) -> None:
        super().__init__(context)
        self._reader = BlockReader(context)
        self._blocks: dict[int, _Block] = {}
        self._last_text: int | None = None
        self._stop: dict[str, Json] | None = None
        self._has_calls = False
        self._metadata: dict[str, Json] | None = None
        self._readers = {
            "messageStart": self._on_message_start,
            "contentBlockStart": self._on_block_start,
            "contentBlockDelta": self._on_delta,
            "contentBlockStop": self._on_block_stop,
            "messageStop": self._on_message_stop,
            "metadata": self._on_metadata,
        }

    def decode(self, frame: Frame) -> None:
        event = frame.event or ""
        if event.startswith((EXCEPTION_PREFIX, ERROR_PREFIX)):
            self.fail(decode_exception(event, frame.data))
            return
        reader = self._readers.get(event)
        if reader is not None:
            self.start()
            reader(load_json(frame.data))

    @property
    def may_end(self) -> bool:
        """`messageStop` came; `metadata` with the usage may follow."""
        return self.is_done or self._stop is not None

    def close_input(self) -> None:
        if self.may_end:
            self._finish()

    def _on_message_start(self, data: Json) -> None:
        """Holds the role alone."""

    def _on_block_start(self, data: Json) -> None:
        index, start = data["contentBlockIndex"], data["start"]
        if "toolUse" in start:
            self._open_call(index, start)
        elif "toolResult" in start:
            self._open(index, _Block(kind="server_result", start=start))
        elif "image" in start:
            self._open(index, _Block(kind="image", start=start["image"]))

    def _open_call(self, index: int, start: Json) -> None:
        call = start["toolUse"]
        if is_server_call(call):
            self._open(index, _Block(kind="server_call", start=start))
        elif self._reader.is_stand_in(call.get("name")):
            self._open(index, _Block(kind="stand_in"))
            self.parts.open(index, Text(text=""))
        else:
            opened = self._reader.opened_call(call)
            self._open(index, _Block(kind="freeform" if opened.kind == "custom" else "call"))
            self.parts.open(index, opened)
            self._has_calls = True

    def _open(self, index: int, block: _Block) -> None:
        if self._last_text is not None:
            self.parts.close(self._last_text)
            self._last_text = None
        self._blocks[index] = block

    def _on_delta(self, data: Json) -> None:
        index, delta = data["contentBlockIndex"], data["delta"]
        if "text" in delta:
            self._text(index, text_of(delta["text"]))
        elif "toolUse" in delta:
            self._arguments(index, text_of(delta["toolUse"].get("input")))
        elif "reasoningContent" in delta:
            self._reasoning(index, delta["reasoningContent"])
        elif "citation" in delta:
            self._citation(index, delta["citation"])
        elif "toolResult" in delta:
            self._blocks[index].results.extend(delta["toolResult"])
        elif "image" in delta:
            self._image(index, delta["image"])

    def _text(self, index: int, text: str) -> None:
        if index not in self._blocks:
            self._open(index, _Block(kind="text"))
            self.parts.open(index, Text(text=""))
        self.parts.delta(index, text)

    def _citation(self, index: int, citation: Json) -> None:
        key = index
        if index not in self._blocks:
            if self._last_text is None:
                self._text(index, "")
            else:
                key = self._last_text
        self.parts.delta(key, citations=(decode_citation(citation),))

    def _arguments(self, index: int, text: str) -> None:
        block = self._blocks[index]
        if block.kind == "call" or (block.kind == "stand_in" and self._reader.streams_stand_in):
            block.wrote = block.wrote or bool(text)
            self.parts.delta(index, text)
        else:
            block.held.append(text)

    def _reasoning(self, index: int, content: Json) -> None:
        redacted = content.get("redactedContent")
        if redacted is not None:
            if index not in self._blocks:
                self._open(index, _Block(kind="redacted"))
            self._blocks[index].held.append(text_of(redacted))
            return
        if index not in self._blocks:
            self._open(index, _Block(kind="reasoning"))
            self.parts.open(index, Reasoning())
        self.parts.delta(index, text_of(content.get("text")))
        self._blocks[index].held.append(text_of(content.get("signature")))

    def _image(self, index: int, image: Json) -> None:
        block = self._blocks[index]
        data = (image.get("source") or {}).get("bytes")
        if isinstance(data, str):
            block.held.append(data)
        elif isinstance(image.get("source"), dict):
            block.results.append(image["source"])

    def _on_block_stop(self, data: Json) -> None:
        self._close(data["contentBlockIndex"])

    def _close(self, index: int) -> None:
        block = self._blocks.pop(index, None)
        if block is None:
            return
        held = "".join(block.held)
        match block.kind:
            case "text":
                self._last_text = index
                return
            case "reasoning":
                self.parts.delta(index, opaque=self._reader.signed(held))
            case "redacted":
                self.parts.whole(self._reader.redacted(block.held))
            case "call":
                self.parts.delta(index, "" if block.wrote else "{}")
            case "freeform":
                self.parts.delta(index, freeform_input(held or "{}"))
            case "stand_in" if not self._reader.streams_stand_in:
                self.parts.delta(index, self._reader.stand_in_text(load_json(held or "{}")))
            case "server_call":
                self.parts.whole(
                    Unknown(
                        dialect=NAME,
                        name="server_tool_use",
                        raw=_with(block.start, "toolUse", "input", load_json(held or "{}")),
                    )
                )
            case "server_result":
                self.parts.whole(
                    Unknown(
                        dialect=NAME,
                        name="toolResult",
                        raw=_with(block.start, "toolResult", "content", block.results),
                    )
                )
            case "image":
                self.parts.whole(self._whole_image(block, held))
            case _:
                pass
        self.parts.close(index)

    def _whole_image(self, block: _Block, data: str) -> Media:
        source = block.results[-1] if block.results else {}
        if data:
            source = {"bytes": data}
        return decode_image({**block.start, "source": source})

    def _on_message_stop(self, data: Json) -> None:
        if not isinstance(data, dict):
            raise TypeError("`messageStop` holds no object")
        self._stop = data
        self._close_all()
        if self._metadata is not None:
            self._finish()

    def _on_metadata(self, data: Json) -> None:
        self._metadata = {name: value for name, value in data.items() if name != "usage"}
        usage = decode_usage(data.get("usage"), data.get("serviceTier"))
        if usage is not None:
            self.usage(usage)
        if self._stop is not None:
            self._finish()

    def _close_all(self) -> None:
        for index in list(self._blocks):
            self._close(index)
        self.parts.close_all()
        self._last_text = None

    def _finish(self) -> None:
        stop = self._stop or {}
        self._close_all()
        fields = stop.get("additionalModelResponseFields")
        finish = decode_finish(stop.get("stopReason"), fields, has_calls=self._has_calls)
        rest = dict(self._metadata or {})
        if fields is not None:
            rest["additionalModelResponseFields"] = fields
        self.end((finish,), {NAME: rest} if rest else None)


def _with(start: Json, holder: str, member: str, value: Json) -> Json:
    """The block whose start was `start`, whole."""
    return {**start, holder: {**start[holder], member: value}}
