"""What Gemini clients send becomes canonical: every spelling the SDKs use, ids for calls without,
and refusals that name the member.
"""

from __future__ import annotations

from typing import Any

import pytest

from uniapi.canonical import (
    HostedTool,
    Media,
    Message,
    Opaque,
    OutputFormat,
    Part,
    Reasoning,
    ReasoningSettings,
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
from uniapi.dialects import Quirk
from uniapi.dialects.gemini import CLIENT, UPSTREAM

HELLO = {"role": "user", "parts": [{"text": "hello"}]}
SIGNED = Opaque(family="gemini", value="QUJD")


def decode(body: dict[str, Any]) -> Request:
    return CLIENT.decode_request(body, "gemini-x", True)


def decode_with(**members: Any) -> Request:
    return decode({"contents": [HELLO], **members})


CONTENTS: list[tuple[Any, list[tuple[str, str]]]] = [
    ("hello", [("user", "hello")]),
    ({"parts": {"text": "hello"}}, [("user", "hello")]),
    ([{"parts": "hello"}], [("user", "hello")]),
    (["a", "b"], [("user", "a"), ("user", "b")]),
    ([{"text": "a"}, {"text": "b"}], [("user", "ab")]),
    (
        [HELLO, {"role": "model", "parts": [{"text": "hi"}]}],
        [("user", "hello"), ("assistant", "hi")],
    ),
    (
        [{"role": "system", "parts": [{"text": "s"}]}, {"role": "MODEL", "parts": []}],
        [("system", "s"), ("assistant", "")],
    ),
]


@pytest.mark.parametrize("contents, expected", CONTENTS)
def test_contents(contents: Any, expected: list[tuple[str, str]]) -> None:
    """Texts, single turns, bare parts and lists of turns are all conversations."""
    messages = decode({"contents": contents}).messages
    assert expected == [
        (each.role, "".join(part.text for part in each.parts if isinstance(part, Text)))
        for each in messages
    ]


PARTS: list[tuple[dict[str, Any], Part]] = [
    ({"text": "a", "thoughtSignature": "QUJD"}, Text(text="a", opaque=SIGNED)),
    ({"text": "", "thought_signature": "QUJD"}, Text(text="", opaque=SIGNED)),
    ({"thoughtSignature": "QUJD"}, Text(text="", opaque=SIGNED)),
    (
        {"text": "hm", "thought": True, "thoughtSignature": "QUJD"},
        Reasoning(text="hm", opaque=SIGNED),
    ),
    (
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
        Media(kind="image", mime="image/png", data="AAAA"),
    ),
    (
        {"inlineData": {"mimeType": "image/png", "data": "-_-_AA"}},
        Media(kind="image", mime="image/png", data="+/+/AA=="),
    ),
    (
        {"inline_data": {"mime_type": "application/pdf", "data": "AAAA", "display_name": "a.pdf"}},
        Media(kind="file", mime="application/pdf", data="AAAA", filename="a.pdf"),
    ),
    (
        {"fileData": {"mimeType": "video/mp4", "fileUri": "gs://a/b"}},
        Media(kind="video", mime="video/mp4", url="gs://a/b"),
    ),
    (
        {
            "fileData": {"mimeType": "video/mp4", "fileUri": "gs://a/b"},
            "videoMetadata": {"fps": 1},
            "thoughtSignature": "QUJD",
        },
        Media(
            kind="video",
            mime="video/mp4",
            url="gs://a/b",
            opaque=Opaque(
                family="gemini", value={"videoMetadata": {"fps": 1}, "thoughtSignature": "QUJD"}
            ),
        ),
    ),
    (
        {"functionCall": {"id": "x", "name": "f", "args": {"a": 1}}, "thoughtSignature": "QUJD"},
        ToolCall(call_id="x", name="f", arguments='{"a": 1}', opaque=SIGNED),
    ),
    ({"function_call": {"name": "f"}}, ToolCall(call_id="call_1", name="f", arguments="{}")),
    (
        {"executable_code": {"code": "1"}},
        Unknown(dialect="gemini", name="executableCode", raw={"executable_code": {"code": "1"}}),
    ),
    ({"novelty": 1}, Unknown(dialect="gemini", name="novelty", raw={"novelty": 1})),
]


@pytest.mark.parametrize("part, expected", PARTS)
def test_a_part(part: dict[str, Any], expected: Part) -> None:
    """Both spellings are read, signatures are kept on their part, what is unknown is carried."""
    assert (Message(role="assistant", parts=(expected,)),) == decode(
        {"contents": [{"role": "model", "parts": [part]}]}
    ).messages


def results(calls: list[dict[str, Any]], responses: list[dict[str, Any]]) -> list[str]:
    """The call ids the responses were given to."""
    contents = [
        HELLO,
        {"role": "model", "parts": [{"functionCall": each} for each in calls]},
        {"parts": [{"functionResponse": each} for each in responses]},
    ]
    return [
        part.call_id
        for part in decode({"contents": contents}).messages[2].parts
        if isinstance(part, ToolResult)
    ]


def test_results_find_their_calls() -> None:
    """By id; without one, by name in order; without a call, on their own."""
    f, g = {"name": "f"}, {"name": "g"}
    assert results([f, f, g], [g, f, f]) == ["call_3", "call_1", "call_2"]
    assert results([{**f, "id": "a"}, {**f, "id": "b"}], [{**f, "id": "b"}, {**f, "id": "a"}]) == [
        "b",
        "a",
    ]
    assert results([{**f, "id": "a"}], [f]) == ["a"]
    assert results([f], [{**f, "id": "unknown"}]) == ["call_1"]
    assert results([f], [g, {**g, "id": "z"}]) == ["call_2", "z"]


def test_a_result_said_twice_is_one() -> None:
    """So does Gemini CLI in resumed sessions: the copy is not taken for the result of another call
    that waits. In other words it is a result of its own.
    """
    first, second = {"name": "f", "id": "a"}, {"name": "f", "id": "b"}
    assert results([first, second], [first, first, second, second]) == ["a", "b"]
    assert results([first, first], [first, first]) == ["a", "a"]
    assert results([first], [first, {**first, "response": {"output": "b"}}]) == ["a", "a"]


RESPONSES: list[tuple[Any, ToolResult]] = [
    (
        {"result": "words"},
        ToolResult(
            call_id="1", name="f", content=(Text(text="words"),), structured={"result": "words"}
        ),
    ),
    (
        {"a": 1},
        ToolResult(call_id="1", name="f", content=(Text(text='{"a": 1}'),), structured={"a": 1}),
    ),
    (
        {"error": "boom"},
        ToolResult(
            call_id="1",
            name="f",
            content=(Text(text="boom"),),
            structured={"error": "boom"},
            is_error=True,
        ),
    ),
    ({}, ToolResult(call_id="1", name="f", structured={})),
    ("words", ToolResult(call_id="1", name="f", content=(Text(text="words"),))),
    (None, ToolResult(call_id="1", name="f")),
]


@pytest.mark.parametrize("response, expected", RESPONSES)
def test_a_response(response: Any, expected: ToolResult) -> None:
    """The object is kept for Google, its text for everyone else."""
    contents = [
        {"role": "model", "parts": [{"functionCall": {"id": "1", "name": "f"}}]},
        {"parts": [{"functionResponse": {"id": "1", "name": "f", "response": response}}]},
    ]
    assert (expected,) == decode({"contents": contents}).messages[1].parts


def test_media_in_a_response() -> None:
    """A function may answer with pictures."""
    answer = {
        "name": "f",
        "response": {},
        "parts": [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}, {"other": 1}],
    }
    part = decode({"contents": [{"parts": [{"functionResponse": answer}]}]}).messages[0].parts[0]
    assert isinstance(part, ToolResult)
    assert (
        Media(kind="image", mime="image/png", data="AAAA"),
        Unknown(dialect="gemini", name="functionResponse.parts", raw={"other": 1}),
    ) == part.content


