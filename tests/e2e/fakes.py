"""The two ends of an end-to-end test: an upstream that does as it is told, and the gateway as a
process.
"""

import asyncio
import json
import os
import re
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

import warm
import yaml

ROOT = Path(__file__).parents[2]
CLIENT_KEY = "sk-test-client-key-0123456789"
JSON = "application/json"
SSE = "text/event-stream"


@dataclass
class Seen:
    """A request that reached the upstream."""

    method: str
    path: str
    headers: dict
    body: bytes
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Answer:
    """What the upstream does with one request: the pieces are written with a pause between; then
    the answer ends properly, is reset, or hangs.
    """

    pieces: list
    status: int = 200
    content_type: str = SSE
    headers: dict = field(default_factory=dict)
    pause_s: float = 0.0
    then: str = "end"
    gate: asyncio.Event | None = None
    """Every piece but the first waits for it."""


def whole(value, status=200, **more):
    return Answer([json.dumps(value).encode()], status=status, content_type=JSON, **more)


def chunk(delta=None, finish=None, **more):
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    value = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "up-model",
        "choices": choices,
        **more,
    }
    return b"data: " + json.dumps(value).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"
USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


def chat_stream(text="hello world", usage=False):
    words = re.findall(r"\S+\s*", text)
    pieces = [
        chunk({"role": "assistant", "content": ""}),
        *(chunk({"content": word}) for word in words),
        chunk({}, "stop"),
    ]
    return Answer([*pieces, *([chunk(usage=USAGE)] if usage else []), DONE])


def chat_whole(text="hello world", **more):
    message = {"role": "assistant", "content": text, "refusal": None}
    choices = [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}]
    return whole(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "up-model",
            "choices": choices,
            "usage": USAGE,
        },
        **more,
    )


class FakeUpstream:
    """Serves `/NAME/…` from the queue of answers told for NAME; the last answer of a
    queue repeats.
    """

    def __init__(self):
        self.answers = {}
        self.seen = {}
        self._server = None
        self._tasks = set()

    async def start(self):
        self._server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self):
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def tell(self, name, *answers):
        self.answers[name] = list(answers)

    def url(self, name, path="/v1/chat/completions"):
        return f"http://127.0.0.1:{self.port}/{name}{path}"

    def answer_to(self, seen):
        name = seen.path.split("/")[1]
        self.seen.setdefault(name, []).append(seen)
        queue = self.answers[name]
        return queue.pop(0) if len(queue) > 1 else queue[0]

    async def _connection(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        current = None
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lines = head.decode("latin-1").split("\r\n")
                method, path, _ = lines[0].split(" ")
                if path.startswith("http://"):
                    # Meant for a proxy, which reads only the first request of a connection.
                    return
                headers = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in lines[1:] if line)
                }
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                current = Seen(method, path, headers, body)
                answer = self.answer_to(current)
                if not await self._play(answer, reader, writer, current):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            if current is not None:
                current.closed.set()
            writer.close()
            self._tasks.discard(task)

    async def _play(self, answer, reader, writer, current):
        if answer.then == "reset" and not answer.pieces:
            writer.transport.abort()
            return False
        if answer.then == "hang" and not answer.pieces:
            await reader.read()
            return False
        head = [
            f"HTTP/1.1 {answer.status} X",
            f"content-type: {answer.content_type}",
            "transfer-encoding: chunked",
        ]
        head += [f"{name}: {value}" for name, value in answer.headers.items()]
        writer.write("\r\n".join([*head, "", ""]).encode())
        for piece in answer.pieces:
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
            if answer.gate is not None:
                await answer.gate.wait()
            if answer.pause_s:
                try:
                    if await asyncio.wait_for(reader.read(1), answer.pause_s) == b"":
                        return False
                except asyncio.TimeoutError:
                    pass
        if answer.then == "reset":
            await asyncio.sleep(0.05)
            writer.transport.abort()
            return False
        if answer.then == "hang":
            await reader.read()
            return False
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


def provider(upstream, name, **more):
    return {
        "provider": name,
        "base_url": upstream.url(name),
        "api": f"sk-up-{name}-key",
        "model": [{"up-model": "m"}],
        **more,
    }


def config(providers, preferences=None, **key):
    return {
        "providers": providers,
        "api_keys": [{"api": CLIENT_KEY, **key}],
        "preferences": {"model_timeout": {"default": 5}, **(preferences or {})},
    }


class Gateway:
    """`main.py` as a process, on a port of its own choosing."""

    def __init__(self, folder):
        self.folder = folder
        self.process = None

    async def start(self, value, *arguments, environment=None, log=None):
        path = self.folder / "api.yaml"
        path.write_text(value if isinstance(value, str) else yaml.safe_dump(value, sort_keys=False))
        return await self.launch(
            "--config", str(path), *arguments, environment=environment, log=log
        )

    async def launch(self, *arguments, environment=None, open_files=None, log=None, port=0):
        log = log or (self.folder / "log").open("ab")
        arguments = [*arguments, "--host", "127.0.0.1", "--port", str(port)]
        variables = {**os.environ, **(environment or {})}
        if "SSL_CERT_FILE" in (environment or {}):
            # aiohttp reads the certificates when it is imported, which the starter has done.
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(ROOT / "main.py"),
                *arguments,
                cwd=self.folder,
                env=variables,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        else:
            self.process = await warm.start(
                arguments, cwd=self.folder, environment=variables, log=log, open_files=open_files
            )
        log.close()
        while True:
            line = (await asyncio.wait_for(self.process.stdout.readline(), 20)).decode()
            if not line:
                raise AssertionError(f"the gateway did not start:\n{self.log}")
            found = re.search(r"listens on http://[^:]+:(\d+)", line)
            if found:
                self.port = int(found[1])
                self.url = f"http://127.0.0.1:{self.port}"
                return self

    @property
    def log(self):
        return (self.folder / "log").read_text()

    async def stop(self, number=signal.SIGTERM):
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)
            try:
                await asyncio.wait_for(self.process.wait(), 40)
            except asyncio.TimeoutError:
                self.process.kill()
                await self.process.wait()
        return self.process.returncode if self.process is not None else None
