"""What every test stands on: the pure build of aiohttp and its relatives, which is what is shipped,
generated examples that are the same in every run, and a network that is a table.
"""

import gc
import os
import sys

import pytest
from hypothesis import HealthCheck, settings

for package in ("AIOHTTP", "MULTIDICT", "YARL", "FROZENLIST", "PROPCACHE"):
    os.environ[f"{package}_NO_EXTENSIONS"] = "1"
# Else each of the two hundred gateways that tests start would compile the whole program.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

pytest_plugins = () if "pytest_aiohttp.plugin" in sys.modules else ("pytest_aiohttp.plugin",)
"""Loaded here and not by itself (`-p no:aiohttp` in pyproject.toml): it imports aiohttp, which
looks at the environment then.
"""

# No deadline and no complaint about slowness: the machine may be busy, and time is nothing a test
# here asserts. Few examples, for they are the same in every run: tests/endurance/ seeks others.
settings.register_profile(
    "project",
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("project")


def pytest_xdist_auto_num_workers(config):
    """`-n auto`: half as many again as there are CPUs, for tests wait a quarter of their time; the
    slow ones, which start browsers and build files, one each.
    """
    cpus = os.cpu_count() or 1
    return cpus + cpus // 2 if config.option.markexpr == "not slow" else cpus


def pytest_collection_finish():
    """Ten thousand tests are no garbage: who looks for some walks only what came since."""
    gc.collect()
    gc.freeze()


class Exchange:
    """A request that is answered already."""

    def pause(self): ...

    def resume(self): ...

    def cancel(self): ...


class Web:
    """A Transport that answers at once from `answers`: URL → text, (status, headers), (status,
    headers, body), or a Failure. `requests` are those it was sent, `passages` the ways they took,
    `proxies` the proxies among them.
    """

    def __init__(self):
        self.answers = {}
        self.requests = []
        self.proxies = []
        self.passages = []

    def send(self, request, sink, *, passage=None, connect_timeout_s=None):
        from uniapi.canonical import Failure
        from uniapi.wire import ResponseHead

        self.requests.append(request)
        self.passages.append(passage)
        self.proxies.append(passage.proxy if passage else None)
        answer = self.answers[request.url]
        if isinstance(answer, Failure):
            sink.fail(answer)
        else:
            whole = (200, {}, answer) if isinstance(answer, str) else (*answer, "")
            status, headers, body = whole[:3]
            sink.head(ResponseHead(status=status, headers=headers))
            sink.data(body.encode() if isinstance(body, str) else body)
            sink.end()
        return Exchange()

    def idle(self):
        """An exchange in which nothing happens."""
        return Exchange()

    async def close(self): ...


@pytest.fixture
def web():
    return Web()
