"""Facts about makers of models that serve them by the chat format themselves: DeepSeek, Moonshot,
Z.AI, Volcengine, DashScope, SiliconFlow, MiniMax, Mistral, xAI, Perplexity.

Sources: the vendors' API references named in each row, and their error messages.
"""

from __future__ import annotations

from .quirks import vendor_fact

MAKER_ROWS = (
    vendor_fact(
        "deepseek",
        "api-docs.deepseek.com/guides/thinking_mode: thinking {type}, effort low, high, max; a tool"
        " turn's reasoning_content must come back",
        reasoning_request="thinking",
        efforts=("low", "high", "max"),
        json_schema=False,
        max_tokens_member="max_tokens",
    ),
    vendor_fact(
        "deepseek",
        "«Thinking mode does not support this tool_choice»; «The `reasoning_content` in the"
        " thinking mode must be passed back to the API.» (api-docs.deepseek.com/guides/"
        "thinking_mode, 2026-11-30)",
        r"deepseek-(?!chat)",
        forced_tool_while_reasoning=False,
        needs_reasoning="every_turn",
    ),
    vendor_fact(
        "deepseek",
        "the name of the model that does not think",
        r"deepseek-chat",
        reasons_by_default=False,
    ),
    vendor_fact(
        "moonshot",
        "platform.moonshot.ai/docs: older models think or not by their name",
        reasoning_request="none",
    ),
    vendor_fact(
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
    vendor_fact(
        "moonshot",
        "«invalid temperature: only 1 is allowed for this model», of top_p, n and penalties alike:"
        " the vendor's advice is to leave them out (platform.moonshot.ai/docs, 2026-11-30)",
        r"kimi-(?:k2[.-][5-9]|k[3-9]|latest|for-coding)",
        drops=("temperature", "top_p", "n", "presence_penalty", "frequency_penalty"),
    ),
    vendor_fact(
        "moonshot",
        "K2.7 Code always thinks, and neither names nor forces a tool (2026-11-30)",
        r"kimi-k2[.-]7-code",
        can_stop_reasoning=False,
        tool_choices="auto",
    ),
    vendor_fact(
        "moonshot",
        "K3 and later always think, by reasoning_effort low, high, max; `required` is taken, one"
        " tool's name is not (2026-11-30)",
        r"kimi-k[3-9]",
        reasoning_request="effort",
        efforts=("low", "high", "max"),
        can_stop_reasoning=False,
        tool_choices="words",
    ),
    vendor_fact(
        "moonshot",
        "«the message at position 1 with role 'assistant' must not be empty»"
        " (github.com/MoonshotAI/kimi-code/issues/1985)",
        empty_turns=False,
    ),
    vendor_fact(
        "zai",
        "docs.z.ai/guides/capabilities/thinking: thinking {type}; json_object only",
        reasoning_request="thinking",
        json_schema=False,
        tool_choices="auto",
    ),
    vendor_fact(
        "zai",
        "GLM 5.2: reasoning_effort beside thinking (docs.z.ai, 2026-11-30)",
        r"glm-5\.2(?!\d)",
        efforts=("minimal", "low", "medium", "high", "xhigh", "max"),
    ),
    vendor_fact(
        "zai",
        "5.3: «This model always engages in thinking and cannot be disabled; please use low, high,"
        " or max»",
        r"glm-(?:5\.[3-9]|[6-9])",
        efforts=("low", "high", "max"),
        can_stop_reasoning=False,
    ),
    vendor_fact(
        "volcengine",
        "volcengine.com/docs/82379/1449737: thinking {type}",
        reasoning_request="thinking",
    ),
    vendor_fact(
        "dashscope",
        "alibabacloud.com/help/model-studio/deep-thinking: enable_thinking, thinking_budget",
        reasoning_request="enable_thinking",
        forced_tool_while_reasoning=False,
        json_while_reasoning=False,
    ),
    vendor_fact(
        "dashscope",
        "«parameter.enable_thinking must be set to false for non-streaming calls», «This model only"
        " support stream mode»: Qwen 3's open models, QwQ, QVQ, Omni (help.aliyun.com/zh/"
        "model-studio/error-code, 2026-11-30)",
        r"qw[qe]n?\S*-(?:thinking|omni)|qwq|qvq|qwen3-[\d.]+b(?!\S*instruct)",
        streams_only=True,
    ),
    vendor_fact(
        "dashscope",
        "«The value of the enable_thinking parameter is restricted to True»",
        r"qwen\S*-thinking|qwq|qvq",
        can_stop_reasoning=False,
    ),
    vendor_fact(
        "siliconflow",
        "docs.siliconflow.com/en/userguide/capabilities/reasoning: enable_thinking,"
        " thinking_budget",
        reasoning_request="enable_thinking",
    ),
    vendor_fact(
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
    vendor_fact("mistral", "Magistral always reasons", r"magistral", reasoning_request="none"),
    vendor_fact(
        "mistral",
        "only Small 4, Medium 3.5, Large 4, the newest Devstral and later have a dial",
        r"(?:codestral|devstral(?!-(?:small|medium)-latest)|ministral|pixtral|voxtral|open-"
        r"|mistral-large(?!-[4-9](?!\d))|mistral-tiny)",
        reasoning_request="none",
    ),
    vendor_fact(
        "perplexity",
        "docs.perplexity.ai: turns carry no reasoning; «user or tool message(s) should alternate"
        " with assistant message(s)»",
        reasoning_replay="none",
        turn_order="alternating",
        efforts=("minimal", "low", "medium", "high"),
    ),
    vendor_fact(
        "xai",
        "Responses: reasoning.summary answers 400 (github.com/can1357/oh-my-pi/issues/7454); its"
        " encrypted reasoning is its own (docs.x.ai/docs/guides/reasoning; 2026-11-30)",
        reasoning_summary=False,
        reasoning_items="not_openai",
    ),
    vendor_fact(
        "xai",
        "completion_tokens leave the reasoning out (docs.x.ai/docs/guides/reasoning, 2026-11-30)",
        reasoning_beside_output=True,
    ),
    vendor_fact(
        "xai",
        "«Model … does not support parameter presencePenalty», of every current model"
        " (github.com/yym68686/uni-api/issues/105)",
        r"grok-(?:[3-9]|code|build|latest)",
        drops=("presence_penalty", "frequency_penalty"),
    ),
    vendor_fact(
        "xai",
        "reasoning models, and grok-3 which is served by one, refuse stop"
        " (github.com/langchain-ai/langchain/pull/38335)",
        r"grok-(?:[3-9](?!\S*non-reasoning)|code|build|latest)",
        drops=("stop",),
    ),
    vendor_fact(
        "xai",
        "«Model … does not support parameter reasoningEffort»",
        r"grok-(?:2|3(?!-mini)|4(?![.-][3-9]|[.-]20-multi-agent)|code)",
        reasoning_request="none",
        drops=("reasoning_effort",),
    ),
    vendor_fact(
        "xai",
        "4.20 multi-agent: low to xhigh",
        r"grok-4[.-]20-multi-agent",
        efforts=("low", "medium", "high", "xhigh"),
    ),
    vendor_fact("xai", "grok-3-mini: low, high", r"grok-3-mini", efforts=("low", "high")),
    vendor_fact(
        "xai", "4.3: none to high", r"grok-4[.-]3", efforts=("none", "low", "medium", "high")
    ),
    vendor_fact(
        "xai",
        "4.5: low to high, cannot be disabled",
        r"grok-4[.-]5",
        efforts=("low", "medium", "high"),
    ),
    vendor_fact(
        "xai",
        "4.6 and later: with xhigh",
        r"grok-(?:4[.-][6-9]|[5-9])",
        efforts=("low", "medium", "high", "xhigh"),
    ),
    vendor_fact(
        "minimax",
        "«the content field will contain <think> tag content, which must be preserved completely»"
        " (platform.minimax.io/docs/api-reference/text-openai-api, 2026-11-30)",
        reasoning_replay="think_tags",
        needs_reasoning="tool_turns",
        opaque_family="openrouter",
    ),
    vendor_fact(
        "minimax",
        "«invalid params, chat content has invalid message role: system (2013)»: one system"
        " message, at the beginning (github.com/MiniMax-AI/MiniMax-M2.7/issues/43)",
        system_turns="first",
        empty_turns=False,
    ),
)
