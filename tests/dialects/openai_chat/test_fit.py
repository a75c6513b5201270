"""Relayed bodies: untouched unless the upstream's row forbids something, and then only that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from uniapi.dialects import Quirk
from uniapi.dialects.openai_chat import UPSTREAM

USER = {"role": "user", "content": "Hi"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "1"}
TURN = {"role": "assistant", "content": None, "tool_calls": [CALL]}
SIGNED_TURN = {
    "role": "assistant",
    "content": "a",
    "reasoning_content": "Hm.",
    "tool_calls": [{**CALL, "extra_content": {"google": {"thought_signature": "s"}}}],
}
PICTURE = {"type": "image_url", "image_url": {"url": "https://x.test"}}


def fitted(body: dict[str, Any], quirk: Quirk) -> tuple[dict[str, Any], tuple[str, ...]]:
    return UPSTREAM.fit(body, quirk)


def test_a_body_nobody_objects_to_keeps_its_members() -> None:
    """Members, the very objects, whatever they are."""
    body = {
        "model": "m",
        "messages": [USER, TURN, RESULT],
        "tools": [{}],
        "x": {"y": 1},
        "max_tokens": 5,
        "reasoning_effort": "odd",
        "stream_options": {},
    }
    changed, losses = fitted(body, Quirk(max_tokens_member="either"))
    assert body == changed
    assert all(changed[name] is body[name] for name in body)
    assert losses == ()


@pytest.mark.parametrize(
    "messages",
    [
        "no list",
        [3, None, {"role": 7}],
        [{"role": "assistant", "tool_calls": 3, "content": 4}],
        None,
    ],
)
def test_an_unexpected_shape_passes(messages: Any) -> None:
    """The upstream will say what is wrong with it."""
    quirk = Quirk(
        reasoning_replay="none",
        tool_call_id_form="alnum9",
        has_images=False,
        system_role="user",
        json_schema=False,
        dropped_members=frozenset({"seed"}),
    )
    body = {"messages": messages, "reasoning_effort": 3, "response_format": 7}
    assert (body, ()) == fitted(body, quirk)


OWN_SEAL = {
    "type": "reasoning.encrypted",
    "data": "g",
    "format": "google-gemini-v1",
    "id": "call_1",
}
FOREIGN_DETAILS = [
    {"type": "reasoning.text", "text": "a", "signature": "s", "format": "anthropic-claude-v1"},
    {"type": "reasoning.encrypted", "data": "o", "format": "openai-responses-v1"},
]
PLAIN_DETAIL = {"type": "reasoning.summary", "summary": "b"}


def replayed_details(details: list[dict[str, Any]], quirk: Quirk) -> Any:
    message = {**TURN, "reasoning_details": details}
    changed, _ = fitted({"model": "m", "messages": [USER, message, RESULT]}, quirk)
    return changed["messages"][1]["reasoning_details"]


def test_a_router_is_told_the_details_that_its_model_can_read() -> None:
    """Signatures of other vendors go; what names no vendor stays; unknown models get all."""
    details = [*FOREIGN_DETAILS, PLAIN_DETAIL, OWN_SEAL]
    quirk = Quirk(reasoning_replay="reasoning_details")
    assert replayed_details(details, quirk) == details
    gemini = replace(quirk, details_format="google")
    assert replayed_details(details, gemini) == [PLAIN_DETAIL, OWN_SEAL]
    claude = replace(quirk, details_format="anthropic")
    assert replayed_details(details, claude) == [FOREIGN_DETAILS[0], PLAIN_DETAIL]


def test_a_call_of_another_model_has_a_stand_in_for_gemini_behind_a_router() -> None:
    """One detail that names the first call, only where its own is lost and only for Gemini 3."""
    gemini = Quirk(reasoning_replay="reasoning_details", details_format="google")
    stand_in = {
        "type": "reasoning.encrypted",
        "data": "skip_thought_signature_validator",
        "format": "google-gemini-v1",
        "index": 0,
        "id": "call_1",
    }
    assert replayed_details([PLAIN_DETAIL], gemini) == [PLAIN_DETAIL, stand_in]
    assert replayed_details([OWN_SEAL], gemini) == [OWN_SEAL]
    body = {"model": "m", "messages": [USER, TURN, RESULT, {"role": "assistant", "content": "a"}]}
    changed, _ = fitted(body, gemini)
    assert changed["messages"] == [
        USER,
        {**TURN, "reasoning_details": [stand_in]},
        RESULT,
        body["messages"][3],
    ]
    for other in ("anthropic", None):
        assert fitted(body, replace(gemini, details_format=other))[0] is body


@pytest.mark.parametrize("member", ["reasoning_content", "reasoning"])
def test_reasoning_goes_back_at_the_head_of_the_text(member: str) -> None:
    """Where the vendor reads it there, of relayed turns as well; what a client kept as it came, in
    tags or in details, stays, and nothing stands in for what is lost.
    """
    quirk = Quirk(reasoning_replay="think_tags", needs_reasoning="tool_turns")
    turns = [
        {**TURN, member: "Hm."},
        {"role": "assistant", "content": "a", member: "Hm."},
        {"role": "assistant", "content": [{"type": "text", "text": "a"}], member: "Hm."},
    ]
    changed, losses = fitted({"model": "m", "messages": turns}, quirk)
    tagged = "<think>\nHm.\n</think>\n\n"
    assert [turn["content"] for turn in changed["messages"]] == [
        tagged,
        f"{tagged}a",
        [{"type": "text", "text": tagged}, {"type": "text", "text": "a"}],
    ]
    assert all(member not in turn for turn in changed["messages"])
    assert losses == ()
    kept = {
        "model": "m",
        "messages": [
            USER,
            TURN,
            {"role": "assistant", "content": "<think>Hm.</think>a"},
            {"role": "assistant", "content": "a", member: "Hm.", "reasoning_details": [{}]},
        ],
    }
    assert fitted(kept, quirk)[0] is kept


CASES: list[tuple[dict[str, Any], Quirk, dict[str, Any], tuple[str, ...]]] = [
    (
        {"seed": 1, "top_p": 1},
        Quirk(dropped_members=frozenset({"seed", "logprobs"})),
        {"top_p": 1},
        ("seed",),
    ),
    (
        {"temperature": 0, "top_p": 1, "reasoning_effort": "low"},
        Quirk(sampling_while_reasoning=False),
        {"reasoning_effort": "low"},
        ("temperature",),
    ),
    (
        {"temperature": 0.5},
        Quirk(sampling_while_reasoning=False, reasons_by_default=False),
        {"temperature": 0.5},
        (),
    ),
    ({"stop": ["a", "b", "c"]}, Quirk(max_stops=2), {"stop": ["a", "b"]}, ("stop",)),
    ({"seed": 1}, Quirk(seed_member="random_seed"), {"random_seed": 1}, ()),
    (
        {"reasoning_effort": "low"},
        Quirk(efforts=("none", "default")),
        {"reasoning_effort": "default"},
        (),
    ),
    ({"max_tokens": 5}, Quirk(), {"max_completion_tokens": 5}, ()),
    (
        {"max_completion_tokens": 5},
        Quirk(max_tokens_member="either"),
        {"max_completion_tokens": 5},
        (),
    ),
    (
        {"max_completion_tokens": 5},
        Quirk(max_tokens_member="max_tokens"),
        {"max_tokens": 5},
        (),
    ),
    ({"max_tokens": 5, "max_completion_tokens": 6}, Quirk(), {"max_completion_tokens": 6}, ()),
    (
        {"stream": True, "stream_options": {"include_usage": True}},
        Quirk(stream_options=False),
        {"stream": True},
        (),
    ),
    ({"parallel_tool_calls": True}, Quirk(parallel_tool_calls_member=False), {}, ()),
    (
        {"parallel_tool_calls": False},
        Quirk(parallel_tool_calls_member=False),
        {},
        ("parallel_tool_calls",),
    ),
    (
        {"reasoning_effort": "minimal"},
        Quirk(efforts=("low", "high")),
        {"reasoning_effort": "low"},
        (),
    ),
    ({"reasoning_effort": "high"}, Quirk(reasoning_request="none"), {}, ("reasoning_effort",)),
    ({"reasoning_effort": "none"}, Quirk(reasoning_request="none"), {}, ()),
    (
        {"reasoning_effort": "high"},
        Quirk(reasoning_request="thinking"),
        {"thinking": {"type": "enabled"}},
        ("reasoning_effort",),
    ),
    (
        {"tools": [{}], "tool_choice": "auto", "messages": [USER, TURN, RESULT]},
        Quirk(has_tools=False),
        {"messages": [USER]},
        ("tools",),
    ),
    (
        {"messages": [{"role": "developer", "content": "S"}, USER]},
        Quirk(),
        {"messages": [{"role": "system", "content": "S"}, USER]},
        (),
    ),
    (
        {"messages": [{"role": "developer", "content": "S"}]},
        Quirk(system_role="developer"),
        {"messages": [{"role": "developer", "content": "S"}]},
        (),
    ),
    (
        {"messages": [{"role": "system", "content": "S"}]},
        Quirk(system_role="developer"),
        {"messages": [{"role": "system", "content": "S"}]},
        (),
    ),
    (
        {"messages": [{"role": "system", "content": "S"}]},
        Quirk(system_role="user"),
        {"messages": [{"role": "user", "content": "S"}]},
        (),
    ),
    (
        {"messages": [SIGNED_TURN]},
        Quirk(reasoning_replay="none"),
        {"messages": [{"role": "assistant", "content": "a", "tool_calls": [CALL]}]},
        (),
    ),
    (
        {"messages": [SIGNED_TURN]},
        Quirk(reasoning_replay="none", opaque_family="gemini"),
        {
            "messages": [
                {name: value for name, value in SIGNED_TURN.items() if name != "reasoning_content"}
            ]
        },
        (),
    ),
    (
        {"messages": [SIGNED_TURN]},
        Quirk(reasoning_replay="reasoning"),
        {"messages": [SIGNED_TURN]},
        (),
    ),
    (
        {"messages": [{"role": "user", "content": [PICTURE, {"type": "text", "text": "?"}]}]},
        Quirk(has_images=False),
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "?"}]}]},
        ("messages[0].image",),
    ),
    (
        {
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
                }
            ]
        },
        Quirk(text_content_only=True),
        {"messages": [{"role": "user", "content": "a\nb"}]},
        (),
    ),
]


@pytest.mark.parametrize("body, quirk, expected, losses", CASES)
def test_only_what_is_forbidden_changes(
    body: dict[str, Any], quirk: Quirk, expected: dict[str, Any], losses: tuple[str, ...]
) -> None:
    """What the client asked for and does not get is a loss; what nobody will miss is not."""
    before = repr(body)
    assert (expected, losses) == fitted(body, quirk)
    assert before == repr(body)


def test_call_ids_take_the_form_of_the_upstream() -> None:
    """A call and its result still share one id; ids that fit stay."""
    fitting = {"id": "abcdefghi", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    body, losses = fitted(
        {"messages": [{"role": "assistant", "tool_calls": [CALL, fitting]}, RESULT]},
        Quirk(tool_call_id_form="alnum9"),
    )
    calls = body["messages"][0]["tool_calls"]
    assert len(calls[0]["id"]) == 9
    assert calls[0]["id"] == body["messages"][1]["tool_call_id"]
    assert calls[1] is fitting
    assert losses == ()


def test_call_ids_that_are_too_long_for_openai_are_shortened() -> None:
    """vLLM's have 46 characters, OpenAI takes 40."""
    long, fitting = "chatcmpl-tool-" + "0" * 32, "call_" + "1" * 35
    calls = [
        {"id": call_id, "type": "function", "function": {"name": "f", "arguments": "{}"}}
        for call_id in (long, fitting)
    ]
    results = [
        {"role": "tool", "tool_call_id": call_id, "content": "1"} for call_id in (long, fitting)
    ]
    body, losses = fitted(
        {"messages": [{"role": "assistant", "tool_calls": calls}, *results]},
        Quirk(tool_call_id_form="max40"),
    )
    sent = [call["id"] for call in body["messages"][0]["tool_calls"]]
    assert len(sent[0]) <= 40
    assert sent[1] == fitting
    assert sent == [message["tool_call_id"] for message in body["messages"][1:]]
    assert losses == ()


