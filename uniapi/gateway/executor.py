"""The attempt loop: ask the plan, build, send, receive, commit, record. It never says a vendor's name.

One call is answered by one `run`. What may be said to the client before the commit is nothing (or heartbeats, where configured); after it the answer is this attempt's, whatever
becomes of it. A client that leaves cancels the task that runs here, and that closes the upstream connection.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from uniapi.canonical import (
    Call,
    ClientError,
    Failure,
    FailureKind,
    RequestRefused,
    ResponseFailed,
    estimate_input_tokens,
)
from uniapi.clock import Clock
from uniapi.config import Preferences, Provider
from uniapi.dialects import DIALECTS, ReplyContext
from uniapi.engines import Engine, Target
from uniapi.errors import WireError
from uniapi.routing import Attempt, GiveUp, Plan, Wait
from uniapi.stats import AttemptRecord, CallRecord
from uniapi.wire import HttpRequest, ResponseHead, dump_json

from .credentials import CredentialStore
from .fetch import FetchFailed
from .media import MediaFetcher
from .receiver import Outlet, Patience, Receiver, TriggerProbe
from .route import RETURNED_HEADERS, Decoded, Prepared, needs_media, prepare
from .upstream import Transport

log = logging.getLogger("uniapi.call")

STREAM_HEADERS = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache", "x-accel-buffering": "no"}
"""On every stream: reverse proxies (nginx on serv00) must not buffer it."""
JSON_HEADERS = {"content-type": "application/json"}
MAX_DROPPED_HEADER = 1024


class Reply(Outlet, Protocol):
    """The client's side (see server/reply.py). `status` is what was sent, None before."""

    status: int | None

    @property
    def is_started(self) -> bool: ...

    async def start(self, status: int, headers: Mapping[str, str]) -> None: ...

    async def finish(self) -> None: ...

    async def send(self, status: int, headers: Mapping[str, str], body: bytes) -> None: ...


