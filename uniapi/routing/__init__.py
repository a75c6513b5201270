"""Who may use which channel, in which order, with which credential, and what next after a failure.

Pure: no I/O, no clock, no randomness of its own.
"""

from .attempt_timeouts import CallFacts, keepalive_interval_s, resolve_timeouts
from .candidates import Candidate, Candidates, Channel, Group
from .catalog import Catalog
from .explain import NO_LIST_YET, explain
from .health import Health, Lasting, Rest, Rested, Resting
from .merits import PriceOf
from .plan import MAX_CALLS, Plan
from .policies import Cursors
from .question import EngineFacts, Pin, Question
from .retry import Blame, Next, blame, next_after
from .router import Router
from .sessions import NO_SESSION, SessionHint, Sessions, name_session
from .speeds import Speeds
from .steps import (
    Attempt,
    BegunRest,
    EndedRest,
    FailedAttempt,
    GiveUp,
    Obstacle,
    Road,
    Step,
    Tried,
    Wait,
)

__all__ = [
    "MAX_CALLS",
    "NO_LIST_YET",
    "NO_SESSION",
    "Attempt",
    "BegunRest",
    "Blame",
    "CallFacts",
    "Candidate",
    "Candidates",
    "Catalog",
    "Channel",
    "Cursors",
    "EndedRest",
    "EngineFacts",
    "FailedAttempt",
    "GiveUp",
    "Group",
    "Health",
    "Lasting",
    "Next",
    "Obstacle",
    "Pin",
    "Plan",
    "PriceOf",
    "Question",
    "Rest",
    "Rested",
    "Resting",
    "Road",
    "Router",
    "SessionHint",
    "Sessions",
    "Speeds",
    "Step",
    "Tried",
    "Wait",
    "blame",
    "explain",
    "keepalive_interval_s",
    "name_session",
    "next_after",
    "resolve_timeouts",
]
