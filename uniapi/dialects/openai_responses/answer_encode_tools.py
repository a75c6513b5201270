"""Which of the client's tools a call of the answer means."""

from __future__ import annotations

from uniapi.canonical import Request, Tool
from uniapi.dialects.openai_chat.request_encode_names import wire_name


class ToolLookup:
    """The client's tools by the names a model may use: its own, with its namespace joined on, or as
    the wire made it.

    Codex answers "unsupported custom tool call" to a call that does not carry exactly the name,
    namespace and kind it offered.
    """

    def __init__(self, request: Request | None) -> None:
        self._tools: dict[str, Tool] = {}
        self._exact: dict[tuple[str | None, str], Tool] = {}
        for tool in request.tools if request is not None else ():
            if not isinstance(tool, Tool):
                continue
            self._exact.setdefault((tool.namespace, tool.name), tool)
            for name in (tool.name, wire_name(tool.name), wire_name(tool.name, tool.namespace)):
                self._tools.setdefault(name, tool)

    def find(self, name: str, namespace: str | None) -> Tool | None:
        exact = self._exact.get((namespace, name))
        if exact is not None or namespace is not None:
            return exact
        return self._tools.get(name)
