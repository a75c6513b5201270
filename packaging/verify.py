"""Checks what was built: no compiled code inside, not too large, and each file that runs by itself
does, from another folder, with a HOME it cannot write.

Of files that are byte for byte the same, one is run. What is installed (wheel and sdist) is run by
tests/e2e/test_package.py.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

MAX_BYTES = 3_000_000
MAX_PACKAGE_BYTES = 1024 * 1024
COMPILED = (".so", ".pyd", ".dylib", ".dll", ".pyc", ".exe")
RUN_BY_THEMSELVES = (".pex", ".pyz")
MAGIC = (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")


def members(path: Path) -> dict[str, bytes]:
    """The first bytes of each member, by its name."""
    if path.suffix == ".gz":
        with tarfile.open(path) as archive:
            opened = {one.name: archive.extractfile(one) for one in archive}
            return {name: file.read(4) for name, file in opened.items() if file}
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name)[:4] for name in archive.namelist()}


def compiled_members(path: Path) -> list[str]:
    """Names of members that are compiled code, by name or by their first bytes."""
    return [
        name
        for name, first in members(path).items()
        if name.endswith(COMPILED) or first.startswith(MAGIC)
    ]


def verify_content(path: Path) -> None:
    """Raises SystemExit for a file that is too large or holds compiled code."""
    size = path.stat().st_size
    most = MAX_BYTES if path.suffix in RUN_BY_THEMSELVES else MAX_PACKAGE_BYTES
    if size >= most:
        raise SystemExit(f"{path} has {size} bytes; fewer than {most} are allowed")
    compiled = compiled_members(path)
    if compiled:
        raise SystemExit(f"{path} holds compiled code: {compiled}")
    print(f"{path}: {size} bytes, pure")


def verify_run(path: Path, version: str) -> None:
    """Raises SystemExit for a file that does not run by itself."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "home")
        home.mkdir(mode=0o500)
        environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
        for arguments, expected in ((["--version"], version), (["keygen"], "sk-")):
            done = subprocess.run(
                [sys.executable, path.resolve(), *arguments],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=120,
            )
            if done.returncode or not done.stdout.startswith(expected):
                raise SystemExit(
                    f"{path} {arguments[0]} ended with {done.returncode}: {done.stdout!r}"
                    f" {done.stderr}"
                )
    print(f"{path}: runs")


if __name__ == "__main__":
    seen = set()
    for argument in sys.argv[1:]:
        content = Path(argument).read_bytes()
        if content not in seen:
            seen.add(content)
            verify_content(Path(argument))
            if Path(argument).suffix in RUN_BY_THEMSELVES:
                verify_run(Path(argument), Path("uniapi/VERSION").read_text().strip())
