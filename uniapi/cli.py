"""The command line: which command, with which settings. Nothing heavy is imported before it is
known to be needed: `--version` must answer at once.

Precedence of settings: flag, environment, default. A mistake of the user's is one message on stderr
and exit code 2; never a traceback.
"""

from __future__ import annotations

import os
import shlex
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniapi.commands.words import tidy, unknown_command, unknown_words, whole_help
from uniapi.logs.text import readable, survive_encoding

from .errors import StartError
from .language import language_of
from .plain_line import (
    COMMANDS,
    DEFAULT_PORT,
    DEFAULT_TIMEOUT_S,
    LOG_LEVELS,
    plain_serve,
    port_number,
)

if TYPE_CHECKING:
    import argparse

    from .settings import Settings


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; gives the process's exit code (0 fine, 1 run-time failure, 2 usage or
    config, 3 already running).
    """
    os.umask(0o077)
    survive_encoding(sys.stdout, sys.stderr)
    arguments, behind = _parted(tidy(sys.argv[1:] if argv is None else argv))
    if "--version" in arguments:
        print(version())
        if "--verbose" in arguments:
            print(_price_list())
        return 0
    if arguments and not arguments[0].startswith("-") and arguments[0] not in COMMANDS:
        say = language_of(None, os.environ).say
        print(f"uni-api: {readable(say(unknown_command(arguments[0], COMMANDS)))}", file=sys.stderr)
        return 2
    options = plain_serve(arguments)
    if options is None:
        options = _parsed(arguments)
    if isinstance(options, int):
        return options
    options.behind, options.typed = behind, arguments
    try:
        return _COMMANDS[options.command](options)
    except StartError as error:
        print(f"uni-api: {readable(_translated(str(error), options))}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:
        return 1


def _parsed(arguments: list[str]) -> argparse.Namespace | int:
    """What the words say, or the exit code where all is said by them."""
    from .cli_parser import make_parsers

    parser = make_parsers()
    if arguments and arguments[0] in ("-h", "--help"):
        print(whole_help(parser.whole, parser.of["serve"], invocation()), end="")
        return 0
    if not arguments or arguments[0] not in COMMANDS:
        arguments.insert(0, "serve")
    options, unknown = parser.whole.parse_known_args(arguments)
    if unknown:
        chosen = parser.of[options.command]
        said = _translated(unknown_words(unknown, chosen), options)
        print(f"uni-api: {readable(said)}", file=sys.stderr)
        return 2
    return options


def _parted(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Our own words, and another program's behind `--`."""
    if arguments[:1] != ["connect"] or "--" not in arguments:
        return arguments, []
    place = arguments.index("--")
    return arguments[:place], arguments[place + 1 :]


def invocation() -> str:
    """How this program is run from the current folder, to be shown and copied: `uni-api` where that
    is on PATH, else `python3.11 uni-api.pex`, `.venv/bin/python main.py`.
    """
    import shutil

    program = os.environ.get("PEX") or sys.argv[0]
    script = os.path.basename(program)
    on_path = shutil.which(script)
    if on_path and os.path.realpath(on_path) == os.path.realpath(program):
        return script
    name = os.path.basename(sys.executable)
    interpreter = name if shutil.which(name) == sys.executable else _short(sys.executable)
    if script == "__main__.py":
        return shlex.join((interpreter, "-m", __package__))
    return shlex.join((interpreter, _short(program)))


def _translated(message: str, options: argparse.Namespace) -> str:
    """A message in the language of whoever reads it, line by line."""
    try:
        say = language_of(getattr(options, "lang", None), os.environ).say
    except StartError:
        return message
    lines = message.split("\n")
    return "\n".join(" " * (len(line) - len(line.lstrip())) + say(line.strip()) for line in lines)


def _short(path: str) -> str:
    relative = os.path.relpath(path)
    return os.path.abspath(path) if relative.startswith("..") else relative


def version() -> str:
    """The text of the package's file VERSION, read through its loader: the package may be inside a
    zip file.
    """
    import uniapi

    assert uniapi.__spec__ is not None
    loader: Any = uniapi.__spec__.loader
    data: bytes = loader.get_data(str(Path(uniapi.__file__).parent / "VERSION"))
    return data.decode("ascii").strip()


