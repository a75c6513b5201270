"""The attempt loop from attempt to attempt: what the plan is told of each, who is asked next, what
the client gets in the end, and the record of it all.
"""

import json

import pytest
from ends import Saying
from fakes import DONE, Answer, chunk, whole
from playbook import CHAT, GEMINI, MESSAGES, RESPONSES, answer, provider
from replies import error

from uniapi.canonical import FailureKind

ROLE = chunk({"role": "assistant", "content": ""})
FIXED = {"preferences": {"api_key_schedule_algorithm": "fixed_priority"}}


@pytest.mark.parametrize("stream", [False, True])
def test_a_chain_of_failures_ends_where_one_answers(play, stream):
    """Each failure is told, the next channel asked, and of all that the client sees a header."""
    p = play(provider("a"), provider("b"), provider("c"), provider("d"))
    p.asks(stream=stream)
    p.upstream("a#1").answers(503)
    p.upstream("b#1").answers(500)
    p.upstream("c#1").fails(FailureKind.UNREACHABLE)
    p.expects(told=["overloaded", "server_error", "unreachable"], written=[])
    p.upstream("d#1").answers(answer(text="hello", stream=stream))
    assert p.client.headers["x-uniapi-attempts"] == "a#1=503, b#1=500, c#1=unreachable, d#1=200"
    p.expects(
        told=["overloaded", "server_error", "unreachable", "succeeded", "finished, 18 tokens"],
        written=[200, Saying("lo"), "end"],
        recorded="ok 200: a overloaded, b server_error, c unreachable, d ok",
    )
    assert p.resting == ["a", "b", "c"]


def test_a_record_says_where_when_and_how_much(play):
    """One record for the call, with the upstream that served it, its tokens and its times."""
    p = play(provider("a"), provider("b"))
    p.asks(stream=True)
    p.passes(3)
    p.upstream("a#1").answers(503)
    b = p.upstream("b#1")
    b.begins()
    p.passes(2)
    *telling, end = answer(text="hello", stream=True).pieces
    b.says(*telling)
    p.passes(0.5)
    b.says(end)
    assert len(p.records) == 1
    record = p.records[0]
    assert (record.provider, record.upstream_model, record.status, record.stream) == (
        "b",
        "m",
        200,
        True,
    )
    assert (record.first_token_s, record.total_s) == (2.0, 5.5)
    assert [(one.status, one.duration_s) for one in record.attempts] == [(503, 3.0), (200, 2.0)]
    assert (record.usage.input_tokens, record.usage.output_tokens) == (11, 7)
    assert record.attempts[0].message == "status 503"


@pytest.mark.parametrize(
    "said, kind",
    [
        (Answer([b"<html>blocked</html>"], content_type="text/html"), "broken"),
        (Answer([]), "broken"),
        (Answer([ROLE, DONE]), "empty"),
        (Answer([ROLE]), "broken"),
        (
            Answer([b'data: {"error": {"message": "no", "type": "server_error"}}\n\n']),
            "server_error",
        ),
        (answer(text="overload", stream=True), "triggered"),
    ],
    ids=["a page", "nothing", "no more than its end", "a cut", "an error in a 200", "a trigger"],
)
def test_what_is_no_answer_is_a_failed_attempt(play, said, kind):
    """Whatever its status: nothing of it has been written, so the next channel may be asked."""
    p = play(provider("a"), provider("b"), preferences={"error_triggers": ["overload"]})
    p.asks(stream=True)
    p.upstream("a#1").answers(said)
    p.expects(told=[kind], written=[])
    p.upstream("b#1").answers(answer(text="a longer word", stream=True))
    p.expects(recorded=f"ok 200: a {kind}, b ok")


