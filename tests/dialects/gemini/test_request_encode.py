"""Canonical requests become bodies the Gemini API takes; what cannot be said is named."""

from __future__ import annotations

from typing import Any

import pytest

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
    Sampling,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Unknown,
)
from uniapi.dialects import Quirk
from uniapi.dialects.gemini import UPSTREAM

BUDGET = Quirk(gemini_thinking="budget", thinking_budget_range=(128, 24576))
PLAIN = Quirk(gemini_thinking="none")
SKIP = "skip_thought_signature_validator"
HELLO = Message(role="user", parts=(Text(text="hello"),))


def request(*messages: Message, **members: Any) -> Request:
    return Request(model="gemini", messages=messages or (HELLO,), **members)


def user(*parts: Part) -> Message:
    return Message(role="user", parts=parts)


def assistant(*parts: Part) -> Message:
    return Message(role="assistant", parts=parts)


def body(wanted: Request, quirk: Quirk = PLAIN) -> dict[str, Any]:
    return fitted(wanted, quirk)[0]


def fitted(wanted: Request, quirk: Quirk) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body as it leaves, and what got lost by the way."""
    encoded = UPSTREAM.encode_request(wanted, quirk)
    sent, lost = UPSTREAM.fit(encoded.body, quirk, encoded.beside)
    return sent, (*encoded.losses, *lost)


def contents(*messages: Message, quirk: Quirk = PLAIN) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = body(request(*messages), quirk)["contents"]
    return found


def losses(wanted: Request, quirk: Quirk = PLAIN) -> tuple[str, ...]:
    return fitted(wanted, quirk)[1]


PARTS: list[tuple[Part, list[dict[str, Any]]]] = [
    (Text(text="a"), [{"text": "a"}]),
    (
        Text(text="a", opaque=Opaque(family="gemini", value="QUJD")),
        [{"text": "a", "thoughtSignature": "QUJD"}],
    ),
    (
        Text(text="", opaque=Opaque(family="gemini", value="QUJD")),
        [{"text": "", "thoughtSignature": "QUJD"}],
    ),
    (Text(text="a", opaque=Opaque(family="anthropic", value="QUJD")), [{"text": "a"}]),
    (Text(text="a", opaque=Opaque(family="gemini", value="QUJDR")), [{"text": "a"}]),
    (Refusal(text="no"), [{"text": "no"}]),
    (
        Media(kind="image", mime="image/png", data="AA\nAA"),
        [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}],
    ),
    (
        Media(kind="image", data="/9j/AA"),
        [{"inlineData": {"mimeType": "image/jpeg", "data": "/9j/AA"}}],
    ),
    (
        Media(kind="image", url="data:image/gif;base64,R0lG"),
        [{"inlineData": {"mimeType": "image/gif", "data": "R0lG"}}],
    ),
    (
        Media(kind="audio", mime="audio/wav", data="AAAA"),
        [{"inlineData": {"mimeType": "audio/wav", "data": "AAAA"}}],
    ),
    (
        Media(kind="file", url="gs://bucket/a.pdf"),
        [{"fileData": {"mimeType": "application/pdf", "fileUri": "gs://bucket/a.pdf"}}],
    ),
    (
        Media(kind="video", url="https://www.youtube.com/watch?v=x"),
        [{"fileData": {"mimeType": "video/mp4", "fileUri": "https://www.youtube.com/watch?v=x"}}],
    ),
    (
        Media(kind="image", url="https://example.com/a.webp?b=c"),
        [{"fileData": {"mimeType": "image/webp", "fileUri": "https://example.com/a.webp?b=c"}}],
    ),
    (
        Media(
            kind="file",
            mime="text/plain",
            file_id="https://generativelanguage.googleapis.com/v1beta/files/x",
        ),
        [
            {
                "fileData": {
                    "mimeType": "text/plain",
                    "fileUri": "https://generativelanguage.googleapis.com/v1beta/files/x",
                }
            }
        ],
    ),
    (Media(kind="file", title="T", text="words"), [{"text": "T\nwords"}]),
    (
        Media(
            kind="video",
            mime="video/mp4",
            data="AAAA",
            opaque=Opaque(family="gemini", value={"videoMetadata": {"fps": 1}}),
        ),
        [{"inlineData": {"mimeType": "video/mp4", "data": "AAAA"}, "videoMetadata": {"fps": 1}}],
    ),
    (
        Unknown(dialect="gemini", name="toolCall", raw={"toolCall": {"id": "1"}}),
        [{"toolCall": {"id": "1"}}],
    ),
]


@pytest.mark.parametrize("part, expected", PARTS)
def test_a_part(part: Part, expected: list[dict[str, Any]]) -> None:
    """Every kind of part has its form."""
    assert [{"role": "user", "parts": expected}] == contents(user(part))


UNSAID: list[tuple[Part, str]] = [
    (Media(kind="file", file_id="file-abc"), "messages[1].file"),
    (Unknown(dialect="anthropic", name="server_tool_use", raw={}), "messages[1].server_tool_use"),
]


@pytest.mark.parametrize("part, expected", UNSAID)
def test_a_part_that_cannot_be_said(part: Part, expected: str) -> None:
    """The loss names the message it stood in."""
    assert (expected,) == losses(request(HELLO, user(part)))


def test_system_text_stands_apart() -> None:
    """System and developer turns are joined; the others alternate."""
    found = body(
        request(
            Message(role="system", parts=(Text(text="a"),)),
            HELLO,
            Message(role="developer", parts=(Text(text="b"),)),
            HELLO,
        )
    )
    assert found["systemInstruction"] == {"parts": [{"text": "a"}, {"text": "b"}]}
    assert found["contents"] == [{"role": "user", "parts": [{"text": "hello"}, {"text": "hello"}]}]


@pytest.mark.parametrize(
    "messages, roles",
    [
        ((assistant(Text(text="hi")),), ["user", "model"]),
        ((Message(role="system", parts=(Text(text="s"),)),), ["user"]),
        ((HELLO, assistant(Reasoning(text="dropped")), HELLO), ["user"]),
        (
            (HELLO, assistant(Text(text="a")), assistant(Text(text="b")), HELLO),
            ["user", "model", "user"],
        ),
    ],
)
def test_turns_begin_with_the_user_and_alternate(
    messages: tuple[Message, ...], roles: list[str]
) -> None:
    """A turn that has nothing to say is left out, neighbours are joined, and the user begins."""
    assert roles == [turn["role"] for turn in contents(*messages)]


def call(call_id: str, name: str = "f", arguments: str = "{}", **members: Any) -> ToolCall:
    return ToolCall(call_id=call_id, name=name, arguments=arguments, **members)


def result(call_id: str, *content: Text | Media | Unknown, **members: Any) -> ToolResult:
    return ToolResult(call_id=call_id, content=content, **members)


def answered(*parts: Part) -> list[tuple[str, Any]]:
    """(call id, response) of the turn after two calls."""
    turns = contents(HELLO, assistant(call("1", "f"), call("2", "g")), user(*parts))
    return [
        (part["functionResponse"]["id"], part["functionResponse"]["response"])
        for part in turns[2]["parts"]
        if "functionResponse" in part
    ]


def test_results_follow_their_calls_in_order() -> None:
    """Results come right after the calls, in the calls' order, before other parts, whatever the
    client's order was.
    """
    found = contents(
        HELLO,
        assistant(call("1", "f"), call("2", "g")),
        user(result("2", Text(text="two"))),
        user(Text(text="and")),
        user(result("1")),
    )
    assert found[2]["parts"] == [
        {"functionResponse": {"name": "f", "id": "1", "response": {"result": ""}}},
        {"functionResponse": {"name": "g", "id": "2", "response": {"result": "two"}}},
        {"text": "and"},
    ]


def test_a_call_without_a_result_gets_one() -> None:
    """The API wants a result for each call, at the end of the conversation too."""
    missing = {"error": "No result was given for this call."}
    assert [("1", {"result": "one"}), ("2", missing)] == answered(result("1", Text(text="one")))
    turns = contents(HELLO, assistant(call("1")))
    assert [turn["role"] for turn in turns] == ["user", "model", "user"]
    assert missing == turns[2]["parts"][0]["functionResponse"]["response"]


def test_a_result_without_a_call_becomes_text() -> None:
    """The API refuses it as a result; its content is not lost."""
    assert contents(user(result("9", Text(text="late"), name="g"))) == [
        {"role": "user", "parts": [{"text": "Result of g:"}, {"text": "late"}]}
    ]


def test_ids_used_twice_answer_in_order() -> None:
    """A client that counts its calls anew in every turn keeps its results apart."""
    turns = contents(
        HELLO,
        assistant(call("0")),
        user(result("0", Text(text="a"))),
        assistant(call("0")),
        user(result("0", Text(text="b"))),
    )
    assert [turns[at]["parts"][0]["functionResponse"]["response"] for at in (2, 4)] == [
        {"result": "a"},
        {"result": "b"},
    ]


RESPONSES: list[tuple[ToolResult, dict[str, Any]]] = [
    (result("1", Text(text="words")), {"result": "words"}),
    (result("1", Text(text='{"a": 1}')), {"a": 1}),
    (result("1", Text(text="[1, 2]")), {"result": "[1, 2]"}),
    (result("1", Text(text="{broken")), {"result": "{broken"}),
    (result("1", Text(text='{"$ref": "#/a"}')), {"result": '{"$ref": "#/a"}'}),
    (result("1", Text(text="boom"), is_error=True), {"error": "boom"}),
    (result("1", Text(text="{}"), structured={"b": 2}), {"b": 2}),
    (result("1", Text(text="a"), Media(kind="file", text="document")), {"result": "adocument"}),
]


@pytest.mark.parametrize("given, expected", RESPONSES)
def test_a_response_is_an_object(given: ToolResult, expected: dict[str, Any]) -> None:
    """An object goes as itself, text under `result`, an error under `error`."""
    assert ("1", expected) == answered(given)[0]


def test_media_of_a_result() -> None:
    """Gemini 3 takes pictures inside the response; older models, and other kinds, get them behind
    it.
    """
    picture, sound = (
        Media(kind="image", mime="image/png", data="AAAA"),
        Media(kind="audio", mime="audio/wav", data="BBBB"),
    )
    conversation = (
        HELLO,
        assistant(call("1")),
        user(result("1", Text(text="see"), picture, sound)),
    )
    inline = [
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
        {"inlineData": {"mimeType": "audio/wav", "data": "BBBB"}},
    ]
    response = {"name": "f", "id": "1", "response": {"result": "see"}}
    label = {"text": "Returned by the tool call f (1):"}
    assert [
        {"functionResponse": {**response, "parts": inline[:1]}},
        label,
        inline[1],
    ] == contents(*conversation, quirk=Quirk())[2]["parts"]
    older = Quirk(result_media=False)
    assert [{"functionResponse": response}, label, inline[0], label, inline[1]] == contents(
        *conversation, quirk=older
    )[2]["parts"]
    says_nothing = (HELLO, assistant(call("1")), user(result("1", picture)))
    shown = contents(*says_nothing, quirk=older)[2]["parts"]
    assert shown[0]["functionResponse"]["response"] == {
        "result": "(what this call also returned follows: f (1))"
    }


def test_ids_only_where_they_are_understood() -> None:
    """Vertex AI's older models refuse `id`."""
    turns = contents(
        HELLO,
        assistant(call("1")),
        user(result("1")),
        quirk=Quirk(gemini_thinking="none", function_call_ids=False),
    )
    assert turns[1]["parts"][0]["functionCall"] == {"name": "f", "args": {}}
    assert turns[2]["parts"][0]["functionResponse"] == {"name": "f", "response": {"result": ""}}


