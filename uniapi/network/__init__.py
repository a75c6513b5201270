"""The door to the upstreams: requests go out and answers come in, pushed into a Sink. Whatever
leaves this process for a provider, a model list, an access token or a picture goes through a
Transport, by the way that its Passage says.

Reading order: `transport` (what a Transport, a Sink and an Exchange are), `passage`,
`http1_transport` (with `http1_connection`, `names`, `public_addresses`, `tls`), `aiohttp_transport`
(what leaves through a proxy, with `environment_proxies`), `open_transport` (which of them),
`demo_transport`; then what goes through it: `fetch`, `request_series`, `access_tokens`,
`media_fetcher`.
"""

from .access_tokens import AccessTokens
from .demo_transport import DEMO_CONFIG, DEMO_KEY, DEMO_MODEL, DemoTransport
from .environment_proxies import EnvironmentProxies
from .fetch import FetchFailed, fetch
from .fetch_url import fetch_url
from .media_fetcher import MediaFetcher
from .open_transport import import_proxied, open_transport
from .passage import Passage, names_proxy, passage_of
from .request_series import send_all
from .transport import Exchange, Sink, Transport

__all__ = [
    "DEMO_CONFIG",
    "DEMO_KEY",
    "DEMO_MODEL",
    "AccessTokens",
    "DemoTransport",
    "EnvironmentProxies",
    "Exchange",
    "FetchFailed",
    "MediaFetcher",
    "Passage",
    "Sink",
    "Transport",
    "fetch",
    "fetch_url",
    "import_proxied",
    "names_proxy",
    "open_transport",
    "passage_of",
    "send_all",
]
