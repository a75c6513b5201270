"""What reached an upstream, read by the vendor's own models and told in the words of `asks`.

`READERS[upstream](body)` first has the vendor's types judge the body (a member they do not know is
a problem too), then gives a dict with the members of `Ask`: `turns` (neighbours of one role joined,
call ids numbered by appearance), `system`, `tools`, `choice`, `parallel`, `schema`, `thinks`,
`max_tokens`, `temperature`, `stop`, `seed`. A reader raises where the vendor would answer 400;
`JUDGES[upstream](body)` does only that.
"""

import base64
import inspect
import json
from collections.abc import Iterator
from functools import cache

import botocore.session
from anthropic.types import message_create_params as anthropic_params
from botocore.validate import ParamValidator
from cohere.types import ChatMessageV2, ResponseFormatV2, Thinking, ToolV2
from cohere.v2.client import V2Client
from google.genai import types as genai
from openai.types.chat import completion_create_params as chat_params
from openai.types.responses import response_create_params as responses_params
from pydantic import BaseModel, TypeAdapter


@cache
def adapter(kind):
    return TypeAdapter(kind)


def eager(value):
    """Pydantic validates an `Iterable` lazily: read it, so that its items are judged."""
    if isinstance(value, dict):
        return {key: eager(inner) for key, inner in value.items()}
    if isinstance(value, list | Iterator) or type(value).__name__ == "ValidatorIterator":
        return [eager(inner) for inner in value]
    return value


def unknown_members(sent, understood, path=""):
    """Paths in `sent` that the types did not understand.

    Free-form values come back equal, so they never differ.
    """
    if isinstance(sent, dict) and isinstance(understood, dict):
        for key, value in sent.items():
            if key not in understood:
                yield f"{path}.{key}"
            else:
                yield from unknown_members(value, understood[key], f"{path}.{key}")
    elif isinstance(sent, list) and isinstance(understood, list):
        for index, (one, other) in enumerate(zip(sent, understood, strict=True)):
            yield from unknown_members(one, other, f"{path}[{index}]")


def judged(kind, body):
    unknown = list(unknown_members(body, eager(adapter(kind).validate_python(body))))
    assert unknown == [], f"members that {kind.__name__} does not know: {unknown}"


class Turns:
    """Collects turns: neighbours of one role are joined, ids become numbers in the order of their
    appearance.
    """

    def __init__(self):
        self.turns = []
        self._numbers = {}

    def add(self, role, *items):
        if not items:
            return
        if not self.turns or self.turns[-1][0] != role:
            self.turns.append((role, []))
        self.turns[-1][1].extend(items)

    def call(self, call_id, name, arguments):
        assert call_id not in self._numbers, f"two calls with the id {call_id!r}"
        self._numbers[call_id] = len(self._numbers)
        return (
            "call",
            self._numbers[call_id],
            name,
            json.loads(arguments) if isinstance(arguments, str) else arguments,
        )

    def result(self, call_id, text, is_error):
        assert call_id in self._numbers, f"a result for {call_id!r}, which nothing asked for"
        return ("result", self._numbers[call_id], text, is_error)


def _data_url(url):
    return url.partition(";base64,")[2] or url


def _openai_choice(choice):
    if isinstance(choice, dict):
        return choice.get("name") or choice["function"]["name"]
    return choice


def _openai_schema(value):
    return value["schema"] if value and value["type"] == "json_schema" else value and value["type"]


def judge_chat(body):
    """OpenAI's types, and beside them what compatible servers take: `top_k`, `reasoning_content`,
    films, pictures as output.
    """
    modalities = [kind for kind in body.get("modalities", ()) if kind != "image"]
    plain = {
        k: v for k, v in body.items() if k not in ("stream", "messages", "modalities", "top_k")
    } | ({"modalities": modalities} if modalities else {})
    judged(chat_params.CompletionCreateParamsBase, plain | {"messages": []})
    for message in body["messages"]:
        message = {key: value for key, value in message.items() if key != "reasoning_content"}
        if isinstance(message.get("content"), list):
            message["content"] = [
                part for part in message["content"] if part["type"] != "video_url"
            ]
        judged(chat_params.ChatCompletionMessageParam, message)


