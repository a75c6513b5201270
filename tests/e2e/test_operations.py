"""The operations beside chat go through the gateway as chat does: same key, routing, failover and
statistics; their bytes are the provider's own.
"""

import asyncio
import hashlib
import io
import json

import aiohttp
import pytest
from fakes import CLIENT_KEY, Answer, config, provider, whole

pytestmark = pytest.mark.slow
"""A process for nearly every test: `.ci/run` runs them."""

EMBEDDINGS = {
    "object": "list",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -1.25]}],
    "model": "up-model",
    "usage": {"prompt_tokens": 3, "total_tokens": 3},
}
IMAGES = {
    "created": 1,
    "data": [{"b64_json": "aGk="}],
    "usage": {"input_tokens": 5, "output_tokens": 7, "total_tokens": 12},
}
SOUND = [b"ID3\x00\xff", b"\xfb\x90" * 400, b"end"]


def sse(value, event=None):
    head = b"" if event is None else b"event: " + event.encode() + b"\n"
    return head + b"data: " + json.dumps(value).encode() + b"\n\n"


def in_order(providers):
    """A configuration in which the providers are tried in this order, and none rests after a
    failure.
    """
    value = config(providers, {"cooldown_period": 0})
    value["api_keys"][0]["preferences"] = {"SCHEDULING_ALGORITHM": "fixed_priority"}
    return value


async def post(client, gateway, path, body, **more):
    more.setdefault("headers", {"Content-Type": "application/json"})
    async with client.post(
        gateway.url + path,
        data=body if isinstance(body, bytes) else json.dumps(body).encode(),
        **more,
    ) as response:
        return response.status, response.headers, await response.read()


def form(fields, name="file", data=b"RIFF....", filename="a.wav"):
    made = aiohttp.FormData()
    for key, value in fields:
        made.add_field(key, value)
    if data is not None:
        made.add_field(name, io.BytesIO(data), filename=filename, content_type="audio/wav")
    return made


async def test_json_operations_are_relayed_with_nothing_but_the_model_changed(
    upstream, gateway, client
):
    """Unknown members, spacing and numbers survive in the request; in the answer only the model's
    name is put back.
    """
    answers = {
        "embeddings": EMBEDDINGS,
        "rerank": {
            "id": "r1",
            "results": [{"index": 0, "relevance_score": 0.5}],
            "meta": {"billed_units": {"search_units": 1}},
        },
        "moderations": {"id": "m1", "model": "up-model", "results": [{"flagged": False}]},
        "images/generations": IMAGES,
    }
    await gateway.start(config([provider(upstream, "a")]))
    for path, answer in answers.items():
        upstream.tell("a", whole(answer))
        sent = b'{ "model" : "m", "input": [[1,2]], "query":"q", "documents":["d"], "prompt":"p", "dimensions": 2, "vendor": 1.50 }'  # noqa: E501
        status, headers, body = await post(client, gateway, f"/v1/{path}", sent)
        assert (200, {**answer, **({"model": "m"} if "model" in answer else {})}) == (
            status,
            json.loads(body),
        )
        assert headers["content-type"] == "application/json"
        assert upstream.seen["a"][-1].path == f"/a/v1/{path}"
        assert sent.replace(b'"m"', b'"up-model"') == upstream.seen["a"][-1].body
        assert headers["x-uniapi-provider"] == "a"
    async with client.get(gateway.url + "/v1/stats") as response:
        report = await response.json()
    assert report["model_token_counts"][0]["total_prompt_tokens"] == 8
    assert report["channel_model_success_rates"] == [
        {"provider": "a", "model": "m", "success_rate": 1.0, "total_requests": 4}
    ]


async def test_failures_lead_to_the_next_channel_like_in_chat(upstream, gateway, client):
    """A 500, an error in a 200, an empty list and an HTML page are failed attempts; the caller sees
    none of them.
    """
    html = Answer([b"<html>hi</html>"], content_type="text/html")
    upstream.tell(
        "a",
        whole({"error": {"message": "boom"}}, status=500),
        whole({"error": {"message": "no", "code": 429}}),
        whole({"data": []}),
        html,
    )
    upstream.tell("b", whole(EMBEDDINGS))
    never_rests = {"preferences": {"api_key_cooldown_period": 0, "cooldown_period": 0}}
    providers = [provider(upstream, "a", **never_rests), provider(upstream, "b")]
    await gateway.start(in_order(providers))
    for outcome in ("a#1=500", "a#1=429", "a#1=empty", "a#1=broken"):
        status, headers, _ = await post(
            client, gateway, "/v1/embeddings", {"model": "m", "input": "x"}
        )
        assert (200, f"{outcome}, b#1=200") == (status, headers["x-uniapi-attempts"])


