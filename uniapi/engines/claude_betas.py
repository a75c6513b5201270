"""Which `anthropic-beta`s the clouds that serve Claude know; any other is refused there, and Claude
Code names its own in every request.

litellm 1.110.2, anthropic_beta_headers_config.json, seen 2026-11-30; Bedrock also
docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html.
"""

from __future__ import annotations

from collections.abc import Collection

_BY_ALL = (
    "computer-use-",
    "compact-",
    "context-1m-",
    "context-management-",
    "dangerous-tool-use-",
    "fine-grained-tool-streaming-",
    "interleaved-thinking-",
    "mid-conversation-output-config-",
    "mid-conversation-tool-changes-",
    "output-128k-",
    "thinking-binding-controls-",
    "thinking-display-updates-",
    "token-efficient-tools-",
    "tool-examples-",
    "tool-search-tool-",
)
BEDROCK_BETAS = (*_BY_ALL, "dev-full-thinking-", "effort-")
"""Beginnings of the names; another answers 400 «invalid beta flag»."""
VERTEX_BETAS = (
    *_BY_ALL,
    "afk-mode-",
    "fallback-credit-",
    "inline-tools-",
    "mid-conversation-system-clear-at-",
    "model-context-window-exceeded-",
    "pdfs-",
    "per-turn-control-",
    "server-side-fallback-2026-06-01",
    "structured-outputs-",
    "task-budgets-",
    "thinking-token-count-",
    "token-counting-",
    "web-search-",
)
"""Another answers 400 «Unexpected value(s) `…` for the `anthropic-beta` header». litellm's list has
`effort-` and `claude-code-` too, which were refused (claude-code#12429, #21625) and are needed by
nothing.
"""
_RENAMED = {"advanced-tool-use-2025-11-20": "tool-search-tool-2025-10-19"}
"""What Anthropic's own API bundles under one name, by the name of the part that the clouds have."""


def known_betas(named: Collection[str], beginnings: tuple[str, ...]) -> list[str]:
    """Those of the `named` betas that are known, each once, under the names they have there."""
    wanted = (_RENAMED.get(beta.strip(), beta.strip()) for beta in named)
    return [beta for beta in dict.fromkeys(wanted) if beta.startswith(beginnings)]
