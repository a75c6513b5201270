"""Model lists, in the shape the client reads (PRODUCT §5): OpenAI's, Anthropic's with
`anthropic-version`, Gemini's under `/v1beta` or with a Google key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from uniapi.config import ModelInfo
from uniapi.gateway import model_not_found

from .codex_catalog import codex_catalog

CREATED_MS = 1720524448858
"""The predecessor's constant, in milliseconds as it had it; harmless, and some clients' caches know
it.
"""
OWNER = "uni-api"
_GENERATION_METHODS = ("generateContent", "streamGenerateContent", "countTokens")
_EMBEDDING_METHODS = ("embedContent", "batchEmbedContents")
"""By the name alone: Google's clients choose by them which models to offer for what."""
_SUFFIX = re.compile(r"\[[^\[\]]*\]$")
"""`[1m]` and its like, which routing ignores too."""
EPOCH = "1970-01-01T00:00:00Z"


def list_shape(path_dialect: str, headers: Mapping[str, str], query: Mapping[str, str]) -> str:
    """Which dialect's shape a model list is to have: path, then headers, in PRODUCT's order."""
    if path_dialect == "gemini":
        return "gemini"
    if "client_version" in query:
        return "codex"
    if "anthropic-version" in headers:
        return "anthropic"
    if "x-goog-api-key" in headers or "key" in query:
        return "gemini"
    return "openai"


def model_list(
    shape: str, aliases: Sequence[str], infos: Mapping[str, ModelInfo]
) -> dict[str, Any]:
    """The whole list in `shape`."""
    if shape == "codex":
        return codex_catalog(aliases, infos)
    entries = [model_entry(shape, alias, infos.get(alias)) for alias in aliases]
    if shape == "gemini":
        return {"models": entries}
    if shape == "anthropic":
        return {
            "data": entries,
            "has_more": False,
            "first_id": aliases[0] if aliases else None,
            "last_id": aliases[-1] if aliases else None,
        }
    return {"object": "list", "data": entries}


def model_entry(shape: str, alias: str, info: ModelInfo | None) -> dict[str, Any]:
    """One model in `shape`; what is not known is left out, nothing is invented."""
    known = info or ModelInfo()
    if shape == "gemini":
        entry: dict[str, Any] = {
            "name": f"models/{alias}",
            "baseModelId": alias,
            "version": "",
            "displayName": alias,
            "supportedGenerationMethods": list(
                _EMBEDDING_METHODS if "embed" in alias.lower() else _GENERATION_METHODS
            ),
        }
        _put(entry, "inputTokenLimit", known.context_length)
        _put(entry, "outputTokenLimit", known.max_output_tokens)
        return entry
    if shape == "anthropic":
        entry = {"type": "model", "id": alias, "display_name": alias, "created_at": EPOCH}
        _put(entry, "max_input_tokens", known.context_length)
        _put(entry, "max_tokens", known.max_output_tokens)
        return entry
    entry = {"id": alias, "object": "model", "created": CREATED_MS, "owned_by": OWNER}
    _put(entry, "context_length", known.context_length)
    _put(entry, "max_output_tokens", known.max_output_tokens)
    if known.input_modalities or known.output_modalities:
        entry["architecture"] = {
            "input_modalities": list(known.input_modalities),
            "output_modalities": list(known.output_modalities),
        }
    return entry


def find_model(argument: str, aliases: Sequence[str], near: Sequence[str]) -> str:
    """The alias that a `/models/{id}` path names; raises RequestRefused (404) with near matches."""
    name = argument.removeprefix("models/")
    for meant in (name, _SUFFIX.sub("", name)):
        if meant in aliases:
            return meant
    raise model_not_found(name, near)


def _put(entry: dict[str, Any], name: str, value: Any) -> None:
    if value is not None:
        entry[name] = value
