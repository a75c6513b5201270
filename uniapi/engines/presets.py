"""OpenAI-compatible vendors, one row each: where their API begins, what it has beside chat, whose
prompt cache is the account's. What their models refuse is in `quirks.py`.

A vendor without a row is plain: `/v1/chat/completions` and its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from uniapi.canonical import Json, Operation
from uniapi.values import dataclass, field

from .urls import OPENAI_PATHS, parse_url

CHECKED = "2026-11-30"
"""When the rows were last held against the vendors' documents."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation of a vendor: `path` below its root, `/…` below its host, or a whole URL;
    `{model}` in it is the upstream model. `shape`: whose body it wants (`engine.Address`).
    `renames`: members of OpenAI's body, or another vendor's, by their name here; `usual`: what is
    meant by a body that does not say it; `most_inputs`: see `engine.Address`.
    """

    path: str
    shape: str = "openai"
    renames: Mapping[str, str] = field(default_factory=dict)
    usual: Mapping[str, Json] = field(default_factory=dict)
    most_inputs: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One vendor. `vendor` names it in quirk and failure rows.

    `hosts` are domains (their subdomains count); `usual_path` is the path of the API's root, which
    a bare host gets; `other_paths` are more roots, and the beginning of one of them stands for it.
    `native_paths` belong to an API of the vendor's own that people paste, or to nothing but the
    habit of writing `/v1`: the OpenAI-compatible one is at the usual path. `chat` is the chat
    endpoint below the root; `list_path` the model list below it, or absolute (`/catalog/models`);
    None: there is none. `responses` and `headers`: it speaks OpenAI Responses too; headers every
    request gets. `messages_path`: models called `anthropic.…` are asked there, in Anthropic's
    Messages. `has_account_cache`: a prompt cache is the account's that filled it (docs/design.md,
    Keys and prompt caches). `ports`: a local server is told by its default port. `operations`: what
    it has elsewhere or in another form than OpenAI, None: not at all. `example`: an address as the
    vendor prints it, where nobody answers at the bare domain; words in capitals are the customer's
    own.
    """

    vendor: str
    hosts: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    is_port_sure: bool = False
    """The port tells the vendor at any host, not on a local one only."""
    usual_path: str = "/v1"
    other_paths: tuple[str, ...] = ()
    native_paths: tuple[str, ...] = ()
    chat: str = "chat/completions"
    list_path: str | None = "models"
    responses: bool = False
    operations: Mapping[Operation, Endpoint | None] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    has_account_cache: bool = False
    messages_path: str | None = None
    example: str = ""

    def openai_address(self, base_url: str) -> str:
        """`base_url`, or the root of the OpenAI-compatible API where it names the native one."""
        if not self.native_paths:
            return base_url
        parts = parse_url(base_url)
        return parts.origin if parts.path in self.native_paths else base_url

    def endpoint(self, operation: Operation) -> Endpoint | None:
        """Where an operation beside generation is; None: nowhere."""
        if operation in self.operations:
            return self.operations[operation]
        path = OPENAI_PATHS.get(operation)
        return None if path is None else Endpoint(path)


_APP_NAME = "uni-api"
_APP_URL = "https://github.com/yym68686/uni-api"

PLAIN = Preset(vendor="")

_DASHSCOPE: Mapping[Operation, Endpoint | None] = {
    # docs.qwencloud.com/api-reference/text-embedding/openai-embedding (2026-11-30): 10 of v3 and v4
    Operation.EMBED: Endpoint("embeddings", most_inputs=10),
    # alibabacloud.com/help/en/model-studio/rerank (2026-06-30): 500 documents
    Operation.RERANK: Endpoint("/compatible-api/v1/reranks", most_inputs=500),
    # alibabacloud.com/help/en/model-studio/qwen-image-api (2026-11-30): no path of OpenAI's
    Operation.IMAGE: Endpoint(
        "/api/v1/services/aigc/multimodal-generation/generation", "dashscope"
    ),
    Operation.IMAGE_EDIT: Endpoint(
        "/api/v1/services/aigc/multimodal-generation/generation", "dashscope"
    ),
}

