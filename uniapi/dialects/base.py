"""What every dialect is made of: its face, the facts its codecs read, and the two keepers of the event grammar.

`Dialect` lists the pieces. `PartTracker` turns vendor ids into part indexes and refuses nonsense; `StreamDecoder` and `StreamEncoder` are the bases of the
stream pieces, so that a dialect's own file reads as a table from frame type to a short method. Everything here is pure: seeds and
the clock's value come in with the contexts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from uniapi.canonical import (
    Citation,
    ClientError,
    Event,
    Failure,
    FailureKind,
    Finish,
    Json,
    Media,
    Opaque,
    Part,
    PartDelta,
    PartEnd,
    PartStart,
    Request,
    Response,
    ResponseEnd,
    ResponseFailed,
    ResponseStart,
    TokenLogprob,
    Usage,
    UsageReport,
    iter_media,
    iter_parts,
)
from uniapi.errors import WireError, assert_never
from uniapi.wire import Frame

from .think_tags import ThinkTagFilter

SHAPE_ERRORS = (KeyError, IndexError, TypeError, AttributeError, ValueError)
"""What reading a JSON value of an unexpected shape raises; at a decoder's edge each means malformed upstream bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirk:
    """Facts about a vendor or a model that change what its dialect's codecs write or read. The rows, with their reasons, are in `engines/quirks.py`.

    Every default is what the dialect's own documentation says, so that a vendor without a row gets the plain dialect.
    """

    # any dialect
    dropped_members: frozenset[str] = frozenset()
    """Top-level request members this model refuses, by their name in the upstream's dialect; each dropped one the client sent is a loss."""
    has_tools: bool = True
    """False: tools, tool choice and tool turns are left out (`tools: false`)."""
    has_images: bool = True
    """False: image parts are left out (`image: false`)."""
    image_urls: bool = True
    """False: images by URL must be fetched and sent by value."""
    think_tags: bool = False
    """`<think>…</think>` at the start of the text is reasoning (`dialects/think_tags.py`)."""
    opaque_family: str | None = None
    """Overrides the dialect's family (Gemini's OpenAI layer: `gemini`)."""
    tool_call_id_form: Literal["any", "alnum9", "word"] = "any"
    """`alnum9`: exactly nine letters or digits (Mistral); `word`: letters, digits, `_`, `-` (Anthropic, Bedrock)."""

    # openai_chat
    max_tokens_member: Literal["max_tokens", "max_completion_tokens"] = "max_completion_tokens"
    system_role: Literal["developer", "system", "user"] = "system"
    """The role that carries system and developer turns; `user`: there is none, the text is put before the first user turn."""
    reasoning_request: Literal["effort", "openrouter", "thinking", "enable_thinking", "none"] = "effort"
    """How reasoning is asked for: `reasoning_effort`; `reasoning: {effort|max_tokens}`; `thinking: {type}`; `enable_thinking` (+ `thinking_budget`); `none`: not at all
    (Cohere and Converse mind that too)."""
    efforts: tuple[str, ...] = ()
    """Effort words the model takes, weakest first; another word becomes the nearest. Empty: all pass. `default` (Groq's Qwen) is every effort but `none`."""
    sampling_while_reasoning: bool = True
    """False: temperature, top_p and logprobs are refused unless reasoning is off. Responses minds it too."""
    reasons_by_default: bool = True
    """Whether the model reasons when the request names no effort; read where `sampling_while_reasoning` is False."""
    reasoning_replay: Literal["reasoning_content", "reasoning", "reasoning_details", "none"] = "reasoning_content"
    """The member in which an assistant turn's reasoning goes back upstream, when the upstream reads it; `none`: leave it out."""
    stream_options: bool = True
    """`stream_options.include_usage` may be sent."""
    json_schema: bool = True
    """False: a JSON schema is asked for as `json_object`, the schema put into the system text."""
    text_content_only: bool = False
    """Message content must be a string."""
    parallel_tool_calls_member: bool = True
    cache_control: bool = False
    """Parts, calls and tools may carry Anthropic-style `cache_control` markers (OpenRouter, LiteLLM, Vercel); OpenAI itself refuses them."""
    custom_tools: bool = True
    """Freeform (`custom`) tools are understood; False: they are offered as functions with one `input` text, and told apart again in the answer."""

    seed_member: Literal["seed", "random_seed"] = "seed"
    document_part: Literal["file", "document_url"] = "file"
    """The content part that carries a document: OpenAI's `file` (by value), Mistral's `document_url` (by value or URL)."""

    # openai_responses
    encrypted_reasoning: bool | None = None
    """Whether `reasoning.encrypted_content` is asked for, so that stateless clients can hand reasoning back. None: when the client asks for reasoning or hands some
    back; True: always; False: never (models that do not reason answer 400 "Encrypted content is not supported with this model")."""

    # anthropic
    anthropic_thinking: Literal["budget", "adaptive", "none"] = "adaptive"
    anthropic_sampling: bool = True
    """False: temperature, top_p, top_k are refused."""
    anthropic_effort: bool = True
    """`output_config.effort` is understood."""
    anthropic_structured: bool = True
    """`output_config.format` is understood; False: a forced tool named `json_response` stands in."""
    anthropic_thinking_off: bool = True
    """False: `thinking: disabled` is refused, the model always thinks."""
    anthropic_prefill: bool = True
    """False: a conversation may not end with an assistant turn (Claude 4.6 and later)."""
    anthropic_sampling_pair: bool = True
    """False: temperature and top_p may not come together (Claude 4.1 to 4.5)."""
    anthropic_forced_tool: bool = True
    """False: `tool_choice` may not force a call (`any`, `tool`); the system text asks for it instead. Converse minds it too."""
    default_max_tokens: int | None = None
    """Sent when the client named no limit and the wire needs one."""

    # bedrock_converse
    converse_fields: Literal["claude", "nova", "openai", "none"] = "claude"
    """Whose members `additionalModelRequestFields` takes, and with them how reasoning is asked for: Claude's `thinking` and `top_k`, Nova's `reasoningConfig`
    and `inferenceConfig.topK`, gpt-oss's `reasoning_effort`; `none`: plain Converse only. Also who understands cache points, result status and signatures."""

    # gemini
    gemini_thinking: Literal["level", "budget", "none"] = "level"
    thinking_levels: tuple[str, ...] = ("minimal", "low", "medium", "high")
    thinking_budget_range: tuple[int, int] = (0, 24576)
    """Smallest and largest budget; a smallest above 0 means thinking cannot be turned off."""
    smallest_thinking_budget: int = 0
    """The smallest budget that is not off."""
    safety_threshold: str | None = None
    """Threshold for all adjustable categories when the client named no safety settings; None: send none."""
    function_call_ids: bool = True
    """`functionCall.id` and `functionResponse.id` are understood (Vertex refuses them on older models)."""
    json_schema_members: bool = True
    """`responseJsonSchema` and `parametersJsonSchema` are understood; False: only the OpenAPI subset."""
    hosted_with_functions: bool = False
    """Google's own tools may stand beside functions (Gemini 3 at Google's API, with `includeServerSideToolInvocations`); False: functions win, the others are losses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedRequest:
    """A request body for an upstream. `losses` names what the client asked for and the body cannot say; `headers` go with it (`anthropic-beta`)."""

    body: dict[str, Json]
    losses: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedResponse:
    """A whole answer for a client; `losses` go to the log."""

    body: Json
    losses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamContext:
    """What a decoder of answers may need: the facts about the upstream, a seed for ids the wire lacks (random hex, new for every attempt), and the request it answers."""

    quirk: Quirk = Quirk()
    id_seed: str = "0"
    request: Request | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyContext:
    """What an encoder of answers may need: the name the client asked for, ids and time for envelopes that lack them, and the request.

    `id_seed` is random hex. `include_usage`: whether a chat client asked for the usage chunk. `framing` says how a streamed body is
    framed where the dialect has a choice (Gemini: `sse` or `json_array`). `input_tokens_estimate` fills a first event that must have a figure.
    """

    requested_model: str
    id_seed: str
    created_s: int
    request: Request | None = None
    include_usage: bool = True
    framing: Literal["sse", "json_array"] = "sse"
    input_tokens_estimate: int = 0


class StreamEncoderFace(Protocol):
    losses: list[str]

    def join_midway(self) -> None: ...

    def feed(self, event: Event) -> list[bytes]: ...

    def eof(self) -> list[bytes]: ...


class Observer(Protocol):
    """Listens to a relayed answer without touching it. It never raises; a frame it cannot read is counted in `unreadable` and passed over.

    `committed`: real output was seen. `is_whole`: the dialect's proper end was seen. `failure`: an error object was seen. `issued_ids`: upstream ids that pin later calls.
    """

    committed: bool
    is_whole: bool
    failure: Failure | None
    usage: Usage | None
    finish: Finish | None
    model: str | None
    unreadable: int
    issued_ids: list[str]

    def feed(self, frame: Frame) -> None:
        """One frame of a streamed answer."""
        ...

    def whole(self, body: Json) -> None:
        """A whole answer's JSON value."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """A wire format as its pieces. A dialect that is only spoken upstream has None for what only a client's dialect needs.

    `decode_request(body, model, stream)`: model and stream come from `peek` (Gemini keeps both in the path); raises RequestRefused naming the member. `encode_request(request, quirk)`.
    `decode_response(body, context)` raises WireError. `decode_error(status, headers, body)` never raises. `encode_error(error)` gives the JSON body.
    `needs_inline(media, quirk)`: whether this media must be fetched and sent by value. `is_event_stream` framing names: `sse`, `json_array`, `aws_eventstream`.
    `usage_frame_only(frame)`: whether a streamed frame carries nothing but usage (the chunk a client did not ask for); total, False for what it cannot read.
    `model_paths`: the members that name the model in an answer, for the relay's splice, streamed or whole.
    `repair(body, quirk)`: a relayed request body as a shallow copy in which only what the quirk forbids is changed (a refused member dropped, a role renamed), and the losses.
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
    stream_encoder: Callable[[ReplyContext], StreamEncoderFace] | None = None
    encode_error: Callable[[ClientError], Json] | None = None
    usage_frame_only: Callable[[Frame], bool] = lambda frame: False
    model_paths: tuple[tuple[str, ...], ...] = (("model",),)
    repair: Callable[[Mapping[str, Json], Quirk], tuple[dict[str, Json], tuple[str, ...]]] | None = None
    ping: bytes = b": \n\n"