@dataclass(slots=True)
class _Progress:
    """What is known of a call so far; becomes its record."""

    started_at: float
    attempts: list[AttemptRecord] = field(default_factory=list)
    receiver: Receiver | None = None
    target: Target | None = None
    outcome: str = "refused"
    losses: tuple[str, ...] = ()
    is_beating: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What of the configuration in force a call needs: it keeps these for its whole life, whatever is reloaded meanwhile."""

    preferences: Preferences
    engine_of: Callable[[Provider], Engine]


class Executor:
    """Runs calls. `record` takes each finished call's record; it must not fail."""

    def __init__(
        self, *, transport: Transport, credentials: CredentialStore, media: MediaFetcher, clock: Clock, record: Callable[[CallRecord], None]
    ) -> None:
        self._transport = transport
        self._credentials = credentials
        self._media = media
        self._clock = clock
        self._record = record

    async def run(self, call: Call, plan: Plan, setting: Setting, reply: Reply) -> None:
        """Answer `call` through `reply`. Raises RequestRefused when the client's request makes no sense; every other outcome is written here."""
        progress = _Progress(started_at=self._clock.monotonic_s())
        decoded = Decoded(call)
        failure: Failure | None = None
        translated = False
        try:
            while True:
                step = plan.next(failure, self._clock.monotonic_s(), is_translated=translated)
                if isinstance(step, Wait):
                    await self._clock.sleep(step.seconds)
                    failure = None
                elif isinstance(step, GiveUp):
                    await self._give_up(call, step, progress, reply)
                    return
                else:
                    failure, translated = await self._attempt(call, decoded, step, plan, setting, progress, reply)
                    if failure is None:
                        return
        except (asyncio.CancelledError, ConnectionError):
            progress.outcome = "client_left"
            raise
        finally:
            usage = None
            if progress.receiver is not None:
                progress.receiver.cancel()
                usage = progress.receiver.report.usage
            plan.finished(self._clock.monotonic_s(), tokens=usage.total if usage is not None else None)
            self._record(_call_record(call, progress, reply.status or 0, self._clock.monotonic_s()))

    async def _attempt(
        self, call: Call, decoded: Decoded, attempt: Attempt, plan: Plan, setting: Setting, progress: _Progress, reply: Reply
    ) -> tuple[Failure | None, bool]:
        """One try. (None, …) when the call has been answered, else the failure and whether the request had been translated."""
        channel = attempt.channel
        target = Target(provider=channel.provider, credential=attempt.credential, upstream_model=channel.upstream_model, alias=channel.alias)
        engine, preferences = setting.engine_of(target.provider), setting.preferences
        progress.target = target
        proxy = target.credential.proxy or target.provider.proxy or preferences.proxy
        began = self._clock.monotonic_s()
        is_translated = engine.dialect(target, call.dialect).name != call.dialect
        try:
            prepared = await self._prepare(call, decoded, target, engine, preferences)
            request = await self._authorized(prepared.request, target, engine, proxy)
        except FetchFailed as error:
            return self._failed(error.failure, target, progress, began, None), is_translated
        except WireError as error:
            refused = Failure(kind=FailureKind.CREDENTIAL_REFUSED, message=str(error))
            return self._failed(refused, target, progress, began, None), is_translated
        receiver = self._receive(call, prepared, target, engine, attempt, preferences)
        progress.receiver = receiver
        progress.losses = prepared.losses
        receiver.started(self._transport.send(request, receiver, proxy=proxy, connect_timeout_s=attempt.timeouts.connect_s))
        failure = await self._outcome(receiver, attempt, call, progress, reply)
        head = receiver.response_head
        if failure is not None:
            if failure.kind is FailureKind.CREDENTIAL_REFUSED:
                self._credentials.forget(target.credential.credential_id)
            return self._failed(failure, target, progress, began, head.status if head else None), prepared.route == "translate"
        plan.succeeded(self._clock.monotonic_s())
        await self._answer(call, prepared, target, receiver, progress, reply, began)
        broken = receiver.report.failure
        progress.outcome = "ok" if broken is None else broken.kind.value
        if broken is not None:
            plan.broke(broken, self._clock.monotonic_s())
        return None, False

    async def _prepare(self, call: Call, decoded: Decoded, target: Target, engine: Engine, preferences: Preferences) -> Prepared:
        needs_inline = needs_media(call, decoded, target, engine)
        if needs_inline is not None:
            decoded.put(await self._media.inline(decoded.get(), needs_inline, allow_private=preferences.allow_private_urls))
        seed = os.urandom(12).hex()
        context = ReplyContext(
            requested_model=target.alias if call.requested_model.endswith("*") else call.requested_model,
            id_seed=seed,
            created_s=int(self._clock.now_s()),
            request=decoded.get_if_needed(call, target, engine),
            include_usage=_wants_usage(call),
            framing="json_array" if call.dialect == "gemini" and call.stream and call.query.get("alt") != "sse" else "sse",
            input_tokens_estimate=estimate_input_tokens(decoded.get())
            if call.dialect == "anthropic" and call.stream and decoded.is_needed(call, target, engine)
            else 0,
        )
        prepared = prepare(call, decoded, target, engine, context, seed, probes_text=bool(preferences.error_triggers))
        if prepared.losses and preferences.unsupported_parameters == "reject":
            raise RequestRefused.bad_request(
                f"provider {target.provider.name!r} cannot be told: {', '.join(prepared.losses)} (`unsupported_parameters: reject`)",
                param=prepared.losses[0],
                code="unsupported_parameter",
            )
        return prepared

    async def _authorized(self, request: HttpRequest, target: Target, engine: Engine, proxy: str | None) -> HttpRequest:
        token = await self._credentials.token(engine, target, self._transport, proxy)
        return engine.authorize(target, request, token, self._clock.now_s())

    def _receive(self, call: Call, prepared: Prepared, target: Target, engine: Engine, attempt: Attempt, preferences: Preferences) -> Receiver:
        def classify(head: ResponseHead, body: bytes) -> Failure:
            return engine.classify(head.status, head.headers, body, prepared.dialect)

        loop = asyncio.get_running_loop()
        first_token_s = attempt.timeouts.first_token_s
        assert first_token_s is not None
        patience = Patience(
            first_token_s=first_token_s,
            idle_s=attempt.timeouts.idle_s or first_token_s,
            deadline=None if attempt.timeouts.total_s is None else loop.time() + attempt.timeouts.total_s,
        )
        probe = TriggerProbe(preferences.error_triggers) if preferences.error_triggers else None
        return Receiver(loop, prepared.make_pipe, classify, patience, probe)

    async def _outcome(self, receiver: Receiver, attempt: Attempt, call: Call, progress: _Progress, reply: Reply) -> Failure | None:
        """Await the commit or the failure; send heartbeats meanwhile when they are configured for a stream."""
        interval = attempt.keepalive_s
        if not call.stream or interval is None:
            return await receiver.outcome
        while True:
            done, _ = await asyncio.wait({receiver.outcome}, timeout=interval)
            if done:
                return receiver.outcome.result()
            if not reply.is_started:
                await reply.start(200, STREAM_HEADERS)
                progress.is_beating = True
            reply.write(DIALECTS[call.dialect].ping)

    async def _answer(
        self, call: Call, prepared: Prepared, target: Target, receiver: Receiver, progress: _Progress, reply: Reply, began: float
    ) -> None:
        """The attempt has committed: send the head with everything held, and stay until the end."""
        head = receiver.response_head
        assert head is not None
        assert receiver.pipe is not None
        progress.attempts.append(_attempt_record(target, "ok", head.status, self._clock.monotonic_s() - began))
        headers = {
            **(_returned(head) if prepared.route == "relay" else {}),
            "x-uniapi-provider": _header_text(target.provider.name),
            "x-uniapi-model": _header_text(target.upstream_model),
            "x-uniapi-attempts": attempts_text(progress.attempts),
            **_dropped_header(prepared.losses),
        }
        if not call.stream:
            await reply.send(200, {**JSON_HEADERS, **headers}, receiver.take_whole())
            return
        if not reply.is_started:
            is_array = call.dialect == "gemini" and call.query.get("alt") != "sse"
            await reply.start(200, {**STREAM_HEADERS, **(JSON_HEADERS if is_array else {}), **headers})
        receiver.attach(reply)
        await receiver.finished
        await reply.finish()
        report = receiver.report
        if report.failure is not None:
            progress.attempts[-1] = _attempt_record(
                target, report.failure.kind.value, head.status, self._clock.monotonic_s() - began, report.failure.message
            )

    def _failed(self, failure: Failure, target: Target, progress: _Progress, began: float, status: int | None) -> Failure:
        status = failure.status if failure.status is not None else status
        progress.attempts.append(_attempt_record(target, failure.kind.value, status, self._clock.monotonic_s() - began, failure.message))
        progress.receiver = None
        log.info("%s/%s failed: %s (%s)", target.provider.name, target.upstream_model, failure.message[:300], failure.kind.value)
        return failure

    async def _give_up(self, call: Call, step: GiveUp, progress: _Progress, reply: Reply) -> None:
        """Nothing more is tried: the most useful failure, in the client's dialect; byte for byte when it is its own."""
        progress.outcome = step.failure.kind.value if step.failure is not None else "refused"
        client = DIALECTS[call.dialect]
        assert client.encode_error is not None
        assert client.stream_encoder is not None
        if reply.is_started:
            encoder = client.stream_encoder(
                ReplyContext(requested_model=call.requested_model, id_seed=call.request_id, created_s=int(self._clock.now_s()))
            )
            encoder.join_midway()
            for data in encoder.feed(ResponseFailed(failure=step.failure or Failure(kind=FailureKind.OVERLOADED, message=step.error.message))):
                reply.write(data)
            await reply.finish()
            return
        headers = {**JSON_HEADERS, **step.error.headers}
        if progress.attempts:
            headers["x-uniapi-attempts"] = attempts_text(progress.attempts)
        failure = step.failure
        if failure is not None and failure.body is not None and failure.dialect == call.dialect and step.relays_body:
            if failure.content_type:
                headers["content-type"] = failure.content_type
            await reply.send(step.error.status, headers, failure.body)
            return
        await reply.send(step.error.status, headers, dump_json(client.encode_error(step.error)))


