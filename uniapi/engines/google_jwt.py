"""Google service-account assertions, standard library only: an RSA private key out of its PEM, and
JWTs signed by RS256 with it.

RFC 7523 (JWT bearer), RFC 8017 (PKCS #1 v1.5 signatures, CRT), RFC 5958 (PKCS #8),
https://developers.google.com/identity/protocols/oauth2/service-account. The exponentiation is
blinded by a factor derived from the key and the message, so that its time says nothing of the key
and the room stays pure; every signature is verified before it leaves, since one that a fault spoilt
would give the key away.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import math
import re
from collections.abc import Mapping

from uniapi.clock import Epoch
from uniapi.values import dataclass, field

LIFETIME_S = 3600
"""The longest Google accepts."""
SMALLEST_KEY_BITS = 1024

_RSA_OID = bytes.fromhex("2a864886f70d010101")
_SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")
_INTEGER, _OCTET_STRING, _OBJECT_ID, _SEQUENCE = 0x02, 0x04, 0x06, 0x30
_BEGIN = re.compile(r"-----BEGIN ([A-Z ]+)-----")


@dataclass(frozen=True, slots=True, kw_only=True)
class RsaPrivateKey:
    """An RSA key with its CRT values; `repr` shows none of it."""

    modulus: int = field(repr=False)
    public_exponent: int = field(repr=False)
    private_exponent: int = field(repr=False)
    prime_1: int = field(repr=False)
    prime_2: int = field(repr=False)
    exponent_1: int = field(repr=False)
    exponent_2: int = field(repr=False)
    coefficient: int = field(repr=False)

    @property
    def size_bytes(self) -> int:
        return (self.modulus.bit_length() + 7) // 8


def parse_private_key(pem: str) -> RsaPrivateKey:
    """The key in a PEM of PKCS #8 or PKCS #1; line breaks may be written `\\n`, as they are in
    copied JSON. Raises ValueError saying what is wrong, never quoting the key.
    """
    text = pem.replace("\\r", "").replace("\\n", "\n").strip().strip("\"'")
    begin = _BEGIN.search(text)
    if begin is None:
        raise ValueError(
            "no private key: expected a PEM that starts with -----BEGIN PRIVATE KEY-----"
        )
    label = begin.group(1)
    if label not in ("PRIVATE KEY", "RSA PRIVATE KEY"):
        raise ValueError(
            f"the PEM holds {label!r}, expected an unencrypted 'PRIVATE KEY' or 'RSA PRIVATE KEY'"
        )
    end = text.find(f"-----END {label}-----", begin.end())
    if end < 0:
        raise ValueError(f"the private key is cut off: expected a line -----END {label}-----")
    try:
        der = base64.b64decode("".join(text[begin.end() : end].split()), validate=True)
    except binascii.Error as error:
        raise ValueError(f"the private key is no base64 ({error})") from None
    try:
        key = _read_pkcs8(der) if label == "PRIVATE KEY" else _read_pkcs1(der)
    except IndexError:
        raise ValueError("the private key is cut off inside its DER") from None
    _check(key)
    return key


def sign_rs256(key: RsaPrivateKey, message: bytes) -> bytes:
    """The PKCS #1 v1.5 signature of SHA-256 over `message`."""
    tail = _SHA256_PREFIX + hashlib.sha256(message).digest()
    padded = int.from_bytes(
        b"\x00\x01" + b"\xff" * (key.size_bytes - len(tail) - 3) + b"\x00" + tail, "big"
    )
    blind = _blinding_factor(key, message)
    blinded = padded * pow(blind, key.public_exponent, key.modulus) % key.modulus
    first = pow(blinded % key.prime_1, key.exponent_1, key.prime_1)
    second = pow(blinded % key.prime_2, key.exponent_2, key.prime_2)
    powered = second + key.prime_2 * ((first - second) * key.coefficient % key.prime_1)
    signature = powered * pow(blind, -1, key.modulus) % key.modulus
    if pow(signature, key.public_exponent, key.modulus) != padded:
        raise ValueError("the private key does not fit together: its signature does not verify")
    return signature.to_bytes(key.size_bytes, "big")