@pytest.mark.parametrize(
    "arguments, expected",
    [("", {}), ('{"a": 1}', {"a": 1}), ("{broken", {"_raw": "{broken"}), ("[1]", {"_raw": [1]})],
)
def test_arguments_are_an_object(arguments: str, expected: dict[str, Any]) -> None:
    """What is no JSON object is kept under a name that says so."""
    assert (
        expected
        == contents(HELLO, assistant(call("1", arguments=arguments)))[1]["parts"][0][
            "functionCall"
        ]["args"]
    )


def test_signatures_stay_on_their_parts() -> None:
    """Signed thoughts and calls go back as they were; thoughts of other families do not."""
    signed = Opaque(family="gemini", value="QUJD")
    turn = assistant(
        Reasoning(text="hm", opaque=signed),
        Reasoning(text="other", opaque=Opaque(family="anthropic", value="x")),
        call("1", opaque=signed),
    )
    assert contents(HELLO, turn, quirk=Quirk())[1]["parts"] == [
        {"text": "hm", "thought": True, "thoughtSignature": "QUJD"},
        {"functionCall": {"name": "f", "args": {}, "id": "1"}, "thoughtSignature": "QUJD"},
    ]


def test_unsigned_calls_toward_gemini_3() -> None:
    """The first call of a turn another model made gets the documented stand-in, the parallel ones
    none; older models get none at all.
    """
    conversation = (HELLO, assistant(Text(text="a"), call("1"), call("2")))
    assert [
        part.get("thoughtSignature") for part in contents(*conversation, quirk=Quirk())[1]["parts"]
    ] == [None, SKIP, None]
    assert [
        part.get("thoughtSignature")
        for part in contents(*conversation, quirk=Quirk(call_signatures=False))[1]["parts"]
    ] == [None, None, None]


