"""`explain REQUEST.json`: what a real request would become, without sending anything: for each
channel the address, the headers (keys masked), the exact body, what would be dropped; the estimated
tokens and cost, and the limit that would stop it. The request is read, asked and prepared by the
code that does so for a call.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from uniapi.canonical import Call, Principal, RequestRefused
from uniapi.commands.drop_reasons import drop_reasons
from uniapi.commands.offline import Offline
from uniapi.config import ClientKey, provider_secrets, without_secrets, without_secrets_in_bytes
from uniapi.engines import Target
from uniapi.errors import StartError
from uniapi.gateway import (
    estimate_call_tokens,
    estimate_pd,
    first_way,
    prepare_once,
    question_of,
    shown_headers,
)
from uniapi.limits import Refused
from uniapi.routing import Candidates, Channel, Road, explain
from uniapi.server.body import read_object
from uniapi.server.inference import Arrival, make_call
from uniapi.server.paths import find_route
from uniapi.values import dataclass
from uniapi.wire import HttpRequest

PATHS = {
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
    "anthropic": "/v1/messages",
    "gemini": "/v1beta/models/{}:generateContent",
}
"""The path of a client's dialect."""
SHORT_NAMES = {
    "chat": "openai_chat",
    "openai": "openai_chat",
    "responses": "openai_responses",
    "messages": "anthropic",
    "claude": "anthropic",
    "google": "gemini",
}
_TOKEN = "(an access token, fetched when it is sent)"


def client_dialect_named(name: str | None, body: Mapping[str, Any]) -> str:
    """The dialect that `--client` names, else the one that the body looks like. Raises
    StartError (2).
    """
    if name is not None:
        found = SHORT_NAMES.get(name.lower(), name.lower().replace("-", "_"))
        if found not in PATHS:
            raise StartError(f"--client is one of {', '.join(PATHS)}, not {name!r}", 2)
        return found
    if "contents" in body:
        return "gemini"
    if "input" in body and "messages" not in body:
        return "openai_responses"
    tools = body.get("tools")
    first = tools[0] if isinstance(tools, list) and tools else None
    is_claude = "system" in body or (isinstance(first, dict) and "input_schema" in first)
    return "anthropic" if is_claude else "openai_chat"


def read_request(name: str) -> bytes:
    """The bytes of the file, or of stdin for `-`. Raises StartError (2)."""
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise StartError(f"{name} cannot be read: {error.strerror}", 2) from None


async def call_of(data: bytes, client: str | None, key: ClientKey, model: str | None) -> Call:
    """The call that the body makes, read as the server does. `model` is for Gemini, whose body
    names none. Raises RequestRefused, StartError.
    """
    value, data = await read_object(data)
    dialect = client_dialect_named(client, value)
    named = model or value.get("model") or ""
    if dialect == "gemini" and not named:
        raise StartError("a Gemini body names no model: add --model NAME", 2)
    stated = f"{named}".removeprefix("models/")
    route = find_route(PATHS[dialect].replace("{}", stated), "POST")
    assert route is not None
    arrival = Arrival(
        request_id="explain",
        principal=Principal(key_id=key.key_id, label=key.label),
        headers={"content-type": "application/json"},
        query={},
        client_ip=None,
        received_at_s=0.0,
    )
    return make_call(arrival, route, data, value)


