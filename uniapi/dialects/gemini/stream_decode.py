"""generateContent answers → events. A chunk of a stream and a whole answer have one shape, so one
reader serves both.

Texts of one kind continue the same part until something else comes, or until the part has been
signed: a signature vouches for its own part only. A stream has no end mark; it is whole when a
finish reason (or a blocked prompt) was seen, and chunks after that still count.

Code that Google runs itself (`executableCode`, `codeExecutionResult`) is given as fenced text: it
is part of what the model says, no other dialect has a form for it, and a Gemini client gets the
original through the relay. `toolCall` and `toolResponse`, which only make sense to Google, are
carried as Unknown.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Hashable, Mapping

from uniapi.canonical import (
    Finish,
    Json,
    Media,
    Opaque,
    PartDelta,
    Reasoning,
    Text,
    ToolCall,
    Unknown,
)
from uniapi.dialects.codec import UpstreamContext
from uniapi.dialects.error_words import tells_error
from uniapi.dialects.function_tools import freeform_input
from uniapi.dialects.stream_decoder import StreamDecoder
from uniapi.errors import WireError
from uniapi.values import replace
from uniapi.wire import Frame, Run, load_json, read_frame

from .answer_decode_parts import (
    billed_searches,
    decode_block,
    decode_citations,
    decode_created,
    decode_finish,
    decode_logprobs,
    decode_search,
    decode_usage,
    gives_output,
)
from .error import error_in_answer
from .media import decode_media
from .request_encode_names import ToolNames
from .stream_decode_arguments import PartialArguments
from .stream_decode_candidate import Candidate, shown_code
from .vocabulary import (
    FAMILY,
    MEMBERS,
    NAME,
    both_spellings,
    int_member,
    list_member,
    member,
    object_member,
    snake,
    text_member,
)

MAX_CANDIDATES = 128

_ENVELOPE = both_spellings(
    "candidates", "usageMetadata", "modelVersion", "responseId", "createTime", "error"
)
_PLAIN_ENVELOPE = {"candidates", "usageMetadata", "modelVersion", "responseId", "createTime"}
_PLAIN_PARTS = ({"text"}, {"text", "thought"})
_CANDIDATE = both_spellings("content", "finishReason", "finishMessage", "index", "logprobsResult")
_PCM = ("audio/l16", "audio/pcm")
"""Headerless sound: its chunks are pieces of one recording."""


class GeminiStreamDecoder(StreamDecoder):
    members = MEMBERS._replace(ends_read=False)

    def __init__(self, context: UpstreamContext) -> None:
        super().__init__(context)
        self._names = ToolNames(context.request.tools if context.request is not None else ())
        self._candidates: dict[int, Candidate] = {}
        self._block: Finish | None = None
        self._usage: dict[str, Json] = {}
        self._unread = b""
        """The last frame that was not read in full: its figures count."""
        self._extensions: dict[str, Json] = {}
        self._calls = 0
        self._searches = 0

    def decode(self, frame: Frame) -> None:
        data = frame.data.strip()
        if not data or data == b"[DONE]":
            return
        self.accept(load_json(data))

    def accept(self, body: Json) -> None:
        """One response object, or a list of them. Raises WireError for what is none."""
        for each in body if isinstance(body, list) else [body]:
            if not isinstance(each, dict):
                raise WireError(f"expected a GenerateContentResponse, found {type(each).__name__}")
            if not self.is_done:
                self._response(each)

    def taker(self, frame: Frame, event: PartDelta) -> Callable[[Run], None] | None:
        body = load_json(frame.data)
        (candidate,) = body["candidates"]
        content = candidate["content"]
        (part,) = content["parts"]
        is_plain = (
            body.keys() <= _PLAIN_ENVELOPE
            and candidate.keys() <= {"content", "index"}
            and content.keys() <= {"parts", "role"}
        )
        if not is_plain or part.keys() not in _PLAIN_PARTS:
            return None
        told = None if part.get("thought") else self._candidates[candidate.get("index", 0)].text

        def take(run: Run) -> None:
            self._unread = run.last
            if told is not None:
                told.append(run.text)

        return take

    @property
    def may_end(self) -> bool:
        """A candidate has finished, or the prompt was blocked; nothing announces the end."""
        finishes = (candidate.finish for candidate in self._candidates.values())
        is_blocked = self._block is not None
        return self.is_done or is_blocked or any(finish is not None for finish in finishes)

    def close_input(self) -> None:
        if self.may_end:
            self.conclude()

    def conclude(self) -> None:
        """The answer as far as it came is whole: what is open ends, sources are given, and every
        candidate has a finish.
        """
        for choice, candidate in sorted(self._candidates.items()):
            self._end_call(choice, candidate)
            self._cite(choice, candidate)
            self._tell_search(choice, candidate)
        self._count({})
        if self._usage and (usage := decode_usage(self._usage)) is not None:
            self.usage(replace(usage, web_searches=self._searches or None))
        count = max(self._candidates, default=0) + 1
        finishes = tuple(self._finish(self._candidates.get(choice)) for choice in range(count))
        kept: list[Json] = [
            {"index": choice, **candidate.members}
            for choice, candidate in self._candidates.items()
            if candidate.members
        ]
        extensions = {**self._extensions, **({"candidates": kept} if kept else {})}
        for choice, candidate in self._candidates.items():
            self._switch(choice, candidate)
        self.end(finishes, {NAME: extensions} if extensions else None)

    def _response(self, body: dict[str, Json]) -> None:
        if "candidates" not in body and tells_error(body):
            self.fail(error_in_answer(body))
            return
        self.start(
            response_id=text_member(body, "responseId") or None,
            model=text_member(body, "modelVersion") or None,
            created_s=decode_created(body),
        )
        self._count(object_member(body, "usageMetadata"))
        self._block = decode_block(body) or self._block
        self._extensions.update(
            {
                name: value
                for name, value in body.items()
                if name not in _ENVELOPE and value is not None
            }
        )
        for position, candidate in enumerate(list_member(body, "candidates")):
            if isinstance(candidate, dict):
                index = int_member(candidate, "index")
                self._candidate(position if index is None else index, candidate)

    def _count(self, stated: Mapping[str, Json]) -> None:
        """The figures are cumulative; the first are reported at once, for a stream that breaks, the
        last at the end.
        """
        if self._unread:
            unread = load_json(read_frame(self._unread).data)
            self._unread = b""
            self._usage.update(object_member(unread, "usageMetadata"))
        if not stated:
            return
        is_first = not self._usage
        self._usage.update(stated)
        if is_first and (usage := decode_usage(dict(self._usage))) is not None:
            self.usage(usage)

    def _candidate(self, choice: int, body: dict[str, Json]) -> None:
        if not 0 <= choice < MAX_CANDIDATES:
            raise WireError(f"a candidate with index {choice}, expected 0 to {MAX_CANDIDATES - 1}")
        candidate = self._candidates.setdefault(choice, Candidate())
        for part in list_member(object_member(body, "content"), "parts"):
            if isinstance(part, dict):
                candidate.has_output = candidate.has_output or gives_output(part)
                self._part(choice, candidate, part)
        logprobs = decode_logprobs(body)
        if logprobs:
            self._open_text(choice, candidate)
            self.parts.delta(("text", choice), logprobs=logprobs)
        candidate.members.update(
            {
                name: value
                for name, value in body.items()
                if name not in _CANDIDATE and value is not None
            }
        )
        finish = decode_finish(body, has_calls=candidate.has_calls, has_output=candidate.has_output)
        candidate.finish = finish or candidate.finish

    def _part(self, choice: int, candidate: Candidate, part: dict[str, Json]) -> None:
        signature = text_member(part, "thoughtSignature")
        opaque = Opaque(family=FAMILY, value=signature) if signature else None
        text = member(part, "text")
        if isinstance(call := member(part, "functionCall"), dict):
            self._call(choice, candidate, call, opaque)
        elif isinstance(text, str):
            self._text(choice, candidate, text, opaque, is_thought=part.get("thought") is True)
        elif code := shown_code(part):
            self._text(choice, candidate, code, None, is_thought=False)
        elif part.get("thought") is not True and (media := decode_media(part, opaque)) is not None:
            self._media(choice, candidate, media)
        elif opaque is not None and all(snake(name) == "thought_signature" for name in part):
            self._text(choice, candidate, "", opaque, is_thought=False)
        elif part:
            self._switch(choice, candidate)
            name = next(
                (name for name in part if snake(name) not in ("thought_signature", "thought")),
                "part",
            )
            self.parts.whole(Unknown(dialect=NAME, name=name, raw=part), choice)

    def _text(
        self,
        choice: int,
        candidate: Candidate,
        text: str,
        opaque: Opaque | None,
        *,
        is_thought: bool,
    ) -> None:
        if not text and opaque is None:
            return
        if not is_thought:
            self._open_text(choice, candidate)
            candidate.text.append(text)
            key: Hashable = ("text", choice)
        else:
            key = ("thought", choice)
            self._switch(choice, candidate, key)
            if not self.parts.is_open(key):
                self.parts.open(key, Reasoning(), choice)
        self.parts.delta(key, text, opaque=opaque)
        if opaque is not None:
            candidate.signed.add(key)

    def _open_text(self, choice: int, candidate: Candidate) -> None:
        key = ("text", choice)
        self._switch(choice, candidate, key)
        if not self.parts.is_open(key):
            self.parts.open(key, Text(text=""), choice)
            candidate.text_parts += 1

    def _switch(self, choice: int, candidate: Candidate, key: Hashable = None) -> None:
        """Ends every part of the candidate but `key`, and that too when it has been signed."""
        for kind in ("text", "thought", "sound"):
            other = (kind, choice)
            if (other != key or other in candidate.signed) and self.parts.is_open(other):
                if kind == "sound" and candidate.sound_rest:
                    self.parts.delta(other, base64.b64encode(candidate.sound_rest).decode())
                    candidate.sound_rest = b""
                self.parts.close(other)
                candidate.signed.discard(other)

    def _media(self, choice: int, candidate: Candidate, media: Media) -> None:
        key = ("sound", choice)
        if media.data and (media.mime or "").lower().startswith(_PCM):
            try:
                sound = candidate.sound_rest + base64.b64decode(media.data)
            except (binascii.Error, ValueError) as error:
                raise WireError(f"expected base64 in inlineData ({error})") from None
            self._switch(choice, candidate, key)
            if not self.parts.is_open(key):
                self.parts.open(
                    key, Media(kind="audio", mime=media.mime, data="", opaque=media.opaque), choice
                )
            whole = len(sound) - len(sound) % 3
            candidate.sound_rest = sound[whole:]
            self.parts.delta(key, base64.b64encode(sound[:whole]).decode())
            return
        self._switch(choice, candidate)
        self.parts.whole(media, choice)

    def _call(
        self, choice: int, candidate: Candidate, call: dict[str, Json], opaque: Opaque | None
    ) -> None:
        self._switch(choice, candidate)
        name = text_member(call, "name")
        goes_on = member(call, "willContinue") is True
        is_partial = goes_on or member(call, "partialArgs") is not None
        if name or candidate.arguments is None:
            self._end_call(choice, candidate)
            if not name and not call:
                return
            opening = self._opening(name, text_member(call, "id"), opaque)
            candidate.has_calls = True
            self.parts.open(("call", choice), opening, choice)
            candidate.call, candidate.arguments = opening, PartialArguments(None)
        assert candidate.arguments is not None
        candidate.arguments.add(call)
        if not is_partial or not goes_on:
            self._end_call(choice, candidate)

    def _opening(self, wire_name: str, call_id: str, opaque: Opaque | None) -> ToolCall:
        """The call without its arguments, under the client's own name for the tool."""
        tool = self._names.tool(wire_name)
        self._calls += 1
        return ToolCall(
            call_id=call_id or f"call_{self.context.id_seed}{self._calls:02d}",
            name=tool.name if tool is not None else wire_name,
            namespace=tool.namespace if tool is not None else None,
            kind="custom" if tool is not None and tool.kind == "custom" else "function",
            opaque=opaque,
        )

    def _end_call(self, choice: int, candidate: Candidate) -> None:
        if candidate.call is None or candidate.arguments is None:
            return
        written = json.dumps(candidate.arguments.value, ensure_ascii=False)
        if candidate.call.kind == "custom":
            written = freeform_input(written, candidate.call.name)
        self.parts.delta(("call", choice), written)
        self.parts.close(("call", choice))
        candidate.call = candidate.arguments = None

    def _cite(self, choice: int, candidate: Candidate) -> None:
        citations = decode_citations(candidate.members, "".join(candidate.text))
        if not citations:
            return
        self._open_text(choice, candidate)
        if candidate.text_parts > 1:
            # Offsets count from the beginning of the answer, a citation's from the beginning of its
            # part.
            citations = [replace(citation, start=None, end=None) for citation in citations]
        self.parts.delta(("text", choice), citations=tuple(citations))

    def _tell_search(self, choice: int, candidate: Candidate) -> None:
        search = decode_search(candidate.members)
        if search is not None:
            self._searches += billed_searches(search)
            self._switch(choice, candidate)
            self.parts.whole(search, choice)

    def _finish(self, candidate: Candidate | None) -> Finish:
        if (
            candidate is not None
            and candidate.finish is not None
            and (self._block is None or candidate.text or candidate.has_calls)
        ):
            return candidate.finish
        if self._block is not None:
            return self._block
        has_calls = candidate is not None and candidate.has_calls
        return Finish(reason="tool_calls" if has_calls else "stop")
