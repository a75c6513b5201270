"""Embeddings between client shapes and upstream shapes."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import openai.types
import pytest

from uniapi.canonical import Operation, RequestRefused
from uniapi.errors import WireError
from uniapi.operations import (
    EncodedOperation,
    OperationAnswer,
    OperationRequest,
    codec_for,
)
from uniapi.operations.codecs import OPERATION_SHAPES

UPSTREAMS = ("gemini", "vertex", "cohere", "bedrock", "voyage", "jina", "nvidia")


def asked(body: Any, model: str = "embedder") -> OperationRequest:
    return OperationRequest(
        operation=Operation.EMBED, model=model, requested_model="alias", body=body
    )


def encode(
    body: Any, upstream: str, model: str = "embedder", client: str = "openai"
) -> EncodedOperation:
    codec = codec_for(Operation.EMBED, client, upstream)
    assert codec is not None
    return codec.encode_request(asked(body, model))


def decode(
    body: Any, upstream: str, *answers: Any, model: str = "embedder", client: str = "openai"
) -> OperationAnswer:
    codec = codec_for(Operation.EMBED, client, upstream)
    assert codec is not None
    return codec.decode_response(
        asked(body, model), [json.dumps(answer).encode() for answer in answers]
    )


REQUESTS = [
    (
        "gemini",
        "gemini-embedding-2",
        {
            "requests": [
                {
                    "model": "models/gemini-embedding-2",
                    "content": {"parts": [{"text": "hi"}]},
                    "taskType": "RETRIEVAL_QUERY",
                    "outputDimensionality": 256,
                }
            ]
        },
        None,
    ),
    (
        "vertex",
        "text-embedding-005",
        {
            "instances": [{"content": "hi", "task_type": "RETRIEVAL_QUERY"}],
            "parameters": {"outputDimensionality": 256},
        },
        "predict",
    ),
    (
        "vertex",
        "gemini-embedding-001",
        {
            "content": {"parts": [{"text": "hi"}]},
            "embedContentConfig": {"taskType": "RETRIEVAL_QUERY", "outputDimensionality": 256},
        },
        "embedContent",
    ),
    (
        "cohere",
        "embed-v4.0",
        {
            "model": "embed-v4.0",
            "texts": ["hi"],
            "input_type": "search_query",
            "embedding_types": ["float"],
            "output_dimension": 256,
        },
        None,
    ),
    (
        "bedrock",
        "cohere.embed-v4:0",
        {
            "texts": ["hi"],
            "input_type": "search_query",
            "embedding_types": ["float"],
            "output_dimension": 256,
        },
        None,
    ),
    ("bedrock", "amazon.titan-embed-text-v2:0", {"inputText": "hi", "dimensions": 256}, None),
    (
        "bedrock",
        "amazon.titan-embed-image-v1",
        {"inputText": "hi", "embeddingConfig": {"outputEmbeddingLength": 256}},
        None,
    ),
    (
        "bedrock",
        "amazon.nova-2-multimodal-embeddings-v1:0",
        {
            "taskType": "SINGLE_EMBEDDING",
            "singleEmbeddingParams": {
                "embeddingPurpose": "TEXT_RETRIEVAL",
                "text": {"truncationMode": "END", "value": "hi"},
                "embeddingDimension": 256,
            },
        },
        None,
    ),
    (
        "voyage",
        "voyage-4",
        {"model": "voyage-4", "input": ["hi"], "input_type": "query", "output_dimension": 256},
        None,
    ),
    (
        "jina",
        "jina-embeddings-v4",
        {
            "model": "jina-embeddings-v4",
            "input": ["hi"],
            "task": "retrieval.query",
            "dimensions": 256,
            "embedding_type": "float",
        },
        None,
    ),
    (
        "nvidia",
        "nvidia/nv-embedqa-e5-v5",
        {
            "model": "nvidia/nv-embedqa-e5-v5",
            "encoding_format": "float",
            "input_type": "query",
            "input": ["hi"],
            "dimensions": 256,
        },
        None,
    ),
]


@pytest.mark.parametrize("upstream, model, expected, verb", REQUESTS)
def test_a_request_is_said_in_the_upstreams_words(
    upstream: str, model: str, expected: dict[str, Any], verb: str | None
) -> None:
    """Text, dimensions and purpose arrive under the names each format has for them; the verb is
    told where the address has another.
    """
    body = {
        "model": "alias",
        "input": "hi",
        "dimensions": 256,
        "encoding_format": "float",
        "input_type": "query",
    }
    encoded = encode(body, upstream, model)
    assert (expected,) == encoded.bodies
    assert verb == encoded.verb


ANSWERS = [
    (
        "gemini",
        "m",
        {"embeddings": [{"values": [0.5, -1]}], "usageMetadata": {"promptTokenCount": 3}},
        3,
    ),
    (
        "vertex",
        "gemini-embedding-001",
        {
            "embedding": {"values": [0.5, -1]},
            "usageMetadata": {"promptTokenCount": 3},
            "truncated": False,
        },
        3,
    ),
    (
        "vertex",
        "text-embedding-005",
        {
            "predictions": [
                {
                    "embeddings": {
                        "values": [0.5, -1],
                        "statistics": {"token_count": 3, "truncated": False},
                    }
                }
            ]
        },
        3,
    ),
    (
        "cohere",
        "m",
        {
            "id": "x",
            "embeddings": {"float": [[0.5, -1]]},
            "texts": ["hi"],
            "meta": {"billed_units": {"input_tokens": 3}},
        },
        3,
    ),
    (
        "bedrock",
        "cohere.embed-english-v3",
        {"embeddings": [[0.5, -1]], "id": "x", "response_type": "embeddings_floats"},
        None,
    ),
    (
        "bedrock",
        "amazon.titan-embed-text-v2:0",
        {
            "embedding": [0.5, -1],
            "inputTextTokenCount": 3,
            "embeddingsByType": {"float": [0.5, -1]},
        },
        3,
    ),
    (
        "bedrock",
        "amazon.nova-2-multimodal-embeddings-v1:0",
        {"embeddings": [{"embeddingType": "TEXT", "embedding": [0.5, -1]}]},
        None,
    ),
    (
        "voyage",
        "m",
        {
            "object": "list",
            "data": [{"object": "embedding", "embedding": [0.5, -1], "index": 0}],
            "model": "voyage-4",
            "usage": {"total_tokens": 3},
        },
        3,
    ),
    (
        "jina",
        "m",
        {
            "object": "list",
            "data": [{"embedding": [0.5, -1], "index": 0}],
            "usage": {"total_tokens": 3, "prompt_tokens": 3},
        },
        3,
    ),
]


@pytest.mark.parametrize("upstream, model, answer, tokens", ANSWERS)
def test_an_answer_is_openais(
    upstream: str, model: str, answer: dict[str, Any], tokens: int | None
) -> None:
    """The vector, the model as the client named it, and the count, which is 0 for the client and
    unknown for us when nothing says it.
    """
    decoded = decode({"input": ["hi"]}, upstream, answer, model=model)
    expected = {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -1]}],
        "model": "alias",
        "usage": {"prompt_tokens": tokens or 0, "total_tokens": tokens or 0},
    }
    assert expected == json.loads(decoded.body)
    assert tokens == (decoded.usage.input_tokens if decoded.usage else None)
    openai.types.CreateEmbeddingResponse.model_validate_json(decoded.body, strict=True)


def test_base64_is_made_of_the_numbers() -> None:
    """Little-endian 32-bit floats, as the official client unpacks them."""
    decoded = decode(
        {"input": "hi", "encoding_format": "base64"},
        "cohere",
        {"embeddings": {"float": [[0.5, -1.25]]}},
    )
    assert struct.unpack(
        "<2f", base64.b64decode(json.loads(decoded.body)["data"][0]["embedding"])
    ) == (0.5, -1.25)


def test_base64_of_the_vendor_passes_as_it_is() -> None:
    """Voyage and Jina are asked for base64 when the client wants it, and their text is
    handed on.
    """
    packed = base64.b64encode(struct.pack("<2f", 0.5, -1.25)).decode()
    body = {"input": "hi", "encoding_format": "base64"}
    assert encode(body, "voyage").bodies[0]["encoding_format"] == "base64"
    assert encode(body, "jina").bodies[0]["embedding_type"] == "base64"
    answer = {"data": [{"embedding": packed, "index": 0}]}
    assert packed == json.loads(decode(body, "voyage", answer).body)["data"][0]["embedding"]
    assert json.loads(decode({"input": "hi"}, "jina", answer).body)["data"][0]["embedding"] == [
        0.5,
        -1.25,
    ]


def test_an_upstream_that_takes_one_text_gets_one_request_each() -> None:
    """Titan embeds one text a call; the answers come back as one list, their tokens added."""
    body = {"input": ["a", "b", "c"]}
    model = "amazon.titan-embed-text-v2:0"
    assert [each["inputText"] for each in encode(body, "bedrock", model).bodies] == ["a", "b", "c"]
    decoded = decode(
        body,
        "bedrock",
        *({"embedding": [float(n)], "inputTextTokenCount": n} for n in (1, 2, 3)),
        model=model,
    )
    written = json.loads(decoded.body)
    assert [row["embedding"] for row in written["data"]] == [[1.0], [2.0], [3.0]]
    assert [row["index"] for row in written["data"]] == [0, 1, 2]
    assert written["usage"]["prompt_tokens"] == 6


@pytest.mark.parametrize(
    "upstream, model, sizes",
    [
        ("cohere", "embed-v4.0", [96, 54]),
        ("gemini", "m", [100, 50]),
        ("vertex", "text-embedding-005", [150]),
    ],
)
def test_long_lists_go_in_batches(upstream: str, model: str, sizes: list[int]) -> None:
    """No body holds more than the format takes."""
    bodies = encode({"input": [str(n) for n in range(150)]}, upstream, model).bodies
    assert sizes == [
        len(body.get("texts") or body.get("requests") or body["instances"]) for body in bodies
    ]


def test_several_texts_on_vertex_are_a_batch() -> None:
    """Gemini models there take `batchEmbedContents`, open models one text a call."""
    several = encode({"input": ["a", "b"]}, "vertex", "gemini-embedding-2")
    assert (several.verb, len(several.bodies)) == ("batchEmbedContents", 1)
    assert several.bodies[0] == {
        "requests": [
            {"content": {"parts": [{"text": "a"}]}},
            {"content": {"parts": [{"text": "b"}]}},
        ]
    }
    open_model = encode(
        {"input": ["a", "b"]}, "vertex", "intfloat/multilingual-e5-large-instruct-maas"
    )
    assert (open_model.verb, len(open_model.bodies)) == ("embedContent", 2)


def test_rows_are_put_in_order_by_their_index() -> None:
    """An upstream may answer out of order."""
    rows = [{"index": 1, "embedding": [2]}, {"index": 0, "embedding": [1]}]
    assert [
        row["embedding"]
        for row in json.loads(decode({"input": ["a", "b"]}, "voyage", {"data": rows}).body)["data"]
    ] == [[1], [2]]


GEMINI_SINGLE = {
    "content": {"parts": [{"text": "a"}, {"text": "b"}]},
    "taskType": "RETRIEVAL_DOCUMENT",
    "outputDimensionality": 64,
    "title": "T",
}


def test_a_gemini_client_reaches_an_openai_upstream() -> None:
    """`embedContent` becomes one input, and its answer Gemini's; what OpenAI has no word for is a
    loss.
    """
    encoded = encode(GEMINI_SINGLE, "openai", "text-embedding-3-small", client="gemini")
    assert encoded.bodies == (
        {
            "input": ["a\nb"],
            "model": "text-embedding-3-small",
            "encoding_format": "float",
            "dimensions": 64,
        },
    )
    assert {"taskType", "title"} == set(encoded.losses)
    answer = {
        "data": [{"index": 0, "embedding": [1.5]}],
        "usage": {"prompt_tokens": 4, "total_tokens": 4},
    }
    decoded = decode(GEMINI_SINGLE, "openai", answer, client="gemini")
    assert json.loads(decoded.body) == {
        "embedding": {"values": [1.5]},
        "usageMetadata": {"promptTokenCount": 4, "totalTokenCount": 4},
    }


def test_a_gemini_batch_reaches_an_openai_upstream() -> None:
    """`batchEmbedContents` is answered with a list, in snake_case or camelCase alike."""
    body = {
        "requests": [
            {"content": {"parts": [{"text": text}]}, "output_dimensionality": 8} for text in "ab"
        ]
    }
    assert encode(body, "openai", client="gemini").bodies[0]["input"] == ["a", "b"]
    answer = {"data": [{"index": 0, "embedding": [1]}, {"index": 1, "embedding": [2]}]}
    assert json.loads(decode(body, "openai", answer, client="gemini").body) == {
        "embeddings": [{"values": [1]}, {"values": [2]}]
    }


def test_a_gemini_client_keeps_its_words_at_vertex_and_cohere() -> None:
    """Purpose and pictures survive where the upstream has them."""
    content = {
        "parts": [{"text": "a"}, {"inline_data": {"mime_type": "image/png", "data": "AA=="}}]
    }
    vertex = encode(
        {"content": content, "taskType": "CLUSTERING"},
        "vertex",
        "gemini-embedding-2",
        client="gemini",
    )
    assert {"content": content, "embedContentConfig": {"taskType": "CLUSTERING"}} == vertex.bodies[
        0
    ]
    assert (
        encode(GEMINI_SINGLE, "cohere", client="gemini").bodies[0]["input_type"]
        == "search_document"
    )
    with pytest.raises(RequestRefused) as refused:
        encode({"content": content}, "cohere", client="gemini")
    assert refused.value.error.param == "content[0]"


@pytest.mark.parametrize(
    "upstream, model, body, losses",
    [
        ("gemini", "m", {"input": "a", "user": "u", "frobnicate": 1}, ("user", "frobnicate")),
        (
            "cohere",
            "m",
            {"input": "a", "input_type": "sentiment", "truncate": "START"},
            ("input_type",),
        ),
        ("voyage", "m", {"input": "a", "task": "text-matching", "output_dtype": "int8"}, ("task",)),
        ("jina", "m", {"input": "a", "late_chunking": True}, ()),
        (
            "bedrock",
            "amazon.titan-embed-text-v2:0",
            {"input": "a", "normalize": False, "truncation": False},
            ("truncation",),
        ),
    ],
)
def test_what_cannot_be_carried_is_listed(
    upstream: str, model: str, body: dict[str, Any], losses: tuple[str, ...]
) -> None:
    """Losses name the client's members; what the vendor itself knows passes."""
    assert losses == encode(body, upstream, model).losses


