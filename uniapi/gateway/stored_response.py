"""Responses that a provider keeps: read, streamed again, listed, cancelled, deleted by their id, at
the provider and with the key that issued it, and nowhere else.

https://platform.openai.com/docs/api-reference/responses. Nothing is translated here: a gateway that
keeps no answers cannot pretend to have them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from urllib.parse import quote, urlsplit, urlunsplit

from uniapi.canonical import Call
from uniapi.dialects import RelayedDialect, ReplyContext
from uniapi.pipes import Pipe, RelayBody, RelayStream, ending, framing_of
from uniapi.wire import HttpRequest, ResponseHead

from .prepared import Prepared, forwarded_headers, request_headers
from .route import Way, client_side


def prepare_stored(call: Call, way: Way, reply: ReplyContext) -> Prepared:
    """A stored response, read, cancelled or deleted where it lies."""
    accept = "text/event-stream" if call.stream else "application/json"
    headers = request_headers(call, way, {"accept": accept, **forwarded_headers(call)})
    return Prepared(
        request=_request(call, way.address.url, headers),
        make_pipe=partial(_choose_pipe, call, way, reply),
    )


def _request(call: Call, responses_url: str, headers: Mapping[str, str]) -> HttpRequest:
    """The client's request at the provider's own address of responses, its query kept beside what
    that address has.
    """
    parts = urlsplit(responses_url)
    below = call.path.partition("*")[2]
    path = f"{parts.path.rstrip('/')}/{quote(call.resource, safe='')}{below}"
    query = "&".join(text for text in (parts.query, call.query_text) if text)
    with_type = {**headers, "content-type": call.content_type} if call.body else headers
    return HttpRequest(
        method=call.method,
        url=urlunsplit((parts.scheme, parts.netloc, path, query, "")),
        headers=with_type,
        body=call.body,
    )


def _choose_pipe(call: Call, way: Way, reply: ReplyContext, head: ResponseHead) -> Pipe:
    """A stored response that is streamed again is relayed as a stream, everything else as it is."""
    framing = framing_of(head, way.dialect, False)
    if framing is None or not isinstance(way.dialect, RelayedDialect):
        return RelayBody()
    ended = partial(ending, client_side(call), reply)
    return RelayStream(framing(), way.dialect.observer(), ended)
