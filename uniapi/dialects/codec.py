"""What goes into a dialect's codecs beside the body, and what comes out of its encoders: values,
pure as the codecs are. Ids and the time come in with the contexts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from uniapi.canonical import Json, Request
from uniapi.values import dataclass, field

from .fitting import NOTHING_BESIDE, Beside
from .quirk import PLAIN, Quirk


@dataclass(slots=True, kw_only=True)  # a value; freezing it would triple what it costs each call
class EncodedRequest:
    """A request body for an upstream.

    `losses` names what the client asked for and the body cannot say; `headers` go with it
    (`anthropic-beta`); `beside` holds for `fit` what only some vendor's member can say.
    """

    body: dict[str, Json]
    losses: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    beside: Beside = NOTHING_BESIDE


@dataclass(slots=True, kw_only=True)  # a value; freezing it would triple what it costs each call
class EncodedResponse:
    """A whole answer for a client; `losses` go to the log. `items`: its output items, where the
    dialect lets a client name them later by their ids (Responses).
    """

    body: Json
    losses: tuple[str, ...] = ()
    items: Sequence[Mapping[str, Json]] = ()


@dataclass(slots=True)  # a value; freezing it would triple what it costs each call
class UpstreamContext:
    """What a decoder of answers may need: the facts about the upstream, a seed for ids the wire
    lacks (random hex, new for every call), and the request it answers.
    """

    quirk: Quirk = PLAIN
    id_seed: str = "0"
    request: Request | None = None


@dataclass(slots=True)  # a value; freezing it would triple what it costs each call
class ReplyContext:
    """What an encoder of answers may need: the name the client asked for, ids and time for
    envelopes that lack them, and the request.

    `id_seed` is random hex. `provider` is who answers, by the name that the configuration gives it;
    empty where that is told already. `include_usage`: whether a chat client asked for the usage
    chunk. `framing` says how a streamed body is framed where the dialect has a choice (Gemini:
    `sse` or `json_array`). `input_tokens_estimate` fills a first event that must have a figure.
    """

    requested_model: str
    id_seed: str
    created_s: int
    provider: str = ""
    include_usage: bool = True
    framing: Literal["sse", "json_array"] = "sse"
    request: Request | None = None
    input_tokens_estimate: int = 0
