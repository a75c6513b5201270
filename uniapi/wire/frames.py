"""A frame: one unit of a stream's framing, whatever the framing is, and the face of what cuts bytes
into frames.
"""

from __future__ import annotations

import json
import json.encoder
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from uniapi.errors import WireError

from .json_values import MAX_ANSWER_VALUES, holds_more_values


class Frame(NamedTuple):
    """`data` is the payload, undecoded; `event` the name it came under (SSE's `event:`, AWS's
    `:event-type`), None when it has none.

    `raw` holds the frame's own bytes, delimiter included, so that a relay can pass it on verbatim.
    """

    event: str | None
    data: bytes
    raw: bytes


class Framer(Protocol):
    """Bytes in any split → frames. `feed` and `eof` give what is complete; at `eof` a rest that
    still makes a frame is given too.

    Raises WireError on bytes that cannot be this framing, or a frame larger than its bound. `held`:
    bytes of a frame that is not whole.
    """

    @property
    def held(self) -> int: ...

    def feed(self, data: bytes) -> list[Frame]: ...

    def eof(self) -> list[Frame]: ...


MAX_FRAME_BYTES = 64 * 1024 * 1024
"""An image in base64 fits; an endless line does not."""
MAX_PLAIN_BYTES = 8 * 1024 * 1024
"""What a frame may have in which there is no media."""
_MEDIA = re.compile(rb'[",][A-Za-z0-9+/=_-]{65536}')


def holds_media(data: bytes | bytearray) -> bool:
    """Whether there is base64 in it so long that only a picture, a sound or a file is."""
    return _MEDIA.search(data) is not None


LARGE_BYTES = 1024 * 1024
"""What is larger is read in a thread (see `parse_json`)."""


def parse_json(text: str) -> Any:
    """`json.loads`, which keeps every other thread waiting until it has read the whole text, but
    for a large one: there the hook, a line of Python for each object, lets them in.

    Measured with 10 MB of embeddings in a thread: the event loop stood still for 427 ms without it,
    for 21 ms with it, and reading takes as long. Raises what `json.loads` raises.
    """
    if len(text) > LARGE_BYTES:
        return json.loads(text, object_hook=give_way)
    # The library's own four steps around this one cost as much as a small body does; it says what
    # is wrong.
    try:
        value, end = _scan(text, 0)
    except StopIteration:
        return json.loads(text)
    return value if end == len(text) or not text[end:].strip(_BLANK) else json.loads(text)


_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # what `raw_decode` calls
_BLANK = " \t\n\r"


def give_way(value: dict[str, Any]) -> dict[str, Any]:
    """An `object_hook` that changes nothing."""
    return value


def load_json(data: bytes | str) -> Any:
    """The JSON value in `data`; raises WireError quoting the beginning of what is no JSON, or for
    what is nested too deep or holds too many values.
    """
    if len(data) > LARGE_BYTES:
        _check_values(data if isinstance(data, bytes) else data.encode("utf-8", "replace"))
    try:
        # Decoding first is faster than letting json guess the encoding of bytes.
        text = data.decode() if isinstance(data, bytes) else data
        return parse_json(text)
    except RecursionError:
        raise WireError("JSON nested too deep") from None
    except ValueError as error:
        shown = data[:80] if isinstance(data, str) else data[:80].decode("utf-8", "replace")
        raise WireError(f"expected JSON, found {shown!r} ({error})") from None


def _check_values(data: bytes) -> None:
    if holds_more_values(data, MAX_ANSWER_VALUES):
        raise WireError(f"JSON of more than {MAX_ANSWER_VALUES} values")


def dump_json(value: Any) -> bytes:
    """Compact JSON, UTF-8; a lone surrogate, which UTF-8 cannot carry, makes the whole text ASCII
    with escapes.
    """
    try:
        return "".join(_write(value, 0)).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def _writer() -> Callable[[Any, int], Iterable[str]]:
    """What the library's encoder writes values with. That makes one for each value, and has it
    remember every object on the way, to find one that holds itself: none of ours does, and it would
    end in a RecursionError as what is nested too deep.
    """
    plain = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return lambda value, level: [plain.encode(value)]
    write: Callable[[Any, int], Iterable[str]] = make(
        *(None, plain.default, json.encoder.encode_basestring, None),
        *(plain.key_separator, plain.item_separator, False, False, True),
    )
    return write


_write = _writer()


@lru_cache(maxsize=1024)
def dump_text(text: str) -> bytes:
    """`dump_json` of a short text that comes again and again, such as the name of a model."""
    return dump_json(text)
