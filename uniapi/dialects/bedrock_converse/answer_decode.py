"""A whole Converse answer → canonical; and what the stream decoder shares with it: usage,
citations, finish, tool calls.

Format:
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_ResponseSyntax.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from uniapi.canonical import (
    Choice,
    Citation,
    Finish,
    FoldError,
    Json,
    Media,
    Opaque,
    Part,
    Reasoning,
    Response,
    Text,
    ToolCall,
    Unknown,
    Usage,
)
from uniapi.dialects.codec import UpstreamContext
from uniapi.dialects.failed_finish import failed_finish
from uniapi.dialects.function_tools import ANSWER_MEMBER, ANSWER_TOOL, freeform_input, is_wrapped
from uniapi.dialects.shapes import expecting, text_of
from uniapi.dialects.think_tags import without_think_tags
from uniapi.errors import WireError
from uniapi.values import replace

from .error import failure_in
from .request_encode_names import ToolNames
from .vocabulary import FAMILY, NAME, STOP_REASONS, dumped, opaque_family, stands_in_tool

_READ_MEMBERS = frozenset({"output", "stopReason", "usage"})


def decode_response(body: Json, context: UpstreamContext) -> Response:
    """The whole answer; raises WireError when it is none, FoldError with its Failure for an error
    in an answer of status 200.
    """
    with expecting("a Converse answer"):
        response = _decode(body, context)
    return without_think_tags(response) if context.quirk.think_tags else response


def _decode(body: Json, context: UpstreamContext) -> Response:
    if (
        isinstance(body, dict)
        and "output" not in body
        and (failure := failure_in(body)) is not None
    ):
        raise FoldError(failure)
    if not isinstance(body, dict) or not isinstance(body.get("output"), dict):
        raise WireError(f"expected a Converse answer with `output`, found {str(body)[:120]}")
    reader = BlockReader(context)
    parts: list[Part] = []
    for block in body["output"].get("message", {}).get("content") or ():
        _add(parts, block, reader)
    finish = decode_finish(
        body.get("stopReason"),
        body.get("additionalModelResponseFields"),
        has_calls=any(isinstance(part, ToolCall) for part in parts),
    )
    rest = {name: value for name, value in body.items() if name not in _READ_MEMBERS}
    if finish.reason == "error":
        raise FoldError(failed_finish(finish))
    return Response(
        choices=(Choice(parts=tuple(parts), finish=finish),),
        usage=decode_usage(body.get("usage"), body.get("serviceTier")),
        extensions={NAME: rest} if rest else {},
    )


def _add(parts: list[Part], block: Json, reader: BlockReader) -> None:
    """Appends the block's parts; citations without a text of their own belong to the text before
    them.
    """
    cited = block.get("citationsContent")
    if cited is None:
        parts.extend(reader.parts(block))
        return
    text = "".join(text_of(piece.get("text")) for piece in cited.get("content") or ())
    citations = tuple(decode_citation(citation) for citation in cited.get("citations") or ())
    if not text and parts and isinstance(parts[-1], Text):
        parts[-1] = replace(parts[-1], citations=parts[-1].citations + citations)
    elif text or citations:
        parts.append(Text(text=text, citations=citations))


class BlockReader:
    """Reads content blocks in the light of the request they answer: the client's own tool names,
    and the tool that stands in for structured output.
    """

    def __init__(self, context: UpstreamContext) -> None:
        self.family = opaque_family(context.quirk)
        self._names = ToolNames(context.request.tools if context.request is not None else ())
        stand_in = stands_in_tool(context.request, context.quirk)
        self.has_stand_in = stand_in is not None
        self._stand_in_wraps = stand_in is not None and is_wrapped(stand_in)

    def parts(self, block: Mapping[str, Json]) -> list[Part]:
        """The parts of one block, usually one; what is not known is carried."""
        text = block.get("text")
        if isinstance(text, str):
            return [Text(text=text)]
        if "toolUse" in block:
            return [self._tool_use(block)]
        if "reasoningContent" in block:
            return self._reasoning(block["reasoningContent"])
        if isinstance(block.get("image"), dict):
            return [decode_image(block["image"])]
        return [Unknown(dialect=NAME, name=next(iter(block), "content"), raw=block)]

    def is_stand_in(self, name: Json) -> bool:
        return self.has_stand_in and name == ANSWER_TOOL

    def opened_call(self, call: Mapping[str, Json]) -> ToolCall:
        """The call as far as its start tells: the client's name for the tool, no arguments yet."""
        name, call_id = call["name"], call["toolUseId"]
        if not isinstance(name, str) or not isinstance(call_id, str):
            raise WireError(f"a tool call without name or id: {str(call)[:120]}")
        tool = self._names.tool(name)
        if tool is None:
            return ToolCall(call_id=call_id, name=name)
        return ToolCall(call_id=call_id, name=tool.name, kind=tool.kind, namespace=tool.namespace)

    def stand_in_text(self, value: Json) -> str:
        """The structured answer the forced tool was called with."""
        if self._stand_in_wraps and isinstance(value, dict) and ANSWER_MEMBER in value:
            value = value[ANSWER_MEMBER]
        return dumped(value)

    @property
    def streams_stand_in(self) -> bool:
        """Whether the tool's input is the answer as it stands, and can be passed on piece
        by piece.
        """
        return not self._stand_in_wraps

    def _tool_use(self, block: Mapping[str, Json]) -> Part:
        call = block["toolUse"]
        if is_server_call(call):
            return Unknown(dialect=NAME, name="server_tool_use", raw=block)
        value = call.get("input")
        value = {} if value is None else value
        if self.is_stand_in(call.get("name")):
            return Text(text=self.stand_in_text(value))
        opened = self.opened_call(call)
        return replace(
            opened,
            arguments=freeform_input(dumped(value)) if opened.kind == "custom" else dumped(value),
        )

    def _reasoning(self, content: Mapping[str, Json]) -> list[Part]:
        redacted = content.get("redactedContent")
        if isinstance(redacted, str):
            return [self.redacted([redacted])]
        shown = content["reasoningText"]
        signature = shown.get("signature")
        return [
            Reasoning(
                text=text_of(shown.get("text")),
                opaque=self.signed(signature) if isinstance(signature, str) else None,
            )
        ]

    def signed(self, signature: str) -> Opaque | None:
        return Opaque(family=self.family, value=signature) if signature else None

    def redacted(self, blobs: list[str]) -> Reasoning:
        """An encrypted block. Anthropic's own string is what the blob holds, so that it is good at
        Anthropic too.
        """
        if self.family != FAMILY:
            return Reasoning(
                is_redacted=True, opaque=Opaque(family=self.family, value="".join(blobs))
            )
        try:
            value = b"".join(base64.b64decode(blob, validate=True) for blob in blobs).decode(
                "ascii"
            )
        except (binascii.Error, ValueError) as error:
            raise WireError(f"expected base64 of a text in `redactedContent` ({error})") from None
        return Reasoning(is_redacted=True, opaque=Opaque(family=FAMILY, value=value))


