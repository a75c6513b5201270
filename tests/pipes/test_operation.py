"""The pipes of the operations beside chat: what commits, what is empty, cut off or an error, and
what is said to the client then.
"""

import json

import pytest

from uniapi.canonical import Failure, FailureKind, Operation, Usage
from uniapi.operations import OperationRequest, codec_for
from uniapi.pipes.operation_events import RelayEvents
from uniapi.pipes.operation_relay import RelayBytes, RelayChoice, RelayJson, SoundInJson
from uniapi.pipes.operation_translate import TranslateAnswer
from uniapi.wire import LARGE_BYTES, ResponseHead

BROKEN = Failure(kind=FailureKind.BROKEN, message="gone")


def classify(status, headers, body):
    return Failure(kind=FailureKind.SERVER_ERROR, message=f"{status} {body.decode()}")


def choice(operation=Operation.EMBED, **more):
    return RelayChoice(operation=operation, classify=classify, **more)


def head(content_type, **headers):
    return ResponseHead(status=200, headers={"content-type": content_type, **headers})


def event(kind=None, name=None, **more):
    first = f"event: {name}\n" if name else ""
    return f"{first}data: {json.dumps({**({'type': kind} if kind else {}), **more})}\n\n".encode()


KINDS = [
    (Operation.EMBED, "application/json", None, RelayJson),
    (Operation.EMBED, "text/html", None, RelayJson),
    (Operation.EMBED, "text/plain", None, RelayJson),
    (Operation.IMAGE, "text/event-stream; charset=utf-8", None, RelayEvents),
    (Operation.SPEECH, "audio/mpeg", None, RelayBytes),
    (Operation.SPEECH, "", None, RelayBytes),
    (Operation.SPEECH, "application/json", None, SoundInJson),
    (Operation.SPEECH, "text/html", None, SoundInJson),
    (Operation.TRANSCRIBE, "text/plain", "text", RelayBytes),
    (Operation.TRANSCRIBE, "application/json", "srt", RelayJson),
    (Operation.TRANSCRIBE, "text/plain", None, RelayJson),
]


@pytest.mark.parametrize("operation, content_type, response_format, pipe", KINDS)
def test_an_answer_is_read_as_what_it_says_it_is(operation, content_type, response_format, pipe):
    """But for an HTML page, which is never an answer."""
    assert type(choice(operation, response_format=response_format)(head(content_type))) is pipe


WHOLE = [
    ({"data": [1], "model": "up", "usage": {"prompt_tokens": 3}}, None),
    ({"error": {"message": "no"}}, FailureKind.SERVER_ERROR),
    ({"data": []}, FailureKind.EMPTY),
    ({}, FailureKind.EMPTY),
    (None, FailureKind.BROKEN),
]


@pytest.mark.parametrize("value, kind", WHOLE)
def test_a_whole_answer_is_handed_on_or_has_failed(value, kind):
    """With the model's name put back, and its usage read."""
    pipe = choice(model="m")(head("application/json"))
    data = b"<html>" if value is None else json.dumps(value).encode()
    assert [*pipe.feed(data[:5]), *pipe.feed(data[5:])] == []
    out = pipe.eof()
    if kind is None:
        assert json.loads(b"".join(out)) == {**value, "model": "m"}
        assert (pipe.report.committed, pipe.report.is_whole, pipe.report.usage) == (
            True,
            True,
            Usage(input_tokens=3),
        )
    else:
        assert (out, pipe.report.failure.kind, pipe.report.committed) == ([], kind, False)


def test_bytes_commit_with_the_first_and_cannot_say_that_they_broke_off():
    """Then the connection has to."""
    pipe = choice(Operation.SPEECH)(head("audio/mpeg"))
    assert pipe.feed(b"ID3") == [b"ID3"]
    assert (pipe.report.committed, pipe.abort(BROKEN), pipe.report.is_cut) == (True, [], True)
    silent = choice(Operation.SPEECH)(head("audio/mpeg"))
    assert (silent.eof(), silent.report.failure.kind) == ([], FailureKind.EMPTY)


ENDS = [
    ([event("image_generation.partial_image"), event("image_generation.completed")], True),
    ([event("image_generation.partial_image")], False),
    ([event("speech.audio.delta"), event("speech.audio.done", usage={"input_tokens": 1})], True),
    ([event("speech.audio.delta")], False),
    ([event("transcript.text.delta"), b"data: [DONE]\n\n"], True),
    ([event("transcript.text.delta"), b": a comment\n\n"], False),
    ([event(name="transcript.text.delta", delta="hi")], False),
    ([event(text="another vendor's")], True),
    ([event("chunk")], True),
    ([event("speech.audio.delta"), b'data: {"type": "speech.audio.done"}'], True),
]


