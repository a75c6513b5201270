"""A multipart form as members of a request: what `wire.MultipartScanner` found, read like the JSON
body that says the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from uniapi.canonical import Json
from uniapi.wire import FormPart, dump_json

from .operation import UploadedFile, refuse


def members_of_form(parts: Iterable[FormPart]) -> dict[str, Json]:
    """The text fields by name.

    A name sent twice, or written `name[]`, is a list under `name`. Files are left out, values stay
    texts.
    """
    members: dict[str, Json] = {}
    for part in parts:
        if part.filename is not None:
            continue
        if part.value is None:
            refuse(
                part.name,
                f"the form field {part.name!r} is too large: {part.end - part.start} bytes",
            )
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


def field_changes(parts: Sequence[FormPart], members: Mapping[str, Json]) -> dict[str, list[bytes]]:
    """What `FormBody.with_fields` has to change so that the form says `members`: the values of each
    field that differs, none for one that is no longer there.

    A list is a field repeated, under the name it had or as `name[]`; whatever a form has no words
    for is JSON.
    """
    said = members_of_form(parts)
    names: dict[str, list[str]] = {}
    for part in parts:
        if part.filename is None:
            names.setdefault(part.name.removesuffix("[]"), []).append(part.name)
    changes: dict[str, list[bytes]] = {}
    for name in {**said, **members}:
        if name in said and name in members and said[name] == members[name]:
            continue
        value = members.get(name)
        stated = value if isinstance(value, list) else [value]
        values = [_field_text(item) for item in stated] if value is not None else []
        used = names.get(name) or [f"{name}[]" if isinstance(value, list) else name]
        changes.update((each, values if each == used[0] else []) for each in used)
    return changes


def _field_text(value: Json) -> bytes:
    return value.encode("utf-8", "replace") if isinstance(value, str) else dump_json(value)


def uploaded_file(part: FormPart, data: bytes) -> UploadedFile:
    """A file part with its bytes (those from `part.start` to `part.end` of the body)."""
    return UploadedFile(
        field=part.name.removesuffix("[]"),
        filename=part.filename or "",
        content_type=part.content_type,
        data=data,
    )
