"""The transport that the program uses: one for every call, model list, access token and picture."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from .environment_proxies import EnvironmentProxies
from .http1_transport import Http1Transport
from .names import Names
from .tls import TlsContexts
from .transport import Spawn, Transport

log = logging.getLogger("uniapi.upstream")


def open_transport(spawn: Spawn, environment: Mapping[str, str]) -> Transport:
    """A transport that honours the proxies of `environment`."""
    names, tls = Names(), TlsContexts()

    def open_proxied() -> Transport:
        # Most never need it, and aiohttp is half of what a start costs.
        from .aiohttp_transport import AiohttpTransport

        return AiohttpTransport(spawn, names, tls)

    return Http1Transport(spawn, open_proxied, names, tls, EnvironmentProxies(environment))


async def import_proxied() -> None:
    """What requests through a proxy need, brought in by a thread: otherwise the first of them
    would hold up every stream for a seventh of a second.
    """
    await asyncio.get_running_loop().run_in_executor(None, _import)
    log.debug("ready for proxies")


def _import() -> None:
    from . import aiohttp_transport  # noqa: F401
