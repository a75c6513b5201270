"""An inference request from the wire to a Call: which model and whether it streams are peeked at,
the members nothing can do without are checked, the rest is nobody's business here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from uniapi.canonical import Call, Principal, RequestRefused, holds_nothing
from uniapi.dialects import client_dialect
from uniapi.values import dataclass
from uniapi.wire import CREDENTIAL_HEADERS, LENGTH_HEADER

from .paths import Route

MAX_MODEL_NAME = 256
"""Characters: a name is remembered in records, failures, caches and logs."""
_NOT_KEPT = CREDENTIAL_HEADERS | {LENGTH_HEADER}


@dataclass(slots=True)  # a value; freezing it would triple what it costs each call
class Arrival:
    """What is known of a call before its body is read.

    `headers` are lower-case; neither they nor `query` hold the client's credentials.
    """

    request_id: str
    principal: Principal
    headers: Mapping[str, str]
    query: Mapping[str, str]
    client_ip: str | None
    received_at_s: float
    hold: Callable[[int], None] = holds_nothing
    """Takes more of the memory that all bodies share."""

    def call(
        self,
        route: Route,
        requested_model: str,
        stream: bool,
        body: bytes,
        json: Mapping[str, Any],
    ) -> Call:
        """The Call at this route."""
        # By position: a class that is called with names costs two dicts.
        return Call(
            self.request_id,
            route.dialect,
            route.operation,
            self.principal,
            requested_model,
            stream,
            body,
            json,
            route.path,
            self.query,
            self.headers,
            self.client_ip,
            self.received_at_s,
            self.hold,
        )


def make_call(arrival: Arrival, route: Route, body: bytes, value: dict[str, Any]) -> Call:
    """The Call for a parsed body.

    Raises RequestRefused (400) naming the member that is missing or of the wrong type.
    """
    model = named_model(route, value)
    stream = route.stream
    if stream is None:
        stated = value.get("stream", False)
        stream = stated if isinstance(stated, bool) else flag(value, "stream")
    _check_conversation(route, value)
    return arrival.call(route, model, stream, body, value)


def make_stored_call(
    arrival: Arrival, route: Route, method: str, body: bytes, query_text: str
) -> Call:
    """The Call for a response that is kept upstream.

    No model is named: the id says where it lies.
    """
    streams = method == "GET" and arrival.query.get("stream") == "true"
    call = arrival.call(route, "", streams, body, {})
    call.method = method
    call.resource = route.argument or ""
    pairs = [pair for pair in query_text.split("&") if pair and not pair.startswith("key=")]
    call.query_text = "&".join(pairs)
    return call


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """All but those that carry the client's credentials, and the length of a body, which is not
    that of what is sent on.
    """
    return {name: text for name, text in headers.items() if name not in _NOT_KEPT}


def named_model(route: Route, value: Mapping[str, Any]) -> str:
    """The model in the path or the body. Raises RequestRefused (400)."""
    model = value.get("model")
    if route.model is not None or not isinstance(model, str) or not model.strip():
        model = _stated_model(route, value)
    if len(model) > MAX_MODEL_NAME:
        raise RequestRefused.bad_request(
            f"`model` has {len(model)} characters; no name has more than {MAX_MODEL_NAME}.",
            param="model",
        )
    return model


def _stated_model(route: Route, value: Mapping[str, Any]) -> str:
    if route.model is not None:
        if not route.model:
            raise RequestRefused.bad_request("The path names no model.", param="model")
        return route.model
    model = value.get("model")
    if model is None:
        raise RequestRefused.bad_request("`model` is missing.", param="model")
    if not isinstance(model, str) or not model.strip():
        raise RequestRefused.bad_request(
            f"`model` must be a non-empty string, not {_shown(model)}.", param="model"
        )
    return model


def flag(value: Mapping[str, Any], name: str) -> bool:
    """A member that is true or false, and false when it is not there.

    Raises RequestRefused (400).
    """
    found = value.get(name)
    if found is not None and not isinstance(found, bool):
        raise RequestRefused.bad_request(
            f"`{name}` must be true or false, not {_shown(found)}.", param=name
        )
    return bool(found)


def _check_conversation(route: Route, value: Mapping[str, Any]) -> None:
    members = client_dialect(route.dialect, route.operation).conversation
    if not members:
        return
    first = next(iter(members))
    if isinstance(value.get(first), members[first]):
        return
    stated = {name: value[name] for name in members if value.get(name) is not None}
    if not stated:
        raise RequestRefused.bad_request(f"`{first}` is missing.", param=first)
    if first in stated and not isinstance(stated[first], members[first]):
        raise RequestRefused.bad_request(
            f"`{first}` must be a list, not {_shown(stated[first])}.", param=first
        )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{type(value).__name__}"
