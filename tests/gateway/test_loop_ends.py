"""The end of an answer is its dialect's end: what the connection does afterwards, held, reset or
still talking, is not part of it.
"""

import json

import pytest
from fakes import DONE
from playbook import CHAT, GEMINI, MESSAGES, RESPONSES, answer, provider

UPSTREAMS = {
    "chat": provider("a"),
    "anthropic": provider("a", path=MESSAGES, engine="claude"),
    "responses": provider("a", path=RESPONSES, engine="responses"),
    "gemini": provider("a", path=GEMINI, engine="gemini"),
}
CLIENTS = [CHAT, MESSAGES, RESPONSES]


def asked(p, path, stream=True):
    """A call whose upstream has begun its answer, and the upstream."""
    p.asks(path, stream=stream)
    a = p.upstream("a#1")
    a.begins()
    return a


def pieces(dialect):
    return list(answer(dialect, text="hello", stream=True).pieces)


@pytest.mark.parametrize("path", CLIENTS)
@pytest.mark.parametrize("dialect", ["chat", "anthropic", "responses"])
@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "folded"])
def test_the_client_is_finished_at_the_announced_end(play, dialect, path, stream):
    """Though the connection stays open: it is dropped a moment later, and nobody rests."""
    p = play(UPSTREAMS[dialect])
    a = asked(p, path, stream)
    a.says(*pieces(dialect))
    p.expects(recorded="ok 200: a ok")
    assert p.client.written[-1] == "end" or not stream
    assert b'lo"' in p.client.body
    assert not a.is_cancelled
    p.passes(1)
    assert a.is_cancelled
    assert p.resting == []


@pytest.mark.parametrize("dialect", UPSTREAMS)
@pytest.mark.parametrize("path", CLIENTS)
def test_a_reset_after_the_end_is_no_failure(play, dialect, path):
    """No error follows what was whole."""
    p = play(UPSTREAMS[dialect])
    a = asked(p, path)
    a.says(*pieces(dialect))
    a.breaks()
    p.expects(recorded="ok 200: a ok")
    assert b"broken" not in p.client.body
    assert b"reset" not in p.client.body
    assert p.resting == []


def unannounced(dialect):
    """The answer without what announces its end: the last thing said is how it finished."""
    return [piece for piece in pieces(dialect) if piece != DONE]


@pytest.mark.parametrize("dialect", ["chat", "gemini"])
@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "folded"])
def test_a_finish_without_an_end_is_waited_on_for_a_moment(play, dialect, stream):
    """Usage may still come; after a second of silence the answer is what it is."""
    p = play(UPSTREAMS[dialect])
    a = asked(p, CHAT, stream)
    a.says(*unannounced(dialect))
    p.passes(0.5)
    assert p.records == []
    p.passes(1)
    p.expects(recorded="ok 200: a ok")
    assert b'lo"' in p.client.body
    assert p.resting == []


def test_what_is_said_after_the_end_goes_nowhere(play):
    """A second answer on the same stream is nobody's."""
    p = play(UPSTREAMS["chat"])
    a = asked(p, CHAT)
    a.says(*pieces("chat"))
    a.says(*pieces("chat"))
    assert p.client.body.count(DONE) == 1
    a.ends()
    p.expects(recorded="ok 200: a ok")
    assert not a.is_cancelled


def test_a_connection_that_ends_properly_is_kept(play):
    """The end that comes within the moment of grace cancels the drop."""
    p = play(UPSTREAMS["anthropic"])
    a = asked(p, MESSAGES)
    a.says(*pieces("anthropic"))
    a.ends()
    p.passes(5)
    assert not a.is_cancelled


@pytest.mark.parametrize("dialect", UPSTREAMS)
def test_a_folded_answer_is_whole_wherever_its_stream_is_cut(play, dialect):
    """Each place at which one read may end and the next begin."""
    stream = b"".join(pieces(dialect))
    for cut in range(1, len(stream), 7):
        p = play(UPSTREAMS[dialect])
        a = asked(p, CHAT, stream=False)
        a.says(stream[:cut])
        if not a.is_cancelled:
            a.says(stream[cut:])
            a.ends()
        message = json.loads(p.client.body)["choices"][0]["message"]
        assert (cut, message["content"]) == (cut, "hello")


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "folded"])
def test_a_stream_is_known_by_its_bytes(play, stream):
    """It comes as `application/json`, behind an empty line that keeps the connection alive."""
    p = play(UPSTREAMS["chat"])
    p.asks(CHAT, stream=stream)
    a = p.upstream("a#1")
    a.begins(content_type="application/json")
    a.says(b"\n", *pieces("chat"))
    p.expects(recorded="ok 200: a ok")
    assert b'lo"' in p.client.body


def test_a_whole_answer_under_the_label_of_a_stream(play):
    """A client that wanted a stream gets one."""
    p = play(UPSTREAMS["chat"])
    p.asks(CHAT, stream=True)
    a = p.upstream("a#1")
    a.begins()
    a.says(*answer(text="hello").pieces)
    a.ends()
    p.expects(recorded="ok 200: a ok")
    assert p.client.body.endswith(DONE)
