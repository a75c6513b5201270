"""Reasoning on the chat wire, where every vendor has its own member, ↔ canonical Reasoning parts.

Members: `reasoning_content` (DeepSeek, Kimi, most gateways), `reasoning` (OpenRouter, Groq,
Ollama), `reasoning_details` (OpenRouter; typed pieces with signatures,
https://openrouter.ai/docs/use-cases/reasoning-tokens), `thinking_blocks` (LiteLLM's carriage of
Anthropic's blocks). `<think>` tags in the text are another room's matter
(`dialects/think_tags.py`).

Details in Anthropic's format become Anthropic's own opaques, so that a signature issued through
OpenRouter is good for any route to Claude; all others stay together as one opaque list of the
`openrouter` family.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from uniapi.canonical import Json, Opaque, Reasoning

ANTHROPIC_FORMAT = "anthropic-claude-v1"


def detail_text(detail: Mapping[str, Json]) -> str:
    """The readable text of one detail."""
    text = detail.get("text") or detail.get("summary")
    return text if isinstance(text, str) else ""


def merge_details(details: Iterable[Json]) -> list[dict[str, Json]]:
    """Streamed details joined: neighbours of one type and index are pieces of one."""
    merged: list[dict[str, Json]] = []
    for detail in details:
        if not isinstance(detail, dict):
            continue
        last = merged[-1] if merged else None
        if (
            last is None
            or detail.get("type") != last.get("type")
            or detail.get("index") != last.get("index")
            or _has_ended(last, detail)
        ):
            merged.append(dict(detail))
            continue
        for name, value in detail.items():
            if (
                name in ("text", "summary", "data")
                and isinstance(value, str)
                and isinstance(last.get(name), str)
            ):
                last[name] += value
            elif value not in (None, ""):
                last[name] = value
    return merged


def _has_ended(last: Mapping[str, Json], detail: Mapping[str, Json]) -> bool:
    """Two details of one index that are not pieces of one another: other ids, or encrypted data,
    which comes whole.
    """
    if detail.get("type") == "reasoning.encrypted":
        return True
    first_id, second_id = last.get("id"), detail.get("id")
    return first_id is not None and second_id is not None and first_id != second_id


def parts_of_details(details: list[dict[str, Json]], text: str | None = None) -> list[Reasoning]:
    """Whole reasoning from merged details; `text` is the readable text when it came beside them."""
    if not details:
        return [Reasoning(text=text)] if text else []
    if all(_is_anthropic(detail) for detail in details):
        return [_anthropic_part(detail) for detail in details]
    shown = text if text is not None else "".join(detail_text(detail) for detail in details)
    return [Reasoning(text=shown, opaque=Opaque(family="openrouter", value=details))]


def opaque_of_details(details: list[dict[str, Json]]) -> Opaque | None:
    """The one token of streamed reasoning whose text has been told already."""
    if not details:
        return None
    if (
        len(details) == 1
        and _is_anthropic(details[0])
        and details[0].get("type") == "reasoning.text"
    ):
        return _anthropic_part(details[0]).opaque
    return Opaque(family="openrouter", value=details)


def details_of_parts(parts: Iterable[Reasoning]) -> list[dict[str, Json]]:
    """`reasoning_details` from canonical reasoning: the details as they came, or Anthropic's blocks
    in OpenRouter's spelling.
    """
    details: list[dict[str, Json]] = []
    for part in parts:
        opaque = part.opaque
        if opaque is not None and opaque.family == "openrouter" and isinstance(opaque.value, list):
            details.extend(opaque.value)
        elif opaque is not None and opaque.family == "anthropic":
            index = len(details)
            if part.is_redacted:
                details.append(
                    {
                        "type": "reasoning.encrypted",
                        "data": opaque.value,
                        "format": ANTHROPIC_FORMAT,
                        "index": index,
                    }
                )
            else:
                details.append(
                    {
                        "type": "reasoning.text",
                        "text": part.text,
                        "signature": opaque.value,
                        "format": ANTHROPIC_FORMAT,
                        "index": index,
                    }
                )
    return details


_SIGNED_FORMATS = ("anthropic", "google")
"""How the formats begin whose vendors refuse readable reasoning without a signature
(github.com/OpenRouterTeam/ai-sdk-provider/pull/423, 2026-11-30).
"""


_UNNAMED = ("", "unknown")


def is_sendable(detail: Json, known_format: str | None) -> bool:
    """Whether a detail is neither such text without its signature nor, where the model behind reads
    details of `known_format` alone, another vendor's.
    """
    if not isinstance(detail, dict):
        return True
    named = str(detail.get("format") or "")
    if known_format is not None and named not in _UNNAMED and not named.startswith(known_format):
        return False
    is_unsigned_text = detail.get("type") == "reasoning.text" and not detail.get("signature")
    return not (is_unsigned_text and named.startswith(_SIGNED_FORMATS))


def untold_details(details: Iterable[Mapping[str, Json]]) -> list[dict[str, Json]]:
    """Details without the text that `reasoning_content` has streamed already, so that a client
    which joins both does not see it twice; those that were text alone fall away.
    """
    kept = [
        {name: value for name, value in detail.items() if name not in ("text", "summary")}
        for detail in details
    ]
    return [detail for detail in kept if detail.keys() & {"data", "signature"}]


def thinking_block(part: Reasoning) -> dict[str, Json] | None:
    """Anthropic's block for `thinking_blocks`, None when the part holds none of its tokens."""
    if part.opaque is None or part.opaque.family != "anthropic":
        return None
    if part.is_redacted:
        return {"type": "redacted_thinking", "data": part.opaque.value}
    return {"type": "thinking", "thinking": part.text, "signature": part.opaque.value}


def _is_anthropic(detail: Mapping[str, Json]) -> bool:
    if not str(detail.get("format") or "").startswith("anthropic"):
        return False
    match detail.get("type"):
        case "reasoning.text":
            return True
        case "reasoning.encrypted":
            return isinstance(detail.get("data"), str)
        case _:
            return False


def _anthropic_part(detail: Mapping[str, Json]) -> Reasoning:
    if detail.get("type") == "reasoning.encrypted":
        return Reasoning(
            is_redacted=True, opaque=Opaque(family="anthropic", value=detail.get("data"))
        )
    signature = detail.get("signature")
    return Reasoning(
        text=detail_text(detail),
        opaque=Opaque(family="anthropic", value=signature)
        if isinstance(signature, str) and signature
        else None,
    )