def read_chat(body):
    judge_chat(body)
    turns, system = Turns(), []
    for message in body["messages"]:
        content = message.get("content")
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
        match message["role"]:
            case "system" | "developer":
                system += [part["text"] for part in parts]
            case "tool":
                text = "".join(part["text"] for part in parts)
                turns.add("user", turns.result(message["tool_call_id"], text, None))
            case role:
                thought = (
                    [("thought", message["reasoning_content"])]
                    if message.get("reasoning_content")
                    else []
                )
                calls = [
                    turns.call(call["id"], **call["function"])
                    for call in message.get("tool_calls") or ()
                ]
                turns.add(role, *thought, *(_chat_part(part) for part in parts), *calls)
    return {
        "turns": turns.turns,
        "system": "\n".join(system) or None,
        "tools": [
            (
                tool["function"]["name"],
                tool["function"]["description"],
                tool["function"]["parameters"],
            )
            for tool in body.get("tools", ())
        ],
        "choice": _openai_choice(body.get("tool_choice")),
        "parallel": body.get("parallel_tool_calls"),
        "schema": _openai_schema(
            body.get("response_format")
            and (body["response_format"].get("json_schema") or {})
            | {"type": body["response_format"]["type"]}
        ),
        "thinks": body.get("reasoning_effort", "none") != "none",
        "max_tokens": body.get("max_completion_tokens") or body.get("max_tokens"),
        "temperature": body.get("temperature"),
        "stop": body.get("stop", []),
        "seed": body.get("seed"),
    }


def _chat_part(part):
    match part["type"]:
        case "text":
            return ("text", part["text"])
        case "image_url":
            return ("image", _data_url(part["image_url"]["url"]))
        case "file":
            return ("pdf", _data_url(part["file"]["file_data"]))
        case kind:
            return (kind, part)


def judge_responses(body):
    judged(
        responses_params.ResponseCreateParamsBase,
        {key: value for key, value in body.items() if key != "stream"},
    )


def read_responses(body):
    judge_responses(body)
    turns, system = Turns(), [body["instructions"]] if body.get("instructions") else []
    items = (
        [{"role": "user", "content": body["input"]}]
        if isinstance(body["input"], str)
        else body["input"]
    )
    for item in items:
        match item.get("type", "message"):
            case "message":
                content = item["content"]
                parts = (
                    [{"type": "input_text", "text": content}]
                    if isinstance(content, str)
                    else content
                )
                if item["role"] in ("system", "developer"):
                    system += [part["text"] for part in parts]
                else:
                    turns.add(item["role"], *(_responses_part(part) for part in parts))
            case "function_call":
                turns.add("assistant", turns.call(item["call_id"], item["name"], item["arguments"]))
            case "function_call_output":
                output = item["output"]
                text = (
                    output if isinstance(output, str) else "".join(part["text"] for part in output)
                )
                turns.add("user", turns.result(item["call_id"], text, None))
            case "reasoning":
                thought = "".join(part["text"] for part in item.get("summary", ()))
                turns.add("assistant", ("thought", thought, item.get("encrypted_content")))
    return {
        "turns": turns.turns,
        "system": "\n".join(system) or None,
        "tools": [
            (tool["name"], tool["description"], tool["parameters"])
            for tool in body.get("tools", ())
        ],
        "choice": _openai_choice(body.get("tool_choice")),
        "parallel": body.get("parallel_tool_calls"),
        "schema": _openai_schema(body.get("text", {}).get("format")),
        "thinks": (body.get("reasoning") or {}).get("effort", "none") != "none",
        "max_tokens": body.get("max_output_tokens"),
        "temperature": body.get("temperature"),
        "stop": [],
        "seed": None,
    }


def _responses_part(part):
    match part["type"]:
        case "input_text" | "output_text":
            return ("text", part["text"])
        case "input_image":
            return ("image", _data_url(part["image_url"]))
        case "input_file":
            return ("pdf", _data_url(part["file_data"]))
        case kind:
            return (kind, part)


