"""Settings of other programs get our members and lose them again, and keep everything else."""

import json
import sys

import pytest
import yaml

from uniapi.connect import Change
from uniapi.connect.settings_files import TextRefused, merge, merged, take_back
from uniapi.connect.yaml_text import _composed as composed

JSON = [
    "",
    "{}",
    "{}\n",
    '{"a": 1}',
    '{\n  "a": 1\n}\n',
    '{\n  // mine\n  "a": 1, // why\n  "env": {\n    "X": "y" /* keep */\n  },\n}\n',
    '{\n\t"env": {},\n\t"z": [1, 2, {"k": "}"}]\n}\n',
    '{\n  "env": { "ANTHROPIC_BASE_URL": "https://other", "B": "2" }\n}',
    '\ufeff{"a": "\\"// no comment"}\r\n',
    '{\r\n  "a": 1\r\n}\r\n',
    "// only a remark\n{\n}\n",
]
ENV = (
    Change(("env", "ANTHROPIC_BASE_URL"), "http://127.0.0.1:8000"),
    Change(("env", "TOKEN"), "sk-x"),
    Change(("deep", "er", "still"), {"list": [1, {"two": 2}]}),
)


def plain(text):
    """JSON with comments and trailing commas as a value; strings of these tests hold none."""
    lines = [line.split(" // ")[0] for line in text.lstrip("\ufeff").splitlines()]
    lines = [line for line in lines if not line.strip().startswith("//")]
    joined = "\n".join(lines).replace(" /* keep */", "")
    return json.loads(joined.replace(",\n}", "\n}").replace(",\n\n}", "\n}") or "{}")


@pytest.mark.parametrize("text", JSON)
def test_json_gets_members_and_loses_them(text):
    """Values are there, others stay, comments stay; taken back, the value is as before."""
    now, puts = merge(text, "json", ENV)
    value = plain(now)
    assert value["env"]["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:8000"
    assert value["deep"]["er"]["still"] == {"list": [1, {"two": 2}]}
    for remark in ("// mine", "// why", "/* keep */", "// only a remark"):
        assert (remark in text) == (remark in now)
    assert merge(now, "json", ENV)[0] == now
    again, left = take_back(now, "json", puts)
    assert left == ()
    assert plain(again) == plain(text)


def test_json_indents_as_the_file_does():
    """Two blanks, a tab, one line: as it stands there."""
    change = (Change(("b",), 2),)
    assert merged('{\n\t"a": 1\n}\n', "json", change) == '{\n\t"a": 1,\n\t"b": 2\n}\n'
    assert merged('{"a": 1}', "json", change) == '{"a": 1, "b": 2}'
    commented = merged('{\n  "a": 1 // one\n}\n', "json", change)
    assert commented == '{\n  "a": 1, // one\n  "b": 2\n}\n'


@pytest.mark.parametrize(
    "text, said",
    [
        ('{"a": 1', "line 1, column 8"),
        ('{\n  "a" 1\n}', "line 2, column 7: a colon"),
        ("[1]", "is no object"),
        ('{"env": "text"}', "env is no object"),
        ('{"a": 1, "a": 2}', "stands above"),
        ('{"a": ' + "[" * 200 + "]" * 200 + "}", "less nesting"),
        ("nonsense", "a value"),
    ],
)
def test_json_that_cannot_be_edited_is_refused(text, said):
    """With the place, and nothing is guessed."""
    with pytest.raises(TextRefused, match=said):
        merge(text, "json", ENV)


def test_what_the_user_changed_since_is_left():
    """Our address was changed by hand: it stays, the rest goes."""
    now, puts = merge('{"env": {"A": "1"}}', "json", ENV[:2])
    edited = now.replace("http://127.0.0.1:8000", "https://mine.example")
    again, left = take_back(edited, "json", puts)
    assert left == (("env", "ANTHROPIC_BASE_URL"),)
    assert json.loads(again) == {"env": {"A": "1", "ANTHROPIC_BASE_URL": "https://mine.example"}}


TOML = [
    "",
    'model = "gpt-x"  # mine\n',
    'approval = "never"\n\n[tools]\nsearch = true\n',
    'notes = """\n[not a table]\nmodel = "no"\n"""\n[a]\nmodel = "inner"\n',
    "list = [\n  1, # one ]\n  2,\n]\nmodel = 'x'\n\n[model_providers.other]\nname = 'o'\n",
    '[model_providers.uniapi]\nname = "older"\nbase_url = "http://x"\n\n[z]\nk = 1\n',
    'model = "x"',
]
PROVIDER = (
    Change(("model",), "gpt-5.4"),
    Change(("model_provider",), "uniapi"),
    Change(("model_providers", "uniapi"), {"name": "uni-api", "base_url": "http://h/v1"}),
)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="reads it with tomllib")
@pytest.mark.parametrize("text", TOML)
def test_toml_gets_members_and_loses_them(text):
    """Only the top-level key and our table change; taken back, the value is as before."""
    import tomllib

    now, puts = merge(text, "toml", PROVIDER)
    value, before = tomllib.loads(now), tomllib.loads(text)
    assert value.pop("model") == "gpt-5.4"
    assert value.pop("model_provider") == "uniapi"
    assert value["model_providers"].pop("uniapi")["base_url"] == "http://h/v1"
    for name, kept in before.items():
        if name not in ("model", "model_providers"):
            assert value[name] == kept
    assert merge(now, "toml", PROVIDER)[0] == now
    again, left = take_back(now, "toml", puts)
    assert left == ()
    assert tomllib.loads(again) == before
    assert ("# mine" in again) == ("# mine" in text)


