"""Content parts of messages and tool outputs, in a client's request and in an upstream's answer →
canonical parts.

Readers of a request raise RequestRefused naming the member; `read_…` functions for answers never
raise on an odd annotation or logprob, they leave it out.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import (
    CacheHint,
    Citation,
    Json,
    Media,
    MediaKind,
    Opaque,
    Part,
    Refusal,
    Text,
    TokenLogprob,
    Unknown,
)
from uniapi.dialects.openai_chat.request_decode_members import (
    decode_text,
    need_object,
    need_text,
    refused,
)

from .vocabulary import AUDIO_MIMES, FAMILY, NAME

TEXT_TYPES = frozenset({"input_text", "output_text", "text", "summary_text", "reasoning_text"})


def decode_content(content: Json, path: str, token: Opaque | None = None) -> list[Part]:
    """`content` as text or a list of parts.

    `token` is put on each text: it names the item they came in.
    """
    if content is None:
        return []
    if isinstance(content, str):
        return [Text(text=content, opaque=token)]
    if not isinstance(content, list):
        raise refused(path, "text or a list of parts", content)
    return [decode_part(part, f"{path}[{index}]", token) for index, part in enumerate(content)]


def decode_part(part: Json, path: str, token: Opaque | None = None) -> Part:
    if isinstance(part, str):
        return Text(text=part, opaque=token)
    part = need_object(part, path)
    cache = _cache(part.get("prompt_cache_breakpoint"))
    kind = part.get("type")
    if kind in TEXT_TYPES:
        return Text(
            text=need_text(part.get("text"), f"{path}.text"),
            citations=decode_citations(part.get("annotations")),
            cache=cache,
            opaque=token,
        )
    match kind:
        case "input_image" | "image_url":
            return _image(part, path, cache)
        case "input_file" | "file":
            return _file(part, path, cache)
        case "input_audio":
            sound = need_object(part.get("input_audio"), f"{path}.input_audio")
            word = decode_text(sound.get("format"), f"{path}.input_audio.format")
            data = need_text(sound.get("data"), f"{path}.input_audio.data")
            return Media(
                kind="audio",
                mime=AUDIO_MIMES.get(word or "", f"audio/{word}" if word else None),
                data=data,
                cache=cache,
            )
        case "refusal":
            return Refusal(text=need_text(part.get("refusal"), f"{path}.refusal"))
        case str():
            return Unknown(dialect=NAME, name=kind, raw=part, cache=cache)
        case _:
            raise refused(
                f"{path}.type",
                "the type of a content part (`input_text`, `input_image`, `input_file`, …)",
                kind,
            )


def _image(part: Mapping[str, Json], path: str, cache: CacheHint | None) -> Media:
    detail = decode_text(part.get("detail"), f"{path}.detail")
    url = part.get("image_url")
    if isinstance(url, dict):
        url = url.get("url")
    if url is not None:
        return _by_reference(
            need_text(url, f"{path}.image_url"), kind="image", detail=detail, cache=cache
        )
    if part.get("file_id") is not None:
        return _uploaded(
            "image", need_text(part["file_id"], f"{path}.file_id"), detail=detail, cache=cache
        )
    raise refused(f"{path}.image_url", "a URL, a data URL, or `file_id` beside it", None)


def _file(part: Mapping[str, Json], path: str, cache: CacheHint | None) -> Media:
    inner = part.get("file")
    if isinstance(inner, dict):
        part = inner
    filename = decode_text(part.get("filename"), f"{path}.filename")
    detail = decode_text(part.get("detail"), f"{path}.detail")
    if part.get("file_data") is not None:
        return _by_reference(
            need_text(part["file_data"], f"{path}.file_data"),
            kind="file",
            filename=filename,
            detail=detail,
            cache=cache,
        )
    if part.get("file_url") is not None:
        return Media(
            kind="file",
            url=need_text(part["file_url"], f"{path}.file_url"),
            filename=filename,
            detail=detail,
            cache=cache,
        )
    if part.get("file_id") is not None:
        return _uploaded(
            "file",
            need_text(part["file_id"], f"{path}.file_id"),
            detail=detail,
            cache=cache,
            filename=filename,
        )
    raise refused(path, "`file_data`, `file_url` or `file_id`", None)


def _by_reference(
    reference: str,
    *,
    kind: MediaKind,
    detail: str | None,
    cache: CacheHint | None,
    filename: str | None = None,
) -> Media:
    """A data URL by value, another URL by reference; a file's bare base64 (older clients) by value
    without a media type.
    """
    if reference.startswith("data:"):
        head, _, data = reference.partition(",")
        mime = head[5:].partition(";")[0].lower() or None
        return Media(kind=kind, mime=mime, data=data, filename=filename, detail=detail, cache=cache)
    if kind == "file":
        return Media(kind=kind, data=reference, filename=filename, detail=detail, cache=cache)
    return Media(kind=kind, url=reference, detail=detail, cache=cache)


def _uploaded(
    kind: MediaKind,
    file_id: str,
    *,
    detail: str | None,
    cache: CacheHint | None,
    filename: str | None = None,
) -> Media:
    """A file by its id, which only the family that issued it can read."""
    return Media(
        kind=kind,
        file_id=file_id,
        filename=filename,
        detail=detail,
        cache=cache,
        opaque=Opaque(family=FAMILY, value=file_id),
    )


def _cache(marker: Json) -> CacheHint | None:
    """https://platform.openai.com/docs/guides/prompt-caching: explicit breakpoints, with 30 minutes
    when no lifetime is named.
    """
    if not isinstance(marker, dict):
        return None
    ttl = marker.get("ttl")
    return CacheHint(ttl=ttl if isinstance(ttl, str) else "30m")


def decode_citations(annotations: Json) -> tuple[Citation, ...]:
    """`annotations` of an `output_text`; what is no object is passed over."""
    if not isinstance(annotations, list):
        return ()
    return tuple(
        decode_citation(annotation) for annotation in annotations if isinstance(annotation, dict)
    )


def decode_citation(annotation: Mapping[str, Json]) -> Citation:
    nested = annotation.get("url_citation")
    source: Mapping[str, Json] = nested if isinstance(nested, dict) else annotation
    url, title = (
        source.get("url"),
        source.get("title") or source.get("filename") or source.get("file_id"),
    )
    return Citation(
        url=url if isinstance(url, str) else None,
        title=title if isinstance(title, str) else None,
        start=_offset(source.get("start_index")),
        end=_offset(source.get("end_index")),
        dialect=NAME,
        raw=annotation,
    )


def decode_logprobs(entries: Json) -> tuple[TokenLogprob, ...]:
    if not isinstance(entries, list):
        return ()
    return tuple(
        logprob
        for entry in entries
        if (logprob := _logprob(entry, with_alternatives=True)) is not None
    )


def _logprob(entry: Json, *, with_alternatives: bool) -> TokenLogprob | None:
    if not isinstance(entry, dict):
        return None
    token, logprob, utf8 = entry.get("token"), entry.get("logprob"), entry.get("bytes")
    if (
        not isinstance(token, str)
        or not isinstance(logprob, int | float)
        or isinstance(logprob, bool)
    ):
        return None
    others = entry.get("top_logprobs") if with_alternatives else None
    found = (
        [_logprob(other, with_alternatives=False) for other in others]
        if isinstance(others, list)
        else []
    )
    return TokenLogprob(
        token=token,
        logprob=logprob,
        utf8=tuple(byte for byte in utf8 if isinstance(byte, int))
        if isinstance(utf8, list)
        else None,
        alternatives=tuple(other for other in found if other is not None),
    )


def _offset(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
