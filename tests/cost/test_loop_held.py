"""A long request holds the event loop no longer than a short one: what grows with it is done in
threads. Counted in lines of ours that run on the loop's own thread, at two sizes.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import Counter

import pytest
from whole_gateway import PACKAGE, WholeGateway, chat_answer, json_answer, messages_answer

from uniapi.gateway import attempt_request, prepared

SIZES = (3_000, 9_000)
MOST_MORE = 1_500
"""Lines that the longer one may take more: fewer than one for every second thing it holds more."""

MOST_LINES = 4_000
"""Of ours in all, for the longer one."""


def turns(size):
    return [
        {"role": ("user", "assistant")[place % 2], "content": "a word or two here"}
        for place in range(size)
    ]


def users(size):
    return [{"role": "user", "content": "a word or two here"}] * size


def blocks(size):
    return [{"role": "user", "content": [{"type": "text", "text": "a word or two"}] * size}]


def pictures(size):
    part = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    return [{"role": "user", "content": [part] * size}]


def calls(size):
    rounds = []
    for place in range(size // 4):
        function = {"name": "look", "arguments": "{}"}
        call = {"id": f"c{place}", "type": "function", "function": function}
        rounds += [
            {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": f"c{place}", "content": "seen \\u0061"},
        ]
    return [*rounds, {"role": "user", "content": "go"}]


def tools(size):
    parameters = {"type": "object", "properties": {"a": {"type": "string"}}}
    return [
        {"type": "function", "function": {"name": f"t{place}", "parameters": parameters}}
        for place in range(size // 4)
    ]


KINDS = {
    "turns": lambda size: {"messages": turns(size)},
    "users": lambda size: {"messages": users(size)},
    "blocks": lambda size: {"messages": blocks(size)},
    "pictures": lambda size: {"messages": pictures(size)},
    "calls": lambda size: {"messages": calls(size)},
    "tools": lambda size: {"messages": users(1), "tools": tools(size)},
    "members": lambda size: {
        "messages": users(1),
        "metadata": {f"m{one}": [] for one in range(size)},
    },
}

CACHED = {
    "relayed": chat_answer(prompt_tokens=9999, prompt_tokens_details={"cached_tokens": 9000}),
    "translated": messages_answer(input_tokens=999, cache_read_input_tokens=9000),
}


class Lines:
    """Those of the package that run in this thread while it is on, by function."""

    def __init__(self):
        self.run = Counter()

    def __enter__(self):
        sys.settrace(self._calls)
        return self

    def __exit__(self, *exception):
        sys.settrace(None)

    def _calls(self, frame, event, argument):
        return self._note if frame.f_code.co_filename.startswith(PACKAGE) else None

    def _note(self, frame, event, argument):
        code = frame.f_code
        self.run[f"{code.co_filename[len(PACKAGE) + 1 :]}:{code.co_name}"] += 1
        return self._note


@pytest.fixture
async def gateway(tmp_path):
    whole = await WholeGateway(tmp_path / "data").start()
    yield whole
    await whole.stop()


@pytest.mark.parametrize("model", ["relayed", "translated"])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_long_request_is_worked_out_beside_the_loop(gateway, model, kind):
    gateway.upstream.answer = CACHED[model]
    await gateway.ask(model)
    counts = []
    for size in SIZES:
        body = {"model": model, **KINDS[kind](size), "prompt_cache_key": "s"}
        await gateway.post("/v1/chat/completions", body)
        with Lines() as lines:
            await gateway.post("/v1/chat/completions", body)
        counts.append(lines.run)
    assert sum(counts[1].values()) < MOST_LINES, counts[1].most_common(12)
    more = counts[1] - counts[0]
    assert sum(more.values()) < MOST_MORE, more.most_common(12)


async def test_a_short_request_is_long_by_the_pictures_that_are_fetched_for_it(
    gateway, monkeypatch
):
    """Fifty megabytes of pictures would be put into its body on the loop."""
    picture = b"\x89PNG\r\n\x1a\n" + bytes(2_000_000)

    async def show(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(picture) + picture)
        await writer.drain()
        writer.close()

    done = []

    def note(module, name):
        work = getattr(module, name)

        def noted(*given, **named):
            done.append((name, threading.current_thread() is threading.main_thread()))
            return work(*given, **named)

        monkeypatch.setattr(module, name, noted)

    note(sys.modules["uniapi.network.fetch"], "joined")
    note(attempt_request, "prepare")
    note(prepared, "dump_long_json")
    host = await asyncio.start_server(show, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{host.sockets[0].getsockname()[1]}/a.png"
    parts = [{"type": "image_url", "image_url": {"url": url}}]
    gateway.upstream.answer = json_answer(
        {"candidates": [{"content": {"parts": [{"text": "ok"}]}, "finishReason": "STOP"}]}
    )
    body = {"model": "pictured", "messages": [{"role": "user", "content": parts}]}
    await gateway.post("/v1/chat/completions", body)
    host.close()
    await host.wait_closed()
    assert done == [("joined", False), ("prepare", False), ("dump_long_json", False)]
