"""Tools and tool choice on their way to the API, and the names that come back."""

from __future__ import annotations

from typing import Any

import pytest
from anthropic_road import fitted

from uniapi.canonical import HostedTool, Message, Request, Text, Tool, ToolCall, ToolChoice
from uniapi.dialects import EncodedRequest, Quirk, UpstreamContext
from uniapi.dialects.anthropic import UPSTREAM

HELLO = Message(role="user", parts=(Text(text="hi"),))


def encode(*tools: Tool | HostedTool, **members: Any) -> EncodedRequest:
    return fitted(Request(model="m", messages=(HELLO,), tools=tools, **members))


@pytest.mark.parametrize(
    "parameters, expected",
    [
        (None, {"type": "object", "properties": {}}),
        ({}, {"type": "object"}),
        ({"properties": {"a": {}}, "required": None}, {"properties": {"a": {}}, "type": "object"}),
        ({"type": ["object", "null"], "properties": {}}, {"type": "object", "properties": {}}),
        (
            {"$ref": "#/$defs/A", "$defs": {"A": {"type": "object", "properties": {"x": {}}}}},
            {
                "type": "object",
                "properties": {"x": {}},
                "$defs": {"A": {"type": "object", "properties": {"x": {}}}},
            },
        ),
        (
            {
                "anyOf": [
                    {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a", "b"]},
                    {"type": "object", "properties": {"b": {}}, "required": ["b"]},
                ]
            },
            {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["b"]},
        ),
        (
            {
                "properties": {"z": {}},
                "allOf": [{"properties": {"a": {}}, "required": ["a"]}, {"required": ["z"]}],
            },
            {"type": "object", "properties": {"a": {}, "z": {}}, "required": ["a", "z"]},
        ),
    ],
)
def test_an_input_schema_has_an_object_at_its_root(
    parameters: Any, expected: dict[str, Any]
) -> None:
    """Alternatives at the root, which the API refuses, become one object that admits each."""
    assert (
        expected == encode(Tool(name="f", parameters=parameters)).body["tools"][0]["input_schema"]
    )


def test_strict_needs_a_schema_within_the_subset() -> None:
    """Otherwise the API would refuse the request; the loss is named."""
    closed = {"type": "object", "properties": {}, "additionalProperties": False}
    encoded = encode(
        Tool(name="a", parameters=closed, strict=True),
        Tool(name="b", parameters={"type": "object"}, strict=True),
    )
    assert [tool.get("strict") for tool in encoded.body["tools"]] == [True, None]
    assert encoded.losses == ("tools.b.strict",)


def test_names_are_cleaned_kept_apart_and_given_back() -> None:
    """Namespaces, dots and duplicates: what the model calls is the client's tool again."""
    tools = (
        Tool(name="a.b"),
        Tool(name="a_b"),
        Tool(name="run", namespace="mcp__box__"),
        Tool(name="run", namespace="ns"),
        Tool(name="a.b"),
    )
    encoded = encode(*tools, tool_choice=ToolChoice(mode="tool", name="a_b"))
    names = [tool["name"] for tool in encoded.body["tools"]]
    assert ["a_b", names[1], "mcp__box__run", "ns__run"] == names
    assert names[1].startswith("a_b_")
    assert {"type": "tool", "name": names[1]} == encoded.body["tool_choice"]
    assert encoded.losses == ("tools.a_b",)
    request = Request(model="m", tools=tools)
    content = [
        {"type": "tool_use", "id": str(n), "name": name, "input": {}}
        for n, name in enumerate(names)
    ]
    answer = UPSTREAM.decode_response(
        {"type": "message", "content": content}, UpstreamContext(request=request)
    )
    called = [part for part in answer.choices[0].parts if isinstance(part, ToolCall)]
    assert [(part.namespace, part.name) for part in called] == [
        (None, "a.b"),
        (None, "a_b"),
        ("mcp__box__", "run"),
        ("ns", "run"),
    ]


def test_a_freeform_tool_is_a_function_of_one_string() -> None:
    """Its grammar becomes words; the answer's input is plain text again."""
    tool = Tool(
        name="exec",
        description="Runs.",
        kind="custom",
        grammar={"type": "grammar", "syntax": "lark", "definition": "start: /x/"},
    )
    sent = encode(tool).body["tools"][0]
    assert sent["input_schema"]["required"] == ["input"]
    assert sent["description"].endswith("start: /x/")
    content = [{"type": "tool_use", "id": "t", "name": "exec", "input": {"input": "x = 1"}}]
    answer = UPSTREAM.decode_response(
        {"type": "message", "content": content},
        UpstreamContext(request=Request(model="m", tools=(tool,))),
    )
    assert (
        ToolCall(call_id="t", name="exec", arguments="x = 1", kind="custom"),
    ) == answer.choices[0].parts


def test_web_search_of_another_vendor_is_this_vendors() -> None:
    """Other hosted tools are losses."""
    encoded = encode(
        HostedTool(
            kind="web_search",
            dialect="openai_responses",
            raw={"type": "web_search"},
            max_uses=2,
            allowed_domains=("a.org",),
            blocked_domains=("b.org",),
            location={"country": "CH", "type": "approximate"},
            context_size="low",
        ),
        HostedTool(kind="image_generation", dialect="openai_responses", raw={}),
    )
    assert encoded.body["tools"] == [
        {
            "type": "web_search_20250305",
            "name": "web_search",
            "max_uses": 2,
            "allowed_domains": ["a.org"],
            "user_location": {"type": "approximate", "country": "CH"},
        }
    ]
    assert {
        "tools.web_search.blocked_domains",
        "tools.web_search.search_context_size",
        "tools.image_generation",
    } == set(encoded.losses)


@pytest.mark.parametrize(
    "members, expected",
    [
        ({}, None),
        ({"parallel_tool_calls": True}, None),
        ({"parallel_tool_calls": False}, {"type": "auto", "disable_parallel_tool_use": True}),
        ({"tool_choice": ToolChoice(mode="auto")}, {"type": "auto"}),
        ({"tool_choice": ToolChoice(mode="none"), "parallel_tool_calls": False}, {"type": "none"}),
        (
            {"tool_choice": ToolChoice(mode="required"), "parallel_tool_calls": False},
            {"type": "any", "disable_parallel_tool_use": True},
        ),
        ({"tool_choice": ToolChoice(mode="tool", name="f")}, {"type": "tool", "name": "f"}),
        ({"tool_choice": ToolChoice(mode="tool", name="unknown")}, None),
    ],
)
def test_tool_choice_in_all_its_forms(
    members: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    """A choice of a tool that is not there would be refused."""
    assert expected == encode(Tool(name="f"), **members).body.get("tool_choice")


def test_allowed_tools_are_the_only_ones_sent() -> None:
    """The wire has no list of allowed tools; leaving the others out says the same."""
    encoded = encode(
        Tool(name="f"), Tool(name="g"), tool_choice=ToolChoice(mode="required", allowed=("g",))
    )
    assert ([tool["name"] for tool in encoded.body["tools"]], encoded.body["tool_choice"]) == (
        ["g"],
        {"type": "any"},
    )


def test_a_forced_choice_without_tools_is_a_loss() -> None:
    """The API refuses a choice among nothing."""
    encoded = encode(tool_choice=ToolChoice(mode="required"))
    assert ("tool_choice" not in encoded.body, ("tool_choice",)) == (True, encoded.losses)


@pytest.mark.parametrize(
    ("choice", "parallel", "wire", "asked"),
    [
        (
            ToolChoice(mode="required"),
            None,
            None,
            "Answer by calling one of the tools, not with text.",
        ),
        (
            ToolChoice(mode="tool", name="g"),
            None,
            None,
            "Answer by calling the tool `g`, not with text.",
        ),
        (
            ToolChoice(mode="tool", name="g"),
            False,
            {"type": "auto", "disable_parallel_tool_use": True},
            "Answer by calling the tool `g`, not with text.",
        ),
        (ToolChoice(mode="none"), None, {"type": "none"}, None),
    ],
)
def test_a_model_that_may_not_be_forced_is_asked(
    choice: ToolChoice, parallel: bool | None, wire: Any, asked: str | None
) -> None:
    """«tool_choice: type "tool" and "any" are not supported for this model»: the system text asks,
    and the client is told.
    """
    request = Request(
        model="m",
        messages=(HELLO,),
        tools=(Tool(name="f"), Tool(name="g")),
        tool_choice=choice,
        parallel_tool_calls=parallel,
    )
    encoded = fitted(request, Quirk(anthropic_forced_tool=False))
    assert (wire, asked) == (encoded.body.get("tool_choice"), encoded.body.get("system"))
    assert (("tool_choice",) if asked else ()) == encoded.losses


@pytest.mark.parametrize(
    ("wishes", "written", "betas"),
    [
        ((True, None), None, ["fine-grained-tool-streaming-2025-05-14"]),
        ((True, True), ["a"], ["a", "fine-grained-tool-streaming-2025-05-14"]),
        ((False, None), None, None),
    ],
)
def test_bedrock_streams_inputs_eagerly_by_the_beta(wishes, written, betas):
    """It refuses the member, whatever it says."""
    tools = [{"name": f"t{at}", "input_schema": {"type": "object"}} for at in range(2)]
    said = [
        {**tool, "eager_input_streaming": wish} for tool, wish in zip(tools, wishes, strict=False)
    ]
    body = {"max_tokens": 9, "messages": [{"role": "user", "content": "a"}], "tools": said}
    if written:
        body["anthropic_beta"] = written
    assert UPSTREAM.fit(body, Quirk())[0] is body
    fitted, losses = UPSTREAM.fit(body, Quirk(anthropic_eager_tools=False))
    assert (fitted["tools"], fitted.get("anthropic_beta"), losses) == (tools, betas, ())
    plain = {**body, "tools": tools}
    assert UPSTREAM.fit(plain, Quirk(anthropic_eager_tools=False))[0] is plain
