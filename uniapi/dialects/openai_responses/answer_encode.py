"""Canonical Response → the Response object a client reads."""

from __future__ import annotations

from collections.abc import Iterable

from uniapi.canonical import (
    Choice,
    Finish,
    Json,
    Media,
    Part,
    Reasoning,
    Refusal,
    Response,
    Search,
    Text,
    ToolCall,
    Unknown,
)
from uniapi.dialects.codec import EncodedResponse, ReplyContext
from uniapi.values import replace

from .answer_encode_calls import call_item, call_type
from .answer_encode_envelope import closing, opening
from .answer_encode_items import (
    annotation_of,
    carrier_item,
    content_of,
    foreign,
    image_item,
    image_link,
    item_id,
    message_item,
    reasoning_item,
    search_item,
)
from .answer_encode_tools import ToolLookup
from .opaque import own_members
from .vocabulary import FAMILY, NAME


def encode_response(response: Response, context: ReplyContext) -> EncodedResponse:
    """The Response object; only the first choice is told."""
    choice = (
        response.choices[0] if response.choices else Choice(parts=(), finish=Finish(reason="stop"))
    )
    writer = _OutputWriter(context)
    writer.write(choice.parts)
    writer.close("incomplete" if choice.finish.reason == "length" else "completed")
    if len(response.choices) > 1:
        writer.lose("n")
    body = closing(
        opening(context, response.response_id, response.created_s),
        writer.items,
        response.usage,
        choice.finish,
    )
    return EncodedResponse(body=body, losses=tuple(writer.losses), items=writer.items)


class _OutputWriter:
    """Parts → items, with the same grouping and the same ids as in a stream."""

    def __init__(self, context: ReplyContext) -> None:
        self.items: list[dict[str, Json]] = []
        self.losses: list[str] = []
        self._seed = context.id_seed
        self._tools = ToolLookup(context.request)
        self._message: dict[str, Json] | None = None
        self._source_id: Json = None

    def lose(self, name: str) -> None:
        if name not in self.losses:
            self.losses.append(name)

    def write(self, parts: Iterable[Part]) -> None:
        for part in parts:
            if isinstance(part, Media) and part.kind == "audio" and part.text:
                # A sound has no place in a message of this API; what it says has.
                self.lose("audio")
                part = Text(text=part.text)
            if not isinstance(part, Text | Refusal) and not _is_link(part):
                self.close()
            match part:
                case Text():
                    self._text(part)
                case Refusal():
                    self._say(part, {})
                case Reasoning():
                    self.items.append(reasoning_item(self._id("reasoning"), part))
                case ToolCall():
                    self._call(part)
                case Media(kind="image", url=str()):
                    self._say(image_link(part), {})
                case Media(kind="image"):
                    self.items.append(image_item(self._id("image_generation_call"), part))
                case Media(kind=kind):
                    self.lose(kind)
                case Search():
                    self.items.append(search_item(self._id("web_search_call"), part))
                case Unknown(dialect=dialect, raw=dict(raw)) if dialect == NAME:
                    self.items.append(raw)
                case Unknown(name=name):
                    self.lose(name)
                case _:
                    self.lose("tool_result")

    def close(self, status: str = "completed") -> None:
        """No more text joins the current message."""
        if self._message is not None:
            self._message["status"] = status
        self._message = None

    def _id(self, kind: str) -> str:
        return item_id(kind, self._seed, len(self.items))

    def _text(self, part: Text) -> None:
        is_empty = not (part.text or part.citations or part.logprobs)
        if not is_empty:
            self._say(part, own_members(part.opaque, FAMILY))
        token = foreign(part.opaque)
        if token is not None:
            self.close()
            self.items.append(carrier_item(self._id("reasoning"), token, standalone=is_empty))

    def _say(self, part: Text | Refusal, own: dict[str, Json]) -> None:
        if self._message is not None and own.get("id") not in (None, self._source_id):
            self.close()
        if self._message is None:
            phase = own.get("phase")
            self._source_id = own.get("id")
            self._message = message_item(
                self._id("message"), [], phase if isinstance(phase, str) else None
            )
            self.items.append(self._message)
        if isinstance(part, Text) and any(
            annotation_of(citation, 0) is None for citation in part.citations
        ):
            self.lose("citations")
        self._message["content"].append(content_of(part))

    def _call(self, call: ToolCall) -> None:
        tool = self._tools.find(call.name, call.namespace)
        token = foreign(call.opaque)
        if token is not None:
            self.items.append(carrier_item(self._id("reasoning"), token, call_id=call.call_id))
        kind = call_type(call, tool)
        if kind == "function_call" and not call.arguments:
            call = replace(call, arguments="{}")
        self.items.append(call_item(self._id(kind), call, tool))


def _is_link(part: Part) -> bool:
    return isinstance(part, Media) and part.kind == "image" and part.url is not None
