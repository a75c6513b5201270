"""Histories of interrupted clients: where a call without its result, or a result without its call,
is refused, the first is answered and the second told as text; sound histories keep their bytes.
"""

import pytest

from uniapi.dialects import UPSTREAM_DIALECTS, Quirk

STRICT = Quirk(calls_need_results=True)
GOOGLES = Quirk(calls_need_results=True, call_signatures=False)


def chat_call(call_id="c1"):
    return {"id": call_id, "type": "function", "function": {"name": "f", "arguments": "{}"}}


def chat_turn(*ids):
    return {"role": "assistant", "content": None, "tool_calls": [chat_call(one) for one in ids]}


def chat_result(call_id="c1"):
    return {"role": "tool", "tool_call_id": call_id, "content": "4"}


USER = {"role": "user", "content": "go on"}


def fitted(dialect, body, quirk=STRICT):
    return UPSTREAM_DIALECTS[dialect].fit(body, quirk)[0]


def chat(*messages, quirk=STRICT):
    return fitted("openai_chat", {"messages": list(messages)}, quirk)["messages"]


@pytest.mark.parametrize(
    "messages",
    [
        (USER, chat_turn("c1"), chat_result(), USER),
        (USER, chat_turn("c1", "c2"), chat_result("c2"), chat_result("c1")),
        (USER, chat_turn("c1")),
        (chat_turn("c1"), chat_result(), chat_turn("c1"), chat_result()),
        (None, 7, {"role": 3}),
    ],
)
def test_a_sound_chat_is_the_very_same(messages):
    """What the last turn calls is still open."""
    body = {"messages": list(messages)}
    assert fitted("openai_chat", body)["messages"] is body["messages"]


def test_a_call_of_a_chat_is_answered_behind_the_results_there_are():
    told = chat(USER, chat_turn("c1", "c2"), chat_result("c1"), USER)
    assert [one.get("tool_call_id") for one in told] == [None, None, "c1", "c2", None]
    told = chat(USER, chat_turn("c1", "c2"), chat_result("c1"))
    assert [one.get("tool_call_id") for one in told] == [None, None, "c1", "c2"]
    told = chat(USER, chat_turn("c1"), USER)
    assert [one["role"] for one in told] == ["user", "assistant", "tool", "user"]


def test_a_result_of_a_chat_without_its_call_is_text():
    (told,) = chat(chat_result())
    assert told["role"] == "user"
    assert told["content"].endswith("4")


def test_other_hosts_keep_every_turn():
    messages = (USER, chat_turn("c1"), USER, chat_result("c9"))
    assert chat(*messages, quirk=Quirk()) == list(messages)


def use(call_id="t1"):
    return {"type": "tool_use", "id": call_id, "name": "f", "input": {}}


def result(call_id="t1"):
    return {"type": "tool_result", "tool_use_id": call_id, "content": "4"}


def claude(*turns):
    messages = [{"role": role, "content": content} for role, content in turns]
    body = {"max_tokens": 9, "messages": messages}
    return fitted("anthropic", body)["messages"], messages


@pytest.mark.parametrize(
    "turns",
    [
        [("user", "a"), ("assistant", [use()]), ("user", [result()])],
        [("user", "a"), ("assistant", [use()]), ("assistant", "b"), ("user", [result()])],
        [("assistant", [use(), use("t2")]), ("user", [result()]), ("user", [result("t2")])],
        [("user", "a"), ("assistant", [use()])],
        [("user", "a"), ("assistant", "b"), ("user", 7)],
    ],
)
def test_sound_turns_of_a_claude_are_the_very_same(turns):
    """Neighbours of one role are one turn."""
    told, messages = claude(*turns)
    assert told is messages


def test_a_call_of_a_claude_is_answered_before_anything_else_is_said():
    told, _ = claude(("assistant", [use(), use("t2")]), ("user", [result("t2"), {"type": "x"}]))
    assert [block.get("tool_use_id") for block in told[1]["content"]] == ["t1", "t2", None]
    assert told[1]["content"][0]["is_error"] is True
    told, _ = claude(("assistant", [use()]), ("user", "never mind"))
    assert [block["type"] for block in told[1]["content"]] == ["tool_result", "text"]


def test_a_result_of_a_claude_without_its_call_is_text():
    told, _ = claude(("user", [result("gone"), {"type": "text", "text": "b"}]))
    assert [block["text"] for block in told[0]["content"]] == [
        "[Result of tool call gone]",
        "4",
        "b",
    ]


