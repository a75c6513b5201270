"""What one of Codex's agents tells another (multi-agent v2): an item that its own backend knows."""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Json


def message_of_agent(item: Mapping[str, Json]) -> dict[str, Json] | None:
    """Codex's item for what one agent tells another as a message that every vendor reads; None when
    there are no words in it.
    """
    content = item.get("content")
    parts = content if isinstance(content, list) else [{"text": content}]
    texts = [part["text"] for part in parts if isinstance(part, dict) and part.get("text")]
    words = "\n".join(text for text in texts if isinstance(text, str))
    if not words:
        return None
    author = item.get("author")
    named = f"[Message from the agent {author}]\n{words}" if isinstance(author, str) else words
    return {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": named}],
    }
