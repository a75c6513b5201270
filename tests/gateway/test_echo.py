"""A prompt that a provider repeats in its error stays between it and its client: neither log nor
journal nor page has it, and the client is told 200 characters of it at most.
"""

import json

import pytest
from fakes import whole
from playbook import provider

from uniapi.canonical import MOST_REPEATED, Failure, FailureKind
from uniapi.gateway.echo import MOST_SEARCHED, kept_words, without_echo

PROMPT = "the patient's name is Ada Lovelace, and she was born in «London»\nin 1815"
BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": PROMPT}]}).encode()


def failed(kind, message, status=422, **more):
    return Failure(kind=kind, message=message, status=status, **more)


@pytest.mark.parametrize("spelled", [PROMPT, json.dumps(PROMPT), repr(PROMPT), PROMPT[9:60]])
def test_what_stands_in_the_request_is_cut_out(spelled):
    """However it is spelled; the provider's own words stay."""
    cut = without_echo(f"input should be shorter: {spelled} (see our documentation)", BODY)
    assert cut.startswith("input should be shorter")
    assert cut.endswith("(see our documentation)")
    assert not any(word in cut for word in ("patient", "Lovelace", "born"))


def test_words_that_only_look_alike_stay():
    message = "temperature must be at most 2, model m has none"
    assert without_echo(message, BODY) == message


def test_the_client_is_told_some_of_it():
    """200 characters of what it sent."""
    text = "".join(f"word {number} " for number in range(500))
    cut = without_echo(f"bad: {text}!", text.encode(), MOST_REPEATED)
    assert cut == f"bad: {text[:MOST_REPEATED]}…!"


@pytest.mark.parametrize(
    "kind", [FailureKind.BAD_REQUEST, FailureKind.TOO_LONG, FailureKind.MODEL_FAULT]
)
def test_of_a_word_about_the_request_its_code_type_and_parameter_are_kept(kind):
    failure = failed(kind, "hi", code="invalid_value", type="invalid_request_error", param="top_p")
    assert kept_words(failure, BODY) == "invalid_value invalid_request_error top_p"


def test_what_we_say_ourselves_is_kept():
    failure = Failure(kind=FailureKind.TIMEOUT, message="no first token within 5 s")
    assert kept_words(failure, BODY) == "no first token within 5 s"


def test_a_message_is_compared_in_work_that_its_own_length_bounds():
    """However much of it stands in the request."""

    class Counted(bytes):
        looks = 0

        def __contains__(self, words):
            Counted.looks += 1
            return super().__contains__(words)

    without_echo("ab" * 1000, Counted(b"ab" * 700))
    without_echo("cd" * 1000, Counted(b"ab" * 700))
    assert Counted.looks < 1000


def test_a_large_request_is_searched_at_its_ends_only():
    cut = without_echo(f"no: {PROMPT}", b"x" * MOST_SEARCHED * 3 + BODY)
    assert "Lovelace" not in cut
    failure = failed(FailureKind.SERVER_ERROR, f"no: {PROMPT}", 500, code="oops")
    assert kept_words(failure, b"x" * MOST_SEARCHED * 3) == "oops"


@pytest.mark.parametrize("status", [422, 400, 500, 429, 404])
def test_no_record_no_line_and_no_rest_has_it(play, caplog, status):
    """While its own client, in another dialect, is told."""
    caplog.set_level("DEBUG")
    p = play(provider("a"), provider("b"))
    p.asks("/v1/messages", messages=[{"role": "user", "content": PROMPT}])
    while p.network.waiting:
        echo = whole({"error": {"message": f"cannot read {PROMPT}: try again"}}, status=status)
        p.upstream(p.network.waiting[0].where).answers(echo)
        p.passes(0)
    assert p.records_of_call
    for kept in (caplog.text, repr(p.records), repr(p.health.snapshot(0.0))):
        assert "Lovelace" not in kept
