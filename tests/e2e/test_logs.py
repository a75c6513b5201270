"""What a running gateway writes: one readable line a request, no secret and no prompt at any level,
to stderr or to a file.
"""

import fcntl
import json
import os
import re

import pytest
from fakes import CLIENT_KEY, Answer, chat_stream, chat_whole, chunk, config, provider, whole

pytestmark = pytest.mark.slow
"""A process for nearly every test: `.ci/run` runs them."""

UP_KEYS = ["upstream-private-key-0123456789", "sk-proj-upstream-0123456789abcdef"]
PROMPT = "a prompt nobody else may read"
ANSWER = "an answer nobody else may read"
CHAT_PATH = "/v1/chat/completions"


@pytest.mark.parametrize("format_name", ["text", "json"])
async def test_a_debug_log_holds_a_line_a_request_and_neither_secrets_nor_prompts(
    upstream, gateway, client, format_name
):
    """Good calls, failed ones whose error echoes our key, refusals, keys in URLs: the log names the
    models and hides the rest. The file is readable by its owner only.
    """
    file = gateway.folder / "gateway.log"
    echo = {"error": {"message": f"Incorrect API key provided: {UP_KEYS[0]}"}}
    upstream.tell(
        "a",
        whole(echo, status=401),
        chat_whole(ANSWER),
        chat_stream(ANSWER),
        whole({"error": {"message": f"bad: {UP_KEYS[1]}"}}, status=400),
    )
    value = config(
        [
            provider(
                upstream,
                "a",
                api=UP_KEYS,
                preferences={"api_key_schedule_algorithm": "fixed_priority"},
            )
        ]
    )
    await gateway.start(
        value, "--log-file", str(file), "--log-format", format_name, "--log-level", "debug"
    )
    ids = []
    for stream in (False, True, False):
        body = {"model": "m", "stream": stream, "messages": [{"role": "user", "content": PROMPT}]}
        async with client.post(gateway.url + CHAT_PATH, json=body) as response:
            said = await response.text()
            assert not any(key in said for key in UP_KEYS)
            ids.append(response.headers["x-request-id"])
    for path in (
        f"/v1/models?key={CLIENT_KEY}",
        "/v1/models?key=sk-wrong-key-0123456789abc",
        f"/v1/api_config?key={CLIENT_KEY}",
    ):
        async with client.get(gateway.url + path) as response:
            await response.read()
    await gateway.stop()
    text = file.read_text(encoding="utf-8")
    if format_name == "json":
        entries = [json.loads(line) for line in text.splitlines()]
        assert all({"time", "level", "logger", "message"} <= entry.keys() for entry in entries)
        (entry,) = [
            entry for entry in entries if entry.get("request_id") == ids[0] and "outcome" in entry
        ]
        figures = {
            name: entry[name]
            for name in (
                "model",
                "provider",
                "upstream_model",
                "status",
                "outcome",
                "attempts",
                "input_tokens",
            )
        }
        assert figures == {
            "model": "m",
            "provider": "a",
            "upstream_model": "up-model",
            "status": 200,
            "outcome": "ok",
            "attempts": 2,
            "input_tokens": 3,
        }
    for request_id in ids:
        (line,) = [line for line in text.splitlines() if f"{request_id} " in line and " → " in line]
        assert re.search(r"m → a/up-model \d+ .*total \d+ ms", line), line
    assert "attempts 2" in text
    everything = text + gateway.log
    for hidden in (*UP_KEYS, CLIENT_KEY, "sk-wrong-key-0123456789abc", PROMPT, ANSWER):
        assert hidden not in everything, hidden
    assert file.stat().st_mode & 0o777 == 0o600


async def test_statistics_hold_neither_secrets_nor_prompts(upstream, gateway, client):
    """The same of everything in the data dir."""
    upstream.tell(
        "a",
        whole({"error": {"message": f"Incorrect API key provided: {UP_KEYS[0]}"}}, status=401),
        chat_whole(ANSWER),
    )
    await gateway.start(
        config(
            [
                provider(
                    upstream,
                    "a",
                    api=UP_KEYS,
                    preferences={"api_key_schedule_algorithm": "fixed_priority"},
                )
            ]
        )
    )
    async with client.post(
        gateway.url + CHAT_PATH,
        json={"model": "m", "messages": [{"role": "user", "content": PROMPT}]},
    ) as response:
        assert response.status == 200
    await gateway.stop()
    files = [path for path in (gateway.folder / "data").rglob("*") if path.is_file()]
    assert any(b'"outcome"' in path.read_bytes() for path in files)
    for path in files:
        content = path.read_bytes()
        assert not any(
            hidden.encode() in content for hidden in (*UP_KEYS, CLIENT_KEY, PROMPT, ANSWER)
        ), path


async def test_what_an_upstream_repeats_of_an_address_or_a_header_is_hidden(
    upstream, gateway, client
):
    """A password or a parameter of `base_url`, a proxy's password, a configured header: not to
    clients, logs, journal or the status, whole or within a stream.
    """
    hidden = ("url-password-1", "query-secret-1", "header-secret-1", UP_KEYS[0])
    said = {"error": {"message": " ".join(hidden), "type": "server_error"}}
    upstream.tell("a", whole(said, status=500))
    upstream.tell(
        "b",
        Answer(
            [
                chunk({"role": "assistant", "content": "hi"}),
                b"data: " + json.dumps(said).encode() + b"\n\n",
            ]
        ),
    )
    providers = [
        provider(
            upstream,
            name,
            api=UP_KEYS[0],
            model=[f"m-{name}"],
            preferences={"headers": {"x-api-token": hidden[2]}},
        )
        for name in "ab"
    ]
    for one in providers:
        one["base_url"] = (
            one["base_url"].replace("http://", f"http://user:{hidden[0]}@") + f"?key={hidden[1]}"
        )
    await gateway.start(config(providers))
    seen = ""
    for model in ("m-a", "m-b"):
        for path, more in ((CHAT_PATH, {}), ("/v1/messages", {"max_tokens": 9})):
            body = {
                "model": model,
                "stream": True,
                "messages": [{"role": "user", "content": PROMPT}],
                **more,
            }
            async with client.post(gateway.url + path, json=body) as response:
                seen += await response.text()
    async with client.get(gateway.url + "/v1/status") as response:
        seen += await response.text()
    await gateway.stop()
    seen += gateway.log + "".join(
        path.read_text() for path in (gateway.folder / "data").rglob("*.jsonl")
    )
    assert "m-a" in seen
    assert [one for one in hidden if one in seen] == []


async def test_a_terminal_that_stands_still_stops_neither_calls_nor_the_end(
    upstream, gateway, client
):
    """Ctrl-S, a frozen `tee`: nobody reads, and a pipe of 4 KB is full after thirty calls."""
    upstream.tell("a", chat_whole())
    reading, writing = os.pipe()
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    await gateway.start(config([provider(upstream, "a")]), log=os.fdopen(writing, "wb"))
    for _ in range(200):
        question = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
        async with client.post(gateway.url + CHAT_PATH, json=question) as answer:
            assert answer.status == 200
    assert await gateway.stop() == 0
    os.close(reading)
