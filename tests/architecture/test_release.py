"""The release cannot be taken over by a moved tag, and the container is no open door."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = [*(ROOT / ".github" / "workflows").glob("*.y*ml")]
USES = re.compile(r"^\s*-? *uses: *(\S+)", re.MULTILINE)
PINNED = re.compile(r"[\w./-]+@[0-9a-f]{40}")


def test_actions_are_named_by_their_whole_commit():
    used = [name for path in WORKFLOWS for name in USES.findall(path.read_text())]
    assert len(used) > 5
    assert [name for name in used if not PINNED.fullmatch(name)] == []


def test_only_the_release_may_write_and_it_compares_what_was_built():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())
    assert workflow["permissions"] == {"contents": "read"}
    jobs = workflow["jobs"]
    writing = [name for name, job in jobs.items() if "permissions" in job]
    assert writing == ["release", "pypi", "image", "image-names"]
    assert jobs["pypi"]["needs"] == jobs["image"]["needs"] == "release"
    assert jobs["image-names"]["needs"] == "image"
    release = workflow["jobs"]["release"]
    assert {"gate", "build", "rebuild"} <= set(release["needs"])
    assert "startsWith(github.ref, 'refs/tags/v')" in release["if"]
    text = str(release["steps"])
    assert "needs.build.outputs.sums" in text
    assert "needs.rebuild.outputs.sums" in text
    assert ".ci/run" not in str(workflow["jobs"]["build"])


def test_a_container_is_not_root_and_listens_to_its_machine_only():
    (user,) = re.findall(r"^USER (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert user.split(":")[0] not in ("0", "root")
    service = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["uni-api"]
    assert all(port.startswith("${UNIAPI_BIND:-127.0.0.1}:") for port in service["ports"])
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
