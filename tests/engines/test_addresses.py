"""Where each engine sends each operation, for every form in which people write `base_url`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from uniapi.canonical import Operation
from uniapi.dialects import UPSTREAM_DIALECTS
from uniapi.engines import ENGINES, Target, engine_for

OPENAI = "https://api.openai.com/v1/chat/completions"
GITHUB = "https://models.github.ai/inference/chat/completions"
GOOGLE = "https://generativelanguage.googleapis.com"
QIANFAN = "https://qianfan.baidubce.com/v2/chat/completions"

CHAT = [
    # OpenAI-compatible: with and without version and endpoint, trailing slash, doubled version,
    # another endpoint
    ({"base_url": "https://api.openai.com"}, OPENAI),
    ({"base_url": "https://api.openai.com/"}, OPENAI),
    ({"base_url": "https://api.openai.com/v1"}, OPENAI),
    ({"base_url": "https://api.openai.com/v1/"}, OPENAI),
    ({"base_url": "https://api.openai.com//v1//v1/"}, OPENAI),
    ({"base_url": "https://api.openai.com/v1/chat/completions"}, OPENAI),
    ({"base_url": "https://api.openai.com/v1/chat/completions/"}, OPENAI),
    ({"base_url": "https://api.openai.com/v1/embeddings"}, OPENAI),
    ({"base_url": "https://api.openai.com/v1/models"}, OPENAI),
    ({"base_url": "api.openai.com"}, OPENAI),
    ({"base_url": "  https://api.openai.com/v1  "}, OPENAI),
    ({"base_url": "localhost:8080/v1"}, "http://localhost:8080/v1/chat/completions"),
    (
        {"base_url": "https://proxy.example/v1/chat/completions?tag=a"},
        "https://proxy.example/v1/chat/completions?tag=a",
    ),
    ({"base_url": "https://proxy.example/llm"}, "https://proxy.example/llm/chat/completions"),
    ({"base_url": "https://proxy.example/any/thing#"}, "https://proxy.example/any/thing"),
    (
        {"base_url": "https://models.inference.ai.azure.com/chat/completion"},
        "https://models.inference.ai.azure.com/chat/completions",
    ),
    (
        {"base_url": "https://models.inference.ai.azure.com"},
        "https://models.inference.ai.azure.com/chat/completions",
    ),
    (
        {"base_url": "https://models.github.ai"},
        "https://models.github.ai/inference/chat/completions",
    ),
    ({"base_url": "https://api.groq.com"}, "https://api.groq.com/openai/v1/chat/completions"),
    ({"base_url": "https://openrouter.ai"}, "https://openrouter.ai/api/v1/chat/completions"),
    # the end of the usual path, and the vendor's own API
    ({"base_url": "https://openrouter.ai/v1"}, "https://openrouter.ai/api/v1/chat/completions"),
    ({"base_url": "https://api.groq.com/v1"}, "https://api.groq.com/openai/v1/chat/completions"),
    (
        {"base_url": "https://open.bigmodel.cn/v4"},
        "https://open.bigmodel.cn/api/paas/v4/chat/completions",
    ),
    # the habit of writing `/v1`, where it leads nowhere, and half of an address
    ({"base_url": "https://api.z.ai/v1"}, "https://api.z.ai/api/paas/v4/chat/completions"),
    (
        {"base_url": "https://api.z.ai/api/coding/paas"},
        "https://api.z.ai/api/coding/paas/v4/chat/completions",
    ),
    (
        {"base_url": "https://ark.cn-beijing.volces.com/v1"},
        "https://ark.cn-beijing.volces.com/api/v3/chat/completions",
    ),
    ({"base_url": "https://qianfan.baidubce.com/v1"}, QIANFAN),
    ({"base_url": "https://models.github.ai/v1"}, GITHUB),
    ({"base_url": f"{GOOGLE}/v1beta/openai/v1"}, f"{GOOGLE}/v1beta/openai/chat/completions"),
    ({"base_url": "https://api.novita.ai/v3"}, "https://api.novita.ai/v3/openai/chat/completions"),
    ({"base_url": "http://box:11434/api/v1"}, "http://box:11434/v1/chat/completions"),
    ({"base_url": "http://box:11434/api/chat"}, "http://box:11434/v1/chat/completions"),
    ({"base_url": "http://localhost:1234/api/v1"}, "http://localhost:1234/v1/chat/completions"),
    ({"base_url": "https://proxy.example/v1/chat"}, "https://proxy.example/v1/chat/completions"),
    ({"base_url": "https://proxy.example/chat"}, "https://proxy.example/chat/chat/completions"),
    (
        {"engine": "gpt", "base_url": "https://proxy.example/v1/chat"},
        "https://proxy.example/v1/chat",
    ),
    (
        {"base_url": "https://api.minimax.io/v1/text/chatcompletion_v2"},
        "https://api.minimax.io/v1/chat/completions",
    ),
    (
        {"base_url": "https://dashscope.aliyuncs.com/api/v1"},
        "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions",
    ),
    ({"base_url": "https://openrouter.ai/api"}, "https://openrouter.ai/api/v1/chat/completions"),
    ({"base_url": "https://api.deepseek.com"}, "https://api.deepseek.com/chat/completions"),
    ({"base_url": "https://api.deepseek.com/v1"}, "https://api.deepseek.com/v1/chat/completions"),
    ({"base_url": "https://api.perplexity.ai"}, "https://api.perplexity.ai/chat/completions"),
    (
        {"base_url": "https://api.z.ai/api/coding/paas/v4"},
        "https://api.z.ai/api/coding/paas/v4/chat/completions",
    ),
    (
        {"base_url": "https://open.bigmodel.cn"},
        "https://open.bigmodel.cn/api/paas/v4/chat/completions",
    ),
    (
        {"base_url": "https://dashscope.aliyuncs.com"},
        "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions",
    ),
    ({"base_url": "https://api.writer.com/v1/chat"}, "https://api.writer.com/v1/chat"),
    ({"base_url": "https://api.writer.com"}, "https://api.writer.com/v1/chat"),
    ({"base_url": "http://127.0.0.1:11434"}, "http://127.0.0.1:11434/v1/chat/completions"),
    (
        {"base_url": "https://acc.snowflakecomputing.com"},
        "https://acc.snowflakecomputing.com/api/v2/cortex/v1/chat/completions",
    ),
    (
        {"base_url": "https://generativelanguage.googleapis.com/v1beta/openai/"},
        "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
    ),
    (
        {"base_url": "https://gateway.ai.cloudflare.com/v1/ACC/gw/groq"},
        "https://gateway.ai.cloudflare.com/v1/ACC/gw/groq/chat/completions",
    ),
    # engine written: an address that names no root is the endpoint
    (
        {"engine": "gpt", "base_url": "https://proxy.example/custom/talk"},
        "https://proxy.example/custom/talk",
    ),
    (
        {"engine": "gpt", "base_url": "https://proxy.example/custom/talk?x=1"},
        "https://proxy.example/custom/talk?x=1",
    ),
    (
        {"engine": "gpt", "base_url": "https://proxy.example/custom/"},
        "https://proxy.example/custom/chat/completions",
    ),
    (
        {"engine": "gpt", "base_url": "https://proxy.example/v1"},
        "https://proxy.example/v1/chat/completions",
    ),
    (
        {"engine": "gpt", "base_url": "http://127.0.0.1:1/x/events/r/ID/v1/chat/completions"},
        "http://127.0.0.1:1/x/events/r/ID/v1/chat/completions",
    ),
    (
        {"engine": "openrouter", "base_url": "https://other.example/v1/chat/completions"},
        "https://other.example/v1/chat/completions",
    ),
    (
        {"engine": "openrouter", "base_url": "https://other.example"},
        "https://other.example/v1/chat/completions",
    ),
    # Anthropic Messages
    ({"base_url": "https://api.anthropic.com"}, "https://api.anthropic.com/v1/messages"),
    ({"base_url": "https://api.anthropic.com/v1"}, "https://api.anthropic.com/v1/messages"),
    ({"base_url": "https://reseller.example/v1/messages"}, "https://reseller.example/v1/messages"),
    (
        {"base_url": "https://reseller.example/claude/messages"},
        "https://reseller.example/claude/messages",
    ),
    (
        {"engine": "claude", "base_url": "https://api.deepseek.com/anthropic"},
        "https://api.deepseek.com/anthropic/v1/messages",
    ),
    (
        {"engine": "claude", "base_url": "https://reseller.example"},
        "https://reseller.example/v1/messages",
    ),
    (
        {"engine": "claude", "base_url": "https://reseller.example/speak"},
        "https://reseller.example/speak",
    ),
    (
        {"base_url": "https://gateway.ai.cloudflare.com/v1/ACC/gw/anthropic"},
        "https://gateway.ai.cloudflare.com/v1/ACC/gw/anthropic/v1/messages",
    ),
    (
        {"base_url": "https://api.z.ai/api/anthropic"},
        "https://api.z.ai/api/anthropic/v1/messages",
    ),
    ({"base_url": "https://api.kimi.com/coding/"}, "https://api.kimi.com/coding/v1/messages"),
    (
        {"base_url": "https://ark.cn-beijing.volces.com/api/plan"},
        "https://ark.cn-beijing.volces.com/api/plan/v1/messages",
    ),
    (
        {"engine": "claude", "base_url": "https://ark.cn-beijing.volces.com/api/plan"},
        "https://ark.cn-beijing.volces.com/api/plan/v1/messages",
    ),
    (
        {"base_url": "https://dashscope.aliyuncs.com/apps/anthropic/v1/"},
        "https://dashscope.aliyuncs.com/apps/anthropic/v1/messages",
    ),
    (
        {"base_url": "https://aws-external-anthropic.us-east-1.api.aws"},
        "https://aws-external-anthropic.us-east-1.api.aws/v1/messages",
    ),
    # roots of vendors that have no plain `/v1`
    (
        {"base_url": "https://api.githubcopilot.com"},
        "https://api.githubcopilot.com/chat/completions",
    ),
    (
        {"base_url": "https://copilot-api.acme.ghe.com"},
        "https://copilot-api.acme.ghe.com/chat/completions",
    ),
    ({"base_url": "https://api.kimi.com"}, "https://api.kimi.com/coding/v1/chat/completions"),
    (
        {"base_url": "https://ws1.ap-southeast-1.maas.aliyuncs.com"},
        "https://ws1.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1/chat/completions",
    ),
    (
        {"base_url": "https://coding-intl.dashscope.aliyuncs.com"},
        "https://coding-intl.dashscope.aliyuncs.com/v1/chat/completions",
    ),
    (
        {"base_url": "https://api.stepfun.com/step_plan"},
        "https://api.stepfun.com/step_plan/v1/chat/completions",
    ),
    ({"base_url": "https://api.stepfun.com"}, "https://api.stepfun.com/v1/chat/completions"),
    (
        {"base_url": "https://opencode.ai/zen/go"},
        "https://opencode.ai/zen/go/v1/chat/completions",
    ),
    ({"base_url": "https://opencode.ai/zen"}, "https://opencode.ai/zen/v1/chat/completions"),
    (
        {"base_url": "https://qianfan.baidubce.com"},
        "https://qianfan.baidubce.com/v2/chat/completions",
    ),
    (
        {"base_url": "https://dbc-1.cloud.databricks.com"},
        "https://dbc-1.cloud.databricks.com/serving-endpoints/chat/completions",
    ),
    # Ollama's own API, pasted
    ({"base_url": "http://nas.lan:11434/api"}, "http://nas.lan:11434/v1/chat/completions"),
    ({"base_url": "http://1.2.3.4:11434/api/chat"}, "http://1.2.3.4:11434/v1/chat/completions"),
    ({"base_url": "https://ollama.com/api"}, "https://ollama.com/v1/chat/completions"),
    # AWS's OpenAI-compatible layers
    (
        {
            "base_url": "https://bedrock-mantle.us-east-1.api.aws/v1",
            "kind": "aws",
            "account": "AKIA",
        },
        "https://bedrock-mantle.us-east-1.api.aws/v1/chat/completions",
    ),
    (
        {
            "base_url": "https://bedrock-runtime.us-west-2.amazonaws.com/openai",
            "kind": "aws",
            "account": "AKIA",
        },
        "https://bedrock-runtime.us-west-2.amazonaws.com/openai/v1/chat/completions",
    ),
    (
        {"base_url": "https://bedrock-mantle.us-east-1.api.aws/v1", "model": "anthropic.claude-x"},
        "https://bedrock-mantle.us-east-1.api.aws/anthropic/v1/messages",
    ),
    # Responses
    ({"base_url": "https://api.z.ai/api/v1"}, "https://api.z.ai/api/v1/responses"),
    ({"base_url": "https://api.openai.com/v1/responses"}, "https://api.openai.com/v1/responses"),
    (
        {"engine": "responses", "base_url": "https://proxy.example"},
        "https://proxy.example/v1/responses",
    ),
    # Gemini
    (
        {"base_url": "https://generativelanguage.googleapis.com"},
        "https://generativelanguage.googleapis.com/v1beta/models/m:generateContent",
    ),
    (
        {"base_url": "https://proxy.example/v1beta/models/"},
        "https://proxy.example/v1beta/models/m:generateContent",
    ),
    (
        {"engine": "gemini", "base_url": "http://127.0.0.1:1/x/events/r/ID/v1beta"},
        "http://127.0.0.1:1/x/events/r/ID/v1beta/models/m:generateContent",
    ),
    (
        {"engine": "gemini", "base_url": "https://proxy.example/v1"},
        "https://proxy.example/v1/models/m:generateContent",
    ),
    (
        {"engine": "gemini", "base_url": "https://proxy.example/gem"},
        "https://proxy.example/gem/v1beta/models/m:generateContent",
    ),
    (
        {"base_url": "https://gateway.ai.cloudflare.com/v1/ACC/gw/google-ai-studio"},
        "https://gateway.ai.cloudflare.com/v1/ACC/gw/google-ai-studio/v1beta/models/m:generateContent",
    ),
    # Cohere
    ({"base_url": "https://api.cohere.com"}, "https://api.cohere.com/v2/chat"),
    ({"base_url": "https://api.cohere.ai/v1/chat"}, "https://api.cohere.ai/v2/chat"),
    (
        {"engine": "cohere", "base_url": "http://127.0.0.1:1/r/ID/v2/chat"},
        "http://127.0.0.1:1/r/ID/v2/chat",
    ),
    # Cloudflare
    (
        {"cf_account_id": "ACC"},
        "https://api.cloudflare.com/client/v4/accounts/ACC/ai/v1/chat/completions",
    ),
    (
        {"base_url": "https://api.cloudflare.com/client/v4/accounts/ACC/ai/run"},
        "https://api.cloudflare.com/client/v4/accounts/ACC/ai/v1/chat/completions",
    ),
    (
        {"base_url": "https://gateway.ai.cloudflare.com/v1/ACC/gw/workers-ai"},
        "https://gateway.ai.cloudflare.com/v1/ACC/gw/workers-ai/v1/chat/completions",
    ),
    # Databricks
    (
        {"base_url": "https://adb-1.2.azuredatabricks.net"},
        "https://adb-1.2.azuredatabricks.net/serving-endpoints/chat/completions",
    ),
    (
        {"base_url": "https://adb-1.2.azuredatabricks.net/serving-endpoints/dbrx/invocations"},
        "https://adb-1.2.azuredatabricks.net/serving-endpoints/chat/completions",
    ),
]


@pytest.mark.parametrize(("members", "url"), CHAT)
def test_generation_goes_where_base_url_says(
    target: Callable[..., Target], members: dict[str, object], url: str
) -> None:
    """A whole answer for a chat client."""
    place = target(**members)
    engine = engine_for(place.provider)
    address = engine.address(place, Operation.GENERATE, False, engine.dialect(place, "openai_chat"))
    assert address is not None
    assert (url, "POST") == (address.url, address.method)


AZURE = [
    (
        "https://me.openai.azure.com",
        "https://me.openai.azure.com/openai/deployments/my%20gpt/chat/completions?api-version=2025-04-01-preview",
    ),
    (
        "https://me.openai.azure.com/openai/?api-version=2024-10-21",
        "https://me.openai.azure.com/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21",
    ),
    (
        "https://me.openai.azure.com/openai/deployments/fixed/chat/completions?api-version=2024-06-01",
        "https://me.openai.azure.com/openai/deployments/fixed/chat/completions?api-version=2024-06-01",
    ),
    (
        "https://me.openai.azure.com/openai/deployments/fixed",
        "https://me.openai.azure.com/openai/deployments/fixed/chat/completions?api-version=2025-04-01-preview",
    ),
    (
        "https://me.openai.azure.com/openai/v1",
        "https://me.openai.azure.com/openai/v1/chat/completions",
    ),
    (
        "https://me.openai.azure.com/openai/v1/chat/completions",
        "https://me.openai.azure.com/openai/v1/chat/completions",
    ),
    (
        "https://me.openai.azure.com/openai/v1/chat/completions?api-version=preview",
        "https://me.openai.azure.com/openai/v1/chat/completions?api-version=preview",
    ),
    (
        "https://me.services.ai.azure.com",
        "https://me.services.ai.azure.com/openai/v1/chat/completions",
    ),
    (
        "https://me.services.ai.azure.com/models",
        "https://me.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview",
    ),
    (
        "https://me.services.ai.azure.com/models/chat/completions?api-version=2025-01-01",
        "https://me.services.ai.azure.com/models/chat/completions?api-version=2025-01-01",
    ),
    (
        "https://me.services.ai.azure.com/anthropic/v1/messages",
        "https://me.services.ai.azure.com/anthropic/v1/messages",
    ),
    (
        "https://gateway.ai.cloudflare.com/v1/ACC/gw/azure-openai/res/dep",
        "https://gateway.ai.cloudflare.com/v1/ACC/gw/azure-openai/res/dep/chat/completions?api-version=2025-04-01-preview",
    ),
    (
        "https://gateway.ai.cloudflare.com/v1/ACC/gw/azure-openai/res",
        "https://gateway.ai.cloudflare.com/v1/ACC/gw/azure-openai/res/my%20gpt/chat/completions?api-version=2025-04-01-preview",
    ),
    (
        "http://127.0.0.1:1/x/events/r/ID",
        "http://127.0.0.1:1/x/events/r/ID/openai/deployments/my%20gpt/chat/completions?api-version=2025-04-01-preview",
    ),
]


@pytest.mark.parametrize(("base_url", "url"), AZURE)
def test_azure_reads_its_surface_from_base_url(
    target: Callable[..., Target], base_url: str, url: str
) -> None:
    """Classic deployments, the GA surface, Foundry's inference and its Claude; what the address
    says is kept.
    """
    place = target("my gpt", base_url=base_url, engine="azure")
    engine = engine_for(place.provider)
    address = engine.address(place, Operation.GENERATE, True, engine.dialect(place, "openai_chat"))
    assert address is not None
    assert url == address.url


VERTEX = [
    (
        {"project_id": "P"},
        "gemini-2.5-pro",
        "https://aiplatform.googleapis.com/v1/projects/P/locations/global/publishers/google/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
    ),
    (
        {"project_id": "P", "region": "europe-west4"},
        "gemini-2.5-pro",
        "https://europe-west4-aiplatform.googleapis.com/v1/projects/P/locations/europe-west4/publishers/google/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
    ),
    (
        {"project_id": "P", "region": "eu"},
        "claude-sonnet-4-5@20250929",
        "https://aiplatform.eu.rep.googleapis.com/v1/projects/P/locations/eu/publishers/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict",
    ),
    (
        {"project_id": "P"},
        "claude-3-5-sonnet@20240620",
        "https://us-east5-aiplatform.googleapis.com/v1/projects/P/locations/us-east5/publishers/anthropic/models/claude-3-5-sonnet@20240620:streamRawPredict",
    ),
    (
        {"project_id": "P", "key_project": "Q"},
        "claude-opus-4-6",
        "https://aiplatform.googleapis.com/v1/projects/Q/locations/global/publishers/anthropic/models/claude-opus-4-6:streamRawPredict",
    ),
    (
        {
            "base_url": "https://us-east4-aiplatform.googleapis.com/v1beta1/projects/W/locations/us-east4"
        },
        "gemini-2.5-flash",
        "https://us-east4-aiplatform.googleapis.com/v1beta1/projects/W/locations/us-east4/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
    ),
    (
        {"kind": "service_account", "account": "bot@from-account.iam.gserviceaccount.com"},
        "google/gemini-3-pro",
        "https://aiplatform.googleapis.com/v1/projects/from-account/locations/global/publishers/google/models/gemini-3-pro:streamGenerateContent?alt=sse",
    ),
    # express keys stand for their project, even when one is written
    (
        {"base_url": "https://aiplatform.googleapis.com/", "secret": "AQ.key"},
        "gemini-2.5-flash",
        "https://aiplatform.googleapis.com/v1/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
    ),
    (
        {"project_id": "P", "secret": "AQ.key"},
        "gemini-2.5-flash",
        "https://aiplatform.googleapis.com/v1/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
    ),
    # Mistral's models have a publisher of their own
    (
        {"project_id": "P", "region": "europe-west4"},
        "mistral-medium-3",
        "https://europe-west4-aiplatform.googleapis.com/v1/projects/P/locations/europe-west4/publishers/mistralai/models/mistral-medium-3:streamRawPredict",
    ),
    (
        {"project_id": "P"},
        "mistralai/codestral-2",
        "https://us-central1-aiplatform.googleapis.com/v1/projects/P/locations/us-central1/publishers/mistralai/models/codestral-2:streamRawPredict",
    ),
    # open models speak OpenAI's format
    (
        {"project_id": "P", "region": "us-central1"},
        "deepseek-ai/deepseek-v3.2-maas",
        "https://us-central1-aiplatform.googleapis.com/v1/projects/P/locations/us-central1/endpoints/openapi/chat/completions",
    ),
    (
        {
            "project_id": "P",
            "base_url": "https://gateway.ai.cloudflare.com/v1/ACC/gw/google-vertex-ai",
            "region": "us-east5",
        },
        "claude-sonnet-5",
        "https://gateway.ai.cloudflare.com/v1/ACC/gw/google-vertex-ai/v1/projects/P/locations/us-east5/publishers/anthropic/models/claude-sonnet-5:streamRawPredict",
    ),
]


@pytest.mark.parametrize(("members", "model", "url"), VERTEX)
def test_vertex_finds_host_project_location_and_publisher(
    target: Callable[..., Target], members: dict[str, object], model: str, url: str
) -> None:
    """`region` decides; without it the address, then the model, then `global`, whose host has no
    region.
    """
    place = target(model, **members)
    engine = engine_for(place.provider)
    address = engine.address(place, Operation.GENERATE, True, engine.dialect(place, "openai_chat"))
    assert address is not None
    assert url == address.url


ARN = "arn:aws:bedrock:us-east-1:0:application-inference-profile/x"

BEDROCK = [
    (
        {"base_url": "https://bedrock-runtime.eu-west-1.amazonaws.com"},
        "amazon.nova-lite-v1:0",
        "openai_chat",
        "https://bedrock-runtime.eu-west-1.amazonaws.com/model/amazon.nova-lite-v1%3A0/converse-stream",
    ),
    (
        {"kind": "aws", "account": "AKIA"},
        "amazon.nova-lite-v1:0",
        "anthropic",
        "https://bedrock-runtime.us-east-1.amazonaws.com/model/amazon.nova-lite-v1%3A0/converse-stream",
    ),
    (
        {"kind": "aws", "account": "AKIA", "region": "us-gov-west-1"},
        "m",
        "openai_chat",
        "https://bedrock-runtime.us-gov-west-1.amazonaws.com/model/m/converse-stream",
    ),
    (
        {"base_url": "https://bedrock-runtime.us-east-1.amazonaws.com", "region": "us-west-2"},
        "us.anthropic.claude-sonnet-4-6",
        "anthropic",
        "https://bedrock-runtime.us-west-2.amazonaws.com/model/us.anthropic.claude-sonnet-4-6/invoke-with-response-stream",
    ),
    (
        {"base_url": "https://bedrock-runtime.us-east-1.amazonaws.com/model/x/converse"},
        ARN,
        "openai_chat",
        "https://bedrock-runtime.us-east-1.amazonaws.com/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A0%3Aapplication-inference-profile%2Fx/converse-stream",
    ),
    (
        {"engine": "aws", "base_url": "http://127.0.0.1:1/x/events/r/ID"},
        "m:0",
        "openai_chat",
        "http://127.0.0.1:1/x/events/r/ID/model/m%3A0/converse-stream",
    ),
]


@pytest.mark.parametrize(("members", "model", "client", "url"), BEDROCK)
def test_bedrock_speaks_converse_and_invokes_claude_for_anthropic_clients(
    target: Callable[..., Target], members: dict[str, object], model: str, client: str, url: str
) -> None:
    """The model is one percent-encoded segment; the region comes from `region`, the host, else
    us-east-1.
    """
    place = target(model, **members)
    engine = engine_for(place.provider)
    address = engine.address(place, Operation.GENERATE, True, engine.dialect(place, client))
    assert address is not None
    assert url == address.url


OPERATIONS = [
    (
        "https://api.openai.com",
        "openai_chat",
        Operation.EMBED,
        "https://api.openai.com/v1/embeddings",
        "openai",
    ),
    (
        "https://api.openai.com/v1/chat/completions",
        "openai_chat",
        Operation.IMAGE_EDIT,
        "https://api.openai.com/v1/images/edits",
        "openai",
    ),
    (
        "https://api.openai.com",
        "openai_chat",
        Operation.TRANSCRIBE,
        "https://api.openai.com/v1/audio/transcriptions",
        "openai",
    ),
    (
        "https://api.openai.com",
        "openai_chat",
        Operation.MODERATE,
        "https://api.openai.com/v1/moderations",
        "openai",
    ),
    (
        "https://api.openai.com",
        "openai_chat",
        Operation.COMPLETE,
        "https://api.openai.com/v1/completions",
        "openai",
    ),
    (
        "https://proxy.example/v1",
        "openai_chat",
        Operation.RERANK,
        "https://proxy.example/v1/rerank",
        "openai",
    ),
    (
        "https://api.openai.com",
        "openai_responses",
        Operation.GENERATE,
        "https://api.openai.com/v1/responses",
        "dialect",
    ),
    (
        "https://api.openai.com",
        "openai_responses",
        Operation.COMPACT,
        "https://api.openai.com/v1/responses/compact",
        "dialect",
    ),
    (
        "https://proxy.example/v1",
        "openai_responses",
        Operation.GENERATE,
        "https://proxy.example/v1/chat/completions",
        "dialect",
    ),
    (
        "https://proxy.example/v1/responses",
        "openai_chat",
        Operation.EMBED,
        "https://proxy.example/v1/embeddings",
        "openai",
    ),
    (
        "https://proxy.example/v1/responses",
        "openai_responses",
        Operation.COUNT_TOKENS,
        "https://proxy.example/v1/responses/input_tokens",
        "dialect",
    ),
    (
        "https://api.anthropic.com",
        "anthropic",
        Operation.COUNT_TOKENS,
        "https://api.anthropic.com/v1/messages/count_tokens",
        "dialect",
    ),
    (
        "https://proxy.example/v1beta",
        "gemini",
        Operation.COUNT_TOKENS,
        "https://proxy.example/v1beta/models/m:countTokens",
        "gemini",
    ),
    (
        "https://proxy.example/v1beta",
        "openai_chat",
        Operation.EMBED,
        "https://proxy.example/v1beta/models/m:batchEmbedContents",
        "gemini",
    ),
    (
        "https://proxy.example/v1beta",
        "openai_chat",
        Operation.IMAGE,
        "https://proxy.example/v1beta/models/m:generateContent",
        "gemini",
    ),
    (
        "https://api.voyageai.com/v1",
        "openai_chat",
        Operation.EMBED,
        "https://api.voyageai.com/v1/embeddings",
        "voyage",
    ),
    (
        "https://api.jina.ai/v1/rerank",
        "openai_chat",
        Operation.RERANK,
        "https://api.jina.ai/v1/rerank",
        "openai",
    ),
    (
        "https://openrouter.ai/api/v1",
        "openai_chat",
        Operation.IMAGE_EDIT,
        "https://openrouter.ai/api/v1/images",
        "openrouter",
    ),
    (
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        "openai_chat",
        Operation.RERANK,
        "https://dashscope-intl.aliyuncs.com/compatible-api/v1/reranks",
        "openai",
    ),
    (
        "https://ws-1.cn-beijing.maas.aliyuncs.com/compatible-mode/v1",
        "openai_chat",
        Operation.IMAGE,
        "https://ws-1.cn-beijing.maas.aliyuncs.com"
        "/api/v1/services/aigc/multimodal-generation/generation",
        "dashscope",
    ),
    (
        "https://api.fireworks.ai/inference/v1",
        "openai_chat",
        Operation.TRANSCRIBE,
        "https://audio-prod.api.fireworks.ai/v1/audio/transcriptions",
        "openai",
    ),
    (
        "https://api.cohere.com/compatibility/v1",
        "openai_chat",
        Operation.RERANK,
        "https://api.cohere.com/v2/rerank",
        "cohere",
    ),
    (
        "https://integrate.api.nvidia.com/v1",
        "openai_chat",
        Operation.RERANK,
        "https://ai.api.nvidia.com/v1/retrieval/m/reranking",
        "nvidia",
    ),
    (
        "https://api.openai.com/v1",
        "openai_responses",
        Operation.COUNT_TOKENS,
        "https://api.openai.com/v1/responses/input_tokens",
        "dialect",
    ),
    (
        "https://api.cohere.com",
        "openai_chat",
        Operation.RERANK,
        "https://api.cohere.com/v2/rerank",
        "cohere",
    ),
    (
        "https://api.cohere.com",
        "openai_chat",
        Operation.EMBED,
        "https://api.cohere.com/v2/embed",
        "cohere",
    ),
    (
        "https://me.openai.azure.com/openai/v1",
        "openai_chat",
        Operation.IMAGE,
        "https://me.openai.azure.com/openai/v1/images/generations",
        "openai",
    ),
    (
        "https://me.openai.azure.com",
        "openai_responses",
        Operation.GENERATE,
        "https://me.openai.azure.com/openai/v1/responses",
        "dialect",
    ),
    (
        "https://me.openai.azure.com",
        "openai_chat",
        Operation.EMBED,
        "https://me.openai.azure.com/openai/deployments/m/embeddings?api-version=2025-04-01-preview",
        "openai",
    ),
]


@pytest.mark.parametrize(("base_url", "client", "operation", "url", "shape"), OPERATIONS)
def test_other_operations_have_their_own_address(
    target: Callable[..., Target],
    base_url: str,
    client: str,
    operation: Operation,
    url: str,
    shape: str,
) -> None:
    """Each operation's URL and whose body it wants."""
    place = target(base_url=base_url)
    engine = engine_for(place.provider)
    address = engine.address(place, operation, False, engine.dialect(place, client))
    assert address is not None
    assert (url, shape) == (address.url, address.shape)


