"""What a running gateway remembers of strangers is found by looking at every object that it holds:
whatever grows with the number of different words they have said is one of the mappings whose bound
is proven in tests/architecture/test_bounded_mappings.py. A new one shows here by itself.
"""

from __future__ import annotations

import gc
import json
import sys
from collections import OrderedDict, deque
from types import ModuleType

import pytest
from whole_gateway import KEY, WholeGateway, json_answer

pytestmark = pytest.mark.slow
CALLS = (60, 140)
BOUNDED = {
    "CacheDoctor._sessions": "MOST_SESSIONS, proven in test_bounded_mappings",
    "ExpiringMap._entries": "max_bytes, proven in test_bounded_mappings",
    "Waiting._calls": "written and counted within a second; MAX_WAITING records at most",
}
"""Owner and attribute → the proof, or why it cannot grow for ever."""
CONTAINERS = (dict, list, set, deque, OrderedDict)


def request(method, path, body=None, headers=""):
    text = b"" if body is None else json.dumps(body).encode()
    head = (
        f"{method} {path} HTTP/1.1\r\nhost: x\r\n{headers}content-type: application/json\r\n"
        f"content-length: {len(text)}\r\n\r\n"
    )
    return head.encode() + text


async def send(gateway, data):
    gateway._writer.write(data)
    answer = await gateway._reader.readuntil(b"\r\n\r\n")
    length = answer.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    await gateway._reader.readexactly(int(length or 0))


def answered(number):
    call = {"id": f"call_{number}", "type": "function"}
    call["function"] = {"name": f"f{number}", "arguments": f'{{"a":{number}}}'}
    message = {"role": "assistant", "content": f"t{number}", "tool_calls": [call]}
    choice = {"index": 0, "message": message, "finish_reason": f"stop{number}"}
    usage = {"prompt_tokens": 5000, "completion_tokens": 1, "total_tokens": 5001}
    usage["prompt_tokens_details"] = {"cached_tokens": number}
    value = {"id": f"id-{number}", "object": f"o{number}", "created": 1, "model": f"up-{number}"}
    answer = json_answer({**value, "choices": [choice], "usage": usage, f"x{number}": 1})
    return answer.replace(b"\r\n\r\n", b"\r\nx-ratelimit-%d: 1\r\n\r\n" % number, 1)


def refused(number):
    error = {"message": f"Unsupported parameter: 'p{number}'", "code": f"c{number}", "type": "x"}
    body = json.dumps({"error": {**error, "param": f"p{number}"}}).encode()
    head = b"HTTP/1.1 400 X\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % len(body) + body


async def say(gateway, number):
    """A call's worth of words that nobody has said before, from every side."""
    known = f"authorization: Bearer {KEY}\r\n"
    own = f"{known}x-session-id: s{number}\r\nuser-agent: a{number}\r\nx-{number}: 1\r\n"
    said = {"messages": [{"role": "user", "content": f"hi {number}"}], "user": f"u{number}"}
    more = {f"p{number}": 1, "metadata": {"user_id": f"m{number}"}}
    for model in ("relayed", "translated"):
        gateway.upstream.answer = answered(number) if model == "relayed" else claude(number)
        body = {"model": model, **said, "prompt_cache_key": f"k{number}"}
        await send(gateway, request("POST", "/v1/chat/completions", body, own))
        gateway.upstream.answer = refused(number)
        await send(gateway, request("POST", "/v1/chat/completions", {**body, **more}, own))
    unknown = {"model": f"nobody-{number}", **said}
    await send(gateway, request("POST", "/v1/chat/completions", unknown, own))
    await send(gateway, request("GET", f"/nowhere/{number}?q{number}=1", None, own))
    await send(gateway, request("GET", f"/v1/models/m{number}", None, own))
    await send(gateway, request("GET", f"/v1/responses/resp_{number}", None, own))
    await send(gateway, request("GET", f"/v1/stats?hours={number + 1}", None, own))
    await send(gateway, request("GET", f"/stranger/{number}"))


def claude(number):
    usage = {"input_tokens": 5000, "output_tokens": 1, "cache_read_input_tokens": 4000 + number}
    thought = {"type": "thinking", "thinking": f"h{number}", "signature": f"s{number}"}
    call = {"type": "tool_use", "id": f"toolu_{number}", "name": f"f{number}", "input": {}}
    value = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": f"up-{number}"}
    return json_answer(
        {**value, "content": [thought, call], "stop_reason": f"r{number}", "usage": usage}
    )


def attributes(value):
    names = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    for name in dict.fromkeys((*names, *getattr(value, "__dict__", ()))):
        yield name, getattr(value, name, None)


def is_ours(value):
    return str(type(value).__module__).startswith("uniapi") and not isinstance(value, type)


def sizes(roots):
    """How much each container holds that an object of ours, or a module, has under a name."""
    found = {}
    seen = set()
    waiting = [(None, root) for root in roots]
    while waiting:
        owner, value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, CONTAINERS):
            if owner is not None:
                found[owner] = max(found.get(owner, 0), len(value))
            inner = value.values() if isinstance(value, dict) else value
            waiting += [(None if owner is None else f"{owner}[]", one) for one in list(inner)]
        elif is_ours(value):
            kind = type(value).__name__
            waiting += [(f"{kind}.{name}", one) for name, one in attributes(value)]
        elif isinstance(value, ModuleType) and value.__name__.startswith("uniapi"):
            waiting += [
                (f"{value.__name__}.{name}", one)
                for name, one in list(vars(value).items())
                if not name.startswith("__") and not isinstance(one, ModuleType)
            ]
        elif callable(value) and not isinstance(value, type):
            waiting += [
                (None, one)
                for one in gc.get_referents(value)
                if is_ours(one) or isinstance(one, (tuple, *CONTAINERS))
            ]
        elif isinstance(value, tuple):
            waiting += [(owner, one) for one in value if is_ours(one)]
    return found


@pytest.fixture
async def gateway(tmp_path):
    whole = await WholeGateway(tmp_path / "data").start()
    yield whole
    await whole.stop()


async def test_every_mapping_that_grows_with_strangers_words_is_known_and_bounded(gateway):
    seen = []
    number = 0
    for calls in CALLS:
        while number < calls:
            await say(gateway, number)
            number += 1
        gc.collect()
        modules = [module for name, module in sys.modules.items() if name.startswith("uniapi")]
        seen.append(sizes([gateway.app, gateway._listener, gateway._transport, *modules]))
    more = (CALLS[1] - CALLS[0]) // 2
    grown = {name for name, size in seen[1].items() if size - seen[0].get(name, 0) >= more}
    assert sorted(grown) == sorted(BOUNDED)
