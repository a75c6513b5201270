"""A request for which the memory is not enough is refused for now, in one line of the log; a
mistake of ours keeps its traceback. Both lanes say the same.
"""

import asyncio
import json
import socket

import pytest
from lanes import ask, corpus, turn

from uniapi.tcp import TcpTransport

CALL = next(data for data in corpus() if data.startswith(b"POST /v1/chat/completions"))


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (MemoryError(), 503, "out_of_memory"),
        (RuntimeError("can't start new thread"), 503, "out_of_memory"),
        (KeyError("ours"), 500, "internal_error"),
    ],
)
async def test_what_fails_inside_is_told_apart(lanes, monkeypatch, caplog, error, status, code):
    async def fail(self, call, key, reply):
        raise error

    monkeypatch.setattr("lanes.EchoDesk.run", fail)
    for lane in (lanes.edge, lanes.aiohttp):
        caplog.clear()
        statuses, (answer,), is_open = await ask(lane, [CALL])
        assert (statuses, is_open) == ([status], True)
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == code
        assert (b"retry-after: 5" in answer) == (status == 503)
        failed = [line for line in caplog.records if "failed inside" in line.message]
        assert [line.exc_info is not None for line in failed] == [status == 500]


async def test_a_read_for_which_there_is_no_memory_ends_its_connection_alone(
    lanes, monkeypatch, caplog
):
    """In one line of the log."""

    def feed(self, data):
        raise MemoryError

    loop = asyncio.get_running_loop()
    (one, one_end), (other, other_end) = socket.socketpair(), socket.socketpair()
    for end in (one_end, other_end):
        end.setblocking(False)
    TcpTransport(loop, one, lanes.edge.connection())
    TcpTransport(loop, other, lanes.edge.connection())
    head, body = CALL.split(b"\r\n\r\n")
    one_end.sendall(head + b"\r\n\r\n" + body[:5])
    await turn()
    monkeypatch.setattr("uniapi.server.edge_body.EdgeBody.feed", feed)
    one_end.sendall(body[5:])
    assert await loop.sock_recv(one_end, 100) == b""
    monkeypatch.undo()
    other_end.sendall(CALL)
    assert (await loop.sock_recv(other_end, 1000)).startswith(b"HTTP/1.1 200 ")
    assert [(line.levelname, line.exc_info) for line in caplog.records] == [("ERROR", None)]
    for end in (one_end, other_end):
        end.close()
