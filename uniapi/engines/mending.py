"""How a refused request can be mended: what the vendor's words name is left out, renamed, given the
nearest value it takes, put in order, or asked in the other dialect.

A vendor changes its mind about members faster than rows can be written. So a 400, 404 or 422 that
names what it refuses is read by the table `READERS`, and what it teaches is tried at once and
remembered (gateway/learned_models.py). Never mended is what would change what the user asked:
texts, the model, tools as such, the response format. A name is taken from a text only where the
request holds it. Refusal texts are hostile input: only their first `MAX_TEXT` characters are read,
by patterns that have nothing to go back over.

The texts are those of the vendors' documentation, SDKs and issues as of 2026-11-30; tests have them
with their sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from uniapi.canonical import Failure, Json
from uniapi.values import dataclass

from .learned import Learned
from .lessons import (
    Teach,
    asks_in,
    by_param,
    choose,
    drop,
    drop_at,
    drop_loc,
    keep_reasoning,
    keep_within,
    past_images,
    rename,
    teaches,
)

MAX_TEXT = 4096
MENDABLE = frozenset({400, 404, 422})
"""The statuses with which vendors refuse a member or its value."""
_TEMPLATE = re.compile(
    r"jinja|raise_exception|chat template|strings with length 9|failed to parse grammar",
    re.IGNORECASE,
)
"""A template's exception, or a grammar, which llama.cpp and LM Studio answer with 500 as well."""


@dataclass(frozen=True, slots=True)
class Reader:
    """One form of refusal: `pattern` is searched for in the text, `teach(match, body)` gives what
    it teaches about this request, nothing when the request does not hold what is named. Narrower
    forms stand first: the first one that teaches anything is believed.
    """

    pattern: re.Pattern[str]
    teach: Teach
    reason: str


_NAME = r"[\"'`]?(?P<name>[\w.\[\]-]{1,120})[\"'`]?"
_CHOICES = r"(?:'[\w.-]{1,40}'(?:, | or )?){1,16}"
_QUOTED = r"[\"'`](?P<name>[\w.\[\]-]{1,120})[\"'`]"


def _read(reason: str, pattern: str, teach: Teach) -> Reader:
    return Reader(re.compile(pattern, re.IGNORECASE), teach, reason)