async def test_without_a_model_the_usual_ones_are_meant(upstream, gateway, client):
    """Moderations and images choose the first of their usual models that the key can route;
    embeddings have none.
    """
    upstream.tell(
        "a",
        whole({"id": "m1", "model": "omni-moderation-2024-09-26", "results": [{"flagged": True}]}),
        whole(IMAGES),
    )
    await gateway.start(
        config([provider(upstream, "a", model=["omni-moderation-2024-09-26", "gpt-image-2"])])
    )
    status, _, _ = await post(client, gateway, "/v1/moderations", {"input": "x"})
    assert (status, upstream.seen["a"][0].json) == (
        200,
        {"input": "x", "model": "omni-moderation-2024-09-26"},
    )
    status, _, _ = await post(client, gateway, "/v1/images/generations", {"prompt": "x"})
    assert (status, upstream.seen["a"][1].json) == (200, {"prompt": "x", "model": "gpt-image-2"})
    status, _, body = await post(client, gateway, "/v1/embeddings", {"input": "x"})
    assert (status, json.loads(body)["error"]["param"]) == (400, "model")


async def test_a_provider_that_cannot_is_passed_over_or_named(upstream, gateway, client):
    """Anthropic has no embeddings: another channel of the model takes the call; where there is
    none, a 400 says who cannot do what.
    """
    upstream.tell("b", whole(EMBEDDINGS))
    claude = provider(
        upstream,
        "claude",
        base_url=upstream.url("claude", "/v1/messages"),
        model=["only", {"up-model": "m"}],
    )
    await gateway.start(in_order([claude, provider(upstream, "b")]))
    status, headers, _ = await post(client, gateway, "/v1/embeddings", {"model": "m", "input": "x"})
    assert (status, headers["x-uniapi-attempts"]) == (200, "b#1=200")
    status, _, body = await post(client, gateway, "/v1/embeddings", {"model": "only", "input": "x"})
    assert status == 400
    assert "provider 'claude' does not make embeddings" in json.loads(body)["error"]["message"]
    assert "claude" not in upstream.seen


async def test_speech_comes_through_as_it_arrives(upstream, gateway, client):
    """The first bytes are there while the provider still speaks, with its content type, and every
    byte is the same.
    """
    upstream.tell("a", Answer(SOUND, content_type="audio/mpeg", pause_s=0.3))
    await gateway.start(config([provider(upstream, "a")]))
    async with client.post(
        gateway.url + "/v1/audio/speech", json={"model": "m", "input": "hi", "voice": "alloy"}
    ) as response:
        assert (response.status, response.headers["content-type"]) == (200, "audio/mpeg")
        first = await response.content.readany()
        assert first == SOUND[0]
        assert b"".join(SOUND) == first + await response.read()


async def test_a_hundred_speeches_at_once_cost_no_more_memory_than_their_connections(
    upstream, gateway, client
):
    """100 streams of 1 MiB, all open before the first goes on: each arrives whole, and the process
    does not grow by what it carries.
    """
    count, piece, gate = 100, bytes(range(256)) * 256, asyncio.Event()
    body = {"model": "m", "input": "hi", "voice": "alloy"}
    upstream.tell("a", Answer([piece], content_type="audio/mpeg"))
    await gateway.start(config([provider(upstream, "a")], {"model_timeout": {"default": 50}}))
    open_streams, all_open = [], asyncio.Event()

    async def listen(session):
        digest = hashlib.sha256()
        async with session.post(gateway.url + "/v1/audio/speech", json=body) as response:
            digest.update(await response.content.readexactly(1000))
            open_streams.append(response.status)
            if len(open_streams) == count:
                all_open.set()
            async for data in response.content.iter_any():
                digest.update(data)
        return digest.hexdigest()

    async with aiohttp.ClientSession(
        headers=client.headers, connector=aiohttp.TCPConnector(limit=0)
    ) as session:
        # The first hundred bring the connections on both sides.
        assert len(await asyncio.gather(*(listen(session) for _ in range(count)))) == count
        open_streams.clear()
        all_open.clear()
        before = memory(gateway)
        upstream.tell("a", Answer([piece] * 16, content_type="audio/mpeg", gate=gate))
        listening = [asyncio.ensure_future(listen(session)) for _ in range(count)]
        await all_open.wait()
        gate.set()
        assert set(await asyncio.gather(*listening)) == {hashlib.sha256(piece * 16).hexdigest()}
    assert memory(gateway) - before < 16 * 1024


