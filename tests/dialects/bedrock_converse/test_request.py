"""Requests as Converse takes them: every body is checked against AWS's own service model."""

from __future__ import annotations

import base64
import json
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from uniapi.canonical import (
    CacheHint,
    HostedTool,
    Media,
    Message,
    Opaque,
    OutputFormat,
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
from uniapi.dialects import EncodedRequest, Quirk
from uniapi.dialects.bedrock_converse import UPSTREAM

PNG = "iVBORw0KGgoAAAANSUhEUg=="
PDF = base64.b64encode(b"%PDF-1.4 x").decode()
WEATHER = Tool(
    name="get_weather",
    description="The weather.",
    parameters={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
HELLO = (Message(role="user", parts=(Text(text="Hello"),)),)
PLAIN = Quirk()
OLDER_CLAUDE = Quirk(
    anthropic_thinking="budget", anthropic_effort=False, anthropic_structured=False
)
NOVA = Quirk(converse_fields="nova", json_schema=False)
LLAMA = Quirk(converse_fields="none", json_schema=False)
GPT_OSS = Quirk(converse_fields="openai")


@cache
def converse_shape() -> Any:
    return (
        botocore.session.get_session()
        .get_service_model("bedrock-runtime")
        .operation_model("Converse")
        .input_shape
    )


def problems(body: dict[str, Any]) -> str:
    """What AWS's service model finds wrong; blobs are checked for base64 on the way."""

    def with_blobs(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: with_blobs(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [with_blobs(inner) for inner in value]
        return (
            base64.b64decode(value, validate=True)
            if name in ("bytes", "redactedContent")
            else value
        )

    unknown = [name for name in body if name not in converse_shape().members]
    report = ParamValidator().validate(
        {**with_blobs(body), "modelId": "anthropic.claude-3-haiku-20240307-v1:0"}, converse_shape()
    )
    return f"{unknown or ''}{report.generate_report()}"


def encoded(request: Request, quirk: Quirk = PLAIN) -> EncodedRequest:
    """The encoded request, valid by the service model."""
    result = UPSTREAM.encode_request(request, quirk)
    assert problems(result.body) == ""
    json.dumps(result.body)
    return result


def asked(*messages: Message, **members: Any) -> Request:
    return Request(model="m", messages=messages or HELLO, **members)


def user(*parts: Any) -> Message:
    return Message(role="user", parts=parts)


def assistant(*parts: Any) -> Message:
    return Message(role="assistant", parts=parts)


def test_system_turns_and_sampling() -> None:
    """System text stands apart, neighbours of one role are one turn, the model is in the path
    alone.
    """
    request = asked(
        Message(role="system", parts=(Text(text="Be brief."),)),
        user(Text(text="Hi")),
        user(Text(text="there")),
        assistant(Text(text="Hello."), Refusal(text="No.")),
        Message(role="developer", parts=(Text(text="Be kind."),)),
        user(Text(text="Bye")),
        sampling=Sampling(
            temperature=0.5, top_p=0.9, top_k=5, max_output_tokens=100, stop=("END",)
        ),
    )
    expected = {
        "system": [{"text": "Be brief."}, {"text": "Be kind."}],
        "messages": [
            {"role": "user", "content": [{"text": "Hi"}, {"text": "there"}]},
            {"role": "assistant", "content": [{"text": "Hello."}, {"text": "No."}]},
            {"role": "user", "content": [{"text": "Bye"}]},
        ],
        "inferenceConfig": {
            "maxTokens": 100,
            "temperature": 0.5,
            "topP": 0.9,
            "stopSequences": ["END"],
        },
        "additionalModelRequestFields": {"top_k": 5},
        "additionalModelResponseFieldPaths": ["/stop_sequence", "/delta/stop_sequence"],
    }
    result = encoded(request)
    assert expected == result.body
    assert result.losses == ()


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (
            Media(kind="image", mime="image/png", data=PNG),
            {"image": {"format": "png", "source": {"bytes": PNG}}},
        ),
        # The bytes say PNG whatever the client says.
        (
            Media(kind="image", mime="image/jpeg", data=PNG),
            {"image": {"format": "png", "source": {"bytes": PNG}}},
        ),
        (
            Media(kind="image", url=f"data:image/webp;base64,{PNG}"),
            {"image": {"format": "png", "source": {"bytes": PNG}}},
        ),
        (
            Media(kind="image", mime="image/gif", data="AAAA"),
            {"image": {"format": "gif", "source": {"bytes": "AAAA"}}},
        ),
        (
            Media(kind="image", mime="image/jpg", data="A_-A"),
            {"image": {"format": "jpeg", "source": {"bytes": "A/+A"}}},
        ),
        (
            Media(kind="image", url="s3://bucket/cat.jpg"),
            {"image": {"format": "jpeg", "source": {"s3Location": {"uri": "s3://bucket/cat.jpg"}}}},
        ),
        (
            Media(kind="video", mime="video/mp4", data="AAAA"),
            {"video": {"format": "mp4", "source": {"bytes": "AAAA"}}},
        ),
        (
            Media(kind="audio", mime="audio/wav", data="AAAA"),
            {"audio": {"format": "wav", "source": {"bytes": "AAAA"}}},
        ),
        (
            Media(
                kind="file",
                mime="application/pdf",
                data=PDF,
                filename="Jahres_bericht, 2024.v2.pdf",
            ),
            {
                "document": {
                    "format": "pdf",
                    "name": "Jahres bericht 2024 v2",
                    "source": {"bytes": PDF},
                }
            },
        ),
        (
            Media(
                kind="file",
                text="Facts.",
                title="Facts",
                context="About Ruby",
                citations_enabled=True,
            ),
            {
                "document": {
                    "format": "txt",
                    "name": "Facts",
                    "source": {"text": "Facts."},
                    "context": "About Ruby",
                    "citations": {"enabled": True},
                }
            },
        ),
        (
            Media(kind="file", text="Hi"),
            {"document": {"format": "txt", "name": "document", "source": {"bytes": "SGk="}}},
        ),
        (
            Media(kind="file", mime="text/x-python", data="SGk=", filename="日本.py"),
            {"document": {"format": "txt", "name": "py", "source": {"bytes": "SGk="}}},
        ),
    ],
)
def test_media(part: Media, block: dict[str, Any]) -> None:
    """Images, films, sounds and documents by value or from S3, each with its format's word."""
    result = encoded(asked(user(Text(text="See"), part)))
    assert [{"text": "See"}, block] == result.body["messages"][0]["content"]
    assert result.losses == ()


@pytest.mark.parametrize(
    ("message", "loss"),
    [
        (
            user(Text(text="x"), Media(kind="image", url="https://x.example/a.png")),
            "messages[0].image",
        ),
        (
            user(Text(text="x"), Media(kind="image", mime="image/tiff", data="AAAA")),
            "messages[0].image",
        ),
        (user(Text(text="x"), Media(kind="file", file_id="file_1")), "messages[0].file"),
        (
            user(Text(text="x"), Media(kind="file", mime="application/zip", data="AAAA")),
            "messages[0].file",
        ),
        (
            user(Text(text="x"), Unknown(dialect="anthropic", name="container_upload", raw={})),
            "messages[0].container_upload",
        ),
        (user(Text(text="x"), Text(text="y")), ""),
    ],
)
def test_what_has_no_block_is_a_loss(message: Message, loss: str) -> None:
    """What cannot be said is named."""
    assert tuple(filter(None, [loss])) == encoded(asked(message)).losses


def test_needs_inline() -> None:
    """URLs must be fetched; S3 is read by Bedrock itself."""
    wanted = [
        (Media(kind="image", url="https://x.example/a.png"), True),
        (Media(kind="file", url="HTTP://x.example/a.pdf"), True),
        (Media(kind="image", url="s3://bucket/a.png"), False),
        (Media(kind="image", url="data:image/png;base64,AAAA"), False),
        (Media(kind="image", data="AAAA"), False),
    ]
    assert [needed for _, needed in wanted] == [
        UPSTREAM.needs_inline(media, Quirk()) for media, _ in wanted
    ]
    assert not UPSTREAM.needs_inline(
        Media(kind="image", url="https://x.example/a.png"), Quirk(has_images=False)
    )


def test_document_names_differ_and_stand_beside_text() -> None:
    """Names are unique in the request, and a turn of documents alone is given a text."""
    part = Media(kind="file", mime="application/pdf", data=PDF, filename="a.pdf")
    content = encoded(asked(user(part, part))).body["messages"][0]["content"]
    assert [block["document"]["name"] for block in content if "document" in block] == ["a", "a 2"]
    assert content[-1] == {"text": "See the attached document."}


def test_tools_calls_and_results() -> None:
    """Calls and results with ids and names the API takes, the same for the same client's id; failed
    results say so.
    """
    request = asked(
        user(Text(text="Weather?")),
        assistant(
            Text(text="Let me see."),
            ToolCall(call_id="call_1", name="get_weather", arguments='{"city": "Paris"}'),
            ToolCall(call_id="functions.get:2|x", name="mcp.files/read", arguments=""),
            ToolCall(call_id="c3", name="run", arguments="ls -l", kind="custom"),
            ToolCall(call_id="c4", name="get_weather", arguments="{broken"),
        ),
        user(
            ToolResult(call_id="c4", content=(Text(text="bad"),), is_error=True),
            ToolResult(
                call_id="functions.get:2|x", structured={"a": 1}, content=(Text(text='{"a": 1}'),)
            ),
            ToolResult(
                call_id="call_1",
                content=(Text(text="Sunny"), Media(kind="image", mime="image/png", data=PNG)),
            ),
            Text(text="And?"),
        ),
        tools=(WEATHER, Tool(name="mcp.files/read"), Tool(name="run", kind="custom")),
        tool_choice=ToolChoice(mode="required"),
        parallel_tool_calls=False,
    )
    result = encoded(request)
    _, said, answered = result.body["messages"]
    second, read = said["content"][2]["toolUse"]["toolUseId"], said["content"][2]["toolUse"]["name"]
    assert [
        {"text": "Let me see."},
        {"toolUse": {"toolUseId": "call_1", "name": "get_weather", "input": {"city": "Paris"}}},
        {"toolUse": {"toolUseId": second, "name": read, "input": {}}},
        {"toolUse": {"toolUseId": "c3", "name": "run", "input": {"input": "ls -l"}}},
        {"toolUse": {"toolUseId": "c4", "name": "get_weather", "input": {"_raw": "{broken"}}},
    ] == said["content"]
    assert [
        {
            "toolResult": {
                "toolUseId": "call_1",
                "content": [
                    {"text": "Sunny"},
                    {"image": {"format": "png", "source": {"bytes": PNG}}},
                ],
            }
        },
        {"toolResult": {"toolUseId": second, "content": [{"json": {"a": 1}}]}},
        {
            "toolResult": {
                "toolUseId": "c3",
                "content": [{"text": "No result was returned for this tool call."}],
            }
        },
        {"toolResult": {"toolUseId": "c4", "content": [{"text": "bad"}], "status": "error"}},
        {"text": "And?"},
    ] == answered["content"]
    config = result.body["toolConfig"]
    assert config["toolChoice"] == {"any": {}}
    assert {
        "toolSpec": {
            "name": "get_weather",
            "description": "The weather.",
            "inputSchema": {"json": WEATHER.parameters},
        }
    } == config["tools"][0]
    assert read == config["tools"][1]["toolSpec"]["name"]
    assert config["tools"][2]["toolSpec"]["inputSchema"]["json"]["required"] == ["input"]
    assert result.losses == ("parallel_tool_calls",)


@pytest.mark.parametrize(
    ("choice", "expected", "losses"),
    [
        (None, None, ()),
        (ToolChoice(mode="auto"), None, ()),
        (ToolChoice(mode="required"), {"any": {}}, ()),
        (ToolChoice(mode="tool", name="get_weather"), {"tool": {"name": "get_weather"}}, ()),
        (ToolChoice(mode="tool", name="gone"), None, ("tool_choice",)),
    ],
)
def test_tool_choice(choice: ToolChoice | None, expected: Any, losses: tuple[str, ...]) -> None:
    """Each choice in the wire's words; `auto` is what it does by itself."""
    result = encoded(asked(tools=(WEATHER,), tool_choice=choice))
    assert expected == result.body["toolConfig"].get("toolChoice")
    assert losses == result.losses


@pytest.mark.parametrize(
    ("choice", "asks"),
    [
        (ToolChoice(mode="required"), "one of the tools"),
        (ToolChoice(mode="tool", name="get_weather"), "the tool `get_weather`"),
    ],
)
def test_a_model_that_may_not_be_forced_is_asked(choice: ToolChoice, asks: str) -> None:
    """Claude from Fable 5.1 on: the system text asks, and the client is told."""
    result = encoded(
        asked(tools=(WEATHER,), tool_choice=choice), Quirk(anthropic_forced_tool=False)
    )
    assert [{"text": f"Answer by calling {asks}, not with text."}] == result.body["system"]
    assert "toolChoice" not in result.body["toolConfig"]
    assert result.losses == ("tool_choice",)


def test_no_tool_choice_leaves_the_tools_out_unless_the_history_needs_them() -> None:
    """The wire has no `none`: without tools nothing is called, but a conversation with calls must
    keep them.
    """
    none = ToolChoice(mode="none")
    assert "toolConfig" not in encoded(asked(tools=(WEATHER,), tool_choice=none)).body
    history = (
        user(Text(text="?")),
        assistant(ToolCall(call_id="a", name="get_weather")),
        user(ToolResult(call_id="a", content=(Text(text="1"),))),
    )
    kept = encoded(asked(*history, tools=(WEATHER,), tool_choice=none))
    assert [tool["toolSpec"]["name"] for tool in kept.body["toolConfig"]["tools"]] == [
        "get_weather"
    ]
    assert kept.losses == ("tool_choice",)


def test_a_history_with_calls_describes_its_tools_when_none_are_offered() -> None:
    """Tool blocks are refused without a `toolConfig`."""
    history = (
        user(Text(text="?")),
        assistant(ToolCall(call_id="a", name="old_tool")),
        user(ToolResult(call_id="a")),
    )
    body = encoded(asked(*history)).body
    assert [tool["toolSpec"]["name"] for tool in body["toolConfig"]["tools"]] == ["old_tool"]
    assert body["messages"][2]["content"][0]["toolResult"]["content"] == [{"json": {}}]


def test_allowed_tools_hosted_tools_and_their_losses() -> None:
    """A choice of some tools leaves the others out; tools of other providers are losses, Nova's own
    are used.
    """
    search = HostedTool(kind="web_search", dialect="anthropic", raw={"type": "web_search_20250305"})
    request = asked(
        tools=(WEATHER, Tool(name="other", strict=True), search),
        tool_choice=ToolChoice(mode="auto", allowed=("get_weather",)),
    )
    result = encoded(request)
    assert [tool["toolSpec"]["name"] for tool in result.body["toolConfig"]["tools"]] == [
        "get_weather"
    ]
    assert result.losses == ("tools.web_search",)
    assert {"systemTool": {"name": "nova_grounding"}} in encoded(request, NOVA).body["toolConfig"][
        "tools"
    ]


def test_without_tools_or_images_in_the_quirk() -> None:
    """What a model lacks is left out and named."""
    request = asked(
        user(Text(text="?"), Media(kind="image", data=PNG)),
        assistant(ToolCall(call_id="a", name="get_weather")),
        user(ToolResult(call_id="a", content=(Text(text="1"),)), Text(text="so?")),
        tools=(WEATHER,),
    )
    result = encoded(request, Quirk(has_tools=False, has_images=False))
    assert result.body["messages"] == [
        {"role": "user", "content": [{"text": "?"}, {"text": "so?"}]}
    ]
    assert {
        "messages[0].image",
        "messages[1].tool_calls",
        "messages[2].tool_result",
        "tools",
    } == set(result.losses)


def test_conversations_the_api_would_refuse_are_repaired() -> None:
    """A first assistant turn, orphaned results, blank texts and trailing blanks."""
    request = asked(
        assistant(Text(text="Welcome.")),
        user(ToolResult(call_id="x", name="lookup", content=(Text(text="42"),)), Text(text=" \n")),
        assistant(Text(text="So ")),
    )
    assert encoded(request).body["messages"] == [
        {"role": "user", "content": [{"text": "."}]},
        {"role": "assistant", "content": [{"text": "Welcome."}]},
        {"role": "user", "content": [{"text": "[Result of tool call lookup (x)]"}, {"text": "42"}]},
        {"role": "assistant", "content": [{"text": "So"}]},
    ]


def test_each_result_is_said_once_and_each_call_has_its_own_id() -> None:
    """A second result of one call is words, the first is not repeated; a call id used again
    («`tool_use` ids must be unique») is renamed with its result.
    """
    call = ToolCall(call_id="a", name="f", arguments="{}")
    results = [ToolResult(call_id="a", content=(Text(text=text),)) for text in ("1", "2", "3")]
    turns = encoded(
        asked(
            user(Text(text="Go")),
            assistant(call),
            user(*results[:2]),
            assistant(call),
            user(results[2]),
        )
    ).body["messages"]
    assert turns[2]["content"] == [
        {"toolResult": {"toolUseId": "a", "content": [{"text": "1"}]}},
        {"text": "[Result of tool call a]"},
        {"text": "2"},
    ]
    assert turns[3]["content"][0]["toolUse"]["toolUseId"] == "a_2"
    assert turns[4]["content"] == [{"toolResult": {"toolUseId": "a_2", "content": [{"text": "3"}]}}]


def test_instructions_alone_become_the_users_words() -> None:
    """A request of nothing but system text is still answered."""
    body = encoded(asked(Message(role="system", parts=(Text(text="Say hi."),)))).body
    assert body == {"messages": [{"role": "user", "content": [{"text": "Say hi."}]}]}


def test_a_structured_result_keeps_the_pictures_beside_it() -> None:
    """Gemini's results are an object and parts: the object goes as JSON, its dump in the texts is
    not repeated, a picture stays.
    """
    result = ToolResult(
        call_id="c1",
        structured={"a": 1},
        content=(Text(text='{"a": 1}'), Media(kind="image", mime="image/png", data=PNG)),
    )
    body = encoded(
        asked(
            user(Text(text="?")),
            assistant(ToolCall(call_id="c1", name="f")),
            user(result),
            tools=(WEATHER,),
        )
    ).body
    picture = {"image": {"format": "png", "source": {"bytes": PNG}}}
    assert [{"json": {"a": 1}}, picture] == body["messages"][2]["content"][0]["toolResult"][
        "content"
    ]


def test_only_own_reasoning_goes_back_byte_for_byte() -> None:
    """Claude's signatures and encrypted blocks return as they came; unsigned and foreign reasoning
    stays here.
    """
    request = asked(
        user(Text(text="?")),
        assistant(
            Reasoning(text="Hm.", opaque=Opaque(family="anthropic", value="Sig==")),
            Reasoning(is_redacted=True, opaque=Opaque(family="anthropic", value="EqRedacted")),
            Reasoning(text="foreign", opaque=Opaque(family="gemini", value="g")),
            Reasoning(text="unsigned"),
            Text(text="A."),
        ),
        user(Text(text="!")),
    )
    result = encoded(request)
    assert [
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "Sig=="}}},
        {"reasoningContent": {"redactedContent": base64.b64encode(b"EqRedacted").decode()}},
        {"text": "A."},
    ] == result.body["messages"][1]["content"]
    assert result.losses == ("messages.reasoning",)
    assert encoded(request, NOVA).body["messages"][1]["content"] == [{"text": "A."}]