READERS: tuple[Reader, ...] = (
    _read(
        "OpenRouter: «Reasoning is mandatory for this endpoint and cannot be disabled.»; Z.AI: "
        "«This model always engages in thinking and cannot be disabled»",
        r"reasoning is mandatory|(?:reasoning|thinking) [^\n]{0,40}cannot be (?:disabled|turned)",
        keep_reasoning,
    ),
    _read(
        "Copilot: «not accessible via the /chat/completions endpoint»; OpenAI: «only supported in "
        "v1/responses», «use /v1/responses»",
        r"not accessible via the /chat/completions|only (?:supported|available) in (?:/?v1/)?"
        r"responses|use (?:the )?(?:/?v1/responses|responses api)|supported in v1/responses",
        asks_in("openai_responses"),
    ),
    _read(
        "OpenAI: «The requested model 'x' is not supported with the Responses API.»; Copilot: «not "
        "accessible via the /responses endpoint»",
        r"not supported with the responses api|does not support (?:the )?responses api"
        r"|not accessible via the /responses|use /?v1/chat/completions",
        asks_in("openai_chat"),
    ),
    _read(
        "Templates of Qwen, MiniMax, llama.cpp: «System message must be at the beginning.», «only "
        'one system message»; Anthropic: «Unexpected role "system"»',
        r"system (?:message|role|prompt)s? (?:must|should|can only) (?:be|appear) (?:at the begin"
        r"ning|at the start|first|the first)|(?:only|at most) (?:one|1) system message|multiple "
        r"system messages|unexpected role \"system\"|must be the first message|system message must"
        r" immediately follow|role: input should be 'user' or 'assistant'",
        teaches(system_turns="first"),
    ),
    _read(
        "Perplexity, Jinja templates: «… should alternate with assistant message(s)»",
        r"(?:roles|messages?(?:\(s\))?) (?:must|should) alternate",
        teaches(turn_order="alternating", system_turns="first"),
    ),
    _read(
        "Mistral: «Expected last role User or Tool», «Unexpected role 'user' after role 'tool'»",
        r"unexpected role 'user' after role 'tool'",
        teaches(turn_order="assistant_after_tool"),
    ),
    _read(
        "Anthropic: «`tool_use` ids were found without `tool_result` blocks»; OpenAI: «must be"
        " followed by tool messages», «No tool output found for function call»; DeepSeek:"
        " «insufficient tool messages»; Google: «the number of function response parts» (sources:"
        " the rows of `calls_need_results`)",
        r"ids were found without [`'\"]?tool_result|unexpected [`'\"]?tool_use_id[`'\"]? found|must"
        r" be followed by tool messages|must be a response to a prece|insufficient tool messages"
        r"|number of function response parts|no tool (?:output|call) found for function call"
        r"|not the same number of function calls and responses",
        teaches(calls_need_results=True),
    ),
    _read(
        "Bedrock: «This model doesn't support the toolConfig.toolChoice.any field.»",
        r"doesn't support the toolconfig\.toolchoice",
        teaches(anthropic_forced_tool=False),
    ),
    _read(
        "OpenRouter: «No endpoints found that support the provided 'tool_choice' value»; vLLM and"
        " others: «Only 'auto' is supported for tool_choice», «tool_choice … is not supported»",
        r"support the provided '?tool_choice|only [^\n]{0,20}auto[^\n]{0,30}tool_choice"
        r"|tool_choice[^\n]{0,40}(?:is not supported|only supports? [^\n]{0,10}auto)",
        teaches(tool_choices="auto"),
    ),
    _read(
        "Bedrock: «x-anthropic-billing-header is a reserved keyword and may not be used in the"
        " system prompt.» (the row of `anthropic_billing_block`)",
        r"x-anthropic-billing-header is a reserved keyword",
        teaches(anthropic_billing_block=False),
    ),
    _read(
        "Models that read no pictures: DeepSeek's «unknown variant `image_url`, expected `text`»"
        " (MoonshotAI/kimi-code#2669), its Messages' «unknown variant `image`» (deepseek-ai/"
        "DeepSeek-V3#1026), «deepseek-v4-flash is not a multimodal model» (github/copilot-cli"
        "#3781), vLLM's «At most 0 image(s) may be provided», OpenRouter's «No endpoints found that"
        " support image input» (sipeed/picoclaw#2525), «this model does not support image input»"
        " (cloudflare/cloudflare-os#97; 2026-11-30)",
        r"unknown variant [`'\"]image(?:_url)?[`'\"], expected|is not a multimodal model|at most 0"
        r" image|endpoints found that support image input|not support image",
        past_images,
    ),
    _read(
        'Codex\'s own item for what an agent tells another: «unknown item type "agent_message"»'
        " (lidge-jun/opencodex#3911), «Invalid input type 'agent_message'» (james-6-23/codex2api"
        "#341; 2026-11-30)",
        r"(?:item type|input type|invalid value:?) [\"'`]agent_message",
        teaches(agent_messages=False),
    ),
    _read(
        "llama.cpp, LM Studio above it: «Failed to initialize samplers: failed to parse grammar»"
        " of a tool's patterns and counts (lidge-jun/opencodex#2135, lmstudio-ai/lmstudio-bug-"
        "tracker#2236, QwenLM/qwen-code#10435; 2026-11-30)",
        r"failed to parse grammar",
        teaches(schema_constraints=False),
    ),
    _read(
        "Moonshot, whoever stands before it: «tools.function.parameters is not a valid moonshot"
        " flavored json schema» (luxus/pi-hindsight#550, 2026-11-30)",
        r"moonshot flavored json schema",
        teaches(moonshot_schemas=True),
    ),
    _read(
        "LM Studio: «Invalid tool_choice type: 'object'. Supported string values: none, auto,"
        " required» (lmstudio-ai/lmstudio-bug-tracker#670, 2026-11-30)",
        r"invalid tool_choice type: 'object'",
        teaches(tool_choices="words"),
    ),
    _read(
        "Mistral's templates: «Tool call IDs should be alphanumeric strings with length 9!»",
        r"tool call ids should be alphanumeric strings with length 9|tool call id [^\n]{0,80}must"
        r" be a-z, A-Z, 0-9, with a length of 9",
        teaches(tool_call_id_form="alnum9"),
    ),
    _read(
        "Gemma's templates: «System role not supported»; Google: «Developer instruction is not"
        " enabled for models/gemma-3»",
        r"system role (?:is )?not supported|does not support system (?:role|prompt|message|instr)"
        r"|developer instruction is not enabled",
        teaches(system_role="user"),
    ),
    _read(
        "Pydantic over Messages: «Input tag 'tool_reference' found using 'type' does not match any"
        " of the expected tags»",
        r"[\"'`]tool_reference[\"'`]? (?:found|is not|block)|unknown [^\n]{0,30}tool_reference",
        teaches(anthropic_tool_search=False),
    ),
    _read(
        "DashScope, Codex's backend: «only support stream mode», «Stream must be set to true»;"
        " Fireworks: «Requests with max_tokens > 4096 must have stream=true»"
        " (nullclaw/nullclaw#231, 2026-11-30)",
        r"only supports? (?:the )?stream(?:ing)?(?: mode)?|must have stream ?= ?true|stream must"
        r" be (?:set to )?true|please enable the stream parameter|streaming only|only available"
        r" (?:in|with) stream",
        teaches(streams_only=True),
    ),
    _read(
        "DeepSeek: «Thinking mode does not support this tool_choice»; Moonshot: «tool_choice "
        "'required' is incompatible with thinking enabled»; Anthropic: «Thinking may not be "
        "enabled when tool_choice forces tool use.»",
        r"thinking mode does not support this tool_choice|tool_choice '?\w{1,20}'? is incompatible "
        r"with thinking|thinking may not be enabled when tool_choice|tool_choice [^\n]{0,60}"
        r"thinking mode",
        teaches(forced_tool_while_reasoning=False),
    ),
    _read(
        'Anthropic: «tool_choice: type "tool" and "any" are not supported for this model.»',
        r"tool_choice: type \"tool\" and \"any\" are not supported",
        teaches(anthropic_forced_tool=False),
    ),
    _read(
        'Anthropic: «"thinking.type.enabled" is not supported for this model. Use …adaptive»',
        r"thinking\.type\.enabled[\"'`]? is not supported",
        teaches(anthropic_thinking="adaptive"),
    ),
    _read(
        "Anthropic: «adaptive thinking is not supported on this model», «thinking: Input tag"
        " 'adaptive' found using 'type' does not match any of the expected tags»",
        r"adaptive thinking is not supported|input tag 'adaptive' found using 'type' does not",
        teaches(anthropic_thinking="budget"),
    ),
    _read(
        "Anthropic: «This model does not support the effort parameter.»",
        r"does not support the effort parameter",
        teaches(anthropic_effort=False),
    ),
    _read(
        "Anthropic: «`temperature` and `top_p` cannot both be specified for this model.»",
        r"temperature[\"'`]? and [\"'`]?top_p[\"'`]? cannot both be specified",
        teaches(anthropic_sampling_pair=False),
    ),
    _read(
        "Anthropic: «This model does not support assistant message prefill.»",
        r"does not support assistant message prefill",
        teaches(anthropic_prefill=False),
    ),
    _read(
        "Anthropic: «text content blocks must be non-empty»; Moonshot: «message … must not be "
        "empty»; Xiaomi: «assistant content must contain at least one part»"
        " (farion1231/cc-switch#464, 2026-11-30); OpenAI: «Invalid value for 'content': expected a"
        " string, got null.»",
        r"text content blocks must be non-empty|messages?[^\n]{0,60}must not be empty|must have "
        r"non-empty content|content cannot be empty|must contain at least one part"
        r"|invalid value for 'content': expected a string, got null",
        teaches(empty_turns=False),
    ),
    _read(
        "DashScope: «input content must be a string.» (help.aliyun.com/zh/model-studio/error-code,"
        " 2026-11-30)",
        r"content must be a string",
        teaches(text_content_only=True),
    ),
    _read(
        "Anthropic: «max_tokens: 200000 > 64000, which is the maximum allowed number of output"
        " tokens» (seen in a dozen programs that read it, by find_string, 2026-11-30)",
        r"(?P<name>max_\w{1,40}): \d{1,12} > (?P<most>\d{1,12}), which is the maximum",
        keep_within,
    ),
    _read(
        "OpenAI: «max_tokens is too large: 32000. This model supports at most 16384 completion"
        " tokens» (enoch3712/ExtractThinker#346, 2026-11-30)",
        r"(?P<name>max_\w{1,40}) is too large: \d{1,12}\. this model supports at most"
        r" (?P<most>\d{1,12})",
        keep_within,
    ),
    _read(
        "OpenAI: «Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but"
        " got 200 instead.» (litellm's exception_mapping_utils.py, 2026-11-30)",
        rf"invalid {_QUOTED}: [^\n]{{0,60}}above maximum value\. expected a value <="
        r" (?P<most>\d{1,12}(?:\.\d{1,6})?)",
        keep_within,
    ),
    _read(
        "Volcengine: «The parameter max_tokens specified in the request is not valid: integer above"
        " maximum value, expected a value <= 32768, but got 64000 instead.» (yiliqi78/TOKENICODE#3,"
        " 2026-11-30)",
        r"parameter (?P<name>\w{1,40}) specified in the request is not valid: [^\n]{0,30}above"
        r" maximum value, expected a value <= (?P<most>\d{1,12}(?:\.\d{1,6})?)",
        keep_within,
    ),
    _read(
        "DeepSeek: «the valid range of max_tokens is [1, 8192]» (deepseek-ai/DeepSeek-V3#69);"
        " DashScope: «Range of max_tokens should be [1, 8192]» (open-webui/open-webui#10507);"
        " 2026-11-30",
        r"range of (?P<name>\w{1,40}) (?:is|should be) [\[(] ?[\d.]{1,12}, ?"
        r"(?P<most>\d{1,12}(?:\.\d{1,6})?) ?[\])]",
        keep_within,
    ),
    _read(
        "Groq: «`max_tokens` must be less than or equal to `8192`, the maximum value for"
        " `max_tokens` is less than the `context_window`» (seen in a dozen programs that read it,"
        " by find_string, 2026-11-30)",
        rf"{_QUOTED} must be less than or equal to [\"'`]?(?P<most>\d{{1,12}}(?:\.\d{{1,6}})?)",
        keep_within,
    ),
    _read(
        "Google: «it has a maxOutputTokens value of 655360 but the supported range is from 1"
        " (inclusive) to 8193 (exclusive)» (stackblitz-labs/bolt.diy#955, 2026-11-30)",
        r"has an? (?P<name>\w{1,40}) value of [\d.]{1,12} but the supported range is from"
        r" [\d.]{1,12} \(inclusive\) to (?P<below>\d{1,12}) \(exclusive\)",
        keep_within,
    ),
    _read(
        "Bedrock: «The maximum tokens you requested exceeds the model limit of 4096.»"
        " (vercel/ai#2772, 2026-11-30)",
        r"maximum tokens you requested exceeds the model limit of (?P<most>\d{1,12})",
        keep_within,
    ),
    _read(
        "OpenAI: «'parallel_tool_calls' is only allowed when 'tools' are specified.»"
        " (openai/swarm#30, 2026-11-30)",
        rf"{_QUOTED} (?:parameter )?is only allowed when",
        drop,
    ),
    _read(
        "OpenAI: «Invalid 'max_tokens': integer below minimum value. Expected a value >= 1, but got"
        " -1 instead.», which is no limit for llama.cpp and LM Studio",
        rf"invalid {_QUOTED}: integer below minimum value",
        drop,
    ),
    _read(
        "OpenAI: «Invalid 'user': string too long. Expected a string with maximum length 64»;"
        " DeepSeek's Messages: «Invalid 'user_id': string does not match pattern.»"
        " (deepseek-ai/awesome-deepseek-agent#67, 2026-11-30)",
        rf"invalid {_QUOTED}: string (?:too long|does not match|above max)",
        drop,
    ),
    _read(
        "OpenAI: «Unsupported parameter: 'max_tokens' is not supported with this model. Use "
        "'max_completion_tokens' instead.»",
        rf"parameter:? {_QUOTED}[^\n]{{0,60}}use [\"'`](?P<wanted>[\w.]{{1,60}})[\"'`] instead",
        rename,
    ),
    _read(
        "OpenAI, Responses: «Unsupported value: 'minimal' is not supported with the 'x' model. "
        "Supported values are: 'low', 'medium', and 'high'.»",
        r"unsupported value: [\"'`](?P<value>[\w.-]{1,60})[\"'`] is not supported with [^\n]{1,80}"
        r"supported values are:(?P<words>[^\n]{1,200})",
        choose,
    ),
    _read(
        "OpenAI: «Unsupported value: 'reasoning_effort' does not support 'minimal' with this "
        "model. Supported values are: 'none', 'low'»",
        rf"unsupported value: {_QUOTED} does not support [^\n]{{1,60}}supported values are:"
        r"(?P<words>[^\n]{1,200})",
        choose,
    ),
    _read(
        "OpenAI: «Invalid value: 'xhigh'. Supported values are: 'low', 'medium', and 'high'.»",
        r"invalid value: [\"'`](?P<value>[\w.-]{1,60})[\"'`]\. supported values are:"
        r"(?P<words>[^\n]{1,200})",
        choose,
    ),
    _read(
        "Anthropic: «does not support effort level 'xhigh'. Supported levels: high, low, max»",
        r"does not support effort level [\"'`](?P<value>\w{1,20})[\"'`]\. supported levels:"
        r"(?P<words>[^\n]{1,200})",
        choose,
    ),
    _read(
        "serde (DeepSeek and many): «reasoning_effort: unknown variant `xhigh`, expected one of "
        "`low`, `high`»",
        r"unknown variant [\"'`](?P<value>[\w.-]{1,60})[\"'`], expected (?:one of )?"
        r"(?P<words>[^\n]{1,200})",
        choose,
    ),
    _read(
        'Ollama: «invalid think value: "xhigh" (must be "high", "medium", "low", …)»',
        r"invalid \w{1,40} value: [\"'`](?P<value>[\w.-]{1,60})[\"'`] \(must be (?P<words>[^)\n]{1,"
        r"200})",
        choose,
    ),
    _read(
        "Pydantic: «temperature: Input should be less than or equal to 1», and as a list of places",
        r"(?P<name>[\w.\[\]-]{1,120}): input should be less than or equal to"
        r" (?P<most>\d{1,12}(?:\.\d{1,6})?)",
        keep_within,
    ),
    _read(
        "the same as vLLM and SGLang write it",
        r"[\"'](?P<name>\w{1,60})[\"']\s{0,2}[\])],\s{0,4}[\"']msg[\"']:\s{0,4}[\"']input should be"
        r" less than or equal to (?P<most>\d{1,12}(?:\.\d{1,6})?)",
        keep_within,
    ),
    _read(
        "«max_completion_tokens must be <= 65536», «max_tokens (99999) exceeds the maximum allowed"
        " value 32768»",
        r"(?P<name>max_\w{1,40})(?: \(\d{1,12}\))? (?:must be <=|exceeds the maximum allowed value"
        r"|must not exceed|cannot exceed)(?: of)? (?P<most>\d{1,12})",
        keep_within,
    ),
    _read(
        "Zod: «Unrecognized key(s) in object: 'verbosity'», «Unrecognized key: \"verbosity\"»",
        rf"unrecognized keys?(?:\(s\))?(?: in object)?: {_QUOTED}",
        drop,
    ),
    _read(
        "python-jsonschema: «Additional properties are not allowed ('store' was unexpected)»",
        rf"additional properties are not allowed \({_QUOTED}",
        drop,
    ),
    _read(
        "LiteLLM: «vertex_ai does not support parameters: ['parallel_tool_calls'], for model=…»",
        r"does not support parameters: [\[{](?P<name>[^\]}\n]{1,200})",
        drop,
    ),
    _read(
        "«The following parameters are not supported: a, b», «Parameter 'logprobs' is not"
        " supported», «does not support the 'seed' parameter»",
        r"parameters? (?:is|are) not supported: (?P<name>[\w., -]{1,200})",
        drop,
    ),
    _read(
        "the same of one, named before or behind",
        rf"parameter:? {_QUOTED} is not (?:currently )?supported(?![^\n]{{0,80}}instead)",
        drop,
    ),
    _read(
        "the same of one, named behind",
        rf"does not support the {_QUOTED} parameter",
        drop,
    ),
    _read(
        "Pydantic: «output_config.effort: Input should be 'low', 'medium' or 'high'»",
        rf"(?P<name>[\w.\[\]-]{{1,120}}): input should be (?P<words>{_CHOICES})",
        choose,
    ),
    _read(
        "the same as a list of places, SGLang's and vLLM's: «'loc': ('body', 'reasoning_effort'),"
        " 'msg': \"Input should be 'low', 'medium' or 'high'\"» (router-for-me/CLIProxyAPI#1572,"
        " 2026-11-30)",
        r"[\"'](?P<name>\w{1,60})[\"']\s{0,2}[\])],\s{0,4}[\"']msg[\"']:\s{0,4}[\"']input should be"
        rf" (?P<words>{_CHOICES})",
        choose,
    ),
    _read(
        "Groq: «`reasoning_effort` must be one of `none` or `default`»; vLLM: «should be one of»",
        rf"{_NAME}:? (?:must|should) be (?:one of|either) (?P<words>[^\n]{{1,200}})",
        choose,
    ),
    _read(
        "OpenAI, Azure, Codex, Databricks: «Unsupported parameter: 'x'», «Unknown parameter: 'x'»",
        r"(?:unsupported|unknown|unrecognized|unexpected) (?:parameter|field|member|argument|key)"
        rf"(?:\(s\)|s)?:? {_NAME}(?=[\s.,:;)\"'`}}]|\Z)(?![^\n]{{0,80}}instead)",
        drop,
    ),
    _read(
        "OpenAI: «Unrecognized request arguments supplied: a, b»",
        r"unrecognized request arguments? supplied: (?P<name>[\w., -]{1,200})",
        drop,
    ),
    _read(
        "NVIDIA: «Validation: Unsupported parameter(s): `x`, `y`»",
        r"unsupported parameter\(s\): (?P<name>[\w.,` -]{1,200})",
        drop,
    ),
    _read(
        "Groq, Cerebras: «property 'store' is unsupported», «body.thinking: property … is "
        "unsupported»",
        rf"property {_QUOTED} is (?:unsupported|not supported|unknown)",
        drop,
    ),
    _read(
        "Groq: «'messages.1' : for 'role:assistant' … property 'x' is unsupported»",
        r"'(?P<at>messages\.\d{1,6})'[^\n]{0,120}property '(?P<name>[\w-]{1,80})' is unsupported",
        drop_at,
    ),
    _read(
        "Anthropic, Databricks: «tools.0.custom.defer_loading: Extra inputs are not permitted»",
        r"(?P<name>[\w.\[\]-]{1,120}): extra inputs are not permitted",
        drop,
    ),
    _read(
        "Fireworks: «Extra inputs are not permitted, field: 'x'»",
        rf"extra inputs are not permitted, field: {_QUOTED}",
        drop,
    ),
    _read(
        'Mistral, vLLM and what else stands on pydantic: «"type":"extra_forbidden","loc":[…]»',
        r"extra_forbidden[\"'],\s{0,4}[\"']loc[\"']:\s{0,4}[\[(](?P<loc>[^\])]{1,200})[\])]",
        drop_loc,
    ),
    _read(
        "Bedrock: «#: extraneous key [x] is not permitted»",
        r"extraneous key \[(?P<name>[\w.-]{1,120})\] is not permitted",
        drop,
    ),
    _read(
        "Bedrock: «This model doesn't support the stopSequences field»",
        r"doesn't support the (?P<name>\w{1,60}) field",
        drop,
    ),
    _read(
        "Gemini: «Unknown name \"x\" at 'generation_config': Cannot find field.»",
        r"unknown name \"(?P<name>\w{1,80})\" at '(?P<at>[\w.\[\]]{1,120})'",
        drop_at,
    ),
    _read(
        'Gemini: «Unknown name "store": Cannot find field.»',
        r"unknown name \"(?P<name>\w{1,80})\":",
        drop,
    ),
    _read(
        "xAI: «… does not support parameter presencePenalty.»; SiliconFlow the same",
        rf"does not support (?:the )?parameters? {_NAME}(?=[\s.,\"'`]|\Z)",
        drop,
    ),
    _read(
        "xAI: «Argument not supported on this model: x», «Argument not supported:"
        " external_web_access» (lidge-jun/opencodex#2240, openclaw/openclaw#12910; 2026-11-30)",
        r"argument not supported(?: on this model)?: (?P<name>\w{1,80})(?! and )\b",
        drop,
    ),
    _read(
        "Cohere: «parameter 'x' is not a valid field»",
        rf"parameter {_QUOTED} is not a valid field",
        drop,
    ),
    _read(
        "Anthropic: «`temperature` is deprecated for this model.»; Groq: «reasoning_effort is not "
        "supported with this model»; Ollama, Z.AI alike",
        r"[\"'`]?(?P<name>\w{2,60})[\"'`]? (?:is|are) (?:deprecated for|not supported (?:with|by|"
        r"for|on|in)) (?:this|the) (?:model|endpoint|api)",
        drop,
    ),
    _read(
        "OpenAI: «Unsupported value: 'temperature' does not support 0.2 with this model. Only the "
        "default (1) value is supported.»",
        rf"unsupported value: {_QUOTED} does not support [^\n]{{1,60}}only the default",
        drop,
    ),
    _read(
        "Moonshot: «invalid temperature: only 1 is allowed for this model»",
        r"invalid (?P<name>\w{1,60}): only [\d.]{1,8} is allowed",
        drop,
    ),
)


