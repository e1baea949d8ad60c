"""SeACo Paraformer with ONNX Runtime: in float32 the same text as torch, in int8 as many characters."""

from pathlib import Path

import pytest

from backend.engines.funasr import FunAsr, funasr_int8
from backend.engines.onnx_parts import replace_parts
from backend.engines.protocols import EngineContext, TranscribeOptions
from backend.engines.result_checks import check_sentences
from backend.speech.types import Sentence
from backend.weights.int8 import export, main
from tests.engines.tiny_funasr import build_models

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def models(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = build_models(tmp_path_factory.mktemp("models"), shared)
    (folder / "seaco-paraformer-int8").mkdir()
    main([str(folder / "seaco-paraformer"), str(folder / "seaco-paraformer-int8")])
    return folder


@pytest.fixture(scope="module")
def lecture(shared: Path) -> Path:
    return shared / "audio" / "clips" / "vad_example.wav"


@pytest.fixture(scope="module")
def torch_engine(models: Path) -> FunAsr:
    return FunAsr(EngineContext(models))


@pytest.mark.parametrize("hotwords", [(), ("天下", "大家")], ids=["no hotwords", "hotwords"])
def test_onnx_in_float32_gives_the_text_and_times_of_torch(
    models: Path, torch_engine: FunAsr, lecture: Path, tmp_path: Path, hotwords: tuple[str, ...]
) -> None:
    export(models / "seaco-paraformer", tmp_path)
    onnx_engine = FunAsr(EngineContext(models))
    replace_parts(onnx_engine._recogniser.model, tmp_path, 1)

    assert _transcribe(onnx_engine, lecture, hotwords) == _transcribe(torch_engine, lecture, hotwords)


def test_int8_recognises_every_chunk(models: Path, torch_engine: FunAsr, lecture: Path) -> None:
    torch_result = _transcribe(torch_engine, lecture)
    int8_result = check_sentences(_transcribe(funasr_int8(EngineContext(models)), lecture))

    assert not any(sentence.error for sentence in int8_result)
    # the predictor counts the characters in float32, and random weights do not change the count
    assert sum(len(sentence.words) for sentence in int8_result) == sum(len(sentence.words) for sentence in torch_result)
    assert (int8_result[0].start, int8_result[-1].end) == pytest.approx(
        (torch_result[0].start, torch_result[-1].end), abs=0.1
    )


def test_int8_runs_on_the_cpu_even_with_a_gpu(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)

    assert funasr_int8(EngineContext(models))._device == "cpu"


def test_int8_does_not_reuse_a_float32_checkpoint(
    models: Path, torch_engine: FunAsr, lecture: Path, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "finished.jsonl"
    torch_engine.transcribe(lecture, TranscribeOptions(checkpoint_file=checkpoint), _ignore)
    before = checkpoint.read_bytes()

    funasr_int8(EngineContext(models)).transcribe(lecture, TranscribeOptions(checkpoint_file=checkpoint), _ignore)

    assert checkpoint.read_bytes() != before


def _transcribe(engine: FunAsr, audio: Path, hotwords: tuple[str, ...] = ()) -> list[Sentence]:
    return engine.transcribe(audio, TranscribeOptions(hotwords=hotwords), _ignore)


def _ignore(_done: float, _total: float) -> None:
    pass
