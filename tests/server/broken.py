"""Requests that are broken by chance, with grammar in mind: real heads of clients and the cases of
abuse.yaml, after accidents to their fields (repeated, folded, blanks, case, lengths and codings in
every form), to their bytes, and to what stands before and behind them.
"""

from pathlib import Path

import yaml
from lanes import BODY, KEY, corpus

TOKENS = (
    *(b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b",", b"\x0b", b"\x7f", b"\xc3\xa9"),
    *(b"\xff", b"\r\n\r\n", b"\r\n ", b"\r\n\t", b"0\r\n\r\n", b"HTTP/1.1", b"HTTP/1.0"),
    *(b"HTTP/2.0", b"/", b"Content-Length: 5\r\n", b"Content-Length: 56\r\n"),
    *(b"Transfer-Encoding: chunked\r\n", b"Host: y\r\n", b"Connection: close\r\n"),
    *(b"Connection: keep-alive\r\n", b"Expect: 100-continue\r\n", b"Upgrade: websocket\r\n"),
    *(b"Connection: Upgrade\r\n", b"X-Api-Key: other\r\n", b"%", b"%00", b"%2f", b"?", b"&"),
    *(b"=", b"#", b"//", b"/v1", b"key=", b"[1m]", b"Content-Encoding: gzip\r\n", b"GET "),
    *(b"POST ", b"Origin: https://a.example\r\n", b"anthropic-version: 1\r\n", b"x" * 300),
    *(b"a: b\r\n" * 60, b"{", b"]"),
)
METHODS = (
    *(b"GET", b"POST", b"HEAD", b"OPTIONS", b"DELETE", b"PUT", b"PATCH", b"CONNECT", b"TRACE"),
    *(b"get", b"Post", b"PRI", b"M-SEARCH", b"GET\t", b"", b"G\0T", b"GE:T"),
)
TARGETS = (
    *(b"/healthz", b"/", b"/v1/models", b"/v1/chat/completions", b"/v1/messages", b"/v1/responses"),
    *(b"/v1beta/models/m:generateContent", b"/v1/models/m%2fx", b"/healthz?hours=007", b"*"),
    *(b"/v1/messages?beta=true", b"http://x/healthz", b"http://[::1]:80/healthz", b"x:443"),
    *(b"//healthz", b"/./healthz", b"/a/../healthz", b"/healthz#a", b"/healthz?a=\xc3\xa9"),
    *(b"/healthz?k%65y=a", b"/%00", b"/healthz?a=b c", b"\\healthz", b"/healthz;a", b"/\xff"),
    *(b"/v1/models/claude[1m]", b"/healthz?[", b"/healthz?" + b"a" * 9000, b"?", b"healthz"),
)
VERSIONS = (
    *(b"HTTP/1.1", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.2", b"HTTP/1.10", b"http/1.1"),
    *(b"HTTP/ 1.1", b"HTTP/1.1 ", b"HTTP/1,1", b"HTTP/\xd9\xa1.1", b"", b"HTTP/1.1\t", b"ICY"),
)
LENGTHS = (
    *(b"0", b"5", b"56", b"056", b"+56", b"-1", b"56 ", b"5 6", b"56,56", b"56, 56", b"0x38"),
    *(b"5_6", b"56.0", b"", b"\xd9\xa5", b"56;a", b"1" * 16, b"9" * 40, b'"56"', b"\x0b56", b"57"),
)
CODINGS = (
    *(b"chunked", b"Chunked", b"chunked ", b"chunked,", b"gzip, chunked", b"chunked, chunked"),
    *(b"identity", b"xchunked", b"chunked;q=1", b"", b'"chunked"', b"\x0bchunked", b"chunked\0"),
)
FIELDS = (
    *((b"Content-Length", text) for text in LENGTHS),
    *((b"Transfer-Encoding", text) for text in CODINGS),
    *((b"Connection", text) for text in (b"close", b"keep-alive", b"Close", b"", b"TE, close")),
    *((b"Connection", text) for text in (b"upgrade", b"keep-alive, close", b"x-api-key", b"\xff")),
    *((b"Host", text) for text in (b"x", b"", b"x:80", b"x, y", b"[::1]", b"a b", b"x/y", b"x@y")),
    *((b"Expect", text) for text in (b"100-continue", b"100-Continue", b"", b"200-ok")),
    *((b"Upgrade", text) for text in (b"websocket", b"h2c", b"", b"TLS/1.0, HTTP/1.1")),
    *((b"Content-Encoding", text) for text in (b"gzip", b"identity", b"br", b"gzip, gzip", b"")),
    *(
        (b"X-Api-Key", text)
        for text in (KEY.encode(), b"", b"sk-wrong-0123456789", b"a b", b"\x80")
    ),
    *((b"Authorization", text) for text in (b"Bearer " + KEY.encode(), b"Basic eDp5", b"bearer")),
    *((b"X-Forwarded-For", text) for text in (b"1.2.3.4", b"::1, 1.2.3.4", b"a", b"," * 40)),
    *((b"Origin", b"https://a.example"), (b"Sec-WebSocket-Key1", b"1"), (b"Trailer", b"Host")),
    *((b"Content-Type", b"application/json"), (b"Cookie", b"a=b; c=d"), (b"TE", b"trailers")),
    *((b"HTTP2-Settings", b"AAMAAABkAAQ"), (b"A", b""), (b"A", b" \t "), (b"A", b"b" * 9000)),
)
NAME_TWISTS = (
    *(lambda name: name + b" ", lambda name: b" " + name, lambda name: name + b"\t"),
    *(
        bytes.swapcase,
        bytes.upper,
        lambda name: name.replace(b"-", b"_"),
        lambda name: name + b"\0",
    ),
    *(lambda name: name + b"\x0b", lambda name: name[:-1], lambda name: b'"' + name + b'"'),
    *(lambda name: name * 20, lambda name: b"", lambda name: name.replace(b"e", b"\xc3\xa9")),
)
COLONS = (b": ", b":", b" : ", b":\t", b":  ", b"", b"::", b" :", b"\t:", b":\r\n ", b":\n ", b"=")
ENDS = (b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\r", b"\r\n ", b"\r\n\t", b"\x0b\r\n", b"\r\n\r\n")
CHUNKS = (
    *(b"38\r\n%b\r\n0\r\n\r\n", b"38;a=b\r\n%b\r\n0\r\n\r\n", b"038\r\n%b\r\n0\r\na: b\r\n\r\n"),
    *(b"0x38\r\n%b\r\n0\r\n\r\n", b"38\n%b\n0\n\n", b"38\r\n%b0\r\n\r\n", b"-1\r\n%b\r\n0\r\n\r\n"),
    *(b"38 \r\n%b\r\n0\r\n\r\n", b"ffffffffffffffffff\r\n%b", b"38\r\n%b\r\n00\r\n\r\n", b"\r\n%b"),
)
BYTES = BODY.encode()


def begun_from():
    """(requests as bytes, heads as lists of lines): of clients, mostly, and of strangers."""
    text = Path(__file__).with_name("real_heads.yaml").read_text().replace("@KEY@", KEY)
    real = [head.encode().split(b"\n") for head in yaml.safe_load(text).values()]
    whole = [data for data in corpus() if b"\r\n\r\n" in data]
    heads = real * 8 + [data.partition(b"\r\n\r\n")[0].split(b"\r\n") for data in whole]
    return corpus(), heads


class Chance:
    """Gives one broken request after the other."""

    def __init__(self, rng):
        self._rng = rng
        self._requests, self._heads = begun_from()

    def request(self):
        """One, sometimes behind or before another, most of them of a few broken things."""
        rng = self._rng
        data = self._built() if rng.random() < 0.85 else bytearray(rng.choice(self._requests))
        for _ in range(rng.choice((0, 0, 0, 0, 0, 1, 1, 2))):
            accident(rng, data)
        chance = rng.random()
        if chance < 0.2:
            data = bytearray(rng.choice(self._requests)) + data
        elif chance < 0.3:
            data += rng.choice(self._requests)
        elif chance < 0.33:
            data = bytearray(b"\r\n") + data
        return bytes(data)

    def _built(self):
        rng = self._rng
        first, *fields = rng.choice(self._heads)
        kept = 1.0 if rng.random() < 0.3 else 0.4
        fields = [line for line in fields if line[:1] in b"HhCc" or rng.random() < kept]
        for _ in range(rng.choice((0, 0, 1, 1, 2))):
            first = self._field(first, fields)
        end = rng.choice(ENDS) if rng.random() < 0.05 else b"\r\n"
        body = BYTES if rng.random() < 0.8 else rng.choice(CHUNKS) % BYTES
        if not any(line[:8].lower() in (b"content-", b"transfer") for line in fields):
            body = b"" if rng.random() < 0.8 else body
        return bytearray(end.join([first, *fields]) + b"\r\n\r\n" + body)

    def _field(self, first, fields):
        """Something happens to the fields, or to the first line, which is given."""
        rng = self._rng
        kind = rng.randrange(9)
        at = rng.randrange(len(fields)) if fields else 0
        if kind < 3 or not fields:
            name, value = rng.choice(FIELDS)
            if rng.random() < 0.6:
                start = name.lower() + b":"
                fields[:] = [line for line in fields if not line.lower().startswith(start)]
            fields.insert(at, name + b": " + value)
        elif kind == 3:
            line = fields[at]
            fields.insert(rng.randrange(len(fields) + 1), rng.choice((line, line.swapcase())))
        elif kind == 4:
            name, _, value = fields[at].partition(b":")
            fields[at] = rng.choice(NAME_TWISTS)(name) + b":" + value
        elif kind == 5:
            name, _, value = fields[at].partition(b":")
            fields[at] = name + rng.choice(COLONS) + value.strip()
        elif kind == 6:
            fields[at] += rng.choice(
                (b" ", b"\t", b"\x0b", b"\r\n b", b"\0", b"\xff", b", b", b"\r")
            )
        elif kind == 7:
            del fields[at]
        else:
            return self._first(first)
        return first

    def _first(self, first):
        rng = self._rng
        method, _, rest = first.partition(b" ")
        target, _, version = rest.rpartition(b" ")
        kind = rng.randrange(5)
        if kind == 0:
            method = rng.choice(METHODS)
        elif kind < 3:
            target = rng.choice(TARGETS)
        elif kind == 3:
            version = rng.choice(VERSIONS)
        blank = rng.choice((b"  ", b"\t", b"")) if kind == 4 else b" "
        return method + blank + target + b" " + version


def accident(rng, data):
    """To the bytes, wherever it strikes."""
    at = rng.randrange(len(data) + 1)
    kind = rng.randrange(7)
    if kind == 0:
        data[at:at] = rng.choice(TOKENS)
    elif kind == 1:
        del data[at : at + rng.choice((1, 1, 2, 5, 30))]
    elif kind == 2:
        data[at : at + 1] = bytes([rng.randrange(256)])
    elif kind == 3:
        lines = data.split(b"\r\n")
        lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
        data[:] = b"\r\n".join(lines)
    elif kind == 4:
        lines = data.split(b"\r\n")
        lines.insert(rng.randrange(len(lines)), rng.choice(TOKENS).rstrip(b"\r\n"))
        data[:] = b"\r\n".join(lines)
    elif kind == 5:
        data[at : at + 20] = data[at : at + 20].swapcase()
    else:
        data[at:at] = data[at : at + rng.randrange(40)]


def pieces(rng, data):
    """In one piece, mostly, or in some."""
    if rng.random() < 0.6 or len(data) < 2:
        return [data]
    cuts = sorted(rng.randrange(1, len(data)) for _ in range(rng.choice((1, 1, 2, 4))))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
