"""Usage bodies as twenty-odd vendors send them, and the bill that each one's price page gives,
worked out by hand: equal to the last digit. The pages are those that genai-prices 0.2.3 cites for
each vendor (packaging/prices.txt; seen 2026-11-30); the shapes are those of the vendors' SDKs and
API references. `hand` is the sum as one writes it on paper: tokens times dollars per million.
"""

from __future__ import annotations

import datetime
from decimal import Decimal as D

import pytest

from uniapi.canonical import Operation as O
from uniapi.config import parse_config
from uniapi.dialects.anthropic.answer_decode_parts import decode_usage as of_claude
from uniapi.dialects.bedrock_converse.answer_decode import decode_usage as of_converse
from uniapi.dialects.cohere.answer_decode import decode_usage as of_cohere
from uniapi.dialects.gemini.answer_decode_parts import decode_usage as of_gemini
from uniapi.dialects.openai_chat.usage import decode_usage as of_chat
from uniapi.dialects.openai_responses.usage import decode_usage as of_responses
from uniapi.engines import engine_names, price_regions, price_vendors
from uniapi.money import PriceBook, inside
from uniapi.operations import decode_usage as of_operation

LIST = inside()
NOON_S = datetime.datetime(2026, 11, 30, 12, tzinfo=datetime.timezone.utc).timestamp()
PEAK_S = datetime.datetime(2026, 11, 30, 2, tzinfo=datetime.timezone.utc).timestamp()
NEXT_YEAR_S = datetime.datetime(2027, 1, 1, 12, tzinfo=datetime.timezone.utc).timestamp()


def paper(*lines):
    """Tokens × dollars per million, added up."""
    return sum((D(str(count)) * D(str(price)) for count, price in lines), D(0)) / 10**6


def chat(prompt, completion, **more):
    total = prompt + completion
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total, **more}


