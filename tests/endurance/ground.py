"""What the endurance runs stand on: the gateway as a process within limits, scripted upstreams of
six dialects that fail in every way, and what is measured meanwhile. All on 127.0.0.1, all bounded.
"""

import asyncio
import contextlib
import json
import os
import re
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests" / "e2e"), str(ROOT / "tests" / "matrix")]

from replies import RENDERERS, Reply, error  # noqa: E402  (the paths come first)

KEY = "sk-endurance-client-key-0123456789"
DIALECTS = ("chat", "responses", "anthropic", "gemini", "converse", "cohere")
PATHS = {
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
    "anthropic": "/v1/messages",
    "gemini": "/v1beta",
    "cohere": "/v2/chat",
}
ENGINES = {
    "chat": "gpt",
    "responses": "responses",
    "anthropic": "claude",
    "gemini": "gemini",
    "converse": "aws",
    "cohere": "cohere",
}
CLIENTS = ("chat", "anthropic", "gemini", "responses")
RESTLESS = {
    "cooldown_period": 0,
    "api_key_cooldown_period": 0,
    "api_key_quota_cooldown_period": 0,
}
"""Nothing rests: every call shall meet its upstream, however often that fails."""
PURE = {
    f"{name}_NO_EXTENSIONS": "1"
    for name in ("AIOHTTP", "MULTIDICT", "YARL", "FROZENLIST", "PROPCACHE")
}
ENVIRONMENT = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""A start does not translate all modules again."""
START_S = 600.0
"""A start may take long beside other work."""
FAILURES = (
    *("400", "401", "429", "500", "wall", "reset", "cut", "empty", "silent", "garbage"),
    *("html 200", "echo", "odd status", "odd header", "endless", "broken gzip"),
)


def provider(port, dialect, model=None):
    """One upstream of this dialect, whose only model is named after it."""
    value = {
        "provider": dialect,
        "base_url": f"http://127.0.0.1:{port}/{dialect}{PATHS.get(dialect, '')}",
        "api": f"sk-upstream-{dialect}-0123456789",
        "model": [{model or f"up-{dialect}": dialect}],
        "engine": ENGINES[dialect],
        "preferences": RESTLESS,
    }
    if dialect == "converse":
        value |= {"region": "us-east-1"}
    return value


def configuration(port, **preferences):
    """Six upstreams, and a model `any` that all of them serve."""
    return {
        "providers": [provider(port, dialect) for dialect in DIALECTS],
        "api_keys": [{"api": KEY, "model": ["all"]}],
        "preferences": {
            "model_timeout": {"default": 2},
            "retention": {"raw_bytes": "400MB"},
            "model_price": {"default": "1,1"},
            **preferences,
        },
    }


def ask(dialect, model, rng, *, stream=False, size=0):
    """(path, body) of a call in this client dialect; `size` bytes of text."""
    text = f"hi {rng.random()}" + "x" * size
    prompt = [{"role": "user", "content": text}]
    match dialect:
        case "gemini":
            verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
            return f"/v1beta/models/{model}:{verb}", {"contents": [{"parts": [{"text": text}]}]}
        case "responses":
            return "/v1/responses", {"model": model, "input": text, "stream": stream}
        case "anthropic":
            body = {"model": model, "max_tokens": 50, "messages": prompt, "stream": stream}
            return "/v1/messages", body
    return "/v1/chat/completions", {"model": model, "messages": prompt, "stream": stream}


class Upstreams:
    """All six in one server; `choose(dialect)` says what becomes of a call: "sound" or one of
    FAILURES, or bytes that are sent as they are.
    """

    def __init__(self, choose):
        self.choose = choose
        self.calls = Counter()
        self._server = None
        self._open = set()

    async def start(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 26)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self):
        self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader, writer):
        self._open.add(asyncio.current_task())
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self._open.discard(asyncio.current_task())
            writer.close()

    async def _exchange(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = re.search(r"content-length: (\d+)", head, re.I)
        body = await reader.readexactly(int(length[1])) if length else b""
        path = head.split(" ")[1]
        dialect = path.split("/")[1]
        stream = any(word in path for word in ("stream", "Stream")) or (
            b'"stream":true' in body.replace(b" ", b"")
        )
        mode = self.choose(dialect)
        self.calls[mode if isinstance(mode, str) else "bytes"] += 1
        if isinstance(mode, bytes):
            writer.write(mode)
            await writer.drain()
            return False
        return await self._play(mode, dialect, stream, body, writer)

    async def _play(self, mode, dialect, stream, body, writer):
        """Whether the connection can be used again."""
        if mode in ("400", "401", "429", "500"):
            return await send(writer, error(dialect, int(mode)))
        answer = RENDERERS[dialect](Reply(text="" if mode == "empty" else "all is well"), stream)
        if mode == "sound" or mode == "empty":
            return await send(writer, answer)
        text = b"".join(answer.pieces)
        page = b"<html><title>no</title><script>alert(1)</script></html>"
        whole = {
            "wall": (b"403 X", b"text/html", page),
            "html 200": (b"200 X", b"text/html", page),
            "echo": (b"422 X", b"application/json", b'{"detail":' + body + b"}"),
            "odd status": (b"299 " + b"\xff" * 300, b"application/json", text),
            "odd header": (b"200 X", b"application/json\x01; x=\xff", text),
            "broken gzip": (b"200 X\r\ncontent-encoding: gzip", b"application/json", text),
        }.get(mode)
        if whole is not None:
            status, kind, content = whole
            head = b"HTTP/1.1 %b\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n"
            writer.write(head % (status, kind, len(content)) + content)
            await writer.drain()
            return mode != "broken gzip"
        if mode == "reset":
            writer.transport.abort()
        elif mode == "silent":
            await asyncio.sleep(3)
        elif mode == "garbage":
            writer.write(os.urandom(300))
            await writer.drain()
        elif mode == "cut":
            kind = answer.content_type.encode()
            head = b"HTTP/1.1 200 X\r\ncontent-type: %b\r\ncontent-length: 99999\r\n\r\n"
            writer.write(head % kind + text[: len(text) * 2 // 3])
            await writer.drain()
        elif mode == "endless":
            writer.write(b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\n\r\n")
            for _ in range(200):
                writer.write(b" " * 65536)
                await writer.drain()
        return False


async def send(writer, answer):
    content = b"".join(answer.pieces)
    more = "".join(f"{name}: {text}\r\n" for name, text in answer.headers.items())
    head = (
        f"HTTP/1.1 {answer.status} X\r\ncontent-type: {answer.content_type}\r\n{more}"
        f"content-length: {len(content)}\r\n\r\n"
    )
    writer.write(head.encode() + content)
    await writer.drain()
    return True


class Gateway:
    """`main.py` as a process in a folder of its own; `memory` and `files` are its limits."""

    def __init__(self, folder=None):
        self.folder = Path(folder or tempfile.mkdtemp(prefix="uniapi-endurance-"))
        self.process = None
        self.port = 0
        self._draining = None

    async def launch(
        self, value, *, memory=None, files=None, arguments=(), environment=None, is_log_read=True
    ):
        """The process alone: it may not listen yet. `environment` is more than what all have;
        `is_log_read`: whether somebody takes what it says.
        """
        path = self.write(value)

        def limit():
            if memory is not None:
                resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
            if files is not None:
                resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

        with (self.folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, str(ROOT / "main.py"), "--config", str(path)),
                *("--host", "127.0.0.1", "--port", "0", *arguments),
                cwd=self.folder,
                env={**ENVIRONMENT, **PURE, **self._steps_counted(), **(environment or {})},
                stdout=asyncio.subprocess.PIPE,
                stderr=log if is_log_read else self._unread_pipe(),
                preexec_fn=limit,
            )
        self._draining = None

    def _steps_counted(self):
        """What makes the process write down the long steps of its loop (see `steps`)."""
        steps = str(Path(__file__).with_name("steps"))
        return {"PYTHONPATH": steps, "LOOP_STEPS": str(self.folder / "steps")}

    def long_steps(self):
        """(ms of processor time, ms by the clock, what ran), the longest first."""
        path = self.folder / "steps"
        lines = path.read_text().splitlines() if path.exists() else []
        found = [line.split(" ", 2) for line in lines if line[:1].isdigit()]
        return sorted(((float(cpu), float(held), what) for cpu, held, what in found), reverse=True)

    def _unread_pipe(self):
        """The end that is written into; nobody reads at the other one."""
        self._pipe = os.pipe()
        return self._pipe[1]

    async def start(self, value, **limits):
        await self.launch(value, **limits)
        while True:
            line = (await asyncio.wait_for(self.process.stdout.readline(), START_S)).decode()
            found = re.search(r"http://[^:/]+:(\d+)", line)
            if found:
                self.port = int(found[1])
                break
            if not line:
                raise AssertionError(f"the gateway did not start:\n{self.log()[-3000:]}")
        self._draining = asyncio.ensure_future(self._drain())
        return self

    async def _drain(self):
        while await self.process.stdout.readline():
            pass

    def write(self, value):
        path = self.folder / "api.yaml"
        new = self.folder / ".api.yaml.new"
        new.write_text(value if isinstance(value, str) else yaml.safe_dump(value, sort_keys=False))
        new.chmod(0o600)
        new.replace(path)
        return path

    async def stop(self, number=signal.SIGTERM):
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)
            try:
                await asyncio.wait_for(self.process.wait(), 60)
            except asyncio.TimeoutError:
                self.process.kill()
                await self.process.wait()
                return "hung"
        if self._draining is not None:
            await self._draining
        return self.process.returncode

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    async def send(self, data, patience_s=30.0):
        """Everything that comes back until the connection is closed; None after `patience_s`."""
        writer = None
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 28)
            writer.write(data)
            return await asyncio.wait_for(reader.read(), patience_s)
        except asyncio.TimeoutError:
            return None
        except ConnectionError:
            return b""
        finally:
            if writer is not None:
                writer.close()

    async def get(self, path, patience_s=30.0):
        return await self.send(request("GET", path), patience_s)

    async def post(self, path, body, patience_s=30.0):
        return await self.send(request("POST", path, body), patience_s)

    async def stats(self):
        answer = await self.get("/v1/stats?hours=720")
        return json.loads(answer.partition(b"\r\n\r\n")[2])

    def journal(self):
        """The request ids in the journal."""
        found = []
        for path in sorted((self.folder / "data" / "stats" / "journal").glob("*")):
            found += re.findall(rb'^\{"id":"([^"]+)".*\}$\n', path.read_bytes(), re.MULTILINE)
        return [one.decode() for one in found]


def request(method, path, body=None, headers=""):
    content = (
        b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    )
    head = (
        f"{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\n{headers}"
        f"connection: close\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n"
    )
    return head.encode() + b"\r\n" + content


def status_of(answer):
    """The status of an answer; None for what is none."""
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer or b"")
    return int(found[1]) if found else None


def id_of(answer):
    found = re.search(rb"\r\nx-request-id: ([0-9a-f]+)\r\n", answer or b"", re.I)
    return found[1].decode() if found else None


class Watch:
    """RSS (MB), open files, threads and the data dir (bytes), sampled; and how long another client,
    who asks for nothing but `/healthz`, waits at the most.
    """

    def __init__(self, gateway, period_s=1.0, ping_s=0.02):
        self._gateway = gateway
        self._period_s = period_s
        self._ping_s = ping_s
        self.samples = []
        self.longest_wait_s = 0.0
        self.unanswered = 0
        self._tasks = []

    def __enter__(self):
        self._tasks = [asyncio.ensure_future(self._sample()), asyncio.ensure_future(self._ping())]
        return self

    def __exit__(self, *reason):
        for task in self._tasks:
            task.cancel()

    async def _sample(self):
        began = time.monotonic()
        while True:
            with contextlib.suppress(OSError):
                self.samples.append((time.monotonic() - began, *self.now()))
            await asyncio.sleep(self._period_s)

    def now(self):
        number = self._gateway.process.pid
        status = Path(f"/proc/{number}/status").read_text()
        memory = int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024
        threads = int(re.search(r"Threads:\s+(\d+)", status)[1])
        files = len(os.listdir(f"/proc/{number}/fd"))
        disk = sum(
            path.stat().st_size
            for path in (self._gateway.folder / "data").rglob("*")
            if path.is_file()
        )
        return memory, files, threads, disk

    async def _ping(self):
        while True:
            began = time.monotonic()
            answer = await self._gateway.get("/healthz", 20.0)
            if status_of(answer) == 200:
                self.longest_wait_s = max(self.longest_wait_s, time.monotonic() - began)
            else:
                self.unanswered += 1
            await asyncio.sleep(self._ping_s)

    def report(self):
        """First, last and largest of each, and MB of RSS an hour over the second half."""
        if not self.samples:
            return {}
        half = self.samples[len(self.samples) // 2 :]
        hours = max(1e-9, (half[-1][0] - half[0][0]) / 3600)
        names = ("rss_mb", "files", "threads", "disk_bytes")
        told = {
            name: [
                round(self.samples[0][place], 1),
                round(self.samples[-1][place], 1),
                round(max(one[place] for one in self.samples), 1),
            ]
            for place, name in enumerate(names, 1)
        }
        quarter = max(1, len(half) // 4)
        early = sum(one[1] for one in half[:quarter]) / quarter
        late = sum(one[1] for one in half[-quarter:]) / quarter
        return {
            **told,
            "rss_mb_an_hour": round((late - early) / hours * 4 / 3, 1),
            "others_waited_s": round(self.longest_wait_s, 3),
            "others_unanswered": self.unanswered,
        }


def tracebacks(log):
    """The end of each traceback in the log, those that end in the same place once."""
    found = {}
    for block in re.findall(r"Traceback .*\n((?:[ \t].*\n)+)(\S.*)", log):
        frames = block[0].rstrip().splitlines()
        place = next((line for line in reversed(frames) if line.startswith("  File")), "")
        found.setdefault(place, f"traceback: {place.strip()} {frames[-1].strip()} {block[1][:300]}")
    return list(found.values())


def tell(name, figures, faults):
    """One JSON line for the published table; exit 1 where something is wrong."""
    print(json.dumps({"run": name, **figures}, sort_keys=True), flush=True)
    for fault in faults:
        print(f"FAULT {name}: {fault}", flush=True)
    return 1 if faults else 0
