"""What several wires have no word for: how such a loss is called, and whether a request comes to it."""

from __future__ import annotations

from collections.abc import Collection

from uniapi.canonical import Request, iter_media, iter_parts

REASONING_LOSS = "messages.reasoning"
"""The loss of reasoning handed back that this upstream cannot read (another family's signature, or none): named once, however many turns carried some."""


def has_cache_hints(request: Request, written_ttls: Collection[str | None] = ()) -> bool:
    """Whether the client marked anything for a prompt cache, marks with a lifetime in `written_ttls` aside: a loss, `cache_control`, on a wire without such marks."""
    marked = (request, *iter_parts(request.messages), *request.tools)
    hints = (getattr(item, "cache", None) for item in marked)
    return any(hint is not None and hint.ttl not in written_ttls for hint in hints)


def wants_citations(request: Request) -> bool:
    """Whether the client wants answers to cite its documents: a loss, `citations`, on a wire that has no such switch."""
    return any(media.citations_enabled for media in iter_media(request.messages))


def has_document_context(request: Request) -> bool:
    """Whether a document comes with words about it that are no part of it (Anthropic's `context`): a loss, `documents.context`, on a wire that has no such member."""
    return any(media.context for media in iter_media(request.messages))