@pytest.mark.parametrize(
    "value",
    [
        "be kind",
        {"parts": [{"text": "be kind"}]},
        {"parts": {"text": "be kind"}},
        [{"text": "be kind"}],
        {"text": "be kind"},
    ],
)
def test_system_instructions(value: Any) -> None:
    """The system instruction is the first message, however it was written."""
    for name in ("systemInstruction", "system_instruction"):
        assert (
            Message(role="system", parts=(Text(text="be kind"),))
            == decode_with(**{name: value}).messages[0]
        )


def test_tools() -> None:
    """Functions with either schema, several in one object or alone, and hosted tools under the
    shared names.
    """
    tools = [
        {
            "functionDeclarations": [
                {
                    "name": "f",
                    "description": "d",
                    "parameters": {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}},
                }
            ]
        },
        {
            "function_declarations": {
                "name": "g",
                "parameters_json_schema": {"type": "object"},
                "behavior": "BLOCKING",
            }
        },
        {"google_search": {"exclude_domains": ["a.example"]}},
        {"urlContext": {}, "codeExecution": {}},
    ]
    assert decode_with(tools=tools).tools == (
        Tool(
            name="f",
            description="d",
            parameters={"type": "object", "properties": {"a": {"type": "string"}}},
            dialect="gemini",
        ),
        Tool(
            name="g",
            parameters={"type": "object"},
            extras={"behavior": "BLOCKING"},
            dialect="gemini",
        ),
        HostedTool(
            kind="web_search",
            dialect="gemini",
            raw={"googleSearch": {"exclude_domains": ["a.example"]}},
            blocked_domains=("a.example",),
        ),
        HostedTool(kind="url_context", dialect="gemini", raw={"urlContext": {}}),
        HostedTool(kind="code_execution", dialect="gemini", raw={"codeExecution": {}}),
    )