BILLS = {
    "OpenAI, a cached chat": (
        "https://api.openai.com/v1",
        "gpt-5.4-mini-2026-03-17",
        of_chat(
            chat(
                2006,
                300,
                prompt_tokens_details={"cached_tokens": 1920, "audio_tokens": 0},
                completion_tokens_details={"reasoning_tokens": 192},
            )
        ),
        paper((86, 0.75), (1920, 0.075), (300, 4.5)),
    ),
    "OpenAI, Responses with two searches": (
        "https://api.openai.com/v1",
        "gpt-6-sol",
        of_responses(
            {
                "usage": {
                    "input_tokens": 10_000,
                    "input_tokens_details": {"cached_tokens": 4000, "cache_write_tokens": 2000},
                    "output_tokens": 500,
                    "output_tokens_details": {"reasoning_tokens": 128},
                    "total_tokens": 10_500,
                },
                "tool_usage": {"web_search": {"num_requests": 2}},
            }
        ),
        paper((4000, 2), (4000, 0.2), (2000, 2.5), (500, 10)) + D("0.02"),
    ),
    "OpenAI, flex": (
        "https://api.openai.com/v1",
        "gpt-6-sol",
        of_chat(chat(1000, 100, service_tier="flex")),
        paper((1000, 1), (100, 5)),
    ),
    "OpenAI, a long prompt": (
        "https://api.openai.com/v1",
        "gpt-6-sol-2026-09-04",
        of_chat(chat(272_001, 100)),
        paper((272_001, 4), (100, 15)),
    ),
    "OpenAI, a picture by its image tool": (
        "https://api.openai.com/v1",
        "gpt-6-sol",
        of_responses(
            {
                "usage": {"input_tokens": 100, "output_tokens": 50, "total_tokens": 150},
                "tools": [{"type": "image_generation", "model": "gpt-image-2"}],
                "tool_usage": {
                    "image_gen": {
                        "input_tokens": 60,
                        "input_tokens_details": {"image_tokens": 40, "text_tokens": 20},
                        "output_tokens": 1056,
                        "total_tokens": 1116,
                    }
                },
            }
        ),
        paper((100, 2), (50, 10), (40, 8), (20, 5), (1056, 30)),
    ),
    "OpenAI, whisper by the minute": (
        "https://api.openai.com/v1",
        "whisper-1",
        of_operation(O.TRANSCRIBE, {"text": "x", "usage": {"type": "duration", "seconds": 90}}),
        D("0.009"),
    ),
    "Anthropic, both lifetimes and a search": (
        "https://api.anthropic.com/v1/messages",
        "claude-opus-5-5",
        of_claude(
            {
                "input_tokens": 21,
                "cache_creation_input_tokens": 3000,
                "cache_read_input_tokens": 188_086,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": 1000,
                    "ephemeral_1h_input_tokens": 2000,
                },
                "output_tokens": 393,
                "server_tool_use": {"web_search_requests": 1},
                "service_tier": "standard",
            }
        ),
        paper((21, 4), (1000, 5), (2000, 8), (188_086, 0.2), (393, 20)) + D("0.01"),
    ),
    "Anthropic, fast": (
        "https://api.anthropic.com",
        "claude-opus-5-5",
        of_claude({"input_tokens": 100, "output_tokens": 10, "speed": "fast"}),
        paper((100, 8), (10, 40)),
    ),
    "Google, thoughts beside the answer": (
        "https://generativelanguage.googleapis.com/v1beta",
        "gemini-2.5-flash",
        of_gemini(
            {
                "promptTokenCount": 1000,
                "cachedContentTokenCount": 400,
                "candidatesTokenCount": 80,
                "thoughtsTokenCount": 120,
                "totalTokenCount": 1200,
                "promptTokensDetails": [
                    {"modality": "TEXT", "tokenCount": 800},
                    {"modality": "AUDIO", "tokenCount": 200},
                ],
            }
        ),
        paper((400, 0.3), (200, 1), (400, 0.03), (200, 2.5)),
    ),
    "Google, a picture": (
        "https://generativelanguage.googleapis.com/v1beta",
        "gemini-3.1-flash-image",
        of_gemini(
            {
                "promptTokenCount": 20,
                "candidatesTokenCount": 1300,
                "totalTokenCount": 1320,
                "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1290}],
            }
        ),
        paper((20, 0.5), (1290, 60), (10, 3)),
    ),
    "Vertex, a dated Claude": (
        "https://us-east5-aiplatform.googleapis.com",
        "claude-opus-4-5@20251101",
        of_claude({"input_tokens": 100, "output_tokens": 10}),
        paper((100, 5.5), (10, 27.5)),
    ),
    "Vertex, the same without a region": (
        "https://aiplatform.googleapis.com",
        "claude-opus-4-5@20251101",
        of_claude({"input_tokens": 100, "output_tokens": 10}),
        paper((100, 5), (10, 25)),
    ),
    "Vertex, a Claude that costs the same everywhere": (
        "https://us-east5-aiplatform.googleapis.com",
        "claude-opus-4-1@20250805",
        of_claude({"input_tokens": 100, "output_tokens": 10}),
        paper((100, 15), (10, 75)),
    ),
    "Anthropic, in the United States": (
        "https://api.anthropic.com",
        "claude-opus-5-5",
        of_claude(
            {
                "input_tokens": 100,
                "cache_read_input_tokens": 1000,
                "output_tokens": 10,
                "server_tool_use": {"web_search_requests": 1},
                "inference_geo": "us",
            }
        ),
        paper((100, 4.4), (1000, 0.22), (10, 22)) + D("0.01"),
    ),
    "Anthropic, anywhere": (
        "https://api.anthropic.com",
        "claude-opus-5-5",
        of_claude({"input_tokens": 100, "output_tokens": 10, "inference_geo": "global"}),
        paper((100, 4), (10, 20)),
    ),
    "Anthropic, a compaction and an advisor beside the counts": (
        "https://api.anthropic.com",
        "claude-sonnet-5",
        of_claude(
            {
                "input_tokens": 23_000,
                "output_tokens": 1000,
                "iterations": [
                    {
                        "type": "compaction",
                        "input_tokens": 180_000,
                        "output_tokens": 3500,
                        "cache_read_input_tokens": 0,
                        "cache_creation_input_tokens": 0,
                    },
                    {
                        "type": "advisor_message",
                        "model": "claude-opus-5-5",
                        "input_tokens": 800,
                        "output_tokens": 200,
                        "cache_read_input_tokens": 2000,
                        "cache_creation_input_tokens": 0,
                    },
                    {"type": "message", "input_tokens": 23_000, "output_tokens": 1000},
                ],
            }
        ),
        paper((23_000, 2), (1000, 10), (180_000, 2), (3500, 10), (800, 4), (2000, 0.2), (200, 20)),
    ),
    "OpenAI, in Europe": (
        "https://eu.api.openai.com/v1",
        "gpt-5.6-sol",
        of_responses(
            {
                "usage": {
                    "input_tokens": 5000,
                    "input_tokens_details": {
                        "cached_tokens": 1000,
                        "cache_write_tokens": 3000,
                        "cache_write_tokens_details": {"ttl_12h_tokens": 0, "ttl_30m_tokens": 3000},
                    },
                    "output_tokens": 100,
                    "output_tokens_details": {"reasoning_tokens": 64},
                    "total_tokens": 5100,
                }
            }
        ),
        paper((1000, 4.4), (1000, 0.44), (3000, 5.5), (100, 22)),
    ),
    "OpenAI, in Europe, an older model": (
        "https://eu.api.openai.com/v1",
        "gpt-4.1",
        of_chat(chat(1000, 100)),
        paper((1000, 2), (100, 8)),
    ),
    "OpenAI, a chat that writes its cache": (
        "https://api.openai.com/v1",
        "gpt-5.6-luna",
        of_chat(
            chat(
                3000,
                50,
                prompt_tokens_details={"cached_tokens": 0, "cache_write_tokens": 2800},
                completion_tokens_details={"reasoning_tokens": 0},
            )
        ),
        paper((200, 0.2), (2800, 0.25), (50, 1.2)),
    ),
    "Google, its own tools' tokens and thoughts": (
        "https://generativelanguage.googleapis.com/v1beta",
        "gemini-3.1-pro-preview",
        of_gemini(
            {
                "promptTokenCount": 120,
                "toolUsePromptTokenCount": 5000,
                "candidatesTokenCount": 300,
                "thoughtsTokenCount": 700,
                "totalTokenCount": 6120,
                "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 120}],
                "toolUsePromptTokensDetails": [{"modality": "TEXT", "tokenCount": 5000}],
            }
        ),
        paper((5120, 2), (1000, 12)),
    ),
    "Vercel, its own figure": (
        "https://ai-gateway.vercel.sh/v1",
        "openai/gpt-5.4",
        of_chat(chat(84, 5, cost=1.316e-05, market_cost=1.316e-05, gateway_cost=1.316e-05)),
        D("0.00001316"),
    ),
    "OpenRouter, Messages with its own figure": (
        "https://openrouter.ai/api",
        "anthropic/claude-opus-5",
        of_claude({"input_tokens": 194, "output_tokens": 2, "cost": 0.00102, "is_byok": False}),
        D("0.00102"),
    ),
    "Bedrock, Converse in a region": (
        "https://bedrock-runtime.us-east-1.amazonaws.com",
        "us.anthropic.claude-opus-4-5-20251101-v1:0",
        of_converse(
            {
                "inputTokens": 100,
                "outputTokens": 40,
                "cacheReadInputTokens": 5000,
                "cacheWriteInputTokens": 300,
                "totalTokens": 5440,
            }
        ),
        paper((100, 5.5), (40, 27.5), (5000, 0.55), (300, 6.875)),
    ),
    "Azure": (
        "https://x.openai.azure.com",
        "o3-2025-04-16",
        of_chat(chat(1000, 500, prompt_tokens_details={"cached_tokens": 512})),
        paper((488, 2), (512, 0.5), (500, 8)),
    ),
    "DeepSeek, hit and miss": (
        "https://api.deepseek.com",
        "deepseek-v4-flash",
        of_chat(chat(1000, 200, prompt_cache_hit_tokens=640, prompt_cache_miss_tokens=360)),
        paper((360, 0.15), (640, 0.003), (200, 0.6)),
    ),
    "Moonshot, cached_tokens on top": (
        "https://api.moonshot.ai/v1",
        "kimi-k2.6",
        of_chat(chat(1000, 200, cached_tokens=768)),
        paper((232, 0.95), (768, 0.16), (200, 4)),
    ),
    "xAI, reasoning beside the completion, and its own figure": (
        "https://api.x.ai/v1",
        "grok-4-1-fast-reasoning",
        of_chat(
            {
                "prompt_tokens": 32,
                "completion_tokens": 9,
                "total_tokens": 135,
                "completion_tokens_details": {"reasoning_tokens": 94},
                "cost_in_usd_ticks": 581_500,
            },
            True,
        ),
        D("0.00005815"),
    ),
    "xAI, without its own figure": (
        "https://api.x.ai/v1",
        "grok-4-1-fast-reasoning",
        of_chat(
            {
                "prompt_tokens": 32,
                "completion_tokens": 9,
                "total_tokens": 135,
                "completion_tokens_details": {"reasoning_tokens": 94},
            },
            True,
        ),
        paper((32, 0.2), (103, 0.5)),
    ),
    "Mistral": (
        "https://api.mistral.ai/v1",
        "mistral-medium-latest",
        of_chat(chat(1000, 100, prompt_tokens_details={"cached_tokens": 500})),
        paper((500, 1.5), (500, 0.15), (100, 7.5)),
    ),
    "Groq": (
        "https://api.groq.com/openai/v1",
        "openai/gpt-oss-120b",
        of_chat(chat(640, 150, queue_time=0.02, prompt_tokens_details={"cached_tokens": 512})),
        paper((128, 0.15), (512, 0.075), (150, 0.6)),
    ),
    "Cohere, what is billed": (
        "https://api.cohere.com",
        "command-a-03-2025",
        of_cohere(
            {
                "billed_units": {"input_tokens": 5, "output_tokens": 418},
                "tokens": {"input_tokens": 71, "output_tokens": 418},
            }
        ),
        paper((5, 2.5), (418, 10)),
    ),
    "Perplexity, its own figure": (
        "https://api.perplexity.ai",
        "sonar-pro",
        of_chat(
            chat(
                10,
                180,
                search_context_size="low",
                cost={"input_tokens_cost": 0.0, "request_cost": 0.006, "total_cost": 0.008725},
            )
        ),
        D("0.008725"),
    ),
    "OpenRouter, its own figure": (
        "https://openrouter.ai/api/v1",
        "anthropic/claude-opus-5",
        of_chat(chat(194, 2, cost=0.00095, is_byok=False)),
        D("0.00095"),
    ),
    "OpenRouter, a key of one's own: its fee and what the vendor bills": (
        "https://openrouter.ai/api/v1",
        "anthropic/claude-opus-5",
        of_chat(
            chat(
                194,
                2,
                cost=0.00005,
                is_byok=True,
                cost_details={"upstream_inference_cost": 0.00095},
            )
        ),
        D("0.001"),
    ),
    "Z.ai": (
        "https://api.z.ai/api/paas/v4",
        "GLM-5.3",
        of_chat(chat(1000, 100, prompt_tokens_details={"cached_tokens": 300})),
        paper((700, 1.4), (300, 0.26), (100, 4.4)),
    ),
    "MiniMax": (
        "https://api.minimax.io/v1",
        "MiniMax-M3",
        of_chat(chat(512_001, 10)),
        paper((512_001, 0.6), (10, 2.4)),
    ),
    "Cerebras": (
        "https://api.cerebras.ai/v1",
        "gpt-oss-120b",
        of_chat(chat(100, 50, time_info={"total_time": 0.1})),
        paper((100, 0.35), (50, 0.75)),
    ),
    "Fireworks, its long names": (
        "https://api.fireworks.ai/inference/v1",
        "accounts/fireworks/models/glm-5p2",
        of_chat(chat(1000, 100, prompt_tokens_details={"cached_tokens": 900})),
        paper((100, 1.4), (900, 0.14), (100, 4.4)),
    ),
    "Together": (
        "https://api.together.xyz/v1",
        "openai/gpt-oss-120b",
        of_chat(chat(1000, 100, cached_tokens=0)),
        paper((1000, 0.15), (100, 0.6)),
    ),
    "Voyage, a total alone": (
        "https://api.voyageai.com/v1",
        "voyage-4-lite",
        of_operation(O.EMBED, {"data": [{"embedding": [0]}], "usage": {"total_tokens": 1234}}),
        paper((1234, 0.02)),
    ),
    "Databricks": (
        "https://adb-1.azuredatabricks.net/serving-endpoints",
        "databricks-gpt-oss-120b",
        of_chat(chat(1000, 100)),
        paper((1000, 0.15), (100, 0.6)),
    ),
    "Cloudflare": (
        "https://api.cloudflare.com/client/v4/accounts/a/ai/v1",
        "@cf/openai/gpt-oss-120b",
        of_chat(chat(1000, 100)),
        paper((1000, 0.35), (100, 0.75)),
    ),
}


