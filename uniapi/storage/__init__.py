"""The data dir: the only room that writes files. Atomic replacement, the lock of the one writer,
folders on disk or in memory, the append-only journal, and the bounded map that is kept. It knows
bytes and JSON, not what they mean.

Everything made here has mode 0600 (files) or 0700 (folders). Whatever the disk does comes out as
OSError, and then nothing has been half done.
"""

from .atomic import write_atomic
from .folder import Appender, DiskFolder, Folder, MemoryFolder
from .journal import START, Journal, Position
from .kept_map import KeptMap
from .lock import DirectoryLock, LockHeld
from .privacy import privacy_fault
from .system import System

__all__ = [
    "START",
    "Appender",
    "DirectoryLock",
    "DiskFolder",
    "Folder",
    "Journal",
    "KeptMap",
    "LockHeld",
    "MemoryFolder",
    "Position",
    "System",
    "privacy_fault",
    "write_atomic",
]
