"""The form scanner: parts, where they stand, bounds, and replacing one field."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniapi.wire import (
    FormPart,
    MultipartError,
    MultipartScanner,
    Range,
    form_boundary,
    pieces_length,
)

B = b"xYzBound"
FILE = b"RIFF\r\n--xYzBoun\r\n\x00\xff--xYzBound not at a line's start\r\n\r\n" + bytes(range(256))


def field(name: str, value: bytes, extra: str = "") -> bytes:
    return (
        f'--xYzBound\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n'.encode()
        + value
        + b"\r\n"
    )


FORM = (
    field("model", b"whisper-1")
    + field("file", FILE, '; filename="a b.wav"\r\nContent-Type: audio/wav')
    + field("prompt", b"")
    + field("timestamp_granularities[]", b"word")
    + field("timestamp_granularities[]", b"segment")
    + b"--xYzBound--\r\n"
)


def scan(
    body: bytes, size: int = 1 << 20, **bounds: int
) -> tuple[list[FormPart], MultipartScanner]:
    scanner = MultipartScanner(B, **bounds)
    parts: list[FormPart] = []
    for start in range(0, len(body), size):
        parts += scanner.feed(body[start : start + size])
    return parts, scanner


def rebuilt(body: bytes, pieces: tuple[bytes | Range, ...]) -> bytes:
    return b"".join(
        body[piece.start : piece.end] if isinstance(piece, Range) else piece for piece in pieces
    )


def test_parts_come_with_their_names_values_and_places() -> None:
    """A text field has its value, a file only where it stands; both ranges hold exactly the bytes
    sent.
    """
    parts, scanner = scan(FORM)
    form = scanner.eof()
    assert [(p.name, p.filename, p.value) for p in parts[:3]] == [
        ("model", None, b"whisper-1"),
        ("file", "a b.wav", None),
        ("prompt", None, b""),
    ]
    assert [FORM[p.start : p.end] for p in parts] == [b"whisper-1", FILE, b"", b"word", b"segment"]
    assert [p.content_type for p in parts] == ["", "audio/wav", "", "", ""]
    assert tuple(parts) == form.parts
    assert len(FORM) == form.length


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 90), min_size=1, max_size=40))
def test_any_split_gives_the_same_parts(sizes: list[int]) -> None:
    """How the bytes arrive changes nothing."""
    scanner = MultipartScanner(B)
    position = 0
    while position < len(FORM):
        for size in sizes:
            scanner.feed(FORM[position : position + size])
            position += size
    assert scan(FORM)[1].eof() == scanner.eof()


def test_one_field_is_replaced_and_every_other_byte_stays() -> None:
    """The pieces are the original around the new value, and their length is known."""
    form = scan(FORM, 7)[1].eof()
    pieces = form.with_fields({"model": [b"a-much-longer-name"]})
    assert FORM.replace(b"whisper-1", b"a-much-longer-name") == rebuilt(FORM, pieces)
    assert len(rebuilt(FORM, pieces)) == pieces_length(pieces)


def test_a_field_that_came_twice_is_there_once() -> None:
    """A field sent twice says one thing afterwards."""
    body = field("model", b"one") + field("n", b"1") + field("model", b"two") + b"--xYzBound--"
    changed = rebuilt(body, scan(body)[1].eof().with_fields({"model": [b"new"]}))
    assert [part.value for part in scan(changed)[0]] == [b"new", b"1"]


def test_a_missing_field_is_added_at_the_end() -> None:
    """The form gets one more part, readable like the others."""
    body = b"preamble\r\n" + field("prompt", b"a cat") + b"--xYzBound--\r\nepilogue"
    changed = rebuilt(body, scan(body)[1].eof().with_fields({"model": [b"gpt-image-2"]}))
    assert [(part.name, part.value) for part in scan(changed)[0]] == [
        ("prompt", b"a cat"),
        ("model", b"gpt-image-2"),
    ]
    assert changed.startswith(b"preamble\r\n")
    assert changed.endswith(b"--xYzBound--\r\nepilogue")


CHANGES = [
    ({"a": []}, [("b", b"2"), ("file", b"\xff"), ("a", b"a file"), ("b", b"4")]),
    ({"b": []}, [("a", b"1"), ("file", b"\xff"), ("a", b"a file"), ("a", b"3")]),
    ({"a": [], "b": []}, [("file", b"\xff"), ("a", b"a file")]),
    (
        {"a": [b"x", b"y"]},
        [("a", b"x"), ("a", b"y"), ("b", b"2"), ("file", b"\xff"), ("a", b"a file"), ("b", b"4")],
    ),
    (
        {"a": [b""], 'c"': [b"5", b"6"]},
        [
            ("a", b""),
            ("b", b"2"),
            ("file", b"\xff"),
            ("a", b"a file"),
            ("b", b"4"),
            ('c"', b"5"),
            ('c"', b"6"),
        ],
    ),
]


@pytest.mark.parametrize("preamble, epilogue", [(b"", b""), (b"preamble\r\n", b"\r\nepilogue")])
@pytest.mark.parametrize("changes, expected", CHANGES)
def test_fields_are_replaced_added_and_taken_out(
    changes: dict[str, list[bytes]],
    expected: list[tuple[str, bytes]],
    preamble: bytes,
    epilogue: bytes,
) -> None:
    """The first, the last, several, all of them; files stay, also one under the name of a field."""

    def file(name: str, data: bytes) -> bytes:
        return (
            b'--xYzBound\r\nContent-Disposition: form-data; name="%b"; filename="f"\r\n\r\n%b\r\n'
            % (name.encode(), data)
        )

    fields = (
        field("a", b"1")
        + field("b", b"2")
        + file("file", b"\xff")
        + file("a", b"a file")
        + field("a", b"3")
        + field("b", b"4")
    )
    body = preamble + fields + b"--xYzBound--" + epilogue
    pieces = scan(body)[1].eof().with_fields(changes)
    changed = rebuilt(body, pieces)
    assert len(changed) == pieces_length(pieces)
    assert not changed.startswith(b"\r\n")
    form = scan(changed)[1].eof()
    assert [(part.name, changed[part.start : part.end]) for part in form.parts] == expected


def test_a_value_with_the_boundary_in_it_is_refused() -> None:
    """A model name can never end its own part."""
    form = scan(FORM)[1].eof()
    with pytest.raises(MultipartError, match="boundary"):
        form.with_fields({"model": [b"x\r\n--xYzBound--"]})


@pytest.mark.parametrize(
    "body, bounds, message",
    [
        (b"", {}, "after 0 parts, without its closing boundary"),
        (FORM[:-14], {}, "without its closing boundary"),
        (field("a", b"1"), {}, "inside the part 'a', without its closing boundary"),
        (field("a", b"1") + b"--xYzBound", {}, "after 1 parts, without its closing boundary"),
        (
            b"--xYzBound\nContent-Disposition: form-data",
            {},
            "expected a line end after the boundary",
        ),
        (b"--xYzBoundary\r\n", {}, "expected a line end after the boundary"),
        (
            b"--xYzBound\r\nContent-Type: text/plain\r\n\r\nx\r\n--xYzBound--",
            {},
            "part 1 of the form has no name",
        ),
        (b"--xYzBound\r\n\r\nx\r\n--xYzBound--", {}, "part 1 of the form has no name"),
        (field("a", b"1") * 3 + b"--xYzBound--", {"max_parts": 2}, "more than 2 parts"),
        (
            field("a" * 300, b"1") + b"--xYzBound--",
            {"max_header_bytes": 200},
            "longer than 200 bytes",
        ),
        (b"x" * 500, {"max_header_bytes": 200}, "no boundary '--xYzBound' in the first 200 bytes"),
    ],
)
@pytest.mark.parametrize("size", [1, 13, 1 << 20])
def test_a_broken_form_is_refused_with_what_is_wrong(
    body: bytes, bounds: dict[str, int], message: str, size: int
) -> None:
    """Whatever the split, the message names the fault."""
    with pytest.raises(MultipartError, match=message):
        scan(body, size, **bounds)[1].eof()


def test_a_long_text_field_keeps_its_place_only() -> None:
    """What is kept stays bounded; the range still tells where the value is."""
    body = field("prompt", b"p" * 500) + field("model", b"m" * 100) + b"--xYzBound--"
    parts, _ = scan(body, 50, max_value_bytes=100)
    assert [part.value for part in parts] == [None, b"m" * 100]
    assert body[parts[0].start : parts[0].end] == b"p" * 500


def test_little_of_a_large_file_is_held() -> None:
    """Between feeds the scanner holds no more than a delimiter's length of a file."""
    scanner = MultipartScanner(B)
    scanner.feed(field("file", b"", '; filename="big"')[:-2])
    for _ in range(50):
        scanner.feed(b"z" * 65536)
        assert len(scanner._rest) < 20
    (part,) = scanner.feed(b"\r\n--xYzBound--")
    assert part.end - part.start == 50 * 65536


