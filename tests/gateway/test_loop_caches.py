"""A chat client that knows nothing of prompt caches, in front of Claude: thirty turns with tools,
read from the cache as they would be by a client that marks its prompts well.
"""

import json

import pytest
from caching_claude import Claude
from fakes import whole
from playbook import CHAT, MESSAGES, provider

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