def test_a_schema_is_told_in_words_where_the_wire_has_none() -> None:
    """`json_object` and a system message with the schema."""
    schema = {"type": "object"}
    body, losses = fitted(
        {
            "messages": [USER],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "n", "schema": schema},
            },
        },
        Quirk(json_schema=False),
    )
    assert body["response_format"] == {"type": "json_object"}
    assert body["messages"][0]["role"] == "system"
    assert '{"type":"object"}' in body["messages"][0]["content"]
    assert USER is body["messages"][1]
    assert losses == ()


def test_a_relayed_schema_that_openai_refuses_is_mended() -> None:
    """Only the tool that needs it changes, and only where the row says so."""

    def tool(parameters: dict[str, Any]) -> dict[str, Any]:
        return {"type": "function", "function": {"name": "f", "parameters": parameters}}

    bare, fine = tool({"type": "object"}), tool({"type": "object", "properties": {}})
    body, losses = fitted(
        {"tools": [bare, fine, {"type": "web_search"}]}, Quirk(checks_schemas=True)
    )
    assert body["tools"] == [fine, fine, {"type": "web_search"}]
    assert body["tools"][1] is fine
    assert losses == ()
    unchanged = [bare]
    assert fitted({"tools": unchanged}, Quirk())[0]["tools"] is unchanged


