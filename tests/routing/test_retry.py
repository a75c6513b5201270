"""The table of failures, row by row: who is blamed, what comes next, what rests how long."""

from datetime import datetime, timezone

import pytest

from uniapi.canonical import Failure, FailureKind
from uniapi.config import Credential, Provider
from uniapi.routing import Next, Rest, Road, blame, next_after
from uniapi.routing.retry import seconds_to_next_day

K = FailureKind
NOON = datetime(2026, 3, 7, 12, 0, tzinfo=timezone.utc).timestamp()


def _provider(keys=2, **members):
    credentials = tuple(
        Credential(credential_id=str(number), display="k", secret="k") for number in range(keys)
    )
    return Provider(provider_id="p", name="p", credentials=credentials, **members)


def _blame(failure, provider):
    found = blame(failure, provider, cooldown_s=300.0, now_s=NOON, is_google=False)
    rest = found.rest
    how_long = (
        None
        if rest is None
        else rest.seconds
        if rest.seconds is not None
        else (rest.first_s, rest.cap_s)
    )
    return found.who, found.rests, how_long


ROWS = [
    (K.BAD_REQUEST, ("client", Next.NOTHING, None, None)),
    (K.TOO_LONG, ("client", Next.OTHER_MODEL, None, None)),
    (K.TOO_COSTLY, ("client", Next.CREDENTIAL, None, None)),
    (K.ITEM_MISSING, ("client", Next.OTHER_CHANNEL, None, None)),
    (K.SIGNATURE, ("client", Next.OTHER_CHANNEL, None, None)),
    (K.CREDENTIAL_REFUSED, ("credential", Next.CREDENTIAL, "credential", (600.0, 21600.0))),
    (K.MODEL_REFUSED, ("credential", Next.CREDENTIAL, "credential_model", (600.0, 21600.0))),
    (K.OPERATION_REFUSED, ("nobody", Next.CREDENTIAL, None, None)),
    (K.WALL, ("channel", Next.OTHER_CHANNEL, "channel", 300.0)),
    (K.REGION, ("channel", Next.CREDENTIAL, "channel", 300.0)),
    (K.QUOTA, ("credential", Next.CREDENTIAL, "credential_model", 21600.0)),
    (K.RATE_LIMITED, ("credential", Next.CREDENTIAL, "credential_model", (30.0, 600.0))),
    (K.MODEL_MISSING, ("channel", Next.OTHER_CHANNEL, "channel", 300.0)),
    (K.MODEL_FAULT, ("nobody", Next.CHANNEL, None, None)),
    (K.OVERLOADED, ("channel", Next.CHANNEL, "channel", 300.0)),
    (K.SERVER_ERROR, ("channel", Next.CHANNEL, "channel", 300.0)),
    (K.TIMEOUT, ("channel", Next.CHANNEL, "channel", 300.0)),
    (K.UNREACHABLE, ("channel", Next.CHANNEL, "channel", 300.0)),
    (K.BROKEN, ("channel", Next.CHANNEL, "channel", 300.0)),
    (K.EMPTY, ("channel", Next.CHANNEL, "channel", 300.0)),
    (K.TRIGGERED, ("channel", Next.CHANNEL, "channel", 300.0)),
    (K.UNSUPPORTED, ("nobody", Next.ABLE_CHANNEL, None, None)),
    (K.NO_ROOM, ("nobody", Next.NOTHING, None, None)),
    (K.NOT_SERVED, ("nobody", Next.ABLE_CHANNEL, None, None)),
]


@pytest.mark.parametrize(
    "kind, expected", ROWS, ids=lambda value: value.name if isinstance(value, K) else ""
)
def test_plain_rows(kind, expected):
    """Every kind, as it comes without further words, at a provider with two keys."""
    failure = Failure(kind=kind, message="")
    who, *rest = _blame(failure, _provider())
    assert (who, next_after(failure, Road.RELAY), *rest) == expected


def test_the_table_is_whole():
    assert [kind for kind, _ in ROWS] == list(K)


def test_refused_after_translation_may_try_another_model():
    """The mistake may be ours then; for every other kind the road makes no difference."""
    failures = {kind: Failure(kind=kind, message="") for kind in K}
    assert next_after(failures[K.BAD_REQUEST], Road.TRANSLATE) is Next.OTHER_MODEL
    del failures[K.BAD_REQUEST]
    for failure in failures.values():
        assert next_after(failure, Road.TRANSLATE) is next_after(failure, Road.RELAY)


@pytest.mark.parametrize(
    "kind, status, is_lost",
    [
        (K.TIMEOUT, None, True),
        (K.BROKEN, None, True),
        (K.EMPTY, 200, True),
        (K.SERVER_ERROR, 524, True),
        (K.OVERLOADED, 504, True),
        (K.SERVER_ERROR, 500, False),
        (K.OVERLOADED, 503, False),
        (K.UNREACHABLE, None, False),
        (K.RATE_LIMITED, 429, False),
    ],
)
def test_what_may_have_cost_something_is_not_bought_again(kind, status, is_lost):
    """An error of a proxy, or none at all, says nothing about what was done behind it."""
    failure = Failure(kind=kind, message="", status=status)
    assert (next_after(failure, Road.RELAY, is_bought=True) is Next.NOTHING) is is_lost
    assert next_after(failure, Road.RELAY) is not Next.NOTHING


