"""What all engines read alike."""

from uniapi.canonical import FailureKind
from uniapi.dialects import UPSTREAM_DIALECTS
from uniapi.engines import ENGINES


def classified(engine, status, location):
    dialect = UPSTREAM_DIALECTS["openai_chat"]
    return ENGINES[engine].classify(status, {"location": location}, b"", dialect)


def test_an_address_that_redirects_is_named_and_said_what_to_do_about():
    """It is the provider's that does not answer; the query, which may hold a key, is not shown."""
    for engine in ("gpt", "claude", "gemini"):
        failure = classified(engine, 301, "https://elsewhere.example/v1/x?key=secret")
        assert failure.kind is FailureKind.UNREACHABLE
        assert "https://elsewhere.example/v1/x" in failure.message
        assert "`base_url`" in failure.message
        assert "secret" not in failure.message


def test_a_hostile_target_is_bounded_and_printable():
    assert len(classified("gpt", 302, "https://" + "x" * 10_000).message) < 500
    assert "\x1b" not in classified("gpt", 302, "https://a/\x1b[2J").message
    assert "redirects" not in classified("gpt", 404, "https://elsewhere.example").message
