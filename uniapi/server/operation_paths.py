"""Requests for the operations beside chat: JSON objects, or forms that are spooled as they come;
and the models they may leave unnamed.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from uniapi.canonical import Call, ClientError, RequestRefused
from uniapi.gateway import Upload
from uniapi.operations import SERVICES, Service, is_true, members_of_form
from uniapi.values import dataclass
from uniapi.wire import MultipartError, form_boundary

from .body import body_pieces, read_body, read_object
from .body_memory import BodyShare
from .incoming import Incoming
from .inference import Arrival, flag, named_model
from .paths import Route

log = logging.getLogger("uniapi.front")

FORM = "multipart/form-data"
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}\Z")


@dataclass(frozen=True, slots=True)
class ReceivedBody:
    """A body that was received: the JSON object in `body`, or the text fields of `upload`."""

    members: dict[str, Any]
    body: bytes
    upload: Upload | None
    content_type: str

    def close(self) -> None:
        """What was spooled is removed."""
        if self.upload is not None:
            self.upload.close()


async def receive(
    route: Route,
    incoming: Incoming,
    max_bytes: int,
    folder: Path | None,
    share: BodyShare,
) -> ReceivedBody:
    """The body of a request; a form is spooled to disk, and has no share of the memory.

    Raises RequestRefused: what `read_body` raises, and 400 for what is no JSON object or no form.
    """
    content_type = incoming.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    service = SERVICES[route.operation]
    if kind == FORM and service.form_file is not None:
        upload = await _receive_form(incoming, content_type, max_bytes, folder)
        try:
            return ReceivedBody(_members(service, upload), b"", upload, content_type)
        except BaseException:
            upload.close()
            raise
    if service.is_form_unless_told and "json" not in kind:
        raise RequestRefused.bad_request(
            f"Expected the content type {FORM!r} with the file in it, found {content_type[:80]!r}."
        )
    members, body = await read_object(await read_body(incoming, max_bytes, share))
    return ReceivedBody(members, body, None, "application/json")


async def _receive_form(
    incoming: Incoming, content_type: str, max_bytes: int, folder: Path | None
) -> Upload:
    try:
        upload = Upload(form_boundary(content_type), folder)
    except MultipartError as error:
        raise _broken_form(error) from None
    try:
        async for data in body_pieces(incoming, max_bytes):
            upload.write(data)
        upload.finish()
    except MultipartError as error:
        upload.close()
        raise _broken_form(error) from None
    except OSError as error:
        upload.close()
        if isinstance(error, ConnectionError):
            raise
        log.error("an upload cannot be kept: %s", error.strerror)
        raise RequestRefused(
            ClientError(
                status=503,
                message="The gateway has no room for this upload at the moment.",
                code="no_room",
                type="server_error",
            )
        ) from None
    except BaseException:
        upload.close()
        raise
    return upload


def _broken_form(error: MultipartError) -> RequestRefused:
    return RequestRefused.bad_request(f"The form cannot be read: {error}.")


def _members(service: Service, upload: Upload) -> dict[str, Any]:
    """The text fields of a form that has its file, or names it."""
    wanted = service.form_file
    assert wanted is not None
    has_file = any(
        part.name.removesuffix("[]") == wanted or part.name.startswith(f"{wanted}[")
        for part in upload.file_parts()
    )
    members = members_of_form(upload.form.parts)
    if not has_file and not any(members.get(name) for name in service.file_stand_ins):
        raise RequestRefused.bad_request(f"The form has no file {wanted!r}.", param=wanted)
    return members


def needs_default_model(route: Route, received: ReceivedBody) -> bool:
    """Whether the request names no model where it need not."""
    is_named = bool(route.model or received.members.get("model"))
    return not is_named and bool(SERVICES[route.operation].default_models)


def make_relayed_call(
    arrival: Arrival, route: Route, received: ReceivedBody, aliases: Sequence[str]
) -> Call:
    """The Call for a received body; `aliases` are what the client key can route, where a model has
    to be chosen. Raises RequestRefused (400) naming the member at fault.
    """
    members = received.members
    upload = received.upload
    streams = _is_stream(SERVICES[route.operation], members, is_form=upload is not None)
    model = _model(route, members, aliases)
    call = arrival.call(route, model, streams, received.body, members)
    call.content_type = received.content_type
    if upload is not None:
        call.upload, call.upload_bytes = upload, upload.length
    return call


def _model(route: Route, members: Mapping[str, Any], aliases: Sequence[str]) -> str:
    usual = SERVICES[route.operation].default_models
    if usual and route.model is None and members.get("model") in (None, ""):
        return next((alias for name in usual for alias in aliases if _is(alias, name)), usual[0])
    return named_model(route, members)


def _is(alias: str, model: str) -> bool:
    """Whether an alias means a model: by its name, a vendor's (`openai/…`), or one with a date."""
    name = alias.rpartition("/")[2]
    return name == model or _DATED.sub("", name) == model


def _is_stream(service: Service, members: Mapping[str, Any], *, is_form: bool) -> bool:
    """Whether the answer is to be server-sent events."""
    name, value = service.stream_member
    if value is not True:
        return members.get(name) == value
    return is_true(members.get(name)) if is_form else flag(members, name)
