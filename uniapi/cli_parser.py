"""The words and flags of the command line. Nothing heavy is imported: `--help` answers at once."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn

from .plain_line import DEFAULT_PORT, LOG_LEVELS, port_number

MOST_HOURS = 24 * 366


class Parser(argparse.ArgumentParser):
    """argparse with one line for a mistake, and where to read more."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message} (`{self.prog} --help` has them all)", file=sys.stderr)
        raise SystemExit(2)


class Parsers(NamedTuple):
    """The parser of the whole line, and each command's."""

    whole: argparse.ArgumentParser
    of: Mapping[str, argparse.ArgumentParser]


def make_parsers() -> Parsers:
    parser = Parser(
        prog="uni-api", description="One endpoint in front of every LLM provider you have keys for."
    )
    parser.add_argument(
        "--version",
        action="store_true",
        help="print the version; with --verbose the price list's too",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    config = Parser(add_help=False)
    config.add_argument(
        "--config",
        metavar="PATH_OR_URL",
        help="the configuration (default: CONFIG_URL, else ./api.yaml)",
    )
    config.add_argument(
        "--lang", metavar="en|zh", help="the language of messages (default: as LANG says)"
    )
    place = Parser(add_help=False)
    place.add_argument("--host", help="address to listen on (default 0.0.0.0)")
    place.add_argument(
        "--port",
        type=_port,
        help=f"port to listen on (default {DEFAULT_PORT}; 0 picks a free one)",
    )
    place.add_argument(
        "--data-dir",
        metavar="DIR",
        help="where statistics are kept (default: data/ beside a local config, else ./data)",
    )
    serve = commands.add_parser(
        "serve", parents=[config, place], help="run the gateway (the default command)"
    )
    serve.add_argument(
        "--demo",
        action="store_true",
        help="no config, no keys: a built-in provider answers, on 127.0.0.1 only",
    )
    serve.add_argument("--log-level", choices=LOG_LEVELS, help="how much to log (default info)")
    serve.add_argument(
        "--log-file", metavar="PATH", help="log to a file that rotates, instead of stderr"
    )
    serve.add_argument(
        "--log-format",
        choices=("text", "json"),
        default="text",
        help="lines for people (default), or JSON for programs",
    )
    check = commands.add_parser(
        "check", parents=[config], help="validate the configuration and show every problem"
    )
    check.add_argument("file", nargs="?", metavar="FILE", help="the same as --config FILE")
    check.add_argument("--live", action="store_true", help="also ask every provider key once")
    check.add_argument("--json", action="store_true", help="machine-readable")
    explain = commands.add_parser(
        "explain",
        parents=[config],
        help=(
            "which channels and keys a model would lead to, and why others are out; or what a"
            " request would become, without sending it"
        ),
    )
    explain.add_argument(
        "asked",
        metavar="MODEL_OR_REQUEST",
        help="a model; or a file with a request (`-`: stdin), to see what it would become",
    )
    explain.add_argument("file", nargs="?", metavar="FILE", help="the same as --config FILE")
    explain.add_argument(
        "--key",
        help=(
            "the client key, by its label, its masked form or its number in the file (default: the"
            " first one)"
        ),
    )
    explain.add_argument(
        "--client",
        metavar="DIALECT",
        help="whose request it is: openai_chat, openai_responses, anthropic, gemini",
    )
    explain.add_argument("--model", help="the model of a Gemini request, whose body names none")
    explain.add_argument("--json", action="store_true", help="machine-readable")
    models = commands.add_parser(
        "models", parents=[config], help="list the models of each client key"
    )
    models.add_argument("file", nargs="?", metavar="FILE", help="the same as --config FILE")
    models.add_argument("--json", action="store_true", help="machine-readable")
    stats = commands.add_parser(
        "stats",
        parents=[config],
        help=(
            "what was counted: requests, tokens, cost, providers, keys; works beside a running"
            " gateway"
        ),
    )
    stats.add_argument(
        "files",
        nargs="*",
        metavar="DIR_OR_FILE",
        help="the data dir, or those of several gateways; or the configuration",
    )
    stats.add_argument(
        "--hours", type=_hours, default=24, metavar="N", help="the last N hours (default 24)"
    )
    stats.add_argument(
        "--data-dir",
        metavar="DIR",
        help="where statistics are kept (default: data/ beside a local config, else ./data)",
    )
    stats.add_argument(
        "--caches", action="store_true", help="what prompt caches saved, and what was missed, why"
    )
    stats.add_argument("--json", action="store_true", help="machine-readable")
    _add_connect(commands, config)
    commands.add_parser("keygen", help="print a new client key")
    init = commands.add_parser("init", help="write a commented starter api.yaml; never overwrites")
    init.add_argument("path", nargs="?", default="api.yaml")
    commands.add_parser("schema", help="print the JSON Schema of api.yaml, for editors")
    looking = commands.add_parser(
        "selfcheck",
        parents=[config, place],
        help="what this host offers: Python, limits, certificates, port, data dir",
    )
    looking.add_argument("--json", action="store_true", help="machine-readable")
    stopping = commands.add_parser(
        "stop", parents=[config], help="end the gateway that runs with this data dir"
    )
    stopping.add_argument("--data-dir", metavar="DIR", help="which (default: as serve finds it)")
    stopping.add_argument("file", nargs="?", metavar="FILE", help="the configuration")
    telling = commands.add_parser(
        "notify", parents=[config], help="send a test message to where `notify` says"
    )
    telling.add_argument("--test", action="store_true", help="which is all it does")
    telling.add_argument("file", nargs="?", metavar="FILE", help="the configuration")
    return Parsers(parser, commands.choices)


def _add_connect(commands: Any, config: argparse.ArgumentParser) -> None:
    connecting = commands.add_parser(
        "connect",
        parents=[config],
        help="a client's settings for this gateway: printed, written, taken back, or for one run",
    )
    connecting.add_argument(
        "client", nargs="?", help="claude, codex, gemini, opencode, …; none: list them"
    )
    action = connecting.add_mutually_exclusive_group()
    for name, meaning in (
        ("write", "put it into the client's own files; what they were is kept"),
        ("undo", "take back what --write did"),
        ("run", "start the client with it, nothing is written: --run -- ARGS"),
    ):
        action.add_argument(
            f"--{name}",
            dest="action",
            action="store_const",
            const=name,
            default="print",
            help=meaning,
        )
    connecting.add_argument("--key", help="the client key, by its label or number in the file")
    connecting.add_argument("--model", help="the main model (default: the best of the key's)")
    connecting.add_argument("--small", metavar="MODEL", help="the model for small errands")
    connecting.add_argument(
        "--port", type=_port, help=f"the port of the gateway here (default {DEFAULT_PORT})"
    )
    connecting.add_argument(
        "--url", help="a gateway elsewhere; its client key is read from UNIAPI_KEY"
    )


def _port(text: str) -> int:
    try:
        return port_number(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _hours(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_HOURS):
        raise argparse.ArgumentTypeError(
            f"a whole number of hours from 1 to {MOST_HOURS}, not {text!r}"
        )
    return int(text)
