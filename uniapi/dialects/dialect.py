"""The faces of a dialect: the pieces that every folder here fills in, and the rest of the program
calls. What serving a client needs is one, what asking an upstream needs another; most folders have
both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from uniapi.canonical import ClientError, Failure, Json, Media, Request, Response
from uniapi.wire import Frame

from .codec import EncodedRequest, EncodedResponse, ReplyContext, UpstreamContext
from .fitting import Fit
from .observer import Observer
from .quirk import Quirk
from .stream_decoder import StreamDecoder
from .stream_encoder import StreamEncoder


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientDialect:
    """A wire format as clients speak it.

    `decode_request(body, model, stream)`: model and stream come from the path where the body lacks
    them (Gemini); raises RequestRefused naming the member. `encode_error(error)` gives the JSON
    body. `ping` keeps a stream alive that has nothing to say yet. `forwarded_headers`: headers of
    the client that belong to the dialect and go along when its words are relayed.
    """

    name: str
    decode_request: Callable[[Mapping[str, Json], str, bool], Request]
    encode_response: Callable[[Response, ReplyContext], EncodedResponse]
    stream_encoder: Callable[[ReplyContext], StreamEncoder]
    encode_error: Callable[[ClientError], Json]
    ping: bytes = b": \n\n"
    forwarded_headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamDialect:
    """A wire format as an upstream is asked in it.

    `family` signs the reasoning of its models. `encode_request(request, quirk)` writes the plain
    dialect; `fit(body, quirk, beside)` makes a body, translated or relayed, what this upstream
    takes. `decode_response(body, context)` raises WireError. `decode_error(status, headers, body)`
    never raises. `needs_inline(media, quirk)`: whether this media must be fetched and sent by
    value.
    """

    name: str
    family: str
    framing: Literal["sse", "json_array", "aws_eventstream"]
    encode_request: Callable[[Request, Quirk], EncodedRequest]
    fit: Fit
    decode_response: Callable[[Json, UpstreamContext], Response]
    stream_decoder: Callable[[UpstreamContext], StreamDecoder]
    decode_error: Callable[[int, Mapping[str, str], bytes], Failure]
    needs_inline: Callable[[Media, Quirk], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayedDialect(UpstreamDialect):
    """One that clients speak too, so that their words can go along as they are.

    `observer` listens to a relayed answer. `usage_frame_only(frame)`: whether a streamed frame
    carries nothing but usage (the chunk a client did not ask for); total, False for what it cannot
    read. `model_paths`: the members that name the model in an answer, streamed or whole, for the
    splice. `needs_translation(body, quirk)`: whether this body of a client cannot be relayed there,
    because the answer to what it becomes must be read differently; total.
    """

    observer: Callable[[], Observer]
    usage_frame_only: Callable[[Frame], bool] = lambda frame: False
    model_paths: tuple[tuple[str, ...], ...] = (("model",),)
    needs_translation: Callable[[Mapping[str, Json], Quirk], bool] = lambda body, quirk: False