CHOICES: list[tuple[dict[str, Any], ToolChoice | None]] = [
    ({"mode": "AUTO"}, ToolChoice(mode="auto")),
    ({"mode": "none"}, ToolChoice(mode="none")),
    ({"mode": "ANY"}, ToolChoice(mode="required")),
    ({"mode": "ANY", "allowedFunctionNames": ["f"]}, ToolChoice(mode="tool", name="f")),
    (
        {"mode": "ANY", "allowed_function_names": ["f", "g"]},
        ToolChoice(mode="required", allowed=("f", "g")),
    ),
    ({"mode": "VALIDATED", "allowedFunctionNames": ["f"]}, ToolChoice(mode="auto", allowed=("f",))),
    ({"mode": "MODE_UNSPECIFIED"}, None),
]


@pytest.mark.parametrize("config, expected", CHOICES)
def test_tool_choice(config: dict[str, Any], expected: ToolChoice | None) -> None:
    """Modes become choices; one allowed function under ANY is a forced one."""
    assert expected == decode_with(toolConfig={"functionCallingConfig": config}).tool_choice
    assert expected == decode_with(tool_config={"function_calling_config": config}).tool_choice


def test_generation_config() -> None:
    """Every member has its place; numbers may be text, as proto3 JSON writes 64-bit ones."""
    config = {
        "temperature": 0.5,
        "topP": 0.9,
        "top_k": 40.0,
        "maxOutputTokens": "100",
        "stopSequences": ["x"],
        "seed": 7,
        "candidateCount": 2,
        "presencePenalty": 0.1,
        "frequency_penalty": 0.2,
        "responseLogprobs": True,
        "logprobs": 3,
        "responseModalities": ["TEXT", "IMAGE"],
        "thinkingConfig": {"thinkingLevel": "LOW", "includeThoughts": True},
        "speechConfig": {"a": 1},
        "image_config": {"b": 2},
    }
    found = decode_with(generationConfig=config)
    assert found.sampling == Sampling(
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        max_output_tokens=100,
        stop=("x",),
        seed=7,
        choices=2,
        presence_penalty=0.1,
        frequency_penalty=0.2,
        logprobs=True,
        top_logprobs=3,
    )
    assert found.output_modalities == ("text", "image")
    assert found.reasoning == ReasoningSettings(effort="low", include=True)
    assert found.extensions == {
        "gemini": {"generationConfig": {"speechConfig": {"a": 1}, "imageConfig": {"b": 2}}}
    }
    assert (found.model, found.stream) == ("gemini-x", True)


@pytest.mark.parametrize(
    "config, expected",
    [
        ({"thinkingBudget": 0}, ReasoningSettings(budget=0)),
        (
            {"thinking_budget": -1, "include_thoughts": False},
            ReasoningSettings(budget=-1, include=False),
        ),
        ({"thinkingLevel": "THINKING_LEVEL_UNSPECIFIED"}, None),
        ({}, None),
    ],
)
def test_thinking(config: dict[str, Any], expected: ReasoningSettings | None) -> None:
    """Budget, level and visibility are kept in the client's terms."""
    assert expected == decode_with(generationConfig={"thinkingConfig": config}).reasoning


