"""Chat request bodies ↔ canonical requests: one table read both ways, the lenient spellings, the
strict writer, the refusals.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.canonical import (
    CacheHint,
    HostedTool,
    Media,
    Message,
    Opaque,
    OutputFormat,
    Part,
    Reasoning,
    ReasoningSettings,
    Refusal,
    Request,
    RequestRefused,
    Sampling,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Unknown,
)
from uniapi.dialects import UPSTREAM_DIALECTS, Quirk
from uniapi.dialects.openai_chat import CLIENT, UPSTREAM

PNG = "iVBORw0KGgo="
HELLO = (Message(role="user", parts=(Text(text="Hello"),)),)
HELLO_WIRE = [{"role": "user", "content": "Hello"}]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def decode(body: dict[str, Any]) -> Request:
    return CLIENT.decode_request(body, body.get("model", "m"), bool(body.get("stream")))


def written(request: Request, quirk: Quirk | None = None) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body as it leaves, and the losses: encoded, and fitted to what the quirk says."""
    facts = quirk or Quirk()
    encoded = UPSTREAM.encode_request(request, facts)
    body, lost = UPSTREAM.fit(encoded.body, facts, encoded.beside)
    return body, tuple(dict.fromkeys((*encoded.losses, *lost)))


def encode(request: Request, quirk: Quirk | None = None) -> dict[str, Any]:
    return written(request, quirk)[0]


def user(*parts: Part) -> tuple[Message, ...]:
    return (Message(role="user", parts=parts),)


def call(
    call_id: str = "call_1", name: str = "weather", arguments: str = '{"city":"Paris"}', **more: Any
) -> ToolCall:
    return ToolCall(call_id=call_id, name=name, arguments=arguments, **more)


def wire_call(
    call_id: str = "call_1", name: str = "weather", arguments: str = '{"city":"Paris"}', **more: Any
) -> dict[str, Any]:
    return {
        "id": call_id,
        "type": "function",
        "function": {"name": name, "arguments": arguments},
        **more,
    }


CALL_TURN = Message(role="assistant", parts=(call(),))
RESULT_TURN = Message(
    role="user", parts=(ToolResult(call_id="call_1", content=(Text(text="18 °C"),)),)
)
WIRE_CALL_TURN = {"role": "assistant", "content": None, "tool_calls": [wire_call()]}
WIRE_RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "18 °C"}

