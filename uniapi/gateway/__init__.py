"""Call → reply, by attempts and pipes. `executor` is the loop, `route` builds what is sent, `pipes` read what comes back, `upstream` is the network's door."""

from .credentials import CredentialStore
from .demo import DEMO_CONFIG, DEMO_KEY, DEMO_MODEL, DemoTransport
from .discovery import ModelLists, list_models
from .executor import Executor, Setting, refusal_record
from .fetch import FetchFailed, fetch
from .http1 import Http1Transport
from .media import MediaFetcher
from .session import session_hint
from .upstream import AiohttpTransport, Transport

__all__ = [
    "DEMO_CONFIG",
    "DEMO_KEY",
    "DEMO_MODEL",
    "AiohttpTransport",
    "CredentialStore",
    "DemoTransport",
    "Executor",
    "FetchFailed",
    "Http1Transport",
    "MediaFetcher",
    "ModelLists",
    "Setting",
    "Transport",
    "fetch",
    "list_models",
    "refusal_record",
    "session_hint",
]
