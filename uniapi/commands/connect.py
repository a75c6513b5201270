"""`connect CLIENT`: a client's settings for this gateway, printed, written, taken back, or set for
one run of the client.

Address, key and models come from the configuration, as `models` shows them, with the lists that a
running gateway has kept; from the gateway itself where only it knows them (`--url`).
"""

from __future__ import annotations

import difflib
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from uniapi.commands.common import (
    configuration_and_catalog,
    data_dir_beside,
    named_client_key,
    seen_by_the_gateway,
)
from uniapi.config import choose_source
from uniapi.connect import RECIPES, Connection, ModelChoice, Recipe, choose_models
from uniapi.connect.recipe import FOLDER
from uniapi.connect.written import WrittenSettings
from uniapi.environment_source import ensure_client_key
from uniapi.errors import StartError
from uniapi.logs.text import readable
from uniapi.server.codex_catalog import codex_catalog
from uniapi.values import dataclass

KEY_VARIABLE = "UNIAPI_KEY"
_PATIENCE_S = 10
_NOT_FOUND = 127
_LONGEST_LINE = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectOptions:
    """What the command line says. `words` are what stands behind `--`; `program` is how we are
    called, `typed` that and the words of this call, both to be copied.
    """

    client: str | None
    action: str
    config: str | None
    url: str | None
    key: str | None
    model: str | None
    small: str | None
    port: int
    program: str
    typed: str
    words: Sequence[str] = ()


def connect(options: ConnectOptions, environment: Mapping[str, str]) -> int:
    """Do it; gives the exit code. Raises StartError."""
    if options.client is None:
        _list_clients(options.typed)
        return 0
    recipe = _recipe(options.client)
    if options.action == "undo":
        return _say(_written(recipe, environment).undo())
    connection = _connection(options, environment)
    if options.url is None and not _answers(connection.root):
        print(
            f"nothing answers at {connection.root} now: start the gateway there, or name its port"
            " with --port",
            file=sys.stderr,
        )
    if options.action == "write":
        return _write(recipe, connection, options.program, environment)
    if options.action == "run":
        return _run(recipe, connection, options.words, environment)
    _print(recipe, connection, options.typed)
    return 0


def _recipe(name: str) -> Recipe:
    found = RECIPES.get(name.lower())
    if found is None:
        near = difflib.get_close_matches(name.lower(), RECIPES, n=1)
        meant = f"; did you mean `{near[0]}`?" if near else f"; there are {', '.join(RECIPES)}"
        raise StartError(f"there is no recipe for `{name}`{meant}", 2)
    return found


def _list_clients(typed: str) -> None:
    for recipe in RECIPES.values():
        print(f"{recipe.name:<20} {recipe.title}")
    print(f"\n{typed} CLIENT prints its settings; --write, --undo, --run -- ARGS")


def _connection(options: ConnectOptions, environment: Mapping[str, str]) -> Connection:
    if options.url is not None:
        return _asked(options, environment)
    environment = seen_by_the_gateway(options.config, environment)
    source = choose_source(options.config, environment)
    if source.kind == "environment":
        ensure_client_key(environment, data_dir_beside(source, environment))
    config, catalog, _ = configuration_and_catalog(options.config, environment)
    key = named_client_key(config, options.key)
    root = f"http://127.0.0.1:{options.port}"
    names = list(catalog.models(key))
    choice = choose_models(names, options.model, options.small)
    if choice is None:
        try:
            choice = choose_models(_models_of(root, key.secret), options.model, options.small)
        except StartError:
            choice = None
    if choice is None:
        raise StartError(
            "no model of this key is known yet: start the gateway once, which asks the providers"
            " for theirs, or name one with --model",
            1,
        )
    infos = config.preferences.model_info
    return _joined(root, key.secret, choice, codex_catalog(choice.every, infos))


def _asked(options: ConnectOptions, environment: Mapping[str, str]) -> Connection:
    """A gateway elsewhere: the key is in the environment, where neighbours cannot read it."""
    root = (options.url or "").rstrip("/").removesuffix("/v1")
    if not root.startswith(("http://", "https://")):
        raise StartError(f"--url must begin with http:// or https://, not {options.url!r}", 2)
    secret = environment.get(KEY_VARIABLE, "")
    if not secret:
        raise StartError(f"put the client key for {root} into the variable {KEY_VARIABLE}", 2)
    choice = choose_models(_models_of(root, secret), options.model, options.small)
    if choice is None:
        raise StartError(f"{root} lists no model for this key; name one with --model", 1)
    return _joined(root, secret, choice, codex_catalog(choice.every, {}))


def _joined(root: str, secret: str, choice: ModelChoice, catalog: Mapping[str, Any]) -> Connection:
    return Connection(root=root, key=secret, models=choice, codex_catalog=catalog)


