"""Searches of other vendors in Claude's blocks, and how they are known when they come back."""

from __future__ import annotations

from typing import Any

from uniapi.canonical import Choice, Citation, Finish, Response, Search, Text, Usage
from uniapi.dialects import Beside, Quirk, ReplyContext
from uniapi.dialects.anthropic import CLIENT, UPSTREAM

CONTEXT = ReplyContext(requested_model="m", id_seed="0abc", created_s=1)
SEARCH = Search(
    queries=("capital of france",),
    sources=(Citation(url="https://a.example", title="A"), Citation(title="no address")),
)
THEIRS = {"type": "server_tool_use", "id": "srvtoolu_01", "name": "web_search", "input": {}}


def blocks() -> list[dict[str, Any]]:
    """The answer's content when another vendor has searched."""
    choice = Choice(parts=(SEARCH, Text(text="Paris.")), finish=Finish(reason="stop"))
    response = Response(choices=(choice,), usage=Usage(input_tokens=1, web_searches=2))
    body = CLIENT.encode_response(response, CONTEXT).body
    assert body["usage"]["server_tool_use"]["web_search_requests"] == 2
    content: list[dict[str, Any]] = body["content"]
    return content


def test_a_search_is_a_call_and_its_result() -> None:
    """With the links that have an address."""
    call, result, text = blocks()
    assert (call["name"], call["input"]) == ("web_search", {"query": "capital of france"})
    assert result["tool_use_id"] == call["id"]
    assert [(each["url"], each["title"]) for each in result["content"]] == [
        ("https://a.example", "A")
    ]
    assert text == {"type": "text", "text": "Paris."}


def history(*content: dict[str, Any]) -> dict[str, Any]:
    return {
        "model": "m",
        "max_tokens": 9,
        "messages": [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": list(content)},
            {"role": "user", "content": "b"},
        ],
    }


def test_our_blocks_do_not_go_to_claude() -> None:
    """It refuses results without its own `encrypted_content`; its own blocks stay, and so does a
    body without ours.
    """
    call, result, text = blocks()
    body, losses = UPSTREAM.fit(history(call, result, text, THEIRS), Quirk(), Beside())
    assert body["messages"][1]["content"] == [text, THEIRS]
    assert losses == ()
    alone, _ = UPSTREAM.fit(history(call, result), Quirk(), Beside())
    assert [message["role"] for message in alone["messages"]] == ["user", "user"]
    untouched = history(text, THEIRS)
    assert UPSTREAM.fit(untouched, Quirk(), Beside())[0] is untouched


def test_our_blocks_are_not_told_to_others() -> None:
    """They are no part of the conversation."""
    call, result, text = blocks()
    request = CLIENT.decode_request(history(call, result, text), "m", False)
    assert request.messages[1].parts == (Text(text="Paris."),)
