"""One choice of an answer → parts: a reader that takes deltas of a stream, or a whole message as
one delta, in every vendor's spelling.

Order within a delta: reasoning, content, refusal, audio, images, calls, annotations. Text and
reasoning parts take turns (each ends when the other begins); calls stay open beside one another as
long as their arguments are not whole.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from uniapi.canonical import (
    Citation,
    Finish,
    Json,
    Media,
    Opaque,
    Reasoning,
    Refusal,
    RequestRefused,
    Text,
    TokenLogprob,
    Tool,
    Unknown,
)
from uniapi.dialects.codec import UpstreamContext
from uniapi.dialects.part_tracker import PartTracker

from .finish import decode_finish
from .reasoning import detail_text, merge_details, opaque_of_details
from .request_decode_members import DIALECT_NAME, at
from .request_decode_messages import google_signature
from .request_decode_parts import AUDIO_MIMES, decode_part, decode_thinking
from .stream_decode_calls import CallReader


class ChoiceReader:
    """Parts go to `parts` under keys of this reader's own.

    `finish_word` is the last one the vendor said, None while it has not.
    """

    def __init__(
        self, parts: PartTracker, index: int, context: UpstreamContext, tools: Mapping[str, Tool]
    ) -> None:
        self.index = index
        self.finish_word: str | None = None
        self._stop_sequence: Json = None
        self._parts = parts
        self._context = context
        self._text = ("text", index)
        self._reasoning = ("reasoning", index)
        self._refusal = ("refusal", index)
        self.calls = CallReader(parts, index, context.id_seed, tools)
        self._has_reasoning_text = False
        self._details: list[Json] = []
        self._audio: dict[str, list[str]] = {}
        self._audio_head: dict[str, Json] = {}
        self._cited: set[str] = set()
        self._has_deltas = False

    def take(self, choice: Mapping[str, Any], is_whole: bool = False) -> None:
        """One entry of `choices`.

        Perplexity repeats the whole message so far beside every delta: it counts in a whole answer,
        or when no delta ever came.
        """
        delta, message = choice.get("delta"), choice.get("message")
        if is_whole or not (delta or self._has_deltas):
            message = message or delta
        else:
            message = delta
            self._has_deltas = True
        logprobs = choice.get("logprobs")
        if logprobs:
            self._take_logprobs(logprobs)
        if message:
            self._take_message(message)
        elif isinstance(choice.get("text"), str):
            self.add_text(choice["text"])
        word = choice.get("finish_reason")
        if isinstance(word, str) and word:
            self.finish_word = word
            self._stop_sequence = choice.get("stop_reason")

    def cite(self, citations: list[Citation]) -> None:
        """Sources named beside the choice (Perplexity, xAI), each once."""
        fresh = [
            citation for citation in citations if citation.url and citation.url not in self._cited
        ]
        if not fresh:
            return
        self._cited.update(citation.url for citation in fresh if citation.url)
        if not self._parts.is_open(self._text):
            self._parts.open(self._text, Text(text=""), self.index)
        self._parts.delta(self._text, citations=tuple(fresh))

    def close(self) -> Finish:
        """The answer is over: tell what was held back, and how it ended."""
        self._close_reasoning()
        if self._audio:
            self._parts.whole(self._collected_audio(), self.index)
        self.calls.close()
        return decode_finish(self.finish_word, self.calls.has_calls, self._stop_sequence)

    def _take_message(self, message: Mapping[str, Any]) -> None:
        content = message.get("content")
        if len(message) == 1 and isinstance(content, str):
            self.add_text(content)
            return
        self._take_reasoning(message)
        if isinstance(content, str):
            self.add_text(content)
        elif content:
            self._take_content_parts(content)
        signature = google_signature(message)
        if signature is not None:
            self._sign_text(signature)
        refusal = message.get("refusal")
        if isinstance(refusal, str) and refusal:
            self._add_refusal(refusal)
        if message.get("audio"):
            self._take_audio(message["audio"])
        for image in message.get("images") or ():
            self._add_part(image)
        calls = message.get("tool_calls")
        if calls:
            self._begin_calls()
            for entry in calls:
                self.calls.take(entry)
        legacy = message.get("function_call")
        if legacy and (legacy.get("name") or legacy.get("arguments")):
            self._begin_calls()
            self.calls.take({"index": 0, "function": legacy})
        if message.get("annotations"):
            self._take_annotations(message["annotations"])

    # Text

    def add_text(self, text: str) -> None:
        """More of the message's text."""
        if not text:
            return
        self._open_text()
        self._parts.delta(self._text, text)

    def _open_text(self) -> None:
        if not self._parts.is_open(self._text):
            self._close_reasoning()
            self._parts.open(self._text, Text(text=""), self.index)

    def _add_refusal(self, text: str) -> None:
        if not self._parts.is_open(self._refusal):
            self._close_reasoning()
            self._parts.close(self._text)
            self._parts.open(self._refusal, Refusal(text=""), self.index)
        self._parts.delta(self._refusal, text)

    def _sign_text(self, signature: str) -> None:
        self._open_text()
        self._parts.delta(self._text, opaque=Opaque(family="gemini", value=signature))

    def _take_content_parts(self, content: Json) -> None:
        if isinstance(content, dict):
            # A vendor that parses structured output itself and hands on the object.
            self.add_text(json.dumps(content, ensure_ascii=False))
            return
        for part in content:
            kind = at(part, "type")
            if isinstance(part, str):
                self.add_text(part)
            elif kind in ("text", "output_text"):
                self.add_text(part.get("text") or "")
            elif kind == "thinking":
                self._add_reasoning(decode_thinking(part).text)
            elif kind == "refusal":
                self._add_refusal(str(part.get("refusal") or ""))
            else:
                self._add_part(part)

    def _add_part(self, part: Json) -> None:
        """A part that comes whole: an image, or something we do not know."""
        self._close_reasoning()
        self._parts.close(self._text)
        try:
            decoded = decode_part(part, "content")
        except RequestRefused:
            decoded = Unknown(dialect=DIALECT_NAME, name=str(at(part, "type")), raw=part)
        self._parts.whole(decoded, self.index)

    def _take_logprobs(self, logprobs: Json) -> None:
        entries = at(logprobs, "content")
        if isinstance(entries, list) and entries:
            self._open_text()
            self._parts.delta(
                self._text, logprobs=tuple(decode_logprob(entry) for entry in entries)
            )

    # Reasoning

    def _take_reasoning(self, message: Mapping[str, Any]) -> None:
        text = message.get("reasoning_content") or message.get("reasoning")
        text = text if isinstance(text, str) else ""
        details = message.get("reasoning_details")
        if isinstance(details, list) and details:
            for detail in details:
                self._take_detail(detail, not text)
        if text:
            self._add_reasoning(text)
        for block in message.get("thinking_blocks") or ():
            self._take_block(block)

    def _take_detail(self, detail: Json, tells_text: bool) -> None:
        if not isinstance(detail, dict):
            return
        last = self._details[-1] if self._details else None
        if (
            last is not None
            and at(detail, "index") != at(last, "index")
            and str(detail.get("format") or "").startswith("anthropic")
        ):
            self._close_reasoning()
        self._open_reasoning()
        self._details.append(detail)
        if tells_text:
            self._add_reasoning(detail_text(detail))

    def _take_block(self, block: Json) -> None:
        """Anthropic's block as LiteLLM and we carry it: pieces, or the whole block with its
        signature at the end. Its text counts only when nothing else told it.
        """
        part = decode_thinking(block)
        if part.is_redacted:
            self._close_reasoning()
            self._parts.whole(part, self.index)
            return
        if not self._has_reasoning_text:
            self._add_reasoning(part.text)
        if part.opaque is not None:
            self._open_reasoning()
            self._parts.delta(self._reasoning, opaque=part.opaque)
            self._close_reasoning()

    def _add_reasoning(self, text: str) -> None:
        if not text:
            return
        self._open_reasoning()
        self._has_reasoning_text = True
        self._parts.delta(self._reasoning, text)

    def _open_reasoning(self) -> None:
        if not self._parts.is_open(self._reasoning):
            self._parts.close(self._text)
            self._has_reasoning_text = False
            self._parts.open(self._reasoning, Reasoning(), self.index)

    def _close_reasoning(self) -> None:
        if not self._parts.is_open(self._reasoning):
            return
        details = merge_details(self._details)
        self._details = []
        self._parts.delta(self._reasoning, opaque=opaque_of_details(details))
        self._parts.close(self._reasoning)

    # Everything else

    def _begin_calls(self) -> None:
        self._close_reasoning()
        self._parts.close(self._text)
        self._parts.close(self._refusal)

    def _take_annotations(self, annotations: Json) -> None:
        for annotation in annotations:
            if not isinstance(annotation, dict):
                continue
            citation = decode_annotation(annotation)
            if citation is None:
                self._parts.whole(
                    Unknown(
                        dialect=DIALECT_NAME,
                        name=f"annotations.{at(annotation, 'type')}",
                        raw=annotation,
                    ),
                    self.index,
                )
                continue
            key = json.dumps(annotation, sort_keys=True)
            if key in self._cited:
                continue
            self._cited.add(key)
            if citation.url:
                self._cited.add(citation.url)
            self._open_text()
            self._parts.delta(self._text, citations=(citation,))

    def _take_audio(self, audio: Json) -> None:
        """Sound is told when it is whole: its transcript comes between its data, and a part can
        only grow by one of them.
        """
        if not isinstance(audio, dict):
            return
        for name in ("data", "transcript"):
            if isinstance(audio.get(name), str) and audio[name]:
                self._audio.setdefault(name, []).append(audio[name])
        self._audio_head.update(
            {name: audio[name] for name in ("id", "expires_at") if audio.get(name)}
        )

    def _collected_audio(self) -> Media:
        request = self._context.request
        word = (
            request.audio_output.get("format")
            if request is not None and request.audio_output is not None
            else None
        )
        audio_id = self._audio_head.get("id")
        return Media(
            kind="audio",
            mime=AUDIO_MIMES.get(word, f"audio/{word}") if isinstance(word, str) else None,
            data=_joined_base64(self._audio.get("data", [])),
            text="".join(self._audio["transcript"]) if "transcript" in self._audio else None,
            opaque=Opaque(family="openai", value=dict(self._audio_head))
            if audio_id is not None
            else None,
        )


