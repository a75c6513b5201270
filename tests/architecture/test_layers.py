"""The import rules between rooms (docs/design.md, Rooms) hold."""

import ast
import functools
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "uniapi"
ANYWHERE = {"errors", "clock", "values", "near", "late"}
MAY_IMPORT = {
    "canonical": set(),
    "connect": {"storage"},
    "wire": set(),
    "config": set(),
    "storage": set(),
    "dialects": {"canonical", "wire"},
    "operations": {"canonical", "wire"},
    "engines": {"dialects", "operations", "canonical", "wire", "config"},
    "limits": {"config"},
    "routing": {"canonical", "config", "limits"},
    "money": {"canonical", "config"},
    "stats": {"canonical", "config", "storage", "money"},
    "inspection": {"canonical", "wire", "config", "storage", "stats"},
    "tcp": set(),
    "network": {"canonical", "wire", "config", "engines", "tcp"},
    "pipes": {"canonical", "wire", "dialects", "operations"},
    "gateway": {
        "canonical",
        "wire",
        "config",
        "dialects",
        "operations",
        "engines",
        "limits",
        "routing",
        "storage",
        "stats",
        "money",
        "network",
        "pipes",
        "inspection",
    },
    "server": {
        "canonical",
        "wire",
        "config",
        "dialects",
        "operations",
        "engines",
        "routing",
        "storage",
        "stats",
        "money",
        "gateway",
        "connect",
        "inspection",
        "tcp",
    },
}
ASYNCIO_MODULES = {
    "gateway/alarms.py",
    "gateway/answer_clock.py",
    "gateway/answer_memory.py",
    "gateway/aside.py",
    "gateway/attempt_try.py",
    "gateway/back_pressure.py",
    "gateway/backlog.py",
    "gateway/discovery.py",
    "gateway/executor.py",
    "gateway/receiver.py",
    "gateway/reception.py",
    "gateway/upstream_answer.py",
    "gateway/whole_answer.py",
    "inspection/inspector.py",
    "network/access_tokens.py",
    "network/aiohttp_transport.py",
    "network/demo_transport.py",
    "network/fetch.py",
    "network/http1_connection.py",
    "network/http1_transport.py",
    "network/media_fetcher.py",
    "network/names.py",
    "network/tls.py",
    "network/transport.py",
    "server/aiohttp_lane.py",
    "server/body.py",
    "server/bounded.py",
    "server/edge.py",
    "server/edge_body.py",
    "server/edge_connection.py",
    "server/front.py",
    "server/listener.py",
    "server/odd_lane.py",
    "server/reply.py",
    "tcp/accepting.py",
    "tcp/connecting.py",
    "tcp/polling.py",
    "tcp/transport.py",
}
"""All that may know an event loop or a socket; every other module of a room is plain calls."""
OUTSIDE = {
    "asyncio",
    "socket",
    "aiohttp",
    "subprocess",
    "ssl",
    "urllib.request",
    "http.client",
    "yarl",
}


def modules(room):
    return sorted((PACKAGE / room).rglob("*.py"))


@functools.cache
def imported(path):
    """(absolute dotted name, names) of every import in a module, those inside functions too;
    relative ones resolved.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    here = ["uniapi", *path.relative_to(PACKAGE).parts[:-1]]
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else []
            found.append(".".join([*base, *(node.module.split(".") if node.module else [])]))
    return found


BESIDE = {"commands", "logs"}
"""Folders of modules that stand beside the rooms, as `cli` and `serve` do. No room imports them."""


def rooms_present():
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    return sorted(folders - BESIDE - {"__pycache__"})


def test_every_room_is_in_the_table():
    """A new room must be given its rule on purpose."""
    assert set(rooms_present()) <= set(MAY_IMPORT)


@pytest.mark.parametrize("room", rooms_present())
def test_a_room_imports_only_what_its_rule_names(room):
    """No room reaches around the table, whatever the form of the import."""
    offences = []
    for path in modules(room):
        for name in imported(path):
            parts = name.split(".")
            if parts[0] != "uniapi" or len(parts) == 1:
                continue
            if parts[1] not in MAY_IMPORT[room] | {room} | ANYWHERE:
                offences.append(f"{path.relative_to(PACKAGE)}: {name}")
    assert offences == []


@pytest.mark.parametrize("room", rooms_present())
def test_other_rooms_are_entered_by_their_face(room):
    """A package is imported by its `__init__`, not by its modules (inside its own room a dialect
    may name a sibling).
    """
    offences = []
    for path in modules(room):
        for name in imported(path):
            parts = name.split(".")
            inside_dialects = parts[1:2] == ["dialects"] and len(parts) == 3 and room == "engines"
            if parts[0] == "uniapi" and len(parts) > 2 and parts[1] != room and not inside_dialects:
                offences.append(f"{path.relative_to(PACKAGE)}: {name}")
    assert offences == []


def test_only_the_listed_modules_know_the_network():
    """An event loop or a socket in a new place is a decision, and so is one that is gone."""
    found = {
        str(path.relative_to(PACKAGE))
        for room in rooms_present()
        for path in modules(room)
        if any(name in OUTSIDE or name.split(".")[0] in OUTSIDE for name in imported(path))
    }
    assert found == ASYNCIO_MODULES