BOTH_WAYS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # canonical members beside `model` and, unless given, HELLO; wire members likewise
    "text": ({}, {}),
    "system": (
        {"messages": (Message(role="system", parts=(Text(text="Be kind."),)), *HELLO)},
        {"messages": [{"role": "system", "content": "Be kind."}, *HELLO_WIRE]},
    ),
    "named user": (
        {"messages": (replace(HELLO[0], name="ann"),)},
        {"messages": [{"role": "user", "content": "Hello", "name": "ann"}]},
    ),
    "two texts": (
        {"messages": user(Text(text="a"), Text(text="b"))},
        {
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
                }
            ]
        },
    ),
    "image by url": (
        {
            "messages": user(
                Text(text="What?"), Media(kind="image", url="https://x.test/a.png", detail="low")
            )
        },
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What?"},
                        {
                            "type": "image_url",
                            "image_url": {"url": "https://x.test/a.png", "detail": "low"},
                        },
                    ],
                }
            ]
        },
    ),
    "image by value": (
        {"messages": user(Media(kind="image", mime="image/png", data=PNG))},
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
                    ],
                }
            ]
        },
    ),
    "audio": (
        {"messages": user(Media(kind="audio", mime="audio/mpeg", data="AAAA"))},
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}}
                    ],
                }
            ]
        },
    ),
    "pdf": (
        {
            "messages": user(
                Media(kind="file", mime="application/pdf", data="JVBE", filename="a.pdf")
            )
        },
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "file",
                            "file": {
                                "filename": "a.pdf",
                                "file_data": "data:application/pdf;base64,JVBE",
                            },
                        }
                    ],
                }
            ]
        },
    ),
    "file id": (
        {
            "messages": user(
                Media(kind="file", file_id="file-1", opaque=Opaque(family="openai", value="file-1"))
            )
        },
        {
            "messages": [
                {"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]}
            ]
        },
    ),
    "video": (
        {"messages": user(Media(kind="video", url="https://x.test/a.mp4"))},
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "video_url", "video_url": {"url": "https://x.test/a.mp4"}}
                    ],
                }
            ]
        },
    ),
    "unknown part": (
        {
            "messages": user(
                Unknown(dialect="openai_chat", name="hologram", raw={"type": "hologram", "n": 1})
            )
        },
        {"messages": [{"role": "user", "content": [{"type": "hologram", "n": 1}]}]},
    ),
    "unknown message member": (
        {
            "messages": (
                Message(
                    role="user",
                    parts=(
                        Text(text="Hello"),
                        Unknown(dialect="openai_chat", name="weight", raw={"weight": 2}),
                    ),
                ),
            )
        },
        {"messages": [{"role": "user", "content": "Hello", "weight": 2}]},
    ),
    "tool turn": (
        {"messages": (*HELLO, CALL_TURN, RESULT_TURN)},
        {"messages": [*HELLO_WIRE, WIRE_CALL_TURN, WIRE_RESULT]},
    ),
    "parallel calls": (
        {
            "messages": (
                Message(
                    role="assistant", parts=(Text(text="Both."), call("a"), call("b", "time", "{}"))
                ),
                Message(
                    role="user",
                    parts=(
                        ToolResult(call_id="a", content=(Text(text="1"),)),
                        ToolResult(call_id="b", content=(Text(text="2"),)),
                    ),
                ),
            )
        },
        {
            "messages": [
                {
                    "role": "assistant",
                    "content": "Both.",
                    "tool_calls": [wire_call("a"), wire_call("b", "time", "{}")],
                },
                {"role": "tool", "tool_call_id": "a", "content": "1"},
                {"role": "tool", "tool_call_id": "b", "content": "2"},
            ]
        },
    ),
    "custom call": (
        {
            "messages": (
                Message(role="assistant", parts=(call("c", "exec", "ls -l", kind="custom"),)),
                Message(role="user", parts=(ToolResult(call_id="c", content=(Text(text="ok"),)),)),
            )
        },
        {
            "messages": [
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {"id": "c", "type": "custom", "custom": {"name": "exec", "input": "ls -l"}}
                    ],
                },
                {"role": "tool", "tool_call_id": "c", "content": "ok"},
            ]
        },
    ),
    "reasoning replayed": (
        {
            "messages": (
                Message(role="assistant", parts=(Reasoning(text="Hm."), Text(text="Yes."))),
                *HELLO,
            )
        },
        {
            "messages": [
                {"role": "assistant", "content": "Yes.", "reasoning_content": "Hm."},
                *HELLO_WIRE,
            ]
        },
    ),
    "refusal": (
        {"messages": (Message(role="assistant", parts=(Refusal(text="No."),)), *HELLO)},
        {"messages": [{"role": "assistant", "content": None, "refusal": "No."}, *HELLO_WIRE]},
    ),
    "audio of an earlier turn": (
        {
            "messages": (
                Message(
                    role="assistant",
                    parts=(
                        Media(
                            kind="audio",
                            file_id="audio_1",
                            opaque=Opaque(family="openai", value="audio_1"),
                        ),
                    ),
                ),
                *HELLO,
            )
        },
        {
            "messages": [
                {"role": "assistant", "content": None, "audio": {"id": "audio_1"}},
                *HELLO_WIRE,
            ]
        },
    ),
    "function tool": (
        {
            "tools": (
                Tool(
                    name="weather",
                    description="Tells it.",
                    parameters=SCHEMA,
                    strict=True,
                    dialect="openai_chat",
                ),
            )
        },
        {
            "tools": [
                {
                    "type": "function",
                    "function": {
                        "name": "weather",
                        "description": "Tells it.",
                        "parameters": SCHEMA,
                        "strict": True,
                    },
                }
            ]
        },
    ),
    "tool extras": (
        {
            "tools": (
                Tool(
                    name="weather",
                    extras={"eager": True, "function": {"x": 1}},
                    dialect="openai_chat",
                ),
            )
        },
        {"tools": [{"type": "function", "eager": True, "function": {"name": "weather", "x": 1}}]},
    ),
    "custom tool": (
        {
            "tools": (
                Tool(
                    name="exec",
                    kind="custom",
                    grammar={"type": "grammar", "syntax": "lark", "definition": "start: /x/"},
                    dialect="openai_chat",
                ),
            )
        },
        {
            "tools": [
                {
                    "type": "custom",
                    "custom": {
                        "name": "exec",
                        "format": {
                            "type": "grammar",
                            "grammar": {"syntax": "lark", "definition": "start: /x/"},
                        },
                    },
                }
            ]
        },
    ),
    "tool choice": (
        {
            "tools": (Tool(name="weather", dialect="openai_chat"),),
            "tool_choice": ToolChoice(mode="tool", name="weather"),
            "parallel_tool_calls": False,
        },
        {
            "tools": [{"type": "function", "function": {"name": "weather"}}],
            "tool_choice": {"type": "function", "function": {"name": "weather"}},
            "parallel_tool_calls": False,
        },
    ),
    "allowed tools": (
        {
            "tools": (
                Tool(name="a", dialect="openai_chat"),
                Tool(name="b", dialect="openai_chat"),
                Tool(name="c", dialect="openai_chat"),
            ),
            "tool_choice": ToolChoice(mode="required", allowed=("a", "b")),
        },
        {
            "tools": [
                {"type": "function", "function": {"name": "a"}},
                {"type": "function", "function": {"name": "b"}},
                {"type": "function", "function": {"name": "c"}},
            ],
            "tool_choice": {
                "type": "allowed_tools",
                "allowed_tools": {
                    "mode": "required",
                    "tools": [{"type": "function", "function": {"name": name}} for name in "ab"],
                },
            },
        },
    ),
    "web search": (
        {
            "tools": (
                HostedTool(
                    kind="web_search",
                    dialect="openai_chat",
                    raw={
                        "web_search_options": {
                            "search_context_size": "low",
                            "user_location": {
                                "type": "approximate",
                                "approximate": {"country": "FR"},
                            },
                        }
                    },
                    context_size="low",
                    location={"country": "FR"},
                ),
            )
        },
        {
            "web_search_options": {
                "search_context_size": "low",
                "user_location": {"type": "approximate", "approximate": {"country": "FR"}},
            }
        },
    ),
    "hosted tool": (
        {
            "tools": (
                HostedTool(
                    kind="web_search", dialect="openai_chat", raw={"type": "openrouter:web_search"}
                ),
            )
        },
        {"tools": [{"type": "openrouter:web_search"}]},
    ),
    "sampling": (
        {
            "sampling": Sampling(
                temperature=0.5,
                top_p=0.9,
                top_k=40,
                max_output_tokens=100,
                stop=("a", "b"),
                seed=7,
                choices=2,
                presence_penalty=0.1,
                frequency_penalty=-0.2,
                logprobs=True,
                top_logprobs=3,
                logit_bias={"50": -100},
            )
        },
        {
            "temperature": 0.5,
            "top_p": 0.9,
            "top_k": 40,
            "max_completion_tokens": 100,
            "stop": ["a", "b"],
            "seed": 7,
            "n": 2,
            "presence_penalty": 0.1,
            "frequency_penalty": -0.2,
            "logprobs": True,
            "top_logprobs": 3,
            "logit_bias": {"50": -100},
        },
    ),
    "effort": ({"reasoning": ReasoningSettings(effort="high")}, {"reasoning_effort": "high"}),
    "json object": (
        {"output_format": OutputFormat(kind="json")},
        {"response_format": {"type": "json_object"}},
    ),
    "json schema": (
        {
            "output_format": OutputFormat(
                kind="json_schema", name="city", description="One.", schema=SCHEMA, strict=True
            )
        },
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {
                    "name": "city",
                    "description": "One.",
                    "schema": SCHEMA,
                    "strict": True,
                },
            }
        },
    ),
    "audio out": (
        {"output_modalities": ("text", "audio"), "audio_output": {"voice": "ash", "format": "mp3"}},
        {"modalities": ["text", "audio"], "audio": {"voice": "ash", "format": "mp3"}},
    ),
    "settings": (
        {
            "user": "u1",
            "metadata": {"a": "b"},
            "prompt_cache_key": "k",
            "service_tier": "flex",
            "store": False,
            "verbosity": "low",
        },
        {
            "user": "u1",
            "metadata": {"a": "b"},
            "prompt_cache_key": "k",
            "service_tier": "flex",
            "store": False,
            "verbosity": "low",
        },
    ),
    "streamed": (
        {"stream": True, "include_usage": True},
        {"stream": True, "stream_options": {"include_usage": True}},
    ),
    "unknown members": (
        {
            "extensions": {
                "openai_chat": {"prediction": {"type": "content", "content": "x"}, "min_p": 0.1}
            }
        },
        {"prediction": {"type": "content", "content": "x"}, "min_p": 0.1},
    ),
}


@pytest.mark.parametrize("name", BOTH_WAYS)
def test_request_and_body_say_the_same(name: str) -> None:
    """Decoding the body gives the request, and encoding the request gives the body."""
    members, wire = BOTH_WAYS[name]
    request = Request(**{"model": "m", "messages": HELLO, **members})
    body = {"model": "m", "messages": HELLO_WIRE, **wire}
    assert request == decode(body)
    assert (body, ()) == written(request)


