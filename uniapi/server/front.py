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
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from uniapi.canonical import Call, ClientError, RequestRefused, holds_nothing, repeated
from uniapi.config import ClientKey
from uniapi.dialects import CLIENT_DIALECTS
from uniapi.operations import SERVICES
from uniapi.wire import dump_json

from . import admin, models
from .arrival_log import tell_answer, tell_arrival
from .auth import authenticate, client_address, presented_keys, require_admin
from .body import parse_object, read_body, read_object
from .body_memory import BodyMemory
from .cors import cors_headers, preflight_headers
from .dates import HttpDates
from .desk import Desk
from .incoming import Incoming
from .inference import Arrival, kept_headers, make_call, make_stored_call
from .operation_paths import make_relayed_call, needs_default_model, receive
from .page import StatusPage
from .paths import Route, dialect_of, find_route, near_paths
from .refusal_log import RefusalLog, Stranger
from .reply import HttpReply
from .strangers import Strangers
from .wrong_keys import WrongKeys

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
    """What both lanes bring their requests to."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._page = StatusPage(lambda: desk.page_words())
        self._refusals = RefusalLog()
        self._wrong_keys = WrongKeys()
        self._strangers = Strangers()
        self._bodies = BodyMemory()
        self._dates = HttpDates()

    async def answer(self, incoming: Incoming) -> HttpReply:
        """Answer one request; never raises but for cancellation."""
        request_id = os.urandom(12).hex()
        reply = self._reply_to(incoming, request_id)
        try:
            if incoming.method == "OPTIONS":
                await reply.send(204, preflight_headers(incoming.headers), b"")
            else:
                await self._dispatch(incoming, request_id, reply)
        except RequestRefused as refused:
            if not reply.is_recorded:
                self._log_refusal(incoming, request_id, refused.error)
            if refused.error.status == 401:
                address = self._address_of(incoming) or ""
                await self._wrong_keys.slow_down(address, self._desk.clock)
            await self._refuse(reply, incoming, refused.error)
        except Exception as error:
            if isinstance(error, ConnectionError) and reply.is_abandoned:
                log.debug("request %s: the client left while it was answered", request_id)
                return reply
            log.exception("request %s failed inside the gateway", request_id)
            await self._refuse(
                reply,
                incoming,
                ClientError(
                    status=500,
                    message=f"The gateway made a mistake (request {request_id}).",
                    code="internal_error",
                    type="server_error",
                ),
            )
        return reply

    def _reply_to(self, incoming: Incoming, request_id: str) -> HttpReply:
        origins = self._desk.config.preferences.cors_origins
        cors = cors_headers(incoming.headers.get("origin"), origins, incoming.path)
        date = self._dates.at(self._desk.clock.now_s())
        usual = {"x-request-id": request_id, "server": "uni-api", "date": date}
        return HttpReply(incoming, {**usual, **SANDBOX_HEADERS, **cors})

    def _log_refusal(self, incoming: Incoming, request_id: str, error: ClientError) -> None:
        """For a call the record says it."""
        presented = presented_keys(incoming.headers, incoming.query)
        who = Stranger(
            request_id=request_id,
            method=incoming.method,
            path=incoming.path,
            address=self._address_of(incoming),
            key=presented[0] if presented else None,
            agent=incoming.headers.get("user-agent", ""),
        )
        self._refusals.write(who, error, self._desk.clock.monotonic_s())
        self._strangers.note(who, error, self._desk.clock.now_s())

    def _address_of(self, incoming: Incoming) -> str | None:
        """The client's address, behind the proxies that are trusted."""
        return client_address(
            incoming.line.peer,
            incoming.headers.get("x-forwarded-for"),
            self._desk.config.preferences.trusted_proxies,
        )

    async def _refuse(self, reply: HttpReply, incoming: Incoming, error: ClientError) -> None:
        """Say no, in the dialect of the path, to whoever is still there."""
        if reply.is_started:
            return
        with contextlib.suppress(ConnectionError):
            await reply.send(*_refusal(incoming, error))

    async def _dispatch(self, incoming: Incoming, request_id: str, reply: HttpReply) -> None:
        desk = self._desk
        route = _route_of(incoming)
        if route.kind in ("health", "page", "root"):
            await self._show(route, incoming, reply)
            tell_answer(request_id, "-", incoming.method, incoming.path, route.kind)
            return
        presented = presented_keys(incoming.headers, incoming.query)
        address = self._address_of(incoming)
        key = authenticate(desk.key_ring, presented, address, desk.clock.now_s())
        visit = _Visit(incoming, request_id, route, key, reply, address)
        if route.kind == "inference":
            await (self._carry if SERVICES[route.operation].is_carried else self._infer)(visit)
        elif route.kind == "stored":
            await self._stored(visit)
        elif route.kind in admin.REPORTS:
            await self._report(visit)
            tell_answer(request_id, key.label, incoming.method, incoming.path, route.kind)
        else:
            await self._models(visit)
            tell_answer(request_id, key.label, incoming.method, incoming.path, route.kind)

    async def _show(self, route: Route, incoming: Incoming, reply: HttpReply) -> None:
        """What is there for everybody."""
        if route.kind == "health":
            await _send_json(reply, self._desk.health())
        elif route.kind == "page" or "text/html" in incoming.headers.get("accept", ""):
            await reply.send(200, self._page.headers, self._page.body)
        else:
            await reply.send(
                200,
                {"content-type": "text/plain; charset=utf-8", "vary": "accept"},
                f"uni-api {self._desk.version}\n".encode(),
            )

    async def _report(self, visit: _Visit) -> None:
        """The admin surface: what is true now is taken here, the rest is read from files in a
        thread, so that streams go on meanwhile.
        """
        desk, key, reply = self._desk, visit.key, visit.reply
        report = admin.REPORTS[visit.route.kind]
        if report.needs_admin:
            require_admin(key)
        members = visit.query()
        if visit.incoming.method == "POST":
            members |= await _small_body(visit.incoming)
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
            test_key=desk.test_key,
            inspector=desk.inspector,
            sums=desk.sums,
            model_names=partial(desk.model_names, key),
            model_rows=partial(desk.model_rows, key),
            argument=visit.route.argument or "",
            live=present.live.rows(now_s, None if key.is_admin else key.key_id),
            failures=tuple(desk.recorder.recent_failures),
            mistakes=tuple(desk.recorder.recent_mistakes),
            strangers=self._strangers.rows(),
        )
        if report.waits:
            value = await report.answer(asked)
        elif report.acts:
            value = report.answer(asked)
        else:
            value = await asyncio.get_running_loop().run_in_executor(None, report.answer, asked)
        if isinstance(value, str):
            await reply.send(
                200,
                {"content-type": admin.METRICS_TYPE, "cache-control": "no-store"},
                value.encode("utf-8", "replace"),
            )
        else:
            await _send_json(reply, value, {"cache-control": "no-store"})

    async def _infer(self, visit: _Visit) -> None:
        preferences = self._desk.config.preferences
        with self._bodies.share(preferences.max_bodies_bytes) as share:
            arrival = self._arrival(visit, share.add)
            body = await read_body(visit.incoming, preferences.max_body_bytes, share)
            try:
                value, body = await read_object(body)
                call = make_call(arrival, visit.route, body, value)
            except RequestRefused as refused:
                self._inspect_refused(visit, arrival, body, refused.error)
                raise
            await self._run(call, visit)

    def _inspect_refused(
        self, visit: _Visit, arrival: Arrival, body: bytes, error: ClientError
    ) -> None:
        """What became no call is looked at too, where anything is."""
        if self._desk.inspector.is_on:
            call = arrival.call(visit.route, requested_model="", stream=False, body=body, json={})
            _, _, said = _refusal(visit.incoming, error)
            self._desk.inspector.saw_refused(call, error, said)

    async def _carry(self, visit: _Visit) -> None:
        """An operation beside chat; its body may be a form, which is kept until the call
        is over.
        """
        desk, preferences, route = self._desk, self._desk.config.preferences, visit.route
        arrival = self._arrival(visit)
        with self._bodies.share(preferences.max_bodies_bytes) as share:
            received = await receive(
                route, visit.incoming, preferences.max_body_bytes, desk.spool_dir, share
            )
            try:
                is_left_open = needs_default_model(route, received)
                aliases = await desk.models_for(visit.key) if is_left_open else ()
                await self._run(make_relayed_call(arrival, route, received, aliases), visit)
            finally:
                received.close()

    async def _stored(self, visit: _Visit) -> None:
        incoming, arrival = visit.incoming, self._arrival(visit)
        body = await read_body(incoming, self._desk.config.preferences.max_body_bytes)
        query = incoming.head.query
        call = make_stored_call(arrival, visit.route, incoming.method, body, query)
        await self._run(call, visit)

    def _arrival(self, visit: _Visit, hold: Callable[[int], None] = holds_nothing) -> Arrival:
        arrival = Arrival(
            request_id=visit.request_id,
            principal=self._desk.key_ring.principal(visit.key),
            headers=kept_headers(visit.incoming.headers),
            query=visit.query(),
            client_ip=visit.address,
            received_at_s=self._desk.clock.now_s(),
            hold=hold,
        )
        if log.isEnabledFor(logging.DEBUG):
            tell_arrival(arrival, visit.incoming.method, visit.incoming.path)
        return arrival

    async def _run(self, call: Call, visit: _Visit) -> None:
        """From here on whatever becomes of the call is recorded, and the record is its line."""
        visit.reply.is_recorded = True
        await self._desk.run(call, visit.key, visit.reply)

    async def _models(self, visit: _Visit) -> None:
        desk, key, route, incoming = self._desk, visit.key, visit.route, visit.incoming
        aliases = await desk.models_for(key)
        shape = models.list_shape(route.dialect, incoming.headers, incoming.query)
        if route.kind == "models":
            infos = desk.model_infos(key, aliases)
            listed = models.model_list(shape, aliases, infos, incoming.query)
        else:
            name = route.argument or ""
            alias = models.find_model(name, aliases, desk.near_models(key, name))
            listed = models.model_entry(shape, alias, desk.model_infos(key, (alias,))[alias])
        await _send_json(visit.reply, listed)


