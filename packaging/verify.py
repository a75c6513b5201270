"""Checks what was built: no compiled code inside, not too large, and each file runs from another
folder, with a HOME it cannot write.

pex's own bootstrap holds four inert Windows `.exe` stubs; exactly that folder is excused. Of files
that are byte for byte the same, one is run.
"""

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

MAX_BYTES = 3_000_000
COMPILED = (".so", ".pyd", ".dylib", ".dll", ".pyc", ".exe")
EXCUSED = ".bootstrap/pex/windows/stubs/"
MAGIC = (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")


def compiled_members(path: Path) -> list[str]:
    """Names of members that are compiled code, by name or by their first bytes."""
    with zipfile.ZipFile(path) as archive:
        return [
            name
            for name in archive.namelist()
            if not name.startswith(EXCUSED)
            and (name.endswith(COMPILED) or archive.read(name)[:4].startswith(MAGIC))
        ]


def verify(path: Path, version: str) -> None:
    """Raises SystemExit that says what is wrong with one file."""
    size = path.stat().st_size
    if size >= MAX_BYTES:
        raise SystemExit(f"{path} has {size} bytes; fewer than {MAX_BYTES} are allowed")
    compiled = compiled_members(path)
    if compiled:
        raise SystemExit(f"{path} holds compiled code: {compiled}")
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
    print(f"{path}: {size} bytes, pure, runs")


if __name__ == "__main__":
    seen = set()
    for argument in sys.argv[1:]:
        content = Path(argument).read_bytes()
        if content not in seen:
            seen.add(content)
            verify(Path(argument), Path("VERSION").read_text().strip())
