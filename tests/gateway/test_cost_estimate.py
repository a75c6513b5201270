"""What is reserved for a call minds how many answers it asks for, however that is spelled."""

import json

import pytest

from uniapi.canonical import Call, Operation, Principal
from uniapi.gateway.cost_estimate import MOST_ANSWERS, MOST_OUTPUT, USUAL_OUTPUT, _expected


def written(body):
    call = Call(
        request_id="r",
        dialect="gemini",
        operation=Operation.GENERATE,
        principal=Principal(key_id="k", label="k"),
        requested_model="m",
        stream=False,
        body=json.dumps(body).encode(),
        json=body,
        path="/",
    )
    return _expected(call, None).output_tokens


@pytest.mark.parametrize("config", ["generationConfig", "generation_config"])
@pytest.mark.parametrize("count", ["candidateCount", "candidate_count"])
@pytest.mark.parametrize("limit", ["maxOutputTokens", "max_output_tokens"])
@pytest.mark.parametrize("number", [8, 8.0, "8"])
def test_in_either_spelling_and_as_any_number(config, count, limit, number):
    assert written({config: {count: number, limit: 100}}) == 800


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        ({"n": 10}, 10 * USUAL_OUTPUT),
        ({"n": 2, "best_of": 5, "max_tokens": 10}, 50),
        ({"max_tokens": 10, "max_completion_tokens": 90}, 90),
        ({"n": 10**9, "max_tokens": 10**12}, MOST_ANSWERS * MOST_OUTPUT),
        ({"max_tokens": 10**9}, MOST_OUTPUT),
        ({"n": "9" * 5000, "max_tokens": 1e400}, USUAL_OUTPUT),
        ({"n": True, "max_tokens": -1}, USUAL_OUTPUT),
    ],
)
def test_the_most_that_is_asked_for(body, tokens):
    assert written(body) == tokens
