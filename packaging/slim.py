"""Takes out of the pex what no start of it can need, and packs the rest as tightly as zip can: the
same bytes every time.

Out go: what pex has for Windows and for making virtual environments of Python 2.7, C and Cython
sources and type stubs of the dependencies (this file is pure Python), and the descriptions in their
METADATA, of which only the head is read.
"""

import sys
import zipfile
from pathlib import Path

DATE = (1980, 1, 1, 0, 0, 0)
NEVER_READ = (".bootstrap/pex/windows/stubs/", ".bootstrap/pex/venv/virtualenv_16.7.12_py")
SOURCES = (".pyx", ".pxd", ".pxi", ".pyi", ".c", ".h")


def is_kept(name: str) -> bool:
    is_source = name.startswith(".deps/") and name.endswith(SOURCES)
    return not name.startswith(NEVER_READ) and not is_source


def content_of(name: str, content: bytes) -> bytes:
    if name.startswith(".deps/") and name.endswith(".dist-info/METADATA"):
        return content.partition(b"\n\n")[0] + b"\n"
    return content


def slim(path: Path) -> None:
    whole = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if is_kept(entry.filename)]
        head = whole[: min(entry.header_offset for entry in archive.infolist())]
        contents = {entry.filename: archive.read(entry) for entry in entries}
    with path.open("wb") as file:
        file.write(head)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for entry in entries:
                info = zipfile.ZipInfo(entry.filename, DATE)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = entry.external_attr
                archive.writestr(info, content_of(entry.filename, contents[entry.filename]))


if __name__ == "__main__":
    slim(Path(sys.argv[1]))
