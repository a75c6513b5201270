"""A Responses body and the canonical request say the same, in both directions; malformed members
are refused by path, unknown ones carried, losses named.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming
from pydantic import TypeAdapter

from uniapi.canonical import (
    CacheHint,
    Citation,
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
from uniapi.dialects import Quirk
from uniapi.dialects.openai_responses import CLIENT, UPSTREAM

NAME = "openai_responses"
PARAMS: TypeAdapter[Any] = TypeAdapter(ResponseCreateParamsNonStreaming)


def decode(body: dict[str, Any], stream: bool = False) -> Request:
    return CLIENT.decode_request(body, "gpt-x", stream)


def encode(request: Request) -> dict[str, Any]:
    return UPSTREAM.encode_request(request, Quirk()).body


def own(**members: Any) -> Opaque:
    return Opaque(family="openai", value=members)


def user(*parts: Part) -> Message:
    return Message(role="user", parts=parts)


def assistant(*parts: Part, phase: str | None = None) -> Message:
    return Message(role="assistant", parts=parts, phase=phase)


def unknown(raw: dict[str, Any]) -> Unknown:
    return Unknown(dialect=NAME, name=raw["type"], raw=raw)


HELLO = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}
REASONING = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "hm"}],
    "encrypted_content": "gAAA+/==",
}
CALL = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "call_1",
    "name": "look",
    "arguments": '{"a": 1}',
}
CALL_PART = ToolCall(call_id="call_1", name="look", arguments='{"a": 1}', opaque=own(id="fc_1"))

ITEMS: list[tuple[str, list[dict[str, Any]], tuple[Message, ...]]] = [
    ("a user's text", [HELLO], (user(Text(text="hello")),)),
    (
        "an image by URL and one by value",
        [
            {
                "type": "message",
                "role": "user",
                "content": [
                    {"type": "input_image", "detail": "low", "image_url": "https://x/y.png"},
                    {
                        "type": "input_image",
                        "detail": "auto",
                        "image_url": "data:image/png;base64,QUJD",
                    },
                ],
            }
        ],
        (
            user(
                Media(kind="image", url="https://x/y.png", detail="low"),
                Media(kind="image", mime="image/png", data="QUJD", detail="auto"),
            ),
        ),
    ),
    (
        "files by value, URL and id",
        [
            {
                "type": "message",
                "role": "user",
                "content": [
                    {
                        "type": "input_file",
                        "filename": "a.pdf",
                        "file_data": "data:application/pdf;base64,QUJD",
                    },
                    {"type": "input_file", "file_url": "https://x/a.pdf"},
                    {"type": "input_file", "file_id": "file-1"},
                ],
            }
        ],
        (
            user(
                Media(kind="file", mime="application/pdf", data="QUJD", filename="a.pdf"),
                Media(kind="file", url="https://x/a.pdf"),
                Media(
                    kind="file", file_id="file-1", opaque=Opaque(family="openai", value="file-1")
                ),
            ),
        ),
    ),
    (
        (
            "a turn of reasoning, text with its phase, and a call is one message; its result "
            "is the user's"
        ),
        [
            REASONING,
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "I look.", "annotations": []}],
                "id": "msg_1",
                "status": "completed",
                "phase": "commentary",
            },
            CALL,
            {"type": "function_call_output", "call_id": "call_1", "output": "3"},
        ],
        (
            assistant(
                Reasoning(
                    text="hm",
                    opaque=own(
                        **{name: value for name, value in REASONING.items() if name != "type"}
                    ),
                ),
                Text(text="I look.", opaque=own(id="msg_1")),
                CALL_PART,
                phase="commentary",
            ),
            user(ToolResult(call_id="call_1", content=(Text(text="3"),))),
        ),
    ),
    (
        "parallel calls, their results, a result with an image",
        [
            {
                "type": "function_call",
                "call_id": "c1",
                "name": "a",
                "arguments": "{}",
                "namespace": "mcp__x",
            },
            {"type": "custom_tool_call", "call_id": "c2", "name": "exec", "input": "ls\n"},
            {
                "type": "function_call_output",
                "call_id": "c1",
                "output": [
                    {
                        "type": "input_image",
                        "detail": "auto",
                        "image_url": "data:image/png;base64,QUJD",
                    }
                ],
            },
            {"type": "custom_tool_call_output", "call_id": "c2", "output": "ok"},
        ],
        (
            assistant(
                ToolCall(call_id="c1", name="a", arguments="{}", namespace="mcp__x"),
                ToolCall(call_id="c2", name="exec", arguments="ls\n", kind="custom"),
            ),
            user(
                ToolResult(
                    call_id="c1",
                    content=(Media(kind="image", mime="image/png", data="QUJD", detail="auto"),),
                ),
                ToolResult(call_id="c2", content=(Text(text="ok"),), kind="custom"),
            ),
        ),
    ),
    (
        "two assistant messages in a row stay two",
        [
            {"type": "message", "role": "assistant", "content": "a", "phase": "commentary"},
            {"type": "message", "role": "assistant", "content": "b", "phase": "final_answer"},
        ],
        (
            assistant(Text(text="a"), phase="commentary"),
            assistant(Text(text="b"), phase="final_answer"),
        ),
    ),
    (
        "a refusal",
        [
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "refusal", "refusal": "No."}],
            }
        ],
        (assistant(Refusal(text="No.")),),
    ),
    (
        "a developer message in the middle keeps its place",
        [
            HELLO,
            {
                "type": "message",
                "role": "developer",
                "content": [{"type": "input_text", "text": "be brief"}],
            },
            HELLO,
        ],
        (
            user(Text(text="hello")),
            Message(role="developer", parts=(Text(text="be brief"),)),
            user(Text(text="hello")),
        ),
    ),
    (
        "hosted and unknown items are carried in order",
        [
            HELLO,
            {
                "type": "web_search_call",
                "id": "ws_1",
                "status": "completed",
                "action": {"type": "search", "query": "q"},
            },
            {"type": "brand_new_call", "id": "x"},
            {"type": "shell_call_output", "call_id": "c", "output": []},
            {"type": "item_reference", "id": "msg_0"},
            {"type": "compaction", "encrypted_content": "gAAA"},
        ],
        (
            user(Text(text="hello")),
            assistant(
                unknown(
                    {
                        "type": "web_search_call",
                        "id": "ws_1",
                        "status": "completed",
                        "action": {"type": "search", "query": "q"},
                    }
                ),
                unknown({"type": "brand_new_call", "id": "x"}),
            ),
            user(unknown({"type": "shell_call_output", "call_id": "c", "output": []})),
            assistant(
                unknown({"type": "item_reference", "id": "msg_0"}),
                unknown({"type": "compaction", "encrypted_content": "gAAA"}),
            ),
        ),
    ),
    (
        "an image the API made",
        [
            {
                "type": "image_generation_call",
                "status": "completed",
                "id": "ig_1",
                "output_format": "webp",
                "result": "QUJD",
            }
        ],
        (
            assistant(
                Media(
                    kind="image",
                    mime="image/webp",
                    data="QUJD",
                    opaque=own(status="completed", id="ig_1", output_format="webp"),
                )
            ),
        ),
    ),
]


@pytest.mark.parametrize(
    "items, messages", [case[1:] for case in ITEMS], ids=[case[0] for case in ITEMS]
)
def test_items_and_messages_say_the_same(
    items: list[dict[str, Any]], messages: tuple[Message, ...]
) -> None:
    """Decoding gives the messages, encoding gives the items back."""
    assert messages == decode({"input": items}).messages
    assert items == encode(Request(model="gpt-x", messages=messages))["input"]


FUNCTION = {
    "type": "function",
    "name": "look",
    "description": "Looks.",
    "parameters": {"type": "object", "properties": {"a": {"type": "string"}}},
    "strict": True,
}
GRAMMAR = {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"}

SETTINGS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {"temperature": 0.5, "top_p": 0.9, "max_output_tokens": 100},
        {"sampling": Sampling(temperature=0.5, top_p=0.9, max_output_tokens=100)},
    ),
    (
        {"include": ["message.output_text.logprobs"], "top_logprobs": 3},
        {"sampling": Sampling(logprobs=True, top_logprobs=3)},
    ),
    (
        {
            "reasoning": {"effort": "high", "summary": "auto"},
            "include": ["reasoning.encrypted_content"],
        },
        {"reasoning": ReasoningSettings(effort="high", visibility="auto", include=True)},
    ),
    (
        {
            "text": {
                "format": {
                    "type": "json_schema",
                    "name": "answer",
                    "schema": {"type": "object"},
                    "strict": True,
                },
                "verbosity": "low",
            }
        },
        {
            "output_format": OutputFormat(
                kind="json_schema", name="answer", schema={"type": "object"}, strict=True
            ),
            "verbosity": "low",
        },
    ),
    ({"text": {"format": {"type": "json_object"}}}, {"output_format": OutputFormat(kind="json")}),
    (
        {
            "tools": [FUNCTION],
            "tool_choice": {"type": "function", "name": "look"},
            "parallel_tool_calls": False,
        },
        {
            "tools": (
                Tool(
                    name="look",
                    description="Looks.",
                    parameters=FUNCTION["parameters"],
                    strict=True,
                    dialect=NAME,
                ),
            ),
            "tool_choice": ToolChoice(mode="tool", name="look"),
            "parallel_tool_calls": False,
        },
    ),
    (
        {
            "tools": [
                FUNCTION,
                {"type": "custom", "name": "exec", "description": "Runs.", "format": GRAMMAR},
            ],
            "tool_choice": {
                "type": "allowed_tools",
                "mode": "auto",
                "tools": [{"type": "function", "name": "look"}, {"type": "custom", "name": "exec"}],
            },
        },
        {
            "tools": (
                Tool(
                    name="look",
                    description="Looks.",
                    parameters=FUNCTION["parameters"],
                    strict=True,
                    dialect=NAME,
                ),
                Tool(
                    name="exec", description="Runs.", kind="custom", grammar=GRAMMAR, dialect=NAME
                ),
            ),
            "tool_choice": ToolChoice(mode="auto", allowed=("look", "exec")),
        },
    ),
    (
        {
            "tools": [
                {
                    "type": "web_search",
                    "search_context_size": "low",
                    "user_location": {"type": "approximate", "country": "DE"},
                }
            ],
            "tool_choice": "required",
        },
        {
            "tools": (
                HostedTool(
                    kind="web_search",
                    dialect=NAME,
                    raw={
                        "type": "web_search",
                        "search_context_size": "low",
                        "user_location": {"type": "approximate", "country": "DE"},
                    },
                    location={"country": "DE"},
                    context_size="low",
                ),
            ),
            "tool_choice": ToolChoice(mode="required"),
        },
    ),
    (
        {
            "user": "u",
            "metadata": {"a": "b"},
            "prompt_cache_key": "k",
            "service_tier": "flex",
            "store": True,
            "previous_response_id": "resp_1",
            "safety_identifier": "s",
            "new_member": {"x": 1},
        },
        {
            "user": "u",
            "metadata": {"a": "b"},
            "prompt_cache_key": "k",
            "service_tier": "flex",
            "store": True,
            "previous_response_id": "resp_1",
            "extensions": {NAME: {"safety_identifier": "s", "new_member": {"x": 1}}},
        },
    ),
]


@pytest.mark.parametrize("members, said", SETTINGS)
def test_settings_say_the_same(members: dict[str, Any], said: dict[str, Any]) -> None:
    """Each member has one canonical place, and is written back from it; a stateless call adds
    `store: false`.
    """
    request = replace(Request(model="gpt-x", messages=(user(Text(text="hello")),)), **said)
    assert request == decode({"input": [HELLO], **members})
    assert {"store": False, **members, "model": "gpt-x", "input": [HELLO]} == encode(request)


def test_string_input_and_instructions() -> None:
    """The shortest request, and system text in its own member; a content string is a text."""
    assert (Message(role="system", parts=(Text(text="S"),)), user(Text(text="hi"))) == decode(
        {"instructions": "S", "input": "hi"}
    ).messages
    assert (user(Text(text="hi")), assistant(Text(text="yo"))) == decode(
        {"input": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yo"}]}
    ).messages


def test_leading_system_becomes_instructions() -> None:
    """A Chat client's system turns are the instructions; a later one stays in its place."""
    system = Message(role="system", parts=(Text(text="S"),))
    body = encode(Request(model="m", messages=(system, user(Text(text="hello")), system)))
    assert body["instructions"] == "S"
    assert body["input"] == [
        HELLO,
        {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "S"}]},
    ]


