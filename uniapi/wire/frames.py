"""A frame: one unit of a stream's framing, whatever the framing is, and the face of what cuts bytes into frames."""

from __future__ import annotations

import json
from typing import Any, NamedTuple, Protocol

from uniapi.errors import WireError


class Frame(NamedTuple):
    """`data` is the payload, undecoded; `event` the name it came under (SSE's `event:`, AWS's `:event-type`), None when it has none.

    `raw` holds the frame's own bytes, delimiter included, so that a relay can pass it on verbatim.
    """

    event: str | None
    data: bytes
    raw: bytes


class Framer(Protocol):
    """Bytes in any split → frames. `feed` and `eof` give what is complete; at `eof` a rest that still makes a frame is given too.

    Raises WireError on bytes that cannot be this framing, or a frame larger than its bound.
    """

    def feed(self, data: bytes) -> list[Frame]: ...

    def eof(self) -> list[Frame]: ...


def load_json(data: bytes | str) -> Any:
    """The JSON value in `data`; raises WireError quoting the beginning of what is no JSON, or is nested too deep."""
    try:
        # Decoding first is faster than letting json guess the encoding of bytes (reference/performance.md, section 3).
        return json.loads(data.decode() if isinstance(data, bytes) else data)
    except RecursionError:
        raise WireError("JSON nested too deep") from None
    except ValueError as error:
        shown = data[:80] if isinstance(data, str) else data[:80].decode("utf-8", "replace")
        raise WireError(f"expected JSON, found {shown!r} ({error})") from None


def dump_json(value: Any) -> bytes:
    """Compact JSON, UTF-8; a lone surrogate, which UTF-8 cannot carry, makes the whole text ASCII with escapes."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()
