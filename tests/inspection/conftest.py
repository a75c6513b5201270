"""Calls to look at."""

import sys
from pathlib import Path

for folder in (".", "../stats"):
    sys.path.insert(0, str(Path(__file__).parent / folder))
