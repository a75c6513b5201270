"""Everything here holds on asyncio's own loop, and on ours where the system has what it needs."""

import asyncio
import select


def pytest_asyncio_loop_factories(config, item):
    loops = {"asyncio": asyncio.SelectorEventLoop}
    if hasattr(select, "epoll"):
        from uniapi.tcp.polling import PollingLoop

        loops["polling"] = PollingLoop
    return loops
