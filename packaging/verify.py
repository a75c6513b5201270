"""Checks what was built: no compiled module inside, not too large, and it runs from another folder with a HOME it cannot write.

pex's own bootstrap holds four inert Windows `.exe` stubs; exactly that folder is excused.
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
            if not name.startswith(EXCUSED) and (name.endswith(COMPILED) or archive.read(name)[:4].startswith(MAGIC))
        ]


def verify(path: Path) -> None:
    size = path.stat().st_size
    if size >= MAX_BYTES:
        raise SystemExit(f"{path} has {size} bytes; {MAX_BYTES} are the limit")
    compiled = compiled_members(path)
    if compiled:
        raise SystemExit(f"{path} holds compiled code: {compiled}")
    expected = Path("VERSION").read_text().strip()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "home")
        home.mkdir(mode=0o500)
        environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
        for arguments in (["--version"], ["keygen"]):
            done = subprocess.run([sys.executable, path.resolve(), *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
            if done.returncode:
                raise SystemExit(f"{path} {arguments[0]} failed: {done.stderr}")
            if arguments == ["--version"] and done.stdout.strip() != expected:
                raise SystemExit(f"{path} says version {done.stdout!r}, expected {expected!r}")
    print(f"{path}: {size} bytes, pure, runs")


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        verify(Path(argument))