class _Visit(NamedTuple):
    """A request of somebody whose key is known, and where it goes."""

    incoming: Incoming
    request_id: str
    route: Route
    key: ClientKey
    reply: HttpReply
    address: str | None

    def query(self) -> dict[str, str]:
        """The members of its query; `key` says who asks, and is nobody else's business."""
        return {name: text for name, text in self.incoming.query.items() if name != "key"}


def _route_of(incoming: Incoming) -> Route:
    """Raises RequestRefused: nothing is served there, or not by this method."""
    route = incoming.route or find_route(incoming.path, incoming.method)
    if route is None:
        raise _unknown_path(incoming.path)
    if incoming.method in route.methods:
        return route
    if (
        route.kind == "inference"
        and route.path == "/v1/responses"
        and incoming.headers.get("upgrade", "").lower() == "websocket"
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
            message=f"{repeated(incoming.method)} is not allowed here; use {allowed}.",
            code="method_not_allowed",
            type="invalid_request_error",
            headers={"allow": allowed},
        )
    )


async def _send_json(
    reply: HttpReply, value: Any, headers: Mapping[str, str] | None = None
) -> None:
    await reply.send(
        200,
        {"content-type": "application/json", **(headers or {})},
        dump_json(value),
    )


async def _small_body(incoming: Incoming) -> dict[str, str]:
    """The members of a JSON body as text, as if they stood in the query; an empty body has none."""
    body = await read_body(incoming, SMALL_BODY_BYTES)
    value = await parse_object(body) if body.strip() else {}
    return {
        name: member if isinstance(member, str) else json.dumps(member)
        for name, member in value.items()
    }


def _refusal(incoming: Incoming, error: ClientError) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body, in the dialect of the path."""
    encode = CLIENT_DIALECTS[dialect_of(incoming.path, incoming.headers)].encode_error
    assert encode is not None
    headers = {"content-type": "application/json", **error.sent_headers()}
    return error.status, headers, dump_json(encode(error))


def _unknown_path(raw_path: str) -> RequestRefused:
    near = near_paths(raw_path)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    return RequestRefused(
        ClientError(
            status=404,
            message=f"Nothing is served at {repeated(raw_path)}.{hint}",
            code="not_found",
            type="invalid_request_error",
        )
    )
