"""`connect --write` and `--undo`: merged, never twice, byte for byte as before, and nothing of
anybody else's is lost.
"""

import json
import os

import pytest

from uniapi.connect import RECIPES, Connection, choose_models
from uniapi.connect.written import WrittenSettings
from uniapi.errors import StartError

MODELS = choose_models(["gpt-6.1-sol", "gemini-3.8-flash"])


def connection(port=8000, models=MODELS):
    return Connection(
        root=f"http://127.0.0.1:{port}",
        key="sk-0123456789abcdef",
        models=models,
        codex_catalog={"models": [{"slug": "gemini-3.8-flash"}]},
    )


class Home:
    """A home folder, and one client's settings in it."""

    def __init__(self, folder, client, **environment):
        self.folder = folder
        self.recipe = RECIPES[client]
        self.settings = WrittenSettings(client, folder, environment)

    def write(self, **more):
        return self.settings.write(self.recipe.files(connection(**more)))

    def undo(self):
        return self.settings.undo()

    def tree(self):
        """Every file and its bytes."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and ".local" not in path.parts
        }


@pytest.fixture
def claude(tmp_path):
    home = Home(tmp_path, "claude")
    (tmp_path / ".claude").mkdir()
    return home


SETTINGS = (
    b'{\n  // mine\n  "theme": "dark",\n  "env": {"ANTHROPIC_BASE_URL": "https://other"},\n}\n'
)


@pytest.mark.parametrize(
    "client", [name for name, one in RECIPES.items() if one.files(connection())]
)
def test_an_empty_home_is_empty_again(tmp_path, client):
    """Every client: written, written again without a change, undone."""
    home = Home(tmp_path, client)
    assert any("written" in line for line in home.write())
    wrote = home.tree()
    assert home.write() == ["nothing to write: it is all there already"]
    assert home.tree() == wrote
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.rglob("*") if path.is_file())
    home.undo()
    assert home.tree() == {}
    assert list(tmp_path.iterdir()) == [] or [p.name for p in tmp_path.iterdir()] == [".local"]


def test_another_tools_settings_come_back_byte_for_byte(claude):
    """Comments, order, blanks, mode; written twice with different values in between. Nobody else
    may read the file while a key stands in it.
    """
    file = claude.folder / ".claude/settings.json"
    file.write_bytes(SETTINGS)
    file.chmod(0o644)
    said = claude.write()
    assert any("env.ANTHROPIC_BASE_URL had another value" in line for line in said)
    assert b"// mine" in file.read_bytes()
    claude.write(port=9000)
    assert b"127.0.0.1:9000" in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    claude.undo()
    assert file.read_bytes() == SETTINGS
    assert file.stat().st_mode & 0o777 == 0o644
    assert "nothing is undone" in claude.undo()[0]


def test_what_was_changed_in_between_stays(claude):
    """The client wrote a setting of its own since: ours goes, the other's stays, and its older
    address is there again.
    """
    file = claude.folder / ".claude/settings.json"
    file.write_bytes(SETTINGS)
    mode = file.stat().st_mode & 0o777
    claude.write()
    file.write_bytes(file.read_bytes().replace(b'"dark"', b'"light"'))
    claude.write(port=9000)
    claude.undo()
    assert file.read_bytes() == SETTINGS.replace(b'"dark"', b'"light"')
    assert file.stat().st_mode & 0o777 == mode


def test_a_link_stays_a_link(claude):
    """Dotfiles in a repository: the file behind the link is changed and comes back."""
    real = claude.folder / "dotfiles.json"
    real.write_bytes(b"{}\n")
    link = claude.folder / ".claude/settings.json"
    link.symlink_to(real)
    claude.write()
    assert link.is_symlink()
    assert "127.0.0.1" in real.read_text()
    claude.undo()
    assert link.is_symlink()
    assert real.read_bytes() == b"{}\n"


@pytest.mark.parametrize("content", [b'{"a": ', b"\xff\xfe", b"[]"])
def test_a_file_that_cannot_be_merged_into_is_left(claude, content):
    """Broken, no text, no object: exit 2, named, untouched, nothing remembered."""
    file = claude.folder / ".claude/settings.json"
    file.write_bytes(content)
    with pytest.raises(StartError, match=r"settings\.json is left as it is") as refused:
        claude.write()
    assert refused.value.exit_code == 2
    assert claude.tree() == {".claude/settings.json": content}


def test_a_folder_in_the_files_place_is_named(claude):
    """No traceback: what it is, and where."""
    (claude.folder / ".claude/settings.json").mkdir()
    with pytest.raises(StartError, match="cannot be read"):
        claude.write()


def test_the_second_file_that_fails_undoes_the_first(tmp_path):
    """Codex has two files: when the second cannot be written, the first is as before."""
    home = Home(tmp_path, "gemini")
    (tmp_path / ".gemini").mkdir()
    (tmp_path / ".gemini/settings.json").write_bytes(b"{}")
    (tmp_path / ".gemini/.env").symlink_to(tmp_path / "file" / "below")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StartError):
        home.write()
    assert (tmp_path / ".gemini/settings.json").read_bytes() == b"{}"


def test_a_variable_moves_the_folder(tmp_path):
    """CLAUDE_CONFIG_DIR, CODEX_HOME, XDG_CONFIG_HOME: as the client itself does."""
    Home(tmp_path, "claude", CLAUDE_CONFIG_DIR=str(tmp_path / "elsewhere")).write()
    assert (tmp_path / "elsewhere/settings.json").exists()
    other = tmp_path / "xdg"
    Home(tmp_path, "opencode", XDG_CONFIG_HOME=str(other)).write()
    assert (other / "opencode/opencode.json").exists()


def test_the_name_that_is_there_is_taken(tmp_path):
    """OpenCode reads `.jsonc` too: a second file would be merged over the first."""
    folder = tmp_path / ".config/opencode"
    folder.mkdir(parents=True)
    (folder / "opencode.jsonc").write_text("{ // mine\n}\n")
    home = Home(tmp_path, "opencode")
    home.write()
    assert [path.name for path in folder.iterdir()] == ["opencode.jsonc"]
    text = (folder / "opencode.jsonc").read_text()
    assert "// mine" in text
    assert "uni-api/gpt-6.1-sol" in text


def test_a_state_that_cannot_be_kept_writes_nothing(claude):
    """Backup first: where there is no room for it, the settings stay."""
    (claude.folder / ".claude/settings.json").write_bytes(b"{}")
    (claude.folder / ".local").write_bytes(b"in the way")
    with pytest.raises(StartError, match="nothing is written"):
        claude.write()
    assert (claude.folder / ".claude/settings.json").read_bytes() == b"{}"


def test_a_client_that_learned_more_models_is_written_anew(tmp_path):
    """The list of models is one member: it is replaced as a whole, and goes as a whole."""
    home = Home(tmp_path, "opencode")
    home.write()
    home.write(models=choose_models(["deepseek-chat"]))
    value = json.loads((tmp_path / ".config/opencode/opencode.json").read_text())
    assert list(value["provider"]["uni-api"]["models"]) == ["deepseek-chat"]
    assert os.listdir(tmp_path / ".config/opencode") == ["opencode.json"]
