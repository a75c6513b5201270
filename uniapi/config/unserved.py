"""Names in `aliases` and `fallback` that no provider serves: a request that comes to one of them
ends in 404, or goes nowhere when it is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .client_keys import ClientKeysRead
from .nodes import Node, ProblemList
from .providers import ProvidersRead
from .rules import Surroundings, is_among
from .values import named, near


def warn_of_unserved(
    keys: ClientKeysRead,
    providers: ProvidersRead,
    shared_fallback: Node | None,
    report: ProblemList,
) -> None:
    """A warning at each; none when a provider is asked for its list, as then nobody knows yet."""
    around = Surroundings.of(providers, ())
    if not around.is_complete or not around.served:
        return
    for node in keys.aliases_at.values():
        _of_aliases(node, around, report)
    own = {key.key_id: frozenset(key.aliases) for key in keys.keys}
    for key_id, node in keys.fallback_at.items():
        _of_fallback(node, around.served | own[key_id], around, report)
    if shared_fallback is not None:
        _of_fallback(shared_fallback, around.served.union(*own.values()), around, report)


def _of_aliases(node: Node, around: Surroundings, report: ProblemList) -> None:
    for name, member in named(node):
        model = member.value.text.strip()
        if model and not is_among(around.served, model):
            hint = _hint(model, around.served_but_left_out, around.served)
            report.warning(
                member.value,
                f"no provider serves `{model}`: the alias `{name}` leads nowhere{hint}",
            )


def _of_fallback(
    node: Node, known: frozenset[str], around: Surroundings, report: ProblemList
) -> None:
    """`known`: what may be asked for here. A name of its own that nobody serves is a way to replace
    a model that is gone, so it is only said where another is near.
    """
    for name, member in named(node):
        hint = "" if is_among(known, name) else near(name, known)
        if hint:
            report.warning(
                member.key, f"no provider serves `{name}`: only its fallbacks answer to it{hint}"
            )
        for one in member.value.items if member.value.kind == "list" else (member.value,):
            model = one.text.strip()
            if model and not is_among(known, model):
                hint = _hint(model, around.served_but_left_out, known)
                report.warning(
                    one, f"no provider serves `{model}`: it does not stand in for `{name}`{hint}"
                )


def _hint(name: str, left_out: Mapping[str, str], known: Iterable[str]) -> str:
    if name in left_out:
        return f"; the provider `{left_out[name]}`, which is left out, would"
    _, _, model = name.partition("/")
    return f"; write `{model}`, without a provider" if model in known else near(name, known)
