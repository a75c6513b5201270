"""What a message is made of: ordered, typed parts.

A message is a sequence, not a record: interleaved reasoning, text and tool calls keep their order.
Parts are frozen values with no behaviour. What a part may carry beyond its meaning is explicit: a
cache hint, and one `Opaque`, the token a vendor wants echoed, which is only ever sent back to the
family that issued it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from uniapi.values import dataclass

Json: TypeAlias = Any
"""A JSON value as `json.loads` gives it."""

MediaKind: TypeAlias = Literal["image", "audio", "video", "file"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opaque:
    """A vendor's token to be echoed byte for byte: a signature, encrypted reasoning, an item id.

    `family` names who can read it, which is wider than a dialect: Claude's signatures are good at
    Anthropic, on Vertex and on Bedrock alike. Families in use: `anthropic`, `gemini`, `openai`,
    `openrouter`, `cohere`, `mistral`. An encoder writes the value only when its own family is the
    same, and leaves it out otherwise.
    """

    family: str
    value: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheHint:
    """A prompt-cache breakpoint after this part.

    `ttl` is the vendor's text (`5m`, `1h`), None for its default.
    """

    ttl: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A source for a stretch of text. `start` and `end` are character offsets into the text part,
    where the vendor gives them.

    `raw` is the vendor's own object, written back only to `dialect`.
    """

    url: str | None = None
    title: str | None = None
    cited_text: str | None = None
    start: int | None = None
    end: int | None = None
    dialect: str | None = None
    raw: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLogprob:
    """One output token with its log probability (natural log) and the alternatives considered."""

    token: str
    logprob: float
    utf8: tuple[int, ...] | None = None
    alternatives: tuple[TokenLogprob, ...] = ()


@dataclass(slots=True, kw_only=True)  # a value; freezing it would triple what it costs each call
class Text:
    text: str
    citations: tuple[Citation, ...] = ()
    logprobs: tuple[TokenLogprob, ...] = ()
    cache: CacheHint | None = None
    opaque: Opaque | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """An image, a sound, a film or a document: by value (`data`, base64 text), by `url`, or by a
    vendor's `file_id`.

    Exactly one of the three is set. `mime` is None when unknown (it often is for a URL). `text`
    holds the content of a plain-text document and the transcript of a sound. `detail` is OpenAI's
    image hint. `file_id` belongs to the family in `opaque`, if any.
    """

    kind: MediaKind
    mime: str | None = None
    data: str | None = None
    url: str | None = None
    file_id: str | None = None
    text: str | None = None
    filename: str | None = None
    title: str | None = None
    context: str | None = None
    citations_enabled: bool = False
    detail: str | None = None
    cache: CacheHint | None = None
    opaque: Opaque | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasoning:
    """Thinking shown or hidden. Empty `text` with an `opaque` is signed-but-omitted or redacted
    thinking, and counts as output.

    `is_redacted`: the vendor encrypted the whole block; `opaque.value` is then the data itself.
    """

    text: str = ""
    is_redacted: bool = False
    cache: CacheHint | None = None
    opaque: Opaque | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A call the model asks for. `arguments` stays text, as it was generated: it may be invalid
    JSON, and it streams as text.

    `kind` is `custom` for freeform tools, whose `arguments` are not JSON at all. `namespace` groups
    Codex's tools.
    """

    call_id: str
    name: str
    arguments: str = ""
    kind: Literal["function", "custom"] = "function"
    namespace: str | None = None
    cache: CacheHint | None = None
    opaque: Opaque | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a tool gave back. `content` holds Text, Media and Unknown parts in order; `name` is
    filled in where the wire has it.

    `structured`: the wire carried a JSON object (Gemini's `response`, Converse's `json`) and no
    text; `content` then holds its dump.
    """

    call_id: str
    name: str | None = None
    content: tuple[Text | Media | Unknown, ...] = ()
    is_error: bool = False
    kind: Literal["function", "custom"] = "function"
    structured: Mapping[str, Json] | None = None
    cache: CacheHint | None = None
    opaque: Opaque | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The model declined, in its own words; not the same as a provider's safety block, which is a
    finish reason.
    """

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Something a decoder did not know, carried as it came: written back to `dialect`, reported as
    a loss elsewhere.

    `name` says what it is for the report (a block type, an item type, a member).
    """

    dialect: str
    name: str
    raw: Json
    cache: CacheHint | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search of the web that the upstream did by itself for an answer: what it looked for, and
    what it found. Which text rests on what stands in the texts' citations. Part of answers only.

    `raw` is the vendor's own object, written back only to `dialect`.
    """

    queries: tuple[str, ...] = ()
    sources: tuple[Citation, ...] = ()
    dialect: str | None = None
    raw: Mapping[str, Json] | None = None


Part: TypeAlias = Text | Media | Reasoning | ToolCall | ToolResult | Refusal | Search | Unknown
