"""A file is replaced whole or not at all."""

import errno
import os
import stat

import pytest
from faulty_disks import DyingDisk, FailingDisk, Killed

from uniapi.storage import write_atomic


def test_the_file_is_private_and_complete(tmp_path):
    """Mode 0600 whatever the umask, no temporary file left behind."""
    old = os.umask(0)
    try:
        write_atomic(tmp_path / "f", b"new")
    finally:
        os.umask(old)
    assert (tmp_path / "f").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["f"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_a_disk_that_refuses_leaves_the_old_content(tmp_path, code):
    """The error comes out, the old file stays, the temporary one goes."""
    disk = FailingDisk()
    write_atomic(tmp_path / "f", b"old", disk)
    disk.code = code
    with pytest.raises(OSError) as caught:
        write_atomic(tmp_path / "f", b"something new", disk)
    assert code == caught.value.errno
    assert (tmp_path / "f").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["f"]


@pytest.mark.parametrize("kill_at", range(1, 8))
def test_a_kill_at_any_step_leaves_old_or_new(tmp_path, kill_at):
    """Between any two system calls the file is one of the two, never a mixture."""
    write_atomic(tmp_path / "f", b"old")
    disk = DyingDisk(kill_at)
    try:
        write_atomic(tmp_path / "f", b"something new", disk)
        assert disk.calls < kill_at
    except Killed:
        pass
    assert (tmp_path / "f").read_bytes() in (b"old", b"something new")
