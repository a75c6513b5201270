"""A refusal that names what it refuses: the request is mended and tried once more at once, by the
same key, and what helped is remembered for the model.
"""

import pytest
from ends import Saying
from fakes import whole
from playbook import CHAT, MESSAGES, RESPONSES, answer, provider

UNKNOWN = {"error": {"message": "Unknown parameter: 'mood'.", "param": "mood"}}
SIGNED = [
    {"role": "user", "content": "Hello"},
    {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "well", "signature": "c2lnbmVk"},
            {"type": "text", "text": "Hi"},
        ],
    },
    {"role": "user", "content": "And now?"},
]
BAD_SIGNATURE = {
    "type": "error",
    "error": {
        "type": "invalid_request_error",
        "message": "messages.1.content.0: Invalid `signature` in `thinking` block",
    },
}


def refuses(upstream, error=UNKNOWN, status=400):
    upstream.answers(whole(error, status=status))


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
@pytest.mark.parametrize("status", [400, 422])
def test_a_member_that_is_refused_is_left_out_from_then_on(play, path, status):
    """Asked twice the first time, once the second. The client hears what was dropped, nobody is
    blamed, and the refused call is on record.
    """
    p = play(provider("a", path=path, keys=2))
    p.asks(path, mood="good")
    a = p.upstream("a#1")
    assert a.json["mood"] == "good"
    refuses(a, status=status)
    again = p.upstream("a#1")
    assert "mood" not in again.json
    again.answers(answer("chat" if path == CHAT else "anthropic", "hello"))
    assert p.client.headers["x-uniapi-dropped"] == "mood"
    assert p.client.headers["x-uniapi-attempts"] == f"a#1={status}, a#1=200"
    p.expects(
        told=["succeeded", "finished, 18 tokens"],
        written=[200, Saying("hel"), "end"],
        recorded="ok 200: a bad_request, a ok",
    )
    assert p.resting == []
    p.asks(path, mood="good")
    assert "mood" not in p.upstream("a#2").json


def test_it_is_remembered_for_the_model_only(play):
    p = play(provider("a", model=["m", "n"]))
    p.asks(mood="good")
    refuses(p.upstream("a#1"))
    p.upstream("a#1").answers(answer(text="hello"))
    p.asks(model="n", mood="good")
    assert "mood" in p.upstream("a#1").json


@pytest.mark.parametrize(
    "preferences", [{"learn": False}, {"unsupported_parameters": "reject"}], ids=str
)
def test_nothing_is_mended_where_that_is_not_wanted(play, preferences):
    p = play(provider("a"), preferences=preferences)
    p.asks(mood="good")
    refuses(p.upstream("a#1"))
    p.expects(told=["bad_request", "finished"], recorded="bad_request 400: a bad_request")


@pytest.mark.parametrize(
    "message", ["Unknown parameter: 'messages'.", "Unknown parameter: 'tools'.", "No.", ""]
)
def test_what_the_user_asked_is_never_mended(play, message):
    """Nor what is not named."""
    p = play(provider("a"))
    p.asks(tools=[{"type": "function", "function": {"name": "f"}}])
    refuses(p.upstream("a#1"), {"error": {"message": message}})
    p.expects(recorded="bad_request 400: a bad_request")


def test_a_liar_costs_two_calls(play):
    """It refuses whatever is sent, always in the same words."""
    p = play(provider("a", keys=3))
    p.asks(mood="good")
    for _ in range(2):
        refuses(p.upstream("a#1"))
    p.expects(
        told=["bad_request, 2 calls", "finished"],
        recorded="bad_request 400: a bad_request, a bad_request",
    )


def test_two_mendings_are_the_most_for_a_request(play):
    """And what did not help is not remembered."""
    p = play(provider("a"))
    p.asks(one=1, two=2, three=3)
    for name in ("one", "two", "three"):
        refuses(p.upstream("a#1"), {"error": {"message": f"Unknown parameter: '{name}'."}})
    p.expects(
        told=["bad_request, 3 calls", "finished"],
        recorded="bad_request 400: " + ", ".join(["a bad_request"] * 3),
    )
    p.asks(one=1)
    assert "one" in p.upstream("a#1").json


def test_a_mended_request_may_fail_like_any_other(play):
    """Then the plan goes on."""
    p = play(provider("a"), provider("b"))
    p.asks(mood="good")
    refuses(p.upstream("a#1"))
    p.upstream("a#1").answers(503)
    p.upstream("b#1").answers(answer(text="hello"))
    p.expects(
        told=["overloaded, 2 calls", "succeeded", "finished, 18 tokens"],
        recorded="ok 200: a bad_request, a overloaded, b ok",
    )


def test_a_refused_signature_is_left_out(play):
    """The history goes again without what a model signed, in our words for it."""
    p = play(provider("a", path=MESSAGES))
    p.asks(MESSAGES, messages=SIGNED)
    refuses(p.upstream("a#1"), BAD_SIGNATURE)
    again = p.upstream("a#1")
    assert b"signature" not in again.request.body
    assert b"And now?" in again.request.body
    again.answers(answer("anthropic", "hello"))
    p.expects(told=["succeeded", "finished, 18 tokens"], recorded="ok 200: a signature, a ok")
    p.asks(MESSAGES, messages=SIGNED)
    assert b"signature" in p.upstream("a#1").request.body


def test_a_signature_that_is_refused_again_is_not_tried_a_third_time(play):
    p = play(provider("a", path=MESSAGES))
    p.asks(MESSAGES, messages=SIGNED)
    for _ in range(2):
        refuses(p.upstream("a#1"), BAD_SIGNATURE)
    p.expects(recorded="signature 400: a signature, a signature")


def test_a_model_that_is_asked_in_another_dialect_of_its_vendor(play):
    """The refusal says where; the client is answered as it asked."""
    p = play(provider("a", path="/v1"))
    p.asks()
    refuses(
        p.upstream("a#1"),
        {"error": {"message": "This model is only supported in v1/responses."}},
        status=404,
    )
    again = p.upstream("a#1")
    assert again.path == "/v1/responses"
    again.answers(answer("responses", "hello"))
    p.expects(written=[200, Saying('"content":"hello"'), "end"])
    p.asks(RESPONSES)
    assert p.upstream("a#1").path == "/v1/responses"


def test_what_the_gateway_adds_itself_is_left_out_when_it_is_refused(play):
    """A stream is asked for its usage, which older servers do not know."""
    p = play(provider("a"))
    p.asks(stream=True)
    a = p.upstream("a#1")
    assert a.json["stream_options"] == {"include_usage": True}
    message = "Extra inputs are not permitted, field: 'stream_options'"
    refuses(a, error={"error": {"message": message}})
    assert "stream_options" not in p.upstream("a#1").json
