"""Requests as Cohere's v2 chat takes them: messages and tools are checked against the types of
Cohere's own SDK.
"""

from __future__ import annotations

import inspect
import json
from dataclasses import replace
from functools import cache
from typing import Any

import cohere
import pydantic
import pytest
from cohere.types import ChatMessageV2, ToolV2

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
from uniapi.dialects.cohere import UPSTREAM

PLAIN = Quirk()
WEATHER = Tool(
    name="get_weather",
    description="The weather.",
    parameters={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
HELLO = (Message(role="user", parts=(Text(text="Hello"),)),)
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


@cache
def sdk() -> tuple[Any, Any, frozenset[str]]:
    names = frozenset(inspect.signature(cohere.ClientV2.chat).parameters) | {"stream"}
    return pydantic.TypeAdapter(list[ChatMessageV2]), pydantic.TypeAdapter(list[ToolV2]), names


def encoded(request: Request, quirk: Quirk = PLAIN) -> EncodedRequest:
    """The request as it leaves, valid by the SDK's types."""
    plain = UPSTREAM.encode_request(request, quirk)
    body, lost = UPSTREAM.fit(plain.body, quirk, plain.beside)
    result = replace(plain, body=body, losses=(*plain.losses, *lost))
    messages, tools, names = sdk()
    messages.validate_python(result.body["messages"])
    tools.validate_python(result.body.get("tools", []))
    assert result.body.keys() <= names
    json.dumps(result.body)
    return result


def asked(*messages: Message, **members: Any) -> Request:
    return Request(model="command-a", messages=messages or HELLO, **members)


def user(*parts: Any) -> Message:
    return Message(role="user", parts=parts)


def assistant(*parts: Any) -> Message:
    return Message(role="assistant", parts=parts)


def test_messages_and_sampling() -> None:
    """Roles, texts and every parameter the wire has, in its own words."""
    request = asked(
        Message(role="developer", parts=(Text(text="Be brief."),)),
        user(Text(text="Hi"), Text(text="there")),
        assistant(Text(text="Hello."), Refusal(text="No.")),
        assistant(Text(text=" ")),
        user(Text(text="Bye")),
        stream=True,
        sampling=Sampling(
            temperature=0.5,
            top_p=0.9,
            top_k=5,
            max_output_tokens=100,
            stop=("END",),
            seed=7,
            presence_penalty=0.1,
            frequency_penalty=0.2,
            logprobs=True,
        ),
    )
    expected = {
        "model": "command-a",
        "stream": True,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [{"type": "text", "text": "Hi"}, {"type": "text", "text": "there"}],
            },
            {
                "role": "assistant",
                "content": [{"type": "text", "text": "Hello."}, {"type": "text", "text": "No."}],
            },
            {"role": "user", "content": "Bye"},
        ],
        "max_tokens": 100,
        "temperature": 0.5,
        "p": 0.9,
        "k": 5,
        "seed": 7,
        "frequency_penalty": 0.2,
        "presence_penalty": 0.1,
        "stop_sequences": ["END"],
        "logprobs": True,
    }
    result = encoded(request)
    assert expected == result.body
    assert result.losses == ()


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (
            Media(kind="image", url="https://x.example/a.png", detail="low"),
            {"type": "image_url", "image_url": {"url": "https://x.example/a.png", "detail": "low"}},
        ),
        (
            Media(kind="image", mime="image/jpeg", data="AAAA"),
            {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,AAAA"}},
        ),
        (
            Media(kind="file", text="Facts.", title="Facts"),
            {"type": "text", "text": "Facts\n\nFacts."},
        ),
        (
            Media(kind="file", mime="text/plain", data="SGk=", filename="a.txt"),
            {"type": "text", "text": "a.txt\n\nHi"},
        ),
        (Media(kind="image", url="gs://bucket/a.png"), "messages[0].image"),
        (Media(kind="file", mime="application/pdf", data="JVBERi0="), "messages[0].file"),
        (Media(kind="video", mime="video/mp4", data="AAAA"), "messages[0].video"),
        (Media(kind="audio", mime="audio/wav", data="AAAA"), "messages[0].audio"),
        (
            Unknown(dialect="anthropic", name="container_upload", raw={}),
            "messages[0].container_upload",
        ),
    ],
)
def test_media(part: Any, block: Any) -> None:
    """Images by value and URL, documents in text; the rest is named as lost."""
    result = encoded(asked(user(Text(text="See"), part)))
    content = result.body["messages"][0]["content"]
    if isinstance(block, str):
        assert ("See", (block,)) == (content, result.losses)
    else:
        assert ([{"type": "text", "text": "See"}, block], ()) == (content, result.losses)


