"""HTTP in: aiohttp requests ↔ calls and replies. `Front.handle` is the one handler."""

from .auth import KeyRing
from .front import Desk, Front
from .reply import STREAM_HEADERS, Reply

__all__ = ["STREAM_HEADERS", "Desk", "Front", "KeyRing", "Reply"]
