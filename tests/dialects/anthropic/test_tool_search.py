"""Tools that a client defers: seen by the model when a search has named them, and what the search
found told in words where there is no block for it.
"""

from __future__ import annotations

from typing import Any

import pytest
from anthropic_road import fitted

from uniapi.canonical import HostedTool, Text, ToolResult, offered
from uniapi.dialects.anthropic import CLIENT

SEARCH = {"name": "ToolSearch", "input_schema": {"type": "object"}}
SENDS = {"name": "send", "input_schema": {"type": "object"}, "defer_loading": True}
READS = {"name": "read", "input_schema": {"type": "object"}, "defer_loading": True}
BY_THE_API = {"type": "tool_search_tool_regex_20251119", "name": "tool_search_tool_regex"}
REFERENCE = {"type": "tool_reference", "tool_name": "send"}
FOUND = {"type": "tool_result", "tool_use_id": "t1", "content": [REFERENCE]}
CALLED = {"type": "tool_use", "id": "t2", "name": "read", "input": {}}
FOUND_BY_THE_API = {
    "type": "tool_search_tool_result",
    "tool_use_id": "srvtoolu_1",
    "content": {"type": "tool_search_tool_search_result", "tool_references": [REFERENCE]},
}


def asked(tools: list[dict[str, Any]], *blocks: dict[str, Any]) -> dict[str, Any]:
    return {"tools": tools, "messages": [{"role": "user", "content": list(blocks)}]}


@pytest.mark.parametrize(
    ("tools", "blocks", "seen"),
    [
        ([SEARCH, SENDS, READS], [], ["ToolSearch"]),
        ([SEARCH, SENDS, READS], [FOUND], ["ToolSearch", "send"]),
        ([SEARCH, SENDS, READS], [FOUND, CALLED], ["ToolSearch", "send", "read"]),
        ([SEARCH, SENDS, READS], [FOUND_BY_THE_API], ["ToolSearch", "send"]),
        ([BY_THE_API, SENDS, READS], [], ["send", "read"]),
        ([SEARCH, BY_THE_API, SENDS], [], ["ToolSearch", "send"]),
        ([SENDS, READS], [], ["send", "read"]),
        ([SEARCH], [], ["ToolSearch"]),
    ],
)
def test_another_dialect_is_offered_what_was_found(
    tools: list[dict[str, Any]], blocks: list[dict[str, Any]], seen: list[str]
) -> None:
    """What only the API itself could find is not kept out of reach."""
    request = offered(CLIENT.decode_request(asked(tools, *blocks), "m", False), "openai_chat")
    assert [tool.name for tool in request.tools if not isinstance(tool, HostedTool)] == seen
    assert len(request.tools) == len(seen)


def test_its_own_dialect_is_told_everything_as_it_came() -> None:
    """The API finds them itself."""
    body = asked([SEARCH, BY_THE_API, SENDS, READS])
    request = offered(CLIENT.decode_request(body, "m", False), "anthropic")
    assert fitted(request).body["tools"] == body["tools"]


def test_what_was_found_is_told_in_words_and_is_itself_again_at_home() -> None:
    """An empty result would be searched for again."""
    call = {"type": "tool_use", "id": "t1", "name": "ToolSearch", "input": {}}
    body = {
        "messages": [
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [FOUND]},
        ]
    }
    request = CLIENT.decode_request(body, "m", False)
    (result,) = request.messages[2].parts
    assert isinstance(result, ToolResult)
    (told,) = result.content
    assert isinstance(told, Text)
    assert "send" in told.text
    assert fitted(request).body["messages"][2]["content"] == [FOUND]
