"""OpenAI's models are asked in the dialect that serves the request, whoever the client is and
however the address is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from uniapi.canonical import NO_NEEDS, DialectNeeds, Operation
from uniapi.engines import Target, engine_for
from uniapi.engines.spoken_dialect import ROWS

OPENAI, AZURE = "https://api.openai.com/v1", "https://r.openai.azure.com"
CHAT, RESPONSES = "openai_chat", "openai_responses"
TOOLS = DialectNeeds(has_functions=True)
TOOLS_LOW = DialectNeeds(has_functions=True, effort="low")
TOOLS_OFF = DialectNeeds(has_functions=True, effort="none")
LOW, MAX = DialectNeeds(effort="low"), DialectNeeds(effort="max")
SEARCH = DialectNeeds(searches=True)

MODELS = [
    ("gpt-4o", TOOLS_LOW, CHAT),
    ("gpt-5", TOOLS_LOW, CHAT),
    ("gpt-5.1", TOOLS_LOW, CHAT),
    ("gpt-5.3", TOOLS_LOW, CHAT),
    ("gpt-5.4", TOOLS, CHAT),
    ("gpt-5.4", LOW, CHAT),
    ("gpt-5.4-mini", TOOLS_LOW, RESPONSES),
    ("gpt-5-4", TOOLS_LOW, RESPONSES),
    ("gpt-5.4", TOOLS_OFF, CHAT),
    ("gpt-5.5", TOOLS, RESPONSES),
    ("gpt-5.5", TOOLS_OFF, CHAT),
    ("gpt-5.6-terra", TOOLS, RESPONSES),
    ("gpt-5.6-terra", TOOLS_OFF, CHAT),
    ("gpt-5.6-luna", LOW, CHAT),
    ("gpt-5.6-luna", MAX, RESPONSES),
    ("gpt-6-sol", TOOLS, RESPONSES),
    ("gpt-6-sol", LOW, CHAT),
    ("gpt-6-astra", TOOLS_OFF, RESPONSES),
    ("gpt-6.1-sol-2026-10-01", TOOLS, RESPONSES),
    ("gpt-6.2-astra", NO_NEEDS, CHAT),
    ("gpt-7", TOOLS, RESPONSES),
    ("gpt-5-2025-08-07", TOOLS_LOW, CHAT),
    ("gpt-35-turbo", TOOLS_LOW, CHAT),
    ("gpt-4-1106-preview", SEARCH, CHAT),
    ("gpt-4.1", SEARCH, RESPONSES),
    ("gpt-4.1-nano", SEARCH, CHAT),
    ("o4-mini", SEARCH, RESPONSES),
    ("gpt-5-codex", NO_NEEDS, RESPONSES),
    ("gpt-5.1-codex-max", NO_NEEDS, RESPONSES),
    ("gpt-5.3-codex-spark", NO_NEEDS, RESPONSES),
    ("codex-mini-latest", NO_NEEDS, RESPONSES),
    ("o1-pro", NO_NEEDS, RESPONSES),
    ("o3-pro-2025-06-10", NO_NEEDS, RESPONSES),
    ("gpt-5-pro", NO_NEEDS, RESPONSES),
    ("gpt-5.4-pro", NO_NEEDS, RESPONSES),
    ("o3-deep-research", NO_NEEDS, RESPONSES),
    ("o4-mini-deep-research", NO_NEEDS, RESPONSES),
    ("computer-use-preview", NO_NEEDS, RESPONSES),
    ("gpt-5.6-cyber", NO_NEEDS, RESPONSES),
    ("gpt-6-rosalind", NO_NEEDS, RESPONSES),
    ("gpt-6.2-astra-law", NO_NEEDS, RESPONSES),
    ("gpt-daybreak-blue-latest", NO_NEEDS, RESPONSES),
    ("gpt-4o-search-preview", SEARCH, CHAT),
    ("gpt-5-search-api", TOOLS, CHAT),
    ("gpt-audio-mini", NO_NEEDS, CHAT),
    ("gpt-4o-audio-preview", NO_NEEDS, CHAT),
    ("o1-mini", NO_NEEDS, CHAT),
    ("some-deployment", TOOLS_LOW, CHAT),
]


@pytest.mark.parametrize("base_url", [OPENAI, AZURE])
@pytest.mark.parametrize("client", [CHAT, "anthropic", "gemini"])
@pytest.mark.parametrize(("model", "needs", "dialect"), MODELS)
def test_the_model_and_the_request_decide(
    target: Callable[..., Target],
    base_url: str,
    client: str,
    model: str,
    needs: DialectNeeds,
    dialect: str,
) -> None:
    """At OpenAI and at Azure, for clients of every other dialect."""
    place = target(model, base_url=base_url)
    assert engine_for(place.provider).dialect(place, client, needs).name == dialect


def test_namespaces_of_tools_go_to_xai_in_chat(target: Callable[..., Target]) -> None:
    """Where they are plain functions; OpenAI knows them, and xAI is asked as its client asks
    otherwise.
    """
    namespaces = DialectNeeds(groups_tools=True)

    def spoken(base_url: str, needs: DialectNeeds) -> str:
        place = target("grok-4.6", base_url=base_url)
        return engine_for(place.provider).dialect(place, RESPONSES, needs).name

    assert spoken("https://api.x.ai/v1", namespaces) == CHAT
    assert spoken("https://api.x.ai/v1", NO_NEEDS) == RESPONSES
    assert spoken(OPENAI, namespaces) == RESPONSES


ADDRESSES = [
    ("https://api.openai.com/v1/chat/completions", {}, "gpt-5-pro", CHAT, RESPONSES),
    ("https://api.openai.com/v1/chat/completions", {}, "gpt-4o", CHAT, CHAT),
    ("https://api.openai.com/v1/chat/completions", {}, "gpt-4o", RESPONSES, RESPONSES),
    ("https://api.openai.com/v1/responses", {}, "gpt-4o", "anthropic", RESPONSES),
    ("https://api.openai.com/v1/responses", {}, "gpt-audio", RESPONSES, CHAT),
    ("https://eu.api.openai.com", {}, "gpt-5-pro", CHAT, RESPONSES),
    ("https://api.openai.com/v1", {"engine": "gpt"}, "gpt-5-pro", CHAT, CHAT),
    ("https://api.openai.com/v1", {"engine": "responses"}, "gpt-audio", CHAT, RESPONSES),
    ("https://api.openai.com/v1#", {}, "gpt-5-pro", CHAT, CHAT),
    ("https://reseller.example/v1", {}, "gpt-5-pro", CHAT, CHAT),
    ("https://reseller.example/v1/responses", {}, "gpt-audio", CHAT, RESPONSES),
    ("https://bedrock-mantle.us-east-1.api.aws/v1", {}, "openai.gpt-5.6-terra", CHAT, RESPONSES),
    (f"{AZURE}/openai/responses?api-version=2025-04-01-preview", {}, "x", CHAT, RESPONSES),
    (f"{AZURE}/openai/v1/responses", {}, "x", "gemini", RESPONSES),
    (f"{AZURE}/openai/v1/chat/completions", {}, "gpt-5-codex", CHAT, RESPONSES),
    (f"{AZURE}/openai/deployments/x/chat/completions", {}, "gpt-5-codex", CHAT, RESPONSES),
    (f"{AZURE}/openai/deployments/x/chat/completions", {}, "gpt-4o", CHAT, CHAT),
    ("https://r.cognitiveservices.azure.us/", {}, "gpt-5-codex", CHAT, RESPONSES),
    ("https://r.openai.azure.cn", {}, "gpt-4o", RESPONSES, RESPONSES),
    ("https://r.services.ai.azure.com/models", {}, "gpt-5-codex", CHAT, CHAT),
    ("https://apim.example/x", {"engine": "azure"}, "gpt-5-codex", CHAT, CHAT),
    (
        "https://gateway.ai.cloudflare.com/v1/A/g/azure-openai/r/d",
        {},
        "gpt-5-codex",
        RESPONSES,
        CHAT,
    ),
]


@pytest.mark.parametrize(("base_url", "members", "model", "client", "dialect"), ADDRESSES)
def test_what_an_address_says(
    target: Callable[..., Target],
    base_url: str,
    members: dict[str, str],
    model: str,
    client: str,
    dialect: str,
) -> None:
    """The written path of these vendors names the root, and what to speak where both will do; an
    engine or a `#` is an order; hosts nobody knows speak chat.
    """
    place = target(model, base_url=base_url, **members)
    needs = DialectNeeds(has_functions=True)
    assert engine_for(place.provider).dialect(place, client, needs).name == dialect


@pytest.mark.parametrize(
    ("base_url", "model", "learned", "dialect"),
    [
        ("https://reseller.example/v1", "m", RESPONSES, RESPONSES),
        ("https://reseller.example/v1", "m", "anthropic", CHAT),
        (OPENAI, "gpt-5-pro", CHAT, CHAT),
        (AZURE, "my-deployment", RESPONSES, RESPONSES),
    ],
)
def test_what_a_refusal_taught_outranks_the_rows(
    target: Callable[..., Target], base_url: str, model: str, learned: str, dialect: str
) -> None:
    """Of the two dialects that such a host can have."""
    place = target(model, base_url=base_url)
    assert engine_for(place.provider).dialect(place, CHAT, NO_NEEDS, learned).name == dialect


@pytest.mark.parametrize(
    ("alias", "needs", "dialect"),
    [
        ("gpt-5.4-high", TOOLS, RESPONSES),
        ("gpt-5.4-high", NO_NEEDS, CHAT),
        ("gpt-5.4-search", NO_NEEDS, CHAT),
        ("gpt-5.4-think", TOOLS_OFF, RESPONSES),
        ("gpt-5.4", TOOLS, CHAT),
    ],
)
def test_the_end_of_an_alias_counts(
    target: Callable[..., Target], alias: str, needs: DialectNeeds, dialect: str
) -> None:
    """It asks for thinking as the request might; a search it asks for only where the engine has
    one.
    """
    place = target("gpt-5.4", alias, base_url=OPENAI)
    assert engine_for(place.provider).dialect(place, CHAT, needs).name == dialect


AZURE_URLS = [
    (f"{AZURE}/openai/responses?api-version=2025-04-01-preview",) * 2,
    (f"{AZURE}/openai/responses", f"{AZURE}/openai/responses?api-version=2025-04-01-preview"),
    (f"{AZURE}/openai/v1/responses", f"{AZURE}/openai/v1/responses"),
    (
        f"{AZURE}/openai/v1/responses?api-version=preview",
        f"{AZURE}/openai/v1/responses?api-version=preview",
    ),
    (f"{AZURE}/openai/v1/?api-version=2024-10-21", f"{AZURE}/openai/v1/responses"),
    (f"{AZURE}/openai/v1?api-version=2024-10-21&x=1", f"{AZURE}/openai/v1/responses?x=1"),
    (f"{AZURE}?api-version=v1", f"{AZURE}/openai/v1/responses?api-version=v1"),
    (f"{AZURE}/openai?api-version=latest", f"{AZURE}/openai/v1/responses?api-version=latest"),
    (f"{AZURE}?api-version=2024-10-21", f"{AZURE}/openai/v1/responses"),
    (f"{AZURE}/openai/deployments/d/chat/completions", f"{AZURE}/openai/v1/responses"),
    ("https://r.services.ai.azure.us", "https://r.services.ai.azure.us/openai/v1/responses"),
    (
        "https://r.services.ai.azure.com/api/projects/p/openai/v1",
        "https://r.services.ai.azure.com/api/projects/p/openai/v1/responses",
    ),
]


@pytest.mark.parametrize(("base_url", "url"), AZURE_URLS)
def test_where_azure_has_responses(target: Callable[..., Target], base_url: str, url: str) -> None:
    """As the portal prints it, or below `/openai/v1`, which takes no dated api-version."""
    place = target("gpt-5-codex", base_url=base_url)
    engine = engine_for(place.provider)
    address = engine.address(place, Operation.GENERATE, False, engine.dialect(place, CHAT))
    assert address is not None
    assert address.url == url


def test_a_deployment_in_the_address_is_the_model(target: Callable[..., Target]) -> None:
    """The path of Responses has no place for it."""
    place = target("gpt-5-codex", base_url=f"{AZURE}/openai/deployments/my%20own")
    engine = engine_for(place.provider)
    dialect = engine.dialect(place, CHAT)
    body = engine.prepare_body(place, {"input": "x"}, Operation.GENERATE, False, dialect)
    assert body == {"input": "x", "model": "my own"}


def test_tokens_are_counted_where_responses_is_spoken(target: Callable[..., Target]) -> None:
    """OpenAI counts a Responses request itself (`responses/input_tokens`)."""
    place = target("gpt-6.1-sol", base_url=OPENAI)
    engine = engine_for(place.provider)
    dialects = [engine.dialect(place, client) for client in (RESPONSES, CHAT)]
    found = [engine.address(place, Operation.COUNT_TOKENS, False, one) for one in dialects]
    assert [address and address.url for address in found] == [
        "https://api.openai.com/v1/responses/input_tokens",
        None,
    ]


def test_every_row_has_its_source_and_date() -> None:
    """A fact is only as good as the day it was looked up."""
    for row in ROWS:
        assert re.search(r"\d{4}-\d\d-\d\d\Z", row.reason), row
        assert re.compile(row.model)
