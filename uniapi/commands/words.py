"""What the command line says to people: the whole help, and what was probably meant by a word that
it does not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from uniapi.near import near_words

if TYPE_CHECKING:
    import argparse

_EXAMPLES = (
    ("init", "write a commented api.yaml to begin with"),
    ("check --live", "every problem of api.yaml, and which keys are good"),
    ("", "run it: API at http://127.0.0.1:8000/v1, page at http://127.0.0.1:8000/"),
    ("serve --demo", "try it without any key"),
    ("explain gpt-6-sol", "where a model leads to, and why others are out"),
    ("explain request.json", "what a request would become; nothing is sent"),
    ("stop", "end the one that runs here"),
)
ENVIRONMENT = """\
environment (a flag goes first):
  CONFIG_URL          the configuration, a file or a URL    HOST, PORT   where to listen
  DATA_DIR            where statistics are kept             TIMEOUT      seconds to the first token (100)
  LOG_LEVEL, DEBUG    how much to log                       CONFIG_ENV   names that ${…} of a remote
  DISABLE_DATABASE    true: keep no statistics                           configuration may read
  HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY              LANG         zh…: Chinese, as --lang zh
"""  # noqa: E501
_HELP_WORDS = {"help": "--help", "-V": "--version", "version": "--version", "-v": "--version"}
_OTHER_WORDS = {
    **dict.fromkeys(("start", "run", "up"), "serve"),
    **dict.fromkeys(("quit", "kill", "down"), "stop"),
    **dict.fromkeys(("validate", "test", "lint"), "check"),
}
"""What other programs call our commands."""


def tidy(arguments: Sequence[str]) -> list[str]:
    """The arguments, with the usual other words for help and version."""
    if not arguments:
        return []
    first = _HELP_WORDS.get(arguments[0])
    if first == "--help" and len(arguments) > 1:
        return [*arguments[1:], first]
    return [first or arguments[0], *arguments[1:]]


def unknown_command(word: str, commands: Sequence[str]) -> str:
    """What to say of a command that there is not."""
    if word.lower().endswith((".yaml", ".yml")) or "://" in word:
        return f"there is no command `{word}`; to run with it: --config {word}"
    near = _OTHER_WORDS.get(word.lower()) or _near(word, commands)
    meant = f"; did you mean `{near}`?" if near else f"; there are {', '.join(commands)}"
    return f"there is no command `{word}`{meant}"


def unknown_words(words: Sequence[str], parser: argparse.ArgumentParser) -> str:
    """What to say of words that a command does not take, with its nearest flag."""
    word = next((one for one in words if one.startswith("-")), words[0])
    flags = [flag for flag in parser._option_string_actions if flag.startswith("--")]
    near = _near(word.partition("=")[0], flags)
    if near:
        return f"there is no `{word}` here; did you mean `{near}`?"
    return f"there is no `{word}` here; there are {', '.join(sorted(flags))}"


def _near(word: str, known: Iterable[str]) -> str | None:
    """The one that was probably meant."""
    near = near_words(word.lower(), known, n=1, cutoff=0.7)
    return near[0] if near else None


def whole_help(parser: argparse.ArgumentParser, serve: argparse.ArgumentParser, name: str) -> str:
    """Commands, the flags of the default command, examples and environment; `name` is how the
    program is called here.
    """
    flags = serve.format_help().partition("options:")[2]
    return (
        f"{parser.format_help()}\nserve (the default command) takes:{flags}\n"
        f"{_examples(name)}\n{ENVIRONMENT}"
    )


def _examples(name: str) -> str:
    commands = [(f"{name} {words}".strip(), meaning) for words, meaning in _EXAMPLES]
    width = max(len(command) for command, _ in commands)
    lines = [f"  {command.ljust(width)}  # {meaning}\n" for command, meaning in commands]
    return "examples:\n" + "".join(lines)
