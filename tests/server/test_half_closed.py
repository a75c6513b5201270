"""Clients that shut their sending side after a request (`nc` at the end of its input): over real
sockets, by both lanes.

To TCP that is how a client begins that closes its connection, so it has left: its call ends, and
costs no more. nginx (499), uvicorn, aiohttp, hyper (`half_close`) and Pingora do the same unless
told otherwise (2026-11-30; RFC 9112, 9.6, would have it the other way). What takes no time is
answered.
"""

import asyncio
import socket

import pytest
from lanes import KEY, EchoDesk

from uniapi.server import Front, Listener

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
BODY = b'{"model":"m","messages":[{"role":"user","content":"x"}]}'
CALL = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nX-Api-Key: "
    + KEY.encode()
    + b"\r\nContent-Length: 56\r\n\r\n"
    + BODY
)
LANES = pytest.mark.parametrize("has_edge", [True, False], ids=["edge", "aiohttp"])


class Slow(EchoDesk):
    """A desk whose upstream never answers."""

    def __init__(self):
        super().__init__()
        self.ended = asyncio.get_running_loop().create_future()

    async def run(self, call, key, reply):
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.ended.set_result(None)


async def said_to(desk, has_edge, data):
    """What such a client is told."""
    lane = Listener(Front(desk), files=4096, has_edge=has_edge)
    lane.odd.open_now()
    loop = asyncio.get_running_loop()
    port = await lane.start("127.0.0.1", 0)
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        client.setblocking(False)
        said = b""
        while piece := await loop.sock_recv(client, 65536):
            said += piece
    lane.stop()
    await lane.close()
    return said


@LANES
@pytest.mark.parametrize("data", [HEALTH, CALL])
async def test_what_can_be_said_at_once_is_said(has_edge, data):
    assert (await said_to(EchoDesk(), has_edge, data)).startswith(b"HTTP/1.1 200 ")


@LANES
async def test_who_would_have_to_wait_has_left(has_edge):
    desk = Slow()
    assert await said_to(desk, has_edge, CALL) == b""
    await desk.ended