@pytest.mark.parametrize(
    ("reasoning", "quirk", "fields", "effort"),
    [
        (
            ReasoningSettings(effort="high"),
            Quirk(),
            {"thinking": {"type": "adaptive", "display": "summarized"}},
            "high",
        ),
        (
            ReasoningSettings(budget=2000),
            OLDER_CLAUDE,
            {"thinking": {"type": "enabled", "budget_tokens": 2000}},
            None,
        ),
        (ReasoningSettings(effort="none"), Quirk(), {"thinking": {"type": "disabled"}}, None),
        (
            ReasoningSettings(effort="minimal"),
            NOVA,
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}},
            None,
        ),
        (
            ReasoningSettings(budget=4096),
            NOVA,
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "medium"}},
            None,
        ),
        (ReasoningSettings(effort="none"), NOVA, None, None),
        (ReasoningSettings(effort="xhigh"), GPT_OSS, {"reasoning_effort": "high"}, None),
        (ReasoningSettings(budget=-1), GPT_OSS, {"reasoning_effort": "medium"}, None),
        (ReasoningSettings(effort="none"), LLAMA, None, None),
    ],
)
def test_reasoning_in_each_makers_words(
    reasoning: ReasoningSettings, quirk: Quirk, fields: Any, effort: str | None
) -> None:
    """Effort and budget as Claude, Nova or gpt-oss is asked."""
    result = encoded(asked(reasoning=reasoning), quirk)
    assert fields == result.body.get("additionalModelRequestFields")
    assert effort == result.body.get("outputConfig", {}).get("effort")
    assert result.losses == ()


