"""What preparing an attempt comes to, and the pieces that every kind of request is made of. Pure:
nothing is sent here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from uniapi.canonical import Call, Json
from uniapi.dialects import CLIENT_DIALECTS, ReplyContext
from uniapi.pipes import Pipe
from uniapi.values import dataclass, field
from uniapi.wire import (
    LARGE_BYTES,
    Answers,
    HttpRequest,
    ResponseHead,
    dump_json,
    dump_long_json,
    insert_member,
    splice_member,
    splice_text,
)

from .route import Way

SPLICED_MEMBERS = frozenset({"model", "stream_options"})
"""When no other member of a relayed body changes, the client's bytes are kept and these are
spliced.
"""

NO_HEADERS: Mapping[str, str] = MappingProxyType({})

MakePipe = Callable[[ResponseHead], Pipe]
"""Chooses the pipe when the head of the answer is known."""

_SPELLINGS = {
    name.casefold(): name
    for name in (
        *("model", "stream", "stream_options", "service_tier", "background", "store"),
        *("container", "modalities", "functions", "reasoning_effort", "output_config"),
        *("messages", "input", "prompt", "contents", "query", "documents"),
        *("system", "instructions", "systemInstruction", "system_instruction"),
        *("previous_response_id", "conversation", "cachedContent", "cached_content"),
        *("max_tokens", "max_completion_tokens", "max_output_tokens", "max_tokens_to_sample"),
        *("n", "best_of", "generationConfig", "generation_config", "thinking", "reasoning"),
        *("tools", "tool_choice", "toolConfig", "tool_config", "web_search_options"),
        *("size", "quality", "voice", "seconds"),
    )
}
"""What a client may ask, what it costs and what it refers to is told by these: `Model`, which
servers in Go read as the same name (https://pkg.go.dev/encoding/json#Unmarshal, which folds letters
as Unicode does), would say another.
"""
_SPELT = frozenset(
    {
        *_SPELLINGS.values(),
        *("temperature", "top_p", "stop", "seed", "user", "metadata", "response_format"),
        *("presence_penalty", "frequency_penalty", "parallel_tool_calls", "prompt_cache_key"),
        *("text", "include", "truncation", "stop_sequences", "top_k", "safetySettings"),
    }
)
"""These, and what else comes often: no other spelling of them."""


@dataclass(slots=True)  # a value; freezing it would triple what it costs each call
class Prepared:
    """One attempt, ready to be sent (not yet authorised), and how to read its answer.

    `losses` names what the request could not carry.
    """

    request: HttpRequest
    make_pipe: MakePipe
    losses: tuple[str, ...] = ()
    body: dict[str, Json] = field(default_factory=dict)
    """What is said, where that is one JSON object that `fit` has seen."""
    count_output: Callable[[bytes], int] = lambda beginning: 0
    """The tokens, roughly, in the beginning of its answer."""
    is_authorized: bool = False
    """The credential is in the request already."""
    is_whole: bool = False
    """Its answer goes to the client in one piece, however it comes."""
    earlier: tuple[HttpRequest, ...] = ()
    """Requests to be sent before, where one client request became several; their answers go to
    `answers`.
    """
    answers: Answers = field(default_factory=list)


def reply_context(call: Call, way: Way, created_s: int) -> ReplyContext:
    """What the client's answer needs that no upstream says; ids in it are made of the call's."""
    place, model = way.place, call.requested_model
    if model[-1:] == "*":
        model = place.alias
    reply = ReplyContext(model, call.request_id, created_s, place.provider.name)
    if call.stream:
        client = way.sides.client
        reply.include_usage = client.wants_usage(call.json)
        reply.framing = client.framing(call.query)
    return reply


def usual_headers(way: Way, streams: bool) -> dict[str, str]:
    """Of a JSON request that a client's own words bring no headers to."""
    accept = "text/event-stream" if streams else "application/json"
    return _headers(way, {"content-type": "application/json", "accept": accept}, {})


def request_headers(call: Call, way: Way, own: Mapping[str, str]) -> dict[str, str]:
    """Of a request: its `own` headers, the address's, and what the provider's entry adds."""
    names = way.place.provider.passthrough_request_headers
    passed = {name: call.headers[name] for name in names if name in call.headers}
    return _headers(way, own, passed)


def _headers(way: Way, own: Mapping[str, str], passed: Mapping[str, str]) -> dict[str, str]:
    headers = {
        "accept-encoding": "identity",
        "user-agent": "uni-api",
        **own,
        **way.address.headers,
        **way.place.provider.headers,
        **passed,
    }
    return {name.lower(): value for name, value in headers.items()}


def forwarded_headers(call: Call) -> Mapping[str, str]:
    """The client's headers that belong to its dialect and go along when its words are relayed."""
    headers = call.headers
    forwarded = {}
    for name in CLIENT_DIALECTS[call.dialect].forwarded_headers:
        if name in headers:
            forwarded[name] = headers[name]
    return forwarded


def relayed_bytes(call: Call, body: dict[str, Any]) -> bytes:
    """The client's bytes, with as little changed as `body` differs from what it sent, and nothing
    in them that another reader may take for a member which decides something here.
    """
    sent = call.json
    # What is spelled as it is known needs no look at its letters.
    if not _SPELT.issuperset(body) and any(map(_is_misspelt, body)):
        body = {name: value for name, value in body.items() if not _is_misspelt(name)}
    changed: Iterable[str] | None = ("model",)
    # Mostly it is the model's name alone.
    if {**sent, "model": body.get("model")} != body:
        changed = _changed_members(sent, body)
    data: bytes | None = call.body
    for name in changed or ():
        if data is None:
            break
        said, value = sent.get(name), body[name]
        if isinstance(said, str) and isinstance(value, str):
            data = splice_text(data, name, said, value) if said != value else data
        elif name in sent:
            data = splice_member(data, (name,), value)
        else:
            data = insert_member(data, name, value)
    return written_for(call, body) if data is None or changed is None else data


def _changed_members(sent: Mapping[str, Json], body: Mapping[str, Json]) -> list[str] | None:
    """Those that are to be spliced; None where others are no longer as they were sent."""
    if not sent.keys() <= body.keys():
        return None
    changed = [name for name, value in body.items() if name not in sent or value != sent[name]]
    return changed if set(changed) <= SPLICED_MEMBERS else None


def _is_misspelt(name: str) -> bool:
    return _SPELLINGS.get(name.casefold(), name) != name


def written_for(call: Call, body: dict[str, Any]) -> bytes:
    """`body` in JSON; that of a large call is written in a thread."""
    long = len(call.body) + call.fetched_bytes > LARGE_BYTES
    return dump_long_json(body) if long else dump_json(body)
