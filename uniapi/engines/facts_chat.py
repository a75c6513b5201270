"""Facts about the OpenAI format: what the vendors of compatible APIs do (OpenAI's own models are in
`facts_openai`).

Sources: developers.openai.com/api/docs/guides/reasoning, the vendors' API references named in each
row, and their error messages.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .facts_openai import OPENAI_ROWS
from .facts_strict import STRICT_ROWS
from .quirks import QuirkRow, fact


def _vendor(
    vendor: str, reason: str, model: str | None = None, drops: Collection[str] = (), **changes: Any
) -> QuirkRow:
    return fact(reason, model, vendors=(vendor,), drops=drops, **changes)


_FORMAT_ROWS = (
    fact(
        "the member every compatible server knows; several ignore or refuse max_completion_tokens"
        " (Mistral, DeepSeek, older vLLM and Ollama). Freeform tools and a choice among several are"
        " OpenAI's own",
        engines={"gpt", "openrouter", "azure-databricks", "cloudflare", "vertex"},
        max_tokens_member="either",
        custom_tools=False,
        allowed_tools=False,
    ),
    fact(
        "vendors that name max_completion_tokens in their reference",
        vendors={"openai", "azure", "groq", "xai", "cerebras", "snowflake", "bedrock-openai"},
        max_tokens_member="max_completion_tokens",
    ),
    fact(
        "«Invalid 'stop': array too long. Expected an array with maximum length 4»; Groq:"
        " «len(stop) > 4 is not supported»",
        vendors={"openai", "azure", "github", "groq"},
        max_stops=4,
    ),
    fact(
        "no web search by this member in their references (each has another way, or none); most"
        " answer as if it had not been asked for",
        vendors={
            "deepseek",
            "moonshot",
            "zai",
            "volcengine",
            "dashscope",
            "siliconflow",
            "together",
            "fireworks",
            "nvidia",
            "huggingface",
            "deepinfra",
            "novita",
            "minimax",
            "cloudflare",
            "ollama",
            "lmstudio",
            "databricks",
            "snowflake",
            "writer",
            "cohere-openai",
        },
        drops={"web_search_options"},
    ),
    fact("gpt-oss knows low, medium, high", "gpt-oss", efforts=("low", "medium", "high")),
    fact(
        "reasoning models take the developer role, which Azure prefers to system there",
        r"(?:o1(?!-mini|-preview)|o[34]|gpt-[5-9])(?![a-z0-9])",
        vendors={"azure"},
        system_role="developer",
    ),
)

_VENDOR_ROWS = (
    _vendor(
        "openrouter",
        "openrouter.ai/docs/use-cases/reasoning-tokens, …/features/prompt-caching",
        reasoning_request="openrouter",
        reasoning_replay="reasoning_details",
        opaque_family="openrouter",
        other_families=("anthropic",),
        efforts=("minimal", "low", "medium", "high", "xhigh"),
        cache_control=True,
    ),
    _vendor(
        "openrouter",
        "«Reasoning is mandatory for this endpoint and cannot be disabled.»",
        r"gpt-oss|gemini-(?:\S*-pro|[3-9])|glm-5\.[3-9]|qwen3\.8-max",
        can_stop_reasoning=False,
    ),
    _vendor(
        "vercel",
        "vercel.com/docs/ai-gateway/sdks-and-apis/openai-compat: reasoning and cache_control as at"
        " OpenRouter",
        reasoning_request="openrouter",
        reasoning_replay="reasoning_details",
        opaque_family="openrouter",
        other_families=("anthropic",),
        cache_control=True,
    ),
    _vendor(
        "snowflake",
        "docs.snowflake.com Cortex REST: reasoning {effort}, reasoning_details, cache_control",
        reasoning_request="openrouter",
        reasoning_replay="reasoning_details",
        opaque_family="openrouter",
        other_families=("anthropic",),
        cache_control=True,
    ),
    _vendor(
        "deepseek",
        "api-docs.deepseek.com/guides/thinking_mode: thinking {type}, effort low, high, max; a tool"
        " turn's reasoning_content must come back",
        reasoning_request="thinking",
        efforts=("low", "high", "max"),
        json_schema=False,
        max_tokens_member="max_tokens",
    ),
    _vendor(
        "deepseek",
        "«Thinking mode does not support this tool_choice»; «The `reasoning_content` in the"
        " thinking mode must be passed back to the API.» (api-docs.deepseek.com/guides/"
        "thinking_mode, 2026-11-30)",
        r"deepseek-(?!chat)",
        forced_tool_while_reasoning=False,
        needs_reasoning="every_turn",
    ),
    _vendor(
        "deepseek",
        "the name of the model that does not think",
        r"deepseek-chat",
        reasons_by_default=False,
    ),
    _vendor(
        "moonshot",
        "platform.moonshot.ai/docs: older models think or not by their name",
        reasoning_request="none",
    ),
    _vendor(
        "moonshot",
        "kimi-k2.5 and later take thinking {type} and think by default; then «tool_choice"
        " 'specified' is incompatible with thinking enabled», «thinking is enabled but"
        " reasoning_content is missing in assistant tool call message», and there is no `required`"
        " (platform.moonshot.ai/docs, @ai-sdk/moonshotai 2.0.61, 2026-11-30)",
        r"kimi-(?:k2[.-][5-9]|k[3-9]|latest|for-coding)",
        reasoning_request="thinking",
        forced_tool_while_reasoning=False,
        needs_reasoning="tool_turns",
        tool_choices="no_required",
    ),
    _vendor(
        "moonshot",
        "«invalid temperature: only 1 is allowed for this model», of top_p, n and penalties alike:"
        " the vendor's advice is to leave them out (platform.moonshot.ai/docs, 2026-11-30)",
        r"kimi-(?:k2[.-][5-9]|k[3-9]|latest|for-coding)",
        drops=("temperature", "top_p", "n", "presence_penalty", "frequency_penalty"),
    ),
    _vendor(
        "moonshot",
        "K2.7 Code always thinks, and neither names nor forces a tool (2026-11-30)",
        r"kimi-k2[.-]7-code",
        can_stop_reasoning=False,
        tool_choices="auto",
    ),
    _vendor(
        "moonshot",
        "K3 and later always think, by reasoning_effort low, high, max; `required` is taken, one"
        " tool's name is not (2026-11-30)",
        r"kimi-k[3-9]",
        reasoning_request="effort",
        efforts=("low", "high", "max"),
        can_stop_reasoning=False,
        tool_choices="words",
    ),
    _vendor(
        "moonshot",
        "«the message at position 1 with role 'assistant' must not be empty»"
        " (github.com/MoonshotAI/kimi-code/issues/1985)",
        empty_turns=False,
    ),
    _vendor(
        "zai",
        "docs.z.ai/guides/capabilities/thinking: thinking {type}; json_object only",
        reasoning_request="thinking",
        json_schema=False,
        tool_choices="auto",
    ),
    _vendor(
        "zai",
        "GLM 5.2: reasoning_effort beside thinking (docs.z.ai, 2026-11-30)",
        r"glm-5\.2(?!\d)",
        efforts=("minimal", "low", "medium", "high", "xhigh", "max"),
    ),
    _vendor(
        "zai",
        "5.3: «This model always engages in thinking and cannot be disabled; please use low, high,"
        " or max»",
        r"glm-(?:5\.[3-9]|[6-9])",
        efforts=("low", "high", "max"),
        can_stop_reasoning=False,
    ),
    _vendor(
        "volcengine",
        "volcengine.com/docs/82379/1449737: thinking {type}",
        reasoning_request="thinking",
    ),
    _vendor(
        "dashscope",
        "alibabacloud.com/help/model-studio/deep-thinking: enable_thinking, thinking_budget",
        reasoning_request="enable_thinking",
        forced_tool_while_reasoning=False,
        json_while_reasoning=False,
    ),
    _vendor(
        "dashscope",
        "«parameter.enable_thinking must be set to false for non-streaming calls», «This model only"
        " support stream mode»: Qwen 3's open models, QwQ, QVQ, Omni (help.aliyun.com/zh/"
        "model-studio/error-code, 2026-11-30)",
        r"qw[qe]n?\S*-(?:thinking|omni)|qwq|qvq|qwen3-[\d.]+b(?!\S*instruct)",
        streams_only=True,
    ),
    _vendor(
        "dashscope",
        "«The value of the enable_thinking parameter is restricted to True»",
        r"qwen\S*-thinking|qwq|qvq",
        can_stop_reasoning=False,
    ),
    _vendor(
        "siliconflow",
        "docs.siliconflow.com/en/userguide/capabilities/reasoning: enable_thinking,"
        " thinking_budget",
        reasoning_request="enable_thinking",
    ),
    _vendor(
        "mistral",
        "docs.mistral.ai/api: «Tool call id was … but must be a-z, A-Z, 0-9, with a length of 9»;"
        " unknown members answer 422 extra_forbidden; usage always comes",
        tool_call_id_form="alnum9",
        prefix_member=True,
        document_part="document_url",
        stream_options=False,
        max_tokens_member="max_tokens",
        reasoning_replay="none",
        efforts=("none", "high"),
        seed_member="random_seed",
        empty_turns=False,
    ),
    _vendor("mistral", "Magistral always reasons", r"magistral", reasoning_request="none"),
    _vendor(
        "mistral",
        "only Small 4, Medium 3.5, Large 4, the newest Devstral and later have a dial",
        r"(?:codestral|devstral(?!-(?:small|medium)-latest)|ministral|pixtral|voxtral|open-"
        r"|mistral-large(?!-[4-9](?!\d))|mistral-tiny)",
        reasoning_request="none",
    ),
    _vendor(
        "groq",
        "«property 'reasoning_content' is unsupported»",
        reasoning_replay="none",
    ),
    _vendor(
        "groq",
        "«reasoning_effort is not supported with this model»",
        r"(?:meta-)?llama|gemma|compound|kimi|allam|mi[sx]tral",
        reasoning_request="none",
    ),
    _vendor(
        "groq",
        "console.groq.com/docs/reasoning: Qwen 3 takes `none` and `default` alone",
        r"qwen-?3",
        efforts=("none", "default"),
    ),
    _vendor(
        "groq",
        "console.groq.com/docs/reasoning: these read reasoning back, in `reasoning`",
        r"gpt-oss|qwen-?3",
        reasoning_replay="reasoning",
    ),
    _vendor("cerebras", "reasoning is read from `reasoning`", reasoning_replay="reasoning"),
    _vendor(
        "cerebras",
        "«Input should be 'none', 'low', 'medium' or 'high'»",
        r"(?!gpt-oss)(?:zai-)?(?:glm|qwen|deepseek|kimi|minimax)",
        efforts=("none", "low", "medium", "high"),
    ),
    _vendor(
        "cerebras",
        "inference-docs.cerebras.ai/capabilities/reasoning: no reasoning here",
        r"llama|qwen-3-(?:coder|235b-a22b-instruct)",
        reasoning_request="none",
    ),
    _vendor(
        "perplexity",
        "docs.perplexity.ai: turns carry no reasoning; «user or tool message(s) should alternate"
        " with assistant message(s)»",
        reasoning_replay="none",
        turn_order="alternating",
        efforts=("minimal", "low", "medium", "high"),
    ),
    _vendor(
        "xai",
        "Responses: reasoning.summary answers 400 (github.com/can1357/oh-my-pi/issues/7454); its"
        " encrypted reasoning is its own (docs.x.ai/docs/guides/reasoning; 2026-11-30)",
        reasoning_summary=False,
        reasoning_items="not_openai",
    ),
    _vendor(
        "xai",
        "completion_tokens leave the reasoning out (docs.x.ai/docs/guides/reasoning, 2026-11-30)",
        reasoning_beside_output=True,
    ),
    _vendor(
        "xai",
        "«Model … does not support parameter presencePenalty», of every current model"
        " (github.com/yym68686/uni-api/issues/105)",
        r"grok-(?:[3-9]|code|build|latest)",
        drops=("presence_penalty", "frequency_penalty"),
    ),
    _vendor(
        "xai",
        "reasoning models, and grok-3 which is served by one, refuse stop"
        " (github.com/langchain-ai/langchain/pull/38335)",
        r"grok-(?:[3-9](?!\S*non-reasoning)|code|build|latest)",
        drops=("stop",),
    ),
    _vendor(
        "xai",
        "«Model … does not support parameter reasoningEffort»",
        r"grok-(?:2|3(?!-mini)|4(?![.-][3-9]|[.-]20-multi-agent)|code)",
        reasoning_request="none",
        drops=("reasoning_effort",),
    ),
    _vendor(
        "xai",
        "4.20 multi-agent: low to xhigh",
        r"grok-4[.-]20-multi-agent",
        efforts=("low", "medium", "high", "xhigh"),
    ),
    _vendor("xai", "grok-3-mini: low, high", r"grok-3-mini", efforts=("low", "high")),
    _vendor("xai", "4.3: none to high", r"grok-4[.-]3", efforts=("none", "low", "medium", "high")),
    _vendor(
        "xai",
        "4.5: low to high, cannot be disabled",
        r"grok-4[.-]5",
        efforts=("low", "medium", "high"),
    ),
    _vendor(
        "xai",
        "4.6 and later: with xhigh",
        r"grok-(?:4[.-][6-9]|[5-9])",
        efforts=("low", "medium", "high", "xhigh"),
    ),
    _vendor(
        "gemini-openai",
        'ai.google.dev/gemini-api/docs/openai: «Unknown name "store": Cannot find field»; thought'
        " signatures travel in extra_content",
        opaque_family="gemini",
        reasoning_replay="none",
        drops=(
            "store",
            "metadata",
            "logit_bias",
            "frequency_penalty",
            "top_k",
            "prompt_cache_key",
            "verbosity",
            "web_search_options",
        ),
        parallel_tool_calls_member=False,
    ),
    _vendor(
        "gemini-openai",
        "ai.google.dev/gemini-api/docs/openai: none to high (2026-11-30)",
        efforts=("none", "minimal", "low", "medium", "high"),
    ),
    _vendor(
        "gemini-openai",
        "2.5 Pro and Gemini 3 cannot stop thinking",
        r"gemini-(?:2\.5-pro|[3-9])",
        efforts=("minimal", "low", "medium", "high"),
        can_stop_reasoning=False,
    ),
    _vendor(
        "gemini-openai",
        "signatures on calls came with Gemini 3 (ai.google.dev/gemini-api/docs/gemini-3)",
        r"gemini-[12]|gemma",
        call_signatures=False,
    ),
    _vendor(
        "",
        "Gemini 3 behind an unknown host: its signatures travel in extra_content, as in Google's"
        " own layer (ai.google.dev/gemini-api/docs/thought-signatures, 2026-11-30)",
        r"gemini-[3-9]",
        opaque_family="gemini",
    ),
    _vendor(
        "cohere-openai",
        "docs.cohere.com/docs/compatibility-api: reasoning_effort none or high; unsupported members"
        " are named there",
        efforts=("none", "high"),
        reasoning_replay="none",
        drops=(
            "store",
            "metadata",
            "logit_bias",
            "top_logprobs",
            "n",
            "modalities",
            "prediction",
            "audio",
            "service_tier",
            "parallel_tool_calls",
        ),
        parallel_tool_calls_member=False,
    ),
    fact(
        "docs.cohere.com/docs/reasoning: Command A Reasoning was the first model that thinks;"
        " Command R, A and Aya do not",
        r"command-(?:r|light|nightly|a-(?:0|vision|translate))|command(?![\w-])|c4ai|(?:c4ai-)?aya|tiny-aya",
        engines={"cohere"},
        reasoning_request="none",
    ),
    _vendor(
        "databricks",
        "docs.databricks.com foundation-model-apis: reasoning_effort for gpt-oss and GPT, thinking"
        " for Claude; no reasoning in turns",
        reasoning_replay="none",
        parallel_tool_calls_member=False,
    ),
    _vendor(
        "writer",
        "dev.writer.com/api-reference/completion-api/chat-completion",
        reasoning_replay="none",
        parallel_tool_calls_member=False,
    ),
    _vendor(
        "ollama",
        "docs.ollama.com/api/openai-compatibility: images as data only; reasoning is read from"
        " `reasoning`",
        image_urls=False,
        reasoning_replay="reasoning",
    ),
    _vendor("lmstudio", "lmstudio.ai/docs: images as data only", image_urls=False),
    _vendor(
        "cloudflare",
        "developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility",
        reasoning_replay="none",
    ),
    _vendor(
        "minimax",
        "platform.minimax.io/docs: tool turns want reasoning_details back",
        reasoning_replay="reasoning_details",
        opaque_family="openrouter",
    ),
    _vendor(
        "minimax",
        "«invalid params, chat content has invalid message role: system (2013)»: one system"
        " message, at the beginning (github.com/MiniMax-AI/MiniMax-M2.7/issues/43)",
        system_turns="first",
        empty_turns=False,
    ),
)

_TEMPLATED = frozenset(
    {
        *("", "ollama", "lmstudio", "together", "fireworks", "deepinfra", "novita"),
        *("huggingface", "nvidia", "siliconflow"),
    }
)
"""Hosts that serve open models with the templates those came with."""

_FAMILY_ROWS = (
    fact(
        "«System message must be at the beginning.»: the template of Qwen 3.5 and later, in vLLM,"
        " SGLang, llama.cpp, LM Studio, Ollama (github.com/ggml-org/llama.cpp/issues/20733)",
        r"qwen-?3[.p][5-9]|qwen-?[4-9](?!\d*b)",
        vendors=_TEMPLATED,
        system_turns="first",
    ),
    fact(
        "«System role not supported», «Conversation roles must alternate»: the templates of Gemma"
        " up to 2 (huggingface.co/google/gemma-2-9b-it)",
        r"gemma-?(?:2(?!\d)|1\.1|\db)",
        vendors={"", "lmstudio"},
        system_role="user",
        turn_order="alternating",
    ),
    fact(
        "MiMo V2 and later: «The reasoning_content in the thinking mode must be passed back to the"
        " API.» (github.com/antinomyhq/forgecode/issues/3347)",
        r"mimo-v[2-9]",
        needs_reasoning="tool_turns",
    ),
    fact(
        "«Unexpected role 'user' after role 'tool'» (code 3230), at Mistral, behind OpenRouter, and"
        " in the models' own templates (github.com/NousResearch/hermes-agent/issues/20154)",
        r"(?:open-)?mi[sx]tral|ministral|magistral|devstral|codestral|pixtral|voxtral",
        turn_order="assistant_after_tool",
    ),
    fact(
        "these write their reasoning as <think>…</think> where the server does not part it:"
        " DeepSeek R1, QwQ, Qwen 3, MiniMax, GLM Z1 and 4.5, Sonar Reasoning, Nemotron, …",
        r"deepseek-r1|deepseek-reasoner|r1-(?:distill|1776)|qwq|qwen-?3(?!\S*(?:-coder|-instruct|-embedding|-reranker|\bguard))|qvq|minimax-m|glm-(?:z1|4[.-][5-9]|[5-9])"
        r"|sonar-reasoning|magistral|\S*nemotron|exaone-deep|phi-4\S*-reasoning|deepscaler|openthinker|cogito|smollm3|kimi-k2-thinking|hunyuan-(?:a13b|t1)|ernie-\S*thinking|marco-o1|deephermes",
        think_tags=True,
    ),
    fact(
        "the templates of these open the tag in the prompt, and they always think: the answer holds"
        " the closing tag alone (model cards of Qwen 3 Thinking, QwQ, DeepSeek R1, MiniMax M2)",
        r"deepseek-r1|r1-(?:distill|1776)|qwq|qwen-?3\S*-thinking|minimax-m[12](?!\d)",
        think_tag_is_open=True,
    ),
)

CHAT_ROWS = (*STRICT_ROWS, *_FORMAT_ROWS, *OPENAI_ROWS, *_VENDOR_ROWS, *_FAMILY_ROWS)
