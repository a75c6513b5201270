"""Which of the six pipes reads an answer: decided when its head is known, because upstreams do not
always stream as they were asked.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from uniapi.canonical import (
    Failure,
    FoldError,
    Request,
    Response,
    ResponseFailed,
    estimate_text_tokens,
    unfold,
    without_turns,
)
from uniapi.dialects import (
    PLAIN,
    SHAPE_ERRORS,
    CallIds,
    ClientDialect,
    EncodedResponse,
    Quirk,
    RelayedDialect,
    ReplyContext,
    UpstreamContext,
    UpstreamDialect,
    called_in,
    with_own_ids,
)
from uniapi.errors import WireError
from uniapi.values import dataclass
from uniapi.wire import Framer, ResponseHead, dump_json

from .framing import frame_writer, framing_of, with_stated_model
from .pipe import Pipe, text_of
from .relay import RelayStream, RelayWhole
from .translate import Fold, TranslateStream, TranslateWhole, Unfold
from .turn_reader import TurnReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Who stands on both sides of an answer, the same for all calls of a kind: `client` is the
    dialect the client reads, `dialect` the upstream's, `stream` what the client asked for.
    """

    client: ClientDialect
    dialect: UpstreamDialect
    stream: bool
    quirk: Quirk = PLAIN


@dataclass(slots=True)  # a value; freezing it would triple what it costs each call
class PipeChoice:
    """`model`: the name a relay splices in, None: none. `request` is what was translated.

    `probes_text`: error triggers are looked for, so a relay is decoded beside. `drops_usage`: the
    relay asked for a usage chunk that the client did not.
    """

    sides: Sides
    reply: ReplyContext
    model: str | None
    request: Request | None = None
    probes_text: bool = False
    drops_usage: bool = False
    remembers: bool = False
    """A client of the same dialect may lose what the vendor wants back of this answer."""
    called: set[str] | None = None
    """The ids of all calls before, of which the upstream may give one again; None: not known to do
    so, and nothing is looked for in a relay.
    """
    ids: CallIds | None = None
    """Gives the calls of a translated answer their ids; None: there are no tools to be called."""
    framing: Callable[[], Framer] | None = None
    """Makes what cuts the answer into frames, once it has shown that it is streamed."""

    def relay(self, head: ResponseHead) -> Pipe:
        """The same dialect on both sides; framing may differ, and an answer that is streamed
        against the client's wish (or the reverse) is translated after all.
        """
        sides, framer = self.sides, self._framer(head)
        dialect = sides.dialect
        if not isinstance(dialect, RelayedDialect) or (framer is None) is sides.stream:
            return self.translate(head)
        ids = CallIds(self.called, self.reply.id_seed) if self.called else None
        if framer is None:
            model = self.model
            named = (
                None if model is None else partial(with_stated_model, dialect=dialect, model=model)
            )
            return RelayWhole(
                dialect.observer(),
                named if ids is None else partial(_with_calls, ids=ids, named=named),
                self._read_turn if self.remembers else None,
                probes_text=self.probes_text,
            )
        writer = frame_writer(
            framer,
            dialect,
            client_array=self.reply.framing == "json_array",
            model=self.model,
            drops_usage=self.drops_usage,
            ids=ids,
        )
        is_read = self.probes_text or self.remembers
        return RelayStream(
            framer,
            dialect.observer(),
            self._ended,
            writer,
            dialect.stream_decoder(self._upstream()) if is_read else None,
            probes_text=self.probes_text,
            turn=self._turn_reader() if self.remembers else None,
        )

    def translate(self, head: ResponseHead) -> Pipe:
        sides, framer, turn = self.sides, self._framer(head), self._turn_reader()
        client, request = sides.client, self.request
        if request is not None and request.tools:
            self.ids = CallIds(called_in(request), self.reply.id_seed)
        if framer is not None:
            if sides.stream:
                # It may be open for minutes, and what was said before may be large.
                self.request = without_turns(self.request)
                self.reply.request = without_turns(self.reply.request)
            decoder = sides.dialect.stream_decoder(self._upstream())
            if sides.stream:
                return TranslateStream(
                    framer,
                    decoder,
                    client.stream_encoder(self.reply),
                    probes_text=self.probes_text,
                    turn=turn,
                    ids=self.ids,
                )
            return Fold(framer, decoder, self._encode, dump_json, turn, self.ids)
        if sides.stream:
            return Unfold(self._decode, client.stream_encoder(self.reply), turn)
        return TranslateWhole(self._decode, self._encode, dump_json, turn)

    def count_output(self, beginning: bytes) -> int:
        """The tokens, roughly, in the beginning of an answer, where it is streamed."""
        if self.framing is None:
            return 0
        framer = self.framing()
        decoder = self.sides.dialect.stream_decoder(self._upstream())
        try:
            events = [event for frame in framer.feed(beginning) for event in decoder.feed(frame)]
        except WireError:
            return 0
        return estimate_text_tokens("".join(map(text_of, events)))

    def _framer(self, head: ResponseHead) -> Framer | None:
        framing = self.framing = framing_of(head, self.sides.dialect, self.sides.stream)
        return None if framing is None else framing()

    def _ended(self, failure: Failure) -> list[bytes]:
        """How a stream that has begun ends in a failure, in the client's dialect."""
        return ending(self.sides.client, self.reply, failure)

    def _upstream(self) -> UpstreamContext:
        return UpstreamContext(self.sides.quirk, self.reply.id_seed, self.request)

    def _turn_reader(self) -> TurnReader:
        return TurnReader(keeps_unsigned=self.sides.quirk.needs_reasoning != "no")

    def _read_turn(self, body: Any) -> TurnReader | None:
        """What is to be remembered of a whole answer; None where it cannot be read."""
        turn = self._turn_reader()
        try:
            events = unfold(self._decode(body))
        except (WireError, FoldError, *SHAPE_ERRORS):
            return None
        for event in events:
            turn.note(event)
        return turn

    def _decode(self, body: Any) -> Response:
        response = self.sides.dialect.decode_response(body, self._upstream())
        return response if self.ids is None else self.ids.in_response(response)

    def _encode(self, response: Response) -> EncodedResponse:
        return self.sides.client.encode_response(response, self.reply)


def _with_calls(
    body: bytes, value: Any, ids: CallIds, named: Callable[[bytes, Any], bytes] | None
) -> bytes:
    """A whole answer with its calls under ids of their own, and the model's name in it."""
    renamed = with_own_ids(value, ids)
    if renamed is not value:
        body = dump_json(renamed)
    return body if named is None else named(body, renamed)


def ending(
    client: ClientDialect, reply: ReplyContext, failure: Failure, *, has_output: bool = True
) -> list[bytes]:
    """How a stream that has begun ends in a failure, in the client's dialect.

    `has_output`: something of an answer was sent, not only heartbeats.
    """
    encoder = client.stream_encoder(reply)
    if has_output or reply.framing == "sse":
        encoder.join_midway()
    return encoder.feed(ResponseFailed(failure=failure))
