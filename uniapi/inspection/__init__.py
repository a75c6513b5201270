"""The request inspector, off unless `preferences.inspect` says so: the last requests in full, as
they were received, sent at each attempt, answered upstream and to the client.

Whoever relays a call looks for its tap once; without one nothing is kept, and nothing is called.
What is kept is bounded in bytes, running calls included, and has its secrets masked and its media
shortened before it is kept for longer than its call.
"""

from .inspector import Inspector
from .tap import Tap, TappedReply, UpstreamWords

__all__ = ["Inspector", "Tap", "TappedReply", "UpstreamWords"]