async def test_speech_that_breaks_off_does_not_end_properly(upstream, gateway, client):
    """Bytes have no way to say that more was meant: the connection is cut."""
    upstream.tell("a", Answer(SOUND[:1], content_type="audio/mpeg", then="reset"))
    await gateway.start(config([provider(upstream, "a")]))
    failed = False
    try:
        async with client.post(
            gateway.url + "/v1/audio/speech", json={"model": "m", "input": "hi"}
        ) as response:
            await response.read()
    except aiohttp.ClientError:
        failed = True
    assert failed


async def test_silent_speech_is_tried_elsewhere(upstream, gateway, client):
    """An error object as a 200 is no speech, and has cost nothing."""
    upstream.tell("a", whole({"error": {"message": "no voice"}}))
    upstream.tell("b", Answer(SOUND, content_type="audio/wav"))
    await gateway.start(in_order([provider(upstream, "a"), provider(upstream, "b")]))
    for _ in range(2):
        status, headers, body = await post(
            client, gateway, "/v1/audio/speech", {"model": "m", "input": "hi"}
        )
        assert (200, "audio/wav", b"".join(SOUND)) == (status, headers["content-type"], body)
        assert headers["x-uniapi-attempts"].endswith("b#1=200")


async def test_speech_of_no_byte_is_not_bought_again(upstream, gateway, client):
    """It may have been paid for: the client is told, and not to repeat it by itself."""
    upstream.tell("a", Answer([], content_type="audio/mpeg"))
    upstream.tell("b", Answer(SOUND, content_type="audio/wav"))
    await gateway.start(in_order([provider(upstream, "a"), provider(upstream, "b")]))
    status, headers, _ = await post(
        client, gateway, "/v1/audio/speech", {"model": "m", "input": "hi"}
    )
    assert (status, headers["x-should-retry"]) == (502, "false")
    assert "b" not in upstream.seen


async def test_streams_are_relayed_and_an_error_first_is_tried_elsewhere(upstream, gateway, client):
    """Images and speech as events: byte for byte, usage counted; an error event before anything
    else is a failed attempt.
    """
    done = sse(
        {
            "type": "speech.audio.done",
            "usage": {"input_tokens": 4, "output_tokens": 6, "total_tokens": 10},
        }
    )
    events = [
        sse(
            {"type": "image_generation.partial_image", "b64_json": "aGk="},
            "image_generation.partial_image",
        ),
        done,
    ]
    upstream.tell("a", Answer([sse({"error": {"message": "no", "type": "server_error"}}, "error")]))
    upstream.tell("b", Answer(events))
    await gateway.start(in_order([provider(upstream, "a"), provider(upstream, "b")]))
    for path, body in (
        ("/v1/images/generations", {"prompt": "x", "stream": True}),
        ("/v1/audio/speech", {"input": "x", "stream_format": "sse"}),
    ):
        status, headers, got = await post(client, gateway, path, {"model": "m", **body})
        assert (200, b"".join(events)) == (status, got)
        assert headers["content-type"].startswith("text/event-stream")
    async with client.get(gateway.url + "/v1/stats") as response:
        report = await response.json()
    assert report["model_token_counts"][0]["total_completion_tokens"] == 12


async def test_a_stream_that_breaks_off_says_so(upstream, gateway, client):
    """An error event ends it, which the official client raises."""
    upstream.tell("a", Answer([sse({"type": "x"}), b"data: {"], then="reset"))
    await gateway.start(config([provider(upstream, "a")]))
    _, _, body = await post(
        client, gateway, "/v1/images/generations", {"model": "m", "prompt": "x", "stream": True}
    )
    last = body.rpartition(b"\n\nevent: error\ndata: ")[2]
    assert json.loads(last)["error"]["message"]


