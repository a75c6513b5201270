"""Arguments of a call that arrive in pieces: `partialArgs`, each a JSON path and a value, or more
of a text.

Vertex AI sends them when the client asked for `streamFunctionCallArguments`:
https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling#streaming-fc
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

from uniapi.canonical import Json
from uniapi.errors import WireError

from .vocabulary import list_member, member, text_member

MAX_ITEMS = 10_000
MAX_STEPS = 64

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d{1,6})\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")


class PartialArguments:
    """The object as far as it is known."""

    def __init__(self, args: Json) -> None:
        self.value: dict[str, Json] = dict(args) if isinstance(args, dict) else {}

    def add(self, call: Mapping[str, Json]) -> None:
        """The pieces of one `functionCall`.

        Raises WireError for a path that does not fit what is there.
        """
        args = member(call, "args")
        if isinstance(args, dict):
            self.value.update(args)
        for piece in list_member(call, "partialArgs"):
            if isinstance(piece, dict):
                self._put(_steps(text_member(piece, "jsonPath")), piece)

    def _put(self, steps: list[str | int], piece: Mapping[str, Json]) -> None:
        if not steps:
            return
        holder: Json = self.value
        for step, following in pairwise(steps):
            inner = _get(holder, step)
            if not isinstance(inner, dict | list):
                inner = [] if isinstance(following, int) else {}
                _set(holder, step, inner)
            holder = inner
        last = steps[-1]
        more = member(piece, "stringValue")
        before = _get(holder, last)
        if isinstance(more, str):
            _set(holder, last, before + more if isinstance(before, str) else more)
        elif "nullValue" in piece or "null_value" in piece:
            _set(holder, last, None)
        else:
            value = member(piece, "numberValue")
            value = member(piece, "boolValue") if value is None else value
            if value is not None:
                _set(
                    holder,
                    last,
                    int(value) if isinstance(value, float) and value.is_integer() else value,
                )


def _steps(path: str) -> list[str | int]:
    steps: list[str | int] = []
    for match in _STEP.finditer(path):
        name, position, quoted, double_quoted = match.groups()
        steps.append(
            int(position)
            if position is not None
            else next(found for found in (name, quoted, double_quoted) if found is not None)
        )
    if len(steps) > MAX_STEPS:
        raise WireError(f"a path of {len(steps)} steps in partialArgs")
    return steps


def _get(holder: Json, step: str | int) -> Json:
    if isinstance(holder, dict):
        return holder.get(str(step))
    return holder[step] if isinstance(step, int) and step < len(holder) else None


def _set(holder: Json, step: str | int, value: Json) -> None:
    if isinstance(holder, dict):
        holder[str(step)] = value
        return
    if not isinstance(step, int) or step >= MAX_ITEMS:
        raise WireError(f"partialArgs names {step!r} inside a list")
    holder.extend([None] * (step + 1 - len(holder)))
    holder[step] = value
