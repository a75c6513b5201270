"""Rules over the settings of a chat body: how they are spelled, and which are refused."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from uniapi.canonical import Json
from uniapi.dialects.fitting import Body, Fitting, minds
from uniapi.dialects.quirk import Quirk

from .request_decode_members import at

_SAYS_NOTHING: tuple[tuple[str, Json], ...] = (
    ("temperature", 1),
    ("top_p", 1),
    ("n", 1),
    ("store", False),
    ("modalities", ["text"]),
    ("parallel_tool_calls", True),
    ("stream_options", {"include_usage": True}),
)
"""Members that ask for what happens anyway: no loss where they are refused."""


def _other_limits(quirk: Quirk) -> Sequence[str]:
    """The names of the output limit that are unknown there."""
    known = quirk.max_tokens_member
    if known == "either":
        return ()
    return ("max_completion_tokens",) if known == "max_tokens" else ("max_tokens",)


@minds("max_tokens_member", always=True, where=_other_limits)
def rename_limit(body: Body, fitting: Fitting) -> Body:
    """The output limit under the name that is known; legacy completions have one name alone."""
    known = fitting.quirk.max_tokens_member
    other = "max_completion_tokens" if known == "max_tokens" else "max_tokens"
    if known == "either" or other not in body or "prompt" in body:
        return body
    changed = without(body, other)
    changed.setdefault(known, body[other])
    return changed


@minds("seed_member", where=("seed",))
def rename_seed(body: Body, fitting: Fitting) -> Body:
    if "seed" not in body:
        return body
    changed = without(body, "seed")
    changed.setdefault(fitting.quirk.seed_member, body["seed"])
    return changed


@minds("max_stops", where=("stop",))
def with_fewer_stops(body: Body, fitting: Fitting) -> Body:
    stop, most = body.get("stop"), fitting.quirk.max_stops
    if not isinstance(stop, list) or most is None or len(stop) <= most:
        return body
    fitting.lose("stop")
    return {**body, "stop": stop[:most]}


@minds("verbosities", where=("verbosity",))
def known_verbosity(body: Body, fitting: Fitting) -> Body:
    """A model without the dial takes its one word only."""
    if body.get("verbosity") in (None, *fitting.quirk.verbosities):
        return body
    fitting.lose("verbosity")
    return without(body, "verbosity")


@minds("stream_options", where=("stream_options",))
def no_stream_options(body: Body, fitting: Fitting) -> Body:
    return without(body, "stream_options") if "stream_options" in body else body


@minds("parallel_tool_calls_member", where=("parallel_tool_calls",))
def one_by_one_unsaid(body: Body, fitting: Fitting) -> Body:
    if "parallel_tool_calls" not in body:
        return body
    if body["parallel_tool_calls"] is False:
        fitting.lose("parallel_tool_calls")
    return without(body, "parallel_tool_calls")


@minds("dropped_members", where=lambda quirk: quirk.dropped_members)
def no_refused_members(body: Body, fitting: Fitting) -> Body:
    return without_refused(body, fitting.quirk.dropped_members & body.keys(), fitting)


def without_refused(body: Body, names: Collection[str], fitting: Fitting) -> Body:
    """The body without the members `names`, losses where they ask for something."""
    for name in sorted(names):
        if (name, body[name]) not in _SAYS_NOTHING:
            fitting.lose(name)
    return without(body, *names) if names else body


@minds("service_tiers", where=("service_tier",))
def known_service_tier(body: Body, fitting: Fitting) -> Body:
    tier = body.get("service_tier")
    if tier is None or tier in fitting.quirk.service_tiers:
        return body
    return without_refused(body, ["service_tier"], fitting)


@minds("streams_only")
def ask_streamed(body: Body, fitting: Fitting) -> Body:
    """A whole answer is folded from the stream."""
    if body.get("stream") is True:
        return body
    return {**body, "stream": True, "stream_options": {"include_usage": True}}


def without(body: Body, *names: str) -> Body:
    """A copy of an object that lacks the members `names`."""
    return {name: value for name, value in body.items() if name not in names}


def has_type(value: object, kind: str) -> bool:
    """Whether `value` is an object whose `type` is `kind`."""
    return bool(at(value, "type") == kind)
