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
    own = {key.key_id: frozenset(key.aliases) for key in keys.keys}
    for node in keys.aliases_at.values():
        for name, member in named(node):
            so = f"the alias `{name}` leads nowhere"
            _look_up(member.value, around, around.served, so, report)
    maps: list[tuple[Node, frozenset[str]]] = [
        (node, around.served | own[key_id]) for key_id, node in keys.fallback_at.items()
    ]
    if shared_fallback is not None:
        maps.append((shared_fallback, around.served.union(*own.values())))
    for node, known in maps:
        for name, member in named(node):
            hint = "" if is_among(known, name) else near(name, known)
            if hint:
                report.warning(
                    member.key,
                    f"no provider serves `{name}`: only its fallbacks answer to it{hint}",
                )
            stand_ins = member.value.items if member.value.kind == "list" else (member.value,)
            for one in stand_ins:
                _look_up(one, around, known, f"it does not stand in for `{name}`", report)


def _look_up(
    node: Node, around: Surroundings, known: frozenset[str], so: str, report: ProblemList
) -> None:
    """`so`: what becomes of it."""
    name = node.text.strip()
    if name and not is_among(known, name):
        hint = _hint(name, around.served_but_left_out, known)
        report.warning(node, f"no provider serves `{name}`: {so}{hint}")


def _hint(name: str, left_out: Mapping[str, str], known: Iterable[str]) -> str:
    if name in left_out:
        return f"; the provider `{left_out[name]}`, which is left out, would"
    _, _, model = name.partition("/")
    return f"; write `{model}`, without a provider" if model in known else near(name, known)
