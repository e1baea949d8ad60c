"""SeACo Paraformer by ONNX Runtime: the same text as torch where nothing is quantised, and nothing lost where it is."""

from pathlib import Path

import pytest

from backend.engines.checks import check_sentences
from backend.engines.funasr import FunAsr, in_int8
from backend.engines.onnx_parts import replace_parts
from backend.engines.ports import Home, Listening
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
def in_torch(models: Path) -> FunAsr:
    return FunAsr(Home(models))


@pytest.mark.parametrize("hotwords", [(), ("天下", "大家")], ids=["no hotwords", "hotwords"])
def test_onnx_in_float32_says_the_text_and_the_times_of_torch(
    models: Path, in_torch: FunAsr, lecture: Path, tmp_path: Path, hotwords: tuple[str, ...]
) -> None:
    export(models / "seaco-paraformer", tmp_path)
    by_onnx = FunAsr(Home(models))
    replace_parts(by_onnx._recogniser.model, tmp_path, 1)

    assert _hear(by_onnx, lecture, hotwords) == _hear(in_torch, lecture, hotwords)


def test_int8_hears_every_piece(models: Path, in_torch: FunAsr, lecture: Path) -> None:
    whole = _hear(in_torch, lecture)
    narrow = check_sentences(_hear(in_int8(Home(models)), lecture))

    assert not any(sentence.error for sentence in narrow)
    # the count of characters is made in float32, of what int8 has heard: random weights tell it the same
    assert sum(len(sentence.words) for sentence in narrow) == sum(len(sentence.words) for sentence in whole)
    assert (narrow[0].start, narrow[-1].end) == pytest.approx((whole[0].start, whole[-1].end), abs=0.1)


def test_int8_stays_on_the_processor_where_there_is_a_gpu(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)

    assert in_int8(Home(models))._device == "cpu"


def test_what_float32_has_heard_is_heard_again_in_int8(
    models: Path, in_torch: FunAsr, lecture: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "finished.jsonl"
    in_torch.transcribe(lecture, Listening(finished=kept), _ignore)
    before = kept.read_bytes()

    in_int8(Home(models)).transcribe(lecture, Listening(finished=kept), _ignore)

    assert kept.read_bytes() != before


def _hear(engine: FunAsr, audio: Path, hotwords: tuple[str, ...] = ()) -> list[Sentence]:
    return engine.transcribe(audio, Listening(hotwords=hotwords), _ignore)


def _ignore(_done: float, _total: float) -> None:
    pass
