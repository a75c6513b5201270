"""What the front door says to good and bad requests: keys, paths, methods, bodies, CORS, model
lists.
"""

import asyncio
import gzip
import io
import json
import re

import aiohttp
import pytest
import pytest_asyncio
from fakes import CLIENT_KEY, FakeUpstream, Gateway, chat_whole, config, provider, whole

CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
CHAT_PATH = "/v1/chat/completions"


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory):
    """One gateway for all tests that only ask it."""
    upstream = await FakeUpstream().start()
    upstream.tell("a", chat_whole())
    process = Gateway(tmp_path_factory.mktemp("front"))
    yield await process.start(config([provider(upstream, "a", model=["m", {"x": "gpt-4o"}])]))
    await process.stop()
    await upstream.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def client():
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {CLIENT_KEY}"}) as session:
        yield session


@pytest_asyncio.fixture(loop_scope="module")
async def upstream():
    fake = await FakeUpstream().start()
    yield fake
    await fake.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def gateway(tmp_path):
    process = Gateway(tmp_path)
    yield process
    await process.stop()


async def test_a_key_is_taken_from_every_carrier(served):
    """Bearer, x-api-key, x-goog-api-key and ?key= all work, and any that matches counts."""
    async with aiohttp.ClientSession() as session:
        for headers, query in (
            ({"Authorization": f"Bearer {CLIENT_KEY}"}, ""),
            ({"x-api-key": CLIENT_KEY}, ""),
            ({"x-goog-api-key": CLIENT_KEY}, ""),
            ({}, f"?key={CLIENT_KEY}"),
            ({"Authorization": "Bearer wrong", "x-api-key": CLIENT_KEY}, ""),
        ):
            async with session.post(
                served.url + CHAT_PATH + query, json=CHAT, headers=headers
            ) as response:
                assert response.status == 200, headers


