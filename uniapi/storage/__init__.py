"""The data dir: the only room that writes files. Atomic replacement and the lock of the one writer."""

from .atomic import write_atomic
from .lock import DirectoryLock, LockHeld

__all__ = ["DirectoryLock", "LockHeld", "write_atomic"]
