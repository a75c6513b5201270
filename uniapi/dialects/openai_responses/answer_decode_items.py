"""`output` items of an upstream's answer → canonical parts, and how the answer ended. Whole answers
and streams both read their items here.

An item that is not understood becomes Unknown; values of wrong types raise one of `SHAPE_ERRORS`,
which the callers turn into malformed upstream bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from uniapi.canonical import (
    Citation,
    Failure,
    Finish,
    FinishReason,
    FoldError,
    Json,
    Part,
    Reasoning,
    Refusal,
    Request,
    RequestRefused,
    Search,
    Text,
    Tool,
    ToolCall,
    Unknown,
)
from uniapi.dialects.codec import UpstreamContext
from uniapi.dialects.openai_chat.error import failure_of_object
from uniapi.dialects.openai_chat.request_decode_members import at
from uniapi.dialects.openai_chat.request_encode_names import wire_name
from uniapi.dialects.shapes import text_of
from uniapi.dialects.tool_names import offered_name
from uniapi.errors import WireError

from .answer_decode_content import TEXT_TYPES, decode_citations, decode_logprobs
from .opaque import item_token
from .request_decode_items import CALL_MEMBERS, image_of_call, reasoning_text, reasoning_token
from .request_decode_tools import own_namespace
from .vocabulary import FAMILY, INCOMPLETE_REASONS, NAME

FAILED_STATUSES = ("failed", "cancelled")

CALL_TYPES = ("function_call", "custom_tool_call")
MESSAGE_MEMBERS = ("id", "phase")


class OutputReader:
    """Reads the items of one answer; knows the family of its tokens and the names the client gave
    its tools.
    """

    def __init__(self, context: UpstreamContext) -> None:
        self.family = context.quirk.opaque_family or FAMILY
        self._names = _names_by_wire_name(context.request)
        self._id_seed = context.id_seed
        self._unnamed = 0
        self._tools = context.request.tools if context.request is not None else ()

    def parts(self, item: Json) -> list[Part]:
        """A whole item; several parts only for a message with several pieces of content."""
        if not isinstance(item, dict):
            raise WireError(f"expected an output item, found {type(item).__name__}")
        match item.get("type"):
            case "message":
                return self.message(item)
            case "function_call" | "custom_tool_call":
                return [self.call(item)]
            case "reasoning":
                return [self.reasoning(item)]
            case "image_generation_call" if isinstance(item.get("result"), str) and item["result"]:
                return [image_of_call(item, self.family)]
            case "web_search_call" if at(item.get("action"), "type") in (None, "search"):
                return [_search(item)]
            case kind:
                return [
                    Unknown(dialect=NAME, name=kind if isinstance(kind, str) else "item", raw=item)
                ]

    def message(self, item: Mapping[str, Json]) -> list[Part]:
        content = item.get("content")
        if isinstance(content, str):
            content = [{"type": "output_text", "text": content}]
        return [self.content(piece, item) for piece in content or []]

    def content(self, piece: Json, item: Mapping[str, Json]) -> Part:
        kind = piece.get("type")
        if kind == "refusal":
            return Refusal(text=text_of(piece.get("refusal")))
        if kind not in TEXT_TYPES:
            return Unknown(dialect=NAME, name=str(kind), raw=piece)
        return Text(
            text=text_of(piece.get("text")),
            citations=decode_citations(piece.get("annotations")),
            logprobs=decode_logprobs(piece.get("logprobs")),
            opaque=item_token(item, MESSAGE_MEMBERS, self.family),
        )

    def call(self, item: Mapping[str, Json]) -> ToolCall:
        is_custom = item.get("type") == "custom_tool_call"
        name = text_of(item.get("name"))
        name = self._names.get(offered_name(name, self._names), name)
        namespace = own_namespace(item.get("namespace"), name, self._tools)
        return ToolCall(
            call_id=self._call_id(item),
            name=name,
            arguments=call_text(item),
            kind="custom" if is_custom else "function",
            namespace=namespace,
            opaque=item_token(
                item,
                CALL_MEMBERS if namespace is not None else (*CALL_MEMBERS, "namespace"),
                self.family,
            ),
        )

    def _call_id(self, item: Mapping[str, Json]) -> str:
        """One that a result can name, also where a server gave none."""
        found = text_of(item.get("call_id") or item.get("id"))
        if found:
            return found
        self._unnamed += 1
        return f"call_{self._id_seed}{self._unnamed:02d}"

    def reasoning(self, item: Mapping[str, Json]) -> Reasoning:
        try:
            text = reasoning_text(item)
        except RequestRefused as refusal:
            raise WireError(str(refusal)) from None
        return Reasoning(text=text, opaque=reasoning_token(item, self.family))


def call_text(item: Mapping[str, Json]) -> str:
    """A call's arguments, or a freeform call's input.

    Some vendors send an object where text is due.
    """
    value = item.get("input") if item.get("type") == "custom_tool_call" else item.get("arguments")
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return value if isinstance(value, str) else ""


def finish_of(response: Mapping[str, Json], parts: Iterable[Part]) -> Finish:
    """How a Response that did not fail ended.

    Raises FoldError for one that failed, WireError for one that has not ended.
    """
    status = response.get("status")
    if response.get("error") or status in FAILED_STATUSES:
        raise FoldError(failure_of_response(response))
    if status in ("queued", "in_progress"):
        raise WireError(f"expected a finished response, found status {status!r}")
    return finish(
        status,
        at(response.get("incomplete_details"), "reason"),
        has_calls=any(isinstance(part, ToolCall) for part in parts),
    )


def finish(status: Json, why: Json, *, has_calls: bool) -> Finish:
    if status == "incomplete":
        word = why if isinstance(why, str) else "incomplete"
        return Finish(reason=INCOMPLETE_REASONS.get(word, "error"), native=word, dialect=NAME)
    reason: FinishReason = "tool_calls" if has_calls else "stop"
    return Finish(reason=reason, native=status if isinstance(status, str) else None, dialect=NAME)


def failure_of_response(response: Mapping[str, Json]) -> Failure:
    """The failure in a Response of status `failed`."""
    error = response.get("error")
    if error:
        return failure_of_object({"error": error})
    return failure_of_object(
        {
            "error": {
                "message": f"the response ended with status {response.get('status')!r}",
                "code": response.get("status"),
            }
        }
    )


def _names_by_wire_name(request: Request | None) -> dict[str, str]:
    """The client's names of its tools by those they were sent under."""
    if request is None:
        return {}
    return {wire_name(tool.name): tool.name for tool in request.tools if isinstance(tool, Tool)}


def _search(item: Mapping[str, Json]) -> Search:
    """A search: the queries and, where the client asked for them to be included, the sources.
    https://developers.openai.com/api/docs/guides/tools-web-search (2026-11-30)
    """
    action = item.get("action")
    asked = [at(action, "query"), *_listed(at(action, "queries"))]
    queries = [query for query in asked if isinstance(query, str) and query]
    addresses = [at(source, "url") for source in _listed(at(action, "sources"))]
    return Search(
        queries=tuple(dict.fromkeys(queries)),
        sources=tuple(Citation(url=url) for url in addresses if isinstance(url, str)),
        dialect=NAME,
        raw=item,
    )


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
