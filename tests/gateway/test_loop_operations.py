"""The attempt loop for what is no chat: legacy completions and their second way, token counts and
their estimate, operations that are carried as they are.
"""

import json

import pytest
from ends import Saying
from fakes import whole
from playbook import COMPLETIONS, MESSAGES, answer, provider
from replies import error

COUNT = f"{MESSAGES}/count_tokens"
EMBEDDING = {
    "object": "list",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
    "model": "m",
    "usage": {"prompt_tokens": 1, "total_tokens": 1},
}


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_channel_without_legacy_completions_is_asked_for_a_chat(play, status):
    """Two calls for one attempt; the plan counts both when the second fails too."""
    p = play(provider("a"), provider("b"))
    p.asks(COMPLETIONS)
    first = p.upstream("a#1")
    assert (first.path, first.json["prompt"]) == ("/v1/completions", "Hello")
    first.answers(status)
    second = p.upstream("a#1")
    assert (second.path, second.json["messages"]) == (
        "/v1/chat/completions",
        [{"role": "user", "content": "Hello"}],
    )
    second.answers(500)
    third = p.upstream("b#1")
    assert third.path == "/v1/completions"
    third.answers(404)
    p.upstream("b#1").answers(answer(text="there was"))
    assert json.loads(p.client.body)["choices"][0]["text"] == "there was"
    p.expects(told=["server_error, translated, 2 calls", "succeeded", "finished, 18 tokens"])
    kind = "model_missing" if status == 404 else "not_served"
    p.expects(recorded=f"ok 200: a {kind}, a server_error, b model_missing, b ok")


def test_a_model_that_only_chats_is_asked_for_a_chat(play):
    """Some say so with a 400."""
    p = play(provider("a"))
    p.asks(COMPLETIONS)
    p.upstream("a#1").answers(whole({"error": {"message": "This is a chat model"}}, status=400))
    p.upstream("a#1").answers(answer(text="there was"))
    p.expects(told=["succeeded", "finished, 18 tokens"], recorded="ok 200: a bad_request, a ok")


def test_another_failure_of_legacy_completions_is_one(play):
    p = play(provider("a"), provider("b"))
    p.asks(COMPLETIONS)
    p.upstream("a#1").answers(500)
    p.upstream("b#1").answers(500)
    p.expects(told=["server_error", "server_error"])


def test_a_prompt_that_is_no_conversation_goes_to_who_has_completions(play):
    """Several prompts cannot be a chat: a provider of another dialect is passed over."""
    p = play(provider("a", path=MESSAGES), provider("b"))
    p.asks(COMPLETIONS, prompt=["one", "two"])
    assert p.upstream("b#1").path == "/v1/completions"
    p.expects(told=["unsupported, translated, 0 calls"])


def test_an_address_that_had_to_be_asked_counts_as_a_call(play):
    """Ten are the end, and none of them rests."""
    p = play(*(provider(f"p{number}") for number in range(12)))
    p.asks("/v1/embeddings")
    for number in range(10):
        p.upstream(f"p{number}#1").answers(404)
    p.expects(
        told=[*["unsupported"] * 10, "finished"],
        recorded="unsupported 400: " + ", ".join(f"p{number} unsupported" for number in range(10)),
    )
    assert p.resting == []


def test_a_carried_operation_is_relayed(play):
    """Embeddings: the same loop, no canonical form."""
    p = play(provider("a"), provider("b"))
    p.asks("/v1/embeddings")
    p.upstream("a#1").answers(500)
    p.upstream("b#1").answers(whole(EMBEDDING))
    p.expects(
        told=["server_error", "succeeded", "finished, 1 tokens"],
        written=[200, json.dumps(EMBEDDING).encode(), "end"],
        recorded="ok 200: a server_error, b ok",
    )


@pytest.mark.parametrize("native", [404, 429, 500, 403])
def test_a_count_that_fails_is_estimated(play, native):
    """A client that counts is never left without a figure, and nothing rests for it."""
    p = play(provider("a", path=MESSAGES))
    p.asks(COUNT)
    p.upstream("a#1").answers(native)
    assert p.client.headers["x-uniapi-estimate"] == "true"
    assert json.loads(p.client.body)["input_tokens"] > 0
    p.expects(written=[200, Saying("input_tokens"), "end"])
    assert (p.records[0].outcome, p.records[0].status, p.resting) == ("ok", 200, [])


def test_a_count_nobody_offers_is_estimated_at_once(play):
    p = play(provider("a"))
    p.asks(COUNT)
    assert p.client.headers["x-uniapi-estimate"] == "true"
    p.expects(told=["finished"], recorded="ok 200")


def test_a_count_is_waited_for_ten_seconds_only(play):
    p = play(provider("a", path=MESSAGES))
    p.asks(COUNT)
    a = p.upstream("a#1")
    p.passes(9)
    p.expects(told=[], written=[])
    p.passes(2)
    assert a.is_cancelled
    p.expects(recorded="ok 200: a unsupported")


def test_what_the_provider_says_of_a_request_it_cannot_count_is_handed_on(play):
    """The client's own mistake: an estimate would hide it."""
    p = play(provider("a", path=MESSAGES))
    p.asks(COUNT)
    said = error("anthropic", 400)
    p.upstream("a#1").answers(said)
    p.expects(
        told=["bad_request", "finished"],
        written=[400, *said.pieces, "end"],
        recorded="bad_request 400: a bad_request",
    )


def test_a_native_count_is_relayed(play):
    p = play(provider("a", path=MESSAGES))
    p.asks(COUNT)
    p.upstream("a#1").answers(whole({"input_tokens": 42, "vendor": 1}))
    assert "x-uniapi-estimate" not in p.client.headers
    p.expects(
        told=["succeeded", "finished"],
        written=[200, b'{"input_tokens": 42, "vendor": 1}', "end"],
        recorded="ok 200: a ok",
    )


@pytest.mark.parametrize(
    "said",
    [
        {"input_tokens": 0},
        {"usage": {"input_tokens": 9}},
        {"success": True, "data": {}},
        {"input_tokens": "9"},
        [],
    ],
)
def test_a_count_without_a_figure_is_none(play, said):
    """A client that is told nought plans with it (BerriAI/litellm#36921)."""
    p = play(provider("a", path=MESSAGES))
    p.asks(COUNT)
    p.upstream("a#1").answers(whole(said))
    assert json.loads(p.client.body)["input_tokens"] > 0
    assert p.client.headers["x-uniapi-estimate"] == "true"


def test_a_member_that_only_the_count_refuses_is_no_mistake_of_the_clients(play):
    """anthropics/claude-code#63532: its tools counted nothing."""
    p = play(provider("a", path=MESSAGES))
    tool = {"name": "f", "input_schema": {"type": "object"}, "eager_input_streaming": True}
    p.asks(COUNT, tools=[tool])
    message = "tools.0.custom.eager_input_streaming: Extra inputs are not permitted"
    said = {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
    p.upstream("a#1").answers(whole(said, status=400))
    assert p.client.status == 200
    assert p.client.headers["x-uniapi-estimate"] == "true"
