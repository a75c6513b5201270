"""What a vendor's refusal teaches: real texts of many vendors, each with the request it refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uniapi.canonical import Failure, FailureKind
from uniapi.dialects import Quirk
from uniapi.engines.learned import Learned, load_learned
from uniapi.engines.mending import MAX_TEXT, find_mending

CHAT = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "hi"},
        {
            "role": "assistant",
            "content": None,
            "reasoning_content": "hm",
            "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f"}}],
        },
        {"role": "tool", "tool_call_id": "1", "content": "x"},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "strict": True}}],
    "tool_choice": "required",
    "temperature": 0.2,
    "top_k": 5,
    "presence_penalty": 1,
    "max_tokens": 9,
    "store": True,
    "thinking": {"type": "enabled"},
    "stream_options": {"include_usage": True},
    "prompt_cache_key": "k",
    "reasoning_effort": "xhigh",
    "response_format": {"type": "json_object"},
}
RESPONSES = {
    "model": "m",
    "input": [{"type": "message", "role": "user", "content": "hi", "phase": "x"}],
    "reasoning": {"effort": "minimal", "summary": "auto"},
    "max_output_tokens": 9,
    "tools": [{"type": "function", "name": "f"}],
    "include": ["reasoning.encrypted_content"],
}
CLAUDE = {
    "model": "m",
    "max_tokens": 9,
    "messages": [{"role": "user", "content": "hi", "clear_at": 1}],
    "thinking": {"type": "enabled", "budget_tokens": 1024, "block_binding": {}},
    "output_config": {"effort": "xhigh"},
    "temperature": 0.5,
    "top_p": 0.5,
    "context_management": {"edits": []},
    "tools": [{"name": "f", "input_schema": {}, "defer_loading": True}],
    "system": "be brief",
}
GEMINI = {
    "contents": [{"role": "user", "parts": [{"text": "hi"}]}],
    "store": True,
    "generationConfig": {"temperature": 1, "enableEnhancedCivicAnswers": True},
}
MARKED = {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}
PICTURE = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:"}}]}
EFFORTS = {("reasoning_effort",): ("none", "low", "medium", "high")}


def drops(*paths):
    return Learned(drops=frozenset(tuple(path.split(".")) for path in paths))


def facts(**named):
    return Learned(facts=named)


def refused(text, body, *, status=400, param=None, code=None, raw=b"", dialect="openai_chat"):
    failure = Failure(
        kind=FailureKind.BAD_REQUEST,
        message=text,
        status=status,
        param=param,
        code=code,
        body=raw,
    )
    return find_mending(failure, body, dialect)


TEXTS = [
    # vendor, text, refused body, what it teaches
    (
        "openai",
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
        "'max_completion_tokens' instead.",
        CHAT,
        Learned(renames={("max_tokens",): "max_completion_tokens"}),
    ),
    (
        "openai",
        "Unsupported parameter: 'temperature' is not supported with this model.",
        CHAT,
        drops("temperature"),
    ),
    (
        "openai",
        "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default "
        "(1) value is supported.",
        CHAT,
        drops("temperature"),
    ),
    (
        "openai",
        "Unsupported value: 'reasoning_effort' does not support 'xhigh' with this model. "
        "Supported values are: 'none', 'low', 'medium', and 'high'.",
        CHAT,
        Learned(choices=EFFORTS),
    ),
    (
        "openai responses",
        "Unsupported value: 'minimal' is not supported with the 'x' model. Supported values are: "
        "'low', 'medium', 'high'.",
        RESPONSES,
        Learned(choices={("reasoning", "effort"): ("low", "medium", "high")}),
    ),
    (
        "openai responses",
        "Invalid value: 'minimal'. Supported values are: 'low', 'medium', and 'high'.",
        RESPONSES,
        Learned(choices={("reasoning", "effort"): ("low", "medium", "high")}),
    ),
    (
        "openai responses",
        "Unsupported parameter: 'reasoning.summary' is not supported with this model.",
        RESPONSES,
        drops("reasoning.summary"),
    ),
    ("openai", "Unrecognized request argument supplied: top_k", CHAT, drops("top_k")),
    (
        "openai",
        "Unrecognized request arguments supplied: top_k, thinking",
        CHAT,
        drops("top_k", "thinking"),
    ),
    (
        "openai",
        "Unknown parameter: 'messages[2].reasoning_content'.",
        CHAT,
        drops("messages.[].reasoning_content"),
    ),
    ("openai", "Unknown parameter: 'input[0].phase'.", RESPONSES, drops("input.[].phase")),
    (
        "openai",
        "Function tools with reasoning_effort are not supported for gpt-6-sol in "
        "/v1/chat/completions. Please use /v1/responses instead.",
        CHAT,
        Learned(dialect="openai_responses"),
    ),
    (
        "openai",
        "This model is only supported in v1/responses and not in v1/chat/completions.",
        CHAT,
        Learned(dialect="openai_responses"),
    ),
    (
        "copilot",
        'model "gpt-5.4-mini" is not accessible via the /chat/completions endpoint',
        CHAT,
        Learned(dialect="openai_responses"),
    ),
    ("codex", "Unsupported parameter: max_output_tokens", RESPONSES, drops("max_output_tokens")),
    ("codex", "Stream must be set to true", CHAT, facts(streams_only=True)),
    (
        "anthropic",
        '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and '
        '"output_config.effort" to control thinking behavior.',
        CLAUDE,
        facts(anthropic_thinking="adaptive"),
    ),
    (
        "anthropic",
        "adaptive thinking is not supported on this model",
        CLAUDE,
        facts(anthropic_thinking="budget"),
    ),
    (
        "anthropic",
        "This model does not support the effort parameter.",
        CLAUDE,
        facts(anthropic_effort=False),
    ),
    (
        "anthropic",
        "This model does not support effort level 'xhigh'. Supported levels: high, low, max, "
        "medium.",
        CLAUDE,
        Learned(choices={("output_config", "effort"): ("high", "low", "max", "medium")}),
    ),
    ("anthropic", "`temperature` is deprecated for this model.", CLAUDE, drops("temperature")),
    (
        "anthropic",
        "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
        CLAUDE,
        facts(anthropic_sampling_pair=False),
    ),
    (
        "anthropic",
        "tools.0.custom.defer_loading: Extra inputs are not permitted",
        CLAUDE,
        drops("tools.[].defer_loading"),
    ),
    (
        "anthropic",
        "messages.0.clear_at: Extra inputs are not permitted",
        CLAUDE,
        drops("messages.[].clear_at"),
    ),
    (
        "anthropic",
        "context_management: Extra inputs are not permitted",
        CLAUDE,
        drops("context_management"),
    ),
    (
        "anthropic",
        "thinking.adaptive.block_binding: Extra inputs are not permitted",
        CLAUDE,
        drops("thinking.block_binding"),
    ),
    (
        "anthropic",
        'messages: Unexpected role "system". The Messages API accepts a top-level `system` '
        'parameter, not "system" as an input message role.',
        CLAUDE,
        facts(system_turns="first"),
    ),
    (
        "anthropic",
        "This model does not support assistant message prefill. The conversation must end with a "
        "user message.",
        CLAUDE,
        facts(anthropic_prefill=False),
    ),
    (
        "anthropic",
        'tool_choice: type "tool" and "any" are not supported for this model.',
        CLAUDE,
        facts(anthropic_forced_tool=False),
    ),
    (
        "bedrock",
        "Malformed input request: #: extraneous key [presence_penalty] is not permitted, please "
        "reformat your input and try again.",
        CHAT,
        drops("presence_penalty"),
    ),
    (
        "bedrock",
        "The model returned the following errors: thinking: Extra inputs are not permitted",
        CHAT,
        drops("thinking"),
    ),
    (
        "gemini",
        'Invalid JSON payload received. Unknown name "store": Cannot find field.',
        GEMINI,
        drops("store"),
    ),
    (
        "gemini",
        'Invalid JSON payload received. Unknown name "enableEnhancedCivicAnswers" at '
        "'generation_config': Cannot find field.",
        GEMINI,
        drops("generationConfig.enableEnhancedCivicAnswers"),
    ),
    (
        "groq",
        "property 'store' is unsupported, did you mean 'stop'?",
        CHAT,
        drops("store"),
    ),
    (
        "groq",
        "'messages.2' : for 'role:assistant' the following must be satisfied[('messages.2' : "
        "property 'reasoning_content' is unsupported)]",
        CHAT,
        drops("messages.[].reasoning_content"),
    ),
    (
        "groq",
        "reasoning_effort is not supported with this model",
        CHAT,
        drops("reasoning_effort"),
    ),
    (
        "groq",
        "`reasoning_effort` must be one of `none` or `default`",
        CHAT,
        Learned(choices={("reasoning_effort",): ("none", "default")}),
    ),
    (
        "cerebras",
        "messages.2.assistant.reasoning_content: property "
        "'messages.2.assistant.reasoning_content' is unsupported",
        CHAT,
        drops("messages.[].reasoning_content"),
    ),
    (
        "cerebras",
        "body.thinking: property 'body.thinking' is unsupported",
        CHAT,
        drops("thinking"),
    ),
    (
        "fireworks",
        "Extra inputs are not permitted, field: 'stream_options', value: {'include_usage': True}",
        CHAT,
        drops("stream_options"),
    ),
    (
        "xai",
        "Model grok-4.20-0309 does not support parameter presencePenalty.",
        CHAT,
        drops("presence_penalty"),
    ),
    ("xai", "Argument not supported on this model: top_k", CHAT, drops("top_k")),
    (
        "nvidia",
        "Validation: Unsupported parameter(s): `prompt_cache_key`",
        CHAT,
        drops("prompt_cache_key"),
    ),
    (
        "siliconflow",
        "Value error, current model does not support parameter `thinking`.",
        CHAT,
        drops("thinking"),
    ),
    (
        "deepseek",
        "Thinking mode does not support this tool_choice",
        CHAT,
        facts(forced_tool_while_reasoning=False),
    ),
    (
        "moonshot",
        "tool_choice 'required' is incompatible with thinking enabled",
        CHAT,
        facts(forced_tool_while_reasoning=False),
    ),
    (
        "moonshot",
        "invalid temperature: only 1 is allowed for this model",
        CHAT,
        drops("temperature"),
    ),
    (
        "serde relays",
        "Failed to deserialize the JSON body into the target type: reasoning_effort: unknown "
        "variant `xhigh`, expected one of `none`, `low`, `medium`, `high` at line 1 column 90",
        CHAT,
        Learned(choices=EFFORTS),
    ),
    (
        "cohere",
        "unknown field: parameter 'thinking' is not a valid field",
        CHAT,
        drops("thinking"),
    ),
    (
        "perplexity",
        "After the (optional) system message(s), user or tool message(s) should alternate with "
        "assistant message(s).",
        CHAT,
        facts(turn_order="alternating", system_turns="first"),
    ),
    (
        "mistral",
        "Unexpected role 'user' after role 'tool'",
        CHAT,
        facts(turn_order="assistant_after_tool"),
    ),
    ("vllm, qwen", "System message must be at the beginning.", CHAT, facts(system_turns="first")),
    (
        "anthropic",
        "thinking: Input tag 'adaptive' found using 'type' does not match any of the expected "
        "tags: 'disabled', 'enabled'",
        CLAUDE,
        facts(anthropic_thinking="budget"),
    ),
    (
        "anthropic",
        "messages.2.content.0.tool_result.content.0: Input tag 'tool_reference' found using 'type'"
        " does not match any of the expected tags: 'text', 'image'",
        CLAUDE,
        facts(anthropic_tool_search=False),
    ),
    (
        "anthropic",
        "messages.30: `tool_use` ids were found without `tool_result` blocks immediately after: "
        "toolu_01HT.",
        CLAUDE,
        facts(calls_need_results=True),
    ),
    (
        "openai",
        "An assistant message with 'tool_calls' must be followed by tool messages responding to "
        "each 'tool_call_id'. The following tool_call_ids did not have response messages: call_1",
        CHAT,
        facts(calls_need_results=True),
    ),
    (
        "deepseek",
        "An assistant message with 'tool_calls' must be followed by tool messages responding to "
        "each 'tool_call_id'. (insufficient tool messages following tool_calls message)",
        CHAT,
        facts(calls_need_results=True),
    ),
    (
        "google",
        "Please ensure that the number of function response parts is equal to the number of "
        "function call parts of the function call turn.",
        GEMINI,
        facts(calls_need_results=True),
    ),
    (
        "bedrock",
        "This model doesn't support the toolConfig.toolChoice.any field. Remove "
        "toolConfig.toolChoice.any and try again.",
        {"toolConfig": {"toolChoice": {"any": {}}}},
        facts(anthropic_forced_tool=False),
    ),
    (
        "openrouter",
        "No endpoints found that support the provided 'tool_choice' value. To learn more about "
        "provider routing, visit: https://openrouter.ai/docs/provider-routing",
        CHAT,
        facts(tool_choices="auto"),
    ),
    (
        "mistral, llama.cpp",
        "Tool call IDs should be alphanumeric strings with length 9! at row 91, column 40:",
        CHAT,
        facts(tool_call_id_form="alnum9"),
    ),
    ("sglang, gemma", "System role not supported", CHAT, facts(system_role="user")),
    (
        "google, gemma",
        "Developer instruction is not enabled for models/gemma-3-27b-it",
        CHAT,
        facts(system_role="user"),
    ),
    (
        "dashscope",
        "This model only support stream mode, please enable the stream parameter to access the "
        "model.",
        CHAT,
        facts(streams_only=True),
    ),
    (
        "dashscope",
        "input content must be a string.",
        CHAT,
        facts(text_content_only=True),
    ),
    (
        "zai",
        "This model always engages in thinking and cannot be disabled; please use low, high, or "
        "max",
        {**CHAT, "reasoning_effort": "none"},
        Learned(choices={("reasoning_effort",): ("low", "medium", "high", "xhigh", "max")}),
    ),
    (
        "openrouter",
        "Reasoning is mandatory for this endpoint and cannot be disabled.",
        {"model": "m", "reasoning": {"effort": "none"}},
        Learned(choices={("reasoning", "effort"): ("low", "medium", "high", "xhigh", "max")}),
    ),
    (
        "ollama",
        'invalid think value: "xhigh" (must be "high", "medium", "low", "max", true, or false)',
        CHAT,
        Learned(choices={("reasoning_effort",): ("high", "medium", "low", "max")}),
    ),
    (
        "databricks",
        "BAD_REQUEST: store: Extra inputs are not permitted",
        CHAT,
        drops("store"),
    ),
    (
        "fireworks",
        "2 request validation errors: Input should be a valid string, field:"
        " 'messages[0].content.str', value: [{'type': 'text', 'text': 'x', 'cache_control':"
        " {'type': 'ephemeral'}}]; Extra inputs are not permitted, field:"
        " 'messages[0].content.list[ChatMessageContent][0].cache_control'",
        {"messages": [{"role": "user", "content": [MARKED]}]},
        drops("messages.[].content.[].cache_control"),
    ),
    (
        "copilot, claude",
        "system.1.cache_control.ephemeral.scope: Extra inputs are not permitted",
        {"system": [MARKED, {**MARKED, "cache_control": {"type": "ephemeral", "scope": "global"}}]},
        drops("system.[].cache_control.scope"),
    ),
    (
        "anthropic",
        "messages.0.content.0.text.citations: Extra inputs are not permitted",
        {"messages": [{"role": "user", "content": [{**MARKED, "citations": []}]}]},
        drops("messages.[].content.[].citations"),
    ),
    (
        "deepseek, messages",
        "Invalid 'user_id': string does not match pattern. Expected a string that matches the"
        " pattern '^[a-zA-Z0-9_-]+$'.",
        {**CLAUDE, "metadata": {"user_id": "{}"}},
        drops("metadata.user_id"),
    ),
    (
        "openai",
        "Invalid 'prompt_cache_key': string too long. Expected a string with maximum length 64,"
        " but got a string with length 90 instead.",
        CHAT,
        drops("prompt_cache_key"),
    ),
    (
        "openai",
        "Invalid 'max_tokens': integer below minimum value. Expected a value >= 1, but got -1"
        " instead.",
        CHAT,
        drops("max_tokens"),
    ),
    (
        "xai",
        "Argument not supported: external_web_access",
        {"tools": [{"type": "web_search", "external_web_access": True}]},
        drops("tools.[].external_web_access"),
    ),
    (
        "xai",
        "Argument not supported: instructions and previous_response_id together",
        {"instructions": "a", "previous_response_id": "resp_1"},
        Learned(),
    ),
    (
        "volcengine",
        "The parameter max_tokens specified in the request is not valid: integer above maximum"
        " value, expected a value <= 8, but got 9 instead. Request id: 0217",
        CHAT,
        Learned(limits={("max_tokens",): 8}),
    ),
    (
        "a responses host",
        "Failed to deserialize the JSON body into the target type: input[31]: unknown item type"
        ' "agent_message"; expected one of: message, reasoning',
        {"input": [{"type": "agent_message"}]},
        facts(agent_messages=False),
    ),
    (
        "sglang",
        "1 validation error:\n  {'type': 'literal_error', 'loc': ('body', 'reasoning_effort'),"
        " 'msg': \"Input should be 'low', 'medium' or 'high'\", 'input': 'xhigh', 'ctx':"
        " {'expected': \"'low', 'medium' or 'high'\"}}",
        CHAT,
        Learned(choices={("reasoning_effort",): ("low", "medium", "high")}),
    ),
    (
        "anthropic",
        "output_config.effort: Input should be 'low', 'medium' or 'high'",
        CLAUDE,
        Learned(choices={("output_config", "effort"): ("low", "medium", "high")}),
    ),
    (
        "anthropic",
        "messages.0.role: Input should be 'tool'",
        CLAUDE,
        Learned(),
    ),
    (
        "openai",
        "Invalid value for 'content': expected a string, got null.",
        CHAT,
        facts(empty_turns=False),
    ),
    (
        "pydantic",
        "max_completion_tokens: Input should be less than or equal to 8",
        {"max_completion_tokens": 9},
        Learned(limits={("max_completion_tokens",): 8}),
    ),
    (
        "vllm",
        "[{'type': 'less_than_equal', 'loc': ('body', 'presence_penalty'), 'msg': 'Input should be"
        " less than or equal to 0.5', 'input': 1}]",
        CHAT,
        Learned(limits={("presence_penalty",): 0.5}),
    ),
    (
        "a relay",
        "max_tokens (9) exceeds the maximum allowed value 8",
        CHAT,
        Learned(limits={("max_tokens",): 8}),
    ),
    ("zod", "Unrecognized key(s) in object: 'top_k'", CHAT, drops("top_k")),
    (
        "jsonschema",
        "Additional properties are not allowed ('store' was unexpected)",
        CHAT,
        drops("store"),
    ),
    (
        "litellm",
        "litellm.UnsupportedParamsError: vertex_ai does not support parameters: ['top_k', 'store'],"
        " for model=x. To drop these, set `litellm.drop_params=True`",
        CHAT,
        drops("top_k", "store"),
    ),
    (
        "a relay",
        "The following parameters are not supported: top_k, store",
        CHAT,
        drops("top_k", "store"),
    ),
    ("a relay", "Parameter 'top_k' is not supported", CHAT, drops("top_k")),
    ("a relay", "This model does not support the 'top_k' parameter", CHAT, drops("top_k")),
    ("a relay", "This model does not support the 'tools' parameter", CHAT, Learned()),
    (
        "lmstudio",
        "Invalid tool_choice type: 'object'. Supported string values: none, auto, required",
        CHAT,
        facts(tool_choices="words"),
    ),
    (
        "xiaomi, behind openrouter",
        "messages[2] assistant content must contain at least one part",
        CHAT,
        facts(empty_turns=False),
    ),
    (
        "llama.cpp",
        "Failed to initialize samplers: failed to parse grammar",
        CHAT,
        facts(schema_constraints=False),
    ),
    (
        "fireworks",
        "Requests with max_tokens > 4096 must have stream=true",
        CHAT,
        facts(streams_only=True),
    ),
    (
        "a relay of kimi's",
        "VolcengineException - tools.function.parameters is not a valid moonshot flavored json"
        " schema, details: <At path 'properties.a': type is not defined>",
        CHAT,
        facts(moonshot_schemas=True),
    ),
    (
        "a relay of bedrock's",
        "ValidationException: x-anthropic-billing-header is a reserved keyword and may not be used"
        " in the system prompt.",
        CLAUDE,
        facts(anthropic_billing_block=False),
    ),
    (
        "deepseek",
        "Failed to deserialize the JSON body into the target type: messages[0]: unknown variant"
        " `image_url`, expected `text` at line 1 column 242537",
        {"messages": [PICTURE, {"role": "assistant", "content": "a"}, CHAT["messages"][1]]},
        facts(past_images=False),
    ),
    (
        "openrouter",
        "No endpoints found that support image input",
        {"messages": [PICTURE]},
        Learned(),
    ),
    (
        "modelscope",
        "<400> InternalError.Algo.InvalidParameter: The content field's type should be `str` in"
        " messages.",
        CHAT,
        facts(text_content_only=True),
    ),
    (
        "serde",
        "Failed to deserialize the JSON body into the target type: messages[0].content: invalid"
        " type: sequence, expected a string at line 1 column 80",
        CHAT,
        facts(text_content_only=True),
    ),
    (
        "a reseller of vertex'",
        "Unexpected value(s) `prompt-caching-scope-2026-01-05`, `afk-mode-2026-01-31` for the"
        " `anthropic-beta` header. Please consult our documentation at docs.anthropic.com or try"
        " again without the header.",
        CLAUDE,
        drops(
            "anthropic-beta.prompt-caching-scope-2026-01-05", "anthropic-beta.afk-mode-2026-01-31"
        ),
    ),
    (
        "a reseller of bedrock's",
        "ValidationException: invalid beta flag",
        CLAUDE,
        drops("anthropic-beta.*"),
    ),
    (
        "a reseller of openai's",
        "Invalid 'messages[3]'. Image URLs are only allowed for messages with role 'user', but this"
        " message with role 'tool' contains an image URL.",
        CHAT,
        facts(result_media=False),
    ),
    (
        "a reseller of openai's",
        "Invalid 'messages[2].tool_calls[0].id': string too long. Expected a string with maximum"
        " length 40, but got a string with length 46 instead.",
        CHAT,
        facts(tool_call_id_form="max40"),
    ),
    (
        "a reseller of deepseek's",
        "Error from provider (Console Go): Upstream request failed: [invalid_request_error] The"
        " `reasoning_content` in the thinking mode must be passed back to the API.",
        CHAT,
        facts(needs_reasoning="every_turn"),
    ),
    (
        "a reseller of deepseek's",
        "The `content[].thinking` in the thinking mode must be passed back to the API.",
        CLAUDE,
        facts(needs_reasoning="every_turn"),
    ),
    (
        "a reseller of kimi's",
        "thinking is enabled but reasoning_content is missing in assistant tool call message at"
        " index 2",
        CHAT,
        facts(needs_reasoning="tool_turns"),
    ),
    ("xiaomi", "Param Incorrect", CHAT, Learned()),
    ("zhipu", "API 调用参数有误，请检查文档。", CHAT, Learned()),
]


@pytest.mark.parametrize(
    "vendor, text, body, expected", TEXTS, ids=[f"{row[0]}: {row[1][:40]}" for row in TEXTS]
)
def test_a_refusal_teaches_what_it_names(vendor, text, body, expected):
    """Each text, as its vendor sends it, with a request that holds what it names."""
    assert refused(text, body) == expected


def test_at_least_twenty_five_vendors_and_servers():
    """The forms come from all over the field."""
    assert len({row[0] for row in TEXTS}) >= 25


PYDANTIC = (
    '{"detail":[{"type":"extra_forbidden","loc":["body","messages",2,"assistant",'
    '"reasoning_content"],"msg":"Extra inputs are not permitted","input":"hm"}]}'
)
PYTHON_REPR = (
    "[{'type': 'extra_forbidden', 'loc': ('body', 'top_k'), 'msg': 'Extra inputs are not "
    "permitted', 'input': 5}]"
)


@pytest.mark.parametrize(
    "raw, expected",
    [
        (PYDANTIC, drops("messages.[].reasoning_content")),
        (json.dumps({"message": PYDANTIC}), drops("messages.[].reasoning_content")),
        (json.dumps({"message": PYTHON_REPR}), drops("top_k")),
    ],
)
def test_a_validators_list_of_places_is_read(raw, expected):
    """Mistral's, as JSON and as JSON in a text, and vLLM's, which is Python's own spelling."""
    assert refused("invalid", CHAT, status=422, raw=raw.encode()) == expected


