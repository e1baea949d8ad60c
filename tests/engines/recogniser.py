"""The tiny FunASR with its recogniser watched, and what it says of a lecture when all is well."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.engines.funasr import FunAsr
from backend.engines.ports import Home, Listening
from backend.speech.text import bare
from backend.speech.types import Sentence
from tests.engines import tiny_funasr


class Recogniser:
    """Stands before the real recogniser: counts its calls, and does to them what `trouble` says."""

    def __init__(self, real: Any) -> None:
        self.real = real
        self.calls: list[list[np.ndarray]] = []
        self.trouble: Callable[[list[np.ndarray], Callable[[], Any]], Any] = lambda pieces, hear: hear()

    def generate(self, input: list[np.ndarray], **options: Any) -> Any:
        self.calls.append(input)
        return self.trouble(input, lambda: self.real.generate(input=input, **options))


@pytest.fixture(scope="module")
def models(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_funasr.build_models(tmp_path_factory.mktemp("models"), shared)


@pytest.fixture(scope="module")
def loaded(models: Path) -> FunAsr:
    return FunAsr(Home(models))


@pytest.fixture
def engine(loaded: FunAsr) -> Iterator[FunAsr]:
    """The engine with a Recogniser before its recogniser."""
    real = loaded._recogniser
    loaded._recogniser = Recogniser(real)
    yield loaded
    loaded._recogniser = real


@pytest.fixture(scope="module")
def lecture(shared: Path) -> Path:
    return shared / "audio" / "clips" / "vad_example.wav"


@pytest.fixture(scope="module")
def plain(loaded: FunAsr, lecture: Path) -> list[Sentence]:
    """What the engine says when all is well."""
    return loaded.transcribe(lecture, Listening(), ignore)


def ignore(done: float, total: float, /) -> None:
    pass


def text_of(sentences: list[Sentence]) -> str:
    return "".join(bare(sentence.text) for sentence in sentences)
