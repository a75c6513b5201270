"""What a whole answer leaves behind for later calls of the same client key, what one that broke off
does not, and what becomes of access tokens.
"""

import json

import pytest
from fakes import Answer, whole
from playbook import GEMINI, MESSAGES, RESPONSES, answer, provider

from uniapi.engines import Token
from uniapi.engines.defaults import with_bearer
from uniapi.engines.openai import OpenAiEngine
from uniapi.errors import WireError
from uniapi.gateway import Engines
from uniapi.wire import HttpRequest

TWO_KEYS = [{}, {}]
LOOK = ("call_1", "look", {"city": "Oslo"})
TOOL = {
    "type": "function",
    "function": {"name": "look", "parameters": {"type": "object", "properties": {}}},
}
ASKED = {"role": "user", "content": "Weather?"}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "4 degrees"}


def responses_answer(stream=False):
    return answer("responses", "hello", stream=stream)


def cut(said):
    """The same stream without its end, and why it ended."""
    return Answer(said.pieces[:-2])


@pytest.mark.parametrize("stream", [False, True])
def test_an_id_that_was_issued_binds_the_next_call_to_its_key(play, stream):
    """Whatever the order of keys says; another client key does not know it."""
    p = play(provider("a", keys=3, path=RESPONSES), keys=TWO_KEYS)
    p.serves("a#1", responses_answer(), path=RESPONSES)
    p.serves("a#2", responses_answer(stream), path=RESPONSES, stream=stream)
    p.serves("a#2", responses_answer(), path=RESPONSES, previous_response_id="resp_1")
    p.serves("a#2", responses_answer(), path=RESPONSES, previous_response_id="resp_1")
    p.asks(RESPONSES, key=1, previous_response_id="resp_1")
    p.expects(written=["refused, 404"], recorded="refused 404")


def test_a_bound_call_is_not_tried_elsewhere(play):
    """Its state is nowhere else."""
    p = play(provider("a", keys=2, path=RESPONSES), provider("b", path=RESPONSES))
    p.serves("a#1", responses_answer(), path=RESPONSES)
    p.asks(RESPONSES, previous_response_id="resp_1")
    p.upstream("a#1").answers(503)
    p.upstream("a#1").answers(503)
    p.expects(
        told=["overloaded", "overloaded", "finished"],
        recorded="overloaded 503: a overloaded, a overloaded",
    )


def test_an_answer_that_is_not_kept_binds_nothing(play):
    """`store: false`: nothing can be asked of it later."""
    p = play(provider("a", keys=2, path=RESPONSES))
    p.serves("a#1", responses_answer(), path=RESPONSES, store=False)
    p.asks(RESPONSES, previous_response_id="resp_1")
    p.expects(written=["refused, 404"])


def test_an_answer_that_broke_off_binds_nothing(play):
    p = play(provider("a", keys=2, path=RESPONSES))
    p.asks(RESPONSES, stream=True)
    p.upstream("a#1").answers(cut(responses_answer(stream=True)))
    p.expects(recorded="broken 200: a broken")
    p.asks(RESPONSES, previous_response_id="resp_1")
    p.expects(written=["refused, 404"])


def test_a_kept_response_is_read_where_it_lies_until_it_is_deleted(play):
    """By its id alone, with the key that issued it."""
    p = play(provider("a", keys=2, path=RESPONSES))
    p.serves("a#1", responses_answer(), path=RESPONSES)
    p.asks(f"{RESPONSES}/resp_1", method="GET")
    a = p.upstream("a#1")
    assert (a.request.method, a.path) == ("GET", "/v1/responses/resp_1")
    a.answers(responses_answer())
    p.expects(
        told=["succeeded", "finished"],
        written=[200, *responses_answer().pieces, "end"],
        recorded="ok 200: a ok",
    )
    p.serves(
        "a#1", whole({"id": "resp_1", "deleted": True}), path=f"{RESPONSES}/resp_1", method="DELETE"
    )
    p.asks(f"{RESPONSES}/resp_1", method="GET")
    p.expects(written=["refused, 404"])


def test_a_kept_response_that_is_gone_is_the_clients_news(play):
    """404 from its owner: nobody is to blame, and it is not asked again."""
    p = play(provider("a", keys=2, path=RESPONSES))
    p.serves("a#1", responses_answer(), path=RESPONSES)
    p.asks(f"{RESPONSES}/resp_1", method="GET")
    p.upstream("a#1").answers(404)
    p.expects(told=["bad_request", "finished"], recorded="bad_request 404: a bad_request")
    assert p.resting == []


