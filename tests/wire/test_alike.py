"""A frame is alike when all but the inside of its text is equal, and that can change nothing."""

import json
import re

import pytest

from uniapi.wire import Alike, Members, Run, spoken
from uniapi.wire.alike import MOST_BYTES

CHAT = Members((b'"content"', b'"reasoning"'), re.compile(rb'"pad"'))
SUMS = Members((b'"text"',), re.compile(rb'"[a-z_]*count"'), ends_read=True)


def frame(text, pad=None):
    tail = b"" if pad is None else b',"pad":"%b"' % pad
    return b'data: {"id":"1","content":"%b"%b}\n\n' % (text, tail)


def summed(text, count):
    return b'data: {"text": "%b", "count": %d}\r\n\r\n' % (text, count)


def test_frames_in_a_row_are_one_run_up_to_the_first_other_one():
    alike = Alike.of(frame(b"x"), CHAT)
    block = frame(b"a") + frame(b"") + frame(b"b\\n") + b"data: [DONE]\n\n" + frame(b"c")
    run = alike.run(block)
    assert list(run.texts) == [b"a", b"", b"b\\n"]
    assert block[run.end :].startswith(b"data: [DONE]")
    assert run.text == "ab\n"
    assert alike.run(block, run.end) is None


def test_so_many_frames_are_one_run_and_the_rest_is_the_next():
    alike = Alike.of(frame(b"x"), CHAT)
    each = frame(b"a")
    block = b": first\n\n" + each * (3 * MOST_BYTES // len(each)) + b"data: [DONE]\n\n"
    at, runs = len(b": first\n\n"), 0
    while (run := alike.run(block, at)) is not None:
        assert block[at : run.end] == each * len(run.texts)
        at, runs = run.end, runs + 1
    assert (block[at:], runs) == (b"data: [DONE]\n\n", 3)


def test_a_cut_frame_is_left():
    alike = Alike.of(frame(b"x"), CHAT)
    whole = frame(b"a") + frame(b"b")
    for cut in range(len(whole)):
        run = alike.run(whole[:cut])
        taken = run.end if run is not None else 0
        assert taken in (0, len(frame(b"a")))
        assert taken == (len(frame(b"a")) if cut >= len(frame(b"a")) else 0)


def test_padding_may_vary_and_is_written_again():
    alike = Alike.of(frame(b"x", b"123"), CHAT)
    run = alike.run(frame(b"a", b"4") + frame(b"b", b"") + frame(b"c"))
    assert list(run.texts) == [b"a", b"b"]
    other = Alike.of(frame(b"x", b"123").replace(b'"1"', b'"50 %b"'), CHAT)
    assert other.shape == alike.shape
    assert other.written(run) == (frame(b"a", b"4") + frame(b"b", b"")).replace(b'"1"', b'"50 %b"')


def test_the_last_frame_is_left_where_its_figures_count():
    alike = Alike.of(summed(b"x", 1), SUMS)
    run = alike.run(summed(b"a", 22) + summed(b"b", 333) + summed(b"c", 4444))
    assert list(run.texts) == [b"a", b"b"]
    assert run.end == len(summed(b"a", 22) + summed(b"b", 333))
    assert alike.run(summed(b"a", 22)) is None
    assert alike.run(summed(b"a", 22) + summed(b"\xff", 22) + summed(b"a", 22)) is None


def padded(text, blanks):
    return b'event: x\ndata: {"d":{"content":"%b"}%b}\n\n' % (text, b" " * blanks)


def test_blanks_before_the_last_brace_may_vary():
    alike = Alike.of(padded(b"x", 3), CHAT._replace(pads=True))
    texts = [b"a", b"", b'{\\"b\\":\\"c\\"}', b"d"]
    block = b"".join(padded(text, place) for place, text in enumerate(texts))
    for frames in (block, block + b": ping\n\n" + padded(b"e", 1)):
        assert list(alike.run(frames).texts) == texts
    assert alike.run(padded(b"a", 15)).texts == (b"a",)
    for odd in (b"\t", b'"x"', b",", b"}"):
        assert alike.run(padded(b"a", 0).replace(b"}}", b"}" + odd + b"}")) is None
    assert Alike.of(padded(b"x", 3), CHAT).run(padded(b"a", 4)) is None
    assert Alike.of(padded(b"x", 3), CHAT._replace(pads=True)).run(padded(b"a", 0)).texts == (b"a",)


def test_a_frame_without_blanks_is_a_pattern_of_one_place():
    alike = Alike.of(padded(b"x", 0), CHAT._replace(pads=True))
    assert alike.shape == (1, 0)
    assert alike.run(padded(b"a", 0)).texts == (b"a",)
    assert alike.run(padded(b"a", 1)) is None


def test_numbers_in_a_row_vary_together_and_nothing_between_them():
    form = b'data: {"text":"%b","count":%d,"in":[{"kind":"T","of_count":%d}],"n":1}\n\n'
    alike = Alike.of(form % (b"x", 1, 20), SUMS._replace(ends_read=False))
    assert alike.shape == (2, 0)
    run = alike.run(form % (b"a", 300, 2) + form % (b"b", 0, 0))
    assert list(run.texts) == [b"a", b"b"]
    assert run.last == form % (b"b", 0, 0)
    other = form % (b"a", 300, 2)
    for odd in ((b'"T"', b'"T2"'), (b":300", b":03"), (b":300", b":"), (b'"n":1', b'"n":2')):
        assert alike.run(other.replace(*odd)) is None
        assert list(alike.run(form % (b"a", 3, 2) + other.replace(*odd)).texts) == [b"a"]


@pytest.mark.parametrize(
    "count", [b"1.5", b"1e5", b'"1"', b"null", b"", b"[1]", b"1]", b"-", b"1 ", b"01x", b"07"]
)
def test_what_should_be_a_number_is_one(count):
    alike = Alike.of(summed(b"x", 1), SUMS)
    spelled = summed(b"a", 7).replace(b" 7", b" " + count)
    assert alike.run(spelled + summed(b"b", 1)) is None


TEXTS = ("plain", "é 🎉", 'quo"te', "back\\slash", "\n\t\r\b\f", "\x00\x1f\x7f", "/", "\u2028")


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("is_ascii", [True, False])
def test_a_text_is_what_json_reads(text, is_ascii):
    written = json.dumps(text, ensure_ascii=is_ascii)[1:-1].encode()
    run = Alike.of(frame(b"x"), CHAT).run(frame(written))
    assert run.text == spoken(written) == text
    assert run.between(b"<", b">") == b'<"%b">' % written


@pytest.mark.parametrize(
    "written",
    [
        *(b'a"', b'"', b"\\", b"a\\", b"\\x", b"\\u12", b"\\u12g4", b"\\ud83d", b"\\ude00"),
        *(b"\t", b"\x00", b"\xff", b"\xc3", b"\xed\xa0\xbd", b"\\ud83d\\u0041", b"a\nb", b"\r"),
    ],
)
def test_what_is_no_text_of_its_own_is_not_alike(written):
    alike = Alike.of(frame(b"x"), CHAT)
    assert alike.run(frame(written)) is None
    run = alike.run(frame(b"a") + frame(written) + frame(b"b"))
    assert run is None or run.texts == [b"a"]


@pytest.mark.parametrize(
    "raw",
    [
        b"data: {}\n\n",
        b'data: {"content":""}\n\n',
        b'data: {"content":null}\n\n',
        b'data: {"content":"a","x":{"content":"b"}}\n\n',
        b'data: {"content":"a\\x"}\n\n',
        b'data: {"content":"a',
        b'data: {"content":"a"}\r\r',
        b'data: {"content":"a\xff"}\n\n',
    ],
)
def test_a_frame_without_one_text_is_no_pattern(raw):
    assert Alike.of(raw, CHAT) is None


def test_the_likeliest_text_that_says_something_is_taken():
    raw = b'data: {"content":null,"reasoning" : "hm"}\n\n'
    assert Alike.of(raw, CHAT).run(raw.replace(b"hm", b"so")).texts == (b"so",)


def made(texts):
    return Run(texts, [], 0, b"")


def test_a_run_of_texts_is_put_together_without_reading_them():
    assert made([b"\\u00e9", b"\xc3\xa9"]).text == "éé"
    assert made([b"a", b"b"]).between(b"{", b"}") == b'{"a"}{"b"}'


@pytest.mark.parametrize("text", [b"x", b'a \\"b\\"', b""])
def test_a_pattern_with_another_beginning_writes_what_is_found_with_the_first(text):
    raw, written = frame(b"hm"), frame(b"hm").replace(b'"1"', b'"other"')
    alike = Alike.of(raw, CHAT)
    headed = alike.headed(raw, written)
    assert headed.shape == alike.shape
    for texts in ([text], [text, b"and", text]):
        run = alike.run(b"".join(frame(each) for each in texts))
        meant = b"".join(written.replace(b"hm", each) for each in texts)
        assert headed.written(run) == meant


def test_what_differs_elsewhere_too_is_no_other_beginning():
    raw = frame(b"hm")
    assert Alike.of(raw, CHAT).headed(raw, raw + b" ") is None
    padded = frame(b"hm", b"123")
    assert Alike.of(padded, CHAT).headed(padded, padded) is None
