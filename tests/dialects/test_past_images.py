"""Pictures of earlier turns where a model reads none: words stand in their place, so that a
conversation can go on; what the user shows now stays and is refused aloud.
"""

import pytest

from uniapi.dialects import UPSTREAM_DIALECTS, Quirk, without_past_images
from uniapi.dialects.past_images import PICTURE

BLIND = Quirk(past_images=False)
CHATS = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
CLAUDES = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}}
TOLD = {"type": "text", "text": PICTURE}
WORDS = {"type": "text", "text": "what is this?"}
ANSWER = {"role": "assistant", "content": "a cat"}
TOOL = {"role": "tool", "tool_call_id": "c", "content": "read"}


def user(*parts):
    return {"role": "user", "content": list(parts)}


def result(*parts):
    return {"type": "tool_result", "tool_use_id": "t", "content": list(parts)}


@pytest.mark.parametrize("picture", [CHATS, CLAUDES])
def test_pictures_of_earlier_turns_are_told(picture):
    body = {"messages": [user(WORDS, picture), ANSWER, user(picture, WORDS)]}
    told = without_past_images(body)["messages"]
    assert told == [user(WORDS, TOLD), ANSWER, user(picture, WORDS)]


@pytest.mark.parametrize(
    ("messages", "told"),
    [
        ([ANSWER, TOOL, user(CHATS)], [ANSWER, TOOL, user(TOLD)]),
        ([ANSWER, user(result(WORDS, CLAUDES))], [ANSWER, user(result(WORDS, TOLD))]),
        ([ANSWER, user(result(CLAUDES)), user(CLAUDES)], None),
        ([user(CHATS), user(CHATS)], None),
        ([user(WORDS), ANSWER], None),
        ([None, 7, {"role": "user"}], None),
        ("no list", None),
    ],
)
def test_a_result_that_is_asked_about_is_told(messages, told):
    """A picture that a tool read is not the user's; one that the user shows stays."""
    body = {"messages": messages}
    fitted = without_past_images(body)
    if told is None:
        assert fitted is body or fitted["messages"][-1] != messages[-1]
    else:
        assert fitted["messages"] == told


@pytest.mark.parametrize(("dialect", "picture"), [("openai_chat", CHATS), ("anthropic", CLAUDES)])
def test_it_is_named_as_lost(dialect, picture):
    body = {"max_tokens": 9, "messages": [user(picture), ANSWER, user(WORDS)]}
    told, losses = UPSTREAM_DIALECTS[dialect].fit(body, BLIND)
    assert told["messages"][0] == user(TOLD)
    assert losses == ("messages.image",)
    assert UPSTREAM_DIALECTS[dialect].fit(body, Quirk())[0]["messages"] is body["messages"]
