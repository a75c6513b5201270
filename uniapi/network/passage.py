"""How a request leaves this machine: past or through which proxy, trusting whom, to addresses of
which kind. One value all the way from the configuration to the socket.
"""

from __future__ import annotations

from uniapi.config import PROXY_DIRECT, Config, Credential, Preferences, Provider
from uniapi.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """`proxy` is an address (`http`, `https`, `socks4`, `socks5`, `socks5h`), `none` for no proxy
    whatever the environment says, None for what the environment says. `ca_file` holds certificates
    to trust beside the system's. With `only_public` nothing is connected to but addresses of the
    public Internet: for URLs that strangers name.
    """

    proxy: str | None = None
    ca_file: str | None = None
    only_public: bool = False


USUAL = Passage()


def passage_of(provider: Provider, credential: Credential, preferences: Preferences) -> Passage:
    """What is written nearest counts: at the key, at the provider, globally."""
    return Passage(
        proxy=credential.proxy or provider.proxy or preferences.proxy,
        ca_file=provider.ca_file or preferences.ca_file,
    )


def names_proxy(config: Config) -> bool:
    """Whether any provider key leaves through a proxy that is written."""
    return any(
        passage_of(provider, credential, config.preferences).proxy not in (None, PROXY_DIRECT)
        for provider in config.providers
        for credential in provider.credentials
    )
