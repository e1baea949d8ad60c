"""The int8 model is generated from the installed weights and is outdated when they change."""

from dataclasses import replace
from pathlib import Path

import onnx
import pytest

from backend.checksums import sha256
from backend.weights.catalogue import MODELS
from backend.weights.downloads import FetchFailed
from backend.weights.fetch import fetch_from_folder, is_intact
from backend.weights.model import Hub, Origin, PinnedFile
from backend.weights.store import ModelDamaged, adopt, install_command, installed, verify
from tests.engines.tiny_funasr import build_recogniser

NAME, SOURCE = "seaco-paraformer-int8", "seaco-paraformer"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny recogniser instead of the real one."""
    folder = tmp_path_factory.mktemp("published")
    build_recogniser(folder / SOURCE)
    return folder


@pytest.fixture
def models(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models in which the tiny recogniser is installed."""
    publish(published, "v1", monkeypatch)
    adopt(published, tmp_path / "models", SOURCE)
    return tmp_path / "models"


def publish(folder: Path, revision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the hashes of this folder's files into the catalogue."""
    files = sorted(path.name for path in (folder / SOURCE).iterdir())
    pins = tuple(PinnedFile(name, name, sha256(folder / SOURCE / name)) for name in files)
    monkeypatch.setitem(
        MODELS, SOURCE, replace(MODELS[SOURCE], origins=(Origin((Hub("modelscope", "we/tiny", revision, pins),)),))
    )


def test_matrices_become_int8_and_the_output_layer_stays(models: Path) -> None:
    source = fetch_from_folder(models, NAME, models)

    assert source == "seaco-paraformer, on this machine"
    assert verify(models, NAME).source == source
    for file, chosen in (("encoder.onnx", 0), ("decoder.onnx", 1)):
        nodes = onnx.load(models / NAME / file).graph.node
        assert any(node.op_type == "MatMulInteger" for node in nodes), file
        assert sum("output_layer" in node.name and node.op_type == "MatMul" for node in nodes) == chosen, file


def test_an_existing_int8_model_is_not_made_again(models: Path) -> None:
    fetch_from_folder(models, NAME, models)
    before = (models / NAME / "encoder.onnx").stat()

    assert fetch_from_folder(models, NAME, models) is None
    assert (models / NAME / "encoder.onnx").stat().st_ino == before.st_ino


def test_without_the_weights_the_fetch_command_is_named(tmp_path: Path) -> None:
    with pytest.raises(FetchFailed, match=f"is made of {SOURCE}.* models fetch --set full"):
        fetch_from_folder(tmp_path, NAME, tmp_path)
    assert not (tmp_path / NAME).exists()


def test_other_weights_make_the_int8_model_outdated(
    published: Path, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch_from_folder(models, NAME, models)
    publish(published, "v2", monkeypatch)
    adopt(published, tmp_path / "models", SOURCE)

    assert not installed(models, NAME)
    with pytest.raises(ModelDamaged, match=f"made of other weights.*{install_command(NAME)}"):
        verify(models, NAME)

    fetch_from_folder(models, NAME, models)
    assert is_intact(models, NAME)


def test_the_int8_model_has_a_fetch_set_of_its_own() -> None:
    assert install_command(NAME) == "python -m backend models fetch --set int8"
    assert install_command(SOURCE) == "python -m backend models fetch --set full"
