"""A chat client that knows nothing of prompt caches, in front of Claude: thirty turns with tools,
read from the cache as they would be by a client that marks its prompts well.
"""

import json
import threading
import time

import pytest
from caching_claude import Claude
from fakes import whole
from playbook import CHAT, MESSAGES, provider

from uniapi.gateway import CacheRounds

SYSTEM = "You are a careful engineer. " * 120
TOOL = {
    "type": "function",
    "function": {
        "name": "read_file",
        "description": "Reads a file of the project. " * 20,
        "parameters": {"type": "object", "properties": {"path": {"type": "string"}}},
    },
}
TURNS = 30
PRICE = {"in": 5, "out": 25, "cache_read": 0.5, "cache_write": 6.25}


def claude(**more):
    return provider("a", path=MESSAGES, model=[{"claude-opus-5": "m"}], **more)


def agent(turns):
    """An agent's session in chat, each body longer than the last by a call and its result."""
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": "Fix the bug."}]
    for turn in range(turns):
        yield {"messages": list(messages), "tools": [TOOL]}
        call = {"name": "read_file", "arguments": json.dumps({"path": f"src/{turn}.py"})}
        messages += [
            {
                "role": "assistant",
                "content": f"I look at file {turn}.",
                "tool_calls": [{"id": f"call_{turn}", "type": "function", "function": call}],
            },
            {"role": "tool", "tool_call_id": f"call_{turn}", "content": f"line {turn}\n" * 60},
        ]


def answered(p, vendor, at_s):
    asked = p.network.take()
    usage = vendor.usage(asked.json, at_s)
    asked.answers(
        whole(
            {
                "id": "msg_1",
                "type": "message",
                "role": "assistant",
                "model": "claude-opus-5",
                "content": [{"type": "text", "text": "Done."}],
                "stop_reason": "end_turn",
                "usage": usage,
            }
        )
    )
    p.passes(0)
    return usage


def session(play, **more):
    """Its usages, and what it cost."""
    p = play(claude(**more), preferences={"model_price": {"m": PRICE}})
    vendor = Claude(least=512)
    usages = []
    for turn, said in enumerate(agent(TURNS)):
        p.asks(CHAT, **said)
        usages.append(answered(p, vendor, turn * 20.0))
    return usages, sum(record.cost_pd for record in p.records)


def share(usages):
    read = sum(usage["cache_read_input_tokens"] for usage in usages)
    total = sum(
        usage["input_tokens"]
        + usage["cache_read_input_tokens"]
        + usage["cache_creation_input_tokens"]
        for usage in usages
    )
    return read / total


def test_an_agents_session_is_read_from_the_cache(play):
    """Nothing of it before, at least 85 % after the second turn, for less than a quarter of its
    price.
    """
    before, price_before = session(play, preferences={"prompt_cache": "client"})
    after, price = session(play)
    assert share(before) == 0
    assert share(after[2:]) >= 0.85
    assert price < price_before / 4


def test_off_sends_no_marks_at_all(play):
    """Not the client's own either; that is told."""
    p = play(claude(preferences={"prompt_cache": "off"}))
    said = {"type": "text", "text": SYSTEM, "cache_control": {"type": "ephemeral"}}
    p.asks(MESSAGES, system=[said], messages=[{"role": "user", "content": [said]}], max_tokens=9)
    asked = p.network.take()
    assert b"cache_control" not in asked.request.body
    asked.answers(500)
    p.passes(0)


