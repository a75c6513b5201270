"""Model lists: where each provider is asked, and what is read from its answer, page by page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.engines import ListedModel, Target, engine_for
from uniapi.engines.model_lists import (
    decode_anthropic_models,
    decode_bedrock_models,
    decode_cloudflare_models,
    decode_cohere_models,
    decode_databricks_models,
    decode_gemini_models,
    decode_openai_models,
)
from uniapi.errors import WireError
from uniapi.wire import HttpRequest

ASKED = HttpRequest(method="GET", url="https://h/v1/models?limit=2")


@pytest.mark.parametrize(
    ("members", "url"),
    [
        (
            {"base_url": "https://api.openai.com/v1/chat/completions"},
            "https://api.openai.com/v1/models",
        ),
        ({"base_url": "https://proxy.example/v1/responses"}, "https://proxy.example/v1/models"),
        (
            {"base_url": "https://models.github.ai/inference/chat/completions"},
            "https://models.github.ai/catalog/models",
        ),
        ({"base_url": "https://api.perplexity.ai"}, "https://api.perplexity.ai/v1/models"),
        ({"base_url": "http://localhost:11434"}, "http://localhost:11434/v1/models"),
        (
            {"base_url": "https://api.anthropic.com/v1/messages"},
            "https://api.anthropic.com/v1/models?limit=1000",
        ),
        (
            {"base_url": "https://proxy.example/v1beta"},
            "https://proxy.example/v1beta/models?pageSize=1000",
        ),
        (
            {"base_url": "https://api.cohere.com/v2/chat"},
            "https://api.cohere.com/v1/models?page_size=1000",
        ),
        (
            {"project_id": "P"},
            "https://aiplatform.googleapis.com/v1beta1/publishers/google/models?pageSize=200",
        ),
        (
            {"base_url": "https://bedrock-runtime.eu-west-1.amazonaws.com"},
            "https://bedrock.eu-west-1.amazonaws.com/foundation-models",
        ),
        (
            {"base_url": "https://me.openai.azure.com"},
            "https://me.openai.azure.com/openai/deployments?api-version=2023-03-15-preview",
        ),
        (
            {"base_url": "https://me.openai.azure.com/openai/v1"},
            "https://me.openai.azure.com/openai/v1/models",
        ),
        (
            {"base_url": "https://adb-1.azuredatabricks.net/serving-endpoints"},
            "https://adb-1.azuredatabricks.net/api/2.0/serving-endpoints",
        ),
        (
            {"cf_account_id": "ACC"},
            "https://api.cloudflare.com/client/v4/accounts/ACC/ai/models/search?per_page=100&page=1",
        ),
    ],
)
def test_each_provider_is_asked_in_its_own_way(
    target: Callable[..., Target], members: dict[str, Any], url: str
) -> None:
    """The list's address follows from base_url; it is a GET."""
    place = target(**members)
    request = engine_for(place.provider).models_request(place)
    assert request is not None
    assert ("GET", url) == (request.method, request.url)


@pytest.mark.parametrize(
    "members",
    [
        {"base_url": "https://acc.snowflakecomputing.com"},
        {"engine": "aws", "base_url": "https://vpc.example"},
        {"base_url": "https://me.openai.azure.com/openai/deployments/x"},
        {"base_url": "https://me.services.ai.azure.com/models"},
    ],
)
def test_a_provider_without_a_list_is_not_asked(
    target: Callable[..., Target], members: dict[str, Any]
) -> None:
    """None, so that the user is told to name the models."""
    place = target(**members)
    assert engine_for(place.provider).models_request(place) is None


