"""Response → a Messages `message` object for a client.
https://platform.claude.com/docs/en/api/messages
"""

from __future__ import annotations

from uniapi.canonical import Choice, Finish, Json, Refusal, Response, ToolCall
from uniapi.dialects.codec import EncodedResponse, ReplyContext

from .answer_encode_parts import encode_usage, finish_members, message_id, reply_blocks
from .vocabulary import NAME


def encode_response(response: Response, context: ReplyContext) -> EncodedResponse:
    """A `message` for a client; only the first choice has a place in it."""
    losses: list[str] = []
    if len(response.choices) > 1:
        losses.append("choices")
    choice = (
        response.choices[0] if response.choices else Choice(parts=(), finish=Finish(reason="stop"))
    )
    content: list[dict[str, Json]] = []
    for part in choice.parts:
        content += reply_blocks(part, len(content), context, losses)
    extensions = dict(response.extensions.get(NAME, {}))
    members = finish_members(
        choice.finish,
        extensions,
        has_refusal_text=any(isinstance(part, Refusal) for part in choice.parts),
        has_calls=any(isinstance(part, ToolCall) for part in choice.parts),
    )
    body: dict[str, Json] = {
        "id": message_id(response.response_id, context),
        "type": "message",
        "role": "assistant",
        "model": context.requested_model,
        "content": content,
        **members,
        "usage": encode_usage(response.usage, context.input_tokens_estimate, whole=True),
    }
    body.update({name: value for name, value in extensions.items() if name not in body})
    return EncodedResponse(body=body, losses=tuple(dict.fromkeys(losses)))
