"""Who is let in: client keys, the whole instance, credentials, concurrency."""

import pytest

from uniapi.config import ByModel, ClientKey, Config, Credential, Provider, parse_rates
from uniapi.limits import Admitted, Limits, Refused
from uniapi.limits.admission import MAX_WINDOWS


def _key(rates=None, **members):
    return ClientKey(
        key_id="k", display="k", secret="s", label="k", rates=rates or ByModel(), **members
    )


def _rates(text, **entries):
    return ByModel(
        entries={name.replace("_", "-"): parse_rates(rate) for name, rate in entries.items()},
        default=parse_rates(text) if text else None,
    )


def _let_in(limits, key, alias, times, **members):
    """How many of `times` requests get in at once."""
    return sum(isinstance(limits.admit(key, alias, **members), Admitted) for _ in range(times))


def test_rate_and_retry_after():
    limits, key = Limits(), _key(_rates("2/min"))
    assert _let_in(limits, key, "m", 2, now=0.0) == 2
    refused = limits.admit(key, "m", now=10.0)
    assert isinstance(refused, Refused)
    assert (refused.status, refused.retry_after_s) == (429, 50.0)
    assert isinstance(limits.admit(key, "m", now=60.0), Admitted)


def test_a_refused_request_uses_up_nothing():
    """Refused by the one window, it is not counted in the other."""
    limits, key = Limits(), _key(_rates("1/min,3/day"))
    assert _let_in(limits, key, "m", 50, now=0.0) == 1
    assert _let_in(limits, key, "m", 50, now=60.0) == 1
    assert _let_in(limits, key, "m", 50, now=120.0) == 1
    refused = limits.admit(key, "m", now=180.0)
    assert isinstance(refused, Refused)
    assert refused.retry_after_s == 86400.0 - 180.0


def test_all_windows_must_hold_and_the_latest_tells():
    limits, key = Limits(), _key(_rates("1/s,2/h"))
    limits.admit(key, "m", now=0.0)
    limits.admit(key, "m", now=1.0)
    refused = limits.admit(key, "m", now=1.5)
    assert isinstance(refused, Refused)
    assert refused.retry_after_s == 3600.0 - 1.5


def test_equal_windows_count_once():
    assert _let_in(Limits(), _key(_rates("4/min,6/minutes")), "m", 10, now=0.0) == 4


def test_per_model_names():
    """Exact, else the longest key contained, else default; counted for each model apart."""
    limits = Limits()
    key = _key(_rates("1/min", gpt_m="3/min", gpt_m_x="2/min"))
    assert _let_in(limits, key, "gpt-m", 9, now=0.0) == 3
    assert _let_in(limits, key, "gpt-m-x", 9, now=0.0) == 2
    assert _let_in(limits, key, "gpt-m-x-long", 9, now=0.0) == 2
    assert _let_in(limits, key, "gpt-m-y", 9, now=0.0) == 3
    assert _let_in(limits, key, "other", 9, now=0.0) == 1


def test_global_rate_is_shared():
    limits, rates = Limits(), parse_rates("3/min")
    assert _let_in(limits, _key(), "m", 2, global_rates=rates, now=0.0) == 2
    assert _let_in(limits, _key(), "n", 2, global_rates=rates, now=0.0) == 1


def test_tokens_per_request():
    refused = Limits().admit(_key(_rates("100/tpr")), "m", tokens=101, now=0.0)
    assert isinstance(refused, Refused)
    assert (refused.status, refused.retry_after_s) == (413, None)
    assert isinstance(Limits().admit(_key(_rates("100/tpr")), "m", tokens=100, now=0.0), Admitted)


def test_tokens_per_minute_are_corrected():
    """Admitted by estimate; what the upstream reports takes its place."""
    limits, key = Limits(), _key(_rates("1000/tpm"))
    admitted = limits.admit(key, "m", tokens=600, now=0.0)
    assert isinstance(limits.admit(key, "m", tokens=500, now=1.0), Refused)
    admitted.used(100, 2.0)
    assert isinstance(limits.admit(key, "m", tokens=900, now=3.0), Admitted)
    admitted.used(300, 4.0)
    refused = limits.admit(key, "m", tokens=1, now=5.0)
    assert isinstance(refused, Refused)
    assert refused.retry_after_s == 55.0


def test_a_full_token_window_refuses_a_request_of_unknown_size():
    limits, key = Limits(), _key(_rates("100/tpm"))
    limits.admit(key, "m", tokens=100, now=0.0)
    assert isinstance(limits.admit(key, "m", now=1.0), Refused)


def test_concurrency():
    """Leases end once, however often they are released."""
    limits, key = Limits(), _key(max_concurrency=2)
    first, second = limits.admit(key, "m", now=0.0), limits.admit(key, "m", now=0.0)
    refused = limits.admit(key, "m", now=0.0)
    assert isinstance(refused, Refused)
    assert refused.reason == "concurrency"
    first.release()
    first.release()
    assert limits.running("k") == 1
    assert isinstance(limits.admit(key, "m", now=0.0), Admitted)
    second.release()
    assert limits.running("k") == 1


def test_concurrency_refusal_counts_nothing():
    limits, key = Limits(), _key(_rates("2/min"), max_concurrency=1)
    admitted = limits.admit(key, "m", now=0.0)
    _let_in(limits, key, "m", 5, now=0.0)
    admitted.release()
    assert isinstance(limits.admit(key, "m", now=0.0), Admitted)