RESTS = [
    ("the explicit delay decides", K.RATE_LIMITED, {"retry_after_s": 7.5}, {}, 7.5),
    (
        "over api_key_cooldown_period",
        K.RATE_LIMITED,
        {"retry_after_s": 7.5},
        {"credential_cooldown_s": 60.0},
        7.5,
    ),
    ("capped at an hour", K.RATE_LIMITED, {"retry_after_s": 7200.0}, {}, 3600.0),
    ("zero is no delay", K.RATE_LIMITED, {"retry_after_s": 0.0}, {}, (30.0, 600.0)),
    ("api_key_cooldown_period", K.RATE_LIMITED, {}, {"credential_cooldown_s": 60.0}, 60.0),
    (
        "an explicit 0 means never",
        K.RATE_LIMITED,
        {"retry_after_s": 7.5},
        {"credential_cooldown_s": 0.0},
        None,
    ),
    ("nor for refused keys", K.CREDENTIAL_REFUSED, {}, {"credential_cooldown_s": 0.0}, None),
    (
        "a refused key does not rest for the 429 period",
        K.CREDENTIAL_REFUSED,
        {},
        {"credential_cooldown_s": 60.0},
        (600.0, 21600.0),
    ),
    ("quota period", K.QUOTA, {}, {"quota_cooldown_s": 100.0}, 100.0),
    ("quota with a delay", K.QUOTA, {"retry_after_s": 50.0}, {}, 50.0),
    ("quota period 0", K.QUOTA, {}, {"quota_cooldown_s": 0.0}, None),
    ("daily quota until midnight UTC", K.QUOTA, {"is_daily": True}, {}, 12 * 3600.0),
    (
        "the delay beside a daily quota decides",
        K.RATE_LIMITED,
        {"is_daily": True, "retry_after_s": 474.0},
        {},
        474.0,
    ),
    (
        "uncapped, but for a day",
        K.RATE_LIMITED,
        {"is_daily": True, "retry_after_s": 7200.0},
        {},
        7200.0,
    ),
    ("a day is the most", K.QUOTA, {"is_daily": True, "retry_after_s": 1e7}, {}, 86400.0),
]


@pytest.mark.parametrize(
    "kind, said, members, expected", [row[1:] for row in RESTS], ids=[row[0] for row in RESTS]
)
def test_key_rests(kind, said, members, expected):
    assert _blame(Failure(kind=kind, message="", **said), _provider(**members))[2] == expected


@pytest.mark.parametrize("kind", [K.RATE_LIMITED, K.QUOTA, K.CREDENTIAL_REFUSED])
def test_an_only_key_rests_like_any(kind):
    """What may break its rest is not decided here but where nothing else can serve."""
    failure = Failure(kind=kind, message="")
    assert _blame(failure, _provider(keys=1)) == _blame(failure, _provider(keys=2))


def test_an_unwritten_cooldown_is_a_guess_that_doubles():
    """5 s at first, 300 s at most; a written one holds as written, 0 is none."""
    down = Failure(kind=K.SERVER_ERROR, message="")
    rests = {
        cooldown_s: blame(
            down, _provider(), cooldown_s=cooldown_s, now_s=NOON, is_google=False
        ).rest
        for cooldown_s in (None, 120.0, 0.0)
    }
    assert rests[None] == Rest(reason="failure", first_s=5.0, cap_s=300.0, is_guess=True)
    assert rests[120.0] == Rest(reason="failure", seconds=120.0)
    assert rests[0.0] is None


def test_money_rests_the_key_for_all_models():
    """402: the account is empty, not one model's quota."""
    assert _blame(Failure(kind=K.QUOTA, message="", status=402), _provider())[1] == "credential"


def test_no_cooldown_no_rest():
    timeout = Failure(kind=K.TIMEOUT, message="")
    found = blame(timeout, _provider(), cooldown_s=0.0, now_s=NOON, is_google=False)
    assert (found.who, found.rest) == ("channel", None)


@pytest.mark.parametrize(
    "now, hours",
    [
        ("2026-01-15T07:30", 0.5),  # 23:30 the evening before, UTC-8
        ("2026-01-15T08:00", 24),
        ("2026-07-15T06:30", 0.5),  # UTC-7
        (
            "2026-03-08T09:59",
            21 + 1 / 60,
        ),  # a minute before the clocks change: the day has 23 hours
        ("2026-03-08T10:00", 21),
        ("2026-11-01T08:59", 23 + 1 / 60),  # and this one 25
        ("2026-11-01T09:00", 23),
    ],
)
def test_google_days_end_at_midnight_in_california(now, hours):
    epoch_s = datetime.fromisoformat(now).replace(tzinfo=timezone.utc).timestamp()
    assert seconds_to_next_day(epoch_s, True) == pytest.approx(hours * 3600)
