"""Canonical parts → `output` items for a client: the finished items, the same whether an answer is
streamed or whole.

Ids come from the seed and the item's place. Tokens of another vendor's family ride in the
`encrypted_content` of a reasoning item (see `opaque`).
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import (
    Citation,
    Json,
    Media,
    Opaque,
    Reasoning,
    Refusal,
    Search,
    Text,
    TokenLogprob,
)

from .opaque import OUR_ITEMS, Carried, own_members, pack
from .vocabulary import FAMILY, IMAGE_FORMATS, NAME

_ID_PREFIXES: Mapping[str, str] = {
    "message": "msg_",
    "reasoning": OUR_ITEMS,
    "function_call": "fc_",
    "custom_tool_call": "ctc_",
    "tool_search_call": "tsc_",
    "image_generation_call": "ig_",
    "web_search_call": "ws_",
}


def item_id(kind: str, seed: str, index: int) -> str:
    return f"{_ID_PREFIXES[kind]}{seed}{index:04x}"


def search_item(search_id: str, search: Search) -> dict[str, Json]:
    """A search that the upstream did, in this vendor's own words where it is this vendor's."""
    if search.dialect == NAME and search.raw is not None:
        return dict(search.raw)
    action: dict[str, Json] = {
        "type": "search",
        "query": ", ".join(search.queries),
        "queries": list(search.queries),
        "sources": [{"type": "url", "url": each.url} for each in search.sources if each.url],
    }
    return {"id": search_id, "type": "web_search_call", "status": "completed", "action": action}


def message_item(
    text_id: str, content: list[dict[str, Json]], phase: str | None, status: str = "completed"
) -> dict[str, Json]:
    item: dict[str, Json] = {
        "id": text_id,
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": content,
    }
    if phase is not None:
        item["phase"] = phase
    return item


def content_of(part: Text | Refusal) -> dict[str, Json]:
    """One piece of a message's content."""
    if isinstance(part, Refusal):
        return {"type": "refusal", "refusal": part.text}
    return {
        "type": "output_text",
        "text": part.text,
        "annotations": [
            annotation
            for citation in part.citations
            if (annotation := annotation_of(citation, len(part.text))) is not None
        ],
        "logprobs": [logprob_of(entry) for entry in part.logprobs],
    }


def annotation_of(citation: Citation, text_length: int) -> dict[str, Json] | None:
    """The annotation: a URL, or a document by its title; None for a source that has neither. Where
    the vendor gave no offsets, they point to where the text stands.
    """
    end = citation.end if citation.end is not None else text_length
    if citation.dialect == NAME and citation.raw is not None:
        # xAI leaves members out that the official SDKs require.
        missing = (
            {"title": citation.title or citation.url or "", "start_index": end, "end_index": end}
            if citation.raw.get("type") == "url_citation"
            else {}
        )
        return {**missing, **citation.raw}
    if citation.url is not None:
        start = min(citation.start if citation.start is not None else end, end)
        return {
            "type": "url_citation",
            "url": citation.url,
            "title": citation.title or citation.url,
            "start_index": start,
            "end_index": end,
        }
    if citation.title is not None:
        return {
            "type": "file_citation",
            "file_id": citation.title,
            "filename": citation.title,
            "index": end,
        }
    return None


def logprob_of(entry: TokenLogprob) -> dict[str, Json]:
    return {
        **_flat_logprob(entry),
        "top_logprobs": [_flat_logprob(other) for other in entry.alternatives],
    }


def event_logprob_of(entry: TokenLogprob) -> dict[str, Json]:
    """A logprob as streamed text events hold it: without bytes."""
    alternatives = [
        {"token": other.token, "logprob": other.logprob} for other in entry.alternatives
    ]
    return {"token": entry.token, "logprob": entry.logprob, "top_logprobs": alternatives}


def _flat_logprob(entry: TokenLogprob) -> dict[str, Json]:
    utf8 = entry.utf8 if entry.utf8 is not None else entry.token.encode("utf-8", "surrogatepass")
    return {"token": entry.token, "logprob": entry.logprob, "bytes": list(utf8)}


def reasoning_item(reasoning_id: str, part: Reasoning) -> dict[str, Json]:
    """Our own family's item as it came, but under our id; another's text as one summary, its token
    packed.
    """
    own = own_members(part.opaque, FAMILY)
    if own:
        return {"type": "reasoning", "summary": [], **own, "id": reasoning_id}
    item: dict[str, Json] = {
        "type": "reasoning",
        "id": reasoning_id,
        "summary": [{"type": "summary_text", "text": part.text}] if part.text else [],
    }
    if part.opaque is not None:
        item["encrypted_content"] = pack(
            Carried(opaque=part.opaque, place="redacted" if part.is_redacted else "reasoning")
        )
    return item


def carrier_item(
    reasoning_id: str, opaque: Opaque, *, call_id: str | None = None, standalone: bool = False
) -> dict[str, Json]:
    """A reasoning item without text that carries the token of a call, or of the text before it."""
    carried = Carried(
        opaque=opaque,
        place="text" if call_id is None else "call",
        call_id=call_id,
        standalone=standalone,
    )
    return {
        "type": "reasoning",
        "id": reasoning_id,
        "summary": [],
        "encrypted_content": pack(carried),
    }


def foreign(opaque: Opaque | None) -> Opaque | None:
    """A token that a client of this dialect can only carry for us."""
    return opaque if opaque is not None and opaque.family != FAMILY else None


def image_item(image_id: str, image: Media) -> dict[str, Json]:
    """An image by value, as the call that would have made it."""
    own = own_members(image.opaque, FAMILY)
    item: dict[str, Json] = {
        "type": "image_generation_call",
        "status": "completed",
        **own,
        "id": image_id,
        "result": image.data,
    }
    word = IMAGE_FORMATS.get(image.mime or "")
    if word is not None:
        item.setdefault("output_format", word)
    return item


def image_link(image: Media) -> Text:
    """An image by URL: the API has no place for it, a link in the text shows it all the same."""
    return Text(text=f"![{image.title or 'image'}]({image.url})")