def test_reasoning_and_what_it_excludes() -> None:
    """A budget comes on top of the limit and excludes sampling and forced tools; Nova's high effort
    sets its own limit; others cannot think.
    """
    sampling = Sampling(temperature=0.2, top_p=0.5, top_k=3, max_output_tokens=100)
    thinking = encoded(
        asked(reasoning=ReasoningSettings(budget=2000), sampling=sampling), OLDER_CLAUDE
    )
    assert thinking.body["inferenceConfig"] == {"maxTokens": 2100}
    assert {"temperature", "top_p", "top_k"} == set(thinking.losses)
    forced = encoded(
        asked(
            reasoning=ReasoningSettings(budget=2000),
            tools=(WEATHER,),
            tool_choice=ToolChoice(mode="required"),
        ),
        OLDER_CLAUDE,
    )
    assert forced.body["additionalModelRequestFields"]["thinking"] == {"type": "disabled"}
    assert forced.losses == ("reasoning",)
    nova = encoded(asked(reasoning=ReasoningSettings(effort="high"), sampling=sampling), NOVA)
    assert "inferenceConfig" not in nova.body
    assert {"temperature", "top_p", "max_tokens"} == set(nova.losses)
    assert encoded(asked(reasoning=ReasoningSettings(effort="high")), LLAMA).losses == (
        "reasoning",
    )


