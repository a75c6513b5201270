"""What is left on provider keys: as each vendor's documentation shows its answer."""

import json

import pytest

from uniapi.balances import PERIOD_S, Balances, ask_balance
from uniapi.config import parse_config
from uniapi.engines import engine_names

DEEPSEEK = {
    "is_available": True,
    "balance_infos": [
        {"currency": "CNY", "total_balance": "110.00", "granted_balance": "10.00"},
        {"currency": "USD", "total_balance": "15.50", "granted_balance": "0.00"},
    ],
}


def config(base_url):
    value = {
        "providers": [
            {"provider": "p", "base_url": base_url, "api": "sk-upstream-0123456789", "model": ["m"]}
        ],
        "api_keys": [{"api": "sk-client-0123456789abcdef"}],
    }
    text = json.dumps(value)
    return parse_config(text, source="t", engines=engine_names(), environment={})[0]


@pytest.mark.parametrize(
    ("base_url", "answers", "left"),
    [
        (
            "https://openrouter.ai/api/v1",
            {"https://openrouter.ai/api/v1/key": {"data": {"limit_remaining": 12.345}}},
            "$12.35",
        ),
        (
            "https://openrouter.ai/api/v1",
            {
                "https://openrouter.ai/api/v1/key": {"data": {"limit_remaining": None}},
                "https://openrouter.ai/api/v1/credits": {
                    "data": {"total_credits": 100.5, "total_usage": 25.75}
                },
            },
            "$74.75",
        ),
        ("https://api.deepseek.com", {"https://api.deepseek.com/user/balance": DEEPSEEK}, "$15.50"),
        (
            "https://api.moonshot.cn/v1",
            {
                "https://api.moonshot.cn/v1/users/me/balance": {
                    "code": 0,
                    "data": {"available_balance": 49.58894, "cash_balance": 3.00001},
                }
            },
            "¥49.59",
        ),
        (
            "https://api.siliconflow.com/v1",
            {
                "https://api.siliconflow.com/v1/user/info": {
                    "code": 20000,
                    "data": {"balance": "0.88", "totalBalance": "88.88"},
                }
            },
            "$88.88",
        ),
        (
            "https://api.novita.ai/openai",
            {
                "https://api.novita.ai/openapi/v1/billing/balance/detail": {
                    "availableBalance": "123456",
                    "cashBalance": "100000",
                }
            },
            "$12.35",
        ),
        (
            "https://ai-gateway.vercel.sh/v1",
            {
                "https://ai-gateway.vercel.sh/v1/credits": {
                    "balance": "95.50",
                    "total_used": "4.50",
                }
            },
            "$95.50",
        ),
        ("https://api.deepseek.com", {"https://api.deepseek.com/user/balance": []}, None),
        ("https://reseller.example/v1", {}, None),
    ],
)
async def test_each_vendor_is_asked_in_its_own_way(web, base_url, answers, left):
    web.answers = {url: json.dumps(answer) for url, answer in answers.items()}
    found = config(base_url)
    (provider,) = found.providers
    balance = await ask_balance(provider, provider.credentials[0], found.preferences, web)
    assert left == (balance and balance.text)
    assert all(
        request.headers["authorization"] == "Bearer sk-upstream-0123456789"
        for request in web.requests
    )


class Clock:
    now = 1000.0

    def now_s(self):
        return self.now

    def monotonic_s(self):
        return self.now


async def test_nobody_is_asked_more_than_once_an_hour(web):
    web.answers = {"https://api.deepseek.com/user/balance": json.dumps(DEEPSEEK)}
    found, clock = config("https://api.deepseek.com"), Clock()
    balances = Balances(web, clock)
    for _ in range(5):
        await balances.refresh(found)
    assert len(web.requests) == 1
    assert balances.rows(found)[0]["left"] == "$15.50"
    clock.now += PERIOD_S
    web.answers = {"https://api.deepseek.com/user/balance": (500, {})}
    await balances.refresh(found)
    assert len(web.requests) == 2
    assert balances.rows(found)[0]["left"] == "$15.50"
