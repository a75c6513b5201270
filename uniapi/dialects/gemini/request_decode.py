"""A client's generateContent body → canonical request. https://ai.google.dev/api/generate-content

Members come in camelCase or snake_case, enum words in any case. What is not known is kept in the
extensions of this dialect.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from uniapi.canonical import (
    Effort,
    HostedTool,
    Json,
    OutputFormat,
    ReasoningSettings,
    Request,
    RequestRefused,
    Sampling,
    Tool,
    ToolChoice,
)

from .request_decode_contents import ContentsDecoder
from .request_decode_schema import decode_openapi
from .vocabulary import (
    HOSTED_KINDS,
    NAME,
    camel,
    int_member,
    list_member,
    member,
    object_member,
    text_member,
)

_EFFORTS = frozenset(get_args(Effort))
_DECODED = frozenset(
    {
        "contents",
        "systemInstruction",
        "tools",
        "toolConfig",
        "generationConfig",
        "model",
        "stream",
        "serviceTier",
        "store",
    }
)
_DECODED_CONFIG = frozenset(
    {
        "temperature",
        "topP",
        "topK",
        "maxOutputTokens",
        "stopSequences",
        "seed",
        "candidateCount",
        "presencePenalty",
        "frequencyPenalty",
        "responseLogprobs",
        "logprobs",
        "responseModalities",
        "thinkingConfig",
        "responseMimeType",
        "responseSchema",
        "responseJsonSchema",
        "ResponseJsonSchema",
    }
)
"""`_responseJsonSchema`, an older spelling of the API, comes out of `camel` with a capital."""
_DECLARATION = frozenset({"name", "description", "parameters", "parametersJsonSchema"})


def decode_request(body: Mapping[str, Json], model: str, stream: bool) -> Request:
    """Raises RequestRefused naming the member that is missing or of the wrong type.

    `model` and `stream` are in the path.
    """
    decoder = ContentsDecoder()
    try:
        system = decoder.system(member(body, "systemInstruction"))
        messages = decoder.contents(member(body, "contents"))
    except RecursionError:
        raise RequestRefused.bad_request("contents: nested too deep", "contents") from None
    config = object_member(body, "generationConfig")
    calling = object_member(object_member(body, "toolConfig"), "functionCallingConfig")
    store = member(body, "store")
    return Request(
        model=model,
        messages=(*system, *messages),
        tools=tuple(_tools(body)),
        tool_choice=_tool_choice(calling),
        sampling=_sampling(config),
        reasoning=decode_thinking(object_member(config, "thinkingConfig")),
        output_format=_output_format(config),
        output_modalities=tuple(
            each.lower()
            for each in list_member(config, "responseModalities")
            if isinstance(each, str)
        ),
        stream=stream,
        service_tier=text_member(body, "serviceTier").lower() or None,
        store=store if isinstance(store, bool) else None,
        extensions=_extensions(body, config),
    )


def _tools(body: Mapping[str, Json]) -> list[Tool | HostedTool]:
    tools: list[Tool | HostedTool] = []
    for position, tool in enumerate(list_member(body, "tools")):
        where = f"tools[{position}]"
        if not isinstance(tool, dict):
            raise RequestRefused.bad_request(
                f"{where}: expected an object, found {type(tool).__name__}", where
            )
        for number, declaration in enumerate(list_member(tool, "functionDeclarations")):
            tools.append(_function(declaration, f"{where}.functionDeclarations[{number}]"))
        for name, value in tool.items():
            if camel(name) != "functionDeclarations" and value is not None:
                tools.append(_hosted(camel(name), value))
    return tools


def _function(declaration: Json, where: str) -> Tool:
    name = text_member(declaration, "name")
    if not name:
        raise RequestRefused.bad_request(
            f"{where}.name: expected a function's name", f"{where}.name"
        )
    schema = member(declaration, "parametersJsonSchema")
    parameters = (
        schema
        if isinstance(schema, dict)
        else decode_openapi(member(declaration, "parameters")) or None
    )
    return Tool(
        name=name,
        description=text_member(declaration, "description") or None,
        parameters=parameters,
        extras={
            camel(key): value
            for key, value in declaration.items()
            if camel(key) not in _DECLARATION and value is not None
        },
        dialect=NAME,
    )


def _hosted(name: str, value: Json) -> HostedTool:
    excluded = [
        domain for domain in list_member(value, "excludeDomains") if isinstance(domain, str)
    ]
    return HostedTool(
        kind=HOSTED_KINDS.get(name, name),
        dialect=NAME,
        raw={name: value},
        blocked_domains=tuple(excluded),
    )


def _tool_choice(calling: Mapping[str, Json]) -> ToolChoice | None:
    allowed = tuple(
        name for name in list_member(calling, "allowedFunctionNames") if isinstance(name, str)
    )
    match text_member(calling, "mode").upper():
        case "AUTO" | "VALIDATED":
            return ToolChoice(mode="auto", allowed=allowed or None)
        case "NONE":
            return ToolChoice(mode="none")
        case "ANY" if len(allowed) == 1:
            return ToolChoice(mode="tool", name=allowed[0])
        case "ANY":
            return ToolChoice(mode="required", allowed=allowed or None)
        case _:
            return None


def _sampling(config: Mapping[str, Json]) -> Sampling:
    logprobs = member(config, "responseLogprobs")
    stop = list_member(config, "stopSequences")
    return Sampling(
        temperature=_number(config, "temperature"),
        top_p=_number(config, "topP"),
        top_k=_integer(config, "topK"),
        max_output_tokens=_integer(config, "maxOutputTokens"),
        stop=tuple(each for each in stop if isinstance(each, str)),
        seed=_integer(config, "seed"),
        choices=_integer(config, "candidateCount"),
        presence_penalty=_number(config, "presencePenalty"),
        frequency_penalty=_number(config, "frequencyPenalty"),
        logprobs=logprobs if isinstance(logprobs, bool) else None,
        top_logprobs=_integer(config, "logprobs"),
    )


def decode_thinking(thinking: Mapping[str, Json]) -> ReasoningSettings | None:
    """`thinkingConfig`; None when it says nothing."""
    include = member(thinking, "includeThoughts")
    level = text_member(thinking, "thinkingLevel").lower()
    effort: Effort | None = level if level in _EFFORTS else None  # type: ignore[assignment]
    budget = int_member(thinking, "thinkingBudget")
    if effort is None and budget is None and not isinstance(include, bool):
        return None
    return ReasoningSettings(
        effort=effort, budget=budget, include=include if isinstance(include, bool) else None
    )


def _output_format(config: Mapping[str, Json]) -> OutputFormat | None:
    mime = text_member(config, "responseMimeType").lower()
    for name in ("responseJsonSchema", "_responseJsonSchema"):
        schema = member(config, name)
        if isinstance(schema, dict):
            return OutputFormat(kind="json_schema", schema=schema)
    openapi = decode_openapi(member(config, "responseSchema"))
    if openapi and mime in ("", "application/json"):
        return OutputFormat(kind="json_schema", schema=openapi)
    if mime == "application/json":
        return OutputFormat(kind="json")
    return OutputFormat(kind="text") if mime == "text/plain" else None


def _extensions(body: Mapping[str, Json], config: Mapping[str, Json]) -> dict[str, dict[str, Json]]:
    """What has no neutral member: safety settings, cached content, labels, speech and image
    settings, …
    """
    kept = {
        camel(name): value
        for name, value in body.items()
        if camel(name) not in _DECODED and value is not None
    }
    settings = {
        camel(name): value
        for name, value in config.items()
        if camel(name) not in _DECODED_CONFIG and value is not None
    }
    if text_member(config, "responseMimeType") not in ("", "application/json", "text/plain"):
        # `text/x.enum`: an answer that is one of the schema's words.
        settings |= {
            name: found
            for name in ("responseMimeType", "responseSchema")
            if (found := member(config, name)) is not None
        }
    if settings:
        kept["generationConfig"] = settings
    choosing = {
        camel(name): value
        for name, value in object_member(body, "toolConfig").items()
        if value is not None
    }
    calling = choosing.pop("functionCallingConfig", None)
    if isinstance(calling, dict):
        others = {
            camel(name): value
            for name, value in calling.items()
            if camel(name) not in ("mode", "allowedFunctionNames")
        }
        choosing |= {"functionCallingConfig": others} if others else {}
    if choosing:
        kept["toolConfig"] = choosing
    return {NAME: kept} if kept else {}


def _number(holder: Mapping[str, Json], name: str) -> float | None:
    value = member(holder, name)
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    where = f"generationConfig.{name}"
    raise RequestRefused.bad_request(
        f"{where}: expected a number, found {type(value).__name__}", where
    )


def _integer(holder: Mapping[str, Json], name: str) -> int | None:
    value = int_member(holder, name)
    if value is None and member(holder, name) is not None:
        where = f"generationConfig.{name}"
        raise RequestRefused.bad_request(
            f"{where}: expected an integer, found {member(holder, name)!r:.40}", where
        )
    return value
