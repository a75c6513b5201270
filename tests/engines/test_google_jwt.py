"""Service-account assertions: keys read from PEM, signatures equal to OpenSSL's, rubbish refused in
words.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.engines.google_jwt import parse_private_key, service_account_jwt, sign_rs256

# A throw-away key made for this test: `openssl genrsa 2048`, in both encodings.
PKCS8 = """-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCx3msWtIj12Bf5
CAVF8ivxtZijRfO8Ie34yxx7Ebji+AlRQIfDssOoMF4lyDd8nvnVa3m1eQo9W9zL
IkS4s0RVv/DP6SZDZT5+Pk6YXAPxAZhJ/cXBYrtEyF6EFmo7fGfYNK1wP/2m71UQ
S4iwKXgeqRjS0mYHpsdsLWhfAjdsNWLqZ4hd3cqdpn4SQRk1gwtyuBzks+WSpGT0
S0CoqbyzMIFJEGbuVtdZn7UpnvukWVCmQrU3JsXHgIPz0owxFOL5C2Sl2IPkKz6p
uqMXaXi5NjFzRBRgV+diCpuUYpCOjqXrF4JI1N2j60HqW4BJz6C+S6RD3hWPtV2P
956Kx3M7AgMBAAECggEAJMHhoJITgba0EY9CQ7ettChCkG9K1NSwMIuM6bP6YNFA
X621wNAHFhFUy3sKWHMkDyJERyfp4U9EHCiLSh4l35Coa9bzRNc96Gno5RyS5fHd
7mCGxxWnvKmpuqNFNeDaNvh/5SQcP6zTB+iMKVeQjsmEK0E2u5sQOD9UA9pZ6L7w
wJQQ12TGGQZTM7/vzfPCer9PavL6vwG15KPGARpENf18ncTBWDUz/XsoLoDeoxcy
cNGPPnUMq5p28s6YxWCmGHSwpsOUhv/XxzoD7ZwYxDucZt2lMBiW3g4DXgysv4zI
/vRADY5JzddMkxOCKLHDw260IGspar3mmybZrmygyQKBgQDxeAyg6sHJpHXp5ua5
F3AQl5zWXRzDRCR+XhzUZQXxSFxUNEBSmBfSYATJD9kW40Qd7XCl1Mf4TNHNSIKr
JZVwTtp1kvrm2ukk/NnEn7y7YmVWlEAGC+fx+HUXKb+ZFjicWgmbTqgUk7skQhZ5
8QpmNGKks/HX3CZzoyPH8XS10wKBgQC8kpO8Efg0Fp8pNe0VLrAV7GpUimY2OGAl
rNKmlFPcf/n6a0Eckcb81Y5gr37ICIa5KZvu0NGmLdCQ74AWWWUNPAFzK+zovMYD
Mw78su6nRjGcrw94yBptcn06xeBCqurXywDcFXj2nV/6Ok4rP8r08Ad1NM84U1mo
/HEAqQZj+QKBgQCga/VX4x8j69M6tmCKj3uwSkm0UOAPCnKEUdotcYBlMIHGn4As
X0dUSN5lBdZgUlSq3Vh9k8PWvpKUI5xMQAfsOTcB7cgrHzzNif7Tlpw4kcJppsxy
N+683yhLXz0fY5fwqBDB0ZvxL8Sg7hcopG8YP61ZZwNBOc2B/dyDtXKoaQKBgDRi
i8PtQgRGXIS4RFpkE+qjOI6vu+FIG/2bWxGHlxxkOO+GKBplrN/D+7+EQTYUmEiL
9JONUxBVHeGFhxGuV9IrX0O9ahzlhCSTZJByrLWvXEzonOWywRSyf3N6UOh0TrUP
4fdBx87KvUToOZruJ9WPcKLwvrgo/3lgV4wVaH8RAoGAGeYEGyaUF5lIRx7XLrc9
RrfeRc10l2pEkDsTdYryBlZlSL8J3b0412t+sR2s3Oc8Q3+ogIKVzK9Ax1AsVNzC
JfBr2meei3SiAUh67kMiW572JAJWzCqqMfcGKxLmVlZfO8njuC2sRS5VaEbz97CS
qJx9zzUvw99OVNpK+WiRlXI=
-----END PRIVATE KEY-----"""
PKCS1 = (
    "-----BEGIN RSA PRIVATE KEY-----\\n"
    "MIIEowIBAAKCAQEAsd5rFrSI9dgX+QgFRfIr8bWYo0XzvCHt+MscexG44vgJUUCHw7LDqDBeJcg3fJ751Wt5tXkKPVvcyyJEuLNEVb/wz+kmQ2U+fj5O"
    "mFwD8QGYSf3FwWK7RMhehBZqO3xn2DStcD/9pu9VEEuIsCl4HqkY0tJmB6bHbC1oXwI3bDVi6meIXd3KnaZ+EkEZNYMLcrgc5LPlkqRk9EtAqKm8szCB"
    "SRBm7lbXWZ+1KZ77pFlQpkK1NybFx4CD89KMMRTi+QtkpdiD5Cs+qbqjF2l4uTYxc0QUYFfnYgqblGKQjo6l6xeCSNTdo+tB6luASc+gvkukQ94Vj7Vd"
    "j/eeisdzOwIDAQABAoIBACTB4aCSE4G2tBGPQkO3rbQoQpBvStTUsDCLjOmz+mDRQF+ttcDQBxYRVMt7ClhzJA8iREcn6eFPRBwoi0oeJd+QqGvW80TX"
    "Pehp6OUckuXx3e5ghscVp7ypqbqjRTXg2jb4f+UkHD+s0wfojClXkI7JhCtBNrubEDg/VAPaWei+8MCUENdkxhkGUzO/783zwnq/T2ry+r8BteSjxgEa"
    "RDX9fJ3EwVg1M/17KC6A3qMXMnDRjz51DKuadvLOmMVgphh0sKbDlIb/18c6A+2cGMQ7nGbdpTAYlt4OA14MrL+MyP70QA2OSc3XTJMTgiixw8NutCBr"
    "KWq95psm2a5soMkCgYEA8XgMoOrByaR16ebmuRdwEJec1l0cw0Qkfl4c1GUF8UhcVDRAUpgX0mAEyQ/ZFuNEHe1wpdTH+EzRzUiCqyWVcE7adZL65trp"
    "JPzZxJ+8u2JlVpRABgvn8fh1Fym/mRY4nFoJm06oFJO7JEIWefEKZjRipLPx19wmc6Mjx/F0tdMCgYEAvJKTvBH4NBafKTXtFS6wFexqVIpmNjhgJazS"
    "ppRT3H/5+mtBHJHG/NWOYK9+yAiGuSmb7tDRpi3QkO+AFlllDTwBcyvs6LzGAzMO/LLup0YxnK8PeMgabXJ9OsXgQqrq18sA3BV49p1f+jpOKz/K9PAH"
    "dTTPOFNZqPxxAKkGY/kCgYEAoGv1V+MfI+vTOrZgio97sEpJtFDgDwpyhFHaLXGAZTCBxp+ALF9HVEjeZQXWYFJUqt1YfZPD1r6SlCOcTEAH7Dk3Ae3I"
    "Kx88zYn+05acOJHCaabMcjfuvN8oS189H2OX8KgQwdGb8S/EoO4XKKRvGD+tWWcDQTnNgf3cg7VyqGkCgYA0YovD7UIERlyEuERaZBPqoziOr7vhSBv9"
    "m1sRh5ccZDjvhigaZazfw/u/hEE2FJhIi/STjVMQVR3hhYcRrlfSK19DvWoc5YQkk2SQcqy1r1xM6JzlssEUsn9zelDodE61D+H3QcfOyr1E6Dma7ifV"
    "j3Ci8L64KP95YFeMFWh/EQKBgBnmBBsmlBeZSEce1y63PUa33kXNdJdqRJA7E3WK8gZWZUi/Cd29ONdrfrEdrNznPEN/qICClcyvQMdQLFTcwiXwa9pn"
    "not0ogFIeu5DIlue9iQCVswqqjH3BisS5lZWXzvJ47gtrEUuVWhG8/ewkqicfc81L8PfTlTaSvlokZVy"
    "\\n-----END RSA PRIVATE KEY-----\\n"
)
# `printf uni-api | openssl dgst -sha256 -sign key.pem | base64`
SIGNATURE = (
    "CraHiauOKo6EZV0O8ZmmOyqlN+ll54z9nViefcRcGAM4JceLUFv9idlA4LFqT8KrXleG8ui2vja/8NxKG7OBko6Nd1HwpzvZpk29CTwYPQYwjD35qJwb"
    "Zle2/HUFSqmvPG8MlVh/DWZ+Rw0Z1Rm0oun7kYu6Lkoe1rXzgvV0MT5F8MxaNTrvsnQhkshMeZcTvZeQNd02KQ18mjO1ugj+WCHaqDDXuunADL9BKo6B"
    "npn+RUXh90tXRahhBHE6PL0otXLBUOJUGrplGLYss51aOLq3uGfMhhU68q/oMlfUQpyGWSC8y8Sly2PZFA1G9dQCt/HZe7/yAarvjkkFn77/QQ=="
)
EC_KEY = """-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgfh/Ut0OPnSD06doi
MWeq0SyMG3GiUn2gQAnPLqj6HLOhRANCAATVg2CPUQw8A0sCHaMdtCdARIaEyRFB
Wb5LAbsfJLHILwEH+uuTRN30JFzaRX+H2y0e32KWDRSUwU7EbLogHw+m
-----END PRIVATE KEY-----"""


def verifies(token: str) -> bool:
    """Whether the token's signature is good by the public half of the test key."""
    head, claims, signature = token.split(".")
    key = parse_private_key(PKCS8)
    number = int.from_bytes(base64.urlsafe_b64decode(signature + "=="), "big")
    recovered = pow(number, key.public_exponent, key.modulus).to_bytes(key.size_bytes, "big")
    return recovered.startswith(b"\x00\x01\xff\xff") and recovered.endswith(
        hashlib.sha256(f"{head}.{claims}".encode()).digest()
    )


