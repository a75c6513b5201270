"""What a codec of an operation is: a client's request as a value, the bodies to be sent upstream,
the answer for the client; and how members of a request are read.

A codec stands for one operation toward one upstream shape. It is two pure functions, and a stream
piece where the client may ask for one. Rules:

- what the upstream cannot say at all is a RequestRefused naming the member; what it can only leave
  out is listed in `losses`;
- an upstream that takes fewer items at a time than the client sent gets several bodies; their
  answers are read together, in order;
- an answer that does not follow its format is a WireError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn, Protocol

from uniapi.canonical import Json, Operation, RequestRefused, Usage
from uniapi.errors import WireError
from uniapi.values import dataclass
from uniapi.wire import load_json

MAX_BODIES = 100
"""Upstream requests that one client request may become."""

MAX_NUMBER = 1e15
"""No setting of a request is as large; what is (or is not finite) would only break arithmetic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedFile:
    """A file out of a multipart form: its field's name, its own name and media type as stated, and
    its bytes.
    """

    field: str
    filename: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRequest:
    """A client's request. `body` holds the members of the JSON object, or the text fields of a form
    (`members_of_form`); `model` is the upstream's name for it.

    `requested_model` is what the answer names, `created_s` the time it states (epoch).
    """

    operation: Operation
    model: str
    body: Mapping[str, Json]
    files: tuple[UploadedFile, ...] = ()
    requested_model: str = ""
    created_s: int = 0
    header_usage: Usage | None = None
    """While an answer is decoded: what its headers state, for formats whose bodies are silent
    (`usage_of_headers`).
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedOperation:
    """What to send. `bodies` are complete JSON objects, the model named in them where the format
    wants it; nearly always one.

    `verb`: Google's verb (`predict`) when it is another than the one the address ends in.
    `is_stream`: the upstream is to be asked for a stream, and its frames go to the codec's stream
    piece.
    """

    bodies: tuple[Mapping[str, Json], ...]
    losses: tuple[str, ...] = ()
    verb: str | None = None
    is_stream: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationAnswer:
    """The answer for the client, and what it cost."""

    body: bytes
    content_type: str = "application/json"
    usage: Usage | None = None


class OperationStream(Protocol):
    """Turns the data of an upstream's frames into bytes for the client.

    Raises WireError for what is no frame of its format.
    """

    content_type: str
    usage: Usage | None

    def feed(self, data: bytes) -> bytes: ...

    def eof(self) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationCodec:
    """One operation toward one upstream shape.

    `decode_response` takes the answers to all bodies, in order.
    """

    encode_request: Callable[[OperationRequest], EncodedOperation]
    decode_response: Callable[[OperationRequest, Sequence[bytes]], OperationAnswer]
    stream: Callable[[OperationRequest], OperationStream] | None = None


def refuse(member: str, message: str) -> NoReturn:
    raise RequestRefused.bad_request(message, param=member)


def required_text(body: Mapping[str, Json], name: str) -> str:
    value = optional_text(body, name)
    if not value:
        refuse(name, f"{name!r} is missing: expected a text that is not empty")
    return value


def optional_text(body: Mapping[str, Json], name: str) -> str | None:
    value = body.get(name)
    if value is None or isinstance(value, str):
        return value
    refuse(name, f"{name!r} is {kind_of(value)}: expected a text")


def optional_number(body: Mapping[str, Json], name: str) -> float | None:
    """A number, or its spelling, which is all a form can carry."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, str):
        spelled = value
        try:
            value = float(spelled)
        except ValueError:
            refuse(name, f"{name!r} is {spelled[:40]!r}: expected a number")
    if isinstance(value, bool) or not isinstance(value, int | float):
        refuse(name, f"{name!r} is {kind_of(value)}: expected a number")
    if not -MAX_NUMBER < value < MAX_NUMBER:
        refuse(name, f"{name!r} is out of all bounds: expected a number")
    return value


def optional_count(body: Mapping[str, Json], name: str, *, most: int | None = None) -> int | None:
    """A whole number from 1 to `most`."""
    value = optional_number(body, name)
    if value is None:
        return None
    if value != int(value) or value < 1 or (most is not None and value > most):
        refuse(
            name,
            f"{name!r} is {value:g}: expected a whole number from 1"
            + (f" to {most}" if most is not None else ""),
        )
    return int(value)


def optional_texts(body: Mapping[str, Json], name: str) -> list[str]:
    """A list of texts; a single text counts as a list of one."""
    value = body.get(name)
    if value is None:
        return []
    items = value if isinstance(value, list) else [value]
    for index, item in enumerate(items):
        if not isinstance(item, str):
            refuse(f"{name}[{index}]", f"'{name}[{index}]' is {kind_of(item)}: expected a text")
    return items


def is_true(value: Json) -> bool:
    """A flag, as JSON or as a form spells it."""
    return value is True or (isinstance(value, str) and value.strip().lower() in ("true", "1"))


def stated_members(body: Mapping[str, Json], *, except_for: frozenset[str]) -> tuple[str, ...]:
    """The members that say something (null says nothing) and are none of `except_for`: what a codec
    loses.
    """
    return tuple(
        name for name, value in body.items() if value is not None and name not in except_for
    )


def kind_of(value: Json) -> str:
    """What a value is, for a message."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    names = {str: "a text", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)


def load_object(data: bytes) -> dict[str, Json]:
    """An answer that must be a JSON object."""
    value = load_json(data)
    if not isinstance(value, dict):
        raise WireError(f"expected a JSON object as the answer, found {kind_of(value)}")
    return value


def in_batches(items: Sequence[Json], size: int, member: str) -> list[Sequence[Json]]:
    """`items` in lists of at most `size`; refused when that makes too many requests."""
    if len(items) > size * MAX_BODIES:
        refuse(
            member,
            f"{member!r} has {len(items)} items: this upstream takes {size} at a time, and at most"
            f" {size * MAX_BODIES} in one request here",
        )
    return [items[start : start + size] for start in range(0, len(items), size)]
