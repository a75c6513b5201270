"""An error's words are found wherever its vendor put them, and a page is read once."""

import json

import pytest

from uniapi.dialects import error_words
from uniapi.dialects.error_words import (
    MAX_MESSAGE,
    MAX_PAGE,
    Said,
    decode_error_words,
    words_of_page,
)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (
            {"error": {"message": "m", "code": "c", "type": "t", "param": "p", "status": "S"}},
            Said(message="m", code="c", type="t", param="p", word="S"),
        ),
        ([{"error": {"message": "m", "code": 400}}], Said(message="m", code="400", number=400)),
        ({"code": "c", "error": "m"}, Said(message="m", code="c")),
        ({"error": "no_money", "message": "m"}, Said(message="m", code="no_money")),
        (
            {"success": False, "errors": [{"code": 7009, "message": "m"}], "result": None},
            Said(message="m", code="7009", number=7009),
        ),
        (
            {"base_resp": {"status_code": 1008, "status_msg": "m"}},
            Said(message="m", code="1008", number=1008),
        ),
        (
            {"error_code": 336100, "error_msg": "m", "id": "as-1"},
            Said(message="m", code="336100", number=336100),
        ),
        ({"Response": {"Error": {"Code": "C", "Message": "m"}}}, Said(message="m", code="C")),
        (
            {"code": 500, "msg": "404 NOT_FOUND", "success": False},
            Said(message="404 NOT_FOUND", code="500", number=500),
        ),
        ({"detail": [{"msg": "m"}]}, Said(message='[{"msg": "m"}]')),
        (
            {
                "error": {
                    "message": "Provider returned error",
                    "code": 400,
                    "metadata": {"raw": '{"error":{"code":429,"message":"slow"}}'},
                }
            },
            Said(
                message='Provider returned error: {"error":{"code":429,"message":"slow"}}',
                code="429",
                number=429,
            ),
        ),
        (None, Said()),
        (7, Said(message="7")),
        ({"error": {"message": "x" * 9000}}, Said(message="x" * MAX_MESSAGE)),
        ({"error": {"code": True, "message": "m"}}, Said(message="m")),
    ],
)
def test_where_words_stand(value, said):
    """OpenAI's object and its many relatives; a router's words with those it passes on."""
    assert decode_error_words(value) == said


def test_an_error_nested_without_end_is_read():
    """Nothing that can be parsed raises."""
    value = []
    for _ in range(20_000):
        value = [value]
    assert decode_error_words({"detail": value}).message == "an error nested too deep to show"


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("<html><title>502\n Bad Gateway</title><body>nginx</body>", "502 Bad Gateway nginx"),
        ("<script>let a = '<b>'</script>words<style>p {}</style>", "words"),
        ("words <b", "words"),
        ("<script>never ends", ""),
        (" plain \n words ", "plain words"),
        ("a < b > c", "a c"),
        ("", ""),
    ],
)
def test_a_page_is_told_by_its_text(page, words):
    """Without tags, scripts and styles; what is cut ends the page."""
    assert words_of_page(page) == words


class Counted(str):
    """A page that counts the characters it is searched through."""

    searched = 0

    def find(self, piece, start=0, end=None):
        found = super().find(piece, start)
        Counted.searched += (len(self) if found < 0 else found) - start + len(piece)
        return found

    def lower(self):
        return Counted(super().lower())

    def __getitem__(self, part):
        return Counted(super().__getitem__(part))


@pytest.mark.parametrize(
    "piece",
    ["<", "<html", "<script", "<style>", "<title>", "</script>", "<script></script>", "x>", "<a "],
)
def test_reading_a_page_is_linear(piece):
    """However often a tag is opened and not closed: four times the page are four times the work."""
    work = []
    for size in (2000, 4000, 8000):
        Counted.searched = 0
        words_of_page(Counted(piece * (size // len(piece))))
        work.append(Counted.searched)
    assert work[1] < work[0] * 2.3 + 50
    assert work[2] < work[0] * 4.6 + 50


def test_a_page_is_read_to_a_bound():
    """60,000 opened tags cost what the first 16 KB do."""
    Counted.searched = 0
    words_of_page(Counted("<html>" * 60_000))
    assert Counted.searched < 4 * MAX_PAGE


def test_no_word_is_lost_between_the_lists():
    """A message that is no text is shown as it is, in its own script."""
    assert decode_error_words({"message": {"错": 1}}).message == json.dumps(
        {"错": 1}, ensure_ascii=False
    )
    assert error_words.member([], "x") is None
