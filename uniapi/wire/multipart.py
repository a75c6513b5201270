"""`multipart/form-data` (RFC 7578), incrementally and bounded: bytes in, parts out. What is in a
file is never kept; each part says where in the body its value stands.

So a body can go to a spool as it comes, while the few texts that routing needs are read on the way,
and fields can be replaced later without touching the rest (`FormBody.with_fields`): the pieces are
ranges of the spool and the new bytes between them, and their length is known before anything is
sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import unquote

from uniapi.errors import WireError
from uniapi.values import dataclass

MAX_PARTS = 128
MAX_PART_HEADER_BYTES = 16 * 1024
MAX_VALUE_BYTES = 1024 * 1024
"""Of a text field's value this much is kept; of a longer one only where it stands."""

_SLICE_BYTES = 64 * 1024
_TYPE = re.compile(r"\s*multipart/form-data\s*(?:;|\Z)", re.IGNORECASE)
_BOUNDARY = re.compile(r';\s*boundary\s*=\s*(?:"([^"]*)"|([^;\s"]*))', re.IGNORECASE)
_BOUNDARY_TEXT = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]\Z")
_PARAMETER = re.compile(r';\s*([\w*\-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))')
_ESCAPED = re.compile(r"\\([\"\\])")
_NEXT = re.compile(rb"(--|[ \t]*\r\n)")


class MultipartError(WireError):
    """A form that does not follow its format, or goes past a bound; the client's mistake."""


class FormPart(NamedTuple):
    """One part. Its value is `body[start:end]`; `value` holds it for a text field that is not too
    long, and is None otherwise. `filename` None: a text field.
    """

    name: str
    filename: str | None
    content_type: str
    start: int
    end: int
    value: bytes | None


