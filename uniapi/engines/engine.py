"""What an engine is: the code that addresses and authorises one kind of upstream. Format is the
dialect's matter, facts about models are rows in `quirks.py`.

Engines are pure and hold no state: they say which HttpRequest to send and what an answer means;
`gateway/` sends it.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Protocol

from uniapi.canonical import NO_NEEDS, DialectNeeds, Failure, Json, Operation, Request
from uniapi.clock import Epoch
from uniapi.config import Credential, Provider
from uniapi.dialects import Quirk, UpstreamDialect
from uniapi.values import dataclass, field
from uniapi.wire import HttpRequest, ResponseHead


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What most is known by, whichever key will be used: a provider, and the model as it calls it
    and as the client called it.
    """

    provider: Provider
    upstream_model: str
    alias: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Place):
    """Where an attempt goes: a place, and the credential to use there."""

    credential: Credential


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedModel:
    """One model of a provider's own list, with what the provider says of it (None: nothing).
    `shutdown_date`: the day from which it is gone, `YYYY-MM-DD`.
    """

    model: str
    display_name: str | None = None
    context_length: int | None = None
    max_output_tokens: int | None = None
    input_modalities: tuple[str, ...] = ()
    output_modalities: tuple[str, ...] = ()
    shutdown_date: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPage:
    """One page of a model list; `next_request` asks for the next one, None at the end."""

    models: tuple[ListedModel, ...]
    next_request: HttpRequest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A short-lived access token; good until `expires_at_s` (epoch)."""

    value: str
    expires_at_s: float


TokenFlow = Generator[HttpRequest, "tuple[ResponseHead, bytes]", Token]
"""A refresh as a generator: yields requests, receives answers, returns the token.

Raises WireError with a message for the log when it is refused.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where and how one operation is spoken: the URL before authorisation, its method, fixed
    headers, and the framing of a streamed answer.
    """

    url: str
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    shape: str = "dialect"
    """Whose body an operation other than generate wants there, for `operations/`: `openai`,
    `gemini`, `vertex`, `cohere`, `bedrock`, `voyage`, `jina`; `dialect`: the dialect's own. At
    Google the URL ends in a verb, which a codec may replace.
    """
    most_inputs: int | None = None
    """How many texts are embedded at a time; None: as many as come."""


class Engine(Protocol):
    """One kind of upstream. `name` is the value of `engine:` in `api.yaml`."""

    name: str

    def dialect(
        self,
        place: Place,
        client_dialect: str,
        needs: DialectNeeds = NO_NEEDS,
        learned: str | None = None,
    ) -> UpstreamDialect:
        """The dialect to speak; engines with two (Bedrock's Converse and invoke, Vertex) take the
        client's when they can, so that the call is relayed. `needs`: what the request asks for;
        `learned`: the name of the dialect that a refusal of this model has pointed to.
        """
        ...

    def address(
        self, place: Place, operation: Operation, stream: bool, dialect: UpstreamDialect
    ) -> Address | None:
        """Where to send `operation`; None when this kind of upstream does not have it. A Target's
        may differ from its place's by the project that its credential belongs to.
        """
        ...

    def prepare_body(
        self,
        place: Place,
        body: dict[str, Json],
        operation: Operation,
        stream: bool,
        dialect: UpstreamDialect,
    ) -> dict[str, Json]:
        """The body as this upstream's framing of the dialect wants it: `model` set, or moved into
        the path, `anthropic_version` added, … Never mutates `body`.
        """
        ...

    def adjust(self, place: Place, request: Request) -> Request:
        """Applies the habits of an alias (`-think-N`, `-search`, `-high`) and what the engine knows
        better to a canonical request.
        """
        ...

    def has_habit(self, place: Place) -> bool:
        """Whether `adjust` changes requests under this alias, so that one cannot be relayed as it
        is.
        """
        ...

    def quirk(self, place: Place) -> Quirk:
        """The facts for this provider and model."""
        ...

    def token_flow(self, target: Target, now_s: Epoch) -> TokenFlow | None:
        """How to get an access token; None when the credential is used as it is."""
        ...

    def authorize(
        self, target: Target, request: HttpRequest, token: str | None, now_s: Epoch
    ) -> HttpRequest:
        """The request with its credential: a header, a query member, or a signature over
        everything.
        """
        ...

    def classify(
        self, status: int, headers: Mapping[str, str], body: bytes, dialect: UpstreamDialect
    ) -> Failure:
        """What an error answer means: the dialect's reading, corrected by the engine's
        own table.
        """
        ...

    def correct(self, failure: Failure, headers: Mapping[str, str]) -> Failure:
        """A failure that stood in an answer of status 200 or in its stream, as this vendor means
        it; `headers` as for `classify`, with a `date`.
        """
        ...

    def models_request(self, place: Place) -> HttpRequest | None:
        """How to ask for the model list (not yet authorised); None when there is no way."""
        ...

    def decode_models(self, body: Json, request: HttpRequest) -> ModelPage:
        """The answer to `models_request`; raises WireError when it is no list."""
        ...

    @property
    def authorizes_bodies(self) -> bool:
        """Whether `authorize` looks at the body or changes it even where the credential is a key
        that goes into a header; elsewhere such a key gives the same headers to every request.
        """
        ...

    @property
    def has_account_cache(self) -> bool:
        """Whether the prompt cache belongs to the account, so that a conversation should stay with
        its credential (docs/design.md, Keys and prompt caches).
        """
        ...