def test_the_member_may_stand_in_param():
    """Xiaomi's and resellers' form: the words say little, `param` says which."""
    assert refused("Param Incorrect", CHAT, param="top_k") == drops("top_k")
    assert refused("bad", CHAT, param="top_k", code="unsupported_parameter") == drops("top_k")
    assert refused("must be positive", CHAT, param="top_k") == Learned()


@pytest.mark.parametrize(
    "text",
    [
        "Unknown parameter: 'messages'.",
        "Unsupported parameter: 'model' is not supported with this model.",
        "Unsupported parameter: 'tools' is not supported with this model.",
        "'response_format' is not supported with this model.",
        "Unknown parameter: 'messages[1].content'.",
        "Unknown parameter: 'tools[0].function'.",
        "property 'messages.1.role' is unsupported",
        "Unsupported parameter: 'nothing_of_the_kind'",
        "Unknown parameter: 'messages[999999999999].x'.",
        "Unsupported parameter: 'max_tokens' is not supported. Use 'messages' instead.",
    ],
)
def test_what_the_user_asked_is_never_mended(text):
    """Texts, the model, tools and the response format stay, and so does what the request lacks."""
    assert refused(text, CHAT) == Learned()


WANTED = {"type": "json_schema", "schema": {"type": "object"}}