@pytest.mark.parametrize(
    ("body", "models"),
    [
        (
            {
                "object": "list",
                "data": [{"id": "gpt-4o", "object": "model"}, {"object": "model"}, 5],
            },
            [ListedModel(model="gpt-4o")],
        ),
        (
            {
                "data": [
                    {
                        "id": "openai/gpt-5",
                        "name": "OpenAI: GPT-5",
                        "context_length": 400000,
                        "architecture": {
                            "input_modalities": ["text", "image"],
                            "output_modalities": ["text"],
                        },
                        "top_provider": {"max_completion_tokens": 128000},
                    }
                ]
            },
            [
                ListedModel(
                    model="openai/gpt-5",
                    display_name="OpenAI: GPT-5",
                    context_length=400000,
                    max_output_tokens=128000,
                    input_modalities=("text", "image"),
                    output_modalities=("text",),
                )
            ],
        ),
        (
            {
                "data": [
                    {
                        "id": "llama-3.3-70b",
                        "context_window": 131072,
                        "max_completion_tokens": 32768,
                    }
                ]
            },
            [ListedModel(model="llama-3.3-70b", context_length=131072, max_output_tokens=32768)],
        ),
        (
            {"data": [{"id": "opt", "max_model_len": 2048}]},
            [ListedModel(model="opt", context_length=2048)],
        ),
        (
            [{"id": "meta/llama", "context_length": 8192}],
            [ListedModel(model="meta/llama", context_length=8192)],
        ),
        (
            [
                {
                    "id": "openai/gpt-4.1",
                    "name": "OpenAI GPT-4.1",
                    "limits": {"max_input_tokens": 1048576, "max_output_tokens": 32768},
                }
            ],
            [
                ListedModel(
                    model="openai/gpt-4.1",
                    display_name="OpenAI GPT-4.1",
                    context_length=1048576,
                    max_output_tokens=32768,
                )
            ],
        ),
        (
            [
                {
                    "id": "azureml://registries/azure-openai/models/gpt-4o/versions/2",
                    "name": "gpt-4o",
                    "friendly_name": "OpenAI GPT-4o",
                }
            ],
            [ListedModel(model="gpt-4o", display_name="OpenAI GPT-4o")],
        ),
        (
            {
                "data": [
                    {"id": "llama3-8b-8192", "active": False},
                    {"id": "gpt-oss", "active": True},
                ]
            },
            [ListedModel(model="gpt-oss")],
        ),
        (
            {"models": [{"name": "qwen3:0.6b", "model": "qwen3:0.6b"}]},
            [ListedModel(model="qwen3:0.6b")],
        ),
        ({"object": "list", "data": []}, []),
        # names alone, in objects, by their names: new-api's dashboard and other relays
        *(
            (body, [ListedModel(model="m"), ListedModel(model="n")])
            for body in (
                ["m", "n"],
                {"models": ["m", "n"]},
                {"success": True, "message": "", "data": ["m", "n"]},
                {"data": {"models": ["m", "n"]}},
                {"data": {"data": [{"id": "m"}, {"id": "n"}]}},
                {"data": {"m": {}, "n": {}}},
                {"models": {"m": {"id": "m"}, "n": {}}},
                {"result": {"data": [{"model": "m"}, {"model_name": "n"}]}},
            )
        ),
        # lmstudio.ai/docs/developer/rest/list; LeenHawk/gproxy#189
        (
            {"models": [{"key": "m", "display_name": "M", "max_context_length": 5}]},
            [ListedModel(model="m", display_name="M", context_length=5)],
        ),
        ({"data": [{"model": "a/m", "display_name": "M"}]}, [ListedModel(model="a/m")]),
    ],
)
def test_openai_compatible_lists(body: Any, models: list[ListedModel]) -> None:
    """OpenAI, OpenRouter, Groq, vLLM, Together's bare array, GitHub's catalogue, Ollama."""
    page = decode_openai_models(body)
    assert (models, None) == (list(page.models), page.next_request)


def test_anthropics_list_goes_on_after_the_last_id() -> None:
    """`has_more` with `last_id` asks for the next page; the last page ends it."""
    first = decode_anthropic_models(
        {
            "data": [
                {
                    "id": "claude-opus-5",
                    "display_name": "Claude Opus 5",
                    "max_input_tokens": 1000000,
                    "max_tokens": 128000,
                }
            ],
            "has_more": True,
            "last_id": "claude-opus-5",
        },
        ASKED,
    )
    assert [
        ListedModel(
            model="claude-opus-5",
            display_name="Claude Opus 5",
            context_length=1000000,
            max_output_tokens=128000,
        )
    ] == list(first.models)
    assert first.next_request is not None
    assert first.next_request.url == "https://h/v1/models?limit=2&after_id=claude-opus-5"
    assert (
        decode_anthropic_models(
            {"data": [], "has_more": False, "last_id": "x"}, first.next_request
        ).next_request
        is None
    )


def test_a_retired_claude_is_not_listed() -> None:
    """It stays in Anthropic's catalogue as history."""
    page = decode_anthropic_models(
        {
            "data": [
                {"id": "claude-2", "lifecycle": "retired"},
                {"id": "claude-opus-5", "lifecycle": "active"},
            ]
        },
        ASKED,
    )
    assert [item.model for item in page.models] == ["claude-opus-5"]


def test_geminis_list_keeps_what_can_generate_or_embed() -> None:
    """`models/` is cut off; a page token asks on."""
    page = decode_gemini_models(
        {
            "models": [
                {
                    "name": "models/gemini-2.5-flash",
                    "displayName": "Flash",
                    "inputTokenLimit": 1048576,
                    "outputTokenLimit": 65536,
                    "supportedGenerationMethods": ["generateContent"],
                },
                {
                    "name": "models/gemini-embedding-001",
                    "inputTokenLimit": 2048,
                    "supportedGenerationMethods": ["embedContent"],
                },
                {"name": "models/aqa", "supportedGenerationMethods": ["generateAnswer"]},
            ],
            "nextPageToken": "a=b",
        },
        HttpRequest(method="GET", url="https://h/v1beta/models?pageSize=1000"),
    )
    assert [item.model for item in page.models] == ["gemini-2.5-flash", "gemini-embedding-001"]
    assert (page.models[0].context_length, page.models[0].max_output_tokens) == (1048576, 65536)
    assert page.next_request is not None
    assert page.next_request.url == "https://h/v1beta/models?pageSize=1000&pageToken=a%3Db"


