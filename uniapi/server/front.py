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
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain
from typing import Any

from uniapi.canonical import ClientError, RequestRefused, repeated
from uniapi.clock import Epoch
from uniapi.config import ClientKey
from uniapi.errors import is_want_of_memory, log_mistake
from uniapi.operations import SERVICES
from uniapi.wire import LENGTH_HEADER, dump_json, http_date

from . import models
from .arrival_log import tell_answer
from .auth import authenticate, client_address, presented_keys, require_admin
from .body import parse_object, read_body
from .body_memory import RETRY_AFTER_S
from .calls import Calls, Visit, refusal
from .cors import cors_headers, preflight_headers
from .desk import Desk
from .incoming import Incoming
from .inference import kept_headers
from .page import StatusPage
from .paths import Route, find_route, near_paths
from .refusal_log import RefusalLog, Stranger
from .reply import HttpReply, UsualHeaders
from .strangers import Strangers
from .visitors import KnownHeads, Visitor
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


NO_SEARCH = (
    "Web search is not offered at this address (uni-api), and will not be in this conversation: do"
    " not try again. Go on with what you know or with other tools, and say that you could not"
    " search where it matters."
)
"""What Codex is told that asks for its own search (`POST /v1/alpha/search`, where a provider is
said to have it): its model reads this and goes on. An error of any status ends the whole turn
(`FunctionCallError::Fatal` in openai/codex, codex-rs/ext/web-search/src/tool.rs; 2026-12-01).
"""


class Front:
    """What both lanes bring their requests to."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._page = StatusPage(lambda: desk.page_words())
        self._refusals = RefusalLog()
        self._wrong_keys = WrongKeys()
        self._strangers = Strangers()
        self._calls = Calls(desk)
        self._heads = KnownHeads()
        self._request_ids = chain.from_iterable(_request_ids())
        self._second = -1
        self._usual = UsualHeaders({}, "")
        """Of the answers of this second."""

    def known(self, head: bytes) -> tuple[Visitor, int] | None:
        """Who sends requests with this head, and the length of the body behind it, where that is
        remembered.
        """
        return self._heads.find(head, self._desk.key_ring)

    def remember(self, head: bytes, visitor: Visitor) -> None:
        """Who sent a request with this head, which was read in full."""
        self._heads.keep(head, visitor)

    async def answer(self, incoming: Incoming) -> HttpReply:
        """Answer one request; never raises but for cancellation."""
        request_id = next(self._request_ids)
        now_s = self._desk.clock.now_s()
        usual = self._usual
        if int(now_s) != self._second or "origin" in incoming.head.headers:
            usual = self._usual_headers(incoming, now_s)
        reply = HttpReply(incoming, request_id, usual)
        try:
            visitor = incoming.visitor
            if visitor is not None:
                peer = incoming.line.peer
                await self._calls.infer(Visit(incoming, visitor, request_id, reply, peer, now_s))
            elif incoming.method == "OPTIONS":
                await reply.send(204, preflight_headers(incoming.headers), b"")
            else:
                await self._dispatch(incoming, request_id, reply, now_s)
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
            log_mistake(log, error, "request %s failed inside the gateway", request_id)
            await self._refuse(reply, incoming, _failed_inside(error, request_id))
        return reply

    def _usual_headers(self, incoming: Incoming, now_s: Epoch) -> UsualHeaders:
        second = int(now_s)
        if second != self._second:
            date = http_date(second)
            headers = {"server": "uni-api", "date": date, **SANDBOX_HEADERS}
            self._second, self._usual = second, UsualHeaders.of(headers)
        origin = incoming.head.headers.get("origin")
        if origin is None:
            return self._usual
        allowed = self._desk.config.preferences.cors_origins
        cors = cors_headers(origin, allowed, incoming.path)
        return UsualHeaders.of({**self._usual.headers, **cors})

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
            await reply.send(*refusal(incoming, error))

    async def _dispatch(
        self, incoming: Incoming, request_id: str, reply: HttpReply, now_s: Epoch
    ) -> None:
        desk = self._desk
        route = _route_of(incoming)
        if route.kind in ("health", "page", "root"):
            await self._show(route, incoming, reply)
            tell_answer(request_id, "-", incoming.method, incoming.path, route.kind)
            return
        presented = presented_keys(incoming.headers, incoming.query)
        address = self._address_of(incoming)
        key = authenticate(desk.key_ring, presented, address, now_s)
        visitor = self._visitor(incoming, route, key)
        visit = Visit(incoming, visitor, request_id, reply, address, now_s)
        if route.kind == "inference":
            is_carried = SERVICES[route.operation].is_carried
            await (self._calls.carry(visit) if is_carried else self._calls.infer(visit))
        elif route.kind == "stored":
            await self._calls.stored(visit)
        elif route.kind == "search":
            await _send_json(reply, {"output": NO_SEARCH})
            tell_answer(request_id, key.label, incoming.method, incoming.path, route.kind)
        elif route.is_report:
            await self._report(visit)
            tell_answer(request_id, key.label, incoming.method, incoming.path, route.kind)
        else:
            await self._models(visit)
            tell_answer(request_id, key.label, incoming.method, incoming.path, route.kind)

    def _visitor(self, incoming: Incoming, route: Route, key: ClientKey) -> Visitor:
        """Who sent a request, whose key has been found right; remembered where its head says it
        all.
        """
        ring, preferences = self._desk.key_ring, self._desk.config.preferences
        head = incoming.head
        rest = {name: text for name, text in head.headers.items() if name != LENGTH_HEADER}
        visitor = Visitor(
            head=head._replace(headers=rest, length=None),
            route=route,
            ring=ring,
            key=key,
            principal=ring.principal(key),
            headers=kept_headers(rest),
            query={name: text for name, text in incoming.query.items() if name != "key"},
            preferences=preferences,
        )
        if visitor.is_lasting:
            incoming.keep(visitor)
        return visitor

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

    async def _report(self, visit: Visit) -> None:
        """The admin surface: what is true now is taken here, the rest is read from files in a
        thread, so that streams go on meanwhile.
        """
        from . import admin  # with all that makes reports: thirteen modules

        desk, key, reply = self._desk, visit.visitor.key, visit.reply
        report = admin.REPORTS[visit.visitor.route.kind]
        if report.needs_admin:
            require_admin(key)
        members = dict(visit.visitor.query)
        if visit.incoming.method == "POST":
            members |= await _small_body(visit.incoming)
        now_s = desk.clock.now_s()
        present = desk.present(with_money=report.shows_money and key.is_admin)
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
            say=desk.speaker(members.get("lang", "")),
            argument=visit.visitor.route.argument or "",
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

    async def _models(self, visit: Visit) -> None:
        desk, key, route = self._desk, visit.visitor.key, visit.visitor.route
        incoming = visit.incoming
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


def _request_ids() -> Iterator[list[str]]:
    """A name for each request, of 24 hexadecimal digits; chance is asked for by the hundred."""
    while True:
        digits = os.urandom(1200).hex()
        yield [digits[at : at + 24] for at in range(0, len(digits), 24)]


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


def _failed_inside(error: Exception, request_id: str) -> ClientError:
    """What a client is told when the fault is ours, or when the memory was not enough."""
    if is_want_of_memory(error):
        return ClientError(
            status=503,
            message=f"The gateway has not enough memory for this now (request {request_id}).",
            code="out_of_memory",
            type="server_error",
            headers={"retry-after": str(RETRY_AFTER_S)},
        )
    return ClientError(
        status=500,
        message=f"The gateway made a mistake (request {request_id}).",
        code="internal_error",
        type="server_error",
    )


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
