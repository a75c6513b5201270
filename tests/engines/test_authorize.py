"""How each engine carries its credential and shapes a body for its framing: headers, signatures,
access tokens.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from urllib.parse import parse_qs

import pytest

from uniapi.canonical import Operation
from uniapi.dialects import UPSTREAM_DIALECTS
from uniapi.engines import Target, TokenFlow, engine_for
from uniapi.errors import WireError
from uniapi.wire import HttpRequest, ResponseHead

NOW_S = 1_767_225_600.0


@pytest.mark.parametrize(
    ("members", "headers"),
    [
        ({"base_url": "https://api.openai.com"}, {"authorization": "Bearer sk-upstream"}),
        ({"base_url": "https://api.openai.com", "kind": "none", "secret": ""}, {}),
        ({"base_url": "https://openrouter.ai/api/v1"}, {"authorization": "Bearer sk-upstream"}),
        (
            {"base_url": "https://proxy.example/v1/responses"},
            {"authorization": "Bearer sk-upstream"},
        ),
        (
            {"base_url": "https://api.anthropic.com"},
            {"x-api-key": "sk-upstream", "anthropic-version": "2023-06-01"},
        ),
        (
            {"base_url": "https://api.kimi.com/coding/"},
            {
                "x-api-key": "sk-upstream",
                "authorization": "Bearer sk-upstream",
                "anthropic-version": "2023-06-01",
            },
        ),
        (
            {"base_url": "https://dbc-1.cloud.databricks.com/serving-endpoints/anthropic"},
            {"authorization": "Bearer sk-upstream", "anthropic-version": "2023-06-01"},
        ),
        (
            {"base_url": "https://aws-external-anthropic.us-east-1.api.aws"},
            {"x-api-key": "sk-upstream", "anthropic-version": "2023-06-01"},
        ),
        (
            {"base_url": "https://relay.example/anthropic", "kind": "none", "secret": ""},
            {"anthropic-version": "2023-06-01"},
        ),
        (
            {"base_url": "https://generativelanguage.googleapis.com/v1beta"},
            {"x-goog-api-key": "sk-upstream"},
        ),
        ({"base_url": "https://me.openai.azure.com"}, {"api-key": "sk-upstream"}),
        (
            {"base_url": "https://me.openai.azure.com", "secret": "eyJh.eyJi.c"},
            {"authorization": "Bearer eyJh.eyJi.c"},
        ),
        (
            {"base_url": "https://me.services.ai.azure.com/anthropic"},
            {"x-api-key": "sk-upstream", "anthropic-version": "2023-06-01"},
        ),
        (
            {"base_url": "https://adb-1.azuredatabricks.net"},
            {"authorization": "Bearer sk-upstream"},
        ),
        ({"base_url": "https://api.cohere.com"}, {"authorization": "Bearer sk-upstream"}),
        ({"cf_account_id": "ACC"}, {"authorization": "Bearer sk-upstream"}),
        (
            {"base_url": "https://aiplatform.googleapis.com", "secret": "AQ.key"},
            {"x-goog-api-key": "AQ.key"},
        ),
        ({"project_id": "P", "secret": "ya29.token"}, {"authorization": "Bearer ya29.token"}),
        (
            {"base_url": "https://bedrock-runtime.us-east-1.amazonaws.com"},
            {"authorization": "Bearer sk-upstream"},
        ),
    ],
)
def test_the_credential_travels_as_the_vendor_wants_it(
    target: Callable[..., Target], members: dict[str, object], headers: dict[str, str]
) -> None:
    """Only the vendor's own header is added, and nothing for a provider without a key."""
    place = target(**members)
    request = engine_for(place.provider).authorize(
        place, HttpRequest(method="POST", url="https://h/x"), None, NOW_S
    )
    assert headers == dict(request.headers)


def test_a_relayed_clients_anthropic_version_stays(target: Callable[..., Target]) -> None:
    """The client chose the version its body is written for."""
    place = target(base_url="https://api.anthropic.com")
    request = HttpRequest(
        method="POST", url="https://h/x", headers={"anthropic-version": "2026-10-21"}
    )
    assert (
        engine_for(place.provider)
        .authorize(place, request, None, NOW_S)
        .headers["anthropic-version"]
        == "2026-10-21"
    )


def test_aws_keys_sign_for_the_region(target: Callable[..., Target]) -> None:
    """SigV4 with service bedrock; temporary credentials bring their session token."""
    place = target(kind="aws", account="AKIAX", secret="s", session_token="tok", region="eu-west-3")
    url = "https://bedrock-runtime.eu-west-3.amazonaws.com/model/a%3A0/converse"
    request = engine_for(place.provider).authorize(
        place, HttpRequest(method="POST", url=url, body=b"{}"), None, NOW_S
    )
    assert url == request.url
    assert request.headers["authorization"].startswith(
        "AWS4-HMAC-SHA256 Credential=AKIAX/20260101/eu-west-3/bedrock/aws4_request"
    )
    assert request.headers["x-amz-security-token"] == "tok"


