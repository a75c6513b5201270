"""The transport of our own keeps what asyncio's own promises: each test holds for both."""

import asyncio
import errno
import socket

import pytest

from uniapi.tcp import ROOM, TcpTransport


class Noted(asyncio.Protocol):
    """Writes down what it is told. `keeps_open`: what it says to the end of what comes."""

    def __init__(self, keeps_open=False):
        self.said = []
        self.received = b""
        self.keeps_open = keeps_open
        self.is_gone = asyncio.Event()

    def connection_made(self, transport):
        self.said.append("made")

    def data_received(self, data):
        self.received += data

    def eof_received(self):
        self.said.append("end")
        return self.keeps_open

    def pause_writing(self):
        self.said.append("full")

    def resume_writing(self):
        self.said.append("goes on")

    def connection_lost(self, error):
        self.said.append(f"lost {type(error).__name__}")
        self.is_gone.set()


@pytest.fixture(params=["own", "asyncio"])
async def connect(request):
    """Gives a protocol's transport and the socket at its other end."""
    ends = []

    async def made(protocol):
        here, there = socket.socketpair()
        there.setblocking(False)
        ends.append(there)
        loop = asyncio.get_running_loop()
        if request.param == "own":
            return TcpTransport(loop, here, protocol), there
        transport, _ = await loop.connect_accepted_socket(lambda: protocol, here)
        return transport, there

    yield made
    for end in ends:
        end.close()


async def turns(count=5):
    for _ in range(count):
        await asyncio.sleep(0)


async def read_all(end):
    """What comes until the other end says no more."""
    loop, said = asyncio.get_running_loop(), b""
    while piece := await loop.sock_recv(end, 1 << 20):
        said += piece
    return said


async def test_what_is_sent_is_received_to_its_end(connect):
    protocol = Noted()
    _, end = await connect(protocol)
    end.sendall(b"x" * (len(ROOM) + 10))
    end.shutdown(socket.SHUT_WR)
    await protocol.is_gone.wait()
    assert protocol.received == b"x" * (len(ROOM) + 10)
    assert protocol.said == ["made", "end", "lost NoneType"]


async def test_what_is_not_taken_at_once_goes_out_in_order_before_the_end(connect):
    protocol = Noted()
    transport, end = await connect(protocol)
    pieces = [bytes([place]) * 300_000 for place in range(8)]
    for piece in pieces:
        transport.write(piece)
    assert protocol.said == ["made", "full"]
    assert transport.get_write_buffer_size() > 1_000_000
    transport.close()
    assert transport.is_closing()
    assert await read_all(end) == b"".join(pieces)
    await protocol.is_gone.wait()
    assert protocol.said == ["made", "full", "goes on", "lost NoneType"]


async def test_abort_drops_what_is_not_sent(connect):
    protocol = Noted()
    transport, end = await connect(protocol)
    transport.write(b"x" * 4_000_000)
    transport.abort()
    assert protocol.said == ["made", "full"], "nobody is told from within another call"
    assert transport.get_write_buffer_size() == 0
    await protocol.is_gone.wait()
    transport.write(b"more")
    assert len(await read_all(end)) < 4_000_000


async def test_who_is_gone_is_noticed_at_a_write_and_told_of_later(connect):
    protocol = Noted()
    transport, end = await connect(protocol)
    transport.pause_reading()
    end.close()
    transport.write(b"x")
    transport.write(b"x")
    assert (transport.is_closing(), protocol.said) == (True, ["made"])
    await protocol.is_gone.wait()
    assert protocol.said == ["made", "lost BrokenPipeError"]


async def test_after_the_other_end_is_silent_it_may_still_be_written_to(connect):
    protocol = Noted(keeps_open=True)
    transport, end = await connect(protocol)
    end.shutdown(socket.SHUT_WR)
    await turns()
    assert protocol.said == ["made", "end"], "it is told once"
    transport.write(b"answer")
    transport.write_eof()
    assert await read_all(end) == b"answer"
    transport.close()
    await protocol.is_gone.wait()


async def test_the_end_of_writing_waits_for_what_was_not_taken(connect):
    protocol = Noted(keeps_open=True)
    transport, end = await connect(protocol)
    transport.write(b"x" * 3_000_000)
    transport.write_eof()
    assert len(await read_all(end)) == 3_000_000
    end.sendall(b"thanks")
    await turns()
    assert protocol.received == b"thanks"
    transport.abort()


async def test_nothing_is_read_while_reading_is_paused(connect):
    protocol = Noted()
    transport, end = await connect(protocol)
    transport.pause_reading()
    end.sendall(b"x")
    await turns()
    assert (protocol.received, transport.is_reading()) == (b"", False)
    transport.resume_reading()
    await turns()
    assert (protocol.received, transport.is_reading()) == (b"x", True)
    transport.abort()


async def test_a_protocol_that_fails_loses_its_connection_alone(connect, caplog):
    class Failing(Noted):
        def data_received(self, data):
            raise KeyError(data)

    protocol, other = Failing(), Noted()
    _, end = await connect(protocol)
    _, other_end = await connect(other)
    end.sendall(b"x")
    other_end.sendall(b"x")
    await protocol.is_gone.wait()
    assert protocol.said == ["made", "lost KeyError"]
    assert other.received == b"x"
    assert "KeyError" in caplog.text


async def test_another_protocol_may_take_over(connect):
    first, second = Noted(), Noted()
    transport, end = await connect(first)
    transport.set_protocol(second)
    end.sendall(b"x")
    end.shutdown(socket.SHUT_WR)
    await second.is_gone.wait()
    assert (first.said, first.received, second.received) == (["made"], b"", b"x")


async def test_one_that_the_system_cannot_watch_is_over(monkeypatch):
    """epoll_ctl(2): ENOSPC, at the limit of `max_user_watches`."""

    def refused(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    here, there = socket.socketpair()
    loop, protocol = asyncio.get_running_loop(), Noted()
    monkeypatch.setattr(loop, "add_reader", refused)
    transport = TcpTransport(loop, here, protocol)
    assert transport.is_closing()
    await protocol.is_gone.wait()
    assert protocol.said == ["made", "lost OSError"]
    assert there.recv(1) == b""
    there.close()