CODEX = {
    "type": "additional_tools",
    "role": "developer",
    "tools": [
        {
            "type": "namespace",
            "name": "functions",
            "description": "Local tools",
            "tools": [
                {"type": "custom", "name": "exec", "description": "Runs JavaScript."},
                {
                    "type": "function",
                    "name": "wait",
                    "parameters": {"type": "object", "properties": {}},
                },
            ],
        }
    ],
}


def test_codex_tools_come_in_an_item() -> None:
    """The tools of an `additional_tools` item are offered like others, and go back into the item on
    their own dialect.
    """
    request = decode({"input": [CODEX, HELLO]})
    assert [
        (tool.name, tool.kind, tool.namespace) for tool in request.tools if isinstance(tool, Tool)
    ] == [
        ("exec", "custom", "functions"),
        ("wait", "function", "functions"),
    ]
    assert (user(Text(text="hello")),) == request.messages
    encoded = UPSTREAM.encode_request(request, Quirk())
    assert encoded.body["input"] == [CODEX, HELLO]
    assert "tools" not in encoded.body
    assert encoded.losses == ()


def test_namespaces_are_flattened_and_regrouped() -> None:
    """A top-level namespace survives the round trip."""
    tools = [FUNCTION, CODEX["tools"][0]]
    request = decode({"input": "x", "tools": tools})
    assert len(request.tools) == 3
    assert tools == encode(request)["tools"]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "input"),
    ({"input": 7}, "input"),
    ({"input": [3]}, "input[0]"),
    ({"input": [{"role": "robot", "content": "x"}]}, "input[0].role"),
    ({"input": [HELLO, {"role": "user", "content": [{"text": "x"}]}]}, "input[1].content[0].type"),
    (
        {"input": [{"role": "user", "content": [{"type": "input_text"}]}]},
        "input[0].content[0].text",
    ),
    (
        {"input": [{"role": "user", "content": [{"type": "input_image"}]}]},
        "input[0].content[0].image_url",
    ),
    ({"input": [{"type": "function_call", "call_id": "c"}]}, "input[0].name"),
    ({"input": [{"type": "function_call_output", "output": "x"}]}, "input[0].call_id"),
    ({"input": "x", "tools": [{"type": "function"}]}, "tools[0].name"),
    ({"input": "x", "tools": {}}, "tools"),
    ({"input": "x", "tool_choice": "sometimes"}, "tool_choice"),
    ({"input": "x", "temperature": "hot"}, "temperature"),
    ({"input": "x", "text": {"format": {"type": "yaml9"}, "verbosity": 3}}, "text.verbosity"),
    ({"input": "x", "reasoning": "high"}, "reasoning"),
    ({"input": "x", "include": [1]}, "include[0]"),
]


