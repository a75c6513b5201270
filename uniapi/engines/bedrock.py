"""AWS Bedrock (`aws`): Converse for every model, and Claude by InvokeModel when the client speaks
Anthropic, so that its body is relayed.

docs.aws.amazon.com/bedrock/latest/APIReference: `POST
/model/{modelId}/{converse|converse-stream|invoke|invoke-with-response-stream|count-tokens}`; signed
by SigV4, or with a Bedrock API key as a bearer token (…/userguide/api-keys.html).
"""

from __future__ import annotations

import base64
import re
from urllib.parse import urlsplit

from uniapi.canonical import NO_NEEDS, DialectNeeds, Json, Operation
from uniapi.clock import Epoch
from uniapi.config import Provider
from uniapi.dialects import UpstreamDialect
from uniapi.dialects.anthropic import UPSTREAM as ANTHROPIC
from uniapi.dialects.bedrock_converse import UPSTREAM as CONVERSE
from uniapi.values import replace
from uniapi.wire import HttpRequest, dump_json, load_json

from .aws_services import region_of, signed_for
from .claude_betas import BEDROCK_BETAS, known_betas
from .defaults import DefaultEngine, with_bearer
from .engine import Address, ModelPage, Place, Target
from .model_lists import decode_bedrock_models
from .urls import parse_url, quote_model, with_query

ANTHROPIC_VERSION = "bedrock-2023-05-31"

_RUNTIME_HOST = re.compile(
    r"bedrock-runtime(?P<fips>-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?P<partition>\.cn)?\Z"
)
_GATEWAY_REGION = re.compile(r"/bedrock-runtime/([a-z0-9-]+)(?:/|\Z)")
_MODEL_PATH = re.compile(r"/model/.*\Z")
_CLAUDE = re.compile(r"claude|anthropic\.")


class BedrockEngine(DefaultEngine):
    name = "aws"
    vendor = "bedrock"
    wire = CONVERSE
    has_account_cache = True
    authorizes_bodies = True

    def dialect(
        self,
        place: Place,
        client_dialect: str,
        needs: DialectNeeds = NO_NEEDS,
        learned: str | None = None,
    ) -> UpstreamDialect:
        return (
            ANTHROPIC
            if client_dialect == ANTHROPIC.name and _CLAUDE.search(place.upstream_model.lower())
            else CONVERSE
        )

    def address(
        self, place: Place, operation: Operation, stream: bool, dialect: UpstreamDialect
    ) -> Address | None:
        root = f"{_root(place.provider)}/model/{quote_model(place.upstream_model)}"
        match operation:
            case Operation.GENERATE if dialect is ANTHROPIC:
                return Address(
                    url=f"{root}/{'invoke-with-response-stream' if stream else 'invoke'}"
                )
            case Operation.GENERATE:
                return Address(url=f"{root}/{'converse-stream' if stream else 'converse'}")
            case Operation.COUNT_TOKENS if dialect is ANTHROPIC:
                return Address(url=f"{root}/count-tokens", shape="bedrock")
            case Operation.EMBED | Operation.RERANK:
                return Address(url=f"{root}/invoke", shape="bedrock")
            case _:
                return None

    def prepare_body(
        self,
        place: Place,
        body: dict[str, Json],
        operation: Operation,
        stream: bool,
        dialect: UpstreamDialect,
    ) -> dict[str, Json]:
        """Converse and the other operations name the model in the path only; a token count wraps
        the body that would be invoked.
        """
        prepared = {name: value for name, value in body.items() if name not in ("model", "stream")}
        if dialect is not ANTHROPIC or operation not in (
            Operation.GENERATE,
            Operation.COUNT_TOKENS,
        ):
            return prepared
        prepared["anthropic_version"] = ANTHROPIC_VERSION
        if operation is Operation.GENERATE:
            return prepared
        prepared.setdefault("max_tokens", _least_output(prepared))
        return {"input": {"invokeModel": {"body": base64.b64encode(dump_json(prepared)).decode()}}}

    def authorize(
        self, target: Target, request: HttpRequest, token: str | None, now_s: Epoch
    ) -> HttpRequest:
        """Betas travel in the body of an invoked model, so they are moved before the body is
        signed.
        """
        request = _with_betas_in_body(request)
        credential = target.credential
        if credential.kind != "aws":
            return with_bearer(request, credential.secret)
        region = region_of(target.provider)
        own = replace(request, url=_signed_url(request.url, region))
        signed = signed_for(target, own, "bedrock", now_s)
        return replace(signed, url=request.url)

    def models_request(self, place: Place) -> HttpRequest | None:
        """The control plane has its own host; behind another address there is no list."""
        host = _RUNTIME_HOST.match(parse_url(_root(place.provider)).host_name)
        if host is None:
            return None
        region = region_of(place.provider)
        return HttpRequest(
            method="GET",
            url=f"https://{_aws_host('bedrock', region, host)}/foundation-models",
        )

    def decode_models(self, body: Json, request: HttpRequest) -> ModelPage:
        """Foundation models first, then the inference profiles, by which newer models are
        called.
        """
        page = decode_bedrock_models(body)
        profiles, is_first, _ = request.url.partition("/foundation-models")
        if is_first:
            return replace(
                page,
                next_request=replace(request, url=f"{profiles}/inference-profiles?maxResults=1000"),
            )
        token = body.get("nextToken") if isinstance(body, dict) else None
        if not isinstance(token, str) or not token:
            return page
        url = with_query(request.url.partition("&nextToken=")[0], f"nextToken={quote_model(token)}")
        return replace(page, next_request=replace(request, url=url) if url != request.url else None)