LENIENT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nulls are unsaid": (
        {"temperature": None, "tools": None, "tool_choice": None, "stop": None, "x": None},
        {},
    ),
    "one stop word": ({"stop": "END"}, {"sampling": Sampling(stop=("END",))}),
    "whole floats": ({"max_tokens": 10.0}, {"sampling": Sampling(max_output_tokens=10)}),
    "old limit": ({"max_tokens": 10}, {"sampling": Sampling(max_output_tokens=10)}),
    "responses limit": ({"max_output_tokens": 10}, {"sampling": Sampling(max_output_tokens=10)}),
    "new limit wins": (
        {"max_tokens": 10, "max_completion_tokens": 20},
        {"sampling": Sampling(max_output_tokens=20)},
    ),
    "flat tool": (
        {"tools": [{"type": "function", "name": "f", "parameters": SCHEMA}]},
        {"tools": (Tool(name="f", parameters=SCHEMA, dialect="openai_chat"),)},
    ),
    "anthropic tool": (
        {"tools": [{"name": "f", "input_schema": SCHEMA}]},
        {"tools": (Tool(name="f", parameters=SCHEMA, dialect="openai_chat"),)},
    ),
    "legacy functions": (
        {"functions": [{"name": "f"}], "function_call": {"name": "f"}},
        {
            "tools": (Tool(name="f", origin={"member": "functions"}, dialect="openai_chat"),),
            "tool_choice": ToolChoice(mode="tool", name="f"),
        },
    ),
    "any": ({"tool_choice": "any"}, {"tool_choice": ToolChoice(mode="required")}),
    "choice object": ({"tool_choice": {"type": "none"}}, {"tool_choice": ToolChoice(mode="none")}),
    "instructions": (
        {"instructions": "Be kind."},
        {"messages": (Message(role="system", parts=(Text(text="Be kind."),)), *HELLO)},
    ),
    "text format": (
        {
            "text": {
                "format": {"type": "json_schema", "name": "n", "schema": SCHEMA},
                "verbosity": "low",
            }
        },
        {
            "output_format": OutputFormat(kind="json_schema", name="n", schema=SCHEMA),
            "verbosity": "low",
        },
    ),
    "budget": (
        {"thinking": {"type": "enabled", "budget_tokens": 2000}},
        {"reasoning": ReasoningSettings(budget=2000)},
    ),
    "thinking off": (
        {"thinking": {"type": "disabled"}},
        {"reasoning": ReasoningSettings(budget=0)},
    ),
    "adaptive": (
        {"thinking": {"type": "adaptive", "display": "omitted"}},
        {"reasoning": ReasoningSettings(is_adaptive=True, visibility="omitted")},
    ),
    "openrouter": (
        {"reasoning": {"effort": "low", "exclude": True}},
        {"reasoning": ReasoningSettings(effort="low", include=False)},
    ),
    "openrouter budget": (
        {"reasoning": {"max_tokens": 900}},
        {"reasoning": ReasoningSettings(budget=900)},
    ),
    "qwen": (
        {"enable_thinking": True, "thinking_budget": 50},
        {"reasoning": ReasoningSettings(budget=50)},
    ),
    "qwen off": ({"enable_thinking": False}, {"reasoning": ReasoningSettings(budget=0)}),
    "google": (
        {"google": {"thinking_config": {"thinking_budget": 100, "include_thoughts": True}}},
        {"reasoning": ReasoningSettings(budget=100, include=True)},
    ),
    "google's level": (
        {"extra_body": {"google": {"thinking_config": {"thinking_level": "low"}}}},
        {"reasoning": ReasoningSettings(effort="low")},
    ),
    "google and more": (
        {"google": {"thinking_config": {"thinking_budget": 0}, "cached_content": "c"}},
        {
            "reasoning": ReasoningSettings(budget=0),
            "extensions": {
                "openai_chat": {
                    "google": {"thinking_config": {"thinking_budget": 0}, "cached_content": "c"}
                }
            },
        },
    ),
    "odd effort": (
        {"reasoning_effort": "default"},
        {"extensions": {"openai_chat": {"reasoning_effort": "default"}}},
    ),
    "input": ({"messages": None, "input": "Hello"}, {}),
    "input items": (
        {
            "messages": None,
            "input": [
                {
                    "type": "message",
                    "role": "user",
                    "content": [{"type": "input_text", "text": "Hello"}],
                },
                {
                    "type": "function_call",
                    "call_id": "call_1",
                    "name": "weather",
                    "arguments": '{"city":"Paris"}',
                },
                {"type": "function_call_output", "call_id": "call_1", "output": "18 °C"},
            ],
        },
        {"messages": (*HELLO, CALL_TURN, RESULT_TURN)},
    ),
}


@pytest.mark.parametrize("name", LENIENT)
def test_other_spellings_are_understood(name: str) -> None:
    """Vendors', old and mixed spellings decode to the same canonical request."""
    wire, members = LENIENT[name]
    assert Request(**{"model": "m", "messages": HELLO, **members}) == decode(
        {"model": "m", "messages": HELLO_WIRE, **wire}
    )


