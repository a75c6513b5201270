"""A client's Messages body becomes the canonical request; malformed members are refused by path,
unknown ones carried.
"""

from __future__ import annotations

from typing import Any

import pytest
from anthropic_road import fitted
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.canonical import (
    CacheHint,
    HostedTool,
    Media,
    Message,
    Opaque,
    OutputFormat,
    Reasoning,
    ReasoningSettings,
    Request,
    RequestRefused,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Unknown,
)
from uniapi.dialects import Quirk
from uniapi.dialects.anthropic import CLIENT, UPSTREAM


def decode(body: dict[str, Any]) -> Request:
    return CLIENT.decode_request({"messages": [], **body}, "claude-x", False)


def own(value: Any) -> Opaque:
    return Opaque(family="anthropic", value=value)


SIGNED = {"type": "thinking", "thinking": "hm", "signature": "sig=="}

USER_BLOCKS = [
    ({"type": "text", "text": "hi"}, Text(text="hi")),
    (
        {"type": "text", "text": "hi", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        Text(text="hi", cache=CacheHint(ttl="1h")),
    ),
    (
        {
            "type": "image",
            "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
        },
        Media(kind="image", mime="image/png", data="iVBORw0KGgo="),
    ),
    (
        {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
        Media(kind="image", url="https://x/y.png"),
    ),
    (
        {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
        Media(kind="image", file_id="file_1", opaque=own("file_1")),
    ),
    (
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
            "title": "T",
            "context": "C",
            "citations": {"enabled": True},
        },
        Media(
            kind="file",
            mime="application/pdf",
            data="JVBERi0=",
            title="T",
            context="C",
            citations_enabled=True,
        ),
    ),
    (
        {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": "words"},
        },
        Media(kind="file", mime="text/plain", text="words"),
    ),
    (
        {"type": "document", "source": {"type": "url", "url": "https://x/y.pdf"}},
        Media(kind="file", mime="application/pdf", url="https://x/y.pdf"),
    ),
    (
        {"type": "document", "source": {"type": "file", "file_id": "file_2"}},
        Media(kind="file", file_id="file_2", opaque=own("file_2")),
    ),
    (
        {
            "type": "search_result",
            "source": "https://x",
            "title": "T",
            "content": [{"type": "text", "text": "found"}],
        },
        Media(
            kind="file",
            mime="text/plain",
            text="found",
            title="T",
            context="https://x",
            opaque=own(
                {
                    "type": "search_result",
                    "source": "https://x",
                    "title": "T",
                    "content": [{"type": "text", "text": "found"}],
                }
            ),
        ),
    ),
    (
        {"type": "container_upload", "file_id": "f"},
        Unknown(
            dialect="anthropic",
            name="container_upload",
            raw={"type": "container_upload", "file_id": "f"},
        ),
    ),
]

ASSISTANT_BLOCKS = [
    (SIGNED, Reasoning(text="hm", opaque=own("sig=="))),
    ({"type": "redacted_thinking", "data": "xyz"}, Reasoning(is_redacted=True, opaque=own("xyz"))),
    (
        {
            "type": "tool_use",
            "id": "toolu_1",
            "name": "f",
            "input": {"a": 1},
            "caller": {"type": "direct"},
        },
        ToolCall(
            call_id="toolu_1",
            name="f",
            arguments='{"a": 1}',
            opaque=own({"caller": {"type": "direct"}}),
        ),
    ),
    (
        {
            "type": "server_tool_use",
            "id": "srvtoolu_1",
            "name": "web_search",
            "input": {"query": "q"},
        },
        Unknown(
            dialect="anthropic",
            name="server_tool_use",
            raw={
                "type": "server_tool_use",
                "id": "srvtoolu_1",
                "name": "web_search",
                "input": {"query": "q"},
            },
        ),
    ),
]


@pytest.mark.parametrize("block, part", USER_BLOCKS)
def test_user_blocks_are_read_and_written_back(block: dict[str, Any], part: Any) -> None:
    """One table, both ways: a user's block is this part, and this part is that block."""
    request = decode(
        {"messages": [{"role": "user", "content": [block, {"type": "text", "text": "?"}]}]}
    )
    assert (part, Text(text="?")) == request.messages[0].parts
    assert [block, {"type": "text", "text": "?"}] == UPSTREAM.encode_request(request, Quirk()).body[
        "messages"
    ][0]["content"]


@pytest.mark.parametrize("block, part", ASSISTANT_BLOCKS)
def test_assistant_blocks_are_read_and_written_back(block: dict[str, Any], part: Any) -> None:
    """Signatures, redacted data, callers and server-tool blocks come back byte for byte."""
    turns = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [block, {"type": "text", "text": "so"}]},
    ]
    request = decode({"messages": turns})
    assert (part, Text(text="so")) == request.messages[1].parts
    assert block == UPSTREAM.encode_request(request, Quirk()).body["messages"][1]["content"][0]