@pytest.mark.parametrize("body, path", REFUSED)
def test_malformed_members_are_named(body: dict[str, Any], path: str) -> None:
    """The refusal is a 400 that names the member at fault."""
    with pytest.raises(RequestRefused) as caught:
        decode(body)
    assert (400, path) == (caught.value.error.status, caught.value.error.param)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "role",
                    "content",
                    "text",
                    "id",
                    "call_id",
                    "name",
                    "arguments",
                    "output",
                    "summary",
                    "tools",
                    "encrypted_content",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
ITEM = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            [
                "message",
                "reasoning",
                "function_call",
                "custom_tool_call",
                "function_call_output",
                "additional_tools",
                "image_generation_call",
                "zzz",
            ]
        )
    },
    optional={
        "role": st.sampled_from(["user", "assistant"]),
        "content": JSON,
        "call_id": st.text(max_size=3),
        "name": JSON,
        "output": JSON,
        "summary": JSON,
        "tools": JSON,
        "result": JSON,
    },
)


@settings(max_examples=40, deadline=None)
@given(st.lists(ITEM | JSON, max_size=4), JSON, JSON, JSON)
def test_hostile_bodies_are_refused_or_carried(
    items: list[Any], tools: Any, text: Any, choice: Any
) -> None:
    """Whatever the JSON, the outcome is a request that can be written again, or a refusal."""
    try:
        request = decode({"input": items, "tools": tools, "text": text, "tool_choice": choice})
    except RequestRefused:
        return
    assert "model" in encode(request)


