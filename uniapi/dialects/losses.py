"""What several wires have no word for: how such a loss is called, and whether a request comes to
it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from operator import attrgetter

from uniapi.canonical import Media, Request, iter_media, iter_parts

REASONING_LOSS = "messages.reasoning"
"""The loss of reasoning handed back that this upstream cannot read (another family's signature, or
none): named once, however many turns carried some.
"""


def has_cache_hints(request: Request) -> bool:
    """Whether the client marked anything for a prompt cache: a loss, `cache_control`, on a wire
    without such marks.
    """
    for item in (request, *iter_parts(request.messages), *request.tools):
        if getattr(item, "cache", None) is not None:
            return True
    return False


def wants_citations(request: Request) -> bool:
    """Whether the client wants answers to cite its documents: a loss, `citations`, on a wire that
    has no such switch.
    """
    return any(media.citations_enabled for media in iter_media(request.messages))


def has_document_context(request: Request) -> bool:
    """Whether a document comes with words about it that are no part of it (Anthropic's `context`):
    a loss, `documents.context`, on a wire that has no such member.
    """
    return any(media.context for media in iter_media(request.messages))


_ASKED: Mapping[str, Callable[[Request], bool]] = {
    "n": lambda request: request.sampling.choices is not None and request.sampling.choices > 1,
    "seed": lambda request: request.sampling.seed is not None,
    "presence_penalty": lambda request: bool(request.sampling.presence_penalty),
    "frequency_penalty": lambda request: bool(request.sampling.frequency_penalty),
    "logprobs": lambda request: (
        bool(request.sampling.logprobs) or request.sampling.top_logprobs is not None
    ),
    "top_logprobs": lambda request: bool(request.sampling.top_logprobs),
    "logit_bias": lambda request: bool(request.sampling.logit_bias),
    "modalities": lambda request: any(kind != "text" for kind in request.output_modalities),
    "audio": lambda request: request.audio_output is not None,
    "verbosity": lambda request: request.verbosity is not None,
    "user": lambda request: request.user is not None,
    "metadata": lambda request: bool(request.metadata),
    "prompt_cache_key": lambda request: request.prompt_cache_key is not None,
    "store": lambda request: bool(request.store),
    "previous_response_id": lambda request: request.previous_response_id is not None,
    "cache_control": has_cache_hints,
    "citations": wants_citations,
    "documents.context": has_document_context,
}
"""By the name of the loss: whether a request asks for what it names.

Values that ask for nothing special are no loss.
"""


SETTINGS = frozenset(_ASKED)
_OF_PARTS = {"cache_control": None, "citations": None, "documents.context": None}.keys()
_settings = attrgetter(
    *("sampling.choices", "sampling.seed", "sampling.presence_penalty"),
    *("sampling.frequency_penalty", "sampling.logprobs", "sampling.top_logprobs"),
    *("sampling.logit_bias", "output_modalities", "audio_output", "verbosity", "user"),
    *("metadata", "prompt_cache_key", "store", "previous_response_id"),
)
"""What the others ask about."""
_NO_SETTINGS = _settings(Request(model=""))


def _has_bare_parts(request: Request) -> bool:
    """Whether nothing is marked and no document given: what `_OF_PARTS` ask, in one walk."""
    for item in (request, *iter_parts(request.messages), *request.tools):
        if isinstance(item, Media) or getattr(item, "cache", None) is not None:
            return False
    return True


def unsaid(request: Request, names: Collection[str]) -> list[str]:
    """Which of `names`, the settings for which a wire has no word, this request asks for."""
    asked: Iterable[str] = _ASKED
    if _settings(request) == _NO_SETTINGS:
        asked = _OF_PARTS
        if _OF_PARTS.isdisjoint(names) or _has_bare_parts(request):
            return []
    found: list[str] = []
    for name in asked:
        if name in names and _ASKED[name](request):
            found.append(name)
    return found
