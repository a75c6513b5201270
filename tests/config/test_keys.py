"""The table of keys, and what is made from it: the JSON Schema and the starter file."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

import pytest
import yaml

from uniapi.config import KEYS, Config, Key, Problem, json_schema, key_table, starter_text
from uniapi.config.editor_schema import SHAPES
from uniapi.config.keys import LEVELS

Read = Callable[..., Config]
Problems = Callable[..., tuple[Problem, ...]]

CONTRACT = {
    "": "providers api_keys preferences ENABLE_MODERATION video",
    "providers[]": "provider base_url api model engine tools image project_id private_key client_email "  # noqa: E501
    "region cf_account_id aws_access_key aws_secret_key"
    " aws_session_token enabled notes exclude_endpoints exclude_request_types only_request_types "
    "exclude_request_rules max_request_body_bytes preferences",
    "providers[].api[]": "key weight proxy project_id enabled",
    "providers[].preferences": "api_key_rate_limit api_key_cooldown_period api_key_quota_cooldown_period "  # noqa: E501
    "api_key_rate_limit_cooldown_period"
    " api_key_schedule_algorithm api_key_max_concurrency ca_file"
    " model_timeout timeout_policy cooldown_period "
    "keepalive_interval proxy headers passthrough_request_headers"
    " post_body_parameter_overrides think_tags search_defaults "
    "responses_stream_commit_policy access_key secret_key",
    "api_keys[]": "api model role preferences enabled",
    "api_keys[].preferences": (
        "SCHEDULING_ALGORITHM AUTO_RETRY rate_limit ENABLE_MODERATION credits created_at "
        "allowed_ips expires_at max_concurrency budget"
    ),
    "preferences": "model_timeout timeout_policy cooldown_period error_triggers rate_limit proxy "
    "keepalive_interval model_price hedging allow_private_urls"
    " cors_origins trusted_proxies max_body_bytes unsupported_parameters retention model_info"
    " learn max_bodies_in_memory budget price_list prompt_cache notify",
    "preferences.retention": "raw raw_bytes hourly daily",
}


@pytest.mark.parametrize(("level", "names"), CONTRACT.items())
def test_the_table_holds_every_key_of_the_contract(level: str, names: str) -> None:
    """Every key that is promised, and every one that the predecessor had."""
    assert set(names.split()) <= {key.name for key in KEYS if key.level == level}


def test_the_table_is_sound() -> None:
    """No key twice at a level; every key says what it means; every level that a form holds is in
    the table.
    """
    places = [(key.level, key.name) for key in KEYS]
    assert len(places) == len(set(places))
    assert [key.name for key in KEYS if not key.meaning] == []
    held = {key.form.level.path for key in KEYS if key.form.level is not None}
    assert held | {""} == {level.path for level in LEVELS}


def test_a_row_becomes_a_field_of_what_its_level_builds() -> None:
    """So that no row can be advertised and go nowhere."""
    for level in LEVELS:
        for key in level.keys:
            if key.status != "used":
                assert key.field == ""
            elif not key.field:
                assert key.form.level is not None or key.name == "enabled", key
            elif level.builds is not None:
                assert key.field in {field.name for field in fields(level.builds)}, key


_KEY = "sk-upstream-0000000000"
_BASE: dict[str, Any] = {"provider": "a", "base_url": "https://a.example/v1", "api": _KEY}
_RULE = {"match": {"provider": "a"}, "timeout": 5}


def _file(provider: Any = None, client: Any = None, preferences: Any = None, **top: Any) -> str:
    return yaml.safe_dump(
        {
            "providers": [{**_BASE, **(provider or {})}],
            "api_keys": [
                {"api": "sk-client-0000000000", **(client or {})},
                {"api": "sk-another-000000000"},
            ],
            "preferences": preferences or {},
            **top,
        }
    )


_FILES: dict[str, Callable[[dict[str, Any]], str]] = {
    "": lambda said: _file(**said),
    "providers[]": lambda said: _file(said),
    "providers[].api[]": lambda said: _file({"api": [{"key": _KEY, **said}]}),
    "providers[].preferences": lambda said: _file({"preferences": said}),
    "providers[].exclude_request_rules[]": lambda said: _file(
        {"exclude_request_rules": [{"match": {"endpoint": "/x"}, **said}]}
    ),
    "providers[].exclude_request_rules[].match": lambda said: _file(
        {"exclude_request_rules": [{"match": {"endpoint": "/x", **said}}]}
    ),
    "api_keys[]": lambda said: _file(client=said),
    "api_keys[].preferences": lambda said: _file(client={"preferences": said}),
    "preferences": lambda said: _file(preferences=said),
    "preferences.retention": lambda said: _file(preferences={"retention": said}),
    "preferences.inspect": lambda said: _file(preferences={"inspect": said}),
    "preferences.model_info.<model>": lambda said: _file(preferences={"model_info": {"m": said}}),
    "preferences.model_info.<model>.modalities": lambda said: _file(
        preferences={"model_info": {"m": {"modalities": said}}}
    ),
    "preferences.model_price.<model>": lambda said: _file(
        preferences={"model_price": {"m": {"request": 1, **said}}}
    ),
    "preferences.model_price.<model>.tiers.<tokens>": lambda said: _file(
        preferences={"model_price": {"m": {"in": 1, "tiers": {200: {"request": 1, **said}}}}}
    ),
    "preferences.notify": lambda said: _file(
        preferences={"notify": {"url": "https://a.example/", **said}}
    ),
    "timeout_policy": lambda said: _file(preferences={"timeout_policy": said}),
    "timeout_policy.rules[]": lambda said: _file(
        preferences={"timeout_policy": {"rules": [{**_RULE, **said}]}}
    ),
    "timeout_policy.rules[].match": lambda said: _file(
        preferences={"timeout_policy": {"rules": [{**_RULE, "match": {"provider": "a", **said}}]}}
    ),
    "timeout": lambda said: _file(preferences={"timeout_policy": {"default": said}}),
}
"""A valid file with some keys at a level."""

_SAMPLES: dict[str, Any] = {
    "providers": [{**_BASE, "provider": "other"}],
    "api_keys": [{"api": "sk-some-other-client-key"}],
    "base_url": "https://b.example/v1",
    "engine": "claude",
    "proxy": "socks5://127.0.0.1:1080",
    "headers": {"x-a": "b"},
    "post_body_parameter_overrides": {"a": 1},
    "SCHEDULING_ALGORITHM": "lottery",
    "AUTO_RETRY": 5,
    "api_key_schedule_algorithm": "sticky",
    "allowed_ips": "10.0.0.1",
    "trusted_proxies": "10.0.0.1",
    "cors_origins": "https://a.example",
    "unsupported_parameters": "reject",
    "model_price": {"m": "1,2"},
    "exclude_request_rules": [{"match": {"endpoint": "/x"}}],
    "rules": [_RULE],
    "model_info": {"m": {"context_length": 5}},
    "retention": {"raw": "3d"},
    "inspect": {"last": 7},
    "match": {"endpoint": "/other"},
    "default": {"total": 5},
    "timeout_policy": {"default": 5},
    "providers[].preferences": {"think_tags": True},
    "api_keys[].preferences": {"credits": 3},
    "preferences": {"allow_private_urls": True},
    "learn": False,
    "budget": "$3/day",
    "prompt_cache": "client",
    "price_list": False,
    "notify": "https://ntfy.sh/topic",
    "preferences.model_price.<model>": {"m": {"in": 4}},
    "preferences.model_price.<model>.tiers.<tokens>": {"200000": {"in": 4}},
    "preferences.notify": "https://ntfy.sh/topic",
    "service": "slack",
}
"""What is written for a key whose shape alone does not say it: by the level it holds, its name, or
(below) its first shape.
"""
_BY_SHAPE: dict[str, Any] = {
    "text": "5d",
    "seconds": 7.5,
    "positive": 7,
    "bool": True,
    "models": ["m"],
    "rules": ["a/*"],
    "texts": ["word"],
    "text by name": {"m": "n"},
    "texts by name": {"m": ["n"]},
}


def _sample(key: Key) -> Any:
    if key.form.level is not None and key.form.level.path in _SAMPLES:
        return _SAMPLES[key.form.level.path]
    if key.name in _SAMPLES:
        return _SAMPLES[key.name]
    if key.default == "true":
        return False
    if "rate" in key.name:
        return "7/min"
    return _BY_SHAPE[key.form.shapes[0]]


@pytest.mark.parametrize(
    "key",
    [key for key in KEYS if key.status == "used"],
    ids=lambda key: f"{key.level}.{key.name}",
)
def test_every_key_that_is_advertised_has_an_effect(
    key: Key, read: Read, problems: Problems
) -> None:
    """Written with a value other than the default it changes what is read, or is complained of; it
    is never taken in silence and forgotten.
    """
    write = _FILES[key.level]
    text = write({key.name: _sample(key)})
    said = problems(text)
    assert not [one for one in said if "unknown key" in one.message]
    if not any(one.severity == "error" for one in said):
        assert said != problems(write({})) or read(text) != read(write({}))


def test_the_key_table_is_what_a_user_may_write() -> None:
    """Keys without effect are not advertised."""
    shown = key_table()
    assert all(isinstance(key, Key) and key.status == "used" for key in shown)
    assert "hedging" not in {key.name for key in shown}


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for name, value in schema.items():
            if name == "$ref":
                yield value
            else:
                yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


def test_the_schema_is_json_and_refers_only_to_what_it_defines() -> None:
    """Editors read it as draft-07."""
    schema = json.loads(json.dumps(json_schema(["gpt", "claude"])))
    assert {reference.removeprefix("#/definitions/") for reference in _references(schema)} == set(
        schema["definitions"]
    )
    assert schema["required"] == ["providers", "api_keys"]
    assert schema["definitions"]["providers"]["properties"]["engine"]["enum"] == ["claude", "gpt"]
    assert (
        schema["definitions"]["api_keys_preferences"]["properties"]["SCHEDULING_ALGORITHM"]["enum"][
            0
        ]
        == "fixed_priority"
    )


def test_the_schema_describes_every_key() -> None:
    """With its default, as shown when the mouse rests on it."""
    schema = json_schema()
    objects = [schema, *schema["definitions"].values()]
    described = [
        entry["description"] for found in objects for entry in found["properties"].values()
    ]
    assert len(described) == len(KEYS)
    assert schema["definitions"]["preferences"]["properties"]["cooldown_period"][
        "description"
    ].endswith("Default: 5 s doubling to 300 s.")
    assert set(SHAPES) >= {
        shape for key in KEYS if key.form.level is None for shape in key.form.shapes
    }


def test_the_schema_accepts_the_examples(fixture_text: Callable[[str], str]) -> None:
    """Checked by a small reader of the parts of JSON Schema we use."""
    schema = json_schema(["openrouter"])
    for name in ("minimal.yaml", "advanced.yaml", "faq-priority.yaml"):
        assert (
            list(
                _violations(yaml.safe_load(fixture_text(name)), schema, schema["definitions"], name)
            )
            == []
        )


_TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "number": (int, float),
    "integer": int,
    "boolean": bool,
}


def _violations(
    value: Any, schema: dict[str, Any], definitions: dict[str, Any], path: str
) -> Iterator[str]:
    """What in `value` does not fit, as paths."""
    if "$ref" in schema:
        yield from _violations(
            value, definitions[schema["$ref"].removeprefix("#/definitions/")], definitions, path
        )
        return
    if "anyOf" in schema and all(
        list(_violations(value, option, definitions, path)) for option in schema["anyOf"]
    ):
        yield path
    for part in schema.get("allOf", []):
        yield from _violations(value, part, definitions, path)
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(isinstance(value, _TYPES[kind]) for kind in kinds):
        yield path
    if "enum" in schema and value not in schema["enum"]:
        yield path
    if "pattern" in schema and not re.search(schema["pattern"], str(value)):
        yield path
    if isinstance(value, dict):
        for name, member in value.items():
            inner = schema.get("properties", {}).get(name, schema.get("additionalProperties", {}))
            if inner is False:
                yield f"{path}.{name}"
            else:
                yield from _violations(member, inner, definitions, f"{path}.{name}")
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from _violations(item, schema["items"], definitions, f"{path}[{index}]")


def test_the_starter_file_lacks_nothing_but_a_key(read: Read, problems: Problems) -> None:
    """What `init` writes loads as it stands and holds the new client key; `check` says where the
    provider's own key belongs.
    """
    text = starter_text("sk-" + "k" * 48, "python3 uni-api.pex")
    assert [(problem.severity, problem.path) for problem in problems(text)] == [
        ("warning", "providers[0].api")
    ]
    assert [key.secret for key in read(text).client_keys] == ["sk-" + "k" * 48]
    assert text.startswith("# yaml-language-server: $schema=")
    assert "# Check this file:        python3 uni-api.pex check\n" in text


def test_the_starter_file_holds_no_mistake_in_its_comments(read: Read, problems: Problems) -> None:
    """With every commented entry put in force it loads too; only its placeholders for keys are what
    they are.
    """
    text = starter_text("sk-" + "k" * 48, "python3 uni-api.pex")
    body = text[text.index("providers:") :]
    entries = re.sub(r"(?m)^( *)# (?=( *)(- |[A-Za-z_]+:( |$)))", r"\1", body)
    config = read(entries)
    assert [provider.name for provider in config.providers] == [
        "openai",
        "anthropic",
        "gemini",
        "local",
    ]
    assert (config.client_keys[0].policy, len(config.client_keys[0].rules)) == ("round_robin", 3)
    assert [
        problem.message
        for problem in problems(entries)
        if not any(said in problem.message for said in ("an example's key", "no client key's"))
    ] == []
