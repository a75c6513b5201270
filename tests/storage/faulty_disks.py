"""Disks that fail on purpose: handed to the stores in place of the operating system."""

import errno
import os

from uniapi.storage import System


class QuickDisk(System):
    """A sound one that does not really wait for the medium."""

    def fsync(self, descriptor):
        pass


class FailingDisk(QuickDisk):
    """Sound until `code` is set to an errno: then every write takes half of what it is given, once,
    and says so at the next call; nothing else works either.
    """

    def __init__(self):
        self.code = None
        self.can_truncate = True

    def _check(self):
        if self.code is not None:
            raise OSError(self.code, os.strerror(self.code))

    def open(self, path, flags):
        if flags & os.O_WRONLY and self.code in (errno.EROFS, errno.EIO):
            self._check()
        return super().open(path, flags)

    def write(self, descriptor, data):
        if self.code is not None and len(data) > 1 and self.code != errno.EROFS:
            return super().write(descriptor, data[: len(data) // 2])
        self._check()
        return super().write(descriptor, data)

    def truncate(self, descriptor, size):
        if not self.can_truncate:
            self._check()
        super().truncate(descriptor, size)

    def fsync(self, descriptor):
        if self.code == errno.EIO:
            self._check()


class Killed(BaseException):
    """The process is gone, as by `kill -9`: nothing after this call happens."""


class DyingDisk(QuickDisk):
    """Kills the process at the call number `kill_at` that changes something; a write gets half way
    first.
    """

    def __init__(self, kill_at=None):
        self.kill_at = kill_at
        self.calls = 0

    def _step(self):
        self.calls += 1
        if self.kill_at is not None and self.calls >= self.kill_at:
            raise Killed

    def open(self, path, flags):
        self._step()
        return super().open(path, flags)

    def write(self, descriptor, data):
        try:
            self._step()
        except Killed:
            if self.calls == self.kill_at:
                super().write(descriptor, data[: len(data) // 2])
            raise
        return super().write(descriptor, data)

    def fsync(self, descriptor):
        self._step()

    def truncate(self, descriptor, size):
        self._step()
        super().truncate(descriptor, size)

    def replace(self, source, target):
        self._step()
        super().replace(source, target)

    def remove(self, path):
        self._step()
        super().remove(path)
