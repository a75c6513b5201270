"""The two ends of a call in a playbook: upstreams that say what the test lets them say, and clients
that keep what they are sent.
"""

import asyncio
import json

from fakes import SSE, whole

from uniapi.canonical import Failure, FailureKind
from uniapi.wire import ResponseHead


class Upstream:
    """One request on its way, an Exchange to the gateway.

    What a test makes it say has been taken in when the method returns.
    """

    def __init__(self, loop, request, sink, proxy):
        self.request = request
        self.proxy = proxy
        self.told = []
        """`pause`, `resume`, `cancel`, as the gateway said them."""
        self._loop = loop
        self._sink = sink

    @property
    def where(self):
        """`a#1`: the host's name and the number of its key; the name alone where none was sent."""
        name = self.request.url.split("/")[2].removesuffix(".example")
        _, is_sent, rest = " ".join(self.request.headers.values()).partition(f"{name}-key-")
        return f"{name}#{rest.partition('-')[0]}" if is_sent else name

    @property
    def path(self):
        return "/" + self.request.url.split("/", 3)[3]

    @property
    def json(self):
        return json.loads(self.request.body)

    @property
    def is_cancelled(self):
        return "cancel" in self.told

    def answers(self, answer):
        """A whole answer (an `Answer` of `fakes`), or an error that is no more than its status."""
        if isinstance(answer, int):
            answer = whole({"error": {"message": f"status {answer}"}}, status=answer)
        self.begins(answer.status, answer.content_type, answer.headers)
        for piece in answer.pieces:
            if not self.is_cancelled:
                self.says(piece)
        if not self.is_cancelled:
            self.ends()

    def begins(self, status=200, content_type=SSE, headers=None):
        self._tell(
            self._sink.head,
            ResponseHead(status=status, headers={"content-type": content_type, **(headers or {})}),
        )

    def says(self, *pieces):
        for piece in pieces:
            self._tell(self._sink.data, piece)

    def ends(self):
        self._tell(self._sink.end)

    def fails(self, kind, message="no connection"):
        self._tell(self._sink.fail, Failure(kind=kind, message=message))

    def breaks(self):
        """The connection is gone in the middle."""
        self.fails(FailureKind.BROKEN, "reset by peer")

    def pause(self):
        self.told.append("pause")

    def resume(self):
        self.told.append("resume")

    def cancel(self):
        self.told.append("cancel")

    def _tell(self, speak, *said):
        assert not self.is_cancelled, "the gateway does not listen any more"
        self._loop.call_soon(speak, *said)
        self._loop.pass_time(0)


class Network:
    """The transport: keeps every request until the test takes it up, or the gateway gives it up."""

    def __init__(self, loop):
        self._loop = loop
        self._untaken = []

    def send(self, request, sink, *, passage=None, connect_timeout_s=None):
        self._untaken.append(Upstream(self._loop, request, sink, passage))
        return self._untaken[-1]

    @property
    def waiting(self):
        return [one for one in self._untaken if not one.is_cancelled]

    def take(self):
        """The request that waits; there must be no other."""
        (one,) = self.waiting
        self._untaken.clear()
        return one

    async def close(self): ...


class Client:
    """The client's side of one call, a Reply to the gateway.

    `written` is what it was sent, in order: the status, bytes, and `end`, or `cut` where there is
    no proper end; `refused, 400` where it is left to the server's front to say so.
    """

    tap = None

    def __init__(self):
        self.status = None
        self.headers = {}
        self.written = []
        self.refusal = None
        self.has_lost = False

    @property
    def is_started(self):
        return self.status is not None

    @property
    def body(self):
        return b"".join(piece for piece in self.written if isinstance(piece, bytes))

    async def start(self, status, headers):
        self.status, self.headers = status, headers
        self.written.append(status)

    def write(self, data):
        if data:
            self.written.append(data)

    def write_last(self, data):
        self.write(data)

    def backlog(self):
        return 0

    async def finish(self):
        self.written.append("end")

    def break_off(self):
        self.written.append("cut")

    async def send(self, status, headers, body):
        await self.start(status, headers)
        self.write(body)
        await self.finish()


class SlowClient(Client):
    """Takes no more than it is told to. The end of an answer waits until it has taken all, as it
    does in aiohttp.
    """

    def __init__(self):
        super().__init__()
        self.unread = 0

    def write(self, data):
        super().write(data)
        self.unread += len(data)

    def backlog(self):
        return self.unread

    def takes(self, size):
        self.unread = max(0, self.unread - size)

    async def finish(self):
        while self.unread:
            await asyncio.sleep(0.5)
        await super().finish()


class LeavingClient(Client):
    """Has closed its connection when the answer's end is written, before it had all of it."""

    async def finish(self):
        self.has_lost = True
        raise ConnectionResetError("cannot write to a closing transport")


class Saying(str):
    """Equal to bytes that contain this text, where a test does not care for the rest."""

    __hash__ = str.__hash__

    def __eq__(self, other):
        return self.encode() in other if isinstance(other, bytes) else NotImplemented
