"""One client request from door to door, and who makes it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import Enum
from typing import TYPE_CHECKING

from uniapi.values import dataclass, field

from .failure import ClientError
from .parts import Json


class Operation(Enum):
    """What a client asks for.

    The values name them in logs and statistics (OTel's `gen_ai.operation.name` where it has one).
    """

    GENERATE = "chat"
    COUNT_TOKENS = "count_tokens"
    COMPLETE = "text_completion"
    COMPACT = "compact"
    STORED = "stored_response"
    """A response kept upstream: read, cancelled, deleted by its id."""
    EMBED = "embeddings"
    RERANK = "rerank"
    MODERATE = "moderation"
    IMAGE = "image_generation"
    IMAGE_EDIT = "image_edit"
    IMAGE_VARIATION = "image_variation"
    SPEECH = "speech"
    TRANSCRIBE = "transcription"
    TRANSLATE_AUDIO = "translation"

    __hash__ = object.__hash__
    """A member is one object; the library's own hashes its name, in Python, a dozen times a call.
    """


COMPLETE, STORED = Operation.COMPLETE, Operation.STORED
"""Read from its class, a member takes nine hundred instructions; these are asked for in each call.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Whom an API key proves a client to be.

    `key_id` is the key's fingerprint, the name of its counters; the secret itself stays in config.
    """

    key_id: str
    label: str
    is_admin: bool = False


def holds_nothing(more: int) -> None:
    """Where nobody counts what is in memory."""


@dataclass(slots=True)  # a value; freezing it would triple what it costs each call
class Call:
    """A request as it arrived: `dialect` is the client's, `requested_model` what it named, `body`
    the bytes as sent (decompressed), `json` the object in them.

    `headers` are lower-case; the client's credentials have been taken out. `path` is the canonical
    path (`/v1/chat/completions`).
    """

    request_id: str
    dialect: str
    operation: Operation
    principal: Principal
    requested_model: str
    stream: bool
    body: bytes
    json: Mapping[str, Json]
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    client_ip: str | None = None
    received_at_s: float = 0.0
    hold: Callable[[int], None] = holds_nothing
    """Takes so many bytes more of the memory that all bodies share, until the call is over: what is
    fetched for it lies beside its body. Raises RequestRefused (503) when that is full.
    """
    method: str = "POST"
    resource: str = ""
    """The id in the path, where `path` has `*` for it (`/v1/responses/*`)."""
    query_text: str = ""
    """The query as it was written, without credentials, where it is handed on (names may repeat).
    """
    content_type: str = "application/json"
    upload: object | None = None
    """A form that was received to a spool (`gateway.Upload`); then `body` is empty and `json` holds
    its text fields.
    """
    upload_bytes: int = 0
    fetched_bytes: int = 0
    """Of the media that were fetched for it, which make a short body a long one."""

    def let_go(self) -> None:
        """Keep no more of what is asked than its bytes: read, it takes several times as much, and a
        stream may be open for minutes. Whoever asks for `json` after all has it read again.
        """
        if self.body:
            del self.json
            self.__class__ = _ReadAgain


class _ReadAgain(Call):
    """A call that let go. A class that looks for what is missing takes ten times as long to find
    what is there, so the others have none of it.
    """

    __slots__ = ()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Mapping[str, Json]:
            if name != "json":
                raise AttributeError(name)
            self.json = json.loads(self.body)
            return self.json


class RequestRefused(Exception):
    """We say no to the client: `error` is what it is told, in its own dialect."""

    def __init__(self, error: ClientError) -> None:
        super().__init__(error.message)
        self.error = error

    @classmethod
    def bad_request(
        cls, message: str, param: str | None = None, code: str | None = None
    ) -> RequestRefused:
        """400 naming the member at fault."""
        return cls(
            ClientError(
                status=400, message=message, param=param, code=code, type="invalid_request_error"
            )
        )