def test_functions() -> None:
    """Names are cleaned, schemas written for what the model understands."""
    tools = (
        Tool(
            name="my tool",
            description="d",
            parameters={"type": "object", "properties": {"a": {"const": 1}}},
        ),
        Tool(name="none"),
    )
    assert body(request(tools=tools))["tools"] == [
        {
            "functionDeclarations": [
                {
                    "name": "my_tool",
                    "description": "d",
                    "parametersJsonSchema": {
                        "type": "object",
                        "properties": {"a": {"type": "integer", "enum": [1]}},
                    },
                },
                {"name": "none"},
            ]
        }
    ]
    older = body(request(tools=tools), Quirk(json_schema_members=False))["tools"][0][
        "functionDeclarations"
    ]
    assert older[0]["parameters"] == {
        "type": "OBJECT",
        "properties": {"a": {"type": "INTEGER", "description": "allowed values: [1]"}},
    }


def test_names_that_collide_when_cleaned() -> None:
    """Two tools stay two, and calls of each keep its name."""
    tools = (Tool(name="a b"), Tool(name="a/b"), Tool(name="1"))
    found = body(request(HELLO, assistant(call("1", "a/b")), tools=tools))
    names = [each["name"] for each in found["tools"][0]["functionDeclarations"]]
    assert [names[0], names[2]] == ["a_b", "_1"]
    assert names[1].startswith("a_b_")
    assert names[1] == found["contents"][1]["parts"][0]["functionCall"]["name"]


