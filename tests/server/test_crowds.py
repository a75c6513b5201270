"""Crowds on the port, by real sockets: many connections at once, and many requests on one."""

import asyncio
import socket

import pytest
from lanes import EchoDesk

from uniapi.gateway import STALLED_READER_S
from uniapi.server import Front, edge_connection
from uniapi.server.connections import backlog_for, connections_for
from uniapi.server.edge_connection import MAX_AHEAD_BYTES
from uniapi.server.listener import Listener
from uniapi.tcp import READ_BYTES

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
FEW_FILES = 40


@pytest.fixture
async def listening():
    """Starts a listener; gives it and its port."""
    listeners = []

    async def start(files=1024):
        listener = Listener(Front(EchoDesk()), files=files, has_edge=True)
        listeners.append(listener)
        return listener, await listener.start("127.0.0.1", 0)

    yield start
    for listener in listeners:
        listener.stop()
        await listener.close()


async def test_who_comes_in_a_crowd_is_answered_and_never_just_cut_off(listening):
    """More than there are places for, let in between two looks at the sockets."""
    _, port = await listening(FEW_FILES)
    crowd = [socket.create_connection(("127.0.0.1", port)) for _ in range(backlog_for(FEW_FILES))]
    assert len(crowd) > connections_for(FEW_FILES)
    for one in crowd:
        one.sendall(LAST)
        one.setblocking(False)
    loop = asyncio.get_running_loop()
    answers = [await loop.sock_recv(one, 64) for one in crowd]
    for one in crowd:
        one.close()
    assert {answer[:12] for answer in answers} <= {b"HTTP/1.1 200", b"HTTP/1.1 503"}
    assert sum(answer[9:12] == b"200" for answer in answers) >= connections_for(FEW_FILES)


async def test_of_what_is_sent_ahead_only_so_much_is_kept_however_much_is_answered(listening):
    listener, port = await listening()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 16 * MAX_AHEAD_BYTES // len(GET)
    writer.write(GET * count + LAST)
    reading = asyncio.ensure_future(reader.read())
    kept = 0
    while not reading.done():
        kept = max([kept, *(len(one._ahead) for one in listener._edge.connections)])
        await asyncio.sleep(0)
    writer.close()
    assert (await reading).count(b"HTTP/1.1 200") == count + 1
    assert MAX_AHEAD_BYTES // 2 < kept <= MAX_AHEAD_BYTES + READ_BYTES


class Copied(bytearray):
    """Counts the bytes that are copied out of it or into it when it is made."""

    bytes = 0

    def __init__(self, data=b""):
        super().__init__(data)
        Copied.bytes += len(data)

    def __getitem__(self, place):
        found = super().__getitem__(place)
        if isinstance(place, slice):
            Copied.bytes += len(found)
        return found


@pytest.mark.parametrize("count", [500, 1000, 2000])
async def test_requests_sent_ahead_are_copied_once_however_many_come(listening, monkeypatch, count):
    monkeypatch.setattr(edge_connection, "bytearray", Copied, raising=False)
    monkeypatch.setattr(Copied, "bytes", 0)
    _, port = await listening()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(GET * count + LAST)
    assert (await reader.read()).count(b"HTTP/1.1 200") == count + 1
    writer.close()
    assert Copied.bytes <= 3 * len(GET) * count


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="Linux alone has it")
async def test_the_system_looks_after_clients_that_vanish_or_stand_still(listening):
    """Whose kernel takes nothing more, or answers nothing, is gone within five minutes, though no
    answer is so long that it is looked at here. Tried by hand with 2 s: gone after 2.3 s.
    """
    listener, port = await listening()
    with socket.create_connection(("127.0.0.1", port)):
        while not listener._edge.connections:
            await asyncio.sleep(0)
        (connection,) = listener._edge.connections
        there = connection._transport.get_extra_info("socket")
        assert there.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        tcp = socket.IPPROTO_TCP
        assert there.getsockopt(tcp, socket.TCP_USER_TIMEOUT) == STALLED_READER_S * 1000
        idle, between, times = (
            there.getsockopt(tcp, name)
            for name in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        )
        assert idle + between * times <= STALLED_READER_S