def find_mending(failure: Failure, body: Mapping[str, Json], dialect: str) -> Learned:
    """What the refusal of `body`, which was said in `dialect`, teaches; nothing (false) when it
    names nothing that may be changed.
    """
    text = _text_of(failure)
    is_template = failure.status == 500 and _TEMPLATE.search(text) is not None
    if failure.status not in MENDABLE and not is_template:
        return Learned()
    lesson = next((found for reader in READERS if (found := _lesson(reader, text, body))), None)
    if lesson is None:
        lesson = by_param(failure, body)
    return Learned() if lesson.dialect == dialect else lesson


def _lesson(reader: Reader, text: str, body: Mapping[str, Json]) -> Learned:
    """What all that this form finds in the text teaches."""
    lesson = Learned()
    for match in _matches(reader.pattern, text):
        lesson = lesson.joined(reader.teach(match, body))
    return lesson


def _text_of(failure: Failure) -> str:
    """The message, and the body where it says more (a validator's list of places)."""
    said = failure.message[:MAX_TEXT]
    body = (failure.body or b"")[:MAX_TEXT].decode("utf-8", "replace")
    return f"{said}\n{body}".replace('\\"', '"')[:MAX_TEXT]


def _matches(pattern: re.Pattern[str], text: str) -> Iterable[re.Match[str]]:
    """Eight at most: a validator names several members, a liar thousands."""
    for number, match in enumerate(pattern.finditer(text)):
        if number == 8:
            return
        yield match
