"""`providers`: each entry to a Provider, or left out with the reason when it cannot be built."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from .addresses import host_of, path_of, proxy_fault, url_fault
from .body_overrides import read_overrides
from .credentials import read_credentials
from .keys import CREDENTIAL_POLICIES, PROVIDER, PROVIDER_PREFERENCES, REQUEST_MATCH, REQUEST_RULE
from .nodes import Node, ProblemList
from .schema import (
    BodyOverrides,
    ByModel,
    Credential,
    EngineNames,
    ModelEntry,
    Provider,
    RequestRule,
    TimeoutPolicy,
)
from .timeouts import timeout_policy
from .values import (
    Section,
    boolean,
    choice,
    lower_texts,
    near,
    patterns,
    rates_by_model,
    seconds,
    seconds_by_model,
    section,
    size_bytes,
    text,
    texts,
    wrong,
)

_ENGINE_SYNONYMS = {
    "openai": "gpt",
    "anthropic": "claude",
    "google": "gemini",
    "vertex": "vertex-gemini",
    "bedrock": "aws",
    "databricks": "azure-databricks",
    "azure-openai": "azure",
}
_REQUEST_TYPES = ("compaction",)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NEVER_PASSED = frozenset(
    {
        "authorization",
        "x-api-key",
        "x-goog-api-key",
        "api-key",
        "cookie",
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
    }
)
"""Client headers that carry our own client's key or belong to one connection."""


@dataclass(slots=True)
class ProvidersRead:
    """All providers of the file: those built, and the names and aliases of those left out (so that
    rules naming them are not called unknown).
    """

    providers: list[Provider] = field(default_factory=list)
    left_out: dict[str, tuple[ModelEntry, ...]] = field(default_factory=dict)
    """By name; empty models for one that would have been asked for its list."""
    places: dict[str, Node] = field(default_factory=dict)

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
        name = entry.optional("provider", text) or ""
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
        models = self._models()
        provider = self._provider(models)
        for place, reason in self._faults:
            self._report.warning(place, f"the provider `{self._name}` is left out: {reason}")
        if self._faults:
            read.left_out.setdefault(self._name, ())
            read.left_out[self._name] += models or ()
        else:
            read.providers.append(provider)
            read.places[provider.provider_id] = self._entry.node

    def _provider(self, models: tuple[ModelEntry, ...] | None) -> Provider:
        entry = self._entry
        engine = self._engine()
        found = read_credentials(entry, self._engines)
        self._faults.extend(found.faults)
        base_url = self._base_url(engine, found.credentials)
        projects = entry.read("project_id", texts, ())
        self._foreign_gemini(base_url, models or ())
        return Provider(
            provider_id=self._provider_id,
            name=self._name,
            base_url=base_url,
            engine=engine,
            credentials=found.credentials,
            models=models or (),
            is_discovered=not models,
            has_tools=entry.read("tools", boolean, True),
            has_images=entry.read("image", boolean, True),
            project_id=projects[0] if projects else None,
            region=entry.optional("region", text),
            cf_account_id=entry.optional("cf_account_id", text),
            exclude_endpoints=self._exclude_endpoints(),
            exclude_request_types=self._request_types("exclude_request_types"),
            only_request_types=self._request_types("only_request_types"),
            exclude_request_rules=self._request_rules(),
            max_request_body_bytes=self._either("max_request_body_bytes", size_bytes),
            **self._settings(models or ()),
        )

    def _settings(self, models: tuple[ModelEntry, ...]) -> dict[str, Any]:
        """The fields that stand under the provider's `preferences`."""
        read = self._preferences
        if read is None:
            return {}
        cooldown = read.optional("api_key_cooldown_period", seconds)
        older_cooldown = read.optional("api_key_rate_limit_cooldown_period", seconds)
        return {
            "credential_rates": read.read("api_key_rate_limit", rates_by_model, ByModel()),
            "credential_cooldown_s": older_cooldown if cooldown is None else cooldown,
            "quota_cooldown_s": read.read(
                "api_key_quota_cooldown_period",
                seconds,
                Provider.__dataclass_fields__["quota_cooldown_s"].default,
            ),
            "credential_policy": read.optional("api_key_schedule_algorithm", _credential_policy),
            "cooldown_s": read.optional("cooldown_period", seconds),
            "model_timeout": read.read("model_timeout", seconds_by_model, ByModel()),
            "timeout_policy": read.read("timeout_policy", timeout_policy, TimeoutPolicy()),
            "keepalive_interval": read.read("keepalive_interval", seconds_by_model, ByModel()),
            "proxy": self._proxy(read),
            "headers": read.read("headers", _headers, {}),
            "passthrough_request_headers": read.read(
                "passthrough_request_headers", _passed_headers, ()
            ),
            "body_overrides": read.read(
                "post_body_parameter_overrides",
                lambda node, report: read_overrides(
                    node, None if not models else frozenset(model.alias for model in models), report
                ),
                BodyOverrides(),
            ),
            "think_tags": read.read("think_tags", boolean, False),
        }

    def _engine(self) -> str | None:
        node = self._entry.get("engine")
        name = text(node, self._report) if node else None
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
        """The address, without a fragment.

        A provider may do without when something else says where it is.
        """
        entry = self._entry
        node = entry.get("base_url")
        if node is not None:
            url = text(node, self._report)
            fault = url_fault(url) if url else None
            if url and fault:
                self._faults.append((node, f"its `base_url` cannot be used: {fault}"))
            return url.partition("#")[0] if url else None
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

    def _proxy(self, read: Section) -> str | None:
        node = read.get("proxy")
        proxy = text(node, self._report) if node else None
        if node and proxy and (fault := proxy_fault(proxy)):
            self._faults.append(
                (node, f"its proxy cannot be used: {fault}. Nothing is sent past a proxy")
            )
        return proxy

    def _models(self) -> tuple[ModelEntry, ...] | None:
        """The `model` list, None when the provider is to be asked.

        An alias given twice means its last line, as it always did.
        """
        node = self._entry.get("model")
        if node is None:
            return None
        entries: dict[str, str] = {}
        for item in node.items if node.kind == "list" else (node,):
            for upstream, alias, place in _model_pairs(item, self._report):
                if alias in entries:
                    same = entries[alias] == upstream
                    said = (
                        "is listed twice"
                        if same
                        else (
                            f"stands for `{entries[alias]}` and for `{upstream}`: the last one"
                            " counts"
                        )
                    )
                    self._report.warning(place, f"the model name `{alias}` {said}")
                entries[alias] = upstream
        return tuple(
            ModelEntry(upstream=upstream, alias=alias) for alias, upstream in entries.items()
        )

    def _either(self, name: str, reader: Any) -> Any:
        """A key that may stand under the provider or under its `preferences`."""
        value = self._entry.optional(name, reader)
        other = self._preferences.optional(name, reader) if self._preferences else None
        return other if value is None else value

    def _exclude_endpoints(self) -> tuple[str, ...]:
        paths: tuple[str, ...] = self._either("exclude_endpoints", texts) or ()
        return tuple(path if path.startswith("/") else f"/{path}" for path in paths)

    def _request_types(self, name: str) -> tuple[str, ...]:
        return cast("tuple[str, ...]", self._either(name, _request_types) or ())

    def _request_rules(self) -> tuple[RequestRule, ...]:
        return cast(
            "tuple[RequestRule, ...]", self._either("exclude_request_rules", _request_rules) or ()
        )

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


