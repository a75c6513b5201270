"""An HTTP/1.1 answer is read the same however its bytes are cut, and nothing ambiguous is
accepted.
"""

import gzip
import itertools
import re
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uniapi.errors import WireError
from uniapi.wire import (
    STEP_BYTES,
    HeadReader,
    HttpRequest,
    Received,
    ResponseParser,
    request_bytes,
)
from uniapi.wire.answer_head import LONGEST_KEPT, MOST_KEPT, head_end

CHUNKED = (
    b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: text/event-stream\r\n"
    b"Transfer-Encoding: chunked\r\n"
    b"\r\n"
    b"5\r\n"
    b"hello\r\n"
    b"6;ext=1\r\n"
    b" world\r\n"
    b"0\r\n"
    b"x-trailer: 1\r\n"
    b"\r\n"
)
ZIPPED = gzip.compress(b"hello world", mtime=0)
ANSWERS = [
    (CHUNKED, 200, b"hello world", True),
    (b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nhello world", 200, b"hello world", True),
    (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno",
        404,
        b"no",
        True,
    ),
    (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", 200, b"hi", True),
    (b"HTTP/1.1 200 OK\r\ncontent-length: 2\n\r\nhi", 200, b"hi", True),
    (
        b"HTTP/1.1 200 OK\r\ncontent-encoding: utf-8\r\ncontent-length: 2\r\n\r\nhi",
        200,
        b"hi",
        True,
    ),
    (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", True),
    (b"HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n", 200, b"", True),
    (b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi", 200, b"hi", False),
    (b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi", 200, b"hi", False),
    (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 3\r\n\r\nabc", 200, b"abc", True),
    (
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n%b"
        % (len(ZIPPED), ZIPPED),
        200,
        b"hello world",
        True,
    ),
    (
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n%b"
        % (2 * len(ZIPPED), 2 * ZIPPED),
        200,
        b"hello worldhello world",
        True,
    ),
]


def read(pieces, method="POST"):
    parser = ResponseParser(method)
    head, body, is_end = None, b"", False
    for piece in pieces:
        received = parser.feed(piece)
        head = received.head or head
        body += b"".join(received.pieces)
        is_end = received.is_end
    return head, body, is_end, parser.keeps_alive


@pytest.mark.parametrize("raw, status, body, keeps_alive", ANSWERS)
def test_answers_in_every_framing_are_read_whole_and_byte_by_byte(raw, status, body, keeps_alive):
    """Length, chunks, none at all, and compression; and whether the connection may be
    used again.
    """
    for pieces in ([raw], [raw[i : i + 1] for i in range(len(raw))]):
        head, got, is_end, alive = read(pieces)
        assert (status, body, True, keeps_alive) == (head.status, got, is_end, alive)


@given(st.lists(st.integers(0, len(CHUNKED)), max_size=6))
def test_any_split_gives_the_same(cuts):
    """Chunk boundaries and read boundaries have nothing to do with each other."""
    edges = [0, *sorted(cuts), len(CHUNKED)]
    pieces = [CHUNKED[a:b] for a, b in itertools.pairwise(edges)]
    assert read([CHUNKED])[1:] == read(pieces)[1:]


def test_a_body_without_a_length_ends_with_the_connection():
    """The old way: everything until close, and that connection is spent."""
    parser = ResponseParser("GET")
    assert parser.feed(b"HTTP/1.1 200 OK\r\n\r\nhel").pieces == (b"hel",)
    assert parser.eof() == Received(None, (), True)
    assert not parser.keeps_alive


class CountedBytes(bytes):
    """Bytes that note how many of them are copied."""

    copied = 0

    def __getitem__(self, place):
        found = CountedBytes(bytes.__getitem__(self, place))
        CountedBytes.copied += len(found)
        return found


@pytest.mark.parametrize(
    ("chunk", "body"),
    [(b"1\r\nx\r\n", b"x"), (b"6\r\nx\r\n\r\n1\r\n", b"x\r\n\r\n1"), (b"1;a\r\nx\r\n", b"x")],
    ids=["plain", "with line ends in it", "of another form"],
)
def test_a_read_of_very_many_chunks_is_copied_once(chunk, body):
    """Not once for each chunk: 256 KB of chunks of a byte would be gigabytes. Gemini's frames have
    line ends in them.
    """
    raw = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunk * 2000
    CountedBytes.copied = 0
    pieces = ResponseParser("GET").feed(CountedBytes(raw)).pieces
    assert (b"".join(pieces), CountedBytes.copied < 2 * len(raw)) == (body * 2000, True)


@given(
    st.lists(st.sampled_from([b"a", b"bb\r\n", b"\r", b"\n", b"1\r\n2", b"c" * 20]), max_size=9),
    st.sampled_from([b"%x\r\n%b\r\n", b"%X\r\n%b\r\n", b"0%x\r\n%b\r\n", b"%x;a=b\r\n%b\r\n"]),
    st.sampled_from(
        [b"0\r\n\r\n", b"0;a\r\nb: c\r\n\r\n", b"00\r\n\r\n", b"z\r\n", b"4\r\nno", b""]
    ),
)
def test_chunks_are_read_at_once_as_they_are_byte_by_byte(bodies, form, end):
    raw = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    raw += b"".join(form % (len(body), body) for body in bodies) + end
    if end == b"z\r\n":
        with pytest.raises(WireError):
            read([raw])
        return
    at_once, one_by_one = read([raw]), read([raw[i : i + 1] for i in range(len(raw))])
    assert at_once[1:] == one_by_one[1:]
    assert at_once[1].startswith(b"".join(bodies))


def test_what_a_few_bytes_inflate_to_is_given_piece_by_piece():
    """Who has seen enough takes no more of it."""
    zipped = gzip.compress(bytes(32 * STEP_BYTES), mtime=0)
    raw = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n" + zipped
    tracemalloc.start()
    pieces = iter(ResponseParser("GET").feed(raw).pieces)
    sizes = [len(next(pieces)), len(next(pieces))]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (sizes, peak < 8 * STEP_BYTES) == ([STEP_BYTES, STEP_BYTES], True)


def test_nothing_large_is_kept_between_answers():
    """A connection waits for its next one for a minute."""
    zipped = gzip.compress(b"hi", mtime=0)
    parser = ResponseParser("POST")
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(zipped)
    received = parser.feed(head + zipped)
    assert (b"".join(received.pieces), received.is_end, parser._inflater) == (b"hi", True, None)
    parser.start("POST")
    received = parser.feed(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nho")
    assert (received.pieces, received.is_end) == ((b"ho",), True)


def test_bytes_after_the_end_spoil_the_connection():
    """They would be an answer to nothing."""
    assert not read([b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhiHTTP/1.1"])[3]


@pytest.mark.parametrize(
    "raw",
    [
        b"<html>\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n folded: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: br\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhiXX",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"1" * 5000,
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000,
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope",
    ],
)
def test_what_is_no_answer_is_refused(raw):
    """Strict where leniency would let a peer smuggle, bounded where it would let one flood."""
    with pytest.raises(WireError):
        read([raw])


@given(st.binary(max_size=200))
def test_hostile_bytes_raise_nothing_else(raw):
    """Whatever comes, it is data or a WireError."""
    parser = ResponseParser("POST")
    try:
        parser.feed(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + raw)
        parser.eof()
    except WireError:
        pass


def test_a_close_in_the_middle_is_a_cut():
    """Half a body must not look whole."""
    parser = ResponseParser("POST")
    parser.feed(CHUNKED[:-20])
    with pytest.raises(WireError):
        parser.eof()


def test_a_request_carries_host_and_length_and_cannot_break_out_of_a_header():
    """The target is path and query; user info stays out."""
    request = HttpRequest(
        method="POST",
        url="https://user@a.example:8443/v1/x?y=%2F",
        headers={"x-a": "1"},
        body=b"{}",
    )
    assert request_bytes(request) == (
        b"POST /v1/x?y=%2F HTTP/1.1\r\n"
        b"host: a.example:8443\r\n"
        b"x-a: 1\r\n"
        b"content-length: 2\r\n"
        b"\r\n"
        b"{}"
    )
    assert (
        request_bytes(HttpRequest(method="GET", url="http://a.example"))
        == b"GET / HTTP/1.1\r\nhost: a.example\r\n\r\n"
    )
    with pytest.raises(ValueError, match="line break"):
        request_bytes(HttpRequest(method="GET", url="http://a.example", headers={"x": "1\r\ny: 2"}))


HEADS = [
    b"HTTP/1.1 200 OK\r\ncontent-type: a/b\r\ncontent-length: 2",
    b"HTTP/1.1 200 OK\r\ncontent-type: a/b\r\nContent-Length: 31",
    b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\ncontent-type: a/b",
    b"HTTP/1.1 200 OK\r\ncontent-type: a/b",
    b"HTTP/1.1 200 OK\r\ncontent-type: a/b\r\ncontent-length: ",
    b"HTTP/1.1 200 OK\r\ncontent-type: a/b\r\ncontent-length: 2\nx: y",
    b"HTTP/1.1 200 OK\r\ncontent-type: a/b\r\ncontent-length: 2\r\ncontent-length: 2",
    b"HTTP/1.1 200 OK\r\ncontent-type: a/b\r\ncontent-length: 5\r\ncontent-length: 2",
    b"HTTP/1.1 200 OK\r\ncontent-type: a/b\r\nCONTENT-LENGTH: 2\r\ncontent-length: 3",
    b"HTTP/1.1 200 OK\r\ncontent-type: a/b\r\ncontent-length: -2",
    b"HTTP/1.1 200 OK\r\ncontent-type: a/b\r\ncontent-length: 2, 2",
    b"HTTP/1.1 200 OK\ncontent-type: a/b\r\ncontent-length: 2",
    b"HTTP/1.1 503 No\r\ncontent-type: a/b\r\ncontent-length: 2",
    b"HTTP/1.0 200 OK\r\ncontent-type: a/b\r\ncontent-length: 2",
    b"HTTP/1.1 200 OK\r\ncontent-type: a/b\r\nconnection: close\r\ncontent-length: 2",
]


def test_a_head_that_is_remembered_says_what_it_says_when_it_is_read():
    """Whatever was read before it, and however its length is written."""
    for before, head in itertools.product(HEADS, HEADS):
        reader = HeadReader()
        reader.read(before)
        assert reader.read(head) == HeadReader().read(head)
        assert reader.read(before) == HeadReader().read(before)


CODED = [
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 2",
    b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2",
    b"HTTP/1.1 204 No Content\r\ncontent-length: 2",
    b"HTTP/1.1 100 Continue\r\ncontent-length: 2",
]


@pytest.mark.parametrize("method", ["POST", "HEAD"])
def test_a_whole_answer_under_a_remembered_head_is_read_as_a_first_one_is(method):
    """In one read, with as much behind its head as is stated, less, or more."""

    def told(heads, raw):
        parser = ResponseParser(method, heads)
        try:
            received = parser.feed(raw)
        except WireError as error:
            return str(error)
        pieces = received.pieces if isinstance(received.pieces, tuple) else "inflated"
        return received.head, pieces, received.is_end, parser.keeps_alive

    for before, head in itertools.product([*HEADS, *CODED], repeat=2):
        for body in (b"", b"{", b"{}", b"{}{}", b"\r\n\r\n", b"x" * 31):
            heads = HeadReader()
            told(heads, before + b"\r\n\r\n{}")
            raw = head + b"\r\n\r\n" + body
            assert told(heads, raw) == told(HeadReader(), raw)


def test_few_heads_are_remembered_and_no_long_ones():
    """A server that never sends the same head twice fills nothing."""
    reader = HeadReader()
    for number in range(3 * MOST_KEPT):
        reader.read(b"HTTP/1.1 200 OK\r\nx-request-id: %d" % number)
    reader.read(b"HTTP/1.1 200 OK\r\nx: " + LONGEST_KEPT * b"y")
    assert sorted(map(len, reader.known)) == [33] * MOST_KEPT


@given(st.lists(st.sampled_from([b"\r", b"\n", b"a", b"\r\n"]), max_size=9).map(b"".join))
def test_a_head_ends_at_its_first_empty_line(data):
    """Also where its lines end in a line feed alone."""
    found = re.compile(rb"\r?\n\r?\n").search(data, 1)
    assert head_end(data, 1) == (found.span() if found else (-1, -1))


def test_a_length_of_very_many_digits_is_no_length():
    """It is more than anybody sends, and no number is made of it."""
    with pytest.raises(WireError):
        read([b"HTTP/1.1 200 OK\r\ncontent-length: " + b"1" * 5000 + b"\r\n\r\n"])