def _least_output(body: dict[str, Json]) -> int:
    """An invocation needs a limit, and one above the budget for thinking."""
    thinking = body.get("thinking")
    budget = thinking.get("budget_tokens") if isinstance(thinking, dict) else None
    return budget + 1 if isinstance(budget, int) else 1


def _aws_host(service: str, region: str, host: re.Match[str]) -> str:
    """The host of a service in `region`, FIPS and partition as in the host that was written."""
    return f"{service}{host['fips'] or ''}.{region}.amazonaws.com{host['partition'] or ''}"


def _root(provider: Provider) -> str:
    """Where `/model/…` goes.

    The host of a runtime follows `region`; any other host is used as it is written.
    """
    region = region_of(provider)
    parts = parse_url(provider.base_url or "")
    host = _RUNTIME_HOST.match(parts.host_name)
    if host is not None:
        return f"https://{_aws_host('bedrock-runtime', region, host)}"
    if not parts.host or (
        parts.host_name.endswith("amazonaws.com")
        and not parts.host_name.startswith(("bedrock", "vpce-"))
    ):
        return f"https://bedrock-runtime.{region}.amazonaws.com"
    return parts.origin + _MODEL_PATH.sub("", parts.path)


def _signed_url(url: str, region: str) -> str:
    """What the signature is made for: Bedrock's own URL, also when a Cloudflare gateway
    (`…/aws-bedrock/bedrock-runtime/{region}/model/…`) hands it on.
    """
    found = _GATEWAY_REGION.search(urlsplit(url).path)
    if found is None:
        return url
    _, _, rest = url.partition(found.group(0))
    return f"https://bedrock-runtime.{region}.amazonaws.com/{rest.lstrip('/')}"


def _with_betas_in_body(request: HttpRequest) -> HttpRequest:
    betas = request.headers.get("anthropic-beta")
    if betas is None:
        return request
    headers = {
        name: value
        for name, value in request.headers.items()
        if name not in ("anthropic-beta", "anthropic-version")
    }
    known = known_betas(betas.split(","), BEDROCK_BETAS)
    body = load_json(request.body) if known else None
    if not isinstance(body, dict) or "anthropic_version" not in body:
        return replace(request, headers=headers)
    written = body.get("anthropic_beta")
    merged = dict.fromkeys([*(written if isinstance(written, list) else ()), *known])
    return replace(
        request, headers=headers, body=dump_json({**body, "anthropic_beta": list(merged)})
    )
