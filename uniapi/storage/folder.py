"""A folder that stores write in: on disk, or in memory for a process that keeps nothing.

Names are relative and may have one level (`days/2026-11-03.gz`).
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Protocol

from .atomic import sync_folder, write_all, write_atomic
from .system import System


class Appender(Protocol):
    """A file that only grows, open for its one writer."""

    def size(self) -> int:
        """How long the file is now."""
        ...

    def is_intact(self, size: int) -> bool:
        """Whether the file still has its name and this size: nobody deleted, replaced or cut it
        under us.
        """
        ...

    def write_synced(self, data: bytes) -> None:
        """Append and make durable.

        Raises OSError; a part may be written then, which `truncate` takes back.
        """
        ...

    def truncate(self, size: int) -> None: ...

    def close(self) -> None: ...


class Folder(Protocol):
    """What a store needs of a file system. Every method raises OSError."""

    def names(self, within: str = "") -> list[str]:
        """The files of a sub-folder, sorted; none when it does not exist."""
        ...

    def size(self, name: str) -> int | None:
        """None when there is no such file."""
        ...

    def read(self, name: str, start: int = 0, length: int = -1) -> bytes: ...

    def replace(self, name: str, content: bytes) -> None:
        """Put a file in place in one step."""
        ...

    def rename(self, name: str, new_name: str) -> None: ...

    def remove(self, name: str) -> None:
        """Delete a file; one that is gone already is fine."""
        ...

    def appender(self, name: str) -> Appender:
        """Open a file to append to, made when it does not exist."""
        ...

    def within(self, name: str) -> Folder:
        """A folder of its own inside this one."""
        ...

    def sweep(self) -> None:
        """Remove what a killed process left half written. Only for the holder of the lock."""
        ...

    def set_aside(self, label: str) -> str:
        """Give the whole folder another name, so that a new one can begin; gives that name.

        Nothing is overwritten.
        """
        ...


class DiskFolder:
    """A folder on disk, made (0700) when something is written to it, however often it is deleted
    meanwhile.
    """

    def __init__(self, path: Path, system: System | None = None) -> None:
        self.path = path
        self._system = system or System()

    def names(self, within: str = "") -> list[str]:
        try:
            return sorted(
                entry.name
                for entry in os.scandir(self.path / within)
                if entry.is_file() and not entry.name.startswith(".")
            )
        except (FileNotFoundError, NotADirectoryError):
            return []

    def size(self, name: str) -> int | None:
        try:
            return (self.path / name).stat().st_size
        except FileNotFoundError:
            return None

    def read(self, name: str, start: int = 0, length: int = -1) -> bytes:
        with (self.path / name).open("rb") as file:
            file.seek(start)
            return file.read(length)

    def replace(self, name: str, content: bytes) -> None:
        path = self.path / name
        self._system.make_folder(path.parent)
        write_atomic(path, content, self._system)

    def rename(self, name: str, new_name: str) -> None:
        self._system.replace(self.path / name, self.path / new_name)

    def remove(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._system.remove(self.path / name)

    def appender(self, name: str) -> Appender:
        path = self.path / name
        self._system.make_folder(path.parent)
        return _DiskAppender(path, self._system)

    def within(self, name: str) -> DiskFolder:
        return DiskFolder(self.path / name, self._system)

    def sweep(self) -> None:
        for leftover in [*self.path.glob(".*.tmp"), *self.path.glob("*/.*.tmp")]:
            with contextlib.suppress(OSError):
                self._system.remove(leftover)

    def set_aside(self, label: str) -> str:
        target, count = self.path.with_name(f"{self.path.name}.{label}"), 1
        while target.exists():
            count += 1
            target = self.path.with_name(f"{self.path.name}.{label}.{count}")
        self._system.replace(self.path, target)
        return target.name


class _DiskAppender:
    def __init__(self, path: Path, system: System) -> None:
        self._path = path
        self._system = system
        is_new = not path.exists()
        self._descriptor = system.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW)
        if is_new:
            try:
                sync_folder(path.parent, system)
            except OSError:
                self.close()
                raise

    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def is_intact(self, size: int) -> bool:
        held = os.fstat(self._descriptor)
        try:
            named = os.stat(self._path)
        except FileNotFoundError:
            return False
        return (named.st_dev, named.st_ino) == (held.st_dev, held.st_ino) and held.st_size == size

    def write_synced(self, data: bytes) -> None:
        write_all(self._descriptor, data, self._system)
        self._system.fsync(self._descriptor)

    def truncate(self, size: int) -> None:
        self._system.truncate(self._descriptor, size)

    def close(self) -> None:
        self._system.close(self._descriptor)


class MemoryFolder:
    """The same in memory: for `DISABLE_DATABASE`, the demo, and an unwritable data dir."""

    def __init__(self) -> None:
        self._files: dict[str, bytearray] = {}

    def names(self, within: str = "") -> list[str]:
        prefix = f"{within}/" if within else ""
        return sorted(
            name[len(prefix) :]
            for name in list(self._files)
            if name.startswith(prefix) and "/" not in name[len(prefix) :]
        )

    def size(self, name: str) -> int | None:
        return len(self._files[name]) if name in self._files else None

    def read(self, name: str, start: int = 0, length: int = -1) -> bytes:
        if name not in self._files:
            raise FileNotFoundError(name)
        return bytes(self._files[name][start : None if length < 0 else start + length])

    def replace(self, name: str, content: bytes) -> None:
        self._files[name] = bytearray(content)

    def rename(self, name: str, new_name: str) -> None:
        self._files[new_name] = self._files.pop(name)

    def remove(self, name: str) -> None:
        self._files.pop(name, None)

    def appender(self, name: str) -> Appender:
        return _MemoryAppender(self._files, name)

    def within(self, name: str) -> MemoryFolder:
        return MemoryFolder()

    def sweep(self) -> None:
        """Nothing is ever half written here."""

    def set_aside(self, label: str) -> str:
        self._files.clear()
        return label


class _MemoryAppender:
    def __init__(self, files: dict[str, bytearray], name: str) -> None:
        self._files, self._name = files, name
        self._file = files.setdefault(name, bytearray())

    def size(self) -> int:
        return len(self._file)

    def is_intact(self, size: int) -> bool:
        return self._files.get(self._name) is self._file and len(self._file) == size

    def write_synced(self, data: bytes) -> None:
        self._file += data

    def truncate(self, size: int) -> None:
        del self._file[size:]

    def close(self) -> None:
        pass