OUTPUTS: list[tuple[dict[str, Any], OutputFormat | None]] = [
    ({"responseMimeType": "application/json"}, OutputFormat(kind="json")),
    ({"response_mime_type": "text/plain"}, OutputFormat(kind="text")),
    (
        {"responseMimeType": "application/json", "responseSchema": {"type": "STRING"}},
        OutputFormat(kind="json_schema", schema={"type": "string"}),
    ),
    (
        {"responseJsonSchema": {"type": "object"}},
        OutputFormat(kind="json_schema", schema={"type": "object"}),
    ),
    (
        {"_responseJsonSchema": {"type": "object"}},
        OutputFormat(kind="json_schema", schema={"type": "object"}),
    ),
    ({}, None),
]


@pytest.mark.parametrize("config, expected", OUTPUTS)
def test_output_format(config: dict[str, Any], expected: OutputFormat | None) -> None:
    """A schema in either member, or JSON without one."""
    assert expected == decode_with(generationConfig=config).output_format


def test_an_enum_answer_stays_googles_own() -> None:
    """`text/x.enum` has no neutral form: it is kept for this dialect."""
    config = {
        "responseMimeType": "text/x.enum",
        "responseSchema": {"type": "STRING", "enum": ["a"]},
    }
    assert {"gemini": {"generationConfig": config}} == decode_with(
        generationConfig=config
    ).extensions


def test_other_members_are_kept() -> None:
    """Safety settings, labels, cached content and the rest of the tool config come back out as they
    went in.
    """
    others = {
        "safetySettings": [{"category": "c", "threshold": "t"}],
        "cachedContent": "x",
        "labels": {"a": "b"},
    }
    config = {
        "functionCallingConfig": {"mode": "AUTO", "streamFunctionCallArguments": True},
        "retrievalConfig": {"languageCode": "de"},
    }
    found = decode_with(
        tools=[{"functionDeclarations": [{"name": "f"}]}],
        toolConfig=config,
        serviceTier="FLEX",
        store=False,
        **others,
    )
    assert (found.service_tier, found.store) == ("flex", False)
    encoded = UPSTREAM.encode_request(found, Quirk()).body
    assert config == encoded["toolConfig"]
    assert others == {name: encoded[name] for name in others}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "contents"),
    ({"contents": []}, "contents"),
    ({"contents": ""}, "contents"),
    ({"contents": [5]}, "contents[0]"),
    ({"contents": [{"parts": [{"text": "a"}, 7]}]}, "contents[0].parts[1]"),
    ({"contents": [{"parts": [{"text": 7}]}]}, "contents[0].parts[0].text"),
    ({"contents": [{"parts": [{"functionCall": {}}]}]}, "contents[0].parts[0].functionCall.name"),
    ({"contents": [{"parts": [{"functionResponse": 1}]}]}, "contents[0].parts[0].functionResponse"),
    (
        {"contents": [{"parts": [{"inlineData": {"mimeType": "image/png"}}]}]},
        "contents[0].parts[0]",
    ),
    ({"contents": [HELLO], "systemInstruction": 7}, "systemInstruction"),
    ({"contents": [HELLO], "tools": ["f"]}, "tools[0]"),
    (
        {"contents": [HELLO], "tools": [{"functionDeclarations": [{}]}]},
        "tools[0].functionDeclarations[0].name",
    ),
    (
        {"contents": [HELLO], "generationConfig": {"temperature": "hot"}},
        "generationConfig.temperature",
    ),
    (
        {"contents": [HELLO], "generationConfig": {"maxOutputTokens": 1.5}},
        "generationConfig.maxOutputTokens",
    ),
]


@pytest.mark.parametrize("body, param", REFUSED)
def test_refusals_name_the_member(body: dict[str, Any], param: str) -> None:
    """A missing or ill-typed member is a 400 that says which."""
    with pytest.raises(RequestRefused) as refused:
        decode(body)
    assert (refused.value.error.status, refused.value.error.param) == (400, param)
    assert param.split(".")[0].split("[")[0] in refused.value.error.message
