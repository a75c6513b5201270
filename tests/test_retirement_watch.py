"""Which of the models that a configuration names are shut down, and what is said of it."""

from datetime import date

from uniapi.config import Credential, ModelEntry, Provider
from uniapi.engines import ListedModel
from uniapi.retirement_watch import (
    RetirementWatch,
    day_of,
    endings_by_channel,
    written_endings,
)

TODAY = date(2026, 11, 30)


def provider(name, base_url, *models):
    return Provider(
        provider_id=name,
        name=name,
        base_url=base_url,
        credentials=(Credential(credential_id="c", display="k", secret="k"),),
        models=tuple(ModelEntry(upstream=upstream, alias=alias) for upstream, alias in models),
    )


OPENAI = provider(
    "openai",
    "https://api.openai.com/v1",
    ("gpt-4o", "gpt-4o"),
    ("gpt-5", "big"),
    ("gpt-5.6-sol", "sol"),
)
AZURE = provider("azure", "https://me.openai.azure.com", ("gpt-5.5", "gpt-5.5"))


def test_what_ends_within_half_a_year_is_told_the_soonest_first():
    """With the name that clients use; later ends and models without one are not."""
    assert [ending.said(TODAY) for ending in written_endings((OPENAI, AZURE), TODAY)] == [
        "big (gpt-5) at openai is shut down 2026-12-11; gpt-6.1-sol succeeds it",
        "gpt-4o at openai is shut down 2027-01-14; gpt-5.6-sol succeeds it",
    ]
    (big, _) = written_endings((OPENAI,), date(2027, 1, 1))
    assert big.said(date(2027, 1, 1)).startswith("big (gpt-5) at openai was shut down")
    assert (big.row(TODAY)["day"], big.row(TODAY)["successor"]) == ("2026-12-11", "gpt-6.1-sol")


def test_a_channels_end_is_known_whenever_it_comes():
    """And by what the provider's own list says."""
    found = endings_by_channel(
        (OPENAI, AZURE),
        lambda one: one.models,
        lambda name: (
            [ListedModel(model="gpt-5.6-sol", shutdown_date="2029-01-01")]
            if name == "openai"
            else []
        ),
    )
    assert {channel: str(ending.retirement.day) for channel, ending in found.items()} == {
        ("openai", "gpt-4o"): "2027-01-14",
        ("openai", "gpt-5"): "2026-12-11",
        ("openai", "gpt-5.6-sol"): "2029-01-01",
        ("azure", "gpt-5.5"): "2027-10-26",
    }


def test_the_watch_looks_again_when_the_day_or_the_configuration_changes():
    """A gateway runs for months."""
    now = [(AZURE,)]
    watch = RetirementWatch(lambda: now[0])
    assert watch.endings(TODAY) == ()
    assert len(watch.endings(date(2027, 9, 1))) == 1
    now[0] = (OPENAI,)
    assert len(watch.endings(date(2027, 9, 1))) == 2
    assert day_of(1_796_000_000.0) == date(2026, 11, 30)
