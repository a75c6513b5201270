"""Runs calls: what every one of them is run with, held in one place."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from uniapi.canonical import Call
from uniapi.routing import Plan
from uniapi.stats import CallRecord

from .call_run import CallRun
from .call_state import CallState, CallSurroundings, Reply, Setting


class Executor:
    """`record` takes each finished call's record; it must not fail."""

    def __init__(self, around: CallSurroundings, record: Callable[[CallRecord], None]) -> None:
        self._around = around
        self._record = record

    def run(
        self, call: Call, plan: Plan, setting: Setting, reply: Reply
    ) -> Coroutine[Any, Any, None]:
        """Answer `call` through `reply`. Raises RequestRefused when the client's request makes no
        sense; every other outcome is written here.

        The call is recorded in every case, a refusal included.
        """
        around, now = self._around, plan.started_at
        state = CallState(
            around=around,
            setting=setting,
            call=call,
            plan=plan,
            now=around.clock.monotonic_s,
            reply=reply,
            started_at=now,
            heard_at=now,
        )
        return CallRun(state, self._record).run()