def book(base_url, **preferences):
    """The prices of a configuration with one provider at an address, and the provider's id."""
    value = {
        "providers": [{"provider": "p", "base_url": base_url, "api": "k" * 24, "model": ["m"]}],
        "api_keys": [{"api": "sk-client-0123456789abcdef"}],
        "preferences": preferences,
    }
    import json

    text = json.dumps(value)
    config = parse_config(text, source="t", engines=engine_names(), environment={})[0]
    held = config.providers
    prices = PriceBook(
        config.preferences.prices, lambda: LIST, price_vendors(held), price_regions(held)
    )
    return prices, config.providers[0].provider_id


def bill(base_url, model, usage, at_s=NOON_S, **preferences):
    prices, provider_id = book(base_url, **preferences)
    return prices.cost_pd(model, model, usage, provider_id, at_s)


@pytest.mark.parametrize("name", BILLS)
def test_the_bill_is_the_price_pages(name):
    base_url, model, usage, hand = BILLS[name]
    assert hand * 10**12 == bill(base_url, model, usage)


def test_the_hour_and_the_year_count():
    """DeepSeek's hours of the day, Google's announced prices."""
    usage = of_chat(chat(1_000_000, 0))
    assert bill("https://api.deepseek.com", "deepseek-v4-flash", usage, PEAK_S) == 3 * 10**11
    google = "https://generativelanguage.googleapis.com/v1beta"
    assert bill(google, "gemini-3.8-flash", usage) == 75 * 10**10
    assert bill(google, "gemini-3.8-flash", usage, NEXT_YEAR_S) == 15 * 10**11


