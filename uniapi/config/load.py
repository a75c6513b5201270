"""Where the configuration comes from, and its bytes as text. One of the program's doors to the
outside: it reads the file; the fetch of a URL is passed in.

Everything wrong is raised as ConfigProblems, so that start, `check` and reload say it in one way.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal
from urllib.parse import urlsplit

from uniapi.values import dataclass

from .environment_keys import found_keys
from .problems import ConfigProblems, Problem
from .schema import Config

DEFAULT_FILE = "./api.yaml"
_MAX_BYTES = 8 * 1024 * 1024


class RemoteVariables(dict[str, str]):
    """What `${VAR}` is looked up in for a configuration from elsewhere: whoever writes it may read
    no more of our environment than `CONFIG_ENV` names.
    """

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> RemoteVariables:
        named = environment.get("CONFIG_ENV", "").replace(",", " ").split()
        return cls({name: environment[name] for name in named if name in environment})


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigSource:
    """A file or a URL, or the provider keys in the environment (`location` is empty then); why it
    was taken (for the log), and a warning when another one was passed over. `shown` is the location
    without its secrets.
    """

    kind: Literal["file", "url", "environment"]
    location: str
    reason: str
    warning: str | None = None

    @property
    def shown(self) -> str:
        if self.kind == "environment":
            return "the environment"
        if self.kind == "file":
            return self.location
        return shown_url(self.location)

    def variables(self, environment: Mapping[str, str]) -> Mapping[str, str]:
        """What `${VAR}` in it is looked up in."""
        return RemoteVariables.of(environment) if self.kind == "url" else environment


def choose_source(
    flag: str | None, environment: Mapping[str, str], exists: Callable[[str], bool] = os.path.exists
) -> ConfigSource:
    """`--config`, else `CONFIG_URL`, else `./api.yaml`, else the provider keys in the environment.

    Each of the first two may name a file or a URL.
    """
    if flag:
        return _source(flag, "given by --config")
    url = environment.get("CONFIG_URL", "").strip()
    if not url and not exists(DEFAULT_FILE):
        found = ", ".join(str(one.variable) for one in found_keys(environment))
        if found:
            reason = f"there is no {DEFAULT_FILE}, and there is {found}"
            return ConfigSource(kind="environment", location="", reason=reason)
    if not url:
        return ConfigSource(
            kind="file", location=DEFAULT_FILE, reason="neither --config nor CONFIG_URL is given"
        )
    warning = (
        f"both CONFIG_URL and {DEFAULT_FILE} exist: CONFIG_URL is used"
        if exists(DEFAULT_FILE)
        else None
    )
    return _source(url, "given by CONFIG_URL", warning)


def shown_url(url: str) -> str:
    """Scheme, host and path: what a log may hold of an address whose query or user part may be a
    secret.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(an address that cannot be read)"
    query = "?…" if parts.query else ""
    return f"{parts.scheme}://{host}{port}{parts.path}{query}"


def read_config_file(path: str) -> str:
    """The text of a local file.

    Raises ConfigProblems that say what to do when it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return config_text(file.read(_MAX_BYTES + 1), path)
    except FileNotFoundError:
        advice = (
            "write one with `init`, name one with --config or CONFIG_URL, or try `serve --demo`,"
            " which needs none"
        )
        raise _unreadable(path, f"there is no file {path}: {advice}") from None
    except IsADirectoryError:
        raise _unreadable(
            path, f"{path} is a directory: expected a file (did a mount create it?)"
        ) from None
    except PermissionError:
        raise _unreadable(
            path, f"{path} may not be read by this user: check its owner and mode"
        ) from None
    except OSError as error:
        raise _unreadable(path, f"{path} cannot be read: {error.strerror or error}") from None
    except ValueError:
        raise _unreadable(path, "the name of the file holds a zero byte") from None


async def fetch_config(url: str, fetch: Callable[[str], Awaitable[bytes]]) -> str:
    """The text behind a URL.

    What `fetch` raises passes through: whether an older copy is used is the caller's matter.
    """
    text = config_text(await fetch(url), shown_url(url))
    if text.lstrip()[:15].lower().startswith(("<!doctype html", "<html")):
        raise _unreadable(
            shown_url(url),
            "the address gives a web page: expected the YAML itself (a direct or raw link)",
        )
    return text


def config_text(content: bytes, source: str) -> str:
    """Bytes as UTF-8, with or without a byte order mark.

    ConfigProblems names the line of the first byte that is not.
    """
    if len(content) > _MAX_BYTES:
        raise _unreadable(
            source, f"it is larger than {_MAX_BYTES // 1024 // 1024} MiB: expected an api.yaml"
        )
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _unreadable(source, "it is saved as UTF-16: save it as UTF-8", line=1)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1) + 1
        raise _unreadable(
            source,
            f"the byte 0x{content[error.start]:02x} is not UTF-8: save the file as UTF-8",
            line=line,
            column=column,
        ) from None


def unreadable_ca_files(config: Config) -> tuple[Problem, ...]:
    """Warnings of `ca_file`s that cannot be read: requests that need one will fail."""
    written = [("preferences.ca_file", config.preferences.ca_file)]
    written += [
        (f"providers[{one.name}].preferences.ca_file", one.ca_file) for one in config.providers
    ]
    return tuple(
        Problem(severity="warning", path=path, message=f"the file {name} cannot be read")
        for path, name in written
        if name is not None and not os.access(name, os.R_OK)
    )


def exposed_file(path: str) -> Problem | None:
    """A warning when other users of this host may read the file, which holds secrets; for `check`.

    None also when the file cannot be looked at.
    """
    try:
        full_mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return None
    mode = stat.S_IMODE(full_mode)
    if not stat.S_ISREG(full_mode) or not mode & 0o077:
        return None
    return Problem(
        severity="warning",
        path="",
        message=(
            f"{path} can be read by other users of this host (mode {mode:04o}): `chmod 600 {path}`"
        ),
    )


def _source(location: str, reason: str, warning: str | None = None) -> ConfigSource:
    scheme = location.partition("://")[0].lower()
    if scheme == "file":
        return ConfigSource(
            kind="file", location=location.partition("://")[2], reason=reason, warning=warning
        )
    if scheme == "http" and not _stays_here(location):
        plain = (
            "it comes over plain http: whoever is on the way can read its keys and change what it"
            " says; use https"
        )
        warning = f"{warning}; {plain}" if warning else plain
    kind: Literal["file", "url"] = "url" if scheme in ("http", "https") else "file"
    return ConfigSource(kind=kind, location=location, reason=reason, warning=warning)


def _stays_here(url: str) -> bool:
    """Whether an address is of this machine."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host in ("localhost", "::1") or host.startswith("127.")


def _unreadable(source: str, message: str, line: int = 0, column: int = 0) -> ConfigProblems:
    return ConfigProblems(
        (Problem(severity="error", path="", message=message, line=line, column=column),), source
    )
