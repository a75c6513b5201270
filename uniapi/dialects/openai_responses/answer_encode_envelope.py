"""The Response object around the output, as clients get it: the request's settings echoed, usage,
status.

Every member that the openai SDK's model requires is always there; what the client did not say has
the API's default.
"""

from __future__ import annotations

from collections.abc import Iterable

from uniapi.canonical import Failure, Finish, Json, ReasoningSettings, Request, Text, Usage
from uniapi.dialects.codec import ReplyContext

from .error import response_error
from .request_encode import encode_format
from .request_encode_tools import encode_choice, encode_tools
from .usage import encode_usage
from .vocabulary import INCOMPLETE_REASONS, NAME

_ECHOED = ("max_tool_calls", "prompt_cache_retention", "safety_identifier", "truncation")
_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
_RESPONSE_ID = "resp_"
_TIERS = frozenset({"auto", "default", "flex", "priority", "scale", "fast"})


def response_id(found: str | None, seed: str) -> str:
    """The upstream's id when it is one of this API, else one of ours."""
    return found if found is not None and found.startswith(_RESPONSE_ID) else _RESPONSE_ID + seed


def opening(context: ReplyContext, found_id: str | None, created_s: int | None) -> dict[str, Json]:
    """The object as it is when the answer begins: status `in_progress`, no output yet."""
    request = (
        context.request if context.request is not None else Request(model=context.requested_model)
    )
    own = request.extensions.get(NAME, {})
    response: dict[str, Json] = {
        "id": response_id(found_id, context.id_seed),
        "object": "response",
        "created_at": created_s if created_s is not None else context.created_s,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": _instructions(request),
        "max_output_tokens": request.sampling.max_output_tokens,
        "model": context.requested_model,
        "output": [],
        "parallel_tool_calls": request.parallel_tool_calls is not False,
        "previous_response_id": request.previous_response_id,
        "prompt_cache_key": request.prompt_cache_key,
        "reasoning": _reasoning(request.reasoning),
        "service_tier": request.service_tier if request.service_tier in _TIERS else "default",
        "store": False,
        "temperature": request.sampling.temperature
        if request.sampling.temperature is not None
        else 1.0,
        "text": _text(request),
        "tool_choice": _tool_choice(request),
        "tools": encode_tools(request.tools, []),
        "top_logprobs": request.sampling.top_logprobs or 0,
        "top_p": request.sampling.top_p if request.sampling.top_p is not None else 1.0,
        "truncation": "disabled",
        "usage": None,
        "user": request.user,
        "metadata": dict(request.metadata) if request.metadata is not None else {},
    }
    response.update({name: own[name] for name in _ECHOED if name in own})
    return response


def closing(
    response: dict[str, Json], output: list[dict[str, Json]], usage: Usage | None, finish: Finish
) -> dict[str, Json]:
    """The object when the answer is whole, or as whole as it will be."""
    closed = {**response, "status": "completed", "output": output, "usage": encode_usage(usage)}
    if usage is not None and usage.service_tier in _TIERS:
        closed["service_tier"] = usage.service_tier
    why = _INCOMPLETE.get(finish.reason)
    if why is not None:
        native = (
            finish.native
            if finish.dialect == NAME and finish.native in INCOMPLETE_REASONS
            else None
        )
        closed.update(status="incomplete", incomplete_details={"reason": native or why})
    elif finish.reason == "error":
        closed.update(
            status="failed",
            error={
                "code": "server_error",
                "message": finish.message or "the model's answer ended with an error",
            },
        )
    return closed


def failed(
    response: dict[str, Json],
    output: Iterable[dict[str, Json]],
    usage: Usage | None,
    failure: Failure,
) -> dict[str, Json]:
    return {
        **response,
        "status": "failed",
        "error": response_error(failure),
        "output": list(output),
        "usage": encode_usage(usage) if usage is not None else None,
    }


def _instructions(request: Request) -> str | None:
    first = request.messages[0] if request.messages else None
    if first is None or first.role != "system":
        return None
    return "\n\n".join(part.text for part in first.parts if isinstance(part, Text)) or None


def _reasoning(settings: ReasoningSettings | None) -> dict[str, Json]:
    if settings is None:
        return {"effort": None, "summary": None}
    summary = (
        settings.visibility if settings.visibility in ("auto", "concise", "detailed") else None
    )
    return {"effort": settings.effort, "summary": summary}


def _text(request: Request) -> dict[str, Json]:
    text: dict[str, Json] = {
        "format": encode_format(request.output_format)
        if request.output_format is not None
        else {"type": "text"}
    }
    if request.verbosity in ("low", "medium", "high"):
        text["verbosity"] = request.verbosity
    return text


def _tool_choice(request: Request) -> Json:
    kept = request.extensions.get(NAME, {}).get("tool_choice")
    if kept is not None:
        return kept
    return (
        encode_choice(request.tool_choice, request) if request.tool_choice is not None else None
    ) or "auto"
