"""What hosts of the chat format take that refuse every other member: lists from their own SDKs and
references, all read on 2026-11-30.
"""

from __future__ import annotations

from uniapi.dialects import TakenMembers
from uniapi.values import replace

from .quirks import fact


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_COMMON = _words(
    "model messages stream temperature top_p stop n tools tool_choice parallel_tool_calls"
    " response_format presence_penalty frequency_penalty"
)

_OPENAI = TakenMembers(
    request=_COMMON
    | _words(
        "audio function_call functions logit_bias logprobs max_completion_tokens max_tokens"
        " metadata modalities moderation prediction prompt_cache_key prompt_cache_options"
        " prompt_cache_retention reasoning_effort safety_identifier seed service_tier store"
        " stream_options top_logprobs user verbosity web_search_options"
    ),
    system=_words("role content name"),
    user=_words("role content name"),
    assistant=_words("role content name refusal audio tool_calls function_call"),
    tool=_words("role content tool_call_id"),
    call=_words("id type function custom"),
    offered=_words("type function custom"),
)

_GROQ = TakenMembers(
    request=_COMMON
    | _words(
        "stream_options max_tokens max_completion_tokens seed user reasoning_effort"
        " reasoning_format include_reasoning service_tier metadata store documents"
        " citation_options compound_custom disable_tool_validation exclude_domains"
        " include_domains search_settings function_call functions"
    ),
    system=_words("role content name"),
    user=_words("role content name"),
    assistant=_words("role content name reasoning tool_calls function_call"),
    tool=_words("role content tool_call_id"),
    call=_words("id type function"),
    offered=_words("type function"),
)

_CEREBRAS = TakenMembers(
    request=(_COMMON - _words("presence_penalty frequency_penalty"))
    | _words(
        "clear_thinking disable_reasoning logprobs max_completion_tokens max_tokens"
        " min_completion_tokens min_tokens prediction prompt_cache_key reasoning_effort"
        " reasoning_format seed service_tier stream_options top_logprobs user"
    ),
    system=_words("role content name"),
    user=_words("role content name"),
    assistant=_words("role content name reasoning tool_calls"),
    tool=_words("role content tool_call_id name"),
    call=_words("id type function"),
    offered=_words("type function"),
)

_MISTRAL = TakenMembers(
    request=_COMMON
    | _words(
        "max_tokens random_seed metadata min_tokens repetition_penalty top_k logprobs"
        " top_logprobs prompt_logprobs top_prompt_logprobs prediction reasoning_effort"
        " prompt_mode guardrails prompt_cache_key service_tier safe_prompt"
    ),
    system=_words("role content"),
    user=_words("role content"),
    assistant=_words("role content tool_calls prefix"),
    tool=_words("role content tool_call_id name"),
    call=_words("id type function index"),
    offered=_words("type function"),
)

_GITHUB = replace(
    _OPENAI,
    request=_COMMON
    | _words(
        "max_tokens max_completion_tokens seed stream_options modalities logprobs top_logprobs"
        " user reasoning_effort"
    ),
)

STRICT_ROWS = (
    fact(
        "groq-python 1.7.0: «property 'x' is unsupported», in messages and calls too; logprobs,"
        " top_logprobs and logit_bias are named there and refused (console.groq.com/docs/openai)",
        vendors={"groq"},
        taken_members=_GROQ,
        service_tiers=("auto", "on_demand", "flex", "performance"),
        cache_control=False,
    ),
    fact(
        "cerebras-cloud-sdk 1.91.0: «property 'messages.2.assistant.x' is unsupported»;"
        " frequency_penalty, presence_penalty and logit_bias are named there and answer 400"
        " (inference-docs.cerebras.ai/resources/openai)",
        vendors={"cerebras"},
        taken_members=_CEREBRAS,
        service_tiers=("auto", "default", "flex", "priority"),
        cache_control=False,
    ),
    fact(
        "mistralai 3.7.0, ChatCompletionRequest: 422 extra_forbidden",
        vendors={"mistral"},
        taken_members=_MISTRAL,
        cache_control=False,
    ),
    fact(
        "docs.github.com/rest/models/inference, and what OpenAI's and Azure's inference take:"
        " «Unrecognized request argument supplied: x», «Extra inputs are not permitted»",
        vendors={"github"},
        taken_members=_GITHUB,
        cache_control=False,
    ),
    fact(
        "an unknown host in front of OpenAI's models: openai-python 3.57.0, CompletionCreateParams;"
        " «Unrecognized request argument supplied: top_k»",
        r"(?:gpt-(?!oss)|o[134](?![a-z0-9])|chatgpt-)",
        vendors={""},
        taken_members=_OPENAI,
        cache_control=False,
    ),
)
