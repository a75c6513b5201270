"""The gateway as a process: hang-ups, stopping, reloading, and starts that cannot succeed.

A real runner cancels handlers where test servers do not.
"""

import asyncio
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys

import aiohttp
import pytest
import warm
import yaml
from fakes import CLIENT_KEY, DONE, ROOT, Answer, chat_stream, chat_whole, chunk, config, provider

CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
HEADERS = {"Authorization": f"Bearer {CLIENT_KEY}"}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("after_first_token", [True, False])
async def test_a_client_that_leaves_stops_the_upstream_call_at_once(
    upstream, gateway, client, stream, after_first_token
):
    """Streaming or not, before and after the first token: the upstream connection is closed (half a
    second on an idle machine; the bound here allows for a busy one) and nothing stays behind.
    """
    if after_first_token:
        pieces = [chunk({"content": "x"})] if stream else [b'{"choices": [']
        answer = Answer(
            pieces, then="hang", content_type="text/event-stream" if stream else "application/json"
        )
    else:
        answer = Answer([], then="hang")
    upstream.tell("a", answer)
    await gateway.start(config([provider(upstream, "a")]))
    async with aiohttp.ClientSession(headers=HEADERS) as leaving:
        asking = asyncio.ensure_future(
            leaving.post(gateway.url + "/v1/chat/completions", json={**CHAT, "stream": stream})
        )
        while not upstream.seen.get("a"):
            await asyncio.sleep(0.01)
        if after_first_token and stream:
            response = await asking
            await response.content.readany()
            response.close()
        else:
            await asyncio.sleep(0.1)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
    await asyncio.wait_for(upstream.seen["a"][0].closed.wait(), 2)
    upstream.tell("a", chat_whole())
    async with client.post(gateway.url + "/v1/chat/completions", json=CHAT) as response:
        assert response.headers["x-uniapi-attempts"] == "a#1=200", (
            "a client's leaving is not the upstream's fault"
        )


async def test_a_stop_lets_running_streams_finish(upstream, gateway, client):
    """SIGTERM: no new connections, the stream goes on to its end, exit code 0."""
    upstream.tell(
        "a", Answer([chunk({"content": "x"})] * 10 + [chunk({}, "stop"), DONE], pause_s=0.1)
    )
    await gateway.start(config([provider(upstream, "a")]))
    async with client.post(
        gateway.url + "/v1/chat/completions", json={**CHAT, "stream": True}
    ) as response:
        await response.content.readany()
        gateway.process.send_signal(signal.SIGTERM)
        body = await response.read()
        assert body.endswith(DONE)
    assert await asyncio.wait_for(gateway.process.wait(), 5) == 0


async def test_a_second_signal_ends_at_once(upstream, gateway, client):
    """The impatient way out: exit code 1."""
    upstream.tell("a", Answer([chunk({"content": "x"})], then="hang"))
    await gateway.start(config([provider(upstream, "a")]))
    async with client.post(
        gateway.url + "/v1/chat/completions", json={**CHAT, "stream": True}
    ) as response:
        await response.content.readany()
        gateway.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.3)
        gateway.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(gateway.process.wait(), 5) == 1


async def test_an_edited_file_applies_without_dropping_a_stream_and_a_broken_one_is_refused(
    upstream, gateway, client
):
    """SIGHUP reloads at once; a running stream keeps its snapshot; `/healthz` says stale while the
    file is broken.
    """
    upstream.tell(
        "a", Answer([chunk({"content": "x"})] * 15 + [chunk({}, "stop"), DONE], pause_s=0.1)
    )
    upstream.tell("b", chat_whole("from b"))
    await gateway.start(config([provider(upstream, "a")]))
    path = gateway.folder / "api.yaml"
    async with client.post(
        gateway.url + "/v1/chat/completions", json={**CHAT, "stream": True}
    ) as response:
        await response.content.readany()
        path.write_text(yaml.safe_dump(config([provider(upstream, "b")])))
        gateway.process.send_signal(signal.SIGHUP)
        await asyncio.sleep(0.5)
        async with client.post(gateway.url + "/v1/chat/completions", json=CHAT) as new:
            assert (await new.json())["choices"][0]["message"]["content"] == "from b"
        assert (await response.read()).endswith(DONE)
    path.write_text("providers: [")
    gateway.process.send_signal(signal.SIGHUP)
    await asyncio.sleep(0.5)
    async with client.get(gateway.url + "/healthz") as response:
        assert (await response.json())["config"] == "stale"
    async with client.post(gateway.url + "/v1/chat/completions", json=CHAT) as response:
        assert response.status == 200


