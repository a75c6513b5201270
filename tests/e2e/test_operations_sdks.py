"""The official clients read what the gateway answers for the operations beside chat."""

import json

import cohere
import openai
import pytest
from fakes import CLIENT_KEY, Answer, config, provider, whole
from google import genai

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

VECTORS = {
    "object": "list",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -1.25]}],
    "model": "up-model",
    "usage": {"prompt_tokens": 3, "total_tokens": 3},
}
CATEGORIES = {
    "flagged": True,
    "categories": {},
    "category_scores": {},
    "category_applied_input_types": {},
}


def event(kind, **more):
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **more})}\n\n".encode()


def client_of(gateway):
    return openai.AsyncOpenAI(api_key=CLIENT_KEY, base_url=gateway.url + "/v1", max_retries=0)


async def test_openai_embeddings_and_moderations(upstream, gateway):
    """The client asks for base64 by itself; lists and flags are what the provider said."""
    await gateway.start(
        config([provider(upstream, "a", model=["omni-moderation-latest", {"up-model": "m"}])])
    )
    client = client_of(gateway)
    upstream.tell("a", whole(VECTORS))
    answer = await client.embeddings.create(model="m", input=["x"], dimensions=2)
    assert (answer.data[0].embedding, answer.model, answer.usage.prompt_tokens) == (
        [0.5, -1.25],
        "m",
        3,
    )
    upstream.tell(
        "a", whole({"id": "1", "model": "omni-moderation-latest", "results": [CATEGORIES]})
    )
    assert (await client.moderations.create(input="x")).results[0].flagged
    await client.close()


async def test_openai_images_whole_streamed_and_edited(upstream, gateway):
    """A picture, partial pictures as they come, and an edit with two files."""
    await gateway.start(config([provider(upstream, "a")]))
    client = client_of(gateway)
    upstream.tell("a", whole({"created": 1, "data": [{"b64_json": "aGk="}]}))
    answer = await client.images.generate(model="m", prompt="x")
    assert answer.data[0].b64_json == "aGk="
    answer = await client.images.edit(
        model="m",
        prompt="x",
        image=[("a.png", b"AAAA", "image/png"), ("b.png", b"BBBB", "image/png")],
    )
    assert answer.data[0].b64_json == "aGk="
    body = upstream.seen["a"][-1].body
    assert (b"AAAA" in body, b"BBBB" in body, body.count(b'name="image[]"')) == (True, True, 2)
    usage = {
        "total_tokens": 3,
        "input_tokens": 1,
        "output_tokens": 2,
        "input_tokens_details": {"image_tokens": 0, "text_tokens": 1},
    }
    picture = {
        "b64_json": "aGk=",
        "created_at": 1,
        "size": "1024x1024",
        "quality": "low",
        "background": "auto",
        "output_format": "png",
    }
    upstream.tell(
        "a",
        Answer(
            [
                event("image_generation.partial_image", partial_image_index=0, **picture),
                event("image_generation.completed", usage=usage, **picture),
            ]
        ),
    )
    stream = await client.images.generate(model="m", prompt="x", stream=True, partial_images=1)
    assert [one.type async for one in stream] == [
        "image_generation.partial_image",
        "image_generation.completed",
    ]
    await client.close()


async def test_openai_audio_both_ways(upstream, gateway):
    """Speech in bytes, a transcript as JSON, as text and streamed, a translation."""
    await gateway.start(config([provider(upstream, "a")]))
    client = client_of(gateway)
    upstream.tell("a", Answer([b"ID3", b"\xff" * 9000], content_type="audio/mpeg"))
    async with client.audio.speech.with_streaming_response.create(
        model="m", input="hi", voice="alloy"
    ) as response:
        assert b"".join([piece async for piece in response.iter_bytes()]) == b"ID3" + b"\xff" * 9000
    upstream.tell("a", whole({"text": "hi"}))
    sound = ("a.wav", b"RIFF", "audio/wav")
    assert (
        await client.audio.transcriptions.create(
            model="m", file=sound, timestamp_granularities=["word"]
        )
    ).text == "hi"
    assert (await client.audio.translations.create(model="m", file=sound)).text == "hi"
    upstream.tell("a", Answer([b"hi\n"], content_type="text/plain"))
    assert (
        await client.audio.transcriptions.create(model="m", file=sound, response_format="text")
        == "hi\n"
    )
    upstream.tell(
        "a",
        Answer(
            [event("transcript.text.delta", delta="hi"), event("transcript.text.done", text="hi")]
        ),
    )
    stream = await client.audio.transcriptions.create(model="m", file=sound, stream=True)
    assert [one.type async for one in stream] == ["transcript.text.delta", "transcript.text.done"]
    await client.close()


async def test_openai_reads_our_errors(upstream, gateway):
    """A stream that breaks off raises; a refusal names the member."""
    await gateway.start(config([provider(upstream, "a")]))
    client = client_of(gateway)
    upstream.tell("a", Answer([event("transcript.text.delta", delta="hi")], then="reset"))
    stream = await client.audio.transcriptions.create(
        model="m", file=("a.wav", b"RIFF"), stream=True
    )
    raised = None
    try:
        async for _ in stream:
            pass
    except openai.APIError as error:
        raised = error
    assert raised is not None
    await client.close()


async def test_genai_embeds(upstream, gateway):
    """Google's client, with a provider of OpenAI's shape behind."""
    upstream.tell("a", whole(VECTORS))
    await gateway.start(config([provider(upstream, "a")]))
    client = genai.Client(api_key=CLIENT_KEY, http_options={"base_url": gateway.url})
    answer = await client.aio.models.embed_content(model="m", contents="x")
    await client.aio.aclose()
    assert answer.embeddings[0].values == [0.5, -1.25]


async def test_cohere_reranks(upstream, gateway):
    """Cohere's client reads a rerank answer, relayed or translated."""
    results = [{"index": 1, "relevance_score": 0.75}, {"index": 0, "relevance_score": 0.25}]
    upstream.tell(
        "a",
        whole(
            {
                "id": "1",
                "results": results,
                "meta": {"api_version": {"version": "1"}, "billed_units": {"search_units": 1}},
            }
        ),
    )
    await gateway.start(config([provider(upstream, "a")]))
    async with cohere.AsyncClient(CLIENT_KEY, base_url=gateway.url) as client:
        answer = await client.rerank(model="m", query="q", documents=["a", "b"], top_n=2)
    assert [(one.index, one.relevance_score) for one in answer.results] == [(1, 0.75), (0, 0.25)]
    assert upstream.seen["a"][0].json["documents"] == ["a", "b"]
