"""`api.yaml`: text → frozen values, with every problem reported at once. `schema` is what the rest
of the program sees.

Reading order: `schema` (the result: `provider_schema`, `client_schema`, `common_schema`), `levels`
(what a row of the table of keys is), `keys` (the table), `parse` (joins the readers), `yaml_tree`
(the file as `nodes`), `values` (what they read with), then a reader such as `providers`, whose rows
stand beside it. `load` and `watch` are the
doors to the outside; `schema_text`, `editor_schema` and `starter` write about configurations.
"""

from typing import TYPE_CHECKING

from uniapi.late import late

from .addresses import PROXY_DIRECT, as_proxy, proxy_fault
from .alias_maps import stand_ins
from .client_schema import ClientKey, PolicyName, Rule
from .common_schema import (
    ByModel,
    PeriodName,
    PromptCache,
    Rate,
    Rates,
    SpendingCap,
    SpendingCaps,
    TimeoutPolicy,
    TimeoutRule,
    Timeouts,
)
from .engine_names import EngineNames, HasPrice, Remark
from .environment_keys import KNOWN_KEYS, FoundProvider, environment_config, found_keys
from .keys import KEYS
from .levels import Key
from .load import (
    ConfigSource,
    choose_source,
    config_text,
    exposed_file,
    fetch_config,
    read_config_file,
    shown_url,
    unreadable_ca_files,
)
from .parse import parse_config
from .problems import ConfigProblems, Problem
from .provider_schema import (
    NO_OVERRIDES,
    BodyOverrides,
    Credential,
    ModelEntry,
    Provider,
    RequestRule,
)
from .rates import parse_rates
from .schema import Config, Inspect, ModelInfo, Notify, Preferences, Price, Retention
from .secrets import (
    fingerprint,
    looks_secret,
    mask,
    provider_secrets,
    secrets_of,
    sounds_secret,
    without_secrets,
    without_secrets_in_bytes,
)
from .watch import FileWatcher
from .wildcards import fits, is_wildcard, most_telling_first

if TYPE_CHECKING:
    from .editor_schema import json_schema, key_table
    from .excerpts import excerpt
    from .masked_config import shown_config
    from .schema_text import changes
    from .starter import SCHEMA_FILE, starter_text
else:
    __getattr__ = late(
        __name__,
        excerpts="excerpt",
        editor_schema="json_schema key_table",
        masked_config="shown_config",
        schema_text="changes",
        starter="SCHEMA_FILE starter_text",
    )

__all__ = [
    "KEYS",
    "KNOWN_KEYS",
    "NO_OVERRIDES",
    "PROXY_DIRECT",
    "SCHEMA_FILE",
    "BodyOverrides",
    "ByModel",
    "ClientKey",
    "Config",
    "ConfigProblems",
    "ConfigSource",
    "Credential",
    "EngineNames",
    "FileWatcher",
    "FoundProvider",
    "HasPrice",
    "Inspect",
    "Key",
    "ModelEntry",
    "ModelInfo",
    "Notify",
    "PeriodName",
    "PolicyName",
    "Preferences",
    "Price",
    "Problem",
    "PromptCache",
    "Provider",
    "Rate",
    "Rates",
    "Remark",
    "RequestRule",
    "Retention",
    "Rule",
    "SpendingCap",
    "SpendingCaps",
    "TimeoutPolicy",
    "TimeoutRule",
    "Timeouts",
    "as_proxy",
    "changes",
    "choose_source",
    "config_text",
    "environment_config",
    "excerpt",
    "exposed_file",
    "fetch_config",
    "fingerprint",
    "fits",
    "found_keys",
    "is_wildcard",
    "json_schema",
    "key_table",
    "looks_secret",
    "mask",
    "most_telling_first",
    "parse_config",
    "parse_rates",
    "provider_secrets",
    "proxy_fault",
    "read_config_file",
    "secrets_of",
    "shown_config",
    "shown_url",
    "sounds_secret",
    "stand_ins",
    "starter_text",
    "unreadable_ca_files",
    "without_secrets",
    "without_secrets_in_bytes",
]
