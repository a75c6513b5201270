"""Makes the wheel or the sdist of a folder, with the flit_core of this interpreter; the same bytes
every time when SOURCE_DATE_EPOCH is set.

    python packaging/distributions.py wheel|sdist FOLDER TARGET
"""

import os
import sys
from pathlib import Path

from flit_core import buildapi

if __name__ == "__main__":
    kind, folder, target = sys.argv[1], sys.argv[2], Path(sys.argv[3]).resolve()
    os.chdir(folder)
    make = buildapi.build_wheel if kind == "wheel" else buildapi.build_sdist
    print(make(str(target)))
