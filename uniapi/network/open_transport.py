"""The transport that the program uses: one for every call, model list, access token and picture."""

from __future__ import annotations

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


def import_proxied() -> None:
    """Bring in what requests through a proxy need: in a thread, or the first of them holds up
    every stream for a seventh of a second.
    """
    from . import aiohttp_transport  # noqa: F401

    log.debug("ready for proxies")
