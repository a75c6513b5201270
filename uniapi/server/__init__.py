"""HTTP in: requests ↔ calls and replies, by two lanes that bring them to one front.

Reading order: `paths` (what is served), `incoming` (a request, whichever lane read it), `front`
(its way; `desk` is what it asks of the program behind it), `auth`, `body`, `inference` and
`operation_paths` (a request as a call), `reply` (how it is answered); `listener` with
`connections`, `edge` (the lane of plain requests), `bounded` and `aiohttp_lane` (that of all
others); `models` with `model_facts` and
`codex_catalog` for lists; `admin` with `present`, `billing` and `page` for whoever runs this.
"""

from .auth import KeyRing
from .connections import raise_file_limit
from .desk import Desk
from .front import Front
from .listener import Listener
from .model_facts import model_facts
from .present import ConfigStatus, LiveCalls, Present
from .reply import STREAM_HEADERS, HttpReply

__all__ = [
    "STREAM_HEADERS",
    "ConfigStatus",
    "Desk",
    "Front",
    "HttpReply",
    "KeyRing",
    "Listener",
    "LiveCalls",
    "Present",
    "model_facts",
    "raise_file_limit",
]
