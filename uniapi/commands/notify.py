"""`notify --test`: whether a message to the owner arrives."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from typing import TextIO

from uniapi.commands.common import configuration_and_catalog
from uniapi.config import Config
from uniapi.live_check import Network
from uniapi.notifier import Notifier, Told
from uniapi.storage import MemoryFolder


def send_test(
    config_argument: str | None, environment: Mapping[str, str], out: TextIO | None = None
) -> int:
    """Send a test message to every place that `notify` names; 0 when all took it, 1 when not, 2
    when there is none.
    """
    out = out or sys.stdout
    config, _, _ = configuration_and_catalog(config_argument, environment)
    if not config.preferences.notify:
        print("nobody is told: `preferences.notify` is not set", file=out)
        return 2
    results = asyncio.run(_send(config, environment))
    for sent in results:
        print(f"{sent.place}: {'sent' if sent.fault is None else sent.fault}", file=out)
    return 0 if all(sent.fault is None for sent in results) else 1


async def _send(config: Config, environment: Mapping[str, str]) -> list[Told]:
    async with Network(environment) as network:
        notifier = Notifier(network.transport, network.clock, network.jobs, MemoryFolder())
        notifier.configure(config)
        return await notifier.test()