REFUSED = [
    ({}, "input"),
    ({"input": None}, "input"),
    ({"input": []}, "input"),
    ({"input": 5}, "input"),
    ({"input": ["a", None]}, "input[1]"),
    ({"input": [["a"]]}, "input[0]"),
    ({"input": [True]}, "input[0]"),
    ({"input": [1, 2, 3]}, "input"),
    ({"input": [[1, 2], [3]]}, "input"),
    ({"input": "a", "dimensions": 0}, "dimensions"),
    ({"input": "a", "dimensions": "many"}, "dimensions"),
    ({"input": "a", "dimensions": float("inf")}, "dimensions"),
    ({"input": "a", "dimensions": 10**400}, "dimensions"),
    ({"input": "a", "encoding_format": "hex"}, "encoding_format"),
    ({"input": "a", "encoding_format": []}, "encoding_format"),
]


@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("body, member", REFUSED)
def test_what_cannot_be_said_is_refused_by_name(
    upstream: str, body: dict[str, Any], member: str
) -> None:
    """Wrong types and token arrays give 400 naming the member, toward every upstream."""
    with pytest.raises(RequestRefused) as refused:
        encode(body, upstream)
    assert (400, member) == (refused.value.error.status, refused.value.error.param)


@pytest.mark.parametrize(
    "body, member",
    [
        ({}, "content"),
        ({"content": "", "outputDimensionality": -1}, "outputDimensionality"),
        ({"content": {"parts": []}}, "content"),
        ({"requests": []}, "requests"),
        ({"requests": {}}, "requests"),
        ({"requests": [3]}, "requests[0]"),
        (
            {"requests": [{"content": {"parts": [{"text": "a"}]}}, {"content": None}]},
            "requests[1].content",
        ),
        (
            {"requests": [{"content": "a", "taskType": "CLUSTERING"}, {"content": "b"}]},
            "requests[1].taskType",
        ),
    ],
)
def test_a_wrong_gemini_request_is_refused_by_name(body: dict[str, Any], member: str) -> None:
    """The path of the member is Gemini's."""
    with pytest.raises(RequestRefused) as refused:
        encode(body, "openai", client="gemini")
    assert member == refused.value.error.param


