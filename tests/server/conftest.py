"""Fixtures of the server's tests."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from lanes import Lanes


@pytest.fixture
async def lanes():
    both = Lanes()
    yield both
    await both.close()
