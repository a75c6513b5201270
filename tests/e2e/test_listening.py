"""Where the gateway listens, and clients that speak HTTP as it was."""

import asyncio
import contextlib
import json
import os
import socket
import sys

import pytest
import yaml
from fakes import CLIENT_KEY, ROOT, chat_stream, config, provider

pytestmark = pytest.mark.slow
"""A process for every test: `.ci/run` runs them."""

CHAT = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]}


async def exchange(host, port, text, body=b""):
    """All that comes back on one connection until it ends."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(text.encode() + body)
    await writer.drain()
    said = await asyncio.wait_for(reader.read(), timeout=20)
    writer.close()
    return said.decode()


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this system has no dual stack")
async def test_two_colons_are_every_address(upstream, tmp_path):
    """Of IPv4 and of IPv6."""
    upstream.tell("a", chat_stream())
    (tmp_path / "api.yaml").write_text(yaml.safe_dump(config([provider(upstream, "a")])))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(ROOT / "main.py"),
        *("--config", "api.yaml", "--host", "::", "--port", "0", "--data-dir", "data"),
        cwd=tmp_path,
        env=dict(os.environ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        port = None
        while port is None:
            line = (await asyncio.wait_for(process.stdout.readline(), timeout=20)).decode()
            assert line
            found = line.partition("http://")[2].partition("/")[0].rpartition(":")[2].split()
            with contextlib.suppress(ValueError, IndexError):
                port = int(found[0])
        for host in ("127.0.0.1", "::1"):
            said = await exchange(
                host, port, "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
            )
            assert said.startswith("HTTP/1.1 200")
    finally:
        process.terminate()
        await process.wait()


async def test_a_stream_to_a_client_of_http_1_0_ends(upstream, gateway):
    """It knows no chunks: the end of the connection is the end of the answer, though it asked to
    keep it.
    """
    upstream.tell("a", chat_stream())
    await gateway.start(config([provider(upstream, "a")]))
    body = json.dumps(CHAT).encode()
    head = (
        "POST /v1/chat/completions HTTP/1.0\r\nhost: x\r\nconnection: keep-alive\r\n"
        f"authorization: Bearer {CLIENT_KEY}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    host, _, port = gateway.url.removeprefix("http://").rpartition(":")
    said = await exchange(host, int(port), head, body)
    headers, _, events = said.partition("\r\n\r\n")
    assert headers.split("\r\n")[0].endswith("200 OK")
    assert "transfer-encoding" not in headers.lower()
    assert events.startswith("data: ")
    assert events.rstrip().endswith("data: [DONE]")
