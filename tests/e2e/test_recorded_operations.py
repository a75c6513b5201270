"""Recorded traffic of real providers (the conformance kit beside the repository), replayed through
the gateway: what the provider gets and what the client reads is what was recorded.

Skipped where the kit is not there; `UNIAPI_SHARED` names the folder that holds `conformance/` when
it is elsewhere.
"""

import base64
import json
import os
import sys
from pathlib import Path

import aiohttp
import pytest
from fakes import CLIENT_KEY, ROOT

KIT = Path(os.environ.get("UNIAPI_SHARED") or ROOT.parent / "shared") / "conformance"
PATHS = {
    "embeddings": "/v1/embeddings",
    "rerank": "/v1/rerank",
    "moderation": "/v1/moderations",
    "images": "/v1/images/generations",
    "image_edits": "/v1/images/edits",
    "speech": "/v1/audio/speech",
    "transcription": "/v1/audio/transcriptions",
}
ROOTS = {"cohere": "/v2", "gemini": "/v1beta", "openrouter": "/v1", "azure": ""}
ENGINES = {"cohere": "cohere", "gemini": "gemini", "azure": "azure"}
NEEDS_A_SECRET = {401: 502}
"""Statuses that the gateway changes on purpose: a key of ours that is refused is no fault of the
client.
"""

pytestmark = [
    pytest.mark.skipif(not (KIT / "replay.py").exists(), reason="the conformance kit is not there"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]


def records(*apis):
    """The records of these kinds."""
    found = []
    for path in sorted((KIT / "dev").glob("*.jsonl")):
        found += [
            record
            for line in path.read_text(encoding="utf-8").split("\n")
            if line and (record := json.loads(line))["api"] in apis
        ]
    return found


def is_relayed(record):
    """Recorded with a request in the shape of our own endpoint, so that it can be sent as it is and
    arrives as it is.
    """
    request = record["request"]
    said = request["body"] or request.get("form")
    return bool(said) and (request["path"] or "").endswith(PATHS[record["api"]].removeprefix("/v1"))


def gemini_embeddings(record):
    return (record["request"]["path"] or "").endswith(("batchEmbedContents", "embedContent"))


def setup(record, port):
    base = f"http://127.0.0.1:{port}/r/{record['id']}{ROOTS.get(record['provider'], '/v1')}"
    value = {
        "provider": "p-" + record["id"],
        "base_url": base,
        "api": "sk-upstream",
        "model": [{record["model"] or "some-model": record["id"]}],
    }
    engine = ENGINES.get(record["provider"], "gpt")
    return {**value, "engine": engine}


async def send(client, gateway, record):
    request = record["request"]
    if request.get("form"):
        form = aiohttp.FormData()
        for name, text in {**request["form"]["fields"], "model": record["id"]}.items():
            form.add_field(name, text)
        for name, file in request["form"]["files"].items():
            form.add_field(
                name,
                base64.b64decode(file["base64"]),
                filename=file["filename"],
                content_type=file["content_type"],
            )
        sent = {"data": form}
    else:
        sent = {
            "json": {
                **request["body"],
                **({"model": record["id"]} if "model" in request["body"] else {}),
            }
        }
    path = PATHS[record["api"]]
    if gemini_embeddings(record):
        path = f"/v1beta/models/{record['id']}:{request['path'].rpartition(':')[2]}"
    async with client.post(gateway.url + path, **sent) as response:
        return response.status, response.headers.get("content-type"), await response.read()


def answer_differs(record, answer, facts):
    """What is wrong with an answer, or None. A name of the model is the one the client used."""
    status, content_type, body = answer
    recorded = record["response"]
    if (
        (recorded["status"], status) == (400, 404)
        and b"not supported" in body
        and b'"model_not_found"' in body
    ):
        # Voyage says 400 where everybody says 404: that the model is missing.
        return None
    if status != NEEDS_A_SECRET.get(recorded["status"], recorded["status"]):
        return f"status {status}, recorded {recorded['status']}: {body[:200]!r}"
    if status >= 400:
        return None
    if (
        content_type.partition(";")[0]
        != (recorded["headers"].get("content-type") or content_type).partition(";")[0]
    ):
        return f"content type {content_type}"
    raw = facts.raw_of(record)
    if "body" not in recorded:
        return None if body == raw else "the bytes differ"
    value, wanted = json.loads(body), dict(recorded["body"])
    if "model" in wanted:
        wanted["model"] = record["id"]
    return None if value == wanted else "the JSON differs"


def request_differs(record, seen):
    request = record["request"]
    if len(seen) != 1:
        return f"{len(seen)} requests arrived"
    arrived = seen[0]
    if request.get("form"):
        text = arrived.get("text", "").encode() or base64.b64decode(arrived.get("base64", ""))
        values = [
            *request["form"]["fields"].values(),
            *(file["filename"] for file in request["form"]["files"].values()),
        ]
        files = [base64.b64decode(file["base64"]) for file in request["form"]["files"].values()]
        missing = [
            value for value in [*(value.encode() for value in values), *files] if value not in text
        ]
        return f"{len(missing)} parts of the form are missing" if missing else None
    wanted = dict(request["body"])
    if "model" in wanted:
        wanted["model"] = record["model"]
    return (
        None
        if arrived.get("body") == wanted
        else f"another body arrived: {str(arrived.get('body'))[:200]}"
    )


def kit(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(KIT), *sys.path])
    import replay
    from oracle import facts

    return replay, facts