class Range(NamedTuple):
    """Bytes `start` to `end` of the original body."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FormBody:
    """A form that was read to its end: its parts in order, and where the closing boundary and the
    whole body end.
    """

    boundary: bytes
    parts: tuple[FormPart, ...]
    closing_start: int
    length: int

    def with_fields(self, changes: Mapping[str, Sequence[bytes]]) -> tuple[bytes | Range, ...]:
        """The body with these values for the text fields named in `changes`: pieces to be sent one
        after the other. Files are never touched.

        The values come where the field first stood, or at the end when it was not there; a field
        without values is taken out. Raises MultipartError when a value holds the boundary.
        """
        for name, values in changes.items():
            if any(b"\r\n--" + self.boundary in b"\r\n" + value for value in values):
                raise MultipartError(f"the value for {name!r} holds the boundary of the form")
        pieces: list[bytes | Range] = []
        placed: set[str] = set()
        position = previous_end = 0
        for part in self.parts:
            if part.name in changes and part.filename is None:
                values = () if part.name in placed else changes[part.name]
                pieces.append(Range(position, part.start if values else previous_end))
                pieces += values[:1]
                pieces += [b"\r\n" + self._part(part.name, value) for value in values[1:]]
                # A form does not begin with the line break that ended a part taken out.
                position = part.end if pieces_length(pieces) > 0 else part.end + 2
                placed.add(part.name)
            previous_end = part.end
        added = [
            self._part(name, value) + b"\r\n"
            for name, values in changes.items()
            if name not in placed
            for value in values
        ]
        if added:
            pieces += [Range(position, self.closing_start), *added]
            position = self.closing_start
        pieces.append(Range(position, self.length))
        return tuple(
            piece for piece in pieces if isinstance(piece, bytes) or piece.end > piece.start
        )

    def _part(self, name: str, value: bytes) -> bytes:
        """A text field from its boundary on."""
        return (
            b"--"
            + self.boundary
            + f'\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n'.encode()
            + value
        )


def pieces_length(pieces: Sequence[bytes | Range]) -> int:
    """The `content-length` of pieces."""
    return sum(
        max(0, piece.end - piece.start) if isinstance(piece, Range) else len(piece)
        for piece in pieces
    )


def form_boundary(content_type: str) -> bytes:
    """The boundary that a `content-type` header states; raises MultipartError when it is no form,
    or states none that is possible.
    """
    if not _TYPE.match(content_type):
        raise MultipartError(f"expected 'multipart/form-data', found {content_type[:80]!r}")
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise MultipartError("the content-type 'multipart/form-data' states no boundary")
    boundary = found[1] if found[1] is not None else found[2]
    if not _BOUNDARY_TEXT.match(boundary):
        raise MultipartError(
            f"no boundary can be {boundary[:80]!r}: expected 1 to 70 letters, digits or"
            " '()+_,-./:=?"
        )
    return boundary.encode("ascii")


class MultipartScanner:
    """Reads one form, in any split. `feed` gives the parts that became complete; `eof` the whole
    form.

    Both raise MultipartError: for a part without a name, a header that is too long, too many parts,
    bytes that are not where they belong, and an end without the closing boundary. At no time is
    more kept than one part's header, one text field's value and a boundary's length.
    """

    def __init__(
        self,
        boundary: bytes,
        *,
        max_parts: int = MAX_PARTS,
        max_header_bytes: int = MAX_PART_HEADER_BYTES,
        max_value_bytes: int = MAX_VALUE_BYTES,
    ) -> None:
        self._boundary = boundary
        self._max_parts = max_parts
        self._max_header_bytes = max_header_bytes
        self._max_value_bytes = max_value_bytes
        # A line break before the first byte makes the first delimiter look like every other.
        self._rest = b"\r\n"
        self._base = -2
        self._delimiter = b"\r\n--" + boundary
        self._read = self._read_preamble
        self._parts: list[FormPart] = []
        self._name = self._content_type = ""
        self._filename: str | None = None
        self._start = 0
        self._kept: list[bytes] | None = None
        self._kept_bytes = 0
        self._closing_start = 0

    def feed(self, data: bytes) -> list[FormPart]:
        known = len(self._parts)
        # In slices, because what is left of one is copied whenever a part begins.
        for start in range(0, len(data), _SLICE_BYTES):
            self._rest += data[start : start + _SLICE_BYTES]
            while self._read():
                pass
        return self._parts[known:]

    def eof(self) -> FormBody:
        if self._read != self._read_epilogue:
            is_open = self._read == self._read_value
            where = (
                f"inside the part {self._name!r}" if is_open else f"after {len(self._parts)} parts"
            )
            raise MultipartError(f"the form ends {where}, without its closing boundary")
        return FormBody(
            boundary=self._boundary,
            parts=tuple(self._parts),
            closing_start=self._closing_start,
            length=self._base + len(self._rest),
        )

    def _advance(self, count: int) -> bytes:
        taken, self._rest = self._rest[:count], self._rest[count:]
        self._base += count
        return taken

    def _read_preamble(self) -> bool:
        """Up to the first delimiter; what stands before it means nothing."""
        found = self._rest.find(self._delimiter)
        if found < 0:
            self._skip_all_but(len(self._delimiter) - 1)
            if self._base > self._max_header_bytes:
                raise MultipartError(
                    f"no boundary '--{self._boundary.decode()}' in the first"
                    f" {self._max_header_bytes} bytes of the form"
                )
            return False
        self._advance(found + 2)
        self._read = self._read_delimiter
        return True

    def _read_delimiter(self) -> bool:
        """`--boundary`, then a line end before a part, or two dashes at the end of all."""
        after = 2 + len(self._boundary)
        found = _NEXT.match(self._rest, after)
        if found is None:
            if len(self._rest) < after + 2 or (
                len(self._rest) < after + 64 and not self._rest[after:].strip(b" \t\r")
            ):
                return False
            raise MultipartError(
                f"expected a line end after the boundary, found {self._rest[after : after + 20]!r}"
            )
        if found[1] == b"--":
            self._closing_start = self._base
            self._advance(found.end())
            self._read = self._read_epilogue
            return False
        if len(self._parts) >= self._max_parts:
            raise MultipartError(f"the form has more than {self._max_parts} parts")
        self._advance(found.end())
        self._read = self._read_header
        return True

    def _read_header(self) -> bool:
        end = 0 if self._rest.startswith(b"\r\n") else self._rest.find(b"\r\n\r\n")
        if end < 0 and len(self._rest) < 2:
            return False
        if end < 0 or end > self._max_header_bytes:
            if len(self._rest) > self._max_header_bytes:
                raise MultipartError(
                    f"the header of part {len(self._parts) + 1} is longer than"
                    f" {self._max_header_bytes} bytes"
                )
            return False
        header = self._advance(end + 4 if end else 2)
        self._name, self._filename, self._content_type = _read_part_header(
            header, len(self._parts) + 1
        )
        self._start = self._base
        self._kept, self._kept_bytes = ([] if self._filename is None else None), 0
        # The line break that ends the header may be the one before the delimiter of an empty value.
        self._rest = b"\r\n" + self._rest
        self._base -= 2
        self._read = self._read_value
        return True

    def _read_value(self) -> bool:
        found = self._rest.find(self._delimiter)
        if found < 0:
            self._keep(self._skip_all_but(len(self._delimiter) - 1))
            return False
        self._keep(self._advance(found))
        end = max(self._base, self._start)
        value = b"".join(self._kept)[2:] if self._kept is not None else None
        self._parts.append(
            FormPart(self._name, self._filename, self._content_type, self._start, end, value)
        )
        self._kept = None
        self._advance(2)
        self._read = self._read_delimiter
        return True

    def _read_epilogue(self) -> bool:
        self._skip_all_but(0)
        return False

    def _keep(self, data: bytes) -> None:
        if self._kept is None or not data:
            return
        self._kept_bytes += len(data)
        if self._kept_bytes > self._max_value_bytes + 2:
            self._kept = None
        else:
            self._kept.append(data)

    def _skip_all_but(self, count: int) -> bytes:
        return self._advance(max(0, len(self._rest) - count))


def _read_part_header(header: bytes, number: int) -> tuple[str, str | None, str]:
    """Name, file name and media type.

    Names are UTF-8, or percent-encoded where a browser had to (RFC 7578, section 4.2).
    """
    name: str | None = None
    filename: str | None = None
    content_type = ""
    for line in header.decode("utf-8", "replace").split("\r\n"):
        field, _, value = line.partition(":")
        field = field.strip().lower()
        if field == "content-type":
            content_type = value.strip()
        elif field == "content-disposition":
            parameters = {
                found[1].lower(): _unquoted(found) for found in _PARAMETER.finditer(value)
            }
            name, filename = parameters.get("name"), parameters.get("filename")
            extended = parameters.get("filename*")
            if extended is not None:
                filename = unquote(extended.rpartition("'")[2], errors="replace")
    if name is None:
        raise MultipartError(
            f"part {number} of the form has no name: expected 'Content-Disposition: form-data;"
            ' name="…"\''
        )
    return name, filename, content_type


def _quoted(name: str) -> str:
    """As browsers write names (html.spec.whatwg.org, multipart/form-data encoding algorithm)."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _unquoted(found: re.Match[str]) -> str:
    if found[2] is None:
        return found[3]
    return (
        _ESCAPED.sub(r"\1", found[2]).replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")
    )
