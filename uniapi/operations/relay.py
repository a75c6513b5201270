"""What is minded of requests and answers that are relayed: whether a 200 holds an error, or
nothing, and what single models refuse.

Upstreams answer 200 with an error object (OpenRouter, gateways before it), or with a list that is
empty; both are a failed attempt. See also `answers`.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Json, Operation

from .google import member
from .images_openai import fit_image_request
from .services import SERVICES
from .transcription_relayed import fit_transcription_request


def is_empty(operation: Operation, body: Json) -> bool:
    """Whether a parsed 200 answer has nothing in it.

    A list, and what is no JSON by its service, are empty when there is nothing; a transcript may be
    an empty text: nobody spoke.
    """
    names = SERVICES[operation].substance
    if not names or isinstance(body, list):
        return not body
    found = next((value for name in names if (value := member(body, name)) is not None), None)
    return found is None or found in ([], {})


def error_message(body: Json) -> str | None:
    """The message of an error that came as a 200 answer or as a frame of a stream; None when it is
    none.
    """
    stated = member(body, "error")
    if member(body, "type") == "error" and stated is None:
        stated = member(body, "message") or "error"
    if stated is None or stated is False or stated in ("", {}, []):
        return None
    message = stated if isinstance(stated, str) else member(stated, "message")
    return (
        message
        if isinstance(message, str) and message
        else "the provider answered with an error and no message"
    )


def fit_request(
    operation: Operation, model: str, body: Mapping[str, Json]
) -> tuple[Mapping[str, Json], tuple[str, ...]]:
    """A request's members as the upstream's `model` takes them, and what is lost; the same object
    when nothing is to be changed.
    """
    fit = _FITS.get(operation)
    return (body, ()) if fit is None else fit(model, body)


_FITS = {
    Operation.IMAGE: fit_image_request,
    Operation.IMAGE_EDIT: fit_image_request,
    Operation.TRANSCRIBE: fit_transcription_request,
}
