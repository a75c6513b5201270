"""The whole gateway in this process, from the listening socket to an upstream of scripted bytes, so
that what a call costs can be counted or sampled.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import Counter
from pathlib import Path

from uniapi.app import App
from uniapi.clock import SystemClock
from uniapi.config import parse_config
from uniapi.engines import engine_names
from uniapi.network import open_transport
from uniapi.scheduler import Jobs
from uniapi.server import Front, Listener
from uniapi.settings import Settings

PACKAGE = str(Path(__file__).parents[2] / "uniapi")
KEY = "sk-client-0123456789abcdef"
LIMITED_KEY = "sk-limited-0123456789"
SMALL_BODY = {"messages": [{"role": "user", "content": "hi"}], "temperature": 0.5}
TURNS = 8
WORDS = ("Hello", " there", ",", " how", " are", " you", '?" he', " said\\n")


def json_answer(value):
    body = json.dumps(value, separators=(",", ":")).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % len(body) + body


def stream_answer(frames):
    head = (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    chunks = [b"%x\r\n%b\r\n" % (len(frame), frame) for frame in frames]
    return head, [*chunks, b"0\r\n\r\n"]


def chat_answer(**more):
    message = {"role": "assistant", "content": "hi"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2, **more}
    value = {"id": "x", "object": "chat.completion", "created": 1, "model": "m-up"}
    return json_answer({**value, "choices": [choice], "usage": usage})


def messages_answer(**more):
    usage = {"input_tokens": 1, "output_tokens": 1, **more}
    value = {"id": "m", "type": "message", "role": "assistant", "model": "m-up"}
    content = [{"type": "text", "text": "hi"}]
    return json_answer({**value, "content": content, "stop_reason": "end_turn", "usage": usage})


def chat_frames(count):
    def frame(delta, finish=None):
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        value = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m-up"}
        text = json.dumps({**value, "choices": [choice]}, separators=(",", ":"))
        return f"data: {text}\n\n".encode()

    deltas = [frame({"content": WORDS[place % len(WORDS)]}) for place in range(count)]
    return [
        frame({"role": "assistant", "content": ""}),
        *deltas,
        frame({}, "stop"),
        b"data: [DONE]\n\n",
    ]


def messages_frames(count):
    def frame(value):
        text = json.dumps(value, separators=(",", ":"))
        return f"event: {value['type']}\ndata: {text}\n\n".encode()

    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {"id": "m", "type": "message", "role": "assistant", "model": "m-up", "content": []}
    yield frame({"type": "message_start", "message": {**message, "usage": usage}})
    block = {"type": "text", "text": ""}
    yield frame({"type": "content_block_start", "index": 0, "content_block": block})
    for place in range(count):
        delta = {"type": "text_delta", "text": WORDS[place % len(WORDS)]}
        yield frame({"type": "content_block_delta", "index": 0, "delta": delta})
    yield frame({"type": "content_block_stop", "index": 0})
    ending = {"stop_reason": "end_turn", "stop_sequence": None}
    yield frame({"type": "message_delta", "delta": ending, "usage": usage})
    yield frame({"type": "message_stop"})


class Upstream:
    """Answers every request with the same bytes. Of a stream all pieces are one write (`at_once`),
    or each is written when the one before has been read.
    """

    def __init__(self):
        self.answer = b""
        self.pieces = []
        self.at_once = True
        self._server = None

    async def start(self):
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Answering(self), "127.0.0.1", 0)
        return self._server.sockets[0].getsockname()[1]

    async def stop(self):
        self._server.close()


class _Answering(asyncio.Protocol):
    def __init__(self, upstream):
        self._upstream = upstream
        self._received = b""

    def connection_made(self, transport):
        self._transport = transport

    def data_received(self, data):
        self._received += data
        head, _, body = self._received.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if not length or len(body) < int(length):
            return
        self._received = b""
        upstream = self._upstream
        if upstream.at_once:
            self._transport.write(upstream.answer + b"".join(upstream.pieces))
            return
        self._transport.write(upstream.answer)
        self._write_next(list(upstream.pieces), 0)

    def _write_next(self, pieces, turn):
        """A few turns of the loop lie between two pieces, so that each is read by itself."""
        if turn % TURNS == 0:
            self._transport.write(pieces.pop(0))
        if pieces:
            asyncio.get_running_loop().call_soon(self._write_next, pieces, turn + 1)


class WholeGateway:
    """`ask` makes one call and reads its whole answer."""

    def __init__(self, data_dir):
        self._data_dir = data_dir
        self.key = KEY
        self.upstream = Upstream()

    async def start(self):
        port = await self.upstream.start()
        host = f"http://127.0.0.1:{port}"
        config = {
            "providers": [
                {
                    "provider": "chat",
                    "base_url": f"{host}/v1/chat/completions",
                    "api": "sk-up-0123456789",
                    "model": [{"m-up": "relayed"}],
                },
                {
                    "provider": "claude",
                    "engine": "claude",
                    "base_url": f"{host}/v1/messages",
                    "api": "sk-up-0123456789",
                    "model": [{"claude-x": "translated"}],
                },
                {
                    "provider": "gemini",
                    "engine": "gemini",
                    "base_url": f"{host}/v1beta",
                    "api": "sk-up-0123456789",
                    "model": [{"gemini-x": "pictured"}],
                },
            ],
            "api_keys": [
                {"api": KEY},
                {"api": LIMITED_KEY, "preferences": {"rate_limit": "1000000/min"}},
            ],
            "preferences": {"allow_private_urls": True},
        }
        parsed, _ = parse_config(
            json.dumps(config), source="test", engines=engine_names(), environment={}
        )
        clock, rng = SystemClock(), random.Random(1)
        self._jobs = Jobs(clock, rng)
        self._transport = open_transport(self._jobs.spawn, {})
        settings = Settings(
            config_argument=None,
            is_demo=False,
            host="127.0.0.1",
            port=0,
            data_dir=self._data_dir,
            default_data_dir=None,
            timeout_s=30.0,
            is_stateless=False,
            version="0",
        )
        app = App(settings, parsed, self._transport, self._jobs, clock, rng, self._data_dir)
        self.app = app
        self._listener = Listener(Front(app), files=1024, has_edge=True)
        self._port = await self._listener.start("127.0.0.1", 0)
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._others = []
        return self

    async def open_stream(self, model, **more):
        """One more stream on a connection of its own, of which some text has come; `more` are
        members of its request.
        """
        own = self._reader, self._writer
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._others.append(self._writer)
        text = json.dumps({**SMALL_BODY, **more, "model": model, "stream": True}).encode()
        self._writer.write(self._head("/v1/chat/completions", text) + text)
        await self._reader.readuntil(b'"content":"Hello"')
        self._reader, self._writer = own

    async def ask(self, model, *, stream=False):
        body = {"model": model, "messages": [{"role": "system", "content": "be"}]}
        body["messages"].append({"role": "user", "content": "hi"})
        return await self.post(
            "/v1/chat/completions", {**body, "temperature": 0.5, "stream": stream}
        )

    async def post(self, path, body):
        text = json.dumps(body).encode()
        self._writer.write(self._head(path, text) + text)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200"), answer
        length = answer.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if length:
            return await self._reader.readexactly(int(length))
        return await self._reader.readuntil(b"\r\n0\r\n\r\n")

    def _head(self, path, text):
        head = (
            f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {self.key}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(text)}\r\n\r\n"
        )
        return head.encode()

    async def stop(self):
        for writer in (*self._others, self._writer):
            writer.close()
            await writer.wait_closed()
        await self.upstream.stop()
        self._listener.stop()
        await self._listener.close()
        await self._jobs.shutdown()
        await self.app.close()


class FunctionCount:
    """Counts the functions of the package that are entered while it is on: no comprehensions, no
    lambdas, none of the standard library's.
    """

    def __init__(self):
        self.entered = Counter()

    def __enter__(self):
        sys.setprofile(self._note)
        return self

    def __exit__(self, *exception):
        sys.setprofile(None)

    def _note(self, frame, event, argument):
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(PACKAGE) and code.co_name[0] != "<":
            self.entered[f"{code.co_filename[len(PACKAGE) + 1 :]}:{code.co_name}"] += 1
