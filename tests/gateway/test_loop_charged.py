"""What a call is charged that was cut short: what its vendor stated, and what came after that by
estimate, marked as one.
"""

import asyncio

import pytest
from ends import Client
from fakes import USAGE, chunk, whole
from playbook import CHAT, GEMINI, MESSAGES, RESPONSES, answer, provider

WORDS = "words and more words " * 60
"""Some 315 tokens."""
PATHS = {
    "chat": CHAT,
    "anthropic": MESSAGES,
    "responses": RESPONSES,
    "gemini": f"{GEMINI}/models/m:streamGenerateContent",
}
BASES = {**PATHS, "gemini": GEMINI}


def streamed(dialect, text=WORDS):
    """The pieces of a stream up to its first text: half of all, and nothing of its end."""
    pieces = answer(dialect, text, stream=True).pieces
    first = next(number for number, piece in enumerate(pieces) if b"words" in piece)
    return pieces[: first + 1]


def left_by_its_client(p, dialect, upstream):
    p.asks(PATHS[dialect], stream=True)
    a = p.upstream("a#1")
    a.begins()
    a.says(*streamed(upstream))
    p.leaves()
    return p.records[0].usage


@pytest.mark.parametrize("upstream", BASES)
@pytest.mark.parametrize("dialect", PATHS)
def test_who_leaves_early_is_charged_what_had_been_sent(play, dialect, upstream):
    """In every dialect, relayed and translated."""
    p = play(provider("a", path=BASES[upstream]))
    usage = left_by_its_client(p, dialect, upstream)
    assert p.client.body
    p.expects(recorded="client_left 200: a ok")
    assert usage.is_estimate
    assert usage.output_tokens == pytest.approx(160, rel=0.1)
    assert 0 < usage.input_tokens < 50


def test_long_answers_are_told_from_their_beginning(play):
    """No more is kept of one than tells how much text its bytes hold."""
    p = play(provider("a"))
    p.asks(stream=True)
    a = p.upstream("a#1")
    a.begins()
    for _ in range(400):
        a.says(chunk({"content": WORDS}))
    p.leaves()
    assert p.records[0].usage.output_tokens == pytest.approx(400 * 315, rel=0.02)


def test_figures_that_had_been_stated_are_exact(play):
    p = play(provider("a"))
    p.asks(stream=True)
    a = p.upstream("a#1")
    a.begins()
    a.says(chunk({"content": "Hello"}))
    a.says(chunk(usage={**USAGE, "prompt_tokens": 3}))
    p.leaves()
    usage = p.records[0].usage
    assert (usage.input_tokens, usage.is_estimate) == (3, False)


def test_an_answer_that_broke_off_is_charged_likewise(play):
    """Its client has what had come."""
    p = play(provider("a"))
    p.asks(stream=True)
    a = p.upstream("a#1")
    a.begins()
    a.says(*streamed("chat"))
    a.breaks()
    usage = p.records[0].usage
    assert usage.is_estimate
    assert usage.output_tokens == pytest.approx(160, rel=0.1)
    p.expects(recorded="broken 200: a broken")


def test_who_leaves_before_anything_came_is_charged_nothing(play):
    p = play(provider("a"))
    p.asks(stream=True)
    p.upstream("a#1")
    p.leaves()
    assert p.records[0].usage is None


def test_a_failed_attempt_is_not_charged(play):
    p = play(provider("a"))
    p.asks(stream=True)
    p.upstream("a#1").answers(whole({"error": {"message": "no"}}, status=400))
    assert p.records[0].usage is None


class Hasty(Client):
    """Closes its connection as soon as it has the last event; the end of the framing never comes to
    it.
    """

    async def finish(self):
        await asyncio.sleep(3600)


@pytest.mark.parametrize("has_lost, outcome", [(False, "ok"), (True, "client_left")])
@pytest.mark.parametrize("dialect", ["chat", "anthropic", "responses"])
def test_who_leaves_behind_the_last_event_had_its_answer(play, dialect, has_lost, outcome):
    """Unless some of it was written when it was gone."""
    p = play(provider("a", path=BASES[dialect]))
    p.asks(PATHS[dialect], stream=True, client=Hasty())
    p.upstream("a#1").answers(answer(dialect, "hello", stream=True))
    p.client.has_lost = has_lost
    p.leaves()
    p.expects(recorded=f"{outcome} 200: a ok")
    usage = p.records[0].usage
    assert (usage.input_tokens, usage.output_tokens, usage.is_estimate) == (11, 7, False)
