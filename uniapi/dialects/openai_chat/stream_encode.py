"""Events → the chunks an OpenAI client reads: the role first, deltas, one finish chunk a choice,
the usage chunk when asked for, `[DONE]`.

A text delta, nine tenths of all events, is written from a prepared template: only the escaped text
is put in. Everything else goes through `_chunk`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from uniapi.canonical import (
    Json,
    Media,
    Opaque,
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
    client_error,
)
from uniapi.dialects.codec import ReplyContext
from uniapi.dialects.stream_encoder import StreamEncoder
from uniapi.values import dataclass, field, replace
from uniapi.wire import DONE, Run, encode_sse

from .answer_encode import (
    completion_id,
    encode_answer_media,
    encode_citations,
    encode_logprob,
    encode_opaque_reasoning,
    encode_signature,
    is_annotation,
    speaks_functions,
)
from .error import encode_error
from .finish import encode_finish
from .reasoning import untold_details
from .request_decode_members import DIALECT_NAME
from .usage import encode_usage

_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_to_ascii = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
_LISTED = frozenset({"annotations", "images", "thinking_blocks", "reasoning_details"})
_TEXT_TAIL = b'},"logprobs":null,"finish_reason":null}]}\n\n'
_CALL_TAIL = b'}}]},"logprobs":null,"finish_reason":null}]}\n\n'


def _dumped(value: Json) -> bytes:
    """UTF-8 JSON; a lone surrogate (half of a pair cut by the vendor) is escaped, since UTF-8
    cannot hold it.
    """
    try:
        return _to_json(value).encode()
    except UnicodeEncodeError:
        return _to_ascii(value).encode()


@dataclass(slots=True)
class _Open:
    """A part that is being written.

    `head` and `tail` enclose a text delta; None when deltas are collected instead. `base`:
    characters of the choice's content before it.
    """

    part: Part
    choice: int
    head: bytes | None = None
    tail: bytes = _TEXT_TAIL
    call_index: int = 0
    base: int = 0
    is_empty: bool = True
    pieces: list[str] = field(default_factory=list)
    opaque: Opaque | None = None


class ChatStreamEncoder(StreamEncoder):
    def __init__(self, context: ReplyContext) -> None:
        super().__init__(context)
        self._is_legacy = speaks_functions(context.request)
        self._envelope: dict[str, Any] = {}
        self._head = b""
        self._open: dict[int, _Open] = {}
        self._begun: set[int] = set()
        self._calls: dict[int, int] = {}
        self._lengths: dict[int, int] = {}
        self._listed: dict[tuple[int, str], int] = {}
        self._usage: Usage | None = None

    def on_start(self, event: ResponseStart) -> None:
        self._usage = event.usage
        self._lose_foreign(event.extensions)
        own = event.extensions.get(DIALECT_NAME, {})
        self._envelope = {
            "id": completion_id(event.response_id, self.context),
            "object": "chat.completion.chunk",
            "created": event.created_s or self.context.created_s,
            "model": self.context.requested_model,
            **(
                {"system_fingerprint": own["system_fingerprint"]}
                if own.get("system_fingerprint")
                else {}
            ),
        }
        self._head = b"data: " + _dumped(self._envelope)[:-1] + b',"choices":[{"index":'
        self._begin(0, {name: value for name, value in own.items() if name != "system_fingerprint"})

    def on_part_start(self, event: PartStart) -> None:
        choice, part = event.choice, event.part
        if choice not in self._begun:
            self._begin(choice, {})
        opened = self._open[event.index] = _Open(part=part, choice=choice)
        match part:
            case Text():
                opened.head = self._text_head(choice, b"content")
                opened.base = self._lengths.get(choice, 0)
                self._text(opened, part.text)
                self._decorate(
                    opened,
                    PartDelta(
                        index=event.index,
                        citations=part.citations,
                        logprobs=part.logprobs,
                        opaque=part.opaque,
                    ),
                )
            case Refusal():
                opened.head = self._text_head(choice, b"refusal")
                self._text(opened, part.text)
            case Reasoning():
                opened.head = self._text_head(choice, b"reasoning_content")
                opened.opaque = part.opaque
                self._text(opened, part.text)
            case ToolCall():
                self._start_call(opened, part)
            case Media():
                opened.opaque = part.opaque
            case Unknown() if is_annotation(part):
                self._chunk(choice, {"annotations": [part.raw]})
            case Unknown():
                self._lose(part.name)
            case Search():
                pass
            case _:
                self._lose("tool_result")

    def on_part_delta(self, event: PartDelta) -> None:
        opened = self._open[event.index]
        if event.text:
            if opened.head is not None:
                self._text(opened, event.text)
            else:
                opened.pieces.append(event.text)
        if event.citations or event.logprobs or event.opaque is not None:
            self._decorate(opened, event)

    def more(self, index: int, run: Run) -> bytes:
        opened = self._open[index]
        part = opened.part
        if opened.head is None or not isinstance(part, Text | Reasoning | Refusal | ToolCall):
            return super().more(index, run)
        opened.is_empty = False
        if isinstance(part, Text):
            self._lengths[opened.choice] = self._lengths.get(opened.choice, 0) + len(run.text)
        elif isinstance(part, Reasoning):
            opened.pieces.append(run.text)
        return run.between(opened.head, opened.tail)

    def on_part_end(self, event: PartEnd) -> None:
        opened = self._open.pop(event.index)
        match opened.part:
            case Reasoning() as part:
                members = encode_opaque_reasoning(
                    replace(part, text="".join(opened.pieces), opaque=opened.opaque)
                )
                if "reasoning_details" in members:
                    members = {"reasoning_details": untold_details(members["reasoning_details"])}
                if any(members.values()):
                    self._chunk(opened.choice, members)
            case ToolCall() as part if (
                opened.is_empty and part.kind == "function" and opened.head is not None
            ):
                self._text(opened, "{}")
            case Media() as part:
                data = (part.data or "") + "".join(opened.pieces)
                members = encode_answer_media(
                    replace(part, data=data or None, opaque=opened.opaque),
                    self.context,
                    self.losses,
                )
                if members:
                    self._chunk(opened.choice, members)
            case _:
                pass

    def on_usage(self, event: UsageReport) -> None:
        self._usage = event.usage if self._usage is None else self._usage.updated(event.usage)

    def on_end(self, event: ResponseEnd) -> None:
        self._lose_foreign(event.extensions)
        late = {
            name: value
            for name, value in event.extensions.get(DIALECT_NAME, {}).items()
            if name not in self._envelope
        }
        for choice, finish in enumerate(event.finishes):
            if choice not in self._begun:
                self._begin(choice, {})
            word = encode_finish(finish)
            if word == "tool_calls" and self._is_legacy:
                word = "function_call"
            self._chunk(choice, {}, finish_reason=word, envelope=late)
        if self.context.include_usage and self._usage is not None:
            self.out.append(
                encode_sse(
                    _dumped({**self._envelope, "choices": [], "usage": encode_usage(self._usage)})
                )
            )
        self.out.append(DONE)

    def on_failed(self, event: ResponseFailed) -> None:
        self.out.append(encode_sse(_dumped(encode_error(client_error(event.failure)))))
        self.out.append(DONE)

    def _begin(self, choice: int, envelope: Mapping[str, Json]) -> None:
        self._begun.add(choice)
        self._chunk(choice, {"role": "assistant", "content": ""}, envelope=envelope)

    def _start_call(self, opened: _Open, call: ToolCall) -> None:
        index = opened.call_index = self._calls.get(opened.choice, 0)
        self._calls[opened.choice] = index + 1
        opened.is_empty = not call.arguments
        if self._is_legacy:
            if index:
                self._lose("tool_calls")
                return
            opened.head = self._text_head(opened.choice, b'function_call":{"arguments')
            opened.tail = b"}" + _TEXT_TAIL
            self._chunk(
                opened.choice, {"function_call": {"name": call.name, "arguments": call.arguments}}
            )
            return
        member, inner = ("custom", "input") if call.kind == "custom" else ("function", "arguments")
        opened.head = self._head + b'%d,"delta":{"tool_calls":[{"index":%d,"%s":{"%s":' % (
            opened.choice,
            index,
            member.encode(),
            inner.encode(),
        )
        opened.tail = _CALL_TAIL
        entry = {
            "index": index,
            "id": call.call_id,
            "type": call.kind,
            member: {"name": call.name, inner: call.arguments},
            **encode_signature(call.opaque),
        }
        self._chunk(opened.choice, {"tool_calls": [entry]})

    def _text(self, opened: _Open, text: str) -> None:
        """One delta from the part's template."""
        if not text or opened.head is None:
            return
        opened.is_empty = False
        part = opened.part
        if isinstance(part, Text):
            self._lengths[opened.choice] = self._lengths.get(opened.choice, 0) + len(text)
        elif isinstance(part, Reasoning):
            opened.pieces.append(text)
        self.out.append(opened.head + _dumped(text) + opened.tail)

    def _decorate(self, opened: _Open, event: PartDelta) -> None:
        """What a delta carries beside its text."""
        delta: dict[str, Any] = {}
        annotations = encode_citations(event.citations, opened.base, self.losses)
        if annotations:
            delta["annotations"] = annotations
        if event.opaque is not None:
            if isinstance(opened.part, Text):
                delta.update(encode_signature(event.opaque))
            elif isinstance(opened.part, ToolCall):
                signature = encode_signature(event.opaque)
                if signature and not self._is_legacy:
                    delta["tool_calls"] = [{"index": opened.call_index, **signature}]
            else:
                opened.opaque = event.opaque
        if event.logprobs:
            self._chunk(
                opened.choice,
                delta,
                logprobs={
                    "content": [encode_logprob(entry) for entry in event.logprobs],
                    "refusal": None,
                },
            )
        elif delta:
            self._chunk(opened.choice, delta)

    def _text_head(self, choice: int, member: bytes) -> bytes:
        return self._head + b'%d,"delta":{"%s":' % (choice, member)

    def _chunk(
        self,
        choice: int,
        delta: dict[str, Any],
        *,
        finish_reason: str | None = None,
        logprobs: Json = None,
        envelope: Mapping[str, Json] | None = None,
    ) -> None:
        for member in _LISTED & delta.keys():
            delta[member] = self._numbered(choice, member, delta[member])
        entry = {
            "index": choice,
            "delta": delta,
            "logprobs": logprobs,
            "finish_reason": finish_reason,
        }
        self.out.append(
            encode_sse(_dumped({**(envelope or {}), **self._envelope, "choices": [entry]}))
        )

    def _numbered(
        self, choice: int, member: str, entries: list[dict[str, Json]]
    ) -> list[dict[str, Json]]:
        """List entries with an `index`, without which the accumulator of OpenAI's own SDK refuses a
        second delta of the list.
        """
        first = self._listed.get((choice, member), 0)
        self._listed[choice, member] = first + len(entries)
        return [{"index": first + offset, **entry} for offset, entry in enumerate(entries)]

    def _lose_foreign(self, extensions: Mapping[str, Mapping[str, Json]]) -> None:
        """Members of another dialect's envelope have no place in ours."""
        for dialect, members in extensions.items():
            for name in members if dialect != DIALECT_NAME else ():
                self._lose(name)

    def _lose(self, name: str) -> None:
        if name not in self.losses:
            self.losses.append(name)
