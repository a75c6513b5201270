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
)
from uniapi.dialects import (
    PLAIN,
    SHAPE_ERRORS,
    ClientDialect,
    EncodedResponse,
    Quirk,
    RelayedDialect,
    ReplyContext,
    UpstreamContext,
    UpstreamDialect,
)
from uniapi.errors import WireError
from uniapi.values import dataclass
from uniapi.wire import Framer, ResponseHead, dump_json

from .framing import frame_writer, framing_of, with_stated_model
from .pipe import Pipe, text_of
from .relay import RelayStream, RelayWhole
from .translate import Fold, TranslateStream, TranslateWhole, Unfold
from .turn_reader import TurnReader


@dataclass(slots=True, kw_only=True)  # a value; freezing it would triple what it costs each call
class PipeChoice:
    """`client` is the dialect the client reads, `dialect` the upstream's, `stream` what the client
    asked for. `model`: the name a relay splices in, None: none. `request` is what was translated.

    `drops_usage`: the relay asked for a usage chunk that the client did not. `probes_text`: error
    triggers are looked for, so a relay is decoded beside.
    """

    client: ClientDialect
    dialect: UpstreamDialect
    stream: bool
    model: str | None
    reply: ReplyContext
    quirk: Quirk = PLAIN
    request: Request | None = None
    probes_text: bool = False
    drops_usage: bool = False
    remembers: bool = False
    """A client of the same dialect may lose what the vendor wants back of this answer."""
    framing: Callable[[], Framer] | None = None
    """Makes what cuts the answer into frames, once it has shown that it is streamed."""

    def relay(self, head: ResponseHead) -> Pipe:
        """The same dialect on both sides; framing may differ, and an answer that is streamed
        against the client's wish (or the reverse) is translated after all.
        """
        dialect = self.dialect
        framer = self._framer(head)
        if not isinstance(dialect, RelayedDialect) or (framer is None) is self.stream:
            return self.translate(head)
        if framer is None:
            return RelayWhole(
                dialect.observer(),
                None
                if self.model is None
                else partial(with_stated_model, dialect=dialect, model=self.model),
                self._read_turn if self.remembers else None,
                probes_text=self.probes_text,
            )
        writer = frame_writer(
            framer,
            dialect,
            client_array=self.reply.framing == "json_array",
            model=self.model,
            drops_usage=self.drops_usage,
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
        client = self.client
        framer = self._framer(head)
        turn = self._turn_reader()
        if framer is not None:
            decoder = self.dialect.stream_decoder(self._upstream())
            if self.stream:
                return TranslateStream(
                    framer,
                    decoder,
                    client.stream_encoder(self.reply),
                    probes_text=self.probes_text,
                    turn=turn,
                )
            return Fold(framer, decoder, self._encode, dump_json, turn)
        if self.stream:
            return Unfold(self._decode, client.stream_encoder(self.reply), turn)
        return TranslateWhole(self._decode, self._encode, dump_json, turn)

    def count_output(self, beginning: bytes) -> int:
        """The tokens, roughly, in the beginning of an answer, where it is streamed."""
        if self.framing is None:
            return 0
        framer, decoder = self.framing(), self.dialect.stream_decoder(self._upstream())
        try:
            events = [event for frame in framer.feed(beginning) for event in decoder.feed(frame)]
        except WireError:
            return 0
        return estimate_text_tokens("".join(map(text_of, events)))

    def _framer(self, head: ResponseHead) -> Framer | None:
        framing = self.framing = framing_of(head, self.dialect, self.stream)
        return None if framing is None else framing()

    def _ended(self, failure: Failure) -> list[bytes]:
        """How a stream that has begun ends in a failure, in the client's dialect."""
        return ending(self.client, self.reply, failure)

    def _upstream(self) -> UpstreamContext:
        return UpstreamContext(quirk=self.quirk, id_seed=self.reply.id_seed, request=self.request)

    def _turn_reader(self) -> TurnReader:
        return TurnReader(keeps_unsigned=self.quirk.needs_reasoning != "no")

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
        return self.dialect.decode_response(body, self._upstream())

    def _encode(self, response: Response) -> EncodedResponse:
        return self.client.encode_response(response, self.reply)


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
