"""Function names as the API takes them: a letter or `_`, then letters, digits, `_`, `.`, `:`, `-`,
up to 128 characters.

https://ai.google.dev/api/caching#FunctionDeclaration (Vertex AI takes 64 characters of older
models; longer names are rare and pass on the newer ones).
"""

from __future__ import annotations

import re

from uniapi.dialects.tool_names import DistinctNames

_REFUSED = re.compile(r"[^a-zA-Z0-9_.:-]")
_START = re.compile(r"[a-zA-Z_]")


class ToolNames(DistinctNames):
    longest = 128

    def cleaned(self, name: str) -> str:
        cleaned = _REFUSED.sub("_", name)
        if not _START.match(cleaned):
            cleaned = "_" + cleaned
        return cleaned[: self.longest]