@pytest.mark.parametrize("key", ["", "wrong", CLIENT_KEY + "x", CLIENT_KEY[:-1]])
async def test_a_wrong_key_is_401_in_the_dialect_of_the_path(served, key):
    """Exact match only; OpenAI's, Anthropic's and Google's shapes."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.post(served.url + CHAT_PATH, json=CHAT) as response:
            assert (response.status, (await response.json())["error"]["code"]) == (
                401,
                "invalid_api_key",
            )
        async with session.post(served.url + "/v1/messages", json=CHAT) as response:
            assert (response.status, (await response.json())["error"]["type"]) == (
                401,
                "authentication_error",
            )
        async with session.post(
            served.url + "/v1beta/models/m:generateContent", json={"contents": []}
        ) as response:
            assert (response.status, (await response.json())["error"]["status"]) == (
                401,
                "UNAUTHENTICATED",
            )


BAD_BODIES = [
    (b"{", 400, "JSON"),
    (b"", 400, "empty"),
    (b"[]", 400, "object"),
    (b'{"messages": [{"role": "user", "content": "x"}]}', 400, "model"),
    (b'{"model": 3, "messages": []}', 400, "model"),
    (b'{"model": "m"}', 400, "messages"),
    (b'{"model": "m", "messages": "hi"}', 400, "messages"),
    (
        b'{"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": "yes"}',
        400,
        "stream",
    ),
    (b'{"model": "m", "messages": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", 400, "deep"),
    (b'{"model": "nope", "messages": [{"role": "user", "content": "x"}]}', 404, "nope"),
    (b'{"model": "gpt-4p", "messages": [{"role": "user", "content": "x"}]}', 404, "gpt-4o"),
    (b"\xff\xfe", 400, "UTF-8"),
]


@pytest.mark.parametrize("body, status, word", BAD_BODIES)
async def test_a_bad_body_is_refused_with_what_is_wrong(served, client, body, status, word):
    """Never a 500, always the member at fault."""
    async with client.post(
        served.url + CHAT_PATH, data=body, headers={"Content-Type": "application/json"}
    ) as response:
        value = await response.json()
    assert status == response.status
    assert word in value["error"]["message"]


async def test_a_body_that_is_too_large_is_413_also_when_it_hides_in_gzip(served, client):
    """33 MiB, said, unsaid and compressed."""
    large = b'{"model": "m", "padding": "' + b"x" * (33 * 1024 * 1024) + b'"}'
    headers = {"Content-Type": "application/json"}

    async def unsaid():
        for start in range(0, len(large), 1 << 20):
            yield large[start : start + (1 << 20)]

    bomb = gzip.compress(large)
    for data, more in (
        (io.BytesIO(large), {}),
        (unsaid(), {}),
        (bomb, {"Content-Encoding": "gzip"}),
    ):
        async with client.post(
            served.url + CHAT_PATH, data=data, headers={**headers, **more}
        ) as response:
            assert response.status == 413


async def test_compressed_bodies_are_read_and_unknown_encodings_named(served, client):
    """gzip and deflate work; br is a 415."""
    headers = {"Content-Type": "application/json"}
    async with client.post(
        served.url + CHAT_PATH,
        data=gzip.compress(json.dumps(CHAT).encode()),
        headers={**headers, "Content-Encoding": "gzip"},
    ) as response:
        assert response.status == 200
    async with client.post(
        served.url + CHAT_PATH, data=b"x", headers={**headers, "Content-Encoding": "br"}
    ) as response:
        assert response.status == 415
    async with client.post(
        served.url + CHAT_PATH, data=b"no gzip", headers={**headers, "Content-Encoding": "gzip"}
    ) as response:
        assert response.status == 400


@pytest.mark.parametrize(
    "path",
    [
        "/chat/completions",
        "/v1/v1/chat/completions",
        "//v1//chat/completions",
        "/v1/chat/completions/",
    ],
)
async def test_sloppy_urls_are_forgiven(served, client, path):
    """Missing or doubled /v1, doubled and trailing slashes."""
    from yarl import URL

    async with client.post(URL(served.url + path, encoded=True), json=CHAT) as response:
        assert response.status == 200


async def test_unknown_paths_and_methods_are_named(served, client):
    """404 with near matches, 405 with Allow, HEAD / for probes."""
    async with client.post(served.url + "/v1/chat/completion", json=CHAT) as response:
        assert response.status == 404
        assert "/v1/chat/completions" in (await response.json())["error"]["message"]
    async with client.post(served.url + "/v1/models/m:generateContents", json={}) as response:
        error = (await response.json())["error"]
        assert (
            response.status,
            error["status"],
            error["message"].endswith(":generateContent?"),
        ) == (404, "NOT_FOUND", True)
    async with client.get(
        served.url + "/v1/models/nope", headers={"anthropic-version": "2023-06-01"}
    ) as response:
        assert (response.status, (await response.json())["error"]["type"]) == (
            404,
            "not_found_error",
        )
    async with client.get(served.url + CHAT_PATH) as response:
        assert (response.status, response.headers["allow"]) == (405, "POST")
    async with client.head(served.url + "/") as response:
        assert response.status == 200


async def test_every_answer_carries_a_request_id_and_cors(served, client):
    """Errors included, so that a browser can read them."""
    origin = {"Origin": "https://chat.example"}
    for path, status in ((CHAT_PATH, 200), ("/nothing", 404)):
        async with client.post(served.url + path, json=CHAT, headers=origin) as response:
            assert status == response.status
            assert response.headers["access-control-allow-origin"] == "*"
            assert "access-control-allow-credentials" not in response.headers
            assert response.headers["x-request-id"]
    async with client.options(
        served.url + CHAT_PATH,
        headers={**origin, "Access-Control-Request-Headers": "authorization, x-any"},
    ) as response:
        assert (response.status, response.headers["access-control-allow-headers"]) == (
            204,
            "authorization, x-any",
        )
    async with client.get(served.url + "/v1/stats", headers=origin) as response:
        assert "access-control-allow-origin" not in response.headers


async def test_model_lists_in_the_shape_the_client_reads(served, client):
    """Exactly what can be routed: OpenAI's shape by default, Anthropic's and Gemini's on their
    signs.
    """
    async with client.get(served.url + "/v1/models") as response:
        value = await response.json()
    assert [model["id"] for model in value["data"]] == ["m", "gpt-4o"]
    assert value["data"][0] == {
        "id": "m",
        "object": "model",
        "created": 1720524448858,
        "owned_by": "uni-api",
    }
    async with client.get(
        served.url + "/v1/models", headers={"anthropic-version": "2023-06-01"}
    ) as response:
        first = (await response.json())["data"][0]
        assert (first["type"], first["id"]) == ("model", "m")
    async with client.get(served.url + "/v1beta/models") as response:
        assert (await response.json())["models"][0]["name"] == "models/m"
    async with client.get(served.url + "/v1/models/gpt-4o") as response:
        assert (await response.json())["id"] == "gpt-4o"
    async with client.get(served.url + "/v1/models/gpt-5") as response:
        assert response.status == 404


async def test_the_admin_surface_needs_an_admin(upstream, gateway):
    """With several keys only `role: admin` opens it."""
    upstream.tell("a", chat_whole())
    value = config([provider(upstream, "a")], role="admin")
    value["api_keys"].append({"api": "sk-second-key-0123456789"})
    await gateway.start(value)
    async with aiohttp.ClientSession() as session:
        for key, status in ((CLIENT_KEY, 200), ("sk-second-key-0123456789", 403)):
            async with session.get(
                gateway.url + "/v1/stats", headers={"x-api-key": key}
            ) as response:
                assert status == response.status
        async with session.get(
            gateway.url + "/v1/stats?hours=0", headers={"x-api-key": CLIENT_KEY}
        ) as response:
            assert response.status == 400
        async with session.get(
            gateway.url + "/v1/generate-api-key", headers={"x-api-key": CLIENT_KEY}
        ) as response:
            assert len((await response.json())["api_key"]) == 51


async def test_a_provider_without_models_is_asked_for_its_list(upstream, gateway, client):
    """Start-up does not wait; a request that needs the list does."""
    upstream.tell(
        "a",
        whole({"object": "list", "data": [{"id": "found-model", "object": "model"}]}),
        chat_whole(),
    )
    entry = provider(upstream, "a")
    del entry["model"]
    await gateway.start(config([entry]))
    async with client.post(
        gateway.url + CHAT_PATH, json={**CHAT, "model": "found-model"}
    ) as response:
        assert response.status == 200, await response.text()
    assert [seen.method for seen in upstream.seen["a"]] == ["GET", "POST"]
    async with client.get(gateway.url + "/v1/models") as response:
        assert [model["id"] for model in (await response.json())["data"]] == ["found-model"]
    assert "found-model" not in (gateway.folder / "api.yaml").read_text()


async def exchange(port, data):
    """What the server says to raw bytes, until it falls silent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    said = b""
    try:
        # The first odd request of a process waits for aiohttp.
        while piece := await asyncio.wait_for(reader.read(65536), 0.5 if said else 10):
            said += piece
    except asyncio.TimeoutError:
        pass
    writer.transport.abort()
    return said