async def test_recorded_operations_are_relayed_both_ways(gateway, monkeypatch):
    """Every record that can be asked for as it was recorded: status, type and body of the answer,
    and the request that arrived.
    """
    replay, facts = kit(monkeypatch)
    chosen = [
        record for record in records(*PATHS) if is_relayed(record) or gemini_embeddings(record)
    ]
    upstream = replay.Replay({record["id"]: record for record in chosen}, "whole")
    port = await upstream.start()
    preferences = {"cooldown_period": 0, "model_timeout": {"default": 20}}
    value = {
        "providers": [setup(record, port) for record in chosen],
        "api_keys": [{"api": CLIENT_KEY}],
        "preferences": preferences,
    }
    await gateway.start(value)
    wrong = []
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {CLIENT_KEY}"}) as client:
        for record in chosen:
            if record["provider"] == "cohere" and record["api"] != "transcription":
                continue
            problem = answer_differs(
                record, await send(client, gateway, record), facts
            ) or request_differs(record, upstream.seen.get(record["id"], []))
            if problem:
                wrong.append(f"{record['id']}: {problem}")
    await upstream.runner.cleanup()
    assert len(chosen) >= 20
    assert not wrong, "\n".join(wrong)


def said_by_openais_client(record):
    """What a client of OpenAI's shape says to get what was recorded of Cohere's."""
    body = record["request"]["body"]
    if record["api"] == "rerank":
        return body
    return {
        "input": body["texts"],
        "input_type": body["input_type"],
        "truncate": body.get("truncate"),
    }


def stated(body):
    return {name: value for name, value in body.items() if value is not None}


async def test_recorded_cohere_calls_are_what_the_codecs_make(gateway, monkeypatch):
    """Cohere is told what was recorded, and the client reads the recorded vectors and ranks.

    (A record in bytes, `int8`, is nothing a client of OpenAI's can ask for.)
    """
    replay, _ = kit(monkeypatch)
    chosen = [
        record
        for record in records("embeddings", "rerank")
        if record["provider"] == "cohere"
        and record["request"]["body"]
        and record["request"]["body"].get("embedding_types", ["float"]) == ["float"]
    ]
    upstream = replay.Replay({record["id"]: record for record in chosen}, "whole")
    port = await upstream.start()
    await gateway.start(
        {"providers": [setup(record, port) for record in chosen], "api_keys": [{"api": CLIENT_KEY}]}
    )
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {CLIENT_KEY}"}) as client:
        for record in chosen:
            said = {**said_by_openais_client(record), "model": record["id"]}
            async with client.post(gateway.url + PATHS[record["api"]], json=said) as response:
                value = await response.json()
            recorded = record["response"]["body"]
            if record["api"] == "rerank":
                assert [(row["index"], row["relevance_score"]) for row in value["results"]] == [
                    (row["index"], row["relevance_score"]) for row in recorded["results"]
                ]
            else:
                assert [row["embedding"] for row in value["data"]] == recorded["embeddings"][
                    "float"
                ]
            (arrived,) = upstream.seen[record["id"]]
            assert arrived["body"] == stated(
                {**record["request"]["body"], "return_documents": None}
            ), record["id"]
    await upstream.runner.cleanup()
    assert len(chosen) >= 2


async def test_recorded_model_lists_are_what_a_key_can_route(gateway, monkeypatch):
    """Each vendor's list, discovered as it was recorded: every model, in order, with the context
    length that is stated.
    """
    replay, _ = kit(monkeypatch)
    chosen = records("models")
    upstream = replay.Replay({record["id"]: record for record in chosen}, "whole")
    port = await upstream.start()
    providers, keys = [], []
    for record in chosen:
        value = setup(record, port)
        del value["model"]
        engines = {"anthropic": "claude", "gemini": "gemini"}
        providers.append({**value, "engine": engines.get(record["provider"], "gpt")})
        keys.append({"api": f"sk-key-of-{record['id']}", "model": [f"p-{record['id']}/*"]})
    await gateway.start({"providers": providers, "api_keys": keys})
    async with aiohttp.ClientSession() as client:
        for record in chosen:
            async with client.get(
                gateway.url + "/v1/models", headers={"x-api-key": f"sk-key-of-{record['id']}"}
            ) as response:
                listed = {model["id"]: model for model in (await response.json())["data"]}
            recorded = record["response"]["body"]
            items = recorded.get("data") or [
                item
                for item in recorded["models"]
                if {"generateContent", "embedContent", "predict"}
                & set(item["supportedGenerationMethods"])
            ]
            names = list(
                dict.fromkeys(
                    (item.get("id") or item["name"]).removeprefix("models/") for item in items
                )
            )
            assert list(listed) == names, record["id"]
            for item in items:
                length = (
                    item.get("context_length")
                    or item.get("inputTokenLimit")
                    or item.get("max_context_length")
                )
                if length:
                    assert (
                        listed[(item.get("id") or item["name"]).removeprefix("models/")][
                            "context_length"
                        ]
                        == length
                    ), item
    await upstream.runner.cleanup()
    assert len(chosen) >= 7
