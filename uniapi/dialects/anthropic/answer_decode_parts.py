"""What the decoders of requests, answers and streams read alike: citations, opaque members, usage,
the finish, and tool calls under their own names.

Everything here is lenient: a member of the wrong type counts as absent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from uniapi.canonical import (
    Citation,
    Finish,
    FinishReason,
    Json,
    Opaque,
    OutputFormat,
    Part,
    Reasoning,
    Text,
    ToolCall,
    Unknown,
    Usage,
    counted,
    stated_cost,
)
from uniapi.dialects.codec import UpstreamContext
from uniapi.dialects.function_tools import ANSWER_MEMBER, ANSWER_TOOL, freeform_input, is_wrapped
from uniapi.values import replace

from .request_encode_names import ToolNames
from .vocabulary import CALL_MEMBERS, FAMILY, NAME, STOP_REASONS, cache_hint, stands_in_tool


class CallReader:
    """Gives calls the client's own tool names back, and knows which tool stood in for structured
    output.
    """

    def __init__(self, context: UpstreamContext) -> None:
        self._names = ToolNames(context.request.tools if context.request is not None else ())
        self._stand_in: OutputFormat | None = stands_in_tool(context.request, context.quirk)
        self.family = context.quirk.opaque_family or FAMILY
        self._id_seed = context.id_seed
        self._unnamed = 0

    def is_stand_in(self, name: str) -> bool:
        return self._stand_in is not None and name == ANSWER_TOOL

    @property
    def is_wrapped(self) -> bool:
        """Whether the stand-in tool carries the answer under one member, its root being
        no object.
        """
        return self._stand_in is not None and is_wrapped(self._stand_in)

    def is_freeform(self, name: str) -> bool:
        tool = self._names.tool(name)
        return tool is not None and tool.kind == "custom"

    def opening(self, block: Mapping[str, Json]) -> ToolCall:
        """The call without its arguments."""
        name = text_of(block, "name")
        tool = self._names.tool(name)
        others = {
            key: value
            for key, value in block.items()
            if key not in CALL_MEMBERS and value is not None
        }
        return ToolCall(
            call_id=text_of(block, "id") or self._new_id(),
            name=tool.name if tool is not None else name,
            namespace=tool.namespace if tool is not None else None,
            kind="custom" if self.is_freeform(name) else "function",
            opaque=Opaque(family=FAMILY, value=others) if others else None,
            cache=cache_hint(block),
        )

    def _new_id(self) -> str:
        """An id for a call that came without."""
        self._unnamed += 1
        return f"toolu_{self._id_seed}{self._unnamed:02d}"

    def arguments(self, name: str, arguments: str) -> str:
        """Whole arguments as the client's kind of tool has them."""
        if self.is_freeform(name):
            return freeform_input(arguments)
        if self.is_stand_in(name) and self.is_wrapped:
            return _unwrapped(arguments)
        return arguments


def dumped(value: Json) -> str:
    """Tool input as argument text; `{}` for what is missing."""
    return json.dumps({} if value is None else value, ensure_ascii=False)


