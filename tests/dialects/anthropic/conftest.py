"""The road of a request, encoded and fitted, is in anthropic_road."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
