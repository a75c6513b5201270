"""The rules of a client key: which channels it may use.

Text → Rule, and the checks that need to see all keys and providers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from uniapi.values import dataclass, field, replace

from .client_schema import Rule
from .nodes import Node, ProblemList
from .provider_schema import ModelEntry
from .providers import ProvidersRead
from .secrets import fingerprint, looks_secret, mask
from .values import near, positive, text, wrong
from .wildcards import fits, is_wildcard


@dataclass(slots=True)
class Surroundings:
    """What a rule can name: providers (built or left out), their models, and the configured client
    keys by secret.
    """

    providers: ProvidersRead
    keys: Mapping[str, str]
    """secret → key_id."""
    served: frozenset[str] = frozenset()
    served_but_left_out: Mapping[str, str] = field(default_factory=dict)
    """alias → name of the provider that was left out."""
    is_complete: bool = True
    """False when a provider is asked for its list: then what it serves is not known yet."""

    @classmethod
    def of(cls, providers: ProvidersRead, secrets: Iterable[str]) -> Surroundings:
        return cls(
            providers=providers,
            keys={secret: fingerprint(secret) for secret in secrets},
            served=frozenset(
                model.alias for provider in providers.providers for model in provider.models
            ),
            served_but_left_out={
                model.alias: name for name, models in providers.left_out.items() for model in models
            },
            is_complete=not any(provider.is_discovered for provider in providers.providers),
        )


ALL = Rule(kind="all", text="all")


def read_rules(
    node: Node | None, around: Surroundings, report: ProblemList
) -> list[tuple[Rule, Node]]:
    """The rules of one client key with their places. No `model`, or an empty list: `all`."""
    if node is None or (node.kind == "list" and not node.items):
        return [(ALL, node)] if node is not None else []
    rules: list[tuple[Rule, Node]] = []
    for item in node.items if node.kind == "list" else (node,):
        if item.kind == "map":
            rules.extend(_weighted(item, around, report))
            continue
        written = text(item, report)
        if written is not None:
            rules.append((_rule(written, item, around, report), item))
    return rules


def _weighted(node: Node, around: Surroundings, report: ProblemList) -> Iterable[tuple[Rule, Node]]:
    """`rule: weight`."""
    if not node.members:
        wrong(node, report, "a rule or `rule: weight`")
    for member in node.members:
        written = text(member.key, report)
        weight = _weight(member.value, report)
        if written is not None and weight is not None:
            yield replace(_rule(written, member.key, around, report), weight=weight), member.key


def _weight(node: Node, report: ProblemList) -> int | None:
    if node.kind == "text" and not node.text.strip().isdigit():
        report.error(
            node,
            f"expected a weight, a positive whole number, found {node.shown()} (renaming is done"
            " under the provider's `model`)",
        )
        return None
    return positive(node, report)


def _rule(written: str, place: Node, around: Surroundings, report: ProblemList) -> Rule:
    if written == "all":
        return ALL
    if written.startswith("<") and written.endswith(">") and len(written) > 2:
        return _named(
            Rule(kind="literal", text=written, model=written[1:-1]), place, around, report
        )
    provider = _longest_start(written, around.providers.names())
    if provider is not None:
        return _under_provider(written, provider, place, around, report)
    secret = _longest_start(written, around.keys)
    if secret is not None:
        rest = written[len(secret) + 1 :]
        masked = f"{mask(secret)}/{rest}"
        if rest == "*":
            return Rule(kind="key", text=masked, key_id=around.keys[secret])
        return Rule(kind="key_model", text=masked, key_id=around.keys[secret], model=rest)
    if "/" in written:
        return _unknown(written, place, around, report)
    return _named(Rule(kind="model", text=_masked(written), model=written), place, around, report)


def _longest_start(written: str, names: Iterable[str]) -> str | None:
    """The longest name that `written` continues with a slash and more; names may themselves hold
    slashes.
    """
    return max(
        (
            name
            for name in names
            if name and written.startswith(f"{name}/") and len(written) > len(name) + 1
        ),
        key=len,
        default=None,
    )


def _under_provider(
    written: str, provider: str, place: Node, around: Surroundings, report: ProblemList
) -> Rule:
    """`provider/*` and `provider/name`; warns when the provider's whole list is known and the name
    is not on it.
    """
    name = written[len(provider) + 1 :]
    if name == "*":
        return Rule(kind="provider", text=written, provider=provider)
    built = [candidate for candidate in around.providers.providers if candidate.name == provider]
    aliases = {model.alias for candidate in built for model in candidate.models}
    if (
        built
        and not any(candidate.is_discovered for candidate in built)
        and not is_among(aliases, name)
    ):
        hint = (
            f"; to name the model `{written}` write `<{written}>`"
            if written in around.served
            else near(name, aliases)
        )
        report.warning(
            place,
            f"the provider `{provider}` does not serve `{name}`: the rule matches nothing{hint}",
        )
    return Rule(kind="provider_model", text=written, provider=provider, model=name)


def _unknown(written: str, place: Node, around: Surroundings, report: ProblemList) -> Rule:
    head = written.split("/", 1)[0]
    shown = _masked(written)
    if head.startswith("sk-"):
        report.warning(
            place,
            f"the rule `{shown}` names a client key that is not in `api_keys`: it matches nothing",
        )
    elif written in around.served:
        report.warning(
            place,
            f"the rule `{shown}` names no provider: it matches nothing; to name the model of this"
            f" name write `<{written}>`",
        )
    else:
        report.warning(
            place,
            f"the rule `{shown}` names an unknown provider `{_masked(head)}`: it matches"
            f" nothing{near(head, around.providers.names())}",
        )
    return Rule(kind="unknown", text=shown)


def _named(rule: Rule, place: Node, around: Surroundings, report: ProblemList) -> Rule:
    """A model by name: warns when it is certain that nobody serves it."""
    name = rule.model or ""
    if not around.is_complete or is_among(around.served, name):
        return rule
    if name in around.served_but_left_out:
        hint = f"; the provider `{around.served_but_left_out[name]}`, which is left out, would"
    elif name in around.providers.names():
        hint = f"; it is a provider: write `{name}/*` for all its models"
    elif name == "*":
        hint = "; write `all` for every model"
    elif name in around.keys:
        hint = f"; it is a client key: write `{mask(name)}/*` for all its models"
    else:
        hint = near(name, around.served)
    report.warning(place, f"no provider serves `{_masked(name)}`: the rule matches nothing{hint}")
    return rule


def is_among(aliases: Iterable[str], name: str) -> bool:
    """Whether one of them is this name, or stands for it."""
    return name in aliases or any(is_wildcard(one) and fits(one, name) for one in aliases)


def _masked(written: str) -> str:
    head, slash, rest = written.partition("/")
    return f"{mask(head)}{slash}{rest}" if looks_secret(head) else written


def report_cycles(
    rules_of: Mapping[str, list[tuple[Rule, Node]]], names: Mapping[str, str], report: ProblemList
) -> None:
    """Client keys that lead back to themselves: an error at each rule that closes a circle.

    Walks without recursion, because a chain may be long.
    """
    done: set[str] = set()
    for start in rules_of:
        trail: list[str] = [start]
        pending = [iter(_nested(rules_of, start))]
        while pending:
            step = next(pending[-1], None)
            if step is None:
                pending.pop()
                done.add(trail.pop())
                continue
            target, place = step
            if target in trail:
                circle = [*trail[trail.index(target) :], target]
                report.error(
                    place,
                    "client keys lead in a circle:"
                    f" {' → '.join(names[key_id] for key_id in circle)}",
                )
            elif target not in done:
                trail.append(target)
                pending.append(iter(_nested(rules_of, target)))


def _nested(rules_of: Mapping[str, list[tuple[Rule, Node]]], key_id: str) -> list[tuple[str, Node]]:
    return [
        (rule.key_id, place)
        for rule, place in rules_of.get(key_id, [])
        if rule.key_id is not None and rule.key_id in rules_of
    ]


def entries_allowed(
    key_id: str, rules_of: Mapping[str, tuple[Rule, ...]], providers: ProvidersRead
) -> set[tuple[str, ModelEntry]]:
    """The listed models a client key can reach, through nested keys too (as far as their models are
    known), each with its provider's id.
    """
    found: set[tuple[str, ModelEntry]] = set()
    pending: list[tuple[str, str | None]] = [(key_id, None)]
    seen = set(pending)
    while pending:
        current, only = pending.pop()
        for rule in rules_of.get(current, ()):
            model = rule.model if only is None else only
            if rule.kind == "unknown" or rule.model not in (None, model):
                continue
            if rule.key_id is None:
                found |= _entries_matched(rule.provider, model, providers)
            elif (rule.key_id, model) not in seen:
                seen.add((rule.key_id, model))
                pending.append((rule.key_id, model))
    return found


def _entries_matched(
    name: str | None, model: str | None, providers: ProvidersRead
) -> set[tuple[str, ModelEntry]]:
    reached = (provider for provider in providers.providers if name in (None, provider.name))
    return {
        (provider.provider_id, entry)
        for provider in reached
        for entry in provider.models
        if model is None or model == entry.alias or fits(entry.alias, model)
    }
