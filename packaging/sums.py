"""Writes SHA256SUMS in a folder, over the files in it, in the form that `sha256sum -c` reads."""

import hashlib
import sys
from pathlib import Path

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    files = sorted(path for path in folder.iterdir() if path.name != "SHA256SUMS")
    (folder / "SHA256SUMS").write_text(
        "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)
    )
