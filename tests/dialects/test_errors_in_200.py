"""An error that comes with status 200 in its vendor's own shape is that error, in every dialect."""

import json

import pytest

from uniapi.canonical import FailureKind, FoldError
from uniapi.dialects import UPSTREAM_DIALECTS, RelayedDialect, UpstreamContext
from uniapi.wire import Frame

K = FailureKind

SAID = [
    ({"success": False, "errors": [{"code": 7009, "message": "away"}], "result": None}, "away"),
    ({"error_code": 336000, "error_msg": "not there", "id": "as-2"}, "not there"),
    (
        {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}},
        "insufficient balance",
    ),
    ({"code": 500, "msg": "404 NOT_FOUND", "success": False}, "404 NOT_FOUND"),
    ({"Response": {"Error": {"Code": "X", "Message": "no rights"}}}, "no rights"),
    ({"code": 10013, "message": "input refused", "sid": "s"}, "input refused"),
    ({"code": "Arrearage", "message": "Access denied", "request_id": "r"}, "Access denied"),
    ({"error": "in one word"}, "in one word"),
    ({"error": {"code": "1305", "message": "访问量过大"}}, "访问量过大"),
    ({"success": False, "message": "quota is not enough"}, "quota is not enough"),
    ({"detail": "gone"}, "gone"),
]
"""Cloudflare, Qianfan, MiniMax, Zhipu, Tencent, iFlytek, DashScope and relays."""

RELAYED = [name for name, one in UPSTREAM_DIALECTS.items() if isinstance(one, RelayedDialect)]


@pytest.mark.parametrize("dialect", UPSTREAM_DIALECTS)
@pytest.mark.parametrize(("body", "words"), SAID)
def test_a_whole_answer(dialect, body, words):
    """Translated: it is no answer, and the vendor's words are told."""
    with pytest.raises(FoldError) as told:
        UPSTREAM_DIALECTS[dialect].decode_response(body, UpstreamContext())
    assert told.value.failure.message == words


@pytest.mark.parametrize("dialect", RELAYED)
@pytest.mark.parametrize(("body", "words"), SAID)
def test_a_relayed_answer(dialect, body, words):
    """Whole, and as a frame of a stream."""
    for hear in ("whole", "frame"):
        observer = UPSTREAM_DIALECTS[dialect].observer()
        if hear == "whole":
            observer.whole(body)
        else:
            data = json.dumps(body).encode()
            observer.feed(Frame(None, data, data))
        assert observer.failure is not None, hear
        assert observer.failure.message == words
        assert not observer.committed


@pytest.mark.parametrize("dialect", RELAYED)
def test_money_is_money_in_every_dialect(dialect):
    """What is to blame does not depend on the format that was asked for."""
    observer = UPSTREAM_DIALECTS[dialect].observer()
    observer.whole({"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}})
    assert observer.failure.kind is K.QUOTA