@pytest.mark.parametrize(
    "text",
    [
        "output_config: Extra inputs are not permitted",
        "output_config.format: Extra inputs are not permitted",
        "`output_config.format` is not supported on this model",
        "'claude-opus-4-20250514' does not support output format.",
        "Structured outputs are not supported by this model.",
        "unknown field: output_config",
    ],
)
def test_a_tool_stands_in_where_messages_have_no_structured_output(text):
    """The answer's form is what the user asked: with `output_config` it went, silently, for two
    weeks. Without a form in it the member may go.
    """
    structured = Learned(facts={"anthropic_structured": False})
    assert refused(text, {**CLAUDE, "output_config": {"format": WANTED}}) == structured
    both = {**CLAUDE, "output_config": {"effort": "low", "format": WANTED}}
    assert refused(text, both) == structured
    assert refused(text, CLAUDE) in (Learned(), drops("output_config"))


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({"text": {"format": WANTED, "verbosity": "low"}}, "text"),
        ({"generationConfig": {"responseSchema": {}, "topK": 1}}, "generationConfig"),
        ({"output_format": WANTED}, "output_format"),
        ({"generationConfig": {"responseJsonSchema": {}}}, "responseJsonSchema"),
    ],
)
def test_the_form_of_an_answer_is_never_mended_with_what_holds_it(body, member):
    assert refused(f"Unknown parameter: '{member}'.", body).drops == frozenset()


