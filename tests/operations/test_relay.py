"""What is minded of relayed requests and answers, where a server is only nearly OpenAI's."""

import pytest

from uniapi.canonical import Operation
from uniapi.operations import fit_answer, fit_request

ROW = {"object": "embedding", "index": 0}
ANSWERS = [
    (
        Operation.EMBED,
        {"encoding_format": "base64"},
        {"data": [{**ROW, "embedding": [0.5, -1.25]}], "usage": 1},
        {"data": [{**ROW, "embedding": "AAAAPwAAoL8="}], "usage": 1},
    ),
    (
        Operation.EMBED,
        {"encoding_format": "float"},
        {"data": [{**ROW, "embedding": "AAAAPwAAoL8="}]},
        {"data": [{**ROW, "embedding": [0.5, -1.25]}]},
    ),
    *(
        # Perplexity's text holds bytes, not floats: only its own words tell.
        (
            Operation.EMBED,
            asked,
            {"data": [{**ROW, "embedding": "9sYAAzzy"}]},
            {"data": [{**ROW, "embedding": "9sYAAzzy"}]},
        )
        for asked in ({}, {"encoding_format": "base64_int8"}, {"encoding_format": []})
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
        (Operation.EMBED, {"encoding_format": "base64"}, {"data": [{"embedding": "AAAAPw=="}]}),
        (Operation.EMBED, {}, {"data": [{"embedding": [1]}]}),
        (Operation.EMBED, {}, {"data": [{"embedding": "no base64 of floats"}]}),
        (Operation.EMBED, {"encoding_format": "base64"}, {"data": [{"embedding": ["x"]}]}),
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