MESSAGES: dict[str, tuple[list[dict[str, Any]], tuple[Message, ...]]] = {
    "empty contents": (
        [{"role": "user", "content": []}, {"role": "user", "content": None}, *HELLO_WIRE],
        (Message(role="user", parts=()), Message(role="user", parts=()), *HELLO),
    ),
    "bare texts": (
        [{"role": "user", "content": ["a", {"type": "input_text", "text": "b"}]}],
        user(Text(text="a"), Text(text="b")),
    ),
    "image text url": (
        [{"role": "user", "content": [{"type": "image_url", "image_url": "https://x.test/a"}]}],
        user(Media(kind="image", url="https://x.test/a")),
    ),
    "percent data url": (
        [
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": "data:image/svg+xml,%3Csvg/%3E"}}
                ],
            }
        ],
        user(Media(kind="image", mime="image/svg+xml", data="PHN2Zy8+")),
    ),
    "bare base64 file": (
        [
            {
                "role": "user",
                "content": [{"type": "file", "file": {"file_data": "JVBE", "filename": "a.txt"}}],
            }
        ],
        user(Media(kind="file", mime="text/plain", data="JVBE", filename="a.txt")),
    ),
    "mistral document": (
        [
            {
                "role": "user",
                "content": [{"type": "document_url", "document_url": "https://x.test/a.pdf"}],
            }
        ],
        user(Media(kind="file", url="https://x.test/a.pdf")),
    ),
    "legacy function turn": (
        [
            {
                "role": "assistant",
                "content": None,
                "function_call": {"name": "f", "arguments": "{}"},
            },
            {"role": "function", "name": "f", "content": "1"},
        ],
        (
            Message(role="assistant", parts=(call("call_0_0", "f", "{}"),)),
            Message(
                role="user",
                parts=(ToolResult(call_id="call_0_0", name="f", content=(Text(text="1"),)),),
            ),
        ),
    ),
    "object arguments": (
        [
            {
                "role": "assistant",
                "tool_calls": [
                    {
                        "index": 0,
                        "id": "x",
                        "type": "function",
                        "function": {"name": "f", "arguments": {"a": 1}},
                    }
                ],
            }
        ],
        (Message(role="assistant", parts=(call("x", "f", '{"a":1}'),)),),
    ),
    "missing ids": (
        [
            {
                "role": "assistant",
                "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
            {"role": "tool", "content": "1"},
        ],
        (
            Message(role="assistant", parts=(call("call_0_0", "f", "{}"),)),
            Message(
                role="user", parts=(ToolResult(call_id="call_0_0", content=(Text(text="1"),)),)
            ),
        ),
    ),
    "anthropic blocks": (
        [
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "t", "content": "1", "is_error": True},
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": PNG},
                    },
                ],
            },
        ],
        (
            Message(role="assistant", parts=(call("t", "f", "{}"),)),
            Message(
                role="user",
                parts=(
                    ToolResult(call_id="t", content=(Text(text="1"),), is_error=True),
                    Media(kind="image", mime="image/png", data=PNG),
                ),
            ),
        ),
    ),
    "thinking blocks": (
        [
            {
                "role": "assistant",
                "content": "Yes.",
                "reasoning_content": "Hm.",
                "thinking_blocks": [
                    {"type": "thinking", "thinking": "Hm.", "signature": "sig"},
                    {"type": "redacted_thinking", "data": "xx"},
                ],
            }
        ],
        (
            Message(
                role="assistant",
                parts=(
                    Reasoning(text="Hm.", opaque=Opaque(family="anthropic", value="sig")),
                    Reasoning(is_redacted=True, opaque=Opaque(family="anthropic", value="xx")),
                    Text(text="Yes."),
                ),
            ),
        ),
    ),
    "mistral thinking": (
        [
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
                    {"type": "text", "text": "Yes."},
                ],
            }
        ],
        (Message(role="assistant", parts=(Reasoning(text="Hm."), Text(text="Yes."))),),
    ),
    "openrouter details": (
        [
            {
                "role": "assistant",
                "content": "Yes.",
                "reasoning_details": [
                    {
                        "type": "reasoning.encrypted",
                        "data": "xx",
                        "format": "openai-responses-v1",
                        "index": 0,
                    }
                ],
            }
        ],
        (
            Message(
                role="assistant",
                parts=(
                    Reasoning(
                        opaque=Opaque(
                            family="openrouter",
                            value=[
                                {
                                    "type": "reasoning.encrypted",
                                    "data": "xx",
                                    "format": "openai-responses-v1",
                                    "index": 0,
                                }
                            ],
                        )
                    ),
                    Text(text="Yes."),
                ),
            ),
        ),
    ),
    "openrouter claude": (
        [
            {
                "role": "assistant",
                "content": "Yes.",
                "reasoning_details": [
                    {
                        "type": "reasoning.text",
                        "text": "Hm.",
                        "signature": "sig",
                        "format": "anthropic-claude-v1",
                        "index": 0,
                    }
                ],
            }
        ],
        (
            Message(
                role="assistant",
                parts=(
                    Reasoning(text="Hm.", opaque=Opaque(family="anthropic", value="sig")),
                    Text(text="Yes."),
                ),
            ),
        ),
    ),
    "gemini signature": (
        [
            {
                "role": "assistant",
                "tool_calls": [wire_call(extra_content={"google": {"thought_signature": "sig"}})],
            }
        ],
        (Message(role="assistant", parts=(call(opaque=Opaque(family="gemini", value="sig")),)),),
    ),
    "cache markers": (
        [
            {
                "role": "system",
                "content": [
                    {
                        "type": "text",
                        "text": "S",
                        "cache_control": {"type": "ephemeral", "ttl": "1h"},
                    }
                ],
            },
            {"role": "user", "content": "Hello", "cache_control": {"type": "ephemeral"}},
        ],
        (
            Message(role="system", parts=(Text(text="S", cache=CacheHint(ttl="1h")),)),
            Message(role="user", parts=(Text(text="Hello", cache=CacheHint()),)),
        ),
    ),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_messages_of_every_kind_of_client(name: str) -> None:
    """What clients send in place of the documented form is read as what it means."""
    wire, messages = MESSAGES[name]
    assert messages == decode({"model": "m", "messages": wire}).messages