def test_documents_to_be_cited_stand_beside_the_messages() -> None:
    """Where the client wants citations and the API allows documents; beside tools or JSON they are
    text.
    """
    part = Media(kind="file", text="Ruby is old.", title="facts", citations_enabled=True)
    result = encoded(
        asked(
            user(part, Text(text="How old?")),
            extensions={"openai_chat": {"documents": [{"data": {"text": "x"}}]}},
        )
    )
    assert result.body["documents"] == [
        {"data": {"title": "facts", "text": "Ruby is old."}},
        {"data": {"text": "x"}},
    ]
    assert result.body["messages"] == [{"role": "user", "content": "How old?"}]
    assert "documents" not in encoded(asked(user(part), tools=(WEATHER,))).body


def test_needs_inline() -> None:
    """Cohere fetches images itself; text documents it does not."""
    image = Media(kind="image", url="https://x.example/a.png")
    assert not UPSTREAM.needs_inline(image, PLAIN)
    assert UPSTREAM.needs_inline(image, Quirk(image_urls=False))
    assert UPSTREAM.needs_inline(
        Media(kind="file", url="https://x.example/a.md", mime="text/markdown"), PLAIN
    )
    assert not UPSTREAM.needs_inline(Media(kind="file", url="https://x.example/a.pdf"), PLAIN)
    assert not UPSTREAM.needs_inline(Media(kind="image", data="AAAA"), PLAIN)


def test_assistant_turns_in_a_row_are_one() -> None:
    """A streamed turn kept chunk by chunk: the result still stands right behind its call."""
    call = ToolCall(call_id="c1", name="get_weather", arguments="{}")
    turns = (
        assistant(Reasoning(text="Hm.")),
        assistant(call),
        assistant(Text(text="")),
        assistant(Text(text="So.")),
    )
    result = encoded(
        asked(
            user(Text(text="?")),
            *turns,
            user(ToolResult(call_id="c1", content=(Text(text="Sunny"),))),
            tools=(WEATHER,),
        )
    )
    function = {"name": "get_weather", "arguments": "{}"}
    said = {
        "role": "assistant",
        "content": "So.",
        "tool_plan": "Hm.",
        "tool_calls": [{"id": "c1", "type": "function", "function": function}],
    }
    assert [said, {"role": "tool", "tool_call_id": "c1", "content": "Sunny"}] == result.body[
        "messages"
    ][1:]


def test_marks_this_wire_lacks_are_named() -> None:
    """Cache marks; citations of documents that cannot be `documents` because tools stand beside
    them.
    """
    cited = Media(
        kind="file", mime="text/plain", text="Moss", citations_enabled=True, cache=CacheHint()
    )
    assert encoded(asked(user(cited))).losses == ("cache_control",)
    assert encoded(asked(user(cited), tools=(WEATHER,))).losses == ("citations", "cache_control")


def test_tools_calls_and_results() -> None:
    """The plan before the calls, one message for each result, pictures and orphans in the user's
    words.
    """
    request = asked(
        user(Text(text="Weather?")),
        assistant(
            Reasoning(text="I will look."),
            Reasoning(text="signed elsewhere", opaque=Opaque(family="anthropic", value="s")),
            Text(text="Let me see."),
            ToolCall(call_id="c1", name="get_weather", arguments='{"city": "Paris"}'),
            ToolCall(call_id="c2", name="read", namespace="files", arguments='{"a": NaN'),
            ToolCall(call_id="c3", name="run", arguments="ls", kind="custom"),
        ),
        user(
            ToolResult(
                call_id="c1",
                content=(Text(text="Sunny"), Media(kind="image", url="https://x.example/a.png")),
            ),
            ToolResult(call_id="c2", content=(Text(text="no such file"),), is_error=True),
            ToolResult(call_id="zz", name="lost", content=(Text(text="?"),)),
            Text(text="And?"),
        ),
        tools=(
            WEATHER,
            Tool(name="read", namespace="files"),
            Tool(name="run", kind="custom", grammar={"definition": "start: /x/"}),
        ),
    )
    result = encoded(request)
    assert result.body["messages"] == [
        {"role": "user", "content": "Weather?"},
        {
            "role": "assistant",
            "content": "Let me see.",
            "tool_plan": "I will look.",
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'},
                },
                {
                    "id": "c2",
                    "type": "function",
                    "function": {"name": "files__read", "arguments": '{"_raw":"{\\"a\\": NaN"}'},
                },
                {
                    "id": "c3",
                    "type": "function",
                    "function": {"name": "run", "arguments": '{"input": "ls"}'},
                },
            ],
        },
        {
            "role": "tool",
            "tool_call_id": "c1",
            "content": "Sunny\n(what this call also returned follows: c1)",
        },
        {"role": "tool", "tool_call_id": "c2", "content": '{"error": "no such file"}'},
        {
            "role": "tool",
            "tool_call_id": "c3",
            "content": "No result was returned for this tool call.",
        },
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Returned by the tool call c1:"},
                {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}},
                {"type": "text", "text": "[Result of tool call lost (zz)]\n?"},
                {"type": "text", "text": "And?"},
            ],
        },
    ]
    assert [tool["function"]["name"] for tool in result.body["tools"]] == [
        "get_weather",
        "files__read",
        "run",
    ]
    assert "start: /x/" in result.body["tools"][2]["function"]["description"]
    assert result.losses == ("messages.reasoning",)