def test_an_error_in_a_stream_means_what_its_vendor_means(play):
    """Zhipu's number for an overload is no fault of the key, also where the status was 200."""
    p = play(provider("a", keys=2, base_url="https://api.z.ai/api/paas/v4"), provider("b"))
    p.asks(stream=True)
    told = b'data: {"error": {"code": "1312", "message": "\xe8\xaf\xb7\xe7\xa8\x8d"}}\n\n'
    p.upstream("api.z.ai").answers(Answer([told]))
    p.expects(told=["overloaded"], written=[])
    p.upstream("b#1").answers(answer(text="a word", stream=True))
    p.expects(recorded="ok 200: a overloaded, b ok")


@pytest.mark.parametrize("finish", ["length", "content_filter"])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path, dialect", [(CHAT, "chat"), (MESSAGES, "chat"), (CHAT, "anthropic")])
def test_an_empty_answer_that_says_why_is_an_answer(play, path, dialect, stream, finish):
    """No room left, or filtered: asked again it would be the same. Relayed and translated."""
    base = {"chat": CHAT, "anthropic": MESSAGES}[dialect]
    p = play(provider("a", path=base), provider("b"))
    p.asks(path, stream=stream)
    p.upstream("a#1").answers(answer(dialect, finish=finish, stream=stream))
    p.expects(told=["succeeded", "finished, 18 tokens"], recorded="ok 200: a ok")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_an_empty_answer_that_merely_stopped_is_none(play, path, stream):
    p = play(provider("a"), provider("b"))
    p.asks(path, stream=stream)
    p.upstream("a#1").answers(answer(finish="stop", stream=stream))
    assert p.upstream("b#1")
    translated = "" if path == CHAT else ", translated"
    p.expects(told=[f"empty{translated}"], written=[])


def test_a_refused_key_is_followed_by_the_channels_next(play):
    """Also when the channel below it fails: each key once, then from the front."""
    p = play(provider("a", keys=3, **FIXED), provider("b"))
    p.asks()
    p.upstream("a#1").answers(401)
    p.upstream("a#2").answers(429)
    p.upstream("a#3").answers(answer(text="hello"))
    p.expects(
        told=["credential_refused", "rate_limited", "succeeded", "finished, 18 tokens"],
        recorded="ok 200: a credential_refused, a rate_limited, a ok",
    )


def test_a_key_that_was_tried_waits_for_the_others(play):
    """A channel's failure says nothing about its key, and yet the next try takes another one."""
    p = play(provider("a", keys=3, **FIXED))
    p.asks()
    for where in ("a#1", "a#2", "a#3", "a#1"):
        p.upstream(where).answers(500)
    p.expects(
        told=[*["server_error"] * 4, "finished"],
        recorded="server_error 500: " + ", ".join(["a server_error"] * 4),
    )


def test_when_all_fail_the_client_is_told_in_its_own_words(play):
    """The most useful failure, here the last one."""
    p = play(provider("a"), keys=[{"preferences": {"AUTO_RETRY": False}}])
    p.asks(MESSAGES)
    p.upstream("a#1").answers(whole({"error": {"message": "too many users"}}, status=503))
    message = "The provider `a` failed (503): too many users."
    error = {"type": "error", "error": {"type": "overloaded_error", "message": message}}
    assert json.loads(p.client.body)["error"] == error["error"]
    assert p.client.headers["x-uniapi-attempts"] == "a#1=503"
    assert p.client.headers["x-should-retry"] == "true"
    p.expects(
        told=["overloaded, translated", "finished"],
        written=[503, Saying("overloaded_error"), "end"],
        recorded="overloaded 503: a overloaded",
    )


def test_a_clients_own_mistake_comes_back_byte_for_byte(play):
    """Status, content type and body are the upstream's, and nobody else is asked."""
    body = b'{ "error" :{"message":"bad \\u0074emperature","code":null},  "vendor": 1.0 }'
    p = play(provider("a"), provider("b"))
    p.asks()
    p.upstream("a#1").answers(Answer([body], status=422, content_type="application/problem+json"))
    assert p.client.headers["content-type"] == "application/problem+json"
    p.expects(
        told=["bad_request", "finished"],
        written=[422, body, "end"],
        recorded="bad_request 422: a bad_request",
    )
    assert p.resting == []