@pytest.mark.parametrize(
    ("base_url", "model"),
    [
        ("https://reseller.example/v1", "gpt-6-sol"),
        ("https://api.openai.com/v1", "gpt-6-solar"),
        ("https://api.openai.com/v1", "gpt-6-sol-turbo-2026-09-04"),
        ("https://api.openai.com.evil.example/v1", "gpt-6-sol"),
        ("https://api.deepseek.com/anthropic", "claude-opus-5"),
        ("http://127.0.0.1:11434/v1", "gpt-oss-120b"),
    ],
)
def test_no_price_is_invented(base_url, model):
    """At an address nobody knows, or for a model that only begins like one."""
    assert bill(base_url, model, of_chat(chat(10, 10))) is None


def test_what_is_written_goes_before_the_list():
    usage = of_chat(chat(1_000_000, 0))
    openai = "https://api.openai.com/v1"
    assert bill(openai, "gpt-6-sol", usage, model_price={"gpt-6-sol": "7,7"}) == 7 * 10**12
    assert bill(openai, "gpt-6-sol", usage, model_price={"gpt-6": "7,7"}) == 4 * 10**12


def test_an_explicit_cache_of_qwen_is_paid_as_it_is_written():
    """Its counts stand inside the details; at a price that somebody wrote."""
    usage = of_chat(
        chat(
            5000,
            100,
            prompt_tokens_details={
                "cached_tokens": 1000,
                "cache_creation_input_tokens": 3000,
                "cache_creation": {"ephemeral_5m_input_tokens": 3000},
                "cache_type": "ephemeral",
            },
        )
    )
    price = {"in": 2, "out": 8, "cache_read": 0.2, "cache_write": 2.5}
    cost = bill(
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        "qwen3-max",
        usage,
        model_price={"qwen3-max": price},
    )
    assert cost == paper((1000, 2), (1000, 0.2), (3000, 2.5), (100, 8)) * 10**12