def _price_list() -> str:
    """The price list inside, in a line: how old it is, and how much it knows."""
    from .priced_models import list_inside

    found = list_inside()
    return (
        f"prices: {found.model_count} models of {found.vendor_count} vendors as of {found.date},"
        f" from {found.source}"
    )


def settings_from(options: argparse.Namespace, environment: Mapping[str, str]) -> Settings:
    """What `serve` runs with. Raises StartError for an environment variable that makes no sense."""
    from .settings import Settings

    return Settings(
        config_argument=options.config,
        is_demo=options.demo,
        host=options.host
        or environment.get("HOST")
        or ("127.0.0.1" if options.demo else "0.0.0.0"),
        port=(
            options.port
            if options.port is not None
            else _from_environment(environment, "PORT", port_number, DEFAULT_PORT)
        ),
        data_dir=Path(options.data_dir) if options.data_dir else None,
        default_data_dir=Path(environment["DATA_DIR"]) if environment.get("DATA_DIR") else None,
        timeout_s=_from_environment(environment, "TIMEOUT", _seconds, DEFAULT_TIMEOUT_S),
        is_stateless=environment.get("DISABLE_DATABASE", "").lower() == "true",
        version=version(),
        language=language_of(options.lang, environment),
    )


def log_level(options: argparse.Namespace, environment: Mapping[str, str]) -> str:
    """Flag, then LOG_LEVEL, then DEBUG (`1`, `true`, `yes`), then info."""
    if options.log_level:
        return str(options.log_level)
    named = environment.get("LOG_LEVEL", "").lower()
    if named:
        if named not in LOG_LEVELS:
            raise StartError(
                f"LOG_LEVEL is {named!r}; it must be one of {', '.join(LOG_LEVELS)}", 2
            )
        return named
    return "debug" if environment.get("DEBUG", "").lower() in ("1", "true", "yes") else "info"


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < 1e9:
        raise ValueError
    return seconds


def _from_environment(environment: Mapping[str, str], name: str, read: Any, default: Any) -> Any:
    text = environment.get(name)
    if not text:
        return default
    try:
        return read(text)
    except ValueError:
        raise StartError(
            f"the environment variable {name} is {text!r}, which is no usable value", 2
        ) from None


def _config(options: argparse.Namespace) -> str | None:
    """The configuration as a flag or as a plain argument."""
    if options.config and options.file and options.config != options.file:
        raise StartError(
            f"two configurations are named: {options.config} and {options.file}; one will do", 2
        )
    named: str | None = options.config or options.file
    return named


def _serve(options: argparse.Namespace) -> int:
    if options.demo and options.config:
        raise StartError("--demo needs no configuration: leave out --config", 2)
    if not options.demo or options.data_dir:
        from .early_lock import refuse_second

        refuse_second(options.config, options.data_dir, os.environ)
    settings = settings_from(options, os.environ)
    from uniapi.logs.log import set_up_logging

    from .serve import serve

    try:
        set_up_logging(
            level=log_level(options, os.environ),
            file=options.log_file,
            format_name=options.log_format,
            language=settings.language,
        )
    except OSError as error:
        raise StartError(
            f"the log file {options.log_file!r} cannot be opened: {error.strerror}", 2
        ) from None
    return serve(settings, os.environ)


def _check(options: argparse.Namespace) -> int:
    from uniapi.commands.check import check

    language = language_of(options.lang, os.environ)
    return check(
        _config(options), os.environ, as_json=options.json, live=options.live, language=language
    )


def _explain(options: argparse.Namespace) -> int:
    from uniapi.commands.explain import ExplainOptions, show_explanation

    asked = ExplainOptions(
        asked=options.asked,
        config=_config(options),
        key=options.key,
        client=options.client,
        model=options.model,
        as_json=options.json,
        timeout_s=_from_environment(os.environ, "TIMEOUT", _seconds, DEFAULT_TIMEOUT_S),
    )
    return show_explanation(asked, os.environ)


