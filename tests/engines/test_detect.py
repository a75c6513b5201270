"""Which engine a provider is: every row of the table, and the traps beside them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from uniapi.engines import ENGINES, Target, detect_engine, engine_for, engine_names

ROWS = [
    # Gemini's own API, and its OpenAI layer
    ("https://generativelanguage.googleapis.com/v1beta", "gemini"),
    ("https://generativelanguage.googleapis.com/v1", "gemini"),
    ("https://generativelanguage.googleapis.com", "gemini"),
    ("https://generativelanguage.googleapis.com/v1beta/openai/chat/completions", "gpt"),
    ("https://generativelanguage.googleapis.com/v1beta/openai", "gpt"),
    ("https://proxy.example/v1beta", "gemini"),
    ("https://proxy.example/v1beta/", "gemini"),
    ("https://proxy.example/v1beta/models", "gemini"),
    ("https://proxy.example/v1beta/openai/chat/completions", "gpt"),
    ("https://proxy.example/gemini/v1beta", "gemini"),
    # a plain /v1 is OpenAI's
    ("https://proxy.example/v1", "gpt"),
    ("https://proxy.example/v1/chat/completions", "gpt"),
    ("https://proxy.example", "gpt"),
    # Vertex
    ("https://aiplatform.googleapis.com/", "vertex"),
    ("https://us-central1-aiplatform.googleapis.com/v1/projects/p", "vertex"),
    ("https://aiplatform.eu.rep.googleapis.com", "vertex"),
    # Azure, and what only looks like it
    ("https://me.openai.azure.com", "azure"),
    (
        "https://me.openai.azure.com/openai/deployments/x/chat/completions?api-version=2024-10-21",
        "azure",
    ),
    ("https://me.cognitiveservices.azure.com", "azure"),
    ("https://me.services.ai.azure.com/models", "azure"),
    ("https://models.inference.ai.azure.com/chat/completions", "gpt"),
    ("https://models.inference.ai.azure.com/chat/completion", "gpt"),
    ("https://me.openai.azure.us", "azure"),
    ("https://me.services.ai.azure.us/openai/v1", "azure"),
    ("https://me.openai.azure.cn", "azure"),
    ("https://adb-1.2.azuredatabricks.net/serving-endpoints", "azure-databricks"),
    ("https://dbc-1.cloud.databricks.com", "azure-databricks"),
    ("https://1.2.gcp.databricks.com/serving-endpoints", "azure-databricks"),
    # AWS
    ("https://bedrock-runtime.us-west-2.amazonaws.com", "aws"),
    ("https://bedrock-runtime.us-west-2.amazonaws.com/openai/v1", "gpt"),
    ("https://bedrock-mantle.us-east-1.api.aws/v1", "gpt"),
    # Cloudflare
    ("https://api.cloudflare.com/client/v4/accounts/ACC/ai/v1/chat/completions", "cloudflare"),
    ("https://gateway.ai.cloudflare.com/v1/ACC/gw/openai", "gpt"),
    ("https://gateway.ai.cloudflare.com/v1/ACC/gw/openai/responses", "responses"),
    ("https://gateway.ai.cloudflare.com/v1/ACC/gw/anthropic/v1/messages", "claude"),
    ("https://gateway.ai.cloudflare.com/v1/ACC/gw/google-ai-studio", "gemini"),
    ("https://gateway.ai.cloudflare.com/v1/ACC/gw/google-vertex-ai", "vertex"),
    ("https://gateway.ai.cloudflare.com/v1/ACC/gw/azure-openai/res/dep", "azure"),
    ("https://gateway.ai.cloudflare.com/v1/ACC/gw/aws-bedrock/bedrock-runtime/us-east-1", "aws"),
    ("https://gateway.ai.cloudflare.com/v1/ACC/gw/cohere/v2/chat", "cohere"),
    ("https://gateway.ai.cloudflare.com/v1/ACC/gw/workers-ai/v1/chat/completions", "cloudflare"),
    ("https://gateway.ai.cloudflare.com/v1/ACC/gw/compat", "gpt"),
    ("https://gateway.ai.cloudflare.com/v1/ACC/gw", "gpt"),
    # Anthropic
    ("https://api.anthropic.com", "claude"),
    ("https://api.anthropic.com/v1/messages", "claude"),
    ("https://reseller.example/v1/messages", "claude"),
    ("https://reseller.example/claude/v1/messages?beta=true", "claude"),
    # Anthropic's format at other vendors, as their guides print it
    ("https://api.z.ai/api/anthropic", "claude"),
    ("https://open.bigmodel.cn/api/anthropic/", "claude"),
    ("https://api.deepseek.com/anthropic", "claude"),
    ("https://api.moonshot.cn/anthropic", "claude"),
    ("https://api.minimaxi.com/anthropic/v1", "claude"),
    ("https://api.kimi.com/coding/", "claude"),
    ("https://api.kimi.com/coding", "claude"),
    ("https://dashscope-intl.aliyuncs.com/apps/anthropic", "claude"),
    ("https://ws1.cn-beijing.maas.aliyuncs.com/apps/anthropic/v1", "claude"),
    ("https://ark.cn-beijing.volces.com/api/coding", "claude"),
    ("https://ark.cn-beijing.volces.com/api/plan", "claude"),
    ("https://ark.ap-southeast.bytepluses.com/api/compatible", "claude"),
    ("https://token-plan-cn.xiaomimimo.com/anthropic", "claude"),
    ("https://api.longcat.chat/anthropic", "claude"),
    ("https://qianfan.baidubce.com/anthropic/coding", "claude"),
    ("https://qianfan.baidubce.com/anthropic/tokenplan/personal", "claude"),
    ("https://api.lkeap.cloud.tencent.com/plan/anthropic", "claude"),
    ("https://adb-1.2.azuredatabricks.net/serving-endpoints/anthropic", "claude"),
    ("https://dbc-1.cloud.databricks.com/ai-gateway/anthropic", "claude"),
    ("https://vanchin.streamlake.ai/api/gateway/v1/endpoints/ep-1/claude-code-proxy", "claude"),
    ("https://reseller.example/claude", "claude"),
    ("https://bedrock-mantle.us-east-1.api.aws/anthropic", "claude"),
    ("https://aws-external-anthropic.us-east-1.api.aws", "claude"),
    # and OpenAI's at the same vendors
    ("https://qianfan.baidubce.com/v2/coding", "gpt"),
    ("https://api.kimi.com/coding/v1", "gpt"),
    ("https://ark.cn-beijing.volces.com/api/coding/v3", "gpt"),
    ("https://ark.cn-beijing.volces.com/api/plan/v3", "gpt"),
    ("https://elsewhere.example/api/plan", "gpt"),
    ("https://api.z.ai/api/coding/paas/v4", "gpt"),
    ("https://proxy.example/anthropic/v1/chat/completions", "gpt"),
    # Cohere
    ("https://api.cohere.com/v2/chat", "cohere"),
    ("https://api.cohere.ai/v1/chat", "cohere"),
    ("https://api.cohere.ai/compatibility/v1", "gpt"),
    # Responses
    ("https://api.openai.com/v1/responses", "gpt"),
    ("https://reseller.example/v1/responses/", "responses"),
    ("https://dbc-1.cloud.databricks.com/serving-endpoints/responses", "responses"),
    ("https://api.z.ai/api/v1", "responses"),
    ("https://open.bigmodel.cn/api/v1/", "responses"),
    # everything else
    ("https://api.groq.com/openai/v1/chat/completions", "gpt"),
    ("https://openrouter.ai/api/v1/chat/completions", "gpt"),
    ("http://localhost:11434", "gpt"),
    ("https://API.ANTHROPIC.COM/v1/messages", "claude"),
    ("https://notazuredatabricks.net.example/v1", "gpt"),
    ("https://api.anthropic.com.example/v1", "gpt"),
    ("::::not a url", "gpt"),
    ("http://[", "gpt"),
]


@pytest.mark.parametrize(("base_url", "engine"), ROWS)
def test_the_address_decides(target: Callable[..., Target], base_url: str, engine: str) -> None:
    """Each form of `base_url` is the engine the table says."""
    assert engine == detect_engine(target(base_url=base_url).provider)


@pytest.mark.parametrize("model", ["gemini-2.5-pro", "claude-sonnet-4-5", "command-r"])
def test_the_model_never_decides(target: Callable[..., Target], model: str) -> None:
    """What a model is called does not change the engine."""
    assert detect_engine(target(model, base_url="https://proxy.example/v1").provider) == "gpt"


@pytest.mark.parametrize(
    ("members", "engine"),
    [
        ({"project_id": "p"}, "vertex"),
        ({"kind": "service_account", "account": "a@p.iam.gserviceaccount.com"}, "vertex"),
        ({"key_project": "p"}, "vertex"),
        ({"kind": "service_account", "base_url": "https://aiplatform.googleapis.com/"}, "vertex"),
        ({"cf_account_id": "ACC"}, "cloudflare"),
        ({"cf_account_id": "ACC", "base_url": "https://api.cloudflare.com/"}, "cloudflare"),
        ({"kind": "aws", "account": "AKIA"}, "aws"),
        ({"kind": "aws", "account": "AKIA", "base_url": "https://vpc.example"}, "aws"),
    ],
)
def test_credentials_that_only_one_engine_uses_decide(
    target: Callable[..., Target], members: dict[str, object], engine: str
) -> None:
    """A Vertex project, a Cloudflare account and AWS keys name their engine, with or without an
    address.
    """
    assert engine == detect_engine(target(**members).provider)


@pytest.mark.parametrize("engine", sorted(engine_names().built))
def test_a_written_engine_always_wins(target: Callable[..., Target], engine: str) -> None:
    """`engine:` outranks every address and credential, and every name that config takes
    is built.
    """
    provider = target(
        base_url="https://api.anthropic.com/v1/messages", engine=engine, cf_account_id="ACC"
    ).provider
    assert engine == detect_engine(provider)
    assert engine == engine_for(provider).name
    assert engine in ENGINES


def test_the_predecessors_other_engines_are_known_and_not_built() -> None:
    """Config can warn about them by name."""
    names = engine_names()
    assert {"codex", "doubao-translation", "search", "content-generation", "lingjing"} == set(
        names.known_unbuilt
    )
    assert not names.built & names.known_unbuilt


def test_a_private_key_is_checked_before_it_is_used() -> None:
    """Something that is no PEM gets a reason."""
    reason = engine_names().check_private_key("nonsense")
    assert reason is not None
    assert "private key" in reason


@pytest.mark.parametrize(
    ("base_url", "name", "cache"),
    [
        ("https://api.openai.com/v1", "gpt", True),
        ("https://api.deepseek.com", "gpt", True),
        ("https://api.groq.com/openai/v1", "gpt", False),
        ("https://openrouter.ai/api/v1", "openrouter", False),
        ("https://me.openai.azure.com", "azure", True),
        ("https://api.anthropic.com", "claude", True),
        ("https://bedrock-runtime.us-east-1.amazonaws.com", "aws", True),
        ("https://generativelanguage.googleapis.com/v1beta", "gemini", False),
        ("https://proxy.example/v1", "gpt", False),
    ],
)
def test_the_engine_of_a_vendor_knows_whose_the_prompt_cache_is(
    target: Callable[..., Target], base_url: str, name: str, cache: bool
) -> None:
    """openai, azure, anthropic, aws and deepseek keep caches by account."""
    engine = engine_for(target(base_url=base_url).provider)
    assert (name, cache) == (engine.name, engine.has_account_cache)
