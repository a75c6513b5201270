"""`init` and `serve` find what lies in the environment and what runs on this machine."""

import http.server
import json
import re
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest
from built import Running

from uniapi.commands.local_servers import found_servers
from uniapi.config import ConfigSource, choose_source, found_keys, parse_config
from uniapi.engines import engine_names

ROOT = Path(__file__).parents[2]
KEYS = {"OPENAI_API_KEY": "sk-openai-1", "GOOGLE_API_KEY": "AIza-2", "GROQ_API_KEY": " "}


@pytest.fixture
def ollama():
    """A server that lists two models, on a port of its own choosing."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps({"data": [{"id": "qwen3.8:27b"}, {"id": "gemma4"}]}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def run(folder, *words, **environment):
    return subprocess.run(
        [sys.executable, ROOT / "main.py", *words],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_init_writes_what_it_finds(tmp_path, ollama):
    """`${NAME}` for each key, never the key; the server with its models; asks nothing; valid."""
    done = run(tmp_path, "init", OLLAMA_HOST=ollama, **KEYS)
    assert done.returncode == 0, done.stderr
    assert "OPENAI_API_KEY, GOOGLE_API_KEY" in done.stdout
    text = (tmp_path / "api.yaml").read_text()
    assert "api: ${OPENAI_API_KEY}" in text
    assert "api: ${GOOGLE_API_KEY}" in text
    assert f"base_url: http://{ollama}/v1" in text
    assert "qwen3.8:27b" in text
    assert "sk-openai-1" not in text
    assert "GROQ" not in text
    config, problems = parse_config(
        text, source="init", engines=engine_names(), environment={**KEYS}
    )
    assert [provider.name for provider in config.providers] == ["openai", "gemini", "ollama"]
    assert problems == ()
    assert run(tmp_path, "init", **KEYS).returncode == 2
    assert (tmp_path / "api.yaml").read_text() == text


def test_a_file_or_a_url_goes_before_the_environment():
    """And without any key it is the missing file that is said."""
    assert choose_source("x.yaml", KEYS).kind == "file"
    assert choose_source(None, KEYS, lambda path: True).kind == "file"
    assert (
        choose_source(None, {**KEYS, "CONFIG_URL": "http://x/"}, lambda path: False).kind == "url"
    )
    assert choose_source(None, {}, lambda path: False).kind == "file"
    found = choose_source(None, KEYS, lambda path: False)
    assert isinstance(found, ConfigSource)
    assert found.kind == "environment"
    assert "OPENAI_API_KEY, GOOGLE_API_KEY" in found.reason


def test_serve_runs_on_the_environments_keys(tmp_path):
    """The client key is shown once and kept; the next start knows it, and shows it no more."""
    command = [sys.executable, ROOT / "main.py", "--host", "127.0.0.1", "--port", "0"]
    environment = {"PATH": "/usr/bin:/bin", "OPENAI_API_KEY": "sk-openai-1"}
    first = Running(command, tmp_path, environment)
    shown = "".join(first.process.stdout.readline() for _ in range(4))
    (key,) = re.findall(r"client key: (sk-\S+) ", shown)
    request = urllib.request.Request(
        first.url + "/v1/models", headers={"authorization": f"Bearer {key}"}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        assert response.status == 200
    assert first.stop() == 0
    file = tmp_path / "data/client-key"
    assert file.read_text().strip() == key
    assert file.stat().st_mode & 0o777 == 0o600
    second = Running(command, tmp_path, environment)
    assert second.stop() == 0
    assert key not in (tmp_path / "log").read_text()
    listed = run(tmp_path, "models", **environment)
    assert key[:6] in listed.stdout


def test_connect_before_the_first_start_makes_the_key(tmp_path):
    """So that a client connected first is let in afterwards."""
    environment = {"OPENAI_API_KEY": "sk-openai-1"}
    done = run(tmp_path, "connect", "openai-env", "--model", "gpt-6.1-sol", **environment)
    assert done.returncode == 0, done.stderr
    key = (tmp_path / "data/client-key").read_text().strip()
    assert f"export OPENAI_API_KEY={key}" in done.stdout


def test_who_does_not_answer_is_not_there():
    """No server, or something else on its port: nothing is written of it."""
    assert found_servers({"OLLAMA_HOST": "127.0.0.1:9"}) == ()
    assert found_servers({"OLLAMA_HOST": "http://[broken"}) == ()
    assert found_keys({}) == ()


def test_another_shell_than_the_gateways_is_told_all_the_same(tmp_path):
    """Its provider keys are in the gateway's environment only: their names stand for them, and
    none of it leaves.
    """
    command = [sys.executable, ROOT / "main.py", "--host", "127.0.0.1", "--port", "0"]
    keys = {"PATH": "/usr/bin:/bin", "ANTHROPIC_API_KEY": "sk-ant-1", "OPENAI_API_KEY": "sk-oa-1"}
    running = Running(command, tmp_path, keys)
    key = (tmp_path / "data/client-key").read_text().strip()
    names = (tmp_path / "data/environment-keys").read_text()
    assert names.split() == ["OPENAI_API_KEY", "ANTHROPIC_API_KEY"]
    try:
        done = run(tmp_path, "connect", "claude", "--model", "claude-opus-5-5")
        assert (done.returncode, key in done.stdout) == (0, True), done.stderr
        done = run(tmp_path, "explain", "claude-opus-5-5")
        assert "start the gateway once" in done.stdout
        assert "at most 0" not in done.stdout
        assert run(tmp_path, "models").returncode == 0
    finally:
        running.stop()


def test_nothing_to_tell_of_says_what_to_do(tmp_path):
    """No file, no keys, no gateway that ever ran here."""
    for words in (("connect", "claude"), ("explain", "m"), ("models",)):
        done = run(tmp_path, *words)
        assert done.returncode == 2
        assert "run this where the gateway was started" in done.stderr
