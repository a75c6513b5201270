"""Reading a request's body: bounded in size (after inflation too), in time, and in depth.

Everything wrong with it is refused with what and where.
"""

from __future__ import annotations

import asyncio
from codecs import BOM_UTF8
from collections.abc import AsyncIterator, Iterator
from typing import Any, Protocol

from uniapi.canonical import ClientError, RequestRefused
from uniapi.errors import WireError
from uniapi.wire import (
    LARGE_BYTES,
    MAX_VALUES,
    STEP_BYTES,
    count_many_values,
    dump_json,
    holds_more_values,
    inflater_for,
    load_members,
)

from .body_memory import BodyShare
from .incoming import Incoming

IDLE_S = 30.0
"""A client that sends nothing for so long has stopped."""
TOTAL_S = 300.0


async def read_body(incoming: Incoming, max_bytes: int, share: BodyShare | None = None) -> bytes:
    """The whole body, inflated, as a part of the memory that all bodies have. Raises RequestRefused
    as `body_pieces` does, and 503 when that memory is full.
    """
    whole = body_at_once(incoming, max_bytes, share)
    if whole is not None:
        return whole
    pieces, size = [], 0
    async for data in body_pieces(incoming, max_bytes):
        pieces.append(data)
        size += len(data)
        if share is not None:
            share.grow_to(size)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def body_at_once(
    incoming: Incoming, max_bytes: int, share: BodyShare | None = None
) -> bytes | None:
    """As `read_body`, where all of it has come with its head; None where it has to be waited for,
    or inflated.
    """
    length = incoming.length
    if length is None or length > max_bytes:
        return None
    is_encoded = "content-encoding" in incoming.head.headers and _encoding(incoming)
    whole = None if is_encoded else incoming.body.whole()
    if share is not None and whole is None:
        share.check_room(length)
    elif share is not None:
        share.grow_to(length)
    return whole


async def body_pieces(
    incoming: Incoming, max_bytes: int, *, idle_s: float = IDLE_S, total_s: float = TOTAL_S
) -> AsyncIterator[bytes]:
    """The body as it comes, inflated.

    Raises RequestRefused: 413 too large, 408 too slow, 415 an encoding we cannot read, 400 broken
    compression.
    """
    length = incoming.length
    if length is not None and length > max_bytes:
        raise _too_large(max_bytes)
    inflater = _inflater(_encoding(incoming))
    size = 0
    loop = asyncio.get_running_loop()
    deadline = loop.time() + total_s
    body = incoming.body
    while not body.at_eof():
        try:
            data = await body.read(max(0.0, min(idle_s, deadline - loop.time())))
        except asyncio.TimeoutError:
            raise RequestRefused(
                ClientError(
                    status=408,
                    message="The request body came too slowly.",
                    code="request_timeout",
                    type="invalid_request_error",
                )
            ) from None
        for piece in (data,) if inflater is None else _inflated(inflater, data):
            size += len(piece)
            if size > max_bytes:
                raise _too_large(max_bytes)
            yield piece
            if inflater is not None:
                # A bomb takes its time: others go on meanwhile.
                await asyncio.sleep(0)
    if inflater is not None:
        for _ in _inflated(inflater, None):
            pass


def _encoding(incoming: Incoming) -> str:
    """How the body is encoded; empty where it is not."""
    encoding = incoming.head.headers.get("content-encoding", "").strip().lower()
    return "" if encoding == "identity" else encoding


class _Inflater(Protocol):
    """`feed` gives what the bytes inflate to, STEP_BYTES at a time; `end` raises WireError when
    more was to come. Both do for what is broken.
    """

    def feed(self, data: bytes) -> Iterator[bytes]: ...

    def end(self) -> None: ...


def _inflater(encoding: str) -> _Inflater | None:
    match encoding:
        case "":
            return None
        case "gzip" | "x-gzip" | "deflate":
            return inflater_for(encoding)
        case "zstd":
            return _zstd()
        case other:
            message = (
                f"Content-Encoding {other!r} is not supported: send gzip, deflate or no"
                " compression."
            )
            raise RequestRefused(
                ClientError(
                    status=415,
                    message=message,
                    code="unsupported_encoding",
                    type="invalid_request_error",
                )
            )


