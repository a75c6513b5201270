"""Names of tools on wires that take some of the characters."""

import pytest

from uniapi.canonical import Tool
from uniapi.dialects.tool_names import DistinctNames, offered_name, qualified_name


class Short(DistinctNames):
    longest = 16

    def cleaned(self, name):
        return name.replace(".", "_")[: self.longest]


def test_a_namespace_stands_before_the_name():
    """Joined by two underscores, which a namespace may end in already."""
    assert [qualified_name("f", namespace) for namespace in (None, "a", "a__")] == [
        "f",
        "a__f",
        "a__f",
    ]


def test_names_that_become_alike_stay_apart_both_ways():
    """The second ends in a checksum; a name that is not offered is only cleaned."""
    first, second = Tool(name="a.b"), Tool(name="a_b")
    names = Short((first, second))
    assert names.wire("a.b") == "a_b"
    assert len(names.wire("a_b")) <= 16
    assert [names.tool(names.wire(tool.name)) for tool in (first, second)] == [first, second]
    assert names.wire("x.y") == "x_y"
    assert [wire for wire, _ in names.items()] == [names.wire("a.b"), names.wire("a_b")]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Bash", "Bash"),
        ("functions.Bash", "Bash"),
        ("default_api:Bash", "Bash"),
        ("default_api.mcp__a__b", "mcp__a__b"),
        ("tools/Bash", "Bash"),
        ("a.b.Bash", "Bash"),
        ("Bash<|channel|>commentary", "Bash"),
        (" Bash ", "Bash"),
        ("functions.Other", "functions.Other"),
        ("x." * 100_000 + "Bash", "x." * 100_000 + "Bash"),
    ],
)
def test_a_call_gets_the_name_that_was_offered(said, meant):
    """Models put their own namespaces before it; what was not offered is told as it came."""
    assert offered_name(said, {"Bash", "mcp__a__b"}) == meant


def test_a_name_that_holds_a_separator_is_found_first():
    """It was offered so."""
    assert offered_name("a.Bash", {"a.Bash", "Bash"}) == "a.Bash"
