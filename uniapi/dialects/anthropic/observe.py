"""What a relayed Messages answer tells: commit, usage, finish, failure, ids."""

from __future__ import annotations

import json
from collections.abc import Mapping

from uniapi.canonical import Json
from uniapi.dialects.error_words import tells_error
from uniapi.dialects.observer import Observer
from uniapi.wire import Frame, Members, dump_json, insert_member, splice_member

from .answer_decode_parts import decode_finish, decode_usage, text_of
from .error import stream_failure

_SILENT_BLOCKS = frozenset({"text", "thinking"})
"""Blocks whose start alone is no output yet: they begin empty."""
_NO_USAGE: dict[str, Json] = {"input_tokens": 0, "output_tokens": 0}
"""Where a relay leaves the usage out, without which Claude Code and Anthropic's SDKs fail:
«undefined is not an object (evaluating '$.input_tokens')»
(github.com/anthropics/claude-code/issues/40260, 2026-11-30).
"""
_STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
_DELTA_TEXTS = ("text", "thinking", "signature", "partial_json", "content", "citation")


class AnthropicObserver(Observer):
    members = Members((b'"text"', b'"thinking"', b'"partial_json"'), pads=True)
    amends_frames = True

    __slots__ = (
        "_has_stopped",
        "_stated",
    )

    def __init__(self) -> None:
        super().__init__()
        self._stated: dict[str, Json] = {}
        self._has_stopped = False

    def skims(self, frame: Frame) -> bool:
        if frame.event is not None:
            return frame.event in ("content_block_delta", "content_block_stop", "ping")
        return b'"content_block_delta"' in frame.data[:64]

    @property
    def missing_end(self) -> bytes:
        return b"" if self._has_stopped else _STOP

    def amended_whole(self, body: bytes, value: Json) -> bytes:
        if not isinstance(value, dict) or isinstance(value.get("usage"), dict):
            return body
        return dump_json({**value, "usage": _NO_USAGE})

    def observe_whole(self, body: Json) -> None:
        if body.get("type") == "error" or ("content" not in body and tells_error(body)):
            self.failure = stream_failure(body, json.dumps(body).encode())
            return
        content = body.get("content")
        blocks = (
            [block for block in content if isinstance(block, dict)]
            if isinstance(content, list)
            else []
        )
        self.committed = any(block.get("type") != "text" or block.get("text") for block in blocks)
        self._envelope(body)
        self._ids(body)
        self._ended(body)
        self.is_whole = True

    def observe_frame(self, body: Json, frame: Frame) -> None:
        match body.get("type") or frame.event:
            case "message_start":
                message = body.get("message")
                if isinstance(message, dict):
                    self._envelope(message)
                    self._ids(message)
                    self.committed |= bool(message.get("content"))
                    if not isinstance(message.get("usage"), dict):
                        whole = {**message, "usage": _NO_USAGE}
                        self._amend(frame, splice_member(frame.data, ("message",), whole))
            case "content_block_start":
                self._block(body.get("content_block"))
            case "content_block_delta":
                delta = body.get("delta")
                self.committed |= isinstance(delta, dict) and any(
                    delta.get(name) for name in _DELTA_TEXTS
                )
            case "message_delta":
                self._usage(body.get("usage"))
                delta = body.get("delta")
                if isinstance(delta, dict):
                    self._ids(delta)
                    self._ended(delta)
                    self.is_whole |= self.finish is not None
                if not isinstance(body.get("usage"), dict):
                    self._amend(frame, _with_usage(frame.data, body))
            case "message_stop":
                self.is_whole = self.is_over = self._has_stopped = True
            case "error":
                self.failure = stream_failure(body, frame.data)
            case None if tells_error(body):
                self.failure = stream_failure(body, frame.data)

    def _amend(self, frame: Frame, data: bytes | None) -> None:
        if data is not None:
            self.amends += ((frame.data, data),)

    def _block(self, block: Json) -> None:
        if not isinstance(block, dict):
            return
        kind = block.get("type")
        if kind not in _SILENT_BLOCKS or any(
            block.get(name) for name in ("text", "thinking", "signature")
        ):
            self.committed = True
        if isinstance(kind, str) and kind.endswith("_tool_result"):
            self._files(block.get("content"), 0)

    def _envelope(self, message: Mapping[str, Json]) -> None:
        self.model = text_of(message, "model") or self.model
        self._usage(message.get("usage"))

    def _usage(self, stated: Json) -> None:
        if isinstance(stated, dict):
            self._stated.update(
                {name: value for name, value in stated.items() if value is not None}
            )
            self.usage = decode_usage(dict(self._stated))

    def _ended(self, said: Mapping[str, Json]) -> None:
        if said.get("stop_reason") is not None:
            self.finish = decode_finish(
                said.get("stop_reason"),
                said.get("stop_sequence"),
                said.get("stop_details"),
                has_calls=said.get("stop_reason") == "tool_use",
            )

    def _ids(self, envelope: Mapping[str, Json]) -> None:
        """Containers and the files made in them live with the account that issued them."""
        container = envelope.get("container")
        if isinstance(container, dict):
            self.issue(container.get("id"))
        content = envelope.get("content")
        for block in content if isinstance(content, list) else ():
            if isinstance(block, dict) and str(block.get("type")).endswith("_tool_result"):
                self._files(block.get("content"), 0)

    def _files(self, content: Json, depth: int) -> None:
        if depth > 4:
            return
        if isinstance(content, list):
            for item in content:
                self._files(item, depth + 1)
        elif isinstance(content, dict):
            self.issue(content.get("file_id"))
            self._files(content.get("content"), depth + 1)


def _with_usage(data: bytes, body: Mapping[str, Json]) -> bytes | None:
    usage = {"output_tokens": 0}
    if "usage" in body:
        return splice_member(data, ("usage",), usage)
    return insert_member(data, "usage", usage)