@pytest.mark.parametrize(
    "body, param",
    [
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": {}}, "messages"),
        ({"messages": ["hi"]}, "messages[0]"),
        ({"messages": [{"content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "alien", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 3}]}, "messages[0].content"),
        (
            {"messages": [*HELLO_WIRE, {"role": "user", "content": [{"type": "text"}]}]},
            "messages[1].content[0].text",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": 3}]}]},
            "messages[0].content[0].image_url",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]},
            "messages[0].content[0].input_audio",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "file", "file": {}}]}]},
            "messages[0].content[0].file",
        ),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"function": {}}]}]},
            "messages[0].tool_calls[0].function.name",
        ),
        ({"messages": [{"role": "assistant", "tool_calls": {}}]}, "messages[0].tool_calls"),
        ({"messages": HELLO_WIRE, "temperature": "hot"}, "temperature"),
        ({"messages": HELLO_WIRE, "max_tokens": 1.5}, "max_tokens"),
        ({"messages": HELLO_WIRE, "stop": [1]}, "stop[0]"),
        ({"messages": HELLO_WIRE, "tools": {}}, "tools"),
        (
            {"messages": HELLO_WIRE, "tools": [{"type": "function", "function": {}}]},
            "tools[0].function.name",
        ),
        ({"messages": HELLO_WIRE, "tools": [{}]}, "tools[0].type"),
        ({"messages": HELLO_WIRE, "tool_choice": "sometimes"}, "tool_choice"),
        (
            {"messages": HELLO_WIRE, "tool_choice": {"type": "function"}},
            "tool_choice.function.name",
        ),
        ({"messages": HELLO_WIRE, "response_format": 3}, "response_format"),
        (
            {
                "messages": HELLO_WIRE,
                "response_format": {"type": "json_schema", "json_schema": {"schema": []}},
            },
            "response_format.json_schema.schema",
        ),
        ({"messages": HELLO_WIRE, "stream_options": []}, "stream_options"),
        ({"messages": HELLO_WIRE, "metadata": "x"}, "metadata"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(body: dict[str, Any], param: str) -> None:
    """400 with the path of the member at fault, in OpenAI's `param`."""
    with pytest.raises(RequestRefused) as refusal:
        decode(body)
    assert (400, param) == (refusal.value.error.status, refusal.value.error.param)
    assert refusal.value.error.message.startswith(param)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "role",
                    "content",
                    "type",
                    "text",
                    "image_url",
                    "url",
                    "tool_calls",
                    "function",
                    "name",
                    "arguments",
                    "file",
                    "input_audio",
                    "data",
                    "tool_call_id",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


def test_an_empty_turn_is_asked_as_it_is() -> None:
    """A list of no messages is refused; a turn whose content could not be told is another
    matter.
    """
    assert encode(Request(model="m", messages=(Message(role="user", parts=(Text(text=""),)),)))[
        "messages"
    ] == [{"role": "user", "content": ""}]
    assert encode(Request(model="m", messages=(Message(role="user", parts=()),)))["messages"] == [
        {"role": "user", "content": ""}
    ]
    lost = Request(
        model="m", messages=(Message(role="user", parts=(Media(kind="image", url="https://x"),)),)
    )
    assert encode(lost, Quirk(has_images=False))["messages"] == []


@settings(max_examples=40, deadline=None)
@given(
    st.lists(JSON, max_size=3),
    st.dictionaries(
        st.sampled_from(
            [
                "tools",
                "tool_choice",
                "stop",
                "reasoning",
                "thinking",
                "response_format",
                "text",
                "audio",
                "logit_bias",
                "web_search_options",
                "stream_options",
                "functions",
                "input",
                "modalities",
            ]
        ),
        JSON,
        max_size=3,
    ),
)
def test_hostile_bodies_are_read_or_refused(messages: list[Any], members: dict[str, Any]) -> None:
    """Any JSON gives a Request that can be encoded, or a RequestRefused; nothing else."""
    try:
        request = decode({"model": "m", "messages": [*messages, *HELLO_WIRE], **members})
    except RequestRefused:
        return
    assert json.dumps(encode(request))


# What an upstream gets


def test_a_responses_shaped_body_of_cursor() -> None:
    """Freeform calls and reasoning items are read too; members that only Responses knows do not go
    to a chat upstream.
    """
    items = [
        {"type": "reasoning", "summary": [], "encrypted_content": "E"},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
        {"type": "custom_tool_call", "call_id": "c", "name": "patch", "input": "*** Begin"},
        {
            "type": "custom_tool_call_output",
            "call_id": "c",
            "output": [{"type": "input_text", "text": "done"}],
        },
        {"role": "assistant", "content": []},
    ]
    request = decode(
        {
            "model": "m",
            "input": items,
            "include": ["reasoning.encrypted_content"],
            "truncation": "auto",
        }
    )
    assert (
        Message(role="assistant", parts=(Reasoning(text="Hm."),)),
        Message(
            role="assistant",
            parts=(ToolCall(call_id="c", name="patch", arguments="*** Begin", kind="custom"),),
        ),
        Message(role="user", parts=(ToolResult(call_id="c", content=(Text(text="done"),)),)),
        Message(role="assistant", parts=()),
    ) == request.messages
    encoded = UPSTREAM.encode_request(request, Quirk())
    assert not {"include", "truncation"} & encoded.body.keys()
    assert {"include", "truncation"} == set(encoded.losses)


def test_system_turns_take_the_role_of_the_upstream() -> None:
    """System and developer text comes under the role the row names, or before the first user turn
    where there is none.
    """
    messages = (Message(role="developer", parts=(Text(text="A"), Text(text="B"))), *HELLO)
    request = Request(model="m", messages=messages)
    assert [{"role": "system", "content": "A\n\nB"}, *HELLO_WIRE] == encode(request)["messages"]
    assert [{"role": "developer", "content": "A\n\nB"}, *HELLO_WIRE] == encode(
        request, Quirk(system_role="developer")
    )["messages"]
    assert encode(request, Quirk(system_role="user"))["messages"] == [
        {"role": "user", "content": "A\n\nB\n\nHello"}
    ]


def test_results_follow_their_calls_at_once() -> None:
    """Text beside results comes after them, and so do images that were inside a result."""
    image = Media(kind="image", mime="image/png", data=PNG)
    turn = Message(
        role="user",
        parts=(
            Text(text="And?"),
            ToolResult(call_id="call_1", content=(Text(text="a"), image, Text(text="b"))),
        ),
    )
    assert [
        WIRE_CALL_TURN,
        {
            "role": "tool",
            "tool_call_id": "call_1",
            "content": "a\nb\n(what this call also returned follows: call_1)",
        },
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Returned by the tool call call_1:"},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
            ],
        },
        {"role": "user", "content": "And?"},
    ] == encode(Request(model="m", messages=(CALL_TURN, turn)))["messages"]


def test_a_text_document_inside_a_result_is_part_of_its_text() -> None:
    """It needs no message of its own."""
    turn = Message(
        role="user",
        parts=(
            ToolResult(call_id="call_1", content=(Text(text="a"), Media(kind="file", text="b"))),
        ),
    )
    assert encode(Request(model="m", messages=(CALL_TURN, turn)))["messages"] == [
        WIRE_CALL_TURN,
        {**WIRE_RESULT, "content": "a\nb"},
    ]


def test_calls_and_results_are_paired() -> None:
    """A call nobody answered gets a result that says so; a result nobody asked for becomes text;
    two assistant turns before the results become one.
    """
    assert [
        WIRE_CALL_TURN,
        {"role": "tool", "tool_call_id": "call_1", "content": "(no result)"},
        *HELLO_WIRE,
    ] == encode(Request(model="m", messages=(CALL_TURN, *HELLO)))["messages"]
    assert encode(Request(model="m", messages=(RESULT_TURN,)))["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "Result of the tool call_1:\n18 °C"}]}
    ]
    split = (CALL_TURN, Message(role="assistant", parts=(Text(text="Wait."),)), RESULT_TURN)
    assert encode(Request(model="m", messages=split))["messages"] == [
        {**WIRE_CALL_TURN, "content": "Wait."},
        WIRE_RESULT,
    ]


def test_reasoning_goes_back_in_the_member_the_upstream_reads() -> None:
    """Text in its member, Anthropic's signatures as OpenRouter's details, Gemini's on the call,
    each only where it is understood.
    """
    signed = Reasoning(text="Hm.", opaque=Opaque(family="anthropic", value="sig"))
    request = Request(
        model="m", messages=(Message(role="assistant", parts=(signed, Text(text="Yes."))), *HELLO)
    )
    assert encode(request, Quirk(reasoning_replay="reasoning"))["messages"][0] == {
        "role": "assistant",
        "content": "Yes.",
        "reasoning": "Hm.",
    }
    assert encode(request, Quirk(reasoning_replay="none"))["messages"][0] == {
        "role": "assistant",
        "content": "Yes.",
    }
    details = [
        {
            "type": "reasoning.text",
            "text": "Hm.",
            "signature": "sig",
            "format": "anthropic-claude-v1",
            "index": 0,
        }
    ]
    assert {"role": "assistant", "content": "Yes.", "reasoning_details": details} == encode(
        request, Quirk(reasoning_replay="reasoning_details")
    )["messages"][0]
    called = Request(
        model="m",
        messages=(
            Message(role="assistant", parts=(call(opaque=Opaque(family="gemini", value="g")),)),
            RESULT_TURN,
        ),
    )
    assert (
        wire_call(extra_content={"google": {"thought_signature": "g"}})
        == encode(called, Quirk(opaque_family="gemini"))["messages"][0]["tool_calls"][0]
    )
    assert wire_call() == encode(called)["messages"][0]["tool_calls"][0]


