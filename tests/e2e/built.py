"""What the tests of the built files share: the Pythons of this machine, and a built file as a
process.
"""

import contextlib
import glob
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]
DIST = ROOT / "dist"
VERSION = (ROOT / "uniapi" / "VERSION").read_text().strip()
MINIMAL_PATH = "/usr/bin:/bin"
DEMO = ("serve", "--demo", "--port", "0")


def interpreters():
    """(version, path) of every Python of pyenv and of the system, one for each version."""
    found = {}
    for path in [
        *glob.glob(os.path.expanduser("~/.pyenv/versions/*/bin/python")),
        *glob.glob("/usr/bin/python3.[0-9]*"),
        sys.executable,
    ]:
        with contextlib.suppress(OSError, subprocess.CalledProcessError, ValueError):
            probe = "import sys; print('%d %d %d' % sys.version_info[:3])"
            version = tuple(
                map(
                    int,
                    subprocess.run(
                        [path, "-c", probe], capture_output=True, text=True, check=True
                    ).stdout.split(),
                )
            )
            found.setdefault(version, os.path.realpath(path) if "venv" not in path else path)
    return sorted(found.items())


class Running:
    """The file as a process, started with nothing in its environment but what is given."""

    def __init__(self, command, folder, environment, **more):
        started = time.monotonic()
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                **more,
            )
        for line in self.process.stdout:
            found = re.search(r"listens on http://127\.0\.0\.1:(\d+)", line)
            if found:
                self.url = f"http://127.0.0.1:{found[1]}"
                break
        else:
            raise AssertionError((folder / "log").read_text())
        self.get("/healthz")
        self.start_s = time.monotonic() - started

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=10) as response:
            return response.read().decode()

    def ask(self, model="demo", key="sk-demo", **more):
        body = json.dumps(
            {"model": model, "messages": [{"role": "user", "content": "Hello!"}], **more}
        ).encode()
        request = urllib.request.Request(
            self.url + "/v1/chat/completions",
            body,
            {"authorization": f"Bearer {key}", "content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.read().decode()

    def memory_mb(self):
        return (
            int(
                re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())[
                    1
                ]
            )
            / 1024
        )

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        finally:
            self.process.kill()
            self.process.stdout.close()


def is_answered_and_stopped(running):
    """One streamed and one whole answer of the demo, then SIGTERM and exit code 0."""
    try:
        assert "Hello!" in json.loads(running.ask())["choices"][0]["message"]["content"]
        assert running.ask(stream=True).endswith("data: [DONE]\n\n")
    finally:
        code = running.stop()
    assert code == 0


DEMO = ("serve", "--demo", "--port", "0")
