"""What a start says, and why it cannot listen."""

import errno
import os

import pytest

from uniapi.start_text import Loaded, cannot_listen, start_lines

LOADED = Loaded(providers=5, keys=7, models=31, unlisted=0, client_keys=1, source="./api.yaml")


def test_a_start_says_what_was_loaded_and_where_it_is():
    """The addresses are such as can be opened on this host."""
    assert start_lines("1.2.3", "0.0.0.0", 8000, LOADED) == [
        "uni-api 1.2.3 listens on http://0.0.0.0:8000",
        "  loaded  5 providers, 7 keys, 31 models, 1 client key from ./api.yaml",
        "  API     http://127.0.0.1:8000/v1, and on every address of this host",
        "  page    http://127.0.0.1:8000/ (asks for an admin key)",
    ]


def test_an_address_of_its_own_is_named_as_it_is():
    """IPv6 in brackets."""
    lines = start_lines("1", "fd00::1", 80, LOADED)
    assert lines[2] == "  API     http://[fd00::1]:80/v1"


@pytest.mark.parametrize(
    "number, port, advice",
    [
        (errno.EADDRINUSE, 8000, "choose another port"),
        (errno.EADDRNOTAVAIL, 8000, "this host has no such address"),
        (errno.EACCES, 80, "under 1024"),
        (errno.EACCES, 8000, "reserve ports"),
    ],
)
def test_the_advice_fits_the_trouble(number, port, advice):
    words = f"{os.strerror(number)} (while attempting to bind on address ('203.0.113.9', {port}))"
    said = cannot_listen("203.0.113.9", port, OSError(number, words))
    assert advice in said
    assert said.count("203.0.113.9") == 1, "asyncio's sentence names it once more"
    assert f"port {port}" in said
