"""Cohere's v2 chat API, spoken upstream only: requests encoded, answers, streams and errors
decoded.
"""

from __future__ import annotations

from uniapi.dialects.deferred import deferred
from uniapi.dialects.dialect import UpstreamDialect

from .vocabulary import FAMILY, NAME


def _upstream() -> UpstreamDialect:
    from .upstream import UPSTREAM

    return UPSTREAM


UPSTREAM = deferred(UpstreamDialect, _upstream, name=NAME, family=FAMILY, framing="sse")

__all__ = ["UPSTREAM"]