@pytest.mark.parametrize(
    ("base_url", "operation"),
    [
        ("https://api.anthropic.com", Operation.EMBED),
        ("https://proxy.example/v1", Operation.COUNT_TOKENS),
        ("https://proxy.example/v1", Operation.COMPACT),
        ("https://proxy.example/v1beta", Operation.IMAGE_VARIATION),
        ("https://api.cohere.com", Operation.SPEECH),
        ("https://me.openai.azure.com", Operation.RERANK),
    ],
)
def test_an_operation_an_upstream_lacks_has_no_address(
    target: Callable[..., Target], base_url: str, operation: Operation
) -> None:
    """None, so that the gateway can refuse or estimate."""
    place = target(base_url=base_url)
    engine = engine_for(place.provider)
    assert engine.address(place, operation, False, engine.dialect(place, "openai_chat")) is None


@pytest.mark.parametrize(
    ("members", "model", "client", "dialect"),
    [
        ({"base_url": "https://api.openai.com"}, "m", "anthropic", "openai_chat"),
        ({"base_url": "https://api.openai.com"}, "m", "openai_responses", "openai_responses"),
        (
            {"base_url": "https://api.openai.com", "engine": "gpt"},
            "m",
            "openai_responses",
            "openai_chat",
        ),
        ({"base_url": "https://proxy.example/v1"}, "m", "openai_responses", "openai_chat"),
        ({"base_url": "https://proxy.example/v1/responses"}, "m", "anthropic", "openai_responses"),
        ({"base_url": "https://api.anthropic.com"}, "m", "openai_chat", "anthropic"),
        (
            {"base_url": "https://me.services.ai.azure.com/anthropic"},
            "m",
            "openai_chat",
            "anthropic",
        ),
        ({"project_id": "P"}, "claude-opus-4-6", "gemini", "anthropic"),
        ({"project_id": "P"}, "gemini-2.5-pro", "anthropic", "gemini"),
        (
            {"project_id": "P", "engine": "vertex-gemini"},
            "tuned-claude-like",
            "anthropic",
            "gemini",
        ),
        ({"project_id": "P"}, "meta/llama-4", "anthropic", "openai_chat"),
        ({"kind": "aws"}, "us.anthropic.claude-opus-4-6-v1", "anthropic", "anthropic"),
        ({"kind": "aws"}, "us.anthropic.claude-opus-4-6-v1", "openai_chat", "bedrock_converse"),
        ({"kind": "aws"}, "amazon.nova-pro-v1:0", "anthropic", "bedrock_converse"),
        ({"base_url": "https://api.cohere.com"}, "m", "openai_chat", "cohere"),
    ],
)
def test_the_dialect_is_the_clients_where_the_upstream_speaks_it(
    target: Callable[..., Target], members: dict[str, object], model: str, client: str, dialect: str
) -> None:
    """Engines with two dialects take the client's, so that the call is relayed."""
    place = target(model, **members)
    assert UPSTREAM_DIALECTS[dialect] is engine_for(place.provider).dialect(place, client)