def test_call_ids_take_the_form_of_the_upstream() -> None:
    """Mistral wants nine letters or digits: a call and its result still share one id."""
    messages = encode(
        Request(model="m", messages=(CALL_TURN, RESULT_TURN)), Quirk(tool_call_id_form="alnum9")
    )["messages"]
    call_id = messages[0]["tool_calls"][0]["id"]
    assert len(call_id) == 9
    assert call_id.isalnum()
    assert call_id == messages[1]["tool_call_id"]


def test_names_the_wire_refuses_are_replaced_everywhere() -> None:
    """A namespaced or dotted name is sent in one accepted spelling, in the tool, the choice and the
    call.
    """
    tools = (Tool(name="read", namespace="fs"), Tool(name="a.b"))
    request = Request(
        model="m",
        messages=(Message(role="assistant", parts=(call(name="a.b"),)), RESULT_TURN),
        tools=tools,
        tool_choice=ToolChoice(mode="tool", name="a.b"),
    )
    body = encode(request)
    names = [tool["function"]["name"] for tool in body["tools"]]
    assert names[0] == "fs__read"
    assert (
        names[1]
        == body["tool_choice"]["function"]["name"]
        == body["messages"][0]["tool_calls"][0]["function"]["name"]
    )
    assert "." not in names[1]


QUIRKS: list[tuple[dict[str, Any], Quirk, dict[str, Any], tuple[str, ...]]] = [
    (
        {"sampling": Sampling(max_output_tokens=5)},
        Quirk(max_tokens_member="either"),
        {"max_tokens": 5},
        (),
    ),
    (
        {"sampling": Sampling(seed=1, temperature=1.0)},
        Quirk(dropped_members=frozenset({"seed"})),
        {"temperature": 1.0},
        ("seed",),
    ),
    ({"stream": True}, Quirk(stream_options=False), {"stream": True}, ()),
    (
        {"reasoning": ReasoningSettings(effort="minimal")},
        Quirk(efforts=("low", "high")),
        {"reasoning_effort": "low"},
        (),
    ),
    (
        {"reasoning": ReasoningSettings(effort="none")},
        Quirk(efforts=("low", "high")),
        {"reasoning_effort": "low"},
        (),
    ),
    (
        {"reasoning": ReasoningSettings(effort="medium")},
        Quirk(efforts=("none", "default")),
        {"reasoning_effort": "default"},
        (),
    ),
    (
        {"reasoning": ReasoningSettings(effort="none")},
        Quirk(efforts=("none", "default")),
        {"reasoning_effort": "none"},
        (),
    ),
    (
        {
            "sampling": Sampling(temperature=0.5, top_p=1, logprobs=True),
            "reasoning": ReasoningSettings(effort="low"),
        },
        Quirk(sampling_while_reasoning=False),
        {"reasoning_effort": "low"},
        ("temperature", "logprobs"),
    ),
    (
        {"sampling": Sampling(temperature=0.5), "reasoning": ReasoningSettings(effort="none")},
        Quirk(sampling_while_reasoning=False),
        {"temperature": 0.5, "reasoning_effort": "none"},
        (),
    ),
    (
        {"sampling": Sampling(temperature=0.5)},
        Quirk(sampling_while_reasoning=False),
        {},
        ("temperature",),
    ),
    (
        {"sampling": Sampling(temperature=0.5)},
        Quirk(sampling_while_reasoning=False, reasons_by_default=False),
        {"temperature": 0.5},
        (),
    ),
    ({"sampling": Sampling(seed=7)}, Quirk(seed_member="random_seed"), {"random_seed": 7}, ()),
    ({"reasoning": ReasoningSettings(budget=20_000)}, Quirk(), {"reasoning_effort": "high"}, ()),
    ({"reasoning": ReasoningSettings(budget=1024)}, Quirk(), {"reasoning_effort": "low"}, ()),
    ({"reasoning": ReasoningSettings(budget=0)}, Quirk(), {"reasoning_effort": "none"}, ()),
    (
        {"sampling": Sampling(stop=tuple("abcde"))},
        Quirk(max_stops=4),
        {"stop": ["a", "b", "c", "d"]},
        ("stop",),
    ),
    ({"user": "u" * 64}, Quirk(), {"user": "u" * 64}, ()),
    ({"user": "u" * 65}, Quirk(), {"user": hashlib.sha256(b"u" * 65).hexdigest()}, ()),
    (
        {"store": False, "user": "u"},
        Quirk(dropped_members=frozenset({"store", "user"})),
        {},
        ("user",),
    ),
    ({"sampling": Sampling(stop=("a",))}, Quirk(max_stops=4), {"stop": ["a"]}, ()),
    (
        {"reasoning": ReasoningSettings(is_adaptive=True)},
        Quirk(efforts=("none", "low", "medium", "high")),
        {"reasoning_effort": "medium"},
        (),
    ),
    (
        {"reasoning": ReasoningSettings(include=True)},
        Quirk(efforts=("none", "high")),
        {"reasoning_effort": "high"},
        (),
    ),
    ({"reasoning": ReasoningSettings(budget=-1)}, Quirk(efforts=("low", "high")), {}, ()),
    ({"reasoning": ReasoningSettings(is_adaptive=True)}, Quirk(), {}, ()),
    (
        {"reasoning": ReasoningSettings(budget=900)},
        Quirk(reasoning_request="openrouter"),
        {"reasoning": {"max_tokens": 900}},
        (),
    ),
    (
        {"reasoning": ReasoningSettings(budget=0)},
        Quirk(reasoning_request="openrouter"),
        {"reasoning": {"enabled": False}},
        (),
    ),
    (
        {"reasoning": ReasoningSettings(effort="low", include=False)},
        Quirk(reasoning_request="openrouter"),
        {"reasoning": {"effort": "low", "exclude": True}},
        (),
    ),
    (
        {"reasoning": ReasoningSettings(effort="high")},
        Quirk(reasoning_request="thinking"),
        {"thinking": {"type": "enabled"}},
        ("reasoning_effort",),
    ),
    (
        {"reasoning": ReasoningSettings(effort="medium")},
        Quirk(reasoning_request="thinking", efforts=("low", "high")),
        {"thinking": {"type": "enabled"}, "reasoning_effort": "low"},
        (),
    ),
    (
        {"reasoning": ReasoningSettings(effort="none")},
        Quirk(reasoning_request="thinking"),
        {"thinking": {"type": "disabled"}},
        (),
    ),
    (
        {"reasoning": ReasoningSettings(budget=50)},
        Quirk(reasoning_request="enable_thinking"),
        {"enable_thinking": True, "thinking_budget": 50},
        (),
    ),
    (
        {"reasoning": ReasoningSettings(budget=0)},
        Quirk(reasoning_request="enable_thinking"),
        {"enable_thinking": False},
        (),
    ),
    (
        {"reasoning": ReasoningSettings(effort="low")},
        Quirk(reasoning_request="none"),
        {},
        ("reasoning_effort",),
    ),
    (
        {"tools": (Tool(name="f"),), "tool_choice": ToolChoice(mode="auto")},
        Quirk(has_tools=False),
        {},
        ("tools",),
    ),
    (
        {"tools": (Tool(name="f"),), "parallel_tool_calls": False},
        Quirk(parallel_tool_calls_member=False),
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        ("parallel_tool_calls",),
    ),
    (
        {"tools": (Tool(name="f"),), "tool_choice": ToolChoice(mode="required", allowed=("f",))},
        Quirk(),
        {"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "required"},
        (),
    ),
    (
        {"tool_choice": ToolChoice(mode="required"), "parallel_tool_calls": True},
        Quirk(),
        {},
        ("tool_choice",),
    ),
    (
        {"tools": (Tool(name="f", cache=CacheHint(ttl="1h")),)},
        Quirk(),
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        ("cache_control",),
    ),
    (
        {"tools": (Tool(name="f", cache=CacheHint(ttl="1h")),)},
        Quirk(cache_control=True),
        {
            "tools": [
                {
                    "type": "function",
                    "function": {"name": "f"},
                    "cache_control": {"type": "ephemeral", "ttl": "1h"},
                }
            ]
        },
        (),
    ),
    (
        {
            "tools": (
                HostedTool(
                    kind="web_search",
                    dialect="anthropic",
                    raw={},
                    max_uses=3,
                    location={"city": "Rome"},
                ),
            )
        },
        Quirk(),
        {
            "web_search_options": {
                "user_location": {"type": "approximate", "approximate": {"city": "Rome"}}
            }
        },
        ("tools.web_search.max_uses",),
    ),
    (
        {"tools": (HostedTool(kind="code_execution", dialect="anthropic", raw={}),)},
        Quirk(),
        {},
        ("tools.code_execution",),
    ),
    (
        {"extensions": {"anthropic": {"context_management": {}}}},
        Quirk(),
        {},
        ("context_management",),
    ),
    ({"previous_response_id": "resp_1"}, Quirk(), {}, ("previous_response_id",)),
    ({"service_tier": "standard_only"}, Quirk(), {"service_tier": "default"}, ()),
    (
        {"messages": user(Text(text="a"), Media(kind="image", url="https://x.test/a"))},
        Quirk(has_images=False),
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}]},
        ("messages[0].image",),
    ),
    (
        {"messages": user(Text(text="a"), Text(text="b"))},
        Quirk(text_content_only=True),
        {"messages": [{"role": "user", "content": "a\nb"}]},
        (),
    ),
    (
        {"messages": user(Text(text="a", cache=CacheHint()))},
        Quirk(),
        {"messages": [{"role": "user", "content": "a"}]},
        ("cache_control",),
    ),
    (
        {"messages": user(Text(text="a", cache=CacheHint()))},
        Quirk(cache_control=True),
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}
                    ],
                }
            ]
        },
        (),
    ),
    (
        {
            "messages": user(
                Unknown(dialect="anthropic", name="search_result", raw={}), Text(text="a")
            )
        },
        Quirk(),
        {"messages": [{"role": "user", "content": "a"}]},
        ("messages[0].search_result",),
    ),
    (
        {"messages": user(Media(kind="file", mime="text/csv", data="YSxi", filename="t.csv"))},
        Quirk(),
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "t.csv\n\na,b"}]}]},
        (),
    ),
    (
        {"messages": user(Media(kind="file", url="https://x.test/a.pdf", filename="a.pdf"))},
        Quirk(document_part="document_url"),
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "document_url",
                            "document_url": "https://x.test/a.pdf",
                            "document_name": "a.pdf",
                        }
                    ],
                }
            ]
        },
        (),
    ),
]


