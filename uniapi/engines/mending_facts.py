"""Refusals that teach a fact of the model or its host (dialects/quirk.py): where instructions
stand, which turns follow which, what tools and reasoning may be. `mending` reads them before those
that name a member.

The texts are those of the vendors' documentation, SDKs and issues as of 2026-11-30; tests have them
with their sources.
"""

from __future__ import annotations

from .lessons import (
    Reader,
    asks_in,
    drop_betas,
    keep_reasoning,
    no_structured_output,
    past_images,
    read_as,
    teaches,
)

FACT_READERS: tuple[Reader, ...] = (
    read_as(
        # Vertex behind others: «Unexpected value(s) `prompt-caching-scope-2026-01-05` for the
        # `anthropic-beta` header.» (QuantumNous/new-api#2975, anthropics/claude-code#34033;
        # 2026-11-30)
        r"unexpected value\(s\) (?P<betas>[a-z0-9`, -]{1,400}) for the [`'\"]?anthropic-beta",
        drop_betas,
    ),
    read_as(
        # Bedrock behind others: «invalid beta flag» (BerriAI/litellm#13770, 2026-11-30)
        r"invalid beta flag",
        drop_betas,
    ),
    read_as(
        # OpenRouter: «Reasoning is mandatory for this endpoint and cannot be disabled.»; Z.AI:
        # «This model always engages in thinking and cannot be disabled»
        r"reasoning is mandatory|(?:reasoning|thinking) [^\n]{0,40}cannot be (?:disabled|turned)",
        keep_reasoning,
    ),
    read_as(
        # Copilot: «not accessible via the /chat/completions endpoint»; OpenAI: «only supported in
        # v1/responses», «use /v1/responses»
        r"not accessible via the /chat/completions|only (?:supported|available) in (?:/?v1/)?"
        r"responses|use (?:the )?(?:/?v1/responses|responses api)|supported in v1/responses",
        asks_in("openai_responses"),
    ),
    read_as(
        # OpenAI: «The requested model 'x' is not supported with the Responses API.»; Copilot: «not
        # accessible via the /responses endpoint»
        r"not supported with the responses api|does not support (?:the )?responses api"
        r"|not accessible via the /responses|use /?v1/chat/completions",
        asks_in("openai_chat"),
    ),
    read_as(
        # Templates of Qwen, MiniMax, llama.cpp: «System message must be at the beginning.», «only
        # one system message»; Anthropic: «Unexpected role "system"»
        r"system (?:message|role|prompt)s? (?:must|should|can only) (?:be|appear) (?:at the begin"
        r"ning|at the start|first|the first)|(?:only|at most) (?:one|1) system message|multiple "
        r"system messages|unexpected role \"system\"|must be the first message|system message must"
        r" immediately follow|role: input should be 'user' or 'assistant'",
        teaches(system_turns="first"),
    ),
    read_as(
        # Perplexity, Jinja templates: «… should alternate with assistant message(s)»
        r"(?:roles|messages?(?:\(s\))?) (?:must|should) alternate",
        teaches(turn_order="alternating", system_turns="first"),
    ),
    read_as(
        # Mistral: «Expected last role User or Tool», «Unexpected role 'user' after role 'tool'»
        r"unexpected role 'user' after role 'tool'",
        teaches(turn_order="assistant_after_tool"),
    ),
    read_as(
        # Anthropic: «`tool_use` ids were found without `tool_result` blocks»; OpenAI: «must be
        # followed by tool messages», «No tool output found for function call»; DeepSeek:
        # «insufficient tool messages»; Google: «the number of function response parts» (sources:
        # the rows of `calls_need_results`)
        r"ids were found without [`'\"]?tool_result|unexpected [`'\"]?tool_use_id[`'\"]? found|must"
        r" be followed by tool messages|must be a response to a prece|insufficient tool messages"
        r"|number of function response parts|no tool (?:output|call) found for function call"
        r"|not the same number of function calls and responses",
        teaches(calls_need_results=True),
    ),
    read_as(
        # Bedrock: «This model doesn't support the toolConfig.toolChoice.any field.»
        r"doesn't support the toolconfig\.toolchoice",
        teaches(anthropic_forced_tool=False),
    ),
    read_as(
        # OpenRouter: «No endpoints found that support the provided 'tool_choice' value»; vLLM and
        # others: «Only 'auto' is supported for tool_choice», «tool_choice … is not supported»
        r"support the provided '?tool_choice|only [^\n]{0,20}auto[^\n]{0,30}tool_choice"
        r"|tool_choice[^\n]{0,40}(?:is not supported|only supports? [^\n]{0,10}auto)",
        teaches(tool_choices="auto"),
    ),
    read_as(
        # Bedrock: «x-anthropic-billing-header is a reserved keyword and may not be used in the
        # system prompt.» (the row of `anthropic_billing_block`)
        r"x-anthropic-billing-header is a reserved keyword",
        teaches(anthropic_billing_block=False),
    ),
    read_as(
        # Models that read no pictures: DeepSeek's «unknown variant `image_url`, expected `text`»
        # (MoonshotAI/kimi-code#2669), its Messages' «unknown variant `image`»
        # (deepseek-ai/DeepSeek-V3#1026), «deepseek-v4-flash is not a multimodal model»
        # (github/copilot-cli#3781), vLLM's «At most 0 image(s) may be provided», OpenRouter's «No
        # endpoints found that support image input» (sipeed/picoclaw#2525), «this model does not
        # support image input» (cloudflare/cloudflare-os#97; 2026-11-30)
        r"unknown variant [`'\"]image(?:_url)?[`'\"], expected|is not a multimodal model|at most 0"
        r" image|endpoints found that support image input|not support image",
        past_images,
    ),
    read_as(
        # OpenAI: «Image URLs are only allowed for messages with role 'user', but this message with
        # role 'tool' contains an image URL.» (All-Hands-AI/OpenHands#7700, 2026-11-30)
        r"image urls are only allowed for messages with role 'user', but this message with role"
        r" 'tool'",
        teaches(result_media=False),
    ),
    read_as(
        # OpenAI behind others: «Invalid 'messages[2].tool_calls[0].id': string too long. Expected a
        # string with maximum length 40» (anomalyco/opencode#12653, 2026-11-30)
        r"(?:tool_calls\[\d{1,6}\]\.id|tool_call_id)'?: string too long",
        teaches(tool_call_id_form="max40"),
    ),
    read_as(
        # DeepSeek behind others: «The `reasoning_content` in the thinking mode must be passed back
        # to the API.» (alexazhou/gt_ai_gateway#17), in Messages «`content[].thinking`»
        # (leookun/cursor-byok#276; 2026-11-30)
        r"(?:reasoning_content|content\[\]\.thinking)[`'\"]? in the thinking mode must be passed",
        teaches(needs_reasoning="every_turn"),
    ),
    read_as(
        # Kimi behind others: «thinking is enabled but reasoning_content is missing in assistant
        # tool call message at index 3» (the row of `needs_reasoning`)
        r"reasoning_content is missing in assistant tool call",
        teaches(needs_reasoning="tool_turns"),
    ),
    read_as(
        # Codex's own item for what an agent tells another: «unknown item type "agent_message"»
        # (lidge-jun/opencodex#3911), «Invalid input type 'agent_message'»
        # (james-6-23/codex2api#341; 2026-11-30)
        r"(?:item type|input type|invalid value:?) [\"'`]agent_message",
        teaches(agent_messages=False),
    ),
    read_as(
        # llama.cpp, LM Studio above it: «Failed to initialize samplers: failed to parse grammar» of
        # a tool's patterns and counts (lidge-jun/opencodex#2135,
        # lmstudio-ai/lmstudio-bug-tracker#2236, QwenLM/qwen-code#10435; 2026-11-30)
        r"failed to parse grammar",
        teaches(schema_constraints=False),
    ),
    read_as(
        # Moonshot, whoever stands before it: «tools.function.parameters is not a valid moonshot
        # flavored json schema» (luxus/pi-hindsight#550, 2026-11-30)
        r"moonshot flavored json schema",
        teaches(moonshot_schemas=True),
    ),
    read_as(
        # LM Studio: «Invalid tool_choice type: 'object'. Supported string values: none, auto,
        # required» (lmstudio-ai/lmstudio-bug-tracker#670, 2026-11-30)
        r"invalid tool_choice type: 'object'",
        teaches(tool_choices="words"),
    ),
    read_as(
        # Mistral's templates: «Tool call IDs should be alphanumeric strings with length 9!»
        r"tool call ids should be alphanumeric strings with length 9|tool call id [^\n]{0,80}must"
        r" be a-z, A-Z, 0-9, with a length of 9",
        teaches(tool_call_id_form="alnum9"),
    ),
    read_as(
        # Gemma's templates: «System role not supported»; Google: «Developer instruction is not
        # enabled for models/gemma-3»
        r"system role (?:is )?not supported|does not support system (?:role|prompt|message|instr)"
        r"|developer instruction is not enabled",
        teaches(system_role="user"),
    ),
    read_as(
        # Pydantic over Messages: «Input tag 'tool_reference' found using 'type' does not match any
        # of the expected tags»
        r"[\"'`]tool_reference[\"'`]? (?:found|is not|block)|unknown [^\n]{0,30}tool_reference",
        teaches(anthropic_tool_search=False),
    ),
    read_as(
        # DashScope, Codex's backend: «only support stream mode», «Stream must be set to true»;
        # Fireworks: «Requests with max_tokens > 4096 must have stream=true» (nullclaw/nullclaw#231,
        # 2026-11-30)
        r"only supports? (?:the )?stream(?:ing)?(?: mode)?|must have stream ?= ?true|stream must"
        r" be (?:set to )?true|please enable the stream parameter|streaming only|only available"
        r" (?:in|with) stream",
        teaches(streams_only=True),
    ),
    read_as(
        # DeepSeek: «Thinking mode does not support this tool_choice»; Moonshot: «tool_choice
        # 'required' is incompatible with thinking enabled»; Anthropic: «Thinking may not be enabled
        # when tool_choice forces tool use.»
        r"thinking mode does not support this tool_choice|tool_choice '?\w{1,20}'? is incompatible "
        r"with thinking|thinking may not be enabled when tool_choice|tool_choice [^\n]{0,60}"
        r"thinking mode",
        teaches(forced_tool_while_reasoning=False),
    ),
    read_as(
        # Anthropic: «tool_choice: type "tool" and "any" are not supported for this model.»
        r"tool_choice: type \"tool\" and \"any\" are not supported",
        teaches(anthropic_forced_tool=False),
    ),
    read_as(
        # Anthropic: «"thinking.type.enabled" is not supported for this model. Use …adaptive»
        r"thinking\.type\.enabled[\"'`]? is not supported",
        teaches(anthropic_thinking="adaptive"),
    ),
    read_as(
        # Anthropic: «adaptive thinking is not supported on this model», «thinking: Input tag
        # 'adaptive' found using 'type' does not match any of the expected tags»
        r"adaptive thinking is not supported|input tag 'adaptive' found using 'type' does not",
        teaches(anthropic_thinking="budget"),
    ),
    read_as(
        # Anthropic: «This model does not support the effort parameter.»
        r"does not support the effort parameter",
        teaches(anthropic_effort=False),
    ),
    read_as(
        # Vertex, resellers: «output_config: Extra inputs are not permitted»
        # (anthropics/anthropic-sdk-csharp#132), which took the format along with the effort;
        # Anthropic, of its older models: «does not support output format» (2026-12-01)
        r"output_(?:config|format)(?:\.format)?[`'\"]?(?::| is| are) ?(?:extra inputs|not |unknown)"
        r"|(?:unknown|unrecognized|unsupported|unexpected)[^\n]{0,40}output_(?:config|format)"
        r"|(?:not support|unsupported)[^\n]{0,20}(?:structured output|output[_ .]format)"
        r"|not support[^\n]{0,20}output_config|structured outputs? (?:is|are) not",
        no_structured_output,
    ),
    read_as(
        # Anthropic: «`temperature` and `top_p` cannot both be specified for this model.»
        r"temperature[\"'`]? and [\"'`]?top_p[\"'`]? cannot both be specified",
        teaches(anthropic_sampling_pair=False),
    ),
    read_as(
        # Anthropic: «This model does not support assistant message prefill.»
        r"does not support assistant message prefill",
        teaches(anthropic_prefill=False),
    ),
    read_as(
        # Anthropic: «text content blocks must be non-empty»; Moonshot: «message … must not be
        # empty»; Xiaomi: «assistant content must contain at least one part»
        # (farion1231/cc-switch#464, 2026-11-30); OpenAI: «Invalid value for 'content': expected a
        # string, got null.»
        r"text content blocks must be non-empty|messages?[^\n]{0,60}must not be empty|must have "
        r"non-empty content|content cannot be empty|must contain at least one part"
        r"|invalid value for 'content': expected a string, got null",
        teaches(empty_turns=False),
    ),
    read_as(
        # DashScope: «input content must be a string.» (help.aliyun.com/zh/model-studio/error-code),
        # ModelScope: «The content field's type should be `str` in messages.»
        # (modelscope/modelscope#1478), serde: «content: invalid type: sequence, expected a string»
        # (2026-11-30)
        r"content must be a string|content field's type should be [`'\"]?str|content: invalid type:"
        r" sequence, expected a string",
        teaches(text_content_only=True),
    ),
)
