"""Replacing a file in one step: a reader sees the old content or the new, never a part, whatever
happens in between.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from .system import System


def write_atomic(path: Path, data: bytes, system: System | None = None) -> None:
    """Replace the file at `path` (mode 0600): temporary file in the same folder, fsync, rename,
    fsync of the folder.

    Raises OSError. Before the rename nothing has changed then; only when the last step fails (the
    folder's fsync) the new content is in place, but might not survive a power cut.
    """
    system = system or System()
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        descriptor = system.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW)
        try:
            write_all(descriptor, data, system)
            system.fsync(descriptor)
        finally:
            system.close(descriptor)
        system.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            system.remove(temporary)
        raise
    sync_folder(path.parent, system)


def write_all(descriptor: int, data: bytes, system: System) -> None:
    """Write every byte: a nearly full disk takes a part and says so only at the next call."""
    rest = memoryview(data)
    while rest:
        written = system.write(descriptor, rest)
        if written <= 0:
            raise OSError(errno.EIO, "the system wrote nothing")
        rest = rest[written:]


def sync_folder(path: Path, system: System) -> None:
    """Make the names in a folder durable.

    File systems that cannot (some network and FUSE mounts) say EINVAL, which is let pass.
    """
    descriptor = system.open(path, os.O_RDONLY)
    try:
        system.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        system.close(descriptor)