def _inflated(inflater: _Inflater, data: bytes | None) -> Iterator[bytes]:
    """What `data` inflates to; None is the end. Raises RequestRefused."""
    try:
        if data is None:
            inflater.end()
        else:
            yield from inflater.feed(data)
    except WireError as error:
        message = str(error)
        raise RequestRefused.bad_request(f"{message[:1].upper()}{message[1:]}.") from None


def _zstd() -> _Inflater:
    try:
        from compression import zstd  # type: ignore[import-not-found, unused-ignore]  # Python 3.14 and newer
    except ImportError:
        message = (
            "Content-Encoding zstd needs a gateway running on Python 3.14 or newer: send gzip,"
            " deflate or no compression."
        )
        raise RequestRefused(
            ClientError(
                status=415,
                message=message,
                code="unsupported_encoding",
                type="invalid_request_error",
            )
        ) from None

    class Zstd:
        def __init__(self) -> None:
            self._inflate = zstd.ZstdDecompressor()

        def feed(self, data: bytes) -> Iterator[bytes]:
            while data or not (self._inflate.needs_input or self._inflate.eof):
                if self._inflate.eof:
                    self._inflate = zstd.ZstdDecompressor()
                try:
                    out: bytes = self._inflate.decompress(data, STEP_BYTES)
                except zstd.ZstdError as error:
                    raise WireError(f"the compressed body is broken: {error}") from None
                data = self._inflate.unused_data if self._inflate.eof else b""
                if out:
                    yield out

        def end(self) -> None:
            if not self._inflate.eof:
                raise WireError("the compressed body is cut off")

    return Zstd()


def _too_large(max_bytes: int) -> RequestRefused:
    message = f"The request body is larger than {max_bytes} bytes (`max_body_bytes`)."
    return RequestRefused(
        ClientError(
            status=413, message=message, code="request_too_large", type="invalid_request_error"
        )
    )


async def read_object(body: bytes) -> tuple[dict[str, Any], bytes]:
    """The JSON object in `body`, and the bytes that say it: written anew where a member stands
    twice, so that nobody who reads them after us finds another value than we did. Raises
    RequestRefused (400) saying what is there instead.
    """
    if len(body) > LARGE_BYTES:
        # So that other streams go on meanwhile.
        return await asyncio.get_running_loop().run_in_executor(None, object_at_once, body)
    return object_at_once(body)


async def count_values(body: bytes) -> int:
    """How many values a large body holds, where they are many."""
    return await asyncio.get_running_loop().run_in_executor(None, count_many_values, body)


async def parse_object(body: bytes) -> dict[str, Any]:
    """The object alone."""
    return (await read_object(body))[0]


def object_at_once(body: bytes) -> tuple[dict[str, Any], bytes]:
    """As `read_object`, for a body of at most LARGE_BYTES, or in a thread."""
    if len(body) > LARGE_BYTES and holds_more_values(body, MAX_VALUES):
        message = f"The request body holds more than {MAX_VALUES} values."
        raise RequestRefused(
            ClientError(
                status=413, message=message, code="request_too_large", type="invalid_request_error"
            )
        )
    try:
        text = body.decode("utf-8-sig") if body[:3] == BOM_UTF8 else body.decode()
        value, has_twins = load_members(text)
    except RecursionError:
        raise RequestRefused.bad_request("The request body is nested too deep.") from None
    except UnicodeDecodeError:
        raise RequestRefused.bad_request("The request body is not UTF-8 text.") from None
    except ValueError as error:
        if not body.strip():
            message = "The request body is empty; a JSON object is expected."
        else:
            message = f"The request body is not valid JSON: {error}."
        raise RequestRefused.bad_request(message) from None
    if not isinstance(value, dict):
        raise RequestRefused.bad_request(
            f"The request body must be a JSON object, not {type(value).__name__}."
        )
    return value, dump_json(value) if has_twins else body