def test_what_an_assistant_turn_and_a_document_lose_is_named() -> None:
    """Reasoning where the upstream reads none back (or only an opaque block is left of it), and the
    wish for citations.
    """
    cited = Media(kind="file", mime="application/pdf", data="AAAA", citations_enabled=True)
    hidden = Reasoning(is_redacted=True, opaque=Opaque(family="anthropic", value="s"))
    for reasoning, quirk in (
        (Reasoning(text="x"), Quirk(reasoning_replay="none")),
        (hidden, Quirk()),
    ):
        turns = (
            Message(role="user", parts=(cited,)),
            Message(role="assistant", parts=(reasoning, Text(text="y"))),
            Message(role="user", parts=(Text(text="z"),)),
        )
        assert written(Request(model="m", messages=turns), quirk)[1] == (
            "citations",
            "messages.reasoning",
        )


@pytest.mark.parametrize("members, quirk, wire, losses", QUIRKS)
def test_the_upstreams_facts_shape_the_body(
    members: dict[str, Any], quirk: Quirk, wire: dict[str, Any], losses: tuple[str, ...]
) -> None:
    """Each quirk changes what is written, and what cannot be said is a loss."""
    body, lost = written(Request(**{"model": "m", "messages": HELLO, **members}), quirk)
    assert {"model": "m", "messages": HELLO_WIRE, **wire} == body
    assert losses == lost


def test_a_schema_is_told_in_words_where_the_wire_has_none() -> None:
    """`json_object` upstreams get the schema in the system text."""
    body = encode(
        Request(
            model="m", messages=HELLO, output_format=OutputFormat(kind="json_schema", schema=SCHEMA)
        ),
        Quirk(json_schema=False),
    )
    assert body["response_format"] == {"type": "json_object"}
    assert body["messages"][0]["role"] == "system"
    assert json.dumps(SCHEMA, separators=(",", ":")) in body["messages"][0]["content"]


def test_freeform_tools_become_functions_where_only_those_are_known() -> None:
    """A custom tool is offered with one `input`, its grammar in words, and earlier calls are
    wrapped likewise.
    """
    tool = Tool(
        name="exec",
        kind="custom",
        description="Runs.",
        grammar={"type": "grammar", "syntax": "lark", "definition": "start: /x/"},
    )
    turns = (
        Message(role="assistant", parts=(call("c", "exec", "ls", kind="custom"),)),
        Message(role="user", parts=(ToolResult(call_id="c"),)),
    )
    body = encode(
        Request(
            model="m",
            messages=turns,
            tools=(tool,),
            tool_choice=ToolChoice(mode="tool", name="exec"),
        ),
        Quirk(custom_tools=False),
    )
    described = body["tools"][0]["function"]
    assert "start: /x/" in described["description"]
    assert described["parameters"]["required"] == ["input"]
    assert wire_call("c", "exec", '{"input":"ls"}') == body["messages"][0]["tool_calls"][0]
    assert body["tool_choice"] == {"type": "function", "function": {"name": "exec"}}


