"""`uniapi.values.dataclass` is the library's, late: whatever it does first."""

import copy
import dataclasses
import pickle

import pytest

import uniapi.values
from uniapi.values import dataclass


def members(library=uniapi.values):
    """A class body that has all that is used here."""
    return {
        "__module__": __name__,
        "__qualname__": "Point",
        "__annotations__": {"x": "int", "y": "int", "tags": "list", "seen": "int"},
        "y": 2,
        "tags": library.field(default_factory=list, repr=False),
        "seen": library.field(default=0, compare=False),
    }


OPTIONS = [
    {"frozen": True, "slots": True, "kw_only": True},
    {"frozen": True, "slots": True},
    {"slots": True},
    {"slots": True, "kw_only": True},
    {"slots": True, "eq": False},
]
QUESTIONS = {
    "repr": lambda made: repr(made(x=1, y=3)),
    "equal": lambda made: made(x=1) == made(x=1, seen=7),
    "unlike": lambda made: made(x=1) == made(x=2),
    "like nothing else": lambda made: made(x=1) == 1,
    "hash": lambda made: same_hash(made) if made.__hash__ not in (None, object.__hash__) else None,
    "own lists": lambda made: made(x=1).tags is made(x=1).tags,
    "replace": lambda made: repr(dataclasses.replace(made(x=1), y=9)),
    "fields": lambda made: [(one.name, one.type) for one in dataclasses.fields(made)],
    "defaults": lambda made: [one.default_factory for one in dataclasses.fields(made(x=1))],
    "as a dict": lambda made: dataclasses.asdict(made(x=1)),
    "is one": lambda made: dataclasses.is_dataclass(made),
    "match": lambda made: made.__match_args__,
    "no dict": lambda made: hasattr(made(x=1), "__dict__"),
    "copy": lambda made: repr(copy.copy(made(x=1))),
    "missing": lambda made: refused(made, TypeError),
    "too many": lambda made: refused(lambda: made(x=1, z=2), TypeError),
    "by position": lambda made: refused(lambda: made(1, 5).y, TypeError),
    "set": lambda made: refused(lambda: setattr(made(x=1), "x", 2), AttributeError),
    "delete": lambda made: refused(lambda: delattr(made(x=1), "x"), AttributeError),
}


def same_hash(made):
    return hash(made(x=1, tags=())) == hash(made(x=1, tags=(), seen=3))


def refused(ask, kind):
    """What it gives, or the words with which it is refused."""
    try:
        return ask()
    except kind as error:
        return str(error)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_each_question_is_answered_as_by_the_library_whichever_comes_first(options, question):
    ask = QUESTIONS[question]
    ours = dataclass(**options)(type("Point", (), members()))
    theirs = dataclasses.dataclass(**options)(type("Point", (), members(dataclasses)))
    assert ask(ours) == ask(theirs)
    assert ask(ours) == ask(theirs), "and the second time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    a: int
    b: int = 2

    def __post_init__(self):
        assert self.a


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived(Base):
    c: tuple = ()

    def __repr__(self):
        return "mine"


def test_a_class_inherits_fields_and_keeps_what_it_writes_itself():
    made = Derived(a=1, c=(3,))
    assert (made.a, made.b, made.c, repr(made)) == (1, 2, (3,), "mine")
    assert made == Derived(a=1, b=2, c=(3,))
    assert made != Base(a=1)
    with pytest.raises(AssertionError):
        Derived(a=0)
    assert pickle.loads(pickle.dumps(made)) == made


def test_no_default_is_shared_that_can_be_changed():
    with pytest.raises(ValueError, match="tags: all values"):
        dataclass(slots=True)(type("Point", (), {**members(), "tags": []}))


def test_the_librarys_own_tools_work_on_inherited_members():
    made = Derived(a=1)
    assert dataclasses.asdict(dataclasses.replace(made, b=5)) == {"a": 1, "b": 5, "c": ()}
    assert uniapi.values.replace(made, b=5).b == 5
    assert [one.name for one in uniapi.values.fields(Derived)] == ["a", "b", "c"]


def test_nothing_is_generated_before_it_is_asked_for():
    late = dataclass(frozen=True, slots=True)(type("Point", (), members()))
    stand_ins = {name: late.__dict__[name] for name in ("__init__", "__eq__", "__hash__")}
    late(1)
    changed = {name for name, method in stand_ins.items() if late.__dict__[name] is not method}
    assert changed == {"__init__"}