def test_an_unsigned_thinking_block_has_no_token() -> None:
    """The empty signature that foreign reasoning gets on its way to a client is none on its way
    back.
    """
    request = decode(
        {
            "messages": [
                {
                    "role": "assistant",
                    "content": [{"type": "thinking", "thinking": "x", "signature": ""}],
                }
            ]
        }
    )
    assert (Reasoning(text="x"),) == request.messages[0].parts


def test_a_tool_result_keeps_text_images_and_its_error() -> None:
    """Content may be a string, blocks, or nothing."""
    image = {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}}
    results = [
        {"type": "tool_result", "tool_use_id": "a", "content": "plain"},
        {
            "type": "tool_result",
            "tool_use_id": "b",
            "content": [{"type": "text", "text": "t"}, image],
            "is_error": True,
        },
        {"type": "tool_result", "tool_use_id": "c"},
    ]
    request = decode({"messages": [{"role": "user", "content": results}]})
    assert (
        ToolResult(call_id="a", content=(Text(text="plain"),)),
        ToolResult(
            call_id="b",
            content=(Text(text="t"), Media(kind="image", url="https://x/y.png")),
            is_error=True,
        ),
        ToolResult(call_id="c"),
    ) == request.messages[0].parts


def test_a_document_of_blocks_becomes_text_unless_it_holds_images() -> None:
    """With images its pieces stand alone, headed by title and context."""
    text = {"type": "text", "text": "a"}
    image = {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}}
    plain = {
        "type": "document",
        "source": {"type": "content", "content": [text, text]},
        "title": "T",
    }
    mixed = {
        "type": "document",
        "source": {"type": "content", "content": [text, image]},
        "title": "T",
    }
    request = decode({"messages": [{"role": "user", "content": [plain, mixed]}]})
    assert (
        Media(kind="file", mime="text/plain", text="a\n\na", title="T"),
        Text(text="T"),
        Text(text="a"),
        Media(kind="image", url="https://x/y.png"),
    ) == request.messages[0].parts