@pytest.mark.parametrize(
    "media, quirk, expected",
    [
        (Media(kind="image", url="https://x.test"), Quirk(), False),
        (Media(kind="image", url="https://x.test"), Quirk(image_urls=False), True),
        (Media(kind="image", data=PNG), Quirk(image_urls=False), False),
        (Media(kind="file", url="https://x.test"), Quirk(), True),
        (Media(kind="file", url="https://x.test"), Quirk(document_part="document_url"), False),
        (Media(kind="audio", url="https://x.test"), Quirk(), True),
        (Media(kind="video", url="https://x.test"), Quirk(), False),
    ],
)
def test_which_media_must_be_fetched(media: Media, quirk: Quirk, expected: bool) -> None:
    """Sounds and documents only travel by value, pictures where the upstream does not fetch."""
    assert expected == UPSTREAM.needs_inline(media, quirk)


def test_a_turn_of_which_nothing_can_be_said_is_left_out() -> None:
    """Hosted calls, or another family's thinking alone: no empty assistant turn, before results
    neither. One that the client itself left empty stays.
    """
    hosted = Unknown(
        dialect="openai_responses", name="web_search_call", raw={"type": "web_search_call"}
    )
    turns = (
        Message(role="assistant", parts=(hosted,)),
        CALL_TURN,
        Message(role="assistant", parts=(Reasoning(text="hm"),)),
        RESULT_TURN,
        Message(role="assistant", parts=()),
    )
    body, losses = written(Request(model="m", messages=turns), Quirk(reasoning_replay="none"))
    assert [message["role"] for message in body["messages"]] == ["assistant", "tool", "assistant"]
    assert body["messages"][-1] == {"role": "assistant", "content": ""}
    assert losses == ("messages[0].web_search_call", "messages.reasoning")


def test_one_text_stays_a_string_beside_what_cannot_be_said() -> None:
    """Some servers take no list of parts from the assistant."""
    hosted = Unknown(dialect="anthropic", name="server_tool_use", raw={"type": "server_tool_use"})
    result = UPSTREAM.encode_request(
        Request(
            model="m", messages=(Message(role="assistant", parts=(hosted, Text(text="found"))),)
        ),
        Quirk(),
    )
    assert result.body["messages"] == [{"role": "assistant", "content": "found"}]
    assert result.losses == ("messages[0].server_tool_use",)


def test_legacy_functions_are_no_loss_elsewhere() -> None:
    """That a tool came from `functions` only matters to the answer."""
    body = {
        "messages": HELLO_WIRE,
        "functions": [{"name": "f", "parameters": {"type": "object", "properties": {}}}],
    }
    request = CLIENT.decode_request(body, "m", False)
    assert [
        UPSTREAM_DIALECTS[name].encode_request(request, Quirk()).losses
        for name in ("anthropic", "gemini", "openai_responses", "cohere")
    ] == [()] * 4


def test_a_choice_among_tools_where_only_openai_knows_it() -> None:
    """The other tools are left out, and the choice is the plain word."""
    tools = tuple(Tool(name=name) for name in "fgh")
    for mode in ("auto", "required"):
        request = Request(
            model="m", tools=tools, tool_choice=ToolChoice(mode=mode, allowed=("f", "h"))
        )
        body = encode(request, Quirk(allowed_tools=False))
        assert ([tool["function"]["name"] for tool in body["tools"]], body["tool_choice"]) == (
            ["f", "h"],
            mode,
        )
        assert encode(request)["tool_choice"]["type"] == "allowed_tools"


USUAL = st.fixed_dictionaries(
    {
        "messages": st.lists(
            st.one_of(
                st.fixed_dictionaries(
                    {
                        "role": st.sampled_from(["system", "developer", "user", "assistant"]),
                        "content": st.sampled_from(
                            ["", "hi", None, [{"type": "text", "text": "a"}]]
                        ),
                    },
                    optional={"name": st.just("n"), "more": st.just(1)},
                ),
                st.just({"role": "tool", "tool_call_id": "c", "content": "r"}),
            ),
            min_size=1,
            max_size=4,
        )
    },
    optional={
        "model": st.just("m"),
        "temperature": st.sampled_from([None, 0, 0.5, "hot"]),
        "top_p": st.sampled_from([None, 1]),
        "max_tokens": st.sampled_from([None, 5, 5.0, 5.5]),
        "max_completion_tokens": st.sampled_from([None, 6]),
        "stream_options": st.sampled_from([None, {}, {"include_usage": True}, 5]),
        "tools": st.sampled_from([None, [], [{"type": "function", "function": {"name": "f"}}]]),
        "tool_choice": st.sampled_from([None, "auto", "none"]),
        "parallel_tool_calls": st.sampled_from([None, False, 1]),
    },
)


@given(USUAL)
def test_a_usual_body_is_read_as_any_other(body: dict[str, Any]) -> None:
    """A member that says nothing sends it the long way."""
    assert _read(body) == _read({**body, "verbosity": None})


def _read(body: dict[str, Any]) -> Any:
    try:
        return decode(body)
    except RequestRefused as refused:
        return refused.error


@pytest.mark.parametrize("role", ["system", "developer", "user", "assistant", "model"])
@pytest.mark.parametrize("content", ["hi", ""])
def test_a_turn_of_text_alone_is_read_as_any_other(role: str, content: str) -> None:
    """A name that is null sends it the long way."""
    turn = {"role": role, "content": content}
    assert decode({"messages": [turn]}) == decode({"messages": [{**turn, "name": None}]})


@pytest.mark.parametrize(("limit", "read"), [(-1, None), (0, None), (7, 7)])
def test_less_than_one_token_is_no_limit(limit: int, read: int | None) -> None:
    """As llama.cpp, LM Studio and those who write for them say «as much as there is»."""
    asked = decode({"messages": HELLO_WIRE, "max_tokens": limit})
    assert asked.sampling.max_output_tokens == read


def test_a_tools_result_may_be_an_object() -> None:
    """It is told as its JSON, where it used to be lost."""
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    turns = [{"role": "assistant", "tool_calls": [call]}]
    result = {"role": "tool", "tool_call_id": "c", "content": {"ok": True}}
    parts = decode({"messages": [*HELLO_WIRE, *turns, result]}).messages[-1].parts
    assert parts == (ToolResult(call_id="c", content=(Text(text='{"ok":true}'),)),)
