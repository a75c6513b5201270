"""Makes the wheel or the sdist of a folder, with the flit_core of this interpreter; the same bytes
every time when SOURCE_DATE_EPOCH is set.

    python packaging/distributions.py wheel|sdist FOLDER TARGET
"""

import gzip
import io
import os
import sys
import tarfile
import zipfile
from pathlib import Path

from flit_core import buildapi


def compress(wheel: Path) -> None:
    """The same members as small as zlib makes them; flit leaves it at the usual level."""
    with zipfile.ZipFile(wheel) as archive:
        members = [(member, archive.read(member)) for member in archive.infolist()]
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for member, data in members:
            archive.writestr(member, data, zipfile.ZIP_DEFLATED, 9)


def place(name: str) -> tuple[str, ...]:
    """Where a member of the sdist stands. What is compressed is compared with the 32 KB before it,
    and a dialect's files are most like those of the same names in the others.
    """
    folder, _, file = name.rpartition("/")
    above, _, last = folder.rpartition("/")
    return (above, file, last) if above.endswith("/dialects") else (folder, file)


def order(sdist: Path) -> None:
    """The same members, each beside those that it is like: a fiftieth smaller."""
    with tarfile.open(sdist) as archive:
        members = [(one, archive.extractfile(one)) for one in archive if one.isfile()]
        content = {one: file.read() for one, file in members if file is not None}
    with (
        open(sdist, "wb") as file,
        gzip.GzipFile("", "wb", 9, file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for one in sorted(content, key=lambda one: place(one.name)):
            archive.addfile(one, io.BytesIO(content[one]))


if __name__ == "__main__":
    kind, folder, target = sys.argv[1], sys.argv[2], Path(sys.argv[3]).resolve()
    os.chdir(folder)
    make = buildapi.build_wheel if kind == "wheel" else buildapi.build_sdist
    made = make(str(target))
    if kind == "wheel":
        compress(target / made)
    else:
        order(target / made)
    print(made)