async def test_forms_arrive_with_every_field_and_the_upstreams_model(upstream, gateway, client):
    """Repeated fields, unknown ones, file names: only the value of `model` differs."""
    upstream.tell("a", whole({"text": "hi", "usage": {"type": "duration", "seconds": 1}}))
    await gateway.start(config([provider(upstream, "a")]))
    fields = [
        ("model", "m"),
        ("timestamp_granularities[]", "word"),
        ("timestamp_granularities[]", "segment"),
        ("vendor", "ü"),
    ]
    async with client.post(
        gateway.url + "/v1/audio/transcriptions",
        data=form(fields, data=b"\r\n--x\x00" * 100, filename="ä.wav"),
    ) as response:
        assert (response.status, (await response.json())["text"]) == (200, "hi")
    seen = upstream.seen["a"][0]
    boundary = seen.headers["content-type"].partition("boundary=")[2].encode()
    parts = seen.body.split(b"--" + boundary)[1:-1]
    assert parts[0].endswith(b"\r\n\r\nup-model\r\n")
    assert [b"word" in parts[1], b"segment" in parts[2], "ü".encode() in parts[3]] == [True] * 3
    assert b"\r\n\r\n" + b"\r\n--x\x00" * 100 + b"\r\n" in parts[4]


async def test_transcripts_come_in_every_format(upstream, gateway, client):
    """JSON, plain text, subtitles under either content type, and events."""
    srt = b"1\n00:00:00,000 --> 00:00:01,000\nhi\n"
    answers = [
        ("json", whole({"text": ""}), b'{"text": ""}', "application/json"),
        (
            "text",
            Answer([b"hi\n"], content_type="text/plain; charset=utf-8"),
            b"hi\n",
            "text/plain; charset=utf-8",
        ),
        ("srt", Answer([srt], content_type="application/json"), srt, "application/json"),
        ("vtt", Answer([b""], content_type="text/vtt"), b"", "text/vtt"),
        (
            "json",
            Answer(
                [
                    sse({"type": "transcript.text.delta", "delta": "hi"}),
                    sse({"type": "transcript.text.done", "text": "hi"}),
                ]
            ),
            sse({"type": "transcript.text.delta", "delta": "hi"})
            + sse({"type": "transcript.text.done", "text": "hi"}),
            "text/event-stream",
        ),
    ]
    await gateway.start(config([provider(upstream, "a")]))
    for wanted, answer, body, content_type in answers:
        if answer.pieces == [b""]:
            answer.pieces = []
        upstream.tell("a", answer)
        async with client.post(
            gateway.url + "/v1/audio/translations",
            data=form([("model", "m"), ("response_format", wanted)]),
        ) as response:
            assert (200, content_type, body) == (
                response.status,
                response.headers["content-type"],
                await response.read(),
            )


async def test_bad_forms_are_refused_with_what_is_wrong(upstream, gateway, client):
    """No boundary, no file, no form at all, cut off, no model, too large: nothing reaches the
    provider.
    """
    upstream.tell("a", whole({"text": "hi"}))
    await gateway.start(config([provider(upstream, "a")], {"max_body_bytes": "1MiB"}))
    url = "/v1/audio/transcriptions"
    cases = [
        (b"x", "multipart/form-data", 400, "boundary"),
        (
            b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
            400,
            "'file'",
        ),
        (
            (
                b"--b\r\n"
                b'Content-Disposition: form-data; name="file"; filename="a"\r\n'
                b"\r\n"
                b"m\r\n"
                b"--b--\r\n"
            ),
            "multipart/form-data; boundary=b",
            400,
            "`model` is missing",
        ),
        (
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nm',
            "multipart/form-data; boundary=b",
            400,
            "closing boundary",
        ),
        (b"RIFF", "audio/wav", 400, "multipart/form-data"),
    ]
    for body, content_type, expected, word in cases:
        status, _, got = await post(
            client, gateway, url, body, headers={"Content-Type": content_type}
        )
        assert expected == status
        assert word in json.loads(got)["error"]["message"]
    async with client.post(
        gateway.url + url, data=form([("model", "m")], data=bytes(1024 * 1024 + 1))
    ) as response:
        assert response.status == 413
    assert upstream.seen == {}