def _wants_usage(call: Call) -> bool:
    """A chat client gets the usage chunk only when it asked; the other dialects always report usage."""
    options = call.json.get("stream_options")
    return call.dialect != "openai_chat" or (isinstance(options, dict) and options.get("include_usage") is True)


def _returned(head: ResponseHead) -> dict[str, str]:
    return {name: value for name, value in head.headers.items() if name.startswith(RETURNED_HEADERS)}


def _dropped_header(losses: tuple[str, ...]) -> dict[str, str]:
    """`x-uniapi-dropped`, at most 1 KB, cut between names."""
    text = ""
    for loss in dict.fromkeys(losses):
        longer = f"{text}, {loss}" if text else loss
        if len(longer) > MAX_DROPPED_HEADER:
            break
        text = longer
    return {"x-uniapi-dropped": _header_text(text)} if text else {}


def _header_text(text: str) -> str:
    """Text fit for a header value: printable ASCII."""
    return "".join(character if " " <= character <= "~" else "?" for character in text)


def attempts_text(attempts: list[AttemptRecord]) -> str:
    """`a#1=429, b#1=200`: provider, the how-manieth of its credentials that this call used, and the status or the failure's kind."""
    seen: dict[str, list[str]] = {}
    pieces = []
    for attempt in attempts:
        used = seen.setdefault(attempt.provider_id, [])
        if attempt.credential_id not in used:
            used.append(attempt.credential_id)
        result = "200" if attempt.is_success else str(attempt.status) if attempt.status is not None and attempt.status >= 400 else attempt.outcome
        pieces.append(f"{attempt.provider}#{used.index(attempt.credential_id) + 1}={result}")
    return _header_text(", ".join(pieces))


