"""Makes the wheel or the sdist of a folder, with the flit_core of this interpreter; the same bytes
every time when SOURCE_DATE_EPOCH is set.

    python packaging/distributions.py wheel|sdist FOLDER TARGET
"""

import os
import sys
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


if __name__ == "__main__":
    kind, folder, target = sys.argv[1], sys.argv[2], Path(sys.argv[3]).resolve()
    os.chdir(folder)
    make = buildapi.build_wheel if kind == "wheel" else buildapi.build_sdist
    made = make(str(target))
    if kind == "wheel":
        compress(target / made)
    print(made)
