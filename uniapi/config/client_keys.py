"""`api_keys`: each entry to a ClientKey."""

from __future__ import annotations

from uniapi.values import dataclass, field, replace

from .alias_maps import ALIASES, FALLBACK
from .budgets import BUDGET
from .client_schema import ClientKey
from .forms import BOOL, COUNT, DOLLARS, ENABLED, MOMENT, NETWORKS, POLICIES, RATE_BY_MODEL, TEXT
from .key_slips import client_key_slips
from .levels import Form, Key, Level, Section, as_written, section
from .nodes import Node, ProblemList
from .providers import ProvidersRead
from .rules import ALL, Surroundings, read_rules, report_cycles
from .secrets import fingerprint, mask
from .values import boolean, choice, whole, wrong

SHORTEST_SAFE_KEY = 16


@dataclass(slots=True)
class ClientKeysRead:
    """All client keys, and where `credits` or `budget` is written for those that have one."""

    keys: list[ClientKey] = field(default_factory=list)
    money_at: dict[str, Node] = field(default_factory=dict)
    fallback_at: dict[str, Node] = field(default_factory=dict)
    """Where a key's own `fallback` is written."""
    aliases_at: dict[str, Node] = field(default_factory=dict)


def read_client_keys(node: Node, providers: ProvidersRead, report: ProblemList) -> ClientKeysRead:
    """Every entry of `api_keys`, with the checks between them.

    A single key is an administrator's.
    """
    read = ClientKeysRead()
    if node.kind != "list":
        hint = ": begin each entry with `- api: sk-…`" if node.kind == "map" else ""
        wrong(node, report, f"a list of client keys{hint}")
        return read
    if not node.items:
        report.error(
            node,
            "expected at least one client key, found an empty list: nobody could use the gateway",
        )
        return read
    entries = _entries(node, report)
    if not entries and not report.error_count():
        report.error(node, "every client key is switched off: nobody could use the gateway")
        return read
    around = Surroundings.of(providers, entries)
    rules_of = {
        fingerprint(secret): read_rules(entry.get("model"), around, report)
        for secret, entry in entries.items()
    }
    report_cycles(rules_of, {fingerprint(secret): mask(secret) for secret in entries}, report)
    for secret, entry in entries.items():
        key = _client_key(entry, secret, report)
        preferences = section(entry.get("preferences"), CLIENT_KEY_PREFERENCES, report)
        if preferences is not None:
            key = replace(key, **preferences.fields())
            if key.credits is not None or key.budgets:
                written = preferences.get("credits") or preferences.get("budget")
                read.money_at[key.key_id] = written or entry.node
            for name, places in (("fallback", read.fallback_at), ("aliases", read.aliases_at)):
                written = preferences.get(name)
                if written is not None:
                    places[key.key_id] = written
        rules = tuple(rule for rule, _ in rules_of[key.key_id])
        read.keys.append(
            replace(key, rules=rules or ((ALL,) if entry.get("model") is None else ()))
        )
    if len(read.keys) == 1 and len(node.items) == 1:
        read.keys = [replace(read.keys[0], is_admin=True)]
    return read


def _entries(node: Node, report: ProblemList) -> dict[str, Section]:
    """The entries by their key; those without one, and those whose key is taken, are reported."""
    entries: dict[str, Section] = {}
    for item in node.items:
        entry = section(item, CLIENT_KEY, report)
        if entry is None:
            if item.kind == "null":
                wrong(item, report, "a client key")
            continue
        if entry.value("enabled") is False:
            continue
        secret_node = entry.get("api")
        secret = _secret(secret_node, report) if secret_node else None
        if secret is None or secret_node is None:
            continue
        if secret in entries:
            first = entries[secret].node
            report.error(
                secret_node,
                f"the client key {mask(secret)} is already given at `{first.path}` on line"
                f" {first.line}: each key stands once",
            )
            continue
        entries[secret] = entry
    return entries


def _secret(node: Node, report: ProblemList) -> str | None:
    if not node.is_scalar:
        report.error(
            node, f"expected one key, found {node.shown()}: each client key is an entry of its own"
        )
        return None
    secret = node.text.strip()
    if not secret:
        report.error(node, "the client key is empty; `keygen` makes one")
        return None
    if any(not character.isprintable() for character in secret):
        report.error(node, "the client key has a line break or another control character inside")
        return None
    for slip in client_key_slips(secret):
        report.warning(node, slip)
    if len(secret) < SHORTEST_SAFE_KEY:
        report.warning(
            node,
            f"the client key has {len(secret)} characters and can be guessed: use at least"
            f" {SHORTEST_SAFE_KEY} (`keygen` makes one)",
        )
    return secret


