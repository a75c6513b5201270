"""`connect` as a command: what it prints, refuses, starts."""

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFIG = """
providers:
  - {provider: g, base_url: "http://127.0.0.1:9/v1", api: k, model: [gpt-6.1-sol, gpt-6-luna]}
  - {provider: d, base_url: "http://127.0.0.1:9/v1", api: k}
api_keys:
  - {api: sk-0123456789abcdef, role: me}
  - {api: sk-fedcba9876543210, role: friend, model: [gpt-6-luna]}
"""


@pytest.fixture
def place(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "api.yaml").write_text(CONFIG)
    return tmp_path


def run(place, *words, **more):
    environment = {"PATH": os.environ["PATH"], "HOME": str(place / "home"), **more}
    return subprocess.run(
        [sys.executable, ROOT / "main.py", "connect", *words],
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_it_lists_and_prints(place):
    """Without a client, the list; with one, what goes where; of variables only lines of a shell."""
    assert "claude" in run(place).stdout
    shown = run(place, "codex", "--port", "12345").stdout
    assert "~/.codex/config.toml" in shown
    assert 'base_url = "http://127.0.0.1:12345/v1"' in shown
    lines = run(place, "openai-env", "--key", "friend").stdout.splitlines()
    assert all(line.startswith("export ") for line in lines)
    assert "export OPENAI_API_KEY=sk-fedcba9876543210" in lines
    assert "export OPENAI_MODEL=gpt-6-luna" in lines
    assert list((place / "home").iterdir()) == []


def test_a_gateway_that_does_not_answer_is_noticed(place):
    """Who runs it on another port is told before a client is set to the wrong one."""
    silent = run(place, "claude", "--port", "9")
    assert "nothing answers at http://127.0.0.1:9 now" in silent.stderr
    assert "--port" in silent.stderr
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_answer_once, args=(server,), daemon=True).start()
        there = run(place, "claude", "--port", str(server.getsockname()[1]))
    assert (there.returncode, there.stderr) == (0, "")


def _answer_once(server):
    connection, _ = server.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")


def test_what_is_printed_can_be_pasted(place):
    """Codex starts with no model list that is named and not there; commands are as one calls us."""
    shown = run(place, "codex", "--port", "12345").stdout
    assert "model_catalog_json" not in shown
    command = shown.rpartition("To have it done:\n")[2].splitlines()[0].split()
    assert command[1:] == [str(ROOT / "main.py"), "connect", "codex", "--port", "12345", "--write"]
    done = subprocess.run(
        command, cwd=place, env={"HOME": str(place / "home")}, capture_output=True, text=True
    )
    undo = done.stdout.rpartition("Taken back by: ")[2].split()
    assert subprocess.run(undo, cwd=place, env={"HOME": str(place / "home")}).returncode == 0
    assert list((place / "home").glob(".codex/*")) == []


@pytest.mark.parametrize(
    "words, code, said",
    [
        (("claudee",), 2, "did you mean `claude`?"),
        (("cursor", "--write"), 2, "no file that could be written"),
        (("llm", "--run", "--", "x"), 2, "use --write"),
        (("openai-env", "--run"), 2, "needs a command behind"),
        (("claude", "--key", "nobody"), 2, "no client key is 'nobody'"),
        (("claude", "--url", "ftp://x"), 2, "must begin with http"),
        (("claude", "--url", "http://127.0.0.1:9"), 2, "UNIAPI_KEY"),
        (("claude", "--config", "none.yaml"), 2, "there is no file none.yaml"),
        (("openai-env", "--run", "--", "no-such-program-here"), 127, "is not on PATH"),
    ],
)
def test_what_cannot_be_done_is_said(place, words, code, said):
    """One sentence and an exit code, never a traceback."""
    done = run(place, *words)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert said in done.stderr


def test_no_home(place):
    """A home that does not exist is named, and not made."""
    done = run(place, "claude", "--write", HOME=str(place / "nowhere"))
    assert done.returncode == 1
    assert "there is no home folder" in done.stderr
    assert not (place / "nowhere").exists()


def test_a_gateway_elsewhere_that_does_not_answer(place):
    """`--url` asks it for its models: who does not answer is named."""
    done = run(place, "claude", "--url", "http://127.0.0.1:9", UNIAPI_KEY="sk-x")
    assert done.returncode == 1
    assert "http://127.0.0.1:9 cannot be asked for its models" in done.stderr


def test_it_starts_the_client_with_the_environment_set(place):
    """The child's variables, its words, its exit code; what would win over ours is taken out."""
    (place / "bin").mkdir()
    fake = place / "bin/claude"
    fake.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        "print(json.dumps([sys.argv[1:], dict(os.environ)]))\nsys.exit(7)\n"
    )
    fake.chmod(0o755)
    done = run(
        place,
        *("claude", "--run", "--", "-p", "--version", "two words"),
        PATH=f"{place}/bin:{os.environ['PATH']}",
        ANTHROPIC_API_KEY="sk-ant-mine",
    )
    assert done.returncode == 7, done.stderr
    words, environment = json.loads(done.stdout)
    assert words == ["-p", "--version", "two words"]
    assert environment["ANTHROPIC_AUTH_TOKEN"] == "sk-0123456789abcdef"
    assert environment["ANTHROPIC_DEFAULT_HAIKU_MODEL"] == "gpt-6-luna"
    assert "ANTHROPIC_API_KEY" not in environment
    assert [path for path in (place / "home").rglob("*") if path.is_file()] == []


def test_models_that_nobody_knows_yet(place):
    """A provider that was never asked for its list: what to do is said."""
    (place / "api.yaml").write_text(CONFIG.replace(", model: [gpt-6.1-sol, gpt-6-luna]", ""))
    done = run(place, "claude", "--key", "1", "--port", "9")
    assert done.returncode == 1
    assert "start the gateway once" in done.stderr
    assert run(place, "claude", "--key", "1", "--port", "9", "--model", "gpt-x").returncode == 0
