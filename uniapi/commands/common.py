"""What the commands beside `serve` have in common, and `models`.

They read the configuration and the data dir, never the running process; only `check --live` asks
providers.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from uniapi.clock import SystemClock
from uniapi.config import (
    ClientKey,
    Config,
    ConfigProblems,
    ConfigSource,
    Problem,
    choose_source,
    parse_config,
    read_config_file,
)
from uniapi.configuration import config_text
from uniapi.environment_source import as_the_gateway_sees, environment_text, kept_client_key
from uniapi.errors import StartError
from uniapi.gateway import LearnedModels, ModelLists
from uniapi.kept_lists import MODEL_LISTS_FILE
from uniapi.live_check import Network
from uniapi.logs.text import counted, readable
from uniapi.priced_models import config_names
from uniapi.retirement_watch import Ending, day_of, endings_by_channel
from uniapi.routing import Catalog
from uniapi.settings import data_dir_of
from uniapi.storage import DiskFolder


def show_models(
    config_argument: str | None, environment: Mapping[str, str], *, as_json: bool
) -> int:
    """The models that each client key can route, from the configuration and the model lists kept in
    the data dir.
    """
    environment = seen_by_the_gateway(config_argument, environment)
    config, catalog, endings = configuration_and_catalog(config_argument, environment)
    today = day_of(SystemClock().now_s())
    listed = {key.display: list(catalog.models(key)) for key in config.client_keys}
    if as_json:
        print(json.dumps(listed, ensure_ascii=False, indent=1))
        return 0
    for key in config.client_keys:
        models = listed[key.display]
        named = key.display if key.label == key.display else f"{key.display} ({key.label})"
        print(readable(f"{named}: {counted(len(models), 'model')}"))
        for model in models:
            print(readable(f"  {model}"))
            for channel in catalog.candidates(key, model).channels():
                ending = endings.get(channel.channel_id)
                if ending is not None:
                    print(f"    {ending.said(today)}")
        for provider in catalog.unlisted(key):
            name = readable(provider.name)
            print(f"  (and what {name} lists: not asked yet, it is when the gateway runs)")
    return 0


def learned_in(config: Config, data_dir: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """(provider, upstream model) → what a running gateway has kept there of its refusals."""
    now_s = SystemClock().now_s()
    kept = LearnedModels.of_folder(DiskFolder(data_dir), now_s)
    provider_ids = {provider.provider_id for provider in config.providers}
    return {(row["provider"], row["model"]): row for row in kept.rows(provider_ids, now_s)}


def named_client_key(config: Config, named: str | None) -> ClientKey:
    """The client key that `--key` names: by its label, its masked form or its number in the file;
    the first one when none is named. The key itself is taken too, but anybody on the host can read
    a command line. Raises StartError for a name that fits none, or several.
    """
    keys = config.client_keys
    if named is None:
        return keys[0]
    for key in keys:
        if named == key.secret:
            print(
                "uni-api: a key on the command line can be read by others on this host; its label"
                " or number will do",
                file=sys.stderr,
            )
            return key
    fitting = [key for key in keys if named in (key.label, key.display)]
    if not fitting and named.isascii() and named.isdigit() and 0 < int(named[:9]) <= len(keys):
        fitting = [keys[int(named) - 1]]
    if len(fitting) == 1:
        return fitting[0]
    there = ", ".join(f"{number} {key.label}" for number, key in enumerate(keys, 1))
    if fitting:
        raise StartError(
            f"several client keys are labelled {named!r}: name one by its number ({there})", 2
        )
    raise StartError(
        f"no client key is {named if len(named) < 12 else named[:6] + '…'!r}; there are {there}", 2
    )


def seen_by_the_gateway(
    config_argument: str | None, environment: Mapping[str, str]
) -> Mapping[str, str]:
    """The environment for a command that only tells; see `as_the_gateway_sees`."""
    named = environment.get("DATA_DIR")
    return as_the_gateway_sees(config_argument, environment, Path(named or "data"))


def read_configuration(
    source: ConfigSource, environment: Mapping[str, str]
) -> tuple[str, Config, tuple[Problem, ...]]:
    """The text, the configuration, and its warnings. Raises ConfigProblems."""
    if source.kind == "environment":
        kept = kept_client_key(data_dir_beside(source, environment))
        text = environment_text(environment, kept)
    elif source.kind == "file":
        text = read_config_file(source.location)
    else:
        text = asyncio.run(_remote_text(source, environment))
    config, problems = parse_config(
        text,
        source=source.shown,
        engines=config_names(),
        environment=source.variables(environment),
    )
    return text, config, problems


async def _remote_text(source: ConfigSource, environment: Mapping[str, str]) -> str:
    async with Network(environment) as network:
        return await config_text(source, network.transport)


def configuration_and_catalog(
    config_argument: str | None, environment: Mapping[str, str]
) -> tuple[Config, Catalog, dict[tuple[str, str], Ending]]:
    """The configuration, its catalog, with the model lists that a running gateway has kept, and
    what is known of the ends of its models.

    Raises StartError for a configuration that cannot be used.
    """
    source = choose_source(config_argument, environment)
    try:
        _, config, _ = read_configuration(source, environment)
    except ConfigProblems as found:
        raise StartError(
            "the configuration cannot be used:\n"
            + "\n".join(f"  {problem}" for problem in found.problems),
            2,
        ) from None
    lists = ModelLists(SystemClock())
    try:
        stored = json.loads((data_dir_beside(source, environment) / MODEL_LISTS_FILE).read_bytes())
    except (OSError, ValueError):
        stored = {}
    if isinstance(stored, dict):
        lists.load(stored)
    catalog = Catalog(
        config,
        {
            provider.provider_id: lists.entries(provider) or None
            for provider in config.providers
            if provider.is_discovered
        },
    )
    return config, catalog, endings_by_channel(config.providers, lists.entries, lists.listed)


def data_dir_beside(source: ConfigSource, environment: Mapping[str, str]) -> Path:
    named = environment.get("DATA_DIR")
    return data_dir_of(source, None, Path(named) if named else None)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Plain text in columns."""
    widths = [max(len(cells[place]) for cells in (head, *rows)) for place in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
        for cells in (head, *rows)
    )
