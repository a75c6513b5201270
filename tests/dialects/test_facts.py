"""Every fact is minded once: by exactly one rule of each dialect that can meet it, or it is listed
here with the reason why that dialect has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

import pytest

from uniapi.dialects import Quirk
from uniapi.dialects.anthropic.fit import RULES as ANTHROPIC_RULES
from uniapi.dialects.bedrock_converse.fit import RULES as CONVERSE_RULES
from uniapi.dialects.cohere.fit import RULES as COHERE_RULES
from uniapi.dialects.fitting import FitRule
from uniapi.dialects.gemini.fit import RULES as GEMINI_RULES
from uniapi.dialects.openai_chat.fit import RULES as CHAT_RULES
from uniapi.dialects.openai_responses.fit import RULES as RESPONSES_RULES

FACTS = [field.name for field in fields(Quirk) if not field.name.startswith("learned_")]
"""All but the lessons of refusals, which every dialect's last rules mind (test_fit_learned)."""

TABLES: Mapping[str, Sequence[FitRule]] = {
    "openai_chat": CHAT_RULES,
    "openai_responses": RESPONSES_RULES,
    "anthropic": ANTHROPIC_RULES,
    "bedrock_converse": CONVERSE_RULES,
    "gemini": GEMINI_RULES,
    "cohere": COHERE_RULES,
}

OF_OTHERS: Mapping[str, tuple[str, ...]] = {
    "openai_chat": ("anthropic_", "gemini_", "converse_", "thinking_"),
    "openai_responses": ("anthropic_", "gemini_", "converse_", "thinking_"),
    "anthropic": ("gemini_", "converse_", "thinking_"),
    "bedrock_converse": ("gemini_", "thinking_"),
    "gemini": ("anthropic_", "converse_"),
    "cohere": ("anthropic_", "converse_", "gemini_", "thinking_"),
}
"""How the facts begin that are of other dialects alone."""

ONE_ROAD = "nobody's body is relayed there, and the encoder reads it"
BY_RULES_OF_CLAUDE = "read by Claude's own rules (`anthropic.fit_thinking`), which the encoder asks"

OF_CHAT = dict.fromkeys(
    (
        "allowed_tools",
        "cache_breakpoints",
        "cache_control",
        "checks_schemas",
        "json_needs_word",
        "custom_tools",
        "details_format",
        "document_part",
        "longest_tool_name",
        "encrypted_reasoning",
        "max_stops",
        "max_tokens_member",
        "parallel_tool_calls_member",
        "prefix_member",
        "reasoning_items",
        "reasoning_replay",
        "reasoning_summary",
        "seed_member",
        "stream_options",
        "system_role",
        "text_content_only",
        "verbosities",
    ),
    "a member or a habit of chat's wire",
)
"""Facts about what these wires have no member for, or write in one way only."""

OF_EVERY_WIRE = {
    "think_tags": "read by the decoder of answers",
    "think_tag_is_open": "read by the decoder of answers",
    "streams_only": "read by the route: a whole answer is asked for streamed, and folded",
}

BY_THE_DOCTOR = dict.fromkeys(
    ("least_cached", "cache_lasts_s"), "read by the cache doctor, which looks at answers"
)

OF_CHAT_HOSTS = dict.fromkeys(
    (
        "can_stop_reasoning",
        "json_while_reasoning",
        "json_object",
        "longest_tool_name",
        "members_alone",
        "needs_reasoning",
        "other_families",
        "reasoning_beside_output",
        "service_tiers",
        "taken_members",
        "tool_choices",
    ),
    "what vendors of the chat format refuse; no row of this wire says it",
)

NO_ROW = "no row of a model on this wire says it"

