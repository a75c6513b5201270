"""The list of recent requests: what is in a row, what filters let pass, how one goes on."""

import pytest
from sample_calls import NOON_S, attempt, call

from uniapi.canonical import RequestRefused, Usage
from uniapi.stats import Recorder, newest_rows, request_list, request_row
from uniapi.storage import DiskFolder

NAMES = ["served", "slow", "mistake", "broken", "left"]


@pytest.fixture
def recorder(tmp_path):
    recorder = Recorder(DiskFolder(tmp_path))
    recorder.open()
    recorder.record(call("served", at_s=NOON_S, cost_pd=2 * 10**12))
    recorder.record(call("slow", at_s=NOON_S + 60, first_token_s=9.0, total_s=12.0))
    recorder.record(
        call(
            "mistake",
            at_s=NOON_S + 120,
            outcome="refused",
            status=404,
            provider=None,
            provider_id=None,
            upstream_model=None,
            attempts=(),
            requested_model="Gpt-Typo",
            key_label="bob",
            first_token_s=None,
            usage=None,
            message="no such model",
        )
    )
    failed = (attempt("rate_limited", provider="azure"), attempt("overloaded", status=529))
    recorder.record(call("broken", at_s=NOON_S + 180, outcome="overloaded", attempts=failed))
    recorder.record(call("left", at_s=NOON_S + 240, outcome="client_left", status=0))
    yield recorder
    recorder.close(NOON_S)


def ids(recorder, **query):
    return [row["request_id"] for row in request_list(recorder, query, NOON_S + 300)["requests"]]


@pytest.mark.parametrize("is_written", [False, True])
def test_the_newest_come_first_written_down_or_not(recorder, is_written):
    """Each once."""
    if is_written:
        recorder.commit(NOON_S)
    assert ids(recorder) == NAMES[::-1]


def test_a_long_call_stands_where_it_began(recorder):
    """By the time that is shown, though its line comes last in the journal."""
    recorder.record(call("long", at_s=NOON_S + 90, total_s=300.0))
    assert ids(recorder) == ["left", "broken", "mistake", "long", "slow", "served"]


def test_the_latest_begun_failure_is_told_first():
    ended = [call("late", at_s=NOON_S + 9), call("long", at_s=NOON_S, total_s=60.0)]
    assert [row["request_id"] for row in newest_rows(ended, None)] == ["late", "long"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"model": "TYPO"}, ["mistake"]),
        ({"client": "bob"}, ["mistake"]),
        ({"provider": "azure"}, ["broken"]),
        ({"provider_key": "cred1…"}, ["left", "broken", "slow", "served"]),
        ({"status": "404"}, ["mistake"]),
        ({"status": "5xx"}, ["broken"]),
        ({"status": "failure"}, ["broken"]),
        ({"status": "mistake"}, ["mistake"]),
        ({"status": "left"}, ["left"]),
        ({"status": "ok"}, ["slow", "served"]),
        ({"slower_than": "5"}, ["slow"]),
        ({"cost": "1.5"}, ["served"]),
        ({"attempts": "2"}, ["broken"]),
        ({"since": str(NOON_S + 100)}, ["left", "broken", "mistake"]),
        ({"since": "3m"}, ["left", "broken", "mistake"]),
        ({"until": str(NOON_S + 60)}, ["slow", "served"]),
        ({"request_id": "sl"}, ["slow"]),
        ({"model": "", "status": " "}, NAMES[::-1]),
    ],
)
def test_a_filter_lets_pass_what_it_names(recorder, query, expected):
    """By any column; several at once."""
    assert ids(recorder, **query) == expected


def test_pages_follow_each_other_to_the_end(recorder):
    """`next` leads on, and is None where nothing older is kept; a filter does not break it."""
    recorder.commit(NOON_S)
    seen, query = [], {"limit": "2"}
    while True:
        page = request_list(recorder, query, NOON_S)
        seen += [row["request_id"] for row in page["requests"]]
        if page["next"] is None:
            break
        query["before"] = page["next"]
    assert seen == NAMES[::-1]
    assert request_list(recorder, {"model": "nothing"}, NOON_S)["next"] is None


def test_a_long_journal_is_read_in_pieces(recorder):
    """So much for a question, and `next` goes on from there, though nothing was found in it."""
    for number in range(400):
        recorder.record(call(f"n{number}", at_s=NOON_S + 300 + number))
    recorder.commit(NOON_S)
    query, found, questions = {"client": "bob"}, [], 0
    while True:
        page = request_list(recorder, query, NOON_S, most_bytes=70_000)
        questions += 1
        found += [row["request_id"] for row in page["requests"]]
        if page["next"] is None:
            break
        query["before"] = page["next"]
    assert found == ["mistake"]
    assert questions > 1


def test_calls_that_are_not_written_yet_lead_on_to_those_that_are(recorder):
    """A page that ends among them goes on at the end of the journal."""
    recorder.commit(NOON_S)
    recorder.record(call("late", at_s=NOON_S + 300))
    recorder.record(call("later", at_s=NOON_S + 301))
    page = request_list(recorder, {"limit": "1"}, NOON_S)
    assert [row["request_id"] for row in page["requests"]] == ["later"]
    assert ids(recorder, limit="2", before=page["next"]) == ["left", "broken"]


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"status": "fine"}, "status"),
        ({"slower_than": "-1"}, "slower_than"),
        ({"cost": "nan"}, "cost"),
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"before": "x"}, "before"),
        ({"since": "yesterday"}, "since"),
        ({"attempts": "-2"}, "attempts"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(recorder, query, param):
    """Naming the member."""
    with pytest.raises(RequestRefused) as refused:
        request_list(recorder, query, NOON_S)
    assert refused.value.error.param == param


def test_a_row_says_what_a_person_asks_of_a_request():
    """Speed from the first token on, dollars, the cache; None for what is not known."""
    row = request_row(
        call(
            usage=Usage(input_tokens=100, output_tokens=60, cache_read_tokens=80),
            first_token_s=0.5,
            total_s=2.5,
            cost_pd=10**9,
        )
    )
    assert (row["tokens_per_s"], row["cost"], row["cache_read_tokens"]) == (30.0, 0.001, 80)
    assert request_row(call(usage=None))["tokens_per_s"] is None
    whole = call(stream=False, first_token_s=1.5, total_s=2.0)
    assert (request_row(whole)["tokens_per_s"], request_row(whole)["first_token_s"]) == (5.0, None)


def test_mistakes_of_clients_do_not_push_out_failures():
    """A hundred of each are remembered, apart."""
    recorder = Recorder()
    recorder.record(call("broken", outcome="overloaded"))
    for number in range(300):
        recorder.record(call(f"m{number}", outcome="refused", status=400))
    assert [one.request_id for one in recorder.recent_failures] == ["broken"]
    assert len(recorder.recent_mistakes) == 100


def test_names_in_rows_are_bounded():
    """Of labels, models and providers: a hundred rows of them are one answer."""
    long = "x" * 100_000
    failed = attempt("overloaded", provider=long, upstream_model=long)
    row = request_row(
        call(key_label=long, requested_model=long, provider=long, attempts=(failed, failed))
    )
    assert len(str(row)) < 3000