def _client_key(entry: Section, secret: str, report: ProblemList) -> ClientKey:
    role_node = entry.get("role")
    role = entry.value("role")
    if role_node and role and role != "admin" and "admin" in role.lower():
        report.warning(
            role_node,
            f"the role {role_node.shown()} is only a label: exactly `admin` gives the admin"
            " surface",
        )
    shown = mask(secret)
    label = role if role and role != "admin" else shown
    return ClientKey(
        key_id=fingerprint(secret),
        display=shown,
        secret=secret,
        label=label,
        is_admin=role == "admin",
    )


def _auto_retry(node: Node, report: ProblemList) -> bool | int | None:
    """`true`, `false`, or a number of retries (0 is false)."""
    if node.kind == "bool" or (node.kind == "text" and not node.text.strip().isdigit()):
        if node.kind == "text" and node.text.strip().lower() not in (
            "true",
            "false",
            "yes",
            "no",
            "on",
            "off",
        ):
            wrong(node, report, "`true`, `false` or a number of retries")
            return None
        return boolean(node, report)
    return whole(node, report, "`true`, `false` or a number of retries", 0)


def _policy(node: Node, report: ProblemList) -> str | None:
    return choice(node, report, POLICIES)


_POLICY = Form(said="one of " + ", ".join(POLICIES), shapes=("policy",), reader=_policy)
_RETRY = Form(
    said="`true`, `false` or a number of retries", shapes=("bool", "count"), reader=_auto_retry
)
_RULES = Form(said="a list of rules and of `rule: weight`", shapes=("rules",), reader=as_written)

CLIENT_KEY_PREFERENCES = Level.of(
    "api_keys[].preferences",
    ClientKey,
    Key("SCHEDULING_ALGORITHM", "policy", _POLICY, "fixed_priority", "order of the channels"),
    Key(
        "AUTO_RETRY",
        "auto_retry",
        _RETRY,
        "true",
        "try the next channel after a failure; a number: how often; false: exactly one upstream"
        " call",
    ),
    Key("rate_limit", "rates", RATE_BY_MODEL, "999999/min", "limit of this key for each model"),
    Key("ENABLE_MODERATION", "is_moderated", BOOL, "false", "ask a moderation model first"),
    Key("credits", "credits", DOLLARS, "unlimited", "what it may spend; 0: nothing"),
    Key(
        "budget",
        "budgets",
        BUDGET,
        "",
        "what it may spend in a calendar period (in the time zone of `TZ`)",
    ),
    Key("created_at", "created_at_s", MOMENT, "", "start of cost accounting"),
    Key("allowed_ips", "allowed_ips", NETWORKS, "any", "addresses or networks it may be used from"),
    Key("expires_at", "expires_at_s", MOMENT, "never", "when it stops working"),
    Key("max_concurrency", "max_concurrency", COUNT, "unlimited", "calls at the same time"),
    Key(
        "aliases",
        "aliases",
        ALIASES,
        "",
        "names that this client uses, and the model each leads to; `*` in a name stands for any"
        " run of characters",
    ),
    Key(
        "fallback",
        "fallback",
        FALLBACK,
        "",
        "models that stand in for a model when nothing of it is left to try, or the prompt is too"
        " long for it",
    ),
)
CLIENT_KEY = Level.of(
    "api_keys[]",
    ClientKey,
    Key("api", "secret", TEXT, "", "the key", is_required=True, is_secret=True, is_credential=True),
    Key(
        "model",
        "rules",
        _RULES,
        "all",
        "what it may use, in which order: `all`, a model, `provider/*`, `provider/model`,"
        " `<a/b>`, `sk-…/*`; `rule: weight`",
    ),
    Key(
        "role",
        "label",
        TEXT,
        "",
        "`admin` gives the admin surface; any other text is the label in logs",
    ),
    ENABLED,
    Key(
        "preferences",
        "",
        Form(said="a map", shapes=("level",), reader=as_written, level=CLIENT_KEY_PREFERENCES),
        "",
        "settings for this key",
    ),
    joint="secret rules label",
)