# Encoding what other dialects say


def test_marks_this_wire_lacks_are_named() -> None:
    """A wish for citations, and a lifetime of a cache mark; see test_breakpoints.py for marks."""
    cited = Media(
        kind="file",
        mime="application/pdf",
        data="AAAA",
        citations_enabled=True,
        cache=CacheHint(ttl="1h"),
    )
    request = Request(
        model="m", messages=(user(Text(text="a", cache=CacheHint(ttl="30m")), cited),)
    )
    encoded = UPSTREAM.encode_request(request, Quirk())
    assert encoded.losses == ("cache_control.ttl", "citations")
    assert encoded.beside.is_marked


def test_chat_request_is_valid_and_stateless() -> None:
    """A conversation in Chat's or Anthropic's terms is a body of the SDK's shape: strict is said,
    nothing is stored, reasoning comes encrypted.
    """
    request = Request(
        model="gpt-x",
        messages=(
            Message(role="system", parts=(Text(text="S"),)),
            user(Text(text="hi"), Media(kind="image", url="https://x/y.png")),
            assistant(
                Reasoning(text="foreign", opaque=Opaque(family="anthropic", value="sig")),
                Text(text="ok"),
                ToolCall(call_id="c1", name="look", arguments=""),
            ),
            user(ToolResult(call_id="c1", content=(Text(text="3"),))),
        ),
        tools=(
            Tool(name="look"),
            HostedTool(
                kind="web_search",
                dialect="anthropic",
                raw={"type": "web_search_20250305"},
                allowed_domains=("a.org",),
            ),
        ),
        tool_choice=ToolChoice(mode="required"),
        sampling=Sampling(max_output_tokens=5),
        reasoning=ReasoningSettings(budget=4000),
    )
    encoded = UPSTREAM.encode_request(request, Quirk())
    PARAMS.validate_python(encoded.body)
    assert encoded.losses == ("messages.reasoning",)
    assert encoded.body == {
        "model": "gpt-x",
        "instructions": "S",
        "input": [
            {
                "type": "message",
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "hi"},
                    {"type": "input_image", "detail": "auto", "image_url": "https://x/y.png"},
                ],
            },
            {"type": "message", "role": "assistant", "content": "ok"},
            {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "3"},
        ],
        "tools": [
            {
                "type": "function",
                "name": "look",
                "parameters": {"type": "object", "properties": {}},
                "strict": False,
            },
            {"type": "web_search", "filters": {"allowed_domains": ["a.org"]}},
        ],
        "tool_choice": "required",
        "max_output_tokens": 16,
        "reasoning": {"effort": "medium", "summary": "auto"},
        "store": False,
        "include": ["reasoning.encrypted_content"],
    }