def service_account_jwt(
    private_key: str | RsaPrivateKey, client_email: str, scope: str, audience: str, now_s: Epoch
) -> str:
    """A signed assertion to be exchanged at `audience` for an access token; good for an hour from
    `now_s`. Raises ValueError on a bad key.
    """
    key = parse_private_key(private_key) if isinstance(private_key, str) else private_key
    issued = int(now_s)
    claims = {
        "iss": client_email,
        "scope": scope,
        "aud": audience,
        "iat": issued,
        "exp": issued + LIFETIME_S,
    }
    signing_input = f"{_segment({'alg': 'RS256', 'typ': 'JWT'})}.{_segment(claims)}"
    return f"{signing_input}.{_base64url(sign_rs256(key, signing_input.encode()))}"


def _segment(value: Mapping[str, object]) -> str:
    return _base64url(json.dumps(value, separators=(",", ":")).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _blinding_factor(key: RsaPrivateKey, message: bytes) -> int:
    """A number without common factor with the modulus, which nobody without the key can
    foretell.
    """
    secret = (key.private_exponent % key.modulus).to_bytes(key.size_bytes, "big")
    counter = 0
    while True:
        seed = hmac.new(secret, counter.to_bytes(4, "big") + message, hashlib.sha512).digest()
        factor = int.from_bytes(hashlib.shake_256(seed).digest(key.size_bytes), "big") % key.modulus
        if factor > 1 and math.gcd(factor, key.modulus) == 1:
            return factor
        counter += 1


def _check(key: RsaPrivateKey) -> None:
    if key.modulus.bit_length() < SMALLEST_KEY_BITS:
        raise ValueError(
            f"an RSA key of {key.modulus.bit_length()} bits, expected at least {SMALLEST_KEY_BITS}"
        )
    primes = key.prime_1 > 1 and key.prime_2 > 1 and key.prime_1 * key.prime_2 == key.modulus
    if not primes or key.public_exponent < 3 or key.coefficient * key.prime_2 % key.prime_1 != 1:
        raise ValueError(
            "the private key does not fit together: its primes do not make its modulus"
        )


def _read_pkcs8(der: bytes) -> RsaPrivateKey:
    outer = _element(der, 0, _SEQUENCE)[0]
    _, at = _element(outer, 0, _INTEGER)
    algorithm, at = _element(outer, at, _SEQUENCE)
    if _element(algorithm, 0, _OBJECT_ID)[0] != _RSA_OID:
        raise ValueError("the private key is not an RSA key")
    return _read_pkcs1(_element(outer, at, _OCTET_STRING)[0])


def _read_pkcs1(der: bytes) -> RsaPrivateKey:
    content = _element(der, 0, _SEQUENCE)[0]
    numbers: list[int] = []
    at = 0
    for _ in range(9):
        number, at = _element(content, at, _INTEGER)
        numbers.append(int.from_bytes(number, "big"))
    version, modulus, public, private, prime_1, prime_2, exponent_1, exponent_2, coefficient = (
        numbers
    )
    if version != 0:
        raise ValueError(f"an RSA key of version {version}, expected 0 (two primes)")
    return RsaPrivateKey(
        modulus=modulus,
        public_exponent=public,
        private_exponent=private,
        prime_1=prime_1,
        prime_2=prime_2,
        exponent_1=exponent_1,
        exponent_2=exponent_2,
        coefficient=coefficient,
    )


def _element(der: bytes, at: int, tag: int) -> tuple[bytes, int]:
    """The content of the DER element at `at`, which must be a `tag`, and where the next
    one begins.
    """
    if der[at] != tag:
        raise ValueError(
            f"the private key is malformed: found DER tag {der[at]:#04x}, expected {tag:#04x}"
        )
    length, start = der[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        if not 1 <= size <= 4:
            raise ValueError("the private key is malformed: a DER length of an unusable form")
        length, start = int.from_bytes(der[start : start + size], "big"), start + size
    if start + length > len(der):
        raise IndexError("a DER element runs over the end")
    return der[start : start + length], start + length
