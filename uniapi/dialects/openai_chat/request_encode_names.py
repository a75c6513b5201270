"""Names and ids that the chat wire takes, and the way back.

A function's name must match `[a-zA-Z0-9_-]{1,64}` (OpenAI answers 400 otherwise), Codex groups its
tools in namespaces, and some upstreams want their own form of call id. Both maps are computed from
the request alone, so that the answer's decoder can undo them without any memory.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Literal

from uniapi.canonical import HostedTool, Request, Tool
from uniapi.dialects.tool_names import qualified_name

_ALLOWED = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_REFUSED = re.compile(r"[^a-zA-Z0-9_-]")
_FORMS = {
    "alnum9": re.compile(r"[a-zA-Z0-9]{9}"),
    "word": re.compile(r"[a-zA-Z0-9_-]+"),
    "max40": re.compile(r"[\s\S]{1,40}"),
}


def wire_name(name: str, namespace: str | None = None) -> str:
    """The name as it is sent: namespaced ones are joined by two underscores, what the wire refuses
    is replaced, what is too long ends in a digest.
    """
    full = qualified_name(name, namespace)
    if _ALLOWED.fullmatch(full):
        return full
    digest = hashlib.sha256(full.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{_REFUSED.sub('_', full)[:55]}_{digest}"


def tools_by_wire_name(request: Request | None) -> dict[str, Tool]:
    """The client's tools under the names that the upstream knows them by."""
    if request is None:
        return {}
    return {wire_name(tool.name, tool.namespace): tool for tool in function_tools(request.tools)}


def function_tools(tools: Iterable[Tool | HostedTool]) -> list[Tool]:
    return [tool for tool in tools if isinstance(tool, Tool)]


def wire_call_id(call_id: str, form: Literal["any", "alnum9", "word", "max40"]) -> str:
    """The call id in the form the upstream takes.

    A changed one is a digest, equal for a call and its result.
    """
    if form == "any" or _FORMS[form].fullmatch(call_id):
        return call_id
    digest = hashlib.sha256(call_id.encode("utf-8", "surrogatepass")).hexdigest()
    return digest[:9] if form == "alnum9" else f"call_{digest[:24]}"