def test_what_has_no_place_is_a_loss() -> None:
    """Members, parts and tools that this API cannot say are named."""
    request = Request(
        model="m",
        messages=(
            Message(
                role="user",
                parts=(
                    Media(kind="audio", data="QUJD"),
                    Unknown(dialect="anthropic", name="container_upload", raw={}),
                ),
                name="bob",
            ),
            user(ToolResult(call_id="c", is_error=True)),
        ),
        tools=(HostedTool(kind="web_fetch", dialect="anthropic", raw={}),),
        sampling=Sampling(
            stop=("x",),
            seed=1,
            choices=2,
            top_k=3,
            presence_penalty=0.5,
            frequency_penalty=0.5,
            logit_bias={"1": 2},
        ),
        metadata={"a": 1},
        extensions={"anthropic": {"context_management": {}}},
    )
    assert {
        "messages[0].name",
        "messages[0].audio",
        "messages[0].container_upload",
        "messages[1].is_error",
        "tools.web_fetch",
        "stop",
        "seed",
        "n",
        "top_k",
        "presence_penalty",
        "frequency_penalty",
        "logit_bias",
        "metadata",
        "context_management",
    } == set(UPSTREAM.encode_request(request, Quirk()).losses)


@pytest.mark.parametrize(
    "reasoning, effort",
    [
        (ReasoningSettings(effort="minimal"), "minimal"),
        (ReasoningSettings(budget=0), "none"),
        (ReasoningSettings(budget=-1), "medium"),
        (ReasoningSettings(is_adaptive=True), "medium"),
        (ReasoningSettings(budget=2000), "low"),
        (ReasoningSettings(budget=60000), "high"),
    ],
)
def test_effort(reasoning: ReasoningSettings, effort: str) -> None:
    """Budgets and adaptive thinking are efforts here."""
    assert effort == encode(Request(model="m", reasoning=reasoning))["reasoning"]["effort"]


