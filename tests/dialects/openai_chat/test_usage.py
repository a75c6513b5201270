"""The usage objects that most vendors send are read in one go: it says what the long way says."""

from hypothesis import example, given
from hypothesis import strategies as st

from uniapi.canonical import MOST_COUNTED
from uniapi.dialects.openai_chat.usage import decode_usage

COUNTS = st.sampled_from([0, 1, 2, 3, 5, MOST_COUNTED, MOST_COUNTED + 1, -1, 2.0, True, None, "2"])


def some_of(names):
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, COUNTS))


PROMPT = some_of(["cached_tokens", "audio_tokens", "image_tokens", "cache_write_tokens", "other"])
COMPLETION = some_of(["reasoning_tokens", "audio_tokens", "image_tokens", "accepted_tokens"])
OUTER = st.fixed_dictionaries(
    dict.fromkeys(["prompt_tokens", "completion_tokens", "total_tokens"], COUNTS),
    optional={
        "prompt_tokens_details": PROMPT | COUNTS,
        "completion_tokens_details": COMPLETION | COUNTS,
        "reasoning_tokens": COUNTS,
        "prompt_cache_hit_tokens": COUNTS,
    },
)
PLAIN = {
    "prompt_tokens": 5,
    "completion_tokens": 2,
    "total_tokens": 7,
    "prompt_tokens_details": {"cached_tokens": 3, "audio_tokens": 1},
    "completion_tokens_details": {"reasoning_tokens": 2, "audio_tokens": 1, "accepted_tokens": 9},
}


def changed(**more):
    return {**PLAIN, **more}


@given(OUTER, st.booleans())
@example(PLAIN, False)
@example(changed(total_tokens=9), True)
@example(changed(prompt_tokens=2), False)
@example(changed(completion_tokens=1), False)
@example(changed(total_tokens=-1), False)
@example(changed(prompt_tokens_details={"cached_tokens": 1, "audio_tokens": True}), False)
@example(
    changed(prompt_tokens_details={**PLAIN["prompt_tokens_details"], "image_tokens": 1}), False
)
@example(
    changed(completion_tokens_details={**PLAIN["completion_tokens_details"], "image_tokens": 1}),
    False,
)
def test_a_plain_object_says_what_it_says_beside_a_member_that_nobody_knows(stated, beside):
    """Which makes it an object that is walked through."""
    plain, walked = (
        decode_usage(stated, beside),
        decode_usage({**stated, "else": 1, "x": 2}, beside),
    )
    assert plain is not None
    assert walked is not None
    walked.raw = plain.raw
    assert plain == walked
    assert plain.raw is stated
