"""Call → reply, by attempts and pipes. `executor` is the loop, `route` builds what is sent, `pipes` read what comes back, `upstream` is the network's door.

Three memories belong here: `pins` (ids that live with one account), `signed_turns` (what a client could not carry of an answer) and `issued_items` (what it names by an id alone)."""

from .binding import possible_owners, rules_out
from .call_facts import counts_tokens, estimate_call_tokens, reasoning_effort, request_type
from .call_records import left_record, refusal_record
from .credentials import CredentialStore
from .demo import DEMO_CONFIG, DEMO_KEY, DEMO_MODEL, DemoTransport
from .discovery import ModelLists, list_models
from .executor import Executor, Setting
from .fetch import FetchFailed, fetch
from .http1 import Http1Transport
from .issued_items import IssuedItems
from .media import MediaFetcher
from .moderation import FLAGGED, MODERATION_MODELS, Moderation
from .once import ask_once
from .pins import PINS_FILE, PINS_LAST_S, PINS_LIMIT, Pins, find_references
from .session import session_hint
from .signed_turns import ReasoningCache
from .uploads import Upload
from .upstream import AiohttpTransport, Transport

__all__ = [
    "DEMO_CONFIG",
    "DEMO_KEY",
    "DEMO_MODEL",
    "FLAGGED",
    "MODERATION_MODELS",
    "PINS_FILE",
    "PINS_LAST_S",
    "PINS_LIMIT",
    "AiohttpTransport",
    "CredentialStore",
    "DemoTransport",
    "Executor",
    "FetchFailed",
    "Http1Transport",
    "IssuedItems",
    "MediaFetcher",
    "ModelLists",
    "Moderation",
    "Pins",
    "ReasoningCache",
    "Setting",
    "Transport",
    "Upload",
    "ask_once",
    "counts_tokens",
    "estimate_call_tokens",
    "fetch",
    "find_references",
    "left_record",
    "list_models",
    "possible_owners",
    "reasoning_effort",
    "refusal_record",
    "request_type",
    "rules_out",
    "session_hint",
]
