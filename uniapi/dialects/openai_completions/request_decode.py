"""A client's Completions body → canonical Request of one user message.
https://platform.openai.com/docs/api-reference/completions/create

What only a completion model can do (`suffix`, `best_of`, `echo`, `logprobs` in the old shape) stays
under `extensions["openai_completions"]`, where every encoder reports it as lost.
"""

from __future__ import annotations

from collections.abc import Mapping

from uniapi.canonical import Json, Message, Request, RequestRefused, Text
from uniapi.dialects.openai_chat.request_decode import decode_request as decode_chat
from uniapi.values import replace

NAME = "openai_completions"
_OWN = frozenset({"suffix", "best_of", "echo", "logprobs"})
_UNSAID: Mapping[str, tuple[Json, ...]] = {"best_of": (1,), "echo": (False,), "suffix": ("",)}
"""Values that ask for nothing."""


def decode_request(body: Mapping[str, Json], model: str, stream: bool) -> Request:
    """Raises RequestRefused naming the member; a prompt that a chat model cannot be given (several,
    or tokens) is refused as `prompt`.
    """
    text = _prompt(body.get("prompt"))
    shared = {name: value for name, value in body.items() if name not in _OWN and name != "prompt"}
    request = decode_chat(
        {**shared, "messages": [{"role": "user", "content": text}]}, model, stream
    )
    rest = {
        name: body[name]
        for name in sorted(_OWN & body.keys())
        if body[name] is not None and body[name] not in _UNSAID.get(name, ())
    }
    extensions = {**request.extensions, NAME: rest} if rest else request.extensions
    return replace(
        request, messages=(Message(role="user", parts=(Text(text=text),)),), extensions=extensions
    )


def _prompt(value: Json) -> str:
    match value:
        case str():
            return value
        case [str() as only]:
            return only
        case None:
            raise RequestRefused.bad_request("prompt: expected text, found nothing", param="prompt")
        case [str(), *_]:
            raise RequestRefused.bad_request(
                f"prompt: {len(value)} prompts in one request need a provider with a completions"
                " endpoint; send one text",
                param="prompt",
            )
        case list():
            raise RequestRefused.bad_request(
                "prompt: tokens need a provider with a completions endpoint; send text",
                param="prompt",
            )
        case _:
            raise RequestRefused.bad_request(
                f"prompt: expected text, found {type(value).__name__}", param="prompt"
            )
