"""`notify`: where the owner is told what happens while nobody looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .addresses import host_of, url_fault
from .forms import TEXT
from .levels import Form, Key, Level, section
from .nodes import Node, ProblemList
from .schema import Notify
from .values import choice, named, text, wrong

SERVICES = ("ntfy", "telegram", "bark", "slack", "discord", "webhook")
_HOSTS = {
    "ntfy.sh": "ntfy",
    "api.telegram.org": "telegram",
    "api.day.app": "bark",
    "hooks.slack.com": "slack",
    "discord.com": "discord",
    "discordapp.com": "discord",
}
"""docs.ntfy.sh/publish, core.telegram.org/bots/api#sendmessage, bark.day.app/#/tutorial,
api.slack.com/messaging/webhooks, discord.com/developers/docs/resources/webhook (2026-11-30).
"""
_TELEGRAM = "https://api.telegram.org"
_MOST = 10


def read_notify(node: Node, report: ProblemList) -> tuple[Notify, ...] | None:
    """One address, one map, or several of them."""
    nodes = node.items if node.kind == "list" else (node,)
    if len(nodes) > _MOST:
        wrong(node, report, f"at most {_MOST} places to tell")
        return None
    found = [_one(one, report) for one in nodes]
    return tuple(one for one in found if one is not None)


def _one(node: Node, report: ProblemList) -> Notify | None:
    if node.kind != "map":
        url = text(node, report)
        return None if url is None else _told(node, {"url": url}, report)
    read = section(node, NOTIFY_MAP, report)
    return None if read is None else _told(node, read.fields(), report)


def _told(node: Node, said: dict[str, Any], report: ProblemList) -> Notify | None:
    token = said.get("token")
    if token and not said.get("url"):
        said = {"service": "telegram", **said, "url": f"{_TELEGRAM}/bot{token}/sendMessage"}
    url = said.get("url") or ""
    fault = url_fault(url) if url else "`url` is missing"
    if fault is not None:
        # What is quoted of it could be a secret.
        report.error(node, f"expected the address of a webhook: {fault.partition(', found')[0]}")
        return None
    service = said.get("service") or _service_of(url)
    if service == "telegram" and not (said.get("chat") or "chat_id=" in url):
        report.error(node, "Telegram needs a chat: `chat:`, or `chat_id=` in the address")
        return None
    return Notify(**{**said, "url": url, "service": service})


def _service_of(url: str) -> str:
    host = host_of(url)
    for known, service in _HOSTS.items():
        if host == known or host.endswith("." + known):
            return service
    return "ntfy" if "ntfy" in host.split(".") else "webhook"


def _headers(node: Node, report: ProblemList) -> Mapping[str, str] | None:
    if node.kind != "map":
        wrong(node, report, "a map of header names to texts")
        return None
    read = {name.strip().lower(): text(member.value, report) for name, member in named(node)}
    for name, value in read.items():
        if not name.isascii() or not name.isprintable() or set(name) & set(" :"):
            report.error(node, f"{name[:40]!r} is not the name of a header")
        elif value is not None and not value.isprintable():
            report.error(node, f"the value of `{name}` has a line break or a control character")
    return {name: value for name, value in read.items() if value is not None}


def _service(node: Node, report: ProblemList) -> str | None:
    return choice(node, report, SERVICES)


NOTIFY_MAP = Level.of(
    "preferences.notify",
    Notify,
    Key("url", "url", TEXT, "", "the address that messages are sent to", is_secret=True),
    Key(
        "service",
        "service",
        Form(said="one of " + ", ".join(SERVICES), shapes=("notify service",), reader=_service),
        "from the address",
        "how a message is written there",
    ),
    Key("chat", "chat", TEXT, "", "Telegram's chat id"),
    Key("token", "token", TEXT, "", "Telegram's bot token, in place of `url`", is_secret=True),
    Key(
        "headers",
        "headers",
        Form(said="a map of name to text", shapes=("text by name",), reader=_headers),
        "",
        "headers added to each message, such as `authorization`",
        is_secret=True,
    ),
)
NOTIFY = Form(
    said="a URL, a map, or a list of them",
    shapes=("text", "level", "list"),
    reader=read_notify,
    level=NOTIFY_MAP,
)
