"""Fixtures: the tiny FunASR engine with a spy on its recogniser, and its normal result for a lecture."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.engines.funasr import FunAsr
from backend.engines.protocols import EngineContext, TranscribeOptions
from backend.speech.text import spoken_characters
from backend.speech.types import Sentence
from tests.engines import tiny_funasr


class RecogniserSpy:
    """Wraps the real recogniser: records its calls and applies `fault` to them."""

    def __init__(self, real: Any) -> None:
        self.real = real
        self.calls: list[list[np.ndarray]] = []
        self.fault: Callable[[list[np.ndarray], Callable[[], Any]], Any] = lambda chunks, recognise: recognise()

    def generate(self, input: list[np.ndarray], **options: Any) -> Any:
        self.calls.append(input)
        return self.fault(input, lambda: self.real.generate(input=input, **options))


@pytest.fixture(scope="module")
def models(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_funasr.build_models(tmp_path_factory.mktemp("models"), shared)


@pytest.fixture(scope="module")
def loaded(models: Path) -> FunAsr:
    return FunAsr(EngineContext(models))


@pytest.fixture
def engine(loaded: FunAsr) -> Iterator[FunAsr]:
    """The engine with a RecogniserSpy around its recogniser."""
    real = loaded._recogniser
    loaded._recogniser = RecogniserSpy(real)
    yield loaded
    loaded._recogniser = real


@pytest.fixture(scope="module")
def lecture(shared: Path) -> Path:
    return shared / "audio" / "clips" / "vad_example.wav"


@pytest.fixture(scope="module")
def plain(loaded: FunAsr, lecture: Path) -> list[Sentence]:
    """The result of the engine without a fault."""
    return loaded.transcribe(lecture, TranscribeOptions(), ignore)


def ignore(done: float, total: float, /) -> None:
    pass


def text_of(sentences: list[Sentence]) -> str:
    return "".join(spoken_characters(sentence.text) for sentence in sentences)
