"""What stays in the memory of a gateway after a call: no word of the prompt or the answer, in
whatever it holds on to; with the inspector on it can be had, from where it is packed.
"""

import asyncio
import gc
import json
import random
import types

import pytest
from looked_at import Ignores, arrived

from uniapi.app import App
from uniapi.clock import SystemClock
from uniapi.config import parse_config
from uniapi.engines import engine_names
from uniapi.scheduler import Jobs
from uniapi.settings import Settings
from uniapi.wire import ResponseHead

PROMPT, ANSWER = "aardvark-48151623", "narwhal-42108642"
HEAD = ResponseHead(status=200, headers={"content-type": "text/event-stream"})
FILE = """
providers:
  - {provider: a, base_url: "https://a.example/v1", api: sk-up-0123456789abcdef, model: [gpt-5]}
api_keys: [{api: sk-test-client-key-0123456789}]
"""


class Says:
    """A transport that answers everything in the same words."""

    def send(self, request, sink, *, passage=None, connect_timeout_s=None):
        loop = asyncio.get_running_loop()
        text = json.dumps({"choices": [{"index": 0, "delta": {"content": ANSWER}}]})
        stop = json.dumps({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        loop.call_soon(sink.head, HEAD)
        loop.call_soon(sink.data, f"data: {text}\n\ndata: {stop}\n\ndata: [DONE]\n\n".encode())
        loop.call_soon(sink.end)
        return self

    def pause(self): ...

    def resume(self): ...

    def cancel(self): ...

    async def close(self): ...


class Reads:
    """A client."""

    tap, has_lost, is_started, status, response, bytes_written = None, False, False, None, None, 0
    is_recorded = False

    def __init__(self):
        self.said = b""

    async def start(self, status, headers):
        self.status, self.is_started = status, True

    def write(self, data):
        self.said += data

    write_last = write

    def backlog(self):
        return 0

    async def finish(self): ...

    def break_off(self): ...

    async def send(self, status, headers, body):
        self.status, self.said = status, body


def held(thing):
    """Every text that can be reached from an object, but for modules, classes and their code."""
    seen, left, found = set(), [thing], []
    while left:
        one = left.pop()
        if id(one) in seen or isinstance(one, type | types.ModuleType | types.CodeType):
            continue
        seen.add(id(one))
        if isinstance(one, str | bytes | bytearray):
            found.append(one if isinstance(one, str) else bytes(one).decode("latin-1"))
        elif isinstance(one, types.FunctionType):
            left.extend(cell.cell_contents for cell in one.__closure__ or () if cell_of(cell))
        else:
            left.extend(gc.get_referents(one))
    return found


def cell_of(cell):
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


async def gateway(inspect, tmp_path):
    clock, rng = SystemClock(), random.Random(1)
    config, _ = parse_config(FILE + inspect, source="t", engines=engine_names(), environment={})
    settings = Settings(
        config_argument=None,
        is_demo=False,
        host="127.0.0.1",
        port=0,
        data_dir=tmp_path,
        default_data_dir=None,
        timeout_s=5.0,
        is_stateless=False,
        version="0",
    )
    return App(settings, config, Says(), Jobs(clock, rng), clock, rng, tmp_path)


@pytest.mark.parametrize("dialect", ["openai_chat", "anthropic"])
@pytest.mark.parametrize(("inspect", "is_kept"), [("", False), ("preferences: {inspect: 5}", True)])
async def test_what_stays_of_a_call(tmp_path, inspect, is_kept, dialect):
    """Relayed and translated."""
    app = await gateway(inspect, tmp_path)
    path = "/v1/chat/completions" if dialect == "openai_chat" else "/v1/messages"
    reply, said = Reads(), f"say {PROMPT}"
    call = arrived(said=said, dialect=dialect, path=path)
    if dialect == "anthropic":
        value = {**call.json, "max_tokens": 9}
        call = arrived(
            said=said, dialect=dialect, path=path, json=value, body=json.dumps(value).encode()
        )
    await app.run(call, app.config.client_keys[0], reply)
    assert ANSWER.encode() in reply.said
    await app.kept.commit()
    del call, reply
    gc.collect()
    text = "\n".join(held(app))
    assert "gpt-5" in text
    assert (PROMPT in text, ANSWER in text) == (False, False)
    full = app.inspector.full("r1")
    assert (full is not None) == is_kept
    if full is not None:
        assert PROMPT in full["received"]["body"]
        assert ANSWER in full["answered"]["body"]
    on_disk = b"".join(one.read_bytes() for one in tmp_path.rglob("*") if one.is_file())
    assert PROMPT.encode() not in on_disk
    assert ANSWER.encode() not in on_disk
    await app.close()


def test_the_search_finds_what_is_held():
    """However deep, closures included."""
    sink = Ignores()
    sink.inner = {"a": [lambda: PROMPT, (ANSWER.encode(),)]}
    hidden = PROMPT

    def closes():
        return hidden

    sink.inner["b"] = closes
    text = "\n".join(held(sink))
    assert PROMPT in text
    assert ANSWER in text
