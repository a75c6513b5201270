"""Every key of `api.yaml`: its level, form, default and meaning. The one table that the check for
unknown keys, the JSON Schema and docs/configuration.md read, put together from the rows that stand
beside their readers.
"""

from __future__ import annotations

from uniapi.near import near_words

from .client_keys import CLIENT_KEY, CLIENT_KEY_PREFERENCES
from .credentials import CREDENTIAL
from .forms import ANY, BOOL
from .levels import Form, Key, Level, as_written, without_effect
from .notify import NOTIFY_MAP
from .preferences import HEDGING, INSPECT, MODALITIES, MODEL_INFO, PREFERENCES, RETENTION
from .prices import PRICE, PRICE_TIER
from .provider_keys import PROVIDER, PROVIDER_PREFERENCES
from .schema import Config
from .skipping import REQUEST_MATCH, REQUEST_RULE
from .timeouts import TIMEOUT, TIMEOUT_MATCH, TIMEOUT_POLICY, TIMEOUT_RULE

TOP = Level.of(
    "",
    Config,
    Key(
        "providers",
        "providers",
        Form(said="a list of providers", shapes=("list",), reader=as_written, level=PROVIDER),
        "",
        "the upstreams",
        is_required=True,
    ),
    Key(
        "api_keys",
        "client_keys",
        Form(said="a list of client keys", shapes=("list",), reader=as_written, level=CLIENT_KEY),
        "",
        "the keys your clients use",
        is_required=True,
    ),
    Key(
        "preferences",
        "preferences",
        Form(said="a map", shapes=("level",), reader=as_written, level=PREFERENCES),
        "",
        "settings for the whole gateway",
    ),
    *without_effect(
        "unbuilt",
        (
            "ENABLE_MODERATION",
            BOOL,
            "moderation of calls without a key, which are always refused here; set it under a"
            " client key's `preferences`",
        ),
        ("video", ANY, "video generation"),
    ),
    joint="providers client_keys preferences",
)

LEVELS = (
    TOP,
    PROVIDER,
    CREDENTIAL,
    PROVIDER_PREFERENCES,
    REQUEST_RULE,
    REQUEST_MATCH,
    CLIENT_KEY,
    CLIENT_KEY_PREFERENCES,
    PREFERENCES,
    RETENTION,
    INSPECT,
    MODEL_INFO,
    MODALITIES,
    PRICE,
    PRICE_TIER,
    NOTIFY_MAP,
    HEDGING,
    TIMEOUT_POLICY,
    TIMEOUT_RULE,
    TIMEOUT_MATCH,
    TIMEOUT,
)
KEYS: tuple[Key, ...] = tuple(key for level in LEVELS for key in level.keys)


def advice_on(name: str, level: str) -> str:
    """What to say of a name that `level` does not know: a near miss there, else the level where it
    belongs.
    """
    if name in _OLD_SPELLINGS:
        return f"; it is written {_OLD_SPELLINGS[name]} now"
    known = {key.name.lower(): key.name for key in KEYS if key.level == level}
    if name.lower() in known:
        return f"; did you mean `{known[name.lower()]}` (capitals count)?"
    if f"{name.lower()}s" in known:
        return f"; did you mean `{known[f'{name.lower()}s']}`?"
    homes = {key.level for key in KEYS if key.name == name and key.level in _HOMES}
    nearest = {home for home in homes if _is_around(home, level)} or homes
    if nearest:
        return "; it belongs " + " or ".join(
            said for home, said in _HOMES.items() if home in nearest
        )
    close = near_words(name.lower(), known, n=1, cutoff=0.7)
    if close:
        return f"; did you mean `{known[close[0]]}`?"
    elsewhere = near_words(
        name, [key.name for key in KEYS if key.level in _HOMES], n=1, cutoff=0.85
    )
    return (
        "; did you mean"
        f" `{elsewhere[0]}`{advice_on(elsewhere[0], level).replace('; it', ', which')}?"
        if elsewhere
        else ""
    )


_OLD_SPELLINGS = {
    "USE_ROUND_ROBIN": "`SCHEDULING_ALGORITHM: round_robin`",
    "weights": "as `- rule: weight` under the client key's `model`",
}
"""Of the predecessor's first versions."""
_HOMES = {
    TOP.path: "at the top level of the file",
    PROVIDER.path: "directly under a provider",
    PROVIDER_PREFERENCES.path: "under the provider's `preferences`",
    CLIENT_KEY.path: "directly under a client key in `api_keys`",
    CLIENT_KEY_PREFERENCES.path: "under the client key's `preferences`",
    PREFERENCES.path: "under the global `preferences`",
}
"""The levels a misplaced key is sent to, and how they are called."""


def _is_around(home: str, level: str) -> bool:
    """True when `home` lies directly inside `level` or around it: there a misplaced key was most
    likely meant to stand.
    """
    if level == TOP.path:
        return home == PREFERENCES.path
    return home != TOP.path and (home.startswith(level) or level.startswith(home))