def is_server_call(call: Mapping[str, Json]) -> bool:
    """Whether the provider runs this call itself (Nova's grounding): nothing a client is
    to answer.
    """
    return call.get("type") == "server_tool_use"


def decode_image(image: Mapping[str, Json]) -> Media:
    source = image["source"]
    location = source.get("s3Location")
    url = location.get("uri") if isinstance(location, dict) else None
    data = source.get("bytes")
    return Media(
        kind="image",
        mime=f"image/{image.get('format') or 'png'}",
        data=data if isinstance(data, str) else None,
        url=url if isinstance(url, str) else None,
    )


def decode_citation(citation: Mapping[str, Json]) -> Citation:
    location = citation.get("location")
    web = location.get("web") if isinstance(location, dict) else None
    url = web.get("url") if isinstance(web, dict) else None
    source = citation.get("source")
    if (
        not isinstance(url, str)
        and isinstance(source, str)
        and source.startswith(("http://", "https://"))
    ):
        url = source
    title = citation.get("title") or (web.get("domain") if isinstance(web, dict) else None)
    quoted = "".join(
        text_of(piece.get("text"))
        for piece in citation.get("sourceContent") or ()
        if isinstance(piece, dict)
    )
    return Citation(
        url=url if isinstance(url, str) else None,
        title=title if isinstance(title, str) else None,
        cited_text=quoted or None,
        dialect=NAME,
        raw=citation,
    )


def decode_finish(reason: Json, fields: Json, *, has_calls: bool) -> Finish:
    """`fields` is `additionalModelResponseFields`, in which Claude names the stop sequence it met.

    Without a call there is none to wait for.
    """
    native = reason if isinstance(reason, str) else None
    meaning = STOP_REASONS.get(native or "", "stop")
    if meaning == "tool_calls" and not has_calls:
        meaning = "stop"
    return Finish(reason=meaning, native=native, dialect=NAME, stop_sequence=_stop_sequence(fields))


def _stop_sequence(fields: Json) -> str | None:
    if not isinstance(fields, dict):
        return None
    delta = fields.get("delta")
    found = fields.get("stop_sequence") or (
        delta.get("stop_sequence") if isinstance(delta, dict) else None
    )
    return found if isinstance(found, str) else None


def decode_usage(usage: Json, tier: Json = None) -> Usage | None:
    """Converse counts cached input apart; here it is part of the input. `tier`: the one that served
    the request, `{"type": "flex"}` (docs.aws.amazon.com, ConverseResponse, 2026-11-30).
    """
    if not isinstance(usage, dict):
        return None
    fresh, read, write = (
        _count(usage, "inputTokens"),
        _count(usage, "cacheReadInputTokens"),
        _count(usage, "cacheWriteInputTokens"),
    )
    service = tier.get("type") if isinstance(tier, dict) else None
    details = usage.get("cacheDetails")
    hour = (
        [detail for detail in details if isinstance(detail, dict) and detail.get("ttl") == "1h"]
        if isinstance(details, list)
        else []
    )
    return Usage(
        input_tokens=None if fresh is None else fresh + (read or 0) + (write or 0),
        output_tokens=_count(usage, "outputTokens"),
        cache_read_tokens=read,
        cache_write_tokens=write,
        cache_write_1h_tokens=(
            sum(_count(detail, "inputTokens") or 0 for detail in hour) if hour else None
        ),
        service_tier=service if isinstance(service, str) else None,
        raw=usage,
        dialect=NAME,
    )


def _count(holder: Mapping[str, Json], member: str) -> int | None:
    value = holder.get(member)
    return (
        int(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1 << 53
        else None
    )
