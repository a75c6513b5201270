"""The door to the upstreams: requests go out and answers come in, pushed into a Sink (DESIGN
§2.11). Whatever leaves this process for a provider, a model list, an access token or a picture goes
through a Transport, by the way that its Passage says.
"""

from .access_tokens import AccessTokens
from .demo_transport import DEMO_CONFIG, DEMO_KEY, DEMO_MODEL, DemoTransport
from .environment_proxies import EnvironmentProxies
from .fetch import FetchFailed, fetch
from .media_fetcher import MediaFetcher
from .open_transport import open_transport
from .passage import Passage, passage_of
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
    "open_transport",
    "passage_of",
    "send_all",
]
