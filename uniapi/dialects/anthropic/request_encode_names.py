"""Tool names and call ids as the API takes them: letters, digits, `_` and `-`, names up to 128
characters.
"""

from __future__ import annotations

import re

from uniapi.dialects.tool_names import DistinctNames

_REFUSED = re.compile(r"[^a-zA-Z0-9_-]")


class ToolNames(DistinctNames):
    longest = 128

    def cleaned(self, name: str) -> str:
        return _REFUSED.sub("_", name)[: self.longest] or "tool"


def clean_call_id(call_id: str) -> str:
    """`call_id` with every character the API refuses replaced; never empty."""
    return _REFUSED.sub("_", call_id) or "call"
