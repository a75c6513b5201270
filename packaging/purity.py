"""The proof of purity: uses all that a gateway uses and counts the compiled modules that are loaded
from outside the standard library. Run inside what was built:

    PEX_INTERPRETER=1 python3.11 dist/uni-api.pex packaging/purity.py
    PYTHONPATH=dist/uni-api.pyz python3.11 packaging/purity.py

Prints one line of JSON (the Python, the answers got, the compiled modules) and ends with 0 when
there are none. The hook counts and lets pass: a hook that refuses proves nothing, because aiohttp
and its relatives take an ImportError for "no extension here" and go on without.
"""

import asyncio
import contextlib
import importlib
import importlib.machinery
import json
import os
import pkgutil
import platform
import random
import signal
import socket
import sys
import sysconfig
import tempfile
import threading
from pathlib import Path

STANDARD = tuple(
    os.path.realpath(sysconfig.get_paths()[name]) + os.sep for name in ("stdlib", "platstdlib")
)
CLIENT_KEY = "sk-purity-client-key-0123456789"
CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
compiled = []


def is_foreign(path):
    real = os.path.realpath(path)
    return "-packages" in real or not real.startswith(STANDARD)


def count_compiled():
    """From now on every compiled module that is loaded from outside the standard library is written
    down.
    """
    create = importlib.machinery.ExtensionFileLoader.create_module

    def counting(self, spec):
        if is_foreign(self.path):
            compiled.append(self.path)
        return create(self, spec)

    importlib.machinery.ExtensionFileLoader.create_module = counting


def import_everything():
    """Every module of the package, and the libraries it stands on."""
    import uniapi

    for module in pkgutil.walk_packages(uniapi.__path__, "uniapi."):
        importlib.import_module(module.name)
    for name in (
        "aiohttp.web",
        "aiohttp_socks",
        "python_socks.async_.asyncio",
        "yaml",
        "yarl",
        "multidict",
        "frozenlist",
        "propcache",
        "idna",
    ):
        importlib.import_module(name)


def sign_for_vertex_and_bedrock():
    """An RS256 assertion with a key made here, an AWS signature, and an event-stream message there
    and back.
    """
    from uniapi.engines.aws_sigv4 import sign
    from uniapi.engines.google_jwt import RsaPrivateKey, service_account_jwt
    from uniapi.wire import EventStreamDecoder, HttpRequest
    from uniapi.wire.aws_eventstream import encode_message

    p, q, e = a_prime(512), a_prime(512), 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    key = RsaPrivateKey(
        modulus=p * q,
        public_exponent=e,
        private_exponent=d,
        prime_1=p,
        prime_2=q,
        exponent_1=d % (p - 1),
        exponent_2=d % (q - 1),
        coefficient=pow(q, -1, p),
    )
    assert (
        service_account_jwt(key, "a@b.example", "scope", "https://oauth2.example/token", 1.0).count(
            "."
        )
        == 2
    )
    request = HttpRequest(
        method="POST",
        url="https://bedrock-runtime.us-east-1.amazonaws.com/model/m/converse",
        headers={},
        body=b"{}",
    )
    signed = sign(
        request,
        access_key="AK",
        secret_key="secret",
        session_token=None,
        region="us-east-1",
        service="bedrock",
        now_s=1.0,
    )
    assert signed.headers["authorization"].startswith("AWS4-HMAC-SHA256 ")
    assert EventStreamDecoder().feed(
        encode_message({":event-type": "messageStop", ":message-type": "event"}, b"{}")
    )


def a_prime(bits):
    while True:
        number = random.getrandbits(bits) | 1 | 3 << (bits - 2)
        if number % 65537 != 1 and pow(2, number - 1, number) == 1:
            return number


