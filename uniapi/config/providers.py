"""`providers`: each entry to a Provider, or left out with the reason when it cannot be built."""

from __future__ import annotations

from typing import Any

from uniapi.values import dataclass, field

from .addresses import host_of, path_of, proxy_fault, url_fault
from .body_overrides import read_overrides
from .credentials import read_credentials
from .engine_names import EngineNames
from .levels import Section, section
from .nodes import Node, ProblemList
from .provider_keys import PROVIDER, PROVIDER_PREFERENCES
from .provider_schema import Credential, ModelEntry, Provider
from .values import near, wrong

_ENGINE_SYNONYMS = {
    "openai": "gpt",
    "anthropic": "claude",
    "google": "gemini",
    "vertex": "vertex-gemini",
    "bedrock": "aws",
    "databricks": "azure-databricks",
    "azure-openai": "azure",
}


@dataclass(slots=True)
class ProvidersRead:
    """All providers of the file: those built, and the names and aliases of those left out (so that
    rules naming them are not called unknown).
    """

    providers: list[Provider] = field(default_factory=list)
    left_out: dict[str, tuple[ModelEntry, ...]] = field(default_factory=dict)
    """By name; empty models for one that would have been asked for its list."""
    places: dict[str, Node] = field(default_factory=dict)
    money_at: dict[str, Node] = field(default_factory=dict)
    """Where `budget` is written, by the id of those that have one."""

    def names(self) -> set[str]:
        return {provider.name for provider in self.providers} | set(self.left_out)


def read_providers(node: Node, engines: EngineNames, report: ProblemList) -> ProvidersRead:
    """Every entry of `providers`."""
    read = ProvidersRead()
    if node.kind != "list":
        hint = ": begin each entry with `- provider: name`" if node.kind == "map" else ""
        wrong(node, report, f"a list of providers{hint}")
        return read
    taken: dict[str, int] = {}
    for item in node.items:
        entry = section(item, PROVIDER, report)
        if entry is None:
            if item.kind == "null":
                wrong(item, report, "a provider")
            continue
        name = entry.value("provider") or ""
        if entry.value("enabled") is False:
            read.left_out.setdefault(name, ())
            read.left_out[name] += entry.value("model") or ()
            continue
        taken[name] = taken.get(name, 0) + 1
        if taken[name] > 1 and name:
            place = entry.get("provider") or item
            report.warning(
                place,
                f"another provider is already named `{name}`: rules reach all of them, and each"
                " keeps its own keys",
            )
        provider_id = name if taken[name] == 1 else f"{name}#{taken[name]}"
        _Reading(entry, name, provider_id, engines, report).into(read)
    return read


