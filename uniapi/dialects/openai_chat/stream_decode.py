"""Streamed chunks of any OpenAI-compatible upstream → events; a whole answer takes the same path as
one chunk, so that the two cannot disagree.

A stream is whole when `[DONE]` came, or a finish reason for every choice it opened. Errors come as
`{"error": …}` frames, as named `error` events, inside a choice, or as a bare `{"message": …}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from uniapi.canonical import Citation, Finish, Json, PartDelta, Response, fold
from uniapi.dialects.codec import UpstreamContext
from uniapi.dialects.shapes import expecting
from uniapi.dialects.stream_decoder import StreamDecoder, nothing_more
from uniapi.errors import WireError
from uniapi.wire import Frame, Members, Run, load_json

from .answer_decode_choice import ChoiceReader
from .error import failure_in, failure_of_object
from .request_decode_members import DIALECT_NAME, at
from .request_encode_names import tools_by_wire_name
from .usage import decode_usage, usage_elsewhere

MAX_CHOICES = 256
ENVELOPE = frozenset(
    {
        "id",
        "object",
        "created",
        "model",
        "choices",
        "usage",
        "x_groq",
        "error",
        "citations",
        "search_results",
        "obfuscation",
        "p",
    }
)
"""Members that are read, or (`obfuscation`, Mistral's `p`) only pad the frame; every other one is
carried as an extension.
"""


_TEXTS = ({"content"}, {"reasoning_content"}, {"reasoning"})
_UNREAD = frozenset({"role", "name", "channel"})
"""Members of a delta that tell nothing."""


class ChatStreamDecoder(StreamDecoder):
    members = Members(
        (b'"content"', b'"reasoning_content"', b'"reasoning"', b'"arguments"'),
        re.compile(rb'"(?:obfuscation|p)"'),
    )

    def __init__(self, context: UpstreamContext) -> None:
        super().__init__(context)
        self._readers: dict[int, ChoiceReader] = {}
        self._tools = tools_by_wire_name(context.request)
        self._last_usage: Json = None
        self._extensions: dict[str, Json] = {}
        self._sources: dict[str, Citation] = {}

    def decode(self, frame: Frame) -> None:
        data = frame.data.strip()
        if not data:
            return
        if data == b"[DONE]":
            self.finish()
            return
        chunk = load_json(data)
        if frame.event == "error":
            self.fail(failure_of_object(chunk))
        else:
            self.take(chunk)

    @property
    def may_end(self) -> bool:
        """Every choice has its finish reason: usage may still come, and `[DONE]`, or neither."""
        readers = self._readers.values()
        return self.is_done or (
            bool(readers) and all(reader.finish_word is not None for reader in readers)
        )

    def close_input(self) -> None:
        if self.may_end:
            self.finish()

    def take(self, chunk: Json, is_whole: bool = False) -> None:
        """One chunk, or a whole answer."""
        if not isinstance(chunk, dict):
            raise WireError(f"expected a chunk object, found {str(chunk)[:80]!r}")
        failure = failure_in(chunk)
        if failure is not None:
            self.fail(failure)
            return
        choices = chunk.get("choices") or ()
        if not chunk.keys() <= ENVELOPE:
            self._extensions.update(
                {
                    name: value
                    for name, value in chunk.items()
                    if name not in ENVELOPE and value is not None
                }
            )
        if not self.is_started and (choices or chunk.get("id")):
            self._start(chunk)
        for choice in choices:
            self._reader(choice.get("index")).take(choice, is_whole)
        if "citations" in chunk or "search_results" in chunk:
            self._collect_sources(chunk)
        self._report_usage(chunk)

    def taker(self, frame: Frame, event: PartDelta) -> Callable[[Run], None] | None:
        (choice,) = load_json(frame.data)["choices"]
        if choice.get("finish_reason") or choice.get("message"):
            return None
        delta = choice["delta"]
        said = {name for name, value in delta.items() if value} - _UNREAD
        if said == {"tool_calls"}:
            return self._reader(choice.get("index")).calls.taker(delta["tool_calls"])
        return nothing_more if said in _TEXTS else None

    def finish(self) -> None:
        """The upstream said that this was all."""
        self.start()
        if self._sources:
            self._reader(0).cite(list(self._sources.values()))
        finishes = {index: self._readers[index].close() for index in sorted(self._readers)}
        count = max(finishes, default=0) + 1
        missing = Finish(reason="stop")
        self.end(
            tuple(finishes.get(index, missing) for index in range(count)),
            {DIALECT_NAME: self._extensions} if self._extensions else None,
        )

    def _start(self, chunk: Mapping[str, Any]) -> None:
        created, model, response_id = chunk.get("created"), chunk.get("model"), chunk.get("id")
        self.start(
            response_id=response_id if isinstance(response_id, str) and response_id else None,
            model=model if isinstance(model, str) and model else None,
            created_s=created
            if isinstance(created, int) and not isinstance(created, bool)
            else None,
            extensions={DIALECT_NAME: dict(self._extensions)} if self._extensions else None,
        )

    def _reader(self, index: Json) -> ChoiceReader:
        number = index if isinstance(index, int) and not isinstance(index, bool) else 0
        reader = self._readers.get(number)
        if reader is None:
            if not 0 <= number < MAX_CHOICES:
                raise WireError(f"choice index {number}, expected 0 to {MAX_CHOICES - 1}")
            self.start()
            reader = self._readers[number] = ChoiceReader(
                self.parts, number, self.context, self._tools
            )
        return reader

    def _report_usage(self, chunk: Mapping[str, Any]) -> None:
        stated = chunk.get("usage") or usage_elsewhere(chunk)
        if not stated or stated == self._last_usage:
            return
        self._last_usage = stated
        usage = decode_usage(stated, self.context.quirk.reasoning_beside_output)
        if usage is not None:
            self.start()
            self.usage(usage)

    def _collect_sources(self, chunk: Mapping[str, Any]) -> None:
        """`citations` (URLs, or objects with one) and `search_results` (with titles), as Perplexity
        and xAI put them beside the choices, often on every chunk.
        """
        for source in [*(chunk.get("citations") or ()), *(chunk.get("search_results") or ())]:
            url = source if isinstance(source, str) else at(source, "url")
            if not isinstance(url, str) or not url:
                continue
            title, text = at(source, "title"), at(source, "snippet")
            if url not in self._sources or (self._sources[url].title is None and title):
                self._sources[url] = Citation(
                    url=url,
                    title=title if isinstance(title, str) else None,
                    cited_text=text if isinstance(text, str) else None,
                )


def decode_response(body: Json, context: UpstreamContext) -> Response:
    """Raises WireError for what is no chat completion, FoldError with its Failure for an error
    object in an answer of status 200.
    """
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    decoder = ChatStreamDecoder(context)
    with expecting("a chat completion"):
        decoder.take(body, is_whole=True)
        if not decoder.is_done:
            if not body.get("choices"):
                raise WireError("an answer without choices")
            decoder.finish()
        return fold(decoder.drain())