def test_a_finished_answer_goes_back_without_its_thoughts() -> None:
    """Reasoning is only sent back before calls; a message of nothing else is none."""
    messages = encoded(
        asked(
            user(Text(text="?")),
            assistant(Reasoning(text="Hm."), Text(text="A.")),
            assistant(Reasoning(text="Hm.")),
            user(Text(text="!")),
        )
    ).body
    assert messages["messages"][1:2] == [{"role": "assistant", "content": "A."}]
    assert len(messages["messages"]) == 3


@pytest.mark.parametrize(
    ("choice", "expected", "names"),
    [
        (None, None, ["get_weather", "other"]),
        (ToolChoice(mode="auto"), None, ["get_weather", "other"]),
        (ToolChoice(mode="none"), "NONE", ["get_weather", "other"]),
        (ToolChoice(mode="required"), "REQUIRED", ["get_weather", "other"]),
        (ToolChoice(mode="tool", name="other"), "REQUIRED", ["other"]),
        (ToolChoice(mode="required", allowed=("get_weather",)), "REQUIRED", ["get_weather"]),
    ],
)
def test_tool_choice(choice: ToolChoice | None, expected: str | None, names: list[str]) -> None:
    """One tool is forced by offering no other."""
    body = encoded(asked(tools=(WEATHER, Tool(name="other")), tool_choice=choice)).body
    assert (expected, names) == (
        body.get("tool_choice"),
        [tool["function"]["name"] for tool in body["tools"]],
    )


def test_tool_settings_and_losses() -> None:
    """Strictness is one switch for all tools; hosted tools and serial calls are losses."""
    strict = Tool(name="a", parameters=SCHEMA, strict=True)
    assert encoded(asked(tools=(strict,))).body["strict_tools"] is True
    mixed = encoded(asked(tools=(strict, Tool(name="b", strict=True)), parallel_tool_calls=False))
    assert mixed.losses == ("parallel_tool_calls", "tools.a.strict", "tools.b.strict")
    hosted = encoded(
        asked(
            tools=(HostedTool(kind="web_search", dialect="anthropic", raw={}),),
            tool_choice=ToolChoice(mode="required"),
        )
    )
    assert hosted.losses == ("tools.web_search", "tool_choice")
    without = encoded(
        asked(
            user(Text(text="?")),
            assistant(ToolCall(call_id="a", name="x")),
            user(ToolResult(call_id="a"), Text(text="so?")),
            tools=(WEATHER,),
        ),
        Quirk(has_tools=False),
    )
    assert without.body["messages"] == [
        {"role": "user", "content": "?"},
        {"role": "user", "content": "so?"},
    ]
    assert without.losses == ("tools",)


@pytest.mark.parametrize(
    ("reasoning", "expected"),
    [
        (ReasoningSettings(effort="none"), {"type": "disabled"}),
        (ReasoningSettings(budget=0), {"type": "disabled"}),
        (ReasoningSettings(effort="low"), {"type": "enabled", "token_budget": 1024}),
        (ReasoningSettings(effort="high"), {"type": "enabled"}),
        (ReasoningSettings(budget=777), {"type": "enabled", "token_budget": 777}),
        (ReasoningSettings(budget=-1), {"type": "enabled"}),
        (ReasoningSettings(is_adaptive=True), {"type": "enabled"}),
    ],
)
def test_reasoning(reasoning: ReasoningSettings, expected: Any) -> None:
    """On, off, or on with a budget."""
    assert expected == encoded(asked(reasoning=reasoning)).body["thinking"]