CREDENTIALS = (
    Credential(credential_id="1", display="1"),
    Credential(credential_id="2", display="2"),
)


def test_credentials_have_windows_of_their_own():
    """Per credential and upstream model; `undo` gives back what was not used."""
    limits = Limits()
    provider = Provider(
        provider_id="p", name="p", credentials=CREDENTIALS, credential_rates=_rates("1/min")
    )
    one, two = CREDENTIALS
    taken = limits.take_credential(provider, one, "m", "m", now=0.0)
    assert limits.credential_refusal(provider, one, "m", "m", now=10.0).retry_after_s == 50.0
    assert limits.credential_refusal(provider, two, "m", "m", now=10.0) is None
    assert limits.credential_refusal(provider, one, "n", "n", now=10.0) is None
    taken.undo(11.0)
    assert limits.credential_refusal(provider, one, "m", "m", now=12.0) is None


def test_persistence():
    """Windows of a day and longer, on the scale of the epoch; shorter ones are not kept."""
    limits, key = Limits(), _key(_rates("9/min,2/day"))
    _let_in(limits, key, "m", 2, now=100.0)
    assert len(limits.changed_windows()) == 1
    _let_in(limits, _key(_rates("9/min")), "n", 2, now=100.0)
    assert limits.changed_windows() == []
    stored = {"windows": [one.dump(100.0, 1_000_000.0) for one in limits.long_windows()]}
    assert [(window["scope"], window["window_s"]) for window in stored["windows"]] == [
        (["client", "k", "m"], 86400.0)
    ]
    again = Limits()
    again.load(stored, 5.0, 1_003_600.0)
    refused = again.admit(key, "m", now=5.0)
    assert isinstance(refused, Refused)
    assert refused.retry_after_s == pytest.approx(86400 - 3600)


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"windows": 3},
        {
            "windows": [
                3,
                {},
                {"scope": []},
                {"scope": ["client"], "counts": "requests", "window_s": 86400, "slots": []},
            ]
        },
        {
            "windows": [
                {
                    "scope": ["other", "k", "m"],
                    "counts": "requests",
                    "window_s": 86400,
                    "slots": [[1, 1, 1]],
                }
            ]
        },
        {
            "windows": [
                {
                    "scope": ["client", "k", "m"],
                    "counts": "requests",
                    "window_s": "x",
                    "slots": [[1, 1, 1]],
                }
            ]
        },
        {
            "windows": [
                {
                    "scope": ["client", "k", "m"],
                    "counts": "requests",
                    "window_s": 86400,
                    "slots": "x",
                }
            ]
        },
        {
            "windows": [
                {"scope": [["client"], "k", "m"], "counts": [], "window_s": 86400, "slots": []}
            ]
        },
    ],
)
def test_malformed_state_is_left_out(stored):
    limits = Limits()
    limits.load(stored, 0.0, 0.0)
    assert limits.long_windows() == []


def test_keep_forgets_what_no_longer_exists():
    limits = Limits()
    provider = Provider(
        provider_id="p", name="p", credentials=CREDENTIALS, credential_rates=_rates("1/day")
    )
    for credential in CREDENTIALS:
        limits.take_credential(provider, credential, "m", "m", now=0.0)
    key = _key(_rates("5/day"))
    limits.admit(key, "m", global_rates=parse_rates("5/day"), now=0.0)
    limits.keep(
        Config(
            providers=(Provider(provider_id="p", name="p", credentials=CREDENTIALS[:1]),),
            client_keys=(),
        )
    )
    assert [one.name[0] for one in limits.long_windows()] == [
        ("credential", "p", "1", "m"),
        ("global",),
    ]


def test_a_changed_limit_keeps_the_count():
    """After a reload with a lower limit what was used still counts."""
    limits = Limits()
    _let_in(limits, _key(_rates("5/min")), "m", 3, now=0.0)
    assert _let_in(limits, _key(_rates("4/min")), "m", 5, now=1.0) == 1


def test_limits_said_anew_hold_for_what_was_counted():
    """A reload makes new values of the same limits; the windows that are at hand are the same."""
    limits = Limits()
    assert _let_in(limits, _key(_rates("3/min")), "m", 2, now=0.0) == 2
    assert _let_in(limits, _key(_rates("3/min")), "m", 5, now=1.0) == 1
    assert _let_in(limits, _key(_rates("9/min")), "m", 9, now=2.0) == 6
    everybody = parse_rates("20/min")
    assert _let_in(limits, _key(), "m", 2, global_rates=everybody, now=3.0) == 2
    assert _let_in(limits, _key(), "n", 99, global_rates=parse_rates("5/min"), now=3.0) == 3


def test_forgetting_idle_windows_keeps_what_is_counted():
    """What everybody shares stays one window, whichever key's windows are found when there are too
    many.
    """
    limits = Limits()
    everybody = parse_rates("4/min")
    for number in range(MAX_WINDOWS):
        limits._window(("client", "k", f"m{number}"), "requests", 60.0)
    assert _let_in(limits, _key(_rates("9/min")), "a", 2, global_rates=everybody, now=0.0) == 2
    assert _let_in(limits, _key(_rates("9/min")), "b", 9, global_rates=everybody, now=1.0) == 2
    assert len(limits._windows) == 3
