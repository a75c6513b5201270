"""What an upstream's error means for key, channel and client: each row of the table, and what it
must leave alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from uniapi.canonical import FailureKind, FoldError
from uniapi.dialects import UpstreamContext
from uniapi.engines import Target, engine_for

K = FailureKind

GROQ = {"base_url": "https://api.groq.com/openai/v1"}
OPENAI = {"base_url": "https://api.openai.com/v1"}
XAI = {"base_url": "https://api.x.ai/v1"}
ROUTER = {"base_url": "https://openrouter.ai/api/v1"}
GITHUB = {"base_url": "https://models.github.ai/inference"}
AZURE = {"base_url": "https://me.openai.azure.com"}
CLAUDE = {"base_url": "https://api.anthropic.com"}
GEMINI = {"base_url": "https://generativelanguage.googleapis.com/v1beta"}
AWS = {"kind": "aws", "account": "AKIA"}
ZAI = {"base_url": "https://api.z.ai/api/paas/v4"}
RESELLER = {"base_url": "https://reseller.example/v1"}
CLOUDFLARE = {"cf_account_id": "ACC"}
PLACES = {
    "openai": OPENAI,
    "openrouter": ROUTER,
    "groq": GROQ,
    "xai": XAI,
    "github": GITHUB,
    "azure": AZURE,
    "anthropic": CLAUDE,
    "anthropic-relay": CLAUDE,
    "gemini": GEMINI,
    "google-cloudcode": GEMINI,
    "bedrock": AWS,
    "zai": ZAI,
    "cloudflare-ai": CLOUDFLARE,
    "mistral": {"base_url": "https://api.mistral.ai/v1"},
    "cohere": {"base_url": "https://api.cohere.com"},
    "moonshot": {"base_url": "https://api.kimi.com/coding/v1"},
    "volcengine": {"base_url": "https://ark.cn-beijing.volces.com/api/v3"},
    "dashscope": {"base_url": "https://dashscope.aliyuncs.com/compatible-mode/v1"},
    "siliconflow": {"base_url": "https://api.siliconflow.cn/v1"},
    "minimax": {"base_url": "https://api.minimax.io/v1"},
    "cerebras": {"base_url": "https://api.cerebras.ai/v1"},
    "deepseek": {"base_url": "https://api.deepseek.com"},
    "together": {"base_url": "https://api.together.xyz/v1"},
}
"""Where a vendor of `refusals.yaml` is asked; a relay that is not here: anywhere."""
REFUSALS: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "refusals.yaml").read_text(encoding="utf-8")
)


def openai_error(
    message: str, code: str | None = None, kind: str = "invalid_request_error"
) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def google_error(code: int, message: str, status: str, reason: str | None = None) -> dict[str, Any]:
    details = (
        [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}] if reason else []
    )
    return {"error": {"code": code, "message": message, "status": status, "details": details}}


CASES: list[tuple[dict[str, Any], int, Any, FailureKind]] = [
    # the model's own fault
    (GROQ, 400, openai_error("Failed to call a function.", "tool_use_failed"), K.MODEL_FAULT),
    (GROQ, 400, openai_error("Failed to validate JSON.", "json_validate_failed"), K.MODEL_FAULT),
    # 400s that mean the key
    (
        GEMINI,
        400,
        google_error(
            400,
            "API key not valid. Please pass a valid API key.",
            "INVALID_ARGUMENT",
            "API_KEY_INVALID",
        ),
        K.CREDENTIAL_REFUSED,
    ),
    (
        GEMINI,
        400,
        google_error(400, "API key expired. Please renew the API key.", "INVALID_ARGUMENT"),
        K.CREDENTIAL_REFUSED,
    ),
    (
        GEMINI,
        400,
        google_error(400, "User location is not supported for the API use.", "FAILED_PRECONDITION"),
        K.REGION,
    ),
    (
        XAI,
        400,
        {
            "code": "invalid-argument",
            "error": (
                "Incorrect API key provided. You can obtain an API key from https://console.x.ai."
            ),
        },
        K.CREDENTIAL_REFUSED,
    ),
    (
        OPENAI,
        401,
        openai_error("Incorrect API key provided: sk-x.", "invalid_api_key"),
        K.CREDENTIAL_REFUSED,
    ),
    (
        OPENAI,
        403,
        openai_error(
            "Country, region, or territory not supported", "unsupported_country_region_territory"
        ),
        K.REGION,
    ),
    (
        GROQ,
        400,
        openai_error("Organization has been restricted.", "organization_restricted"),
        K.CREDENTIAL_REFUSED,
    ),
    (
        CLAUDE,
        401,
        {
            "type": "error",
            "error": {"type": "authentication_error", "message": "invalid x-api-key"},
        },
        K.CREDENTIAL_REFUSED,
    ),
    (
        AWS,
        403,
        {"message": "The security token included in the request is invalid."},
        K.CREDENTIAL_REFUSED,
    ),
    # quota and money
    (
        OPENAI,
        429,
        openai_error(
            "You exceeded your current quota, please check your plan and billing details.",
            "insufficient_quota",
            "insufficient_quota",
        ),
        K.QUOTA,
    ),
    (ROUTER, 402, {"error": {"message": "Insufficient credits", "code": 402}}, K.QUOTA),
    (
        XAI,
        403,
        {
            "code": "forbidden",
            "error": (
                "Your team has either used all available credits or reached its monthly "
                "spending limit."
            ),
        },
        K.QUOTA,
    ),
    (
        CLAUDE,
        400,
        {
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": "Your credit balance is too low to access the Anthropic API.",
            },
        },
        K.QUOTA,
    ),
    (
        ZAI,
        429,
        {"error": {"code": "1113", "message": "Insufficient balance or no resource package."}},
        K.QUOTA,
    ),
    (
        RESELLER,
        403,
        openai_error("用户额度不足, 剩余额度: 0", "insufficient_user_quota", "new_api_error"),
        K.QUOTA,
    ),
    # rate and load
    (
        OPENAI,
        429,
        openai_error(
            "Rate limit reached for gpt-4o in organization org-x on tokens per min (TPM).",
            "rate_limit_exceeded",
            "tokens",
        ),
        K.RATE_LIMITED,
    ),
    (
        CLAUDE,
        529,
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        K.OVERLOADED,
    ),
    (
        {"base_url": "https://api.moonshot.ai/v1"},
        429,
        openai_error(
            "The engine is currently overloaded, please try again later",
            None,
            "engine_overloaded_error",
        ),
        K.OVERLOADED,
    ),
    # the model is not there
    (
        OPENAI,
        404,
        openai_error(
            "The model `gpt-9` does not exist or you do not have access to it.", "model_not_found"
        ),
        K.MODEL_MISSING,
    ),
    (
        OPENAI,
        403,
        openai_error("Project `proj_x` does not have access to model `o3`", "model_not_found"),
        K.MODEL_REFUSED,
    ),
    (
        OPENAI,
        400,
        openai_error(
            "Your organization must be verified to stream this model.", "unsupported_value"
        ),
        K.MODEL_REFUSED,
    ),
    (
        GROQ,
        400,
        openai_error(
            "The model `x` has been decommissioned and is no longer supported.",
            "model_decommissioned",
        ),
        K.MODEL_MISSING,
    ),
    (
        AZURE,
        404,
        {
            "error": {
                "code": "DeploymentNotFound",
                "message": "The API deployment for this resource does not exist.",
            }
        },
        K.MODEL_MISSING,
    ),
    (
        GITHUB,
        400,
        {"error": {"code": "unknown_model", "message": "Unknown model: x"}},
        K.MODEL_MISSING,
    ),
    (
        GITHUB,
        403,
        {"error": {"code": "no_access", "message": "No access to model: x"}},
        K.MODEL_REFUSED,
    ),
    (
        ROUTER,
        400,
        {"error": {"message": "x/y is not a valid model ID", "code": 400}},
        K.MODEL_MISSING,
    ),
    (AWS, 400, {"message": "The provided model identifier is invalid."}, K.MODEL_MISSING),
    (
        AWS,
        403,
        {"message": "You don't have access to the model with the specified model ID."},
        K.MODEL_REFUSED,
    ),
    (
        AWS,
        400,
        {"message": "Invocation of model ID x with on-demand throughput isn't supported."},
        K.MODEL_MISSING,
    ),
    (
        GEMINI,
        404,
        google_error(404, "models/x is not found for API version v1beta", "NOT_FOUND"),
        K.MODEL_MISSING,
    ),
    (
        {"base_url": "https://api.mistral.ai/v1"},
        400,
        {"object": "error", "message": "Invalid model: x", "type": "invalid_model", "code": "1500"},
        K.MODEL_MISSING,
    ),
    (
        RESELLER,
        503,
        openai_error(
            "当前分组 default 下对于模型 x 无可用渠道", "model_not_found", "new_api_error"
        ),
        K.MODEL_MISSING,
    ),
    # this model lacks what the request uses
    (
        ROUTER,
        404,
        {"error": {"message": "No endpoints found that support tool use.", "code": 404}},
        K.NOT_SERVED,
    ),
    # too long
    (
        OPENAI,
        400,
        openai_error(
            "This model's maximum context length is 128000 tokens.", "context_length_exceeded"
        ),
        K.TOO_LONG,
    ),
    (
        GITHUB,
        413,
        {
            "error": {
                "code": "tokens_limit_reached",
                "message": "Request body too large for gpt-4o model. Max size: 8000 tokens.",
            }
        },
        K.TOO_LONG,
    ),
    (
        CLAUDE,
        400,
        {
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": "prompt is too long: 300000 tokens > 200000 maximum",
            },
        },
        K.TOO_LONG,
    ),
    (
        AWS,
        400,
        {
            "message": (
                "The model returned the following errors: Input Tokens Exceeded: Number of "
                "input tokens exceeds maximum length."
            )
        },
        K.TOO_LONG,
    ),
    # the client's own
    (
        AZURE,
        400,
        {
            "error": {
                "code": "content_filter",
                "message": "The response was filtered due to the prompt triggering Azure's policy.",
            }
        },
        K.BAD_REQUEST,
    ),
    (
        ROUTER,
        403,
        {
            "error": {
                "message": (
                    "Your chosen model requires moderation and your input was flagged for "
                    '"violence"'
                ),
                "code": 403,
            }
        },
        K.BAD_REQUEST,
    ),
    (
        OPENAI,
        400,
        openai_error(
            "Invalid 'temperature': decimal above maximum value.", "decimal_above_max_value"
        ),
        K.BAD_REQUEST,
    ),
    (
        OPENAI,
        400,
        openai_error(
            "Unsupported value: 'temperature' is not supported with this model.",
            "unsupported_value",
        ),
        K.BAD_REQUEST,
    ),
    (
        OPENAI,
        400,
        openai_error(
            "Invalid schema for function 'model': 'x' was not found in 'required'.",
            "invalid_function_parameters",
        ),
        K.BAD_REQUEST,
    ),
    (
        CLAUDE,
        400,
        {
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": "This model does not support effort level 'xhigh'.",
            },
        },
        K.BAD_REQUEST,
    ),
]


@pytest.mark.parametrize(("members", "status", "body", "kind"), CASES)
def test_an_error_means_what_the_table_says(
    target: Callable[..., Target],
    members: dict[str, Any],
    status: int,
    body: Any,
    kind: FailureKind,
) -> None:
    """Real bodies of each vendor; the upstream's own status and body stay in the failure."""
    place = target(**members)
    engine = engine_for(place.provider)
    data = json.dumps(body, ensure_ascii=False).encode()
    failure = engine.classify(
        status, {"content-type": "application/json"}, data, engine.dialect(place, "openai_chat")
    )
    assert (kind, status, data) == (failure.kind, failure.status, failure.body)