async def upstream(request):
    """An OpenAI-compatible provider, streaming or not."""
    from aiohttp import web

    body = await request.json()
    if not body.get("stream"):
        message = {"role": "assistant", "content": "hello"}
        return web.json_response(
            {
                "id": "c",
                "object": "chat.completion",
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            }
        )
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    for delta, finish in (({"role": "assistant", "content": "hello"}, None), ({}, "stop")):
        value = {
            "id": "c",
            "object": "chat.completion.chunk",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        }
        await response.write(b"data: " + json.dumps(value).encode() + b"\n\n")
    await response.write(b"data: [DONE]\n\n")
    return response


async def socks5(reader, writer):
    """A SOCKS5 proxy without authentication (RFC 1928), for IPv4 addresses and names."""
    _, count = await reader.readexactly(2)
    await reader.readexactly(count)
    writer.write(b"\x05\x00")
    kind = (await reader.readexactly(4))[3]
    host = (
        socket.inet_ntoa(await reader.readexactly(4))
        if kind == 1
        else (await reader.readexactly((await reader.readexactly(1))[0])).decode()
    )
    port = int.from_bytes(await reader.readexactly(2), "big")
    there_reader, there_writer = await asyncio.open_connection(host, port)
    writer.write(b"\x05\x00\x00\x01" + bytes(6))

    async def pump(source, target):
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while data := await source.read(65536):
                target.write(data)
        target.close()

    await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))


async def drive(folder, port, is_ready, answers):
    """The world around the gateway: a provider, a proxy, and a client that asks in two dialects,
    streaming and not; then the signal to stop.
    """
    import aiohttp
    from aiohttp import web

    runner = web.ServerRunner(web.Server(upstream))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    proxy = await asyncio.start_server(socks5, "127.0.0.1", 0)
    base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1/chat/completions"
    proxy_url = f"socks5h://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
    providers = [
        {"provider": "direct", "base_url": base_url, "api": "k", "model": ["m"]},
        {
            "provider": "socks",
            "base_url": base_url,
            "api": "k",
            "model": [{"m": "through-socks"}],
            "preferences": {"proxy": proxy_url},
        },
    ]
    (folder / "api.yaml").write_text(
        json.dumps({"providers": providers, "api_keys": [{"api": CLIENT_KEY}]})
    )
    is_ready.set()
    url = f"http://127.0.0.1:{port}"
    async with aiohttp.ClientSession(headers={"x-api-key": CLIENT_KEY}) as client:
        while True:
            with contextlib.suppress(aiohttp.ClientConnectionError):
                await (await client.get(url + "/healthz")).read()
                break
            await asyncio.sleep(0.05)
        for path, more in (("/v1/chat/completions", {}), ("/v1/messages", {"max_tokens": 9})):
            for model in ("m", "through-socks"):
                for stream in (False, True):
                    async with client.post(
                        url + path, json={**CHAT, **more, "model": model, "stream": stream}
                    ) as response:
                        answers.append(
                            response.status
                            if "hello" in await response.text()
                            else -response.status
                        )
    os.kill(os.getpid(), signal.SIGTERM)
    proxy.close()
    await runner.cleanup()


def main():
    count_compiled()
    import_everything()
    sign_for_vertex_and_bedrock()
    from uniapi.cli import main as run

    answers, is_ready = [], threading.Event()
    with tempfile.TemporaryDirectory() as name, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        world = threading.Thread(
            target=lambda: asyncio.run(drive(Path(name), port, is_ready, answers)), daemon=True
        )
        world.start()
        is_ready.wait(30)
        with contextlib.redirect_stdout(sys.stderr):
            code = run(
                [
                    "serve",
                    "--config",
                    f"{name}/api.yaml",
                    "--host",
                    "127.0.0.1",
                    "--port",
                    str(port),
                    "--log-level",
                    "warning",
                ]
            )
        world.join(10)
    print(
        json.dumps(
            {
                "python": platform.python_version(),
                "exit_code": code,
                "answers": answers,
                "compiled": sorted(set(compiled)),
            }
        )
    )
    return 1 if compiled or code or answers != [200] * 8 else 0


if __name__ == "__main__":
    sys.exit(main())