@pytest.mark.parametrize("status", [401, 403, 429, 500, None])
def test_only_a_refused_request_is_read(status):
    """Other statuses are not about the request."""
    assert refused("Unknown parameter: 'top_k'", CHAT, status=status) == Learned()


@pytest.mark.parametrize(
    ("text", "member", "most"),
    [
        (
            "max_tokens: 200000 > 64000, which is the maximum allowed number of output tokens for "
            "claude-haiku-4-5",
            "max_tokens",
            64000,
        ),
        (
            "max_tokens is too large: 200000. This model supports at most 16384 completion tokens",
            "max_completion_tokens",
            16384,
        ),
        (
            "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got "
            "2.5 instead.",
            "temperature",
            2,
        ),
        ("the valid range of max_tokens is [1, 8192]", "max_tokens", 8192),
        ("Range of max_tokens should be [1, 8192]", "max_tokens", 8192),
        ("`max_tokens` must be less than or equal to `8192`", "max_tokens", 8192),
        (
            "it has a maxOutputTokens value of 200000 but the supported range is from 1 (inclusive)"
            " to 65537 (exclusive).",
            "maxOutputTokens",
            65536,
        ),
        (
            "The maximum tokens you requested exceeds the model limit of 8192. Try again with a "
            "maximum tokens value that is lower than 8192.",
            "maxTokens",
            8192,
        ),
    ],
)
def test_a_number_that_is_too_large_becomes_the_largest_there_may_be(text, member, most):
    """Whatever the body calls the limit of its output; one that is small enough already is not
    what was refused.
    """
    value = 2.5 if member == "temperature" else 200000
    assert refused(text, {"model": "m", member: value}) == Learned(limits={(member,): most})
    assert refused(text, {"model": "m", member: 1}) == Learned()