def test_sampling_a_model_refuses() -> None:
    """Ranges, pairs and whole members a model does not take."""
    hot = encoded(asked(sampling=Sampling(temperature=1.7, stop=(" ", "x"))))
    assert hot.body["inferenceConfig"] == {"temperature": 1.0, "stopSequences": ["x"]}
    assert {"temperature", "stop"} == set(hot.losses)
    both = Sampling(temperature=0.3, top_p=0.9, top_k=1)
    assert encoded(asked(sampling=both), Quirk(anthropic_sampling_pair=False)).body[
        "inferenceConfig"
    ] == {"temperature": 0.3}
    refused = encoded(asked(sampling=both), Quirk(anthropic_sampling=False))
    assert "inferenceConfig" not in refused.body
    assert {"temperature", "top_p", "top_k"} == set(refused.losses)
    dropped = encoded(asked(sampling=both), Quirk(dropped_members=frozenset({"topP"})))
    assert dropped.body["inferenceConfig"] == {"temperature": 0.3}
    assert dropped.losses == ("topP",)
    assert encoded(asked(sampling=both), NOVA).body["additionalModelRequestFields"] == {
        "inferenceConfig": {"topK": 1}
    }
    assert encoded(asked(sampling=both), LLAMA).losses == ("top_k",)


SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def test_structured_output() -> None:
    """Native where the model has it, else a forced tool, else words; `any` leaves the client's own
    tools callable.
    """
    wanted = OutputFormat(kind="json_schema", name="answer", schema=SCHEMA)
    native = encoded(asked(output_format=wanted)).body["outputConfig"]["textFormat"]
    assert {
        "type": "json_schema",
        "structure": {
            "jsonSchema": {
                "schema": json.dumps({**SCHEMA, "additionalProperties": False}),
                "name": "answer",
            }
        },
    } == native
    forced = encoded(asked(output_format=wanted), OLDER_CLAUDE).body
    assert "outputConfig" not in forced
    assert forced["toolConfig"]["toolChoice"] == {"tool": {"name": "json_response"}}
    assert forced["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"] == SCHEMA
    beside = encoded(asked(output_format=wanted, tools=(WEATHER,)), OLDER_CLAUDE).body["toolConfig"]
    assert beside["toolChoice"] == {"any": {}}
    listed = encoded(
        asked(output_format=OutputFormat(kind="json_schema", schema={"type": "array"})),
        OLDER_CLAUDE,
    ).body
    assert listed["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"]["required"] == [
        "value"
    ]
    for quirk in (LLAMA, Quirk(json_schema=False, has_tools=False)):
        in_words = encoded(asked(output_format=wanted), quirk)
        assert json.dumps(SCHEMA) in in_words.body["system"][0]["text"]
        assert in_words.losses == ("response_format",)
    assert (
        "JSON object"
        in encoded(asked(output_format=OutputFormat(kind="json"))).body["system"][0]["text"]
    )


