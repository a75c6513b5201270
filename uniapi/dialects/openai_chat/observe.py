"""What a relayed chat answer tells: commit, usage, finish, model, failure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from uniapi.canonical import Failure, Json
from uniapi.dialects.observer import Observer
from uniapi.wire import DONE, Frame, Members

from .error import failure_in, failure_of_object
from .finish import decode_finish
from .request_decode_members import at
from .usage import usage_of_body

OUTPUT_MEMBERS = frozenset(
    {
        "content",
        "reasoning_content",
        "reasoning",
        "refusal",
        "tool_calls",
        "function_call",
        "audio",
        "images",
        "thinking_blocks",
        "reasoning_details",
    }
)


class ChatObserver(Observer):
    members = Members(
        (b'"content"', b'"reasoning_content"', b'"reasoning"', b'"arguments"'),
        re.compile(rb'"(?:obfuscation|p)"'),
    )

    __slots__ = ("_has_calls",)

    def __init__(self) -> None:
        Observer.__init__(self)
        self._has_calls = False

    def skim(self, frames: Sequence[Frame], at: int) -> int:
        """A text that happens to hold the bytes looked for holds them escaped, so it is no false
        alarm.
        """
        for place in range(at, len(frames)):
            event, data, _ = frames[place]
            find = data.find  # half the cost of `in`, which first tries its left side as a number
            ending = find(b'"finish_reason":null')
            if event is not None or ending < 0 or data[:1] != b"{" or find(b'"error"') >= 0:
                return place
            if data.count(b'"finish_reason"') != 1:
                return place
            if find(b'"usage"') >= 0 and find(b'"usage":null') < 0:
                return place
            if not self._has_calls and find(b'"tool_calls":[') >= 0:
                self._has_calls = True
        return len(frames)

    def skims(self, frame: Frame) -> bool:
        return self.skim((frame,), 0) == 1

    @property
    def missing_end(self) -> bytes:
        """Relays exist that send no `[DONE]`; clients exist that wait for it."""
        return b"" if self.is_over else DONE

    def observe_done(self) -> None:
        self.is_whole = True

    def observe_whole(self, body: Json) -> None:
        self._take(body[0] if isinstance(body, list) and len(body) == 1 else body, None)
        if self.failure is None and not body.get("choices"):
            self.failure = Failure.cut("an answer without choices")
        self.is_whole = self.failure is None
        if self.is_whole and self.finish is None:
            self.finish = decode_finish(None, self._has_calls)

    def observe_unreadable(self) -> None:
        self.failure = self.failure or Failure.cut("an answer that is no chat completion")
        self.is_whole = False

    def observe_frame(self, value: Json, frame: Frame) -> None:
        self._take(value, frame.event)

    def _take(self, value: Json, event: str | None) -> None:
        if not isinstance(value, dict):
            raise TypeError(f"expected a chat chunk, found {str(value)[:80]}")
        failure = failure_of_object(value) if event == "error" else failure_in(value)
        if failure is not None:
            self.failure = self.failure or failure
            return
        model = value.get("model")
        if self.model is None and isinstance(model, str) and model:
            self.model = model
        usage = usage_of_body(value)
        if usage is not None:
            self.usage = usage if self.usage is None else self.usage.updated(usage)
        for choice in value.get("choices") or ():
            self._take_choice(choice)

    def _take_choice(self, choice: dict[str, Any]) -> None:
        for message in (choice.get("delta"), choice.get("message")):
            if not message:
                continue
            if message.get("tool_calls") or (
                "function_call" in message and at(message["function_call"], "name")
            ):
                self._has_calls = True
            content = message.get("content")
            if type(content) is str and content:
                self.committed = True
            elif not self.committed:
                self.committed = _holds_output(message)
        if choice.get("text"):
            self.committed = True
        word = choice.get("finish_reason")
        if isinstance(word, str) and word:
            # A finish reason makes a stream whole even if its `[DONE]` never comes:
            # relays exist that send none.
            self.is_whole = True
            if self.finish is None or choice.get("index", 0) == 0:
                self.finish = decode_finish(word, self._has_calls, choice.get("stop_reason"))


def _holds_output(message: dict[str, Json]) -> bool:
    for name, value in message.items():
        if value and name in OUTPUT_MEMBERS and _is_output(value):
            return True
    return False


def _is_output(value: Json) -> bool:
    if isinstance(value, list):
        return any(
            not isinstance(item, dict)
            or bool(item.get("text") or item.get("type") not in ("text", "output_text"))
            for item in value
        )
    if isinstance(value, dict):
        return any(value.values())
    return isinstance(value, str) and value != ""


def usage_frame_only(frame: Frame) -> bool:
    """Whether this is the chunk that `stream_options.include_usage` causes: usage, and no choices.

    Total; False for what it cannot read.
    """
    data = frame.data
    if frame.event is not None or b'"usage"' not in data or not _EMPTY_CHOICES.search(data):
        return False
    try:
        chunk = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(chunk, dict)
        and chunk.get("choices") == []
        and isinstance(at(chunk, "usage"), dict)
        and not chunk.get("error")
    )


_EMPTY_CHOICES = re.compile(rb'"choices"\s*:\s*\[\s*\]')