def _models(options: argparse.Namespace) -> int:
    from uniapi.commands.common import show_models

    return show_models(_config(options), os.environ, as_json=options.json)


def _stats(options: argparse.Namespace) -> int:
    from uniapi.commands.stats import show_statistics

    places = [Path(options.data_dir)] if options.data_dir else []
    files = [name for name in options.files if places or not Path(name).is_dir()]
    places += [Path(name) for name in options.files if name not in files]
    if len(files) > 1:
        raise StartError(f"one configuration or data dirs, not {' and '.join(files)}", 2)
    options.file = files[0] if files else None
    return show_statistics(
        _config(options),
        places,
        os.environ,
        hours=options.hours,
        as_json=options.json,
        caches=options.caches,
    )


def _connect(options: argparse.Namespace) -> int:
    from uniapi.commands.connect import ConnectOptions, connect

    port = options.port or _from_environment(os.environ, "PORT", port_number, DEFAULT_PORT)
    asked = ConnectOptions(
        client=options.client,
        action=options.action,
        config=options.config,
        url=options.url,
        key=options.key,
        model=options.model,
        small=options.small,
        port=port or DEFAULT_PORT,
        program=invocation(),
        typed=f"{invocation()} {shlex.join(options.typed)}",
        words=options.behind,
    )
    return connect(asked, os.environ)


def _stop(options: argparse.Namespace) -> int:
    from uniapi.commands.stop import stop

    from .early_lock import early_data_dir

    place = early_data_dir(_config(options), options.data_dir, os.environ)
    return stop(place, threading.Event().wait, language_of(None, os.environ).say)


def _notify(options: argparse.Namespace) -> int:
    from uniapi.commands.notify import send_test

    return send_test(_config(options), os.environ)


def _keygen(options: argparse.Namespace) -> int:
    from .server.new_key import generate_key

    print(generate_key())
    return 0


def _init(options: argparse.Namespace) -> int:
    from uniapi.commands.local_servers import found_servers

    from .config import FoundProvider, found_keys, starter_text
    from .server.new_key import generate_key

    path, command = Path(options.path), invocation()
    found: tuple[FoundProvider, ...] = ()
    if not path.exists():
        found = (*found_keys(os.environ), *found_servers(os.environ))
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(starter_text(generate_key(), command, found))
    except FileExistsError:
        raise StartError(f"{path} exists already and is left as it is", 2) from None
    except FileNotFoundError:
        raise StartError(f"{path} cannot be written: there is no folder {path.parent}", 1) from None
    except OSError as error:
        raise StartError(f"{path} cannot be written: {error.strerror}", 1) from None
    named = "" if options.path == "api.yaml" else f" --config {shlex.quote(options.path)}"
    there = ", ".join(one.variable or one.base_url for one in found)
    first = f"it uses {there}. Run" if found else "put a provider and its key into it, then run"
    print(f"{path} written: {first} `{command} check{named}` and `{command}{named}`.")
    return 0


def _schema(options: argparse.Namespace) -> int:
    import json

    from .config import json_schema
    from .engines import engine_names

    names = engine_names()
    print(json.dumps(json_schema(names.built), ensure_ascii=False, indent=1))
    return 0


def _selfcheck(options: argparse.Namespace) -> int:
    from uniapi.commands.selfcheck import Premises, selfcheck

    place = Premises(
        config_argument=options.config,
        host=options.host or os.environ.get("HOST") or "0.0.0.0",
        port=(
            options.port
            if options.port is not None
            else _from_environment(os.environ, "PORT", port_number, DEFAULT_PORT)
        ),
        data_dir=Path(options.data_dir) if options.data_dir else None,
        default_data_dir=Path(os.environ["DATA_DIR"]) if os.environ.get("DATA_DIR") else None,
        version=version(),
    )
    return selfcheck(place, os.environ, as_json=options.json)


_COMMANDS = {
    "serve": _serve,
    "check": _check,
    "explain": _explain,
    "models": _models,
    "stats": _stats,
    "connect": _connect,
    "keygen": _keygen,
    "init": _init,
    "schema": _schema,
    "selfcheck": _selfcheck,
    "stop": _stop,
    "notify": _notify,
}
