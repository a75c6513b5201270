"""What vendors refuse of members that say nothing, of words, of schemas, marks and pictures; every
other body stays the very same.
"""

import pytest

from uniapi.dialects import UPSTREAM_DIALECTS, Quirk

USER = {"role": "user", "content": "hi"}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


def fitted(dialect, body, **facts):
    return UPSTREAM_DIALECTS[dialect].fit(body, Quirk(max_tokens_member="either", **facts))[0]


@pytest.mark.parametrize(
    ("members", "left"),
    [
        ({"tools": []}, set()),
        ({"tool_choice": "auto", "parallel_tool_calls": True}, set()),
        ({"stream_options": {"include_usage": True}}, set()),
        ({"stream": True, "stream_options": {}}, {"stream", "stream_options"}),
        ({"tools": [TOOL], "tool_choice": "auto"}, {"tools", "tool_choice"}),
        ({"functions": [{"name": "f"}], "tool_choice": "auto"}, {"functions", "tool_choice"}),
    ],
)
def test_members_without_what_they_are_about_go_where_they_are_refused(members, left):
    body = {"messages": [USER], **members}
    assert set(fitted("openai_chat", body, members_alone=False)) == {"messages", *left}
    assert fitted("openai_chat", body) == body


def test_a_turn_that_called_nothing_has_no_calls():
    """«Invalid 'messages[1].tool_calls': empty array.»"""
    turn = {"role": "assistant", "content": "a", "tool_calls": []}
    told = fitted("openai_chat", {"messages": [USER, turn]}, members_alone=False)
    assert told["messages"] == [USER, {"role": "assistant", "content": "a"}]
    assert fitted("openai_chat", {"messages": [USER, turn]})["messages"] == [USER, turn]


def test_json_is_asked_for_in_words_where_its_mode_is_refused():
    """Behind the client's own instructions; a schema stays."""
    mode = {"response_format": {"type": "json_object"}}
    told = fitted("openai_chat", {"messages": [USER], **mode}, json_object=False)
    assert "response_format" not in told
    assert "JSON" in told["messages"][0]["content"]
    wanted = {"response_format": {"type": "json_schema", "json_schema": {"name": "n"}}}
    told = fitted("openai_chat", {"messages": [USER], **wanted}, json_object=False)
    assert told == {"messages": [USER], **wanted}


def test_the_word_json_is_said_where_it_must_be():
    """Behind the client's own words, and only where nobody says it."""
    wanted = {"response_format": {"type": "json_object"}}
    told = fitted("openai_chat", {"messages": [USER], **wanted}, json_needs_word=True)
    assert [one["role"] for one in told["messages"]] == ["system", "user"]
    assert "JSON" in told["messages"][0]["content"]
    said = [{"role": "user", "content": [{"type": "text", "text": "as Json"}]}]
    body = {"messages": said, **wanted}
    assert fitted("openai_chat", body, json_needs_word=True)["messages"] is said
    text = {"text": {"format": {"type": "json_object"}}}
    told = fitted("openai_responses", {"input": "hi", **text}, json_needs_word=True)
    assert "JSON" in told["instructions"]
    body = {"input": "hi", "instructions": "be brief", **text}
    told = fitted("openai_responses", body, json_needs_word=True)
    assert told["instructions"].startswith("be brief\n\n")
    for body in ({"input": "json", **text}, {"input": [{"content": "a json"}], **text}):
        assert "instructions" not in fitted("openai_responses", body, json_needs_word=True)


def marked(number):
    return {"type": "text", "text": str(number), "cache_control": {"type": "ephemeral"}}


def test_of_more_marks_than_four_the_oldest_of_the_turns_go():
    """Those of tools and instructions stay."""
    result = {**marked(2), "type": "tool_result", "content": [marked(1)]}
    turns = [
        {"role": "user", "content": [marked(0), result]},
        {"role": "user", "content": [marked(3), marked(4)]},
    ]
    body = {"max_tokens": 9, "system": [marked("s")], "messages": turns}
    told = fitted("anthropic", body, most_cache_marks=4)
    left = ["cache_control" in block for turn in told["messages"] for block in turn["content"]]
    assert left == [False, False, True, True]
    assert "cache_control" in told["messages"][0]["content"][1]["content"][0]
    assert told["system"] == body["system"]
    few = {"max_tokens": 9, "messages": turns[1:]}
    assert fitted("anthropic", few, most_cache_marks=4)["messages"] is few["messages"]
    assert fitted("anthropic", body)["messages"] is turns


def test_a_picture_of_a_misnamed_kind_gets_its_name():
    """In a turn and in a tool's result."""
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/jpg"}}
    result = {"type": "tool_result", "tool_use_id": "t", "content": [picture]}
    turns = [{"role": "user", "content": [picture, result]}]
    told = fitted("anthropic", {"max_tokens": 9, "messages": turns})["messages"][0]["content"]
    assert told[0]["source"]["media_type"] == "image/jpeg"
    assert told[1]["content"][0]["source"]["media_type"] == "image/jpeg"
    right = [{"role": "user", "content": [{**picture, "source": {"media_type": "image/png"}}]}]
    body = {"max_tokens": 9, "messages": right}
    assert fitted("anthropic", body)["messages"] is right


def test_behind_a_router_too_the_oldest_marks_of_more_than_four_go():
    """The chat format marks parts, turns, calls and tools."""
    mark = {"cache_control": {"type": "ephemeral"}}
    result = {"role": "tool", "tool_call_id": "c", "content": "r", **mark}
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}, **mark}
    tool = {"type": "function", "function": {"name": "f"}, **mark}
    turns = [
        {"role": "system", "content": [marked("s")]},
        {"role": "user", "content": [marked(0), {"type": "text", "text": "plain"}]},
        {"role": "assistant", "tool_calls": [call]},
        result,
        {"role": "user", "content": [marked(1)]},
    ]
    body = {"messages": turns, "tools": [tool]}
    told = fitted("openai_chat", body, most_cache_marks=4, cache_control=True)
    assert told["tools"] == [tool]
    assert told["messages"][0] == turns[0]
    assert told["messages"][1]["content"][0] == {"type": "text", "text": "0"}
    assert "cache_control" not in told["messages"][2]["tool_calls"][0]
    assert told["messages"][3:] == turns[3:]
    few = {"messages": turns[:3], "tools": [tool]}
    assert fitted("openai_chat", few, most_cache_marks=4, cache_control=True) == few


def test_tools_lose_marks_when_they_alone_have_more_than_four():
    tools = [
        {"type": "function", "function": {"name": name}, "cache_control": {"type": "ephemeral"}}
        for name in "abcde"
    ]
    body = {"messages": [{"role": "user", "content": "hi"}], "tools": tools}
    told = fitted("openai_chat", body, most_cache_marks=4, cache_control=True)
    assert ["cache_control" in tool for tool in told["tools"]] == [False, *[True] * 4]


def test_a_search_of_an_action_that_codex_did_not_know_is_left_out():
    """OpenAI refuses its word for it, in every turn from then on."""
    user = {"type": "message", "role": "user", "content": "hi"}
    other = {"type": "web_search_call", "id": "ws_1", "action": {"type": "other"}}
    known = {"type": "web_search_call", "action": {"type": "search", "query": "x"}}
    plain = {"type": "web_search_call", "status": "completed"}
    told = fitted("openai_responses", {"input": [user, other, known, plain]})
    assert told["input"] == [user, known, plain]
