"""What is minded of relayed requests and answers, where a server is only nearly OpenAI's."""

import pytest

from uniapi.canonical import Operation
from uniapi.errors import WireError
from uniapi.operations import fit_answer, fit_request

ROW = {"object": "embedding", "index": 0}
VECTOR = {**ROW, "embedding": [1.0]}
IMAGES = {"images": [{"url": "https://h"}]}
BASE64 = {"input": "x", "encoding_format": "base64"}
ANSWERS = [
    (
        Operation.EMBED,
        {"input": "x", "encoding_format": "base64"},
        {"data": [{**ROW, "embedding": [0.5, -1.25]}], "usage": 1},
        {"data": [{**ROW, "embedding": "AAAAPwAAoL8="}], "usage": 1},
    ),
    (
        Operation.EMBED,
        {"input": "x", "encoding_format": "float"},
        {"data": [{**ROW, "embedding": "AAAAPwAAoL8="}]},
        {"data": [{**ROW, "embedding": [0.5, -1.25]}]},
    ),
    *(
        # Perplexity's text holds bytes, not floats: only its own words tell.
        (
            Operation.EMBED,
            {"input": "x", **asked},
            {"data": [{**ROW, "embedding": "9sYAAzzy"}]},
            {"data": [{**ROW, "embedding": "9sYAAzzy"}]},
        )
        for asked in ({}, {"encoding_format": "base64_int8"}, {"encoding_format": []})
    ),
    # out of order (cocoindex-io/cocoindex#2381), without an order (doobidoo/mcp-memory-service#612)
    (
        Operation.EMBED,
        {"input": ["x", "y"]},
        {"data": [{**VECTOR, "index": 1}, {"index": 0, "embedding": [2.0]}]},
        {"data": [{"index": 0, "embedding": [2.0]}, {**VECTOR, "index": 1}]},
    ),
    *(
        (
            Operation.EMBED,
            {"input": ["x", "y"]},
            {"data": [{"embedding": [1.0], **index}, {"embedding": [2.0], **index}]},
            {"data": [VECTOR, {**VECTOR, "index": 1, "embedding": [2.0]}]},
        )
        for index in ({}, {"index": None}, {"index": 0})
    ),
    # Ollama's two of its own, Text Embeddings Inference's, llama.cpp's
    *(
        (
            Operation.EMBED,
            {"input": "x"},
            answer,
            {
                "object": "list",
                "data": [VECTOR],
                "usage": {"prompt_tokens": read, "total_tokens": read},
                **more,
            },
        )
        for answer, read, more in (
            (
                {"model": "m", "embeddings": [[1.0]], "prompt_eval_count": 3},
                3,
                {"model": "m", "prompt_eval_count": 3},
            ),
            ({"embedding": [1.0]}, 0, {}),
            ([[1.0]], 0, {}),
            ([{"index": 0, "embedding": [[1.0]], "object": "embedding"}], 0, {}),
        )
    ),
    (
        Operation.MODERATE,
        {},
        {"results": [{"categories": {"sexual": False, "selfharm": True}}, {"categories": {}}]},
        {
            "results": [
                {"flagged": True, "categories": {"sexual": False, "selfharm": True}},
                {"flagged": False, "categories": {}},
            ]
        },
    ),
    (
        Operation.RERANK,
        {"top_n": 1, "documents": ["a", "b"], "return_documents": True},
        {"scores": [0.1, 0.9]},
        {
            "scores": [0.1, 0.9],
            "results": [
                {"index": 1, "score": 0.9, "relevance_score": 0.9, "document": {"text": "b"}}
            ],
        },
    ),
    (
        Operation.RERANK,
        {},
        {"output": {"results": [{"index": 0, "relevance_score": 0.5}]}},
        {
            "output": {"results": [{"index": 0, "relevance_score": 0.5}]},
            "results": [{"index": 0, "relevance_score": 0.5}],
        },
    ),
    # docs.siliconflow.com; piexian/astrbot_plugin_gemini_image_generation#2
    *(
        (Operation.IMAGE, asked, {name: [row]}, {**more, "data": [expected]})
        for asked, name, row, expected, more in (
            ({}, "images", {"url": "https://h"}, {"url": "https://h"}, IMAGES),
            ({}, "data", "https://h", {"url": "https://h"}, {}),
            ({}, "data", {"image_url": {"url": "https://h"}}, {"url": "https://h"}, {}),
            ({}, "data", {"url": "data:image/png;base64,aGk="}, {"b64_json": "aGk="}, {}),
            ({}, "data", {"b64_json": "data:image/png;base64,aGk="}, {"b64_json": "aGk="}, {}),
        )
    ),
    (
        Operation.RERANK,
        {},
        [{"index": 1, "score": 0.5}],
        {"results": [{"index": 1, "score": 0.5, "relevance_score": 0.5}]},
    ),
    (
        Operation.RERANK,
        {},
        {"id": "x", "data": [{"index": 1, "relevance_score": 0.5}]},
        {
            "id": "x",
            "data": [{"index": 1, "relevance_score": 0.5}],
            "results": [{"index": 1, "relevance_score": 0.5}],
        },
    ),
    (
        Operation.IMAGE,
        {"response_format": "url", "output_format": "webp"},
        {"data": [{"b64_json": "aGk=", "revised_prompt": "p"}]},
        {"data": [{"revised_prompt": "p", "url": "data:image/webp;base64,aGk="}]},
    ),
]