def test_a_freeform_tool_is_a_function_with_one_text() -> None:
    """Its calls in the conversation have the same form."""
    tool = Tool(
        name="exec", kind="custom", description="Runs.", grammar={"definition": "start: /.+/"}
    )
    found = body(
        request(HELLO, assistant(call("1", "exec", "print(1)", kind="custom")), tools=(tool,))
    )
    declared = found["tools"][0]["functionDeclarations"][0]
    assert declared["description"] == "Runs.\n\nThe input must follow this grammar:\nstart: /.+/"
    assert declared["parametersJsonSchema"]["required"] == ["input"]
    assert found["contents"][1]["parts"][0]["functionCall"]["args"] == {"input": "print(1)"}


CHOICES: list[tuple[ToolChoice, dict[str, Any]]] = [
    (ToolChoice(mode="auto"), {"mode": "AUTO"}),
    (ToolChoice(mode="none"), {"mode": "NONE"}),
    (ToolChoice(mode="required"), {"mode": "ANY"}),
    (
        ToolChoice(mode="required", allowed=("f g",)),
        {"mode": "ANY", "allowedFunctionNames": ["f_g"]},
    ),
    (ToolChoice(mode="tool", name="f g"), {"mode": "ANY", "allowedFunctionNames": ["f_g"]}),
]


