"""Engines: how each kind of upstream is addressed, authorised, asked for its models, and what its
errors mean. Pure: the network sends.

Reading order: `engine` (the face), `detect` and `urls` (from `base_url` to an engine and its
addresses), `defaults`, one file per kind of upstream; the facts: `presets` (OpenAI-compatible
vendors), `quirks` with `facts_…` (what vendors and models refuse), `failures`, `habits` (what the
end of an alias asks for), `model_lists`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any

from uniapi.canonical import Failure, Json
from uniapi.config import EngineNames, Provider
from uniapi.dialects import Quirk
from uniapi.values import replace

from .anthropic import ClaudeEngine
from .balances import Balance, balance_place
from .detect import BUILT, KNOWN_UNBUILT, check_private_key, detect_engine
from .engine import Address, Engine, ListedModel, ModelPage, Place, Target, Token, TokenFlow
from .facts import quirk_for, rows_for
from .learned import IMAGE_FORM, MOST_INPUTS, Learned, load_learned, taken_headers
from .look_over import look_over
from .openai import OpenAiEngine, ResponsesEngine
from .presets import preset_for, preset_named
from .price_vendors import price_regions, price_vendor, price_vendors
from .quirks import QuirkRow
from .retirements import (
    Retirement,
    find_retirement,
    listed_end,
    read_day,
    retirement_at,
    retirement_of,
)
from .urls import parse_url


class _Engines(Mapping[str, Engine]):
    """Each is imported and made when somebody asks for it: a configuration names few."""

    def __init__(self, rows: Mapping[str, tuple[str, str, tuple[Any, ...]]]) -> None:
        self._rows = rows
        self._made: dict[str, Engine] = {}

    def __getitem__(self, name: str) -> Engine:
        if name not in self._made:
            module, kind, arguments = self._rows[name]
            made = getattr(import_module(f".{module}", __package__), kind)
            self._made[name] = made(*arguments)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


ENGINES: Mapping[str, Engine] = _Engines(
    {
        "gpt": ("openai", "OpenAiEngine", ()),
        "responses": ("openai", "ResponsesEngine", ()),
        "claude": ("anthropic", "ClaudeEngine", ()),
        "gemini": ("gemini", "GeminiEngine", ()),
        "vertex": ("vertex", "VertexEngine", ()),
        "vertex-gemini": ("vertex", "VertexEngine", ("vertex-gemini", "google")),
        "vertex-claude": ("vertex", "VertexEngine", ("vertex-claude", "anthropic")),
        "azure": ("azure", "AzureEngine", ()),
        "azure-databricks": ("databricks", "DatabricksEngine", ()),
        "aws": ("bedrock", "BedrockEngine", ()),
        "cloudflare": ("cloudflare", "CloudflareEngine", ()),
        "cohere": ("cohere", "CohereEngine", ()),
        "openrouter": ("openai", "OpenAiEngine", ("openrouter", preset_named("openrouter"))),
    }
)
"""Every engine by its name, without a vendor's preset: its module, class and arguments."""


def find_mending(failure: Failure, body: Mapping[str, Json], dialect: str) -> Learned:
    """What the refusal of `body`, which was said in `dialect`, teaches; nothing (false) when it
    names nothing that may be changed. The texts are read in when somebody first refuses: making
    their patterns is 9 ms of a start.
    """
    from . import mending

    return mending.find_mending(failure, body, dialect)


def find_operation_mending(failure: Failure, body: Mapping[str, Json]) -> Learned:
    """See `mending_operations`, which is read in when somebody refuses."""
    from . import mending_operations

    return mending_operations.find_operation_mending(failure, body)


def most_learned_inputs(quirk: Quirk) -> float | None:
    """How many texts at a time a model was said to embed; None: nothing was said."""
    return dict(quirk.learned_limits).get(MOST_INPUTS)


def refuses_image_form(quirk: Quirk) -> bool:
    """Whether a model has refused to be told in what form a picture is wanted."""
    return IMAGE_FORM in quirk.learned_drops


def engine_for(provider: Provider) -> Engine:
    """The engine for one provider, with its vendor's preset when it is OpenAI-compatible.

    Raises KeyError for a name that config would have refused.
    """
    name = detect_engine(provider)
    if name in ("gpt", "openrouter", "responses"):
        return _with_preset(name, parse_url(provider.base_url or "").host)
    if name == "claude":
        return _claude_of(preset_for(parse_url(provider.base_url or "").host).vendor)
    if name == "vertex":
        from .vertex import VertexEngine

        return VertexEngine(
            has_account_cache=any("claude" in entry.upstream for entry in provider.models)
        )
    return ENGINES[name]


@lru_cache(maxsize=1024)
def _with_preset(name: str, host: str) -> Engine:
    preset = preset_for(host)
    if name == "responses":
        return ResponsesEngine(preset)
    if name == "openrouter" and preset.vendor != "openrouter":
        return OpenAiEngine(
            "openrouter", replace(preset_named("openrouter"), usual_path="/v1", headers={})
        )
    return OpenAiEngine("openrouter" if preset.vendor == "openrouter" else "gpt", preset)


@lru_cache(maxsize=1024)
def _claude_of(vendor: str) -> Engine:
    return ClaudeEngine(vendor or "anthropic")


def engine_names() -> EngineNames:
    """What config must know of engines."""
    return EngineNames(
        built=BUILT,
        known_unbuilt=KNOWN_UNBUILT,
        check_private_key=check_private_key,
        look_over=look_over,
    )


__all__ = [
    "ENGINES",
    "Address",
    "Balance",
    "Engine",
    "Learned",
    "ListedModel",
    "ModelPage",
    "Place",
    "QuirkRow",
    "Retirement",
    "Target",
    "Token",
    "TokenFlow",
    "balance_place",
    "check_private_key",
    "detect_engine",
    "engine_for",
    "engine_names",
    "find_mending",
    "find_operation_mending",
    "find_retirement",
    "listed_end",
    "load_learned",
    "price_regions",
    "price_vendor",
    "price_vendors",
    "quirk_for",
    "read_day",
    "refuses_image_form",
    "retirement_at",
    "retirement_of",
    "rows_for",
    "taken_headers",
]
