"""`stop`, and the second start that costs nothing: both ask the lock of the data dir."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from uniapi.commands.stop import stop
from uniapi.early_lock import early_data_dir, refuse_second
from uniapi.errors import StartError
from uniapi.language import language_of
from uniapi.storage import DirectoryLock

HOLDER = """
import sys, time
from pathlib import Path
from uniapi.storage import DirectoryLock
lock = DirectoryLock(Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        cwd=root,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_it_ends_the_holder_and_waits_for_it(tmp_path, holder, capsys):
    assert stop(tmp_path, lambda seconds: holder.wait(20)) == 0
    assert holder.wait(20) == -signal.SIGTERM
    assert capsys.readouterr().out == (
        f"process {holder.pid} is told to stop; running streams may finish\nstopped\n"
    )


@pytest.mark.parametrize("has_lock", [False, True])
def test_where_none_runs_there_is_nothing_to_do(tmp_path, capsys, has_lock):
    """A clean stop leaves no pid in the lock."""
    if has_lock:
        lock = DirectoryLock(tmp_path)
        lock.acquire()
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"
        lock.release()
        assert (tmp_path / "lock").read_text() == ""
    assert stop(tmp_path, lambda seconds: None) == 0
    assert "no gateway runs" in capsys.readouterr().out


def test_it_speaks_the_language_of_who_asks(tmp_path, capsys):
    assert stop(tmp_path, pytest.fail, language_of("zh", {}).say) == 0
    assert capsys.readouterr().out == f"没有网关在使用数据目录 {tmp_path}\n"


def test_a_second_start_is_refused_at_once(tmp_path, holder):
    with pytest.raises(StartError, match=f"already running.*process {holder.pid}") as refused:
        refuse_second(None, str(tmp_path), {})
    assert refused.value.exit_code == 3


def test_a_second_start_imports_nothing_heavy(tmp_path, holder):
    """Neither aiohttp nor YAML: it may come every two minutes."""
    code = (
        "import sys\nfrom uniapi.cli import main\n"
        f"code = main(['--data-dir', {str(tmp_path)!r}])\n"
        "print(code, [one for one in ('aiohttp', 'yaml', 'asyncio') if one in sys.modules])"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.stdout == "3 []\n"


@pytest.mark.parametrize(
    "config, flag, environment, expected",
    [
        (None, None, {}, "data"),
        ("/srv/my.yaml", None, {}, "/srv/data"),
        (None, None, {"CONFIG_URL": "https://x.example/a.yaml"}, "data"),
        (None, None, {"CONFIG_URL": "/srv/my.yaml"}, "/srv/data"),
        ("file:///srv/my.yaml", None, {}, "/srv/data"),
        ("/srv/my.yaml", None, {"DATA_DIR": "/var/d"}, "/var/d"),
        ("/srv/my.yaml", "/tmp/d", {"DATA_DIR": "/var/d"}, "/tmp/d"),
    ],
)
def test_the_data_dir_is_where_serve_finds_it(config, flag, environment, expected):
    """As `settings.data_dir_of` says, which reads the configuration's source."""
    assert early_data_dir(config, flag, environment) == Path(expected)
