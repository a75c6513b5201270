"""Writing a recipe into a client's files, and taking it out again.

What was done is remembered in a folder of ours (`~/.local/state/uni-api/connect/CLIENT`): the files
as they were, byte for byte, and each place that was changed. Taken back is by the bytes when nobody
has touched a file since, else place by place, so that what the client or the user wrote meanwhile
stays. All is worked out before anything is written; a write that fails undoes those before it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from uniapi.errors import StartError
from uniapi.storage import write_atomic
from uniapi.values import dataclass

from .recipe import Format, SettingsFile
from .settings_files import Put, TextRefused, merge, take_back

_STATE = "state.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One file that was written. `backup`: the name of the copy beside the state, None for a file
    that did not exist; `mode`: who might read it before; `written` is the digest of what we wrote
    last; `is_edited`: somebody else has written in between, so the copy is no longer what should
    come back.
    """

    path: str
    form: Format
    backup: str | None
    written: str
    is_edited: bool
    puts: tuple[Put, ...]
    made_folders: tuple[str, ...] = ()
    mode: int | None = None

    def plain(self) -> dict[str, Any]:
        puts = [
            [list(one.path), one.ours, one.before, list(map(list, one.made))] for one in self.puts
        ]
        return {
            "path": self.path,
            "format": self.form,
            "backup": self.backup,
            "written": self.written,
            "edited": self.is_edited,
            "puts": puts,
            "made_folders": list(self.made_folders),
            "mode": self.mode,
        }


@dataclass(frozen=True, slots=True)
class _Planned:
    """A file that is to hold `content`; `before` is what it holds now (None: it is not there)."""

    path: Path
    before: bytes | None
    content: bytes
    form: Format
    puts: tuple[Put, ...]
    mode: int | None
    """Of what it holds now."""


