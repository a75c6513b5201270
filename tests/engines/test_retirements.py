"""When models end: by the vendor that is asked, not by the name alone."""

from datetime import date

import pytest

from uniapi.config import Credential, Provider
from uniapi.engines import (
    ListedModel,
    Place,
    engine_for,
    find_retirement,
    retirement_at,
    retirement_of,
)
from uniapi.engines.retirements import read_day, read_table

OPENAI, AZURE = "api.openai.com", "me.openai.azure.com"


@pytest.mark.parametrize(
    "host, model, day",
    [
        (OPENAI, "gpt-4o", "2027-01-14"),
        (AZURE, "gpt-4o", "2027-04-14"),
        ("api.anthropic.com:443", "Claude-Sonnet-4-5", "2026-11-30"),
        ("generativelanguage.googleapis.com", "models/gemini-2.5-pro", "2026-12-01"),
        ("us-central1-aiplatform.googleapis.com", "gemini-2.5-flash", "2026-10-20"),
        (
            "bedrock-runtime.us-east-1.amazonaws.com",
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "2027-04-08",
        ),
        ("me.services.ai.azure.com", "Codestral-2501", "2027-02-15"),
    ],
)
def test_a_model_ends_by_the_vendor_that_is_asked(host, model, day):
    """The same name lives longer elsewhere."""
    assert str(find_retirement(host, model).day) == day


@pytest.mark.parametrize(
    "host, model",
    [
        (OPENAI, "gpt-5.6-sol"),
        ("openrouter.ai", "gpt-4o"),
        ("notapi.openai.com.example", "gpt-4o"),
        ("api.anthropic.com", "gpt-4o"),
    ],
)
def test_what_has_no_date_has_none(host, model):
    """A reseller's own plans are not the vendor's."""
    assert find_retirement(host, model) is None


def test_every_row_of_the_list_can_be_read():
    """A successor is named where one is known, an earliest day is no promise."""
    gone = find_retirement("api.deepseek.com", "deepseek-chat")
    assert gone.said(date(2026, 11, 30)) == (
        "was shut down 2026-07-24; deepseek-v4-flash succeeds it"
    )
    assert gone.said(date(2026, 1, 1)).startswith("is shut down 2026-07-24")
    maybe = find_retirement("aiplatform.googleapis.com", "claude-haiku-4-5")
    assert maybe.is_earliest
    assert not maybe.is_past(date(2027, 1, 1))
    assert maybe.said(date(2027, 1, 1)) == "may be shut down from 2026-10-15 on"


def test_the_first_that_is_said_of_a_model_counts():
    """So that a vendor's own row stands before a general one."""
    table = read_table(
        "source A one\n# said\n\nhosts a.b c.d\n2027-01-01 A m\n2028-01-01~ A m > n\n"
    )
    assert {host: (str(rows["m"].day), rows["m"].source) for host, rows in table.items()} == {
        "a.b": ("2027-01-01", "one"),
        "c.d": ("2027-01-01", "one"),
    }


@pytest.mark.parametrize(
    "model, day, expected",
    [
        ("gpt-4o", date(2026, 12, 15), "Thu, 14 Jan 2027 00:00:00 GMT"),
        ("gpt-4o", date(2027, 2, 1), "Thu, 14 Jan 2027 00:00:00 GMT"),
        ("gpt-4o", date(2026, 12, 14), None),
        ("gpt-5.6-sol", date(2027, 1, 1), None),
    ],
)
def test_an_answer_tells_the_end_from_thirty_days_before(model, day, expected):
    """And after it, should the model still answer."""
    seconds = (day - date(1970, 1, 1)).days * 86400.0
    found = retirement_at("https://api.openai.com/v1/chat/completions", model)
    assert (None if found is None else found.sunset(seconds)) == expected


def place(model, base_url="https://api.openai.com/v1"):
    credential = Credential(credential_id="c", display="k", secret="k")
    provider = Provider(provider_id="p", name="p", base_url=base_url, credentials=(credential,))
    return Place(provider=provider, upstream_model=model, alias=model)


def test_the_providers_own_list_knows_best():
    """Else the host that would be asked decides."""
    here = place("gpt-4o")
    engine = engine_for(here.provider)
    assert str(retirement_of(engine, here).day) == "2027-01-14"
    listed = ListedModel(model="gpt-4o", shutdown_date="2027-06-01")
    assert str(retirement_of(engine, here, listed).day) == "2027-06-01"
    there = place("gpt-4o", "https://relay.example/v1")
    assert retirement_of(engine_for(there.provider), there) is None


@pytest.mark.parametrize("value", [None, 3, "", "2027-13-01", "20270101", "2027-01-01T00:00"])
def test_what_is_no_day_is_none(value):
    """Whatever a list says there."""
    assert read_day(value) is None
    assert read_day("2027-01-01") == "2027-01-01"