def test_an_echoed_key_is_masked_in_a_body_that_comes_back(play):
    p = play(provider("a"))
    p.asks()
    p.upstream("a#1").answers(whole({"error": {"message": "no: a-key-1-0123456789"}}, status=400))
    assert b"a-key-1-0123456789" not in p.client.body
    assert "a-key-1-0123456789" not in p.records[0].attempts[0].message
    p.expects(
        written=[400, Saying('{"error": {"message": "no: '), "end"],
        recorded="bad_request 400: a bad_request",
    )


def test_a_refusal_of_another_dialect_comes_in_the_clients_words(play):
    """It was translated, so another model may take it; of two refusals the last one is shown."""
    p = play(
        provider("a", path=MESSAGES, model=[{"claude-x": "m"}]),
        provider("b", path=MESSAGES, model=[{"claude-y": "m"}]),
    )
    p.asks()
    p.upstream("a#1").answers(error("anthropic", 400, "no such role"))
    p.upstream("b#1").answers(error("anthropic", 400, "no such role"))
    assert json.loads(p.client.body)["error"]["message"] == "no such role"
    p.expects(
        told=["bad_request, translated", "bad_request, translated", "finished"],
        written=[400, Saying('"param":null'), "end"],
        recorded="bad_request 400: a bad_request, b bad_request",
    )


def test_one_call_may_be_relayed_first_and_translated_next(play):
    """Each attempt is told by the way it went."""
    p = play(provider("a"), provider("b", path=MESSAGES), provider("c"))
    p.asks()
    p.upstream("a#1").answers(500)
    p.upstream("b#1").answers(500)
    p.upstream("c#1").answers(answer(text="hello"))
    p.expects(
        told=["server_error", "server_error, translated", "succeeded", "finished, 18 tokens"],
        recorded="ok 200: a server_error, b server_error, c ok",
    )


def test_a_channel_that_cannot_be_told_costs_no_call(play):
    """It is passed over before anything is sent, so nothing is recorded of it."""
    p = play(
        provider("a", path=MESSAGES),
        provider("b"),
        preferences={"unsupported_parameters": "reject"},
        keys=[{"preferences": {"AUTO_RETRY": False}}],
    )
    p.asks(seed=7)
    p.upstream("b#1").answers(answer(text="hello"))
    p.expects(
        told=["unsupported, translated, 0 calls", "succeeded", "finished, 18 tokens"],
        recorded="ok 200: b ok",
    )


def test_when_no_channel_can_be_told_the_client_hears_of_what(play):
    p = play(provider("a", path=MESSAGES), preferences={"unsupported_parameters": "reject"})
    p.asks(seed=7)
    assert json.loads(p.client.body)["error"]["param"] == "seed"
    p.expects(
        told=["unsupported, translated, 0 calls", "finished"],
        written=[400, Saying("unsupported_parameter"), "end"],
        recorded="unsupported 400",
    )


@pytest.mark.parametrize(
    "dated, wait", [({}, "60"), ({"date": "Tue, 14 Nov 2023 22:13:50 GMT"}, "30")]
)
def test_a_date_is_measured_against_our_clock_where_the_upstream_has_none(play, dated, wait):
    """`retry-after` as an HTTP date, with and without the upstream's own `date`."""
    p = play(provider("a"))
    p.asks()
    p.upstream("a#1").answers(
        whole({}, status=429, headers={"retry-after": "Tue, 14 Nov 2023 22:14:20 GMT", **dated})
    )
    assert p.client.headers["retry-after"] == wait


def test_a_key_that_frees_up_soon_is_waited_for(play):
    """Our own limit of one a second: no attempt, no failure, and the call goes on by itself."""
    p = play(provider("a", preferences={"api_key_rate_limit": "1/s"}))
    p.serves("a#1", answer(text="one"))
    p.asks()
    assert p.network.waiting == []
    p.passes(1.2)
    p.upstream("a#1").answers(answer(text="two"))
    p.expects(told=["succeeded", "finished, 18 tokens"], recorded="ok 200: a ok")


