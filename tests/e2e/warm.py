"""Starts `main.py` from a process that holds the program's modules already, so that a start costs a
fork and not a second of imports. What runs is still a process of its own, from its own `main.py`,
arguments, environment and folder, with its own signals and exit code; cold starts are tested by the
README's, the pex's and `test_process`'s small commands.

    test ── order, 3 descriptors ──> starter ── fork ──> main.py
         <── "pid N", "exit N" ─────
"""

import asyncio
import atexit
import contextlib
import functools
import json
import os
import resource
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Process:
    """A started program, with the members of asyncio's subprocess that tests use."""

    def __init__(self, pid, stdout, news, writers):
        self.pid = pid
        self.stdout = stdout
        self.returncode = None
        self._ended = asyncio.ensure_future(self._end(news, writers))

    async def _end(self, news, writers):
        self.returncode = int((await news.readline()).split()[1])
        for writer in writers:
            writer.close()
        return self.returncode

    async def wait(self):
        return await asyncio.shield(self._ended)

    def send_signal(self, number):
        if self.returncode is None:
            # It may have ended without our having been told yet.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)


async def start(arguments, *, cwd, environment, log, open_files=None):
    """`main.py` with these arguments, its errors going to the open file `log`."""
    news, news_there = socket.socketpair()
    out, out_there = socket.socketpair()
    _order(arguments, cwd, environment, open_files, (news_there, out_there, log))
    news_reader, news_writer = await asyncio.open_connection(sock=news)
    out_reader, out_writer = await asyncio.open_connection(sock=out)
    pid = int((await news_reader.readline()).split()[1])
    return Process(pid, out_reader, news_reader, (news_writer, out_writer))


def run(arguments, *, cwd, environment=None):
    """`main.py` with these arguments, to its end: a CompletedProcess with its texts."""
    news, news_there = socket.socketpair()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        _order(
            arguments,
            cwd,
            os.environ if environment is None else environment,
            None,
            (news_there, out, errors),
        )
        with news, news.makefile() as lines:
            news.settimeout(60)
            lines.readline()
            code = int(lines.readline().split()[1])
        texts = []
        for file in (out, errors):
            file.seek(0)
            texts.append(file.read().decode())
    return subprocess.CompletedProcess(arguments, code, *texts)


def _order(arguments, cwd, environment, open_files, files):
    order = {
        "arguments": [str(one) for one in arguments],
        "cwd": str(cwd),
        "environment": dict(environment),
        "open_files": open_files,
    }
    socket.send_fds(
        _starter(), [json.dumps(order).encode() + b"\n"], [file.fileno() for file in files]
    )
    for file in files:
        if isinstance(file, socket.socket):
            file.close()


@functools.cache
def _starter():
    """The socket to this test process's starter.

    When it closes, the starter ends with all that it started.
    """
    ours, theirs = socket.socketpair()
    process = subprocess.Popen(
        [sys.executable, __file__, str(theirs.fileno())],
        pass_fds=[theirs.fileno()],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
    )
    theirs.close()

    def stop():
        ours.close()
        process.wait()

    atexit.register(stop)
    return ours


def _serve(control):

    news = {}
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready, _, _ = select.select([control, woken], [], [])
        if woken in ready:
            os.read(woken, 1024)
            for pid in list(news):
                ended, status = os.waitpid(pid, os.WNOHANG)
                if ended:
                    with news.pop(pid) as sock, contextlib.suppress(OSError):
                        sock.sendall(b"exit %d\n" % os.waitstatus_to_exitcode(status))
        if control in ready:
            data, files, _, _ = socket.recv_fds(control, 65536, 3)
            if not data:
                for pid in news:
                    os.kill(pid, signal.SIGKILL)
                return
            while not data.endswith(b"\n"):
                data += control.recv(65536)
            pid = os.fork()
            if pid == 0:
                _become(json.loads(data), files)
            for file in files[1:]:
                os.close(file)
            news[pid] = socket.socket(fileno=files[0])
            news[pid].sendall(b"pid %d\n" % pid)


def _become(order, files):
    """In the child: be a fresh interpreter that was told to run main.py. Never returns."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(files[1], 1)
        os.dup2(files[2], 2)
        os.closerange(3, 1024)
        # The starter's own remember what they could seek in.
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
        if order["open_files"]:
            resource.setrlimit(resource.RLIMIT_NOFILE, (order["open_files"],) * 2)
        os.chdir(order["cwd"])
        os.environ.clear()
        os.environ.update(order["environment"])
        time.tzset()
        sys.argv = [str(ROOT / "main.py"), *order["arguments"]]
        runpy.run_path(sys.argv[0], run_name="__main__")
        code = 0
    except SystemExit as exit:
        code = exit.code if isinstance(exit.code, int) else 0 if exit.code is None else 1
        if isinstance(exit.code, str):
            print(exit.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    _serve(socket.socket(fileno=int(sys.argv[1])))
