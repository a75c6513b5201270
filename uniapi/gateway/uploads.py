"""Forms that clients upload: kept in memory up to a bound, beyond that in a file without a name,
which the system removes whatever becomes of us.

An upload is received once and can be sent any number of times: what goes upstream are ranges of it,
with what is changed between them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from uniapi.canonical import Json
from uniapi.operations import UploadedFile, field_changes, uploaded_file
from uniapi.wire import FormBody, FormPart, MultipartScanner, Range, pieces_length

MEMORY_BYTES = 1024 * 1024
PIECE_BYTES = 64 * 1024


class Upload:
    """One form. `write` its bytes as they come, `finish` at their end, `close` in every case.

    `form` is set by `finish`.
    """

    def __init__(self, boundary: bytes, folder: Path | None = None) -> None:
        self._scanner = MultipartScanner(boundary)
        from tempfile import SpooledTemporaryFile  # few are ever sent one

        # Not a `with`: the upload lives as long as its call.
        self._file = SpooledTemporaryFile(MEMORY_BYTES, dir=None if folder is None else str(folder))  # noqa: SIM115
        self._form: FormBody | None = None
        self.length = 0

    @property
    def form(self) -> FormBody:
        """The parts; only after `finish`."""
        assert self._form is not None
        return self._form

    def write(self, data: bytes) -> None:
        """More of the body. Raises MultipartError for what is no form, OSError when there is no
        room for it.
        """
        self._scanner.feed(data)
        self._file.write(data)
        self.length += len(data)

    def finish(self) -> None:
        """The body is whole. Raises MultipartError when the form is not."""
        self._form = self._scanner.eof()

    def read(self, start: int, end: int) -> bytes:
        self._file.seek(start)
        return self._file.read(end - start)

    def with_members(self, members: Mapping[str, Json]) -> FormSource:
        """The form as a request body that says these members: text fields that differ are replaced,
        missing ones added, others taken out; files stay.
        """
        pieces = self.form.with_fields(field_changes(self.form.parts, members))
        before = 0
        for part in self.form.parts:
            if (part.filename or "").lower().endswith(".opus"):
                pieces = _with_piece(pieces, Range(before, part.start), self._as_ogg)
            before = part.end
        return FormSource(self, pieces)

    def _as_ogg(self, head: Range) -> bytes:
        """The head of a part whose file is told by another name: OpenAI and its kin judge a sound
        by that, know `.ogg` and not `.opus`, which is what voice messages in it are called
        (diegosouzapw/OmniRoute#10588, 2026-11-30).
        """
        return _OPUS.sub(rb".ogg\1", self.read(head.start, head.end))

    def files(self) -> tuple[UploadedFile, ...]:
        """Every file, in memory: for upstreams that want them inside JSON."""
        return tuple(
            uploaded_file(part, self.read(part.start, part.end)) for part in self.file_parts()
        )

    def file_parts(self) -> list[FormPart]:
        return [part for part in self.form.parts if part.filename is not None]

    def close(self) -> None:
        self._file.close()


_OPUS = re.compile(rb"\.opus(\"|[\r;])", re.IGNORECASE)


def _with_piece(
    pieces: Sequence[bytes | Range], place: Range, written: Callable[[Range], bytes]
) -> tuple[bytes | Range, ...]:
    """The pieces with other bytes at a place that one of them holds."""
    made: list[bytes | Range] = []
    for piece in pieces:
        is_there = isinstance(piece, Range) and piece.start <= place.start <= place.end <= piece.end
        if not is_there or isinstance(piece, bytes):
            made.append(piece)
            continue
        made += [Range(piece.start, place.start), written(place), Range(place.end, piece.end)]
    return tuple(piece for piece in made if isinstance(piece, bytes) or piece.end > piece.start)


class FormSource:
    """A `wire.BodySource` over an upload."""

    def __init__(self, upload: Upload, pieces: Sequence[bytes | Range]) -> None:
        self._upload = upload
        self._pieces = pieces

    @property
    def length(self) -> int:
        return pieces_length(self._pieces)

    def pieces(self) -> Iterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, bytes):
                yield piece
                continue
            for start in range(piece.start, piece.end, PIECE_BYTES):
                yield self._upload.read(start, min(start + PIECE_BYTES, piece.end))