def _model_pairs(node: Node, report: ProblemList) -> list[tuple[str, str, Node]]:
    """(upstream, alias, place) of one item: a name, or a map of `upstream: alias`."""
    if node.kind != "map":
        name = text(node, report)
        return [(name, name, node)] if name else []
    pairs = []
    for member in node.members:
        upstream = text(member.key, report)
        alias = text(member.value, report)
        if upstream and alias:
            pairs.append((upstream, alias, member.value))
    if not node.members:
        wrong(node, report, "a model name or `upstream: alias`")
    return pairs


def _credential_policy(node: Node, report: ProblemList) -> Any:
    if node.is_scalar and node.text.strip() in ("weighted_round_robin", "lottery"):
        report.warning(
            node, f"{node.shown()} orders channels, not keys: `round_robin` is used here"
        )
        return "round_robin"
    return choice(node, report, CREDENTIAL_POLICIES)


def _headers(node: Node, report: ProblemList) -> Mapping[str, str] | None:
    if node.kind != "map":
        wrong(node, report, "a map of header name to text")
        return None
    headers: dict[str, str] = {}
    for member in node.members:
        name, value = member.key.text.strip(), text(member.value, report)
        if not _HEADER_NAME.fullmatch(name):
            report.error(member.key, f"{member.key.shown()} is not the name of a header")
        elif value is not None and not value.isprintable():
            report.error(
                member.value, "a header's value has no line break or other control character"
            )
        elif value is not None:
            headers[name] = value
    return headers


def _passed_headers(node: Node, report: ProblemList) -> tuple[str, ...] | None:
    names = lower_texts(node, report)
    for name in names or ():
        if name in _NEVER_PASSED:
            report.warning(
                node, f"`{name}` is never passed on: it belongs to the client's own call"
            )
    return None if names is None else tuple(name for name in names if name not in _NEVER_PASSED)


def _request_types(node: Node, report: ProblemList) -> tuple[str, ...] | None:
    names = lower_texts(node, report)
    for name in names or ():
        if name not in _REQUEST_TYPES:
            report.warning(
                node,
                f"`{name}` is no request type we know: expected"
                f" {', '.join(_REQUEST_TYPES)}{near(name, _REQUEST_TYPES)}",
            )
    return names


def _request_rules(node: Node, report: ProblemList) -> tuple[RequestRule, ...] | None:
    if node.kind != "list":
        wrong(node, report, "a list of `{match: {…}, reason: …}`")
        return None
    rules = []
    for item in node.items:
        read = section(item, REQUEST_RULE, report)
        if read is None:
            continue
        match = read.optional("match", lambda value, report: patterns(value, REQUEST_MATCH, report))
        if match is not None:
            rules.append(RequestRule(match=match, reason=read.read("reason", text, "")))
    return tuple(rules)
