"""The front door: every request comes in here and leaves with a request id, CORS headers and one
line in the log.

One straight function instead of a router and middlewares: tidy the path, find the route, check the
method, authenticate, do it; whatever is refused on the way is written in the dialect of the path. A
user's mistake never shows a traceback, and neither does ours: the last resort is a 500 that names
the request id.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from uniapi.canonical import Call, ClientError, RequestRefused
from uniapi.config import ClientKey
from uniapi.dialects import CLIENT_DIALECTS
from uniapi.operations import SERVICES
from uniapi.wire import dump_json

from . import admin, models
from .auth import authenticate, client_address, presented_keys, require_admin
from .body import parse_object, read_body
from .body_memory import BodyMemory
from .cors import cors_headers, preflight_headers
from .desk import Desk
from .inference import Arrival, kept_headers, make_call, make_stored_call
from .operation_paths import make_relayed_call, needs_default_model, receive
from .page import StatusPage
from .paths import Route, dialect_of, find_route, near_paths
from .refusal_log import RefusalLog, Stranger
from .reply import HttpReply

log = logging.getLogger("uniapi.front")

SMALL_BODY_BYTES = 65536

SANDBOX_HEADERS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
}
"""On every answer but the page, which has a policy of its own: what a provider sends is no document
of ours, whatever a browser takes it for.
"""


class Front:
    """The handler of the HTTP server."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._page = StatusPage()
        self._refusals = RefusalLog()
        self._bodies = BodyMemory()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; never raises but for cancellation."""
        desk = self._desk
        request_id = os.urandom(12).hex()
        raw_path = request.rel_url.raw_path
        cors = cors_headers(
            request.headers.get("Origin"), desk.config.preferences.cors_origins, raw_path
        )
        usual = {"x-request-id": request_id, "server": "uni-api", **SANDBOX_HEADERS, **cors}
        reply = HttpReply(request, usual)
        try:
            if request.method == "OPTIONS":
                await reply.send(204, preflight_headers(request), b"")
            else:
                await self._dispatch(request, raw_path, request_id, reply)
        except RequestRefused as refused:
            if not reply.is_recorded:
                self._log_refusal(request, raw_path, request_id, refused.error)
            await self._refuse(reply, request, refused.error)
        except Exception as error:
            if isinstance(error, ConnectionError) and reply.is_abandoned:
                log.debug("request %s: the client left while it was answered", request_id)
                return reply.response or web.Response()
            log.exception("request %s failed inside the gateway", request_id)
            await self._refuse(
                reply,
                request,
                ClientError(
                    status=500,
                    message=f"The gateway made a mistake (request {request_id}).",
                    code="internal_error",
                    type="server_error",
                ),
            )
        return reply.response or web.Response()

    def _log_refusal(
        self, request: web.BaseRequest, raw_path: str, request_id: str, error: ClientError
    ) -> None:
        """For a call the record says it."""
        presented = presented_keys(request.headers, request.query)
        who = Stranger(
            request_id=request_id,
            method=request.method,
            path=raw_path,
            address=self._address_of(request),
            key=presented[0] if presented else None,
            agent=request.headers.get("User-Agent", ""),
        )
        self._refusals.write(who, error, self._desk.clock.monotonic_s())

    def _address_of(self, request: web.BaseRequest) -> str | None:
        """The client's address, behind the proxies that are trusted."""
        transport = request.transport
        peer = transport.get_extra_info("peername") if transport is not None else None
        return client_address(
            peer[0] if peer else None,
            ",".join(request.headers.getall("X-Forwarded-For", [])) or None,
            self._desk.config.preferences.trusted_proxies,
        )

    async def _refuse(self, reply: HttpReply, request: web.BaseRequest, error: ClientError) -> None:
        """Say no, in the dialect of the path, to whoever is still there."""
        if reply.is_started:
            return
        encode = CLIENT_DIALECTS[dialect_of(request.rel_url.raw_path, request.headers)].encode_error
        assert encode is not None
        with contextlib.suppress(ConnectionError):
            await reply.send(
                error.status,
                {"content-type": "application/json", **error.sent_headers()},
                dump_json(encode(error)),
            )

    async def _dispatch(
        self, request: web.BaseRequest, raw_path: str, request_id: str, reply: HttpReply
    ) -> None:
        desk = self._desk
        route = find_route(raw_path, request.method)
        if route is None:
            raise _unknown_path(raw_path)
        if request.method not in route.methods:
            if (
                route.kind == "inference"
                and route.path == "/v1/responses"
                and request.headers.get("Upgrade", "").lower() == "websocket"
            ):
                raise RequestRefused(
                    ClientError(
                        status=426,
                        message="WebSocket is not offered here; use HTTP.",
                        code="upgrade_required",
                        headers={"upgrade": "h2c"},
                    )
                )
            allowed = ", ".join(route.methods)
            raise RequestRefused(
                ClientError(
                    status=405,
                    message=f"{request.method} is not allowed here; use {allowed}.",
                    code="method_not_allowed",
                    type="invalid_request_error",
                    headers={"allow": allowed},
                )
            )
        if route.kind == "health":
            await _send_json(reply, desk.health())
            return
        if route.kind == "page" or (
            route.kind == "root" and "text/html" in request.headers.get("Accept", "")
        ):
            await reply.send(200, self._page.headers, self._page.body)
            return
        if route.kind == "root":
            await reply.send(
                200,
                {"content-type": "text/plain; charset=utf-8", "vary": "accept"},
                f"uni-api {desk.version}\n".encode(),
            )
            return
        query = request.query
        presented = presented_keys(request.headers, query)
        client_ip = self._address_of(request)
        key = authenticate(desk.key_ring, presented, client_ip, desk.clock.now_s())
        if route.kind in ("inference", "stored"):
            arrival = Arrival(
                request_id=request_id,
                principal=desk.key_ring.principal(key),
                headers=kept_headers(request.headers),
                query={name: text for name, text in query.items() if name != "key"},
                client_ip=client_ip,
                received_at_s=desk.clock.now_s(),
            )
            await (self._infer if route.kind == "inference" else self._stored)(
                route, request, arrival, key, reply
            )
        elif route.kind in admin.REPORTS:
            await self._report(route, request, key, query, reply)
        else:
            await self._models(route, request, key, query, reply)

    async def _report(
        self,
        route: Route,
        request: web.BaseRequest,
        key: ClientKey,
        query: Mapping[str, str],
        reply: HttpReply,
    ) -> None:
        """The admin surface: what is true now is taken here, the rest is read from files in a
        thread, so that streams go on meanwhile.
        """
        desk = self._desk
        report = admin.REPORTS[route.kind]
        if report.needs_admin:
            require_admin(key)
        members = {name: text for name, text in query.items() if name != "key"}
        if request.method == "POST":
            members |= await _small_body(request)
        now_s, present = desk.clock.now_s(), desk.present()
        asked = admin.AdminQuestion(
            key=key,
            query=members,
            now_s=now_s,
            config=desk.config,
            recorder=desk.recorder,
            present=present,
            version=desk.version,
            wake=desk.wake,
            live=present.live.rows(now_s, None if key.is_admin else key.key_id),
            failures=tuple(desk.recorder.recent_failures),
        )
        if report.acts:
            value = report.answer(asked)
        else:
            value = await asyncio.get_running_loop().run_in_executor(None, report.answer, asked)
        if isinstance(value, str):
            await reply.send(
                200,
                {"content-type": admin.METRICS_TYPE, "cache-control": "no-store"},
                value.encode(),
            )
        else:
            await _send_json(reply, value, {"cache-control": "no-store"})

    async def _infer(
        self,
        route: Route,
        request: web.BaseRequest,
        arrival: Arrival,
        key: ClientKey,
        reply: HttpReply,
    ) -> None:
        if SERVICES[route.operation].is_carried:
            await self._carry(route, request, arrival, key, reply)
            return
        preferences = self._desk.config.preferences
        with self._bodies.share(preferences.max_bodies_bytes) as share:
            body = await read_body(request, preferences.max_body_bytes, share)
            value = await parse_object(body)
            call = make_call(arrival, route, body, value)
            await self._run(call, key, reply)

    async def _carry(
        self,
        route: Route,
        request: web.BaseRequest,
        arrival: Arrival,
        key: ClientKey,
        reply: HttpReply,
    ) -> None:
        """An operation beside chat; its body may be a form, which is kept until the call
        is over.
        """
        desk, preferences = self._desk, self._desk.config.preferences
        with self._bodies.share(preferences.max_bodies_bytes) as share:
            received = await receive(
                route, request, preferences.max_body_bytes, desk.spool_dir, share
            )
            try:
                aliases = await desk.models_for(key) if needs_default_model(route, received) else ()
                call = make_relayed_call(arrival, route, received, aliases)
                await self._run(call, key, reply)
            finally:
                received.close()

    async def _stored(
        self,
        route: Route,
        request: web.BaseRequest,
        arrival: Arrival,
        key: ClientKey,
        reply: HttpReply,
    ) -> None:
        desk = self._desk
        body = await read_body(request, desk.config.preferences.max_body_bytes)
        query = request.rel_url.raw_query_string
        call = make_stored_call(arrival, route, request.method, body, query)
        await self._run(call, key, reply)

    async def _run(self, call: Call, key: ClientKey, reply: HttpReply) -> None:
        """From here on whatever becomes of the call is recorded, and the record is its line."""
        reply.is_recorded = True
        await self._desk.run(call, key, reply)

    async def _models(
        self,
        route: Route,
        request: web.BaseRequest,
        key: ClientKey,
        query: Mapping[str, str],
        reply: HttpReply,
    ) -> None:
        desk = self._desk
        aliases = await desk.models_for(key)
        shape = models.list_shape(
            route.dialect, {name.lower(): text for name, text in request.headers.items()}, query
        )
        if route.kind == "models":
            await _send_json(
                reply, models.model_list(shape, aliases, desk.model_infos(key, aliases))
            )
            return
        name = route.argument or ""
        alias = models.find_model(name, aliases, desk.near_models(key, name))
        await _send_json(
            reply, models.model_entry(shape, alias, desk.model_infos(key, (alias,))[alias])
        )


async def _send_json(
    reply: HttpReply, value: Any, headers: Mapping[str, str] | None = None
) -> None:
    await reply.send(
        200,
        {"content-type": "application/json", **(headers or {})},
        json.dumps(value, ensure_ascii=False).encode(),
    )


async def _small_body(request: web.BaseRequest) -> dict[str, str]:
    """The members of a JSON body as text, as if they stood in the query; an empty body has none."""
    body = await read_body(request, SMALL_BODY_BYTES)
    value = await parse_object(body) if body.strip() else {}
    return {
        name: member if isinstance(member, str) else json.dumps(member)
        for name, member in value.items()
    }


def _unknown_path(raw_path: str) -> RequestRefused:
    near = near_paths(raw_path)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return RequestRefused(
        ClientError(
            status=404,
            message=f"Nothing is served at {raw_path}.{hint}",
            code="not_found",
            type="invalid_request_error",
        )
    )
