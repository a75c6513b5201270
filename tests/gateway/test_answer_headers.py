"""What goes out in the head of an answer that a provider gave."""

import pytest

from uniapi.gateway.answer_headers import harmless_type, header_text, returned_headers

TEXT, BYTES = "text/plain; charset=utf-8", "application/octet-stream"


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ("application/json", None),
        ("application/problem+json; charset=utf-8", None),
        ("text/event-stream; charset=utf-8", None),
        ("audio/mpeg", None),
        ("image/png", None),
        ("text/vtt", None),
        ("text/html", TEXT),
        ("TEXT/HTML; charset=utf-8", TEXT),
        ("text/xml", TEXT),
        ("text/plain, text/html", TEXT),
        ("text/plain; x=, text/html", TEXT),
        ("image/svg+xml", BYTES),
        ("Image/SVG", BYTES),
        ("audio/x+xml", BYTES),
        ("video/X+XML; charset=utf-8", BYTES),
        ("audio/mpeg; x=, text/html", BYTES),
        ("application/xhtml+xml", BYTES),
        ("application/javascript", BYTES),
        ("", BYTES),
        ("html", BYTES),
    ],
)
def test_nothing_is_called_what_a_browser_would_run(stated, told):
    """A provider's page in our origin could use the admin key that its owner's browser has."""
    assert harmless_type(stated) == (stated if told is None else told)


def test_a_provider_writes_no_header_of_its_own_and_repeats_no_key():
    """Control characters and odd names would make the answer no HTTP."""
    received = {
        "x-ratelimit-reset": "1\x01\r\nset-cookie: a",
        "x-ratelimit-\x01": "1",
        "openai-organization": "key sk-secret-0123",
        "retry-after": "3",
    }
    assert returned_headers(received, "sk-secret-0123") == {
        "x-ratelimit-reset": "1???set-cookie: a",
        "retry-after": "3",
    }


def test_a_header_holds_printable_ascii_only():
    assert header_text("hit=0.93 ~") == "hit=0.93 ~"
    assert header_text("a\r\nb\tc\x7fd é 中") == "a??b?c?d ? ?"