class WrittenSettings:
    """The settings that were written for one client. `home` must exist; `environment` names other
    places of the client's folders.
    """

    def __init__(self, client: str, home: Path, environment: Mapping[str, str]) -> None:
        self._client = client
        self._home = home
        self._environment = environment
        state = environment.get("XDG_STATE_HOME") or str(home / ".local" / "state")
        self._folder = Path(state) / "uni-api" / "connect" / client

    def write(self, files: Sequence[SettingsFile]) -> list[str]:
        """Merge all files, and say what was done, a line each. Nothing is written twice.

        Raises StartError, having changed nothing: 2 for a file that cannot be merged into, 1 for
        one that cannot be read or written.
        """
        planned = [self._plan(file) for file in files]
        entries = {entry.path: entry for entry in self._entries()}
        changed = [one for one in planned if one.content != one.before]
        if not changed:
            return ["nothing to write: it is all there already"]
        said = []
        for one in planned:
            entries[str(one.path)] = self._entry(one, entries.get(str(one.path)))
        self._remember(list(entries.values()))
        done: list[_Planned] = []
        try:
            for one in changed:
                _replace(one.path, one.content, (one.mode or 0o600) & 0o700)
                done.append(one)
                said.append(f"{one.path}: " + ("written" if one.before is None else "changed"))
        except OSError as error:
            for one in done:
                with contextlib.suppress(OSError):
                    _restore(one.path, one.before, one.mode)
            raise StartError(f"{one.path} cannot be written: {error.strerror}", 1) from None
        said += [line for one in changed for line in _replaced(one)]
        said.append(f"the files as they were are kept in {self._folder}")
        return said

    def undo(self) -> list[str]:
        """Take back what was written, and say so. Raises StartError (1, 2) as `write` does."""
        entries = self._entries()
        if not entries:
            return [f"nothing of {self._client}'s was written by `connect`, so nothing is undone"]
        said = []
        for entry in entries:
            said += self._undo(entry)
        for name in [_STATE, *(entry.backup for entry in entries if entry.backup)]:
            (self._folder / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            for folder in (self._folder, *self._folder.parents[:2]):
                folder.rmdir()
        return said

    def _plan(self, file: SettingsFile) -> _Planned:
        path = self._place(file)
        before = _read(path)
        text = _decoded(path, before or b"")
        try:
            merged, puts = merge(text, file.format, file.changes)
        except TextRefused as error:
            raise StartError(
                f"{path} is left as it is: {error}. Mend it, or copy what `connect {self._client}`"
                " prints",
                2,
            ) from None
        return _Planned(path, before, merged.encode(), file.format, puts, _mode(path))

    def _place(self, file: SettingsFile) -> Path:
        """The file itself, links followed: a dotfile that is a link stays one."""
        folder = self._environment.get(file.variable or "")
        path = Path(folder) / file.name if folder else self._home / file.place
        if file.otherwise and not path.exists():
            other = path.with_name(Path(file.otherwise).name)
            path = other if other.exists() else path
        return Path(os.path.realpath(path))

    def _entry(self, planned: _Planned, known: _Entry | None) -> _Entry:
        """What is remembered: of a file that was written before, the first state of it."""
        if known is None:
            backup = None
            if planned.before is not None:
                backup = f"{_digest(str(planned.path).encode())[:8]}-{planned.path.name}"
                self._keep(backup, planned.before)
            return _Entry(
                path=str(planned.path),
                form=planned.form,
                backup=backup,
                written=_digest(planned.content),
                is_edited=False,
                puts=planned.puts,
                made_folders=_missing_folders(planned.path),
                mode=planned.mode,
            )
        first = {put.path: put for put in known.puts}
        puts = {
            **first,
            **{
                put.path: Put(put.path, put.ours, first[put.path].before, first[put.path].made)
                if put.path in first
                else put
                for put in planned.puts
            },
        }
        return _Entry(
            path=known.path,
            form=known.form,
            backup=known.backup,
            written=_digest(planned.content),
            is_edited=known.is_edited or known.written != _digest(planned.before or b""),
            puts=tuple(puts.values()),
            made_folders=known.made_folders,
            mode=known.mode,
        )

    def _undo(self, entry: _Entry) -> list[str]:
        path = Path(entry.path)
        now = _read(path)
        if now is None:
            return [f"{path}: is gone, nothing to undo"]
        first = _read(self._folder / entry.backup) if entry.backup else None
        try:
            if _digest(now) == entry.written and not entry.is_edited:
                _restore(path, first, entry.mode or _mode(path))
                _remove_folders(entry.made_folders)
                return [f"{path}: " + ("as it was" if first is not None else "removed")]
            if entry.form == "own":
                return [f"{path}: somebody changed it, so it is left"]
            text, left = take_back(_decoded(path, now), entry.form, entry.puts)
            _replace(path, text.encode(), entry.mode or _mode(path))
        except TextRefused as error:
            kept = f"; as it was: {self._folder / entry.backup}" if entry.backup else ""
            raise StartError(f"{path} is left as it is: {error}{kept}", 2) from None
        except OSError as error:
            raise StartError(f"{path} cannot be written: {error.strerror}", 1) from None
        lines = [f"{path}: our settings are taken out, what was changed since stays"]
        return lines + [f"{path}: {'.'.join(one)} was changed since and is left" for one in left]

    def _entries(self) -> list[_Entry]:
        try:
            rows = json.loads((self._folder / _STATE).read_bytes())["files"]
            return [_read_entry(row) for row in rows]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except (OSError, ValueError, KeyError, TypeError):
            raise StartError(
                f"{self._folder / _STATE} cannot be read; the files as they were lie beside it", 1
            ) from None

    def _remember(self, entries: Sequence[_Entry]) -> None:
        value = {"version": 1, "files": [entry.plain() for entry in entries]}
        self._keep(_STATE, json.dumps(value, ensure_ascii=False, indent=1).encode())

    def _keep(self, name: str, content: bytes) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomic(self._folder / name, content)
        except OSError as error:
            raise StartError(
                f"nothing is written: {self._folder} cannot keep the files as they were:"
                f" {error.strerror}",
                1,
            ) from None


def _read_entry(row: Mapping[str, Any]) -> _Entry:
    return _Entry(
        path=row["path"],
        form=row["format"],
        backup=row["backup"],
        written=row["written"],
        is_edited=row["edited"],
        puts=tuple(
            Put(tuple(path), ours, before, tuple(map(tuple, made)))
            for path, ours, before, made in row["puts"]
        ),
        made_folders=tuple(row["made_folders"]),
        mode=row.get("mode"),
    )


def _replaced(planned: _Planned) -> list[str]:
    """What of the user's own was written over, secrets not shown."""
    return [
        f"{planned.path}: {'.'.join(put.path)} had another value, which is kept"
        for put in planned.puts
        if put.before is not None
    ]


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StartError(f"{path} cannot be read: {error.strerror}", 1) from None


def _decoded(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise StartError(f"{path} is left as it is: it is no UTF-8 text", 2) from None


def _mode(path: Path) -> int | None:
    return path.stat().st_mode & 0o777 if path.exists() else None


def _replace(path: Path, content: bytes, mode: int | None) -> None:
    """The file in one step. While our settings stand in it, nobody else may read it: one of them
    is a key.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, content)
    path.chmod(mode or 0o600)


def _restore(path: Path, content: bytes | None, mode: int | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    else:
        _replace(path, content, mode)


def _missing_folders(path: Path) -> tuple[str, ...]:
    return tuple(str(folder) for folder in path.parents if not folder.exists())


def _remove_folders(folders: Sequence[str]) -> None:
    """Those that we made, the deepest first, as far as they are empty again."""
    with contextlib.suppress(OSError):
        for folder in folders:
            os.rmdir(folder)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
