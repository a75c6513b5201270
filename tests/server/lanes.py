"""Both lanes without a socket: the same bytes, in the same pieces, and what each of them says.
Behind them stands a desk that says again what it was asked, so that what a lane understood is part
of its answer.
"""

import asyncio
import hashlib
import re
from pathlib import Path
from types import SimpleNamespace

import yaml

from uniapi.config import parse_config
from uniapi.engines import engine_names
from uniapi.server import Front, KeyRing, Listener
from uniapi.tcp import GONE
from uniapi.wire import dump_json

KEY = "sk-test-client-key-0123456789"
CONFIG = f"""
providers:
  - provider: a
    base_url: https://a.example/v1/chat/completions
    api: sk-up-0123456789
    model: [m]
api_keys:
  - api: {KEY}
preferences:
  max_body_bytes: 65536
  trusted_proxies: [203.0.113.0/24]
"""
BODY = '{"model":"m","messages":[{"role":"user","content":"x"}]}'
TURNS = 25
"""Of the event loop: more than any request here takes."""
_REPEATED = re.compile(r"@([^@]+)\*(\d+)@")
_VARIES = re.compile(rb"\r\n(?:x-request-id|date): [^\r\n]*", re.IGNORECASE)


def strange():
    """What strangers send, by group: the cases of abuse.yaml."""
    return yaml.safe_load(Path(__file__).with_name("abuse.yaml").read_text())


def sent(case):
    """The bytes of a case."""
    text = case["sent"].replace("@KEY@", KEY).replace("@BODY@", BODY)
    return _REPEATED.sub(lambda found: found[1] * int(found[2]), text).encode("latin-1")


def corpus():
    """All that are not long."""
    every = (sent(case) for cases in strange().values() for case in cases)
    return [data for data in every if len(data) < 2000]


class Clock:
    def now_s(self):
        return 1_800_000_000.0

    def monotonic_s(self):
        return 0.0

    async def sleep(self, seconds):
        """Nobody waits here."""


class EchoDesk:
    """What the front asks for, and no more."""

    version = "0"
    clock = Clock()
    spool_dir = None
    recorder = SimpleNamespace(recent_failures=(), recent_mistakes=())
    inspector = SimpleNamespace(is_on=False)

    def page_words(self):
        return "", {}

    def __init__(self):
        self.config, _ = parse_config(
            CONFIG, source="the test", engines=engine_names(), environment={}
        )
        self.key_ring = KeyRing(self.config.client_keys)

    def health(self):
        return {"status": "ok"}

    async def models_for(self, key):
        return ("m",)

    def model_infos(self, key, aliases):
        return {}

    def near_models(self, key, name):
        return []

    async def run(self, call, key, reply):
        said = dump_json(
            {
                "path": call.path,
                "model": call.requested_model,
                "headers": dict(call.headers),
                "query": dict(call.query),
                "body": hashlib.sha256(call.body).hexdigest(),
                "from": call.client_ip,
                "resource": call.resource,
            }
        )
        if not call.stream:
            await reply.send(200, {"content-type": "application/json"}, said)
            return
        await reply.start(200, {"content-type": "text/event-stream"})
        for part in (said[:10], said[10:]):
            reply.write(part)
            await asyncio.sleep(0)
        await reply.finish()


class Wire(asyncio.Transport):
    """A client's connection: what is written into it stays in `written`."""

    def __init__(self, protocol):
        super().__init__()
        self.written = b""
        self.writes = 0
        self.is_cut_off = False
        self.is_stuck = False
        """The client takes nothing more: what is closed stays."""
        self.is_open = True
        self.is_at_end = False
        """Nothing more is said, though what is sent is still read."""
        self._is_paused = False
        self._unread = []
        self._protocol = protocol
        protocol.connection_made(self)

    def feed(self, data):
        """The client sends this."""
        if self._is_paused:
            self._unread.append(data)
        elif self.is_open and isinstance(self._protocol, asyncio.BufferedProtocol):
            self._fill(data)
        elif self.is_open:
            self._protocol.data_received(data)

    def _fill(self, data):
        """As a socket is read: into the protocol's own room, as much as that holds."""
        room = self._protocol.get_buffer(-1)
        size = min(len(room), len(data))
        room[:size] = data[:size]
        self._protocol.buffer_updated(size)
        if data[size:]:
            self.feed(data[size:])

    @property
    def unread(self):
        """How many pieces wait until the socket is read on."""
        return len(self._unread)

    def hang_up(self):
        """The client closes its connection."""
        if self.is_open:
            self._protocol.eof_received()
            self.close()

    def get_extra_info(self, name, default=None):
        return ("203.0.113.9", 4711) if name == "peername" else default

    def set_protocol(self, protocol):
        self._protocol = protocol

    def get_protocol(self):
        return self._protocol

    def is_closing(self):
        return not self.is_open

    def write(self, data):
        if self.is_open:
            self.written += data
            self.writes += 1
        return 0 if self.is_open else GONE

    def get_write_buffer_size(self):
        return 0

    def can_write_eof(self):
        return True

    def write_eof(self):
        self.is_at_end = True

    def pause_reading(self):
        self._is_paused = True

    def resume_reading(self):
        self._is_paused = False
        while self._unread and not self._is_paused:
            self.feed(self._unread.pop(0))

    def close(self):
        if self.is_open and not self.is_stuck:
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)
        self.is_open = False

    def abort(self):
        """Cut off, even what is being closed."""
        self.is_cut_off = True
        self.close()


class Lanes:
    """`edge` and `aiohttp`, before one front."""

    def __init__(self):
        front = Front(EchoDesk())
        self.edge = Listener(front, files=4096, has_edge=True)
        self.aiohttp = Listener(front, files=4096, has_edge=False)
        for lane in (self.edge, self.aiohttp):
            lane.odd.open_now()

    async def close(self):
        for lane in (self.edge, self.aiohttp):
            lane.stop()
            await lane.close()


async def ask(lane, pieces):
    """What a lane answers: the statuses, the answers without what differs in each, and whether it
    keeps the connection.
    """
    wire = Wire(lane.connection())
    for piece in pieces:
        wire.feed(piece)
        await turn()
    said, is_open = wire.written, wire.is_open and not wire.is_at_end
    wire.hang_up()
    await turn()
    answers = [_VARIES.sub(b"", answer) for answer in split_answers(said)]
    statuses = [int(answer.split(b" ", 2)[1]) for answer in answers]
    return statuses, answers, is_open


async def turn():
    """Until nothing is left to be done but what waits for time or for the client."""
    ready = asyncio.get_running_loop()._ready
    for _ in range(TURNS):
        await asyncio.sleep(0)
        if not ready:
            return


def split_answers(said):
    """The answers on a connection, each with its body; raises where they are no HTTP."""
    answers = []
    while said:
        head, end, rest = said.partition(b"\r\n\r\n")
        assert end, said
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if fields.get(b"transfer-encoding") == b"chunked":
            body, end, said = rest.partition(b"0\r\n\r\n")
            answers.append(head + end + body)
            continue
        # The answer to HEAD has a length and no body.
        has_body = not rest.startswith(b"HTTP/1.1 ")
        length = int(fields.get(b"content-length", 0)) if has_body else 0
        answers.append(head + end + rest[:length])
        said = rest[length:]
    return answers
