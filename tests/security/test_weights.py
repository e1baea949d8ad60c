"""Loading a model file can run code, so files that differ from the known ones are not loaded."""

import hashlib
import json
import pickle
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from backend.engines.host import EngineHost
from backend.engines.protocols import EngineContext, EngineError
from backend.engines.registry import ENGINES
from backend.weights.catalogue import MODELS
from backend.weights.pyannote_checkpoints import write_pipeline
from tests.recordings.conftest import wav

REAL = [name for name, engine in ENGINES.items() if not engine.demo]


class Canary:
    """Unpickling it creates a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.mark), "w")


def checkpoint(mark: Path) -> bytes:
    """A pickle in a zip, as torch stores its weights."""
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Canary(mark), protocol=2))  # as torch does
        archive.writestr("archive/version", "3")
    return content.getvalue()


def install_fake_model(models: Path, engine: str, content: bytes, digest: str) -> None:
    """Write `content` into every file of every model of `engine`, with manifests that name `digest`."""
    for name in ENGINES[engine].models:
        for path in MODELS[name].files:
            (models / name / path).parent.mkdir(parents=True, exist_ok=True)
            (models / name / path).write_bytes(content)
        facts = {"size": len(content), "sha256": digest}
        manifest = {"files": dict.fromkeys(MODELS[name].files, facts), "source": "", "revision": "", "licence": ""}
        (models / name / "manifest.json").write_text(json.dumps(manifest))


async def refusal(engine: str, models: Path, folder: Path) -> str:
    """The error code of a request to this engine."""
    audio = folder / "speech.wav"
    audio.write_bytes(wav(1))
    hints = {"min_speakers": None, "max_speakers": None}
    options = (
        hints if ENGINES[engine].task == "diarize" else {"language": "zh", "hotwords": [], "checkpoint_file": None}
    )
    host = EngineHost(engine, EngineContext(models, 1, None), idle_seconds=600, memory_bytes=8e9)
    try:
        with pytest.raises(EngineError) as error:
            request = {"audio": str(audio), "result": str(folder / "result.json"), "options": options}
            await host.run(request, lambda _done, _total: None)
    finally:
        await host.close()
    return error.value.code if error.value.code != "engine_failed" else error.value.detail


def test_loading_the_canary_creates_its_file(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Canary(tmp_path / "mark"))).close()  # noqa: S301

    assert (tmp_path / "mark").exists()


@pytest.mark.parametrize("engine", REAL)
async def test_a_model_with_a_changed_file_is_not_loaded(tmp_path: Path, engine: str) -> None:
    mark = tmp_path / "mark"
    install_fake_model(tmp_path / "models", engine, checkpoint(mark), "0" * 64)

    assert await refusal(engine, tmp_path / "models", tmp_path) == "model_damaged"
    assert not mark.exists()


@pytest.mark.parametrize("engine", [name for name in REAL if name != "pyannote-3.1"])
async def test_a_changed_file_is_refused_even_with_a_matching_manifest(tmp_path: Path, engine: str) -> None:
    mark = tmp_path / "mark"
    content = checkpoint(mark)
    install_fake_model(tmp_path / "models", engine, content, hashlib.sha256(content).hexdigest())

    assert await refusal(engine, tmp_path / "models", tmp_path) == "model_damaged"
    assert not mark.exists()


async def test_a_locally_created_checkpoint_with_foreign_code_is_not_loaded(tmp_path: Path) -> None:
    """The catalogue has no checksums for pyannote 3.1, so these checkpoints are inspected before they are loaded."""
    mark, models = tmp_path / "mark", tmp_path / "models"
    model = models / "pyannote-3.1"
    install_fake_model(models, "pyannote-3.1", checkpoint(mark), "")
    write_pipeline(model)
    files = {path: (model / path).read_bytes() for path in MODELS["pyannote-3.1"].files}
    facts = {path: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for path, data in files.items()}
    manifest = {"files": facts, "source": "", "revision": "", "licence": ""}
    (model / "manifest.json").write_text(json.dumps(manifest))

    assert await refusal("pyannote-3.1", models, tmp_path) == "model_damaged"
    assert not mark.exists()
