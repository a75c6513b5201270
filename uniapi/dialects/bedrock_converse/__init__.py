"""AWS Bedrock's Converse API, spoken upstream only: requests encoded, answers, streams and errors
decoded.

`invoke` is for the other way to Claude there: Anthropic's dialect inside AWS's framing.
"""

from __future__ import annotations

from uniapi.dialects.deferred import deferred
from uniapi.dialects.dialect import UpstreamDialect

from .vocabulary import FAMILY, NAME


def _upstream() -> UpstreamDialect:
    from .upstream import UPSTREAM

    return UPSTREAM


UPSTREAM = deferred(UpstreamDialect, _upstream, name=NAME, family=FAMILY, framing="aws_eventstream")

__all__ = ["UPSTREAM"]