def text_of(holder: Mapping[str, Json], name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""


def decode_citation(raw: Json) -> Citation | None:
    """https://platform.claude.com/docs/en/build-with-claude/citations: five kinds of place, web and
    search results with an address.
    """
    if not isinstance(raw, dict):
        return None
    title = raw.get("title") if raw.get("title") is not None else raw.get("document_title")
    cited = raw.get("cited_text")
    url = raw.get("url") if raw.get("url") is not None else raw.get("source")
    return Citation(
        url=url if isinstance(url, str) else None,
        title=title if isinstance(title, str) else None,
        cited_text=cited if isinstance(cited, str) else None,
        dialect=NAME,
        raw=raw,
    )


def of_whole_text(citations: tuple[Citation, ...], length: int) -> tuple[Citation, ...]:
    """The sources of a text block: they stand for all of it, which is why the API cuts a text into
    blocks.
    """
    return tuple(replace(citation, start=0, end=length) for citation in citations)


def decode_citations(raw: Json) -> tuple[Citation, ...]:
    found = (decode_citation(item) for item in raw) if isinstance(raw, list) else ()
    return tuple(citation for citation in found if citation is not None)


def carried(block: Mapping[str, Json]) -> Unknown:
    """A block this gateway has no part for, as it came."""
    return Unknown(
        dialect=NAME,
        name=text_of(block, "type") or "block",
        raw=dict(block),
        cache=cache_hint(block),
    )


def decode_plain(block: Mapping[str, Json], family: str = FAMILY) -> Part | None:
    """Text and thinking, which look alike in requests and answers; None for any other block.
    `family` can read the signatures.
    """
    match block.get("type"):
        case "text":
            text = text_of(block, "text")
            cited = block.get("citations")
            return Text(
                text=text,
                citations=of_whole_text(decode_citations(cited), len(text)) if cited else (),
                cache=cache_hint(block),
            )
        case "thinking":
            return Reasoning(
                text=text_of(block, "thinking"), opaque=signature(block.get("signature"), family)
            )
        case "redacted_thinking":
            return Reasoning(is_redacted=True, opaque=signature(block.get("data"), family))
        case _:
            return None


def signature(value: Json, family: str = FAMILY) -> Opaque | None:
    """A signature of `family`; the empty one that we write for foreign reasoning is none."""
    return Opaque(family=family, value=value) if isinstance(value, str) and value else None


def decode_usage(raw: Json) -> Usage | None:
    """`input_tokens` of the wire leaves the cached tokens out; ours holds them all."""
    if not isinstance(raw, dict):
        return None
    fresh = count(raw, "input_tokens")
    read = count(raw, "cache_read_input_tokens")
    written = count(raw, "cache_creation_input_tokens")
    lifetimes, server = raw.get("cache_creation"), raw.get("server_tool_use")
    detail = raw.get("output_tokens_details")
    tier = "fast" if raw.get("speed") == "fast" else raw.get("service_tier")
    region = raw.get("inference_geo")
    return Usage(
        input_tokens=None if fresh is None else fresh + (read or 0) + (written or 0),
        output_tokens=count(raw, "output_tokens"),
        cache_read_tokens=read,
        cache_write_tokens=written,
        cache_write_1h_tokens=count(lifetimes, "ephemeral_1h_input_tokens") if lifetimes else None,
        reasoning_tokens=count(detail, "thinking_tokens") if detail else None,
        web_searches=count(server, "web_search_requests") if server else None,
        beside=_beside(raw["iterations"]) if "iterations" in raw else None,
        cost=stated_cost(raw) if "cost" in raw else None,
        service_tier=tier if isinstance(tier, str) else None,
        region=region if isinstance(region, str) else None,
        raw=raw,
        dialect=NAME,
    )


_COUNTED_BESIDE = ("compaction", "advisor_message")


def _beside(iterations: Json) -> tuple[tuple[str | None, Usage], ...] | None:
    """What the counts leave out (anthropic 2.14.0, `BetaUsage.iterations`): a compaction by the
    same model, an advisor's answers by its own. Other entries are parts of the counts.
    """
    entries = iterations if isinstance(iterations, list) else ()
    found = []
    for entry in entries:
        kind = entry.get("type") if isinstance(entry, dict) else None
        used = decode_usage(entry) if kind in _COUNTED_BESIDE else None
        if used is not None:
            model = entry.get("model")
            found.append((model if isinstance(model, str) else None, used))
    return tuple(found) or None


def count(holder: Json, name: str) -> int | None:
    """A whole, non-negative figure; anything else was not said."""
    return counted(holder.get(name)) if isinstance(holder, dict) else None


def decode_finish(
    stop_reason: Json, stop_sequence: Json, stop_details: Json, *, has_calls: bool
) -> Finish:
    """`has_calls`: a call for the client is in the answer.

    `tool_use` without one (only the stand-in tool was called) is a plain stop; `end_turn` with one
    is what some vendors of this format say instead of `tool_use`.
    """
    native = stop_reason if isinstance(stop_reason, str) else None
    reason: FinishReason = "tool_calls" if has_calls else "stop"
    if native is not None:
        reason = STOP_REASONS.get(native, "stop")
    if reason == "tool_calls" and not has_calls:
        reason, native = "stop", "end_turn"
    elif has_calls and native == "end_turn":
        reason, native = "tool_calls", "tool_use"
    explanation = stop_details.get("explanation") if isinstance(stop_details, dict) else None
    return Finish(
        reason=reason,
        native=native,
        dialect=NAME if native is not None else None,
        stop_sequence=stop_sequence if isinstance(stop_sequence, str) else None,
        message=explanation if isinstance(explanation, str) else None,
    )


def _unwrapped(arguments: str) -> str:
    """The structured answer inside the arguments of the tool that stood in for it."""
    try:
        value = json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments
    return (
        json.dumps(value[ANSWER_MEMBER], ensure_ascii=False)
        if isinstance(value, dict) and ANSWER_MEMBER in value
        else arguments
    )
