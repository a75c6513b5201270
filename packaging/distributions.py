"""Makes the wheel and the sdist in a folder, with the flit_core of this interpreter; the same bytes
every time when SOURCE_DATE_EPOCH is set.
"""

import sys

from flit_core import buildapi

if __name__ == "__main__":
    for make in (buildapi.build_wheel, buildapi.build_sdist):
        print(make(sys.argv[1]))
