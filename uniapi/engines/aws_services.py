"""AWS's hosts for models, the service that a signature for each of them names, and their region.

docs.aws.amazon.com/bedrock/latest/userguide/bedrock-mantle.html and
docs.aws.amazon.com/claude-platform (making requests), 2026-11-30.
"""

from __future__ import annotations

import re

from uniapi.clock import Epoch
from uniapi.config import Provider
from uniapi.errors import WireError
from uniapi.wire import HttpRequest

from .aws_sigv4 import sign
from .engine import Target
from .urls import parse_url

DEFAULT_REGION = "us-east-1"

_SERVICES = (
    (re.compile(r"bedrock-mantle\..*\.(?:api\.aws|amazonaws\.com)\Z"), "bedrock-mantle"),
    (re.compile(r"aws-external-anthropic\..*\.api\.aws\Z"), "aws-external-anthropic"),
    (re.compile(r"(?:bedrock|vpce-).*\.amazonaws\.com(?:\.cn)?\Z"), "bedrock"),
)
_REGION = re.compile(r"\.([a-z]{2}(?:-[a-z]+)+-\d+)\.")
_GATEWAY_REGION = re.compile(r"/bedrock-runtime/([a-z0-9-]+)(?:/|\Z)")


def service_at(host_name: str) -> str | None:
    """The service behind a host of AWS's; None for any other host."""
    return next((service for host, service in _SERVICES if host.match(host_name)), None)


def region_of(provider: Provider) -> str:
    """Where a provider is: `region`, else what its address says, else the usual one."""
    if provider.region:
        return provider.region
    parts = parse_url(provider.base_url or "")
    named = _REGION.search(parts.host_name) or _GATEWAY_REGION.search(parts.path)
    return named.group(1) if named else DEFAULT_REGION


def signed(target: Target, request: HttpRequest, now_s: Epoch) -> HttpRequest:
    """`request` with the signature of an AWS key pair for the service at its host.

    Raises WireError for another host: the secret half must not travel.
    """
    service = service_at(parse_url(request.url).host_name)
    if service is None:
        raise WireError("AWS keys sign requests to AWS only, and this address is none of AWS's")
    return signed_for(target, request, service, now_s)


def signed_for(target: Target, request: HttpRequest, service: str, now_s: Epoch) -> HttpRequest:
    credential = target.credential
    return sign(
        request,
        access_key=credential.account or "",
        secret_key=credential.secret,
        session_token=credential.session_token,
        region=region_of(target.provider),
        service=service,
        now_s=now_s,
    )
