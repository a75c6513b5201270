"""A request for generation, as any client says it and any provider understands it.

Rules: `messages` is the conversation in order, system and developer turns included where the client
put them; a dialect whose wire keeps the system text apart asks `split_system`. Tool results are
parts of a `user` message (a dialect with a `tool` role writes them as messages of that role).
Everything optional is None or empty when the client did not say it, so that an encoder never sends
a default of ours. Unknown top-level members stay in `extensions`, under the dialect they came from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from uniapi.values import dataclass, field, replace

from .parts import CacheHint, Json, Media, Part, Text, ToolCall, ToolResult

Role: TypeAlias = Literal["system", "developer", "user", "assistant"]
Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


@dataclass(slots=True, kw_only=True)  # a value; freezing it would triple what it costs each call
class Message:
    role: Role
    parts: tuple[Part, ...]
    name: str | None = None
    phase: str | None = None
    """OpenAI Responses' marker of an assistant message (`commentary`, `final_answer`), echoed to
    that dialect.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A function the client offers. `parameters` is JSON Schema as the client wrote it, None when
    it gave none.

    `kind` `custom` is a freeform tool with an optional `grammar` (OpenAI's `format` object).
    `namespace` as in ToolCall.
    """

    name: str
    description: str | None = None
    parameters: Mapping[str, Json] | None = None
    strict: bool | None = None
    kind: Literal["function", "custom"] = "function"
    grammar: Mapping[str, Json] | None = None
    namespace: str | None = None
    cache: CacheHint | None = None
    extras: Mapping[str, Json] = field(default_factory=dict)
    """Other members of the tool on the wire (`eager_input_streaming`, …), under no dialect: written
    back by the dialect in `dialect` only.
    """
    dialect: str | None = None
    is_deferred: bool = False
    """Out of the model's sight until a search of the client's names it, which none has yet:
    `offered` leaves it out where its own dialect is not spoken.
    """
    origin: Mapping[str, Json] | None = None
    """Where the tool stood when it was not simply in the list of tools (Responses'
    `additional_tools` item, its namespace's description): read by `dialect` only, and no loss
    elsewhere, because the tool itself is here.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedTool:
    """A tool the provider runs itself. `kind` is the meaning shared between vendors (`web_search`,
    `code_execution`, `web_fetch`, `url_context`, …) or the vendor's type.

    `raw` is the vendor's own object, written back to `dialect`; another dialect that has the same
    kind writes its own, from the neutral members `max_uses`, `allowed_domains`, `blocked_domains`,
    `location` ({country, region, city, timezone}), `context_size` (low, medium, high).
    """

    kind: str
    dialect: str
    raw: Mapping[str, Json]
    max_uses: int | None = None
    allowed_domains: tuple[str, ...] = ()
    blocked_domains: tuple[str, ...] = ()
    location: Mapping[str, str] | None = None
    context_size: str | None = None


TOOL_SEARCH = "tool_search_tool"
"""The kind of a hosted tool by which a vendor itself finds deferred tools."""

ChoiceMode = Literal["auto", "none", "required", "tool"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolChoice:
    """`tool` forces the one in `name`; `allowed` restricts `auto` and `required` to some tools
    (None: all).
    """

    mode: ChoiceMode
    name: str | None = None
    allowed: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_output_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    choices: int | None = None
    """How many answers (`n`, `candidateCount`)."""
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    logit_bias: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasoningSettings:
    """How much to think, in the client's own terms: an effort word, a budget in tokens (0 off, -1
    the model decides), or adaptive.

    `effort` `none` and `budget` 0 both mean off. `visibility`: what of the thinking to show:
    `omitted`, `summarized`/`auto`/`concise`/`detailed` or None for the vendor's default. `include`:
    whether thought text is wanted at all (Gemini's `includeThoughts`), None unsaid.
    """

    effort: Effort | None = None
    budget: int | None = None
    is_adaptive: bool = False
    visibility: str | None = None
    include: bool | None = None

    @property
    def is_off(self) -> bool:
        return self.effort == "none" or (self.effort is None and self.budget == 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFormat:
    """`json` asks for any JSON object, `json_schema` for one that fits `schema`."""

    kind: Literal["text", "json", "json_schema"]
    name: str | None = None
    description: str | None = None
    schema: Mapping[str, Json] | None = None
    strict: bool | None = None


@dataclass(slots=True, kw_only=True)  # a value; freezing it would triple what it costs each call
class Request:
    model: str
    messages: tuple[Message, ...] = ()
    tools: tuple[Tool | HostedTool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    sampling: Sampling = Sampling()
    reasoning: ReasoningSettings | None = None
    output_format: OutputFormat | None = None
    output_modalities: tuple[str, ...] = ()
    """`text`, `image`, `audio`, lower case; empty when unsaid."""
    audio_output: Mapping[str, Json] | None = None
    """OpenAI's `{voice, format}`."""
    verbosity: str | None = None
    stream: bool = False
    include_usage: bool | None = None
    """Chat's `stream_options.include_usage`; None for dialects that always report it."""
    user: str | None = None
    """An end-user id (`user`, `metadata.user_id`)."""
    metadata: Mapping[str, Json] | None = None
    prompt_cache_key: str | None = None
    service_tier: str | None = None
    store: bool | None = None
    previous_response_id: str | None = None
    cache: CacheHint | None = None
    """Anthropic's top-level automatic cache marker."""
    extensions: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)


def split_system(messages: tuple[Message, ...]) -> tuple[tuple[Text, ...], tuple[Message, ...]]:
    """All system and developer text in order, and the turns that remain; for wires that keep the
    system prompt apart.

    A system turn in the middle of a conversation joins the others: the meaning stays, only its
    position is lost.
    """
    system: list[Text] = []
    turns: list[Message] = []
    for message in messages:
        if message.role in ("system", "developer"):
            system.extend(part for part in message.parts if isinstance(part, Text))
        else:
            turns.append(message)
    return tuple(system), tuple(turns)


def offered(request: Request, dialect: str) -> Request:
    """The request as `dialect` is told it: deferred tools, and the search that would find them at
    the client's own vendor, go only where they came from.
    """
    if not request.tools:
        return request
    kept = tuple(tool for tool in request.tools if not _is_out_of_sight(tool, dialect))
    return request if len(kept) == len(request.tools) else replace(request, tools=kept)


def without_turns(request: Request | None) -> Request | None:
    """What reading and writing its answer takes of a request: of what was said no more than the
    first message, which may be instructions.
    """
    if request is None or len(request.messages) < 2:
        return request
    return replace(request, messages=request.messages[:1])


def _is_out_of_sight(tool: Tool | HostedTool, dialect: str) -> bool:
    if tool.dialect == dialect:
        return False
    return tool.is_deferred if isinstance(tool, Tool) else tool.kind == TOOL_SEARCH


def merge_turns(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Neighbours of one role joined into one message, for wires where roles must alternate."""
    merged: list[Message] = []
    for message in messages:
        if merged and merged[-1].role == message.role:
            merged[-1] = Message(
                role=message.role, parts=merged[-1].parts + message.parts, name=merged[-1].name
            )
        else:
            merged.append(message)
    return tuple(merged)


def tool_names_by_call_id(messages: tuple[Message, ...]) -> dict[str, str]:
    """call_id → tool name over the conversation, for wires whose results carry the name
    (Gemini).
    """
    return {part.call_id: part.name for part in iter_parts(messages) if isinstance(part, ToolCall)}


def iter_parts(messages: tuple[Message, ...]) -> Iterator[Part]:
    """Every part in order, those inside tool results after the result itself."""
    parts: list[Part] = []
    for message in messages:
        for part in message.parts:
            parts.append(part)
            if isinstance(part, ToolResult):
                parts += part.content
    return iter(parts)


def iter_media(messages: tuple[Message, ...]) -> Iterator[Media]:
    """Every Media of the conversation, those inside tool results included."""
    return (part for part in iter_parts(messages) if isinstance(part, Media))
