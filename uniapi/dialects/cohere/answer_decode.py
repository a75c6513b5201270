"""A whole v2 chat answer → canonical; and what the stream decoder shares with it: usage, citations,
log probabilities, finish.

Format: https://docs.cohere.com/reference/chat. `tool_plan`, what the model says to itself before it
calls tools, is reasoning.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import (
    Choice,
    Citation,
    Finish,
    FoldError,
    Json,
    Part,
    Reasoning,
    Response,
    Text,
    TokenLogprob,
    ToolCall,
    Unknown,
    Usage,
)
from uniapi.dialects.codec import UpstreamContext
from uniapi.dialects.failed_finish import failed_finish
from uniapi.dialects.shapes import expecting, text_of
from uniapi.dialects.think_tags import without_think_tags
from uniapi.errors import WireError
from uniapi.values import replace

from .error import failure_in
from .vocabulary import FINISH_REASONS, NAME, ToolNames, client_arguments

_READ_MEMBERS = frozenset({"id", "message", "finish_reason", "usage", "logprobs"})


def decode_response(body: Json, context: UpstreamContext) -> Response:
    """The whole answer; raises WireError when it is none, FoldError with its Failure for an error
    in an answer of status 200.
    """
    with expecting("a Cohere answer"):
        response = _decode(body, context)
    return without_think_tags(response) if context.quirk.think_tags else response


def _decode(body: Json, context: UpstreamContext) -> Response:
    if isinstance(body, dict) and (failure := failure_in(body)) is not None:
        raise FoldError(failure)
    if not isinstance(body, dict) or not isinstance(body.get("message"), dict):
        raise WireError(f"expected a Cohere v2 answer with `message`, found {str(body)[:120]}")
    message = body["message"]
    parts, leftover = _cited(_content(message.get("content")), message.get("citations") or ())
    parts = _with_logprobs(parts, body.get("logprobs"))
    plan = text_of(message.get("tool_plan"))
    if plan:
        parts.append(Reasoning(text=plan))
    names = ToolNames(context.request.tools if context.request is not None else ())
    calls = [_call(call, names) for call in message.get("tool_calls") or ()]
    finish = decode_finish(body.get("finish_reason"))
    rest = {name: value for name, value in body.items() if name not in _READ_MEMBERS}
    if leftover:
        rest["citations"] = leftover
    response_id = body.get("id")
    if finish.reason == "error":
        raise FoldError(failed_finish(finish))
    return Response(
        choices=(Choice(parts=(*parts, *calls), finish=finish),),
        response_id=response_id if isinstance(response_id, str) else None,
        usage=decode_usage(body.get("usage")),
        extensions={NAME: rest} if rest else {},
    )


def _content(content: Json) -> list[Part]:
    if isinstance(content, str):
        return [Text(text=content)] if content else []
    parts: list[Part] = []
    for block in content or ():
        if "text" in block:
            parts.append(Text(text=text_of(block["text"])))
        elif "thinking" in block:
            parts.append(Reasoning(text=text_of(block["thinking"])))
        else:
            parts.append(Unknown(dialect=NAME, name=str(block.get("type") or "content"), raw=block))
    return parts


def _cited(parts: list[Part], citations: Json) -> tuple[list[Part], list[Json]]:
    """The parts with their citations, and the citations of something that can hold none (a plan, a
    thought).
    """
    leftover: list[Json] = []
    for citation in citations:
        at = cited_index(citation)
        if at is None:
            at = next(
                (
                    number
                    for number in range(len(parts) - 1, -1, -1)
                    if isinstance(parts[number], Text)
                ),
                None,
            )
        part = parts[at] if at is not None and 0 <= at < len(parts) else None
        if at is None or not isinstance(part, Text) or not is_of_text(citation):
            leftover.append(citation)
        else:
            parts[at] = replace(part, citations=part.citations + decode_citation(citation))
    return parts, leftover


def _with_logprobs(parts: list[Part], items: Json) -> list[Part]:
    """The answer's log probabilities, on its last text."""
    logprobs = tuple(logprob for item in items or () for logprob in decode_logprobs(item))
    at = next(
        (number for number in range(len(parts) - 1, -1, -1) if isinstance(parts[number], Text)),
        None,
    )
    if logprobs and at is not None:
        part = parts[at]
        parts[at] = replace(part, logprobs=logprobs) if isinstance(part, Text) else part
    return parts


