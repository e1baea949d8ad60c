from pathlib import Path

import pytest

from backend.jobs.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "recording").mkdir()
    workspace = Workspace(tmp_path / "recording" / "jobs" / "job")
    workspace.open()
    return workspace


def test_a_sealed_artifact_is_found_again_with_its_facts(workspace: Workspace) -> None:
    workspace.path("speech.wav").write_bytes(b"sound")
    workspace.seal("speech.wav", {"seconds": 1.5})

    assert workspace.facts("speech.wav") == {"seconds": 1.5}


def test_an_artifact_without_its_seal_does_not_count(workspace: Workspace) -> None:
    workspace.path("turns.json").write_text("[]")

    assert workspace.facts("turns.json") is None
    assert workspace.read("turns.json") is None


@pytest.mark.parametrize("place", [0, 7, -1])
def test_one_changed_byte_makes_an_artifact_worthless(workspace: Workspace, place: int) -> None:
    workspace.write("document.json", {"text": "大家好"})
    content = bytearray(workspace.path("document.json").read_bytes())
    content[place] ^= 1
    workspace.path("document.json").write_bytes(content)

    assert workspace.read("document.json") is None


def test_a_torn_seal_counts_as_none(workspace: Workspace) -> None:
    workspace.write("document.json", [])
    seal = workspace.path("document.json.seal")
    seal.write_bytes(seal.read_bytes()[:-5])

    assert workspace.facts("document.json") is None


def test_forgetting_makes_a_stage_run_again(workspace: Workspace) -> None:
    workspace.write("turns.json", [])
    workspace.forget("turns.json", "never-there.json")

    assert workspace.facts("turns.json") is None
    assert not workspace.path("turns.json").exists()


def test_a_deleted_recording_is_not_brought_back(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Workspace(tmp_path / "deleted" / "jobs" / "job").open()


@pytest.fixture
def later(workspace: Workspace) -> Workspace:
    """The workspace of another job of the same recording."""
    later = Workspace(workspace.folder.with_name("later"))
    later.open()
    return later


def test_what_an_earlier_job_made_is_taken_over_and_outlives_it(workspace: Workspace, later: Workspace) -> None:
    workspace.path("turns.json").write_bytes(b"[1]")
    workspace.seal("turns.json", {"engine": "x", "speakers": [2, 3]})

    assert later.take_over("turns.json", {"engine": "x", "speakers": [2, 3]}) is not None
    assert later.path("turns.json").samefile(workspace.path("turns.json"))
    workspace.remove()

    assert later.read("turns.json") == [1]


def test_what_was_made_otherwise_or_is_damaged_is_not_taken_over(workspace: Workspace, later: Workspace) -> None:
    workspace.path("turns.json").write_bytes(b"[1]")
    workspace.seal("turns.json", {"engine": "x"})

    assert later.take_over("turns.json", {"engine": "y"}) is None
    assert later.take_over("speech.wav") is None
    workspace.path("turns.json").write_bytes(b"[2]")
    assert later.take_over("turns.json", {"engine": "x"}) is None
    assert list(later.folder.iterdir()) == []
