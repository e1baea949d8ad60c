"""Which models count as installed, and how damage is found."""

import json
from pathlib import Path

import pytest

from backend.checksums import sha256
from backend.weights.catalogue import MODELS
from backend.weights.store import ModelDamaged, ModelMissing, StagingFolder, adopt, install, installed, verify


@pytest.mark.usefixtures("toy")
class TestAToyModel:
    def test_an_adopted_model_is_installed_and_verifies(self, toy_folder: Path, tmp_path: Path) -> None:
        adopt(toy_folder, tmp_path / "models", "toy")

        assert installed(tmp_path / "models", "toy")
        assert verify(tmp_path / "models", "toy").licence == "MIT"

    def test_the_models_own_folder_can_be_adopted(self, toy_folder: Path, tmp_path: Path) -> None:
        adopt(toy_folder / "toy", tmp_path / "models", "toy")

        assert installed(tmp_path / "models", "toy")

    def test_the_manifest_lists_the_installed_files(self, toy_folder: Path, tmp_path: Path) -> None:
        adopt(toy_folder, tmp_path / "models", "toy")

        manifest = json.loads((tmp_path / "models" / "toy" / "manifest.json").read_text())
        assert set(manifest) == {"files", "source", "revision", "licence"}
        assert manifest["files"]["config.yaml"]["size"] == 11

    def test_a_missing_model_names_its_install_command(self, tmp_path: Path) -> None:
        assert not installed(tmp_path, "toy")
        with pytest.raises(ModelMissing, match="python -m backend models fetch --set small"):
            verify(tmp_path, "toy")

    def test_a_folder_without_a_manifest_is_not_a_model(self, toy_folder: Path) -> None:
        assert not installed(toy_folder, "toy")

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"files": []}', '{"files": {"a": 1}}'])
    def test_an_unreadable_manifest_counts_as_absent(self, text: str, toy_folder: Path) -> None:
        (toy_folder / "toy" / "manifest.json").write_text(text)

        assert not installed(toy_folder, "toy")

    def test_verify_finds_one_changed_byte(self, toy_folder: Path, tmp_path: Path) -> None:
        adopt(toy_folder, tmp_path / "models", "toy")
        weights = tmp_path / "models" / "toy" / "sub" / "weights.bin"
        weights.write_bytes(weights.read_bytes()[:-1] + b"x")

        assert installed(tmp_path / "models", "toy"), "the quick look counts bytes only"
        with pytest.raises(ModelDamaged, match=r"sub/weights\.bin .* python -m backend models fetch"):
            verify(tmp_path / "models", "toy")

    def test_a_missing_or_truncated_file_is_found_by_the_quick_check(self, toy_folder: Path, tmp_path: Path) -> None:
        adopt(toy_folder, tmp_path / "models", "toy")
        weights = tmp_path / "models" / "toy" / "sub" / "weights.bin"
        weights.write_bytes(b"short")
        assert not installed(tmp_path / "models", "toy")

        weights.unlink()
        assert not installed(tmp_path / "models", "toy")

    def test_a_changed_manifest_does_not_make_a_foreign_file_valid(self, toy_folder: Path, tmp_path: Path) -> None:
        adopt(toy_folder, tmp_path / "models", "toy")
        folder = tmp_path / "models" / "toy"
        manifest = json.loads((folder / "manifest.json").read_text())
        (folder / "config.yaml").write_bytes(b"model: bad\n")
        manifest["files"]["config.yaml"]["sha256"] = sha256(folder / "config.yaml")
        (folder / "manifest.json").write_text(json.dumps(manifest))

        with pytest.raises(ModelDamaged, match="not the expected file"):
            verify(tmp_path / "models", "toy")

    def test_a_wrong_file_is_not_adopted_and_nothing_is_left(self, toy_folder: Path, tmp_path: Path) -> None:
        (toy_folder / "toy" / "config.yaml").write_bytes(b"model: bad\n")

        with pytest.raises(ModelDamaged, match=r"config\.yaml"):
            adopt(toy_folder, tmp_path / "models", "toy")
        assert not (tmp_path / "models" / "toy").exists()
        assert list((tmp_path / "models" / ".incoming").iterdir()) == []

    def test_a_folder_that_lacks_a_file_is_refused(self, toy_folder: Path, tmp_path: Path) -> None:
        (toy_folder / "toy" / "config.yaml").unlink()

        with pytest.raises(ModelMissing, match=r"no config\.yaml"):
            adopt(toy_folder, tmp_path / "models", "toy")

    def test_installing_again_replaces_the_old_folder(self, toy_folder: Path, tmp_path: Path) -> None:
        adopt(toy_folder, tmp_path / "models", "toy")
        (tmp_path / "models" / "toy" / "leftover").write_text("old")

        adopt(toy_folder, tmp_path / "models", "toy")

        assert not (tmp_path / "models" / "toy" / "leftover").exists()
        assert list((tmp_path / "models" / ".incoming").iterdir()) == []


def test_files_generated_on_another_machine_are_adopted_by_their_manifest(tmp_path: Path) -> None:
    """Checkpoints may differ slightly between machines, and a whole `models/` folder must be movable."""
    target, source = tmp_path / "here", tmp_path / "there"
    with StagingFolder(source, "pyannote-3.1") as staging:
        _write_fake_files(staging)
        install(staging, source, "pyannote-3.1", source="somewhere", revision="1")

    adopt(source, target, "pyannote-3.1")

    assert verify(target, "pyannote-3.1").source == "somewhere"


def test_files_generated_on_another_machine_need_a_manifest(tmp_path: Path) -> None:
    _write_fake_files(tmp_path / "pyannote-3.1")

    with pytest.raises(ModelDamaged):
        adopt(tmp_path, tmp_path / "models", "pyannote-3.1")


@pytest.mark.shared
@pytest.mark.parametrize("name", ["fsmn-vad", "vosk-model-small-cn", "pyannote-3.1"])
def test_the_shared_models_are_adopted(name: str, shared: Path, tmp_path: Path) -> None:
    adopt(shared / "models", tmp_path, name)

    assert installed(tmp_path, name)
    verify(tmp_path, name)


def _write_fake_files(folder: Path) -> None:
    for path in MODELS["pyannote-3.1"].files:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(path.encode())