REASONING_LOSS = "messages.reasoning"
"""The loss of reasoning handed back that this upstream cannot read (another family's signature, or none): named once, however many turns carried some."""


def has_cache_hints(request: Request, written_ttls: Collection[str | None] = ()) -> bool:
    """Whether the client marked anything for a prompt cache, marks with a lifetime in `written_ttls` aside: a loss, `cache_control`, on a wire without such marks."""
    marked = (request, *iter_parts(request.messages), *request.tools)
    hints = (getattr(item, "cache", None) for item in marked)
    return any(hint is not None and hint.ttl not in written_ttls for hint in hints)


def wants_citations(request: Request) -> bool:
    """Whether the client wants answers to cite its documents: a loss, `citations`, on a wire that has no such switch."""
    return any(media.citations_enabled for media in iter_media(request.messages))


def has_document_context(request: Request) -> bool:
    """Whether a document comes with words about it that are no part of it (Anthropic's `context`): a loss, `documents.context`, on a wire that has no such member."""
    return any(media.context for media in iter_media(request.messages))


class PartTracker:
    """Vendor ids → part indexes, and the events that follow. A decoder names its parts by any hashable key (a block index, a tool-call id, ("text", choice)).

    `events` collects what has been emitted since the last `drain`.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._index: dict[Hashable, int] = {}
        self._open: dict[Hashable, int] = {}
        self._opened = 0

    def is_open(self, key: Hashable) -> bool:
        return key in self._open

    def was_opened(self, key: Hashable) -> bool:
        return key in self._index

    def open(self, key: Hashable, part: Part, choice: int = 0) -> None:
        """Start a part under `key`. Opening a key again starts a new part: vendors reuse keys after an end."""
        if key in self._open:
            self.close(key)
        index = self._opened
        self._opened += 1
        self._index[key] = self._open[key] = index
        self.events.append(PartStart(index=index, part=part, choice=choice))

    def delta(
        self,
        key: Hashable,
        text: str = "",
        *,
        citations: tuple[Citation, ...] = (),
        logprobs: tuple[TokenLogprob, ...] = (),
        opaque: Opaque | None = None,
    ) -> None:
        """More of the open part `key`; a delta that says nothing emits nothing. Raises WireError when it is not open."""
        if not text and not citations and not logprobs and opaque is None:
            return
        index = self._open.get(key)
        if index is None:
            raise WireError(f"a delta for {key!r}, which is not open")
        self.events.append(PartDelta(index=index, text=text, citations=citations, logprobs=logprobs, opaque=opaque))

    def close(self, key: Hashable) -> None:
        """End the part `key`; nothing happens when it is not open."""
        index = self._open.pop(key, None)
        if index is not None:
            self.events.append(PartEnd(index=index))

    def close_all(self, except_for: Hashable = None) -> None:
        """End every open part, in the order they were opened."""
        for key in list(self._open):
            if except_for is None or key != except_for:
                self.close(key)

    def whole(self, part: Part, choice: int = 0) -> None:
        """A part that arrived complete."""
        self.events.append(PartStart(index=self._opened, part=part, choice=choice))
        self.events.append(PartEnd(index=self._opened))
        self._opened += 1


class StreamDecoder:
    """Frames → events. A subclass writes `read(frame)` (and `close_input()` if the end of input means something) and calls `start`, `parts`, `usage`, `end`, `fail`.

    The base keeps the grammar: a first event before anything else, one terminal, silence after it, and every malformed frame a failure instead of an exception.
    """

    def __init__(self, context: UpstreamContext) -> None:
        self.context = context
        self.parts = PartTracker()
        self.is_started = False
        self.is_done = False
        self._tags = ThinkTagFilter() if context.quirk.think_tags else None

    def feed(self, frame: Frame) -> list[Event]:
        """The events that `frame` completes; never raises."""
        if self.is_done:
            return []
        try:
            self.read(frame)
        except WireError as error:
            self.fail(Failure.cut(str(error)))
        except SHAPE_ERRORS as error:
            self.fail(Failure.cut(f"a malformed stream event: {type(error).__name__}: {error}"))
        except RecursionError:
            self.fail(Failure.cut("a stream event nested too deep"))
        return self.drain()

    def eof(self) -> list[Event]:
        """The input is over. A stream without its proper end is a failure."""
        if not self.is_done:
            try:
                self.close_input()
            except (WireError, *SHAPE_ERRORS) as error:
                self.fail(Failure.cut(f"a malformed end of stream: {error}"))
        if not self.is_done:
            self.fail(Failure.cut("the stream ended before its end was announced"))
        return self.drain()

    def read(self, frame: Frame) -> None:
        """One frame; to be written by the dialect."""
        raise NotImplementedError

    def close_input(self) -> None:
        """The bytes are over and no terminal was seen; a dialect without an explicit end calls `end` here."""

    def start(
        self,
        *,
        response_id: str | None = None,
        model: str | None = None,
        created_s: int | None = None,
        usage: Usage | None = None,
        extensions: Mapping[str, Mapping[str, Json]] | None = None,
    ) -> None:
        """The envelope is known; only the first call counts."""
        if not self.is_started:
            self.is_started = True
            self.parts.events.append(
                ResponseStart(response_id=response_id, model=model, created_s=created_s, usage=usage, extensions=extensions or {})
            )

    def usage(self, usage: Usage) -> None:
        self.parts.events.append(UsageReport(usage=usage))

    def end(self, finishes: tuple[Finish, ...], extensions: Mapping[str, Mapping[str, Json]] | None = None) -> None:
        """The answer is whole: closes what is open and emits the terminal."""
        self.start()
        self.parts.close_all()
        self.parts.events.append(ResponseEnd(finishes=finishes, extensions=extensions or {}))
        self.is_done = True

    def fail(self, failure: Failure) -> None:
        if not self.is_done:
            self.parts.events.append(ResponseFailed(failure=failure))
            self.is_done = True

    def drain(self) -> list[Event]:
        """What was told since the last time, with `<think>` tags told apart where the model writes them."""
        events = self.parts.events
        self.parts.events = []
        return events if self._tags is None else self._tags.feed(events)


class StreamEncoder:
    """Events → the bytes a client reads. A subclass spells frames in the `on_…` methods by appending to `out`; the base dispatches each event once and forbids output after the end.

    `eof()` without a terminal event before it is written as a failure, so that a cut stream never looks whole.
    """

    def __init__(self, context: ReplyContext) -> None:
        self.context = context
        self.losses: list[str] = []
        self.out: list[bytes] = []
        self._is_started = False
        self._is_done = False

    def join_midway(self) -> None:
        """The client has already been sent the beginning of an answer by other means (a relay): only a terminal is to be written."""
        self._is_started = True

    def feed(self, event: Event) -> list[bytes]:
        if self._is_done:
            return []
        match event:
            case PartDelta():
                self.on_part_delta(event)
            case PartStart():
                self.on_part_start(event)
            case PartEnd():
                self.on_part_end(event)
            case UsageReport():
                self.on_usage(event)
            case ResponseStart():
                self._is_started = True
                self.on_start(event)
            case ResponseEnd():
                self._is_done = True
                self.on_end(event)
            case ResponseFailed():
                self._is_done = True
                if not self._is_started:
                    self._is_started = True
                    self.on_start(ResponseStart())
                self.on_failed(event)
            case _:
                assert_never(event)
        out = self.out
        self.out = []
        return out

    def eof(self) -> list[bytes]:
        if self._is_done:
            return []
        return self.feed(ResponseFailed(failure=Failure(kind=FailureKind.BROKEN, message="the upstream's answer was cut off")))

    def on_start(self, event: ResponseStart) -> None: ...

    def on_part_start(self, event: PartStart) -> None: ...

    def on_part_delta(self, event: PartDelta) -> None: ...

    def on_part_end(self, event: PartEnd) -> None: ...

    def on_usage(self, event: UsageReport) -> None: ...

    def on_end(self, event: ResponseEnd) -> None: ...

    def on_failed(self, event: ResponseFailed) -> None: ...
