"""What is left of a call's time to an attempt that begins now."""

from __future__ import annotations

from uniapi.clock import Monotonic
from uniapi.config import Timeouts
from uniapi.values import replace

from .question import Question


def time_left(
    timeouts: Timeouts, question: Question, started_at: Monotonic, now: Monotonic
) -> Timeouts | None:
    """`total_s` as the time left to the call that began at `started_at`; None when there is none
    left. What the client set bounds only the time to the first token: its own clock starts anew at
    each piece that reaches it.
    """
    if timeouts.total_s is not None:
        timeouts = replace(timeouts, total_s=started_at + timeouts.total_s - now)
    bounds = [
        timeouts.first_token_s,
        question.patience_s,
        None if question.deadline is None else question.deadline - now,
    ]
    bound = min((seconds for seconds in bounds if seconds is not None), default=None)
    timeouts = replace(timeouts, first_token_s=bound)
    is_over = any(left is not None and left <= 0 for left in (bound, timeouts.total_s))
    return None if is_over else timeouts