@pytest.mark.parametrize("choice, expected", CHOICES)
def test_tool_choice(choice: ToolChoice, expected: dict[str, Any]) -> None:
    """Every form of choice has its mode."""
    found = body(request(tools=(Tool(name="f g"), Tool(name="h")), tool_choice=choice))
    assert {"functionCallingConfig": expected} == found["toolConfig"]


def test_a_choice_among_some_tools() -> None:
    """`auto` cannot be restricted by the wire, so only the allowed tools are offered."""
    found = body(
        request(
            tools=(Tool(name="f"), Tool(name="h")),
            tool_choice=ToolChoice(mode="auto", allowed=("h",)),
        )
    )
    assert [each["name"] for each in found["tools"][0]["functionDeclarations"]] == ["h"]


SEARCH = HostedTool(
    kind="web_search", dialect="openai_responses", raw={"type": "web_search"}, max_uses=3
)


def test_hosted_tools() -> None:
    """Web search maps; Google's own tools go as they came; what has no counterpart is a loss, and
    so is any beside functions on models that refuse the pair.
    """
    own = HostedTool(kind="google_maps", dialect="gemini", raw={"googleMaps": {"a": 1}})
    other = HostedTool(kind="image_generation", dialect="openai_responses", raw={})
    assert body(request(tools=(SEARCH, own, other)))["tools"] == [
        {"googleSearch": {}},
        {"googleMaps": {"a": 1}},
    ]
    assert losses(request(tools=(SEARCH, own, other))) == (
        "tools.web_search.max_uses",
        "tools.image_generation",
    )
    beside = request(tools=(Tool(name="f"), own))
    assert body(beside)["tools"] == [{"functionDeclarations": [{"name": "f"}]}]
    assert losses(beside) == ("tools.google_maps",)
    both = body(beside, Quirk(hosted_with_functions=True))
    assert both["toolConfig"] == {"includeServerSideToolInvocations": True}
    assert len(both["tools"]) == 2


def test_sampling() -> None:
    """Each setting has its member; the API takes five stop sequences."""
    sampling = Sampling(
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        max_output_tokens=100,
        stop=("a", "b", "c", "d", "e", "f"),
        seed=7,
        choices=2,
        presence_penalty=0.1,
        frequency_penalty=0.2,
        logprobs=True,
        top_logprobs=3,
        logit_bias={"1": 2.0},
    )
    encoded = UPSTREAM.encode_request(request(sampling=sampling), PLAIN)
    assert encoded.body["generationConfig"] == {
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 40,
        "maxOutputTokens": 100,
        "stopSequences": ["a", "b", "c", "d", "e"],
        "seed": 7,
        "candidateCount": 2,
        "presencePenalty": 0.1,
        "frequencyPenalty": 0.2,
        "responseLogprobs": True,
        "logprobs": 3,
    }
    assert encoded.losses == ("stop", "logit_bias")


OUTPUT_SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}


@pytest.mark.parametrize(
    "wanted, quirk, expected",
    [
        (OutputFormat(kind="text"), PLAIN, None),
        (OutputFormat(kind="json"), PLAIN, {"responseMimeType": "application/json"}),
        (
            OutputFormat(kind="json_schema", schema=OUTPUT_SCHEMA),
            PLAIN,
            {"responseMimeType": "application/json", "responseJsonSchema": OUTPUT_SCHEMA},
        ),
        (
            OutputFormat(kind="json_schema", schema=OUTPUT_SCHEMA),
            Quirk(json_schema_members=False),
            {
                "responseMimeType": "application/json",
                "responseSchema": {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}},
            },
        ),
    ],
)
def test_structured_output(wanted: OutputFormat, quirk: Quirk, expected: Any) -> None:
    """A schema goes into the member the model understands."""
    assert expected == body(request(output_format=wanted), quirk).get("generationConfig")


