"""uni-api: hands over to the command line in uniapi.cli."""

import sys

if sys.version_info < (3, 10):
    sys.exit(
        "uni-api needs Python 3.10 or newer; this is Python %d.%d (%s)."
        % (sys.version_info[0], sys.version_info[1], sys.executable)
    )

from uniapi.cli import main

if __name__ == "__main__":
    sys.exit(main())