async def test_requests_that_could_be_smuggled_are_refused_without_a_traceback(served):
    """Content-Length beside Transfer-Encoding, two lengths, bytes that are no HTTP: 400 and close,
    a head without end: 431; as JSON, with one line in the log.
    """
    head = b"POST /v1/messages HTTP/1.1\r\nhost: x\r\n"
    request_ids = []
    for data, status in (
        (head + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (head + b"content-length: 5\r\ncontent-length: 6\r\n\r\nhello", 400),
        (b"\x16\x03\x01\x00\xa5garbage\r\n\r\n", 400),
        (head + b"x: " + b"a" * 70_000 + b"\r\n\r\n", 431),
        (head.replace(b"HTTP/1.1", b"HTTP/2.0") + b"\r\n", 505),
    ):
        said, _, body = (await exchange(served.port, data)).partition(b"\r\n\r\n")
        assert said.split(b" ")[1] == b"%d" % status
        error = json.loads(body)
        assert error["error"]["message"]
        if data.startswith(head[:16]):
            assert error["type"] == "error"
        request_ids.append(re.search(rb"x-request-id: (\w+)", said)[1].decode())
    while not all(request_id in served.log for request_id in request_ids):
        await asyncio.sleep(0.02)
    assert "Traceback" not in served.log


async def test_a_client_that_leaves_in_the_middle_of_its_request_is_no_error(served, client):
    """JSON or a form: no traceback, and the next one is served."""
    forms = (
        (b"application/json", b'{"model": "m"'),
        (
            b"multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nRIFF',
        ),
    )
    for path in (b"/v1/embeddings", b"/v1/images/edits", b"/v1/chat/completions"):
        for content_type, begun in forms:
            _, writer = await asyncio.open_connection("127.0.0.1", served.port)
            head = (
                b"POST %b HTTP/1.1\r\n"
                b"host: x\r\n"
                b"x-api-key: %b\r\n"
                b"content-type: %b\r\n"
                b"content-length: 1000\r\n"
                b"\r\n"
            )
            writer.write(head % (path, CLIENT_KEY.encode(), content_type) + begun)
            await writer.drain()
            async with client.get(served.url + "/healthz") as response:
                assert response.status == 200
            writer.transport.abort()
    async with client.post(served.url + CHAT_PATH, json=CHAT) as response:
        assert response.status == 200
    assert "Traceback" not in served.log


async def test_a_client_that_waits_for_leave_to_send_gets_it(served):
    """`Expect: 100-continue`, as curl sends for larger bodies."""
    body = json.dumps(CHAT).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\n"
        f"host: x\r\n"
        f"x-api-key: {CLIENT_KEY}\r\n"
        f"expect: 100-continue\r\n"
        f"content-length: {len(body)}\r\n"
        f"\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(head.encode())
    assert (
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5) == b"HTTP/1.1 100 Continue\r\n\r\n"
    )
    writer.write(body)
    assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)).startswith(b"HTTP/1.1 200")
    writer.transport.abort()


@pytest.mark.parametrize("path", ["/v1/alpha/search", "/alpha/search", "/codex/v1/alpha/search"])
async def test_codex_goes_on_where_there_is_no_search(upstream, gateway, client, path):
    """An error of any status would end its whole turn; it reads `output`, and its model goes on."""
    upstream.tell("a", chat_whole())
    await gateway.start(config([provider(upstream, "a")]))
    said = {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": "x" * 99}],
    }
    body = {
        "id": "session",
        "model": "gpt-5.6",
        "input": [said] * 900,
        "commands": {"search_query": [{"q": "news"}]},
        "settings": {"external_web_access": True},
        "max_output_tokens": 2500,
    }
    for _ in range(2):
        async with client.post(gateway.url + path, json=body) as response:
            assert response.status == 200
            told = await response.json()
        assert isinstance(told["output"], str)
        assert "do not try again" in told["output"]
    chat = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    async with client.post(gateway.url + "/v1/chat/completions", json=chat) as response:
        assert response.status == 200
    strange = {"Authorization": "Bearer sk-unknown-0123456789"}
    async with client.post(gateway.url + path, json=body, headers=strange) as response:
        assert response.status == 401
    assert [seen.path for seen in upstream.seen["a"]] == ["/a/v1/chat/completions"]
