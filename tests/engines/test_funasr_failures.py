"""Failures of chunks, batches, the GPU and punctuation affect no more than they must."""

# ruff: noqa: F811  (fixtures are imported, and asked for by their names)

import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest
import torch

from backend.engines.funasr import FunAsr
from backend.engines.protocols import EngineError, TranscribeOptions
from backend.engines.wav_reader import RATE
from backend.speech.text import join
from backend.speech.types import Sentence
from tests.engines.recogniser import engine, ignore, lecture, loaded, models, plain, text_of  # noqa: F401  (fixtures)

pytestmark = pytest.mark.shared


class Activations:
    """Stands for the tensors of a forward pass."""


def test_a_batch_with_a_wrong_number_of_results_is_repeated_chunk_by_chunk(engine: FunAsr, lecture: Path) -> None:
    texts = set()
    for change in (
        lambda results: [],
        lambda results: results[1:],
        lambda results: [{"text": ""}],
        lambda results: [*results, results[0]],
    ):
        engine._recogniser.fault = lambda chunks, recognise, change=change: (
            change(recognise()) if len(chunks) > 1 else recognise()
        )
        texts.add(text_of(engine.transcribe(lecture, TranscribeOptions(), ignore)))
        one_by_one = [call for call in engine._recogniser.calls if len(call) == 1]

    (text,) = texts
    assert len(text) > 100
    assert len(one_by_one) == 4 * 12


def test_a_failing_chunk_is_an_error_sentence_and_affects_no_other(
    engine: FunAsr, lecture: Path, plain: list[Sentence]
) -> None:
    engine.transcribe(lecture, TranscribeOptions(), ignore)
    chunks = [chunk for call in engine._recogniser.calls for chunk in call]
    bad_length = max(len(chunk) for chunk in chunks)

    def fail(chunks: list[np.ndarray], recognise: Callable[[], Any]) -> Any:
        if any(len(chunk) == bad_length for chunk in chunks):
            raise RuntimeError("shapes do not match")
        return recognise()

    engine._recogniser.fault = fail
    sentences = engine.transcribe(lecture, TranscribeOptions(), ignore)

    (failed,) = [sentence for sentence in sentences if sentence.error]
    assert (failed.error, failed.text, failed.words) == ("asr_error", "", ())
    assert failed.end - failed.start == pytest.approx(bad_length / RATE, abs=0.01)
    outside = [word for sentence in plain for word in sentence.words if not failed.start < word.start < failed.end]
    assert text_of(sentences) == "".join(word.text for word in outside)
    assert [sentence.start for sentence in sentences] == sorted(sentence.start for sentence in sentences)


def test_if_no_chunk_can_be_recognised_the_engine_fails(engine: FunAsr, lecture: Path) -> None:
    def fail(chunks: list[np.ndarray], recognise: Callable[[], Any]) -> Any:
        raise RuntimeError("the weights are of another model")

    engine._recogniser.fault = fail

    with pytest.raises(EngineError) as caught:
        engine.transcribe(lecture, TranscribeOptions(), ignore)

    assert caught.value.code == "engine_failed"
    assert "another model" in caught.value.detail


def test_a_batch_that_does_not_fit_the_gpu_is_halved(engine: FunAsr, lecture: Path, plain: list[Sentence]) -> None:
    def small(chunks: list[np.ndarray], recognise: Callable[[], Any]) -> Any:
        if len(chunks) > 2:
            raise torch.cuda.OutOfMemoryError("no room")
        return recognise()

    engine._recogniser.fault = small

    # padding changes the last decimals, which can change characters with random weights
    assert jiwer.cer(text_of(plain), text_of(engine.transcribe(lecture, TranscribeOptions(), ignore))) < 0.01
    assert 2 in {len(call) for call in engine._recogniser.calls}


def test_tensors_of_a_failed_batch_are_freed_before_it_is_halved(engine: FunAsr, lecture: Path) -> None:
    created: list[weakref.ref[Activations]] = []
    alive: list[bool] = []

    def small(chunks: list[np.ndarray], recognise: Callable[[], Any]) -> Any:
        alive.append(any(activations() is not None for activations in created))
        if len(chunks) == 1:
            return recognise()
        activations = Activations()
        created.append(weakref.ref(activations))
        raise torch.cuda.OutOfMemoryError("no room")

    engine._recogniser.fault = small
    engine.transcribe(lecture, TranscribeOptions(), ignore)

    assert len(created) > 1
    assert not any(alive)


def test_a_gpu_without_memory_for_one_chunk_is_out_of_memory(engine: FunAsr, lecture: Path) -> None:
    def none(chunks: list[np.ndarray], recognise: Callable[[], Any]) -> Any:
        raise torch.cuda.OutOfMemoryError("no room")

    engine._recogniser.fault = none

    with pytest.raises(EngineError) as caught:
        engine.transcribe(lecture, TranscribeOptions(), ignore)

    assert (caught.value.code, caught.value.retry) == ("out_of_memory", True)


@pytest.mark.parametrize("message", ["DefaultCPUAllocator: can't allocate memory", "CUDA error: unspecified"])
def test_a_machine_error_is_not_an_error_of_a_chunk(engine: FunAsr, lecture: Path, message: str) -> None:
    def fail(chunks: list[np.ndarray], recognise: Callable[[], Any]) -> Any:
        if len(engine._recogniser.calls) > 1:
            raise RuntimeError(message)
        return recognise()

    engine._recogniser.fault = fail

    with pytest.raises(RuntimeError, match=message):
        engine.transcribe(lecture, TranscribeOptions(), ignore)


def test_words_stay_without_marks_if_punctuation_fails(
    engine: FunAsr, lecture: Path, plain: list[Sentence], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def generate(self, **options: Any) -> Any:
            raise IndexError("list index out of range")

    monkeypatch.setattr(engine, "_punctuation", Broken())
    sentences = engine.transcribe(lecture, TranscribeOptions(), ignore)

    assert text_of(sentences) == text_of(plain)
    assert all(sentence.text == join(sentence.words) for sentence in sentences)


@pytest.mark.parametrize(
    "fault", [torch.cuda.OutOfMemoryError("no room"), RuntimeError("CUDA error: unspecified launch failure")]
)
def test_a_gpu_failure_in_punctuation_is_raised(
    engine: FunAsr, lecture: Path, monkeypatch: pytest.MonkeyPatch, fault: RuntimeError
) -> None:
    class Full:
        def generate(self, **options: Any) -> Any:
            raise fault

    monkeypatch.setattr(engine, "_punctuation", Full())

    with pytest.raises(RuntimeError, match=str(fault)):
        engine.transcribe(lecture, TranscribeOptions(), ignore)
