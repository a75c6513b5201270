"""Model lists, in the shape the client reads: OpenAI's, Anthropic's with
`anthropic-version`, Gemini's under `/v1beta` or with a Google key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from uniapi.config import ModelInfo
from uniapi.dialects import CLIENT_DIALECTS
from uniapi.gateway import model_not_found

from .paths import PLAIN_DIALECT, told_dialect

CODEX = "codex"
"""A client's shape of its own, beside those of the dialects."""
_SUFFIX = re.compile(r"\[[^\[\]]*\]$")
"""`[1m]` and its like, which routing ignores too."""
NO_QUERY: Mapping[str, str] = MappingProxyType({})


def list_shape(path_dialect: str, headers: Mapping[str, str], query: Mapping[str, str]) -> str:
    """In whose shape a model list is to be: the dialect of the path where it has one of its own,
    Codex's, else that of the dialect which the client tells.
    """
    if path_dialect != PLAIN_DIALECT:
        return path_dialect
    if "client_version" in query:
        return CODEX
    return told_dialect(headers, query) or PLAIN_DIALECT


def model_list(
    shape: str,
    aliases: Sequence[str],
    infos: Mapping[str, ModelInfo],
    query: Mapping[str, str] = NO_QUERY,
) -> dict[str, Any]:
    """The list in `shape`: the whole of it, but for the page that an Anthropic client asks for."""
    if shape == CODEX:
        # Codex alone asks so: what others never need is read in here.
        from .codex_catalog import codex_catalog

        return codex_catalog(aliases, infos)
    page = _page(aliases, query) if shape == "anthropic" else aliases
    entries = [model_entry(shape, alias, infos.get(alias)) for alias in page]
    listed = CLIENT_DIALECTS[shape].model_list.encode_list(entries)
    if shape == "anthropic":
        listed["has_more"] = bool(page) and page[-1] != aliases[-1]
    return listed


def _page(aliases: Sequence[str], query: Mapping[str, str]) -> Sequence[str]:
    """`limit` after `after_id` (docs.claude.com, List Models, 2026-11-30). Without a limit it is
    everything: clients of ours ask once.
    """
    after, limit = query.get("after_id"), query.get("limit", "")
    begin = aliases.index(after) + 1 if after in aliases else 0
    is_limited = limit.isascii() and limit.isdigit() and len(limit) < 6
    return aliases[begin : begin + max(1, int(limit))] if is_limited else aliases[begin:]


def model_entry(shape: str, alias: str, info: ModelInfo | None) -> dict[str, Any]:
    """One model in `shape`; what is not known is left out, nothing is invented."""
    dialect = CLIENT_DIALECTS[PLAIN_DIALECT if shape == CODEX else shape]
    return dialect.model_list.encode_entry(alias, info or ModelInfo())


def find_model(argument: str, aliases: Sequence[str], near: Sequence[str]) -> str:
    """The alias that a `/models/{id}` path names; raises RequestRefused (404) with near matches."""
    name = argument.removeprefix("models/")
    for meant in (name, _SUFFIX.sub("", name)):
        if meant in aliases:
            return meant
    folded = {alias.casefold(): alias for alias in reversed(aliases)}
    found = folded.get(_SUFFIX.sub("", name).casefold())
    if found is not None:
        return found
    raise model_not_found(name, near)
