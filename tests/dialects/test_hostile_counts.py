"""A provider may state a count of four hundred digits: it is no count, and nothing later has to
divide by it, add it up or show it. Found by tests/endurance/fuzz.py.
"""

import json

import pytest

from uniapi.canonical import MOST_COUNTED, counted
from uniapi.dialects import UPSTREAM_DIALECTS, Quirk, UpstreamContext
from uniapi.wire import Frame

CHAT = {"choices": [{"message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}]}
ANSWERS = {
    "openai_chat": lambda n: {**CHAT, "usage": {"prompt_tokens": n, "completion_tokens": n}},
    "anthropic": lambda n: {
        "type": "message",
        "content": [{"type": "text", "text": "hi"}],
        "usage": {"input_tokens": n, "cache_read_input_tokens": n, "output_tokens": n},
    },
    "gemini": lambda n: {
        "candidates": [{"content": {"parts": [{"text": "hi"}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": n, "candidatesTokenCount": n},
    },
    "openai_responses": lambda n: {
        "id": "r",
        "status": "completed",
        "output": [],
        "usage": {"input_tokens": n, "output_tokens": n},
    },
}


@pytest.mark.parametrize("dialect", ANSWERS)
@pytest.mark.parametrize("stated", [10**400, -1, 1e300])
def test_a_number_that_is_no_count_is_not_said(dialect, stated):
    context = UpstreamContext(quirk=Quirk(), id_seed="0")
    said = UPSTREAM_DIALECTS[dialect].decode_response(ANSWERS[dialect](stated), context)
    usage = said.usage
    assert usage is None or all(
        count is None or 0 <= count <= 4 * MOST_COUNTED
        for count in (usage.input_tokens, usage.output_tokens, usage.total)
    )


@pytest.mark.parametrize("data", [b'{"usageMetadata": nonsense}', b'{"usageMetadata": {"a": \x01}'])
def test_a_relay_goes_on_past_figures_that_make_no_sense(data):
    observer = UPSTREAM_DIALECTS["gemini"].observer()
    observer.take([Frame(None, data, data)])
    assert observer.failure is None


def test_what_is_a_count():
    assert [counted(value) for value in (0, 7, 7.0, MOST_COUNTED)] == [0, 7, 7, MOST_COUNTED]
    wrong = (None, True, "7", 7.5, -1, MOST_COUNTED + 1, float("inf"), [], json.loads("1e999"))
    assert [counted(value) for value in wrong] == [None] * len(wrong)
