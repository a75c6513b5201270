"""Content parts of a client's messages, and of the vendors' answers that use the same part objects,
→ canonical parts.

Shapes: https://platform.openai.com/docs/api-reference/chat/create (text, image_url, input_audio,
file, refusal) and what compatible vendors and sloppy clients add: Mistral's `thinking` and
`document_url`, `video_url`, `audio_url`, Responses-style `input_text`/`input_image`/`input_file`,
and the Anthropic-style `image`, `tool_use`, `tool_result` that Cursor mixes in. What is not known
becomes `Unknown`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from uniapi.canonical import (
    CacheHint,
    Json,
    Media,
    MediaKind,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Unknown,
)

from .request_decode_members import (
    DIALECT_NAME,
    at,
    decode_list,
    decode_text,
    need_object,
    need_text,
    refused,
)

AUDIO_MIMES = {"mp3": "audio/mpeg", "wav": "audio/wav", "pcm16": "audio/pcm"}
"""OpenAI's format words whose media type is not simply `audio/` + word."""


def decode_content(content: Json, path: str) -> list[Part]:
    """A message's `content`: text, a list of parts (each text or an object), a single part object,
    or null.
    """
    if content is None:
        return []
    if isinstance(content, str):
        return [Text(text=content)] if content else []
    if isinstance(content, dict) and not ("type" in content or "text" in content):
        # A tool's result as the object that it is
        return [Text(text=json.dumps(content, ensure_ascii=False, separators=(",", ":")))]
    if isinstance(content, dict):
        return [decode_part(content, path)]
    if not isinstance(content, list):
        raise refused(path, "text or a list of parts", content)
    return [decode_part(part, f"{path}[{index}]") for index, part in enumerate(content)]


def decode_part(part: Json, path: str) -> Part:
    if isinstance(part, str):
        return Text(text=part)
    part = need_object(part, path)
    cache = decode_cache(part.get("cache_control")) or decode_breakpoint(part)
    match part.get("type"):
        case "text" | "input_text" | "output_text":
            return Text(text=need_text(part.get("text"), f"{path}.text"), cache=cache)
        case "image_url" | "input_image":
            return _image(part, path, cache)
        case "input_audio":
            return _audio(part, path, cache)
        case "video_url" | "audio_url" | "document_url" as kind:
            return _by_url(part, kind, path, cache)
        case "file" | "input_file":
            return _file(part, path, cache)
        case "refusal":
            return Refusal(text=need_text(part.get("refusal"), f"{path}.refusal"))
        case "thinking" | "redacted_thinking":
            return decode_thinking(part)
        case "image":
            return _anthropic_image(part, path, cache)
        case "tool_use":
            return ToolCall(
                call_id=need_text(part.get("id"), f"{path}.id"),
                name=need_text(part.get("name"), f"{path}.name"),
                arguments=arguments_text(part.get("input")),
                cache=cache,
            )
        case "tool_result":
            return ToolResult(
                call_id=need_text(part.get("tool_use_id"), f"{path}.tool_use_id"),
                content=result_content(decode_content(part.get("content"), f"{path}.content")),
                is_error=part.get("is_error") is True,
                cache=cache,
            )
        case None if isinstance(part.get("text"), str):
            return Text(text=part["text"], cache=cache)
        case other:
            return Unknown(dialect=DIALECT_NAME, name=str(other), raw=part, cache=cache)


def decode_cache(value: Json) -> CacheHint | None:
    """Anthropic's `cache_control`, which OpenRouter and others take on parts, messages
    and tools.
    """
    if not isinstance(value, dict):
        return None
    ttl = value.get("ttl")
    return CacheHint(ttl=ttl if isinstance(ttl, str) else None)


def decode_breakpoint(part: Mapping[str, Json]) -> CacheHint | None:
    """OpenAI's own mark (openai 3.54.0, `prompt_cache_breakpoint`), of 30 minutes when it names no
    lifetime.
    """
    marker = part.get("prompt_cache_breakpoint")
    if not isinstance(marker, dict):
        return None
    ttl = marker.get("ttl")
    return CacheHint(ttl=ttl if isinstance(ttl, str) else "30m")


def decode_thinking(block: Mapping[str, Json]) -> Reasoning:
    """A `thinking` or `redacted_thinking` block: Anthropic's (as LiteLLM passes it on) or
    Mistral's, whose `thinking` is a list of text parts.
    """
    if block.get("type") == "redacted_thinking":
        return Reasoning(
            is_redacted=True, opaque=Opaque(family="anthropic", value=block.get("data"))
        )
    thinking = block.get("thinking")
    if isinstance(thinking, list):
        text = "".join(
            piece if isinstance(piece, str) else str(at(piece, "text") or "") for piece in thinking
        )
    else:
        text = thinking if isinstance(thinking, str) else ""
    signature = block.get("signature")
    return Reasoning(
        text=text,
        opaque=(
            Opaque(family="anthropic", value=signature)
            if isinstance(signature, str) and signature
            else None
        ),
    )


def arguments_text(value: Json) -> str:
    """A call's arguments as text; some vendors and clients write the object itself."""
    if value is None:
        return ""
    return (
        value
        if isinstance(value, str)
        else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    )


def result_content(parts: list[Part]) -> tuple[Text | Media | Unknown, ...]:
    """What a tool result may hold; a refusal or thinking in it counts as its text."""
    content: list[Text | Media | Unknown] = []
    for part in parts:
        match part:
            case Text() | Media() | Unknown():
                content.append(part)
            case Refusal(text=text) | Reasoning(text=text):
                content.append(Text(text=text))
            case _:
                pass
    return tuple(content)


