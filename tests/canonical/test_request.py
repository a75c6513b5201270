"""The few questions a dialect asks of a conversation."""

from uniapi.canonical import (
    Media,
    Message,
    Request,
    Text,
    ToolCall,
    ToolResult,
    estimate_input_tokens,
    estimate_text_tokens,
    iter_media,
    merge_turns,
    split_system,
    tool_names_by_call_id,
)

PICTURE = Media(kind="image", data="aGk=")
CONVERSATION = (
    Message(role="system", parts=(Text(text="be kind"),)),
    Message(role="user", parts=(Text(text="hi"),)),
    Message(role="developer", parts=(Text(text="be brief"),)),
    Message(role="assistant", parts=(ToolCall(call_id="c1", name="look"),)),
    Message(role="user", parts=(ToolResult(call_id="c1", content=(PICTURE,)),)),
    Message(role="user", parts=(Text(text="well?"),)),
)


def test_system_text_is_gathered_in_order_and_the_turns_remain():
    """A developer turn in the middle joins the system text."""
    system, turns = split_system(CONVERSATION)
    assert [part.text for part in system] == ["be kind", "be brief"]
    assert [turn.role for turn in turns] == ["user", "assistant", "user", "user"]


def test_neighbours_of_one_role_become_one_turn():
    """For wires where roles must alternate; no part is lost and the order stays."""
    merged = merge_turns(split_system(CONVERSATION)[1])
    assert [turn.role for turn in merged] == ["user", "assistant", "user"]
    assert len(merged[-1].parts) == 2


def test_a_results_name_is_found_by_its_call():
    """Gemini's results carry the tool's name, the others only the id."""
    assert tool_names_by_call_id(CONVERSATION) == {"c1": "look"}


def test_media_inside_tool_results_are_found():
    """They must be fetched like any other."""
    assert list(iter_media(CONVERSATION)) == [PICTURE]


def test_the_estimate_grows_with_the_text_and_knows_scripts_without_spaces():
    """Four Latin characters to a token, one Chinese one."""
    assert [estimate_text_tokens(text) for text in ("", "word", "wordy", "你好世界")] == [
        0,
        1,
        2,
        4,
    ]
    assert estimate_input_tokens(Request(model="m", messages=CONVERSATION)) > estimate_input_tokens(
        Request(model="m", messages=CONVERSATION[:1])
    )