def test_schemas_stay_within_what_claude_takes() -> None:
    """Structured output refuses lengths and open objects; a strict tool stays strict when its
    schema is within the subset. Other makers' models get the schema as it is.
    """
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer", "minimum": 1}},
        "required": ["n"],
    }
    closed = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
        "additionalProperties": False,
    }
    tools = (
        Tool(name="open", strict=True, parameters=schema),
        Tool(name="closed", strict=True, parameters=closed),
    )
    found = encoded(
        asked(output_format=OutputFormat(kind="json_schema", schema=schema), tools=tools)
    )
    assert (
        json.loads(found.body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"])
        == closed
    )
    assert [tool["toolSpec"].get("strict") for tool in found.body["toolConfig"]["tools"]] == [
        None,
        True,
    ]
    assert set(found.losses) == {"response_format.schema.minimum", "tools.open.strict"}
    others = encoded(
        asked(output_format=OutputFormat(kind="json_schema", schema=schema)),
        Quirk(converse_fields="openai"),
    )
    assert (
        json.loads(others.body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"])
        == schema
    )


def test_cache_points() -> None:
    """Behind what they end, in system, tools and turns; four at most; not right behind a document
    in a text format.
    """
    hour, usual = CacheHint(ttl="1h"), CacheHint()
    request = asked(
        Message(role="system", parts=(Text(text="S", cache=hour),)),
        user(Text(text="1", cache=usual)),
        assistant(Text(text="2", cache=usual)),
        user(
            Text(text="3"), Media(kind="file", text="T", cache=usual), Text(text="4", cache=usual)
        ),
        tools=(Tool(name="a", cache=usual), Tool(name="b")),
    )
    result = encoded(request)
    point = {"cachePoint": {"type": "default"}}
    assert result.body["system"] == [
        {"text": "S"},
        {"cachePoint": {"type": "default", "ttl": "1h"}},
    ]
    assert (
        len(
            [
                tool
                for tool in result.body["toolConfig"]["tools"]
                if "toolSpec" in tool and tool["toolSpec"]["name"] == "a"
            ]
        )
        == 1
    )
    assert point not in result.body["toolConfig"]["tools"]
    assert [{"text": "1"}, point] == result.body["messages"][0]["content"]
    assert [{"text": "4"}, point] == result.body["messages"][2]["content"][-2:]
    assert "document" in result.body["messages"][2]["content"][1]
    assert result.losses == ("cache_control",)
    assert [{"text": "Hello"}, point] == encoded(asked(cache=usual)).body["messages"][0]["content"]
    assert encoded(asked(cache=usual), LLAMA).losses == ("cache_control",)


def test_own_members_pass_and_others_are_losses() -> None:
    """Converse's members may come through any dialect; what else a client adds is named, and so is
    all the wire has no word for.
    """
    extensions = {
        "openai_chat": {
            "guardrailConfig": {"guardrailIdentifier": "g", "guardrailVersion": "1"},
            "web_search_options": {},
            "additionalModelRequestFields": {"x": 1},
        }
    }
    sampling = Sampling(
        top_k=2,
        seed=1,
        choices=2,
        presence_penalty=0.1,
        frequency_penalty=0.1,
        logprobs=True,
        logit_bias={"1": 1},
    )
    request = asked(
        extensions=extensions,
        sampling=sampling,
        service_tier="flex",
        user="u",
        metadata={"a": "b"},
        store=True,
        verbosity="low",
        previous_response_id="r",
        prompt_cache_key="k",
        output_modalities=("text", "audio"),
        audio_output={"voice": "v"},
    )
    result = encoded(request)
    assert result.body["additionalModelRequestFields"] == {"x": 1, "top_k": 2}
    assert result.body["serviceTier"] == {"type": "flex"}
    assert result.body["guardrailConfig"]["guardrailIdentifier"] == "g"
    expected = {
        "web_search_options",
        "seed",
        "n",
        "presence_penalty",
        "frequency_penalty",
        "logprobs",
        "logit_bias",
        "user",
        "metadata",
        "store",
        "verbosity",
        "previous_response_id",
        "prompt_cache_key",
        "modalities",
        "audio",
    }
    assert expected == set(result.losses)


def test_alternatives_at_the_root_of_a_tools_input_are_folded() -> None:
    """«input_schema does not support oneOf, allOf, or anyOf at the top level»: Claude says so here
    too.
    """
    parameters = {
        "anyOf": [
            {"type": "object", "properties": {"a": {"type": "string"}}},
            {"type": "object", "properties": {"b": {"type": "string"}}},
        ]
    }
    found = encoded(asked(tools=(Tool(name="f", parameters=parameters),))).body["toolConfig"][
        "tools"
    ][0]["toolSpec"]["inputSchema"]["json"]
    assert (found["type"], set(found["properties"]), "anyOf" in found) == (
        "object",
        {"a", "b"},
        False,
    )


@pytest.mark.parametrize(("takes", "turns"), [(True, 2), (False, 3)])
def test_a_beginning_of_the_answer_is_told_to_go_on(takes: bool, turns: int) -> None:
    """Claude from 4.6 on refuses a last assistant turn here too."""
    request = asked(user(Text(text="go")), assistant(Text(text="Once upon")))
    result = encoded(request, Quirk(anthropic_prefill=takes))
    assert len(result.body["messages"]) == turns
    assert result.losses == (() if takes else ("messages[-1].prefill",))


def test_who_must_call_a_tool_does_not_think_where_both_are_refused() -> None:
    """Claude up to 4.7 at Bedrock, adaptive thinking too."""
    request = asked(
        reasoning=ReasoningSettings(effort="high"),
        tools=(Tool(name="f"),),
        tool_choice=ToolChoice(mode="required"),
    )
    for refused, kind in ((True, "disabled"), (False, "adaptive")):
        result = encoded(request, Quirk(forced_tool_while_reasoning=not refused))
        assert result.body["additionalModelRequestFields"]["thinking"]["type"] == kind
        assert ("reasoning" in result.losses) is refused
