"""Calls that an inspector looks at, by hand."""

import json

from sample_calls import NOON_S, call

from uniapi.canonical import Call, Operation, Principal
from uniapi.inspection import Inspector, UpstreamWords
from uniapi.wire import HttpRequest, ResponseHead

SECRETS = ("sk-provider-secret-0123456789abcdef", "sk-client-secret-0123456789abcdef")


def told(attempt=0, **members):
    usual = {
        "attempt": attempt,
        "provider": "openai",
        "model": "gpt-5-2026",
        "key": "sk-pro…cdef",
        "road": "relay",
        "losses": (),
        "mendings": (),
    }
    return UpstreamWords(**{**usual, **members})


def arrived(request_id="r1", said="hello", **members):
    body = {"model": "gpt-5", "messages": [{"role": "user", "content": said}]}
    usual = {
        "request_id": request_id,
        "dialect": "openai_chat",
        "operation": Operation.GENERATE,
        "principal": Principal(key_id="key1", label="alice"),
        "requested_model": "gpt-5",
        "stream": True,
        "body": json.dumps(body).encode(),
        "json": body,
        "path": "/v1/chat/completions",
        "headers": {"content-type": "application/json", "user-agent": "curl/8"},
        "received_at_s": NOON_S,
    }
    return Call(**{**usual, **members})


class Ignores:
    """A sink."""

    def head(self, head): ...

    def data(self, data): ...

    def end(self): ...

    def fail(self, failure): ...


def upstream_request(body=b'{"model":"gpt-5-2026"}', **members):
    usual = {
        "method": "POST",
        "url": "https://api.example/v1/chat/completions?key=abcdefghijklmnopqrstuvwxyz",
        "headers": {
            "authorization": f"Bearer {SECRETS[0]}",
            "content-type": "application/json",
            "x-goog-api-key": "short",
        },
        "body": body,
    }
    return HttpRequest(**{**usual, **members})


def inspector(folder=None, **members):
    """One that is not configured yet, on a clock that stands still."""
    return Inspector(folder, lambda: 100.0, **members)


def run(one, request_id="r1", said="hello", answer=b"data: hi\n\n", finish=True, **members):
    """A call from its begin to its end."""
    tap = one.begin(arrived(request_id, said, **members))
    if tap is None:
        return None
    sink = tap.sending(told(), [upstream_request()], Ignores())
    sink.head(ResponseHead(status=200, headers={"content-type": "text/event-stream"}))
    sink.data(answer)
    sink.end()
    tap.answered.status = 200
    tap.answered.headers = {"content-type": "text/event-stream"}
    tap.answered.words.add(answer)
    one.note(call(request_id))
    if finish:
        one.finish(tap)
    return tap
