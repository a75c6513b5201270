"""Ids that live with one account: which of our credentials issued them, and which of them a request
names.

A response, a conversation, a container, a file or a cached content exists at the provider and under
the key that made it, and nowhere else. What a relayed answer issued is remembered for the client
key that got it; a request that names such an id is bound to its owner, relayed there, and never
falls back. An id we do not know is sent when exactly one credential could own it, and is a 404
otherwise: to a client, another client key's id is one that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from uniapi.canonical import Call, ClientError, Json, Operation, RequestRefused
from uniapi.clock import Epoch
from uniapi.routing import Pin
from uniapi.storage import KeptMap

PINS_FILE = "pins"
PINS_LIMIT = 20_000
PINS_LAST_S = 30 * 86400.0
MAX_ID_LENGTH = 512
_MAX_DEPTH = 8

_PROBES: Mapping[str, tuple[bytes, ...]] = {
    "openai_responses": (
        b'"previous_response_id"',
        b'"conversation"',
        b'"item_reference"',
        b'"file_id',
        b'"container"',
    ),
    "openai_chat": (b'"file_id"', b'"previous_response_id"'),
    "anthropic": (b'"file_id"', b'"container"'),
    "gemini": (b'"cachedContent"', b'"cached_content"', b"/files/"),
}
"""A body without any of these names no such id, and is not searched."""


@dataclass(frozen=True, slots=True)
class Reference:
    """An id in a request, and the member it stands in."""

    member: str
    issued_id: str


class IssuedIds:
    """Issued ids and their owners, for each client key."""

    def __init__(self, kept: KeptMap) -> None:
        self._kept = kept

    def issued(self, key_id: str, ids: Iterable[str], pin: Pin, now_s: Epoch) -> None:
        """An answer for this client key issued these."""
        for issued_id in ids:
            if len(issued_id) <= MAX_ID_LENGTH:
                self._kept.put(
                    _name(key_id, issued_id), [pin.provider_id, pin.credential_id], now_s
                )

    def forget(self, key_id: str, issued_id: str) -> None:
        """It was deleted."""
        self._kept.remove(_name(key_id, issued_id))

    def owner(self, key_id: str, issued_id: str, now_s: Epoch) -> Pin | None:
        found = self._kept.get(_name(key_id, issued_id), now_s)
        if (
            not isinstance(found, list)
            or len(found) != 2
            or not all(isinstance(part, str) for part in found)
        ):
            return None
        return Pin(provider_id=found[0], credential_id=found[1])

    def bind(
        self, key_id: str, references: Sequence[Reference], possible: Sequence[Pin], now_s: Epoch
    ) -> Pin:
        """The one credential that a call with these references belongs to, among those that could
        serve it natively.

        Raises RequestRefused: 404 for an id nobody here can be said to own, 400 when the ids belong
        to different owners or no channel of the model keeps such things.
        """
        known = {
            owner: reference
            for reference in references
            if (owner := self.owner(key_id, reference.issued_id, now_s)) is not None
        }
        first = references[0]
        if len(known) > 1:
            members = " and ".join(sorted({reference.member for reference in known.values()}))
            raise RequestRefused.bad_request(
                f"{members}: these ids were issued by different accounts, no one provider has"
                " them all",
                param=first.member,
            )
        for owner, reference in known.items():
            if owner in possible:
                return owner
            raise _unknown(reference, "its owner does not serve this model to this API key")
        if not possible:
            raise RequestRefused.bad_request(
                f"{first.member}: no provider of this model keeps such state for this API; send the"
                " whole conversation instead",
                param=first.member,
                code="unsupported_state",
            )
        if len(possible) > 1:
            raise _unknown(first, "it was not issued here for this API key")
        return possible[0]


def find_references(call: Call) -> tuple[Reference, ...]:
    """The account-bound ids that a request cannot do without, each once.

    Total, whatever the body holds.
    """
    if call.operation is Operation.STORED:
        return (Reference("response_id", call.resource),)
    probes = _PROBES.get(call.dialect, ())
    if not any(probe in call.body for probe in probes):
        return ()
    finders = {
        "openai_responses": _in_responses,
        "openai_chat": _in_chat,
        "anthropic": _in_anthropic,
        "gemini": _in_gemini,
    }
    found = (
        reference
        for reference in finders[call.dialect](call.json)
        if isinstance(reference.issued_id, str) and reference.issued_id
    )
    return tuple(dict.fromkeys(found))


def _in_responses(body: Mapping[str, Any]) -> Iterator[Reference]:
    yield Reference("previous_response_id", body.get("previous_response_id") or "")
    conversation = body.get("conversation")
    yield Reference(
        "conversation",
        (conversation.get("id") if isinstance(conversation, dict) else conversation) or "",
    )
    items = body.get("input")
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if not isinstance(item, dict):
            continue
        if item.get("type") == "item_reference":
            yield Reference(f"input[{index}].id", item.get("id") or "")
        elif item.get("role") != "assistant":
            yield from _file_ids(item.get("content"), f"input[{index}].content", 0)
    tools = body.get("tools")
    for index, tool in enumerate(tools if isinstance(tools, list) else ()):
        container = tool.get("container") if isinstance(tool, dict) else None
        if isinstance(container, str):
            yield Reference(f"tools[{index}].container", container)
        elif isinstance(container, dict) and isinstance(container.get("file_ids"), list):
            for file_id in container["file_ids"]:
                yield Reference(f"tools[{index}].container.file_ids", file_id)


def _in_chat(body: Mapping[str, Any]) -> Iterator[Reference]:
    yield Reference("previous_response_id", body.get("previous_response_id") or "")
    yield from _file_ids(body.get("messages"), "messages", 0)


def _in_anthropic(body: Mapping[str, Any]) -> Iterator[Reference]:
    container = body.get("container")
    yield Reference(
        "container", (container.get("id") if isinstance(container, dict) else container) or ""
    )
    messages = body.get("messages")
    for index, message in enumerate(messages if isinstance(messages, list) else ()):
        # What an assistant's turn names is history: code execution results list the files they
        # made.
        if isinstance(message, dict) and message.get("role") == "user":
            yield from _file_ids(message.get("content"), f"messages[{index}].content", 0)


def _in_gemini(body: Mapping[str, Any]) -> Iterator[Reference]:
    yield Reference("cachedContent", body.get("cachedContent") or body.get("cached_content") or "")
    contents = body.get("contents")
    for index, content in enumerate(contents if isinstance(contents, list) else ()):
        parts = content.get("parts") if isinstance(content, dict) else None
        for number, part in enumerate(parts if isinstance(parts, list) else ()):
            file = (
                (part.get("fileData") or part.get("file_data")) if isinstance(part, dict) else None
            )
            uri = (file.get("fileUri") or file.get("file_uri")) if isinstance(file, dict) else None
            if (
                isinstance(uri, str)
                and "generativelanguage.googleapis.com/" in uri
                and "/files/" in uri
            ):
                yield Reference(
                    f"contents[{index}].parts[{number}].fileData.fileUri",
                    "files/" + uri.rpartition("/files/")[2],
                )


def _file_ids(value: Json, path: str, depth: int) -> Iterator[Reference]:
    """Every `file_id` inside a message's content."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _file_ids(item, f"{path}[{index}]", depth + 1)
    elif isinstance(value, dict):
        if isinstance(value.get("file_id"), str):
            yield Reference(f"{path}.file_id", value["file_id"])
        for name, item in value.items():
            if isinstance(item, dict | list):
                yield from _file_ids(item, f"{path}.{name}", depth + 1)


def _unknown(reference: Reference, why: str) -> RequestRefused:
    shown = reference.issued_id[:80]
    return RequestRefused(
        ClientError(
            status=404,
            message=f"{reference.member}: {shown!r} was not found; {why}.",
            code="not_found",
            type="invalid_request_error",
            param=reference.member,
        )
    )


def _name(key_id: str, issued_id: str) -> str:
    return f"{key_id} {issued_id}"