async def test_a_large_upload_is_retried_intact(upstream, gateway, client, tmp_path):
    """30 MiB to two channels: the same bytes both times, no file left behind, and the process has
    not grown by what it carried.
    """
    upstream.tell("a", whole({"error": {"message": "boom"}}, status=500))
    upstream.tell("b", whole({"text": "hi"}))
    await gateway.start(
        in_order([provider(upstream, "a"), provider(upstream, "b")]),
        "--data-dir",
        str(tmp_path / "data"),
    )
    async with client.post(
        gateway.url + "/v1/audio/transcriptions", data=form([("model", "m")])
    ) as response:
        assert response.status == 200
    before = memory(gateway)
    data = b"".join(
        hashlib.sha256(str(number).encode()).digest() for number in range(30 * 1024 * 32)
    )
    async with client.post(
        gateway.url + "/v1/audio/transcriptions", data=form([("model", "m")], data=data)
    ) as response:
        assert (response.status, response.headers["x-uniapi-attempts"]) == (200, "a#1=500, b#1=200")
    assert memory(gateway) - before < 45 * 1024
    for name in ("a", "b"):
        body = upstream.seen[name][-1].body
        start = body.index(data[:64])
        assert (
            hashlib.sha256(data).digest()
            == hashlib.sha256(body[start : start + len(data)]).digest()
        )
        assert b"\r\n\r\nup-model\r\n" in body[:400]
    await asyncio.sleep(0)
    assert not [path for path in (tmp_path / "data").iterdir() if path.name.startswith("tmp")]


def memory(gateway):
    """The most the process ever had, in KiB."""
    with open(f"/proc/{gateway.process.pid}/status") as status:
        return int(next(line for line in status if line.startswith("VmHWM")).split()[1])


async def test_codecs_carry_operations_to_other_shapes(upstream, gateway, client):
    """An OpenAI client's embeddings at Gemini and at Cohere, several requests where one is too
    many, and losses named.
    """
    gemini = {
        "provider": "g",
        "base_url": upstream.url("g", "/v1beta"),
        "api": "k",
        "model": [{"gemini-embedding-001": "e"}],
        "engine": "gemini",
    }
    cohere = {
        "provider": "c",
        "base_url": upstream.url("c", "/v2/chat"),
        "api": "k",
        "model": [{"embed-v4.0": "c"}],
        "engine": "cohere",
    }
    upstream.tell(
        "g",
        whole({"embeddings": [{"values": [0.5]}] * 100}),
        whole({"embeddings": [{"values": [0.25]}] * 20}),
    )
    upstream.tell(
        "c",
        whole(
            {
                "id": "1",
                "embeddings": {"float": [[0.5]]},
                "texts": ["x"],
                "meta": {"billed_units": {"input_tokens": 2}},
            }
        ),
    )
    await gateway.start(config([gemini, cohere]))
    status, _, body = await post(
        client, gateway, "/v1/embeddings", {"model": "e", "input": ["x"] * 120}
    )
    data = json.loads(body)["data"]
    assert (status, len(data), data[99]["embedding"], data[100]["embedding"]) == (
        200,
        120,
        [0.5],
        [0.25],
    )
    assert [seen.path for seen in upstream.seen["g"]] == [
        "/g/v1beta/models/gemini-embedding-001:batchEmbedContents"
    ] * 2
    status, _, body = await post(
        client, gateway, "/v1/embeddings", {"model": "c", "input": "x", "user": "u"}
    )
    assert (status, json.loads(body)["data"][0]["embedding"]) == (200, [0.5])
    assert upstream.seen["c"][0].path == "/c/v2/embed"


async def test_one_failed_request_of_several_fails_the_attempt(upstream, gateway, client):
    """What the others answered is of no use then."""
    gemini = {
        "provider": "g",
        "base_url": upstream.url("g", "/v1beta"),
        "api": "k",
        "model": [{"gemini-embedding-001": "e"}],
        "engine": "gemini",
    }
    upstream.tell(
        "g",
        whole(
            {"error": {"code": 400, "message": "bad content", "status": "INVALID_ARGUMENT"}},
            status=400,
        ),
    )
    await gateway.start(config([gemini]))
    status, _, body = await post(
        client, gateway, "/v1/embeddings", {"model": "e", "input": ["x"] * 120}
    )
    assert (status, json.loads(body)["error"]["message"]) == (400, "bad content")
    assert len(upstream.seen["g"]) == 1


