"""A client's chat body → canonical Request.

The members are those of https://platform.openai.com/docs/api-reference/chat/create (openai SDK
3.54, November 2026), the legacy `functions` pair, what compatible vendors added (`reasoning`,
`thinking`, `enable_thinking`, `top_k`), and the Responses members that Cursor mixes in
(`instructions`, `input`, `max_output_tokens`, `text.format`, flat tools). A member of unknown name
is kept under `extensions["openai_chat"]`; null means unsaid.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from uniapi.canonical import (
    Effort,
    Json,
    Message,
    OutputFormat,
    ReasoningSettings,
    Request,
    Sampling,
    Text,
)
from uniapi.dialects.cache_marks import with_newest_marked

from .request_decode_members import (
    DIALECT_NAME,
    at,
    decode_bool,
    decode_int,
    decode_list,
    decode_number,
    decode_object,
    decode_text,
    need_object,
    need_text,
)
from .request_decode_messages import decode_messages, messages_of_input
from .request_decode_parts import decode_cache
from .request_decode_tools import decode_tool_choice, decode_tools

SETTINGS = frozenset(
    {
        "model",
        "messages",
        "input",
        "instructions",
        "stream",
        "stream_options",
        "tools",
        "functions",
        "tool_choice",
        "function_call",
        "parallel_tool_calls",
        "web_search_options",
        "temperature",
        "top_p",
        "top_k",
        "max_tokens",
        "max_completion_tokens",
        "max_output_tokens",
        "stop",
        "seed",
        "n",
        "presence_penalty",
        "frequency_penalty",
        "logprobs",
        "top_logprobs",
        "logit_bias",
        "reasoning_effort",
        "reasoning",
        "thinking",
        "enable_thinking",
        "thinking_budget",
        "include_reasoning",
        "response_format",
        "text",
        "modalities",
        "audio",
        "verbosity",
        "user",
        "metadata",
        "prompt_cache_key",
        "service_tier",
        "store",
        "previous_response_id",
        "cache_control",
    }
)
RESPONSES_NAME = "openai_responses"
RESPONSES_MEMBERS = frozenset(
    {"include", "truncation", "max_tool_calls", "background", "prompt", "conversation"}
)
"""Members of a Responses-shaped body (Cursor's) that a chat upstream calls unknown parameters."""


_USUAL = frozenset(
    {
        *("model", "messages", "stream", "stream_options", "temperature", "top_p"),
        *("max_tokens", "max_completion_tokens", "tools", "tool_choice", "parallel_tool_calls"),
    }
)
"""All that most bodies have: the many other members need not be looked for in them."""
_RARELY_SAMPLED = frozenset(
    {
        *("max_output_tokens", "stop", "logit_bias", "top_k", "seed", "n"),
        *("presence_penalty", "frequency_penalty", "logprobs", "top_logprobs"),
    }
)


def decode_request(body: Mapping[str, Json], model: str, stream: bool) -> Request:
    """Raises RequestRefused naming the member that is missing or of the wrong type."""
    if body.keys() <= _USUAL:
        return with_newest_marked(_usual_request(body, model, stream), None)
    return _any_request(body, model, stream)


def _usual_request(body: Mapping[str, Json], model: str, stream: bool) -> Request:
    return Request(
        model=model,
        messages=decode_messages(body.get("messages")),
        tools=decode_tools(body) if "tools" in body else (),
        tool_choice=decode_tool_choice(body) if "tool_choice" in body else None,
        parallel_tool_calls=decode_bool(body.get("parallel_tool_calls"), "parallel_tool_calls"),
        sampling=_sampling(body),
        stream=stream,
        include_usage=_include_usage(body) if "stream_options" in body else None,
    )


def _any_request(body: Mapping[str, Json], model: str, stream: bool) -> Request:
    extensions: dict[str, Json] = {
        name: value for name, value in body.items() if name not in SETTINGS and value is not None
    }
    foreign = (
        {name: extensions.pop(name) for name in RESPONSES_MEMBERS & extensions.keys()}
        if "messages" not in body
        else {}
    )
    tools = decode_tools(body)
    request = Request(
        model=model,
        messages=_messages(body),
        tools=tools,
        tool_choice=decode_tool_choice(body),
        parallel_tool_calls=decode_bool(body.get("parallel_tool_calls"), "parallel_tool_calls"),
        sampling=_sampling(body),
        reasoning=_reasoning(body, extensions),
        output_format=_output_format(body, extensions),
        output_modalities=tuple(
            need_text(word, f"modalities[{i}]").lower()
            for i, word in enumerate(decode_list(body.get("modalities"), "modalities"))
        ),
        audio_output=decode_object(body.get("audio"), "audio"),
        verbosity=decode_text(body.get("verbosity"), "verbosity")
        or _text_or_none(at(body.get("text"), "verbosity")),
        stream=stream,
        include_usage=_include_usage(body),
        user=decode_text(body.get("user"), "user"),
        metadata=decode_object(body.get("metadata"), "metadata"),
        prompt_cache_key=decode_text(body.get("prompt_cache_key"), "prompt_cache_key"),
        service_tier=decode_text(body.get("service_tier"), "service_tier"),
        store=decode_bool(body.get("store"), "store"),
        previous_response_id=decode_text(body.get("previous_response_id"), "previous_response_id"),
        cache=decode_cache(body.get("cache_control")),
        extensions={
            **({DIALECT_NAME: extensions} if extensions else {}),
            **({RESPONSES_NAME: foreign} if foreign else {}),
        },
    )
    return with_newest_marked(request, extensions.get("prompt_cache_options"))


def _include_usage(body: Mapping[str, Json]) -> bool | None:
    options = decode_object(body.get("stream_options"), "stream_options")
    return decode_bool(at(options, "include_usage"), "stream_options.include_usage")


def _messages(body: Mapping[str, Json]) -> tuple[Message, ...]:
    value = body.get("messages")
    if value is None and body.get("input") is not None:
        value = messages_of_input(body["input"])
    messages = decode_messages(value)
    instructions = decode_text(body.get("instructions"), "instructions")
    if instructions:
        messages = (Message(role="system", parts=(Text(text=instructions),)), *messages)
    return messages


def _sampling(body: Mapping[str, Json]) -> Sampling:
    limit = "max_tokens"
    for name in ("max_completion_tokens", "max_tokens", "max_output_tokens"):
        if body.get(name) is not None:
            limit = name
            break
    if _RARELY_SAMPLED.isdisjoint(body):
        return Sampling(
            temperature=decode_number(body["temperature"], "temperature")
            if "temperature" in body
            else None,
            top_p=decode_number(body["top_p"], "top_p") if "top_p" in body else None,
            max_output_tokens=_limit(body, limit) if limit in body else None,
        )
    stop = body.get("stop")
    stops = [stop] if isinstance(stop, str) else decode_list(stop, "stop")
    bias = decode_object(body.get("logit_bias"), "logit_bias")
    if bias is not None:
        bias = {
            token: decode_number(value, f"logit_bias.{token}") or 0 for token, value in bias.items()
        }
    return Sampling(
        temperature=decode_number(body.get("temperature"), "temperature"),
        top_p=decode_number(body.get("top_p"), "top_p"),
        top_k=decode_int(body.get("top_k"), "top_k"),
        max_output_tokens=_limit(body, limit),
        stop=tuple(need_text(word, f"stop[{index}]") for index, word in enumerate(stops)),
        seed=decode_int(body.get("seed"), "seed"),
        choices=decode_int(body.get("n"), "n"),
        presence_penalty=decode_number(body.get("presence_penalty"), "presence_penalty"),
        frequency_penalty=decode_number(body.get("frequency_penalty"), "frequency_penalty"),
        logprobs=decode_bool(body.get("logprobs"), "logprobs"),
        top_logprobs=decode_int(body.get("top_logprobs"), "top_logprobs"),
        logit_bias=bias,
    )


def _limit(body: Mapping[str, Json], name: str) -> int | None:
    """-1 is «as much as there is» for llama.cpp, LM Studio and those who write for them."""
    limit = decode_int(body.get(name), name)
    return limit if limit is None or limit > 0 else None


def _reasoning(body: Mapping[str, Json], extensions: dict[str, Json]) -> ReasoningSettings | None:
    """The four ways vendors ask for reasoning, as one.

    A word that is no effort (Groq's `default`) stays an extension.
    """
    effort_word = decode_text(body.get("reasoning_effort"), "reasoning_effort")
    budget: int | None = None
    is_adaptive = False
    visibility: str | None = None
    include = decode_bool(body.get("include_reasoning"), "include_reasoning")
    reasoning = decode_object(body.get("reasoning"), "reasoning")
    if reasoning is not None:
        effort_word = effort_word or decode_text(reasoning.get("effort"), "reasoning.effort")
        budget = decode_int(reasoning.get("max_tokens"), "reasoning.max_tokens")
        visibility = decode_text(reasoning.get("summary"), "reasoning.summary")
        if reasoning.get("enabled") is False:
            budget = 0
        elif reasoning.get("enabled") is True and effort_word is None and budget is None:
            is_adaptive = True
        if reasoning.get("exclude") is True:
            include = False
    thinking = decode_object(body.get("thinking"), "thinking")
    if thinking is not None:
        visibility = visibility or _text_or_none(thinking.get("display"))
        match thinking.get("type"):
            case "disabled":
                budget = 0
            case "adaptive" | "auto":
                is_adaptive = True
            case _:
                budget = decode_int(thinking.get("budget_tokens"), "thinking.budget_tokens")
                is_adaptive = is_adaptive or budget is None
    google = _google_thinking(extensions)
    if google is not None:
        budget, include, effort_word = google.budget, google.include, google.effort
    enabled = decode_bool(body.get("enable_thinking"), "enable_thinking")
    if enabled is False:
        budget = 0
    elif enabled is True or body.get("thinking_budget") is not None:
        budget = decode_int(body.get("thinking_budget"), "thinking_budget")
        is_adaptive = is_adaptive or budget is None
    effort = _effort(effort_word)
    if effort_word is not None and effort is None:
        extensions["reasoning_effort"] = effort_word
    settings = ReasoningSettings(
        effort=effort,
        budget=budget,
        is_adaptive=is_adaptive and effort is None,
        visibility=visibility,
        include=include,
    )
    return None if settings == ReasoningSettings() else settings


def _google_thinking(extensions: dict[str, Json]) -> ReasoningSettings | None:
    """`google.thinking_config`, with which clients of Gemini's OpenAI layer ask, bare or under
    `extra_body` (https://ai.google.dev/gemini-api/docs/openai#thinking). It is taken out of
    `extensions`, unless more of Google's own is said beside it.
    """
    holder = "google" if "google" in extensions else "extra_body"
    said = extensions.get(holder)
    google = said if holder == "google" else at(said, "google")
    thinking = at(google, "thinking_config")
    if not isinstance(thinking, dict):
        return None
    if google == {"thinking_config": thinking} and said in (google, {"google": google}):
        del extensions[holder]
    return ReasoningSettings(
        effort=_effort(
            decode_text(thinking.get("thinking_level"), f"{holder}.thinking_config.thinking_level")
        ),
        budget=decode_int(
            thinking.get("thinking_budget"), f"{holder}.thinking_config.thinking_budget"
        ),
        include=decode_bool(
            thinking.get("include_thoughts"), f"{holder}.thinking_config.include_thoughts"
        ),
    )


def _effort(word: str | None) -> Effort | None:
    word = (word or "").lower()
    for effort in get_args(Effort):
        if word == effort:
            known: Effort = effort
            return known
    return "none" if word == "disabled" else None


def _output_format(body: Mapping[str, Json], extensions: dict[str, Json]) -> OutputFormat | None:
    member = "response_format" if body.get("response_format") is not None else "text.format"
    value = (
        body.get("response_format")
        if member == "response_format"
        else at(body.get("text"), "format")
    )
    if value is None:
        return None
    if isinstance(value, str):
        value = {"type": value}
    wanted = need_object(value, member)
    kind = wanted.get("type")
    if kind == "text":
        return OutputFormat(kind="text")
    path = f"{member}.json_schema"
    # OpenAI nests, Responses and several vendors are flat; Together and llama.cpp put a schema
    # beside `json_object`.
    described = (
        need_object(wanted["json_schema"], path)
        if wanted.get("json_schema") is not None
        else wanted
    )
    if kind == "json_schema" or (
        kind == "json_object" and isinstance(described.get("schema"), dict)
    ):
        return OutputFormat(
            kind="json_schema",
            name=decode_text(described.get("name"), f"{path}.name"),
            description=decode_text(described.get("description"), f"{path}.description"),
            schema=decode_object(described.get("schema"), f"{path}.schema"),
            strict=decode_bool(described.get("strict"), f"{path}.strict"),
        )
    if kind == "json_object":
        return OutputFormat(kind="json")
    extensions[member.partition(".")[0]] = body.get(member.partition(".")[0])
    return None


def _text_or_none(value: Json) -> str | None:
    return value if isinstance(value, str) else None