def judge_anthropic(body):
    sampled = ("temperature", "top_p", "top_k")
    judged(
        anthropic_params.MessageCreateParamsBase,
        {key: value for key, value in body.items() if key not in ("stream", *sampled)},
    )


def read_anthropic(body):
    judge_anthropic(body)
    turns = Turns()
    for message in body["messages"]:
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        turns.add(message["role"], *(_anthropic_block(turns, block) for block in blocks))
    system, choice = body.get("system"), body.get("tool_choice") or {}
    config = body.get("output_config") or {}
    return {
        "turns": turns.turns,
        "system": system
        if isinstance(system, str | None)
        else "\n".join(block["text"] for block in system),
        "tools": [
            (tool["name"], tool.get("description"), tool["input_schema"])
            for tool in body.get("tools", ())
        ],
        "choice": {"any": "required", "tool": choice.get("name")}.get(
            choice.get("type"), choice.get("type")
        ),
        "parallel": None
        if choice.get("disable_parallel_tool_use") is None
        else not choice["disable_parallel_tool_use"],
        "schema": (config.get("format") or {}).get("schema"),
        "thinks": body.get("thinking", {}).get("type", "disabled") != "disabled",
        "max_tokens": body["max_tokens"],
        "temperature": body.get("temperature"),
        "stop": body.get("stop_sequences", []),
        "seed": None,
    }


def _anthropic_block(turns, block):
    match block["type"]:
        case "text":
            assert block["text"].strip(), "an empty text block"
            return ("text", block["text"])
        case "image":
            return ("image", block["source"].get("data") or block["source"].get("url"))
        case "document":
            return ("pdf", block["source"].get("data") or block["source"].get("url"))
        case "thinking":
            return ("thought", block["thinking"], block["signature"])
        case "tool_use":
            return turns.call(block["id"], block["name"], block["input"])
        case "tool_result":
            content = block["content"]
            text = (
                content if isinstance(content, str) else "".join(inner["text"] for inner in content)
            )
            return turns.result(block["tool_use_id"], text, block.get("is_error", False))
        case kind:
            return (kind, block)


GEMINI_MEMBERS = {
    "contents",
    "generationConfig",
    "tools",
    "toolConfig",
    "systemInstruction",
    "safetySettings",
    "cachedContent",
    "labels",
    "serviceTier",
    "store",
}
_GEMINI_TYPES = {
    "contents": list[genai.Content],
    "generationConfig": genai.GenerationConfig,
    "tools": list[genai.Tool],
    "toolConfig": genai.ToolConfig,
    "systemInstruction": genai.Content,
    "safetySettings": list[genai.SafetySetting],
}


def judge_gemini(body):
    assert set(body) <= GEMINI_MEMBERS, set(body) - GEMINI_MEMBERS
    for name in _GEMINI_TYPES.keys() & body.keys():
        adapter(_GEMINI_TYPES[name]).validate_python(body[name])


