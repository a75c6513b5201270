"""Responses that a provider keeps: read, streamed again, listed, cancelled, deleted by their id, at
the provider and with the key that issued it, and nowhere else.

https://platform.openai.com/docs/api-reference/responses. Nothing is translated here: a gateway that
keeps no answers cannot pretend to have them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote, urlsplit, urlunsplit

from uniapi.canonical import Call
from uniapi.dialects import ClientDialect, RelayedDialect, ReplyContext
from uniapi.pipes import Pipe, RelayBody, RelayStream, ending, framer_for
from uniapi.wire import HttpRequest, ResponseHead


def stored_request(call: Call, responses_url: str, headers: Mapping[str, str]) -> HttpRequest:
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


def stored_pipe(
    client: ClientDialect, dialect: RelayedDialect, reply: ReplyContext
) -> Callable[[ResponseHead], Pipe]:
    """A stored response that is streamed again is relayed as a stream, everything else as it is."""

    def choose(head: ResponseHead) -> Pipe:
        framer = framer_for(head, dialect, False)
        if framer is None:
            return RelayBody()
        return RelayStream(framer, dialect.observer(), ending(client, reply))

    return choose
