"""HTTP/1.1 as a client reads it: request bytes out, an answer's bytes in, incrementally and without
I/O (RFC 9112).

`ResponseParser.feed` gives what the bytes complete: at most one head, then body data, then the end.
All body bytes of one read come as one piece, however many chunks they were sent in: that is what
makes a burst cheap. It is strict where leniency would let a peer smuggle: two differing lengths, a
length that is no number, or a broken chunk size are a WireError.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from io import BytesIO
from urllib.parse import urlsplit

from uniapi.errors import WireError
from uniapi.values import dataclass

from .answer_head import HeadReader, head_end
from .http import LENGTH_HEADER, HttpRequest, ResponseHead
from .inflate import Inflater, inflater_for
from .request_head import MAX_LENGTH_DIGITS, without_length

MAX_HEAD_BYTES = 128 * 1024
MAX_CHUNK_LINE_BYTES = 4096
MAX_TRAILER_BYTES = 16 * 1024

_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;.*)?$", re.DOTALL)
_DIGITS = b"0123456789ABCDEFabcdef"
_MOST_SIZE_DIGITS = 8
_LARGEST_PLAIN = 2**31 - 1
"""More bytes than that no read can be asked for where a machine has 32 bits."""
_BAD_HEADER_VALUE = re.compile(r"[\r\n\0]")


@dataclass(slots=True)  # a value; freezing it would triple what it costs each read
class Received:
    """What one read completed. `is_end`: the answer is over; whatever follows belongs to nobody.

    `pieces` of the body are inflated one after the other as they are taken: a few bytes may become
    very many, and who has seen enough takes no more. What is broken raises WireError then.
    """

    head: ResponseHead | None
    pieces: Iterable[bytes]
    is_end: bool


def request_bytes(request: HttpRequest) -> bytes:
    """The request as it goes over the wire, with `host` and `content-length`; of a body in a
    `source`, only what comes before it. Raises ValueError for a header that would break out of its
    line.
    """
    head = request.head or head_of_request(request)
    length = len(request.body) if request.source is None else request.source.length
    if length or request.method not in ("GET", "HEAD"):
        return b"%bcontent-length: %d\r\n\r\n%b" % (head, length, request.body)
    return head + b"\r\n" + request.body


def head_of_request(request: HttpRequest) -> bytes:
    """Its head but for what depends on the body. Raises ValueError like `request_bytes`. Not kept
    here: credentials are in it, and whatever of a client's headers goes along.
    """
    parts = urlsplit(request.url)
    target = parts.path or "/"
    if parts.query:
        target += "?" + parts.query
    host = parts.netloc.rpartition("@")[2]
    lines = [f"{request.method} {target} HTTP/1.1", f"host: {host}"]
    for name, value in request.headers.items():
        if _BAD_HEADER_VALUE.search(value) or _BAD_HEADER_VALUE.search(name):
            raise ValueError(f"the header {name!r} holds a line break")
        lines.append(f"{name}: {value}")
    return "\r\n".join([*lines, ""]).encode("latin-1", "replace")


_CODINGS = ("transfer-encoding", "content-encoding")
"""With one of these a body is not what its length says."""
_NO_PIECES: list[bytes] = []
"""Of all parsers between two reads."""


class ResponseParser:
    """Reads one answer, and after each `start` another one. `keeps_alive` says, once it is over,
    whether the connection may serve another request.
    """

    __slots__ = (
        "_at",
        "_buffer",
        "_head",
        "_heads",
        "_inflater",
        "_is_end",
        "_method",
        "_pieces",
        "_remaining",
        "_state",
        "is_between",
        "keeps_alive",
    )

    def __init__(self, method: str, heads: HeadReader | None = None) -> None:
        self._heads = heads or HeadReader()
        self.start(method)

    def start(self, method: str) -> None:
        """The next answer is to a request of this method."""
        self.keeps_alive = False
        self._method = method
        self._buffer = b""
        self._at = 0
        """How far the buffer has been read: it is cut once for each read, not for each chunk."""
        self._state: Callable[[ResponseParser], bool] = ResponseParser._read_head
        self._remaining = 0
        self._head: ResponseHead | None = None
        self._pieces = _NO_PIECES
        self._is_end = False
        self._inflater: Inflater | None = None
        self.is_between = False
        """A chunk of an answer that is not compressed comes next, and nothing is held."""

    def chunk(self, data: bytes) -> bytes | None:
        """What is in `data`, if that is one whole chunk of the plain form and nothing else, as a
        stream's mostly is; None for any other, which only `feed` can read.
        """
        if not self.is_between:
            return None
        # Its size is written as it would be written here, or it is none of the plain form.
        start, end = data.find(b"\n") + 1, len(data) - 2
        is_plain = end > start and data[:start] == b"%x\r\n" % (end - start)
        return data[start:end] if is_plain and data.endswith(b"\r\n") else None

    def feed(self, data: bytes) -> Received:
        """What `data` completes. Raises WireError on bytes that are no HTTP answer."""
        if self._state is ResponseParser._read_head and not self._buffer:
            received = self._whole(data)
            if received is not None:
                return received
        self._buffer = self._buffer + data if self._buffer else data
        pieces = self._pieces = []
        while not self._is_end and self._at < len(self._buffer) and self._state(self):
            pass
        self._buffer = self._buffer[self._at :]
        self._at = 0
        is_plain = self._inflater is None and not self._buffer
        self.is_between = is_plain and self._state is ResponseParser._read_chunk_size
        head, self._head = self._head, None
        self._pieces = _NO_PIECES
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        inflater = self._inflater
        if inflater is not None:
            if self._is_end:
                # Which is large, and the connection may be idle for a minute.
                self._inflater = None
            return Received(head, inflater.feed(data), self._is_end)
        return Received(head, (data,) if data else (), self._is_end)

    def _whole(self, data: bytes) -> Received | None:
        """A whole answer that came in one read, as short ones do, under a head that came before but
        for its length; None for any other, which is read state by state.
        """
        end = data.find(b"\r\n\r\n")
        size = len(data) - end - 4
        if end < 0 or not size or self._method == "HEAD":
            return None
        rest, digits = without_length(data[:end])
        known = self._heads.known.get(rest)
        if known is None or digits != b"%d" % size:
            return None
        status, headers, keeps_alive = known
        if status != 200 or not headers.keys().isdisjoint(_CODINGS):
            return None
        self.keeps_alive = keeps_alive
        self._is_end = True
        self._state = ResponseParser._read_fixed
        head = ResponseHead(status, {**headers, LENGTH_HEADER: digits.decode()})
        return Received(head, (data[-size:],), True)

    def eof(self) -> Received:
        """The peer closed: the end of an answer that has no other end, else a WireError."""
        if self._state is ResponseParser._read_until_close:
            self._finish(keeps_alive=False)
            return self.feed(b"")
        raise WireError("the connection was closed in the middle of the answer")

    # states: each consumes from the buffer and says whether it got anywhere

    def _read_head(self) -> bool:
        end, after = head_end(self._buffer, self._at)
        if end < 0:
            if len(self._buffer) - self._at > MAX_HEAD_BYTES:
                raise WireError(f"a response head larger than {MAX_HEAD_BYTES} bytes")
            return False
        status, headers, self.keeps_alive = self._heads.read(self._buffer[self._at : end])
        self._at = after
        if 100 <= status < 200:
            if status == 101:
                raise WireError("the upstream switched protocols unasked")
            return True
        self._head = ResponseHead(status, headers)
        self._frame_body(status, headers)
        return True

    def _frame_body(self, status: int, headers: dict[str, str]) -> None:
        """How the body ends: RFC 9112 §6.3."""
        if self._method == "HEAD" or status in (204, 304):
            self._finish(keeps_alive=self.keeps_alive)
            return
        if "content-encoding" in headers:
            self._inflater = inflater_for(headers["content-encoding"])
        transfer = headers.get("transfer-encoding", "").strip().lower()
        if transfer:
            if transfer != "chunked":
                raise WireError(f"transfer-encoding {transfer!r} is not known")
            if "content-length" in headers:
                self.keeps_alive = False
            self._state = ResponseParser._read_chunk_size
            return
        length = headers.get("content-length")
        if length is None:
            self.keeps_alive = False
            self._state = ResponseParser._read_until_close
            return
        text, *others = (
            {value.strip() for value in length.split(",")} if "," in length else {length}
        )
        if others or not (text.isascii() and text.isdigit() and len(text) <= MAX_LENGTH_DIGITS):
            raise WireError(f"content-length {length[:40]!r} is no single number")
        self._remaining = int(text)
        self._state = ResponseParser._read_fixed
        if not self._remaining:
            self._finish(keeps_alive=self.keeps_alive)

    def _read_fixed(self) -> bool:
        start, end = self._at, self._at + self._remaining
        if end == len(self._buffer):
            # Short answers come in one piece.
            self._pieces.append(self._buffer[start:end])
            self._at, self._remaining, self._is_end = end, 0, True
            return True
        is_some = self._take()
        if not self._remaining:
            self._finish(keeps_alive=self.keeps_alive)
        return is_some

    def _read_chunk_size(self) -> bool:
        """Chunks of the plain form that are all here go at once, the others line by line."""
        bodies, self._at = _plain_chunks(self._buffer, self._at)
        self._pieces += bodies
        line = self._line(MAX_CHUNK_LINE_BYTES, "a chunk size line")
        if line is None:
            return False
        match = _CHUNK_SIZE.match(line)
        if match is None:
            raise WireError(f"expected a chunk size, found {line[:40]!r}")
        self._remaining = int(match[1], 16)
        is_last = not self._remaining
        self._state = ResponseParser._read_trailer if is_last else ResponseParser._read_chunk
        return True

    def _read_chunk(self) -> bool:
        if not self._take():
            return False
        if not self._remaining:
            self._state = ResponseParser._read_chunk_end
        return True

    def _read_chunk_end(self) -> bool:
        end = self._buffer[self._at : self._at + 2]
        if len(end) < 2:
            return False
        if end != b"\r\n":
            found = self._buffer[self._at : self._at + 10]
            raise WireError(f"expected the end of a chunk, found {found!r}")
        self._at += 2
        self._state = ResponseParser._read_chunk_size
        return True

    def _read_trailer(self) -> bool:
        line = self._line(MAX_TRAILER_BYTES, "a trailer")
        if line == b"":
            self._finish(keeps_alive=self.keeps_alive)
        return line is not None

    def _line(self, most: int, name: str) -> bytes | None:
        """The next line without its end; None while that is not here. Raises WireError for one
        longer than `most`.
        """
        end = self._buffer.find(b"\r\n", self._at)
        if end < 0:
            if len(self._buffer) - self._at > most:
                raise WireError(f"{name} without an end")
            return None
        line, self._at = self._buffer[self._at : end], end + 2
        return line

    def _read_until_close(self) -> bool:
        if self._at == len(self._buffer):
            return False
        self._pieces.append(self._buffer[self._at :])
        self._at = len(self._buffer)
        return True

    def _take(self) -> bool:
        """Move up to `_remaining` bytes of the buffer to the body."""
        piece = self._buffer[self._at : self._at + self._remaining]
        self._at += len(piece)
        self._remaining -= len(piece)
        if piece:
            self._pieces.append(piece)
        return bool(piece)

    def _finish(self, *, keeps_alive: bool) -> None:
        self._is_end = True
        # Bytes after the end would be an answer to nothing: such a connection is not used again.
        self.keeps_alive = keeps_alive and self._at == len(self._buffer)


def _plain_chunks(buffer: bytes, at: int) -> tuple[list[bytes], int]:
    """What is in the chunks of the plain form (size, bytes, line ends) from `at` on that are all
    here, but for the last one of a body; and where the first other one begins.
    """
    bodies: list[bytes] = []
    # Reading a file of bytes is half the work of searching and cutting the bytes themselves.
    stream = BytesIO(buffer)
    stream.seek(at)
    read = stream.read
    sizes: dict[bytes, int] = {}
    beyond = 0
    for line in stream:
        # The chunks of a stream are equally long, or nearly so.
        size = sizes.get(line)
        if size is None:
            size = sizes[line] = _stated(line)
        if not size:
            beyond = len(line)
            break
        body, end = read(size), read(2)
        if end != b"\r\n":
            beyond = len(line) + len(body) + len(end)
            break
        bodies.append(body)
    return bodies, stream.tell() - beyond


def _stated(line: bytes) -> int:
    """The size that a line states, its end included; 0 also for a line of another form."""
    digits = line[:-2]
    if not 0 < len(digits) <= _MOST_SIZE_DIGITS or digits.translate(None, _DIGITS):
        return 0
    size = int(digits, 16) if line.endswith(b"\r\n") else 0
    return size if size <= _LARGEST_PLAIN else 0