CUSTOM = {
    "type": "custom",
    "custom": {
        "name": "exec",
        "description": "Runs.",
        "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: /x/"}},
    },
}
MARK = {"cache_control": {"type": "ephemeral"}}


def test_relayed_freeform_tools_become_functions() -> None:
    """With their choice and their earlier calls; the answer must then be told apart again."""
    call = {"id": "c", "type": "custom", "custom": {"name": "exec", "input": "ls"}}
    only = {"type": "custom", "custom": {"name": "exec"}}
    body = {
        "tools": [CUSTOM, {"type": "web_search"}],
        "tool_choice": only,
        "messages": [{"role": "assistant", "content": None, "tool_calls": [call]}],
    }
    quirk = Quirk(custom_tools=False)
    changed, losses = fitted(body, quirk)
    assert changed["tools"][0]["type"] == "function"
    assert "start: /x/" in changed["tools"][0]["function"]["description"]
    assert changed["tools"][1] is body["tools"][1]
    assert changed["tool_choice"] == {"type": "function", "function": {"name": "exec"}}
    said = changed["messages"][0]["tool_calls"][0]["function"]
    assert said == {"name": "exec", "arguments": '{"input":"ls"}'}
    assert losses == ()
    assert UPSTREAM.needs_translation(body, quirk)
    assert not UPSTREAM.needs_translation(body, Quirk())
    assert not UPSTREAM.needs_translation({"tools": [{"type": "function"}]}, quirk)
    assert not UPSTREAM.needs_translation(body, Quirk(custom_tools=False, has_tools=False))


