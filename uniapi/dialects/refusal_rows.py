"""The words by which vendors and relays say what they refuse, one row for each meaning, in the
order of reading: what is narrow before what is wide, money before keys, as vendors say «no money»
with 400, 401, 402, 403, 412 and 429 alike.

How phrases are written: `phrases`. Where real texts of each row came from:
`tests/engines/refusals.yaml`.
"""

from __future__ import annotations

from uniapi.canonical import FailureKind as _K
from uniapi.values import dataclass

from .refusal_row import ANY, BAD, FULL, REFUSED, RefusalRow, listed
from .refusal_rows_model import ROWS_OF_MODELS


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Words around the two amounts of a request that costs more than is left."""

    opens: str
    need: str
    left: str


DAILY = ("per day", "per_day", "perday", "generaterequestsperday", "daily", "rpd)", "tpd)", "今日")
"""Words for what returns with the provider's day."""

GONE = ("not found", "not be found", "does not exist", "no longer exist", "expired")

_IDS = ("rs_", "msg_", "fc_", "resp_", "file-", "file_", "conv_", "vs_", "cntr_", "container_")
ITEMS = (
    *(f"{name}…{gone}" for name in _IDS for gone in GONE),
    *(f"not found…{name}" for name in _IDS),
    "item with id",
    "previous response … not found",
    "previous_response_not_found",
    "no response found with id",
    "no such file",
    "no file found",
    "file not found",
    "file … does not exist",
    "container not found",
    "conversation not found",
    "response not found",
    "response with id … not found",
    "vector store … not found",
    "no such container",
    "cachedcontent not found",
    "cached content … not found",
    "cachedcontents/",
    "permission to access the file",
)
"""What a request may name of its own: OpenAI's and Ark's items, responses, files, containers,
vector stores; Google's files and cached contents, which it refuses with 403.
"""

SIZES = (
    # OpenRouter: https://openrouter.ai/docs/api-reference/errors
    Size(opens="you requested up to", need="you requested up to", left="can only afford"),
    Size(
        opens="prompt tokens limit exceeded",
        need="prompt tokens limit exceeded:",
        left=">",
    ),
    # new-api and one-api: service/pre_consume_quota.go, i18n/locales (2026-11-30)
    Size(opens="pre-consumed quota failed", need="need quota:", left="user quota:"),
    Size(opens="token quota is not enough", need="need quota:", left="remain quota:"),
    Size(opens="预扣费额度失败", need="需要预扣费额度:", left="剩余额度:"),
    Size(opens="preconsumedquota", need="preconsumedquota [", left=" quota ["),
    Size(opens="insufficient", need="required:", left="available:"),
    Size(opens="insufficient", need="required:", left="balance:"),
)