@pytest.mark.parametrize("operation, asked, answer, expected", ANSWERS)
def test_an_answer_is_made_what_was_asked_for(operation, asked, answer, expected):
    """Vectors in the form that the client reads, rows where it looks for them, addresses."""
    assert fit_answer(operation, asked, answer) == expected


@pytest.mark.parametrize(
    "operation, asked, answer",
    [
        (Operation.EMBED, BASE64, {"data": [{"index": 0, "embedding": "AAAAPw=="}]}),
        (Operation.EMBED, {"input": [1, 2]}, {"data": [{"index": 0, "embedding": [1]}]}),
        (Operation.EMBED, {"input": "x"}, {"data": [{"index": 0, "embedding": "no floats"}]}),
        (Operation.EMBED, {"input": [{"image": "x"}, {"text": "y"}]}, {"data": [VECTOR]}),
        (Operation.EMBED, {}, {"embeddings": [{"values": [1]}]}),
        (Operation.RERANK, {}, {"results": [{"index": 0}]}),
        (Operation.RERANK, {}, {"data": ["x"]}),
        (Operation.IMAGE, {"response_format": "url"}, {"data": [{"url": "https://h"}, None]}),
        (Operation.IMAGE, {}, {"data": [{"b64_json": "aGk="}]}),
        (Operation.MODERATE, {}, {"data": 1}),
    ],
)
def test_what_is_right_or_beyond_mending_stays_the_very_object(operation, asked, answer):
    """So that a relay keeps its bytes."""
    assert fit_answer(operation, asked, answer) is answer


@pytest.mark.parametrize(
    "operation, asked, answer",
    [
        # xberg-io/xberg#1302
        (Operation.EMBED, {"input": ["x", "y"]}, {"data": [VECTOR]}),
        (Operation.EMBED, {"input": "x"}, {"data": [VECTOR, VECTOR]}),
        (Operation.EMBED, {"input": [1, 2]}, {"data": [VECTOR, VECTOR]}),
        (Operation.EMBED, {"input": [[1], [2]]}, {"data": [VECTOR]}),
        # NaN, as llama.cpp and vLLM write it
        (Operation.EMBED, {"input": "x"}, {"data": [{"embedding": [None, None]}]}),
        (Operation.EMBED, {"input": "x"}, {"data": [{"embedding": []}]}),
        (Operation.EMBED, BASE64, {"data": [{"embedding": ["x"]}]}),
        (Operation.IMAGE, {}, {"data": [{"error": {"message": "sensitive"}}]}),
    ],
)
def test_what_is_no_answer_to_it_is_a_wire_error(operation, asked, answer):
    with pytest.raises(WireError):
        fit_answer(operation, asked, answer)


@pytest.mark.parametrize(
    "model, body, fitted, lost",
    [
        (
            "gpt-image-2",
            {
                "quality": "hd",
                "size": "512x512",
                "response_format": "b64_json",
                "style": "vivid",
                "background": "transparent",
                "input_fidelity": "high",
            },
            {"quality": "high", "size": "1024x1024"},
            ("style", "input_fidelity", "background", "size"),
        ),
        (
            "gpt-image-2.5-flare-2026-09-08",
            {"background": "transparent", "input_fidelity": "high", "quality": "standard"},
            {"background": "transparent", "input_fidelity": "high", "quality": "auto"},
            (),
        ),
    ],
)
def test_openais_models_are_not_told_dalles_words(model, body, fitted, lost):
    """What a model refuses is taken out, what has another word today gets it."""
    assert fit_request(Operation.IMAGE_EDIT, model, body) == (fitted, lost)


def test_a_model_that_tells_speakers_apart_is_told_how_to_cut() -> None:
    """BerriAI/litellm#18125: 400 «chunking_strategy is required for diarization models»."""
    model = "gpt-4o-transcribe-diarize"
    told = ({"model": model, "chunking_strategy": "auto"}, ())
    assert fit_request(Operation.TRANSCRIBE, model, {"model": model}) == told
    own = {"chunking_strategy": '{"type": "server_vad"}'}
    assert fit_request(Operation.TRANSCRIBE, model, own)[0] is own


@pytest.mark.parametrize(
    "operation, model, body",
    [
        (Operation.IMAGE, "gpt-image-2", {"quality": "high", "size": "1792x1024"}),
        (Operation.IMAGE, "flux-2", {"response_format": "url", "style": "x"}),
        (Operation.SPEECH, "gpt-image-2", {"response_format": "mp3"}),
    ],
)
def test_other_requests_stay_the_very_object(operation, model, body):
    """Other vendors' models, other operations, and what is right."""
    fitted, lost = fit_request(operation, model, body)
    assert fitted is body
    assert lost == ()
