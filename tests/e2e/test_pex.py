"""What `build_pex.sh` made runs for a stranger: on every CPython here, from another folder, with a
small environment; is pure; and boots on a system that looks like FreeBSD.

Slow, and without dist/ skipped: `.ci/run` builds first. Interpreters are those of pyenv and of the
system.
"""

import contextlib
import glob
import hashlib
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from built import (
    DEMO,
    DIST,
    MINIMAL_PATH,
    ROOT,
    VERSION,
    Running,
    interpreters,
    is_answered_and_stopped,
)

PEX = DIST / "uni-api.pex"
PYZ = DIST / "uni-api.pyz"
KEY = "sk-test-client-key-0123456789"
SYSCONFIG = "_sysconfigdata__linux_x86_64-linux-gnu"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.skipif(
        not PEX.exists() or not PYZ.exists(),
        reason="dist/ holds no pex and pyz of this version: sh build_pex.sh",
    ),
]


PYTHONS = interpreters()
SERVED = [
    pytest.param(path, id=".".join(map(str, version)))
    for version, path in PYTHONS
    if version >= (3, 10)
]
REFUSED = [
    pytest.param(path, id=".".join(map(str, version)))
    for version, path in PYTHONS
    if version < (3, 10)
]
FILES = [pytest.param(PEX, id="pex"), pytest.param(PYZ, id="pyz")]


@pytest.fixture
def folder(tmp_path):
    """An empty folder that is not the project's."""
    (tmp_path / "home").mkdir()
    return tmp_path


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("python", SERVED)
def test_the_demo_runs_on_every_python(python, file, folder, record_property):
    """First start with an empty HOME, a later start, a minimal PATH: it answers, streams and stops;
    small in memory.
    """
    environment = {"PATH": MINIMAL_PATH, "HOME": str(folder / "home")}
    for start in ("first", "later"):
        running = Running([python, file, *DEMO], folder, environment)
        record_property(f"{start} start s", running.start_s)
        memory = running.memory_mb()
        record_property("memory MB", memory)
        is_answered_and_stopped(running)
        assert memory < 65


@pytest.mark.parametrize("environment", [{"PATH": MINIMAL_PATH}, {}], ids=["no HOME", "nothing"])
@pytest.mark.parametrize("file", FILES)
def test_no_home_is_needed(file, environment, folder):
    """Without a HOME, and with no environment at all; cron gives little more."""
    is_answered_and_stopped(Running([sys.executable, file, *DEMO], folder, environment))


@pytest.mark.parametrize("is_home_writable", [True, False], ids=["empty HOME", "read-only HOME"])
@pytest.mark.parametrize("file", FILES)
def test_another_user_runs_it(file, is_home_writable):
    """A user who owns nothing here but an empty HOME, or not even that, with the system's
    Python.
    """
    python = shutil.which("python3", path=MINIMAL_PATH)
    if os.getuid() or python is None:
        pytest.skip("needs root, to become another user, and a python3 in " + MINIMAL_PATH)
    nobody = pwd.getpwnam("nobody")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy = shutil.copy(file, folder)
        (folder / "home").mkdir()
        for path in (folder, folder / "home") if is_home_writable else (folder,):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        environment = {"PATH": MINIMAL_PATH, "HOME": str(folder / "home")}
        is_answered_and_stopped(
            Running(
                [python, copy, *DEMO],
                folder,
                environment,
                user=nobody.pw_uid,
                group=nobody.pw_gid,
                extra_groups=[],
            )
        )
        assert is_home_writable or list((folder / "home").iterdir()) == []


def test_the_file_runs_by_its_own_name(folder):
    """`chmod +x` and `./uni-api.pex`: its header finds a Python on PATH, whatever its name."""
    (folder / "bin").mkdir()
    (folder / "bin" / "python3.11").symlink_to(os.path.realpath(sys.executable))
    environment = {"PATH": f"{folder}/bin:{MINIMAL_PATH}", "HOME": str(folder / "home")}
    is_answered_and_stopped(Running([PEX, *DEMO], folder, environment))


