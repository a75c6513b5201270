"""The faces of a dialect: the pieces that every folder here fills in, and the rest of the program
calls. What serving a client needs is one, what asking an upstream needs another; most folders have
both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, Protocol, TypeAlias

from uniapi.canonical import (
    NO_NEEDS,
    ClientError,
    DialectNeeds,
    Failure,
    Json,
    Media,
    Request,
    Response,
    ToolCall,
)
from uniapi.values import dataclass, field
from uniapi.wire import Frame

from .codec import EncodedRequest, EncodedResponse, ReplyContext, UpstreamContext
from .counting import Counting
from .deferred import Deferrable
from .fitting import Fit
from .observer import Observer
from .quirk import Quirk
from .stream_decoder import StreamDecoder
from .stream_encoder import StreamEncoder


class KnownModel(Protocol):
    """What may be known of a model, for a list of models; None or empty: nothing."""

    @property
    def context_length(self) -> int | None: ...

    @property
    def max_output_tokens(self) -> int | None: ...

    @property
    def input_modalities(self) -> tuple[str, ...]: ...

    @property
    def output_modalities(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelList:
    """How a dialect lists models: `encode_entry(alias, known)` is one of them, `encode_list` the
    list of these entries.
    """

    encode_entry: Callable[[str, KnownModel], dict[str, Json]]
    encode_list: Callable[[Sequence[dict[str, Json]]], dict[str, Json]]


def _no_ids(body: Mapping[str, Json]) -> Iterable[tuple[str, Json]]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedIdFinder:
    """Ids in a request that live with the account which issued them. `find(body)` yields (member,
    id) for any body, however hostile; one without any of `marks` in its bytes names none.
    `find_mentions(body)`: those that only repeat what was answered, and may be looked up all the
    same.
    """

    marks: tuple[bytes, ...] = ()
    find: Callable[[Mapping[str, Json]], Iterable[tuple[str, Json]]] = _no_ids
    find_mentions: Callable[[Mapping[str, Json]], Iterable[tuple[str, Json]]] = _no_ids


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientDialect(Deferrable):
    """A wire format as clients speak it.

    `decode_request(body, model, stream)`: model and stream come from the path where the body lacks
    them (Gemini); raises RequestRefused naming the member. `encode_error(error)` gives the JSON
    body. `model_list`: how it lists models.
    """

    name: str
    decode_request: Callable[[Mapping[str, Json], str, bool], Request]
    encode_response: Callable[[Response, ReplyContext], EncodedResponse]
    stream_encoder: Callable[[ReplyContext], StreamEncoder]
    encode_error: Callable[[ClientError], Json]
    model_list: ModelList
    conversation: Mapping[str, tuple[type, ...]] = field(default_factory=dict)
    """The members of which one must be there, with the types it may have: the first is the one
    whose absence is told. Empty: a request may say anything.
    """
    issued_ids: IssuedIdFinder = IssuedIdFinder()
    encode_count: Callable[[int], dict[str, Json]] = lambda tokens: {"input_tokens": tokens}
    """The answer of a token count."""
    counted: Callable[[Mapping[str, Json]], Mapping[str, Json]] = lambda body: body
    """The request in the body of a token count."""
    framing: Callable[[Mapping[str, str]], Literal["sse", "json_array"]] = lambda query: "sse"
    """How a stream is framed, by the query of the request."""
    ping: bytes = b": \n\n"
    """Keeps a stream alive that has nothing to say yet."""
    wants_usage: Callable[[Mapping[str, Json]], bool] = lambda body: True
    """Whether a stream reports its usage, by the body of the request."""
    begins_with_usage: bool = False
    """A stream's first event states the tokens read: an estimate, where the upstream's do not."""
    keeps_items: bool = False
    """An answer's items may be named by their ids in a later request."""
    needs: Callable[[Mapping[str, Json]], DialectNeeds] = lambda body: NO_NEEDS
    """What of the body of a request decides in which dialect an upstream is asked for it; total."""
    forwarded_headers: tuple[str, ...] = ()
    """Headers of the client that belong to the dialect and go along when its words are relayed."""
    own_headers: tuple[str, ...] = ()
    own_query: tuple[str, ...] = ()
    """Headers and query members by which a client tells that it speaks this dialect, where the path
    does not.
    """
    operation_shape: str = "openai"
    """Whose bodies the operations beside chat have at its clients (see `operations`)."""


EncodeRequest: TypeAlias = Callable[[Request, Quirk], EncodedRequest]


def without_facts(encode: Callable[[Request], EncodedRequest]) -> EncodeRequest:
    """An encoder that writes its plain dialect, where one is wanted that may read a vendor's facts;
    `fit` minds them afterwards.
    """
    return lambda request, quirk: encode(request)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamDialect(Deferrable):
    """A wire format as an upstream is asked in it.

    `family` signs the reasoning of its models. `encode_request(request, quirk)` writes a body: the
    plain one (`without_facts`), except for Converse, which has none. There every maker's parameters
    stand in `additionalModelRequestFields` under the names of its own API, and what one maker's
    model says with a member another must be told in words; no client speaks it, so no relayed body
    needs the same facts. `fit(body, quirk, beside)` makes a body, translated or relayed, what this
    upstream takes. `decode_response(body, context)` raises WireError. `decode_error(status,
    headers, body)` never raises. `needs_inline(media, quirk)`: whether this media must be fetched
    and sent by value. `may_end_empty(body)`: whether an answer to this body that says nothing is
    whole when it ended by the word `end_turn`; total.
    """

    name: str
    family: str
    framing: Literal["sse", "json_array", "aws_eventstream"]
    encode_request: EncodeRequest
    fit: Fit
    decode_response: Callable[[Json, UpstreamContext], Response]
    stream_decoder: Callable[[UpstreamContext], StreamDecoder]
    decode_error: Callable[[int, Mapping[str, str], bytes], Failure]
    needs_inline: Callable[[Media, Quirk], bool]
    may_end_empty: Callable[[Mapping[str, Json]], bool] = lambda body: False
    counting: Counting | None = None
    """How it counts tokens; None: it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayedDialect(UpstreamDialect):
    """One that clients speak too, so that their words can go along as they are.

    `observer` listens to a relayed answer. `usage_frame_only(frame)`: whether a streamed frame
    carries nothing but usage (the chunk a client did not ask for); total, False for what it cannot
    read. `model_paths`: the members that name the model in an answer, streamed or whole, for the
    splice. `needs_translation(body, quirk)`: whether this body of a client cannot be relayed there,
    because the answer to what it becomes must be read differently; total. `lost_calls(body)`: the
    calls of earlier turns that came back without what a model said beside them; total.
    """

    observer: Callable[[], Observer]
    usage_frame_only: Callable[[Frame], bool] = lambda frame: False
    model_paths: tuple[tuple[str, ...], ...] = (("model",),)
    needs_translation: Callable[[Mapping[str, Json], Quirk], bool] = lambda body, quirk: False
    lost_calls: Callable[[Mapping[str, Json]], Iterable[ToolCall]] = lambda body: ()