def test_dimensions_a_model_does_not_have_are_refused() -> None:
    """Titan G1 has one length only; another would break the client's index in silence."""
    with pytest.raises(RequestRefused) as refused:
        encode({"input": "a", "dimensions": 256}, "bedrock", "amazon.titan-embed-text-v1")
    assert refused.value.error.param == "dimensions"


def test_too_many_requests_for_one_are_refused() -> None:
    """A list that would become more than a hundred calls is not sent."""
    with pytest.raises(RequestRefused, match="takes 1 at a time"):
        encode({"input": ["a"] * 101}, "bedrock", "amazon.titan-embed-text-v2:0")


HOSTILE = [
    None,
    3,
    "x",
    [],
    {},
    {"data": None},
    {"data": [None]},
    {"data": [{"embedding": []}]},
    {"data": [{"embedding": [None]}]},
    {"data": [{"embedding": ["1"]}]},
    {"data": [{"embedding": [1], "index": "0"}] * 2},
    {"data": [{"embedding": [float("nan")]}]},
    {"data": [{"embedding": [10**400]}]},
    {"embeddings": 3},
    {"embeddings": {}},
    {"embeddings": {"float": [[]]}},
    {"embeddings": [None]},
    {"embeddings": [{"values": {}}]},
    {"embedding": "@@"},
    {"embedding": {"values": "@@"}},
    {"predictions": [[]]},
    {"predictions": [{"embeddings": 1}]},
    {"message": "no"},
    {
        "data": [{"embedding": "@@@"}],
        "embeddings": {"float": ["@@@"]},
        "embedding": "@@@",
        "predictions": [{"embeddings": {"values": "@@@"}}],
    },
]