@pytest.mark.parametrize(
    ("model", "queries", "fees"),
    [
        ("gemini-3.1-pro-preview", ["a", "b", "", "a"], D("0.028")),
        ("gemini-2.5-flash", ["a", "b", "c"], D("0.035")),
    ],
)
def test_googles_searches_are_paid(model, queries, fees):
    """From 3 on every query once, and none that is empty; before, once for a request."""
    from uniapi.dialects.gemini.observe import GeminiObserver

    observer = GeminiObserver()
    observer.observe_whole(
        {
            "candidates": [
                {
                    "content": {"parts": [{"text": "x"}]},
                    "finishReason": "STOP",
                    "groundingMetadata": {"webSearchQueries": queries},
                }
            ],
            "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 0},
        }
    )
    google = "https://generativelanguage.googleapis.com/v1beta"
    tokens = bill(google, model, of_gemini({"promptTokenCount": 10, "candidatesTokenCount": 0}))
    assert bill(google, model, observer.usage) - tokens == fees * 10**12


def test_a_region_is_told_beside_the_price():
    """`explain` and the money that cache misses cost go by it as bills do."""
    for base_url, factor in (
        ("https://eu.api.openai.com/v1", D("1.1")),
        ("https://api.openai.com/v1", 1),
    ):
        prices, provider_id = book(base_url)
        assert prices.find("gpt-6-sol", "gpt-6-sol", provider_id).factor == factor
        gap = prices.cache_gap_pd("gpt-6-sol", "gpt-6-sol", provider_id, NOON_S)
        assert gap == D("1800000") * factor
