"""A data dir that is not ours alone is refused, whoever laid what in it."""

import os

import pytest

from uniapi.storage import DirectoryLock, DiskFolder, privacy_fault, write_atomic


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "data"
    made.mkdir(mode=0o700)
    return made


def test_ours_alone_is_fine(folder):
    (folder / "stats").mkdir()
    (folder / "stats" / "journal").write_text("x")
    assert privacy_fault(folder) is None


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777, 0o1777])
def test_one_that_others_may_write_to_is_not(folder, mode):
    folder.chmod(mode)
    assert f"mode {mode:04o}" in privacy_fault(folder)
    assert "chmod 700" in privacy_fault(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a folder away")
def test_one_of_another_user_is_not(folder):
    os.chown(folder, 12345, -1)
    assert "uid 12345" in privacy_fault(folder)


@pytest.mark.parametrize("name", ["lock", "stats/journal", "models.json"])
def test_one_with_a_link_in_it_is_not(folder, tmp_path, name):
    place = folder / name
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(tmp_path / "victim")
    assert f"holds the link {name}" in privacy_fault(folder)


def test_a_link_that_comes_later_is_not_followed(folder, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    for name in ("lock", "journal.jsonl", f".pins.json.{os.getpid()}.tmp"):
        (folder / name).symlink_to(victim)
    with pytest.raises(OSError):
        DirectoryLock(folder).acquire()
    with pytest.raises(OSError):
        DiskFolder(folder).appender("journal.jsonl")
    with pytest.raises(OSError):
        write_atomic(folder / "pins.json", b"{}")
    assert victim.read_text() == "precious"


def test_what_is_no_folder_is_said_so(tmp_path):
    (tmp_path / "data").write_text("")
    assert privacy_fault(tmp_path / "data") == "is no folder"