@pytest.mark.parametrize(
    ("members", "status", "message"),
    [
        (
            ROUTER,
            429,
            (
                "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free "
                "model requests per day"
            ),
        ),
        (
            GITHUB,
            429,
            (
                "Rate limit of 150 per 86400s exceeded for UserByModelByDay. Please wait 300 "
                "seconds before retrying."
            ),
        ),
        (CLOUDFLARE, 429, "you have used up your daily free allocation of 10,000 neurons"),
    ],
)
def test_a_daily_quota_says_so(
    target: Callable[..., Target], members: dict[str, Any], status: int, message: str
) -> None:
    """`is_daily` lets the key rest until the provider's day is over."""
    place = target(**members)
    engine = engine_for(place.provider)
    failure = engine.classify(
        status,
        {},
        json.dumps({"error": {"message": message}}).encode(),
        engine.dialect(place, "openai_chat"),
    )
    assert (failure.kind, failure.is_daily) == (K.QUOTA, True)


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"[" * 5000, b'{"error": 5}', b"null", b'"text"', b"<html><body>no"]
)
@pytest.mark.parametrize(
    "members", [OPENAI, CLAUDE, GEMINI, AWS, {"base_url": "https://api.cohere.com"}, AZURE]
)
def test_nothing_that_an_upstream_sends_raises(
    target: Callable[..., Target], members: dict[str, Any], body: bytes
) -> None:
    """Any bytes give a Failure of the status."""
    place = target(**members)
    engine = engine_for(place.provider)
    assert engine.classify(500, {}, body, engine.dialect(place, "openai_chat")).status == 500