@pytest.mark.parametrize(
    "disposition, expected",
    [
        ('name="image[]"; filename="a.png"', ("image[]", "a.png")),
        ("name=file; filename=a.png", ("file", "a.png")),
        ('name="file"; filename="say \\"hi\\".wav"', ("file", 'say "hi".wav')),
        ('name="file"; filename="say %22hi%22.wav"', ("file", 'say "hi".wav')),
        ('name="file"; filename="näh.wav"', ("file", "näh.wav")),
        ('name="file"; filename="x"; filename*=UTF-8\'\'n%C3%A4h.wav', ("file", "näh.wav")),
        ('name="file"; filename=""', ("file", "")),
        ('NAME="file"', ("file", None)),
    ],
)
def test_names_are_read_as_clients_write_them(
    disposition: str, expected: tuple[str, str | None]
) -> None:
    """Quoted, bare, escaped, percent-encoded and extended parameters."""
    body = (
        f"--xYzBound\r\ncontent-disposition: form-data; {disposition}\r\n\r\n1\r\n--xYzBound--"
    ).encode()
    (part,) = scan(body)[0]
    assert expected == (part.name, part.filename)


@pytest.mark.parametrize(
    "content_type, expected",
    [
        ("multipart/form-data; boundary=abc", b"abc"),
        ('Multipart/Form-Data; charset=utf-8; boundary="a b:c"', b"a b:c"),
        (
            "multipart/form-data;boundary=----WebKitFormBoundary7MA4YWxk",
            b"----WebKitFormBoundary7MA4YWxk",
        ),
    ],
)
def test_the_boundary_is_read_from_the_content_type(content_type: str, expected: bytes) -> None:
    """With and without quotes, among other parameters."""
    assert expected == form_boundary(content_type)


