"""One catalogue for messages in Chinese: every entry has the places of its English sentence, and
every English sentence stands in the program.
"""

import ast
import re
from pathlib import Path

import pytest

from uniapi.errors import StartError
from uniapi.language import ENGLISH, Language, catalogue, language_of
from uniapi.routing.give_up import _WORDS

PACKAGE = Path(__file__).parents[1] / "uniapi"
PLACE = re.compile(r"\{(\d)\}")
COMPOSED = {
    *("error: {}", "warning: {}", "note: {}"),
    *("line {}, column {}: {}", "line {}: {}"),
    *(f"{{}} {noun}{end}" for noun in ("error", "warning", "note") for end in ("", "s")),
    *(f"{{}} {noun}{end}" for noun in ("provider", "model") for end in ("", "s")),
    *(f"{{}} {noun}{end}" for noun in ("client key", "key") for end in ("", "s")),
    "The provider {}: {}",
    *(f"`{{}}` {what}{{}}" for what in (*_WORDS.values(), "failed")),
}
"""Sentences that are put together from words, so that they stand nowhere as they are."""


def templates(path):
    """Every text of a module, with `{}` where something is put in."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                piece.value if isinstance(piece, ast.Constant) else "{}" for piece in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield re.sub(r"%[sdr]", "{}", node.value).rstrip("\n")


def test_every_entry_is_a_sentence_of_the_program():
    """One that was reworded leaves its translation behind, which this finds."""
    said = {text for path in PACKAGE.rglob("*.py") for text in templates(path)} | COMPOSED
    plain = (PLACE.sub("{}", source) for source in catalogue())
    assert [source for source in plain if source not in said] == []


@pytest.mark.parametrize("source, said", catalogue().items())
def test_an_entry_has_the_places_of_its_sentence(source, said):
    """Each once in the source, numbered from 0; none is lost or made up."""
    numbers = [int(number) for number in PLACE.findall(source)]
    assert numbers[: len(set(numbers))] == list(range(len(set(numbers))))
    assert {int(number) for number in PLACE.findall(said)} == set(numbers)


def test_a_message_is_said_with_what_stands_in_it():
    """Phrases inside it are looked up in turn; the order may change; a name stays."""
    language = Language(catalogue())
    assert language.say("unknown key `modle` is ignored; did you mean `model`?") == (
        "不认识的键 `modle`，已忽略；是不是 `model`？"
    )
    assert language.say("error: line 3, column 5: providers: the list is empty").startswith(
        "错误：第 3 行第 5 列："
    )
    assert language.say("2 of 3 keys answered well") == "3 个密钥中有 2 个可用"


def test_what_is_not_known_stays_as_it_is():
    """Also what is too long to be looked at, and everything in English."""
    language = Language(catalogue())
    for text in ("a word of nobody", "", "x" * 100_000):
        assert language.say(text) == text
    assert ENGLISH.say("the list is empty") == "the list is empty"


@pytest.mark.parametrize(
    "flag, environment, is_english",
    [
        (None, {}, True),
        (None, {"LANG": "zh_CN.UTF-8"}, False),
        (None, {"LANG": "de_DE.UTF-8"}, True),
        (None, {"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, True),
        ("zh", {}, False),
        ("en", {"LANG": "zh_CN.UTF-8"}, True),
    ],
)
def test_the_language_is_the_flags_else_the_environments(flag, environment, is_english):
    assert language_of(flag, environment).is_english is is_english


def test_another_language_is_a_mistake_that_names_those_there_are():
    with pytest.raises(StartError, match="en, zh"):
        language_of("fr", {})


def test_a_hint_behind_a_phrase_is_said_too():
    """Where two places touch, the known hint is parted from what stands before it."""
    language = Language(catalogue())
    said = language.say("not valid YAML: mapping values: odd: the line has a `：`; write `:`")
    assert said == "YAML 有语法错误：mapping values: odd：这一行里有 `：`，请写 `:`"


def test_short_sentences_count_and_are_not_found_in_others():
    language = Language(catalogue())
    assert language.say("3 keys") == "3 个密钥"
    assert language.say("whose are these keys") == "whose are these keys"


def test_a_message_behind_its_place_is_said_and_the_place_stays():
    """Where in a configuration it stands, or which channel it speaks of."""
    language = Language(catalogue())
    said = language.say("error: line 3, column 5: providers[0].modle: unknown key `a` is ignored")
    assert said == "错误：第 3 行第 5 列：providers[0].modle: 不认识的键 `a`，已忽略"
    assert language.say("openai: Overloaded: try later") == "openai: Overloaded: try later"
    assert language.say("a: " * 100 + "the list is empty").startswith("a: a: ")


def test_what_a_client_was_told_is_said_with_the_providers_own_words():
    language = Language(catalogue())
    told = "The provider `openai` refused our key 2 (401): Incorrect API key provided."
    assert language.say(told) == "上游 `openai` 拒绝了我们的密钥 2 (401)：API 密钥不正确。"
    own = "The provider `openai` failed (500): It is on fire."
    assert language.say(own) == "上游 `openai` 失败 (500)：It is on fire."
