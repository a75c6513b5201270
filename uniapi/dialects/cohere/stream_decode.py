"""Cohere's v2 chat stream → canonical events.

Every frame is a JSON object with a `type`: `message-start`, then `content-start/-delta/-end` by
block index, `tool-plan-delta`, `tool-call-start/-delta/-end` by call index, `citation-start/-end`,
and `message-end` with the finish reason and the usage. Format:
https://docs.cohere.com/v2/docs/streaming.
"""

from __future__ import annotations

from uniapi.canonical import Json, Part, Reasoning, Text, ToolCall
from uniapi.dialects.codec import UpstreamContext
from uniapi.dialects.shapes import text_of
from uniapi.dialects.stream_decoder import StreamDecoder
from uniapi.values import dataclass
from uniapi.wire import Frame, load_json

from .answer_decode import (
    cited_index,
    decode_citation,
    decode_finish,
    decode_logprobs,
    decode_usage,
    is_of_text,
)
from .error import decode_stream_error
from .vocabulary import NAME, ToolNames, client_arguments

_PLAN = "plan"


@dataclass(slots=True)
class _OpenCall:
    """A tool call under way: `held` is what of its arguments is not told yet, `is_told` that they
    are passed on as they come.
    """

    part: ToolCall
    held: str = ""
    is_told: bool = False


class CohereStreamDecoder(StreamDecoder):
    """Frames → events. A text stays open until the next part begins, because a citation may come
    behind its end.
    """

    def __init__(self, context: UpstreamContext) -> None:
        super().__init__(context)
        self._names = ToolNames(context.request.tools if context.request is not None else ())
        self._calls: dict[int, _OpenCall] = {}
        self._texts: list[int] = []
        self._leftover: list[Json] = []
        self._readers = {
            "message-start": self._on_message_start,
            "content-start": self._on_content_start,
            "content-delta": self._on_content_delta,
            "content-end": self._on_content_end,
            "tool-plan-delta": self._on_plan,
            "tool-call-start": self._on_call_start,
            "tool-call-delta": self._on_call_delta,
            "tool-call-end": self._on_call_end,
            "citation-start": self._on_citation,
            "message-end": self._on_message_end,
        }

    def decode(self, frame: Frame) -> None:
        if not frame.data.strip() or frame.data == b"[DONE]":
            return
        data = load_json(frame.data)
        kind = data.get("type")
        if kind is None and isinstance(data.get("message"), str):
            self.fail(decode_stream_error(data["message"], None))
            return
        reader = self._readers.get(kind)
        if reader is not None:
            if kind != "message-start":
                self.start()
            reader(data)

    def _on_message_start(self, data: Json) -> None:
        response_id = data.get("id")
        self.start(response_id=response_id if isinstance(response_id, str) else None)

    def _on_content_start(self, data: Json) -> None:
        content = data["delta"]["message"]["content"]
        self._open_content(
            data["index"],
            "thinking" if content.get("type") == "thinking" or "thinking" in content else "text",
        )
        self._decode_content(data["index"], content)

    def _on_content_delta(self, data: Json) -> None:
        index, content = data["index"], data["delta"]["message"]["content"]
        if not self.parts.is_open(("content", index)):
            self._open_content(index, "thinking" if "thinking" in content else "text")
        self._decode_content(index, content)
        if data.get("logprobs") is not None:
            self.parts.delta(("content", index), logprobs=decode_logprobs(data["logprobs"]))

    def _open_content(self, index: int, kind: str) -> None:
        if kind == "thinking":
            self._open(("content", index), Reasoning())
        else:
            self._open(("content", index), Text(text=""))
            self._texts.append(index)

    def _decode_content(self, index: int, content: Json) -> None:
        self.parts.delta(
            ("content", index), text_of(content.get("thinking")) or text_of(content.get("text"))
        )

    def _on_content_end(self, data: Json) -> None:
        if data["index"] not in self._texts:
            self.parts.close(("content", data["index"]))

    def _on_plan(self, data: Json) -> None:
        text = text_of(data["delta"]["message"].get("tool_plan"))
        if text and not self.parts.is_open(_PLAN):
            self._open(_PLAN, Reasoning())
        self.parts.delta(_PLAN, text)

    def _on_call_start(self, data: Json) -> None:
        call = _only(data["delta"]["message"]["tool_calls"])
        opened = self._names.opened_call(text_of(call["id"]), text_of(call["function"]["name"]))
        self._open(("call", data["index"]), opened)
        self._calls[data["index"]] = _OpenCall(part=opened)
        self._decode_arguments(data["index"], text_of(call["function"].get("arguments")))

    def _on_call_delta(self, data: Json) -> None:
        self._decode_arguments(
            data["index"],
            text_of(_only(data["delta"]["message"]["tool_calls"])["function"].get("arguments")),
        )

    def _decode_arguments(self, index: int, text: str) -> None:
        """JSON goes on as it comes; freeform input, and what may yet be the `null` of a call
        without arguments, when it is whole.
        """
        call = self._calls[index]
        if call.is_told:
            self.parts.delta(("call", index), text)
            return
        call.held += text
        if call.part.kind != "custom" and not "null".startswith(call.held.strip()):
            call.is_told = True
            self.parts.delta(("call", index), call.held)

    def _on_call_end(self, data: Json) -> None:
        self._close_call(data["index"])

    def _close_call(self, index: int) -> None:
        call = self._calls.pop(index)
        if not call.is_told:
            self.parts.delta(("call", index), client_arguments(call.part, call.held))
        self.parts.close(("call", index))

    def _open(self, key: str | tuple[str, int], part: Part) -> None:
        """A new part; calls may be open side by side, everything else has ended when something new
        begins.
        """
        for index in self._texts:
            self.parts.close(("content", index))
        self._texts = []
        self.parts.close(_PLAN)
        self.parts.open(key, part)

    def _on_citation(self, data: Json) -> None:
        found = data["delta"]["message"]["citations"]
        for citation in found if isinstance(found, list) else [found]:
            index = cited_index(citation)
            if index is None and self._texts:
                index = self._texts[-1]
            if index in self._texts and is_of_text(citation):
                self.parts.delta(("content", index), citations=decode_citation(citation))
            else:
                self._leftover.append(citation)

    def _on_message_end(self, data: Json) -> None:
        delta = data.get("delta") or {}
        for index in list(self._calls):
            self._close_call(index)
        self.parts.close_all()
        usage = decode_usage(delta.get("usage"))
        if usage is not None:
            self.usage(usage)
        error = delta.get("error")
        if isinstance(error, str) and error:
            self.fail(decode_stream_error(error, delta.get("error_type")))
            return
        self.end(
            (decode_finish(delta.get("finish_reason")),),
            {NAME: {"citations": self._leftover}} if self._leftover else None,
        )


def _only(calls: Json) -> Json:
    """The one call of a frame, which the wire gives as an object and older versions as a list."""
    return calls[0] if isinstance(calls, list) else calls