def claims_of(token: str) -> dict[str, object]:
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def test_a_signature_is_the_one_openssl_makes() -> None:
    """RS256 is deterministic: the same key and message give the same bytes."""
    assert base64.b64decode(SIGNATURE) == sign_rs256(parse_private_key(PKCS8), b"uni-api")


def test_both_encodings_hold_the_same_key() -> None:
    """PKCS #1 with its line breaks written out reads as the PKCS #8 key does."""
    assert parse_private_key(PKCS8) == parse_private_key(PKCS1)


@pytest.mark.parametrize(
    "pem",
    [
        PKCS8.replace("\n", "\\n"),
        f'"{PKCS8}"',
        PKCS8.replace("\n", "\r\n"),
        PKCS8.replace("\n", " ").replace(
            "-----BEGIN PRIVATE KEY-----", "\n-----BEGIN PRIVATE KEY-----\n"
        ),
    ],
    ids=["escaped", "quoted", "crlf", "one line"],
)
def test_a_pem_survives_how_people_paste_it(pem: str) -> None:
    """Line breaks may be escaped, CRLF or lost, quotes left around it."""
    assert parse_private_key(PKCS8) == parse_private_key(pem)


def test_an_assertion_says_who_wants_what_for_an_hour() -> None:
    """Issuer, scope, audience and times are claimed, and the signature is good."""
    token = service_account_jwt(
        PKCS8,
        "robot@project.iam.gserviceaccount.com",
        "https://www.googleapis.com/auth/cloud-platform",
        "https://oauth2.googleapis.com/token",
        1_750_000_000.9,
    )
    expected = {
        "iss": "robot@project.iam.gserviceaccount.com",
        "scope": "https://www.googleapis.com/auth/cloud-platform",
        "aud": "https://oauth2.googleapis.com/token",
        "iat": 1_750_000_000,
        "exp": 1_750_003_600,
    }
    assert expected == claims_of(token)
    assert verifies(token)


