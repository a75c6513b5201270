"""A proxy on loopback that speaks SOCKS5 and HTTP, and leads every connection to one fake upstream,
whatever name was asked for.
"""

import asyncio
import ssl
import subprocess


def certificate(folder, *names):
    """(server context, path of the certificate): a certificate of our own for `names`."""
    key, path = folder / "key.pem", folder / "cert.pem"
    alternatives = ",".join(f"DNS:{name}" for name in names)
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=test",
        "-addext",
        f"subjectAltName={alternatives}",
    ]
    subprocess.run([*made, "-keyout", str(key), "-out", str(path)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key)
    return context, path


class FakeProxy:
    """`asked` says what each connection wanted: `socks5 name:port` (resolved here), `http URL`,
    `connect name:port`. Port 443 leads to the upstream's TLS side.
    """

    def __init__(self, upstream):
        self._upstream = upstream
        self.asked = []
        self.passwords = []
        self._tasks = set()
        self._tls = None

    async def start(self, tls=None):
        self._server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        if tls is not None:
            self._tls = await asyncio.start_server(
                self._upstream._connection, "127.0.0.1", 0, ssl=tls
            )
        return self

    async def stop(self):
        for server in filter(None, (self._server, self._tls)):
            server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connection(self, reader, writer):
        self._tasks.add(asyncio.current_task())
        try:
            first = await reader.readexactly(1)
            await (
                self._socks(reader, writer)
                if first == b"\x05"
                else self._http(first, reader, writer)
            )
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            self._tasks.discard(asyncio.current_task())

    async def _socks(self, reader, writer):
        """RFC 1928, and RFC 1929 where the client offers a password."""
        methods = await reader.readexactly((await reader.readexactly(1))[0])
        writer.write(b"\x05\x02" if 2 in methods else b"\x05\x00")
        if 2 in methods:
            await reader.readexactly(1)
            user = await reader.readexactly((await reader.readexactly(1))[0])
            password = await reader.readexactly((await reader.readexactly(1))[0])
            self.passwords.append((user.decode(), password.decode()))
            writer.write(b"\x01\x00")
        _, _, _, kind = await reader.readexactly(4)
        if kind == 3:
            name = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            name = ".".join(map(str, await reader.readexactly(4)))
        port = int.from_bytes(await reader.readexactly(2), "big")
        self.asked.append(f"socks5 {name}:{port}")
        writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
        await self._pipe(b"", reader, writer, port)

    async def _http(self, first, reader, writer):
        head = first + await reader.readuntil(b"\r\n\r\n")
        line, _, rest = head.partition(b"\r\n")
        method, target, version = line.decode().split(" ")
        if method == "CONNECT":
            self.asked.append(f"connect {target}")
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await self._pipe(b"", reader, writer, int(target.rpartition(":")[2]))
            return
        self.asked.append(f"http {target}")
        path = "/" + target.split("/", 3)[3]
        await self._pipe(f"{method} {path} {version}\r\n".encode() + rest, reader, writer, 80)

    async def _pipe(self, head, reader, writer, port):
        to = self._tls.sockets[0].getsockname()[1] if port == 443 else self._upstream.port
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", to)
        up_writer.write(head)

        async def copy(source, sink):
            while data := await source.read(65536):
                sink.write(data)
            sink.close()

        both = [
            asyncio.ensure_future(copy(reader, up_writer)),
            asyncio.ensure_future(copy(up_reader, writer)),
        ]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            up_writer.close()
