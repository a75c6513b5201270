"""`selfcheck` finds what would keep the gateway from serving, says what to do, and leaves nothing
behind.
"""

import io
import json
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from uniapi.commands.selfcheck import (
    Finding,
    Premises,
    certificates,
    compiled_modules,
    limits,
    port,
    python_version,
    selfcheck,
)

ROOT = Path(__file__).parents[2]
CONFIG = (
    "providers:\n"
    "  - {provider: a, base_url: https://a.example/v1, api: k, model: [m]}\n"
    "api_keys:\n"
    "  - api: sk-0123456789abcdef\n"
)


def place(folder, **more):
    values = {
        "config_argument": str(folder / "api.yaml"),
        "host": "127.0.0.1",
        "port": 0,
        "data_dir": None,
        "default_data_dir": None,
    }
    return Premises(version="9.9.9", **{**values, **more})


def report(folder, **more):
    """(exit code, subject → state, subject → text)."""
    out = io.StringIO()
    code = selfcheck(place(folder, **more), {}, as_json=True, out=out)
    rows = json.loads(out.getvalue())["findings"]
    return (
        code,
        {row["subject"]: row["state"] for row in rows},
        {row["subject"]: row["text"] for row in rows},
    )


def test_a_host_that_will_do(tmp_path):
    """Exit 0, every subject named once or more, nothing left in the folder."""
    path = tmp_path / "api.yaml"
    path.write_text(CONFIG)
    path.chmod(0o600)
    code, states, texts = report(tmp_path)
    assert (code, states["configuration"], states["data dir"]) == (0, "ok", "ok")
    assert {
        "uni-api",
        "python",
        "platform",
        "packages",
        "compiled",
        "zstd",
        "certificates",
        "limits",
        "data dir",
        "configuration",
        "port",
    } == set(states)
    assert "9.9.9" in texts["uni-api"]
    assert sys.executable in texts["python"]
    assert [path] == list(tmp_path.iterdir())


def test_a_configuration_that_cannot_be_used_fails(tmp_path):
    """The number of problems and where to see them; the details are `check`'s."""
    (tmp_path / "api.yaml").write_text("providers: 3\n")
    code, states, texts = report(tmp_path)
    assert (code, states["configuration"]) == (1, "failed")
    assert "2 problems; `check` shows" in texts["configuration"]


def test_a_named_configuration_that_is_not_there_fails_and_an_expected_one_is_missed(
    tmp_path, monkeypatch
):
    """`--config` must exist; without it a newcomer is told the next step."""
    code, states, _ = report(tmp_path)
    assert code == 1
    assert states["configuration"] == "failed"
    monkeypatch.chdir(tmp_path)
    code, states, texts = report(tmp_path, config_argument=None)
    assert (code, states["configuration"]) == (0, "warning")
    assert "init" in texts["configuration"]


def test_a_remote_configuration_is_not_fetched(tmp_path):
    """No socket but the configured one; its secrets are not shown."""
    code, states, texts = report(
        tmp_path, config_argument="https://x.example/api.yaml?token=secret", data_dir=tmp_path
    )
    assert (code, states["configuration"]) == (0, "ok")
    assert "secret" not in texts["configuration"]


def test_a_data_dir_in_the_way_is_fatal_only_when_it_was_asked_for(tmp_path):
    """A file where the folder should be."""
    (tmp_path / "api.yaml").write_text(CONFIG)
    (tmp_path / "data").write_text("a file")
    code, states, _ = report(tmp_path)
    assert (code, states["data dir"]) == (0, "warning")
    code, states, _ = report(tmp_path, data_dir=tmp_path / "data")
    assert (code, states["data dir"]) == (1, "failed")


def test_a_port_taken_by_another_program_fails():
    """Named with its number; a free one is fine."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        found = port("127.0.0.1", number)
    assert found.state == "failed"
    assert str(number) in found.text
    assert port("127.0.0.1", number).state == "ok"


async def test_a_port_held_by_a_running_uni_api_is_fine(aiohttp_server):
    """Recognised by what `/healthz` says."""
    import asyncio

    from aiohttp import web

    async def health(request):
        return web.json_response(
            {"status": "ok", "version": "1.2.3", "config": "ok", "stats": "disk"}
        )

    application = web.Application()
    application.router.add_get("/healthz", health)
    server = await aiohttp_server(application)
    found = await asyncio.to_thread(port, "127.0.0.1", server.port)
    assert (
        Finding("ok", "port", f"{server.port} is held by uni-api 1.2.3, which is running") == found
    )


def test_a_host_that_cannot_be_bound_fails():
    """An address that is not this machine's."""
    assert port("203.0.113.1", 8000).state == "failed"


@pytest.mark.parametrize(
    "version, system, state",
    [
        ((3, 11, 6), "freebsd14", "warning"),
        ((3, 11, 7), "freebsd14", "ok"),
        ((3, 10, 13), "darwin", "warning"),
        ((3, 12, 0), "freebsd14", "warning"),
        ((3, 13, 0), "freebsd14", "ok"),
        ((3, 10, 13), "linux", "ok"),
    ],
)
def test_pythons_whose_kqueue_loses_events_are_named(version, system, state):
    """Only where kqueue is what waits."""
    assert state == python_version(version, system).state


def test_few_open_files_are_a_warning():
    """Below what a hundred streams take; the remedy is in the text."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
    try:
        found = next(limits())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert found.state == "warning"
    assert "ulimit -n" in found.text


def test_a_missing_certificate_store_fails(monkeypatch, tmp_path):
    """OpenSSL is pointed at nothing."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    found = certificates()
    assert found.state == "failed"
    assert "SSL_CERT_FILE" in found.text


def test_compiled_modules_are_told_but_no_failure():
    """An ordinary environment may have them."""
    assert compiled_modules().state == "ok"


def test_the_report_for_people(tmp_path):
    """As a command: one finding a line, a verdict last; without any package the missing ones are
    named, without a traceback.
    """
    (tmp_path / "api.yaml").write_text(CONFIG)
    command = [sys.executable, str(ROOT / "main.py"), "selfcheck", "--port", "0"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "this host will do"
    done = subprocess.run(
        [sys.executable, "-E", "-S", *command[1:]], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout.count("cannot be imported") == 3