def test_a_tool_with_a_name_that_the_vendor_refuses_is_no_relay() -> None:
    """It is shortened, and called by its own name in the answer."""
    body = {"tools": [{"type": "function", "function": {"name": "m" * 64}}]}
    longer = {"tools": [*body["tools"], {"type": "function", "function": {"name": "m" * 65}}]}
    quirk = Quirk(longest_tool_name=64)
    assert UPSTREAM.needs_translation(longer, quirk)
    assert not UPSTREAM.needs_translation(body, quirk)
    assert not UPSTREAM.needs_translation(longer, Quirk())
    assert not UPSTREAM.needs_translation({"tools": None}, quirk)


def test_a_relayed_choice_among_tools_leaves_the_others_out() -> None:
    """Where only OpenAI knows such a choice."""
    tools = [{"type": "function", "function": {"name": name}} for name in "fgh"]
    choice = {
        "type": "allowed_tools",
        "allowed_tools": {"mode": "required", "tools": [tools[0], tools[2]]},
    }
    changed, _ = fitted({"tools": tools, "tool_choice": choice}, Quirk(allowed_tools=False))
    assert changed == {"tools": [tools[0], tools[2]], "tool_choice": "required"}


@pytest.mark.parametrize(
    ("knows", "keeps", "losses"),
    [(True, True, ()), (None, True, ()), (False, False, ("cache_control",))],
)
def test_a_relayed_mark_stays_unless_it_is_refused(
    knows: bool | None, keeps: bool, losses: tuple[str, ...]
) -> None:
    """LiteLLM knows them behind an unknown host; OpenAI refuses them."""
    body = {
        "messages": [
            {"role": "system", "content": [{"type": "text", "text": "S", **MARK}]},
            {"role": "tool", "tool_call_id": "c", "content": "1", **MARK},
        ],
        "tools": [{"type": "function", "function": {"name": "f"}, **MARK}],
    }
    changed, lost = fitted(body, Quirk(cache_control=knows, system_role="developer"))
    assert lost == losses
    if keeps:
        assert changed == body
        return
    assert changed["messages"][0] == {"role": "system", "content": "S"}
    assert "cache_control" not in repr(changed)


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ("{}", "{}"),
        ("", "{}"),
        ('{"a": "x', '{"_raw":"{\\"a\\": \\"x"}'),
        ('{"a":NaN}', '{"a":null}'),
    ],
)
def test_arguments_of_earlier_calls_are_objects(arguments: str, sent: str) -> None:
    """A template that parses them would refuse the session; good ones keep their object."""
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}}
    messages = [{"role": "assistant", "content": None, "tool_calls": [call]}]
    changed, _ = fitted({"messages": messages}, Quirk())
    assert changed["messages"][0]["tool_calls"][0]["function"]["arguments"] == sent
    assert (changed["messages"] is messages) is (arguments == sent)


