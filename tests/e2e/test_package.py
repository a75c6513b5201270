"""The wheel that `build_pex.sh` made, as people install it: by pip on every Python here, by uvx, by
pipx, in Termux's folders. Dependencies come from the package index, the program from dist/.

Slow, and without dist/ skipped. uv and pipx are taken from the index; without one, their tests are
skipped.
"""

import email
import json
import os
import subprocess
import sys
import zipfile

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

WHEEL = DIST / f"uni_api-{VERSION}-py3-none-any.whl"
PIP = {
    name: value
    for name, value in os.environ.items()
    if name.startswith(("PIP_", "UV_", "SSL_")) or name.lower().endswith("_proxy")
} | {"UV_SYSTEM_CERTS": "1"}
"""How this machine reaches a package index."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not WHEEL.exists(), reason=f"no {WHEEL.name} in dist/: sh build_pex.sh"),
]


def minors():
    """The newest Python of each minor that is served."""
    newest = {version[:2]: path for version, path in interpreters() if version >= (3, 10)}
    return [pytest.param(path, id=".".join(map(str, minor))) for minor, path in newest.items()]


def run(*command, cwd, **environment):
    done = subprocess.run(
        command,
        cwd=cwd,
        env={"PATH": os.environ["PATH"], **PIP, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installers(tmp_path_factory):
    """A folder whose bin/ has uv and pipx."""
    folder = tmp_path_factory.mktemp("installers")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    done = subprocess.run(
        [folder / "venv/bin/pip", "install", "-q", "uv", "pipx"], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"no uv and pipx here: {done.stderr.splitlines()[-1]}")
    return folder / "venv/bin"


def test_the_wheel_says_what_it_is():
    """Name, version, dependencies, the script; the same version as the program's."""
    with zipfile.ZipFile(WHEEL) as archive:
        folder = f"uni_api-{VERSION}.dist-info"
        said = email.message_from_bytes(archive.read(f"{folder}/METADATA"))
        scripts = archive.read(f"{folder}/entry_points.txt").decode()
        assert archive.read("uniapi/VERSION").decode().strip() == VERSION
    assert (said["Name"], said["Version"], said["Requires-Python"]) == (
        "uni-api",
        VERSION,
        ">=3.10",
    )
    needed = {line.partition(">")[0] for line in said.get_all("Requires-Dist")}
    assert needed == {"aiohttp", "PyYAML", "aiohttp-socks"}
    assert "uni-api=uniapi.cli:main" in scripts.replace(" ", "")


def test_the_release_is_whole():
    """Every file under its fixed name, the sums, the notes, the formula, the bill of materials."""
    script = [sys.executable, ROOT / "packaging/release.py"]
    assert "every sum is right" in run(*script, "check", DIST, f"v{VERSION}", cwd=ROOT)
    assert "### Added" in run(*script, "notes", f"v{VERSION}", cwd=ROOT)
    home = "https://github.com/somebody/uni-api"
    formula = run(*script, "formula", DIST, f"v{VERSION}", home, cwd=ROOT)
    assert f'url "{home}/releases/download/v{VERSION}/uni-api.pyz"' in formula
    assert "@" not in formula.replace("python@3.13", "").replace("$@", "")
    bill = json.loads((DIST / "uni-api.cdx.json").read_text())
    names = {part["name"] for part in bill["components"]}
    assert {"aiohttp", "PyYAML", "multidict"} <= names
    assert len(names) == 14


@pytest.mark.parametrize("python", minors())
def test_pip_installs_it_on_every_python(python, tmp_path):
    """Into a fresh venv; the script and `-m uniapi` run, the demo answers."""
    run(python, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    run(tmp_path / "venv/bin/python", "-m", "pip", "install", "-q", WHEEL, cwd=tmp_path)
    module = run(tmp_path / "venv/bin/python", "-m", "uniapi", "--version", cwd=tmp_path)
    assert module.strip() == VERSION
    environment = {"PATH": MINIMAL_PATH, "HOME": str(tmp_path)}
    is_answered_and_stopped(Running([tmp_path / "venv/bin/uni-api", *DEMO], tmp_path, environment))


def test_uvx_runs_it(installers, tmp_path):
    """One line, nothing installed before."""
    home = {"HOME": str(tmp_path), "UV_CACHE_DIR": str(tmp_path / "cache"), **PIP}
    command = [installers / "uvx", "--python", sys.executable, "--from", WHEEL, "uni-api", *DEMO]
    is_answered_and_stopped(Running(command, tmp_path, {"PATH": MINIMAL_PATH, **home}))


def test_pipx_runs_it(installers, tmp_path):
    """`pipx run` from the file."""
    home = {"HOME": str(tmp_path), "PIPX_HOME": str(tmp_path / "pipx")}
    said = run(
        *(installers / "pipx", "run", "--python", sys.executable, "--spec", WHEEL),
        *("uni-api", "--version"),
        cwd=tmp_path,
        **home,
    )
    assert said.strip().splitlines()[-1] == VERSION


def test_it_runs_in_termux_folders(tmp_path):
    """No /usr/bin, no /tmp, a HOME beside the prefix, and only wheels without compiled code."""
    files = tmp_path / "data/data/com.termux/files"
    prefix, home = files / "usr", files / "home"
    (prefix / "tmp").mkdir(parents=True)
    home.mkdir()
    run(sys.executable, "-m", "venv", prefix, cwd=home)
    pip = (prefix / "bin/python", "-m", "pip", "install", "-q")
    pins = ("-r", ROOT / "packaging/pure.txt", "-r", ROOT / "packaging/pyyaml.txt")
    run(*pip, "--require-hashes", *pins, cwd=home, PYYAML_FORCE_LIBYAML="0", CC="/bin/false")
    run(*pip, "--no-deps", WHEEL, cwd=home)
    environment = {
        "PATH": str(prefix / "bin"),
        "PREFIX": str(prefix),
        "TMPDIR": str(prefix / "tmp"),
        "HOME": str(home),
    }
    is_answered_and_stopped(Running([prefix / "bin/uni-api", *DEMO], home, environment))
    assert list((prefix / "lib").glob("*/site-packages/**/*.so")) == []
