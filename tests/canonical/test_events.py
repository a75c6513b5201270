"""The event grammar refuses exactly what its table forbids."""

import pytest

from uniapi.canonical import (
    Failure,
    Finish,
    Grammar,
    GrammarError,
    Media,
    Opaque,
    PartDelta,
    PartEnd,
    PartStart,
    Reasoning,
    ResponseEnd,
    ResponseFailed,
    ResponseStart,
    Text,
    ToolCall,
    Usage,
    UsageReport,
    checked,
    is_commit,
)

START = ResponseStart()
TEXT = PartStart(index=0, part=Text(text=""))
CALL = PartStart(index=1, part=ToolCall(call_id="c", name="f"))
DELTA = PartDelta(index=0, text="x")
CLOSE = PartEnd(index=0)
END = ResponseEnd(finishes=(Finish(reason="stop"),))
FAILED = ResponseFailed(failure=Failure.cut("gone"))


@pytest.mark.parametrize(
    "events",
    [
        [START, END],
        [START, TEXT, DELTA, CLOSE, UsageReport(usage=Usage(input_tokens=1)), END],
        [START, TEXT, CALL, DELTA, PartDelta(index=1, text="{}"), CLOSE, PartEnd(index=1), END],
        [START, TEXT, DELTA, FAILED],
        [FAILED],
    ],
)
def test_streams_that_obey_the_grammar_pass_unchanged(events):
    """What the grammar allows comes out as it went in."""
    assert events == list(checked(events))


@pytest.mark.parametrize(
    "events, rule",
    [
        ([TEXT], "rule 1"),
        ([START, START], "rule 1"),
        ([START, CALL], "rule 2"),
        ([START, TEXT, TEXT], "rule 2"),
        ([START, DELTA], "rule 3"),
        ([START, TEXT, CLOSE, DELTA], "rule 3"),
        ([START, CLOSE], "rule 3"),
        ([START, TEXT, END], "rule 4"),
        ([START, END, END], "rule 4"),
        ([START, END, UsageReport(usage=Usage())], "rule 4"),
        ([START, TEXT, CLOSE], "rule 4"),
        ([], "rule 4"),
    ],
)
def test_a_broken_stream_is_refused_with_the_rule_it_breaks(events, rule):
    """Each rule has a stream that breaks it alone."""
    with pytest.raises(GrammarError, match=rule):
        list(checked(events))


def test_the_checker_can_be_used_event_by_event():
    """`check` gives the event back, so that it can stand in a pipe."""
    grammar = Grammar()
    assert START is grammar.check(START)


@pytest.mark.parametrize(
    "event, expected",
    [
        (START, False),
        (TEXT, False),
        (DELTA, True),
        (PartDelta(index=0, citations=()), False),
        (PartStart(index=0, part=Text(text="a")), True),
        (PartStart(index=0, part=Reasoning()), False),
        (PartStart(index=0, part=Reasoning(opaque=Opaque(family="anthropic", value="sig"))), True),
        (PartDelta(index=0, opaque=Opaque(family="anthropic", value="sig")), True),
        (CALL, True),
        (PartStart(index=0, part=Media(kind="image", data="")), True),
        (UsageReport(usage=Usage()), False),
        (END, False),
    ],
)
def test_the_commit_is_the_first_real_output(event, expected):
    """Empty starts do not commit; text, signed reasoning, a tool call's start and media do."""
    assert expected == is_commit(event)