def test_a_web_servers_page_is_the_channels_wall(target: Callable[..., Target]) -> None:
    """nginx's 400 in front of a provider is no mistake of the client, and blames no key."""
    place = target(**RESELLER)
    engine = engine_for(place.provider)
    page = (
        b"<html>\r\n"
        b"<head><title>400 Bad Request</title></head>\r\n"
        b"<body><center>nginx</center></body></html>"
    )
    failure = engine.classify(
        400, {"content-type": "text/html"}, page, engine.dialect(place, "openai_chat")
    )
    assert (failure.kind, failure.dialect) == (K.WALL, None)


@pytest.mark.parametrize(
    "row", REFUSALS, ids=lambda row: f"{row['vendor']} {row['status']} {row['kind']}"
)
def test_what_vendors_and_relays_really_said(
    target: Callable[..., Target], row: dict[str, Any]
) -> None:
    """Each collected text blames what it names."""
    place = target(**PLACES.get(row["vendor"], RESELLER))
    engine = engine_for(place.provider)
    dialect = engine.dialect(place, "openai_chat")
    if row["status"] == 200:
        with pytest.raises(FoldError) as told:
            dialect.decode_response(json.loads(row["body"]), UpstreamContext())
        failure = told.value.failure
    else:
        failure = engine.classify(row["status"], {}, row["body"].encode(), dialect)
    assert (failure.kind, failure.is_daily or not row.get("daily")) == (K(row["kind"]), True)