@pytest.mark.parametrize("model", ["m", "cohere.embed", "amazon.titan-embed-text-v2:0"])
@pytest.mark.parametrize(
    "key", [key for key in OPERATION_SHAPES if key[0] is Operation.EMBED], ids=str
)
@pytest.mark.parametrize("answer", HOSTILE, ids=lambda answer: json.dumps(answer)[:40])
def test_a_malformed_answer_is_a_wire_error(
    key: tuple[Operation, str, str], answer: Any, model: str
) -> None:
    """Whatever comes, the failure is the documented one."""
    body = {"input": ["a"]} if key[1] == "openai" else {"content": "a"}
    with pytest.raises(WireError):
        decode(body, key[2], answer, model=model, client=key[1])


@pytest.mark.parametrize(
    "model, purpose",
    [
        ("nvidia/nv-embed-v1", "passage"),
        ("nvidia/nvclip", None),
        ("nvidia/nv-embedqa-e5-v5-query", None),
    ],
)
def test_nvidias_retrieval_models_are_told_a_purpose_in_any_case(
    model: str, purpose: str | None
) -> None:
    """They refuse to go without; CLIP has none, and a name may say it."""
    (body,) = encode({"model": "a", "input": "hi"}, "nvidia", model).bodies
    assert body.get("input_type") == purpose


