"""What a client must be told to use this gateway, as data: which files hold which members, which
variables of the environment say the same for one run, and what a person does where there is
neither. The recipes themselves are rows (`agents`, `windows`); the command line writes them, the
page and the documents show them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from uniapi.values import dataclass, field, replace

from .models import ModelChoice

Format = Literal["json", "toml", "dotenv", "yaml", "own"]
"""`json` may hold comments; `own` is a file that is wholly ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """This gateway as one client sees it: its root address (no path, no slash at the end), the
    client key, the models; the model list in Codex's own form where it is at hand.
    """

    root: str
    key: str
    models: ModelChoice
    codex_catalog: Mapping[str, Any] = field(default_factory=dict)

    @property
    def v1(self) -> str:
        return f"{self.root}/v1"


@dataclass(frozen=True, slots=True)
class Change:
    """One member of a settings file: its place in the nesting, and what it is to be. The last name
    `+` means: these entries more in the list that stands there.
    """

    path: tuple[str, ...]
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsFile:
    """A file of a client's: `place` below the home folder, or `name` below the folder that
    `variable` names where it is set; `otherwise` is a second name that is taken when that file
    exists.
    """

    place: str
    format: Format
    changes: tuple[Change, ...]
    variable: str | None = None
    name: str = ""
    otherwise: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A piece to be read or copied: where it goes, in which language it is, the text."""

    where: str
    language: str
    text: str


FOLDER = "{folder}"
"""In a command or a variable of `--run`: the folder of the files beside it."""


def _no_files(_: Connection) -> Sequence[SettingsFile]:
    return ()


def _no_environment(_: Connection) -> Mapping[str, str]:
    return {}


def _nothing(_: Connection) -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One client. `source` is where its settings are documented, last looked at on the day of
    `CHECKED`. `unset` are variables that would win over what is set; `command` starts the client
    for `--run` (none where the environment says nothing to it), `beside` are files that it reads
    for that one run, by name, in a folder that FOLDER stands for; `steps` are for a person.
    """

    name: str
    title: str
    source: str
    files: Callable[[Connection], Sequence[SettingsFile]] = _no_files
    environment: Callable[[Connection], Mapping[str, str]] = _no_environment
    unset: tuple[str, ...] = ()
    command: Callable[[Connection], Sequence[str]] = _nothing
    beside: Callable[[Connection], Mapping[str, Any]] = _no_environment
    steps: Callable[[Connection], Sequence[str]] = _nothing
    is_any_command: bool = False

    def shown(self, connection: Connection) -> list[Shown]:
        """The recipe as pieces to copy, in the order in which a person would take them. Files that
        are wholly ours are not shown, so nothing that is shown may name one.
        """
        connection = replace(connection, codex_catalog={})
        pieces = [
            Shown(where=f"~/{file.place}", language=_LANGUAGES[file.format], text=file_text(file))
            for file in self.files(connection)
        ]
        environment = self.environment(connection)
        if environment and not pieces:
            pieces.append(Shown(where="", language="sh", text=exports(environment)))
        steps = self.steps(connection)
        if steps:
            pieces.append(Shown(where="", language="text", text="\n".join(steps)))
        return pieces


_LANGUAGES: Mapping[Format, str] = {
    "json": "json",
    "toml": "toml",
    "dotenv": "sh",
    "yaml": "yaml",
    "own": "json",
}


def exports(environment: Mapping[str, str]) -> str:
    """Lines for a shell."""
    import shlex

    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items())


def file_text(file: SettingsFile) -> str:
    """What the file would hold if it held nothing else."""
    if file.format == "json":
        return json.dumps(nested(file.changes), indent=2, ensure_ascii=False)
    from .settings_files import merged

    return merged("", file.format, file.changes).rstrip("\n")


def nested(changes: Sequence[Change]) -> dict[str, Any]:
    """The members as one nesting."""
    top: dict[str, Any] = {}
    for change in changes:
        place = top
        for name in change.path[:-1]:
            place = place.setdefault(name, {})
        place[change.path[-1]] = change.value
    return top
