"""The attempt loop: ask the plan, try, tell the plan, and in the end record. It never says a
vendor's name.

What may be said to the client before an attempt commits is nothing (or heartbeats, where
configured); after that the answer is this attempt's, whatever becomes of it. A client that leaves
cancels the task that runs here, and that closes the upstream connection.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from uniapi.canonical import Call, Failure, FailureKind, Operation, RequestRefused, client_error
from uniapi.dialects import ReplyContext
from uniapi.engines import Target
from uniapi.pipes import ending
from uniapi.routing import MAX_CALLS, Attempt, GiveUp, Plan, Step, Tried, Wait
from uniapi.stats import CallRecord
from uniapi.wire import dump_json

from .answer_headers import JSON_HEADERS, attempts_header, harmless_type
from .aside import aside, let_go_soon
from .attempt_log import log, tell_failure, tell_mending, tell_step
from .attempt_try import Try
from .call_records import call_record, outcome_of_refusal
from .call_state import CallState, CallSurroundings, Reply
from .echo import without_echo
from .lanes import Lane, Lanes
from .learned_models import NOTHING
from .operation_failures import is_other_way_open, unsupported
from .route import Way, client_framing, client_side
from .spending import Held
from .token_count import ESTIMATE_HEADERS, estimate_answer, falls_back


class Executor:
    """Runs calls; what every one of them is run with is held in one place. `record` takes each
    finished call's record; it must not fail.
    """

    def __init__(self, around: CallSurroundings, record: Callable[[CallRecord], None]) -> None:
        self._around = around
        self._record = record

    async def run(
        self,
        call: Call,
        plan: Plan,
        lanes: Lanes,
        reply: Reply,
        takes_long: bool = False,
        held: Held | None = None,
        used: Callable[[int], None] | None = None,
    ) -> None:
        """Answer `call` through `reply`. Raises RequestRefused when the client's request makes no
        sense and nothing was sent; every other outcome is written here.

        The call is recorded in every case, a refusal included. What else is given: see CallState.
        """
        around, now = self._around, self._around.clock.monotonic_s
        is_told = log.isEnabledFor(logging.DEBUG)
        state = CallState(
            around, call, plan, lanes, reply, now, plan.started_at, takes_long, is_told, held, used
        )
        tried: Tried | None = None
        try:
            while True:
                step = plan.next(tried, now())
                if tried is not None or is_told:
                    _tell(state, step, tried)
                if isinstance(step, Attempt):
                    tried = await _attempt(state, step)
                    if tried is None:
                        return
                elif isinstance(step, Wait):
                    tried = None
                    await state.around.clock.sleep(step.seconds)
                else:
                    await _give_up(state, step)
                    return
        except RequestRefused as refused:
            status = refused.error.status
            state.outcome, state.status = outcome_of_refusal(status), status
            state.said = without_echo(refused.error.message, state.call.body)
            if not state.reply.is_started:
                raise
            # Heartbeats have gone out, so the refusal has to be said behind them.
            await _end_behind_beats(state, _as_failure(refused))
        except (asyncio.CancelledError, ConnectionError):
            if state.outcome != "ok":
                state.outcome, state.status = "client_left", 0
            raise
        finally:
            self._close(state)

    def _close(self, state: CallState) -> None:
        """However the call ended: its upstream is let go, what it held is given back, and it is
        recorded.
        """
        usage = None
        if state.receiver is not None:
            usage = state.receiver.report.usage
        tokens = usage.total if usage is not None else None
        if state.used is not None:
            if state.receiver is None:
                state.used(0)
            elif tokens is not None:
                state.used(tokens)
        now = state.now()
        state.plan.finished(now, tokens)
        self._record(call_record(state, now))
        if state.receiver is not None:
            state.receiver.close()
            state.receiver = None
        if state.takes_long:
            request = None if state.decoded is None else state.decoded.request
            let_go_soon([*state.bodies, request])


def _tell(state: CallState, step: Step, tried: Tried | None) -> None:
    """What the last attempt led to, and what comes next, in the log."""
    if tried is not None:
        *earlier, failed = state.plan.failed
        tell_failure(state.call, failed, earlier)
    if state.is_told:
        tell_step(state.call, step, state.plan.passed_over(state.now()))


async def _attempt(state: CallState, attempt: Attempt) -> Tried | None:
    """One step of the plan, in each way that is open until one answers; None when one has.
    The calls of all steps together are bounded, those of mended requests too.
    """
    lane = state.lane = state.lanes.at(attempt.channel, attempt.credential)
    if state.held is not None:
        state.held.at(lane.target.provider)
    calls_before = len(state.attempts)
    tried: Tried | None = None
    # The frame waits as long as the answer takes: no partial is left in it.
    takes_long = state.takes_long
    ways = await aside(partial(_ways, state, lane)) if takes_long else _ways(state, lane)
    while ways and (tried is None or len(state.attempts) < MAX_CALLS):
        one = Try(state, attempt, lane, ways.pop(0))
        failure = await one.make()
        if failure is None:
            return None
        calls = len(state.attempts) - calls_before
        tried = Tried(failure=failure, road=one.way.road, calls=calls)
        mend = partial(state.mending().mended, state.call, lane.target, one.way, failure, one.body)
        mended = await aside(mend) if state.takes_long else mend()
        if mended is not None:
            tell_mending(state.call, lane.target, failure)
            ways.insert(0, mended)
        elif not is_other_way_open(failure):
            break
    return tried or Tried(failure=_lacks_operation(lane.target), calls=0)


def _ways(state: CallState, lane: Lane) -> list[Way]:
    """The ways of a new attempt there, by what is known of its model."""
    needs = state.plan.question.needs
    if state.mender is None and state.around.learned.is_empty:
        return list(lane.ways(state.call, needs, NOTHING))
    return state.mending().find_ways(state.call, needs, lane)


async def _give_up(state: CallState, step: GiveUp) -> None:
    """Nothing more is tried: the most useful failure, in the client's dialect; byte for byte
    when it is its own.
    """
    call, reply, failure = state.call, state.reply, step.failure
    tries = attempts_header(state.attempts)
    if call.operation is Operation.COUNT_TOKENS and falls_back(call, step):
        body = estimate_answer(call)
        state.outcome = "ok"
        await reply.send(200, {**JSON_HEADERS, **ESTIMATE_HEADERS, **tries}, body)
        return
    untried = "unavailable" if step.is_unavailable else "refused"
    state.outcome = failure.kind.value if failure is not None else untried
    state.said = step.error.message if failure is None else failure.words
    if reply.is_started:
        kind = FailureKind.OVERLOADED if failure is None else failure.kind
        await _end_behind_beats(state, Failure(kind=kind, message=step.error.message))
        return
    headers = {**JSON_HEADERS, **step.error.sent_headers(), **tries}
    own = failure.body if failure is not None and failure.dialect == call.dialect else None
    if own is None or not step.relays_body:
        own = dump_json(client_side(call).encode_error(step.error))
    elif failure is not None and failure.content_type:
        headers["content-type"] = harmless_type(failure.content_type)
    await reply.send(step.error.status, headers, own)


async def _end_behind_beats(state: CallState, failure: Failure) -> None:
    """The end of an answer in which only heartbeats were sent."""
    call = state.call
    if not call.stream:
        state.reply.write(dump_json(client_side(call).encode_error(client_error(failure))))
        await state.reply.finish()
        return
    context = ReplyContext(
        requested_model=call.requested_model,
        id_seed=call.request_id,
        created_s=int(state.around.clock.now_s()),
        framing=client_framing(call),
    )
    for data in ending(client_side(call), context, failure, has_output=False):
        state.reply.write(data)
    await state.reply.finish()


def _as_failure(refused: RequestRefused) -> Failure:
    error = refused.error
    return Failure(
        kind=FailureKind.BAD_REQUEST, message=error.message, code=error.code, param=error.param
    )


def _lacks_operation(target: Target) -> Failure:
    return unsupported(
        f"provider {target.provider.name!r} does not offer this operation",
        code="unsupported_operation",
    )
