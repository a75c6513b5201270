"""Who comes in by a door, and who goes out to an address."""

import asyncio
import errno
import socket

import pytest

from uniapi.tcp import Connecting, Door, bound_sockets


class Noted(asyncio.Protocol):
    def __init__(self):
        self.made = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.made.set_result(transport)


class Outcome:
    """Of a try to connect."""

    def __init__(self, address, timeout_s=20.0):
        self.said = []
        self.is_told = asyncio.Event()
        self.trying = Connecting(
            asyncio.get_running_loop(),
            socket.AF_INET,
            address,
            timeout_s,
            self._connected,
            self._failed,
        )

    def _connected(self, there):
        self.said.append("connected")
        there.close()
        self.is_told.set()

    def _failed(self, error):
        self.said.append(type(error).__name__)
        self.is_told.set()


@pytest.fixture
async def full():
    """The address of a listening socket that takes nobody more."""
    with socket.socket() as listening, socket.socket() as first:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        address = listening.getsockname()
        first.connect(address)
        yield address


async def test_who_listens_is_reached():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        outcome = Outcome(listening.getsockname())
        await outcome.is_told.wait()
    assert outcome.said == ["connected"]


async def test_who_does_not_listen_refuses_and_not_at_once():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = listening.getsockname()
    outcome = Outcome(address)
    assert outcome.said == []
    await outcome.is_told.wait()
    assert outcome.said == ["ConnectionRefusedError"]


async def test_who_does_not_answer_is_given_up(full):
    outcome = Outcome(full, timeout_s=0.01)
    await outcome.is_told.wait()
    assert outcome.said == ["TimeoutError"]


async def test_after_cancelling_nothing_is_told(full):
    outcome = Outcome(full, timeout_s=0.0)
    outcome.trying.cancel()
    outcome.trying.cancel()
    for _ in range(3):
        await asyncio.sleep(0)
    assert outcome.said == []


async def test_a_door_lets_in_with_the_address_and_is_closed():
    (listening,) = await bound_sockets("127.0.0.1", 0, 8)
    protocol = Noted()
    door = Door(asyncio.get_running_loop(), listening, lambda: protocol, 8)
    address = listening.getsockname()
    with socket.create_connection(address) as client:
        transport = await protocol.made
        assert transport.get_extra_info("peername") == client.getsockname()
        assert transport.get_extra_info("sockname") == address
        transport.abort()
    door.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


async def test_a_door_rests_when_there_is_no_room_for_more(caplog):
    class Full(socket.socket):
        rounds = 0

        def accept(self):
            self.rounds += 1
            if self.rounds == 1:
                raise OSError(errno.EMFILE, "Too many open files")
            return super().accept()

    with Full() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        protocol = Noted()
        door = Door(asyncio.get_running_loop(), listening, lambda: protocol, 1, rest_s=0.0)
        with socket.create_connection(listening.getsockname()):
            (await protocol.made).abort()
        door.close()
    assert "nobody can be let in for a moment: Too many open files" in caplog.text
    assert listening.rounds == 2


async def test_every_address_of_a_name_is_listened_at_or_none():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError) as raised:
            await bound_sockets("localhost", port, 8)
    assert raised.value.errno == errno.EADDRINUSE
    for one in await bound_sockets("localhost", port, 8):
        assert one.getsockname()[1] == port
        one.close()
