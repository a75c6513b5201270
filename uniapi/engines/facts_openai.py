"""Facts about OpenAI's own models as OpenAI, Azure, GitHub and resellers serve them, in chat and in
Responses.

Sources: developers.openai.com/api/docs/guides/reasoning and the models' pages, and the error
messages named in each row.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .quirks import QuirkRow, fact

_OPENAI = frozenset({"openai", "azure", "", "github"})
"""OpenAI's models as OpenAI serves them.

An unknown host (`""`) that names a model `gpt-5` or `o3` is a reseller in front of it.
"""

_SAMPLING = frozenset(
    {
        "temperature",
        "top_p",
        "presence_penalty",
        "frequency_penalty",
        "logprobs",
        "top_logprobs",
        "logit_bias",
    }
)


def _openai(model: str, reason: str, drops: Collection[str] = (), **changes: Any) -> QuirkRow:
    return fact(reason, model, vendors=_OPENAI, drops=drops, **changes)


OPENAI_ROWS = (
    fact(
        "prompt_cache_key keeps a conversation where its prompt cache is"
        " (developers.openai.com/api/docs/guides/prompt-caching, 2026-11-30)",
        vendors={"openai", "azure"},
        prompt_cache_key=True,
    ),
    fact(
        "«Unrecognized request argument supplied: prompt_cache_key», for DeepSeek at Azure"
        " (github.com/vectorize-io/hindsight/issues/3518, 2026-11-30)",
        r"deepseek",
        vendors={"azure"},
        prompt_cache_key=False,
    ),
    fact(
        "«prompt_cache_breakpoint is not supported on this model»: before GPT-5.6"
        " (github.com/anomalyco/opencode/issues/36315; 2026-11-30)",
        r"gpt-(?:3|4|5(?![.-](?:[6-9]|1\d)(?!\d)))|o[134](?![a-z0-9])|chatgpt-4o",
        vendors={"openai", "azure"},
        cache_breakpoints=False,
    ),
    fact(
        "marks on content parts came with GPT-5.6 (developers.openai.com/api/docs/guides/"
        "prompt-caching#prompt-cache-breakpoints; taken by Azure: github.com/can1357/oh-my-pi/"
        "pull/8131, learn.microsoft.com/azure/foundry/openai/how-to/prompt-caching; handed on by"
        " routers: openrouter.ai/docs/client-sdks, PromptCacheOptions; 2026-11-30)",
        r"gpt-(?:5[.-](?:[6-9]|1\d)|[6-9]|[12]\d)(?!\d)",
        vendors={"openai", "azure", "openrouter", "vercel"},
        cache_breakpoints=True,
    ),
    fact(
        "kept for half an hour at least (`prompt_cache_options.ttl`, the guide of the row above)",
        r"gpt-(?:5[.-](?:[6-9]|1\d)|[6-9]|[12]\d)(?!\d)",
        cache_lasts_s=1800.0,
    ),
    fact(
        "«Unknown parameter: messages[1].reasoning_content»",
        vendors={"openai", "azure", "github"},
        reasoning_replay="none",
        cache_control=False,
    ),
    fact(
        "OpenAI takes developer for every model but the first o1s (a relayed turn keeps its role),"
        " and knows freeform tools",
        vendors={"openai"},
        system_role="developer",
        custom_tools=True,
        allowed_tools=True,
    ),
    fact(
        "«Invalid 'messages[2].tool_calls[0].id': string too long. Expected a string with maximum"
        " length 40»: vLLM's ids have 46 (github.com/anomalyco/opencode/issues/12653). «Invalid"
        " schema for function …: object schema missing properties», and more of MCP's schemas",
        vendors={"openai", "azure", "github"},
        tool_call_id_form="max40",
        checks_schemas=True,
    ),
    fact(
        '«input[31]: unknown item type "agent_message"» (xAI: lidge-jun/opencodex#3911,'
        " router-for-me/CLIProxyAPI#5207), «Invalid 'input': value did not match any expected"
        " variant» (Bedrock: openai/codex#37475; 2026-11-30)",
        vendors={"xai", "bedrock-openai"},
        agent_messages=False,
    ),
    fact(
        "«automation_update: tool parameter root must be an object type (root schema is an"
        " anyOf/oneOf union with a non-object branch)» (lidge-jun/opencodex#1105, 2026-11-30)",
        vendors={"xai"},
        checks_schemas=True,
    ),
    _openai(
        r"gpt-(?!oss)|o[134](?![a-z0-9])|chatgpt|codex-mini",
        "«The encrypted content … could not be verified.», «Item with id 'rs_…' not found. Items"
        " are not persisted when `store` is set to false.», «Expected an ID that begins with"
        " 'fc'.» (github.com/openai/codex/issues/8145, github.com/vercel/ai/issues/7543;"
        " 2026-11-30)",
        reasoning_items="openai",
    ),
    fact(
        "as above, whatever a deployment is called",
        vendors={"openai", "azure"},
        reasoning_items="openai",
    ),
    fact(
        "«Image URLs are only allowed for messages with role 'user', but this message with role"
        " 'tool' contains an image URL.» (All-Hands-AI/OpenHands#7700, 2026-11-30)",
        vendors={"openai", "azure", "github"},
        result_media=False,
    ),
    fact(
        "«Unrecognized request argument supplied: top_k»",
        vendors={"openai", "azure", "github"},
        drops={"top_k"},
    ),
    fact(
        "only the search models search in chat (guides/tools-web-search); others: «Unknown"
        " parameter: 'web_search_options'.»",
        r"^(?!.*search)",
        vendors={"openai", "azure", "github"},
        drops={"web_search_options"},
    ),
    _openai(r"gpt-[5-9](?!\S*chat)", "freeform tools came with GPT-5", custom_tools=True),
    _openai(
        r"(?:o[134]|gpt-[5-9]|codex-mini)(?![a-z0-9])",
        "«'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.»",
        drops={"max_tokens"},
        max_tokens_member="max_completion_tokens",
    ),
    _openai(
        r"o[134](?:-mini|-pro|-preview|-deep-research)?(?![a-z0-9])",
        "o-series: sampling is fixed; effort low to high (guides/reasoning, limitations)",
        drops=_SAMPLING,
        efforts=("low", "medium", "high"),
    ),
    _openai(
        r"o(?:1-mini|1-preview)",
        "no system or developer role, no tools: «does not support 'system' with this model»",
        system_role="user",
        reasoning_request="none",
        has_tools=False,
    ),
    _openai(
        r"(?:o3(?!-mini)|o4-mini|gpt-5(?![\d.]|-chat))",
        "«Unsupported parameter: 'stop' is not supported with this model.»",
        drops={"stop"},
    ),
    _openai(
        r"gpt-5(?![\d.]|-\d(?!\d)|-chat)",
        "GPT-5: sampling is fixed; effort minimal to high. From 5.1 on sampling is allowed without"
        " reasoning, so nothing is dropped there",
        drops=_SAMPLING,
        efforts=("minimal", "low", "medium", "high"),
    ),
    _openai(r"gpt-5-codex", "no minimal", efforts=("low", "medium", "high")),
    _openai(r"gpt-5-pro", "only high", efforts=("high",)),
    _openai(
        r"gpt-5[.-]1(?!\d)",
        "5.1: «Supported values are: 'none', 'low', 'medium', and 'high'.»",
        efforts=("none", "low", "medium", "high"),
    ),
    _openai(
        r"gpt-5[.-]1-codex",
        "5.1 Codex cannot turn reasoning off",
        efforts=("low", "medium", "high"),
    ),
    _openai(r"gpt-5[.-]1-codex-max", "with xhigh", efforts=("low", "medium", "high", "xhigh")),
    _openai(
        r"gpt-5[.-][2-5](?!\d)",
        "5.2 to 5.5: none to xhigh",
        efforts=("none", "low", "medium", "high", "xhigh"),
    ),
    _openai(
        r"gpt-5[.-][2-5](?!\d)\S*-codex",
        "Codex variants cannot turn reasoning off",
        efforts=("low", "medium", "high", "xhigh"),
    ),
    _openai(
        r"gpt-5[.-][2-5](?!\d)-pro",
        "pro variants begin at medium",
        efforts=("medium", "high", "xhigh"),
    ),
    _openai(
        r"gpt-(?:5[.-](?:[1-9]|1\d)|[6-9])(?!\d)",
        "5.1 and later take temperature, top_p and logprobs while they do not reason: «Unsupported"
        " parameter: 'temperature' is not supported with this model.»",
        sampling_while_reasoning=False,
    ),
    _openai(
        r"gpt-5[.-][1-4](?!\d)(?!\S*(?:codex|-pro))",
        "5.1 to 5.4 do not reason unless asked to; 5.5 and later do"
        " (github.com/UKGovernmentBEIS/inspect_ai/pull/5242)",
        reasons_by_default=False,
    ),
    _openai(r"gpt-5[.-]\d+-chat", "chat variants do not reason", sampling_while_reasoning=True),
    _openai(
        r"gpt-(?:5[.-](?:[6-9]|1\d)|[6-9]|[12]\d)(?!\d)",
        "5.6 and later: none to max, in chat to xhigh: «Supported values are: 'none', 'low',"
        " 'medium', 'high', 'xhigh'.» (github.com/livekit/agents/issues/7169; 2026-11-30)",
        efforts=("none", "low", "medium", "high", "xhigh", "max"),
    ),
    _openai(
        r"gpt-(?:[6-9]|[12]\d)(?:[.-]\d{1,2})?-astra|gpt-6[.-]\d{1,2}-sol",
        "astra, and sol from 6.1 on, always reason: none and minimal answer 400"
        " (github.com/UKGovernmentBEIS/inspect_ai/pull/5254,"
        " github.com/firebase/genkit/issues/6303; 2026-11-30)",
        efforts=("low", "medium", "high", "xhigh", "max"),
    ),
    _openai(
        r"gpt-[45][\d.-]*-?chat|chatgpt-4o",
        "chat variants do not reason on request",
        reasoning_request="none",
        encrypted_reasoning=False,
    ),
    _openai(
        r"gpt-(?:3|4)|chatgpt-4o",
        "«Unrecognized request argument supplied: reasoning_effort»; «Encrypted content is not"
        " supported with this model»",
        reasoning_request="none",
        encrypted_reasoning=False,
    ),
    _openai(
        r"gpt-(?:3|4)|chatgpt-4o|o[134](?![a-z0-9])|gpt-5-codex",
        "«Unsupported value: 'low' is not supported with the 'gpt-4.1' model. Supported values are:"
        " 'medium'.» (github.com/github/copilot-cli/issues/3394); the dial came with GPT-5, but for"
        " its first Codex (cookbook, gpt-5-codex prompting guide; 2026-11-30)",
        verbosities=("medium",),
    ),
    _openai(
        r"o[134](?![a-z0-9])|gpt-(?:5|[6-9]|[12]\d)(?!\d|\S*chat)",
        "these reason whether asked to or not; their encrypted reasoning is kept for clients that"
        " cannot keep it (guides/reasoning#encrypted-reasoning-items)",
        encrypted_reasoning=True,
    ),
    _openai(
        r"gpt-4o(?:-mini)?-search",
        "search models refuse sampling: «Model incompatible request argument supplied:"
        " temperature»",
        drops=_SAMPLING | {"n", "seed"},
    ),
)
