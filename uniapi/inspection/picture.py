"""A request as it is shown: plain data, without secrets, media shortened. Pure.

It is made before anything is kept for longer than its call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from uniapi.config import mask, sounds_secret, without_secrets, without_secrets_in_bytes
from uniapi.stats import request_row
from uniapi.wire import CREDENTIAL_HEADERS

from .tap import Answered, Sent, Tap, Words

LONGEST_RUN = 4096
"""Characters of base64 that are shown as they are; more is a picture, a sound, a file."""
_SHOWN_OF_RUN = 64
# Begins only where a run begins, so that each byte is looked at once.
_MEDIA = re.compile(
    rb"(?<![A-Za-z0-9+/_=\\-])[A-Za-z0-9+/_=\\-]{%d,}" % LONGEST_RUN,
)
_TEXT = re.compile(r"text/|json|xml|event-stream|x-www-form-urlencoded|javascript|graphql")
_SECRET_ENDS = ("key", "auth", "sig", "signature", "token", "secret", "cookie", "assertion")
_SECRET_HEADERS = CREDENTIAL_HEADERS | {"set-cookie", "proxy-authorization"}


def picture(tap: Tap, secrets: tuple[str, ...]) -> dict[str, Any]:
    """What `GET /v1/requests/{id}` says of a call that was looked at. `secrets`: those of the
    configuration, the longest first.
    """
    call, record = tap.call, tap.record
    place = quote(call.resource or call.requested_model, safe="", errors="replace")
    return {
        **(_unrecorded(tap) if record is None else request_row(record)),
        "inspected": True,
        "received": {
            "method": call.method,
            "path": call.path.replace("*", place, 1),
            "query": _query(call.query, secrets),
            "dialect": call.dialect,
            "model": call.requested_model,
            "headers": _headers(call.headers, secrets),
            **_body(tap.received, call.content_type, secrets),
            **_form(tap),
        },
        "sent": [_sent(sent, secrets) for sent in tap.sent],
        "answered": _answer(tap.answered, secrets),
    }


def _unrecorded(tap: Tap) -> dict[str, Any]:
    """Of a call that runs, or became none."""
    call = tap.call
    return {
        "request_id": call.request_id,
        "at": call.received_at_s,
        "key": call.principal.label,
        "model": call.requested_model,
        "status": tap.answered.status,
    }


def shortened(data: bytes) -> bytes:
    """`data` with every long run of base64 cut, and how long it was."""
    if len(data) < LONGEST_RUN:
        return data
    return _MEDIA.sub(
        lambda run: run[0][:_SHOWN_OF_RUN] + f"…[{len(run[0])} characters of media]".encode(),
        data,
    )


def shown_headers(headers: Mapping[str, str], secrets: tuple[str, ...]) -> dict[str, str]:
    """Headers whose names or texts mean a secret, masked."""
    return {name: _header(name.lower(), text, secrets) for name, text in headers.items()}


_headers = shown_headers


def _sent(sent: Sent, secrets: tuple[str, ...]) -> dict[str, Any]:
    request, about = sent.request, sent.about
    return {
        "attempt": about.attempt,
        "provider": about.provider,
        "model": about.model,
        "key": about.key,
        "road": about.road,
        "losses": list(about.losses),
        "mendings": list(about.mendings),
        "at_s": sent.at_s,
        "head_at_s": sent.head_at_s,
        "first_at_s": sent.first_at_s,
        "end_at_s": sent.end_at_s,
        "method": request.method,
        "url": _url(request.url, secrets),
        "headers": _headers(request.headers, secrets),
        **_body(sent.words, request.headers.get("content-type", "application/json"), secrets),
        "answer": _answer(sent.answer, secrets),
    }


def _answer(answer: Answered, secrets: tuple[str, ...]) -> dict[str, Any]:
    kind = next(
        (text for name, text in answer.headers.items() if name.lower() == "content-type"), ""
    )
    return {
        "status": answer.status,
        "headers": _headers(answer.headers, secrets),
        "failure": without_secrets(answer.failure, secrets)[:1000],
        **_body(answer.words, kind, secrets),
    }


def _body(words: Words, content_type: str, secrets: tuple[str, ...]) -> dict[str, Any]:
    """`body` as text; None where it is no text. `bytes`: of all of it."""
    data = bytes(words.data)
    is_text = not content_type or _TEXT.search(content_type.lower()) is not None
    if not is_text and not _reads_as_text(data):
        return {"body": None, "bytes": words.total, "is_cut": words.is_cut, "media": content_type}
    short = shortened(without_secrets_in_bytes(data, secrets))
    return {
        "body": short.decode("utf-8", "replace"),
        "bytes": words.total,
        "is_cut": words.is_cut,
        "is_shortened": short is not data and b"characters of media]" in short,
    }


def _reads_as_text(data: bytes) -> bool:
    start = data[:512]
    return start[:1] in (b"{", b"[") and b"\0" not in start


def _form(tap: Tap) -> dict[str, Any]:
    """An uploaded form: its text fields; files by their size alone."""
    call = tap.call
    if call.upload is None:
        return {}
    fields = json.dumps(call.json, ensure_ascii=False, default=str)
    return {"body": None, "form": fields[:20000], "bytes": call.upload_bytes, "is_cut": False}


def _header(name: str, text: str, secrets: tuple[str, ...]) -> str:
    if name in _SECRET_HEADERS or sounds_secret(name) or name.endswith(_SECRET_ENDS):
        scheme, blank, rest = text.partition(" ")
        return f"{scheme} {mask(rest)}" if blank and scheme.isalpha() else mask(text)
    return without_secrets(text, secrets)[:2000]


def _query(query: Mapping[str, str], secrets: tuple[str, ...]) -> dict[str, str]:
    return {
        name: mask(text) if _is_secret_name(name) else without_secrets(text, secrets)[:2000]
        for name, text in query.items()
    }


def _url(url: str, secrets: tuple[str, ...]) -> str:
    """The address with what its query says under a secret's name masked."""
    try:
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return "?"
    if any(_is_secret_name(name) for name, _ in pairs):
        masked = [(name, mask(text) if _is_secret_name(name) else text) for name, text in pairs]
        parts = parts._replace(query=urlencode(masked, safe="…/:"))
    return without_secrets(urlunsplit(parts), secrets)


def _is_secret_name(name: str) -> bool:
    return sounds_secret(name) or name.lower().endswith(_SECRET_ENDS)
