"""What an upstream's error really means, where status and dialect alone say it wrong: one row per
fact (PRODUCT §6, Blame).

The dialect reads the body first; the first row that fits then replaces the kind. A row looks at the
status, who answered, and the error's code, type, message and the beginning of the body. Its pattern
stays text, which `re` compiles (and remembers) with the first error that comes to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from uniapi.canonical import Failure, FailureKind

_BODY_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureRow:
    """`says` is searched in what the upstream said.

    Empty `statuses` or `who` (an engine or a vendor): any. `is_daily`: returns with the provider's
    day.
    """

    reason: str
    kind: FailureKind
    says: str
    statuses: frozenset[int] = frozenset()
    who: frozenset[str] = frozenset()
    is_daily: bool = False


def _row(
    kind: FailureKind,
    says: str,
    reason: str,
    *,
    statuses: tuple[int, ...] = (),
    who: tuple[str, ...] = (),
    is_daily: bool = False,
) -> FailureRow:
    return FailureRow(
        reason=reason,
        kind=kind,
        says=says,
        statuses=frozenset(statuses),
        who=frozenset(who),
        is_daily=is_daily,
    )


_K = FailureKind

ROWS: tuple[FailureRow, ...] = (
    # A model's own fault: the next attempt may succeed, nothing is wrong with key or channel
    _row(
        _K.MODEL_FAULT,
        r"\b(?:tool_use_failed|json_validate_failed|output_parse_failed)\b",
        "Groq: the model wrote a malformed tool call or JSON (console.groq.com/docs/errors)",
        statuses=(400,),
    ),
    _row(
        _K.MODEL_FAULT,
        r"ModelErrorException|model produced invalid sequence",
        "Bedrock: the model failed while it was answering",
        statuses=(400, 424),
        who=("aws", "bedrock"),
    ),
    # 400s that mean the key
    _row(
        _K.CREDENTIAL_REFUSED,
        r"API_KEY_INVALID|API key not valid|API key expired|API Key not found|invalid[ _]api["
        r" _-]?key|(?:incorrect|wrong) api key",
        "Google and xAI answer 400 to a bad key",
        statuses=(400, 404),
    ),
    _row(
        _K.CREDENTIAL_REFUSED,
        r"User location is not supported|unsupported_country_region_territory|country, region, or"
        r" territory not supported|free tier is not available in your country",
        "the key may not be used from here; another key behind another proxy may",
        statuses=(400, 403),
    ),
    _row(
        _K.CREDENTIAL_REFUSED,
        r"organization_restricted|organization has been"
        r" (?:restricted|disabled)|account.{0,40}(?:deactivated|suspended|disabled)"
        r"|CONSUMER_SUSPENDED",
        "the account behind the key is closed",
        statuses=(400, 401, 403, 412),
    ),
    # money and quotas in other statuses than 402
    _row(
        _K.QUOTA,
        r"used up your daily free allocation|free-models-per-day|UserByModelByDay|daily (?:request"
        r" |token |free )?(?:limit|quota)",
        "a quota that returns with the day (Cloudflare, OpenRouter, GitHub Models)",
        statuses=(400, 403, 429),
        is_daily=True,
    ),
    _row(
        _K.QUOTA,
        r"insufficient_quota|exceeded your current quota, please check your"
        r" plan|exceeded_current_quota|billing_hard_limit_reached|quota_not_enough"
        r"|insufficient_user_quota",
        "OpenAI, Moonshot and resellers: paid up, not too fast",
        statuses=(400, 401, 403, 429, 500),
    ),
    _row(
        _K.QUOTA,
        r"insufficient (?:account )?(?:balance|funds|credits?)|balance is (?:too"
        r" low|insufficient|not enough)|credit balance is too low|(?:used all available"
        r" credits|monthly spending limit)|out of"
        r" credits|Arrearage|余额不足|额度不足|额度已用尽|欠费",
        "no money left: xAI (403), Anthropic (400), DashScope, Zhipu 1113, SiliconFlow 30001,"
        " resellers",
        statuses=(400, 401, 403, 412, 429),
    ),
    _row(
        _K.QUOTA,
        r"AllocationQuota\.FreeTierOnly|Trial key, which is limited to \d+ API calls / month",
        "DashScope's free tier, Cohere's trial keys",
        statuses=(403, 429),
    ),
    _row(
        _K.QUOTA,
        r'"code"\s*:\s*"?(?:1113|1308|1310)\b',
        "Zhipu: balance, and plan limits with a reset time (docs.z.ai/api-reference/api-code)",
        statuses=(400, 429),
        who=("zai",),
    ),
    # overload that is said as a rate limit
    _row(
        _K.OVERLOADED,
        r"engine_overloaded_error|currently overloaded|model is overloaded|capacity temporarily"
        r" exceeded|no capacity|server is busy",
        "the model's servers are full, whatever the key",
        statuses=(400, 429, 498, 500),
    ),
    # a member of the request is wrong, whatever its message says of models
    _row(
        _K.BAD_REQUEST,
        r'"code"\s*:\s*"(?:invalid_function_parameters|unsupported_parameter|unknown_parameter|missing_required_parameter|invalid_type|invalid_value|invalid_image\w*'
        r"|(?:decimal|integer|array|object)_(?:above|below)_\w+)\"",
        "OpenAI's codes for a malformed request",
        statuses=(400, 422),
    ),
    # the model is not to be had here
    _row(
        _K.UNSUPPORTED,
        r"No endpoints found that (?:support|can handle)",
        "OpenRouter: this model lacks what the request uses (tools, images)",
        statuses=(404,),
        who=("openrouter",),
    ),
    _row(
        _K.MODEL_MISSING,
        r"provided model identifier is invalid|on-demand throughput isn.t supported|reached the end"
        r" of its life|marked by provider as legacy|access to the model with the specified model"
        r" ID|model access is denied|use case details have not been submitted",
        "Bedrock: not this model, in this region, for this account",
        statuses=(400, 403, 404),
        who=("aws", "bedrock", "bedrock-openai"),
    ),
    _row(
        _K.MODEL_MISSING,
        r"DeploymentNotFound|OperationNotSupported|unknown_model|model_not_found|model_decommissioned|model_not_supported|model_permission_blocked|model_terms_required|no"
        r" such model|invalid model:? |is not a valid model ID"
        r"|\bmodels?\b:?\s+(?:[`'\"\[(]?[^\s`'\"]{1,120}[`'\"\])]?,?\s+)?(?:does not exist|(?:was"
        r" |is )?not found|is not available|is not supported(?:\.| by any| in your)|has been"
        r" (?:deprecated|removed|retired|decommissioned))",
        "every vendor's words for an unknown model; many answer 400 or 403, resellers 503",
        statuses=(400, 403, 404, 410, 422, 503),
    ),
    _row(
        _K.MODEL_MISSING,
        r"does not have access to model|must be verified to"
        r" (?:use|stream|generate)|no_access|AccessDenied\.Unpurchased|not allowed to use (?:the"
        r" )?(?:Publisher )?model|Publisher Model .{0,200}(?:not found|not servable|is not"
        r" allowed)|not servable in region|rate limit of 0",
        "a 403 or 400 about this one model (OpenAI, GitHub Models, DashScope, Vertex, Databricks)",
        statuses=(400, 403, 404, 429),
    ),
    # too long, said in other statuses or words than the dialects know
    _row(
        _K.TOO_LONG,
        r"tokens_limit_reached|Request (?:body )?too large|context_length_exceeded|maximum context"
        r" length|input token count.{0,80}exceeds|Input Tokens Exceeded|prompt is too long|too many"
        r" (?:input )?tokens",
        "GitHub Models, Groq's per-minute size limit, Gemini, Bedrock",
        statuses=(400, 413, 422),
    ),
    # the client's own text
    _row(
        _K.BAD_REQUEST,
        r"content_filter|ResponsibleAIPolicyViolation|DataInspectionFailed|violates? usage"
        r" guidelines|requires moderation|flagged for|content_policy_violation",
        "the prompt was refused: another key of the same provider refuses it too",
        statuses=(400, 403),
    ),
    # not the upstream at all
    _row(
        _K.BROKEN,
        r"<html[^>]*>.{0,400}(?:nginx|cloudflare|openresty)",
        "a proxy's page in front of the provider",
        statuses=(400,),
    ),
)


def reclassified(engine: str, vendor: str, status: int, body: bytes, failure: Failure) -> Failure:
    """`failure` as the first fitting row reads it; unchanged when none fits."""
    said = (
        " ".join(text for text in (failure.code, failure.type, failure.message) if text)
        + " "
        + body[:_BODY_BYTES].decode("utf-8", "replace")
    )
    for row in ROWS:
        if (
            (not row.statuses or status in row.statuses)
            and (not row.who or engine in row.who or vendor in row.who)
            and re.search(row.says, said, re.IGNORECASE | re.DOTALL)
        ):
            return replace(failure, kind=row.kind, is_daily=failure.is_daily or row.is_daily)
    return failure
