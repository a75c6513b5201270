"""An inference request from the wire to a Call: which model and whether it streams are peeked at, the members nothing can do without are checked, the rest is nobody's business here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from uniapi.canonical import Call, Operation, Principal, RequestRefused
from uniapi.wire import CREDENTIAL_HEADERS

from .paths import Route

_LISTS = {"openai_chat": "messages", "anthropic": "messages", "gemini": "contents"}
"""The member without which a dialect's request says nothing."""
_WRAPPED = ("generateContentRequest", "generate_content_request")
"""Gemini's token count may be asked for a whole request."""


def make_call(
    route: Route,
    body: bytes,
    value: dict[str, Any],
    *,
    request_id: str,
    principal: Principal,
    headers: Mapping[str, str],
    query: Mapping[str, str],
    client_ip: str | None,
    received_at_s: float,
) -> Call:
    """The Call for a parsed body. Raises RequestRefused (400) naming the member that is missing or of the wrong type."""
    model = _model(route, value)
    stream = route.stream if route.stream is not None else _flag(value, "stream")
    _check_conversation(route, value)
    return Call(
        request_id=request_id,
        dialect=route.dialect,
        operation=route.operation,
        principal=principal,
        requested_model=model,
        stream=stream,
        body=body,
        json=value,
        path=route.path,
        query=query,
        headers=kept_headers(headers),
        client_ip=client_ip,
        received_at_s=received_at_s,
    )


def make_stored_call(
    route: Route,
    method: str,
    body: bytes,
    *,
    request_id: str,
    principal: Principal,
    headers: Mapping[str, str],
    query: Mapping[str, str],
    query_text: str,
    client_ip: str | None,
    received_at_s: float,
) -> Call:
    """The Call for a response that is kept upstream. No model is named: the id says where it lies."""
    return Call(
        request_id=request_id,
        dialect=route.dialect,
        operation=route.operation,
        principal=principal,
        requested_model="",
        stream=method == "GET" and query.get("stream") == "true",
        body=body,
        json={},
        path=route.path,
        method=method,
        resource=route.argument or "",
        query=query,
        query_text="&".join(pair for pair in query_text.split("&") if pair and not pair.startswith("key=")),
        headers=kept_headers(headers),
        client_ip=client_ip,
        received_at_s=received_at_s,
    )


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Lower-case names, without the client's credentials."""
    return {name.lower(): text for name, text in headers.items() if name.lower() not in CREDENTIAL_HEADERS}


def _model(route: Route, value: dict[str, Any]) -> str:
    if route.model is not None:
        if not route.model:
            raise RequestRefused.bad_request("The path names no model.", param="model")
        return route.model
    model = value.get("model")
    if model is None:
        raise RequestRefused.bad_request("`model` is missing.", param="model")
    if not isinstance(model, str) or not model.strip():
        raise RequestRefused.bad_request(f"`model` must be a non-empty string, not {_shown(model)}.", param="model")
    return model


def _flag(value: dict[str, Any], name: str) -> bool:
    flag = value.get(name)
    if flag is not None and not isinstance(flag, bool):
        raise RequestRefused.bad_request(f"`{name}` must be true or false, not {_shown(flag)}.", param=name)
    return bool(flag)


def _check_conversation(route: Route, value: dict[str, Any]) -> None:
    name = _LISTS.get(route.dialect)
    if route.dialect == "openai_responses" or (route.dialect == "openai_chat" and name not in value and "input" in value):
        return
    if name is None or route.operation is Operation.COMPLETE:
        return
    if route.operation is Operation.COUNT_TOKENS and any(isinstance(value.get(wrapped), dict) for wrapped in _WRAPPED):
        return
    conversation = value.get(name)
    if conversation is None:
        raise RequestRefused.bad_request(f"`{name}` is missing.", param=name)
    if route.dialect == "gemini" and isinstance(conversation, str | dict):
        return
    if not isinstance(conversation, list):
        raise RequestRefused.bad_request(f"`{name}` must be a list, not {_shown(conversation)}.", param=name)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{type(value).__name__}"
