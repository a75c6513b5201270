"""HTTP in: aiohttp requests ↔ calls and replies. `Front.handle` is the one handler."""

from .auth import KeyRing
from .bounded import BoundedServer, backlog_for, connections_for, raise_file_limit
from .front import Desk, Front
from .model_facts import model_facts
from .present import ConfigStatus, LiveCalls, Present
from .reply import STREAM_HEADERS, HttpReply

__all__ = [
    "STREAM_HEADERS",
    "BoundedServer",
    "ConfigStatus",
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
