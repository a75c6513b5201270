"""The face of a dialect: the pieces that every folder here fills in, and the rest of the program
calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from uniapi.canonical import ClientError, Failure, Json, Media, Request, Response
from uniapi.wire import Frame

from .codec import EncodedRequest, EncodedResponse, ReplyContext, UpstreamContext
from .observer import Observer
from .quirk import Quirk
from .stream_decoder import StreamDecoder
from .stream_encoder import StreamEncoder


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """A wire format as its pieces. A dialect that is only spoken upstream has None for what only a
    client's dialect needs.

    `decode_request(body, model, stream)`: model and stream come from `peek` (Gemini keeps both in
    the path); raises RequestRefused naming the member. `encode_request(request, quirk)`.
    `decode_response(body, context)` raises WireError. `decode_error(status, headers, body)` never
    raises. `encode_error(error)` gives the JSON body. `needs_inline(media, quirk)`: whether this
    media must be fetched and sent by value. `is_event_stream` framing names: `sse`, `json_array`,
    `aws_eventstream`. `usage_frame_only(frame)`: whether a streamed frame carries nothing but usage
    (the chunk a client did not ask for); total, False for what it cannot read. `model_paths`: the
    members that name the model in an answer, for the relay's splice, streamed or whole.
    `repair(body, quirk)`: a relayed request body as a shallow copy in which only what the quirk
    forbids is changed (a refused member dropped, a role renamed), and the losses.
    """

    name: str
    family: str
    framing: Literal["sse", "json_array", "aws_eventstream"]
    encode_request: Callable[[Request, Quirk], EncodedRequest]
    decode_response: Callable[[Json, UpstreamContext], Response]
    stream_decoder: Callable[[UpstreamContext], StreamDecoder]
    decode_error: Callable[[int, Mapping[str, str], bytes], Failure]
    needs_inline: Callable[[Media, Quirk], bool]
    observer: Callable[[], Observer] | None = None
    decode_request: Callable[[Mapping[str, Json], str, bool], Request] | None = None
    encode_response: Callable[[Response, ReplyContext], EncodedResponse] | None = None
    stream_encoder: Callable[[ReplyContext], StreamEncoder] | None = None
    encode_error: Callable[[ClientError], Json] | None = None
    usage_frame_only: Callable[[Frame], bool] = lambda frame: False
    model_paths: tuple[tuple[str, ...], ...] = (("model",),)
    repair: (
        Callable[[Mapping[str, Json], Quirk], tuple[dict[str, Json], tuple[str, ...]]] | None
    ) = None
    ping: bytes = b": \n\n"