@dataclass(slots=True)
class DryRun:
    """One request of one client key against what there is."""

    parts: Offline
    call: Call
    key: ClientKey

    def plain(self) -> dict[str, Any]:
        """Everything, as members: `client`, `model`, `tokens`, `stopped_by`, `explained` (see
        `routing.explain`), and `requests`, one for each channel in the order of trying.
        """
        parts, call = self.parts, self.call
        now, now_s = parts.clock.monotonic_s(), parts.clock.now_s()
        candidates = parts.router.candidates(self.key, call.requested_model, now_s)
        tokens = estimate_call_tokens(call)
        asked = question_of(
            call, self.key, parts.engines.engine_of, now=now, now_s=now_s, tokens=tokens
        )
        explained = explain(
            parts.router, self.key, call.requested_model, now=now, now_s=now_s, asked=asked
        )
        by_id = {channel.channel_id: channel for channel in candidates.channels()}
        requests = []
        for shown in _leaves(explained):
            channel = by_id.get((shown["provider"], shown["upstream_model"]))
            if channel is not None:
                requests.append({**self._request(channel), "out": shown["out"]})
        return {
            "client": call.dialect,
            "model": call.requested_model,
            "client_key": self.key.display,
            "body_bytes": len(call.body),
            "tokens": tokens,
            "stopped_by": self._stopped_by(candidates, tokens),
            "near": explained["near"],
            "left_out": explained["out"],
            "requests": requests,
        }

    def _stopped_by(self, candidates: Candidates, tokens: int) -> str | None:
        """The limit of the client's own that would refuse it, in the words the client would get."""
        parts, preferences = self.parts, self.parts.config.preferences
        if len(self.call.body) > preferences.max_body_bytes:
            return f"413: the body has more than {preferences.max_body_bytes} bytes"
        admitted = parts.limits.admit(
            self.key,
            candidates.alias,
            global_rates=preferences.rates,
            tokens=tokens,
            now=parts.clock.monotonic_s(),
        )
        if isinstance(admitted, Refused):
            return f"{admitted.status}: {admitted.message}"
        try:
            parts.spending.admit(self.call, self.key, candidates.channels())
        except RequestRefused as refused:
            return f"{refused.error.status}: {refused.error.message}"
        return None

    def _request(self, channel: Channel) -> dict[str, Any]:
        """What would be sent there with its first key."""
        parts, provider = self.parts, channel.provider
        target = Target(
            provider=provider,
            credential=provider.credentials[0],
            upstream_model=channel.upstream_model,
            alias=channel.alias,
        )
        row: dict[str, Any] = {"provider": provider.name, "upstream_model": channel.upstream_model}
        now_s = parts.clock.now_s()
        cost = estimate_pd(self.call, [channel], parts.prices, now_s)
        found = parts.prices.find(
            self.call.requested_model, channel.upstream_model, provider.provider_id
        )
        row["cost"] = None if found is None else cost / 1e12
        row["price"] = None if found is None else found.place
        learned = parts.learned.of(provider.provider_id, channel.upstream_model, now_s)
        engine = parts.engines.engine_of(provider)
        try:
            way = first_way(self.call, target, engine, learned)
            prepared = prepare_once(self.call, target, engine, way=way)
        except RequestRefused as refused:
            return {**row, "refused": refused.error.message}
        has_flow = engine.token_flow(target, now_s) is not None
        token = _TOKEN if has_flow else None
        request = engine.authorize(target, prepared.request, token, now_s)
        return {
            **row,
            "engine": engine.name,
            "dialect": way.dialect.name,
            "road": "relayed" if way.road is Road.RELAY else "translated",
            **_shown(request, provider_secrets(provider)),
            "dropped": list(prepared.losses),
            "dropped_why": drop_reasons(self.call, target, engine, way, prepared.losses),
            "learned": list(learned.lessons()),
        }


def _leaves(explained: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The channels, nested keys' included, each once."""
    for channel in explained["channels"]:
        if "nested" in channel:
            yield from _leaves(channel)
        else:
            yield channel


def _shown(request: HttpRequest, secrets: tuple[str, ...]) -> dict[str, Any]:
    """The request without our secrets."""
    body = without_secrets_in_bytes(request.body, secrets)
    headers = shown_headers(request.headers)
    return {
        "method": request.method,
        "url": without_secrets(request.url, secrets),
        "headers": [without_secrets(line, secrets) for line in headers.split("; ")],
        "body": body.decode("utf-8", "replace"),
    }


def dry_run_lines(value: Mapping[str, Any]) -> list[str]:
    """The dry run as lines to read; long strings in bodies are shortened (`--json` has them)."""
    lines = [
        f"{value['model']} for {value['client_key']}, read as {value['client']}:"
        f" {value['body_bytes']} bytes, about {value['tokens']} tokens; nothing is sent",
        f"  stopped by: {value['stopped_by']}" if value["stopped_by"] else "  no limit stops it",
    ]
    for number, request in enumerate(value["requests"], 1):
        out = f" OUT: {request['out']}" if request["out"] else ""
        lines.append(f"  {number}. {request['provider']}/{request['upstream_model']}{out}")
        lines += [f"     {line}".rstrip() for line in _request_lines(request)]
    if not value["requests"]:
        near = f"; did you mean {', '.join(value['near'])}?" if value["near"] else ""
        lines.append(f"  nothing serves it{near}")
    lines += [f"  out: {entry['provider']}: {entry['reason']}" for entry in value["left_out"]]
    return lines


def _request_lines(request: Mapping[str, Any]) -> Iterator[str]:
    if "refused" in request:
        yield f"cannot be told: {request['refused']}"
        return
    yield f"{request['engine']}, {request['road']} as {request['dialect']}"
    if request["cost"] is None:
        yield "cost: no price is known"
    else:
        yield f"cost: at most about ${request['cost']:.6f} ({request['price']})"
    for name in request["dropped"]:
        yield f"dropped: {name}: {request['dropped_why'][name]}"
    if request["learned"]:
        yield f"learned from refusals: {'; '.join(request['learned'])}"
    yield f"{request['method']} {request['url']}"
    yield from request["headers"]
    yield ""
    yield from _body_lines(request["body"])
    yield ""


def _body_lines(body: str) -> list[str]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return [_short(body)]
    return json.dumps(_shortened(value), ensure_ascii=False, indent=1).split("\n")


LONGEST_SHOWN = 600


def _short(text: str) -> str:
    if len(text) <= LONGEST_SHOWN:
        return text
    return f"{text[: LONGEST_SHOWN // 2]}… ({len(text)} characters)"


def _shortened(value: Any) -> Any:
    if isinstance(value, str):
        return _short(value)
    if isinstance(value, list):
        return [_shortened(one) for one in value]
    if isinstance(value, dict):
        return {name: _shortened(one) for name, one in value.items()}
    return value
