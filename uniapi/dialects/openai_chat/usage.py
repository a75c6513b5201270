"""The wire's `usage` ↔ canonical Usage.

OpenAI's counts already mean what ours mean: cached tokens are part of `prompt_tokens`, reasoning is
part of `completion_tokens`. The decoder settles where vendors differ: DeepSeek's
`prompt_cache_hit_tokens`, top-level `cached_tokens` (Moonshot) and `cache_…_input_tokens` (Vercel,
LiteLLM; inside the details Qwen's explicit cache: alibabacloud.com/help/en/model-studio/
context-cache, 2026-11-30), reasoning that is counted beside `completion_tokens`
(`Quirk.reasoning_beside_output`), and costs in three shapes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from uniapi.canonical import MOST_COUNTED, Json, Usage, stated_cost

from .request_decode_members import DIALECT_NAME, at


def decode_usage(value: Json, reasoning_beside_output: bool = False) -> Usage | None:
    """None when there is no usage object, or it states nothing."""
    if not isinstance(value, dict) or not value:
        return None
    usage = None
    if len(value) == 3:
        usage = _three_counts(value)
    elif len(value) == 5 and not reasoning_beside_output:
        usage = _counts_with_details(value)
    if usage is not None:
        usage.raw, usage.dialect = value, DIALECT_NAME
        return usage
    stated = _counts(value)
    get = stated.get
    input_tokens, written = get("prompt_tokens"), get("completion_tokens")
    total = get("total_tokens")
    reasoning = get("reasoning_tokens")
    # By the vendor's own total: whether it counts reasoning beside the output, not inside it.
    said = (input_tokens or 0) + (written or 0) + (reasoning or 0)
    is_beside = bool(reasoning) and total == said
    joins = is_beside and reasoning_beside_output
    output_tokens = (written or 0) + (reasoning or 0) if joins else written
    cached = None
    for name in _CACHED:
        if name in stated:
            cached = stated[name]
            break
    # Some vendors (Grok on Azure, routers) report more cached tokens than they read, or more
    # reasoning than they wrote.
    if cached is not None and input_tokens is not None:
        cached = min(cached, input_tokens)
    if reasoning is not None and output_tokens is not None and not is_beside:
        reasoning = min(reasoning, output_tokens)
    tier = value.get("service_tier")
    return Usage(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cache_read_tokens=cached,
        cache_write_tokens=get("cache_write_tokens", get("cache_creation_input_tokens")),
        reasoning_tokens=reasoning,
        input_audio_tokens=get("input_audio_tokens"),
        output_audio_tokens=get("output_audio_tokens"),
        input_image_tokens=get("input_image_tokens"),
        output_image_tokens=get("output_image_tokens"),
        total_tokens=total,
        web_searches=get("num_search_queries", get("web_search_requests")),
        cost=stated_cost(value) if _COSTS & value.keys() else None,
        service_tier=tier if isinstance(tier, str) else None,
        raw=value,
        dialect=DIALECT_NAME,
    )


def _three_counts(value: dict[str, Any]) -> Usage | None:
    """Of the object that many send; None for any other of three members."""
    try:
        read, wrote = value["prompt_tokens"], value["completion_tokens"]
        total = value["total_tokens"]
    except KeyError:
        return None
    if not _are_counts((read, wrote, total)):
        return None
    usage = Usage(read, wrote)
    usage.total_tokens = total
    return usage


def _counts_with_details(value: dict[str, Any]) -> Usage | None:
    """Of the object that OpenAI sends; None for any other of five members, and where its counts do
    not fit together, which the long way understands.
    """
    try:
        read, wrote = value["prompt_tokens"], value["completion_tokens"]
        total = value["total_tokens"]
        prompt, completion = value["prompt_tokens_details"], value["completion_tokens_details"]
        cached, heard = prompt["cached_tokens"], prompt["audio_tokens"]
        reasoning, spoken = completion["reasoning_tokens"], completion["audio_tokens"]
    except (KeyError, TypeError):
        return None
    # In the one object nothing else counts, in the other pictures do.
    if len(prompt) != 2 or "image_tokens" in completion:
        return None
    if not _are_counts((read, wrote, total, cached, heard, reasoning, spoken)):
        return None
    if cached > read or reasoning > wrote:
        return None
    usage = Usage(read, wrote, cached, None, None, reasoning, heard, spoken)
    usage.total_tokens = total
    return usage


def _are_counts(values: tuple[Any, ...]) -> bool:
    """Whether each is a whole number that counts."""
    for value in values:  # noqa: SIM110  (a generator takes twice as long)
        if type(value) is not int or not 0 <= value <= MOST_COUNTED:
            return False
    return True


_CACHED = (
    "cached",
    "prompt_cache_hit_tokens",
    "cached_tokens",
    "num_cached_tokens",
    "cache_read_input_tokens",
)
"""What vendors call the tokens they read from their cache; the first that is stated counts."""
_COSTS = frozenset({"cost", "cost_in_usd_ticks"})
_OUTER = frozenset(
    {
        *("prompt_tokens", "completion_tokens", "total_tokens", "reasoning_tokens"),
        *("cache_creation_input_tokens", "num_search_queries"),
        *_CACHED[1:],
    }
)
_INNER = {
    "prompt_tokens_details": (
        ("cached_tokens", "cached"),
        ("cache_write_tokens", "cache_write_tokens"),
        ("cache_creation_input_tokens", "cache_creation_input_tokens"),
        ("audio_tokens", "input_audio_tokens"),
        ("image_tokens", "input_image_tokens"),
    ),
    "completion_tokens_details": (
        ("reasoning_tokens", "reasoning_tokens"),
        ("audio_tokens", "output_audio_tokens"),
        ("image_tokens", "output_image_tokens"),
    ),
    "server_tool_use": (("web_search_requests", "web_search_requests"),),
}
"""Of each object beside the counts: the counts in it, and their names among ours; reasoning that is
stated here wins over reasoning stated outside.
"""


def _counts(value: Mapping[str, Json]) -> dict[str, int]:
    """Every count that a usage object states, by name, in one walk."""
    counts: dict[str, int] = {}
    details: list[tuple[str, Json]] = []
    for name, count in value.items():
        if name in _OUTER:
            if type(count) is int and 0 <= count <= MOST_COUNTED:
                counts[name] = count
            elif type(count) is float and 0 <= count <= MOST_COUNTED and count.is_integer():
                counts[name] = int(count)
        elif name in _INNER and type(count) is dict:
            for inner, ours in _INNER[name]:
                if inner in count:
                    details.append((ours, count[inner]))
    for name, count in details:
        if type(count) is int and 0 <= count <= MOST_COUNTED:
            counts[name] = count
        elif type(count) is float and 0 <= count <= MOST_COUNTED and count.is_integer():
            counts[name] = int(count)
    return counts


def usage_of_body(body: Mapping[str, Json], reasoning_beside_output: bool = False) -> Usage | None:
    """The usage of a whole answer or a chunk, in its own member or elsewhere."""
    stated = body.get("usage")
    if not isinstance(stated, dict) or not stated:
        stated = usage_elsewhere(body)
    return None if stated is None else decode_usage(stated, reasoning_beside_output)


def usage_elsewhere(body: Mapping[str, Json]) -> Json:
    """In Groq's `x_groq` on the last chunk, or in the last choice (Moonshot:
    platform.moonshot.ai/docs/api/chat, 2026-11-30).
    """
    if "x_groq" in body:
        return at(body["x_groq"], "usage")
    choices = body.get("choices")
    last = choices[-1] if type(choices) is list and choices else None
    return last.get("usage") if type(last) is dict else None


def encode_usage(usage: Usage | None) -> dict[str, Any]:
    """`usage` with every member a client may read; what the upstream did not say counts as 0, which
    the wire cannot tell apart.
    """
    usage = usage or Usage()
    own = usage.raw if usage.raw is not None and usage.dialect == DIALECT_NAME else {}
    input_tokens, output_tokens = usage.input_tokens or 0, usage.output_tokens or 0
    prompt = _members(own, "prompt_tokens_details") if own else {}
    prompt["cached_tokens"] = usage.cache_read_tokens or 0
    if usage.cache_write_tokens is not None:
        prompt["cache_write_tokens"] = usage.cache_write_tokens
    if usage.input_audio_tokens is not None:
        prompt["audio_tokens"] = usage.input_audio_tokens
    completion = _members(own, "completion_tokens_details") if own else {}
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


def _members(usage: Mapping[str, Json], name: str) -> dict[str, Json]:
    """A copy of an object in it; of anything else, which some vendor put there, nothing."""
    details = usage.get(name)
    return dict(details) if isinstance(details, dict) else {}
