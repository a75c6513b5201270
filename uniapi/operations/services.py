"""What is served, one row for each operation: where clients find it, what its bodies are, what its
answers hold, what it costs to ask for it twice.

Whatever the program has to know about an operation stands here and nowhere else; `codecs` has the
shapes it is translated between. A test checks that no operation lacks its row.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Literal

from uniapi.canonical import Operation
from uniapi.values import dataclass, field

CHAT, RESPONSES, MESSAGES = "openai_chat", "openai_responses", "anthropic"
"""The client dialects whose paths stand below; Gemini's are told by their verbs."""

COUNT_PATIENCE_S = 10.0
"""A count that takes longer is of no use to anybody: the estimate is there at once."""
PURCHASE_TIMEOUT_S = 600.0
"""A picture of high quality takes minutes, and is billed whether it is waited for or not."""


class Handling(Enum):
    """How a call comes to an upstream of another dialect."""

    GENERATED = "generated"
    """It has a canonical form, so that every upstream can be asked."""
    COUNTED = "counted"
    """It is what a generation would be, and its answer a figure: it goes to whoever counts."""
    CARRIED = "carried"
    """It is relayed between like shapes and translated by a codec between others."""
    RELAYED = "relayed"
    """It goes in the client's own words or not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One operation.

    `action` completes «this provider does not …». `paths`: client path → dialect; `verbs`:
    Gemini's, after the model's name. `openai_path`: where an OpenAI-compatible API has it below its
    root, None: nowhere, or only in a dialect of its own.
    """

    handling: Handling
    action: str
    paths: Mapping[str, str] = field(default_factory=dict)
    verbs: tuple[str, ...] = ()
    openai_path: str | None = None

    form_file: str | None = None
    """The file that a form must have; None: no form is taken, only JSON."""
    file_stand_ins: tuple[str, ...] = ()
    """Text members of a form, each of which names the file at the vendor or on the web instead."""
    is_form_unless_told: bool = False
    """JSON is taken only where the content type says so."""
    stream_member: tuple[str, object] = ("stream", True)
    """The member, and its value, by which a client asks for events."""
    default_models: tuple[str, ...] = ()
    """Where no model need be named, what is meant: the first that the client key can route. Living
    models only, the newest first.
    """

    answer: Literal["json", "transcript", "sound"] = "json"
    """A transcript is JSON or text, as it was asked for."""
    substance: tuple[str, ...] = ()
    """The members of a JSON answer of which one holds what was asked for."""
    answer_names_model: bool = False
    writes_tokens: bool = True
    """Whether something is written that is billed beside what is read."""

    is_bought: bool = False
    """Every call costs as soon as it is taken on: none is repeated unless the first is known to
    have cost nothing.
    """
    timeout_s: float | None = None
    """The time-out where none is configured; None: the usual one."""
    patience_s: float | None = None
    """The longest wait for an answer, whatever is configured."""
    is_moderated: bool = False
    """What the user says in it is shown to the moderation model first, where that is asked for."""
    request_type: str | None = None
    """What `exclude_request_types` and its like call it."""

    is_generated: bool = field(init=False)
    is_counted: bool = field(init=False)
    is_carried: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_generated", self.handling is Handling.GENERATED)
        object.__setattr__(self, "is_counted", self.handling is Handling.COUNTED)
        object.__setattr__(self, "is_carried", self.handling is Handling.CARRIED)


_IMAGE_MODELS = (
    "gpt-image-2.6-sunburst",
    "gpt-image-2.6-flare",
    "gpt-image-2.5-sunburst",
    "gpt-image-2.5-flare",
    "gpt-image-2",
    "gemini-nano-banana-2.1",
    "gemini-3-pro-image",
    "gemini-3.1-flash-image",
    "gemini-3.1-flash-lite-image",
    "grok-imagine-image-2.0",
    "qwen-image-3.0-pro",
)
"""The `ImageModel` names of openai-python 3.57.0 that have no end announced, then those of
google-genai 3.6.1, xAI's and Alibaba's price pages (2026-11-30).
"""

