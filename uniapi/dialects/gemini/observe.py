"""Listens to a relayed answer: commit, usage, finish, failure. Once output was seen, only frames that end something are parsed; usage is cut out of the others."""

from __future__ import annotations

import json
from collections.abc import Mapping

from uniapi.canonical import Failure, Finish, Json, Usage
from uniapi.dialects.codec import SHAPE_ERRORS
from uniapi.wire import Frame

from .error import error_in_answer
from .reading import read_block, read_finish, read_usage
from .vocabulary import list_member, member, object_member, text_member

_TELLING = (b'"finishReason"', b'"finish_reason"', b'"promptFeedback"', b'"error"')
_USAGE = b'"usageMetadata"'


class GeminiObserver:
    """See `dialects.Observer`. Never raises; bytes that are no JSON are counted in `unreadable`."""

    def __init__(self) -> None:
        self.committed = False
        self.is_whole = False
        self.failure: Failure | None = None
        self.usage: Usage | None = None
        self.finish: Finish | None = None
        self.model: str | None = None
        self.unreadable = 0
        self.issued_ids: list[str] = []
        self._stated: dict[str, Json] = {}
        self._has_calls = False
        self._json = json.JSONDecoder()

    def feed(self, frame: Frame) -> None:
        data = frame.data
        if not data:
            return
        try:
            if self.committed and not any(probe in data for probe in _TELLING):
                self._has_calls = self._has_calls or b'"functionCall"' in data
                self._cut_usage(data)
                return
            self._answers(json.loads(data))
        except (*SHAPE_ERRORS, RecursionError):
            if data.strip() != b"[DONE]":
                self.unreadable += 1

    def whole(self, body: Json) -> None:
        """A whole answer, or an error object."""
        try:
            self._answers(body)
            self.is_whole = self.failure is None
        except (*SHAPE_ERRORS, RecursionError):
            self.unreadable += 1

    def _answers(self, body: Json) -> None:
        for each in body if isinstance(body, list) else [body]:
            if isinstance(each, dict):
                self._answer(each)
            else:
                self.unreadable += 1

    def _answer(self, body: dict[str, Json]) -> None:
        if "error" in body and "candidates" not in body:
            self.failure = error_in_answer(body)
            return
        self.model = text_member(body, "modelVersion") or self.model
        self._count(object_member(body, "usageMetadata"))
        for candidate in list_member(body, "candidates"):
            if isinstance(candidate, dict):
                self._candidate(candidate)
        block = read_block(body)
        if block is not None:
            self.finish = block
            self.is_whole = True

    def _candidate(self, candidate: Mapping[str, Json]) -> None:
        for part in list_member(object_member(candidate, "content"), "parts"):
            if not isinstance(part, dict):
                continue
            self._has_calls = self._has_calls or isinstance(member(part, "functionCall"), dict)
            text = member(part, "text")
            self.committed = self.committed or bool(text) or bool(text_member(part, "thoughtSignature")) or (text is None and bool(part))
        finish = read_finish(candidate, has_calls=self._has_calls)
        if finish is not None:
            self.finish = finish
            self.is_whole = True

    def _count(self, stated: Mapping[str, Json]) -> None:
        if stated:
            self._stated.update(stated)
            self.usage = read_usage(dict(self._stated))

    def _cut_usage(self, data: bytes) -> None:
        """The figures of a chunk that has nothing else of interest, without parsing its text."""
        at = data.rfind(_USAGE)
        if at < 0:
            return
        after = data[at + len(_USAGE) :].lstrip(b" \t\r\n:").decode()
        stated, _ = self._json.raw_decode(after)
        if isinstance(stated, dict):
            self._count(stated)
