"""`python -m uniapi`: the command line, for an installed package without its script on PATH."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
