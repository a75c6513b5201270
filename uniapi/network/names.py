"""Looking up the addresses behind host names, so that a name which never answers costs nobody else
anything.

The system's look-up cannot be given up once it runs, so each one has a thread of its own that
nobody waits for at the end; a name is looked up once at a time, and whoever asks waits at most five
seconds. What was found is kept for a minute, and longer where a later look-up fails.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeAlias

from .public_addresses import is_literal, is_local_name, is_public

PATIENCE_S = 5.0
FRESH_S = 60.0
MAX_RUNNING = 32
"""Look-ups at the same time: those that hang are threads."""
MAX_OF_STRANGERS = 16
"""Of them, those for addresses that clients name: the providers' names are found all the same."""
MAX_OF_DOMAIN = 8
"""Of strangers' look-ups, those below one domain: who owns it decides how long they hang."""
MAX_KEPT = 1000

AddressInfo: TypeAlias = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, Any]
LookUp: TypeAlias = Callable[[str], "list[AddressInfo]"]


class NameUnknown(OSError):
    """No address can be had for a name."""


class NotPublic(OSError):
    """A name, or an address, that only the network around this machine knows."""


def system_look_up(host: str) -> list[AddressInfo]:
    """Blocks as long as the system's resolver does."""
    return list(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))


class Names:
    """The addresses of hosts."""

    def __init__(self, look_up: LookUp = system_look_up, patience_s: float = PATIENCE_S) -> None:
        self._look_up = look_up
        self._patience_s = patience_s
        self._found: OrderedDict[str, tuple[float, list[AddressInfo]]] = OrderedDict()
        self._running: dict[str, asyncio.Future[list[AddressInfo]]] = {}

    async def find(self, host: str, port: int, *, only_public: bool = False) -> list[AddressInfo]:
        """The addresses of `host`, as `getaddrinfo` gives them. Raises NameUnknown; with
        `only_public` NotPublic when any of them is not.
        """
        found = await self._addresses(host, is_strangers=only_public)
        if only_public and not all(is_public(info[4][0]) for info in found):
            raise NotPublic("it leads to a private address")
        return _with_port(found, port)

    def at_hand(self, host: str, port: int, now: float) -> list[AddressInfo]:
        """As `find`, where nothing has to be waited for; empty where that is not so. `now` is the
        loop's time.
        """
        kept = self._found.get(host)
        if kept is not None and now - kept[0] < FRESH_S:
            return _with_port(kept[1], port)
        if not is_literal(host):
            return []
        try:
            found = _literal(host)
        except OSError:
            return []
        self._keep(host, found, now)
        return _with_port(found, port)

    async def check_public(self, host: str) -> None:
        """Raises NotPublic for a host that is not of the public Internet, as far as can be told
        from here: a name that only a proxy on the way can resolve passes unless it sounds local.
        """
        if not is_literal(host) and is_local_name(host):
            raise NotPublic("it is a name of the local network")
        try:
            await self.find(host, 0, only_public=True)
        except NameUnknown:
            return

    async def _addresses(self, host: str, *, is_strangers: bool) -> list[AddressInfo]:
        loop = asyncio.get_running_loop()
        kept = self._found.get(host)
        if kept is not None and loop.time() - kept[0] < FRESH_S:
            return kept[1]
        try:
            if is_literal(host):
                return _literal(host)
            return await asyncio.wait_for(
                self._looked_up(host, loop, is_strangers=is_strangers), self._patience_s
            )
        except asyncio.TimeoutError:
            why = f"no answer within {self._patience_s:g} s"
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or str(error)
        if kept is not None:
            return kept[1]
        raise NameUnknown(f"the name {host} cannot be looked up: {why}")

    async def _looked_up(
        self, host: str, loop: asyncio.AbstractEventLoop, *, is_strangers: bool
    ) -> list[AddressInfo]:
        """By the look-up that runs for this name, or one that begins when there is a place for
        it.
        """
        while host not in self._running and (
            before := self._in_the_way(host, is_strangers=is_strangers)
        ):
            await asyncio.wait(before, return_when=asyncio.FIRST_COMPLETED)
        running = self._running.get(host)
        if running is None:
            running = self._running[host] = loop.create_future()
            running.add_done_callback(lambda done: self._settled(host, done, loop.time()))
            threading.Thread(
                target=self._in_thread, args=(host, running, loop), name="look-up", daemon=True
            ).start()
        return await asyncio.shield(running)

    def _in_the_way(
        self, host: str, *, is_strangers: bool
    ) -> list[asyncio.Future[list[AddressInfo]]]:
        """The look-ups of which one has to end first; none while there is a place."""
        running = self._running
        if len(running) >= (MAX_OF_STRANGERS if is_strangers else MAX_RUNNING):
            return list(running.values())
        domain = _domain(host)
        of_domain = [future for name, future in running.items() if _domain(name) == domain]
        return of_domain if is_strangers and len(of_domain) >= MAX_OF_DOMAIN else []

    def _in_thread(
        self,
        host: str,
        future: asyncio.Future[list[AddressInfo]],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        try:
            outcome: list[AddressInfo] | Exception = self._look_up(host)
        except (OSError, UnicodeError) as error:
            outcome = error
        try:
            loop.call_soon_threadsafe(_settle, future, outcome)
        except RuntimeError:
            return  # The program is over.

    def _settled(self, host: str, done: asyncio.Future[list[AddressInfo]], now: float) -> None:
        del self._running[host]
        if done.cancelled() or done.exception() is not None:
            return
        self._keep(host, done.result(), now)

    def _keep(self, host: str, found: list[AddressInfo], now: float) -> None:
        self._found[host] = (now, found)
        self._found.move_to_end(host)
        if len(self._found) > MAX_KEPT:
            self._found.popitem(last=False)


def _settle(
    future: asyncio.Future[list[AddressInfo]], outcome: list[AddressInfo] | Exception
) -> None:
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


def _with_port(found: list[AddressInfo], port: int) -> list[AddressInfo]:
    return [
        (family, kind, protocol, name, (address[0], port, *address[2:]))
        for family, kind, protocol, name, address in found
    ]


def _domain(host: str) -> str:
    return ".".join(host.lower().rstrip(".").rsplit(".", 2)[-2:])


def _literal(host: str) -> list[AddressInfo]:
    """An address needs no look-up; a zone (`fe80::1%eth0`) is resolved without asking anybody."""
    flags = socket.AI_NUMERICHOST
    return list(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=flags))
