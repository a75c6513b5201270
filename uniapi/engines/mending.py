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

from .learned import Learned
from .lessons import (
    Reader,
    by_param,
    choose,
    drop,
    drop_at,
    drop_loc,
    keep_within,
    read_as,
    rename,
)
from .mending_facts import FACT_READERS

MAX_TEXT = 4096
MENDABLE = frozenset({400, 404, 422})
"""The statuses with which vendors refuse a member or its value."""
_TEMPLATE = re.compile(
    r"jinja|raise_exception|chat template|strings with length 9|failed to parse grammar",
    re.IGNORECASE,
)
"""A template's exception, or a grammar, which llama.cpp and LM Studio answer with 500 as well."""

_NAME = r"[\"'`]?(?P<name>[\w.\[\]-]{1,120})[\"'`]?"
_CHOICES = r"(?:'[\w.-]{1,40}'(?:, | or )?){1,16}"
_QUOTED = r"[\"'`](?P<name>[\w.\[\]-]{1,120})[\"'`]"


READERS: tuple[Reader, ...] = (
    read_as(
        # Anthropic: «max_tokens: 200000 > 64000, which is the maximum allowed number of output
        # tokens» (seen in a dozen programs that read it, by find_string, 2026-11-30)
        r"(?P<name>max_\w{1,40}): \d{1,12} > (?P<most>\d{1,12}), which is the maximum",
        keep_within,
    ),
    read_as(
        # OpenAI: «max_tokens is too large: 32000. This model supports at most 16384 completion
        # tokens» (enoch3712/ExtractThinker#346, 2026-11-30)
        r"(?P<name>max_\w{1,40}) is too large: \d{1,12}\. this model supports at most"
        r" (?P<most>\d{1,12})",
        keep_within,
    ),
    read_as(
        # OpenAI: «Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but
        # got 200 instead.» (litellm's exception_mapping_utils.py, 2026-11-30)
        rf"invalid {_QUOTED}: [^\n]{{0,60}}above maximum value\. expected a value <="
        r" (?P<most>\d{1,12}(?:\.\d{1,6})?)",
        keep_within,
    ),
    read_as(
        # Volcengine: «The parameter max_tokens specified in the request is not valid: integer above
        # maximum value, expected a value <= 32768, but got 64000 instead.» (yiliqi78/TOKENICODE#3,
        # 2026-11-30)
        r"parameter (?P<name>\w{1,40}) specified in the request is not valid: [^\n]{0,30}above"
        r" maximum value, expected a value <= (?P<most>\d{1,12}(?:\.\d{1,6})?)",
        keep_within,
    ),
    read_as(
        # DeepSeek: «the valid range of max_tokens is [1, 8192]» (deepseek-ai/DeepSeek-V3#69);
        # DashScope: «Range of max_tokens should be [1, 8192]» (open-webui/open-webui#10507);
        # 2026-11-30
        r"range of (?P<name>\w{1,40}) (?:is|should be) [\[(] ?[\d.]{1,12}, ?"
        r"(?P<most>\d{1,12}(?:\.\d{1,6})?) ?[\])]",
        keep_within,
    ),
    read_as(
        # Groq: «`max_tokens` must be less than or equal to `8192`, the maximum value for
        # `max_tokens` is less than the `context_window`» (seen in a dozen programs that read it, by
        # find_string, 2026-11-30)
        rf"{_QUOTED} must be less than or equal to [\"'`]?(?P<most>\d{{1,12}}(?:\.\d{{1,6}})?)",
        keep_within,
    ),
    read_as(
        # Google: «it has a maxOutputTokens value of 655360 but the supported range is from 1
        # (inclusive) to 8193 (exclusive)» (stackblitz-labs/bolt.diy#955, 2026-11-30)
        r"has an? (?P<name>\w{1,40}) value of [\d.]{1,12} but the supported range is from"
        r" [\d.]{1,12} \(inclusive\) to (?P<below>\d{1,12}) \(exclusive\)",
        keep_within,
    ),
    read_as(
        # Bedrock: «The maximum tokens you requested exceeds the model limit of 4096.»
        # (vercel/ai#2772, 2026-11-30)
        r"maximum tokens you requested exceeds the model limit of (?P<most>\d{1,12})",
        keep_within,
    ),
    read_as(
        # OpenAI: «'parallel_tool_calls' is only allowed when 'tools' are specified.»
        # (openai/swarm#30, 2026-11-30)
        rf"{_QUOTED} (?:parameter )?is only allowed when",
        drop,
    ),
    read_as(
        # OpenAI: «Invalid 'max_tokens': integer below minimum value. Expected a value >= 1, but got
        # -1 instead.», which is no limit for llama.cpp and LM Studio
        rf"invalid {_QUOTED}: integer below minimum value",
        drop,
    ),
    read_as(
        # OpenAI: «Invalid 'user': string too long. Expected a string with maximum length 64»;
        # DeepSeek's Messages: «Invalid 'user_id': string does not match pattern.»
        # (deepseek-ai/awesome-deepseek-agent#67, 2026-11-30)
        rf"invalid {_QUOTED}: string (?:too long|does not match|above max)",
        drop,
    ),
    read_as(
        # OpenAI: «Unsupported parameter: 'max_tokens' is not supported with this model. Use
        # 'max_completion_tokens' instead.»
        rf"parameter:? {_QUOTED}[^\n]{{0,60}}use [\"'`](?P<wanted>[\w.]{{1,60}})[\"'`] instead",
        rename,
    ),
    read_as(
        # OpenAI, Responses: «Unsupported value: 'minimal' is not supported with the 'x' model.
        # Supported values are: 'low', 'medium', and 'high'.»
        r"unsupported value: [\"'`](?P<value>[\w.-]{1,60})[\"'`] is not supported with [^\n]{1,80}"
        r"supported values are:(?P<words>[^\n]{1,200})",
        choose,
    ),
    read_as(
        # OpenAI: «Unsupported value: 'reasoning_effort' does not support 'minimal' with this model.
        # Supported values are: 'none', 'low'»
        rf"unsupported value: {_QUOTED} does not support [^\n]{{1,60}}supported values are:"
        r"(?P<words>[^\n]{1,200})",
        choose,
    ),
    read_as(
        # OpenAI: «Invalid value: 'xhigh'. Supported values are: 'low', 'medium', and 'high'.»
        r"invalid value: [\"'`](?P<value>[\w.-]{1,60})[\"'`]\. supported values are:"
        r"(?P<words>[^\n]{1,200})",
        choose,
    ),
    read_as(
        # Anthropic: «does not support effort level 'xhigh'. Supported levels: high, low, max»
        r"does not support effort level [\"'`](?P<value>\w{1,20})[\"'`]\. supported levels:"
        r"(?P<words>[^\n]{1,200})",
        choose,
    ),
    read_as(
        # serde (DeepSeek and many): «reasoning_effort: unknown variant `xhigh`, expected one of
        # `low`, `high`»
        r"unknown variant [\"'`](?P<value>[\w.-]{1,60})[\"'`], expected (?:one of )?"
        r"(?P<words>[^\n]{1,200})",
        choose,
    ),
    read_as(
        # Ollama: «invalid think value: "xhigh" (must be "high", "medium", "low", …)»
        r"invalid \w{1,40} value: [\"'`](?P<value>[\w.-]{1,60})[\"'`] \(must be (?P<words>[^)\n]{1,"
        r"200})",
        choose,
    ),
    read_as(
        # Pydantic: «temperature: Input should be less than or equal to 1», and as a list of places
        r"(?P<name>[\w.\[\]-]{1,120}): input should be less than or equal to"
        r" (?P<most>\d{1,12}(?:\.\d{1,6})?)",
        keep_within,
    ),
    read_as(
        # the same as vLLM and SGLang write it
        r"[\"'](?P<name>\w{1,60})[\"']\s{0,2}[\])],\s{0,4}[\"']msg[\"']:\s{0,4}[\"']input should be"
        r" less than or equal to (?P<most>\d{1,12}(?:\.\d{1,6})?)",
        keep_within,
    ),
    read_as(
        # «max_completion_tokens must be <= 65536», «max_tokens (99999) exceeds the maximum allowed
        # value 32768»
        r"(?P<name>max_\w{1,40})(?: \(\d{1,12}\))? (?:must be <=|exceeds the maximum allowed value"
        r"|must not exceed|cannot exceed)(?: of)? (?P<most>\d{1,12})",
        keep_within,
    ),
    read_as(
        # Zod: «Unrecognized key(s) in object: 'verbosity'», «Unrecognized key: "verbosity"»
        rf"unrecognized keys?(?:\(s\))?(?: in object)?: {_QUOTED}",
        drop,
    ),
    read_as(
        # python-jsonschema: «Additional properties are not allowed ('store' was unexpected)»
        rf"additional properties are not allowed \({_QUOTED}",
        drop,
    ),
    read_as(
        # LiteLLM: «vertex_ai does not support parameters: ['parallel_tool_calls'], for model=…»
        r"does not support parameters: [\[{](?P<name>[^\]}\n]{1,200})",
        drop,
    ),
    read_as(
        # «The following parameters are not supported: a, b», «Parameter 'logprobs' is not
        # supported», «does not support the 'seed' parameter»
        r"parameters? (?:is|are) not supported: (?P<name>[\w., -]{1,200})",
        drop,
    ),
    read_as(
        # the same of one, named before or behind
        rf"parameter:? {_QUOTED} is not (?:currently )?supported(?![^\n]{{0,80}}instead)",
        drop,
    ),
    read_as(
        # the same of one, named behind
        rf"does not support the {_QUOTED} parameter",
        drop,
    ),
    read_as(
        # Pydantic: «output_config.effort: Input should be 'low', 'medium' or 'high'»
        rf"(?P<name>[\w.\[\]-]{{1,120}}): input should be (?P<words>{_CHOICES})",
        choose,
    ),
    read_as(
        # the same as a list of places, SGLang's and vLLM's: «'loc': ('body', 'reasoning_effort'),
        # 'msg': "Input should be 'low', 'medium' or 'high'"» (router-for-me/CLIProxyAPI#1572,
        # 2026-11-30)
        r"[\"'](?P<name>\w{1,60})[\"']\s{0,2}[\])],\s{0,4}[\"']msg[\"']:\s{0,4}[\"']input should be"
        rf" (?P<words>{_CHOICES})",
        choose,
    ),
    read_as(
        # Groq: «`reasoning_effort` must be one of `none` or `default`»; vLLM: «should be one of»
        rf"{_NAME}:? (?:must|should) be (?:one of|either) (?P<words>[^\n]{{1,200}})",
        choose,
    ),
    read_as(
        # OpenAI, Azure, Codex, Databricks: «Unsupported parameter: 'x'», «Unknown parameter: 'x'»
        r"(?:unsupported|unknown|unrecognized|unexpected) (?:parameter|field|member|argument|key)"
        rf"(?:\(s\)|s)?:? {_NAME}(?=[\s.,:;)\"'`}}]|\Z)(?![^\n]{{0,80}}instead)",
        drop,
    ),
    read_as(
        # OpenAI: «Unrecognized request arguments supplied: a, b»
        r"unrecognized request arguments? supplied: (?P<name>[\w., -]{1,200})",
        drop,
    ),
    read_as(
        # NVIDIA: «Validation: Unsupported parameter(s): `x`, `y`»
        r"unsupported parameter\(s\): (?P<name>[\w.,` -]{1,200})",
        drop,
    ),
    read_as(
        # Groq, Cerebras: «property 'store' is unsupported», «body.thinking: property … is
        # unsupported»
        rf"property {_QUOTED} is (?:unsupported|not supported|unknown)",
        drop,
    ),
    read_as(
        # Groq: «'messages.1' : for 'role:assistant' … property 'x' is unsupported»
        r"'(?P<at>messages\.\d{1,6})'[^\n]{0,120}property '(?P<name>[\w-]{1,80})' is unsupported",
        drop_at,
    ),
    read_as(
        # Anthropic, Databricks: «tools.0.custom.defer_loading: Extra inputs are not permitted»
        r"(?P<name>[\w.\[\]-]{1,120}): extra inputs are not permitted",
        drop,
    ),
    read_as(
        # Fireworks: «Extra inputs are not permitted, field: 'x'»
        rf"extra inputs are not permitted, field: {_QUOTED}",
        drop,
    ),
    read_as(
        # Mistral, vLLM and what else stands on pydantic: «"type":"extra_forbidden","loc":[…]»
        r"extra_forbidden[\"'],\s{0,4}[\"']loc[\"']:\s{0,4}[\[(](?P<loc>[^\])]{1,200})[\])]",
        drop_loc,
    ),
    read_as(
        # Bedrock: «#: extraneous key [x] is not permitted»
        r"extraneous key \[(?P<name>[\w.-]{1,120})\] is not permitted",
        drop,
    ),
    read_as(
        # Bedrock: «This model doesn't support the stopSequences field»
        r"doesn't support the (?P<name>\w{1,60}) field",
        drop,
    ),
    read_as(
        # Gemini: «Unknown name "x" at 'generation_config': Cannot find field.»
        r"unknown name \"(?P<name>\w{1,80})\" at '(?P<at>[\w.\[\]]{1,120})'",
        drop_at,
    ),
    read_as(
        # Gemini: «Unknown name "store": Cannot find field.»
        r"unknown name \"(?P<name>\w{1,80})\":",
        drop,
    ),
    read_as(
        # xAI: «… does not support parameter presencePenalty.»; SiliconFlow the same
        rf"does not support (?:the )?parameters? {_NAME}(?=[\s.,\"'`]|\Z)",
        drop,
    ),
    read_as(
        # xAI: «Argument not supported on this model: x», «Argument not supported:
        # external_web_access» (lidge-jun/opencodex#2240, openclaw/openclaw#12910; 2026-11-30)
        r"argument not supported(?: on this model)?: (?P<name>\w{1,80})(?! and )\b",
        drop,
    ),
    read_as(
        # Cohere: «parameter 'x' is not a valid field»
        rf"parameter {_QUOTED} is not a valid field",
        drop,
    ),
    read_as(
        # Anthropic: «`temperature` is deprecated for this model.»; Groq: «reasoning_effort is not
        # supported with this model»; Ollama, Z.AI alike
        r"[\"'`]?(?P<name>\w{2,60})[\"'`]? (?:is|are) (?:deprecated for|not supported (?:with|by|"
        r"for|on|in)) (?:this|the) (?:model|endpoint|api)",
        drop,
    ),
    read_as(
        # OpenAI: «Unsupported value: 'temperature' does not support 0.2 with this model. Only the
        # default (1) value is supported.»
        rf"unsupported value: {_QUOTED} does not support [^\n]{{1,60}}only the default",
        drop,
    ),
    read_as(
        # Moonshot: «invalid temperature: only 1 is allowed for this model»
        r"invalid (?P<name>\w{1,60}): only [\d.]{1,8} is allowed",
        drop,
    ),
)


def find_mending(failure: Failure, body: Mapping[str, Json], dialect: str) -> Learned:
    """What the refusal of `body`, which was said in `dialect`, teaches; nothing (false) when it
    names nothing that may be changed.
    """
    text = text_of(failure)
    is_template = failure.status == 500 and _TEMPLATE.search(text) is not None
    if failure.status not in MENDABLE and not is_template:
        return Learned()
    taught = (lesson_of(reader, text, body) for reader in (*FACT_READERS, *READERS))
    lesson = next((found for found in taught if found), None)
    if lesson is None:
        lesson = by_param(failure, body)
    return Learned() if lesson.dialect == dialect else lesson


def lesson_of(reader: Reader, text: str, body: Mapping[str, Json]) -> Learned:
    """What all that this form finds in the text teaches."""
    lesson = Learned()
    for match in _matches(reader.pattern, text):
        lesson = lesson.joined(reader.teach(match, body))
    return lesson


def text_of(failure: Failure) -> str:
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
