"""Between an agent and the gateway: what the agent sent, as it was sent, in a file."""

import asyncio
import contextlib


class Tap:
    def __init__(self, port, path):
        self._to, self._path = port, path
        self._tasks = set()

    async def start(self):
        self._server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def stop(self):
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connection(self, reader, writer):
        self._tasks.add(asyncio.current_task())
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._to)
        with self._path.open("ab") as log, contextlib.suppress(ConnectionError):
            await asyncio.gather(
                _copy(reader, up_writer, log.write), _copy(up_reader, writer, lambda data: None)
            )


async def _copy(source, sink, note):
    try:
        while data := await source.read(1 << 16):
            note(data)
            sink.write(data)
            await sink.drain()
    finally:
        sink.close()
