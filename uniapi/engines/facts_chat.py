"""Facts about the OpenAI format: what the vendors of compatible APIs do (OpenAI's own models are in
`facts_openai`).

Sources: developers.openai.com/api/docs/guides/reasoning, the vendors' API references named in each
row, and their error messages.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .facts_openai import OPENAI_ROWS
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
        cache_control=True,
    ),
    _vendor(
        "vercel",
        "vercel.com/docs/ai-gateway/sdks-and-apis/openai-compat: reasoning and cache_control as at"
        " OpenRouter",
        reasoning_request="openrouter",
        reasoning_replay="reasoning_details",
        cache_control=True,
    ),
    _vendor(
        "snowflake",
        "docs.snowflake.com Cortex REST: reasoning {effort}, reasoning_details, cache_control",
        reasoning_request="openrouter",
        reasoning_replay="reasoning_details",
        cache_control=True,
    ),
    _vendor(
        "deepseek",
        "api-docs.deepseek.com/guides/thinking_mode: thinking {type}, effort low, high, max; a tool"
        " turn's reasoning_content must come back",
        reasoning_request="thinking",
        efforts=("low", "high", "max"),
        json_schema=False,
    ),
    _vendor(
        "moonshot",
        "platform.moonshot.ai/docs: older models think or not by their name",
        reasoning_request="none",
    ),
    _vendor(
        "moonshot",
        "kimi-k2.5 and later take thinking {type}; a tool turn's reasoning_content must come back",
        r"kimi-(?:k2[.-][5-9]|k[3-9]|latest|for-coding)",
        reasoning_request="thinking",
    ),
    _vendor(
        "zai",
        "docs.z.ai/guides/capabilities/thinking: thinking {type}; json_object only",
        reasoning_request="thinking",
        json_schema=False,
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
        cache_control=False,
        efforts=("none", "high"),
        seed_member="random_seed",
        drops=(
            *(
                "max_completion_tokens",
                "stream_options",
                "logprobs",
                "top_logprobs",
                "logit_bias",
                "store",
                "user",
            ),
            *("service_tier", "modalities", "verbosity", "top_k", "web_search_options"),
        ),
    ),
    _vendor("mistral", "Magistral always reasons", r"magistral", reasoning_request="none"),
    _vendor(
        "mistral",
        "only Small 4, Medium 3.5 and later have a dial",
        r"(?:codestral|devstral|ministral|pixtral|voxtral|open-|mistral-large|mistral-tiny)",
        reasoning_request="none",
    ),
    _vendor(
        "groq",
        "console.groq.com/docs/openai: logprobs, logit_bias, top_logprobs answer 400; unknown"
        " members too",
        drops=("logprobs", "top_logprobs", "logit_bias", "top_k", "web_search_options"),
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
    _vendor(
        "cerebras",
        "inference-docs.cerebras.ai/resources/openai: frequency_penalty, logit_bias,"
        " presence_penalty answer 400",
        drops=(
            "frequency_penalty",
            "presence_penalty",
            "logit_bias",
            "top_k",
            "web_search_options",
        ),
        reasoning_replay="reasoning",
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
        r"grok-(?:2|3(?!-mini)|4(?![.-][3-9])|code)",
        reasoning_request="none",
        drops=("reasoning_effort",),
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
    ),
)

_FAMILY_ROWS = (
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

CHAT_ROWS = (*_FORMAT_ROWS, *OPENAI_ROWS, *_VENDOR_ROWS, *_FAMILY_ROWS)
