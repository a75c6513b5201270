"""Whole answers and streams are two forms of one thing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uniapi.canonical import (
    Choice,
    Citation,
    Failure,
    Finish,
    FoldError,
    Media,
    Opaque,
    PartDelta,
    PartStart,
    Reasoning,
    Refusal,
    Response,
    ResponseFailed,
    ResponseStart,
    Text,
    TokenLogprob,
    ToolCall,
    Unknown,
    Usage,
    UsageReport,
    checked,
    fold,
    unfold,
)

SIGNATURE = Opaque(family="anthropic", value="c2ln")
parts = st.one_of(
    st.builds(
        Text,
        text=st.text(),
        citations=st.sampled_from([(), (Citation(url="https://a.example", start=0, end=1),)]),
        logprobs=st.sampled_from([(), (TokenLogprob(token="a", logprob=-0.5),)]),
        opaque=st.sampled_from([None, SIGNATURE]),
    ),
    st.builds(Reasoning, text=st.text(), opaque=st.sampled_from([None, SIGNATURE])),
    st.just(Reasoning(is_redacted=True, opaque=SIGNATURE)),
    st.builds(
        ToolCall,
        call_id=st.text(min_size=1),
        name=st.text(min_size=1),
        arguments=st.text(),
        opaque=st.sampled_from([None, SIGNATURE]),
    ),
    st.builds(Refusal, text=st.text()),
    st.just(Media(kind="image", mime="image/png", data="aGk=")),
    st.just(Unknown(dialect="anthropic", name="server_tool_use", raw={"type": "server_tool_use"})),
)
choices = st.builds(
    Choice, parts=st.lists(parts, max_size=5).map(tuple), finish=st.just(Finish(reason="stop"))
)
responses = st.builds(
    Response,
    choices=st.lists(choices, min_size=1, max_size=3).map(tuple),
    response_id=st.sampled_from([None, "r1"]),
    usage=st.sampled_from([None, Usage(input_tokens=3, output_tokens=4)]),
)


@given(responses)
def test_folding_what_was_unfolded_gives_the_same_response(response):
    """`fold(unfold(r)) == r`, and what unfold emits obeys the grammar."""
    assert response == fold(checked(unfold(response)))


def test_usage_in_instalments_is_added_up_by_statement():
    """A later figure replaces the earlier one; a figure that is not repeated stays."""
    events = [
        ResponseStart(usage=Usage(input_tokens=10, cache_read_tokens=4)),
        UsageReport(usage=Usage(output_tokens=1)),
        UsageReport(usage=Usage(output_tokens=7)),
        *unfold(Response(choices=(Choice(parts=(), finish=Finish(reason="stop")),)))[1:],
    ]
    assert Usage(input_tokens=10, cache_read_tokens=4, output_tokens=7) == fold(events).usage


def test_a_failed_stream_has_no_whole_answer():
    """Folding raises with the failure itself, so that nobody takes a part for the whole."""
    failure = Failure.cut("gone")
    with pytest.raises(FoldError) as caught:
        fold(
            [
                ResponseStart(),
                PartStart(index=0, part=Text(text="half")),
                PartDelta(index=0, text="x"),
                ResponseFailed(failure=failure),
            ]
        )
    assert failure == caught.value.failure


def test_a_stream_without_an_end_has_no_whole_answer():
    """A cut stream must not look complete."""
    with pytest.raises(FoldError, match="before it was whole"):
        fold([ResponseStart()])


@pytest.mark.parametrize(
    "usage, expected",
    [
        (Usage(), None),
        (Usage(input_tokens=3), 3),
        (Usage(input_tokens=3, output_tokens=4), 7),
        (Usage(input_tokens=3, total_tokens=9), 9),
    ],
)
def test_the_total_is_the_vendors_or_the_sum(usage, expected):
    """A vendor's own total wins over our arithmetic."""
    assert expected == usage.total