_PIECES = st.sampled_from(
    [
        "https://",
        "http:",
        "/",
        "//",
        "v1",
        "v1beta",
        "chat/completions",
        "models",
        ":",
        "@",
        "#",
        "?",
        "=",
        "&",
        "[",
        "]",
        "%",
        "openai",
        "deployments",
        "h.example",
        "é",
        " ",
    ]
)


@given(
    base_url=st.lists(_PIECES, max_size=9).map("".join) | st.text(max_size=30),
    engine=st.sampled_from([None, *sorted(ENGINES)]),
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_text_in_base_url_raises(
    target: Callable[..., Target], base_url: str, engine: str | None
) -> None:
    """Config reports what makes no sense; an engine only ever makes the best of it."""
    place = target(base_url=base_url or "x", engine=engine)
    chosen = engine_for(place.provider)
    for client in ("openai_chat", "openai_responses", "anthropic", "gemini"):
        address = chosen.address(place, Operation.GENERATE, True, chosen.dialect(place, client))
        assert address is not None
        assert "://" in address.url


@pytest.mark.parametrize(
    ("base_url", "operation", "body", "sent"),
    [
        (
            "https://api.groq.com/openai/v1",
            Operation.TRANSCRIBE,
            {"file_url": "https://h/a.mp3"},
            {"url": "https://h/a.mp3", "model": "m"},
        ),
        (
            "https://api.mistral.ai/v1",
            Operation.TRANSCRIBE,
            {"url": "https://h/a.mp3"},
            {"file_url": "https://h/a.mp3", "model": "m"},
        ),
        (
            "https://openrouter.ai/api/v1",
            Operation.SPEECH,
            {"input": "x"},
            {"response_format": "mp3", "input": "x", "model": "m"},
        ),
        (
            "https://openrouter.ai/api/v1",
            Operation.SPEECH,
            {"input": "x", "response_format": "pcm"},
            {"response_format": "pcm", "input": "x", "model": "m"},
        ),
    ],
)
def test_a_vendors_own_words_are_said_to_it(
    target: Callable[..., Target],
    base_url: str,
    operation: Operation,
    body: dict[str, Any],
    sent: dict[str, Any],
) -> None:
    """Members that it calls otherwise, and what it would take silence for."""
    place = target(base_url=base_url)
    engine = engine_for(place.provider)
    dialect = engine.dialect(place, "openai_chat")
    assert engine.prepare_body(place, body, operation, False, dialect) == sent
