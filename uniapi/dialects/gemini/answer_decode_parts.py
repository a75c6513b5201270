"""What the decoders of whole and streamed answers, and the observer, read alike: usage, finish,
citations, log probabilities.

Everything here is lenient: a member of the wrong type counts as absent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from uniapi.canonical import Citation, Finish, Json, Search, TokenLogprob, Usage, counted

from .vocabulary import (
    FINISH_REASONS,
    NAME,
    SILENT_FAILURES,
    camel,
    int_member,
    list_member,
    member,
    object_member,
    text_member,
)

_CREATE_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?Z")


def _tokens(stated: Json, name: str) -> int | None:
    return counted(int_member(stated, name))


def decode_usage(stated: Json) -> Usage | None:
    """`usageMetadata`. The prompt leaves the tokens of Google's own tools out, the candidates leave
    the thoughts out; compatible upstreams count thoughts inside the candidates, which the total
    gives away.
    """
    if not isinstance(stated, dict):
        return None
    prompt = _tokens(stated, "promptTokenCount")
    tool_use = _tokens(stated, "toolUsePromptTokenCount") or 0
    visible = _tokens(stated, "candidatesTokenCount")
    if visible is None:
        visible = _tokens(stated, "responseTokenCount")
    thoughts = _tokens(stated, "thoughtsTokenCount")
    total = _tokens(stated, "totalTokenCount")
    read = None if prompt is None else prompt + tool_use
    written = None
    if visible is not None or thoughts is not None:
        written = (visible or 0) + (thoughts or 0)
    if (
        thoughts
        and visible is not None
        and total is not None
        and read is not None
        and total == read + visible
    ):
        written = visible
    if written is None and total is not None and read is not None:
        written = max(0, total - read)
    if total == (read or 0) + (written or 0):
        total = None
    return Usage(
        input_tokens=read,
        output_tokens=written,
        cache_read_tokens=int_member(stated, "cachedContentTokenCount"),
        reasoning_tokens=thoughts,
        input_audio_tokens=_modality_count(stated, "promptTokensDetails", "AUDIO"),
        output_audio_tokens=_modality_count(stated, "candidatesTokensDetails", "AUDIO"),
        output_image_tokens=_modality_count(stated, "candidatesTokensDetails", "IMAGE"),
        total_tokens=total,
        service_tier=text_member(stated, "serviceTier") or None,
        raw=stated,
        dialect=NAME,
    )


def decode_finish(
    candidate: Mapping[str, Json], *, has_calls: bool, has_output: bool
) -> Finish | None:
    """The candidate's finish; None while it goes on. `has_output`: whether it has given anything
    but thoughts.
    """
    native = text_member(candidate, "finishReason").upper()
    if not native or native == "FINISH_REASON_UNSPECIFIED":
        return None
    reason = FINISH_REASONS.get(native, "stop")
    if native in SILENT_FAILURES and not has_output:
        reason = "error"
    if reason == "stop" and has_calls:
        reason = "tool_calls"
    return Finish(
        reason=reason,
        native=native,
        dialect=NAME,
        message=text_member(candidate, "finishMessage") or None,
    )


def gives_output(part: Mapping[str, Json]) -> bool:
    """Whether a part of an answer holds anything but thoughts."""
    if part.get("thought") is True:
        return False
    return any(value for name, value in part.items() if camel(name) != "thoughtSignature")


def decode_block(body: Mapping[str, Json]) -> Finish | None:
    """The finish of an answer whose prompt was blocked: it has no candidates."""
    feedback = object_member(body, "promptFeedback")
    native = text_member(feedback, "blockReason")
    if not native or native.endswith("UNSPECIFIED"):
        return None
    return Finish(
        reason="content_filter",
        native=native,
        dialect=NAME,
        message=text_member(feedback, "blockReasonMessage") or None,
    )


def decode_created(body: Mapping[str, Json]) -> int | None:
    """`createTime` in seconds."""
    match = _CREATE_TIME.fullmatch(text_member(body, "createTime"))
    try:
        return int(datetime.fromisoformat(match[1] + "+00:00").timestamp()) if match else None
    except ValueError:
        return None


def decode_citations(candidate: Mapping[str, Json], text: str) -> list[Citation]:
    """Sources of `groundingMetadata` and `citationMetadata`; `text` is what they speak about:
    Google counts its UTF-8 bytes.

    A source that supports several stretches gives a citation for each, one that supports none a
    citation of the whole.
    """
    citations: list[Citation] = []
    grounding = object_member(candidate, "groundingMetadata")
    chunks = list_member(grounding, "groundingChunks")
    encoded = text.encode("utf-8", "surrogatepass") if chunks else b""
    cited: set[int] = set()
    for support in list_member(grounding, "groundingSupports"):
        segment = object_member(support, "segment")
        start, end = (
            _character(encoded, int_member(segment, "startIndex") or 0),
            _character(encoded, int_member(segment, "endIndex")),
        )
        for position in list_member(support, "groundingChunkIndices"):
            if isinstance(position, int) and 0 <= position < len(chunks):
                cited.add(position)
                citations.append(
                    _source(
                        chunks[position],
                        start if end is not None else None,
                        end,
                        text_member(segment, "text"),
                    )
                )
    citations += [
        _source(chunk, None, None, "")
        for position, chunk in enumerate(chunks)
        if position not in cited
    ]
    recited = object_member(candidate, "citationMetadata")
    for raw in list_member(recited, "citations") or list_member(recited, "citationSources"):
        uri = text_member(raw, "uri")
        if uri:
            citations.append(
                Citation(
                    url=uri,
                    title=text_member(raw, "title") or None,
                    start=int_member(raw, "startIndex"),
                    end=int_member(raw, "endIndex"),
                    dialect=NAME,
                    raw=raw,
                )
            )
    unique = {
        (citation.url, citation.title, citation.start, citation.end): citation
        for citation in citations
    }
    return list(unique.values())


def decode_search(candidate: Mapping[str, Json]) -> Search | None:
    """Google's own search, as far as the candidate's grounding tells of one.
    https://ai.google.dev/gemini-api/docs/google-search (2026-11-30)
    """
    grounding = object_member(candidate, "groundingMetadata")
    asked = list_member(grounding, "webSearchQueries")
    queries = tuple(query for query in asked if isinstance(query, str) and query)
    chunks = list_member(grounding, "groundingChunks")
    found = [_source(chunk, None, None, "") for chunk in chunks if object_member(chunk, "web")]
    return Search(queries=queries, sources=tuple(found)) if queries or found else None


def billed_searches(search: Search) -> int:
    """Google bills every query once, and none that is empty (ai.google.dev/gemini-api/docs/
    google-search, 2026-11-30). What was found without any was asked for somehow.
    """
    return len(set(search.queries)) or 1


def decode_logprobs(candidate: Mapping[str, Json]) -> tuple[TokenLogprob, ...]:
    """`logprobsResult`: the chosen tokens with, at the same position, the candidates considered."""
    result = object_member(candidate, "logprobsResult")
    considered = list_member(result, "topCandidates")
    tokens: list[TokenLogprob] = []
    for position, chosen in enumerate(list_member(result, "chosenCandidates")):
        alternatives = (
            list_member(considered[position], "candidates") if position < len(considered) else []
        )
        token = _token(
            chosen, tuple(found for raw in alternatives if (found := _token(raw, ())) is not None)
        )
        if token is not None:
            tokens.append(token)
    return tuple(tokens)


def _token(raw: Json, alternatives: tuple[TokenLogprob, ...]) -> TokenLogprob | None:
    probability = member(raw, "logProbability")
    if (
        not isinstance(raw, dict)
        or isinstance(probability, bool)
        or not isinstance(probability, int | float)
    ):
        return None
    return TokenLogprob(
        token=text_member(raw, "token"), logprob=float(probability), alternatives=alternatives
    )


def _source(chunk: Json, start: int | None, end: int | None, cited_text: str) -> Citation:
    described = next(
        (
            found
            for name in ("web", "retrievedContext", "maps", "image")
            if (found := object_member(chunk, name))
        ),
        {},
    )
    return Citation(
        url=text_member(described, "uri") or text_member(described, "sourceUri") or None,
        # A file of a file-search store has no address, and a name only when its owner gave one.
        title=text_member(described, "title") or text_member(described, "fileSearchStore") or None,
        cited_text=cited_text or text_member(described, "text") or None,
        start=start,
        end=end,
        dialect=NAME,
        raw=chunk if isinstance(chunk, dict) else None,
    )


def _character(encoded: bytes, byte: int | None) -> int | None:
    """The character offset of a byte offset; None when it lies outside."""
    if byte is None or not 0 <= byte <= len(encoded):
        return None
    return len(encoded[:byte].decode("utf-8", "ignore"))


def _modality_count(stated: Mapping[str, Json], name: str, modality: str) -> int | None:
    counts = [
        int_member(each, "tokenCount")
        for each in list_member(stated, name)
        if text_member(each, "modality") == modality
    ]
    return sum(count for count in counts if count is not None) if counts else None
