"""Pieces, batches, the GPU or the punctuation fail: each costs no more than it must."""

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
from backend.engines.ports import EngineError, Listening
from backend.engines.sound import RATE
from backend.speech.text import join
from backend.speech.types import Sentence
from tests.engines.recogniser import engine, ignore, lecture, loaded, models, plain, text_of  # noqa: F401  (fixtures)

pytestmark = pytest.mark.shared


class Activations:
    """What a network makes on its way, and a GPU has no room for."""


def test_a_batch_with_a_result_too_few_or_too_many_is_heard_piece_by_piece(engine: FunAsr, lecture: Path) -> None:
    said = set()
    for change in (
        lambda results: [],
        lambda results: results[1:],
        lambda results: [{"text": ""}],
        lambda results: [*results, results[0]],
    ):
        engine._recogniser.trouble = lambda pieces, hear, change=change: change(hear()) if len(pieces) > 1 else hear()
        said.add(text_of(engine.transcribe(lecture, Listening(), ignore)))
        one_by_one = [call for call in engine._recogniser.calls if len(call) == 1]

    (text,) = said
    assert len(text) > 100
    assert len(one_by_one) == 4 * 12


def test_a_piece_that_fails_is_an_error_where_it_was_and_costs_no_other(
    engine: FunAsr, lecture: Path, plain: list[Sentence]
) -> None:
    engine.transcribe(lecture, Listening(), ignore)
    pieces = [piece for call in engine._recogniser.calls for piece in call]
    poison = max(len(piece) for piece in pieces)

    def fail(pieces: list[np.ndarray], hear: Callable[[], Any]) -> Any:
        if any(len(piece) == poison for piece in pieces):
            raise RuntimeError("shapes do not match")
        return hear()

    engine._recogniser.trouble = fail
    sentences = engine.transcribe(lecture, Listening(), ignore)

    (failed,) = [sentence for sentence in sentences if sentence.error]
    assert (failed.error, failed.text, failed.words) == ("asr_error", "", ())
    assert failed.end - failed.start == pytest.approx(poison / RATE, abs=0.01)
    outside = [word for sentence in plain for word in sentence.words if not failed.start < word.start < failed.end]
    assert text_of(sentences) == "".join(word.text for word in outside)
    assert [sentence.start for sentence in sentences] == sorted(sentence.start for sentence in sentences)


def test_if_nothing_can_be_recognised_the_engine_has_failed(engine: FunAsr, lecture: Path) -> None:
    def fail(pieces: list[np.ndarray], hear: Callable[[], Any]) -> Any:
        raise RuntimeError("the weights are of another model")

    engine._recogniser.trouble = fail

    with pytest.raises(EngineError) as caught:
        engine.transcribe(lecture, Listening(), ignore)

    assert caught.value.code == "engine_failed"
    assert "another model" in caught.value.detail


def test_a_batch_that_does_not_fit_the_gpu_is_halved(engine: FunAsr, lecture: Path, plain: list[Sentence]) -> None:
    def small(pieces: list[np.ndarray], hear: Callable[[], Any]) -> Any:
        if len(pieces) > 2:
            raise torch.cuda.OutOfMemoryError("no room")
        return hear()

    engine._recogniser.trouble = small

    # how far pieces are padded touches the last decimals, which decide between the characters of random weights
    assert jiwer.cer(text_of(plain), text_of(engine.transcribe(lecture, Listening(), ignore))) < 0.01
    assert 2 in {len(call) for call in engine._recogniser.calls}


def test_what_a_failed_batch_has_made_is_gone_before_less_is_tried(engine: FunAsr, lecture: Path) -> None:
    made: list[weakref.ref[Activations]] = []
    there: list[bool] = []

    def small(pieces: list[np.ndarray], hear: Callable[[], Any]) -> Any:
        there.append(any(activations() is not None for activations in made))
        if len(pieces) == 1:
            return hear()
        activations = Activations()
        made.append(weakref.ref(activations))
        raise torch.cuda.OutOfMemoryError("no room")

    engine._recogniser.trouble = small
    engine.transcribe(lecture, Listening(), ignore)

    assert len(made) > 1
    assert not any(there)


def test_a_gpu_without_room_for_one_piece_is_out_of_memory(engine: FunAsr, lecture: Path) -> None:
    def none(pieces: list[np.ndarray], hear: Callable[[], Any]) -> Any:
        raise torch.cuda.OutOfMemoryError("no room")

    engine._recogniser.trouble = none

    with pytest.raises(EngineError) as caught:
        engine.transcribe(lecture, Listening(), ignore)

    assert (caught.value.code, caught.value.retry) == ("out_of_memory", True)


@pytest.mark.parametrize("message", ["DefaultCPUAllocator: can't allocate memory", "CUDA error: unspecified"])
def test_a_machine_that_fails_is_no_error_of_a_piece(engine: FunAsr, lecture: Path, message: str) -> None:
    def fail(pieces: list[np.ndarray], hear: Callable[[], Any]) -> Any:
        if len(engine._recogniser.calls) > 1:
            raise RuntimeError(message)
        return hear()

    engine._recogniser.trouble = fail

    with pytest.raises(RuntimeError, match=message):
        engine.transcribe(lecture, Listening(), ignore)


def test_punctuation_that_fails_leaves_the_words(
    engine: FunAsr, lecture: Path, plain: list[Sentence], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def generate(self, **options: Any) -> Any:
            raise IndexError("list index out of range")

    monkeypatch.setattr(engine, "_punctuation", Broken())
    sentences = engine.transcribe(lecture, Listening(), ignore)

    assert text_of(sentences) == text_of(plain)
    assert all(sentence.text == join(sentence.words) for sentence in sentences)


@pytest.mark.parametrize(
    "trouble", [torch.cuda.OutOfMemoryError("no room"), RuntimeError("CUDA error: unspecified launch failure")]
)
def test_a_gpu_that_fails_does_not_cost_the_marks(
    engine: FunAsr, lecture: Path, monkeypatch: pytest.MonkeyPatch, trouble: RuntimeError
) -> None:
    class Full:
        def generate(self, **options: Any) -> Any:
            raise trouble

    monkeypatch.setattr(engine, "_punctuation", Full())

    with pytest.raises(RuntimeError, match=str(trouble)):
        engine.transcribe(lecture, Listening(), ignore)
