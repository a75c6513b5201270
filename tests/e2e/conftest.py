"""Fixtures of the end-to-end tests."""

import sys
from pathlib import Path

import aiohttp
import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "matrix"))
sys.path.insert(0, str(Path(__file__).parents[1] / "stats"))
from fakes import CLIENT_KEY, FakeUpstream, Gateway
from world import world

__all__ = ["world"]


@pytest.fixture
async def upstream():
    fake = await FakeUpstream().start()
    yield fake
    await fake.stop()


@pytest.fixture
async def gateway(tmp_path):
    process = Gateway(tmp_path)
    yield process
    await process.stop()


@pytest.fixture
async def client():
    """An HTTP client that presents the test's key."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {CLIENT_KEY}"}) as session:
        yield session