def test_a_page_marker_that_repeats_ends_the_list() -> None:
    """A server that always names the same next page is not asked for ever."""
    body = {"models": [], "nextPageToken": "same"}
    first = decode_gemini_models(body, ASKED).next_request
    assert first is not None
    assert decode_gemini_models(body, first).next_request is None


def test_coheres_list_leaves_retired_models_out() -> None:
    """Names, context length, page token."""
    body = {
        "models": [
            {"name": "command-a", "context_length": 256000},
            {"name": "command", "is_deprecated": True},
        ],
        "next_page_token": "t",
    }
    page = decode_cohere_models(body, ASKED)
    assert [ListedModel(model="command-a", context_length=256000)] == list(page.models)
    assert page.next_request is not None


def test_bedrock_lists_models_and_then_the_profiles_newer_ones_need(
    target: Callable[..., Target],
) -> None:
    """A model that only takes an inference profile is named by its profiles, which are the second
    list.
    """
    place = target(base_url="https://bedrock-runtime.us-east-1.amazonaws.com")
    engine = engine_for(place.provider)
    request = engine.models_request(place)
    assert request is not None
    body = {
        "modelSummaries": [
            {
                "modelId": "amazon.nova-lite-v1:0",
                "modelName": "Nova Lite",
                "inputModalities": ["TEXT", "IMAGE"],
                "outputModalities": ["TEXT"],
                "inferenceTypesSupported": ["ON_DEMAND"],
            },
            {
                "modelId": "anthropic.claude-opus-5",
                "inferenceTypesSupported": ["INFERENCE_PROFILE"],
            },
        ]
    }
    page = engine.decode_models(body, request)
    assert [
        ListedModel(
            model="amazon.nova-lite-v1:0",
            display_name="Nova Lite",
            input_modalities=("text", "image"),
            output_modalities=("text",),
        )
    ] == list(page.models)
    assert page.next_request is not None
    assert (
        page.next_request.url
        == "https://bedrock.us-east-1.amazonaws.com/inference-profiles?maxResults=1000"
    )
    profiles = engine.decode_models(
        {
            "inferenceProfileSummaries": [{"inferenceProfileId": "us.anthropic.claude-opus-5"}],
            "nextToken": "n",
        },
        page.next_request,
    )
    assert [item.model for item in profiles.models] == ["us.anthropic.claude-opus-5"]
    assert profiles.next_request is not None
    assert (
        profiles.next_request.url
        == "https://bedrock.us-east-1.amazonaws.com/inference-profiles?maxResults=1000&nextToken=n"
    )


def test_cloudflare_and_databricks_lists() -> None:
    """Workers AI tells the context window as a property; Databricks' endpoints are models when
    their task is a language model's.
    """
    workers = decode_cloudflare_models(
        {
            "result": [
                {
                    "name": "@cf/meta/llama",
                    "properties": [{"property_id": "context_window", "value": "8192"}],
                }
            ],
            "result_info": {"page": 1, "total_pages": 2},
        },
        ASKED,
    )
    assert [ListedModel(model="@cf/meta/llama", context_length=8192)] == list(workers.models)
    assert workers.next_request is not None
    endpoints = decode_databricks_models(
        {
            "endpoints": [
                {"name": "databricks-claude", "task": "llm/v1/chat"},
                {"name": "churn", "task": "regression"},
            ]
        }
    )
    assert [item.model for item in endpoints.models] == ["databricks-claude"]


DECODERS: list[Callable[[Any], Any]] = [
    decode_openai_models,
    decode_bedrock_models,
    decode_databricks_models,
    lambda body: decode_anthropic_models(body, ASKED),
    lambda body: decode_gemini_models(body, ASKED),
    lambda body: decode_cohere_models(body, ASKED),
    lambda body: decode_cloudflare_models(body, ASKED),
]

_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
_NAMES = st.sampled_from(
    [
        "data",
        "models",
        "id",
        "name",
        "result",
        "endpoints",
        "limits",
        "architecture",
        "properties",
        "has_more",
        "last_id",
        "nextPageToken",
        "modelSummaries",
        "result_info",
        "page",
    ]
)
_JSON = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(body=_JSON)
@settings(max_examples=40, deadline=None)
def test_whatever_a_server_answers_is_a_page_or_a_wire_error(body: Any) -> None:
    """No other exception, whatever the types."""
    for decode in DECODERS:
        try:
            page = decode(body)
        except WireError:
            continue
        assert all(isinstance(item.model, str) and item.model for item in page.models)


@pytest.mark.parametrize("body", [[{}], {"data": [{"object": "model"}, {"id": 2}]}])
def test_entries_without_names_are_no_models(body: Any) -> None:
    """EM-GeekLab/NexusGate#5: a provider without a model would be served by nobody, in silence."""
    with pytest.raises(WireError, match="none of which has a name"):
        decode_openai_models(body)


@pytest.mark.parametrize(
    "body",
    [None, 5, "x", {"error": {"message": "no"}}, {"data": None}, {"data": {"message": "no"}}],
)
def test_what_is_no_list_says_what_it_is(body: Any) -> None:
    """The message goes to the log."""
    with pytest.raises(WireError, match="expected a model list"):
        decode_openai_models(body)
