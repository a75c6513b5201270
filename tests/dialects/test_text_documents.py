"""Which documents are text, and what they say."""

from __future__ import annotations

import base64

import pytest

from uniapi.canonical import Media
from uniapi.dialects.text_documents import document_text


def coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("media", "text"),
    [
        (Media(kind="file", text="as it is", data="IQ=="), "as it is"),
        (Media(kind="file", mime="text/csv", data=coded(b"a,b")), "a,b"),
        (Media(kind="file", mime="Application/JSON; charset=utf-8", data=coded(b"{}")), "{}"),
        (Media(kind="file", mime="text/plain", data=coded("\ufeffé".encode())), "é"),
        (Media(kind="file", mime="text/plain", data="data:text/plain;base64,aGk="), "hi"),
        (Media(kind="file", mime="text/plain", data=""), ""),
        (Media(kind="file", mime="text/plain", data=coded(b"\xff\xfe")), None),
        (Media(kind="file", mime="application/pdf", data=coded(b"%PDF")), None),
        (Media(kind="file", data=coded(b"who knows")), None),
        (Media(kind="file", mime="text/plain", url="https://example.com/a.txt"), None),
    ],
)
def test_a_document_that_is_text_is_read(media: Media, text: str | None) -> None:
    """By its type, whatever case and parameters it is written with; never by guessing."""
    assert document_text(media) == text