def _attempt_record(target: Target, outcome: str, status: int | None, duration_s: float, message: str = "") -> AttemptRecord:
    return AttemptRecord(
        provider=target.provider.name,
        provider_id=target.provider.provider_id,
        upstream_model=target.upstream_model,
        credential_id=target.credential.credential_id,
        credential_display=target.credential.display,
        outcome=outcome,
        status=status,
        duration_s=duration_s,
        message=message[:300],
    )


def _call_record(call: Call, progress: _Progress, status: int, now: float) -> CallRecord:
    receiver, target = progress.receiver, progress.target
    first_token_s = receiver.first_token_after_s if receiver is not None else None
    return CallRecord(
        request_id=call.request_id,
        at_s=call.received_at_s,
        key_id=call.principal.key_id,
        key_label=call.principal.label,
        operation=call.operation.value,
        endpoint=f"{call.method} {call.path}",
        requested_model=call.requested_model,
        provider=target.provider.name if target is not None else None,
        provider_id=target.provider.provider_id if target is not None else None,
        upstream_model=target.upstream_model if target is not None else None,
        status=status,
        outcome=progress.outcome,
        stream=call.stream,
        attempts=tuple(progress.attempts),
        usage=receiver.report.usage if receiver is not None else None,
        first_token_s=first_token_s,
        total_s=now - progress.started_at,
        client_ip=call.client_ip,
    )


def refusal_record(call: Call, error: ClientError) -> CallRecord:
    """The record of a call that was refused before any attempt."""
    return CallRecord(
        request_id=call.request_id,
        at_s=call.received_at_s,
        key_id=call.principal.key_id,
        key_label=call.principal.label,
        operation=call.operation.value,
        endpoint=f"{call.method} {call.path}",
        requested_model=call.requested_model,
        provider=None,
        provider_id=None,
        upstream_model=None,
        status=error.status,
        outcome="refused",
        stream=call.stream,
        attempts=(),
        client_ip=call.client_ip,
    )