def test_system_may_be_text_blocks_or_a_turn_in_the_middle() -> None:
    """All three are system messages, where the client put them; Claude Code's attribution block
    goes.
    """
    request = decode(
        {
            "system": [
                {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1"},
                {"type": "text", "text": "be kind", "cache_control": {"type": "ephemeral"}},
            ],
            "messages": [
                {"role": "user", "content": "hi"},
                {"role": "system", "content": "be brief"},
            ],
        }
    )
    assert (
        Message(role="system", parts=(Text(text="be kind", cache=CacheHint()),)),
        Message(role="user", parts=(Text(text="hi"),)),
        Message(role="system", parts=(Text(text="be brief"),)),
    ) == request.messages


def test_tools_are_functions_or_hosted() -> None:
    """A typed tool is hosted, its kind shared with other vendors where they have one."""
    search = {
        "type": "web_search_20250305",
        "name": "web_search",
        "max_uses": 3,
        "allowed_domains": ["a.org"],
        "user_location": {"type": "approximate", "city": "Bern", "country": "CH"},
    }
    bash = {"type": "bash_20250124", "name": "bash"}
    function = {
        "name": "f",
        "description": "d",
        "input_schema": {"type": "object"},
        "strict": True,
        "eager_input_streaming": True,
    }
    request = decode({"tools": [function, search, bash]})
    assert (
        Tool(
            name="f",
            description="d",
            parameters={"type": "object"},
            strict=True,
            extras={"eager_input_streaming": True},
            dialect="anthropic",
        ),
        HostedTool(
            kind="web_search",
            dialect="anthropic",
            raw=search,
            max_uses=3,
            allowed_domains=("a.org",),
            location={"city": "Bern", "country": "CH"},
        ),
        HostedTool(kind="bash_20250124", dialect="anthropic", raw=bash),
    ) == request.tools


@pytest.mark.parametrize(
    "choice, expected, parallel",
    [
        ({"type": "auto"}, ToolChoice(mode="auto"), None),
        ({"type": "any", "disable_parallel_tool_use": True}, ToolChoice(mode="required"), False),
        (
            {"type": "tool", "name": "f", "disable_parallel_tool_use": False},
            ToolChoice(mode="tool", name="f"),
            True,
        ),
        ({"type": "none"}, ToolChoice(mode="none"), None),
    ],
)
def test_tool_choice_says_which_and_whether_in_parallel(
    choice: dict[str, Any], expected: ToolChoice, parallel: bool | None
) -> None:
    """Parallel calls are part of the choice on this wire."""
    request = decode({"tool_choice": choice})
    assert (expected, parallel) == (request.tool_choice, request.parallel_tool_calls)


@pytest.mark.parametrize(
    "members, expected",
    [
        ({}, None),
        ({"thinking": {"type": "enabled", "budget_tokens": 2048}}, ReasoningSettings(budget=2048)),
        (
            {
                "thinking": {"type": "adaptive", "display": "omitted"},
                "output_config": {"effort": "xhigh"},
            },
            ReasoningSettings(effort="xhigh", is_adaptive=True, visibility="omitted"),
        ),
        (
            {"thinking": {"type": "disabled"}, "output_config": {"effort": "low"}},
            ReasoningSettings(effort="none"),
        ),
        ({"output_config": {"effort": "medium"}}, ReasoningSettings(effort="medium")),
    ],
)
def test_thinking_and_effort_are_one_setting(
    members: dict[str, Any], expected: ReasoningSettings | None
) -> None:
    """Budget, adaptive, off, and effort, which stands in another member."""
    assert expected == decode(members).reasoning


@pytest.mark.parametrize("member", ["output_config", "output_format"])
def test_the_output_format_is_read_from_either_place(member: str) -> None:
    """The older beta had it at the top."""
    stated = {"type": "json_schema", "schema": {"type": "object"}}
    request = decode({member: {"format": stated} if member == "output_config" else stated})
    assert OutputFormat(kind="json_schema", schema={"type": "object"}) == request.output_format


def test_unknown_members_are_carried_and_written_back() -> None:
    """What has no canonical place stays in the dialect's extensions."""
    body = {
        "context_management": {"edits": [{"type": "clear_thinking_20251015"}]},
        "mcp_servers": [{"type": "url", "url": "https://m", "name": "m"}],
        "output_config": {"effort": "low", "task_budget": {"type": "tokens", "total": 5}},
        "metadata": {"user_id": "u"},
        "service_tier": "standard_only",
        "cache_control": {"type": "ephemeral"},
        "max_tokens": 9,
        "stop_sequences": ["x"],
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 5,
        "messages": [{"role": "user", "content": "hi"}],
    }
    request = decode(body)
    assert {"context_management", "mcp_servers", "output_config"} == set(
        request.extensions["anthropic"]
    )
    encoded = fitted(request, Quirk(anthropic_thinking="none"))
    assert {
        "model": "claude-x",
        **body,
        "output_config": {"task_budget": {"type": "tokens", "total": 5}},
    } == encoded.body
    assert encoded.losses == ("thinking",)
    assert "context-management-2025-06-27" in encoded.headers["anthropic-beta"]


@pytest.mark.parametrize(
    "body, param",
    [
        ({"messages": None}, "messages"),
        ({"messages": [3]}, "messages[0]"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [5]}]}, "messages[0].content[0]"),
        (
            {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
            "messages[0].content[0].text",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image"}]}]},
            "messages[0].content[0].source",
        ),
        (
            {
                "messages": [
                    {"role": "user", "content": [{"type": "image", "source": {"type": "magic"}}]}
                ]
            },
            "messages[0].content[0].source.type",
        ),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [
                            {
                                "type": "tool_result",
                                "tool_use_id": "a",
                                "content": [{"type": "text", "text": 1}],
                            }
                        ],
                    }
                ]
            },
            "messages[0].content[0].content[0].text",
        ),
        (
            {"messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": "a"}]}]},
            "messages[0].content[0].name",
        ),
        ({"system": 4}, "system"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"temperature": True}, "temperature"),
        ({"stop_sequences": ["a", 2]}, "stop_sequences[1]"),
        ({"tools": {}}, "tools"),
        ({"tools": [{"input_schema": {}}]}, "tools[0].name"),
        ({"tools": [{"name": "f", "input_schema": []}]}, "tools[0].input_schema"),
        ({"tool_choice": {"type": "maybe"}}, "tool_choice.type"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.name"),
        ({"thinking": "yes"}, "thinking"),
        ({"thinking": {"type": "enabled", "budget_tokens": "x"}}, "thinking.budget_tokens"),
        ({"output_config": {"format": {"type": "json_schema"}}}, "output_config.format.schema"),
        ({"metadata": {"user_id": 1}}, "metadata.user_id"),
    ],
)
def test_a_malformed_member_is_refused_by_its_path(body: dict[str, Any], param: str) -> None:
    """The client is told which member, what was found and what was expected."""
    with pytest.raises(RequestRefused) as refused:
        decode(body)
    assert (400, param) == (refused.value.error.status, refused.value.error.param)
    assert refused.value.error.message.startswith(param)


MEMBERS = [
    "messages",
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "metadata",
    "stop_sequences",
    "max_tokens",
    "cache_control",
    "x",
]
KEYS = st.sampled_from(
    [
        "type",
        "role",
        "content",
        "text",
        "source",
        "data",
        "url",
        "id",
        "name",
        "input",
        "tool_use_id",
        "cache_control",
        "input_schema",
        "schema",
        "format",
        "k",
    ]
)
WORDS = st.sampled_from(
    [
        "user",
        "assistant",
        "system",
        "text",
        "image",
        "document",
        "tool_use",
        "tool_result",
        "thinking",
        "base64",
        "content",
        "",
        "\ud800",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(MEMBERS), JSON))
def test_any_json_is_read_or_refused_and_what_is_read_can_be_written(body: dict[str, Any]) -> None:
    """No other exception, whatever stands where; and an encoder takes every canonical request."""
    try:
        request = CLIENT.decode_request(body, "m", False)
    except RequestRefused:
        return
    assert "messages" in UPSTREAM.encode_request(request, Quirk()).body