def test_a_parsed_key_is_taken_too() -> None:
    """The engine may keep the parsed key."""
    key = parse_private_key(PKCS8)
    assert service_account_jwt(PKCS8, "a", "b", "c", 0) == service_account_jwt(
        key, "a", "b", "c", 0
    )


@pytest.mark.parametrize(
    ("pem", "message"),
    [
        ("-----BEGIN PRIVATE KEY-----\nxxxxx\n-----END PRIVATE", "cut off"),
        ("", "no private key"),
        ("sk-1234", "no private key"),
        ("-----BEGIN PRIVATE KEY-----\nxxxxx\n-----END PRIVATE KEY-----", "no base64"),
        ("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----", "cut off inside"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "found DER tag 0x00"),
        (
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
            "unencrypted",
        ),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "CERTIFICATE"),
        (EC_KEY, "not an RSA key"),
        (PKCS8[:900] + "\n-----END PRIVATE KEY-----", "private key"),
    ],
)
def test_rubbish_is_refused_in_words(pem: str, message: str) -> None:
    """What is no usable key is a ValueError that says so and does not quote it."""
    with pytest.raises(ValueError, match=message) as caught:
        parse_private_key(pem)
    assert "xxxxx" not in str(caught.value)


def test_a_key_that_does_not_fit_together_never_signs() -> None:
    """A spoilt exponent is noticed before a signature that would give the key away leaves."""
    key = parse_private_key(PKCS8)
    with pytest.raises(ValueError, match="does not verify"):
        sign_rs256(replace(key, exponent_1=key.exponent_1 ^ 2), b"uni-api")


def test_a_key_does_not_show_itself() -> None:
    """A key that lands in a log line tells nothing."""
    assert repr(parse_private_key(PKCS8)) == "RsaPrivateKey()"


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1191), st.integers(0, 255))
def test_a_spoilt_byte_is_a_value_error_or_a_key(at: int, byte: int) -> None:
    """Whatever the DER holds, reading it gives a key or a ValueError."""
    der = bytearray(base64.b64decode("".join(PKCS8.splitlines()[1:-1])))
    der[at % len(der)] = byte
    pem = (
        f"-----BEGIN PRIVATE KEY-----\n{base64.b64encode(der).decode()}\n-----END PRIVATE KEY-----"
    )
    try:
        key = parse_private_key(pem)
    except ValueError:
        return
    assert key.modulus == key.prime_1 * key.prime_2
