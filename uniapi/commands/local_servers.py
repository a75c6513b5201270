"""Model servers that run on this machine, found by asking their usual ports for their models."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping

from uniapi.config import FoundProvider

_PATIENCE_S = 0.5
_MOST_BYTES = 1_000_000
_MOST_NAMED = 3
_USUAL = (("ollama", "OLLAMA_HOST", "127.0.0.1:11434"), ("lmstudio", "", "127.0.0.1:1234"))
"""Provider, the variable that moves it, where it listens: docs.ollama.com/faq and
lmstudio.ai/docs/developer/openai-compat (2026-11-30).
"""


def found_servers(environment: Mapping[str, str]) -> tuple[FoundProvider, ...]:
    """Those that answer at once, with some of their models for an example."""
    found = []
    for provider, variable, usual in _USUAL:
        place = environment.get(variable, "").strip() or usual
        root = _root(place)
        models = _models(f"{root}/v1/models")
        if models is not None:
            found.append(FoundProvider(provider, f"{root}/v1", models=models[:_MOST_NAMED]))
    return tuple(found)


def _root(place: str) -> str:
    """An address as `OLLAMA_HOST` writes it: with or without scheme and port; who listens
    everywhere is asked here.
    """
    scheme, separator, rest = place.partition("://")
    if not separator:
        scheme, rest = "http", place
    host, _, port = rest.rstrip("/").partition(":")
    return f"{scheme}://{'127.0.0.1' if host in ('', '0.0.0.0') else host}:{port or 11434}"


def _models(url: str) -> tuple[str, ...] | None:
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE_S) as response:
            rows = json.loads(response.read(_MOST_BYTES))["data"]
            return tuple(str(row["id"]) for row in rows)
    except (OSError, ValueError, KeyError, TypeError):
        return None