def media_by_url(
    url: str,
    kind: MediaKind,
    *,
    detail: str | None = None,
    filename: str | None = None,
    cache: CacheHint | None = None,
) -> Media:
    """Media from a URL, which may be a `data:` URL; its declared type then decides the kind."""
    if url[:5].lower() != "data:":
        return Media(kind=kind, url=url, detail=detail, filename=filename, cache=cache)
    head, _, payload = url[5:].partition(",")
    mime = head.partition(";")[0].strip().lower() or None
    if not head.rstrip().endswith("base64"):
        payload = base64.b64encode(unquote_to_bytes(payload)).decode()
    return Media(
        kind=kind_of_mime(mime) or kind,
        mime=mime,
        data=payload,
        detail=detail,
        filename=filename,
        cache=cache,
    )


def kind_of_mime(mime: str | None) -> MediaKind | None:
    match (mime or "").partition("/")[0]:
        case "image":
            return "image"
        case "audio":
            return "audio"
        case "video":
            return "video"
        case "":
            return None
        case _:
            return "file"


def _image(part: Mapping[str, Json], path: str, cache: CacheHint | None) -> Media:
    value = part.get("image_url")
    if isinstance(value, dict):
        url, detail = value.get("url"), value.get("detail")
    else:
        url, detail = value, part.get("detail")
    detail = detail if isinstance(detail, str) else None
    if url is None and isinstance(part.get("file_id"), str):
        return Media(
            kind="image",
            file_id=part["file_id"],
            detail=detail,
            cache=cache,
            opaque=Opaque(family="openai", value=part["file_id"]),
        )
    if not isinstance(url, str) or not url:
        raise refused(f"{path}.image_url", "an object with a `url`", value)
    return media_by_url(url, "image", detail=detail, cache=cache)


def _audio(part: Mapping[str, Json], path: str, cache: CacheHint | None) -> Media:
    audio = need_object(part.get("input_audio"), f"{path}.input_audio")
    data = need_text(audio.get("data"), f"{path}.input_audio.data")
    if data[:5].lower() == "data:":
        return media_by_url(data, "audio", cache=cache)
    word = decode_text(audio.get("format"), f"{path}.input_audio.format") or "wav"
    return Media(kind="audio", mime=AUDIO_MIMES.get(word, f"audio/{word}"), data=data, cache=cache)


def _by_url(part: Mapping[str, Json], member: str, path: str, cache: CacheHint | None) -> Media:
    value = part.get(member)
    url = value.get("url") if isinstance(value, dict) else value
    if not isinstance(url, str) or not url:
        raise refused(f"{path}.{member}", "a URL, or an object with a `url`", value)
    kinds: dict[str, MediaKind] = {
        "video_url": "video",
        "audio_url": "audio",
        "document_url": "file",
    }
    name = part.get("document_name")
    return media_by_url(
        url, kinds[member], filename=name if isinstance(name, str) else None, cache=cache
    )


def _file(part: Mapping[str, Json], path: str, cache: CacheHint | None) -> Media:
    nested = part.get("file")
    if nested is not None:
        path = f"{path}.file"
    file = part if nested is None else need_object(nested, path)
    filename = decode_text(file.get("filename"), f"{path}.filename")
    file_id = decode_text(file.get("file_id"), f"{path}.file_id")
    if file_id:
        return Media(
            kind="file",
            file_id=file_id,
            filename=filename,
            cache=cache,
            opaque=Opaque(family="openai", value=file_id),
        )
    url = decode_text(file.get("file_url"), f"{path}.file_url")
    data = decode_text(file.get("file_data"), f"{path}.file_data") or url
    if not data:
        raise refused(path, "`file_data` or `file_id`", None)
    if data[:5].lower() == "data:" or "://" in data[:16]:
        return media_by_url(data, "file", filename=filename, cache=cache)
    return Media(
        kind="file", mime=mime_of_name(filename), data=data, filename=filename, cache=cache
    )


def mime_of_name(filename: str | None) -> str:
    """The media type a file's name suggests.

    OpenAI's file parts are PDFs unless they say otherwise.
    """
    known = {
        "txt": "text/plain",
        "md": "text/markdown",
        "csv": "text/csv",
        "html": "text/html",
        "json": "application/json",
    }
    return known.get((filename or "").rpartition(".")[2].lower(), "application/pdf")


def _anthropic_image(part: Mapping[str, Json], path: str, cache: CacheHint | None) -> Part:
    source = part.get("source")
    if at(source, "type") == "base64" and isinstance(at(source, "data"), str):
        mime = at(source, "media_type")
        return Media(
            kind="image",
            mime=mime if isinstance(mime, str) else None,
            data=at(source, "data"),
            cache=cache,
        )
    if isinstance(at(source, "url"), str):
        return media_by_url(at(source, "url"), "image", cache=cache)
    return Unknown(dialect=DIALECT_NAME, name="image", raw=part, cache=cache)


def decode_images(value: Json, path: str) -> list[Part]:
    """OpenRouter's `images` on an assistant message: a list of image_url parts."""
    return [
        _image(need_object(part, f"{path}[{index}]"), f"{path}[{index}]", None)
        for index, part in enumerate(decode_list(value, path))
    ]
