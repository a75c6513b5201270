"""What `check` says of a provider that is well written and still cannot work, or not as meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from uniapi.config import ModelEntry
from uniapi.engines import Target
from uniapi.engines.look_over import look_over

ACCOUNT = {"kind": "service_account", "account": "bot@p.iam.gserviceaccount.com", "secret": "pem"}
AWS = {"kind": "aws", "account": "AKIA", "secret": "s"}
NO_KEY = {"kind": "none", "secret": ""}
CLAUDE_ON_AWS = "https://aws-external-anthropic.us-east-1.api.aws"
WORKSPACE = {"Anthropic-Workspace-Id": "wrkspc_1"}


@pytest.mark.parametrize(
    "members",
    [
        {"base_url": "https://api.openai.com/v1"},
        {"base_url": "https://unknown.example/v1", **NO_KEY},
        {"base_url": "http://localhost:11434", **NO_KEY},
        {"base_url": "https://relay.example/anthropic", **NO_KEY},
        {"base_url": "https://api.openai.com", "headers": {"Authorization": "Bearer x"}, **NO_KEY},
        {**ACCOUNT},
        {**ACCOUNT, "engine": "vertex-claude"},
        {**ACCOUNT, "base_url": "https://us-east5-aiplatform.googleapis.com"},
        {**ACCOUNT, "base_url": "https://my-own-gateway.example/google"},
        {**ACCOUNT, "engine": "gemini"},
        {**AWS},
        {**AWS, "base_url": "https://bedrock-mantle.us-east-1.api.aws/v1"},
        {**AWS, "base_url": CLAUDE_ON_AWS, "engine": "claude", "headers": WORKSPACE},
        {**AWS, "base_url": "https://my-own-gateway.example/aws", "engine": "aws"},
        {
            **AWS,
            "base_url": "https://gateway.ai.cloudflare.com/v1/A/g/aws-bedrock/bedrock-runtime/r",
            "engine": "aws",
        },
    ],
)
def test_nothing_is_said_of_what_fits(target: Callable[..., Target], members: dict) -> None:
    assert look_over(target(**members).provider) == ()


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({**ACCOUNT, "engine": "claude"}, ["service account", "`claude`"]),
        ({**ACCOUNT, "engine": "gpt"}, ["service account", "`gpt`"]),
        ({**ACCOUNT, "base_url": "https://api.openai.com/v1"}, ["service account", "openai"]),
        ({**ACCOUNT, "base_url": "https://api.anthropic.com"}, ["service account", "anthropic"]),
        ({**ACCOUNT, "engine": "gemini", "base_url": "https://relay.example/v1beta"}, ["relay"]),
        ({**AWS, "engine": "claude"}, ["AWS keys", "`claude`"]),
        ({**AWS, "engine": "gpt", "base_url": "https://api.groq.com"}, ["AWS keys", "groq"]),
        ({**AWS, "base_url": "https://api.openai.com/v1"}, ["AWS keys", "api.openai.com"]),
        ({**AWS, "engine": "azure", "base_url": "https://a.openai.azure.com"}, ["`azure`"]),
        ({**AWS, "cf_account_id": "ACC"}, ["AWS keys", "`cloudflare`"]),
    ],
)
def test_a_credential_that_does_not_fit_is_an_error_that_names_both(
    target: Callable[..., Target], members: dict, named: list[str]
) -> None:
    """A private key or an AWS secret never leaves as an API key."""
    (remark,) = look_over(target(**members).provider)
    assert remark.severity == "error"
    assert [word for word in named if word not in remark.message] == []


@pytest.mark.parametrize(
    ("members", "key", "said"),
    [
        ({"base_url": "https://platform.openai.com"}, "base_url", "https://api.openai.com/v1"),
        ({"base_url": "http://box.example:8080/api/chat"}, "base_url", "Ollama"),
        ({"base_url": "https://box.example/ollama/api"}, "base_url", ".example/ollama/v1`"),
        ({"base_url": "https://box.example/ollama"}, "base_url", ".example/ollama/v1`"),
        ({"base_url": "https://www.z.ai/v1"}, "base_url", "https://api.z.ai/api/paas/v4"),
        ({"base_url": "https://chat.deepseek.com"}, "base_url", "`https://api.deepseek.com`"),
        (
            {"base_url": "https://api.z.ai/api/anthropic", "engine": "gpt"},
            "engine",
            "`engine: claude`",
        ),
        (
            {"base_url": "https://x.example/v1/chat/completions", "engine": "claude"},
            "engine",
            "OpenAI's path",
        ),
        ({"base_url": CLAUDE_ON_AWS}, "base_url", "anthropic-workspace-id"),
        ({"base_url": "https://api.openai.com/v1", **NO_KEY}, "api", "api.openai.com wants a key"),
        ({"base_url": "https://api.anthropic.com", **NO_KEY}, "api", "api.anthropic.com"),
        ({"base_url": "https://a.openai.azure.com", **NO_KEY}, "api", "a.openai.azure.com"),
    ],
)
def test_what_is_meant_otherwise_is_a_warning_that_says_what_to_write(
    target: Callable[..., Target], members: dict, key: str, said: str
) -> None:
    (remark,) = look_over(target(**members).provider)
    assert (remark.severity, remark.key) == ("warning", key)
    assert said in remark.message


def test_a_bare_host_of_claudes_models_may_be_meant_for_claudes_format(
    target: Callable[..., Target],
) -> None:
    """Resellers print the same host for both."""
    provider = target(base_url="https://reseller.example").provider
    models = tuple(ModelEntry(upstream=name, alias=name) for name in ("claude-a", "claude-b"))
    (remark,) = look_over(replace(provider, models=models))
    assert "`engine: claude`" in remark.message
    other = ModelEntry(upstream="gpt-x", alias="gpt-x")
    assert look_over(replace(provider, models=(*models, other))) == ()
