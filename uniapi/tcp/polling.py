"""The event loop of Linux with a shorter way to a socket that is ready: who waits for it by
`add_reader` or `add_writer` is called from within the poll that found it. asyncio's own loop makes
four calls of each event and a turn of its queue, which a stream whose pieces come one by one pays
for each of them: about a tenth of what it costs.

What asyncio itself waits for (TLS, signals, threads) goes its own way, as does whatever is called
by `call_soon`.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import select
import selectors
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

MOST_EVENTS = 512
"""Of one poll; what is ready besides is found by the next one."""

Call = Callable[[], object]
_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class EpollPolling(selectors.BaseSelector):
    """A selector that calls whoever `watch` was told of, and gives back the rest. `failed` is told
    of an exception that one of them raised.
    """

    def __init__(self, failed: Callable[[Exception], object]) -> None:
        self._epoll = select.epoll()
        self._failed = failed
        self._keys: dict[int, selectors.SelectorKey] = {}
        """What is given back when it is ready."""
        self._reads: dict[int, Call] = {}
        self._writes: dict[int, Call] = {}

    # what is called

    def watch(self, fd: int, read: Call | None, write: Call | None) -> None:
        """From now on call these when `fd` can be read or written; None twice: nobody any more.
        Raises OSError where the system watches no more.
        """
        was_watched = fd in self._reads or fd in self._writes
        for calls, call in ((self._reads, read), (self._writes, write)):
            calls.pop(fd, None)
            if call is not None:
                calls[fd] = call
        events = (select.EPOLLIN if read else 0) | (select.EPOLLOUT if write else 0)
        try:
            if not events:
                self._forget(fd)
            elif was_watched:
                self._epoll.modify(fd, events)
            else:
                self._epoll.register(fd, events)
        except OSError:
            self._reads.pop(fd, None)
            self._writes.pop(fd, None)
            raise

    def _forget(self, fd: int) -> None:
        with contextlib.suppress(OSError):
            # Closed before, it was forgotten with that.
            self._epoll.unregister(fd)

    def watching(self, fd: int) -> tuple[Call | None, Call | None]:
        """Who is called when `fd` can be read, and when it can be written."""
        return self._reads.get(fd), self._writes.get(fd)

    # selectors.BaseSelector

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = selectors.SelectorKey(fileobj, _number(fileobj), events, data)
        if key.fd in self._keys:
            raise KeyError(f"{fileobj!r} (FD {key.fd}) is already registered")
        self._epoll.register(key.fd, _epoll_events(events))
        self._keys[key.fd] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        key = self._keys.pop(_number(fileobj))
        self._forget(key.fd)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        before = self._keys[_number(fileobj)]
        if before.events != events:
            self._epoll.modify(before.fd, _epoll_events(events))
        key = self._keys[before.fd] = before._replace(events=events, data=data)
        return key

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys[_number(fileobj)]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            timeout = -1
        elif timeout > 0:
            # In milliseconds, and not before its time.
            timeout = math.ceil(timeout * 1e3) * 1e-3
        else:
            timeout = 0
        reads, ready = self._reads, []
        for fd, events in self._epoll.poll(timeout, MOST_EVENTS):
            read = reads.get(fd)
            if read is not None and events == select.EPOLLIN:
                # The way of nearly all.
                try:
                    read()
                except Exception as error:
                    self._failed(error)
            elif fd in self._keys:
                key = self._keys[fd]
                ready.append((key, _asked_events(events) & key.events))
            else:
                self._call(fd, events)
        return ready

    def _call(self, fd: int, events: int) -> None:
        """Broken connections can be read and written: that says how they are broken."""
        try:
            read = self._reads.get(fd)
            if read is not None and events & ~select.EPOLLOUT:
                read()
            write = self._writes.get(fd)
            if write is not None and events & ~select.EPOLLIN:
                write()
        except Exception as error:
            self._failed(error)

    def close(self) -> None:
        self._epoll.close()
        self._keys.clear()
        self._reads.clear()
        self._writes.clear()


class PollingLoop(asyncio.SelectorEventLoop):
    """asyncio's loop, whose `add_reader` and `add_writer` are the short way."""

    def __init__(self) -> None:
        self._polling = EpollPolling(self._call_failed)
        super().__init__(self._polling)

    def add_reader(  # type: ignore[override]  # the library's has types of what it calls with
        self, fd: Any, callback: Callable[..., Any], *args: Any
    ) -> None:
        number = _number(fd)
        self._polling.watch(number, _call_of(callback, args), self._polling.watching(number)[1])

    def remove_reader(self, fd: Any) -> bool:
        number = _number(fd)
        read, write = self._polling.watching(number)
        if read is None:
            # One of asyncio's own.
            return super().remove_reader(fd)
        self._polling.watch(number, None, write)
        return True

    def add_writer(  # type: ignore[override]  # as above
        self, fd: Any, callback: Callable[..., Any], *args: Any
    ) -> None:
        number = _number(fd)
        self._polling.watch(number, self._polling.watching(number)[0], _call_of(callback, args))

    def remove_writer(self, fd: Any) -> bool:
        number = _number(fd)
        read, write = self._polling.watching(number)
        if write is None:
            return super().remove_writer(fd)
        self._polling.watch(number, read, None)
        return True

    def _call_failed(self, error: Exception) -> None:
        self.call_exception_handler(
            {"message": "what waited for a socket has failed", "exception": error}
        )


def _call_of(callback: Callable[..., Any], args: tuple[Any, ...]) -> Call:
    return partial(callback, *args) if args else callback


def _number(file: Any) -> int:
    return file if isinstance(file, int) else int(file.fileno())


def _epoll_events(events: int) -> int:
    return (select.EPOLLIN if events & _READ else 0) | (select.EPOLLOUT if events & _WRITE else 0)


def _asked_events(events: int) -> int:
    """What is broken can be both."""
    return (_READ if events & ~select.EPOLLOUT else 0) | (_WRITE if events & ~select.EPOLLIN else 0)