def test_stored_state_is_leant_on_only_by_the_client() -> None:
    """With a reference to a stored item `store` stays unsaid; without one a translated call stores
    nothing.
    """
    assert "store" not in encode(decode({"input": [{"type": "item_reference", "id": "msg_1"}]}))
    assert "store" not in encode(
        decode({"input": [{"type": "reasoning", "id": "rs_1", "summary": []}]})
    )
    assert "store" not in encode(decode({"previous_response_id": "resp_1"}))
    assert encode(decode({"input": "x"}))["store"] is False


def test_text_documents_are_read_out() -> None:
    """A plain-text document is text for every model."""
    document = Media(
        kind="file", mime="text/csv", data=base64.b64encode(b"a,b").decode(), filename="t.csv"
    )
    assert encode(Request(model="m", messages=(user(document),)))["input"][0]["content"] == [
        {"type": "input_text", "text": "t.csv\n\na,b"}
    ]


def test_annotations_go_back_to_their_dialect() -> None:
    """A citation of ours is echoed; another's is not."""
    raw = {
        "type": "url_citation",
        "url": "https://a",
        "title": "A",
        "start_index": 0,
        "end_index": 1,
    }
    text = Text(
        text="x",
        citations=(
            Citation(url="https://a", dialect=NAME, raw=raw),
            Citation(url="https://b", dialect="anthropic", raw={}),
        ),
    )
    assert [raw] == encode(Request(model="m", messages=(assistant(text),)))["input"][0]["content"][
        0
    ]["annotations"]


def items(*messages: Message, **members: Any) -> list[Any]:
    value: list[Any] = encode(Request(model="m", messages=messages, **members))["input"]
    return value


def call(call_id: str, **members: Any) -> ToolCall:
    return ToolCall(call_id=call_id, name="f", arguments="{}", **members)


def result(call_id: str, text: str) -> ToolResult:
    return ToolResult(call_id=call_id, content=(Text(text=text),))


def test_every_call_has_one_output_right_behind_it() -> None:
    """A missing output is written as such; one that stands behind a user's words moves up; its type
    is that of its call.
    """
    found = items(
        assistant(call("a"), call("b")),
        user(Text(text="Go on")),
        user(result("a", "1")),
        assistant(call("c", kind="custom")),
        user(result("c", "3")),
    )
    assert [(item["type"], item.get("call_id"), item.get("output")) for item in found] == [
        ("function_call", "a", None),
        ("function_call", "b", None),
        ("function_call_output", "a", "1"),
        ("function_call_output", "b", "No result was returned for this tool call."),
        ("message", None, None),
        ("custom_tool_call", "c", None),
        ("custom_tool_call_output", "c", "3"),
    ]