def run(*arguments, cwd):
    """A command to its end, from a warm start."""
    return warm.run(arguments, cwd=cwd)


def run_cold(*arguments, cwd):
    """A command to its end, as a user starts it."""
    return subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.parametrize(
    "text, words",
    [
        ("providers: [", ["error", "line 1"]),
        ("providers: 3\napi_keys: []\n", ["providers"]),
        (
            (
                "providers:\n"
                "  - provider: a\n"
                "    base_url: https://a.example/v1\n"
                "    api: k\n"
                "    engine: gtp\n"
                "api_keys:\n"
                "  - api: sk-0123456789abcdef\n"
            ),
            ["providers[0].engine", "gtp", "gpt"],
        ),
        ("", ["empty"]),
    ],
)
def test_a_configuration_that_cannot_be_used_ends_with_2_and_a_message(tmp_path, text, words):
    """Broken YAML, wrong types, an unknown engine: each named, never a traceback."""
    (tmp_path / "api.yaml").write_text(text)
    for arguments in (["serve", "--port", "0"], ["check"]):
        done = run(*arguments, cwd=tmp_path)
        output = done.stdout + done.stderr
        assert done.returncode == 2, output
        assert "Traceback" not in output
        for word in words:
            assert word in output


def test_no_configuration_says_what_to_do(tmp_path):
    """The newcomer's first mistake is answered with the next step."""
    done = run("serve", cwd=tmp_path)
    assert done.returncode == 2
    assert "init" in done.stderr
    assert "--demo" in done.stderr


