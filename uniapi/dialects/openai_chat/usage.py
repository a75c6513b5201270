"""The wire's `usage` ↔ canonical Usage.

OpenAI's counts already mean what ours mean: cached tokens are part of `prompt_tokens`, reasoning is
part of `completion_tokens`. The decoder settles where vendors differ: DeepSeek's
`prompt_cache_hit_tokens`, top-level `cached_tokens` (Moonshot) and `cache_…_input_tokens` (Vercel,
LiteLLM), reasoning that is counted beside `completion_tokens` (`Quirk.reasoning_beside_output`),
and costs in three shapes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from uniapi.canonical import Json, Usage, stated_cost

from .request_decode_members import DIALECT_NAME, at


def decode_usage(value: Json, reasoning_beside_output: bool = False) -> Usage | None:
    """None when there is no usage object, or it states nothing."""
    if not isinstance(value, dict) or not value:
        return None
    prompt = value.get("prompt_tokens_details")
    completion = value.get("completion_tokens_details")
    input_tokens = _count(value.get("prompt_tokens"))
    written = _count(value.get("completion_tokens"))
    reasoning = _count(at(completion, "reasoning_tokens"), value.get("reasoning_tokens"))
    total = _count(value.get("total_tokens"))
    cached = _count(
        at(prompt, "cached_tokens"),
        value.get("prompt_cache_hit_tokens"),
        value.get("cached_tokens"),
        value.get("num_cached_tokens"),
        value.get("cache_read_input_tokens"),
    )
    is_beside = _is_beside(input_tokens, written, reasoning, total)
    joins = is_beside and reasoning_beside_output
    output_tokens = (written or 0) + (reasoning or 0) if joins else written
    return Usage(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cache_read_tokens=_at_most(cached, input_tokens),
        cache_write_tokens=_count(
            at(prompt, "cache_write_tokens"), value.get("cache_creation_input_tokens")
        ),
        reasoning_tokens=reasoning if is_beside else _at_most(reasoning, output_tokens),
        input_audio_tokens=_count(at(prompt, "audio_tokens")),
        output_audio_tokens=_count(at(completion, "audio_tokens")),
        total_tokens=total,
        web_searches=_count(
            value.get("num_search_queries"), at(value, "server_tool_use", "web_search_requests")
        ),
        cost=stated_cost(value),
        service_tier=value["service_tier"] if isinstance(value.get("service_tier"), str) else None,
        raw=value,
        dialect=DIALECT_NAME,
    )


def usage_of_body(body: Mapping[str, Json], reasoning_beside_output: bool = False) -> Usage | None:
    """The usage of a whole answer or a chunk: in its own member, or in Groq's `x_groq` on the last
    chunk.
    """
    stated = decode_usage(body.get("usage"), reasoning_beside_output)
    return stated or decode_usage(at(body.get("x_groq"), "usage"), reasoning_beside_output)


def encode_usage(usage: Usage | None) -> dict[str, Any]:
    """`usage` with every member a client may read; what the upstream did not say counts as 0, which
    the wire cannot tell apart.
    """
    usage = usage or Usage()
    own = usage.raw if usage.raw is not None and usage.dialect == DIALECT_NAME else {}
    input_tokens, output_tokens = usage.input_tokens or 0, usage.output_tokens or 0
    prompt: dict[str, Json] = dict(at(own, "prompt_tokens_details") or {})
    prompt["cached_tokens"] = usage.cache_read_tokens or 0
    if usage.cache_write_tokens is not None:
        prompt["cache_write_tokens"] = usage.cache_write_tokens
    if usage.input_audio_tokens is not None:
        prompt["audio_tokens"] = usage.input_audio_tokens
    completion: dict[str, Json] = dict(at(own, "completion_tokens_details") or {})
    completion["reasoning_tokens"] = usage.reasoning_tokens or 0
    if usage.output_audio_tokens is not None:
        completion["audio_tokens"] = usage.output_audio_tokens
    encoded: dict[str, Any] = {
        **own,
        "prompt_tokens": input_tokens,
        "completion_tokens": output_tokens,
        "total_tokens": max(usage.total_tokens or 0, input_tokens + output_tokens),
        "prompt_tokens_details": prompt,
        "completion_tokens_details": completion,
    }
    if usage.cost is not None and "cost" not in encoded:
        encoded["cost"] = usage.cost
    return encoded


def _is_beside(
    input_tokens: int | None, written: int | None, reasoning: int | None, total: int | None
) -> bool:
    """Whether the vendor's own total counts reasoning beside the output, not inside it."""
    if not reasoning or total is None:
        return False
    return total == (input_tokens or 0) + (written or 0) + reasoning


def _at_most(part: int | None, whole: int | None) -> int | None:
    """A part bounded by its whole: some vendors (Grok on Azure, routers) report more cached tokens
    than they read, or more reasoning than they wrote.
    """
    return part if part is None or whole is None else min(part, whole)


def _count(*candidates: Json) -> int | None:
    """The first that is a count."""
    for value in candidates:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        if isinstance(value, float) and value >= 0 and value.is_integer():
            return int(value)
    return None