@pytest.mark.parametrize("pieces, is_whole", ENDS)
def test_a_stream_that_just_ends_is_broken(pieces, is_whole):
    """After an event that others have to follow; its bytes have gone out, an error event comes
    after them. Other vendors' events may end as they like.
    """
    pipe = choice(Operation.IMAGE)(head("text/event-stream"))
    out = [data for piece in pieces for data in pipe.feed(piece)]
    assert out == pieces
    end = b"".join(pipe.eof())
    assert (pipe.report.committed, pipe.report.is_whole) == (True, is_whole)
    assert end.startswith(b"event: error\ndata: ") is not is_whole
    assert (pipe.report.failure is None) is is_whole


def test_a_stream_without_events_or_with_an_error_first_has_failed_before_anything_was_sent():
    """Another channel may be tried."""
    for data, kind in (
        (b"", FailureKind.EMPTY),
        (b": hello\n\n", FailureKind.EMPTY),
        (event("error", message="no"), FailureKind.SERVER_ERROR),
    ):
        pipe = choice(Operation.IMAGE)(head("text/event-stream"))
        pipe.feed(data)
        pipe.eof()
        assert (pipe.report.committed, pipe.report.failure.kind) == (False, kind)


def translated(earlier=(), **headers):
    request = OperationRequest(
        operation=Operation.EMBED,
        model="cohere.embed-english-v3",
        requested_model="m",
        body={"model": "m", "input": "x"},
    )
    codec = codec_for(Operation.EMBED, "openai", "bedrock")
    return TranslateAnswer(codec, request, head("application/json", **headers), list(earlier))


def test_tokens_that_only_headers_state_are_counted_and_told():
    """The sum over several answers; none when one of them states none."""
    body = json.dumps({"embeddings": {"float": [[0.5]]}}).encode()
    told = translated(**{"x-amzn-bedrock-input-token-count": "7"})
    told.feed(body)
    answer = json.loads(told.eof()[0])
    assert (answer["usage"]["prompt_tokens"], told.report.usage.input_tokens) == (7, 7)
    untold = translated()
    untold.feed(body)
    assert (json.loads(untold.eof()[0])["usage"]["prompt_tokens"], untold.report.usage) == (0, None)


def test_several_answers_are_large_together():
    """They are read together, in a thread."""
    assert not translated().is_large
    assert translated([(head("application/json"), bytes(LARGE_BYTES + 1))]).is_large


def test_a_stream_that_breaks_off_names_its_provider():
    """In the error event of its own, which is all that a client has by then."""
    pipe = choice(Operation.IMAGE, provider="painter")(head("text/event-stream"))
    pipe.feed(event("image_generation.partial_image", b64_json="eA=="))
    out = b"".join(pipe.abort(BROKEN)).decode()
    assert "The provider `painter` broke off its answer: gone" in out


PICTURE = {"created": 5, "data": [{"b64_json": "aGk="}], "usage": {"total_tokens": 3}}
FORMS = [
    # a JSON string or object for text, and text for JSON
    (Operation.TRANSCRIBE, {"response_format": "text"}, "application/json", b'"hi"', b"hi"),
    (
        Operation.TRANSCRIBE,
        {"response_format": "text"},
        "application/json",
        b'{"text":"hi"}',
        b"hi",
    ),
    (Operation.TRANSCRIBE, {"response_format": "srt"}, "application/json", b'{"x":1}', b'{"x":1}'),
    (Operation.TRANSCRIBE, {}, "text/plain", b"hi\n", b'{"text":"hi"}'),
    (Operation.TRANSCRIBE, {}, "text/plain", b'{"text":"hi"}', b'{"text":"hi"}'),
    # a whole answer for events
    (
        Operation.TRANSCRIBE,
        {"stream": "true"},
        "application/json",
        b'{"text":"hi"}',
        event("transcript.text.delta", "transcript.text.delta", delta="hi").replace(b": ", b":")
        + event("transcript.text.done", "transcript.text.done", text="hi").replace(b": ", b":")
        + b"data:[DONE]\n\n",
    ),
    (
        Operation.IMAGE,
        {"stream": True},
        "application/json",
        json.dumps(PICTURE).encode(),
        event(
            "image_generation.completed",
            "image_generation.completed",
            created_at=5,
            b64_json="aGk=",
            usage={"total_tokens": 3},
        ).replace(b": ", b":"),
    ),
]


@pytest.mark.parametrize("operation, asked, kind, data, written", FORMS)
def test_an_answer_in_another_form_is_given_in_the_one_asked_for(
    operation, asked, kind, data, written
):
    pipe = choice(operation, asked=asked, response_format=asked.get("response_format"))(head(kind))
    assert pipe.feed(data) == []
    assert b"".join(pipe.eof()).replace(b": ", b":").replace(b", ", b",") == written.replace(
        b", ", b","
    )
    assert pipe.report.is_whole


@pytest.mark.parametrize("data", [b"", b"<!doctype html>", b'{"status": "ok"}', b"{}"])
def test_what_is_no_transcript_has_failed(data):
    pipe = choice(Operation.TRANSCRIBE)(head("text/plain"))
    pipe.feed(data)
    assert pipe.eof() == []
    assert pipe.report.failure is not None