def decode_annotation(annotation: Json) -> Citation | None:
    """A `url_citation`, None for other annotations."""
    cited = at(annotation, "url_citation")
    if not isinstance(cited, dict):
        return None
    start, end = cited.get("start_index"), cited.get("end_index")
    title, content = cited.get("title"), cited.get("content")
    return Citation(
        url=cited["url"] if isinstance(cited.get("url"), str) else None,
        title=title if isinstance(title, str) else None,
        cited_text=content if isinstance(content, str) else None,
        start=start if isinstance(start, int) else None,
        end=end if isinstance(end, int) else None,
        dialect=DIALECT_NAME,
        raw=annotation,
    )


def decode_logprob(entry: Mapping[str, Any]) -> TokenLogprob:
    raw = entry.get("bytes")
    return TokenLogprob(
        token=str(entry.get("token") or ""),
        logprob=float(entry.get("logprob") or 0.0),
        utf8=tuple(raw) if isinstance(raw, list) else None,
        alternatives=tuple(decode_logprob(other) for other in entry.get("top_logprobs") or ()),
    )


def _joined_base64(pieces: list[str]) -> str:
    """Base64 pieces as one; pieces that are padded on their own are decoded and encoded again."""
    if not any("=" in piece for piece in pieces[:-1]):
        return "".join(pieces)
    try:
        return base64.b64encode(b"".join(base64.b64decode(piece) for piece in pieces)).decode()
    except (binascii.Error, ValueError):
        return "".join(pieces)
