"""The words of the Responses API that several of its codecs share: names, item types, media types,
finish reasons.

Reference: https://platform.openai.com/docs/api-reference/responses, types of the openai SDK 3.54
(November 2026).
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import FinishReason

NAME = "openai_responses"
FAMILY = "openai"

MIN_OUTPUT_TOKENS = 16
"""The API refuses a smaller `max_output_tokens`."""
MAX_CALL_ID = 64
"""The API refuses a longer `call_id`."""

HOSTED_KINDS: Mapping[str, str] = {
    "web_search": "web_search",
    "web_search_2025_08_26": "web_search",
    "web_search_preview": "web_search",
    "web_search_preview_2025_03_11": "web_search",
    "code_interpreter": "code_execution",
}
"""Types of hosted tools → the meaning shared between dialects; others keep their own name."""

USER_ITEMS = frozenset(
    {
        "computer_call_output",
        "local_shell_call_output",
        "shell_call_output",
        "apply_patch_call_output",
        "tool_search_output",
        "mcp_approval_response",
        "compaction_trigger",
        "program_output",
        "additional_tools",
        "configuration_update",
    }
)
"""Items without a canonical form that belong to the user's side of a conversation; all others
belong to the assistant's.
"""

INCOMPLETE_REASONS: Mapping[str, FinishReason] = {
    "incomplete": "length",
    "max_output_tokens": "length",
    "max_tokens": "length",
    "max_messages": "length",
    "content_filter": "content_filter",
    "steered": "stop",
}

IMAGE_MIMES: Mapping[str, str] = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "svg": "image/svg+xml",
}
IMAGE_FORMATS: Mapping[str, str] = {
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/svg+xml": "svg",
}

AUDIO_MIMES: Mapping[str, str] = {"mp3": "audio/mpeg", "wav": "audio/wav"}

FILE_NAMES: Mapping[str, str] = {
    "application/pdf": "document.pdf",
    "text/plain": "document.txt",
    "text/csv": "table.csv",
    "application/json": "document.json",
}
"""A file by value must have a name; this is the one of a nameless file by its media type."""