def item_of(p):
    """The id of the first output item that the client got."""
    if p.client.body.startswith(b"{"):
        return json.loads(p.client.body)["output"][0]["id"]
    events = [
        json.loads(line[6:]) for line in p.client.body.splitlines() if line.startswith(b"data: {")
    ]
    return next(
        event["item"]["id"] for event in events if event["type"] == "response.output_item.done"
    )


@pytest.mark.parametrize("stream", [False, True])
def test_an_item_of_a_translated_answer_may_be_named_later(play, stream):
    """It exists only here: it is written out for whoever is asked next."""
    p = play(provider("a"))
    p.serves("a#1", answer(text="It rains.", stream=stream), path=RESPONSES, stream=stream)
    named = [{"type": "item_reference", "id": item_of(p)}, {"role": "user", "content": "And now?"}]
    p.asks(RESPONSES, input=named)
    a = p.upstream("a#1")
    assert [message["role"] for message in a.json["messages"]] == ["assistant", "user"]
    assert "It rains." in json.dumps(a.json["messages"])


@pytest.mark.parametrize("members", [{"store": False}, {}], ids=["not kept", "broken off"])
def test_an_item_that_was_not_kept_is_unknown(play, members):
    p = play(provider("a"))
    said = answer(text="It rains.", stream=True)
    p.asks(RESPONSES, stream=True, **members)
    p.upstream("a#1").answers(said if members else Answer(said.pieces[:3]))
    shown = [
        json.loads(line[6:]) for line in p.client.body.splitlines() if line.startswith(b"data: {")
    ]
    item_id = next(
        event["item"]["id"] for event in shown if event["type"] == "response.output_item.added"
    )
    p.asks(
        RESPONSES,
        input=[{"type": "item_reference", "id": item_id}, {"role": "user", "content": "And now?"}],
    )
    p.expects(written=["refused, 400"])


@pytest.mark.parametrize("base, dialect", [(MESSAGES, "anthropic"), (GEMINI, "gemini")])
@pytest.mark.parametrize("stream", [False, True])
def test_what_a_model_signed_is_given_back_to_it(play, base, dialect, stream):
    """A chat client drops the signatures; the next turn has them again, for this key only."""
    p = play(provider("a", path=base), keys=TWO_KEYS)
    said = answer(dialect, calls=(LOOK,), reasoning="Hm.", finish="tool_calls", stream=stream)
    p.serves("a#1", said, messages=[ASKED], tools=[TOOL], stream=stream)
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "look", "arguments": '{"city": "Oslo"}'},
    }
    turns = [ASKED, {"role": "assistant", "content": None, "tool_calls": [call]}, RESULT]
    for key, is_signed in ((0, True), (1, False)):
        p.asks(messages=turns, tools=[TOOL], key=key)
        a = p.upstream("a#1")
        assert ("c2lnbmVk" in a.request.body.decode()) is is_signed
        a.answers(answer(dialect, "It is cold."))


def test_nothing_signed_is_remembered_of_an_answer_that_broke_off(play):
    p = play(provider("a", path=MESSAGES))
    said = answer("anthropic", calls=(LOOK,), reasoning="Hm.", finish="tool_calls", stream=True)
    p.asks(messages=[ASKED], tools=[TOOL], stream=True)
    p.upstream("a#1").answers(cut(said))
    p.expects(recorded="broken 200: a broken")
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "look", "arguments": '{"city": "Oslo"}'},
    }
    p.asks(
        messages=[ASKED, {"role": "assistant", "content": None, "tool_calls": [call]}, RESULT],
        tools=[TOOL],
    )
    assert "c2lnbmVk" not in p.upstream("a#1").request.body.decode()


class LendingEngine(OpenAiEngine):
    """OpenAI's, but that an office changes its key for a token of an hour."""

    def token_flow(self, target, now_s):
        return self._flow(now_s)

    def _flow(self, now_s):
        head, body = yield HttpRequest(
            method="POST", url="https://office.example/token", headers={}, body=b"{}"
        )
        if head.status != 200:
            raise WireError("the office does not know this key")
        return Token(value=json.loads(body)["token"], expires_at_s=now_s + 3600)

    def authorize(self, target, request, token, now_s):
        return with_bearer(request, token)


