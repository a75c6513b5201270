"""The observer of a relay hears commit, usage, finish, model, failure and issued ids, and never
raises.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.canonical import ClientError, FailureKind, Finish
from uniapi.dialects.openai_responses import CLIENT, UPSTREAM
from uniapi.wire import Frame

NAME = "openai_responses"
USAGE = {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}
MESSAGE = {
    "type": "message",
    "content": [
        {
            "type": "output_text",
            "text": "Hi",
            "annotations": [
                {"type": "container_file_citation", "container_id": "cntr_1", "file_id": "f_1"}
            ],
        }
    ],
}


def frame(event: Any, named: bool = True) -> Frame:
    data = json.dumps(event).encode()
    return Frame(
        event.get("type") if named and isinstance(event, dict) else None,
        data,
        b"data: " + data + b"\n\n",
    )


def response(**members: Any) -> dict[str, Any]:
    return {"id": "resp_1", "model": "gpt-x", "status": "completed", "output": [], **members}


@pytest.mark.parametrize("named", [True, False])
def test_stream(named: bool) -> None:
    """Commit comes with the first text, the rest with the last event."""
    observer = UPSTREAM.observer()
    observer.feed(Frame(None, b"", b": ping\n\n"))
    observer.feed(
        frame({"type": "response.created", "response": response(status="in_progress")}, named)
    )
    observer.feed(
        frame(
            {"type": "response.output_item.added", "item": {"type": "message", "content": []}},
            named,
        )
    )
    assert (observer.committed, observer.model, observer.issued_ids) == (
        False,
        "gpt-x",
        ("resp_1",),
    )
    observer.feed(frame({"type": "response.output_text.delta", "delta": "Hi"}, named))
    assert observer.committed
    assert not observer.is_whole
    observer.feed(frame({"type": "response.output_text.delta", "delta": 3}, named))
    observer.feed(
        frame(
            {"type": "response.completed", "response": response(output=[MESSAGE], usage=USAGE)},
            named,
        )
    )
    assert observer.is_whole
    assert Finish(reason="stop", native="completed", dialect=NAME) == observer.finish
    assert observer.usage is not None
    assert observer.usage.total == 7
    assert observer.issued_ids == ("resp_1", "cntr_1", "f_1")
    assert (observer.unreadable, observer.failure) == (0, None)


@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "error": {"code": "rate_limit_exceeded", "message": "slow"}},
        {"type": "error", "code": "rate_limit_exceeded", "message": "slow"},
        {
            "type": "response.failed",
            "response": response(
                status="failed", error={"code": "rate_limit_exceeded", "message": "slow"}
            ),
        },
    ],
)
def test_failures(event: dict[str, Any]) -> None:
    """Error events of both shapes and failed responses are heard."""
    observer = UPSTREAM.observer()
    observer.feed(frame(event))
    assert observer.failure is not None
    assert (observer.failure.kind, observer.failure.message, observer.is_whole) == (
        FailureKind.RATE_LIMITED,
        "slow",
        False,
    )


def test_whole_answers() -> None:
    """A whole answer is heard like a streamed one; an empty one does not commit; an error object is
    a failure.
    """
    answered, empty, failed, broken = (UPSTREAM.observer() for _ in range(4))
    answered.whole(response(output=[{"type": "function_call", "name": "a"}], usage=USAGE))
    assert (
        answered.committed,
        answered.is_whole,
        answered.finish.reason if answered.finish else None,
    ) == (True, True, "tool_calls")
    empty.whole(
        response(output=[{"type": "message", "content": [{"type": "output_text", "text": ""}]}])
    )
    assert (empty.committed, empty.is_whole) == (False, True)
    failed.whole({"error": {"message": "no", "code": "invalid_api_key"}})
    assert failed.failure is not None
    assert failed.failure.kind == FailureKind.CREDENTIAL_REFUSED
    broken.whole([1])
    assert broken.unreadable == 1


@settings(max_examples=40, deadline=None)
@given(
    st.binary(max_size=30),
    st.sampled_from(
        ["response.completed", "response.output_item.done", "error", "response.created"]
    ),
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(
                    ["item", "response", "output", "error", "content", "usage", "type"]
                ),
                inner,
                max_size=3,
            )
        ),
        max_leaves=8,
    ),
)
def test_never_raises(noise: bytes, kind: str, value: Any) -> None:
    """Noise and odd shapes are counted or passed over."""
    observer = UPSTREAM.observer()
    observer.feed(Frame(None, noise, noise))
    observer.feed(frame({"type": kind, "response": value, "item": value, "error": value}))
    observer.whole(value)
    assert observer.unreadable >= 0


def test_errors_of_the_api() -> None:
    """An upstream's error body is classified and stamped with this dialect; ours is OpenAI's
    object.
    """
    body = b'{"error":{"message":"too long","type":"invalid_request_error","param":"input","code":"context_length_exceeded"}}'  # noqa: E501
    failure = UPSTREAM.decode_error(400, {"retry-after": "3"}, body)
    assert (FailureKind.TOO_LONG, "too long", "input", 3.0, body, NAME) == (
        failure.kind,
        failure.message,
        failure.param,
        failure.retry_after_s,
        failure.body,
        failure.dialect,
    )
    assert CLIENT.encode_error(ClientError(status=400, message="m", code="c", param="p")) == {
        "error": {"message": "m", "type": "invalid_request_error", "param": "p", "code": "c"}
    }


def test_face() -> None:
    """The model is spliced in both envelopes; there is no frame for usage alone."""
    assert UPSTREAM.model_paths == (("model",), ("response", "model"))
    assert not UPSTREAM.usage_frame_only(frame({"type": "response.completed"}))
    assert (UPSTREAM.name, UPSTREAM.family, UPSTREAM.framing) == (NAME, "openai", "sse")
