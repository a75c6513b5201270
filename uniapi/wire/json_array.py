"""A stream of JSON objects inside one JSON array, as Gemini sends it without `alt=sse`: `[{…}` then
`,` `{…}` … `]`.

The decoder is lenient about what stands between objects: pretty-printed, one object alone, and
objects on lines of their own are read alike. It looks only for the end of each object; whether its
inside is JSON is for the reader to say.
"""

from __future__ import annotations

import re

from uniapi.errors import WireError

from .frames import MAX_FRAME_BYTES, MAX_PLAIN_BYTES, Frame, holds_media

_BETWEEN = re.compile(rb"[^\s,\[\]\xef\xbb\xbf]")
"""The first byte that is no filling: it has to open an object."""
_NEXT_BRACE = re.compile(rb'[^"{}]*(?:"[^"\\]*(?:\\.[^"\\]*)*"[^"{}]*)*([{}])', re.DOTALL)
"""The next brace outside strings, over any number of whole strings: the fast way through an object
that has arrived.
"""
_STRUCTURE = re.compile(rb'["{}]')
_STRING_END = re.compile(rb'["\\]')


class JsonArrayDecoder:
    """Bytes in any split → one frame for each top-level object; `data` is the object, `raw` also
    what stood before it.

    Concatenating every `raw` gives the input back: what follows the last object comes at `eof`, as
    a frame with empty `data`. Raises WireError on bytes that cannot begin an object, on an object
    larger than `max_frame_bytes`, and on one that the end of the input cuts off.
    """

    def __init__(self, max_frame_bytes: int = MAX_FRAME_BYTES) -> None:
        self._rest = bytearray()
        self._at = 0
        """How far `_rest` has been searched."""
        self._start = 0
        """Where the object begins, when `_depth` is not 0."""
        self._depth = 0
        self._in_string = False
        self._max_frame_bytes = max_frame_bytes
        self._allowed = min(MAX_PLAIN_BYTES, max_frame_bytes)
        """Bytes that the object at hand may have."""

    @property
    def held(self) -> int:
        return len(self._rest)

    def feed(self, data: bytes) -> list[Frame]:
        self._rest += data
        frames: list[Frame] = []
        while self._step():
            if self._depth == 0:
                raw = bytes(self._rest[: self._at])
                frames.append(Frame(None, raw[self._start :], raw))
                del self._rest[: self._at]
                self._at = 0
        if frames:
            self._allowed = min(MAX_PLAIN_BYTES, self._max_frame_bytes)
        if len(self._rest) > self._allowed and holds_media(self._rest):
            self._allowed = self._max_frame_bytes
        if len(self._rest) > self._allowed:
            raise WireError(f"a JSON object larger than {self._allowed} bytes in a streamed array")
        return frames

    def eof(self) -> list[Frame]:
        rest, depth = bytes(self._rest), self._depth
        self._rest.clear()
        self._at = self._depth = 0
        self._in_string = False
        if depth:
            raise WireError("the streamed JSON array ended inside an object")
        return [Frame(None, b"", rest)] if rest else []

    def _step(self) -> bool:
        """Searches to the end of the next object, entering it first when it is between two; False
        when more bytes are needed.
        """
        rest = self._rest
        if self._depth == 0:
            match = _BETWEEN.search(rest, self._at)
            if match is None:
                self._at = len(rest)
                return False
            if match[0] != b"{":
                found = bytes(rest[match.start() : match.start() + 40])
                raise WireError(f"expected a JSON array of objects, found {found!r}")
            self._start = match.start()
            self._at = match.end()
            self._depth = 1
        while (
            self._depth
            and not self._in_string
            and (match := _NEXT_BRACE.match(rest, self._at)) is not None
        ):
            self._depth += 1 if match[1] == b"{" else -1
            self._at = match.end()
        # What is left ends inside the object, perhaps inside a string: it is searched piece by
        # piece, so that no byte is looked at again.
        while self._depth:
            match = (_STRING_END if self._in_string else _STRUCTURE).search(rest, self._at)
            if match is None:
                self._at = len(rest)
                return False
            found = match[0]
            if found == b"\\":
                if match.end() == len(rest):
                    self._at = match.start()
                    return False
                self._at = match.end() + 1
                continue
            self._at = match.end()
            if found == b'"':
                self._in_string = not self._in_string
            else:
                self._depth += 1 if found == b"{" else -1
        return True


class JsonArrayWriter:
    """Spells a streamed array: `element` for each object, `close` once. `is_open` as True continues
    an array that others began.
    """

    def __init__(self, is_open: bool = False) -> None:
        self.is_open = is_open

    def element(self, data: bytes) -> bytes:
        before = b",\n" if self.is_open else b"["
        self.is_open = True
        return before + data

    def close(self) -> bytes:
        """The end; an array nothing was written to is still an array."""
        return b"]" if self.is_open else b"[]"