def read_gemini(body):
    judge_gemini(body)
    contents = [genai.Content.model_validate(content) for content in body["contents"]]
    settings = genai.GenerationConfig.model_validate(body.get("generationConfig", {}))
    tools = [genai.Tool.model_validate(tool) for tool in body.get("tools", ())]
    chosen = genai.ToolConfig.model_validate(body.get("toolConfig", {})).function_calling_config
    system = (
        genai.Content.model_validate(body["systemInstruction"])
        if "systemInstruction" in body
        else None
    )
    turns, waiting = Turns(), []
    for number, content in enumerate(contents):
        items = []
        for part in content.parts:
            if part.function_call is not None:
                call_id = part.function_call.id or f"{number}:{len(items)}"
                waiting.append((part.function_call.name, call_id))
                items.append(
                    turns.call(call_id, part.function_call.name, part.function_call.args or {})
                )
            elif part.function_response is not None:
                named = next(
                    pair
                    for pair in waiting
                    if part.function_response.id in (None, pair[1])
                    and pair[0] == part.function_response.name
                )
                waiting.remove(named)
                items.append(
                    turns.result(named[1], *_gemini_result(part.function_response.response))
                )
            elif part.inline_data is not None:
                kind = "pdf" if part.inline_data.mime_type == "application/pdf" else "image"
                items.append((kind, base64.b64encode(part.inline_data.data).decode()))
            elif part.thought:
                items.append(("thought", part.text))
            else:
                items.append(("text", part.text))
        turns.add("assistant" if content.role == "model" else "user", *items)
    functions = [function for tool in tools for function in tool.function_declarations or ()]
    mode = chosen.mode.value.lower() if chosen and chosen.mode else None
    allowed = (chosen and chosen.allowed_function_names) or []
    thinking = settings.thinking_config
    return {
        "turns": turns.turns,
        "system": "\n".join(part.text for part in system.parts) if system else None,
        "tools": [
            (function.name, function.description, _gemini_schema(function))
            for function in functions
        ],
        "choice": allowed[0] if len(allowed) == 1 else {"any": "required"}.get(mode, mode),
        "parallel": None,
        "schema": settings.response_json_schema
        or (
            settings.response_schema
            and lowered(settings.response_schema.model_dump(exclude_none=True, mode="json"))
        ),
        "thinks": thinking is not None
        and (thinking.thinking_level is not None or bool(thinking.thinking_budget)),
        "max_tokens": settings.max_output_tokens,
        "temperature": settings.temperature,
        "stop": settings.stop_sequences or [],
        "seed": settings.seed,
    }


def _gemini_result(response):
    """Google's convention: the words under `result`, or under `error`."""
    if "error" in response:
        return response["error"], True
    return response.get("result", response.get("output", response)), False


def _gemini_schema(function):
    if function.parameters_json_schema is not None:
        return function.parameters_json_schema
    return lowered(function.parameters.model_dump(exclude_none=True, mode="json"))


def lowered(schema):
    """A Google schema with JSON Schema's type names."""
    if isinstance(schema, dict):
        return {
            key: value.lower() if key == "type" and isinstance(value, str) else lowered(value)
            for key, value in schema.items()
        }
    return schema


@cache
def converse_shape():
    return (
        botocore.session.get_session()
        .get_service_model("bedrock-runtime")
        .operation_model("Converse")
        .input_shape
    )


