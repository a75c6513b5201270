"""Canonical answers → `text_completion`, whole and streamed.

Only text has a form there; everything else a model may say is a loss.
"""

from __future__ import annotations

from typing import Any

from uniapi.canonical import (
    Json,
    Media,
    Part,
    PartDelta,
    PartStart,
    Reasoning,
    Refusal,
    Response,
    ResponseEnd,
    ResponseFailed,
    ResponseStart,
    Search,
    Text,
    Unknown,
    Usage,
    UsageReport,
    client_error,
)
from uniapi.dialects.codec import EncodedResponse, ReplyContext
from uniapi.dialects.openai_chat.error import encode_error
from uniapi.dialects.openai_chat.finish import encode_finish
from uniapi.dialects.openai_chat.usage import encode_usage
from uniapi.dialects.stream_encoder import StreamEncoder
from uniapi.wire import DONE, dump_json, encode_sse


def encode_response(response: Response, context: ReplyContext) -> EncodedResponse:
    losses: list[str] = []
    choices = []
    for index, choice in enumerate(response.choices):
        text = "".join(
            part.text
            for part in choice.parts
            if _is_text(part, losses) and isinstance(part, Text | Refusal)
        )
        choices.append(_choice(index, text, encode_finish(choice.finish)))
    body = {**_envelope(context, response.created_s), "choices": choices}
    if response.usage is not None:
        body["usage"] = encode_usage(response.usage)
    return EncodedResponse(body=body, losses=tuple(losses))


class CompletionStreamEncoder(StreamEncoder):
    """One chunk for each piece of text, one with the finish reason for each choice, the usage chunk
    when asked for, `[DONE]`.
    """

    def __init__(self, context: ReplyContext) -> None:
        super().__init__(context)
        self._frame = _envelope(context, None)
        self._texts: dict[int, int] = {}
        """Part index → choice, for the parts that are text."""
        self._usage: Usage | None = None

    def on_start(self, event: ResponseStart) -> None:
        self._frame = _envelope(self.context, event.created_s)
        self._usage = event.usage

    def on_part_start(self, event: PartStart) -> None:
        if _is_text(event.part, self.losses) and isinstance(event.part, Text | Refusal):
            self._texts[event.index] = event.choice
            self._write(event.choice, event.part.text)

    def on_part_delta(self, event: PartDelta) -> None:
        choice = self._texts.get(event.index)
        if choice is not None:
            self._write(choice, event.text)

    def on_usage(self, event: UsageReport) -> None:
        self._usage = event.usage if self._usage is None else self._usage.updated(event.usage)

    def on_end(self, event: ResponseEnd) -> None:
        for index, finish in enumerate(event.finishes):
            self._chunk([_choice(index, "", encode_finish(finish))])
        if self.context.include_usage and self._usage is not None:
            self.out.append(
                encode_sse(
                    dump_json({**self._frame, "choices": [], "usage": encode_usage(self._usage)})
                )
            )
        self.out.append(DONE)

    def on_failed(self, event: ResponseFailed) -> None:
        self.out.append(encode_sse(dump_json(encode_error(client_error(event.failure)))))
        self.out.append(DONE)

    def _write(self, choice: int, text: str) -> None:
        if text:
            self._chunk([_choice(choice, text, None)])

    def _chunk(self, choices: list[Json]) -> None:
        self.out.append(encode_sse(dump_json({**self._frame, "choices": choices})))


def _envelope(context: ReplyContext, created_s: int | None) -> dict[str, Any]:
    return {
        "id": f"cmpl-{context.id_seed}",
        "object": "text_completion",
        "created": created_s or context.created_s,
        "model": context.requested_model,
    }


def _choice(index: int, text: str, finish: str | None) -> dict[str, Any]:
    return {"text": text, "index": index, "logprobs": None, "finish_reason": finish}


def _is_text(part: Part, losses: list[str]) -> bool:
    """Whether the part has a form here; what has none is noted once by its kind."""
    if isinstance(part, Text | Refusal):
        return True
    match part:
        case Reasoning():
            name = "reasoning"
        case Media():
            name = part.kind
        case Unknown():
            name = part.name
        case Search():
            name = "web_search"
        case _:
            name = "tool_calls"
    if name not in losses:
        losses.append(name)
    return False
