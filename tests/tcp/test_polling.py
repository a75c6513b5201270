"""Whoever waits for a socket is called as with asyncio's own loop; what asyncio waits for itself
is called as ever.
"""

import asyncio
import os
import signal
import socket
import struct
import sys

import pytest


@pytest.fixture
def pair():
    here, there = socket.socketpair()
    here.setblocking(False)
    there.setblocking(False)
    yield here, there
    here.close()
    there.close()


async def turns(count=3):
    for _ in range(count):
        await asyncio.sleep(0.002)


async def test_what_can_be_read_is_read_until_nobody_wants_it(pair):
    loop, (here, there), got = asyncio.get_running_loop(), pair, []
    loop.add_reader(here, lambda kind: got.append((kind, here.recv(10))), "read")
    there.send(b"one")
    await turns()
    there.send(b"two")
    await turns()
    assert got == [("read", b"one"), ("read", b"two")]
    assert loop.remove_reader(here.fileno())
    assert not loop.remove_reader(here)
    there.send(b"three")
    await turns()
    assert len(got) == 2
    loop.add_reader(here.fileno(), lambda: got.append(here.recv(10)))
    await turns()
    assert got[2] == b"three"
    assert loop.remove_reader(here)


async def test_one_socket_is_read_and_written(pair):
    """Reading goes on while writing begins and ends, and the other way round."""
    loop, (here, there), seen = asyncio.get_running_loop(), pair, []

    def written():
        seen.append("write")
        assert loop.remove_writer(here)

    loop.add_reader(here, lambda: seen.append(here.recv(10)))
    loop.add_writer(here, written)
    await turns()
    assert seen == ["write"]
    assert not loop.remove_writer(here)
    there.send(b"x")
    await turns()
    assert seen == ["write", b"x"]
    loop.add_writer(here, written)
    assert loop.remove_reader(here)
    there.send(b"y")
    await turns()
    assert seen == ["write", b"x", "write"]


async def test_a_later_call_takes_the_place_of_the_earlier(pair):
    loop, (here, there), seen = asyncio.get_running_loop(), pair, []
    loop.add_reader(here, seen.append, "earlier")
    loop.add_reader(here, lambda: seen.append(here.recv(9)))
    there.send(b"later")
    await turns()
    assert seen == [b"later"]
    loop.remove_reader(here)


async def test_one_that_is_taken_away_meanwhile_is_not_called():
    """Both are ready at once, and the first that is called takes the other away."""
    loop, pairs, called = asyncio.get_running_loop(), [socket.socketpair() for _ in range(2)], []

    def takes_all_away():
        called.append(1)
        for one, _ in pairs:
            loop.remove_reader(one)

    for here, there in pairs:
        there.send(b"x")
        loop.add_reader(here, takes_all_away)
    await turns()
    assert called == [1]
    for here, there in pairs:
        here.close()
        there.close()


async def test_a_mistake_is_told_and_stops_nobody(pair):
    loop, (here, there), told, seen = asyncio.get_running_loop(), pair, [], []
    loop.set_exception_handler(lambda _, context: told.append(context["exception"]))
    other, others = socket.socketpair()

    def broken():
        here.recv(9)
        raise ValueError("broken")

    loop.add_reader(here, broken)
    loop.add_reader(other, lambda: seen.append(other.recv(9)))
    loop.add_writer(here, lambda: loop.remove_writer(here) and 1 / 0)
    there.send(b"x")
    others.send(b"y")
    await turns()
    assert sorted(map(type, told), key=str) == [ValueError, ZeroDivisionError]
    assert seen == [b"y"]
    loop.remove_reader(here)
    loop.remove_reader(other)
    other.close()
    others.close()


async def test_a_broken_connection_is_told_to_who_reads_and_who_writes():
    loop, seen = asyncio.get_running_loop(), []
    server = socket.create_server(("127.0.0.1", 0))
    here = socket.create_connection(server.getsockname())
    there, _ = server.accept()
    # With this, closing is a reset.
    there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    there.close()
    loop.add_reader(here, lambda: seen.append("read") or loop.remove_reader(here))
    loop.add_writer(here, lambda: seen.append("write") or loop.remove_writer(here))
    await turns()
    assert sorted(seen) == ["read", "write"]
    here.close()
    server.close()


async def test_a_socket_that_was_closed_too_early_leaves_its_number_free():
    loop, seen = asyncio.get_running_loop(), []
    early, _ = socket.socketpair()
    number = early.fileno()
    loop.add_reader(early, seen.append, "early")
    early.close()
    assert loop.remove_reader(number)
    here, there = socket.socketpair()
    kept = [here, there]
    while here.fileno() != number and len(kept) < 40:
        here, there = socket.socketpair()
        kept += [here, there]
    loop.add_reader(here, lambda: seen.append(here.recv(9)))
    there.send(b"new")
    await turns()
    assert seen == [b"new"]
    loop.remove_reader(here)
    for one in kept:
        one.close()


async def test_what_is_no_file_is_refused():
    loop = asyncio.get_running_loop()
    here, there = socket.socketpair()
    number = here.fileno()
    here.close()
    there.close()
    with pytest.raises((OSError, ValueError)):
        loop.add_reader(number, print)
    assert not loop.remove_reader(number)


async def test_asyncio_itself_waits_as_ever():
    """Streams and servers, sockets without a transport, threads, timers, a signal, a process."""
    loop = asyncio.get_running_loop()

    async def echo(reader, writer):
        writer.write(await reader.read(100))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"hello")
    assert await reader.read() == b"hello"
    writer.close()
    plain = socket.socket()
    plain.setblocking(False)
    await loop.sock_connect(plain, ("127.0.0.1", port))
    await loop.sock_sendall(plain, b"plain")
    assert await loop.sock_recv(plain, 100) == b"plain"
    plain.close()
    server.close()
    await server.wait_closed()
    assert await loop.run_in_executor(None, os.getpid) == os.getpid()
    begun = loop.time()
    await asyncio.sleep(0.02)
    assert loop.time() - begun >= 0.02
    rung = asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, rung.set)
    os.kill(os.getpid(), signal.SIGUSR1)
    await asyncio.wait_for(rung.wait(), 5)
    loop.remove_signal_handler(signal.SIGUSR1)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "print('from a process')", stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert said == b"from a process\n"