def _answers(root: str) -> bool:
    """Somebody listens there, on this machine."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(f"{root}/healthz", timeout=1).close()
    except urllib.error.HTTPError:
        return True
    except (OSError, http.client.HTTPException):
        return False
    return True


def _models_of(root: str, secret: str) -> list[str]:
    """What the gateway there lists. Raises StartError (1)."""
    request = urllib.request.Request(
        f"{root}/v1/models", headers={"authorization": f"Bearer {secret}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as response:
            rows = json.loads(response.read(8 * 1024 * 1024))["data"]
            return [str(row["id"]) for row in rows]
    except urllib.error.HTTPError as error:
        why = "it does not know this key" if error.code == 401 else f"it answered {error.code}"
        raise StartError(f"{root}: {why}", 1) from None
    except OSError as error:
        reason = getattr(error, "reason", None) or error
        raise StartError(f"{root} cannot be asked for its models: {reason}", 1) from None
    except (ValueError, KeyError, TypeError):
        raise StartError(f"{root} does not answer as a gateway does", 1) from None


def _print(recipe: Recipe, connection: Connection, typed: str) -> None:
    """For a recipe of variables only lines that a shell reads: `eval "$(… connect openai-env)"`."""
    pieces = recipe.shown(connection)
    if recipe.is_any_command:
        print(pieces[0].text)
        return
    print(f"{recipe.title}, for {connection.root}:")
    for piece in pieces:
        if piece.where:
            print(f"\n{piece.where}\n")
        else:
            print()
        lines = readable(piece.text, _LONGEST_LINE).splitlines()
        print("\n".join(f"    {line}" if line else "" for line in lines))
    can = [f"  {readable(typed)} --write"] if recipe.files(connection) else []
    can += [f"  {readable(typed)} --run -- ARGS   (once)"] if recipe.command(connection) else []
    if can:
        print("\nTo have it done:", *can, sep="\n")


def _write(
    recipe: Recipe, connection: Connection, program: str, environment: Mapping[str, str]
) -> int:
    files = recipe.files(connection)
    if not files:
        raise StartError(
            f"{recipe.title} has no file that could be written: `connect {recipe.name}` says what"
            " to do by hand",
            2,
        )
    code = _say(_written(recipe, environment).write(files))
    print(f"{recipe.title} now asks {connection.root} for {connection.models.main}.")
    for step in recipe.steps(connection):
        print(step)
    print(f"Taken back by: {program} connect {recipe.name} --undo")
    return code


def _written(recipe: Recipe, environment: Mapping[str, str]) -> WrittenSettings:
    home = _home(environment)
    if not home.is_dir():
        raise StartError(f"there is no home folder to write into (HOME is {str(home)!r})", 1)
    return WrittenSettings(recipe.name, home, environment)


def _home(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("HOME") or os.path.expanduser("~"))


def _say(lines: Sequence[str]) -> int:
    for line in lines:
        print(line)
    return 0


def _run(
    recipe: Recipe, connection: Connection, words: Sequence[str], environment: Mapping[str, str]
) -> int:
    """The client as a child, with our variables, its own settings untouched; its exit code is ours.

    Interrupts are the client's: the terminal sends them to both.
    """
    own = recipe.command(connection)
    if not own and not recipe.is_any_command:
        raise StartError(f"{recipe.title} reads no variables that would say it: use --write", 2)
    command = [*own, *words]
    if not command:
        raise StartError(f"{recipe.title} needs a command behind `--run --`", 2)
    if shutil.which(command[0], path=environment.get("PATH")) is None:
        raise StartError(f"{command[0]} is not on PATH: install {recipe.title} first", _NOT_FOUND)
    kept = {name: value for name, value in environment.items() if name not in recipe.unset}
    with tempfile.TemporaryDirectory(prefix="run-", dir=_own_folder(environment)) as folder:
        for name, value in recipe.beside(connection).items():
            (Path(folder) / name).write_text(json.dumps(value), encoding="utf-8")
        ours = recipe.environment(connection).items()
        variables = {name: value.replace(FOLDER, folder) for name, value in ours}
        return _child([word.replace(FOLDER, folder) for word in command], {**kept, **variables})


def _own_folder(environment: Mapping[str, str]) -> str | None:
    """Where files for one run lie: not in /tmp, where Gemini CLI takes no settings from, as others
    may write there too; None (/tmp) where there is no home.
    """
    state = environment.get("XDG_STATE_HOME") or str(_home(environment) / ".local" / "state")
    folder = Path(state) / "uni-api"
    if not _home(environment).is_dir():
        return None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return None
    return str(folder)


def _child(command: Sequence[str], environment: Mapping[str, str]) -> int:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process = subprocess.Popen(command, env=environment, preexec_fn=_heed_interrupts)
        return process.wait()
    except OSError as error:
        raise StartError(f"{command[0]} does not start: {error.strerror}", 1) from None
    finally:
        signal.signal(signal.SIGINT, before)


def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
