"""Model lists as providers write them → ListedModel. What a provider says of a model's size and
senses is kept, nothing is invented.

Decoders are lenient with items (one without a name is passed over) and strict with the list:
something that is no list is a WireError.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from uniapi.canonical import Json
from uniapi.errors import WireError
from uniapi.values import replace
from uniapi.wire import HttpRequest

from .engine import ListedModel, ModelPage
from .retirements import read_day

_CONTEXT_MEMBERS = (
    "context_length",
    "context_window",
    "max_context_length",
    "max_model_len",
    "max_input_tokens",
    "max_context_window_tokens",
)
"""Where OpenAI-compatible vendors put the context length: OpenRouter and Together, Groq, Mistral,
vLLM, LiteLLM, …
"""
_OUTPUT_MEMBERS = ("max_completion_tokens", "max_output_tokens", "max_output_length", "max_tokens")

_GEMINI_METHODS = frozenset(
    {
        "generateContent",
        "streamGenerateContent",
        "embedContent",
        "batchEmbedContents",
        "predict",
        "asyncBatchEmbedContent",
    }
)


def decode_openai_models(body: Json) -> ModelPage:
    """`{"data": [{"id", …}]}`, and what stands in its place elsewhere (`_openai_items`); GitHub's
    older catalogue has a registry's URI for an id. What Groq calls inactive is left out.
    """
    models = []
    items = _openai_items(body)
    for item in items:
        name = _text(item, *_NAMES)
        if name is not None and name.startswith("azureml://"):
            name = _text(item, "name")
        if name is not None and item.get("active") is not False:
            models.append(
                ListedModel(
                    model=name,
                    display_name=(
                        _text(item, "display_name", "friendly_name", "name")
                        if _text(item, "id", "key")
                        else None
                    ),
                    context_length=_context_length(item),
                    max_output_tokens=_max_output(item),
                    input_modalities=_words(
                        _nested(item, "architecture", "input_modalities")
                        or item.get("input_modalities")
                        or item.get("supported_input_modalities")
                    ),
                    output_modalities=_words(
                        _nested(item, "architecture", "output_modalities")
                        or item.get("output_modalities")
                        or item.get("supported_output_modalities")
                    ),
                    shutdown_date=read_day(item.get("shutdown_date")),
                )
            )
    if items and not any(_text(item, *_NAMES) for item in items):
        raise WireError(f"a model list of {len(items)} entries, none of which has a name")
    return ModelPage(models=tuple(models))


_NAMES = ("id", "name", "model", "model_name", "key", "model_id")
"""OpenAI's; Ollama's own; Merge's gateway (LeenHawk/gproxy#189), LiteLLM's `/model/info`; LM
Studio's `/api/v1/models` (lmstudio.ai/docs/developer/rest/list, 2026-11-30).
"""
_LISTS = ("data", "models", "result", "items", "model_list")


def _openai_items(body: Json, depth: int = 0) -> list[Mapping[str, Any]]:
    """The entries: in the array itself (Together, GitHub), under one of `_LISTS` (Ollama: `models`;
    new-api's dashboard: names alone), in another object there, or by their names.
    """
    if isinstance(body, list):
        named = [{"id": item} if isinstance(item, str) else item for item in body]
        return [item for item in named if isinstance(item, dict)]
    if not isinstance(body, dict):
        return _items(body, *_LISTS)
    held = next((body[name] for name in _LISTS if isinstance(body.get(name), list)), None)
    if held is not None:
        return _openai_items(held)
    inner = next((body[name] for name in _LISTS if isinstance(body.get(name), dict)), None)
    if inner is None or depth:
        return _items(body, *_LISTS)
    if inner and all(isinstance(item, dict) for item in inner.values()):
        return [{"id": name, **item} for name, item in inner.items()]
    return _openai_items(inner, depth + 1)


def _context_length(item: Mapping[str, Any]) -> int | None:
    return _first_count(item, _CONTEXT_MEMBERS) or _count(
        _nested(item, "limits", "max_input_tokens")
    )


def _max_output(item: Mapping[str, Any]) -> int | None:
    nested = _count(_nested(item, "top_provider", "max_completion_tokens")) or _count(
        _nested(item, "limits", "max_output_tokens")
    )
    return nested or _first_count(item, _OUTPUT_MEMBERS)


def decode_anthropic_models(body: Json, request: HttpRequest) -> ModelPage:
    """`{"data": [{"id", "display_name", "lifecycle", "max_input_tokens", "max_tokens"}],
    "has_more", "last_id"}` (platform.claude.com/docs/en/api/models-list); retired models are listed
    there and cannot be called.
    """
    models = []
    for item in _items(body, "data"):
        name = _text(item, "id")
        if name is not None and item.get("lifecycle") != "retired":
            models.append(
                ListedModel(
                    model=name,
                    display_name=_text(item, "display_name"),
                    context_length=_count(item.get("max_input_tokens")),
                    max_output_tokens=_count(item.get("max_tokens")),
                )
            )
    last = body.get("last_id") if isinstance(body, dict) and body.get("has_more") is True else None
    return ModelPage(models=tuple(models), next_request=_page(request, "after_id", last))


def decode_gemini_models(body: Json, request: HttpRequest) -> ModelPage:
    """`{"models": [{"name": "models/…", "supportedGenerationMethods", …}], "nextPageToken"}`
    (ai.google.dev/api/models); only what can generate or embed.
    """
    models = []
    for item in _items(body, "models", "publisherModels"):
        name = _text(item, "name")
        methods = item.get("supportedGenerationMethods")
        if name is None or (
            isinstance(methods, list)
            and _GEMINI_METHODS.isdisjoint(word for word in methods if isinstance(word, str))
        ):
            continue
        models.append(
            ListedModel(
                model=(
                    name.rpartition("models/")[2] if not name.startswith("tunedModels/") else name
                ),
                display_name=_text(item, "displayName"),
                context_length=_count(item.get("inputTokenLimit")),
                max_output_tokens=_count(item.get("outputTokenLimit")),
            )
        )
    token = body.get("nextPageToken") if isinstance(body, dict) else None
    return ModelPage(models=tuple(models), next_request=_page(request, "pageToken", token))


def decode_cohere_models(body: Json, request: HttpRequest) -> ModelPage:
    """`{"models": [{"name", "endpoints", "context_length"}], "next_page_token"}`
    (docs.cohere.com/reference/list-models); retired models are left out.
    """
    models = []
    for item in _items(body, "models"):
        name = _text(item, "name")
        if name is not None and item.get("is_deprecated") is not True:
            models.append(
                ListedModel(model=name, context_length=_count(item.get("context_length")))
            )
    token = body.get("next_page_token") if isinstance(body, dict) else None
    return ModelPage(models=tuple(models), next_request=_page(request, "page_token", token))


def decode_bedrock_models(body: Json) -> ModelPage:
    """`{"modelSummaries": [{"modelId", "inputModalities", "inferenceTypesSupported"}]}` (Bedrock
    ListFoundationModels); what needs an inference profile is named by `inferenceProfileSummaries`.
    """
    models = []
    for item in _items(body, "modelSummaries", "inferenceProfileSummaries"):
        name = _text(item, "modelId", "inferenceProfileId")
        types = item.get("inferenceTypesSupported")
        if name is None or (isinstance(types, list) and "ON_DEMAND" not in types):
            continue
        models.append(
            ListedModel(
                model=name,
                display_name=_text(item, "modelName", "inferenceProfileName"),
                input_modalities=_words(item.get("inputModalities")),
                output_modalities=_words(item.get("outputModalities")),
            )
        )
    return ModelPage(models=tuple(models))


def decode_cloudflare_models(body: Json, request: HttpRequest) -> ModelPage:
    """`{"result": [{"name": "@cf/…", "properties": [{"property_id": "context_window", "value"}]}],
    "result_info": {"page", "total_pages"}}`.
    """
    models = []
    for item in _items(body, "result"):
        name = _text(item, "name")
        if name is not None:
            stated = item.get("properties")
            entries = (
                [entry for entry in stated if isinstance(entry, dict)]
                if isinstance(stated, list)
                else []
            )
            properties = {str(entry.get("property_id")): entry.get("value") for entry in entries}
            models.append(
                ListedModel(model=name, context_length=_count(properties.get("context_window")))
            )
    page = _count(_nested(body, "result_info", "page")) if isinstance(body, dict) else None
    total = _count(_nested(body, "result_info", "total_pages")) if isinstance(body, dict) else None
    return ModelPage(
        models=tuple(models),
        next_request=(
            _page(request, "page", str(page + 1)) if page and total and page < total else None
        ),
    )


def decode_databricks_models(body: Json) -> ModelPage:
    """`{"endpoints": [{"name", "task"}]}`
    (docs.databricks.com/api/workspace/servingendpoints/list); only endpoints that speak a
    language-model task.
    """
    models = []
    for item in _items(body, "endpoints"):
        name, task = _text(item, "name"), item.get("task")
        if name is not None and (not isinstance(task, str) or task.startswith("llm/")):
            models.append(ListedModel(model=name))
    return ModelPage(models=tuple(models))


def _items(body: Json, *members: str) -> list[Mapping[str, Any]]:
    """The list's objects: under the first of `members` that holds a list, or the body itself."""
    found: Any = body
    if isinstance(body, dict):
        found = next(
            (body[member] for member in members if isinstance(body.get(member), list)),
            [] if body == {} else None,
        )
    if not isinstance(found, list):
        raise WireError(
            "expected a model list (an array under"
            f" {' or '.join(repr(member) for member in members)}), found {_shown(body)}"
        )
    return [item for item in found if isinstance(item, dict)]


def _shown(body: Json) -> str:
    return (
        f"an object with {', '.join(sorted(map(str, body))[:6]) or 'no members'}"
        if isinstance(body, dict)
        else type(body).__name__
    )


def _page(request: HttpRequest, member: str, value: Any) -> HttpRequest | None:
    """`request` asking for the page `value`; None at the end, and when a server sends the same page
    marker again.
    """
    if not isinstance(value, str) or not value:
        return None
    parts = urlsplit(request.url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    if (member, value) in query:
        return None
    kept = [(name, text) for name, text in query if name != member]
    return replace(
        request,
        url=urlunsplit(parts._replace(query=urlencode([*kept, (member, value)], quote_via=quote))),
    )


def _nested(item: Mapping[str, Any], outer: str, inner: str) -> Any:
    held = item.get(outer)
    return held.get(inner) if isinstance(held, dict) else None


def _text(item: Mapping[str, Any], *members: str) -> str | None:
    return next(
        (item[member] for member in members if isinstance(item.get(member), str) and item[member]),
        None,
    )


def _first_count(item: Mapping[str, Any], members: tuple[str, ...]) -> int | None:
    return next(
        (count for member in members if (count := _count(item.get(member))) is not None), None
    )


def _count(value: Any) -> int | None:
    """A positive whole number, written as a number or as text; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _words(value: Any) -> tuple[str, ...]:
    return (
        tuple(word.lower() for word in value if isinstance(word, str))
        if isinstance(value, list)
        else ()
    )
