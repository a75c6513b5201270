"""What HTTP itself says of an error, and what is found in its body."""

import pytest

from uniapi.canonical import FailureKind
from uniapi.dialects.http_errors import error_object, kind_by_wording, kind_of_status


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


def test_the_first_wording_that_fits_changes_the_kind():
    """A row only counts for the kind it names."""
    wordings = (
        (FailureKind.RATE_LIMITED, FailureKind.QUOTA, ("per day",)),
        (FailureKind.BAD_REQUEST, FailureKind.TOO_LONG, ("too long",)),
    )
    assert kind_by_wording(FailureKind.RATE_LIMITED, "1000 Per Day", wordings) is FailureKind.QUOTA
    assert (
        kind_by_wording(FailureKind.BAD_REQUEST, "1000 per day", wordings)
        is FailureKind.BAD_REQUEST
    )


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