def test_a_last_assistant_turn_ends_without_white_space():
    """Where empty texts are refused, this is too."""
    body = {"max_tokens": 9, "messages": [USER, {"role": "assistant", "content": "It is \n"}]}
    assert fitted("anthropic", body, Quirk(empty_turns=False))["messages"][1]["content"] == "It is"
    block = {"type": "text", "text": "It is ", "cache_control": {"type": "ephemeral"}}
    body["messages"][1] = {"role": "assistant", "content": [block]}
    told = fitted("anthropic", body, Quirk(empty_turns=False))["messages"][1]["content"]
    assert told == [{**block, "text": "It is"}]
    assert fitted("anthropic", body, Quirk())["messages"] is body["messages"]


def test_tool_search_is_told_in_words_where_it_is_unknown():
    """What was found is offered, what was not is out of sight."""
    found = {"type": "tool_reference", "tool_name": "b"}
    tools = [
        {"name": "a"},
        {"name": "b", "defer_loading": True},
        {"name": "c", "defer_loading": True},
    ]
    turn = {"role": "user", "content": [{**result(), "content": [found]}]}
    body = {"max_tokens": 9, "tools": tools, "messages": [turn]}
    told = fitted("anthropic", body, Quirk(anthropic_tool_search=False))
    assert told["tools"] == [{"name": "a"}, {"name": "b"}]
    (block,) = told["messages"][0]["content"][0]["content"]
    assert (block["type"], "`b`" in block["text"]) == ("text", True)
    assert fitted("anthropic", body, Quirk()) == body


def gemini_turn(role, *parts):
    return {"role": role, "parts": list(parts)}


def call(**named):
    return {"functionCall": {"args": {}, **named}}


def response(**named):
    return {"functionResponse": {"response": {}, **named}}


@pytest.mark.parametrize("named", [{"id": "1", "name": "f"}, {"name": "f"}])
def test_a_call_of_a_gemini_is_answered(named):
    """By its id, or by its name where it has none."""
    other = {"name": "g", **({"id": "2"} if "id" in named else {})}
    contents = [
        gemini_turn("user", {"text": "a"}),
        gemini_turn("model", call(**named), call(**other)),
        gemini_turn("user", response(**named), {"text": "b"}),
    ]
    told = fitted("gemini", {"contents": contents}, GOOGLES)["contents"][2]["parts"]
    answered = [part["functionResponse"]["name"] for part in told if "functionResponse" in part]
    assert answered == ["f", "g"]
    assert told[-1] == {"text": "b"}
    sound = [*contents[:2], gemini_turn("user", response(**named), response(**other))]
    assert fitted("gemini", {"contents": sound}, GOOGLES)["contents"] is sound


def test_a_call_of_responses_is_answered_unless_it_lies_at_the_vendor():
    calling = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
    output = {"type": "function_call_output", "call_id": "c1", "output": "4"}
    message = {"type": "message", "role": "user", "content": "go on"}
    told = fitted("openai_responses", {"input": [calling, message]})["input"]
    assert [item["type"] for item in told] == [
        "function_call",
        "function_call_output",
        "message",
    ]
    (text,) = fitted("openai_responses", {"input": [output]})["input"]
    assert text["role"] == "user"
    for body in (
        {"input": [calling, output]},
        {"input": [message, calling]},
        {"input": [output], "previous_response_id": "resp_1"},
        {"input": "hi"},
        {"input": [7, calling, message]},
    ):
        assert fitted("openai_responses", body)["input"] is body["input"]


@pytest.mark.parametrize(
    "written, meant",
    [
        ({"a": 1}, {"a": 1}),
        ('{"a": 1}', {"a": 1}),
        ("ls", {"_raw": "ls"}),
        ([{"a": 1}], {"_raw": [{"a": 1}]}),
        (None, {}),
    ],
)
def test_a_calls_input_is_an_object_wherever_messages_are_spoken(written, meant):
    """Zhipu's own model writes lists, and its server breaks at them."""
    body = {
        "max_tokens": 9,
        "messages": [
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "c", "name": "f", "input": written}],
            }
        ],
    }
    told = fitted("anthropic", body, Quirk())
    assert told["messages"][0]["content"][0]["input"] == meant
    assert (told["messages"] is body["messages"]) == isinstance(written, dict)
