"""HTTP in: aiohttp requests ↔ calls and replies. `Front.handle` is the one handler.

Reading order: `bounded` with `connections` (what becomes a
request), `paths` (what is served), `front` (the way of a request; `desk` is what it asks of
the program behind it), `auth`, `body`, `inference` and `operation_paths` (a request as a call),
`reply` (how it is answered); `models` with `model_facts` and `codex_catalog` for lists; `admin`
with `present`, `billing` and `page` for whoever runs this.
"""

from .auth import KeyRing
from .bounded import BoundedServer
from .connections import ConnectionTable, backlog_for, connections_for, raise_file_limit
from .desk import Desk
from .front import Front
from .model_facts import model_facts
from .present import ConfigStatus, LiveCalls, Present
from .reply import STREAM_HEADERS, HttpReply

__all__ = [
    "STREAM_HEADERS",
    "BoundedServer",
    "ConfigStatus",
    "ConnectionTable",
    "Desk",
    "Front",
    "HttpReply",
    "KeyRing",
    "LiveCalls",
    "Present",
    "backlog_for",
    "connections_for",
    "model_facts",
    "raise_file_limit",
]
