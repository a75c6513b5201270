"""What a room's face has late is there whoever asks, and nothing else is."""

import importlib
import inspect

import pytest

FACES = ("uniapi.config", "uniapi.dialects", "uniapi.stats", "uniapi.wire")


@pytest.mark.parametrize("name", FACES)
def test_every_name_of_a_face_is_there(name):
    face = importlib.import_module(name)
    for known in face.__all__:
        assert not inspect.ismodule(getattr(face, known)), known


def test_a_name_that_nobody_has_is_refused_in_the_usual_words():
    stats = importlib.import_module("uniapi.stats")
    with pytest.raises(AttributeError, match=r"module 'uniapi\.stats' has no attribute 'nothing'"):
        _ = stats.nothing


@pytest.mark.parametrize("name", FACES)
def test_no_late_name_is_that_of_its_module(name):
    """Python would put the module in its place."""
    homes = inspect.getclosurevars(importlib.import_module(name).__getattr__).nonlocals["homes"]
    assert homes
    assert [known for known, module in homes.items() if known == module] == []
