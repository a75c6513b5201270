"""The loss table: measured through the running gateway, and the page's copy of it is the measured
one.
"""

import json

import pytest
from loss_table import BEGIN, END, PAGE, STORED, bad_cells, measure, rendered


@pytest.mark.asyncio(loop_scope="session")
async def test_nothing_is_lost_in_silence_and_the_stored_table_is_the_measured_one(world):
    """What is left out is named in `x-uniapi-dropped`, what arrives is valid; `python
    tests/matrix/loss_table.py --write` renews the table.
    """
    table = await measure(world)
    assert bad_cells(table) == []
    assert json.loads(STORED.read_text()) == json.loads(json.dumps(table)), (
        "the losses changed: run tests/matrix/loss_table.py --write"
    )


def test_the_readme_shows_the_stored_table():
    """Between its markers stands what the stored measurement renders to."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    assert before
    assert rendered(json.loads(STORED.read_text())) == rest.partition(END)[0].lstrip("\n")
