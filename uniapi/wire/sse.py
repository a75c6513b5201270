"""Server-sent events, incrementally, after the WHATWG specification (html.spec.whatwg.org, section
9.2) with two leniencies that providers need.

1. A last event without its closing blank line is still given, at `eof`.
2. A line end may be LF, CR or CRLF, mixed as you like; a CR at the end of the input waits for a
   possible LF.
"""

from __future__ import annotations

import re

from uniapi.errors import WireError

from .frames import MAX_FRAME_BYTES, MAX_PLAIN_BYTES, Frame, holds_media

LONG_FRAME_BYTES = 256 * 1024
"""What is longer is put together once, at its end."""

_LINE_END = rb"(?:\r\n|\n|\r(?!\n))"
_FRAME_END = re.compile(_LINE_END + _LINE_END)
_BOM = b"\xef\xbb\xbf"
_NAMED = re.compile(rb"event: ([ -~]*)\ndata: ([^\r\n]*)\n\n")
"""The form of an event with a name that most vendors write."""


DONE = b"data: [DONE]\n\n"
"""With which OpenAI and who does as it does end a stream."""


class SseDecoder:
    """Bytes → frames. Comments and empty events give frames with empty `data`, so that a relay
    loses no byte and a reader sees life.

    Concatenating every `raw` gives the input back.
    """

    __slots__ = (
        "_allowed",
        "_held",
        "_held_bytes",
        "_max_frame_bytes",
        "_rest",
        "_searched",
        "is_between",
    )

    def __init__(self, max_frame_bytes: int = MAX_FRAME_BYTES) -> None:
        self._rest = b""
        self.is_between = True
        """Nothing is held of a frame that is not whole."""
        self._searched = 0
        self._held: list[bytes] | None = None
        """Pieces of a long frame; few streams have one."""
        self._held_bytes = 0
        self._max_frame_bytes = max_frame_bytes
        self._allowed = min(MAX_PLAIN_BYTES, max_frame_bytes)
        """Bytes that the event at hand may have."""

    @property
    def held(self) -> int:
        return len(self._rest) + self._held_bytes

    def feed(self, data: bytes) -> list[Frame]:
        if self.is_between and _is_plain(data):
            return [Frame(None, data[6:-2], data)]
        if len(self._rest) > LONG_FRAME_BYTES:
            if self._holds(data):
                return []
            buffer = self._put_together(data)
        else:
            buffer = self._rest + data if self._rest else data
        frames: list[Frame] = []
        start = 0
        position = self._searched
        has_cr = b"\r" in buffer
        while True:
            if has_cr:
                match = _FRAME_END.search(buffer, position)
                if match is None or (match.end() == len(buffer) and buffer.endswith(b"\r")):
                    break
                end = match.end()
            else:
                end = buffer.find(b"\n\n", position) + 2
                if end == 1:
                    break
            raw = buffer[start:end]
            if not has_cr and raw.startswith(b"data: ") and raw.find(b"\n") == len(raw) - 2:
                frames.append(Frame(None, raw[6:-2], raw))
            else:
                frames.append(read_frame(raw))
            start = position = end
        self._rest = buffer[start:]
        self.is_between = start == len(buffer)
        # The delimiter is at most four bytes; up to three of them may lie in the rest already.
        self._searched = max(0, len(self._rest) - 3)
        if frames:
            self._allowed = min(MAX_PLAIN_BYTES, self._max_frame_bytes)
        self._check()
        return frames

    def _check(self) -> None:
        """Raises WireError for an event that grows too large; whether there is media in it is
        looked at once, when it is as large as others may be.
        """
        if len(self._rest) + self._held_bytes <= self._allowed:
            return
        if self._allowed < self._max_frame_bytes:
            self._rest = self._put_together(b"")
            if holds_media(self._rest):
                self._allowed = self._max_frame_bytes
        if len(self._rest) + self._held_bytes > self._allowed:
            raise WireError(f"an event larger than {self._allowed} bytes")

    def _holds(self, data: bytes) -> bool:
        """Whether `data` only makes a long frame longer: then it is put aside, since to append it
        would copy all that is there already.
        """
        held = self._held or []
        before = (held[-1] if held else self._rest)[-3:]
        if b"\r" in data or b"\r" in before or b"\n\n" in before + data:
            return False
        if data:
            held.append(data)
            self._held = held
            self._held_bytes += len(data)
        self._check()
        return True

    def _put_together(self, data: bytes) -> bytes:
        """All that is there, with `data` at its end."""
        self._searched = max(0, len(self._rest) + self._held_bytes - 3)
        whole = b"".join((self._rest, *(self._held or ()), data))
        self._held, self._held_bytes = None, 0
        return whole

    def eof(self) -> list[Frame]:
        if self.is_between:
            return []
        rest = self._put_together(b"")
        self._rest, self._searched = b"", 0
        if is_cut_done(rest):
            return [Frame(None, b"[DONE]", rest)]
        return [read_frame(rest)] if rest else []


def is_cut_done(raw: bytes) -> bool:
    """Whether this is the beginning of `[DONE]`'s frame, and can be of no other."""
    return len(raw) >= len(b"data: [D") and DONE.startswith(raw)


def _is_plain(data: bytes) -> bool:
    """Whether this is one whole event of one line, as most are."""
    is_one = data.find(b"\n") == len(data) - 2 and data.endswith(b"\n\n")
    return is_one and data.startswith(b"data: ") and data.find(b"\r") < 0


def read_frame(raw: bytes) -> Frame:
    """One event's bytes as a Frame: several `data` lines are joined by LF, comments and unknown
    fields ignored.
    """
    if _is_plain(raw):
        return Frame(None, raw[6:-2], raw)
    named = _NAMED.fullmatch(raw)
    if named is not None:
        return Frame(named[1].decode(), named[2], raw)
    event: str | None = None
    data: list[bytes] = []
    lines = raw.removeprefix(_BOM)
    if b"\r" in lines:
        lines = lines.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    for line in lines.split(b"\n"):
        colon = line.find(b":")
        name = line if colon < 0 else line[:colon]
        if name not in (b"data", b"event"):
            continue
        # Copied once: it may be a picture.
        start = colon + (2 if line.startswith(b" ", colon + 1) else 1)
        value = b"" if colon < 0 else line[start:]
        if name == b"data":
            data.append(value)
        else:
            event = value.decode("utf-8", "replace")
    return Frame(event, b"\n".join(data), raw)


def encode_sse(data: bytes, event: str | None = None) -> bytes:
    """One event. `data` must hold no line break (JSON never needs one)."""
    if event is None:
        return b"data: " + data + b"\n\n"
    return b"event: " + event.encode() + b"\ndata: " + data + b"\n\n"


def encode_comment(text: str = "") -> bytes:
    """A comment line, which every reader ignores: a sign of life."""
    return b": " + text.encode() + b"\n\n"