def test_enough_vendors_were_asked() -> None:
    """The table speaks for many vendors and relays, and for every kind that words decide."""
    assert len({row["vendor"] for row in REFUSALS}) >= 40
    assert {K(row["kind"]) for row in REFUSALS} >= {
        K.CREDENTIAL_REFUSED,
        K.ITEM_MISSING,
        K.MODEL_REFUSED,
        K.NOT_SERVED,
        K.OPERATION_REFUSED,
        K.REGION,
        K.SIGNATURE,
        K.TOO_COSTLY,
        K.WALL,
    }


@pytest.mark.parametrize(
    ("members", "message", "seconds"),
    [
        (ZAI, "Usage limit reached for 5 hour. Your limit will reset at 2026-09-19 23:17:45", 1800),
        (ZAI, "已达到 5 小时的使用上限。您的限额将在 2026-09-19 23:17:45 重置。", 1800),
        (RESELLER, "已达到 5 小时的使用上限。您的限额将在 2026-09-19 23:17:45 重置。", 1800),
        (RESELLER, "Your limit will reset at 2026-09-19 15:17:45", 1800),
        (ZAI, "Usage limit reached, retry in 5s", 5),
    ],
)
def test_a_moment_without_a_zone_is_the_vendors(
    target: Callable[..., Target], members: dict[str, Any], message: str, seconds: float
) -> None:
    """China's for its vendors and in Chinese, Greenwich's for others."""
    place = target(**members)
    engine = engine_for(place.provider)
    failure = engine.classify(
        429,
        {"date": "Sat, 19 Sep 2026 14:47:45 GMT"},
        json.dumps({"error": {"code": "1308", "message": message}}).encode(),
        engine.dialect(place, "openai_chat"),
    )
    assert failure.retry_after_s == seconds


def test_perplexitys_page_is_about_the_key(target: Callable[..., Target]) -> None:
    """It answers a key that is no good as a web server would; another's page is a wall."""
    page = (
        b"<html>\r\n<head><title>401 Authorization Required</title></head>\r\n<body>\r\n<center>"
        b"<h1>401 Authorization Required</h1></center>\r\n<hr><center>openresty/1.27.4</center>"
    )

    def kind(base_url: str, status: int) -> FailureKind:
        place = target(base_url=base_url)
        engine = engine_for(place.provider)
        dialect = engine.dialect(place, "openai_chat")
        return engine.classify(status, {"content-type": "text/html"}, page, dialect).kind

    assert kind("https://api.perplexity.ai", 401) is K.CREDENTIAL_REFUSED
    assert kind("https://api.perplexity.ai", 403) is K.WALL
    assert kind("https://reseller.example/v1", 401) is K.WALL
