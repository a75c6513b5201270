"""In which dialect OpenAI's models are asked where they are served in two: chat, or Responses.

A function of vendor, model and request, as dated rows. Where no row speaks the engine chooses: what
the address says, the client's own dialect when it is one of the two, else chat.
"""

from __future__ import annotations

from collections.abc import Callable

from uniapi.canonical import DialectNeeds
from uniapi.dialects import UpstreamDialect
from uniapi.dialects.openai_chat import UPSTREAM as OPENAI_CHAT
from uniapi.dialects.openai_responses import UPSTREAM as OPENAI_RESPONSES
from uniapi.values import dataclass, replace

from .defaults import DefaultEngine
from .engine import Place
from .habits import find_habit
from .quirks import finds_model

VENDORS = frozenset({"openai", "azure", "bedrock-openai"})
"""Who serves OpenAI's models by its rules.

Bedrock's Mantle does too, for `openai.gpt-5.6-terra` (litellm 1.110.2, measured; 2026-11-30).
"""

_BY_NAME = {dialect.name: dialect for dialect in (OPENAI_CHAT, OPENAI_RESPONSES)}


def _always(needs: DialectNeeds) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class DialectRow:
    """Models that `model` finds (as in a QuirkRow), at these vendors, and requests that `asks` is
    true of are asked in `dialect`. `reason`: the vendor's words or page, and when it was looked up.
    """

    reason: str
    model: str
    dialect: UpstreamDialect
    vendors: frozenset[str] = VENDORS
    asks: Callable[[DialectNeeds], bool] = _always


ROWS = (
    DialectRow(
        reason="«The requested model … is not supported with the Responses API.»"
        " (github.com/Laisky/one-api/issues/88); the models' pages; 2026-11-30",
        model=r"\S*-search-preview|gpt-\d+-search-api|gpt-audio|\S*-audio-preview|o1-mini",
        dialect=OPENAI_CHAT,
    ),
    DialectRow(
        reason="«This model is only supported in v1/responses and not in v1/chat/completions.»;"
        " ResponsesOnlyModel of openai-python 3.57 and the models' pages; 2026-11-30",
        model=r"o[134](?:-mini)?-pro|o[34](?:-mini)?-deep-research|gpt-\d+(?:[.-]\d{1,2})?-pro"
        r"|gpt-\d+(?:[.-]\d{1,2})?-codex|codex-mini|computer-use-preview"
        r"|gpt-\d+(?:[.-]\d{1,2})?-(?:cyber|rosalind)|gpt-daybreak|gpt-rosalind|gpt-6\S*-law",
        dialect=OPENAI_RESPONSES,
    ),
    DialectRow(
        reason="`max` is no effort of chat: «Supported values are: 'none', 'low', 'medium', 'high',"
        " 'xhigh'.» (github.com/livekit/agents/issues/7169); 2026-11-30",
        model=r"gpt-(?:5[.-](?:[6-9]|[1-9]\d)|[6-9]|[12]\d)(?!\d)",
        dialect=OPENAI_RESPONSES,
        asks=lambda needs: needs.effort == "max",
    ),
    DialectRow(
        reason="«Function tools with reasoning_effort are not supported for gpt-5.4 in"
        " /v1/chat/completions. Please use /v1/responses instead.»"
        " (github.com/pipecat-ai/pipecat/issues/4043); unasked, 5.4 does not reason; 2026-11-30",
        model=r"gpt-5[.-]4(?!\d)",
        dialect=OPENAI_RESPONSES,
        asks=lambda needs: needs.has_functions and needs.names_effort,
    ),
    DialectRow(
        reason="«To use function tools, use /v1/responses or set reasoning_effort to 'none'.»"
        " (github.com/BerriAI/litellm/issues/34569); 5.5 and later reason unasked; 2026-11-30",
        model=r"gpt-5[.-](?:[5-9]|[1-9]\d)(?!\d)",
        dialect=OPENAI_RESPONSES,
        asks=lambda needs: needs.has_functions and needs.effort != "none",
    ),
    DialectRow(
        reason="GPT-6: «require Responses for tool calling», some of them unless the effort is none"
        " (developers.openai.com/api/docs/guides/deployment-checklist); Responses takes all of it;"
        " 2026-11-30",
        model=r"gpt-(?:[6-9]|[12]\d)(?!\d)",
        dialect=OPENAI_RESPONSES,
        asks=lambda needs: needs.has_functions,
    ),
    DialectRow(
        reason="xAI's Responses know no namespaces of tools, in which Codex offers those of MCP"
        " (router-for-me/CLIProxyAPI#5214, #4255); in chat they are plain functions; 2026-11-30",
        model="",
        dialect=OPENAI_CHAT,
        vendors=frozenset({"xai"}),
        asks=lambda needs: needs.groups_tools,
    ),
    DialectRow(
        reason="in chat only the search models search; in Responses these do, by a tool"
        " (developers.openai.com/api/docs/guides/tools-web-search); 2026-11-30",
        model=r"gpt-(?:4o|4[.-]1(?!\d|-nano)|[5-9](?!\d|\S*chat)|[12]\d)|o3(?!-mini)|o4-mini",
        dialect=OPENAI_RESPONSES,
        asks=lambda needs: needs.searches,
    ),
)


def spoken_dialect(
    place: Place,
    engine: DefaultEngine,
    needs: DialectNeeds,
    learned: str | None,
    usual: UpstreamDialect,
) -> UpstreamDialect:
    """What a refusal has taught, else what a row says for the engine's vendor, else `usual`."""
    if learned is not None and learned in _BY_NAME:
        return _BY_NAME[learned]
    rows = [row for row in ROWS if engine.vendor in row.vendors]
    if not rows:
        return usual
    model, asked = place.upstream_model.lower(), _with_habit(place, engine, needs)
    fitting = (row for row in rows if finds_model(row.model, model) and row.asks(asked))
    return next((row.dialect for row in fitting), usual)


def _with_habit(place: Place, engine: DefaultEngine, needs: DialectNeeds) -> DialectNeeds:
    """`needs` with what the end of the alias asks for, which outranks the client."""
    habit = find_habit(engine.name, place.alias, place.upstream_model)
    if habit is None:
        return needs
    effort = habit.effort or ("medium" if habit.thinks else needs.effort)
    return replace(needs, effort=effort, searches=needs.searches or habit.searches)