@pytest.mark.parametrize("where", ["system", "turn", "result", "body"])
def test_a_clients_own_marks_are_never_touched(play, where):
    """One anywhere, and the bytes stay."""
    mark = {"cache_control": {"type": "ephemeral"}}
    system = [{"type": "text", "text": SYSTEM, **(mark if where == "system" else {})}]
    text = {"type": "text", "text": "a"}
    result = {
        "type": "tool_result",
        "tool_use_id": "t",
        "content": [{**text, **(mark if where == "result" else {})}],
    }
    call = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
    messages = [
        {"role": "user", "content": [{**text, **(mark if where == "turn" else {})}]},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    p = play(claude(), preferences={"model_price": {"m": PRICE}})
    p.asks(
        MESSAGES,
        system=system,
        messages=messages,
        max_tokens=9,
        tools=[{"name": "f", "input_schema": {"type": "object"}}],
        **(mark if where == "body" else {}),
    )
    asked = p.network.take()
    assert asked.request.body.count(b"cache_control") == 1
    asked.answers(500)
    p.passes(0)


@pytest.mark.parametrize(
    ("path", "model", "marks"),
    [("/v1/responses", "gpt-5.6-sol", 2), (CHAT, "gpt-5.6-sol", 2), (CHAT, "gpt-5.5", 0)],
)
def test_claudes_marks_go_to_openais_models_that_take_marks(play, path, model, marks):
    mark = {"cache_control": {"type": "ephemeral"}}
    p = play(
        provider("a", base_url=f"https://api.openai.com{path}", model=[{model: "m"}]),
    )
    said = [{"type": "text", "text": SYSTEM, **mark}]
    p.asks(MESSAGES, system=said, messages=[{"role": "user", "content": said}], max_tokens=9)
    asked = p.network.take()
    assert asked.request.body.count(b'"prompt_cache_breakpoint":{"mode":"explicit"}') == marks
    assert b"cache_control" not in asked.request.body
    asked.answers(500)
    p.passes(0)


@pytest.mark.parametrize(
    ("said", "marks"),
    [
        ({"system": "short", "messages": [{"role": "user", "content": "Hi"}]}, 0),
        ({"system": SYSTEM, "messages": [{"role": "user", "content": "Hi"}]}, 1),
        (
            {
                "system": SYSTEM,
                "messages": [
                    {"role": "user", "content": "Hi"},
                    {"role": "assistant", "content": "Hello"},
                    {"role": "user", "content": "And?"},
                ],
            },
            3,
        ),
        (
            {
                "tools": [{"name": "f", "description": SYSTEM, "input_schema": {}}],
                "system": SYSTEM,
                "messages": [
                    {"role": "user", "content": [{"type": "text", "text": "a"}]},
                    {"role": "assistant", "content": "Hello"},
                    {"role": "user", "content": [{"type": "text", "text": "b"}]},
                ],
            },
            4,
        ),
        ({"messages": "not a list", "system": SYSTEM}, 0),
    ],
)
def test_marks_stand_where_they_pay(play, said, marks):
    """None on what is too short; a first turn without tools may be the only one."""
    from uniapi.dialects import Quirk
    from uniapi.dialects.anthropic.fit import fit

    body = {"model": "claude-opus-5", "max_tokens": 9, **said}
    fitted, losses = fit(body, Quirk(cache_marks=512))
    assert losses == ()
    assert json.dumps(fitted).count("cache_control") == marks
    assert (fitted is body) is (marks == 0)


def told(play, changes, **more):
    """What the doctor says of each turn of a session, as `changes` (turn → what to do) has it."""
    p = play(claude(**more), preferences={"model_price": {"m": PRICE}})
    vendor, said = Claude(least=512), []
    for turn, body in enumerate(agent(8)):
        body = changes(p, turn, body) or body
        p.asks(CHAT, **body)
        answered(p, vendor, p.clock.now_s())
        said.append(p.client.headers.get("x-uniapi-cache"))
        p.passes(20)
    return said


def test_the_doctor_tells_hits(play):
    said = told(play, lambda p, turn, body: None)
    assert said[0] == "miss=new-session"
    assert all(one.startswith("hit=0.") for one in said[1:])


def test_the_doctor_tells_a_prefix_that_changed(play):
    """Where, and nothing of what."""

    def dated(p, turn, body):
        if turn == 4:
            body["messages"][1] = {"role": "user", "content": "Fix the other bug."}
            body["messages"][0] = {"role": "system", "content": f"{SYSTEM} It is Monday."}
        return body

    said = told(play, lambda p, turn, body: named(dated(p, turn, body)))
    assert said[4] == "miss=prefix-changed at message 1"
    assert said[3].startswith("hit=")


def test_the_doctor_tells_a_tool_that_changed(play):
    def other(p, turn, body):
        changed = {**TOOL, "function": {**TOOL["function"], "description": "Other. " * 80}}
        return {**body, "tools": [changed]} if turn == 5 else body

    said = told(play, lambda p, turn, body: named(other(p, turn, body)))
    assert said[5] == "miss=prefix-changed at tool 1"


def test_the_doctor_tells_a_pause(play):
    def waits(p, turn, body):
        if turn == 3:
            p.passes(400)

    said = told(play, waits)
    assert said[3] == "miss=pause"
    assert said[4].startswith("hit=")


def named(body):
    """With a name for the session: the words at its beginning may change."""
    return {**body, "prompt_cache_key": "my session"}


def test_the_doctor_tells_a_key_that_was_switched(play):
    """In the middle of a session; the next turn is read from the new key's cache."""
    p = play(
        provider("a", keys=2, path=MESSAGES, model=[{"claude-opus-5": "m"}]),
        preferences={"model_price": {"m": PRICE}},
    )
    vendors, said = {"a#1": Claude(), "a#2": Claude()}, []
    for turn, body in enumerate(agent(6)):
        p.asks(CHAT, **body)
        if turn == 3:
            p.network.take().answers(whole({"error": {"message": "slow down"}}, status=429))
        (asked,) = p.network.waiting
        answered(p, vendors[asked.where], p.clock.now_s())
        said.append(p.client.headers["x-uniapi-cache"])
        p.passes(20)
    assert said[3] == "miss=other-key"
    assert [one[:3] for one in said[:3]] == ["mis", "hit", "hit"]
    rows = p.caches.rows()
    lost = next(row for row in rows if row["reason"] == "other-key")
    assert (lost["requests"], lost["provider"]) == (1, "a")
    assert lost["lost_pd"] == lost["lost_tokens"] * 4_500_000


def test_short_prompts_are_below_the_minimum(play):
    p = play(claude(), preferences={"model_price": {"m": PRICE}})
    p.asks(CHAT)
    answered(p, Claude(), 0.0)
    assert p.client.headers["x-uniapi-cache"] == "miss=below-minimum"


def test_what_was_found_is_counted_on_its_day(play):
    p = play(claude(), preferences={"model_price": {"m": PRICE}})
    for _ in range(3):
        p.asks(CHAT)
        answered(p, Claude(), 0.0)
        p.passes(43_200)
    assert [row["requests"] for row in p.caches.rows()] == [3]
    yesterday = p.clock.now_s() - 86_400
    assert [row["requests"] for row in p.caches.rows(yesterday)] == [2]


def test_what_was_settled_is_on_disk_after_a_flush(play):
    """And what comes after it is not lost, nor counted twice."""
    p = play(claude(), preferences={"model_price": {"m": PRICE}})
    p.asks(CHAT)
    answered(p, Claude(), 0.0)
    p.caches.settle()
    p.caches.flush(p.clock.now_s())
    p.asks(CHAT)
    answered(p, Claude(), 0.0)
    assert [row["requests"] for row in p.caches.rows()] == [2]
    assert [row["requests"] for row in p.caches.rows()] == [2]
    p.caches.flush(p.clock.now_s())
    again = CacheRounds(p.caches._kept._folder, p.clock, lambda *asked: 0)
    assert again.rows() == p.caches.rows()


def until(p, is_so):
    """What long calls do in threads is done."""
    ends_at = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < ends_at
        time.sleep(0.005)
        p.passes(0)


def test_what_was_looked_at_in_a_thread_is_counted_by_the_loop(play, monkeypatch):
    """The sums are the loop's alone: of two at once one would be lost."""
    p = play(claude(), preferences={"model_price": {"m": PRICE}})
    threads = {}
    for name in ("look", "count"):
        does = getattr(p.caches, name)

        def noted(*given, name=name, does=does):
            threads[name] = threading.current_thread()
            return does(*given)

        monkeypatch.setattr(p.caches, name, noted)
    p.asks(CHAT, messages=[{"role": "user", "content": "long " * 220_000}])
    until(p, lambda: p.network.waiting)
    answered(p, Claude(), 0.0)
    until(p, lambda: "count" in threads)
    assert threads["look"] is not threading.current_thread()
    assert threads["count"] is threading.current_thread()
    assert [row["requests"] for row in p.caches.rows()] == [1]


def test_a_stream_of_claude_tells_it_in_its_head(play):
    """Its first event has the figures."""
    p = play(claude(), preferences={"model_price": {"m": PRICE}})
    usage = {
        "input_tokens": 100,
        "cache_read_input_tokens": 9000,
        "cache_creation_input_tokens": 0,
        "output_tokens": 1,
    }
    message = {"id": "m1", "type": "message", "role": "assistant", "content": [], "usage": usage}
    text = {"type": "text_delta", "text": "Hi"}
    p.asks(MESSAGES, stream=True, system=SYSTEM)
    asked = p.network.take()
    asked.begins()
    for kind, more in (
        ("message_start", {"message": {**message, "model": "claude-opus-5"}}),
        ("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}),
        ("content_block_delta", {"index": 0, "delta": text}),
    ):
        data = json.dumps({"type": kind, **more})
        asked.says(f"event: {kind}\ndata: {data}\n\n".encode())
    p.passes(0)
    assert p.client.headers["x-uniapi-cache"] == "hit=0.99"
    p.leaves()


@pytest.mark.parametrize(
    ("tokens", "said"), [(4000, "miss=below-minimum"), (5000, "miss=new-session")]
)
def test_google_says_nothing_where_nothing_was_read(play, tokens, said):
    """The member is left out, which is no silence; and its least is longer than others'."""
    google = "https://generativelanguage.googleapis.com/v1beta"
    p = play(provider("a", base_url=google, model=[{"gemini-3.8-flash": "m"}]))
    p.asks(CHAT)
    content = {"role": "model", "parts": [{"text": "Hi"}]}
    usage = {"promptTokenCount": tokens, "candidatesTokenCount": 1, "totalTokenCount": tokens + 1}
    answer = {"candidates": [{"content": content, "finishReason": "STOP"}], "usageMetadata": usage}
    p.network.take().answers(whole(answer))
    p.passes(0)
    assert p.client.headers["x-uniapi-cache"] == said