PRESETS: tuple[Preset, ...] = (
    # platform.openai.com/docs/api-reference; caches belong to the organization:
    # platform.openai.com/docs/guides/prompt-caching
    Preset(
        vendor="openai",
        hosts=("api.openai.com",),
        responses=True,
        # developers.openai.com/api/reference/resources/embeddings (2026-11-30)
        operations={Operation.EMBED: Endpoint("embeddings", most_inputs=2048)},
        has_account_cache=True,
    ),
    # openrouter.ai/docs/api-reference/overview (app attribution headers); its Responses API is a
    # stateless beta, so chat is spoken
    Preset(
        vendor="openrouter",
        hosts=("openrouter.ai",),
        usual_path="/api/v1",
        operations={
            # openrouter 1.3.84 (2026-11-30): one endpoint for making and editing, JSON for sounds
            Operation.IMAGE: Endpoint("images", "openrouter"),
            Operation.IMAGE_EDIT: Endpoint("images", "openrouter"),
            Operation.IMAGE_VARIATION: None,
            # sound is `pcm` unless it is told, OpenAI's clients mean `mp3`
            Operation.SPEECH: Endpoint("audio/speech", usual={"response_format": "mp3"}),
            Operation.TRANSCRIBE: Endpoint("audio/transcriptions", "openrouter"),
            Operation.TRANSLATE_AUDIO: None,
            Operation.MODERATE: None,
        },
        headers={"http-referer": _APP_URL, "x-title": _APP_NAME},
    ),
    # console.groq.com/docs/openai; groq 1.7.0 (2026-11-30): a recording may be named by its `url`
    Preset(
        vendor="groq",
        hosts=("api.groq.com",),
        usual_path="/openai/v1",
        operations={
            Operation.TRANSCRIBE: Endpoint("audio/transcriptions", renames={"file_url": "url"}),
            Operation.TRANSLATE_AUDIO: Endpoint("audio/translations", renames={"file_url": "url"}),
        },
    ),
    # docs.x.ai/docs/api-reference: Responses is xAI's recommended interface; pictures are edited in
    # JSON alone (2026-11-30)
    Preset(
        vendor="xai",
        hosts=("api.x.ai",),
        responses=True,
        operations={
            Operation.IMAGE: Endpoint("images/generations", "xai"),
            Operation.IMAGE_EDIT: Endpoint("images/edits", "xai"),
        },
    ),
    # api-docs.deepseek.com: `/chat/completions`, `/v1` accepted too; context caching on disk is per
    # account
    Preset(vendor="deepseek", hosts=("api.deepseek.com",), usual_path="", has_account_cache=True),
    # docs.mistral.ai/api; mistralai 3.7.0 (2026-11-30): a recording may be named by its `file_url`
    Preset(
        vendor="mistral",
        hosts=("api.mistral.ai", "codestral.mistral.ai"),
        operations={
            Operation.TRANSCRIBE: Endpoint("audio/transcriptions", renames={"url": "file_url"}),
            Operation.SPEECH: Endpoint("audio/speech", "mistral"),
            # «Too many inputs in request», code 3210 (raphaelmansuy/edgequake-llm#74, 2026-11-30)
            Operation.EMBED: Endpoint("embeddings", most_inputs=512),
        },
    ),
    # docs.github.com/en/rest/models: the catalogue lies beside the inference root; the older host
    # has `/models`
    Preset(
        vendor="github",
        hosts=("models.github.ai",),
        usual_path="/inference",
        native_paths=("/v1",),
        list_path="/catalog/models",
    ),
    Preset(vendor="github", hosts=("models.inference.ai.azure.com",), usual_path=""),
    Preset(vendor="together", hosts=("api.together.xyz", "api.together.ai")),
    # docs.fireworks.ai/api-reference
    Preset(
        vendor="fireworks",
        hosts=("api.fireworks.ai",),
        usual_path="/inference/v1",
        # recordings have a host of their own
        operations={
            Operation.TRANSCRIBE: Endpoint(
                "https://audio-prod.api.fireworks.ai/v1/audio/transcriptions"
            ),
            Operation.TRANSLATE_AUDIO: Endpoint(
                "https://audio-prod.api.fireworks.ai/v1/audio/translations"
            ),
        },
    ),
    # docs.github.com/en/copilot: no version in the path; companies have hosts of their own
    # (2026-11-30)
    Preset(
        vendor="copilot",
        hosts=("githubcopilot.com", "ghe.com"),
        usual_path="",
        example="https://api.githubcopilot.com",
    ),
    # inference-docs.cerebras.ai
    Preset(vendor="cerebras", hosts=("api.cerebras.ai",)),
    # docs.perplexity.ai/api-reference: no version in the chat path
    Preset(
        vendor="perplexity", hosts=("api.perplexity.ai",), usual_path="", list_path="/v1/models"
    ),
    # platform.moonshot.ai/docs
    Preset(vendor="moonshot", hosts=("api.moonshot.ai", "api.moonshot.cn")),
    # kimi.com/coding/docs: the coding plan is all there is at this host (2026-11-30)
    Preset(vendor="moonshot", hosts=("api.kimi.com", "api.kimi.ai"), usual_path="/coding/v1"),
    # docs.z.ai/api-reference, docs.bigmodel.cn
    Preset(
        vendor="zai",
        hosts=("api.z.ai", "open.bigmodel.cn"),
        usual_path="/api/paas/v4",
        other_paths=("/api/coding/paas/v4",),
        native_paths=("/v1",),
        operations={Operation.EMBED: Endpoint("embeddings", most_inputs=64)},
    ),
    # docs.siliconflow.com
    Preset(
        vendor="siliconflow",
        hosts=("api.siliconflow.com", "api.siliconflow.cn", "api.ap.siliconflow.com"),
        operations={
            # infiniflow/ragflow's siliconflowMaxBatchSize (2026-11-30)
            Operation.EMBED: Endpoint("embeddings", most_inputs=32),
            # docs.siliconflow.com/en/api-reference/images/images-generations (2026-11-30)
            Operation.IMAGE: Endpoint("images/generations", "siliconflow"),
            Operation.IMAGE_EDIT: Endpoint("images/generations", "siliconflow"),
        },
    ),
    # alibabacloud.com/help/en/model-studio/coding-plan: hosts with a root of their own, below the
    # domain of the next row (2026-11-30)
    Preset(
        vendor="dashscope",
        hosts=("coding.dashscope.aliyuncs.com", "coding-intl.dashscope.aliyuncs.com"),
    ),
    # help.aliyun.com/model-studio: the compatible mode
    Preset(
        vendor="dashscope",
        hosts=(
            "dashscope.aliyuncs.com",
            "dashscope-intl.aliyuncs.com",
            "dashscope-us.aliyuncs.com",
        ),
        usual_path="/compatible-mode/v1",
        native_paths=("/api/v1", "/api/v1/services/aigc/text-generation/generation"),
        operations=_DASHSCOPE,
    ),
    # docs.api.nvidia.com; its rerankers are each at an address of their own
    Preset(
        vendor="nvidia",
        hosts=("integrate.api.nvidia.com",),
        operations={
            Operation.EMBED: Endpoint("embeddings", "nvidia"),
            Operation.RERANK: Endpoint(
                "https://ai.api.nvidia.com/v1/retrieval/{model}/reranking", "nvidia"
            ),
        },
    ),
    # alibabacloud.com/help/en/model-studio/base-url: hosts of a workspace and of the token plan
    # (2026-11-30)
    Preset(
        vendor="dashscope",
        hosts=("maas.aliyuncs.com",),
        example="https://WORKSPACE.cn-beijing.maas.aliyuncs.com/compatible-mode/v1",
        usual_path="/compatible-mode/v1",
        operations=_DASHSCOPE,
    ),
    # huggingface.co/docs/inference-providers
    Preset(vendor="huggingface", hosts=("router.huggingface.co",)),
    # docs.snowflake.com: Cortex REST API has no OpenAI-style model list
    Preset(
        vendor="snowflake",
        hosts=("snowflakecomputing.com",),
        example="https://ACCOUNT.snowflakecomputing.com/api/v2/cortex/v1",
        usual_path="/api/v2/cortex/v1",
        list_path=None,
    ),
    # vercel.com/docs/ai-gateway
    Preset(vendor="vercel", hosts=("ai-gateway.vercel.sh",)),
    # dev.writer.com/api-reference: `/v1/chat`
    Preset(vendor="writer", hosts=("api.writer.com",), chat="chat"),
    # ai.google.dev/gemini-api/docs/openai
    Preset(
        vendor="gemini-openai",
        hosts=("generativelanguage.googleapis.com",),
        usual_path="/v1beta/openai",
        native_paths=("/v1beta/openai/v1", "/openai/v1", "/v1/openai"),
        # «at most 100 requests can be in one batch» (geldata/gel#9032, 2026-11-30)
        operations={Operation.EMBED: Endpoint("embeddings", most_inputs=100)},
    ),
    # docs.cohere.com/docs/compatibility-api
    Preset(
        vendor="cohere-openai",
        hosts=("api.cohere.com", "api.cohere.ai"),
        usual_path="/compatibility/v1",
        list_path=None,
        operations={Operation.RERANK: Endpoint("/v2/rerank", "cohere")},
    ),
    # docs.aws.amazon.com/bedrock/latest/userguide/bedrock-mantle.html; below the runtime's own host
    # at `/openai/v1`
    Preset(
        vendor="bedrock-openai",
        hosts=("amazonaws.com",),
        example="https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1",
        other_paths=("/openai/v1",),
        responses=True,
    ),
    Preset(
        vendor="bedrock-openai",
        hosts=("api.aws",),
        example="https://bedrock-mantle.us-east-1.api.aws/v1",
        responses=True,
        messages_path="/anthropic/v1",
    ),
    # deepinfra.com/docs/openai_api
    Preset(vendor="deepinfra", hosts=("api.deepinfra.com",), usual_path="/v1/openai"),
    # www.volcengine.com/docs/82379
    Preset(
        vendor="volcengine",
        hosts=("volces.com", "bytepluses.com"),
        usual_path="/api/v3",
        native_paths=("/v1",),
        example="https://ark.cn-beijing.volces.com/api/v3",
        # volcengine.com/docs/82379/1666946 (2026-11-30): edited where they are made
        operations={Operation.IMAGE_EDIT: Endpoint("images/generations", "ark")},
    ),
    # platform.minimax.io/docs
    Preset(
        vendor="minimax",
        hosts=("api.minimax.io", "api.minimaxi.com", "api.minimax.chat", "api.minimax.cn"),
        native_paths=("/v1/text/chatcompletion_v2", "/v1/text/chatcompletion_pro"),
    ),
    # platform.xiaomimimo.com: token plans have hosts of their own (2026-11-30)
    Preset(vendor="xiaomi", hosts=("xiaomimimo.com",), example="https://api.xiaomimimo.com/v1"),
    # longcat.chat/platform/docs (2026-11-30)
    Preset(vendor="longcat", hosts=("api.longcat.chat",), usual_path="/openai/v1"),
    # cloud.baidu.com/doc/qianfan-api (2026-11-30)
    Preset(
        vendor="qianfan", hosts=("qianfan.baidubce.com",), usual_path="/v2", native_paths=("/v1",)
    ),
    # platform.stepfun.com/docs (2026-11-30)
    Preset(
        vendor="stepfun",
        hosts=("api.stepfun.com", "api.stepfun.ai"),
        other_paths=("/step_plan/v1",),
    ),
    # opencode.ai/docs/zen (2026-11-30)
    Preset(
        vendor="opencode",
        hosts=("opencode.ai",),
        usual_path="/zen/v1",
        other_paths=("/zen/go/v1",),
    ),
    # novita.ai/docs, ppio.com/docs, docs.jiekou.ai, dev.synthetic.new: Claude's format at
    # `/anthropic`; `/v3/openai` of the first two is older and goes on (2026-11-30)
    Preset(
        vendor="novita",
        hosts=("api.novita.ai",),
        usual_path="/openai/v1",
        other_paths=("/v3/openai",),
    ),
    Preset(
        vendor="ppio", hosts=("api.ppio.com",), usual_path="/openai/v1", other_paths=("/v3/openai",)
    ),
    Preset(vendor="ppio", hosts=("api.ppinfra.com",), usual_path="/v3/openai"),
    Preset(vendor="jiekou", hosts=("api.jiekou.ai",), usual_path="/openai/v1"),
    Preset(vendor="synthetic", hosts=("api.synthetic.new",), usual_path="/openai/v1"),
    # embeddings and rerank only, in bodies near to OpenAI's: docs.voyageai.com/reference,
    # api.jina.ai/redoc
    Preset(
        vendor="voyage",
        hosts=("api.voyageai.com", "ai.mongodb.com"),
        list_path=None,
        operations={
            Operation.EMBED: Endpoint("embeddings", "voyage"),
            Operation.RERANK: Endpoint("rerank", "voyage"),
        },
    ),
    Preset(
        vendor="jina",
        hosts=("api.jina.ai",),
        operations={Operation.EMBED: Endpoint("embeddings", "jina")},
    ),
    # developers.cloudflare.com/ai-gateway: each vendor below its own segment, `/compat` for all
    Preset(
        vendor="cloudflare-gateway",
        hosts=("gateway.ai.cloudflare.com",),
        example="https://gateway.ai.cloudflare.com/v1/ACCOUNT/GATEWAY/compat",
    ),
    # docs.ollama.com/api/openai-compatibility, docs.vllm.ai, lmstudio.ai/docs/developer: local
    # servers, told by their default ports
    Preset(
        vendor="ollama",
        hosts=("ollama.com",),
        ports=("11434",),
        is_port_sure=True,
        native_paths=("/api", "/api/chat", "/api/generate", "/api/tags", "/api/v1"),
    ),
    # lmstudio.ai/docs/developer/rest (2026-12-01): its own API is at `/api/v1`
    Preset(vendor="lmstudio", ports=("1234",), native_paths=("/api/v1", "/api/v1/chat")),
)

_LOCAL = re.compile(
    r"(?:localhost|127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|\[|[^.]+\Z|.*\.(?:lan|local|internal|home\.arpa)\Z)"
)
"""Hosts of the network around: by address, by a single word, by their domain."""


def preset_for(host: str) -> Preset:
    """The row for a host (with its port), the plain one when no row fits."""
    host = host.rpartition("@")[2].lower()
    name, _, port = host.partition(":") if not host.startswith("[") else host.rpartition(":")
    for preset in PRESETS:
        if any(name == domain or name.endswith("." + domain) for domain in preset.hosts):
            return preset
        if port in preset.ports and (preset.is_port_sure or _LOCAL.match(name)):
            return preset
    return PLAIN


def preset_named(vendor: str) -> Preset:
    """The row of a vendor by its name; the first when it has several."""
    return next(preset for preset in PRESETS if preset.vendor == vendor)