LITE = Quirk(
    gemini_thinking="budget", thinking_budget_range=(0, 24576), smallest_thinking_budget=512
)
LEVELS = Quirk(thinking_levels=("low", "high"))
SHOWN = {"includeThoughts": True}
THINKING: list[tuple[ReasoningSettings, Quirk, Any]] = [
    (ReasoningSettings(effort="low"), Quirk(), {"thinkingLevel": "low", **SHOWN}),
    (ReasoningSettings(effort="xhigh"), Quirk(), {"thinkingLevel": "high", **SHOWN}),
    (ReasoningSettings(effort="minimal"), LEVELS, {"thinkingLevel": "low", **SHOWN}),
    (ReasoningSettings(effort="medium"), LEVELS, {"thinkingLevel": "high", **SHOWN}),
    (ReasoningSettings(effort="none"), Quirk(), {"thinkingLevel": "minimal"}),
    (ReasoningSettings(budget=0), LEVELS, {"thinkingLevel": "low"}),
    (ReasoningSettings(budget=10_000), Quirk(), {"thinkingLevel": "medium", **SHOWN}),
    (ReasoningSettings(budget=-1), Quirk(), SHOWN),
    (ReasoningSettings(is_adaptive=True), Quirk(), SHOWN),
    (ReasoningSettings(effort="low"), BUDGET, {"thinkingBudget": 1024, **SHOWN}),
    (ReasoningSettings(effort="high"), BUDGET, {"thinkingBudget": 24576, **SHOWN}),
    (ReasoningSettings(effort="max"), BUDGET, {"thinkingBudget": 24576, **SHOWN}),
    (ReasoningSettings(effort="none"), BUDGET, {"thinkingBudget": 128}),
    (ReasoningSettings(budget=100), LITE, {"thinkingBudget": 512, **SHOWN}),
    (ReasoningSettings(budget=0), LITE, {"thinkingBudget": 0}),
    (ReasoningSettings(budget=99_999), BUDGET, {"thinkingBudget": 24576, **SHOWN}),
    (ReasoningSettings(budget=-1), BUDGET, {"thinkingBudget": -1, **SHOWN}),
    (ReasoningSettings(is_adaptive=True), BUDGET, {"thinkingBudget": -1, **SHOWN}),
    (ReasoningSettings(effort="low", visibility="omitted"), BUDGET, {"thinkingBudget": 1024}),
    (ReasoningSettings(effort="low", include=False), BUDGET, {"thinkingBudget": 1024}),
    (ReasoningSettings(include=True), BUDGET, SHOWN),
    (ReasoningSettings(effort="low"), PLAIN, None),
]


@pytest.mark.parametrize("settings, quirk, expected", THINKING)
def test_thinking(settings: ReasoningSettings, quirk: Quirk, expected: Any) -> None:
    """Efforts and budgets are put into the model's own terms, within its range; thoughts are asked
    for when they may be shown.
    """
    assert expected == body(request(reasoning=settings), quirk).get("generationConfig", {}).get(
        "thinkingConfig"
    )


def test_marks_this_wire_lacks_are_named() -> None:
    """Cache marks, the wish for citations, strict tools, and reasoning without a signature of this
    family.
    """
    cited = Media(
        kind="file", mime="application/pdf", data="AAAA", citations_enabled=True, cache=CacheHint()
    )
    foreign = Reasoning(text="x", opaque=Opaque(family="anthropic", value="s"))
    wanted = request(
        user(cited),
        assistant(foreign, Text(text="y")),
        user(Text(text="z")),
        tools=(Tool(name="f", strict=True),),
    )
    assert losses(wanted) == ("messages.reasoning", "tools.f.strict", "cache_control", "citations")


def test_thinking_that_a_model_does_not_have() -> None:
    """Question of a model that does not think, it is a loss; not asked for, it is none."""
    assert losses(request(reasoning=ReasoningSettings(effort="low"))) == ("reasoning",)
    assert losses(request(reasoning=ReasoningSettings(effort="none"))) == ()


def test_members_of_this_dialect_are_written_back() -> None:
    """Safety settings and other members come through; our own words for the same object are joined
    with them.
    """
    extensions = {
        "gemini": {
            "cachedContent": "cachedContents/1",
            "safetySettings": [],
            "generationConfig": {"speechConfig": {}},
        },
        "openai_chat": {"x": 1},
    }
    encoded = UPSTREAM.encode_request(
        request(extensions=extensions, sampling=Sampling(seed=1)), Quirk(safety_threshold="OFF")
    )
    assert encoded.body["cachedContent"] == "cachedContents/1"
    assert encoded.body["safetySettings"] == []
    assert encoded.body["generationConfig"] == {"speechConfig": {}, "seed": 1}
    assert encoded.losses == ("x",)


