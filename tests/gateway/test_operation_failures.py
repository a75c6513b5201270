"""The small operations beside generation must not put a channel to rest that generates well."""

import pytest

from uniapi.canonical import Failure, FailureKind, Operation
from uniapi.gateway.operation_failures import blamed, is_other_way_open


@pytest.mark.parametrize(
    "operation, kind, status, becomes",
    [
        (Operation.GENERATE, FailureKind.MODEL_MISSING, 404, FailureKind.MODEL_MISSING),
        (Operation.STORED, FailureKind.MODEL_MISSING, 404, FailureKind.BAD_REQUEST),
        (Operation.STORED, FailureKind.SERVER_ERROR, 500, FailureKind.SERVER_ERROR),
        (Operation.COUNT_TOKENS, FailureKind.MODEL_MISSING, 404, FailureKind.UNSUPPORTED),
        (Operation.COUNT_TOKENS, FailureKind.RATE_LIMITED, 429, FailureKind.UNSUPPORTED),
        (Operation.COUNT_TOKENS, FailureKind.TIMEOUT, None, FailureKind.UNSUPPORTED),
        (
            Operation.COUNT_TOKENS,
            FailureKind.CREDENTIAL_REFUSED,
            401,
            FailureKind.CREDENTIAL_REFUSED,
        ),
        (Operation.COUNT_TOKENS, FailureKind.BAD_REQUEST, 400, FailureKind.BAD_REQUEST),
        (Operation.COMPACT, FailureKind.MODEL_MISSING, 404, FailureKind.UNSUPPORTED),
        (Operation.COMPACT, FailureKind.OVERLOADED, 503, FailureKind.OVERLOADED),
    ],
)
def test_a_failure_counts_for_what_was_asked(operation, kind, status, becomes):
    """Everything but the kind stays as the upstream said it."""
    after = blamed(operation, Failure(kind=kind, message="x", status=status))
    assert (after.kind, after.status, after.message) == (becomes, status, "x")


@pytest.mark.parametrize(
    "status, message, expected",
    [
        (404, "x", True),
        (405, "x", True),
        (400, "This is a chat model", True),
        (400, "bad n", False),
        (500, "chat", False),
        (None, "x", False),
    ],
)
def test_a_missing_endpoint_is_told_from_a_failing_one(status, message, expected):
    """Only then is the same channel asked in another way."""
    assert expected == is_other_way_open(
        Failure(kind=FailureKind.BAD_REQUEST, message=message, status=status)
    )
