"""Proxies: a key's own before its provider's before the global one; for calls, model lists, access
tokens and `check --live`; SOCKS5 and HTTP.
"""

import asyncio
import json
import shutil
import signal
import subprocess
import sys

import pytest
from fakes import CLIENT_KEY, ROOT, chat_whole, config, whole
from proxies import FakeProxy, certificate

pytestmark = pytest.mark.slow
"""A process for nearly every test: `.ci/run` runs them."""

CHAT = {"messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
async def proxy(upstream):
    fake = await FakeProxy(upstream).start()
    yield fake
    await fake.stop()


def far(name, **more):
    """A provider at a host that only a proxy can find."""
    return {
        "provider": name,
        "base_url": f"http://{name}.invalid/{name}/v1/chat/completions",
        "api": f"sk-up-{name}-key",
        **more,
    }


async def test_each_call_goes_through_the_nearest_proxy(upstream, proxy, gateway, client):
    """Global, the provider's, a key's; names are left to the proxy to resolve; its password is
    given.
    """
    for name in ("g", "p", "k"):
        upstream.tell(name, chat_whole(f"from {name}"))
    other = await FakeProxy(upstream).start()
    keyed = await FakeProxy(upstream).start()
    entries = [
        far("g", model=[{"up": "m-g"}]),
        far(
            "p",
            model=[{"up": "m-p"}],
            preferences={"proxy": f"socks5h://user:secret-word@{other.address}"},
        ),
        far(
            "k",
            model=[{"up": "m-k"}],
            api=[{"key": "sk-up-k-key", "proxy": f"socks5://{keyed.address}"}],
            preferences={"proxy": "http://127.0.0.1:9"},
        ),
    ]
    await gateway.start(config(entries, {"proxy": f"http://{proxy.address}"}))
    for name in ("g", "p", "k"):
        async with client.post(
            gateway.url + "/v1/chat/completions", json={**CHAT, "model": f"m-{name}"}
        ) as response:
            assert (await response.json())["choices"][0]["message"]["content"] == f"from {name}", (
                gateway.log
            )
    assert proxy.asked == ["http http://g.invalid/g/v1/chat/completions"]
    assert other.asked == ["socks5 p.invalid:80"]
    assert other.passwords == [("user", "secret-word")]
    assert keyed.asked == ["socks5 k.invalid:80"]
    assert "secret-word" not in gateway.log
    await other.stop()
    await keyed.stop()


READY = "ready for proxies"


async def test_the_first_request_through_a_proxy_finds_all_that_it_needs(proxy, gateway):
    """It is brought in by a thread where a configuration names a proxy, the first or a later one,
    and nowhere else.
    """
    through = {"proxy": f"http://{proxy.address}"}
    direct = config([far("a", model=[{"up": "m"}], preferences={"proxy": "none"})], through)
    proxied = config([far("a", model=[{"up": "m"}])], through)
    await gateway.start(direct, "--log-level", "debug")
    (gateway.folder / "api.yaml").write_text(json.dumps(proxied))
    gateway.process.send_signal(signal.SIGHUP)
    while READY not in gateway.log:
        await asyncio.sleep(0.02)
    before, _, _ = gateway.log.partition(READY)
    assert "configuration: provider a" in before
    await gateway.stop()
    (gateway.folder / "log").unlink()
    await gateway.start(proxied, "--log-level", "debug")
    while READY not in gateway.log:
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("level", ["global", "provider", "key"])
async def test_model_lists_come_through_the_proxy(upstream, proxy, gateway, client, level):
    """A provider without `model` is asked through the proxy that its calls take."""
    upstream.tell("d", whole({"object": "list", "data": [{"id": "found", "object": "model"}]}))
    address = f"socks5h://{proxy.address}"
    more = {
        "provider": {"preferences": {"proxy": address}},
        "key": {"api": [{"key": "sk-up-d-key", "proxy": address}]},
    }.get(level, {})
    await gateway.start(
        config([far("d", **more)], {"proxy": address} if level == "global" else None)
    )
    async with client.get(gateway.url + "/v1/models") as response:
        assert [model["id"] for model in (await response.json())["data"]] == ["found"], gateway.log
    assert proxy.asked == ["socks5 d.invalid:80"]


@pytest.mark.skipif(
    shutil.which("openssl") is None, reason="makes its certificate with the openssl command"
)
async def test_access_tokens_and_tls_go_through_a_connect_proxy(
    upstream, gateway, client, tmp_path
):
    """Vertex: the token and the call both through CONNECT, TLS end to end, certificates checked."""
    context, authority = certificate(tmp_path, "oauth2.googleapis.com", "*.googleapis.com")
    proxy = await FakeProxy(upstream).start(context)
    private_key = subprocess.run(
        ["openssl", "genrsa", "2048"], check=True, capture_output=True, text=True
    ).stdout
    upstream.tell(
        "token",
        whole({"access_token": "ya29.short-lived", "expires_in": 3600, "token_type": "Bearer"}),
    )
    candidate = {
        "content": {"role": "model", "parts": [{"text": "from vertex"}]},
        "finishReason": "STOP",
        "index": 0,
    }
    upstream.tell(
        "v1",
        whole(
            {
                "candidates": [candidate],
                "usageMetadata": {
                    "promptTokenCount": 1,
                    "candidatesTokenCount": 1,
                    "totalTokenCount": 2,
                },
            }
        ),
    )
    vertex = {
        "provider": "v",
        "project_id": "project",
        "private_key": private_key,
        "client_email": "robot@project.iam.gserviceaccount.com",
        "engine": "vertex-gemini",
        "model": [{"gemini-2.5-flash": "m"}],
    }
    await gateway.start(
        config([vertex], {"proxy": f"http://{proxy.address}"}),
        environment={"SSL_CERT_FILE": str(authority)},
    )
    async with client.post(
        gateway.url + "/v1/chat/completions", json={**CHAT, "model": "m"}
    ) as response:
        assert (await response.json())["choices"][0]["message"]["content"] == "from vertex", (
            gateway.log
        )
    assert proxy.asked[0] == "connect oauth2.googleapis.com:443"
    assert proxy.asked[1].startswith("connect ")
    assert proxy.asked[1].endswith("aiplatform.googleapis.com:443")
    assert upstream.seen["v1"][0].headers["authorization"] == "Bearer ya29.short-lived"
    await proxy.stop()


async def test_a_dead_proxy_is_a_failure_like_another(upstream, gateway, client):
    """The next channel serves; the proxy's address, which may hold a password, is not shown."""
    upstream.tell("b", chat_whole())
    dead = far(
        "a", model=[{"up": "m"}], preferences={"proxy": "socks5://user:secret-word@127.0.0.1:9"}
    )
    near = {
        "provider": "b",
        "base_url": upstream.url("b"),
        "api": "sk-up-b-key",
        "model": [{"up": "m"}],
    }
    await gateway.start(config([dead, near]))
    async with client.post(
        gateway.url + "/v1/chat/completions", json={**CHAT, "model": "m"}
    ) as response:
        assert response.status == 200
        assert response.headers["x-uniapi-attempts"] == "a#1=unreachable, b#1=200"
    assert "secret-word" not in gateway.log


async def test_check_live_asks_through_the_proxies(upstream, proxy, tmp_path):
    """Each key by the proxy that its calls would take; whether the list is there for anybody is
    asked by the first one's.
    """
    upstream.tell(
        "a",
        whole({"error": {"message": "no key"}}, status=401),
        whole({"object": "list", "data": [{"id": "x", "object": "model"}]}),
    )
    keys = ["sk-up-first-key", {"key": "sk-up-second-key", "proxy": f"socks5h://{proxy.address}"}]
    value = config([far("a", model=["x"], api=keys)], {"proxy": f"http://{proxy.address}"})
    (tmp_path / "api.yaml").write_text(json.dumps(value))
    command = [sys.executable, str(ROOT / "main.py"), "check", "--live", "--json"]
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=tmp_path, capture_output=True, text=True, timeout=40
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert [row["ok"] for row in json.loads(done.stdout)["live"]] == [True, True]
    assert set(proxy.asked) == {"http http://a.invalid/a/v1/models", "socks5 a.invalid:80"}
    assert CLIENT_KEY not in done.stdout
