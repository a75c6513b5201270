"""The quirk rows: each model and vendor gets the facts its documentation states, and a vendor
without a row gets the plain dialect.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest

from uniapi.dialects import Quirk
from uniapi.engines import Target, engine_for, quirk_for
from uniapi.engines.facts import ROWS
from uniapi.engines.presets import PRESETS
from uniapi.engines.quirks import _VENDOR_ENGINES

ADAPTIVE = {
    "anthropic_thinking": "adaptive",
    "anthropic_sampling": False,
    "anthropic_prefill": False,
    "efforts": ("low", "medium", "high", "xhigh", "max"),
}
BUDGET = {"anthropic_thinking": "budget", "anthropic_effort": False, "anthropic_sampling": True}

SIX = ("none", "low", "medium", "high", "xhigh", "max")

CASES: list[tuple[str, str, str, dict[str, Any]]] = [
    # what is Claude's own stays with Claude, wherever it is relayed in its own format
    (
        "claude",
        "api.anthropic.com",
        "claude-opus-5",
        {
            "anthropic_tool_search": True,
            "anthropic_billing_block": True,
            "anthropic_user_ids": "any",
        },
    ),
    (
        "claude",
        "relay.example",
        "claude-sonnet-4-5-20250929",
        {"anthropic_tool_search": True, "anthropic_billing_block": True},
    ),
    (
        "claude",
        "api.kimi.com",
        "kimi-for-coding",
        {
            "anthropic_tool_search": False,
            "anthropic_billing_block": False,
            "moonshot_schemas": True,
        },
    ),
    (
        "claude",
        "api.deepseek.com",
        "deepseek-v4-pro",
        {"anthropic_user_ids": "word", "anthropic_billing_block": False},
    ),
    ("aws", "", "us.anthropic.claude-opus-4-6-v1:0", {"anthropic_billing_block": False}),
    ("openrouter", "openrouter.ai", "moonshotai/kimi-k2.6", {"moonshot_schemas": True}),
    ("gpt", "ark.cn-beijing.volces.com", "kimi-k2.7-code", {"moonshot_schemas": True}),
    ("gpt", "api.moonshot.cn", "moonshot-v1-8k", {"moonshot_schemas": True}),
    ("gpt", "shop.example", "qwen3-max", {"moonshot_schemas": False}),
    ("gpt", "api.x.ai", "grok-4.6", {"agent_messages": False, "checks_schemas": True}),
    ("gpt", "api.openai.com", "gpt-5.5", {"agent_messages": True}),
    ("gpt", "127.0.0.1:1234", "m", {"json_object": False, "tool_choices": "words"}),
    # Claude, by every way of writing its names
    (
        "claude",
        "api.anthropic.com",
        "claude-fable-5",
        {**ADAPTIVE, "anthropic_thinking_off": False, "default_max_tokens": 128000},
    ),
    (
        "claude",
        "api.anthropic.com",
        "claude-opus-5-5",
        {**ADAPTIVE, "anthropic_thinking_off": False},
    ),
    (
        "claude",
        "api.anthropic.com",
        "claude-sonnet-5-5",
        {**ADAPTIVE, "anthropic_thinking_off": False},
    ),
    (
        "claude",
        "api.anthropic.com",
        "claude-haiku-5-5",
        {**ADAPTIVE, "anthropic_thinking_off": True},
    ),
    (
        "claude",
        "api.anthropic.com",
        "claude-sonnet-5",
        {**ADAPTIVE, "anthropic_thinking_off": True, "default_max_tokens": 128000},
    ),
    ("claude", "api.anthropic.com", "claude-opus-4-7", ADAPTIVE),
    ("claude", "api.anthropic.com", "claude-opus-4-8", ADAPTIVE),
    (
        "claude",
        "api.anthropic.com",
        "claude-opus-4-6",
        {
            "anthropic_thinking": "either",
            "anthropic_sampling": True,
            "anthropic_prefill": False,
            "efforts": ("low", "medium", "high", "max"),
        },
    ),
    (
        "claude",
        "api.anthropic.com",
        "claude-opus-4-5-20251101",
        {
            "anthropic_thinking": "budget",
            "anthropic_effort": True,
            "efforts": ("low", "medium", "high"),
            "anthropic_sampling_pair": False,
        },
    ),
    (
        "claude",
        "api.anthropic.com",
        "claude-sonnet-4-5",
        {
            **BUDGET,
            "anthropic_structured": True,
            "anthropic_sampling_pair": False,
            "default_max_tokens": 64000,
        },
    ),
    (
        "claude",
        "api.anthropic.com",
        "claude-haiku-4-5-20251001",
        {**BUDGET, "anthropic_structured": True, "anthropic_prefill": True},
    ),
    (
        "claude",
        "api.anthropic.com",
        "claude-opus-4-1-20250805",
        {**BUDGET, "anthropic_structured": True, "default_max_tokens": 32000},
    ),
    (
        "claude",
        "api.anthropic.com",
        "claude-sonnet-4-20250514",
        {
            **BUDGET,
            "anthropic_structured": False,
            "anthropic_sampling_pair": True,
            "default_max_tokens": 64000,
        },
    ),
    (
        "claude",
        "api.anthropic.com",
        "claude-opus-4-0",
        {**BUDGET, "anthropic_structured": False, "default_max_tokens": 32000},
    ),
    (
        "claude",
        "api.anthropic.com",
        "claude-3-7-sonnet-latest",
        {**BUDGET, "anthropic_structured": False},
    ),
    (
        "claude",
        "api.anthropic.com",
        "claude-3-5-haiku-20241022",
        {"anthropic_thinking": "none", "default_max_tokens": 8192},
    ),
    (
        "claude",
        "api.anthropic.com",
        "claude-3-opus-20240229",
        {"anthropic_thinking": "none", "anthropic_structured": False, "default_max_tokens": 4096},
    ),
    ("vertex", "", "claude-3-7-sonnet@20250219", BUDGET),
    ("vertex", "", "claude-opus-4@20250514", BUDGET),
    ("vertex-claude", "", "claude-sonnet-4-5@20250929", {**BUDGET, "anthropic_structured": False}),
    (
        "vertex",
        "",
        "claude-opus-5-5",
        {"anthropic_structured": True, "anthropic_thinking_off": False},
    ),
    (
        "aws",
        "",
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        {**BUDGET, "converse_fields": "claude", "default_max_tokens": None},
    ),
    (
        "aws",
        "",
        "anthropic.claude-3-sonnet-20240229-v1:0",
        {"anthropic_thinking": "none", "converse_fields": "claude"},
    ),
    # other families on Bedrock
    ("aws", "", "us.amazon.nova-2-lite-v1:0", {"converse_fields": "nova", "json_schema": False}),
    (
        "aws",
        "",
        "openai.gpt-oss-120b-1:0",
        {"converse_fields": "openai", "efforts": ("low", "medium", "high"), "json_schema": True},
    ),
    ("aws", "", "meta.llama3-8b-instruct-v1:0", {"converse_fields": "none", "json_schema": False}),
    # Gemini
    (
        "gemini",
        "",
        "gemini-2.5-pro",
        {
            "gemini_thinking": "budget",
            "thinking_budget_range": (128, 32768),
            "safety_threshold": None,
        },
    ),
    (
        "gemini",
        "",
        "gemini-2.5-flash",
        {"gemini_thinking": "budget", "thinking_budget_range": (0, 24576)},
    ),
    (
        "gemini",
        "",
        "gemini-2.5-flash-lite",
        {"gemini_thinking": "budget", "thinking_budget_range": (0, 24576)},
    ),
    ("gemini", "", "gemini-2.5-flash-image", {"gemini_thinking": "none"}),
    ("gemini", "", "gemini-2.5-flash-preview-tts", {"gemini_thinking": "none"}),
    (
        "gemini",
        "",
        "gemini-2.0-flash",
        {"gemini_thinking": "none", "safety_threshold": "BLOCK_NONE", "json_schema_members": True},
    ),
    ("gemini", "", "gemini-1.5-pro", {"gemini_thinking": "none", "json_schema_members": False}),
    (
        "gemini",
        "",
        "gemini-3-pro-preview",
        {"gemini_thinking": "level", "thinking_levels": ("low", "high")},
    ),
    ("gemini", "", "gemini-3.1-pro-preview", {"thinking_levels": ("low", "medium", "high")}),
    (
        "gemini",
        "",
        "gemini-3.5-flash",
        {"gemini_thinking": "level", "thinking_levels": ("minimal", "low", "medium", "high")},
    ),
    ("gemini", "", "gemini-flash-latest", {"gemini_thinking": "level"}),
    ("gemini", "", "gemini-3.7-flash", {"thinking_levels": ("low", "medium", "high")}),
    ("gemini", "", "gemini-4-argon", {"thinking_levels": ("low", "medium", "high")}),
    ("gemini", "", "gemini-4-hydrogen", {"thinking_levels": ("low", "medium", "high", "xhigh")}),
    ("gemini", "", "gemma-4-31b-it", {"thinking_levels": ("minimal", "high")}),
    ("gemini", "", "gemini-2.5-pro", {"call_signatures": False, "result_media": False}),
    ("vertex", "", "gemini-3.5-flash", {"call_signatures": True, "result_media": True}),
    ("gemini", "", "gemini-2.5-flash", {"function_call_ids": True}),
    ("vertex", "", "gemini-2.5-flash", {"function_call_ids": False, "safety_threshold": None}),
    ("vertex", "", "gemini-3.5-flash", {"function_call_ids": True, "hosted_with_functions": False}),
    ("gemini", "", "gemini-3.5-flash", {"hosted_with_functions": True}),
    ("gemini", "", "gemini-2.5-pro", {"hosted_with_functions": False, "json_with_tools": False}),
    ("gemini", "", "gemini-flash-latest", {"json_with_tools": True}),
    ("responses", "api.openai.com", "gpt-4.1", {"encrypted_reasoning": False}),
    ("responses", "api.openai.com", "gpt-5.4", {"encrypted_reasoning": True}),
    ("gpt", "api.openai.com", "gpt-5-chat-latest", {"encrypted_reasoning": False}),
    (
        "gpt",
        "api.openai.com",
        "gpt-4.1",
        {"encrypted_reasoning": False, "verbosities": ("medium",)},
    ),
    ("gpt", "h.example", "some-model", {"encrypted_reasoning": None, "reasoning_items": "any"}),
    ("gpt", "h.example", "gpt-5.4", {"reasoning_items": "openai"}),
    ("azure", "r.openai.azure.com", "my-deployment", {"reasoning_items": "openai"}),
    ("gpt", "h.example", "gpt-oss-120b", {"reasoning_items": "any", "verbosities": ()}),
    ("gpt", "api.x.ai", "grok-4.6", {"reasoning_items": "not_openai", "reasoning_summary": False}),
    # OpenAI's marks for the prompt cache came with 5.6
    ("gpt", "api.openai.com", "gpt-5.6-sol", {"cache_breakpoints": True}),
    ("responses", "api.openai.com", "gpt-5.10", {"cache_breakpoints": True}),
    ("responses", "api.openai.com", "gpt-6.1-sol-2026-10-01", {"cache_breakpoints": True}),
    ("azure", "r.openai.azure.com", "gpt-5.6-luna", {"cache_breakpoints": True}),
    ("gpt", "openrouter.ai", "openai/gpt-6-sol", {"cache_breakpoints": True}),
    ("gpt", "openrouter.ai", "anthropic/claude-opus-5", {"cache_breakpoints": None}),
    ("gpt", "api.openai.com", "gpt-5.5", {"cache_breakpoints": False}),
    ("gpt", "api.openai.com", "gpt-5-2025-08-07", {"cache_breakpoints": False}),
    ("azure", "r.openai.azure.com", "gpt-4.1", {"cache_breakpoints": False}),
    ("azure", "r.openai.azure.com", "my-deployment", {"cache_breakpoints": None}),
    ("gpt", "h.example", "gpt-5.6-sol", {"cache_breakpoints": None}),
    ("azure", "r.openai.azure.com", "DeepSeek-V4", {"prompt_cache_key": False}),
    ("azure", "r.openai.azure.com", "my-deployment", {"prompt_cache_key": True}),
    # a body's own mark
    ("claude", "api.anthropic.com", "claude-opus-5", {"anthropic_body_mark": True}),
    ("vertex-claude", "h.example", "claude-opus-5", {"anthropic_body_mark": False}),
    ("aws", "h.example", "anthropic.claude-opus-5", {"anthropic_body_mark": False}),
    ("aws", "h.example", "us.anthropic.claude-opus-5", {"anthropic_eager_tools": False}),
    ("vertex-claude", "h.example", "claude-opus-5", {"anthropic_eager_tools": True}),
    ("gpt", "api.openai.com", "gpt-6-luna", {"efforts": SIX, "verbosities": ()}),
    ("gpt", "api.openai.com", "gpt-6-sol", {"efforts": SIX}),
    ("gpt", "api.openai.com", "gpt-6.1-terra", {"efforts": SIX}),
    ("gpt", "api.openai.com", "gpt-6-astra", {"efforts": SIX[1:], "reasons_by_default": True}),
    ("gpt", "api.openai.com", "gpt-6.2-astra", {"efforts": SIX[1:]}),
    ("gpt", "h.example", "openai/gpt-6.1-sol", {"efforts": SIX[1:]}),
    # OpenAI's families, at OpenAI, at Azure, and behind a host we do not know
    (
        "gpt",
        "api.openai.com",
        "o3",
        {
            "max_tokens_member": "max_completion_tokens",
            "efforts": ("low", "medium", "high"),
            "system_role": "developer",
        },
    ),
    (
        "gpt",
        "api.openai.com",
        "gpt-5-mini",
        {"efforts": ("minimal", "low", "medium", "high"), "custom_tools": True},
    ),
    (
        "gpt",
        "api.openai.com",
        "gpt-5-2025-08-07",
        {"efforts": ("minimal", "low", "medium", "high")},
    ),
    (
        "gpt",
        "api.openai.com",
        "gpt-5-pro",
        {"efforts": ("high",), "tool_call_id_form": "max40", "max_stops": 4},
    ),
    (
        "gpt",
        "api.openai.com",
        "gpt-5.1",
        {
            "efforts": ("none", "low", "medium", "high"),
            "dropped_members": frozenset({"max_tokens", "top_k", "web_search_options"}),
        },
    ),
    ("gpt", "api.openai.com", "gpt-5.1-codex-max", {"efforts": ("low", "medium", "high", "xhigh")}),
    (
        "gpt",
        "api.openai.com",
        "gpt-5.4-nano",
        {
            "efforts": ("none", "low", "medium", "high", "xhigh"),
            "dropped_members": frozenset({"max_tokens", "top_k", "web_search_options"}),
        },
    ),
    (
        "gpt",
        "api.openai.com",
        "gpt-5.6-sol",
        {"efforts": ("none", "low", "medium", "high", "xhigh", "max")},
    ),
    (
        "gpt",
        "api.openai.com",
        "gpt-4o",
        {
            "reasoning_request": "none",
            "system_role": "developer",
            "dropped_members": frozenset({"top_k", "web_search_options"}),
            "max_tokens_member": "max_completion_tokens",
        },
    ),
    ("gpt", "api.openai.com", "o1-mini", {"system_role": "user", "has_tools": False}),
    (
        "azure",
        "me.openai.azure.com",
        "my-gpt-5-mini",
        {"system_role": "developer", "efforts": ("minimal", "low", "medium", "high")},
    ),
    (
        "gpt",
        "reseller.example",
        "o4-mini",
        {"max_tokens_member": "max_completion_tokens", "efforts": ("low", "medium", "high")},
    ),
    (
        "gpt",
        "reseller.example",
        "gpt-4o",
        {"max_tokens_member": "either", "dropped_members": frozenset(), "stream_options": True},
    ),
    # vendors
    (
        "gpt",
        "api.mistral.ai",
        "mistral-small-latest",
        {
            "tool_call_id_form": "alnum9",
            "max_tokens_member": "max_tokens",
            "stream_options": False,
            "efforts": ("none", "high"),
        },
    ),
    ("gpt", "api.mistral.ai", "magistral-medium-latest", {"reasoning_request": "none"}),
    (
        "gpt",
        "api.deepseek.com",
        "deepseek-v4-flash",
        {
            "reasoning_request": "thinking",
            "efforts": ("low", "high", "max"),
            "reasoning_replay": "reasoning_content",
        },
    ),
    ("gpt", "api.moonshot.ai", "kimi-k2.5", {"reasoning_request": "thinking"}),
    ("gpt", "api.z.ai", "glm-4.7", {"reasoning_request": "thinking", "json_schema": False}),
    ("gpt", "dashscope.aliyuncs.com", "qwen3-max", {"reasoning_request": "enable_thinking"}),
    (
        "gpt",
        "openrouter.ai",
        "openai/gpt-5",
        {
            "reasoning_request": "openrouter",
            "reasoning_replay": "reasoning_details",
            "cache_control": True,
            "dropped_members": frozenset(),
        },
    ),
    (
        "openrouter",
        "127.0.0.1:9",
        "anthropic/claude-haiku-4.5",
        {"reasoning_request": "openrouter", "cache_control": True},
    ),
    (
        "gpt",
        "api.groq.com",
        "openai/gpt-oss-120b",
        {
            "efforts": ("low", "medium", "high"),
            "reasoning_replay": "reasoning",
            "reasoning_request": "effort",
        },
    ),
    (
        "gpt",
        "api.groq.com",
        "qwen/qwen3-32b",
        {"efforts": ("none", "default"), "reasoning_replay": "reasoning"},
    ),
    (
        "gpt",
        "api.mistral.ai",
        "mistral-large-latest",
        {"seed_member": "random_seed", "document_part": "document_url"},
    ),
    (
        "gpt",
        "api.openai.com",
        "gpt-5.4-mini",
        {"sampling_while_reasoning": False, "reasons_by_default": False},
    ),
    (
        "gpt",
        "api.openai.com",
        "gpt-5.4-pro",
        {"sampling_while_reasoning": False, "reasons_by_default": True},
    ),
    (
        "responses",
        "api.openai.com",
        "gpt-5.5",
        {"sampling_while_reasoning": False, "reasons_by_default": True},
    ),
    (
        "gpt",
        "api.openai.com",
        "gpt-5.3-chat-latest",
        {"sampling_while_reasoning": True, "reasoning_request": "none"},
    ),
    ("gpt", "api.openai.com", "gpt-4.1", {"sampling_while_reasoning": True}),
    ("aws", "", "amazon.nova-pro-v1:0", {"reasoning_request": "none", "converse_fields": "nova"}),
    ("aws", "", "us.amazon.nova-2-lite-v1:0", {"reasoning_request": "effort"}),
    ("cohere", "api.cohere.com", "command-a-03-2025", {"reasoning_request": "none"}),
    ("cohere", "api.cohere.com", "command-a-reasoning-08-2025", {"reasoning_request": "effort"}),
    (
        "gemini",
        "generativelanguage.googleapis.com",
        "gemini-2.5-flash-lite",
        {"thinking_budget_range": (0, 24576), "smallest_thinking_budget": 512},
    ),
    (
        "gemini",
        "generativelanguage.googleapis.com",
        "gemini-2.5-flash",
        {"smallest_thinking_budget": 0},
    ),
    (
        "claude",
        "api.anthropic.com",
        "claude-fable-5",
        {"anthropic_forced_tool": True, "anthropic_thinking_off": False},
    ),
    (
        "claude",
        "api.anthropic.com",
        "claude-fable-5-1",
        {"anthropic_forced_tool": False, "anthropic_thinking_off": False},
    ),
    (
        "aws",
        "bedrock-runtime.us-east-1.amazonaws.com",
        "us.anthropic.claude-opus-5-5-v1:0",
        {"anthropic_forced_tool": False},
    ),
    (
        "claude",
        "api.anthropic.com",
        "claude-haiku-5-5",
        {"anthropic_forced_tool": True, "anthropic_thinking_off": True},
    ),
    (
        "gpt",
        "api.x.ai",
        "grok-4.3",
        {"efforts": ("none", "low", "medium", "high"), "reasoning_request": "effort"},
    ),
    ("gpt", "api.x.ai", "grok-4-fast", {"reasoning_request": "none"}),
    (
        "gpt",
        "generativelanguage.googleapis.com",
        "gemini-3-pro-preview",
        {"opaque_family": "gemini"},
    ),
    ("gpt", "localhost:11434", "llava", {"image_urls": False}),
    # families that write their reasoning into the text
    ("gpt", "h.example", "deepseek-ai/DeepSeek-R1", {"think_tags": True}),
    ("gpt", "h.example", "qwen3:0.6b", {"think_tags": True}),
    ("gpt", "h.example", "Qwen/Qwen3-Coder-480B", {"think_tags": False}),
    ("gpt", "h.example", "qwen-2.5-72b", {"think_tags": False}),
]


@pytest.mark.parametrize(("engine", "host", "model", "facts"), CASES)
def test_a_model_has_the_facts_of_its_family_and_vendor(
    engine: str, host: str, model: str, facts: dict[str, Any]
) -> None:
    """Only what the case names is looked at."""
    quirk = quirk_for(engine, host, model)
    assert facts == {name: getattr(quirk, name) for name in facts}


@pytest.mark.parametrize(
    ("host", "model", "dropped", "kept"),
    [
        (
            "api.openai.com",
            "o3",
            {"temperature", "top_p", "stop", "logit_bias"},
            {"seed", "n", "tools"},
        ),
        ("api.openai.com", "o3-mini", {"temperature", "top_p"}, {"stop", "parallel_tool_calls"}),
        (
            "reseller.example",
            "gpt-5",
            {"temperature", "stop"},
            {"max_completion_tokens", "verbosity"},
        ),
        ("reseller.example", "gpt-5-chat-latest", set(), {"temperature", "stop"}),
        (
            "api.x.ai",
            "grok-4-0709",
            {"stop", "presence_penalty", "reasoning_effort"},
            {"temperature", "stream_options"},
        ),
        (
            "api.x.ai",
            "grok-4-fast-non-reasoning",
            {"reasoning_effort", "presence_penalty"},
            {"stop", "temperature"},
        ),
        (
            "api.groq.com",
            "llama-3.3-70b-versatile",
            {"logprobs", "logit_bias"},
            {"temperature", "stop", "n"},
        ),
        (
            "api.mistral.ai",
            "mistral-large-latest",
            {"stream_options", "logit_bias", "user"},
            {"temperature", "presence_penalty", "n", "prompt_cache_key", "logprobs", "top_k"},
        ),
        (
            "api.together.xyz",
            "meta-llama/Llama-3.3-70B-Instruct-Turbo",
            set(),
            {"temperature", "stop", "seed", "logit_bias"},
        ),
    ],
)
def test_only_what_is_refused_is_dropped(
    host: str, model: str, dropped: set[str], kept: set[str]
) -> None:
    """A row that drops too much is worse than none."""
    quirk = quirk_for("gpt", host, model)
    taken = quirk.taken_members.request if quirk.taken_members is not None else dropped | kept
    refused = quirk.dropped_members | ((dropped | kept) - taken)
    assert dropped <= refused
    assert not kept & refused


def test_an_unknown_vendor_and_model_is_the_plain_dialect() -> None:
    """Nothing but the member that every compatible server knows, and no freeform tools."""
    quirk = quirk_for("gpt", "h.example", "facebook/opt-125m")
    changed = {
        field.name
        for field in fields(Quirk)
        if getattr(quirk, field.name) != getattr(Quirk(), field.name)
    }
    assert {"max_tokens_member", "custom_tools", "allowed_tools"} == changed


def test_every_row_names_facts_that_exist_and_says_why() -> None:
    """A misspelt member, or a pattern that is none, would show only when the row is asked."""
    known = {field.name for field in fields(Quirk)} - {"dropped_members"}
    for row in ROWS:
        assert row.reason
        assert set(row.changes) <= known
        assert row.model is None or re.compile(row.model)


def test_every_vendor_of_a_row_is_known_by_its_address() -> None:
    """A row of a vendor that no host and no engine leads to is never asked; `""`: any unknown."""
    known = {preset.vendor for preset in PRESETS} | set(_VENDOR_ENGINES.values()) | {""}
    assert [row.reason for row in ROWS if not row.vendors <= known] == []


OTHERWISE = {
    "has_images": "the provider says it (`image`)",
    "text_content_only": "learned from a refusal",
    "past_images": "learned from a refusal",
    "schema_constraints": "learned from a refusal",
    "dropped_members": "by `drops`",
    "keeps_cache_marks": "the provider says it (`prompt_cache`)",
    "learned_drops": "learned from a refusal",
    "learned_renames": "learned from a refusal",
    "learned_choices": "learned from a refusal",
    "learned_limits": "learned from a refusal",
}
"""Members of a Quirk that no row changes, and where they come from."""


def test_what_a_name_must_not_hold_is_looked_for_in_all_of_it() -> None:
    """A pattern begins at any word: behind the word that it excludes it would be found again."""
    loose = [row.model for row in ROWS if row.model and row.model.startswith("(?!.*")]
    assert loose == []


def test_every_kind_of_fact_is_some_vendors() -> None:
    """A rule of `fit` that no row ever sets going is dead."""
    changed = {name for row in ROWS for name in row.changes}
    assert {field.name for field in fields(Quirk)} - changed == set(OTHERWISE)


@pytest.mark.parametrize(
    ("members", "facts"),
    [
        ({"has_tools": False}, {"has_tools": False, "has_images": True}),
        ({"has_images": False}, {"has_images": False}),
        ({"think_tags": True}, {"think_tags": True, "has_tools": True}),
        ({}, {"has_tools": True, "has_images": True, "think_tags": False}),
    ],
)
def test_what_the_provider_says_of_itself_counts(
    target: Callable[..., Target], members: dict[str, Any], facts: dict[str, Any]
) -> None:
    """`tools`, `image` and `think_tags` of the config are facts too."""
    place = target("some-model", base_url="https://h.example/v1", **members)
    quirk = engine_for(place.provider).quirk(place)
    assert facts == {name: getattr(quirk, name) for name in facts}