def test_reasoning_within_limits_and_models_without() -> None:
    """A budget leaves half of a smaller limit for the answer; a model that cannot think is not
    asked to.
    """
    body = encoded(
        asked(reasoning=ReasoningSettings(effort="low"), sampling=Sampling(max_output_tokens=1000))
    ).body
    assert body["thinking"] == {"type": "enabled", "token_budget": 500}
    plain = encoded(
        asked(reasoning=ReasoningSettings(effort="low")), Quirk(reasoning_request="none")
    )
    assert plain.losses == ("reasoning",)
    assert "thinking" not in plain.body
    assert (
        encoded(
            asked(reasoning=ReasoningSettings(effort="none")), Quirk(reasoning_request="none")
        ).losses
        == ()
    )


def test_a_provider_without_images() -> None:
    """Pictures go, what was said beside them stays, and a turn that was nothing else goes whole."""
    picture = Media(kind="image", mime="image/png", data="AAAA")
    request = asked(user(picture), user(Text(text="a"), picture))
    without = encoded(request, Quirk(has_images=False))
    assert without.body["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "a"}]}
    ]
    assert without.losses == ("image",)


def test_structured_output() -> None:
    """A schema where the API has it; in words beside tools, which it does not allow together."""
    wanted = OutputFormat(kind="json_schema", name="answer", schema=SCHEMA)
    assert encoded(asked(output_format=wanted)).body["response_format"] == {
        "type": "json_object",
        "json_schema": SCHEMA,
    }
    assert encoded(asked(output_format=OutputFormat(kind="json"))).body["response_format"] == {
        "type": "json_object"
    }
    beside = encoded(asked(output_format=wanted, tools=(WEATHER,)))
    assert "response_format" not in beside.body
    assert json.dumps(SCHEMA) in beside.body["messages"][0]["content"]
    assert beside.losses == ("response_format",)
    brief = Message(role="system", parts=(Text(text="Be brief."),))
    instructed = encoded(asked(brief, *HELLO, output_format=wanted, tools=(WEATHER,)))
    assert [message["role"] for message in instructed.body["messages"]] == [
        "system",
        "system",
        "user",
    ]
    assert instructed.body["messages"][0]["content"] == "Be brief."


def test_ranges_and_what_the_wire_has_no_word_for() -> None:
    """Values are moved into the API's ranges and named; so is everything else that is left out."""
    sampling = Sampling(
        temperature=-1,
        top_p=1,
        top_k=900,
        presence_penalty=-2,
        frequency_penalty=1.5,
        stop=tuple("abcdef"),
        choices=2,
        top_logprobs=3,
        logit_bias={"1": 1},
    )
    request = asked(
        sampling=sampling,
        user="u",
        metadata={"a": "b"},
        store=True,
        verbosity="low",
        service_tier="flex",
        previous_response_id="r",
        prompt_cache_key="k",
        output_modalities=("audio",),
        audio_output={"voice": "v"},
        extensions={"openai_chat": {"web_search_options": {}, "safety_mode": "OFF"}},
    )
    result = encoded(request, Quirk(dropped_members=frozenset({"safety_mode"})))
    assert {
        "temperature": 0,
        "p": 0.99,
        "k": 500,
        "presence_penalty": 0,
        "frequency_penalty": 1,
        "stop_sequences": list("abcde"),
    } == {name: value for name, value in result.body.items() if name not in ("model", "messages")}
    expected = {
        "temperature",
        "top_k",
        "presence_penalty",
        "frequency_penalty",
        "stop",
        "n",
        "top_logprobs",
        "logit_bias",
        "user",
        "metadata",
        "store",
        "verbosity",
        "service_tier",
        "previous_response_id",
        "prompt_cache_key",
        "modalities",
        "audio",
        "web_search_options",
        "safety_mode",
    }
    assert expected == set(result.losses)


def test_instructions_alone_become_the_users_words() -> None:
    """A request of nothing but system text is still answered."""
    assert encoded(asked(Message(role="system", parts=(Text(text="Say hi."),)))).body[
        "messages"
    ] == [{"role": "user", "content": "Say hi."}]


def test_results_that_come_after_other_words_still_answer_their_calls() -> None:
    """A user's words, or another turn, between a call and its result: the results stand first, none
    is said to be missing. Several texts of one result are lines.
    """
    calls = (
        ToolCall(call_id="a", name="f", arguments="{}"),
        ToolCall(call_id="b", name="f", arguments="{}"),
    )
    late = user(ToolResult(call_id="b", content=(Text(text="2"), Text(text="3"))))
    messages = encoded(
        asked(
            HELLO[0],
            assistant(*calls),
            user(Text(text="And?"), ToolResult(call_id="a", content=(Text(text="1"),))),
            late,
        )
    ).body["messages"]
    assert messages[2:] == [
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "tool", "tool_call_id": "b", "content": "2\n3"},
        {"role": "user", "content": "And?"},
    ]