class _Reading:
    """One entry of `providers` on its way to a Provider.

    `_faults` collects what keeps it from being built.
    """

    def __init__(
        self, entry: Section, name: str, provider_id: str, engines: EngineNames, report: ProblemList
    ) -> None:
        self._entry = entry
        self._preferences = section(entry.get("preferences"), PROVIDER_PREFERENCES, report)
        self._name = name
        self._provider_id = provider_id
        self._engines = engines
        self._report = report
        self._faults: list[tuple[Node, str]] = []

    def into(self, read: ProvidersRead) -> None:
        """Reads everything, so that every problem is found, then adds the provider to those built
        or to those left out.
        """
        models = self._entry.value("model") or ()
        provider = self._provider(models)
        for place, reason in self._faults:
            self._report.warning(place, f"the provider `{self._name}` is left out: {reason}")
        if self._faults:
            read.left_out.setdefault(self._name, ())
            read.left_out[self._name] += models
        else:
            for remark in self._engines.look_over(provider):
                place = self._entry.get(remark.key) or self._entry.node
                say = self._report.error if remark.severity == "error" else self._report.warning
                say(place, remark.message)
            read.providers.append(provider)
            read.places[provider.provider_id] = self._entry.node
            budget = self._preferences.get("budget") if self._preferences is not None else None
            if budget is not None:
                read.money_at[provider.provider_id] = budget

    def _provider(self, models: tuple[ModelEntry, ...]) -> Provider:
        entry, preferences = self._entry, self._preferences
        engine = self._engine()
        found = read_credentials(entry, self._engines)
        self._faults.extend(found.faults)
        base_url = self._base_url(engine, found.credentials)
        projects = entry.value("project_id")
        self._foreign_gemini(base_url, models)
        settings = self._settings(preferences, models) if preferences is not None else {}
        return Provider(
            provider_id=self._provider_id,
            name=self._name,
            base_url=base_url,
            engine=engine,
            credentials=found.credentials,
            models=models,
            is_discovered=not models,
            project_id=projects[0] if projects else None,
            **{**settings, **entry.fields()},
        )

    def _settings(self, read: Section, models: tuple[ModelEntry, ...]) -> dict[str, Any]:
        """The fields that stand under the provider's `preferences`."""
        settings = read.fields()
        fault = proxy_fault(settings["proxy"]) if "proxy" in settings else None
        if fault is not None:
            self._faults.append(
                (
                    read.get("proxy") or read.node,
                    f"its proxy cannot be used: {fault}. Nothing is sent past a proxy",
                )
            )
        overrides = read.get("post_body_parameter_overrides")
        aliases = frozenset(model.alias for model in models) if models else None
        written = read_overrides(overrides, aliases, self._report) if overrides else None
        return settings if written is None else {**settings, "body_overrides": written}

    def _engine(self) -> str | None:
        node = self._entry.get("engine")
        name: str | None = self._entry.value("engine")
        if node is None or name is None:
            return None
        if name in self._engines.built:
            return name
        if name in self._engines.known_unbuilt:
            self._faults.append((node, f"its engine `{name}` is not built"))
            return None
        meant = near(name, [*self._engines.built, *_ENGINE_SYNONYMS])
        for synonym, engine in _ENGINE_SYNONYMS.items():
            meant = meant.replace(f"`{synonym}`", f"`{engine}`")
        self._report.error(
            node,
            f"unknown engine {node.shown()}: expected one of"
            f" {', '.join(sorted(self._engines.built))}{meant}",
        )
        return None

    def _base_url(self, engine: str | None, credentials: tuple[Credential, ...]) -> str | None:
        """The address, without a fragment; a bare `#` at its end says that it is the endpoint.

        A provider may do without when something else says where it is.
        """
        entry = self._entry
        node = entry.get("base_url")
        if node is not None:
            url = str(entry.value("base_url") or "")
            fault = url_fault(url) if url else None
            if url and fault:
                self._faults.append((node, f"its `base_url` cannot be used: {fault}"))
            address, mark, fragment = url.partition("#")
            return (address + mark if mark and not fragment else address) or None
        has_key = any(credential.kind != "none" for credential in credentials)
        is_placed = any(
            entry.get(name)
            for name in ("project_id", "cf_account_id", "aws_access_key", "aws_secret_key")
        )
        is_placed_by_engine = (
            engine is not None and (engine == "aws" or engine.startswith("vertex")) and has_key
        )
        if not is_placed and not is_placed_by_engine and not self._faults:
            self._faults.append(
                (
                    entry.node,
                    (
                        "`base_url` is missing (only `project_id`, `cf_account_id` or AWS keys make"
                        " it needless)"
                    ),
                )
            )
        return None

    def _foreign_gemini(self, base_url: str | None, models: tuple[ModelEntry, ...]) -> None:
        """The predecessor took every address that ends in `/v1` for Gemini's; we do not, and say so
        to who may have relied on it.
        """
        node = self._entry.get("base_url")
        if (
            self._entry.get("engine")
            or not base_url
            or not node
            or not models
            or not path_of(base_url).endswith("/v1")
        ):
            return
        if host_of(base_url).endswith("googleapis.com") or not all(
            model.upstream.startswith("gemini-") for model in models
        ):
            return
        message = (
            f"`{host_of(base_url)}` is taken for OpenAI-compatible although all its models are"
            " Gemini's; if it speaks Google's format add `engine: gemini`"
        )
        self._report.warning(node, message)