def test_the_threshold_of_the_quirk() -> None:
    """It is set for each adjustable category when the client named none."""
    settings = body(request(), Quirk(safety_threshold="OFF"))["safetySettings"]
    assert len(settings) == 4
    assert {"OFF"} == {each["threshold"] for each in settings}


def test_what_the_wire_has_no_place_for() -> None:
    """Settings that ask for something special are named; those that ask for nothing are not."""
    asked = request(
        tools=(Tool(name="f"),),
        parallel_tool_calls=False,
        user="u",
        metadata={"a": "b"},
        verbosity="low",
        store=True,
        prompt_cache_key="k",
        service_tier="scale",
        previous_response_id="r",
        audio_output={"voice": "alloy"},
    )
    assert {
        "parallel_tool_calls",
        "user",
        "metadata",
        "verbosity",
        "store",
        "prompt_cache_key",
        "service_tier",
        "previous_response_id",
        "audio",
    } == set(losses(asked))
    assert (
        losses(request(parallel_tool_calls=True, store=False, service_tier="auto", metadata={}))
        == ()
    )
    assert body(request(service_tier="flex"))["serviceTier"] == "flex"


def test_output_modalities() -> None:
    """They are written when there is more than text."""
    assert body(request(output_modalities=("text", "image")))["generationConfig"][
        "responseModalities"
    ] == ["TEXT", "IMAGE"]
    assert "generationConfig" not in body(request(output_modalities=("text",)))


@pytest.mark.parametrize(
    "url, expected",
    [
        ("https://example.com/a.png", True),
        ("http://example.com/a.png", True),
        ("gs://bucket/a.png", False),
        ("https://youtu.be/x", False),
        ("https://generativelanguage.googleapis.com/v1beta/files/x", False),
        ("data:image/png;base64,AAAA", False),
        ("http://[broken", False),
    ],
)
def test_what_has_to_be_fetched(url: str, expected: bool) -> None:
    """Web addresses are fetched by the gateway, those only Google can read are not."""
    assert expected is UPSTREAM.needs_inline(Media(kind="image", url=url), Quirk())


def test_json_is_asked_for_in_words_beside_tools_where_the_wire_may_not() -> None:
    """Gemini before 3: «Function calling with a response mime type: 'application/json' is
    unsupported». Without tools it is asked for as ever.
    """
    wanted = OutputFormat(kind="json_schema", schema=OUTPUT_SCHEMA)
    older = Quirk(gemini_thinking="none", json_with_tools=False)
    asked = request(output_format=wanted, tools=(Tool(name="f"),))
    assert "responseMimeType" not in body(asked, older).get("generationConfig", {})
    assert '"properties"' in body(asked, older)["systemInstruction"]["parts"][0]["text"]
    assert losses(asked, older) == ("response_format",)
    assert body(asked)["generationConfig"]["responseMimeType"] == "application/json"
    assert (
        body(request(output_format=wanted), older)["generationConfig"]["responseMimeType"]
        == "application/json"
    )


def test_types_google_does_not_know_go_under_the_names_it_does() -> None:
    """`image/jpg` and JSON documents are «Unsupported MIME type» although their bytes are taken."""
    picture = Media(kind="image", mime="image/jpg", data="/9j/4AAQ")
    document = Media(kind="file", mime="application/json", data="e30=")
    parts = contents(user(picture, document))[0]["parts"]
    assert [part["inlineData"]["mimeType"] for part in parts] == ["image/jpeg", "text/plain"]


def test_a_choice_of_a_tool_that_was_not_offered() -> None:
    """Google would refuse a name that no declaration has."""
    asked = request(tools=(Tool(name="f"),), tool_choice=ToolChoice(mode="tool", name="z"))
    assert "toolConfig" not in body(asked)
    assert losses(asked) == ("tool_choice",)
