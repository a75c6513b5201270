"""The attempt loop: ask the plan, build, send, receive, commit, record. It never says a vendor's
name.

One call is answered by one `run`. What may be said to the client before the commit is nothing (or
heartbeats, where configured); after it the answer is this attempt's, whatever becomes of it. A
client that leaves cancels the task that runs here, and that closes the upstream connection.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import formatdate
from functools import partial
from typing import Protocol

from uniapi.canonical import (
    Call,
    Failure,
    FailureKind,
    Operation,
    Request,
    RequestRefused,
    estimate_input_tokens,
)
from uniapi.clock import Clock
from uniapi.config import Preferences, Provider, provider_secrets, without_secrets_in_bytes
from uniapi.dialects import ReplyContext
from uniapi.engines import Engine, Target
from uniapi.errors import WireError
from uniapi.network import (
    AccessTokens,
    FetchFailed,
    MediaFetcher,
    Passage,
    Transport,
    passage_of,
    send_all,
)
from uniapi.operations import CARRIED, SERVICES
from uniapi.pipes import ending
from uniapi.routing import Attempt, GiveUp, Pin, Plan, Road, Tried, Wait
from uniapi.stats import CallRecord
from uniapi.wire import LARGE_BYTES, HttpRequest, ResponseHead, dump_json

from .answer_headers import (
    JSON_HEADERS,
    STREAM_HEADERS,
    answer_headers,
    attempts_text,
    stream_headers,
)
from .call_records import Progress, attempt_record, call_record, masked_failure
from .issued_ids import IssuedIds
from .issued_items import IssuedItems
from .operation_failures import blamed, is_other_way_open, unsupported
from .operation_request import prepare_relayed
from .reasoning_cache import ReasoningCache
from .receiver import Outlet, Patience, Receiver, TriggerProbe
from .route import (
    GENERATING,
    Decoded,
    Prepared,
    Way,
    client_framing,
    client_side,
    find_ways,
    needs_media,
    prepare,
)
from .token_count import ESTIMATE_HEADERS, estimate_answer, falls_back

log = logging.getLogger("uniapi.call")


class Reply(Outlet, Protocol):
    """The client's side (see server/reply.py). `status` is what was sent, None before."""

    status: int | None

    @property
    def is_started(self) -> bool: ...

    async def start(self, status: int, headers: Mapping[str, str]) -> None: ...

    async def finish(self) -> None: ...

    def break_off(self) -> None: ...

    async def send(self, status: int, headers: Mapping[str, str], body: bytes) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What of the configuration in force a call needs: it keeps these for its whole life, whatever
    is reloaded meanwhile.
    """

    preferences: Preferences
    engine_of: Callable[[Provider], Engine]
    used: Callable[[int], None] | None = None
    """Told, once, how many tokens the call came to: what the upstream reports, 0 when nothing was
    answered.
    """


class Executor:
    """Runs calls. `record` takes each finished call's record; it must not fail."""

    def __init__(
        self,
        *,
        transport: Transport,
        credentials: AccessTokens,
        media: MediaFetcher,
        pins: IssuedIds,
        reasoning: ReasoningCache,
        items: IssuedItems,
        clock: Clock,
        record: Callable[[CallRecord], None],
    ) -> None:
        self._transport = transport
        self._credentials = credentials
        self._media = media
        self._pins = pins
        self._reasoning = reasoning
        self._items = items
        self._clock = clock
        self._record = record

    async def run(self, call: Call, plan: Plan, setting: Setting, reply: Reply) -> None:
        """Answer `call` through `reply`. Raises RequestRefused when the client's request makes no
        sense; every other outcome is written here.

        The call is recorded in every case, a refusal included.
        """
        now = self._clock.monotonic_s()
        progress = Progress(started_at=now, heard_at=now)
        decoded = Decoded(call)
        failure: Failure | None = None
        translated = False
        calls = 0
        refused_status: int | None = None
        try:
            while True:
                tried = None
                if failure is not None:
                    made = len(progress.attempts) - calls
                    road = Road.TRANSLATE if translated else Road.RELAY
                    tried = Tried(failure=failure, road=road, calls=made)
                step = plan.next(tried, self._clock.monotonic_s())
                calls = len(progress.attempts)
                if isinstance(step, Wait):
                    await self._clock.sleep(step.seconds)
                    failure = None
                elif isinstance(step, GiveUp):
                    await self._give_up(call, step, progress, reply)
                    return
                else:
                    failure, translated = await self._attempt(
                        call, decoded, step, plan, setting, progress, reply
                    )
                    if failure is None:
                        return
        except RequestRefused as refused:
            progress.outcome, refused_status = "refused", refused.error.status
            if not reply.is_started:
                raise
            # Heartbeats have gone out, so the refusal has to be said in the stream.
            error = refused.error
            failed = Failure(
                kind=FailureKind.BAD_REQUEST,
                message=error.message,
                code=error.code,
                param=error.param,
            )
            await self._end_in_stream(call, failed, reply)
        except (asyncio.CancelledError, ConnectionError):
            progress.outcome = "client_left"
            raise
        finally:
            usage = None
            if progress.receiver is not None:
                progress.receiver.cancel()
                usage = progress.receiver.report.usage
            tokens = 0 if progress.receiver is None else None
            if usage is not None:
                tokens = usage.total
            if setting.used is not None and tokens is not None:
                setting.used(tokens)
            plan.finished(
                self._clock.monotonic_s(), tokens=usage.total if usage is not None else None
            )
            self._record(
                call_record(
                    call, progress, reply.status or refused_status or 0, self._clock.monotonic_s()
                )
            )

    async def _attempt(
        self,
        call: Call,
        decoded: Decoded,
        attempt: Attempt,
        plan: Plan,
        setting: Setting,
        progress: Progress,
        reply: Reply,
    ) -> tuple[Failure | None, bool]:
        """One try. (None, …) when the call has been answered, else the failure and whether the
        request had been translated.
        """
        channel = attempt.channel
        target = Target(
            provider=channel.provider,
            credential=attempt.credential,
            upstream_model=channel.upstream_model,
            alias=channel.alias,
        )
        progress.target = target
        failure = unsupported(
            f"provider {target.provider.name!r} does not offer this operation",
            code="unsupported_operation",
        )
        is_translated = False
        for way in find_ways(call, target, setting.engine_of(target.provider)):
            is_translated = not way.relays
            found = await self._try(
                call, decoded, way, attempt, plan, setting.preferences, progress, reply
            )
            if found is None:
                return None, False
            failure = found
            if not is_other_way_open(failure):
                break
        return failure, is_translated

    async def _try(
        self,
        call: Call,
        decoded: Decoded,
        way: Way,
        attempt: Attempt,
        plan: Plan,
        preferences: Preferences,
        progress: Progress,
        reply: Reply,
    ) -> Failure | None:
        """Prepare, send and receive one request; None when it has answered the call."""
        target = way.target
        passage = passage_of(target.provider, target.credential, preferences)
        began = self._clock.monotonic_s()
        try:
            prepared = await self._prepare(call, decoded, way, preferences)
            if isinstance(prepared, Failure):
                return prepared
            requests = [
                await self._authorized(request, way, passage)
                for request in (*prepared.earlier, prepared.request)
            ]
        except FetchFailed as error:
            return self._failed(error.failure, target, progress, began, None)
        except WireError as error:
            refused = Failure(kind=FailureKind.CREDENTIAL_REFUSED, message=str(error))
            return self._failed(refused, target, progress, began, None)
        receiver = self._receive(call, prepared, way, attempt, preferences)
        progress.receiver = receiver
        receiver.started(
            send_all(
                self._transport,
                requests,
                receiver,
                prepared.answers,
                passage=passage,
                connect_timeout_s=attempt.timeouts.connect_s,
            )
        )
        failure = await self._outcome(receiver, attempt, call, progress, reply)
        head = receiver.response_head
        if failure is not None:
            if head is not None:
                failure = way.engine.correct(failure, self._dated(head))
            if failure.kind is FailureKind.CREDENTIAL_REFUSED:
                self._credentials.forget(target.credential.credential_id)
            return self._failed(
                blamed(call.operation, failure),
                target,
                progress,
                began,
                head.status if head else None,
            )
        plan.succeeded(self._clock.monotonic_s())
        await self._answer(call, prepared, target, receiver, progress, reply, began)
        broken = receiver.report.failure
        progress.outcome = "ok" if broken is None else broken.kind.value
        if broken is None:
            self._remember(call, prepared, target, receiver)
        else:
            plan.broke(broken, self._clock.monotonic_s())
        return None

    async def _prepare(
        self, call: Call, decoded: Decoded, way: Way, preferences: Preferences
    ) -> Prepared | Failure:
        """The request for one way; a Failure when this upstream cannot be told what the client
        says. Raises RequestRefused when the client's request itself makes no sense.
        """
        seed = os.urandom(12).hex()
        context = ReplyContext(
            requested_model=(
                way.target.alias if call.requested_model.endswith("*") else call.requested_model
            ),
            id_seed=seed,
            created_s=int(self._clock.now_s()),
            include_usage=client_side(call).wants_usage(call.json),
            framing=client_framing(call),
        )
        request: Request | None = None
        if not way.relays and call.operation not in CARRIED:
            try:
                request = decoded.get()
            except RequestRefused as refused:
                if call.operation is not Operation.COMPLETE:
                    raise
                # A prompt that is no conversation is fine where the endpoint itself is served.
                return unsupported(
                    refused.error.message, code=refused.error.code, param=refused.error.param
                )
            request = await self._translatable(call, decoded, way, request, preferences)
            wants_estimate = client_side(call).begins_with_usage and call.stream
            context = replace(
                context,
                request=request,
                input_tokens_estimate=estimate_input_tokens(request) if wants_estimate else 0,
            )
        try:
            if call.operation in CARRIED:
                build = partial(
                    prepare_relayed,
                    call,
                    way,
                    requested_model=context.requested_model,
                    created_s=context.created_s,
                )
            else:
                build = partial(
                    prepare,
                    call,
                    way,
                    request,
                    context,
                    seed,
                    probes_text=bool(preferences.error_triggers),
                )
            is_large = len(call.body) + call.upload_bytes > LARGE_BYTES
            prepared = (
                await asyncio.get_running_loop().run_in_executor(None, build)
                if is_large
                else build()
            )
        except RequestRefused as refused:
            return unsupported(
                refused.error.message, code=refused.error.code, param=refused.error.param
            )
        if prepared.losses and preferences.unsupported_parameters == "reject":
            return unsupported(
                f"provider {way.target.provider.name!r} cannot be told:"
                f" {', '.join(prepared.losses)} (`unsupported_parameters: reject`)",
                code="unsupported_parameter",
                param=prepared.losses[0],
            )
        return prepared

    async def _translatable(
        self, call: Call, decoded: Decoded, way: Way, request: Request, preferences: Preferences
    ) -> Request:
        """The canonical request as this upstream can take it: media fetched where it needs them by
        value, signatures restored that the client could not carry.
        """
        needs_inline = needs_media(way, request)
        if needs_inline is not None:
            request = await self._media.inline(
                request,
                needs_inline,
                passage_of(way.target.provider, way.target.credential, preferences),
                allow_private=preferences.allow_private_urls,
            )
            decoded.put(request)
        return self._reasoning.restore(
            call.principal.key_id, way.family, request, self._clock.monotonic_s()
        )

    async def _authorized(self, request: HttpRequest, way: Way, passage: Passage) -> HttpRequest:
        token = await self._credentials.token(way.engine, way.target, self._transport, passage)
        return way.engine.authorize(way.target, request, token, self._clock.now_s())

    def _dated(self, head: ResponseHead) -> Mapping[str, str]:
        """An answer's headers, with this host's time where it names none."""
        return {"date": formatdate(self._clock.now_s(), usegmt=True), **head.headers}

    def _receive(
        self, call: Call, prepared: Prepared, way: Way, attempt: Attempt, preferences: Preferences
    ) -> Receiver:
        def classify(head: ResponseHead, body: bytes) -> Failure:
            return way.engine.classify(head.status, self._dated(head), body, prepared.dialect)

        loop = asyncio.get_running_loop()
        first_token_s = attempt.timeouts.first_token_s
        assert first_token_s is not None
        patience_s = SERVICES[call.operation].patience_s
        if patience_s is not None:
            first_token_s = min(first_token_s, patience_s)
        patience = Patience(
            first_token_s=first_token_s,
            idle_s=attempt.timeouts.idle_s or first_token_s,
            deadline=(
                None if attempt.timeouts.total_s is None else loop.time() + attempt.timeouts.total_s
            ),
        )
        probe = (
            TriggerProbe(preferences.error_triggers)
            if preferences.error_triggers and call.operation in GENERATING
            else None
        )

        def mask(data: bytes) -> bytes:
            return without_secrets_in_bytes(data, provider_secrets(way.target.provider))

        return Receiver(loop, prepared.make_pipe, classify, patience, probe, mask)

    async def _outcome(
        self, receiver: Receiver, attempt: Attempt, call: Call, progress: Progress, reply: Reply
    ) -> Failure | None:
        """Await the commit or the failure; send heartbeats meanwhile when they are configured for a
        stream. It is the client that must not wait longer than the interval, however many attempts
        that takes, and one that has got heartbeats goes on getting them.
        """
        interval = attempt.keepalive_s if attempt.keepalive_s is not None else progress.keepalive_s
        progress.keepalive_s = interval
        if not call.stream or interval is None or call.operation in CARRIED:
            # What a carried operation is answered with is not known before its head.
            return await receiver.outcome
        framing = client_framing(call)
        while True:
            due_s = progress.heard_at + interval - self._clock.monotonic_s()
            done, _ = await asyncio.wait({receiver.outcome}, timeout=max(0.0, due_s))
            if done:
                return receiver.outcome.result()
            if not reply.is_started:
                await reply.start(200, stream_headers(framing))
            # White space is all that may stand before a JSON array.
            reply.write(client_side(call).ping if framing == "sse" else b"\n")
            progress.heard_at = self._clock.monotonic_s()

    async def _answer(
        self,
        call: Call,
        prepared: Prepared,
        target: Target,
        receiver: Receiver,
        progress: Progress,
        reply: Reply,
        began: float,
    ) -> None:
        """The attempt has committed: send the head with everything held, and stay until the end."""
        head = receiver.response_head
        assert head is not None
        assert receiver.pipe is not None
        progress.attempts.append(
            attempt_record(target, "ok", head.status, self._clock.monotonic_s() - began)
        )
        headers = answer_headers(
            head, target, progress.attempts, prepared.losses, is_relay=prepared.route == "relay"
        )
        content_type = receiver.report.content_type
        if content_type is not None:
            is_streamed = receiver.pipe.streams
            headers = {
                **(STREAM_HEADERS if is_streamed else {}),
                **headers,
                "content-type": content_type,
            }
        else:
            is_streamed = call.stream and (
                receiver.pipe.streams or call.operation is not Operation.STORED
            )
            headers = {
                **(stream_headers(client_framing(call)) if is_streamed else JSON_HEADERS),
                **headers,
            }
        if not is_streamed and not reply.is_started:
            await reply.send(200, headers, receiver.take_whole())
            return
        if not reply.is_started:
            await reply.start(200, headers)
        receiver.attach(reply)
        await receiver.finished
        if receiver.has_stalled:
            # Not even the end of its answer could be written: that would wait for the client too.
            reply.break_off()
            raise ConnectionResetError("the client takes nothing")
        report = receiver.report
        if report.is_cut:
            reply.break_off()
        else:
            await reply.finish()
        if report.failure is not None:
            progress.attempts[-1] = attempt_record(
                target,
                report.failure.kind.value,
                head.status,
                self._clock.monotonic_s() - began,
                report.failure.message,
            )

    def _remember(self, call: Call, prepared: Prepared, target: Target, receiver: Receiver) -> None:
        """What later calls of this client key need to know of a whole answer: who issued its ids,
        what was signed in it.
        """
        key_id, report = call.principal.key_id, receiver.report
        if call.operation is Operation.STORED:
            if call.method == "DELETE":
                self._pins.forget(key_id, call.resource)
        elif call.json.get("store") is not False:
            # Nothing is kept of an answer with `store: false`, so nothing can be asked of it later.
            if prepared.route == "relay":
                pin = Pin(
                    provider_id=target.provider.provider_id,
                    credential_id=target.credential.credential_id,
                )
                self._pins.issued(key_id, report.issued_ids, pin, self._clock.now_s())
            self._items.remember(key_id, report.items, self._clock.monotonic_s())
        turn = report.turn.turn() if report.turn is not None else None
        if turn is not None:
            self._reasoning.remember(key_id, turn, self._clock.monotonic_s())

    def _failed(
        self, failure: Failure, target: Target, progress: Progress, began: float, status: int | None
    ) -> Failure:
        failure = masked_failure(failure, provider_secrets(target.provider))
        status = failure.status if failure.status is not None else status
        progress.attempts.append(
            attempt_record(
                target,
                failure.kind.value,
                status,
                self._clock.monotonic_s() - began,
                failure.message,
            )
        )
        progress.receiver = None
        log.info(
            "%s/%s failed: %s (%s)",
            target.provider.name,
            target.upstream_model,
            failure.message[:300],
            failure.kind.value,
        )
        return failure

    async def _give_up(self, call: Call, step: GiveUp, progress: Progress, reply: Reply) -> None:
        """Nothing more is tried: the most useful failure, in the client's dialect; byte for byte
        when it is its own.
        """
        client = client_side(call)
        if call.operation is Operation.COUNT_TOKENS and falls_back(step):
            body = estimate_answer(call)
            progress.outcome = "ok"
            await reply.send(
                200, {**JSON_HEADERS, **ESTIMATE_HEADERS, **_attempts_header(progress)}, body
            )
            return
        progress.outcome = step.failure.kind.value if step.failure is not None else "refused"
        if reply.is_started:
            await self._end_in_stream(
                call,
                step.failure or Failure(kind=FailureKind.OVERLOADED, message=step.error.message),
                reply,
            )
            return
        headers = {**JSON_HEADERS, **step.error.headers, **_attempts_header(progress)}
        failed = step.failure
        if (
            failed is not None
            and failed.body is not None
            and failed.dialect == call.dialect
            and step.relays_body
        ):
            if failed.content_type:
                headers["content-type"] = failed.content_type
            await reply.send(step.error.status, headers, failed.body)
            return
        await reply.send(step.error.status, headers, dump_json(client.encode_error(step.error)))

    async def _end_in_stream(self, call: Call, failure: Failure, reply: Reply) -> None:
        """The end of a stream in which only heartbeats were sent."""
        context = ReplyContext(
            requested_model=call.requested_model,
            id_seed=call.request_id,
            created_s=int(self._clock.now_s()),
            framing=client_framing(call),
        )
        for data in ending(client_side(call), context, has_output=False)(failure):
            reply.write(data)
        await reply.finish()


def _attempts_header(progress: Progress) -> dict[str, str]:
    return {"x-uniapi-attempts": attempts_text(progress.attempts)} if progress.attempts else {}
