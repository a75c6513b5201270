"""Makes this Linux look like FreeBSD 14 to a Python program, when FAKE_FREEBSD is set: name and
uname, no epoll, no Linux-only calls and socket options, and a kqueue.

Python imports a module of this name from PYTHONPATH by itself, before anything else. It proves
which code paths are taken, not how a FreeBSD kernel behaves. The kqueue stands on `poll` and does
what `selectors.KqueueSelector` asks of one: read and write filters, added and deleted, end of file
flagged.
"""

import os
import select
import sys

LINUX_ONLY_CALLS = (
    "pidfd_open",
    "eventfd",
    "splice",
    "copy_file_range",
    "sched_getaffinity",
    "memfd_create",
    "posix_fallocate",
)
LINUX_ONLY_OPTIONS = (
    "AF_NETLINK",
    "AF_PACKET",
    "SO_BINDTODEVICE",
    "TCP_QUICKACK",
    "TCP_USER_TIMEOUT",
    "TCP_CORK",
    "TCP_DEFER_ACCEPT",
    "TCP_KEEPIDLE",
)
READ, WRITE, ADD, DELETE, EOF = -1, -2, 1, 2, 0x8000


class Kevent:
    """One change or one event."""

    def __init__(self, ident, filter=READ, flags=ADD, fflags=0, data=0, udata=0):
        self.ident = ident if isinstance(ident, int) else ident.fileno()
        self.filter, self.flags, self.fflags, self.data, self.udata = (
            filter,
            flags,
            fflags,
            data,
            udata,
        )


class Kqueue:
    """Filters kept as a mask per descriptor, watched by a poll object."""

    def __init__(self):
        self._poll = select.poll()
        self._masks = {}
        self._descriptor = os.open(os.devnull, os.O_RDONLY)

    def fileno(self):
        return self._descriptor

    def close(self):
        os.close(self._descriptor)

    def control(self, changes, max_events, timeout=None):
        for change in changes or ():
            self._change(change)
        if not max_events:
            return []
        events = []
        for descriptor, got in self._poll.poll(None if timeout is None else max(0, timeout) * 1000):
            mask = self._masks.get(descriptor, 0)
            is_over = got & (select.POLLHUP | select.POLLERR)
            for bit, filter in ((select.POLLIN, READ), (select.POLLOUT, WRITE)):
                if mask & bit and (got & bit or is_over):
                    events.append(Kevent(descriptor, filter, ADD | (EOF if is_over else 0)))
        return events[:max_events]

    def _change(self, change):
        bit = select.POLLIN if change.filter == READ else select.POLLOUT
        mask = self._masks.pop(change.ident, 0)
        if change.flags & DELETE:
            if not mask & bit:
                raise FileNotFoundError(2, "this filter was not added")
            mask &= ~bit
        else:
            os.fstat(change.ident)
            mask |= bit
        if mask:
            self._masks[change.ident] = mask
            self._poll.register(change.ident, mask)
        else:
            self._poll.unregister(change.ident)


def become_freebsd():
    import posix

    sys.platform = "freebsd14"
    uname = posix.uname_result(
        ("FreeBSD", "s1.example.net", "14.3-RELEASE-p18", "FreeBSD 14.3-RELEASE", "amd64")
    )
    os.uname = posix.uname = lambda: uname
    for name in [name for name in vars(select) if name.upper().startswith("EPOLL")]:
        delattr(select, name)
    for name in LINUX_ONLY_CALLS:
        if hasattr(os, name):
            delattr(os, name)
    select.kqueue, select.kevent = Kqueue, Kevent
    for name, value in (
        ("FILTER_READ", READ),
        ("FILTER_WRITE", WRITE),
        ("EV_ADD", ADD),
        ("EV_DELETE", DELETE),
        ("EV_EOF", EOF),
    ):
        setattr(select, "KQ_" + name, value)
    import socket  # only now: it imports selectors, which looks for kqueue

    for name in LINUX_ONLY_OPTIONS:
        if hasattr(socket, name):
            delattr(socket, name)


if os.environ.get("FAKE_FREEBSD"):
    become_freebsd()
