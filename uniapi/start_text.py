"""What a start says: what was loaded, where the API is, where the page is."""

from __future__ import annotations

import errno
import os

from uniapi.logs.text import counted
from uniapi.values import dataclass

EVERYWHERE = ("0.0.0.0", "::", "")
LOOPBACK = ("127.0.0.1", "::1", "localhost")
_LOWEST_FREE_PORT = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a configuration came to. `unlisted`: how many providers have not told their models
    yet.
    """

    providers: int
    keys: int
    models: int
    unlisted: int
    client_keys: int
    source: str


def start_lines(version: str, host: str, port: int, loaded: Loaded) -> list[str]:
    """The address to listen on, then what a person wants to know, a line each."""
    shown = f"[{host}]" if ":" in host else host
    models = counted(loaded.models, "model")
    if loaded.unlisted:
        models += f" and what {counted(loaded.unlisted, 'provider')} will list"
    here = "127.0.0.1" if host in EVERYWHERE else shown
    everywhere = ", and on every address of this host" if host in EVERYWHERE else ""
    return [
        f"uni-api {version} listens on http://{shown}:{port}",
        f"  loaded  {counted(loaded.providers, 'provider')},"
        f" {counted(loaded.keys, 'key')}, {models},"
        f" {counted(loaded.client_keys, 'client key')} from {loaded.source}",
        f"  API     http://{here}:{port}/v1{everywhere}",
        f"  page    http://{here}:{port}/ (asks for an admin key)",
    ]


def demo_lines(port: int, key: str, model: str) -> str:
    """How to try the demo."""
    return f"""\
Demo: no provider is asked, nothing leaves this machine. Client key: {key}. Try:

  curl http://127.0.0.1:{port}/v1/chat/completions -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \\
    -d '{{"model": "{model}", "stream": true, "messages": [{{"role": "user", "content": "Hello!"}}]}}'
"""  # noqa: E501


def cannot_listen(host: str, port: int, error: OSError) -> str:
    """Why, and what to do about it."""
    if error.errno == errno.EADDRINUSE:
        advice = "something else listens there: choose another port with --port, or `stop` it"
    elif error.errno == errno.EADDRNOTAVAIL:
        advice = "this host has no such address: --host 127.0.0.1 or 0.0.0.0"
    elif error.errno in (errno.EACCES, errno.EPERM):
        advice = "ports under 1024 are the system's: choose a higher one with --port"
        if port >= _LOWEST_FREE_PORT:
            advice = "this user may not: does the host reserve ports for its users?"
    else:
        advice = "look at --host and --port"
    # asyncio says it in a sentence of its own, with the address once more.
    is_known = error.errno in errno.errorcode
    why = os.strerror(error.errno) if error.errno and is_known else error.strerror or error
    return f"cannot listen on {host} port {port}: {why} ({advice})"
