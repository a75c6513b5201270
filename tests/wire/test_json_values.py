"""Values are counted before they are parsed, in requests and answers alike."""

import pytest

from uniapi.errors import WireError
from uniapi.wire import count_many_values, holds_more_values, load_json
from uniapi.wire.json_values import MANY_VALUES, MAX_ANSWER_VALUES


@pytest.mark.parametrize(
    ("data", "values"),
    [
        (b"[" + b"{}," * 99, 199),
        (b'{"a,[{": "b,[{\\",[{", "c": 1}', 2),
        (b'["' + b'\\",[' * 1000, 1),
        (b"", 0),
    ],
)
def test_values_are_counted_outside_of_texts(data, values):
    """Also where a text never ends."""
    assert holds_more_values(data, values - 1)
    assert not holds_more_values(data, values)


def test_an_answer_of_very_many_values_is_not_parsed():
    """12 MB of empty lists would be half a gigabyte."""
    with pytest.raises(WireError, match="more than"):
        load_json(b"[" + b"[]," * (MAX_ANSWER_VALUES // 2) + b"1]")


def test_many_values_are_counted_and_few_are_not():
    """What stands in texts is none; beyond a million nobody counts on."""
    assert count_many_values(b"[" + b"1," * MANY_VALUES + b"1]") == MANY_VALUES + 1
    assert count_many_values(b"[" + b"1," * (MANY_VALUES - 1) + b"1]") == 0
    assert count_many_values(b'["' + b"1," * 2 * MANY_VALUES + b'"]') == 0
    assert 1_000_000 < count_many_values(b'["",' + b'1,"",' * 1_200_000) < 1_000_010
