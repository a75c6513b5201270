"""`usage` of a Response ↔ canonical Usage. The counts mean what ours mean: cached tokens are part
of the input, reasoning is part of the output.

GPT-5.6 and later report cache writes (`input_tokens_details.cache_write_tokens`); xAI and
OpenRouter add what the call cost.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Json, Usage, counted, stated_cost
from uniapi.dialects.openai_chat.request_decode_members import at

from .vocabulary import NAME


def decode_usage(response: Mapping[str, Json]) -> Usage | None:
    """From the whole Response: the usage, and beside it the service tier and the count of searches.

    None when no usage is stated.
    """
    value = response.get("usage")
    if not isinstance(value, dict) or not value:
        return None
    tier = response.get("service_tier")
    input_tokens, output_tokens, total = (
        _count(value.get(name)) for name in ("input_tokens", "output_tokens", "total_tokens")
    )
    return Usage(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cache_read_tokens=_count(at(value, "input_tokens_details", "cached_tokens")),
        cache_write_tokens=_count(at(value, "input_tokens_details", "cache_write_tokens")),
        reasoning_tokens=_count(at(value, "output_tokens_details", "reasoning_tokens")),
        total_tokens=total if total != (input_tokens or 0) + (output_tokens or 0) else None,
        web_searches=_searches(response),
        beside=_image_tool(response),
        cost=stated_cost(value),
        service_tier=tier if isinstance(tier, str) else None,
        raw=value,
        dialect=NAME,
    )


def _searches(response: Mapping[str, Json]) -> int | None:
    """The billable ones, as OpenAI counts them; from a vendor that does not, the searches among
    the output (pages that are opened cost nothing).
    """
    counted = _count(at(response, "tool_usage", "web_search", "num_requests"))
    output = response.get("output")
    if counted is not None or not isinstance(output, list):
        return counted
    found = sum(
        at(item, "type") == "web_search_call" and at(item, "action", "type") in (None, "search")
        for item in output
    )
    return found or None


def _image_tool(response: Mapping[str, Json]) -> tuple[tuple[str | None, Usage], ...] | None:
    """`tool_usage.image_gen` (openai 3.54.0, `ToolUsageImageGen`), where its model is known."""
    value = at(response, "tool_usage", "image_gen")
    written, model = _count(at(value, "output_tokens")), _image_model(response.get("tools"))
    if not written or model is None:
        return None
    used = Usage(
        input_tokens=_count(at(value, "input_tokens")),
        output_tokens=written,
        cache_read_tokens=_count(at(value, "cached_tokens")),
        input_image_tokens=_count(at(value, "input_tokens_details", "image_tokens")),
        output_image_tokens=_count(at(value, "output_tokens_details", "image_tokens")),
    )
    return ((model, used),)


def _image_model(tools: Json) -> str | None:
    """Which model the image tool asked, as the Response repeats it."""
    for tool in tools if isinstance(tools, list) else ():
        model = at(tool, "model")
        if at(tool, "type") == "image_generation" and isinstance(model, str):
            return model
    return None


def encode_usage(usage: Usage | None) -> dict[str, Json]:
    """`usage` with every member a client may read; what was not said counts as 0, because the
    Vercel AI SDK drops a last event without figures.
    """
    usage = usage or Usage()
    own: Mapping[str, Json] = usage.raw if usage.raw is not None and usage.dialect == NAME else {}
    read, written = own.get("input_tokens_details"), own.get("output_tokens_details")
    return {
        **own,
        "input_tokens": usage.input_tokens or 0,
        "input_tokens_details": {
            **(read if isinstance(read, dict) else {}),
            "cached_tokens": usage.cache_read_tokens or 0,
            "cache_write_tokens": usage.cache_write_tokens or 0,
        },
        "output_tokens": usage.output_tokens or 0,
        "output_tokens_details": {
            **(written if isinstance(written, dict) else {}),
            "reasoning_tokens": usage.reasoning_tokens or 0,
        },
        "total_tokens": usage.total or 0,
    }


def _count(value: Json) -> int | None:
    """A whole number that is no less than nought; None for anything else."""
    return counted(value)
