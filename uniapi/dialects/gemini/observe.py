"""What a relayed answer of Gemini tells: commit, usage, finish, failure."""

from __future__ import annotations

import json
from collections.abc import Mapping

from uniapi.canonical import Json
from uniapi.dialects.error_words import tells_error
from uniapi.dialects.observer import Observer
from uniapi.values import replace
from uniapi.wire import Frame

from .answer_decode_parts import (
    billed_searches,
    decode_block,
    decode_finish,
    decode_search,
    decode_usage,
    gives_output,
)
from .error import error_in_answer
from .vocabulary import MEMBERS, list_member, member, object_member, text_member

_TELLING = (
    b'"finishReason"',
    b'"finish_reason"',
    b'"promptFeedback"',
    b'"error"',
    b'"groundingMetadata"',
)
_USAGE = b'"usageMetadata"'
_JSON = json.JSONDecoder()


class GeminiObserver(Observer):
    members = MEMBERS

    __slots__ = (
        "_has_calls",
        "_has_output",
        "_searches",
        "_stated",
    )

    def __init__(self) -> None:
        super().__init__()
        self._stated: dict[str, Json] = {}
        self._searches: dict[int, int] = {}
        self._has_calls = False
        self._has_output = False

    def skims(self, frame: Frame) -> bool:
        """Usage stands on every chunk; it is cut out of those that are not parsed."""
        data = frame.data
        if any(probe in data for probe in _TELLING):
            return False
        self._has_calls = self._has_calls or b'"functionCall"' in data
        self._has_output = self._has_output or b'"thought"' not in data
        self._cut_usage(data)
        return True

    def observe_frame(self, value: Json, frame: Frame) -> None:
        self._answers(value)

    def observe_whole(self, body: Json) -> None:
        self._answers(body)
        self.is_whole = self.failure is None

    def _answers(self, body: Json) -> None:
        for each in body if isinstance(body, list) else [body]:
            if isinstance(each, dict):
                self._answer(each)
            else:
                self.unreadable += 1

    def _answer(self, body: dict[str, Json]) -> None:
        if "candidates" not in body and tells_error(body):
            self.failure = error_in_answer(body)
            return
        self.model = text_member(body, "modelVersion") or self.model
        self._count(object_member(body, "usageMetadata"))
        for index, candidate in enumerate(list_member(body, "candidates")):
            if isinstance(candidate, dict):
                self._candidate(candidate)
                self._count_searches(index, candidate)
        block = decode_block(body)
        if block is not None:
            self.finish = block
            self.is_whole = True

    def _candidate(self, candidate: Mapping[str, Json]) -> None:
        for part in list_member(object_member(candidate, "content"), "parts"):
            if not isinstance(part, dict):
                continue
            self._has_calls = self._has_calls or isinstance(member(part, "functionCall"), dict)
            self._has_output = self._has_output or gives_output(part)
            text = member(part, "text")
            self.committed = (
                self.committed
                or bool(text)
                or bool(text_member(part, "thoughtSignature"))
                or (text is None and bool(part))
            )
        finish = decode_finish(candidate, has_calls=self._has_calls, has_output=self._has_output)
        if finish is not None:
            self.finish = finish
            self.is_whole = True

    def _count(self, stated: Mapping[str, Json]) -> None:
        if stated:
            self._stated.update(stated)
            self._tell_usage()

    def _count_searches(self, index: int, candidate: Mapping[str, Json]) -> None:
        """A candidate tells its grounding once more, and whole, whenever there is more of it."""
        search = decode_search(candidate)
        if search is not None:
            self._searches[index] = billed_searches(search)
            self._tell_usage()

    def _tell_usage(self) -> None:
        usage = decode_usage(dict(self._stated)) if self._stated else None
        searches = sum(self._searches.values())
        self.usage = usage and (replace(usage, web_searches=searches) if searches else usage)

    def _cut_usage(self, data: bytes) -> None:
        """The figures of a chunk that has nothing else of interest, without parsing its text."""
        at = data.rfind(_USAGE)
        if at < 0:
            return
        try:
            after = data[at + len(_USAGE) :].lstrip(b" \t\r\n:").decode()
            stated, _ = _JSON.raw_decode(after)
        except (ValueError, RecursionError):
            self.unreadable += 1
            return
        if isinstance(stated, dict):
            self._count(stated)