def test_an_upstream_that_streams_against_the_clients_wish_is_folded(play):
    """The answer goes out when its stream has ended, which may be well after its last event."""
    p = play(provider("a"))
    p.asks()
    a = p.upstream("a#1")
    a.begins()
    *telling, end = answer(text="hello", stream=True).pieces
    a.says(*telling)
    p.expects(told=[], written=[])
    a.says(end)
    assert json.loads(p.client.body)["choices"][0]["message"]["content"] == "hello"
    p.expects(told=["succeeded", "finished, 18 tokens"], recorded="ok 200: a ok")


def test_an_upstream_that_does_not_stream_is_unfolded(play):
    """The client gets the stream it asked for."""
    p = play(provider("a"))
    p.asks(stream=True)
    p.upstream("a#1").answers(answer(text="hello"))
    assert p.client.body.endswith(DONE)
    assert p.client.headers["content-type"].startswith("text/event-stream")
    p.expects(told=["succeeded", "finished, 18 tokens"], recorded="ok 200: a ok")


@pytest.mark.parametrize(
    "path, dialect", [(CHAT, "chat"), (RESPONSES, "responses"), (MESSAGES, "anthropic")]
)
def test_a_relayed_stream_is_the_upstreams_bytes(play, path, dialect):
    """As they come, from the first token on."""
    p = play(provider("a", path=path))
    p.asks(
        path,
        stream=True,
        **({"stream_options": {"include_usage": True}} if dialect == "chat" else {}),
    )
    *first, last = answer(dialect, "hello there", stream=True).pieces
    a = p.upstream("a#1")
    a.begins()
    a.says(*first)
    p.expects(written=[200, *first])
    a.says(last)
    a.ends()
    p.expects(
        told=["succeeded", "finished, 18 tokens"],
        written=[200, *first, last, "end"],
        recorded="ok 200: a ok",
    )


def test_gemini_clients_are_relayed_at_their_paths(play):
    """The model is in the path, so the body goes as it is."""
    p = play(provider("a", path=GEMINI))
    p.asks(f"{GEMINI}/models/m:generateContent")
    a = p.upstream("a#1")
    assert a.path == "/v1beta/models/m:generateContent"
    a.answers(answer("gemini", "hello"))
    p.expects(told=["succeeded", "finished, 18 tokens"], recorded="ok 200: a ok")


def test_dead_keys_of_one_channel_leave_a_call_for_another(play):
    """Ten calls are the end; the last of them is for a channel that has not been asked."""
    p = play(provider("a", keys=15), provider("b"))
    p.asks()
    for number in range(1, 10):
        p.upstream(f"a#{number}").answers(401)
    p.upstream("b#1").answers(answer(text="hello"))
    assert p.client.status == 200


def test_every_channel_at_rest_is_asked_before_a_call_is_given_up(play):
    """Two rest by a guess and the third fails: either of the two may be the sound one by now."""
    p = play(provider("a"), provider("b"), provider("c"))
    p.asks()
    p.upstream("a#1").answers(503)
    p.upstream("b#1").answers(503)
    p.upstream("c#1").answers(answer(text="hello"))
    p.asks()
    p.upstream("c#1").answers(503)
    p.upstream("c#1").answers(503)
    p.upstream("a#1").answers(503)
    p.upstream("b#1").answers(answer(text="hello"))
    assert p.client.status == 200


@pytest.mark.parametrize(
    ("words", "is_told"),
    [("404 page not found", True), ("Not Found", True), ("The model `m` does not exist", False)],
)
def test_a_404_that_says_nothing_of_a_model_may_be_the_address(play, words, is_told):
    """`base_url` one level too high or too low: what was asked stands in the message, and where to
    look.
    """
    p = play(provider("a"))
    p.asks()
    p.upstream("a#1").answers(whole({"error": {"message": words}}, status=404))
    p.passes(1)
    message = json.loads(p.client.body)["error"]["message"]
    assert "https://a.example/v1/chat/completions" in message
    assert ("look at its base_url" in message) is is_told
