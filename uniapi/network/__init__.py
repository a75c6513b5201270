"""The door to the upstreams: requests go out and answers come in, pushed into a Sink (DESIGN
§2.11). Whatever leaves this process for a provider, a model list, an access token or a picture goes
through a Transport.
"""

from .access_tokens import AccessTokens
from .demo_transport import DEMO_CONFIG, DEMO_KEY, DEMO_MODEL, DemoTransport
from .fetch import FetchFailed, fetch
from .http1_transport import Http1Transport
from .media_fetcher import MediaFetcher
from .request_series import send_all
from .transport import AiohttpTransport, Exchange, Sink, Transport

__all__ = [
    "DEMO_CONFIG",
    "DEMO_KEY",
    "DEMO_MODEL",
    "AccessTokens",
    "AiohttpTransport",
    "DemoTransport",
    "Exchange",
    "FetchFailed",
    "Http1Transport",
    "MediaFetcher",
    "Sink",
    "Transport",
    "fetch",
    "send_all",
]
