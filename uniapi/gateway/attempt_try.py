"""One attempt in one way: prepare, authorize, send, await the commit, answer, remember."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from uniapi.canonical import (
    STORED,
    Failure,
    FailureKind,
    Json,
    Usage,
)
from uniapi.clock import Monotonic
from uniapi.config import shown_url
from uniapi.engines import listed_end
from uniapi.errors import WireError
from uniapi.inspection import UpstreamWords
from uniapi.money import Verdict
from uniapi.network import FetchFailed, Sink, send_all
from uniapi.operations import SERVICES, request_units, with_units
from uniapi.routing import Attempt, FailedAttempt, Pin
from uniapi.values import replace
from uniapi.wire import HttpRequest, ResponseHead, http_date

from .answer_headers import (
    JSON_HEADERS,
    attempts_header,
    dropped_names,
    harmless_type,
    heartbeat,
    kind_headers,
    returned_headers,
    sunset_header,
)
from .aside import aside
from .attempt_log import tell_failure, tell_request, tell_return
from .attempt_request import AttemptRequest, prepare_at_once
from .cache_rounds import tells_of_cache
from .call_facts import estimate_call_tokens
from .call_records import attempt_record, masked_failure
from .call_state import CallState
from .lanes import Lane
from .operation_failures import blamed
from .patience import trigger_probe
from .prepared import Prepared
from .receiver import Receiver
from .route import Way
from .upstream_answer import UpstreamAnswer
from .whole_answer import WholeAnswer

NOTHING_SAID: dict[str, Json] = {}
NO_HEADERS: dict[str, str] = {}


class Try:
    """`make` does it all."""

    __slots__ = (
        "_attempt",
        "_began",
        "_count_output",
        "_is_examined",
        "_is_kept",
        "_is_left",
        "_lane",
        "_losses",
        "_receiver",
        "_state",
        "body",
        "way",
    )

    def __init__(self, state: CallState, attempt: Attempt, lane: Lane, way: Way) -> None:
        self._state = state
        self._attempt = attempt
        self._lane = lane
        self.way = way
        self.body = NOTHING_SAID
        """What was asked, where that is a JSON object; nothing is left of it once the attempt has
        committed.
        """
        self._began = state.now()
        self._is_examined = self._is_left = False
        self._is_kept = state.call.json.get("store") is not False
        """Nothing is kept upstream of an answer with `store: false`, so nothing can be asked of it
        later.
        """
        self._losses: tuple[str, ...] = ()
        self._count_output: Callable[[bytes], int]
        self._receiver: UpstreamAnswer

    async def make(self) -> Failure | None:
        """None when it has answered the call. Raises RequestRefused when the client's request makes
        no sense.
        """
        state = self._state
        try:
            prepared = prepare_at_once(state, self.way)
            if prepared is None:
                prepared = await AttemptRequest(state, self._lane, self.way).prepare()
            if isinstance(prepared, Failure):
                return prepared
            requests: list[HttpRequest] = [*prepared.earlier, prepared.request]
            if not prepared.is_authorized:
                asking = AttemptRequest(state, self._lane, self.way)
                for place, request in enumerate(requests):
                    requests[place] = await asking.authorize(request)
        except FetchFailed as error:
            return self._failed(error.failure)
        except WireError as error:
            return self._failed(Failure(kind=FailureKind.CREDENTIAL_REFUSED, message=str(error)))
        self._losses, self.body = prepared.losses, prepared.body
        if state.takes_long:
            state.bodies += (prepared.body,)
        self._count_output = prepared.count_output
        receiver = state.receiver = self._receiver = self._send(prepared, requests)
        # A stream may be open for minutes, and a request may be large.
        del prepared, requests
        try:
            if self._attempt.keepalive_s is None and state.keepalive_s is None:
                failure = await receiver.outcome
            else:
                failure = await self._beat_until_commit()
            if failure is not None:
                return self._refused(failure)
            now = state.now()
            ended = state.plan.succeeded(now)
            if ended:
                tell_return(state.call, self._attempt, ended)
            if state.mender is not None:
                state.mender.helped(self._lane.target)
            duration_s = now - self._began
            state.attempts.append(attempt_record(self._lane, "ok", receiver.status, duration_s))
            self.body = NOTHING_SAID
            written = await self._answer()
            if written is not None:
                # Of a stream's way no more than this waits: it may be open for minutes.
                if not state.takes_long:
                    state.call.let_go()
                    state.decoded = None
                await written
                await self._finish()
        except (asyncio.CancelledError, ConnectionError):
            self._left()
            raise
        finally:
            state.usage = self._usage()
        broken = receiver.report.failure
        if broken is None:
            state.outcome = "ok"
            self._remember()
            if written is not None and not self._is_examined:
                self._cached(await aside(self._look) if state.takes_long else self._look())
        else:
            broken = self._masked(broken)
            state.outcome, state.said = broken.kind.value, broken.words
            rest = state.plan.broke(broken, state.now())
            tell_failure(
                state.call, FailedAttempt(attempt=self._attempt, failure=broken, rest=rest)
            )
        return None

    def _send(self, prepared: Prepared, requests: Sequence[HttpRequest]) -> UpstreamAnswer:
        state = self._state
        loop = asyncio.get_running_loop()
        now, triggers = loop.time(), state.lanes.preferences.error_triggers
        if state.is_told:
            tell_request(state.call, self._attempt, self.way.road, requests)
        kind = WholeAnswer if prepared.is_whole else Receiver
        receiver: UpstreamAnswer = kind(
            loop,
            prepared.make_pipe,
            self._classify,
            self._lane.patience(self._attempt, state.call.operation, now),
            now,
            trigger_probe(state.call, triggers) if triggers else None,
            self._lane.mask,
            state.around.alarms,
            state.around.memory,
        )
        tap = state.reply.tap
        transport, timeouts = state.around.transport, self._attempt.timeouts
        sink: Sink = receiver
        if tap is not None:
            sink = tap.sending(self._told(), requests, receiver)
        if len(requests) == 1:
            exchange = transport.send(
                requests[0],
                sink,
                passage=self._lane.passage,
                connect_timeout_s=timeouts.connect_s,
            )
        else:
            exchange = send_all(
                transport,
                requests,
                sink,
                prepared.answers,
                passage=self._lane.passage,
                connect_timeout_s=timeouts.connect_s,
                keeps_part=SERVICES[state.call.operation].is_bought,
                weigh=receiver.weigh_beside,
            )
        receiver.started(exchange)
        return receiver

    def _told(self) -> UpstreamWords:
        """What the inspector is told of a request, beside its words."""
        state, target = self._state, self._lane.target
        return UpstreamWords(
            attempt=len(state.attempts),
            provider=target.provider.name,
            model=target.upstream_model,
            key=target.credential.display,
            road=self.way.road.value,
            losses=self._losses,
            mendings=state.mending().lessons(target),
        )

    def _classify(self, head: ResponseHead, body: bytes) -> Failure:
        way = self.way
        return way.engine.classify(head.status, self._dated(head), body, way.dialect)

    def _dated(self, head: ResponseHead) -> Mapping[str, str]:
        """An answer's headers, with this host's time where it names none."""
        now_s = self._state.around.clock.now_s()
        return {"date": http_date(now_s), **head.headers}

    async def _beat_until_commit(self) -> Failure | None:
        """The commit (None) or the failure, with heartbeats meanwhile. It is the client that must
        not wait longer than the interval, however many attempts that takes, and one that has got
        heartbeats goes on getting them.
        """
        state, attempt, receiver = self._state, self._attempt, self._receiver
        call, reply = state.call, state.reply
        if attempt.keepalive_s is not None:
            state.keepalive_s = attempt.keepalive_s
        interval, beat = state.keepalive_s, heartbeat(call)
        if interval is None or beat is None:
            return await receiver.outcome
        while True:
            due_s = state.heard_at + interval - state.now()
            done, _ = await asyncio.wait({receiver.outcome}, timeout=max(0.0, due_s))
            if done:
                return receiver.outcome.result()
            if not reply.is_started:
                await reply.start(200, kind_headers(call, is_streamed=call.stream))
            reply.write(beat)
            state.heard_at = state.now()

    async def _answer(self) -> asyncio.Future[None] | None:
        """The attempt has committed: send the head with everything held. Gives what is done when
        the rest is written too, None where there is none.
        """
        state, receiver = self._state, self._receiver
        report = receiver.report
        call, reply, pipe, head = state.call, state.reply, receiver.pipe, receiver.response_head
        streams = pipe is not None and pipe.streams
        is_streamed = streams
        if report.content_type is None:
            is_whole_anyway = call.operation is STORED and not streams
            is_streamed = call.stream and not is_whole_anyway
        cached = None
        if tells_of_cache(report.usage, is_over=not is_streamed):
            cached = self._cached(await aside(self._look) if state.takes_long else self._look())
        headers = self._headers(head, cached, is_streamed=is_streamed)
        if receiver.pressure is not None:
            receiver.pressure.may_let_go(reply.break_off)
        if not is_streamed and not reply.is_started:
            await reply.send(200, headers, receiver.take_whole())
            return None
        if not reply.is_started:
            await reply.start(200, headers)
        return receiver.attach(reply)

    def _headers(
        self, head: ResponseHead | None, cached: str | None, *, is_streamed: bool
    ) -> Mapping[str, str]:
        """Of an answer under `head`; `cached` is what is said of the upstream's prompt cache."""
        state, lane, losses = self._state, self._lane, self._losses
        target, content_type = lane.target, self._receiver.report.content_type
        returned = NO_HEADERS
        if head is not None and self.way.is_relayed:
            returned = returned_headers(head.headers, target.credential.secret)
        listed = state.around.shutdowns.get((target.provider.provider_id, target.upstream_model))
        retirement = self.way.retirement if listed is None else listed_end(listed)
        sunset = NO_HEADERS
        if retirement is not None:
            sunset = sunset_header(retirement, state.around.clock.now_s())
        is_first = len(state.attempts) < 2
        is_plain = is_first and content_type is None and not is_streamed
        if is_plain and not (returned or losses or sunset):
            return lane.headers_of_whole(cached)
        headers = {
            **(kind_headers(state.call, is_streamed=True) if is_streamed else JSON_HEADERS),
            **returned,
            **(lane.said_at_once if is_first else lane.said | attempts_header(state.attempts)),
        }
        if losses:
            headers["x-uniapi-dropped"] = dropped_names(losses)
        if cached is not None:
            headers["x-uniapi-cache"] = cached
        headers |= sunset
        if content_type is not None:
            headers["content-type"] = harmless_type(content_type)
        return headers

    async def _finish(self) -> None:
        """All is written that there is of a streamed answer."""
        state, receiver, report = self._state, self._receiver, self._receiver.report
        reply = state.reply
        if receiver.has_stalled:
            # Not even the end of its answer could be written: that would wait for the client too.
            reply.break_off()
            raise ConnectionResetError("the client takes nothing")
        if report.is_cut:
            reply.break_off()
        else:
            await reply.finish()
        if report.failure is not None:
            state.attempts.pop()
            broken = self._masked(report.failure)
            self._note(broken.kind.value, state.now(), broken.words)

    def _look(self) -> Verdict | None:
        """What the doctor finds in an answer that tells what its prompt cache has done."""
        state, usage = self._state, self._receiver.report.usage
        look, target, quirk = state.around.caches.look, self._lane.target, self.way.quirk
        return look(state.call, target, quirk, usage)

    def _cached(self, found: Verdict | None) -> str | None:
        """Count it, and say it in a header."""
        state, usage = self._state, self._receiver.report.usage
        self._is_examined = True
        if found is None or usage is None:
            return None
        state.around.caches.count(state.call, self._lane.target, usage, found)
        return found.header

    def _refused(self, failure: Failure) -> Failure:
        """It failed before the commit, so that nothing has reached the client."""
        state, head = self._state, self._receiver.response_head
        if head is not None:
            failure = self.way.engine.correct(failure, self._dated(head))
        if failure.kind is FailureKind.CREDENTIAL_REFUSED:
            state.around.credentials.forget(self._lane.target.credential.credential_id)
        return self._failed(blamed(state.call.operation, failure))

    def _left(self) -> None:
        """The client is gone. One that has got all of a stream had its answer, though it did not
        wait for the end of its framing.
        """
        state, receiver, report = self._state, self._receiver, self._receiver.report
        self._is_left = True
        if not receiver.is_committed:
            self._note("client_left", state.now())
        elif (
            report.is_whole
            and report.failure is None
            and receiver.streams
            and not state.reply.has_lost
        ):
            state.outcome = "ok"
            self._remember()

    def _usage(self) -> Usage | None:
        """What the call came to; by estimate where its answer was cut short before its vendor said
        so.
        """
        receiver, call = self._receiver, self._state.call
        usage = receiver.report.usage
        if not receiver.report.is_whole:
            usage = receiver.tape.usage(call, self._count_output)
        if SERVICES[call.operation].is_generated:
            is_counted = self._is_left and self._state.held is not None
            if usage is not None or not is_counted:
                return usage
            # Where money is limited, hanging up before anything came does not make it free.
            read = estimate_call_tokens(call)
            return Usage(input_tokens=read, output_tokens=0, is_estimate=True)
        if not self._is_paid():
            return usage
        return with_units(usage, request_units(call.operation, call.json, call.upload_bytes))

    def _is_paid(self) -> bool:
        """Whether an operation that is billed by the piece has been taken on: one that is bought,
        though its client did not wait for it.
        """
        report, service = self._receiver.report, SERVICES[self._state.call.operation]
        if report.is_whole:
            return report.failure is None
        return service.is_bought and report.failure is None

    def _remember(self) -> None:
        """What later calls of this client key need to know of a whole answer: who issued its ids,
        what was signed in it.
        """
        around, call, report = self._state.around, self._state.call, self._receiver.report
        key_id = call.principal.key_id
        if call.operation is STORED:
            if call.method == "DELETE":
                around.pins.forget(key_id, call.resource)
        elif self._is_kept:
            if self.way.is_relayed and report.issued_ids:
                target = self._lane.target
                pin = Pin(
                    provider_id=target.provider.provider_id,
                    credential_id=target.credential.credential_id,
                )
                around.pins.issued(key_id, report.issued_ids, pin, around.clock.now_s())
            if report.items:
                around.items.remember(key_id, report.items, self._state.now())
        turn = report.turn.turn() if report.turn is not None else None
        if turn is not None:
            around.reasoning.remember(key_id, turn, self._state.now())

    def _failed(self, failure: Failure) -> Failure:
        """Note it, without our secrets; nothing of this try is left."""
        state = self._state
        failure = self._masked(replace(failure, url=shown_url(self.way.address.url)))
        self._note(failure.kind.value, state.now(), failure.words)
        if failure.status is not None:
            state.attempts[-1].status = failure.status
        if state.receiver is not None:
            state.receiver.close()
            state.receiver = None
        return failure

    def _masked(self, failure: Failure) -> Failure:
        return masked_failure(failure, self._lane.secrets, self._state.call.body)

    def _note(self, outcome: str, now: Monotonic, message: str = "") -> None:
        state = self._state
        status = None if state.receiver is None else state.receiver.status
        record = attempt_record(self._lane, outcome, status, now - self._began, message)
        state.attempts.append(record)