def test_an_output_without_its_call_becomes_words() -> None:
    """«No tool call found for function call output»: a second result, and one whose call is
    nowhere, are said by the user. Ids used again in a later turn pair turn by turn.
    """
    found = items(
        assistant(call("a")),
        user(result("a", "1"), result("a", "2"), result("z", "3")),
        assistant(call("a")),
        user(result("a", "4")),
    )
    assert [
        item.get("output") or [piece["text"] for piece in item.get("content", ())] for item in found
    ] == [
        [],
        "1",
        ["[Result of tool call a]", "2"],
        ["[Result of tool call z]", "3"],
        [],
        "4",
    ]


def test_outputs_of_calls_that_lie_upstream_stay() -> None:
    """With a stored conversation, or an item by its id, the calls need not be in the request."""
    output = {"type": "function_call_output", "call_id": "z", "output": "3"}
    assert items(user(result("z", "3")), previous_response_id="resp_1") == [output]
    reference = Unknown(
        dialect=NAME, name="item_reference", raw={"type": "item_reference", "id": "fc_1"}
    )
    assert items(assistant(reference), user(result("z", "3"))) == [reference.raw, output]


def test_an_empty_turn_is_asked_as_it_is() -> None:
    """A list of no turns is refused, and hides from the client what it had sent; a turn whose
    content could not be told is another matter.
    """
    empty = Request(model="m", messages=(user(Text(text="")),))
    assert encode(empty)["input"] == [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": ""}]}
    ]
    lost = Request(model="m", messages=(user(Media(kind="audio", data="AA==")),))
    assert encode(lost)["input"] == []


def test_instructions_alone_are_asked_as_a_message() -> None:
    """The API wants input: system text without any turn is not `instructions` beside an
    empty list.
    """
    body = encode(
        Request(model="m", messages=(Message(role="system", parts=(Text(text="Say hi."),)),))
    )
    assert "instructions" not in body
    assert body["input"] == [
        {
            "type": "message",
            "role": "system",
            "content": [{"type": "input_text", "text": "Say hi."}],
        }
    ]


def test_a_namespace_the_api_gave_a_deferred_tool_is_not_the_tools() -> None:
    """Tool search calls a tool in a namespace named after it; it was offered without one.

    A namespace the client made stays; the wire gets its own back.
    """
    found = {
        "type": "function_call",
        "call_id": "a",
        "name": "f",
        "namespace": "f",
        "arguments": "{}",
    }
    made = {**found, "call_id": "b", "namespace": "group"}
    tools = [
        {"type": "function", "name": "f", "defer_loading": True},
        {"type": "namespace", "name": "group", "tools": [{"type": "function", "name": "f"}]},
    ]
    request = decode({"input": [found, made], "tools": tools})
    assert [
        part.namespace
        for message in request.messages
        for part in message.parts
        if isinstance(part, ToolCall)
    ] == [None, "group"]
    assert [item for item in encode(request)["input"] if item["type"] == "function_call"] == [
        found,
        made,
    ]


def test_a_long_end_user_id_is_told_by_its_digest() -> None:
    """OpenAI takes 64 characters; Claude Code's user id is a JSON object of more. Cursor's chat
    member, sent with a body of this shape, asks for nothing.
    """
    assert (
        encode(Request(model="m", user="u" * 65))["user"] == hashlib.sha256(b"u" * 65).hexdigest()
    )
    assert decode({"input": "Hi", "stream_options": {"include_usage": True}}).extensions == {}


def test_what_an_agent_told_another_is_read_as_a_users_words() -> None:
    """Toward other dialects too; a sealed message stays what it is, and is lost there by name."""
    told = {"type": "agent_message", "content": [{"type": "input_text", "text": "done"}]}
    assert decode({"input": [told]}).messages[-1].parts == (Text(text="done"),)
    sealed = {"type": "agent_message", "content": [{"type": "encrypted_content"}]}
    (part,) = decode({"input": [sealed]}).messages[-1].parts
    assert isinstance(part, Unknown)