def _call(call: Mapping[str, Json], names: ToolNames) -> ToolCall:
    function = call["function"]
    opened = names.opened_call(text_of(call["id"]), text_of(function["name"]))
    return replace(opened, arguments=client_arguments(opened, text_of(function.get("arguments"))))


def decode_finish(reason: Json) -> Finish:
    native = reason if isinstance(reason, str) else None
    return Finish(reason=FINISH_REASONS.get(native or "", "stop"), native=native, dialect=NAME)


def decode_usage(usage: Json) -> Usage | None:
    """`tokens` are what the model read and wrote; `billed_units` leave Cohere's own preamble out
    and stand in where there is nothing else.
    """
    if not isinstance(usage, dict) or not usage:
        return None
    tokens, billed = _object(usage.get("tokens")), _object(usage.get("billed_units"))

    def count(member: str) -> int | None:
        found = _count(tokens.get(member))
        return found if found is not None else _count(billed.get(member))

    return Usage(
        input_tokens=count("input_tokens"),
        output_tokens=count("output_tokens"),
        cache_read_tokens=_count(usage.get("cached_tokens")),
        reasoning_tokens=_count(tokens.get("reasoning_tokens")),
        billed_tokens=_billed(billed),
        raw=usage,
        dialect=NAME,
    )


def _billed(units: Mapping[str, Json]) -> tuple[int, int] | None:
    read, written = _count(units.get("input_tokens")), _count(units.get("output_tokens"))
    if read is None and written is None:
        return None
    return read or 0, written or 0


def cited_index(citation: Mapping[str, Json]) -> int | None:
    """The content block a citation stands in; None when it does not say."""
    index = citation.get("content_index")
    return index if isinstance(index, int) and not isinstance(index, bool) else None


def is_of_text(citation: Mapping[str, Json]) -> bool:
    """Whether a citation is of the answer, and not of a thought or plan."""
    return citation.get("type") in (None, "TEXT_CONTENT")


def decode_citation(citation: Mapping[str, Json]) -> tuple[Citation, ...]:
    """One Citation for each source of the cited stretch; the whole of Cohere's object rides on
    each.
    """
    sources = citation.get("sources") or [{}]
    return tuple(_citation(citation, source) for source in sources if isinstance(source, dict))


def _citation(citation: Mapping[str, Json], source: Mapping[str, Json]) -> Citation:
    document = _object(source.get("document"))
    url = document.get("url")
    titles = (document.get("title"), source.get("id"))
    quoted = (document.get("snippet"), document.get("text"))
    return Citation(
        url=url if isinstance(url, str) and url else None,
        title=next((title for title in titles if isinstance(title, str) and title), None),
        cited_text=next((text for text in quoted if isinstance(text, str) and text), None),
        start=_count(citation.get("start")),
        end=_count(citation.get("end")),
        dialect=NAME,
        raw=citation,
    )


def decode_logprobs(item: Json) -> tuple[TokenLogprob, ...]:
    """One entry for each chunk of text: of several tokens together, whose spellings are not told,
    the probability is the product.
    """
    if not isinstance(item, dict):
        return ()
    values = [value for value in item.get("logprobs") or () if isinstance(value, int | float)]
    return (
        (TokenLogprob(token=text_of(item.get("text")), logprob=float(sum(values))),)
        if values
        else ()
    )


def _object(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _count(value: Json) -> int | None:
    return (
        int(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1 << 53
        else None
    )