def with_bytes(value, name=""):
    if isinstance(value, dict):
        return {key: with_bytes(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_bytes(inner) for inner in value]
    return base64.b64decode(value, validate=True) if name in ("bytes", "redactedContent") else value


def judge_converse(body):
    report = ParamValidator().validate({**with_bytes(body), "modelId": "m"}, converse_shape())
    assert not report.has_errors(), report.generate_report()


def read_converse(body):
    judge_converse(body)
    turns = Turns()
    for message in body["messages"]:
        turns.add(
            message["role"],
            *(
                _converse_block(turns, block)
                for block in message["content"]
                if "cachePoint" not in block
            ),
        )
    settings, more = body.get("inferenceConfig", {}), body.get("additionalModelRequestFields", {})
    tools = body.get("toolConfig", {})
    choice = next(iter(tools.get("toolChoice", {}).items()), (None, {}))
    form = (
        body.get("outputConfig", {})
        .get("textFormat", {})
        .get("structure", {})
        .get("jsonSchema", {})
        .get("schema")
    )
    parallel = more.get("tool_choice", {}).get("disable_parallel_tool_use")
    return {
        "turns": turns.turns,
        "system": "\n".join(block["text"] for block in body.get("system", ()) if "text" in block)
        or None,
        "tools": [
            (
                tool["toolSpec"]["name"],
                tool["toolSpec"].get("description"),
                tool["toolSpec"]["inputSchema"]["json"],
            )
            for tool in tools.get("tools", ())
        ],
        "choice": {"any": "required", "tool": choice[1].get("name")}.get(choice[0], choice[0]),
        "parallel": None if parallel is None else not parallel,
        "schema": json.loads(form) if form else None,
        "thinks": more.get("thinking", {}).get("type", "disabled") != "disabled",
        "max_tokens": settings.get("maxTokens"),
        "temperature": settings.get("temperature"),
        "stop": settings.get("stopSequences", []),
        "seed": None,
    }


def _converse_block(turns, block):
    ((kind, value),) = block.items()
    match kind:
        case "text":
            return ("text", value)
        case "image":
            return ("image", value["source"]["bytes"])
        case "document":
            return ("pdf", value["source"]["bytes"])
        case "reasoningContent":
            return (
                "thought",
                value["reasoningText"]["text"],
                value["reasoningText"].get("signature"),
            )
        case "toolUse":
            return turns.call(value["toolUseId"], value["name"], value["input"])
        case "toolResult":
            text = "".join(
                inner["text"] if "text" in inner else _gemini_result(inner["json"])[0]
                for inner in value["content"]
            )
            return turns.result(value["toolUseId"], text, value.get("status") == "error")
        case _:
            return (kind, value)


COHERE_MEMBERS = set(inspect.signature(V2Client.chat).parameters) - {"self", "request_options"} | {
    "stream"
}
_COHERE_TYPES = {
    "messages": list[ChatMessageV2],
    "tools": list[ToolV2],
    "response_format": ResponseFormatV2,
    "thinking": Thinking,
}


def _extras(value, path):
    """Members that a Cohere model carried without knowing them."""
    if isinstance(value, BaseModel):
        yield from (f"{path}.{name}" for name in value.model_extra or ())
        for name in type(value).model_fields:
            yield from _extras(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _extras(inner, f"{path}[{index}]")


def judge_cohere(body):
    assert set(body) <= COHERE_MEMBERS, set(body) - COHERE_MEMBERS
    for name in _COHERE_TYPES.keys() & body.keys():
        assert list(_extras(adapter(_COHERE_TYPES[name]).validate_python(body[name]), name)) == []


def read_cohere(body):
    judge_cohere(body)
    turns, system = Turns(), []
    for message in body["messages"]:
        content = message.get("content")
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
        match message["role"]:
            case "system":
                system += [part["text"] for part in parts]
            case "tool":
                turns.add(
                    "user",
                    turns.result(
                        message["tool_call_id"], "".join(part["text"] for part in parts), None
                    ),
                )
            case role:
                plan = [("text", message["tool_plan"])] if message.get("tool_plan") else []
                calls = [
                    turns.call(call["id"], **call["function"])
                    for call in message.get("tool_calls") or ()
                ]
                turns.add(role, *(_cohere_part(part) for part in parts), *plan, *calls)
    tools = [
        (tool["function"]["name"], tool["function"]["description"], tool["function"]["parameters"])
        for tool in body.get("tools", ())
    ]
    return {
        "turns": turns.turns,
        "system": "\n".join(system) or None,
        "tools": tools,
        "choice": (body.get("tool_choice") or "").lower() or None,
        "parallel": None,
        "schema": body.get("response_format", {}).get("json_schema"),
        "thinks": body.get("thinking", {}).get("type") == "enabled",
        "max_tokens": body.get("max_tokens"),
        "temperature": body.get("temperature"),
        "stop": body.get("stop_sequences", []),
        "seed": body.get("seed"),
    }


def _cohere_part(part):
    match part["type"]:
        case "text":
            return ("text", part["text"])
        case "thinking":
            return ("thought", part["thinking"])
        case "image_url":
            return ("image", _data_url(part["image_url"]["url"]))
        case kind:
            return (kind, part)


READERS = {
    "chat": read_chat,
    "responses": read_responses,
    "anthropic": read_anthropic,
    "gemini": read_gemini,
    "converse": read_converse,
    "cohere": read_cohere,
}
JUDGES = {
    "chat": judge_chat,
    "responses": judge_responses,
    "anthropic": judge_anthropic,
    "gemini": judge_gemini,
    "converse": judge_converse,
    "cohere": judge_cohere,
}
