"""Response → a GenerateContentResponse for a client."""

from __future__ import annotations

from uniapi.canonical import Json, Response
from uniapi.dialects.codec import EncodedResponse, ReplyContext

from .answer_encode_parts import candidate_end, encode_usage, envelope, prompt_feedback, reply_parts


def encode_response(response: Response, context: ReplyContext) -> EncodedResponse:
    """The answer for a client of this dialect."""
    losses: list[str] = []
    candidates: list[Json] = []
    for index, choice in enumerate(response.choices):
        parts = [block for part in choice.parts for block in reply_parts(part, losses)]
        content: dict[str, Json] = {"parts": parts, "role": "model"} if parts else {"role": "model"}
        candidates.append(
            {
                "content": content,
                **candidate_end(index, choice.finish, choice.parts, response.extensions),
                "index": index,
            }
        )
    feedback = prompt_feedback(response)
    body: dict[str, Json] = (
        {"candidates": candidates} if feedback is None else {"promptFeedback": feedback}
    )
    if response.usage is not None:
        body["usageMetadata"] = encode_usage(response.usage)
    body.update(envelope(context, response.response_id))
    return EncodedResponse(body=body, losses=tuple(dict.fromkeys(losses)))
