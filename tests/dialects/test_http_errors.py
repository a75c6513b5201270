"""What HTTP itself says of an error, and what is found in its body."""

import pytest

from uniapi.canonical import FailureKind
from uniapi.dialects.http_errors import error_object, is_object, is_wall, kind_of_status


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, FailureKind.CREDENTIAL_REFUSED),
        (418, FailureKind.BAD_REQUEST),
        (429, FailureKind.RATE_LIMITED),
        (500, FailureKind.SERVER_ERROR),
        (302, FailureKind.SERVER_ERROR),
        (None, FailureKind.SERVER_ERROR),
    ],
)
def test_a_status_has_a_kind(status, kind):
    """Unknown statuses are the client's fault from 400 to 499, the upstream's elsewhere."""
    assert kind_of_status(status) is kind


def test_a_vendors_own_statuses_come_first():
    """424 means something at Bedrock only."""
    assert kind_of_status(424, {424: FailureKind.MODEL_FAULT}) is FailureKind.MODEL_FAULT
    assert kind_of_status(424) is FailureKind.BAD_REQUEST


PAGE = b"<html><head><title>403 Forbidden</title></head><center>nginx</center></html>"


@pytest.mark.parametrize(
    ("status", "headers", "body", "expected"),
    [
        (403, {}, PAGE, True),
        (401, {}, b"\xef\xbb\xbf \n<!DOCTYPE html>", True),
        (404, {}, b"<center><h1>404</h1>", True),
        (429, {}, PAGE, True),
        (403, {}, b"error code: 1010", True),
        (403, {"cf-mitigated": "challenge"}, b'{"error": "x"}', True),
        (403, {"x-vercel-mitigated": "deny"}, b"", True),
        (401, {}, b"", True),
        (403, {}, b" \r\n", True),
        (404, {}, b"", False),
        (429, {}, b"", False),
        (413, {}, PAGE, False),
        (408, {}, PAGE, False),
        (503, {}, PAGE, False),
        (403, {}, b'{"error": "<html>"}', False),
        (401, {}, b"Unauthorized", False),
        (524, {}, b"error code: 524", False),
    ],
)
def test_a_wall_is_told_by_what_only_walls_send(status, headers, body, expected):
    """A page, a line, a header, silence where a vendor would speak; a server's own failures are the
    channel's anyway.
    """
    assert is_wall(status, headers, body) is expected


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"error": 1}', {"error": 1}),
        (b'[7, {"error": 1}]', {"error": 1}),
        (b"[]", {}),
        (b"<html><title>502\n Bad Gateway</title>", "502 Bad Gateway"),
        (b" gone \xff", "gone \ufffd"),
        (b"17", "17"),
        (b"[" * 100_000, "[" * 2000),
    ],
)
def test_a_body_is_an_object_or_words(body, found):
    """Whatever the bytes are, there is something to show."""
    assert error_object(body) == found


def test_an_object_is_one_alone_or_in_a_list():
    """Only such a body is handed on to a client as it came."""
    assert [is_object(value) for value in ({}, [{}])] == [True, True]
    assert not any(is_object(value) for value in ([], "x", None))