@pytest.mark.parametrize(
    "content_type, message",
    [
        ("", "expected 'multipart/form-data'"),
        ("application/json", "expected 'multipart/form-data'"),
        ("multipart/form-data", "states no boundary"),
        ("multipart/form-data; boundary=", "no boundary can be"),
        ("multipart/form-data; boundary=" + "x" * 71, "no boundary can be"),
        ('multipart/form-data; boundary="a\r\nb"', "no boundary can be"),
    ],
)
def test_a_content_type_without_a_possible_boundary_is_refused(
    content_type: str, message: str
) -> None:
    """Missing, empty, too long, or of characters a boundary cannot have."""
    with pytest.raises(MultipartError, match=message):
        form_boundary(content_type)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                b"--xYzBound",
                b"\r\n",
                b"--",
                b'Content-Disposition: form-data; name="a"',
                b"\r\n\r\n",
                b"x",
                b"\n",
                b"\x00",
            ]
        ),
        max_size=30,
    )
)
def test_any_bytes_give_a_form_or_the_documented_error(tokens: list[bytes]) -> None:
    """Nonsense never raises anything else, and what is read is consistent with the body."""
    body = b"".join(tokens)
    try:
        parts, scanner = scan(body, 3)
        form = scanner.eof()
    except MultipartError:
        return
    assert all(body[part.start : part.end] == part.value for part in parts)
    assert len(body) == form.length
