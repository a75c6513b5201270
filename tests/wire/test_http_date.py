"""The moment as a `date` header has it."""

from email.utils import formatdate

import pytest

from uniapi.wire import http_date


@pytest.mark.parametrize("epoch_s", [0, 784111777, 951825599.9, 1709251200, 1796083200.5])
def test_it_is_written_as_the_library_writes_it(epoch_s):
    assert http_date(epoch_s) == formatdate(epoch_s, usegmt=True)