UNMINDED: Mapping[str, Mapping[str, str]] = {
    "openai_chat": {
        **BY_THE_DOCTOR,
        "agent_messages": "an item of Responses",
        "prompt_cache_key": "read before encoding: the session's name is put into the request",
        "image_urls": "read before encoding: media are fetched (`needs_inline`)",
        "longest_tool_name": "read by the route (`needs_translation`): the encoder shortens",
        "think_tags": "read by the decoder of answers",
        "other_families": "read by the gateway: whose kept tokens are put back",
        "reasoning_beside_output": "read by the decoder of answers",
        "think_tag_is_open": "read by the decoder of answers",
        "default_max_tokens": "the wire needs no limit, and no row of a chat engine names one",
        "encrypted_reasoning": "Responses only: the wire has no encrypted content to ask for",
        "reasoning_items": "Responses only",
        "reasoning_summary": "Responses only",
        "smallest_thinking_budget": "Gemini only",
        "safety_threshold": "Gemini only",
        "function_call_ids": "Gemini only",
        "json_schema_members": "Gemini only",
        "json_with_tools": "Gemini only",
        "hosted_with_functions": "Gemini only",
    },
    "openai_responses": {
        "most_cache_marks": "Claude is not spoken to on this wire",
        **BY_THE_DOCTOR,
        "prompt_cache_key": "read before encoding: the session's name is put into the request",
        "cache_marks": "Claude's alone",
        "details_format": "chat only: the form of `reasoning_details`",
        **OF_CHAT_HOSTS,
        "moonshot_schemas": NO_ROW,
        "past_images": NO_ROW,
        "schema_constraints": NO_ROW,
        "image_urls": "read before encoding: media are fetched (`needs_inline`)",
        "think_tags": "read by the decoder of answers",
        "think_tag_is_open": "read by the decoder of answers",
        "opaque_family": "read by the decoder of answers; no row of such a host names one",
        "streams_only": "read by the route: a whole answer is asked for streamed, and folded",
        "tool_call_id_form": "the wire has a form of its own, for every upstream",
        "forced_tool_while_reasoning": "no vendor says how this wire switches reasoning off",
        "max_tokens_member": "the limit has one name",
        "default_max_tokens": "the wire needs no limit",
        "system_role": "every role is known",
        "reasoning_replay": "no place for reasoning text: what goes back is the item it came in",
        "stream_options": "usage always comes",
        "text_content_only": "chat only",
        "cache_control": "chat only: this wire has breakpoints of its own",
        "turn_order": "no host of this wire is known to mind it",
        "prefix_member": "chat only",
        "max_stops": "no stop words on this wire",
        "seed_member": "no seed on this wire",
        "document_part": "chat only",
        "smallest_thinking_budget": "Gemini only",
        "safety_threshold": "Gemini only",
        "function_call_ids": "Gemini only",
        "result_media": "chat and Gemini",
        "call_signatures": "Gemini only",
        "json_schema_members": "Gemini only",
        "json_with_tools": "Gemini only",
        "hosted_with_functions": "Gemini only",
    },
    "anthropic": {
        **BY_THE_DOCTOR,
        "agent_messages": "an item of Responses",
        "prompt_cache_key": "read before encoding: the session's name is put into the request",
        "details_format": "chat only: the form of `reasoning_details`",
        **{name: why for name, why in OF_CHAT_HOSTS.items() if name != "needs_reasoning"},
        "json_needs_word": "the wire asks for JSON by a schema",
        "streams_only": "read by the route: a whole answer is asked for streamed, and folded",
        "image_urls": "read before: media are fetched (`needs_inline`, `needs_translation`)",
        "think_tags": "read by the decoder of answers",
        "think_tag_is_open": "read by the decoder of answers",
        "opaque_family": "read by the decoder of answers; no row gives it to this wire",
        "system_role": "the wire has one role for instructions",
        "reasoning_request": "the wire has one member for it; `anthropic_thinking` says how",
        "max_tokens_member": "the wire has one spelling",
        "seed_member": "the wire has no seed",
        "stream_options": "the wire always tells usage",
        "parallel_tool_calls_member": "the wire says it in `tool_choice`",
        "json_schema": "`anthropic_structured` says it of this wire",
        "checks_schemas": "chat's rows of OpenAI",
        "text_content_only": "chat's rows of plain servers",
        "cache_control": "the wire's own marks",
        "cache_breakpoints": "the wire's own marks",
        "custom_tools": "the wire has functions only, and the encoder says so",
        "allowed_tools": "the wire has no such choice, and the encoder sends those tools alone",
        "turn_order": "the wire joins neighbours of one role itself",
        "prefix_member": "a last assistant turn is the beginning of the answer",
        "max_stops": "the API names no limit",
        "document_part": "the wire has one part for documents",
        "verbosities": "the wire has no verbosity",
        "encrypted_reasoning": "Responses only",
        "reasoning_items": "Responses only",
        "reasoning_summary": "Responses only",
        "smallest_thinking_budget": "Gemini only",
        "safety_threshold": "Gemini only",
        "function_call_ids": "Gemini only",
        "result_media": "chat and Gemini",
        "call_signatures": "Gemini only",
        "json_schema_members": "Gemini only",
        "json_with_tools": "Gemini only",
        "hosted_with_functions": "Gemini only",
    },
    "bedrock_converse": {
        "anthropic_cache_scopes": "its cache points have none",
        **BY_THE_DOCTOR,
        "agent_messages": "an item of Responses",
        "prompt_cache_key": "read before encoding: the session's name is put into the request",
        "details_format": "chat only: the form of `reasoning_details`",
        **OF_CHAT_HOSTS,
        "moonshot_schemas": NO_ROW,
        "anthropic_billing_block": "left out where a client's request is decoded",
        "anthropic_user_ids": "the wire has no end user",
        "past_images": NO_ROW,
        "schema_constraints": NO_ROW,
        "json_needs_word": "the encoder asks for JSON in words",
        "most_cache_marks": "the encoder sets no more than four",
        "dropped_members": ONE_ROAD,
        "has_tools": ONE_ROAD,
        "has_images": ONE_ROAD,
        "json_schema": ONE_ROAD,
        "converse_fields": ONE_ROAD,
        "converse_tools_streamed": "read by the route: which path is asked",
        "reasoning_request": ONE_ROAD,
        "forced_tool_while_reasoning": ONE_ROAD,
        "default_max_tokens": ONE_ROAD,
        "anthropic_sampling": ONE_ROAD,
        "anthropic_sampling_pair": ONE_ROAD,
        "anthropic_structured": ONE_ROAD,
        "anthropic_forced_tool": ONE_ROAD,
        "anthropic_thinking": BY_RULES_OF_CLAUDE,
        "anthropic_thinking_off": BY_RULES_OF_CLAUDE,
        "anthropic_effort": BY_RULES_OF_CLAUDE,
        "efforts": BY_RULES_OF_CLAUDE,
        "think_tags": "read by the decoder of answers",
        "think_tag_is_open": "read by the decoder of answers",
        "opaque_family": "read by the encoder and by the decoder of answers",
        "image_urls": "media are always sent by value",
        "streams_only": "read by the route: a whole answer is asked for streamed, and folded",
        "sampling_while_reasoning": "Claude's sampling beside thinking is the encoder's own rule",
        "reasons_by_default": "no row of a model at Bedrock needs it",
        "anthropic_own_thinking": "the encoder writes back only what its family signed",
        "anthropic_prefill": ONE_ROAD,
        "tool_call_id_form": "the wire has one form, and the encoder gives it",
        "anthropic_tool_search": "the encoder tells what was found in words",
        "calls_need_results": "the encoder answers every call",
        "empty_turns": "the encoder leaves them out",
        "system_turns": "instructions have a member of their own",
        "system_role": "instructions have a member of their own",
        "reasoning_replay": "reasoning has its own blocks",
        "max_tokens_member": "the wire has one spelling",
        "seed_member": "the wire has no seed",
        "stream_options": "the wire always tells usage",
        "parallel_tool_calls_member": "the wire has no such switch",
        "checks_schemas": "chat's rows of OpenAI",
        "text_content_only": "chat's rows of plain servers",
        "cache_control": "the wire's own cache points",
        "cache_breakpoints": "the wire's own cache points",
        "anthropic_eager_tools": "no member of a tool's is written",
        "anthropic_body_mark": "the encoder sets a cache point for it",
        "custom_tools": "the wire has functions only, and the encoder says so",
        "allowed_tools": "the wire has no such choice, and the encoder sends those tools alone",
        "turn_order": "the encoder joins neighbours of one role",
        "prefix_member": "the wire has no such mark",
        "max_stops": "no row of a model at Bedrock names one",
        "document_part": "the wire has one block for documents",
        "verbosities": "the wire has no verbosity",
        "encrypted_reasoning": "Responses only",
        "reasoning_items": "Responses only",
        "reasoning_summary": "Responses only",
        "smallest_thinking_budget": "Gemini only",
        "safety_threshold": "Gemini only",
        "function_call_ids": "Gemini only",
        "result_media": "chat and Gemini",
        "call_signatures": "Gemini only",
        "json_schema_members": "Gemini only",
        "json_with_tools": "Gemini only",
        "hosted_with_functions": "Gemini only",
    },
    "gemini": {
        "most_cache_marks": "Claude is not spoken to on this wire",
        **BY_THE_DOCTOR,
        "agent_messages": "an item of Responses",
        "prompt_cache_key": "read before encoding: the session's name is put into the request",
        "cache_marks": "Claude's alone",
        "keeps_cache_marks": "Claude's alone",
        "details_format": "chat only: the form of `reasoning_details`",
        **OF_CHAT_HOSTS,
        "moonshot_schemas": NO_ROW,
        "past_images": NO_ROW,
        "schema_constraints": NO_ROW,
        **OF_EVERY_WIRE,
        **OF_CHAT,
        "image_urls": "all but Google's own addresses are sent by value",
        "opaque_family": NO_ROW,
        "tool_call_id_form": "`function_call_ids` says it of this wire",
        "reasoning_request": "`gemini_thinking` says it of this wire",
        "efforts": "`thinking_levels` says it of this wire",
        "sampling_while_reasoning": NO_ROW,
        "reasons_by_default": NO_ROW,
        "forced_tool_while_reasoning": NO_ROW,
        "json_schema": "`json_schema_members` says it of this wire",
        "turn_order": "turns always alternate, and the encoder sees to it",
        "system_turns": "instructions have a member of their own",
        "default_max_tokens": NO_ROW,
    },
    "cohere": {
        "most_cache_marks": "Claude is not spoken to on this wire",
        **BY_THE_DOCTOR,
        "agent_messages": "an item of Responses",
        "prompt_cache_key": "read before encoding: the session's name is put into the request",
        "cache_marks": "Claude's alone",
        "keeps_cache_marks": "Claude's alone",
        "details_format": "chat only: the form of `reasoning_details`",
        **OF_CHAT_HOSTS,
        "moonshot_schemas": NO_ROW,
        "past_images": NO_ROW,
        "schema_constraints": NO_ROW,
        **OF_EVERY_WIRE,
        **OF_CHAT,
        "image_urls": "read before encoding: media are fetched (`needs_inline`)",
        "opaque_family": NO_ROW,
        "tool_call_id_form": NO_ROW,
        "efforts": "the wire has a budget and no words",
        "sampling_while_reasoning": NO_ROW,
        "reasons_by_default": NO_ROW,
        "forced_tool_while_reasoning": NO_ROW,
        "json_schema": NO_ROW,
        "turn_order": "the encoder joins what must stand together",
        "empty_turns": "the encoder leaves them out",
        "calls_need_results": "the encoder answers every call",
        "system_turns": "instructions may stand anywhere",
        "default_max_tokens": NO_ROW,
        "smallest_thinking_budget": "Gemini only",
        "safety_threshold": "Gemini only",
        "function_call_ids": "Gemini only",
        "result_media": "chat and Gemini",
        "call_signatures": "Gemini only",
        "json_schema_members": "Gemini only",
        "json_with_tools": "Gemini only",
        "hosted_with_functions": "Gemini only",
    },
}


@pytest.mark.parametrize("dialect", TABLES)
def test_every_fact_is_minded_once(dialect: str) -> None:
    """Twice would be two truths, never a fault that somebody meets."""
    minded = [name for rule in TABLES[dialect] for name in rule.facts]
    expected = [
        name
        for name in FACTS
        if not name.startswith(OF_OTHERS[dialect]) and name not in UNMINDED[dialect]
    ]
    assert sorted(expected) == sorted(minded)


@pytest.mark.parametrize("dialect", UNMINDED)
def test_reasons_are_given_for_facts_that_exist(dialect: str) -> None:
    """A fact that was renamed, or is minded by now, needs no reason any more."""
    minded = {name for rule in TABLES[dialect] for name in rule.facts}
    assert set(UNMINDED[dialect]) <= set(FACTS) - minded
    assert all(UNMINDED[dialect].values())
