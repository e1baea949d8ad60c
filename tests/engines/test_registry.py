"""The registry chooses the best installed engine and names the fetch command of others."""

import importlib.util
import json
from pathlib import Path

import pytest

from backend.engines.protocols import EngineError
from backend.engines.registry import ENGINES, available, best, choose, installed
from backend.weights.catalogue import MODELS, SETS


def put(models_dir: Path, *names: str) -> None:
    """Creates folders that the quick check takes for installed models."""
    for name in names:
        (models_dir / name).mkdir(parents=True, exist_ok=True)
        manifest = {"files": {}, "source": "", "revision": "", "licence": ""}
        (models_dir / name / "manifest.json").write_text(json.dumps(manifest))


def test_the_best_installed_engine_is_the_default(tmp_path: Path) -> None:
    put(tmp_path, "vosk-model-small-cn", "fsmn-vad", "pyannote-3.1")
    small = (best("transcribe", tmp_path, demo=False), best("diarize", tmp_path, demo=False))
    put(tmp_path, "seaco-paraformer", "ct-punc", "pyannote-community-1")
    full = (best("transcribe", tmp_path, demo=False), best("diarize", tmp_path, demo=False))

    assert small == ("vosk", "pyannote-3.1")
    assert full == ("funasr", "pyannote-community-1")
    assert available("transcribe", tmp_path, demo=False) == ["funasr", "vosk"]


def test_an_engine_with_one_model_missing_is_not_installed(tmp_path: Path) -> None:
    put(tmp_path, "seaco-paraformer", "fsmn-vad")

    assert not installed(ENGINES["funasr"], tmp_path)
    assert available("transcribe", tmp_path, demo=False) == []


def test_the_demo_uses_the_scripted_engine_by_default(tmp_path: Path) -> None:
    put(tmp_path, "vosk-model-small-cn", "fsmn-vad")

    assert choose("transcribe", None, tmp_path, demo=True) == "scripted"
    assert choose("diarize", None, tmp_path, demo=True) == "scripted-diarizer"
    assert choose("transcribe", "vosk", tmp_path, demo=True) == "vosk"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (None, "python -m backend models fetch --set full"),
        (None, "python -m backend models fetch --set small"),
        ("funasr", "python -m backend models fetch --set full"),
        ("vosk", "python -m backend models fetch --set tiny"),
        ("scripted", "--demo"),
        ("pyannote-3.1", "funasr, funasr-int8, whisper-large, whisper, vosk"),
        ("whisper", "python -m backend models fetch --set small"),
        ("kaldi", "funasr, funasr-int8, whisper-large, whisper, vosk"),
    ],
)
def test_an_unavailable_engine_is_refused_with_the_fetch_command(
    tmp_path: Path, name: str | None, expected: str
) -> None:
    with pytest.raises(EngineError) as raised:
        choose("transcribe", name, tmp_path, demo=False)

    assert raised.value.code == "model_missing"
    assert expected in raised.value.detail


def test_every_entry_names_an_adapter_and_models_in_its_fetch_set() -> None:
    for engine in ENGINES.values():
        module = engine.adapter.partition(":")[0]
        assert importlib.util.find_spec(module), engine.name
        assert set(engine.models) <= set(MODELS), engine.name
        assert set(engine.models) <= set(SETS[engine.fetch_set]), engine.name