@pytest.mark.parametrize("file", [*FILES, pytest.param(ROOT / "main.py", id="main.py")])
@pytest.mark.parametrize("python", REFUSED)
def test_an_old_python_is_refused_in_a_sentence(python, file, folder):
    """Python 3.9 and older, 2.7 too: what is needed, what this is, and nothing else."""
    environment = {"PATH": "", "HOME": str(folder / "home")}
    done = subprocess.run(
        [python, file, "serve", "--demo"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(
        r"uni-api needs Python 3\.10 or newer; this is Python \d\.\d \(.+\)\.\n", done.stderr
    ), done.stderr


@pytest.mark.parametrize("python", REFUSED[-1:])
def test_an_old_python_hands_over_to_a_newer_one_on_path(python, folder):
    """macOS has Python 3.9 as `python3`, beside the one that was installed for uni-api: the pex
    finds it.
    """
    (folder / "bin").mkdir()
    (folder / "bin" / "python3.11").symlink_to(os.path.realpath(sys.executable))
    environment = {"PATH": f"{folder}/bin:{MINIMAL_PATH}", "HOME": str(folder / "home")}
    done = subprocess.run(
        [python, PEX, "--version"], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.strip()) == (0, VERSION), done.stderr


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("python", SERVED)
def test_nothing_compiled_is_loaded(python, file, folder):
    """Server, client, SSE, YAML, SOCKS5, Vertex and Bedrock signing: no compiled module from
    outside the standard library.
    """
    command, more = (
        ([python, file], {"PEX_INTERPRETER": "1"})
        if file == PEX
        else ([python], {"PYTHONPATH": str(file)})
    )
    environment = {"PATH": MINIMAL_PATH, "HOME": str(folder / "home"), **more}
    done = subprocess.run(
        [*command, ROOT / "packaging" / "purity.py"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["compiled"] == []


def test_the_proof_counts(folder):
    """The same script in an ordinary environment, with compiled wheels in it, finds them: the proof
    above can fail.
    """
    if not glob.glob(str(Path(sys.prefix) / "lib" / "*" / "site-packages" / "multidict" / "*.so")):
        pytest.skip("this environment has no compiled wheels")
    environment = {"PATH": MINIMAL_PATH, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, ROOT / "packaging" / "purity.py"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert len(json.loads(done.stdout)["compiled"]) >= 5


def test_the_three_names_are_one_file_and_the_sums_are_right():
    """The platforms' files are the same bytes, under 3 MB, and SHA256SUMS says so of every file."""
    sums = dict(
        reversed(line.split("  ")) for line in (DIST / "SHA256SUMS").read_text().splitlines()
    )
    assert sorted(sums) == sorted({path.name for path in DIST.iterdir()} - {"SHA256SUMS"})
    assert len({digest for name, digest in sums.items() if name.endswith(".pex")}) == 1
    for name, digest in sums.items():
        content = (DIST / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest
        assert len(content) < 3_000_000


def freebsd(folder, **more):
    """The environment in which Python takes this system for FreeBSD."""
    return {
        "PATH": MINIMAL_PATH,
        "HOME": str(folder / "home"),
        "FAKE_FREEBSD": "1",
        "PYTHONPATH": str(Path(__file__).parent / "freebsd"),
        "_PYTHON_SYSCONFIGDATA_NAME": SYSCONFIG,
        **more,
    }


def base_python():
    """The interpreter this one's environment stands on; the FreeBSD look-alike wants no environment
    around it.
    """
    return os.path.realpath(sys.executable)


@pytest.mark.parametrize("selector", ["", "poll"], ids=["kqueue", "poll"])
def test_freebsd_boots_serves_streams_reloads_and_stops(folder, selector):
    """On what looks like FreeBSD, with its kqueue and with UNIAPI_SELECTOR=poll: the provider's
    stream comes through, an edited file applies, SIGTERM ends it with 0.
    """
    environment = freebsd(folder, UNIAPI_SELECTOR=selector)
    seen = subprocess.run(
        [base_python(), PYZ, "selfcheck", "--json", "--port", "0"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert "FreeBSD 14.3-RELEASE-p18 amd64, waits with KqueueSelector" in seen.stdout
    upstream = Running([base_python(), PYZ, *DEMO], folder, environment)
    path = folder / "api.yaml"

    def tell(alias):
        provider = {
            "provider": "demo",
            "base_url": upstream.url + "/v1/chat/completions",
            "api": "sk-demo",
            "model": [{"demo": alias}],
        }
        path.write_text(json.dumps({"providers": [provider], "api_keys": [{"api": KEY}]}))

    tell("before")
    gateway = Running(
        [base_python(), PYZ, "--config", path, "--host", "127.0.0.1", "--port", "0"],
        folder,
        environment,
    )
    try:
        assert gateway.ask("before", KEY, stream=True).endswith("data: [DONE]\n\n")
        tell("after")
        gateway.process.send_signal(signal.SIGHUP)
        for _ in range(100):
            with contextlib.suppress(urllib.error.HTTPError):
                gateway.ask("after", KEY)
                break
            time.sleep(0.1)
        else:
            raise AssertionError("the edited configuration did not apply")
    finally:
        codes = gateway.stop(), upstream.stop()
    assert codes == (0, 0)


def test_the_pex_boots_on_freebsd(folder):
    """Older releases of pex made files that refuse FreeBSD.

    The look-alike comes from an environment here, because pex ignores PYTHONPATH while it boots.
    """
    subprocess.run([base_python(), "-m", "venv", "--without-pip", folder / "venv"], check=True)
    packages = next((folder / "venv").glob("lib/*/site-packages"))
    shutil.copy(Path(__file__).parent / "freebsd" / "sitecustomize.py", packages)
    environment = freebsd(folder)
    del environment["PYTHONPATH"]
    done = subprocess.run(
        [folder / "venv" / "bin" / "python", PEX, "--version"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout.strip()) == (0, VERSION), done.stderr


@contextlib.contextmanager
def small_disk(folder, kilobytes):
    """A disk of its own in `folder`, of so many kilobytes; skips where none can be had."""
    disk = folder / "disk"
    disk.mkdir()
    if (
        os.getuid()
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", disk], capture_output=True
        ).returncode
    ):
        pytest.skip("needs root, to mount a small disk")
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_full_disk_is_survived(folder):
    """On a small disk that is full, the pyz serves: no cache folder is needed, statistics stay in
    memory.
    """
    with small_disk(folder, 256) as disk:
        provider = {
            "provider": "nobody",
            "base_url": "http://127.0.0.1:9/v1/chat/completions",
            "api": "k",
            "model": ["m"],
        }
        (disk / "api.yaml").write_text(
            json.dumps({"providers": [provider], "api_keys": [{"api": KEY}]})
        )
        with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
            while filler.write(bytes(4096)):
                pass
        environment = {"PATH": MINIMAL_PATH, "HOME": str(disk)}
        running = Running(
            [
                sys.executable,
                PYZ,
                "--config",
                disk / "api.yaml",
                "--host",
                "127.0.0.1",
                "--port",
                "0",
            ],
            folder,
            environment,
        )
        try:
            assert json.loads(running.get("/healthz"))["status"] == "ok"
        finally:
            assert running.stop() == 0


@pytest.mark.parametrize("kilobytes", [2_000, 6_000, 9_000, 11_000, 13_000])
def test_a_quota_that_is_full_while_the_pex_unpacks_is_told_in_a_sentence(folder, kilobytes):
    """At whatever point the room ends: no traceback, the folder is named; with room again it runs,
    or says that its copy is damaged; without the folder it runs.
    """
    with small_disk(folder, kilobytes) as disk:
        environment = {"PATH": MINIMAL_PATH, "HOME": str(disk)}

        def version():
            done = subprocess.run(
                [sys.executable, PEX, "--version"],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
            )
            return done.returncode, done.stdout.strip() or done.stderr

        code, said = version()
        assert (code, said.count("\n")) == (1, 1), said
        assert (
            f"quota is full, and the program unpacks itself into {disk}/.cache/pex: "
            f"remove that folder"
        ) in said
        subprocess.run(["mount", "-o", "remount,size=60m", disk], check=True)
        code, said = version()
        assert (code, said) == (0, VERSION) or (
            code,
            said.count(f"{disk}/.cache/pex is damaged: remove that folder"),
        ) == (1, 1), said
        shutil.rmtree(disk / ".cache")
        assert version() == (0, VERSION)


@pytest.mark.parametrize("file", FILES)
def test_the_environment_of_a_stranger_is_looked_at(file, folder):
    """`selfcheck` inside the file: the packages have versions, no compiled module is loaded, a port
    in use is found.
    """
    environment = {"PATH": MINIMAL_PATH, "HOME": str(folder / "home")}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [
            sys.executable,
            file,
            "selfcheck",
            "--json",
            "--host",
            "127.0.0.1",
            "--port",
            str(taken.getsockname()[1]),
        ]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    findings = {row["subject"]: row for row in json.loads(done.stdout)["findings"]}
    assert done.returncode == 1
    assert findings["port"]["state"] == "failed"
    assert {subject for subject, row in findings.items() if row["state"] == "failed"} == {"port"}
    assert "no compiled module" in findings["compiled"]["text"]
    assert "aiohttp 3." in findings["packages"]["text"]
    assert str(file) in findings["uni-api"]["text"]
