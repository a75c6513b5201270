"""Requests of a shape that nobody expected are the client's 400, on every road: found by
tests/endurance/fuzz.py.
"""

import pytest
from playbook import MESSAGES, RESPONSES, answer, provider

CALL = {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]}
CHAT = "/v1/chat/completions"
GEMINI = "/v1beta/models/m:generateContent"


@pytest.mark.parametrize(
    ("path", "members"),
    [
        (RESPONSES, {"input": [{"role": "user", "content": [{"type": ["input_text"]}]}]}),
        (RESPONSES, {"input": [{"type": {"a": 1}}]}),
        (CHAT, {"messages": [{"role": {"a": 1}, "content": "x"}]}),
        (CHAT, {"messages": [{"role": "user", "content": [{"type": []}]}]}),
        (CHAT, {"messages": [None, "x", 3]}),
        (MESSAGES, {"messages": [{"role": [], "content": [{"type": {}}]}]}),
        (GEMINI, {"contents": [CALL, "x"]}),
        (GEMINI, {"contents": [None, {"parts": {"a": 1}}]}),
    ],
)
@pytest.mark.parametrize("upstream", ["chat", "anthropic", "gemini", "responses"])
def test_an_odd_shape_is_refused_or_passed_on(play, path, members, upstream):
    roots = {"chat": CHAT, "anthropic": MESSAGES, "gemini": "/v1beta", "responses": RESPONSES}
    p = play(provider("a", path=roots[upstream]))
    p.asks(path, **members)
    if p.network.waiting:
        p.upstream("a#1").answers(answer(upstream, text="hello"))
        p.passes(0)
    assert p.records_of_call[0].status in (200, 400)
