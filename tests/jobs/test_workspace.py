from pathlib import Path

import pytest

from backend.jobs.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "recording").mkdir()
    workspace = Workspace(tmp_path / "recording" / "jobs" / "job")
    workspace.open()
    return workspace


def test_an_artifact_with_a_checksum_is_found_with_its_facts(workspace: Workspace) -> None:
    workspace.path("speech.wav").write_bytes(b"sound")
    workspace.record_checksum("speech.wav", {"seconds": 1.5})

    assert workspace.facts("speech.wav") == {"seconds": 1.5}


def test_an_artifact_without_a_checksum_is_not_used(workspace: Workspace) -> None:
    workspace.path("turns.json").write_text("[]")

    assert workspace.facts("turns.json") is None
    assert workspace.read("turns.json") is None


@pytest.mark.parametrize("position", [0, 7, -1])
def test_an_artifact_with_one_changed_byte_is_not_used(workspace: Workspace, position: int) -> None:
    workspace.write("document.json", {"text": "大家好"})
    content = bytearray(workspace.path("document.json").read_bytes())
    content[position] ^= 1
    workspace.path("document.json").write_bytes(content)

    assert workspace.read("document.json") is None


def test_a_truncated_checksum_file_counts_as_none(workspace: Workspace) -> None:
    workspace.write("document.json", [])
    checksum_file = workspace.path("document.json.seal")
    checksum_file.write_bytes(checksum_file.read_bytes()[:-5])

    assert workspace.facts("document.json") is None


def test_a_discarded_artifact_is_gone(workspace: Workspace) -> None:
    workspace.write("turns.json", [])
    workspace.discard("turns.json", "never-there.json")

    assert workspace.facts("turns.json") is None
    assert not workspace.path("turns.json").exists()


def test_opening_a_workspace_does_not_recreate_a_deleted_recording(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Workspace(tmp_path / "deleted" / "jobs" / "job").open()


@pytest.fixture
def later(workspace: Workspace) -> Workspace:
    """The workspace of another job of the same recording."""
    later = Workspace(workspace.folder.with_name("later"))
    later.open()
    return later


def test_an_artifact_of_an_earlier_job_is_reused_and_outlives_it(workspace: Workspace, later: Workspace) -> None:
    workspace.path("turns.json").write_bytes(b"[1]")
    workspace.record_checksum("turns.json", {"engine": "x", "speakers": [2, 3]})

    assert later.reuse("turns.json", {"engine": "x", "speakers": [2, 3]}) is not None
    assert later.path("turns.json").samefile(workspace.path("turns.json"))
    workspace.remove()

    assert later.read("turns.json") == [1]


def test_artifacts_with_other_facts_or_damage_are_not_reused(workspace: Workspace, later: Workspace) -> None:
    workspace.path("turns.json").write_bytes(b"[1]")
    workspace.record_checksum("turns.json", {"engine": "x"})

    assert later.reuse("turns.json", {"engine": "y"}) is None
    assert later.reuse("speech.wav") is None
    workspace.path("turns.json").write_bytes(b"[2]")
    assert later.reuse("turns.json", {"engine": "x"}) is None
    assert list(later.folder.iterdir()) == []