async def test_gemini_clients_keep_their_verb(upstream, gateway, client):
    """`embedContent` and `batchEmbedContents` are relayed to Gemini, translated for others."""
    gemini = {
        "provider": "g",
        "base_url": upstream.url("g", "/v1beta"),
        "api": "k",
        "model": [{"gemini-embedding-001": "e"}],
        "engine": "gemini",
    }
    upstream.tell("g", whole({"embedding": {"values": [0.5]}}))
    upstream.tell("a", whole(EMBEDDINGS))
    await gateway.start(config([gemini, provider(upstream, "a")]))
    content = {"parts": [{"text": "x"}]}
    status, _, body = await post(
        client, gateway, "/v1beta/models/e:embedContent", {"content": content, "vendor": 1}
    )
    assert (status, json.loads(body)) == (200, {"embedding": {"values": [0.5]}})
    assert (
        "/g/v1beta/models/gemini-embedding-001:embedContent",
        {"content": content, "vendor": 1},
    ) == (
        upstream.seen["g"][0].path,
        upstream.seen["g"][0].json,
    )
    status, _, body = await post(
        client,
        gateway,
        "/v1beta/models/m:batchEmbedContents",
        {"requests": [{"model": "models/m", "content": content}]},
    )
    assert (status, json.loads(body)["embeddings"][0]["values"]) == (200, [0.5, -1.25])
    assert upstream.seen["a"][0].json["input"] == ["x"]


async def test_gemini_speaks_transcribes_and_paints_for_openai_clients(upstream, gateway, client):
    """Speech, streamed speech, a transcript with its file, a picture: each is a generateContent
    upstream.
    """

    def said(*parts):
        usage = {"promptTokenCount": 2, "candidatesTokenCount": 3}
        return {
            "candidates": [
                {"content": {"parts": list(parts), "role": "model"}, "finishReason": "STOP"}
            ],
            "usageMetadata": usage,
        }

    sound = {"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": "AAEAAQ=="}}
    gemini = {
        "provider": "g",
        "base_url": upstream.url("g", "/v1beta"),
        "api": "k",
        "model": [{"gemini-x": "m"}],
        "engine": "gemini",
    }
    await gateway.start(config([gemini]))
    upstream.tell("g", whole(said(sound)))
    status, headers, body = await post(
        client,
        gateway,
        "/v1/audio/speech",
        {"model": "m", "input": "hi", "voice": "alloy", "response_format": "pcm"},
    )
    assert (status, body) == (200, b"\x00\x01\x00\x01")
    assert not headers["content-type"].startswith("application/json")
    upstream.tell("g", Answer([sse(said(sound)), sse(said(sound))]))
    status, headers, body = await post(
        client,
        gateway,
        "/v1/audio/speech",
        {
            "model": "m",
            "input": "hi",
            "voice": "alloy",
            "response_format": "pcm",
            "stream_format": "sse",
        },
    )
    assert (status, body.count(b"speech.audio.delta")) == (200, 2)
    assert upstream.seen["g"][-1].path == "/g/v1beta/models/gemini-x:streamGenerateContent?alt=sse"
    upstream.tell("g", whole(said({"text": "hello"})))
    async with client.post(
        gateway.url + "/v1/audio/transcriptions", data=form([("model", "m")])
    ) as response:
        assert (response.status, (await response.json())["text"]) == (200, "hello")
    assert "UklGRi4uLi4=" in upstream.seen["g"][-1].body.decode()
    upstream.tell("g", whole(said({"inlineData": {"mimeType": "image/png", "data": "aGk="}})))
    status, _, body = await post(
        client, gateway, "/v1/images/generations", {"model": "m", "prompt": "a cat"}
    )
    assert (status, json.loads(body)["data"][0]["b64_json"]) == (200, "aGk=")
    assert upstream.seen["g"][-1].path == "/g/v1beta/models/gemini-x:generateContent"


async def test_a_wrong_key_and_a_wrong_method_are_said(upstream, gateway):
    """401 and 405 as everywhere."""
    await gateway.start(config([provider(upstream, "a")]))
    async with aiohttp.ClientSession() as session:
        async with session.post(
            gateway.url + "/v1/embeddings", json={}, headers={"Authorization": "Bearer sk-wrong"}
        ) as response:
            assert response.status == 401
        async with session.get(
            gateway.url + "/v1/audio/speech", headers={"Authorization": f"Bearer {CLIENT_KEY}"}
        ) as response:
            assert (response.status, response.headers["allow"]) == (405, "POST")
