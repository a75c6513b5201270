"""A request head is plain, or it is left to another parser: what could be read in two ways is never
plain.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uniapi.wire import answer_head, plain_head

FIRST = b"POST /v1/chat/completions HTTP/1.1"
PLAIN = FIRST + b"\r\nHost: api.example\r\nContent-Length: 12"


def test_what_a_plain_head_says():
    head = plain_head(
        b"POST /v1beta/models/a%2Fb:generateContent?alt=sse&key=k HTTP/1.1\r\nHost: x:1\r\n"
        b"X-Api-Key: \t sk one \t\r\nEMPTY:\r\ncontent-length: 007\r\nConnection: Close"
    )
    assert (head.method, head.path) == ("POST", "/v1beta/models/a%2Fb:generateContent")
    assert (head.query, head.length, head.keeps_alive) == ("alt=sse&key=k", 7, False)
    assert head.headers == {
        "host": "x:1",
        "x-api-key": "sk one",
        "empty": "",
        "content-length": "007",
        "connection": "Close",
    }


def test_without_a_length_there_is_none():
    head = plain_head(b"GET /healthz HTTP/1.1\r\nhost: x")
    assert (head.length, head.keeps_alive, head.is_http11) == (None, True, True)


@pytest.mark.parametrize("target", ["/", "/v1/models/a[1m]", "/a?b=?&c=/%20'()*!$;,@:~._-+"])
def test_targets_that_clients_send_are_plain(target):
    assert plain_head(f"GET {target} HTTP/1.1\r\nhost: x".encode()) is not None


ODD = {
    "folded": PLAIN + b"\r\nx: a\r\n b",
    "folded with a tab": PLAIN + b"\r\nx: a\r\n\tb",
    "folded at once": FIRST + b"\r\n host: x",
    "bare LF": PLAIN + b"\nx: a",
    "bare CR": PLAIN + b"\r\nx: a\rb",
    "CR CR LF": PLAIN + b"\r\r\nx: a",
    "LF CR": PLAIN + b"\n\rx: a",
    "NUL": PLAIN + b"\r\nx: a\0b",
    "DEL": PLAIN + b"\r\nx: \x7f",
    "vertical tab in a name": PLAIN + b"\r\ntransfer-encoding\x0b: chunked",
    "beyond ASCII": PLAIN + b"\r\nx: \xc3\xa9",
    "blank before the colon": PLAIN + b"\r\nx : a",
    "blank in a name": PLAIN + b"\r\nx y: a",
    "no name": PLAIN + b"\r\n: a",
    "no colon": PLAIN + b"\r\nxyz",
    "long name": PLAIN + b"\r\n" + b"x" * 65 + b": a",
    "host missing": FIRST + b"\r\nx: y",
    "host empty": FIRST + b"\r\nhost:",
    "host twice": PLAIN + b"\r\nhost: b",
    "host twice, the same": PLAIN + b"\r\nHOST: api.example",
    "length twice": PLAIN + b"\r\ncontent-length: 12",
    "key twice": PLAIN + b"\r\nx-api-key: a\r\nX-API-KEY: b",
    "length with a sign": FIRST + b"\r\nhost: x\r\ncontent-length: +1",
    "length below nothing": FIRST + b"\r\nhost: x\r\ncontent-length: -1",
    "length in hex": FIRST + b"\r\nhost: x\r\ncontent-length: 0x1",
    "lengths in a list": FIRST + b"\r\nhost: x\r\ncontent-length: 1, 1",
    "length with a blank": FIRST + b"\r\nhost: x\r\ncontent-length: 1 1",
    "length empty": FIRST + b"\r\nhost: x\r\ncontent-length:",
    "length with an underscore": FIRST + b"\r\nhost: x\r\ncontent-length: 1_0",
    "length of 16 digits": FIRST + b"\r\nhost: x\r\ncontent-length: 1000000000000000",
    "chunked": PLAIN + b"\r\nTransfer-Encoding: chunked",
    "identity": FIRST + b"\r\nhost: x\r\ntransfer-encoding: identity",
    "upgrade": PLAIN + b"\r\nupgrade: websocket",
    "expect": PLAIN + b"\r\nExpect: 100-continue",
    "connection of something else": PLAIN + b"\r\nconnection: keep-alive, x",
    "version 1.0": b"GET / HTTP/1.0\r\nhost: x",
    "version 1.10": b"GET / HTTP/1.10\r\nhost: x",
    "version 2": b"GET / HTTP/2.0\r\nhost: x",
    "version in small letters": b"GET / http/1.1\r\nhost: x",
    "no version": b"GET /\r\nhost: x",
    "two blanks": b"GET  / HTTP/1.1\r\nhost: x",
    "blank behind": b"GET / HTTP/1.1 \r\nhost: x",
    "tab": b"GET\t/ HTTP/1.1\r\nhost: x",
    "method in small letters": b"get / HTTP/1.1\r\nhost: x",
    "absolute form": b"GET http://x/ HTTP/1.1\r\nhost: x",
    "asterisk form": b"OPTIONS * HTTP/1.1\r\nhost: x",
    "authority form": b"CONNECT x:443 HTTP/1.1\r\nhost: x",
    "fragment": b"GET /#a HTTP/1.1\r\nhost: x",
    "quote in the target": b'GET /" HTTP/1.1\r\nhost: x',
    "backslash in the target": b"GET /\\ HTTP/1.1\r\nhost: x",
    "empty line first": b"\r\n" + PLAIN,
    "101 fields": PLAIN + b"".join(b"\r\nx%d: a" % number for number in range(99)),
    "17 KB": PLAIN + b"\r\nx: " + b"a" * 17_000,
    "nothing": b"",
}


@pytest.mark.parametrize("data", ODD.values(), ids=ODD)
def test_what_is_odd_is_not_plain(data):
    assert plain_head(PLAIN) is not None
    assert plain_head(data) is None


@given(st.binary(max_size=3), st.integers(0, len(PLAIN)))
def test_no_byte_is_overlooked(found, at):
    """A plain head says again what it was read from, whatever was put into it."""
    data = PLAIN[:at] + found + PLAIN[at:]
    head = plain_head(data)
    if head is None:
        return
    target = head.path + ("?" + head.query if b"?" in data.split(b"\r\n")[0] else "")
    lines = [f"{name}: {value}" for name, value in head.headers.items()]
    said = "\r\n".join([f"{head.method} {target} HTTP/1.1", *lines])
    assert squeezed(said) == squeezed(data.decode("ascii"))


def squeezed(text):
    first, *lines = text.split("\r\n")
    fields = (line.partition(":") for line in lines)
    return first, [(name.lower(), value.strip(" \t")) for name, _, value in fields]


def test_an_answer_begins_as_its_headers_say():
    assert answer_head(200, {"a": "b", "x-model": "模型"}) == (
        "HTTP/1.1 200 OK\r\na: b\r\nx-model: 模型\r\n\r\n".encode()
    )
    assert answer_head(599, {}) == b"HTTP/1.1 599 \r\n\r\n"


@pytest.mark.parametrize("value", ["a\r\nset-cookie: b", "a\nb", "a\rb", "a\0b"])
def test_an_answers_header_cannot_break_out_of_its_line(value):
    for headers in ({"x": value}, {value: "x"}):
        with pytest.raises(ValueError, match="line break"):
            answer_head(200, headers)
