"""What a relayed answer of the Responses API tells: commit, usage, finish, failure, ids."""

from __future__ import annotations

import re
from collections.abc import Mapping

from uniapi.canonical import Json
from uniapi.dialects.error_words import tells_error
from uniapi.dialects.observer import Observer
from uniapi.dialects.openai_chat.error import failure_of_object
from uniapi.dialects.openai_chat.request_decode_members import at
from uniapi.wire import Frame, Members

from .answer_decode_items import failure_of_response, finish
from .usage import decode_usage

_SILENT = frozenset({"message", "reasoning"})
"""Items whose start alone is no output yet: they begin empty."""
_CONTAINERS = ("container_id", "file_id")
_MAX_DEPTH = 6


class ResponsesObserver(Observer):
    __slots__ = ()

    members = Members((b'"delta"',), re.compile(rb'"(?:sequence_number|obfuscation)"'))

    def skims(self, frame: Frame) -> bool:
        if frame.event is not None:
            return frame.event.endswith(
                (".delta", ".partial_image", "_part.added", "_part.done", "_text.done")
            )
        return b'.delta"' in frame.data[:80]

    def observe_whole(self, body: Json) -> None:
        if not isinstance(body.get("output"), list) and tells_error(body):
            self.failure = failure_of_object(body)
            return
        self.committed = any(_says_something(item) for item in body.get("output") or [])
        self._ended(body)

    def observe_frame(self, event: Json, frame: Frame) -> None:
        kind = event.get("type") or frame.event
        match kind:
            case "response.created" | "response.in_progress" | "response.queued":
                self._envelope(event.get("response"))
            case "response.output_item.added":
                item = event.get("item")
                self.committed = self.committed or (
                    isinstance(item, dict) and item.get("type") not in _SILENT
                )
            case "response.output_item.done":
                self.committed = self.committed or _says_something(event.get("item"))
                self._item(event.get("item"))
            case (
                "response.completed"
                | "response.done"
                | "response.incomplete"
                | "response.failed"
                | "response.cancelled"
            ):
                response = event.get("response")
                self.is_over = True
                self._ended(
                    response
                    if isinstance(response, dict)
                    else {"status": str(kind).partition(".")[2]}
                )
            case "error":
                self.failure = failure_of_object(
                    event if event.get("error") else {"error": {**event, "type": None}}
                )
            case None if tells_error(event):
                self.failure = failure_of_object(event)
            case str() if kind.endswith(".delta"):
                self.committed = self.committed or bool(event.get("delta"))

    def _envelope(self, response: Json) -> None:
        if not isinstance(response, dict):
            return
        if isinstance(response.get("model"), str):
            self.model = response["model"]
        self.issue(response.get("id"))
        self.issue(at(response.get("conversation"), "id"))
        usage = decode_usage(response)
        if usage is not None:
            self.usage = usage

    def _ended(self, response: Mapping[str, Json]) -> None:
        self._envelope(response)
        output = response.get("output")
        items = output if isinstance(output, list) else []
        for item in items:
            self._item(item)
        status = response.get("status")
        if response.get("error") or status in ("failed", "cancelled"):
            self.failure = failure_of_response(response)
            return
        has_calls = any(at(item, "type") in ("function_call", "custom_tool_call") for item in items)
        self.committed = self.committed or any(_says_something(item) for item in items)
        if status not in ("queued", "in_progress"):
            self.finish = finish(
                status, at(response.get("incomplete_details"), "reason"), has_calls=has_calls
            )
        self.is_whole = True

    def _item(self, item: Json) -> None:
        """An item can be named later by its id (`item_reference`), and so can what it made."""
        self.issue(at(item, "id"))
        self._ids(item, 0)

    def _ids(self, value: Json, depth: int) -> None:
        """Containers and files that hosted tools made: they live with the account that
        issued them.
        """
        if depth > _MAX_DEPTH:
            return
        if isinstance(value, list):
            for entry in value:
                self._ids(entry, depth + 1)
        elif isinstance(value, dict):
            for name in _CONTAINERS:
                self.issue(value.get(name))
            for entry in value.values():
                if isinstance(entry, dict | list):
                    self._ids(entry, depth + 1)


def _says_something(item: Json) -> bool:
    """Whether a finished item is output: text, a call, reasoning (encrypted but silent counts),
    anything hosted.
    """
    if not isinstance(item, dict):
        return False
    match item.get("type"):
        case "message":
            content = item.get("content")
            return (
                bool(content)
                if not isinstance(content, list)
                else any(at(piece, "text") or at(piece, "refusal") for piece in content)
            )
        case "reasoning":
            return bool(item.get("summary") or item.get("content") or item.get("encrypted_content"))
        case _:
            return True
