"""A body becomes what one upstream takes, by rules over the wire: each changes its own member where
a fact asks for it, whether the body was relayed or translated.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from uniapi.canonical import Media, Opaque, ReasoningSettings, Request
from uniapi.dialects import Quirk
from uniapi.dialects.openai_responses import UPSTREAM
from uniapi.dialects.openai_responses.opaque import Carried, pack

TEXT = {"type": "input_text", "text": "x"}
IMAGE = {"type": "input_image", "image_url": "https://x"}
CALL = {"type": "function_call", "call_id": "c", "name": "a", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "c", "output": [TEXT, IMAGE]}
NEW = {"type": "brand_new", "id": "other"}
BODY: dict[str, Any] = {
    "model": "m",
    "input": [{"role": "user", "content": [TEXT, IMAGE]}, CALL, OUTPUT, NEW],
    "tools": [{"type": "web_search"}],
    "reasoning": {"effort": "xhigh", "summary": "auto"},
    "text": {"verbosity": "low"},
    "include": ["reasoning.encrypted_content", "web_search_call.results"],
    "temperature": 1,
    "new_member": 1,
}
WORDS = {
    "type": "custom",
    "name": "patch",
    "format": {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"},
}
FREEFORM = {
    "type": "object",
    "properties": {
        "input": {"type": "string", "description": "The whole input of the tool, as plain text."}
    },
    "required": ["input"],
}
AS_FUNCTION = {
    "type": "function",
    "name": "patch",
    "description": "The input must follow this grammar:\nstart: /.+/",
    "parameters": FREEFORM,
    "strict": False,
}
SCHEMA = {"type": "object", "properties": {"a": {"type": "array", "items": {}}}}
OURS = pack(Carried(opaque=Opaque(family="gemini", value="sig")))


def reasoning(**members: Any) -> dict[str, Any]:
    return {"type": "reasoning", "summary": [], **members}


Row = tuple[str, Quirk, dict[str, Any], dict[str, Any], tuple[str, ...]]

ROWS: list[Row] = [
    ("the plain dialect", Quirk(), BODY, BODY, ()),
    (
        "tools: false",
        Quirk(has_tools=False),
        BODY | {"tool_choice": "auto"},
        {"tools": None, "tool_choice": None, "input": [BODY["input"][0], NEW]},
        ("tools",),
    ),
    (
        "image: false, in messages and results",
        Quirk(has_images=False),
        BODY,
        {"input": [{"role": "user", "content": [TEXT]}, CALL, {**OUTPUT, "output": [TEXT]}, NEW]},
        ("input[0].image", "input[2].image"),
    ),
    (
        "freeform tools become functions in the offer and the choice",
        Quirk(custom_tools=False),
        {"input": [], "tools": [WORDS], "tool_choice": {"type": "custom", "name": "patch"}},
        {"tools": [AS_FUNCTION], "tool_choice": {"type": "function", "name": "patch"}},
        (),
    ),
    (
        "in namespaces, in items that bring tools, in a choice among several",
        Quirk(custom_tools=False),
        {
            "input": [{"type": "additional_tools", "tools": [WORDS]}],
            "tools": [{"type": "namespace", "name": "n", "tools": [WORDS, {"type": "function"}]}],
            "tool_choice": {"type": "allowed_tools", "tools": [{"type": "custom", "name": "p"}]},
        },
        {
            "input": [{"type": "additional_tools", "tools": [AS_FUNCTION]}],
            "tools": [
                {"type": "namespace", "name": "n", "tools": [AS_FUNCTION, {"type": "function"}]}
            ],
            "tool_choice": {"type": "allowed_tools", "tools": [{"type": "function", "name": "p"}]},
        },
        (),
    ),
    (
        "and in the history",
        Quirk(custom_tools=False),
        {
            "input": [
                {"type": "custom_tool_call", "id": "ctc_1", "call_id": "c", "input": "a\n"},
                {"type": "custom_tool_call_output", "call_id": "c", "output": "ok"},
            ]
        },
        {
            "input": [
                {"type": "function_call", "call_id": "c", "arguments": '{"input": "a\\n"}'},
                {"type": "function_call_output", "call_id": "c", "output": "ok"},
            ]
        },
        (),
    ),
    (
        "earlier arguments that are no object",
        Quirk(),
        {"input": [CALL, {**CALL, "arguments": '{"a": "b'}, {**CALL, "arguments": ""}]},
        {
            "input": [
                CALL,
                {**CALL, "arguments": '{"_raw":"{\\"a\\": \\"b"}'},
                {**CALL, "arguments": "{}"},
            ]
        },
        (),
    ),
    (
        "a choice among several is what is offered",
        Quirk(allowed_tools=False),
        {
            "tools": [WORDS, {"type": "function", "name": "b"}, {"type": "web_search"}],
            "tool_choice": {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "b"}, {"type": "web_search"}],
            },
        },
        {
            "tools": [{"type": "function", "name": "b"}, {"type": "web_search"}],
            "tool_choice": "required",
        },
        (),
    ),
    (
        "schemas that OpenAI's validator refuses",
        Quirk(checks_schemas=True),
        {
            "tools": [
                {"type": "function", "parameters": {"properties": {"a": {"type": "array"}}}},
                {"type": "function", "parameters": SCHEMA},
            ]
        },
        {
            "tools": [
                {"type": "function", "parameters": SCHEMA},
                {"type": "function", "parameters": SCHEMA},
            ]
        },
        (),
    ),
    (
        "parallel calls cannot be forbidden",
        Quirk(parallel_tool_calls_member=False),
        {"parallel_tool_calls": False},
        {"parallel_tool_calls": None},
        ("parallel_tool_calls",),
    ),
    (
        "a call id that is too long, in call and result",
        Quirk(),
        {"input": [{**CALL, "call_id": "x" * 65}, {**OUTPUT, "call_id": "x" * 65}]},
        {
            "input": [
                {**CALL, "call_id": "call_9537c5fdf120482f7d58d25e9ed583f5"},
                {**OUTPUT, "call_id": "call_9537c5fdf120482f7d58d25e9ed583f5"},
            ]
        },
        (),
    ),
    (
        "one system turn, at the beginning",
        Quirk(system_turns="first"),
        {
            "instructions": "A",
            "input": [
                {"role": "developer", "content": "B"},
                {"role": "system", "content": [{"type": "input_text", "text": "C"}]},
                {"role": "user", "content": "x"},
                {"role": "developer", "content": "D"},
            ],
        },
        {
            "instructions": "A\n\nB\n\nC",
            "input": [{"role": "user", "content": "x"}, {"role": "user", "content": "D"}],
        },
        (),
    ),
    (
        "a single one is where it may be",
        Quirk(system_turns="first"),
        {"input": [{"role": "developer", "content": "B"}, {"role": "user", "content": "x"}]},
        {},
        (),
    ),
    (
        "turns that say nothing",
        Quirk(empty_turns=False),
        {
            "input": [
                {"role": "assistant", "content": ""},
                {"role": "assistant", "content": [{"type": "output_text", "text": ""}]},
                {"role": "user", "content": [IMAGE]},
                CALL,
            ]
        },
        {"input": [{"role": "user", "content": [IMAGE]}, CALL]},
        (),
    ),
    (
        "nothing but such turns",
        Quirk(empty_turns=False),
        {"input": [{"role": "user", "content": ""}]},
        {},
        (),
    ),
    (
        "the nearest effort",
        Quirk(efforts=("low", "high")),
        BODY,
        {"reasoning": {"effort": "high", "summary": "auto"}},
        (),
    ),
    (
        "a model that does not reason",
        Quirk(reasoning_request="none"),
        BODY,
        {"reasoning": None},
        ("reasoning",),
    ),
    (
        "and is asked not to",
        Quirk(reasoning_request="none"),
        {"reasoning": {"effort": "none"}},
        {"reasoning": None},
        (),
    ),
    (
        "no summaries",
        Quirk(reasoning_summary=False),
        BODY,
        {"reasoning": {"effort": "xhigh"}},
        (),
    ),
    (
        "nothing but a summary",
        Quirk(reasoning_summary=False),
        {"reasoning": {"summary": "auto"}},
        {"reasoning": None},
        (),
    ),
    (
        "encrypted reasoning is refused",
        Quirk(encrypted_reasoning=False),
        BODY,
        {"include": ["web_search_call.results"]},
        (),
    ),
    ("a client that keeps its own", Quirk(encrypted_reasoning=True), {"input": "x"}, {}, ()),
    (
        "sampling beside reasoning",
        Quirk(sampling_while_reasoning=False),
        {
            "temperature": 0.5,
            "top_p": 1,
            "top_logprobs": 2,
            "include": ["message.output_text.logprobs"],
        },
        {"temperature": None, "top_p": None, "top_logprobs": None, "include": None},
        ("temperature", "top_logprobs", "logprobs"),
    ),
    (
        "sampling without reasoning",
        Quirk(sampling_while_reasoning=False, reasons_by_default=False),
        {"temperature": 0.5, "include": ["message.output_text.logprobs"]},
        {},
        (),
    ),
    (
        "json_object alone: the schema in words behind the client's",
        Quirk(json_schema=False),
        {
            "instructions": "Be brief.",
            "text": {"format": {"type": "json_schema", "schema": {"type": "object"}}},
        },
        {
            "instructions": "Be brief.\n\nAnswer with one JSON object only, without any text around"
            ' it. It must fit this JSON Schema:\n{"type":"object"}',
            "text": {"format": {"type": "json_object"}},
        },
        (),
    ),
    (
        "a model without the dial of verbosity",
        Quirk(verbosities=("medium",)),
        BODY,
        {"text": {}},
        ("text.verbosity",),
    ),
    ("its one word", Quirk(verbosities=("low",)), BODY, {}, ()),
    (
        "members that are refused",
        Quirk(dropped_members=frozenset({"temperature", "top_p"})),
        BODY,
        {"temperature": None},
        ("temperature",),
    ),
]


@pytest.mark.parametrize(
    "quirk, before, changes, losses", [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_a_rule(
    quirk: Quirk, before: dict[str, Any], changes: dict[str, Any], losses: tuple[str, ...]
) -> None:
    """The rule changes what its fact names and nothing else, and the given body stays as it was."""
    kept = deepcopy(before)
    after = {name: value for name, value in {**before, **changes}.items() if value is not None}
    assert (after, losses) == UPSTREAM.fit(before, quirk)
    assert kept == before


@pytest.mark.parametrize(
    "body, quirk, needed",
    [
        ({"tools": [WORDS]}, Quirk(custom_tools=False), True),
        ({"tools": [WORDS]}, Quirk(), False),
        ({"tools": [WORDS]}, Quirk(custom_tools=False, has_tools=False), False),
        (
            {"input": [{"type": "additional_tools", "tools": [WORDS]}]},
            Quirk(custom_tools=False),
            True,
        ),
        ({"tools": [{"type": "function"}]}, Quirk(custom_tools=False), False),
        ({"tools": 3, "input": "x"}, Quirk(custom_tools=False), False),
    ],
)
def test_freeform_tools_are_told_apart_in_the_answer(
    body: dict[str, Any], quirk: Quirk, needed: bool
) -> None:
    """Where they go out as functions the answer cannot be relayed."""
    assert UPSTREAM.needs_translation(body, quirk) is needed


OPENAI, OTHERS = Quirk(reasoning_items="openai"), Quirk(reasoning_items="not_openai")
SIGNED = reasoning(id="rs_1", encrypted_content="gAAAAB")
FOREIGN = reasoning(id="x_1", encrypted_content="c2ln")
BARE = reasoning(id="rs_1")
ANSWERED: dict[str, Any] = {"role": "assistant", "content": "a"}
USER_ITEM: dict[str, Any] = {"role": "user", "content": "b"}


@pytest.mark.parametrize(
    "quirk, store, item, kept",
    [
        (Quirk(), None, reasoning(encrypted_content=OURS), None),
        (Quirk(), None, reasoning(encrypted_content="uniapi.v1.%%%"), None),
        (Quirk(), False, SIGNED, SIGNED),
        (Quirk(), False, FOREIGN, FOREIGN),
        (Quirk(), False, BARE, BARE),
        (OPENAI, False, SIGNED, SIGNED),
        (OPENAI, False, FOREIGN, None),
        (OPENAI, False, BARE, None),
        (OPENAI, None, BARE, BARE),
        (OPENAI, True, BARE, BARE),
        (OPENAI, None, reasoning(id="rs_u12"), None),
        (OPENAI, None, {**SIGNED, "id": "rs_u12"}, {**SIGNED, "id": "rs_u12"}),
        (OPENAI, None, {**SIGNED, "id": "x"}, reasoning(encrypted_content="gAAAAB")),
        (OPENAI, None, {**CALL, "id": "call_1"}, CALL),
        (OPENAI, None, {**CALL, "id": "fc_1"}, {**CALL, "id": "fc_1"}),
        (OPENAI, None, NEW, NEW),
        (OTHERS, None, SIGNED, None),
        (OTHERS, None, FOREIGN, FOREIGN),
        (OTHERS, None, BARE, BARE),
    ],
)
def test_each_vendor_gets_back_what_it_wrote(
    quirk: Quirk, store: bool | None, item: dict[str, Any], kept: dict[str, Any] | None
) -> None:
    """Reasoning of others, by its form, and our own tokens are taken out; ids of another form are
    left away; what this vendor may have stored stays.
    """
    said = {} if store is None else {"store": store}
    after, losses = UPSTREAM.fit({"input": [item, ANSWERED], **said}, quirk)
    assert after == {"input": [ANSWERED] if kept is None else [kept, ANSWERED], **said}
    assert losses == (() if kept is not None else ("messages.reasoning",))


@pytest.mark.parametrize(
    ("behind", "is_kept"),
    [
        ((ANSWERED,), True),
        ((SIGNED, CALL), True),
        (({"type": "web_search_call"},), True),
        ((), False),
        ((USER_ITEM,), False),
        ((SIGNED, USER_ITEM, ANSWERED), False),
        (({"type": "function_call_output", "call_id": "c", "output": ""},), False),
    ],
)
def test_reasoning_that_nothing_came_of_is_left_out(
    behind: tuple[dict[str, Any], ...], is_kept: bool
) -> None:
    """A turn that was stopped: OpenAI wants the item that followed. Others keep theirs."""
    items = [USER_ITEM, SIGNED, *behind]
    after, _ = UPSTREAM.fit({"input": items}, OPENAI)
    assert any(item is SIGNED for item in after["input"][1:2]) == is_kept
    assert UPSTREAM.fit({"input": items}, Quirk())[0]["input"] is items


def test_reasoning_has_a_summary() -> None:
    """«missing required field `summary`»"""
    bare = {name: value for name, value in SIGNED.items() if name != "summary"}
    after, _ = UPSTREAM.fit({"input": [bare, ANSWERED]}, Quirk())
    assert after["input"][0] == {**bare, "summary": []}


def test_a_body_that_no_rule_touches_is_the_very_object() -> None:
    """A relay keeps its bytes."""
    quirk = Quirk(
        custom_tools=False,
        allowed_tools=False,
        checks_schemas=True,
        reasoning_items="openai",
        efforts=("xhigh",),
        verbosities=("low",),
        has_images=True,
    )
    fitted, losses = UPSTREAM.fit(BODY, quirk)
    assert fitted is BODY
    assert losses == ()


@pytest.mark.parametrize(
    "settings, quirk, include",
    [
        (None, Quirk(), None),
        (None, Quirk(encrypted_reasoning=True), ["reasoning.encrypted_content"]),
        (ReasoningSettings(effort="none"), Quirk(encrypted_reasoning=True), None),
        (ReasoningSettings(effort="low"), Quirk(), ["reasoning.encrypted_content"]),
        (ReasoningSettings(effort="low"), Quirk(encrypted_reasoning=False), None),
    ],
)
def test_reasoning_is_kept_for_clients_that_cannot(
    settings: ReasoningSettings | None, quirk: Quirk, include: list[str] | None
) -> None:
    """A translated call asks for encrypted reasoning where the model is known to reason."""
    encoded = UPSTREAM.encode_request(Request(model="m", reasoning=settings), quirk)
    fitted, _ = UPSTREAM.fit(encoded.body, quirk, encoded.beside)
    assert fitted.get("include") == include


@pytest.mark.parametrize("value", [3, None, [1, None, {"content": 3}], {"a": 1}, "x"])
def test_odd_shapes_are_left_alone(value: Any) -> None:
    """A rule is no validation."""
    body = {"input": value, "reasoning": value, "include": value, "text": value, "tools": value}
    fitted, _ = UPSTREAM.fit(
        body,
        Quirk(
            has_images=False,
            efforts=("low",),
            encrypted_reasoning=False,
            custom_tools=False,
            reasoning_items="openai",
            sampling_while_reasoning=False,
            json_schema=False,
            verbosities=("medium",),
            reasoning_summary=False,
        ),
    )
    assert fitted == body


@pytest.mark.parametrize(
    "media, quirk, needed",
    [
        (Media(kind="image", url="https://x"), Quirk(), False),
        (Media(kind="image", url="https://x"), Quirk(image_urls=False), True),
        (Media(kind="file", url="https://x"), Quirk(), False),
        (Media(kind="image", data="QQ=="), Quirk(image_urls=False), False),
    ],
)
def test_needs_inline(media: Media, quirk: Quirk, needed: bool) -> None:
    """Only images, and only where a row says so."""
    assert needed is UPSTREAM.needs_inline(media, quirk)


def told_by_agent(*texts: str, **members: Any) -> dict[str, Any]:
    content = [{"type": "input_text", "text": text} for text in texts]
    sealed = {"type": "encrypted_content", "encrypted_content": "gAAAAB"}
    return {"type": "agent_message", "content": [*content, sealed], **members}


def test_what_an_agent_told_another_is_a_users_message_elsewhere() -> None:
    """Codex's own item, which xAI and Bedrock refuse; a sealed one alone says nothing to others."""
    items = [USER_ITEM, told_by_agent("done", author="/root/a"), told_by_agent()]
    after, losses = UPSTREAM.fit({"input": items}, Quirk(agent_messages=False))
    text = {"type": "input_text", "text": "[Message from the agent /root/a]\ndone"}
    message = {"type": "message", "role": "user", "content": [text]}
    assert after["input"] == [USER_ITEM, message]
    assert losses == ("input[2]",)
    assert UPSTREAM.fit({"input": items}, Quirk())[0]["input"] is items