@pytest.mark.parametrize(
    ("base_url", "scope"),
    [
        ("https://bedrock-mantle.eu-west-1.api.aws/v1", "eu-west-1/bedrock-mantle"),
        ("https://bedrock-mantle.eu-west-1.api.aws/anthropic", "eu-west-1/bedrock-mantle"),
        (
            "https://aws-external-anthropic.us-west-2.api.aws",
            "us-west-2/aws-external-anthropic",
        ),
        ("https://bedrock-runtime.us-east-2.amazonaws.com/openai/v1", "us-east-2/bedrock"),
    ],
)
def test_aws_keys_sign_for_the_service_at_the_host(
    target: Callable[..., Target], base_url: str, scope: str
) -> None:
    """Whatever format is spoken there; the secret half is in no header."""
    place = target(kind="aws", account="AKIAX", secret="the-secret-half", base_url=base_url)
    request = engine_for(place.provider).authorize(
        place, HttpRequest(method="POST", url=base_url, body=b"{}"), None, NOW_S
    )
    assert f"Credential=AKIAX/20260101/{scope}/aws4_request" in request.headers["authorization"]
    assert "the-secret-half" not in str(request.headers)


def test_aws_keys_never_travel_to_another_host(target: Callable[..., Target]) -> None:
    """Not even where somebody calls an engine past the check of the configuration."""
    place = target(kind="aws", account="A", secret="s", engine="gpt", base_url="https://x.example")
    request = HttpRequest(method="POST", url="https://x.example/v1/chat/completions")
    with pytest.raises(WireError, match="AWS"):
        engine_for(place.provider).authorize(place, request, None, NOW_S)


def test_a_service_account_asks_gemini_with_a_token(
    target: Callable[..., Target], service_account_key: str
) -> None:
    """For the project it names, whose quota is used."""
    place = target(
        kind="service_account",
        account="bot@p.iam.gserviceaccount.com",
        secret=service_account_key,
        engine="gemini",
        project_id="p1",
    )
    engine = engine_for(place.provider)
    assert engine.token_flow(place, NOW_S) is not None
    request = engine.authorize(place, HttpRequest(method="POST", url="https://h"), "ya29.t", NOW_S)
    assert request.headers == {"authorization": "Bearer ya29.t", "x-goog-user-project": "p1"}


def test_behind_a_cloudflare_gateway_the_signature_is_bedrocks(
    target: Callable[..., Target],
) -> None:
    """The gateway hands the request on to Bedrock's own host, so the same signature must come out
    as for that host.
    """
    gateway = "https://gateway.ai.cloudflare.com/v1/ACC/gw/aws-bedrock/bedrock-runtime/us-west-2"
    through = target(kind="aws", account="AKIAX", secret="s", engine="aws", base_url=gateway)
    direct = target(
        kind="aws",
        account="AKIAX",
        secret="s",
        base_url="https://bedrock-runtime.us-west-2.amazonaws.com",
    )
    signatures = []
    for place in (through, direct):
        engine = engine_for(place.provider)
        address = engine.address(
            place, Operation.GENERATE, False, UPSTREAM_DIALECTS["bedrock_converse"]
        )
        assert address is not None
        signatures.append(
            engine.authorize(
                place, HttpRequest(method="POST", url=address.url, body=b"{}"), None, NOW_S
            ).headers["authorization"]
        )
    assert signatures[0] == signatures[1]


def test_bedrock_takes_the_betas_it_knows_in_the_body(target: Callable[..., Target]) -> None:
    """An unknown beta would answer 400, so it stays behind; the header itself is not Bedrock's."""
    place = target(base_url="https://bedrock-runtime.us-east-1.amazonaws.com")
    body = json.dumps({"anthropic_version": "bedrock-2023-05-31", "messages": []}).encode()
    headers = {
        "anthropic-beta": "claude-code-20250219, interleaved-thinking-2025-05-14",
        "anthropic-version": "2023-06-01",
    }
    request = engine_for(place.provider).authorize(
        place,
        HttpRequest(method="POST", url="https://h/x", headers=headers, body=body),
        None,
        NOW_S,
    )
    assert json.loads(request.body)["anthropic_beta"] == ["interleaved-thinking-2025-05-14"]
    assert {"authorization"} == set(request.headers)


