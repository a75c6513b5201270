"""A request's body: bounded in size, also while it is inflated, and in time; every encoding that is
offered.
"""

import asyncio
import gzip
import json
import tracemalloc
import zlib

import pytest

from uniapi.canonical import RequestRefused
from uniapi.server.body import body_pieces, parse_object, read_body
from uniapi.server.incoming import Incoming
from uniapi.wire import MAX_VALUES, RequestHead

LIMIT = 8 * 1024 * 1024
TEXT = b'{"model":"m","input":"' + b"hello " * 100 + b'"}'


class Content:
    """A body that comes in these pieces; `then` is awaited where they end, instead of the end."""

    def __init__(self, pieces, then=None):
        self.pieces = list(pieces)
        self.then = then

    def whole(self):
        return None

    def at_eof(self):
        return not self.pieces and self.then is None

    async def read(self, seconds):
        if not self.pieces:
            return await asyncio.wait_for(self.then(), seconds)
        return self.pieces.pop(0)


def Request(content, encoding="", length=None):
    head = RequestHead("POST", "/", "", {"content-encoding": encoding}, length, True, True)
    return Incoming(head, content, line=None)


async def drain(request, sizes, **times):
    async for piece in body_pieces(request, LIMIT, **times):
        sizes.append(len(piece))


def split(data, size):
    return [data[start : start + size] for start in range(0, len(data), size)]


def raw_deflate(data):
    made = zlib.compressobj(wbits=-15)
    return made.compress(data) + made.flush()


# Without a time stamp: what stands in a test's name must be the same in every process.
ENCODED = [
    ("", TEXT),
    ("gzip", gzip.compress(TEXT, mtime=0)),
    ("x-gzip", gzip.compress(TEXT[:30], mtime=0) + gzip.compress(TEXT[30:], mtime=0)),
    ("gzip", gzip.compress(TEXT, mtime=0) + bytes(100)),
    ("deflate", zlib.compress(TEXT)),
    ("deflate", raw_deflate(TEXT)),
]


@pytest.mark.parametrize("size", [2, 7, 10_000])
@pytest.mark.parametrize("encoding, data", ENCODED)
async def test_every_encoding_in_any_pieces_gives_the_body(encoding, data, size):
    """gzip of several members and with padding behind it, deflate with and without its header."""
    body = await read_body(Request(Content(split(data, size)), encoding), LIMIT)
    assert body == TEXT


@pytest.mark.parametrize("size", [1, 7, 10_000])
async def test_zstd_where_python_has_it(size):
    """Python 3.14: one frame or several, cut off, broken, and a bomb."""
    zstd = pytest.importorskip("compression.zstd")
    for data in (zstd.compress(TEXT), zstd.compress(TEXT[:30]) + zstd.compress(TEXT[30:])):
        body = await read_body(Request(Content(split(data, size)), "zstd"), LIMIT)
        assert body == TEXT
    for data, status in (
        (zstd.compress(TEXT)[:-3], 400),
        (b"no zstd at all", 400),
        (zstd.compress(bytes(LIMIT + 1)), 413),
    ):
        with pytest.raises(RequestRefused) as refused:
            await read_body(Request(Content(split(data, size)), "zstd"), LIMIT)
        assert refused.value.error.status == status


@pytest.mark.parametrize("size", [1, 10_000])
@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(TEXT, mtime=0)[:-4],
        gzip.compress(TEXT, mtime=0) + b"\x1f",
        b"no gzip at all",
        gzip.compress(TEXT, mtime=0) + b"garbage",
    ],
)
async def test_compression_that_is_broken_or_cut_off_is_400(data, size):
    """Never half a body that happens to make sense."""
    with pytest.raises(RequestRefused) as refused:
        await read_body(Request(Content(split(data, size)), "gzip"), LIMIT)
    assert refused.value.error.status == 400


async def test_an_unknown_encoding_is_415():
    """It is named, and nothing is read."""
    with pytest.raises(RequestRefused) as refused:
        await read_body(Request(Content([b"x"]), "br"), LIMIT)
    assert (refused.value.error.status, "'br'" in refused.value.error.message) == (415, True)


@pytest.mark.parametrize("encoding, pack", [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_a_bomb_is_413_and_never_stands_in_memory(encoding, pack):
    """64 MiB in 64 KB: what is taken from it piece by piece costs no more than a few pieces."""
    request = Request(Content([pack(bytes(64 * 1024 * 1024))]), encoding)
    sizes = []
    tracemalloc.start()
    with pytest.raises(RequestRefused) as refused:
        await drain(request, sizes)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (refused.value.error.status, sum(sizes) <= LIMIT) == (413, True)
    assert peak < 2 * 1024 * 1024


async def test_a_body_is_refused_by_what_it_says_or_by_what_comes():
    """413 before anything is read when the length is stated, else as soon as it is too much."""
    for request, left in (
        (Request(Content([b"x" * 11]), length=11), 1),
        (Request(Content([b"x" * 11, b"y"])), 1),
    ):
        with pytest.raises(RequestRefused) as refused:
            await read_body(request, 10)
        assert (refused.value.error.status, len(request.body.pieces)) == (413, left)


async def test_a_client_that_falls_silent_or_drips_is_408():
    """Between two pieces, and over all of them."""

    async def drip():
        await asyncio.sleep(0)
        return b"x"

    for then, times in ((asyncio.Event().wait, {"idle_s": 0.01}), (drip, {"total_s": 0.05})):
        with pytest.raises(RequestRefused) as refused:
            await drain(Request(Content([b"{"], then)), [], **times)
        assert refused.value.error.status == 408


FINE = [
    b'{"input": [' + b",".join([b"{}"] * MAX_VALUES) + b"]}",
    b'{"input": {'
    + b",".join(b'"%06x":[[],[],[],[]]' % number for number in range(MAX_VALUES // 8))
    + b"}}",
    b'{"input": [' + b",".join([b"1.5"] * MAX_VALUES) + b"]}",
]


@pytest.mark.parametrize("body", FINE, ids=["objects", "members", "numbers"])
async def test_a_body_of_very_many_values_is_413(body):
    """What is small on the wire would be a hundred times as large in memory."""
    with pytest.raises(RequestRefused) as refused:
        await parse_object(body)
    assert (refused.value.error.status, str(MAX_VALUES) in refused.value.error.message) == (
        413,
        True,
    )


async def test_texts_may_hold_whatever_they_like():
    """A large table, JSON in a text: what stands in quotes is no value."""
    text = '"1,2,[3],{\\"a\\": 4}\\\\"' * 100_000
    for body in ({"input": text, "n": 1}, {"input": ["a,b,c,d"] * 100_000 + [","] * 1000}):
        assert await parse_object(json.dumps(body).encode()) == body
