"""Compressed bodies as they really come, at any split."""

import gzip
import itertools
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uniapi.errors import WireError
from uniapi.wire import STEP_BYTES, inflater_for

TEXT = b"so much of the same, so much of the same"
RAW = zlib.compressobj(wbits=-zlib.MAX_WBITS)
BODIES = [
    ("gzip", gzip.compress(TEXT, mtime=0), TEXT),
    ("x-gzip", gzip.compress(TEXT, mtime=0), TEXT),
    ("GZIP, identity", gzip.compress(TEXT, mtime=0), TEXT),
    ("gzip", gzip.compress(TEXT, mtime=0) + gzip.compress(b"more", mtime=0), TEXT + b"more"),
    ("gzip", gzip.compress(TEXT, mtime=0) + b"\0\0\0", TEXT),
    ("deflate", zlib.compress(TEXT), TEXT),
    ("deflate", RAW.compress(TEXT) + RAW.flush(), TEXT),
]


@pytest.mark.parametrize(("encoding", "body", "text"), BODIES)
@given(cuts=st.lists(st.integers(0, 200), max_size=6))
def test_a_body_inflates_wherever_it_is_cut(encoding, body, text, cuts):
    """Several members, a padded end, deflate with its header and without."""
    places = sorted({0, len(body), *(cut % len(body) for cut in cuts)})
    inflater = inflater_for(encoding)
    out = b""
    for start, end in itertools.pairwise(places):
        out += b"".join(inflater.feed(body[start:end]))
    inflater.end()
    assert out == text


def test_what_grows_large_comes_in_steps():
    """A bomb never stands in memory at once."""
    pieces = list(inflater_for("gzip").feed(gzip.compress(b"0" * (5 * STEP_BYTES + 7))))
    assert [len(piece) for piece in pieces] == [STEP_BYTES] * 5 + [7]


@pytest.mark.parametrize("encoding", ["", "identity", "utf-8", "none", "binary"])
def test_what_names_no_compression_is_read_as_it_is(encoding):
    """Servers write all kinds of words there."""
    assert inflater_for(encoding) is None


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, br", "gzip, gzip"])
def test_a_compression_that_cannot_be_read_is_named(encoding):
    with pytest.raises(WireError, match=encoding):
        inflater_for(encoding)


def test_a_body_that_is_cut_off_or_broken_says_so():
    inflater = inflater_for("gzip")
    list(inflater.feed(gzip.compress(TEXT)[:-4]))
    with pytest.raises(WireError, match="cut off"):
        inflater.end()
    with pytest.raises(WireError, match="broken"):
        list(inflater_for("gzip").feed(b"no gzip at all"))
