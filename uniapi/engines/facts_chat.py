"""Facts about the OpenAI format: what hosts of it do (OpenAI's own models are in `facts_openai`,
those whose maker serves them in `facts_makers`, hosts that refuse unknown members in
`facts_strict`).

Sources: developers.openai.com/api/docs/guides/reasoning, the vendors' API references named in each
row, and their error messages.
"""

from __future__ import annotations

from .facts_makers import MAKER_ROWS
from .facts_openai import OPENAI_ROWS
from .facts_strict import STRICT_ROWS
from .quirks import fact, vendor_fact

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
        "«An assistant message with 'tool_calls' must be followed by tool messages responding to"
        " each 'tool_call_id'» (aliasrobotics/cai#111, MoonshotAI/kimi-cli#1977, DashScope:"
        " QwenLM/qwen-code#606); DeepSeek: «insufficient tool messages following tool_calls»"
        " (openai/codex#22129); Mistral: «Not the same number of function calls and responses»"
        " (mistralai/client-ts#106); Google's layer is inferred from what Gemini says behind it"
        " (google-gemini/gemini-cli#16987), a word of its own was not found (2026-11-30)",
        vendors={
            *("openai", "azure", "github", "deepseek", "moonshot", "mistral", "dashscope"),
            "gemini-openai",
        },
        calls_need_results=True,
    ),
    fact(
        "«[] is too short - 'tools'» (pydantic/pydantic-ai#155, DashScope: earendil-works/pi#3649),"
        " «Invalid 'tools': empty array» (microsoft/call-center-ai#399), «'parallel_tool_calls' is"
        " only allowed when 'tools' are specified» (openai/swarm#30), «The 'stream_options'"
        " parameter is only allowed when 'stream' is enabled» (BerriAI/litellm#5803); xAI: «A"
        " tool_choice was set on the request but no tools were specified» (livekit/agents#3114);"
        " Claude behind OpenRouter: «tool_choice may only be specified while providing tools.»"
        " (trycua/cua#347; 2026-11-30)",
        vendors={"openai", "azure", "github", "dashscope", "xai", "openrouter"},
        members_alone=False,
    ),
    fact(
        "«Invalid 'tools[3].function.name': string too long. Expected a string with maximum length"
        " 64» (danny-avila/LibreChat#7435; DeepSeek: mrexodia/ida-pro-mcp#129), «The length of the"
        " tool name cannot exceed 64.» (DashScope: QwenLM/Qwen3-VL#2069; 2026-11-30)",
        vendors={"openai", "azure", "github", "deepseek", "dashscope"},
        longest_tool_name=64,
    ),
    fact(
        "«'messages' must contain the word 'json' in some form, to use 'response_format' of type"
        " 'json_object'» (portkey.ai/error-library/response-format-error-10006; Groq:"
        " mem0ai/mem0#4161; DashScope: help.aliyun.com/zh/model-studio/user-guide/json-mode);"
        " DeepSeek: «Prompt must contain the word 'json'» (api-docs.deepseek.com/guides/json_mode)"
        " (2026-11-30)",
        vendors={"openai", "azure", "github", "deepseek", "groq", "dashscope"},
        json_needs_word=True,
    ),
    fact(
        "«tools.function.parameters is not a valid moonshot flavored json schema, details: …», also"
        " for an answer's schema and in Messages (MoonshotAI/walle, MoonshotAI/kimi-code#2661,"
        " #2662; 2026-11-30)",
        vendors={"moonshot"},
        moonshot_schemas=True,
    ),
    fact(
        "the same behind those that pass Kimi on (CommandCodeAI/command-code#566,"
        " NousResearch/hermes-agent#14804, anomalyco/opencode#37496; 2026-11-30)",
        r"kimi-(?:k\d|latest|for-coding)",
        engines={"gpt", "openrouter", "claude"},
        moonshot_schemas=True,
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
    vendor_fact(
        "openrouter",
        "openrouter.ai/docs/use-cases/reasoning-tokens, …/features/prompt-caching",
        reasoning_request="openrouter",
        reasoning_replay="reasoning_details",
        opaque_family="openrouter",
        other_families=("anthropic",),
        efforts=("minimal", "low", "medium", "high", "xhigh"),
        cache_control=True,
    ),
    vendor_fact(
        "openrouter",
        "«Reasoning is mandatory for this endpoint and cannot be disabled.»",
        r"gpt-oss|gemini-(?:\S*-pro|[3-9])|glm-5\.[3-9]|qwen3\.8-max",
        can_stop_reasoning=False,
    ),
    vendor_fact(
        "openrouter",
        "signatures of another vendor are not this model's: details carry their format"
        " (openrouter.ai/docs/use-cases/reasoning-tokens, 2026-11-30)",
        r"claude",
        details_format="anthropic",
    ),
    vendor_fact(
        "openrouter",
        "«Gemini models require OpenRouter reasoning details to be preserved in each request. …"
        " missing a thought_signature» (github.com/cline/cline/issues/8850, 2026-11-30)",
        r"gemini-[3-9]",
        details_format="google",
    ),
    vendor_fact(
        "vercel",
        "vercel.com/docs/ai-gateway/sdks-and-apis/openai-compat: reasoning and cache_control as at"
        " OpenRouter",
        reasoning_request="openrouter",
        reasoning_replay="reasoning_details",
        opaque_family="openrouter",
        other_families=("anthropic",),
        cache_control=True,
    ),
    vendor_fact(
        "snowflake",
        "docs.snowflake.com Cortex REST: reasoning {effort}, reasoning_details, cache_control",
        reasoning_request="openrouter",
        reasoning_replay="reasoning_details",
        opaque_family="openrouter",
        other_families=("anthropic",),
        cache_control=True,
    ),
    vendor_fact(
        "groq",
        "«property 'reasoning_content' is unsupported»",
        reasoning_replay="none",
    ),
    vendor_fact(
        "groq",
        "«reasoning_effort is not supported with this model»",
        r"(?:meta-)?llama|gemma|compound|kimi|allam|mi[sx]tral",
        reasoning_request="none",
    ),
    vendor_fact(
        "groq",
        "console.groq.com/docs/reasoning: Qwen 3 takes `none` and `default` alone",
        r"qwen-?3",
        efforts=("none", "default"),
    ),
    vendor_fact(
        "groq",
        "console.groq.com/docs/reasoning: these read reasoning back, in `reasoning`",
        r"gpt-oss|qwen-?3",
        reasoning_replay="reasoning",
    ),
    vendor_fact("cerebras", "reasoning is read from `reasoning`", reasoning_replay="reasoning"),
    vendor_fact(
        "cerebras",
        "«Input should be 'none', 'low', 'medium' or 'high'»",
        r"(?!gpt-oss)(?:zai-)?(?:glm|qwen|deepseek|kimi|minimax)",
        efforts=("none", "low", "medium", "high"),
    ),
    vendor_fact(
        "cerebras",
        "inference-docs.cerebras.ai/capabilities/reasoning: no reasoning here",
        r"llama|qwen-3-(?:coder|235b-a22b-instruct)",
        reasoning_request="none",
    ),
    vendor_fact(
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
    vendor_fact(
        "gemini-openai",
        "ai.google.dev/gemini-api/docs/openai: none to high (2026-11-30)",
        efforts=("none", "minimal", "low", "medium", "high"),
    ),
    vendor_fact(
        "gemini-openai",
        "2.5 Pro and Gemini 3 cannot stop thinking",
        r"gemini-(?:2\.5-pro|[3-9])",
        efforts=("minimal", "low", "medium", "high"),
        can_stop_reasoning=False,
    ),
    vendor_fact(
        "gemini-openai",
        "signatures on calls came with Gemini 3 (ai.google.dev/gemini-api/docs/gemini-3)",
        r"gemini-[12]|gemma",
        call_signatures=False,
    ),
    vendor_fact(
        "",
        "Gemini 3 behind an unknown host: its signatures travel in extra_content, as in Google's"
        " own layer (ai.google.dev/gemini-api/docs/thought-signatures, 2026-11-30)",
        r"gemini-[3-9]",
        opaque_family="gemini",
    ),
    vendor_fact(
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
    vendor_fact(
        "databricks",
        "docs.databricks.com foundation-model-apis: reasoning_effort for gpt-oss and GPT, thinking"
        " for Claude; no reasoning in turns",
        reasoning_replay="none",
        parallel_tool_calls_member=False,
    ),
    vendor_fact(
        "writer",
        "dev.writer.com/api-reference/completion-api/chat-completion",
        reasoning_replay="none",
        parallel_tool_calls_member=False,
    ),
    vendor_fact(
        "ollama",
        "docs.ollama.com/api/openai-compatibility: images as data only; reasoning is read from"
        " `reasoning`",
        image_urls=False,
        reasoning_replay="reasoning",
    ),
    vendor_fact("lmstudio", "lmstudio.ai/docs: images as data only", image_urls=False),
    vendor_fact(
        "lmstudio",
        "«Invalid tool_choice type: 'object'. Supported string values: none, auto, required»"
        " (lmstudio-ai/lmstudio-bug-tracker#670), «'response_format.type' must be 'json_schema' or"
        " 'text'» (#189, LoadShine/tada#16; 2026-11-30)",
        tool_choices="words",
        json_object=False,
    ),
    vendor_fact(
        "cloudflare",
        "developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility",
        reasoning_replay="none",
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

CHAT_ROWS = (*STRICT_ROWS, *_FORMAT_ROWS, *OPENAI_ROWS, *_VENDOR_ROWS, *MAKER_ROWS, *_FAMILY_ROWS)