def test_a_port_in_use_is_named(tmp_path):
    """Exit 1 with the port's number."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("serve", "--demo", "--port", str(port), cwd=tmp_path)
    assert done.returncode == 1
    assert str(port) in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_second_start_on_the_same_data_dir_ends_with_3_and_the_pid(
    upstream, gateway, tmp_path
):
    """Safe under cron: the running one is named and left alone."""
    await gateway.start(config([provider(upstream, "a")]))
    done = await asyncio.to_thread(
        run, "serve", "--config", str(tmp_path / "api.yaml"), "--port", "0", cwd=tmp_path
    )
    assert done.returncode == 3
    assert str(gateway.process.pid) in done.stderr


async def test_a_data_dir_that_cannot_be_made_is_a_warning_unless_it_was_asked_for(
    upstream, gateway, client, tmp_path
):
    """In memory with one warning by default; exit 1 with --data-dir."""
    (tmp_path / "data").write_text("a file is in the way")
    await gateway.start(config([provider(upstream, "a")]))
    async with client.get(gateway.url + "/healthz") as response:
        assert (await response.json())["stats"] == "memory"
    await gateway.stop()
    assert "kept in memory" in gateway.log
    done = await asyncio.to_thread(
        run,
        "serve",
        "--config",
        str(tmp_path / "api.yaml"),
        "--data-dir",
        str(tmp_path / "data"),
        "--port",
        "0",
        cwd=tmp_path,
    )
    assert done.returncode == 1


async def test_a_data_dir_that_others_may_write_to_is_refused(upstream, gateway, client, tmp_path):
    """Asked for: exit 1, and what to do; else in memory with a warning. Half-written files of a
    killed process are removed where it is ours.
    """
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o777)
    await gateway.start(config([provider(upstream, "a")]))
    await gateway.stop()
    assert "may be written to by others" in gateway.log
    arguments = ("serve", "--config", str(tmp_path / "api.yaml"), "--port", "0")
    done = await asyncio.to_thread(run, *arguments, "--data-dir", str(folder), cwd=tmp_path)
    assert (done.returncode, "chmod 700" in done.stderr) == (1, True)
    folder.chmod(0o700)
    (folder / ".windows.json.77.tmp").write_text("half")
    await gateway.start(config([provider(upstream, "a")]))
    await gateway.stop()
    assert not list(folder.glob(".*.tmp"))


def test_the_small_commands(tmp_path):
    """`--version`, `keygen`, `init` (never overwrites) and `check` on what `init` wrote."""
    assert (ROOT / "VERSION").read_text() == run_cold("--version", cwd=tmp_path).stdout
    key = run("keygen", cwd=tmp_path).stdout.strip()
    assert key.startswith("sk-")
    assert len(key) == 51
    begun = run("init", cwd=tmp_path)
    assert begun.returncode == 0
    path = tmp_path / "api.yaml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert run("init", cwd=tmp_path).returncode == 2
    checked = run_cold("check", "--json", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout
    assert json.loads(checked.stdout)["ok"]
    shown = re.search(r"then run `(.+) check`", begun.stdout)
    assert f"# Check this file:        {shown[1]} check\n" in path.read_text()
    copied = subprocess.run(
        ["sh", "-c", f"{shown[1]} check"], cwd=tmp_path, capture_output=True, text=True, timeout=30
    )
    assert (copied.returncode, copied.stdout.splitlines()[-1]) == (
        0,
        "./api.yaml: 0 errors, 1 warning",
    )
    assert "providers[0].api: this looks like an example's key" in copied.stdout


@pytest.mark.parametrize(
    "word, said",
    [
        ("chek", "did you mean `check`?"),
        ("start", "did you mean `serve`?"),
        ("frobnicate", "there are serve, check, explain"),
        ("api.yaml", "to run with it: --config api.yaml"),
    ],
)
def test_a_mistyped_command_is_told_the_right_one(tmp_path, word, said):
    """Exit 2 and one line; a word that is like none gets the list."""
    done = run(word, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert said in done.stderr


async def test_the_demo_answers_the_readmes_curl(gateway, tmp_path):
    """Streaming text, a tool call and usage, with the key `sk-demo`, on 127.0.0.1."""
    await gateway.launch("serve", "--demo")
    headers = {"Authorization": "Bearer sk-demo"}
    async with aiohttp.ClientSession(headers=headers) as session:
        body = {
            "model": "demo",
            "stream": True,
            "messages": [{"role": "user", "content": "Hello!"}],
            "stream_options": {"include_usage": True},
        }
        async with session.post(gateway.url + "/v1/chat/completions", json=body) as response:
            text = (await response.read()).decode()
        assert "Hello!" in "".join(
            (json.loads(line[6:])["choices"] or [{"delta": {}}])[0]["delta"].get("content", "")
            for line in text.splitlines()
            if line.startswith("data: {")
        )
        assert '"usage"' in text
        tool = {
            "type": "function",
            "function": {
                "name": "look",
                "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
            },
        }
        async with session.post(
            gateway.url + "/v1/chat/completions", json={**body, "stream": False, "tools": [tool]}
        ) as response:
            value = await response.json()
        assert value["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "look"
        assert json.loads(
            value["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]
        ) == {"city": "demo"}


async def test_many_streams_leave_nothing_behind(upstream, gateway, client):
    """After a hundred streams, half of them abandoned, the process holds no more sockets than
    before.
    """
    upstream.tell("a", chat_stream())
    await gateway.start(config([provider(upstream, "a")]))
    descriptors = f"/proc/{gateway.process.pid}/fd"

    async def one(abandon):
        async with (
            aiohttp.ClientSession(headers=HEADERS) as session,
            session.post(
                gateway.url + "/v1/chat/completions", json={**CHAT, "stream": True}
            ) as response,
        ):
            if not abandon:
                assert (await response.read()).endswith(DONE)

    await one(False)
    before = len(os.listdir(descriptors))
    for _ in range(5):
        await asyncio.gather(*(one(number % 2 == 0) for number in range(20)))
    await asyncio.sleep(0.5)
    sockets = [
        name for name in os.listdir(descriptors) if "socket" in os.readlink(f"{descriptors}/{name}")
    ]
    assert len(os.listdir(descriptors)) <= before + 25, sockets


async def test_more_clients_than_open_files_are_told_so_and_nothing_hangs(
    upstream, gateway, tmp_path
):
    """With a small hard limit the surplus gets 503 at once, the others their answers, and the log
    one line.
    """
    upstream.tell("a", chat_whole())
    (tmp_path / "api.yaml").write_text(yaml.safe_dump(config([provider(upstream, "a")])))
    await gateway.launch("--config", str(tmp_path / "api.yaml"), open_files=64)

    async def one():
        async with aiohttp.ClientSession(headers=HEADERS) as session:
            try:
                async with session.post(
                    gateway.url + "/v1/chat/completions", json=CHAT
                ) as response:
                    return response.status
            except aiohttp.ClientError:
                return 503

    statuses = await asyncio.wait_for(asyncio.gather(*(one() for _ in range(100))), 20)
    assert set(statuses) <= {200, 503}
    assert statuses.count(200) >= 4
    assert "Traceback" not in gateway.log
    async with (
        aiohttp.ClientSession(headers=HEADERS) as session,
        session.post(gateway.url + "/v1/chat/completions", json=CHAT) as response,
    ):
        assert response.status == 200, "once the rush is over, all is as before"
