"""TCP connections without TLS, of clients and of upstreams, driven straight by the event loop's
`add_reader` and `add_writer`: with asyncio's own transports a connection costs twice as much to
open, and each read and write a fifth more.

A TcpTransport is an `asyncio.Transport`, for any `asyncio.Protocol`. `polling` is the loop on
Linux; nothing else here depends on which it is.
"""

from .accepting import Door, bound_sockets
from .connecting import Connecting
from .transport import GONE, READ_BYTES, ROOM, TcpTransport

__all__ = ["GONE", "READ_BYTES", "ROOM", "Connecting", "Door", "TcpTransport", "bound_sockets"]
