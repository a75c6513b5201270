"""Official clients of OpenAI, Cohere and Google through the gateway to providers of every other
shape: where each is asked, what it is told, and what the client reads.

The providers' answers are written as their documentation shows them (the modules of
`uniapi/operations` name the pages). One gateway serves all tests; vendors that are known by their
host are reached through a proxy that leads every name to the fake.
"""

import base64
import json
import struct

import aiohttp
import cohere
import openai
import pytest
import pytest_asyncio
from fakes import CLIENT_KEY, Answer, FakeUpstream, Gateway, config, whole
from google import genai
from proxies import FakeProxy

pytestmark = [
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

PIXELS = base64.b64encode(b"\x89PNG pixels").decode()
SAMPLES = struct.pack("<4h", 1, -2, 3, -4)
VERTEX = "/vx/v1/projects/proj/locations/us-central1/publishers/google/models/"


def gemini_answer(*parts, **more):
    usage = {"promptTokenCount": 5, "candidatesTokenCount": 7, "totalTokenCount": 12}
    return {
        "candidates": [
            {"content": {"role": "model", "parts": list(parts)}, "finishReason": "STOP", "index": 0}
        ],
        "usageMetadata": usage,
        **more,
    }


def inline(mime, data):
    return {"inlineData": {"mimeType": mime, "data": base64.b64encode(data).decode()}}


def entries(upstream, proxy):
    """A provider of each shape; models are called `NAME-…`."""
    through = {"preferences": {"proxy": f"http://{proxy.address}"}}
    overrides = {
        "user": "team-1",
        "dimensions": 2,
        "language": "de",
        "__remove__": ["prompt", "vendor"],
        "ov-chat": {"dimensions": 3},
    }
    return [
        {
            "provider": "vx",
            "engine": "vertex-gemini",
            "base_url": upstream.url("vx", ""),
            "api": "ya29.token",
            "project_id": "proj",
            "region": "us-central1",
            "model": [
                {"text-embedding-005": "vx-predict"},
                {"gemini-embedding-001": "vx-embed"},
                {"gemini-2.5-flash-image": "vx-image"},
                {"imagen-4.0-generate-001": "vx-imagen"},
                {"gemini-2.5-flash-preview-tts": "vx-tts"},
                {"gemini-2.5-flash": "vx-hear"},
            ],
        },
        {
            "provider": "br",
            "engine": "aws",
            "base_url": upstream.url("br", ""),
            "aws_access_key": "AKIDEXAMPLE",
            "aws_secret_key": "secret-example-key",
            "region": "us-east-1",
            "model": [
                {"amazon.titan-embed-text-v2:0": "br-titan"},
                {"cohere.embed-english-v3": "br-cohere"},
                {"cohere.rerank-v3-5:0": "br-rerank"},
                {"amazon.rerank-v1:0": "br-amazon-rerank"},
            ],
        },
        {
            "provider": "co",
            "engine": "cohere",
            "base_url": upstream.url("co", "/v2/chat"),
            "api": "k",
            "model": [
                {"embed-v4.0": "co-embed"},
                {"rerank-v3.5": "co-rerank"},
                {"cohere-transcribe": "co-hear"},
            ],
        },
        {
            "provider": "vo",
            "base_url": "http://api.voyageai.com/vo/v1/embeddings",
            "api": "k",
            "model": [{"voyage-3.5": "vo-embed"}, {"rerank-2.5": "vo-rerank"}],
            **through,
        },
        {
            "provider": "ji",
            "base_url": "http://api.jina.ai/ji/v1/embeddings",
            "api": "k",
            "model": [{"jina-embeddings-v3": "ji-embed"}, {"jina-reranker-v2": "ji-rerank"}],
            **through,
        },
        {
            "provider": "az",
            "base_url": "http://res.openai.azure.com",
            "api": "azure-key",
            "model": [{"dep": "az"}],
            **through,
        },
        {
            "provider": "ge",
            "engine": "gemini",
            "base_url": upstream.url("ge", "/v1beta"),
            "api": "k",
            "model": [
                {"gemini-embedding-001": "ge-embed"},
                {"gemini-3-pro-image": "ge-image"},
                {"imagen-4.0-generate-001": "ge-imagen"},
                {"gemini-2.5-flash-preview-tts": "ge-tts"},
                {"gemini-2.5-flash": "ge-hear"},
            ],
        },
        {
            "provider": "ov",
            "base_url": upstream.url("ov"),
            "api": "k",
            "model": [{"up-model": "ov"}, {"up-model": "ov-chat"}],
            "preferences": {
                "post_body_parameter_overrides": overrides,
                "headers": {"X-Team": "one", "Content-Type": "text/plain"},
            },
        },
        {
            "provider": "og",
            "engine": "gemini",
            "base_url": upstream.url("og", "/v1beta"),
            "api": "k",
            "model": [{"gemini-embedding-001": "og"}, {"gemini-2.5-flash-image": "og-image"}],
            "preferences": {
                "post_body_parameter_overrides": {
                    "og-image": {"generationConfig": {"imageConfig": {"aspectRatio": "1:1"}}}
                }
            },
        },
    ]


class Bed:
    """The gateway, its upstream, and the clients."""

    def __init__(self, upstream, gateway):
        self.upstream, self.gateway = upstream, gateway
        self.openai = openai.AsyncOpenAI(
            api_key=CLIENT_KEY, base_url=gateway.url + "/v1", max_retries=0
        )

    def tell(self, name, *answers):
        self.upstream.seen.pop(name, None)
        self.upstream.tell(
            name, *[answer if isinstance(answer, Answer) else whole(answer) for answer in answers]
        )

    def asked(self, name):
        """Path and JSON of every request that reached `name` since it was told."""
        return [(seen.path, seen.json) for seen in self.upstream.seen.get(name, [])]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bed(tmp_path_factory):
    upstream = await FakeUpstream().start()
    proxy = await FakeProxy(upstream).start()
    process = Gateway(tmp_path_factory.mktemp("vendors"))
    value = config(entries(upstream, proxy), {"cooldown_period": 0})
    value["api_keys"][0]["preferences"] = {"AUTO_RETRY": False}
    made = Bed(upstream, await process.start(value))
    yield made
    await made.openai.close()
    await process.stop()
    await proxy.stop()
    await upstream.stop()


def openai_rows(*vectors, **usage):
    rows = [
        {"object": "embedding", "index": index, "embedding": vector}
        for index, vector in enumerate(vectors)
    ]
    return {"object": "list", "data": rows, "model": "up", "usage": usage}


EMBEDDINGS = {
    "vx-predict": (
        [
            {
                "predictions": [
                    {
                        "embeddings": {
                            "values": [0.0, -1.0],
                            "statistics": {"token_count": 2, "truncated": False},
                        }
                    },
                    {
                        "embeddings": {
                            "values": [1.0, 0.0],
                            "statistics": {"token_count": 3, "truncated": False},
                        }
                    },
                ]
            }
        ],
        [
            (
                VERTEX + "text-embedding-005:predict",
                {
                    "instances": [
                        {"content": "a", "task_type": "RETRIEVAL_QUERY"},
                        {"content": "b", "task_type": "RETRIEVAL_QUERY"},
                    ],
                    "parameters": {"outputDimensionality": 2},
                },
            )
        ],
        5,
    ),
    "vx-embed": (
        [
            {
                "embeddings": [{"values": [0.0, -1.0]}, {"values": [1.0, 0.0]}],
                "usageMetadata": {"promptTokenCount": 5, "totalTokenCount": 5},
            }
        ],
        [
            (
                VERTEX + "gemini-embedding-001:batchEmbedContents",
                {
                    "requests": [
                        {
                            "content": {"parts": [{"text": text}]},
                            "embedContentConfig": {
                                "taskType": "RETRIEVAL_QUERY",
                                "outputDimensionality": 2,
                            },
                        }
                        for text in ("a", "b")
                    ]
                },
            )
        ],
        5,
    ),
    "br-titan": (
        [
            {
                "embedding": [0.0, -1.0],
                "inputTextTokenCount": 2,
                "embeddingsByType": {"float": [0.0, -1.0]},
            },
            {
                "embedding": [1.0, 0.0],
                "inputTextTokenCount": 3,
                "embeddingsByType": {"float": [1.0, 0.0]},
            },
        ],
        [
            (
                "/br/model/amazon.titan-embed-text-v2%3A0/invoke",
                {"inputText": text, "dimensions": 2},
            )
            for text in ("a", "b")
        ],
        5,
    ),
    "br-cohere": (
        [
            whole(
                {
                    "id": "1",
                    "response_type": "embeddings_by_type",
                    "embeddings": {"float": [[0.0, -1.0], [1.0, 0.0]]},
                    "texts": ["a", "b"],
                },
                headers={"X-Amzn-Bedrock-Input-Token-Count": "5"},
            )
        ],
        [
            (
                "/br/model/cohere.embed-english-v3/invoke",
                {
                    "texts": ["a", "b"],
                    "input_type": "search_query",
                    "embedding_types": ["float"],
                    "output_dimension": 2,
                },
            )
        ],
        5,
    ),
    "co-embed": (
        [
            {
                "id": "1",
                "embeddings": {"float": [[0.0, -1.0], [1.0, 0.0]]},
                "texts": ["a", "b"],
                "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 5}},
                "response_type": "embeddings_by_type",
            }
        ],
        [
            (
                "/co/v2/embed",
                {
                    "model": "embed-v4.0",
                    "texts": ["a", "b"],
                    "input_type": "search_query",
                    "embedding_types": ["float"],
                    "output_dimension": 2,
                },
            )
        ],
        5,
    ),
    "vo-embed": (
        [openai_rows([0.0, -1.0], [1.0, 0.0], total_tokens=5)],
        [
            (
                "/vo/v1/embeddings",
                {
                    "model": "voyage-3.5",
                    "input": ["a", "b"],
                    "input_type": "query",
                    "output_dimension": 2,
                },
            )
        ],
        5,
    ),
    "ji-embed": (
        [openai_rows([0.0, -1.0], [1.0, 0.0], total_tokens=5, prompt_tokens=5)],
        [
            (
                "/ji/v1/embeddings",
                {
                    "model": "jina-embeddings-v3",
                    "input": ["a", "b"],
                    "task": "retrieval.query",
                    "dimensions": 2,
                    "embedding_type": "float",
                },
            )
        ],
        5,
    ),
    "ge-embed": (
        [{"embeddings": [{"values": [0.0, -1.0]}, {"values": [1.0, 0.0]}]}],
        [
            (
                "/ge/v1beta/models/gemini-embedding-001:batchEmbedContents",
                {
                    "requests": [
                        {
                            "model": "models/gemini-embedding-001",
                            "content": {"parts": [{"text": text}]},
                            "taskType": "RETRIEVAL_QUERY",
                            "outputDimensionality": 2,
                        }
                        for text in ("a", "b")
                    ]
                },
            )
        ],
        0,
    ),
}


@pytest.mark.parametrize("model", EMBEDDINGS)
async def test_openai_embeddings_at_every_vendor(bed, model):
    """Two texts for a search, two dimensions: each vendor in its own words; vectors, name and
    tokens come back as OpenAI's.
    """
    answers, asked, tokens = EMBEDDINGS[model]
    bed.tell(model[:2], *answers)
    answer = await bed.openai.embeddings.create(
        model=model,
        input=["a", "b"],
        dimensions=2,
        encoding_format="float",
        extra_body={"input_type": "query"},
    )
    assert asked == bed.asked(model[:2])
    assert [(row.index, row.embedding) for row in answer.data] == [
        (0, [0.0, -1.0]),
        (1, [1.0, 0.0]),
    ]
    assert (answer.model, answer.usage.prompt_tokens) == (model, tokens)


@pytest.mark.parametrize("model", EMBEDDINGS)
async def test_base64_is_made_where_the_vendor_has_none(bed, model):
    """OpenAI's client asks for it unasked and reads it by itself; Voyage and Jina answer it
    themselves.
    """
    answers, _, _ = EMBEDDINGS[model]
    if model[:2] in ("vo", "ji"):
        packed = [
            base64.b64encode(struct.pack("<2f", *vector)).decode()
            for vector in ([0.0, -1.0], [1.0, 0.0])
        ]
        answers = [openai_rows(*packed, total_tokens=5)]
    bed.tell(model[:2], *answers)
    answer = await bed.openai.embeddings.create(model=model, input=["a", "b"])
    assert [row.embedding for row in answer.data] == [[0.0, -1.0], [1.0, 0.0]]


async def test_what_is_written_for_jinas_pictures_goes_to_jina(bed):
    """Objects with pictures are passed on; no other vendor is sent what it cannot read."""
    pictures = [{"text": "a"}, {"image": "https://pictures.example/a.png"}]
    bed.tell("ji", openai_rows([0.5], [0.25], total_tokens=5))
    answer = await bed.openai.embeddings.create(
        model="ji-embed", input=pictures, encoding_format="float"
    )
    assert [row.embedding for row in answer.data] == [[0.5], [0.25]]
    assert bed.asked("ji")[0][1]["input"] == pictures
    for model in ("co-embed", "ge-embed", "vx-embed", "br-titan", "vo-embed"):
        with pytest.raises(openai.BadRequestError, match=r"input\[1\]"):
            await bed.openai.embeddings.create(model=model, input=pictures)


@pytest.mark.parametrize("model", ["vo-embed", "ji-embed"])
async def test_members_of_a_near_vendors_answer_are_not_lost(bed, model):
    """What OpenAI's format has no word for stands beside what it has."""
    answer = openai_rows([0.5], total_tokens=5)
    answer["data"][0] |= {"embeddings": [[0.5], [0.25]], "vendor": 1}
    bed.tell(model[:2], {**answer, "vendor": {"a": None}})
    url, headers = bed.gateway.url + "/v1/embeddings", {"Authorization": f"Bearer {CLIENT_KEY}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(url, json={"model": model, "input": "x"}) as response,
    ):
        value = await response.json()
    assert value == {
        **answer,
        "vendor": {"a": None},
        "model": model,
        "usage": {"prompt_tokens": 5, "total_tokens": 5},
    }


async def test_genai_embeds_at_vertex_and_bedrock(bed):
    """Google's client, whoever is behind."""
    client = genai.Client(api_key=CLIENT_KEY, http_options={"base_url": bed.gateway.url})
    for model, vector in (
        ("vx-predict", [0.0, -1.0]),
        ("br-titan", [0.0, -1.0]),
        ("co-embed", [0.0, -1.0]),
    ):
        bed.tell(model[:2], *EMBEDDINGS[model][0])
        answer = await client.aio.models.embed_content(model=model, contents=["a", "b"])
        assert answer.embeddings[0].values == vector
    await client.aio.aclose()


async def test_bedrock_is_asked_with_a_signature(bed):
    """Each of the several requests that one becomes."""
    bed.tell("br", *EMBEDDINGS["br-titan"][0])
    await bed.openai.embeddings.create(model="br-titan", input=["a", "b"])
    seen = bed.upstream.seen["br"]
    assert [
        one.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
        for one in seen
    ] == [True, True]
    assert len({one.headers["authorization"] for one in seen}) == 2


COHERE_ROWS = [{"index": 1, "relevance_score": 0.75}, {"index": 0, "relevance_score": 0.25}]
RERANKS = {
    "br-rerank": (
        {"results": COHERE_ROWS},
        (
            "/br/model/cohere.rerank-v3-5%3A0/invoke",
            {"api_version": 2, "query": "q", "documents": ["a", "b"], "top_n": 2},
        ),
    ),
    "br-amazon-rerank": (
        {"results": COHERE_ROWS},
        (
            "/br/model/amazon.rerank-v1%3A0/invoke",
            {"query": "q", "documents": ["a", "b"], "top_n": 2},
        ),
    ),
    "co-rerank": (
        {
            "id": "r1",
            "results": COHERE_ROWS,
            "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}},
        },
        (
            "/co/v2/rerank",
            {"model": "rerank-v3.5", "query": "q", "documents": ["a", "b"], "top_n": 2},
        ),
    ),
    "vo-rerank": (
        {
            "object": "list",
            "data": COHERE_ROWS,
            "model": "rerank-2.5",
            "usage": {"total_tokens": 26},
        },
        (
            "/vo/v1/rerank",
            {"model": "rerank-2.5", "query": "q", "documents": ["a", "b"], "top_k": 2},
        ),
    ),
    "ji-rerank": (
        {"model": "jina-reranker-v2", "usage": {"total_tokens": 15}, "results": COHERE_ROWS},
        (
            "/ji/v1/rerank",
            {"model": "jina-reranker-v2", "query": "q", "documents": ["a", "b"], "top_n": 2},
        ),
    ),
}


@pytest.mark.parametrize("model", RERANKS)
async def test_cohere_reranks_at_every_vendor(bed, model):
    """Both of Cohere's clients read the answer; nobody is told more than was asked."""
    answer, asked = RERANKS[model]
    bed.tell(model[:2], answer)
    async with cohere.AsyncClient(CLIENT_KEY, base_url=bed.gateway.url) as client:
        ranked = await client.rerank(model=model, query="q", documents=["a", "b"], top_n=2)
    assert [(one.index, one.relevance_score) for one in ranked.results] == [(1, 0.75), (0, 0.25)]
    assert [asked] == bed.asked(model[:2])


@pytest.mark.parametrize(
    "model, config",
    [("ge-image", {"aspectRatio": "3:2", "imageSize": "2K"}), ("vx-image", {"aspectRatio": "3:2"})],
)
async def test_pictures_by_gemini(bed, model, config):
    """Two pictures are two requests; the answer is OpenAI's, tokens summed."""
    bed.tell(model[:2], gemini_answer({"text": "Here:"}, inline("image/png", b"\x89PNG pixels")))
    answer = await bed.openai.images.generate(model=model, prompt="a cat", n=2, size="2048x1365")
    assert [image.b64_json for image in answer.data] == [PIXELS, PIXELS]
    assert (answer.output_format, answer.usage.input_tokens, answer.usage.output_tokens) == (
        "png",
        10,
        14,
    )
    name = {
        "ge-image": "/ge/v1beta/models/gemini-3-pro-image",
        "vx-image": VERTEX + "gemini-2.5-flash-image",
    }[model]
    body = {
        "contents": [{"role": "user", "parts": [{"text": "a cat"}]}],
        "generationConfig": {"responseModalities": ["IMAGE"], "imageConfig": config},
    }
    assert [(name + ":generateContent", body)] * 2 == bed.asked(model[:2])


async def test_pictures_by_imagen(bed):
    """`predict`, all pictures in one request."""
    for model, name in (
        ("ge-imagen", "/ge/v1beta/models/imagen-4.0-generate-001"),
        ("vx-imagen", VERTEX + "imagen-4.0-generate-001"),
    ):
        bed.tell(
            model[:2],
            {"predictions": [{"bytesBase64Encoded": PIXELS, "mimeType": "image/png"}] * 2},
        )
        answer = await bed.openai.images.generate(
            model=model, prompt="a cat", n=2, size="1024x1024"
        )
        assert [image.b64_json for image in answer.data] == [PIXELS, PIXELS]
        body = {
            "instances": [{"prompt": "a cat"}],
            "parameters": {"sampleCount": 2, "aspectRatio": "1:1"},
        }
        assert [(name + ":predict", body)] == bed.asked(model[:2])


async def test_pictures_are_edited_and_streamed_by_gemini(bed):
    """Files of a form become parts; a streamed answer holds the whole picture."""
    bed.tell("ge", gemini_answer(inline("image/png", b"\x89PNG pixels")))
    answer = await bed.openai.images.edit(
        model="ge-image",
        prompt="blue",
        image=[("a.png", b"AAAA", "image/png"), ("b.webp", b"BBBB", "image/webp")],
    )
    assert answer.data[0].b64_json == PIXELS
    parts = bed.asked("ge")[0][1]["contents"][0]["parts"]
    assert parts == [{"text": "blue"}, inline("image/png", b"AAAA"), inline("image/webp", b"BBBB")]
    stream = await bed.openai.images.generate(model="ge-image", prompt="x", stream=True)
    assert [(one.type, one.b64_json) async for one in stream] == [
        ("image_generation.completed", PIXELS)
    ]


async def test_a_picture_that_is_withheld_is_the_clients_own_matter(bed):
    """400 with the reason."""
    bed.tell(
        "ge",
        {
            "candidates": [{"finishReason": "IMAGE_SAFETY", "finishMessage": "no", "index": 0}],
            "usageMetadata": {"promptTokenCount": 1},
        },
    )
    with pytest.raises(openai.BadRequestError) as raised:
        await bed.openai.images.generate(model="ge-image", prompt="x")
    assert raised.value.code == "content_policy_violation"


@pytest.mark.parametrize("model, path", [("ge-tts", "/ge/v1beta/models/"), ("vx-tts", VERTEX)])
async def test_speech_by_gemini(bed, model, path):
    """WAV, raw samples, and as it comes."""
    sound = inline("audio/L16;codec=pcm;rate=24000", SAMPLES)
    bed.tell(model[:2], gemini_answer(sound))
    answer = await bed.openai.audio.speech.create(
        model=model, input="hi", voice="alloy", response_format="wav"
    )
    assert (answer.content[:4], answer.content[44:], answer.response.headers["content-type"]) == (
        b"RIFF",
        SAMPLES,
        "audio/wav",
    )
    answer = await bed.openai.audio.speech.create(
        model=model, input="hi", voice="Zephyr", response_format="pcm", instructions="Calmly"
    )
    assert answer.content == SAMPLES
    (first_path, first), (_, second) = bed.asked(model[:2])
    assert first_path == path + "gemini-2.5-flash-preview-tts:generateContent"
    voices = [
        body["generationConfig"]["speechConfig"]["voiceConfig"]["prebuiltVoiceConfig"]["voiceName"]
        for body in (first, second)
    ]
    assert voices == ["Kore", "Zephyr"]
    assert second["contents"][0]["parts"][0]["text"].startswith("Calmly")
    event = b"data: " + json.dumps(gemini_answer(sound)).encode() + b"\n\n"
    bed.tell(model[:2], Answer([event, event]))
    async with bed.openai.audio.speech.with_streaming_response.create(
        model=model, input="hi", voice="alloy", response_format="pcm", stream_format="audio"
    ) as response:
        assert b"".join([piece async for piece in response.iter_bytes()]) == SAMPLES * 2
    assert (
        bed.asked(model[:2])[0][0]
        == path + "gemini-2.5-flash-preview-tts:streamGenerateContent?alt=sse"
    )


@pytest.mark.parametrize("model", ["ge-hear", "vx-hear"])
async def test_transcripts_and_translations_by_gemini(bed, model):
    """JSON, text and events; the recording goes along, the language too; subtitles are refused with
    what there is.
    """
    sound = ("a.m4a", b"sound", "audio/x-m4a")
    bed.tell(
        model[:2],
        gemini_answer({"text": "thinking", "thought": True}, {"text": "hello "}, {"text": "there"}),
    )
    answer = await bed.openai.audio.transcriptions.create(model=model, file=sound, language="en")
    assert (answer.text, answer.usage.input_tokens) == ("hello there", 5)
    assert (
        await bed.openai.audio.transcriptions.create(
            model=model, file=sound, response_format="text"
        )
        == "hello there\n"
    )
    stream = await bed.openai.audio.transcriptions.create(model=model, file=sound, stream=True)
    assert [one.type async for one in stream] == ["transcript.text.delta", "transcript.text.done"]
    assert (
        await bed.openai.audio.translations.create(model=model, file=sound)
    ).text == "hello there"
    bodies = [body["contents"][0]["parts"] for _, body in bed.asked(model[:2])]
    assert [parts[1] for parts in bodies] == [inline("audio/mp4", b"sound")] * 4
    assert ["English" in parts[0]["text"] for parts in bodies] == [False, False, False, True]
    with pytest.raises(openai.BadRequestError, match="response_format"):
        await bed.openai.audio.transcriptions.create(model=model, file=sound, response_format="srt")


async def test_cohere_transcribes_a_form(bed):
    """Its form and its answer are OpenAI's."""
    bed.tell("co", {"text": "hi"})
    assert (
        await bed.openai.audio.transcriptions.create(
            model="co-hear", file=("a.wav", b"RIFF"), language="en"
        )
    ).text == "hi"
    seen = bed.upstream.seen["co"][0]
    assert (seen.path, b"cohere-transcribe" in seen.body) == ("/co/v2/audio/transcriptions", True)


async def test_azure_has_each_operation_at_its_deployment(bed):
    """The classic paths, with the key in Azure's header."""
    version = "?api-version=2025-04-01-preview"
    bed.tell("openai", openai_rows([0.5], prompt_tokens=1, total_tokens=1))
    assert (await bed.openai.embeddings.create(model="az", input="x")).data[0].embedding == [0.5]
    bed.upstream.tell("openai", whole({"created": 1, "data": [{"b64_json": PIXELS}]}))
    await bed.openai.images.generate(model="az", prompt="x")
    await bed.openai.images.edit(model="az", prompt="x", image=b"\x89PNG")
    bed.upstream.tell("openai", Answer([b"ID3"], content_type="audio/mpeg"))
    await bed.openai.audio.speech.create(model="az", input="x", voice="alloy")
    bed.upstream.tell("openai", whole({"text": "hi"}))
    await bed.openai.audio.transcriptions.create(model="az", file=("a.wav", b"RIFF"))
    await bed.openai.audio.translations.create(model="az", file=("a.wav", b"RIFF"))
    names = [
        "embeddings",
        "images/generations",
        "images/edits",
        "audio/speech",
        "audio/transcriptions",
        "audio/translations",
    ]
    seen = bed.upstream.seen["openai"]
    assert [one.path for one in seen] == [
        f"/openai/deployments/dep/{name}{version}" for name in names
    ]
    assert {one.headers["api-key"] for one in seen} == {"azure-key"}


IMPOSSIBLE = [
    ("/v1/rerank", "ge-embed", {"query": "q", "documents": ["a"]}, "'ge'"),
    ("/v1/moderations", "br-titan", {"input": "x"}, "'br'"),
    ("/v1/images/generations", "co-embed", {"prompt": "x"}, "'co'"),
    ("/v1/audio/speech", "vo-embed", {"input": "x", "voice": "alloy"}, None),
    ("/v1/embeddings", "br-titan", {"input": [[1, 2]]}, "token arrays"),
    (
        "/v1/audio/speech",
        "ge-tts",
        {"input": "x", "voice": "alloy", "response_format": "mp3"},
        "'wav' or 'pcm'",
    ),
]


@pytest.mark.parametrize("path, model, body, named", IMPOSSIBLE)
async def test_what_a_provider_cannot_do_is_said(bed, path, model, body, named):
    """400 or 404, naming the provider or what it has instead; it is not bothered.

    What only the vendor knows is the vendor's answer.
    """
    bed.tell(model[:2], whole({"detail": "Not Found"}, status=404))
    url, headers = bed.gateway.url + path, {"Authorization": f"Bearer {CLIENT_KEY}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(url, json={"model": model, **body}) as response,
    ):
        error = (await response.json())["error"]
    assert response.status in (400, 404), error
    if named is not None:
        assert named in error["message"]
        assert bed.asked(model[:2]) == []


async def test_overrides_change_relayed_json(bed):
    """Merged, removed, and the alias's own on top; configured headers go along, but what the body
    is they cannot say.
    """
    bed.tell("ov", openai_rows([0.5], total_tokens=1))
    body = {"input": "x", "prompt": "p", "vendor": 1}
    await bed.openai.embeddings.create(
        model="ov", input="x", encoding_format="float", extra_body=body
    )
    await bed.openai.embeddings.create(model="ov-chat", input="x", encoding_format="float")
    both = {
        "model": "up-model",
        "input": "x",
        "encoding_format": "float",
        "user": "team-1",
        "language": "de",
    }
    assert bed.asked("ov") == [
        ("/ov/v1/embeddings", {**both, "dimensions": 2}),
        ("/ov/v1/embeddings", {**both, "dimensions": 3}),
    ]
    headers = bed.upstream.seen["ov"][0].headers
    assert (headers["x-team"], headers["content-type"]) == ("one", "application/json")


async def test_overrides_change_forms(bed):
    """A field replaced, one taken out, others added; file, other fields and boundary as
    they were.
    """
    bed.tell("ov", {"text": "hi"})
    await bed.openai.audio.transcriptions.create(
        model="ov",
        file=("a.wav", b"RIFF\r\n--"),
        language="en",
        prompt="p",
        timestamp_granularities=["word", "segment"],
    )
    seen = bed.upstream.seen["ov"][0]
    boundary = seen.headers["content-type"].partition("boundary=")[2].encode()
    parts = [part.partition(b"\r\n\r\n") for part in seen.body.split(b"--" + boundary)[1:-1]]
    said = [
        (head.partition(b'name="')[2].partition(b'"')[0].decode(), value.removesuffix(b"\r\n"))
        for head, _, value in parts
    ]
    granularities = [
        ("timestamp_granularities[]", b"word"),
        ("timestamp_granularities[]", b"segment"),
    ]
    added = [("dimensions", b"2"), ("user", b"team-1")]
    assert sorted(
        [
            ("file", b"RIFF\r\n--"),
            ("model", b"up-model"),
            ("language", b"de"),
            *granularities,
            *added,
        ]
    ) == sorted(said)
    assert seen.headers["x-team"] == "one"


async def test_overrides_change_what_a_codec_made(bed):
    """As they change a translated chat: in the upstream's own members."""
    bed.tell("og", gemini_answer(inline("image/png", b"\x89PNG pixels")))
    await bed.openai.images.generate(model="og-image", prompt="x", size="1536x1024")
    assert bed.asked("og")[0][1]["generationConfig"]["imageConfig"] == {"aspectRatio": "1:1"}


async def test_large_bodies_arrive_and_return_whole(bed):
    """More than a megabyte each way, relayed and translated: read in threads, and the same."""
    vectors = [[index / 64 for index in range(start, start + 3000)] for start in range(100)]
    bed.tell("ov", openai_rows(*vectors, total_tokens=1))
    texts = ["word " * 3000] * len(vectors)
    answer = await bed.openai.embeddings.create(model="ov", input=texts, encoding_format="float")
    assert (answer.model, [row.embedding for row in answer.data]) == ("ov", vectors)
    assert bed.asked("ov")[0][1]["input"] == texts
    long = [index / 1024 for index in range(30_000)]
    bed.tell("ge", {"embeddings": [{"values": long}] * 10})
    answer = await bed.openai.embeddings.create(model="ge-embed", input=["word " * 30_000] * 10)
    assert [row.embedding for row in answer.data] == [long] * 10