SERVICES: Mapping[Operation, Service] = MappingProxyType(
    {
        Operation.GENERATE: Service(
            handling=Handling.GENERATED,
            action="answer conversations",
            paths={
                "/v1/chat/completions": CHAT,
                "/v1/responses": RESPONSES,
                "/v1/messages": MESSAGES,
            },
            verbs=("generateContent", "streamGenerateContent"),
            openai_path="chat/completions",
            is_moderated=True,
        ),
        Operation.COMPLETE: Service(
            handling=Handling.GENERATED,
            action="complete prompts",
            paths={"/v1/completions": CHAT},
            openai_path="completions",
            is_moderated=True,
        ),
        Operation.COMPACT: Service(
            handling=Handling.RELAYED,
            action="compact conversations",
            paths={"/v1/responses/compact": RESPONSES},
            is_moderated=True,
            request_type="compaction",
        ),
        Operation.COUNT_TOKENS: Service(
            handling=Handling.COUNTED,
            action="count tokens",
            paths={
                "/v1/responses/input_tokens": RESPONSES,
                "/v1/messages/count_tokens": MESSAGES,
            },
            verbs=("countTokens",),
            patience_s=COUNT_PATIENCE_S,
        ),
        # Its paths hold the id of a response (server/paths.py).
        Operation.STORED: Service(handling=Handling.RELAYED, action="keep responses"),
        Operation.EMBED: Service(
            handling=Handling.CARRIED,
            action="make embeddings",
            paths={"/v1/embeddings": CHAT},
            verbs=("embedContent", "batchEmbedContents"),
            openai_path="embeddings",
            substance=("data", "embeddings", "embedding", "predictions"),
            answer_names_model=True,
            writes_tokens=False,
            is_moderated=True,
        ),
        Operation.RERANK: Service(
            handling=Handling.CARRIED,
            action="rerank documents",
            # Cohere's clients post to `v2/rerank` below whatever address they are given
            # (cohere 7.3.1, 2026-11-30).
            paths={"/v1/rerank": CHAT, "/v2/rerank": CHAT},
            openai_path="rerank",
            substance=("results", "data"),
            answer_names_model=True,
            writes_tokens=False,
        ),
        Operation.MODERATE: Service(
            handling=Handling.CARRIED,
            action="moderate",
            paths={"/v1/moderations": CHAT},
            openai_path="moderations",
            # platform.openai.com/docs/models, docs.mistral.ai/models (2026-11-30)
            default_models=(
                "omni-moderation-latest",
                "omni-moderation-2024-09-26",
                "mistral-moderation-2603",
            ),
            substance=("results",),
            answer_names_model=True,
            writes_tokens=False,
        ),
        Operation.IMAGE: Service(
            handling=Handling.CARRIED,
            action="make images",
            paths={"/v1/images/generations": CHAT},
            openai_path="images/generations",
            default_models=_IMAGE_MODELS,
            substance=("data",),
            is_bought=True,
            timeout_s=PURCHASE_TIMEOUT_S,
            is_moderated=True,
        ),
        Operation.IMAGE_EDIT: Service(
            handling=Handling.CARRIED,
            action="edit images",
            paths={"/v1/images/edits": CHAT},
            openai_path="images/edits",
            form_file="image",
            default_models=_IMAGE_MODELS,
            substance=("data",),
            is_bought=True,
            timeout_s=PURCHASE_TIMEOUT_S,
        ),
        Operation.IMAGE_VARIATION: Service(
            handling=Handling.CARRIED,
            action="make variations of images",
            paths={"/v1/images/variations": CHAT},
            openai_path="images/variations",
            form_file="image",
            is_form_unless_told=True,
            default_models=_IMAGE_MODELS,
            substance=("data",),
            is_bought=True,
            timeout_s=PURCHASE_TIMEOUT_S,
        ),
        Operation.SPEECH: Service(
            handling=Handling.CARRIED,
            action="speak text",
            paths={"/v1/audio/speech": CHAT},
            openai_path="audio/speech",
            stream_member=("stream_format", "sse"),
            answer="sound",
            is_bought=True,
            timeout_s=PURCHASE_TIMEOUT_S,
            is_moderated=True,
        ),
        Operation.TRANSCRIBE: Service(
            handling=Handling.CARRIED,
            action="transcribe audio",
            paths={"/v1/audio/transcriptions": CHAT},
            openai_path="audio/transcriptions",
            form_file="file",
            # Mistral's and Groq's, OpenRouter's of a form and of JSON (2026-11-30)
            file_stand_ins=("file_url", "file_id", "url", "source_url", "input_audio"),
            is_form_unless_told=True,
            answer="transcript",
            substance=("text",),
            answer_names_model=True,
            is_bought=True,
            timeout_s=PURCHASE_TIMEOUT_S,
        ),
        Operation.TRANSLATE_AUDIO: Service(
            handling=Handling.CARRIED,
            action="translate audio",
            paths={"/v1/audio/translations": CHAT},
            openai_path="audio/translations",
            form_file="file",
            file_stand_ins=("file_url", "url"),
            is_form_unless_told=True,
            answer="transcript",
            substance=("text",),
            answer_names_model=True,
            is_bought=True,
            timeout_s=PURCHASE_TIMEOUT_S,
        ),
    }
)
"""Every operation has a row."""
