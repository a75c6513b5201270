"""A multipart form as members of a request: what `wire.MultipartScanner` found, read like the JSON body that says the same."""

from __future__ import annotations

from collections.abc import Iterable

from uniapi.canonical import Json
from uniapi.wire import FormPart

from .base import UploadedFile, refuse


def members_of_form(parts: Iterable[FormPart]) -> dict[str, Json]:
    """The text fields by name. A name sent twice, or written `name[]`, is a list under `name`. Files are left out, values stay texts."""
    members: dict[str, Json] = {}
    for part in parts:
        if part.filename is not None:
            continue
        if part.value is None:
            refuse(part.name, f"the form field {part.name!r} is too large: {part.end - part.start} bytes")
        try:
            text = part.value.decode("utf-8")
        except UnicodeDecodeError:
            refuse(part.name, f"the form field {part.name!r} is no UTF-8 text")
        name = part.name.removesuffix("[]")
        if name in members:
            earlier = members[name]
            members[name] = [*earlier, text] if isinstance(earlier, list) else [earlier, text]
        else:
            members[name] = [text] if name != part.name else text
    return members


def uploaded_file(part: FormPart, data: bytes) -> UploadedFile:
    """A file part with its bytes (those from `part.start` to `part.end` of the body)."""
    return UploadedFile(field=part.name.removesuffix("[]"), filename=part.filename or "", content_type=part.content_type, data=data)
