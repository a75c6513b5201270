"""gzip and deflate as they really come: gzip of several members one after the other (RFC 1952
§2.2), deflate with its zlib header (RFC 9110 §8.4.1.2) and, as many send it, without.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from uniapi.errors import WireError

STEP_BYTES = 64 * 1024
"""So much is inflated at a time: what a small body can grow into never stands in memory at once."""
_GZIP_BITS = 16 + zlib.MAX_WBITS
_CODINGS = {"gzip": _GZIP_BITS, "x-gzip": _GZIP_BITS, "deflate": zlib.MAX_WBITS}
_UNREAD_CODINGS = frozenset({"br", "zstd", "compress", "x-compress", "dcb", "dcz"})
"""Names of compressions (IANA's registry of content codings, 2026-11-30) that we cannot read."""


def inflater_for(encoding: str) -> Inflater | None:
    """What reads a body with this `content-encoding`; None where it is not compressed, whatever
    else the header says (`utf-8`, `none`). Raises WireError for a compression we cannot read.
    """
    named = [name for part in encoding.lower().split(",") if (name := part.strip())]
    codings = [name for name in named if name in _CODINGS or name in _UNREAD_CODINGS]
    if not codings:
        return None
    if len(codings) > 1 or codings[0] in _UNREAD_CODINGS:
        raise WireError(f"the body is compressed as {encoding[:60]!r}, which cannot be read")
    return Inflater(_CODINGS[codings[0]])


class Inflater:
    """One body. Raises WireError for what is broken."""

    def __init__(self, window_bits: int) -> None:
        self._window_bits = window_bits
        self._inflate = zlib.decompressobj(window_bits)
        self._is_deflate = window_bits == zlib.MAX_WBITS
        self._held = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What the bytes inflate to, STEP_BYTES at a time."""
        if self._is_deflate:
            data = self._headed(data)
        while data:
            if self._inflate.eof:
                data = self._next_member(data)
                if not data:
                    return
            out = self._inflated(data)
            if out:
                yield out
            data = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            if not data and len(out) == STEP_BYTES:
                yield from self._rest()

    def end(self) -> None:
        """Raises WireError when more was to come."""
        if self._held or not self._inflate.eof:
            raise WireError("the compressed body is cut off")

    def _headed(self, data: bytes) -> bytes:
        """The first two bytes of deflate say whether there is a header (RFC 1950 §2.2)."""
        data = self._held + data
        if len(data) < 2:
            self._held = data
            return b""
        self._held = b""
        self._is_deflate = False
        has_header = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
        if not has_header:
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        return data

    def _rest(self) -> Iterator[bytes]:
        """What zlib still holds after the last of its input."""
        while out := self._inflated(b""):
            yield out

    def _next_member(self, data: bytes) -> bytes:
        """The bytes of the next gzip member, with a fresh inflater for them; none after deflate,
        nor for the zeros that some pad with.
        """
        rest = (self._held + data).lstrip(b"\0") if self._window_bits == _GZIP_BITS else b""
        self._held = rest if len(rest) < 2 else b""
        if self._held or not rest:
            return b""
        self._inflate = zlib.decompressobj(self._window_bits)
        return rest

    def _inflated(self, data: bytes) -> bytes:
        try:
            return self._inflate.decompress(data, STEP_BYTES)
        except zlib.error as error:
            raise WireError(f"the compressed body is broken: {error}") from None
