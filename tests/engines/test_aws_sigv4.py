"""AWS signatures: AWS's documented examples, and botocore's own signer as the oracle."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.engines.aws_sigv4 import canonical_request, sign
from uniapi.wire import HttpRequest

ACCESS_KEY = "AKIDEXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
MOMENT = datetime(2015, 8, 30, 12, 36, tzinfo=timezone.utc)


def signed(
    request: HttpRequest, service: str, session_token: str | None = None, region: str = "us-east-1"
) -> HttpRequest:
    return sign(
        request,
        access_key=ACCESS_KEY,
        secret_key=SECRET_KEY,
        session_token=session_token,
        region=region,
        service=service,
        now_s=MOMENT.timestamp(),
    )


def signature_of(request: HttpRequest) -> str:
    return request.headers["authorization"].rpartition("Signature=")[2]


def botocore_authorization(
    request: HttpRequest, service: str, session_token: str | None = None, region: str = "us-east-1"
) -> str:
    """What botocore's signer writes for the same request at the same moment; the steps of its
    `add_auth`, which reads the clock.
    """
    theirs = AWSRequest(
        method=request.method, url=request.url, headers=dict(request.headers), data=request.body
    )
    theirs.headers["X-Amz-Date"] = theirs.context["timestamp"] = MOMENT.strftime("%Y%m%dT%H%M%SZ")
    if session_token:
        theirs.headers["X-Amz-Security-Token"] = session_token
    auth = SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY, session_token), service, region)
    canonical = auth.canonical_request(theirs)
    signature = auth.signature(auth.string_to_sign(theirs, canonical), theirs)
    names = auth.signed_headers(auth.headers_to_sign(theirs))
    return (
        f"AWS4-HMAC-SHA256 Credential={auth.scope(theirs)}, SignedHeaders={names}, "
        f"Signature={signature}"
    )


@pytest.mark.parametrize(
    ("url", "headers", "service", "signature"),
    [
        # aws-sig-v4-test-suite: get-vanilla, get-vanilla-query-order-key-case
        (
            "https://example.amazonaws.com/",
            {},
            "service",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "https://example.amazonaws.com/?Param2=value2&Param1=value1",
            {},
            "service",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        # The IAM User Guide's own walk through a ListUsers request.
        (
            "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
            {"content-type": "application/x-www-form-urlencoded; charset=utf-8"},
            "iam",
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        ),
    ],
)
def test_aws_documented_examples(
    url: str, headers: dict[str, str], service: str, signature: str
) -> None:
    """The signatures AWS publishes come out."""
    assert signature == signature_of(
        signed(HttpRequest(method="GET", url=url, headers=headers), service)
    )


BEDROCK = "https://bedrock-runtime.eu-west-1.amazonaws.com"
REQUESTS = [
    HttpRequest(
        method="POST",
        url=f"{BEDROCK}/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse",
        headers={"content-type": "application/json"},
        body=b"{}",
    ),
    HttpRequest(
        method="POST",
        url=f"{BEDROCK}/model/us.amazon.nova-micro-v1:0/converse-stream",
        headers={"content-type": "application/json"},
        body="ü".encode(),
    ),
    HttpRequest(
        method="POST",
        url=(
            f"{BEDROCK}/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A000000000000%3Aapplication-inference-profile%2F1arbu5hu2sjr/"
            f"invoke-with-response-stream"
        ),
        headers={
            "content-type": "application/json",
            "accept": "application/vnd.amazon.eventstream",
            "user-agent": "x",
        },
        body=b'{"messages":[]}',
    ),
    HttpRequest(
        method="GET",
        url=f"{BEDROCK}/foundation-models?byOutputModality=TEXT&byInferenceType=ON_DEMAND&nextToken=a%2Fb%3D",
    ),
    HttpRequest(
        method="POST",
        url="http://127.0.0.1:8080//a/./b/../c~d//model/",
        headers={"x-amz-note": "  several   spaces "},
        body=b"",
    ),
    HttpRequest(method="POST", url="https://host.example:443", body=b"x"),
]


@pytest.mark.parametrize(
    "session_token", [None, "FwoGZXIvYXdzEJr//////////w=="], ids=["long-lived", "temporary"]
)
@pytest.mark.parametrize(
    "request_", REQUESTS, ids=lambda request: request.url.rpartition("/")[2][:20] or "root"
)
def test_signs_as_botocore_does(request_: HttpRequest, session_token: str | None) -> None:
    """The same signature as AWS's own client for model ids with colons and slashes, queries, odd
    paths and ports.
    """
    only_signed = {
        name: value
        for name, value in request_.headers.items()
        if name == "content-type" or name.startswith("x-amz-")
    }
    expected = botocore_authorization(
        HttpRequest(
            method=request_.method, url=request_.url, headers=only_signed, body=request_.body
        ),
        "bedrock",
        session_token,
        "eu-west-1",
    )
    assert (
        expected == signed(request_, "bedrock", session_token, "eu-west-1").headers["authorization"]
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(alphabet="ab.:%2F~ -_é/", max_size=8), max_size=4), st.binary(max_size=20))
def test_any_path_and_body_signs_as_botocore_does(segments: list[str], body: bytes) -> None:
    """Paths and bodies of any make are canonicalised as botocore does it."""
    request = HttpRequest(method="POST", url=f"https://h.example/{'/'.join(segments)}", body=body)
    assert (
        botocore_authorization(request, "bedrock")
        == signed(request, "bedrock").headers["authorization"]
    )


def test_other_headers_stay_and_old_signatures_go() -> None:
    """Signing adds to the request; signing again replaces what a signature before it left."""
    request = HttpRequest(
        method="POST",
        url=BEDROCK,
        headers={"accept": "*/*", "authorization": "Bearer old", "x-amz-security-token": "old"},
        body=b"b",
    )
    once = signed(request, "bedrock")
    assert once.headers["accept"] == "*/*"
    assert "x-amz-security-token" not in once.headers
    assert once.body == b"b"
    assert once == signed(once, "bedrock")


def test_the_colon_of_a_model_id_is_signed_encoded_twice() -> None:
    """A path that travels with `%3A` is hashed with `%253A`."""
    text = canonical_request("POST", f"{BEDROCK}/model/a%3A0/converse", {"host": "h"}, b"")
    assert text.split("\n")[1] == "/model/a%253A0/converse"