def test_a_templates_exception_is_read_whatever_its_status():
    """llama.cpp and LM Studio answer it with 500; another 500 is a server's own trouble."""
    words = "System message must be at the beginning."
    jinja = f"Error: Jinja Exception: {words}"
    assert refused(jinja, CHAT, status=500) == facts(system_turns="first")
    assert not refused(words, CHAT, status=500)
    assert not refused(jinja, CHAT, status=503)


def test_the_dialect_that_was_asked_is_no_lesson():
    """A vendor that answers «use /v1/responses» to a Responses request lies."""
    text = "This model is only supported in v1/responses"
    assert refused(text, RESPONSES, dialect="openai_responses") == Learned()


def test_a_liar_teaches_little():
    """However many members it names, a few are taken, and what is kept is bounded."""
    body = {**CHAT, **{f"x{number}": 1 for number in range(500)}}
    text = " ".join(f"Unknown parameter: 'x{number}'." for number in range(500))
    assert len(refused(text, body).drops) <= 24


@pytest.mark.parametrize(
    "piece", ["property '", "Unknown parameter: '", "(", "[", "extra_forbidden", "x: ", "`a` "]
)
def test_hostile_texts_are_read_in_bounded_work(piece):
    """A refusal repeated for a megabyte costs what its first 4 KB cost."""
    long = refused(piece * 200_000, CHAT)
    assert long == refused((piece * 200_000)[:MAX_TEXT], CHAT)