PICTURE = "data:image/png;base64,aGk="
CHATTED = {"type": "image_url", "image_url": {"url": PICTURE}}


@pytest.mark.parametrize("picture", [PICTURE, CHATTED])
@pytest.mark.parametrize(
    "upstream, model, told",
    [
        (
            "cohere",
            "embed-v4.0",
            [
                {"texts": ["a", "b"], "input_type": "search_document"},
                {"images": [PICTURE], "input_type": "image"},
                {"texts": ["c"], "input_type": "search_document"},
            ],
        ),
        (
            "gemini",
            "gemini-embedding-2",
            [{"inlineData": {"mimeType": "image/png", "data": "aGk="}}],
        ),
        ("bedrock", "amazon.titan-embed-image-v1", [{"inputImage": "aGk="}]),
        ("jina", "jina-embeddings-v4", [{"image": "aGk="}]),
    ],
)
def test_a_picture_is_no_text(picture: Any, upstream: str, model: str, told: list[Any]) -> None:
    """BerriAI/litellm#6542: a data URL was embedded as its letters. The order stays."""
    encoded = encode({"model": "m", "input": ["a", "b", picture, "c"]}, upstream, model)
    if upstream == "cohere":
        assert [{**body, **one} for body, one in zip(encoded.bodies, told, strict=True)] == list(
            encoded.bodies
        )
        return
    said = {
        "gemini": lambda: encoded.bodies[0]["requests"][2]["content"]["parts"],
        "bedrock": lambda: [encoded.bodies[2]],
        "jina": lambda: [encoded.bodies[0]["input"][2]],
    }[upstream]()
    assert said == told


@pytest.mark.parametrize("upstream, model", [("voyage", "voyage-4"), ("nvidia", "nv-embed")])
def test_a_picture_is_refused_where_texts_alone_are_embedded(upstream: str, model: str) -> None:
    with pytest.raises(RequestRefused, match="more than text"):
        encode({"model": "m", "input": ["a", PICTURE]}, upstream, model)


@pytest.mark.parametrize("upstream", ["gemini", "vertex"])
def test_googles_shortened_vectors_have_a_length_of_one(upstream):
    """As OpenAI's have; whole ones, and those that have it, stay as they are."""
    name = "gemini-embedding-001"
    answer = {"embeddings": [{"values": [3.0, 4.0]}, {"values": [0.6, 0.8]}]}
    body = {"input": ["a", "b"]}
    whole = json.loads(decode(body, upstream, answer, model=name).body)
    cut = json.loads(decode({**body, "dimensions": 2}, upstream, answer, model=name).body)
    assert [row["embedding"] for row in whole["data"]] == [[3.0, 4.0], [0.6, 0.8]]
    assert [row["embedding"] for row in cut["data"]] == [[0.6, 0.8], [0.6, 0.8]]
