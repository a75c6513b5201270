"""What a refusal leads to within one attempt: the request is mended as the vendor's words say, and
tried once more at once; what helped is remembered for this upstream model (docs/design.md,
Learning).
"""

from __future__ import annotations

import logging

from uniapi.canonical import (
    Call,
    DialectNeeds,
    Failure,
    FailureKind,
    Json,
    Operation,
    Part,
    Reasoning,
    Request,
    Text,
    ToolCall,
)
from uniapi.clock import Clock
from uniapi.engines import Learned, Target, find_mending, find_operation_mending
from uniapi.operations import SERVICES
from uniapi.routing import Road
from uniapi.values import dataclass, replace

from .lanes import Lane
from .learned_models import NOTHING, LearnedModels
from .route import Way, find_ways

log = logging.getLogger("uniapi.call")

MAX_MENDINGS = 2
"""Of one request: whoever refuses whatever is sent costs no more calls than that."""


@dataclass(slots=True, kw_only=True)
class Mender:
    """One call's. `learns`: whether the configuration lets anything be mended."""

    learned: LearnedModels
    clock: Clock
    learns: bool
    mendings: int = 0
    _lesson: Learned = NOTHING
    """What the attempt under way was taught, and did not know before."""

    def find_ways(self, call: Call, needs: DialectNeeds, lane: Lane) -> list[Way]:
        """The ways of a new attempt, by what is known of its model."""
        self._lesson = NOTHING
        return list(lane.ways(call, needs, self._known(lane.target)))

    def mended(
        self, call: Call, target: Target, way: Way, failure: Failure, body: dict[str, Json]
    ) -> Way | None:
        """The way to ask once more, after `body` was refused on `way`; None where nothing can be
        mended.
        """
        service = SERVICES[way.operation]
        may_mend = self.learns and (service.is_generated or service.is_carried) and bool(body)
        if not may_mend or self.mendings >= MAX_MENDINGS:
            return None
        if failure.kind is FailureKind.SIGNATURE and service.is_generated:
            found = _unsigned(way)
        else:
            lesson = (
                find_operation_mending(failure, body)
                if service.is_carried
                else find_mending(failure, body, way.dialect.name)
            )
            found = self._taught(call, target, way, lesson)
        self.mendings += found is not None
        return found

    def helped(self, target: Target) -> None:
        """The attempt under way was answered: what it was taught is true."""
        if self._lesson is NOTHING or not self._lesson:
            return
        name, model = target.provider.name, target.upstream_model
        log.info("%s/%s is asked %s from now on", name, model, ", ".join(self._lesson.lessons()))
        now_s = self.clock.now_s()
        self.learned.learn(target.provider.provider_id, model, self._lesson, now_s)

    def lessons(self, target: Target) -> list[str]:
        """How this model is asked otherwise than its rows say, in words for people."""
        return self._known(target).joined(self._lesson).lessons()

    def _known(self, target: Target) -> Learned:
        if not self.learns:
            return NOTHING
        now_s = self.clock.now_s()
        return self.learned.of(target.provider.provider_id, target.upstream_model, now_s)

    def _taught(self, call: Call, target: Target, way: Way, lesson: Learned) -> Way | None:
        if not lesson:
            return None
        self._lesson = self._lesson.joined(lesson)
        known = self._known(target).joined(self._lesson)
        ways = find_ways(call, target, way.engine, known)
        same = [one for one in ways if one.operation is way.operation]
        return next(iter(same or ways), None)


def _unsigned(way: Way) -> Way | None:
    """The same without what a model signed: in our words, for the client's hold it."""
    if not way.keeps_signatures:
        return None
    return replace(way, road=Road.TRANSLATE, operation=Operation.GENERATE, keeps_signatures=False)


def without_signatures(request: Request) -> Request:
    """`request` without signatures and encrypted content; reasoning that was nothing else goes."""
    messages = [
        replace(message, parts=tuple(part for one in message.parts for part in _plain(one)))
        for message in request.messages
    ]
    return replace(request, messages=tuple(messages))


def _plain(part: Part) -> tuple[Part, ...]:
    if isinstance(part, Reasoning) and (part.is_redacted or not part.text):
        return ()
    if isinstance(part, Reasoning | Text | ToolCall) and part.opaque is not None:
        return (replace(part, opaque=None),)
    return (part,)