_OF_ACCOUNTS: tuple[RefusalRow, ...] = (
    # A model's own fault: the next attempt may succeed. Groq: https://console.groq.com/docs/errors;
    # Bedrock: ModelErrorException
    RefusalRow(
        kind=_K.MODEL_FAULT,
        over=ANY,
        says=listed("""
            tool_use_failed | json_validate_failed | output_parse_failed
            model produced invalid sequence | invalid tool generation | invalid_tool_generation
        """),
    ),
    # Signed or encrypted reasoning of another account or family. A signature that is *missing*, or
    # a member that a model does not know, is a fault of the request.
    RefusalRow(
        kind=_K.SIGNATURE,
        over=BAD | {_K.SERVER_ERROR},
        says=listed("""
            invalid `signature` | invalid signature in thinking | invalid thinking signature
            thinking block … signature … invalid | of type 'reasoning' was provided without
            without its required 'reasoning' item | thought signature is not valid
            thought_signature … not valid | invalid thought signature | corrupted thought signature
            invalid_encrypted_content | encrypted content … could not be
            encrypted_content … could not be
        """),
    ),
    # The relay's own keys upstream, never ours (new-api types/error.go: codes with `channel:`)
    RefusalRow(
        kind=_K.SERVER_ERROR,
        over=ANY,
        says=listed("channel:no_available_key | channel:invalid_key | 没有可用的渠道密钥"),
    ),
    # Whoever may not call from here
    RefusalRow(
        kind=_K.REGION,
        over=REFUSED,
        says=listed("""
            user location is not supported | unsupported_country_region_territory
            country, region, or territory not supported | unsupported countries, regions
            not available in your country | not available in your region
            not supported in your region | not supported in your country
            your region is not supported | request not allowed | 不在令牌允许访问的列表
            所在地区不支持 | 所在的地区不支持
        """),
    ),
    # Walls that speak JSON
    RefusalRow(
        kind=_K.WALL,
        over=REFUSED | {_K.RATE_LIMITED},
        says=listed("""
            host banned | ip banned | ip is banned | banned ip | ip blocked | ip is blocked
            ip address … blocked | ip address … banned | your ip has been | ip已被封禁 | ip 已被封禁
            your request was blocked | virtual network/firewall | public access is disabled
        """),
    ),
    # Plans that serve one kind of client only: Kimi For Coding, Claude's subscriptions
    RefusalRow(
        kind=_K.NOT_SERVED,
        over=REFUSED,
        says=listed("only available for coding agents | only authorized for use with"),
    ),
    # How many at once: a rate, whatever else is said
    RefusalRow(
        kind=_K.RATE_LIMITED,
        over=ANY,
        says=listed("""
            concurrent request limit | concurrency limit | concurrent requests | 并发
        """),
    ),
    # A request whose length alone is more than the account may send in a minute (Groq 413, OpenAI
    # 429), or that needs another plan (Claude's long context): waiting does not help.
    RefusalRow(
        kind=_K.NOT_SERVED,
        over=BAD | FULL | {_K.TOO_LONG},
        says=listed("""
            request too large … tokens per min | extra usage is required for long context
        """),
    ),
    RefusalRow(
        kind=_K.CREDENTIAL_REFUSED,
        over=ANY,
        says=listed("""
            invalid api endpoint or credentials | account was flagged
            resource has been temporarily blocked | reported as leaked
        """),
    ),
    # A quota that returns with the day: Cloudflare, OpenRouter, GitHub Models, Zhipu 1304, Bedrock
    RefusalRow(
        kind=_K.QUOTA,
        over=ANY,
        says=listed("""
            used up your daily free allocation | free-models-per-day | userbymodelbyday
            daily limit | daily request limit | daily token limit | daily free limit | daily quota
            今日调用次数 | requests_per_model_per_day | per_day with base model
            generaterequestsperday | too many tokens per day
        """),
        is_daily=True,
    ),
    # Money, and plans whose share is used up
    RefusalRow(
        kind=_K.QUOTA,
        over=ANY,
        says=listed("""
            insufficient_quota | insufficient_user_quota | insufficient_balance | insufficient quota
            insufficient balance | insufficient account balance | insufficient funds
            insufficient credit | insufficient ai credits | insufficient … balance
            quota_not_enough | quotaexhausted | quota exhausted | quota has been exhausted
            quota is not enough | quota balance | accountquotaexceeded | usage quota
            free quota used | free allocated quota | allocationquota.freetieronly
            exceeded_current_quota | individual quota reached | quota_exhausted
            exhausted your capacity | balance is insufficient | balance is too low
            balance is not enough | credit balance | credit_balance_exhausted | no credits remaining
            out of credits | out of extra usage | used all available credits | requires more credits
            credits are depleted | credits are exhausted | credits depleted | creditserror
            credit_limit | payment required | no payment method | spend limit | spending limit
            spending cap | spend cap | enforced_spend_limit_reached | key limit exceeded
            budget limit exceeded | budget has been exceeded | exceeded budget
            exceeded … plan limit | usage limit exceeded | usage limit reached
            usage limit has been reached | your usage limit | your … usage limit
            weekly usage limit | monthly usage limit | weekly/monthly limit | api usage limits
            request limit reached, will reset | arrearage | arrears | billing_not_active
            billing hard limit | billing_hard_limit_reached | check your billing | requires billing
            enable billing | billing account | limited to … calls / month | limit: 0, | limit: 0
            余额不足 | 额度不足 | 额度已用尽 | 额度已用完 | 欠费 | 使用上限 | 用量上限 | 套餐已到期
            流量包已用完 | overdue balance | accountoverdue | setlimitexceeded
            set inference limit
            free trial quota | premium request allowance
        """),
    ),
    # «You exceeded your current quota» is said of Gemini's limits per minute too.
    RefusalRow(
        kind=_K.QUOTA,
        over=ANY,
        says=listed("exceeded your current quota"),
        unless=listed("per minute | perminute | per_minute"),
        without_delay=True,
    ),
    RefusalRow(
        kind=_K.QUOTA,
        over=REFUSED | {_K.SERVER_ERROR},
        says=listed("quota exceeded | quota_exceeded"),
    ),
    # Keys and accounts that are no good, said with 400, 404, 412, 429 or 500
    RefusalRow(
        kind=_K.CREDENTIAL_REFUSED,
        over=BAD | {_K.MODEL_MISSING, _K.SERVER_ERROR, _K.RATE_LIMITED},
        says=listed("""
            invalid_api_key | api_key_invalid | api key not valid | api key not found
            api key expired | invalid api key | invalid_authentication | invalid api-key
            invalid api token | invalid x-api-key | invalid subscription key | invalid token
            incorrect api key | wrong api key | no api key supplied | authentication_error
            login fail | organization_restricted | organization has been restricted
            organization has been disabled | blocked_api_access | account … deactivated
            account … disabled | account … suspended | consumer_suspended | security token included
            account is not authorized | operation not allowed | 无效的令牌 | 令牌已过期
            令牌状态不可用 | 身份验证失败 | 封禁 | 已被锁定
        """),
    ),
)

ROWS = (*_OF_ACCOUNTS, *ROWS_OF_MODELS)
