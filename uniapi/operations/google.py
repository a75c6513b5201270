"""How Google's JSON is read here: members in either spelling, the parts of an answer, and the
answer that was blocked.

Proto3 JSON takes every member in camelCase and in snake_case, and a single value for a repeated
one. https://ai.google.dev/api/generate-content
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from uniapi.canonical import Json, RequestRefused

BLOCKED = frozenset(
    {
        "SAFETY",
        "RECITATION",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "MODEL_ARMOR",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
    }
)
"""Finish reasons that mean: the answer is withheld because of what it shows or says."""

_UPPER = re.compile(r"[A-Z]")


def member(holder: Json, name: str) -> Json:
    """`holder[name]` in either spelling; None when it is absent, null, or `holder` is no object."""
    if not isinstance(holder, dict):
        return None
    value = holder.get(name)
    return (
        value
        if value is not None
        else holder.get(_UPPER.sub(lambda match: "_" + match[0].lower(), name))
    )


def text_member(holder: Json, name: str) -> str:
    value = member(holder, name)
    return value if isinstance(value, str) else ""


def int_member(holder: Json, name: str) -> int | None:
    """A whole number that is no less than nought, also as proto3 JSON writes 64-bit ones:
    as text.
    """
    value = member(holder, name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def list_member(holder: Json, name: str) -> list[Json]:
    """A repeated member; a single value counts as a list of one."""
    value = member(holder, name)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def model_name(model: str) -> str:
    """`models/NAME`; a name that brings its collection (`tunedModels/…`, `publishers/…`)
    keeps it.
    """
    return model if "/" in model else f"models/{model}"


def with_verb(url: str, verb: str) -> str:
    """Google's address with another verb: `…/models/NAME:predict?x=1` →
    `…/models/NAME:embedContent?x=1`.
    """
    path, question, query = url.partition("?")
    return f"{path.rpartition(':')[0]}:{verb}{question}{query}"


def short_name(model: str) -> str:
    """The name alone, in lower case, for questions about a model's family."""
    return model.rpartition("/")[2].lower()


def answer_parts(body: Mapping[str, Json]) -> Iterator[Json]:
    """The parts of all candidates, thoughts left out."""
    for candidate in list_member(body, "candidates"):
        for part in list_member(member(candidate, "content"), "parts"):
            if isinstance(part, dict) and part.get("thought") is not True:
                yield part


def refuse_blocked(body: Mapping[str, Json]) -> None:
    """Raises RequestRefused when Google withheld the answer; the client's own prompt is at fault,
    another channel would change nothing.
    """
    feedback = member(body, "promptFeedback")
    reasons = [(text_member(feedback, "blockReason"), text_member(feedback, "blockReasonMessage"))]
    for candidate in list_member(body, "candidates"):
        finish = text_member(candidate, "finishReason")
        reasons.append(
            (finish if finish in BLOCKED else "", text_member(candidate, "finishMessage"))
        )
    for reason, message in reasons:
        if reason and not reason.endswith("UNSPECIFIED"):
            shown = f"{reason}: {message}" if message else reason
            raise RequestRefused.bad_request(
                f"the provider withheld the answer ({shown})",
                param="prompt",
                code="content_policy_violation",
            )


def said_instead(body: Mapping[str, Json]) -> str:
    """What an answer without the wanted media says, for the message: its text, or how it
    finished.
    """
    text = "".join(text_member(part, "text") for part in answer_parts(body)).strip()
    if text:
        return repr(text[:200])
    finishes = [
        text_member(candidate, "finishReason") for candidate in list_member(body, "candidates")
    ]
    return ", ".join(finish for finish in finishes if finish) or "nothing"
