"""Content blocks of a client's request → parts.

A malformed block is refused by its path, an unknown one is carried.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import (
    Json,
    Media,
    Opaque,
    Part,
    RequestRefused,
    Text,
    ToolCall,
    ToolResult,
    Unknown,
)
from uniapi.values import replace

from .answer_decode_parts import carried, decode_plain, dumped, text_of
from .searches import is_our_search
from .vocabulary import CALL_MEMBERS, FAMILY, PDF, cache_hint

MAX_DEPTH = 2
"""A tool result may hold a document that holds blocks; what claims to be nested deeper is carried
unread.
"""


class PartReader:
    """Reads the content that stands at `where` (`messages[2].content`), `depth` blocks inside a
    turn.
    """

    def __init__(self, where: str, depth: int = 0) -> None:
        self._where = where
        self._depth = depth

    def content(self, content: Json) -> tuple[Part, ...]:
        """A turn's content: text or a list of blocks. None counts as empty."""
        parts: list[Part] = []
        for where, block in self._blocks(content):
            if not is_our_search(block):
                parts += self._part(block, where)
        return tuple(parts)

    def text_content(self, content: Json) -> tuple[Part, ...]:
        """System content: text blocks, and what is no text carried."""
        return tuple(
            self._text(block, where) if block.get("type") == "text" else carried(block)
            for where, block in self._blocks(content)
        )

    def _blocks(self, content: Json) -> list[tuple[str, Mapping[str, Json]]]:
        if content is None:
            return []
        if isinstance(content, str):
            return [(self._where, {"type": "text", "text": content})] if content else []
        if not isinstance(content, list):
            raise self._refused(self._where, "text or a list of blocks", content)
        blocks: list[tuple[str, Mapping[str, Json]]] = []
        for number, block in enumerate(content):
            where = f"{self._where}[{number}]"
            if isinstance(block, str):
                block = {"type": "text", "text": block}
            if not isinstance(block, dict) or not isinstance(block.get("type"), str):
                raise self._refused(where, "a content block with a type", block)
            blocks.append((where, block))
        return blocks

    def _part(self, block: Mapping[str, Json], where: str) -> list[Part]:
        match block["type"]:
            case "text":
                return [self._text(block, where)]
            case "image":
                return [self._image(block, where)]
            case "document" if self._depth < MAX_DEPTH:
                return self._document(block, where)
            case "tool_reference":
                return [_reference(block)]
            case "search_result":
                return [self._search_result(block)]
            case "tool_use":
                return [self._tool_use(block, where)]
            case "tool_result" if self._depth < MAX_DEPTH:
                return [self._tool_result(block, where)]
            case _:
                return [decode_plain(block) or carried(block)]

    def _text(self, block: Mapping[str, Json], where: str) -> Part:
        if not isinstance(block.get("text"), str):
            raise self._refused(f"{where}.text", "text", block.get("text"))
        return decode_plain(block) or carried(block)

    def _image(self, block: Mapping[str, Json], where: str) -> Media:
        source = self._source(block, where)
        cache = cache_hint(block)
        match source.get("type"):
            case "base64":
                return Media(
                    kind="image",
                    mime=text_of(source, "media_type") or None,
                    data=self._string(source, "data", where),
                    cache=cache,
                )
            case "url":
                return _by_url(
                    "image", self._string(source, "url", where), Media(kind="image", cache=cache)
                )
            case "file":
                file_id = self._string(source, "file_id", where)
                return Media(
                    kind="image",
                    file_id=file_id,
                    opaque=Opaque(family=FAMILY, value=file_id),
                    cache=cache,
                )
            case other:
                raise self._refused(f"{where}.source.type", "base64, url or file", other)

    def _document(self, block: Mapping[str, Json], where: str) -> list[Part]:
        source = self._source(block, where)
        described = Media(
            kind="file",
            title=text_of(block, "title") or None,
            context=text_of(block, "context") or None,
            citations_enabled=_has_citations(block),
            cache=cache_hint(block),
        )
        match source.get("type"):
            case "base64":
                mime = text_of(source, "media_type") or PDF
                return [replace(described, mime=mime, data=self._string(source, "data", where))]
            case "text":
                return [
                    replace(described, mime="text/plain", text=self._string(source, "data", where))
                ]
            case "url":
                return [
                    _by_url(
                        "file", self._string(source, "url", where), replace(described, mime=PDF)
                    )
                ]
            case "file":
                file_id = self._string(source, "file_id", where)
                return [
                    replace(described, file_id=file_id, opaque=Opaque(family=FAMILY, value=file_id))
                ]
            case "content":
                return self._own_content(source, described, where)
            case other:
                raise self._refused(
                    f"{where}.source.type", "base64, text, url, file or content", other
                )

    def _own_content(self, source: Mapping[str, Json], described: Media, where: str) -> list[Part]:
        """A document made of blocks: one plain text, unless it holds images, which then stand as
        parts of their own.
        """
        inner = PartReader(f"{where}.source.content", self._depth + 1).content(
            source.get("content")
        )
        if all(isinstance(part, Text) for part in inner):
            text = "\n\n".join(part.text for part in inner if isinstance(part, Text))
            return [replace(described, mime="text/plain", text=text)]
        heading = [Text(text=text) for text in (described.title, described.context) if text]
        return [*heading, *inner]

    def _search_result(self, block: Mapping[str, Json]) -> Media:
        """A passage found by the client's own search, as a text document; the block itself goes
        back to this family.
        """
        content = block.get("content")
        texts = (
            [text_of(item, "text") for item in content if isinstance(item, dict)]
            if isinstance(content, list)
            else []
        )
        return Media(
            kind="file",
            mime="text/plain",
            text="\n\n".join(texts),
            title=text_of(block, "title") or None,
            context=text_of(block, "source") or None,
            citations_enabled=_has_citations(block),
            cache=cache_hint(block),
            opaque=Opaque(family=FAMILY, value=dict(block)),
        )

    def _tool_use(self, block: Mapping[str, Json], where: str) -> ToolCall:
        others = {
            key: value
            for key, value in block.items()
            if key not in CALL_MEMBERS and value is not None
        }
        return ToolCall(
            call_id=self._string(block, "id", where),
            name=self._string(block, "name", where),
            arguments=dumped(block.get("input")),
            cache=cache_hint(block),
            opaque=Opaque(family=FAMILY, value=others) if others else None,
        )

    def _tool_result(self, block: Mapping[str, Json], where: str) -> ToolResult:
        inner = PartReader(f"{where}.content", self._depth + 1).content(block.get("content"))
        return ToolResult(
            call_id=self._string(block, "tool_use_id", where),
            content=tuple(
                part if isinstance(part, Text | Media | Unknown) else _stray(part) for part in inner
            ),
            is_error=block.get("is_error") is True,
            cache=cache_hint(block),
        )

    def _source(self, block: Mapping[str, Json], where: str) -> Mapping[str, Json]:
        source = block.get("source")
        if not isinstance(source, dict):
            raise self._refused(f"{where}.source", "an object", source)
        return source

    def _string(self, holder: Mapping[str, Json], name: str, where: str) -> str:
        value = holder.get(name)
        if not isinstance(value, str):
            raise self._refused(f"{where}.{name}", "text", value)
        return value

    def _refused(self, where: str, expected: str, found: Json) -> RequestRefused:
        shown = "nothing" if found is None else type(found).__name__
        if isinstance(found, str):
            shown = f'"{found[:40]}"'
        return RequestRefused.bad_request(f"{where}: expected {expected}, found {shown}", where)


def _reference(block: Mapping[str, Json]) -> Text:
    """What a tool search found, in words for who has no such block."""
    name = text_of(block, "tool_name")
    return Text(
        text=f"The tool `{name}` was found and can be called now.",
        opaque=Opaque(family=FAMILY, value=dict(block)),
    )


def _by_url(kind: str, url: str, described: Media) -> Media:
    """Media by address; a `data:` address is media by value."""
    if not url.startswith("data:"):
        return replace(described, url=url)
    head, _, data = url.partition(",")
    mime = head[5:].partition(";")[0] or ("image/png" if kind == "image" else PDF)
    return replace(described, mime=mime, data=data)


def _has_citations(block: Mapping[str, Json]) -> bool:
    citations = block.get("citations")
    return isinstance(citations, dict) and citations.get("enabled") is True


def _stray(part: Part) -> Unknown:
    """A kind of part that has no place in a tool result."""
    return Unknown(dialect=FAMILY, name=type(part).__name__.lower(), raw=None)
