"""`selfcheck`: what this host offers, in one page, for the user and for whoever helps them. Nothing
is left behind and no socket is opened but the configured one.

Each check gives a Finding. `failed` means that the gateway could not serve here as it is
configured, `warning` that something will hurt later; both say what to do. Only the standard library
is imported up here: a missing package is one of the things to be found.
"""

from __future__ import annotations

import errno
import http.client
import importlib
import importlib.machinery
import importlib.metadata
import importlib.util
import json
import os
import platform
import resource
import selectors
import socket
import ssl
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, TextIO

from uniapi.values import dataclass

State = Literal["ok", "warning", "failed"]

PACKAGES = {"aiohttp": "aiohttp", "PyYAML": "yaml", "aiohttp-socks": "aiohttp_socks"}
"""Distribution → the module that proves it can be imported."""
FEW_FILES = 256
"""With fewer descriptors than this, about a hundred streams at once are the end: each takes one
towards the client and one towards the provider.
"""
PROBE_BYTES = 64 * 1024
"""Written and removed again: a quota that is used up shows only when bytes are written."""
_BROKEN_KQUEUE = {(3, 10): 99, (3, 11): 7, (3, 12): 1}
"""Minor → the first patch release whose kqueue selector keeps both directions of a socket
(github.com/python/cpython/issues/109757); 3.10 has none.
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    state: State
    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    """Where the gateway would run: the settings that `serve` would use.

    `data_dir` is None unless given by flag, which makes an unusable one fatal.
    """

    config_argument: str | None
    host: str
    port: int
    data_dir: Path | None
    default_data_dir: Path | None
    version: str


def selfcheck(
    place: Premises, environment: Mapping[str, str], *, as_json: bool, out: TextIO | None = None
) -> int:
    """Print every finding; 0 when none of them failed, else 1."""
    out = out or sys.stdout
    findings = list(look_around(place, environment))
    failed = sum(finding.state == "failed" for finding in findings)
    if as_json:
        rows = [
            {"state": finding.state, "subject": finding.subject, "text": finding.text}
            for finding in findings
        ]
        print(
            json.dumps({"ok": not failed, "findings": rows}, ensure_ascii=False, indent=1), file=out
        )
    else:
        for finding in findings:
            print(f"{finding.state:<8} {finding.subject:<14} {finding.text}", file=out)
        print(f"{failed} failed" if failed else "this host will do", file=out)
    return 1 if failed else 0


def look_around(place: Premises, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Every check, from the interpreter outwards."""
    yield Finding(
        "ok",
        "uni-api",
        f"{place.version}, run from {environment.get('PEX') or os.path.abspath(sys.argv[0])}",
    )
    yield python_version(sys.version_info[:3], sys.platform)
    yield Finding(
        "ok",
        "platform",
        f"{platform.system()} {platform.release()} {platform.machine()}, waits with"
        f" {selectors.DefaultSelector.__name__}",
    )
    found = list(packages())
    yield from found
    yield compiled_modules()
    yield zstd()
    yield certificates()
    yield from limits()
    yield port(place.host, place.port)
    if all(finding.state == "ok" for finding in found):
        yield data_dir(place, environment)
        yield configuration(place, environment)


def python_version(version: tuple[int, int, int], system: str) -> Finding:
    """The interpreter; a warning for those whose kqueue selector loses events on FreeBSD
    and macOS.
    """
    shown = f"{platform.python_implementation()} {'.'.join(map(str, version))}, {sys.executable}"
    first_good = _BROKEN_KQUEUE.get((version[0], version[1]), 0)
    if system.startswith(("freebsd", "darwin")) and version[2] < first_good:
        return Finding(
            "warning",
            "python",
            f"{shown}; its kqueue can lose events: use 3.11.7, 3.12.1 or newer, or set"
            " UNIAPI_SELECTOR=poll",
        )
    return Finding("ok", "python", shown)


def packages() -> Iterator[Finding]:
    """The run-time packages: importable, and which version."""
    versions = []
    for name, module in PACKAGES.items():
        try:
            importlib.import_module(module)
        except ImportError as error:
            yield Finding(
                "failed",
                "packages",
                f"{name} cannot be imported ({error}): python3 -m pip install -r requirements.txt",
            )
            continue
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(name)
    if versions:
        yield Finding("ok", "packages", ", ".join(versions))


def compiled_modules() -> Finding:
    """Compiled modules that were loaded from outside the standard library: none in a pex; an
    ordinary pip install may have some, which is fine.
    """
    standard = tuple(
        os.path.realpath(sysconfig.get_paths()[name]) + os.sep for name in ("stdlib", "platstdlib")
    )
    foreign = []
    for name, module in sorted(sys.modules.items()):
        spec = getattr(module, "__spec__", None)
        if spec is None or not isinstance(spec.loader, importlib.machinery.ExtensionFileLoader):
            continue
        path = os.path.realpath(spec.loader.path)
        if "-packages" in path or not path.startswith(standard):
            foreign.append(name)
    if not foreign:
        return Finding(
            "ok", "compiled", "no compiled module is loaded from outside the standard library"
        )
    return Finding(
        "ok",
        "compiled",
        f"{len(foreign)} compiled modules are loaded (faster, not needed): {', '.join(foreign)}",
    )


def zstd() -> Finding:
    """Whether request bodies may come zstd-compressed, as Codex sends them."""
    has_zstd = (
        sys.version_info >= (3, 14) and importlib.util.find_spec("compression.zstd") is not None
    )
    return Finding(
        "ok",
        "zstd",
        (
            "request bodies may be zstd"
            if has_zstd
            else "request bodies in zstd need Python 3.14; gzip and deflate are understood"
        ),
    )