@given(st.text(max_size=200), st.dictionaries(st.text(max_size=8), st.integers()))
def test_any_text_and_body_are_read(text, body):
    """It never raises, and names only what the body holds."""
    lesson = refused(text, body)
    assert all(path[0] in body for path in lesson.drops)


def test_lessons_come_back_from_disk_as_they_went():
    """What makes no sense, or may not be taught, is left out."""
    lesson = Learned(
        drops=frozenset({("a", "[]", "b")}),
        renames={("max_tokens",): "max_completion_tokens"},
        choices=EFFORTS,
        limits={("max_tokens",): 8192.0},
        facts={"system_turns": "first"},
        dialect="openai_responses",
    )
    assert load_learned(json.loads(json.dumps(lesson.dump()))) == lesson
    odd = {
        "drops": [[1], "x", []],
        "limits": [[["a"], "x"], [["b"], True], [["c"], -1], 7],
        "facts": {"has_tools": False, "system_turns": "x"},
        "dialect": 3,
    }
    assert load_learned(odd) == Learned()
    assert load_learned([]) == Learned()


def test_lessons_lie_over_the_rows():
    """The Quirk of the rows with what was learned; the newer of two lessons holds."""
    older = Learned(drops=frozenset({("a",)}), facts={"system_turns": "after_user"})
    lesson = older.joined(Learned(facts={"system_turns": "first"}, renames={("b",): "c"}))
    quirk = lesson.over(Quirk(has_tools=False))
    assert (quirk.has_tools, quirk.system_turns) == (False, "first")
    assert quirk.learned_drops == frozenset({("a",)})
    assert quirk.learned_renames == frozenset({(("b",), "c")})
    assert Learned().over(quirk) is quirk


def test_a_grammar_that_cannot_be_made_is_read_with_500_too():
    """LM Studio passes llama.cpp's refusal on in its own."""
    told = (
        'Engine protocol predict request returned 400: {"error":{"code":400,"message":"Failed to'
        ' initialize samplers: failed to parse grammar"}}'
    )
    assert refused(told, CHAT, status=500) == facts(schema_constraints=False)
    assert refused("Unknown parameter: 'top_k'", CHAT, status=500) == Learned()