@pytest.mark.parametrize(
    ("members", "model", "client", "operation", "body", "prepared"),
    [
        (
            {"base_url": "https://h/v1"},
            "up",
            "openai_chat",
            Operation.GENERATE,
            {"model": "a", "x": 1},
            {"model": "up", "x": 1},
        ),
        (
            {"base_url": "https://h/v1beta"},
            "up",
            "gemini",
            Operation.GENERATE,
            {"contents": []},
            {"contents": []},
        ),
        (
            {"base_url": "https://h/v1beta"},
            "up",
            "gemini",
            Operation.GENERATE,
            {"model": "a", "contents": []},
            {"model": "models/up", "contents": []},
        ),
        (
            {"base_url": "https://h/v1beta"},
            "up",
            "gemini",
            Operation.EMBED,
            {"requests": [{"model": "models/a", "content": {}}]},
            {"requests": [{"model": "models/up", "content": {}}]},
        ),
        (
            {"base_url": "https://h/v1beta"},
            "up",
            "gemini",
            Operation.COUNT_TOKENS,
            {"generateContentRequest": {"model": "models/a"}},
            {"generateContentRequest": {"model": "models/up"}},
        ),
        (
            {"project_id": "P"},
            "claude-sonnet-5",
            "anthropic",
            Operation.GENERATE,
            {"model": "a", "stream": True, "max_tokens": 1},
            {"stream": True, "max_tokens": 1, "anthropic_version": "vertex-2023-10-16"},
        ),
        (
            {"kind": "aws"},
            "anthropic.claude-sonnet-5",
            "anthropic",
            Operation.GENERATE,
            {"model": "a", "stream": True, "max_tokens": 1},
            {"max_tokens": 1, "anthropic_version": "bedrock-2023-05-31"},
        ),
        (
            {"kind": "aws"},
            "amazon.nova-pro-v1:0",
            "openai_chat",
            Operation.GENERATE,
            {"messages": []},
            {"messages": []},
        ),
        (
            {"project_id": "P"},
            "meta/llama",
            "openai_chat",
            Operation.GENERATE,
            {"model": "a"},
            {"model": "meta/llama"},
        ),
    ],
)
def test_the_body_says_the_model_where_the_upstream_reads_it(
    target: Callable[..., Target],
    members: dict[str, object],
    model: str,
    client: str,
    operation: Operation,
    body: dict[str, object],
    prepared: dict[str, object],
) -> None:
    """`model` is set, left out for the path, or versioned; what was given is not changed."""
    place = target(model, alias="a", **members)
    engine = engine_for(place.provider)
    before = json.dumps(body)
    assert prepared == engine.prepare_body(
        place, body, operation, True, engine.dialect(place, client)
    )  # type: ignore[arg-type]
    assert before == json.dumps(body)


def test_a_token_count_on_bedrock_wraps_the_body_that_would_be_invoked(
    target: Callable[..., Target],
) -> None:
    """CountTokens takes the invoked body in base64."""
    place = target("anthropic.claude-sonnet-5", kind="aws")
    engine = engine_for(place.provider)
    prepared = engine.prepare_body(
        place,
        {"model": "a", "messages": []},
        Operation.COUNT_TOKENS,
        False,
        UPSTREAM_DIALECTS["anthropic"],
    )
    wrapped = json.loads(base64.b64decode(prepared["input"]["invokeModel"]["body"]))  # type: ignore[index, call-overload, arg-type]
    assert wrapped == {"messages": [], "anthropic_version": "bedrock-2023-05-31", "max_tokens": 1}


# Access tokens


def _flow(target: Callable[..., Target], key: str) -> TokenFlow:
    place = target(kind="service_account", account="bot@p.iam.gserviceaccount.com", secret=key)
    flow = engine_for(place.provider).token_flow(place, NOW_S)
    assert flow is not None
    return flow


def test_a_service_account_buys_a_token_with_one_signed_request(
    target: Callable[..., Target], service_account_key: str
) -> None:
    """The assertion names the account and the token's address; the token lives as long as the
    answer says.
    """
    flow = _flow(target, service_account_key)
    request = next(flow)
    assert (request.method, request.url) == ("POST", "https://oauth2.googleapis.com/token")
    form = parse_qs(request.body.decode())
    claims = json.loads(base64.urlsafe_b64decode(form["assertion"][0].split(".")[1] + "=="))
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    assert (claims["iss"], claims["aud"]) == (
        "bot@p.iam.gserviceaccount.com",
        "https://oauth2.googleapis.com/token",
    )
    with pytest.raises(StopIteration) as done:
        flow.send(
            (
                ResponseHead(status=200, headers={}),
                b'{"access_token": "ya29.x", "expires_in": 1800}',
            )
        )
    assert (done.value.value.value, done.value.value.expires_at_s) == ("ya29.x", NOW_S + 1800)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b'{"error": "invalid_grant", "error_description": "Invalid JWT Signature."}'),
        (200, b'{"access_token": 5}'),
        (200, b"<html>"),
        (500, b""),
        (200, b"[]"),
    ],
)
def test_a_refused_token_says_why(
    target: Callable[..., Target], service_account_key: str, status: int, body: bytes
) -> None:
    """A WireError for the log, whatever the answer is."""
    flow = _flow(target, service_account_key)
    next(flow)
    with pytest.raises(WireError, match=r"no access token for bot@p"):
        flow.send((ResponseHead(status=status, headers={}), body))


def test_a_key_that_cannot_sign_says_so(target: Callable[..., Target]) -> None:
    """A broken private key is a WireError that does not quote it."""
    with pytest.raises(WireError, match="private key"):
        next(_flow(target, "secret-nonsense"))


def test_a_key_is_used_as_it_is(target: Callable[..., Target]) -> None:
    """No flow for API keys."""
    place = target(project_id="P", secret="AQ.key")
    assert engine_for(place.provider).token_flow(place, NOW_S) is None
