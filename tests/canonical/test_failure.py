"""Every kind of failure has a status for the client."""

import pytest

from uniapi.canonical import (
    ClientError,
    Failure,
    FailureKind,
    client_error,
    client_status,
    repeated,
)


@pytest.mark.parametrize(
    "kind, status, expected",
    [
        (FailureKind.BAD_REQUEST, 422, 422),
        (FailureKind.BAD_REQUEST, None, 400),
        (FailureKind.TOO_LONG, None, 413),
        (FailureKind.CREDENTIAL_REFUSED, 401, 502),
        (FailureKind.QUOTA, 402, 429),
        (FailureKind.RATE_LIMITED, 429, 429),
        (FailureKind.MODEL_MISSING, 404, 404),
        (FailureKind.MODEL_FAULT, 400, 400),
        (FailureKind.OVERLOADED, 529, 503),
        (FailureKind.SERVER_ERROR, 500, 500),
        (FailureKind.SERVER_ERROR, 200, 502),
        (FailureKind.TIMEOUT, None, 504),
        (FailureKind.UNREACHABLE, None, 502),
        (FailureKind.BROKEN, 200, 502),
        (FailureKind.EMPTY, 200, 502),
        (FailureKind.TRIGGERED, 200, 502),
        (FailureKind.UNSUPPORTED, None, 400),
        (FailureKind.UNSUPPORTED, 404, 400),
        (FailureKind.NOT_SERVED, 405, 405),
        (FailureKind.NOT_SERVED, 401, 400),
        (FailureKind.NOT_SERVED, 501, 400),
        (FailureKind.TOO_COSTLY, 402, 402),
        (FailureKind.TOO_COSTLY, None, 402),
        (FailureKind.ITEM_MISSING, 404, 404),
        (FailureKind.SIGNATURE, 400, 400),
        (FailureKind.MODEL_REFUSED, 401, 404),
        (FailureKind.OPERATION_REFUSED, 401, 502),
        (FailureKind.WALL, 403, 502),
        (FailureKind.REGION, 403, 502),
        (FailureKind.NO_ROOM, 200, 503),
    ],
)
def test_the_client_gets_the_status_of_the_kind(kind, status, expected):
    """Our own key's trouble is never the client's 401."""
    assert expected == client_status(Failure(kind=kind, message="m", status=status))


def test_every_kind_is_in_the_table_above():
    """A new kind must be given a status on purpose."""
    covered = {
        mark.args[1][row][0]
        for mark in test_the_client_gets_the_status_of_the_kind.pytestmark
        for row in range(len(mark.args[1]))
    }
    assert set(FailureKind) == covered


def test_an_explicit_delay_is_passed_on_rounded_and_never_zero():
    """`retry-after: 0` would invite a storm."""
    error = client_error(
        Failure(kind=FailureKind.RATE_LIMITED, message="slow down", retry_after_s=0.2)
    )
    assert error.headers == {"retry-after": "1"}


@pytest.mark.parametrize(
    "status, code, headers, expected",
    [
        (400, None, {}, "false"),
        (401, "invalid_api_key", {}, "false"),
        (403, "permission_denied", {}, "false"),
        (404, "model_not_found", {}, "false"),
        (413, "request_too_large", {}, "false"),
        (429, "rate_limit_exceeded", {"retry-after": "60"}, "true"),
        (429, "rate_limit_exceeded", {"retry-after": "61"}, "false"),
        (429, "insufficient_quota", {"retry-after": "5"}, "false"),
        (502, None, {}, "true"),
        (503, "no_channel_available", {"retry-after": "5"}, "true"),
        (504, "timeout", {}, "true"),
        (504, "timeout", {"x-should-retry": "false"}, "false"),
    ],
)
def test_an_sdk_is_told_whether_a_repeat_can_help(status, code, headers, expected):
    """Within the minute that it waits at most; whoever knows better has said so before."""
    error = ClientError(status=status, message="m", code=code, headers=headers)
    assert error.sent_headers() == {**headers, "x-should-retry": expected}
    final = ClientError(status=status, message="m", code=code, headers=headers, is_final=True)
    assert final.sent_headers()["x-should-retry"] == "false"


def test_a_clients_words_are_repeated_shortened():
    """At most 200 characters, however long a name or a path is."""
    assert repeated("x" * 200) == "x" * 200
    assert repeated("x" * 100_000) == "x" * 199 + "…"