@pytest.mark.parametrize(
    "text, said",
    [
        ('model_providers = {other = {name = "o"}}\n', "inline"),
        ('model_providers.uniapi.name = "o"\n', "inline"),
        ("model.x = 1\n", "dots"),
    ],
)
def test_toml_that_means_it_otherwise_is_refused(text, said):
    """Nothing is guessed."""
    with pytest.raises(TextRefused, match=said):
        merge(text, "toml", PROVIDER)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="reads it with tomllib")
def test_broken_toml_is_refused():
    """With the reader's own words."""
    with pytest.raises(TextRefused):
        merge('model = "x\n', "toml", PROVIDER)


def test_variables_are_put_and_dropped():
    """One that is there is replaced, `export` kept; others stay."""
    text = "# mine\nexport GEMINI_API_KEY=old\nOTHER=1"
    changes = (Change(("GEMINI_API_KEY",), "sk-x"), Change(("URL",), "http://h"))
    now, puts = merge(text, "dotenv", changes)
    assert now == "# mine\nexport GEMINI_API_KEY=sk-x\nOTHER=1\nURL=http://h\n"
    assert take_back(now, "dotenv", puts)[0] == text + "\n"


def test_yaml_values_and_blocks():
    """A value is replaced where it stands; our entries stand first in a list, between two remarks;
    a name that is there stays.
    """
    text = "name: Mine # mine\nmodels:\n  - name: a\n    provider: x\nrules: []\n"
    entries = [{"name": "b", "roles": ["chat"]}]
    changes = (Change(("name",), "uni-api"), Change(("models", "+"), entries))
    now, puts = merge(text, "yaml", changes)
    assert now.startswith('name: Mine # mine\nmodels:\n  # uni-api: from here\n  - name: "b"\n')
    assert merge(now, "yaml", changes)[0] == now
    assert take_back(now, "yaml", puts)[0] == text
    alone, puts = merge("", "yaml", (Change(("models", "+"), entries),))
    assert alone.startswith("models:\n  # uni-api: from here\n")
    assert take_back(alone, "yaml", puts)[0].strip() == ""
    aider = merge("model: mine\ndark-mode: true\n", "yaml", (Change(("model",), "openai/x"),))[0]
    assert aider == 'model: "openai/x"\ndark-mode: true\n'


@pytest.mark.parametrize("text", ["a: [1\n", "- x\n", "models: [1]\n", "model: |\n  text\n"])
def test_yaml_that_cannot_be_edited_is_refused(text):
    """Broken, of another kind, in a form that has no line for each entry."""
    changes = (Change(("model",), "x"), Change(("models", "+"), [{"name": "b"}]))
    with pytest.raises(TextRefused):
        merge(text, "yaml", changes)


def test_a_long_list_of_ours_in_yaml_is_read_a_few_times_at_most():
    """PyYAML takes a second for two thousand entries: one text is composed once, and what is
    written is what would have been dumped.
    """
    entries = [{"name": f"m{n}: é", "model": "yes", "roles": ["chat"], "n": 1} for n in range(3)]
    composed.cache_clear()
    now, puts = merge("models:\n  - name: mine\n", "yaml", (Change(("models", "+"), entries),))
    assert yaml.safe_load(now)["models"] == [*entries, {"name": "mine"}]
    assert merge(now, "yaml", (Change(("models", "+"), entries),))[0] == now
    again, _ = take_back(now, "yaml", puts)
    assert yaml.safe_load(again) == {"models": [{"name": "mine"}]}
    assert composed.cache_info().misses <= 3
