"""What every test stands on: the pure build of aiohttp and its relatives, which is what is shipped,
generated examples that are the same in every run, and a network that is a table.
"""

import os

import pytest
from hypothesis import HealthCheck, settings

for package in ("AIOHTTP", "MULTIDICT", "YARL", "FROZENLIST", "PROPCACHE"):
    os.environ[f"{package}_NO_EXTENSIONS"] = "1"

# No deadline and no complaint about slowness: the machine may be busy, and time is nothing a test
# here asserts.
settings.register_profile(
    "project", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("project")


class Exchange:
    """A request that is answered already."""

    def pause(self): ...

    def resume(self): ...

    def cancel(self): ...


class Web:
    """A Transport that answers at once from `answers`: URL → text, (status, headers), or a Failure.
    `requests` are those it was sent, `proxies` the ways they took.
    """

    def __init__(self):
        self.answers = {}
        self.requests = []
        self.proxies = []

    def send(self, request, sink, *, proxy=None, connect_timeout_s=None):
        from uniapi.canonical import Failure
        from uniapi.wire import ResponseHead

        self.requests.append(request)
        self.proxies.append(proxy)
        answer = self.answers[request.url]
        if isinstance(answer, Failure):
            sink.fail(answer)
        else:
            status, headers, body = (200, {}, answer) if isinstance(answer, str) else (*answer, "")
            sink.head(ResponseHead(status=status, headers=headers))
            sink.data(body.encode())
            sink.end()
        return Exchange()

    async def close(self): ...


@pytest.fixture
def web():
    return Web()
