"""A translating pipe for a stream, without a gateway around it."""

from __future__ import annotations

from uniapi.dialects import CLIENT_DIALECTS, UPSTREAM_DIALECTS, Quirk, ReplyContext
from uniapi.pipes import PipeChoice, Sides
from uniapi.wire import ResponseHead

HEAD = ResponseHead(status=200, headers={"content-type": "text/event-stream"})
CLIENTS = ("openai_chat", "anthropic", "openai_responses", "gemini")


def pipe(upstream, client):
    sides = Sides(
        client=CLIENT_DIALECTS[client],
        dialect=UPSTREAM_DIALECTS[upstream.partition(" ")[0]],
        stream=True,
        quirk=Quirk(),
    )
    reply = ReplyContext(requested_model="alias", id_seed="5eed", created_s=1)
    return PipeChoice(sides=sides, model="alias", reply=reply).translate(HEAD)
