"""Fixtures of the matrix: the shared gateway."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
from world import world

__all__ = ["world"]