class LendingEngines(Engines):
    def engine_of(self, provider):
        return LendingEngine()


@pytest.fixture
def lending(play):
    """A provider `a` whose key is changed for tokens, asked once for each call."""
    return play(
        provider("a"), engines=LendingEngines(), keys=[{"preferences": {"AUTO_RETRY": False}}]
    )


def lent(p, token):
    """The office gives a token, and the request that waited for it goes out with it."""
    p.upstream("office").answers(whole({"token": token}))
    a = p.upstream("a")
    assert a.request.headers["authorization"] == f"Bearer {token}"
    return a


def test_an_access_token_is_kept_for_the_next_call(lending):
    lending.asks()
    lent(lending, "t1").answers(answer(text="hello"))
    lending.asks()
    assert lending.upstream("a").request.headers["authorization"] == "Bearer t1"


def test_an_access_token_that_was_refused_is_not_kept(lending):
    """The next call gets a new one."""
    lending.asks()
    lent(lending, "t1").answers(answer(text="hello"))
    lending.expects(recorded="ok 200: a ok")
    lending.asks()
    lending.upstream("a").answers(401)
    lending.expects(
        told=["credential_refused", "finished"],
        recorded="credential_refused 502: a credential_refused",
    )
    lending.asks()
    lent(lending, "t2").answers(answer(text="hello"))
    lending.expects(recorded="ok 200: a ok")


@pytest.mark.parametrize("status", [400, 429, 500])
def test_another_failure_says_nothing_about_the_token(lending, status):
    lending.asks()
    lent(lending, "t1").answers(status)
    lending.asks()
    assert lending.upstream("a").request.headers["authorization"] == "Bearer t1"


def test_a_token_is_renewed_before_it_expires(lending):
    """Five minutes ahead."""
    lending.asks()
    lent(lending, "t1").answers(answer(text="hello"))
    lending.passes(3299)
    lending.serves("a", answer(text="hello"))
    lending.passes(1)
    lending.asks()
    lent(lending, "t2")


def test_a_key_that_no_token_is_given_for_is_a_refused_one(lending):
    """The upstream itself is not asked; the attempt counts as a call."""
    lending.asks()
    lending.upstream("office").answers(403)
    lending.expects(
        told=["credential_refused", "finished"],
        recorded="credential_refused 502: a credential_refused",
    )
    assert "does not know this key" in lending.records[0].attempts[0].message


def test_an_office_that_does_not_answer_is_a_failed_attempt(lending):
    """Half a minute is enough."""
    lending.asks()
    office = lending.upstream("office")
    lending.passes(30)
    assert office.is_cancelled
    lending.expects(told=["timeout", "finished"], recorded="timeout 504: a timeout")


def test_a_client_that_leaves_while_a_token_is_fetched(lending):
    lending.asks()
    office = lending.upstream("office")
    lending.leaves()
    assert office.is_cancelled
    lending.expects(told=["finished"], recorded="client_left 0")


@pytest.mark.parametrize("stream", [False, True])
def test_a_chat_client_that_loses_reasoning_is_relayed_with_it(play, stream):
    """DeepSeek wants it back with the call, word for word; what the client kept stays as it is, and
    another client key knows nothing of it.
    """
    p = play(
        provider("a", base_url="https://api.deepseek.com", model=[{"deepseek-v4-pro": "m"}]),
        keys=TWO_KEYS,
    )
    said = answer(calls=(LOOK,), reasoning="Hm.", finish="tool_calls", stream=stream)
    p.serves("api.deepseek.com", said, messages=[ASKED], tools=[TOOL], stream=stream)
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "look", "arguments": '{"city":"Oslo"}'},
    }
    lost = {"role": "assistant", "content": None, "tool_calls": [call]}
    kept = {**lost, "reasoning_content": "mine"}
    for turn, key, told in ((lost, 0, "Hm."), (kept, 0, "mine"), (lost, 1, "(reasoning omitted)")):
        p.asks(messages=[ASKED, turn, RESULT], tools=[TOOL], key=key)
        a = p.upstream("api.deepseek.com")
        assert a.json["messages"][1] == {**lost, "reasoning_content": told}
        a.answers(answer(text="It is cold."))