SHOWN = [
    {"role": "assistant", "content": None, "tool_calls": [{"id": "a"}, {"id": "b"}]},
    {"role": "tool", "tool_call_id": "a", "content": [{"type": "text", "text": "x"}, PICTURE]},
    {"role": "tool", "tool_call_id": "b", "content": [PICTURE]},
    {"role": "user", "content": "and?"},
]


def test_pictures_of_results_stand_behind_them_where_a_result_is_text():
    """OpenAI refuses them in a tool's message; open servers read them there."""
    body, losses = fitted({"messages": SHOWN}, Quirk(result_media=False))
    roles = [message["role"] for message in body["messages"]]
    assert roles == ["assistant", "tool", "tool", "user", "user"]
    first, second, behind, asked = body["messages"][1:]
    assert first["content"][0] == {"type": "text", "text": "x"}
    assert [part["type"] for part in second["content"]] == ["text"]
    assert "a" in behind["content"][0]["text"]
    assert "b" in behind["content"][2]["text"]
    assert behind["content"][1::2] == [PICTURE, PICTURE]
    assert asked is SHOWN[3]
    assert losses == ()
    assert fitted({"messages": SHOWN}, Quirk())[0]["messages"] is SHOWN


class Compared(dict):
    """What stands in a part, and counts how often it is compared."""

    times = 0

    def __eq__(self, other):
        Compared.times += 1
        return super().__eq__(other)

    __hash__ = None


def test_a_result_of_many_pictures_is_gone_through_once():
    shown = {"url": "data:image/png;base64,AA=="}
    pictures = [{"type": "image_url", "image_url": Compared(shown)} for _ in range(50)]
    result = {"role": "tool", "tool_call_id": "a", "content": pictures}
    body, _ = fitted({"messages": [SHOWN[0], result]}, Quirk(result_media=False))
    assert len(body["messages"][2]["content"]) == 51
    assert Compared.times == 0