def certificates() -> Finding:
    """Whether TLS servers can be verified.

    A hashed folder shows no count before it is used, so its files are looked for.
    """
    paths = ssl.get_default_verify_paths()
    count = len(ssl.create_default_context().get_ca_certs())
    if count:
        return Finding(
            "ok", "certificates", f"{count} certificate authorities, {ssl.OPENSSL_VERSION}"
        )
    if paths.capath and any(name.endswith(".0") for name in os.listdir(paths.capath)):
        return Finding(
            "ok",
            "certificates",
            f"certificate authorities in {paths.capath}, {ssl.OPENSSL_VERSION}",
        )
    wanted = f"neither {paths.openssl_cafile} nor {paths.openssl_capath} holds any"
    return Finding(
        "failed",
        "certificates",
        f"no certificate authorities: {wanted}; name a bundle with SSL_CERT_FILE=/path/to/cert.pem",
    )


def limits() -> Iterator[Finding]:
    """What the system allows this user."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    shown = f"{_limit(soft)} open files (up to {_limit(hard)})"
    if soft != resource.RLIM_INFINITY and soft < FEW_FILES:
        yield Finding(
            "warning",
            "limits",
            f"{shown}: that is few; raise it with `ulimit -n {FEW_FILES}` or more before the start",
        )
    else:
        yield Finding("ok", "limits", shown)
    if hasattr(resource, "RLIMIT_NPROC"):
        yield Finding(
            "ok",
            "limits",
            f"{_limit(resource.getrlimit(resource.RLIMIT_NPROC)[0])} processes and threads; one"
            " process and at most six threads are used",
        )


def _limit(value: int) -> str:
    return "unlimited" if value == resource.RLIM_INFINITY else str(value)


def data_dir(place: Premises, environment: Mapping[str, str]) -> Finding:
    """Whether the data dir, or the folder it would be made in, takes bytes."""
    from uniapi.config import choose_source
    from uniapi.settings import data_dir_of

    path = data_dir_of(
        choose_source(place.config_argument, environment), place.data_dir, place.default_data_dir
    ).absolute()
    there = path
    while not there.exists():
        there = there.parent
    try:
        with tempfile.TemporaryFile(dir=there, buffering=0) as file:
            file.write(bytes(PROBE_BYTES))
            os.fsync(file.fileno())
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return Finding(
                "failed",
                "data dir",
                f"{path} takes no bytes: the disk or your quota is full (a pex's cache may be"
                " cleared: rm -rf ~/.cache/pex)",
            )
        state: State = "failed" if place.data_dir is not None else "warning"
        return Finding(
            state,
            "data dir",
            f"{path} cannot be written ({error.strerror}): statistics would be kept in memory only;"
            " name another with --data-dir",
        )
    return Finding(
        "ok", "data dir", f"{path} {'can be written' if there == path else 'can be made'}"
    )


def configuration(place: Premises, environment: Mapping[str, str]) -> Finding:
    """Whether the configuration parses. A remote one is not fetched: `check` does that."""
    from uniapi.config import (
        ConfigProblems,
        choose_source,
        exposed_file,
        parse_config,
        read_config_file,
    )
    from uniapi.logs.text import counted
    from uniapi.priced_models import config_names

    source = choose_source(place.config_argument, environment)
    if source.kind == "url":
        return Finding(
            "ok", "configuration", f"{source.shown} is fetched at the start; `check` tries it"
        )
    if source.kind == "environment":
        return Finding("ok", "configuration", f"{source.shown}: {source.reason}")
    if place.config_argument is None and not os.path.exists(source.location):
        return Finding(
            "warning",
            "configuration",
            f"there is no {source.location} yet: `init` writes one, `serve --demo` needs none",
        )
    try:
        _, problems = parse_config(
            read_config_file(source.location),
            source=source.shown,
            engines=config_names(),
            environment=environment,
        )
    except ConfigProblems as found:
        return Finding(
            "failed",
            "configuration",
            f"{source.shown} cannot be used: {counted(len(found.problems), 'problem')}; `check`"
            " shows what and where",
        )
    exposed = exposed_file(source.location)
    warnings = len(problems) + (exposed is not None)
    if warnings:
        return Finding(
            "warning",
            "configuration",
            f"{source.shown} can be used, with {counted(warnings, 'warning')}; `check` shows"
            " what and where",
        )
    return Finding("ok", "configuration", f"{source.shown} has no problem")


def port(host: str, number: int) -> Finding:
    """Whether the port can be listened on; one that a running uni-api holds is in good hands."""
    if number == 0:
        return Finding("ok", "port", "a free one is picked at the start")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, number, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            version = _running_version(host, number)
            if version is not None:
                return Finding(
                    "ok", "port", f"{number} is held by uni-api {version}, which is running"
                )
            return Finding(
                "failed", "port", f"{number} is taken by another program: choose one with --port"
            )
        if error.errno in (errno.EACCES, errno.EPERM):
            return Finding(
                "failed",
                "port",
                f"{number} is not allowed here: choose one over 1023; on a shared host, reserve it"
                " first (serv00: devil port add tcp random)",
            )
        return Finding(
            "failed",
            "port",
            f"{host} port {number} cannot be listened on: {error.strerror or error}",
        )
    return Finding("ok", "port", f"{host} port {number} is free")


def _running_version(host: str, number: int) -> str | None:
    """The version of the uni-api that answers there, None when something else does."""
    connection = http.client.HTTPConnection(
        "127.0.0.1" if host in ("0.0.0.0", "") else host, number, timeout=2
    )
    try:
        connection.request("GET", "/healthz")
        value = json.loads(connection.getresponse().read(4096))
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return (
        str(value["version"])
        if isinstance(value, dict) and "version" in value and "config" in value
        else None
    )
