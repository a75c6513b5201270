"""The coding agents connected by `connect`, each in an empty home, asked once, and disconnected. No
test is collected here; it is run by hand:

    .venv/bin/python tests/agents/connected.py --bin /tmp/agents/node_modules/.bin [claude …]

The gateway they are connected to has one provider, of Gemini's format: another gateway, with the
demo behind it. Each agent is started with --write and with --run; it is fine when the demo's answer
arrives, when --undo leaves the home as it was, and when --run wrote no settings.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROMPT = "Say the words: blue heron"
WORDS = {
    "claude": ["claude", "-p", PROMPT],
    "codex": ["codex", "exec", "--skip-git-repo-check", PROMPT],
    "gemini": ["gemini", "-p", PROMPT, "--skip-trust"],
    "opencode": ["opencode", "run", PROMPT],
}
QUIET = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "GEMINI_CLI_NO_RELAUNCH": "true",
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    "NO_PROXY": "127.0.0.1",
    "HTTPS_PROXY": "http://127.0.0.1:9",
}
PATIENCE_S = 120
ANSWER = "The tool answered"
"""What the demo says when it has called the first tool that it was offered."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--bin", required=True, help="the folder of the agents' commands")
    parser.add_argument("agents", nargs="*", default=list(WORDS))
    options = parser.parse_args()
    bad = 0
    # Not in /tmp: Gemini CLI takes no settings from below a folder that others may write to.
    with tempfile.TemporaryDirectory(prefix="connected-", dir=Path.home()) as name:
        folder = Path(name)
        demo = Served(folder / "demo", "serve", "--demo", "--port", "0")
        (folder / "gateway").mkdir()
        (folder / "gateway/api.yaml").write_text(
            f"providers: [{{provider: g, base_url: {demo.url}/v1beta, api: sk-demo,"
            " model: [demo: gemini-3.8-pro, demo: gemini-3.8-flash]}]\n"
            "api_keys: [{api: sk-0123456789abcdef}]\n"
            "preferences: {allow_private_urls: true}\n"
        )
        gateway = Served(folder / "gateway", "--host", "127.0.0.1", "--port", "0")
        try:
            for agent in options.agents:
                for way in ("write", "run"):
                    said = try_agent(agent, way, folder, gateway, options.bin)
                    bad += said != "ok"
                    print(agent, way, said, flush=True)
        finally:
            gateway.stop()
            demo.stop()
    return 1 if bad else 0


class Served:
    """A gateway as a process."""

    def __init__(self, folder, *words):
        folder.mkdir(exist_ok=True)
        self.folder = folder
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, ROOT / "main.py", *words],
                cwd=folder,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        for line in self.process.stdout:
            found = re.search(r"listens on (http://127\.0\.0\.1:(\d+))", line)
            if found:
                self.url, self.port = found[1], found[2]
                return
        raise SystemExit((folder / "log").read_text())

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.process.stdout.close()


def try_agent(agent, way, folder, gateway, binaries):
    home = folder / f"home-{agent}-{way}"
    (home / "work").mkdir(parents=True)
    environment = {
        "PATH": f"{Path(binaries).resolve()}:{os.environ['PATH']}",
        "HOME": str(home),
        "TERM": "dumb",
        **QUIET,
    }

    def connect(*words, cwd=gateway.folder):
        return subprocess.run(
            [sys.executable, ROOT / "main.py", "connect", agent, *words],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            stdin=subprocess.DEVNULL,
        )

    config = ("--config", str(gateway.folder / "api.yaml"), "--port", gateway.port)
    begun = time.monotonic()
    if way == "run":
        done = connect(*config, "--run", "--", *WORDS[agent][1:], cwd=home / "work")
    else:
        wrote = connect(*config, "--write")
        if wrote.returncode:
            return wrote.stdout + wrote.stderr
        done = subprocess.run(
            WORDS[agent],
            cwd=home / "work",
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            stdin=subprocess.DEVNULL,
        )
    if ANSWER not in done.stdout:
        return f"exit {done.returncode}: {done.stdout[-1500:]} {done.stderr[-1500:]}"
    print(f"  {time.monotonic() - begun:.1f} s: {done.stdout.strip().splitlines()[-1][:80]}")
    if way == "write":
        undone = connect("--undo")
        if undone.returncode:
            return undone.stdout + undone.stderr
        print("  " + " / ".join(undone.stdout.split("\n")))
    return "ok"


if __name__ == "__main__":
    sys.exit(main())
