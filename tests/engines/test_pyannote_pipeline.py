"""Our pipeline: silence does not pass through a network, and work that does not fit into memory is halved."""

# ruff: noqa: F811  (fixtures are imported, and asked for by their names)

import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.engines.protocols import Approximation, EngineContext, Precision
from backend.engines.pyannote import legacy_3_1
from tests.engines.conftest import RATE
from tests.engines.tiny_diarizers import EXACT, NOISE, models, talk  # noqa: F401  (a fixture)


@pytest.fixture
def halves() -> tuple[Any, Any]:
    """Forty seconds with speech in the first eight chunks and the last one: the file, and who speaks in its chunks."""
    import torch
    from pyannote.core import SlidingWindow, SlidingWindowFeature

    spoken = np.zeros((31, 50, 3))
    spoken[:8, :30, 0] = spoken[4:8, 20:50, 1] = spoken[30, :, 0] = 1
    window = SlidingWindow(start=0.0, duration=10.0, step=1.0)
    file = {"waveform": torch.from_numpy(talk(40.0))[None], "sample_rate": RATE, "uri": "recording"}
    return file, SlidingWindowFeature(spoken, window)


def count_passes(pipeline: Any) -> list[int]:
    """A list that gets one entry for each pass through the network."""
    _ = pipeline._embedding.min_num_samples  # computed by trial passes on first use
    passes: list[int] = []
    pipeline._embedding.model_.resnet.layer1.register_forward_hook(lambda _m, inputs, _o: passes.append(len(inputs[0])))
    return passes


@NOISE
@pytest.mark.parametrize(("pass_seconds", "expected"), [(0.0, 9), (13.0, 3), (60.0, 2)])
def test_neighbouring_chunks_share_a_pass_and_silent_ones_have_none(
    models: Path, halves: tuple[Any, Any], pass_seconds: float, expected: int
) -> None:
    pipeline = legacy_3_1(EngineContext(models, approximation=Approximation("float32", pass_seconds)))._pipeline
    passes = count_passes(pipeline)

    found = pipeline.get_embeddings(*halves, exclude_overlap=True)

    assert len(passes) == 1 + expected  # the first is for the embedding of silence
    assert found.shape == (31, 3, 16)
    assert np.isfinite(found).all()
    assert (found[8:30] == found[0, 2]).all()


@NOISE
def test_passes_are_even_in_number_and_similar_in_length() -> None:
    from pyannote.core import SlidingWindow

    from backend.engines.pyannote_pipeline import _passes

    window = SlidingWindow(start=0.0, duration=10.0, step=1.0)
    talk = np.r_[0:51, 80:90, 200:323]  # the length of one pass, of less than half of one, of two and a half

    passes = list(_passes(talk, window, 60.0))

    assert [len(passed) for passed in passes] == [26, 25, 10, 31, 31, 31, 30]
    assert np.concatenate(passes).tolist() == talk.tolist()


@NOISE
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_more_threads_give_the_same_numbers(models: Path, halves: tuple[Any, Any], precision: Precision) -> None:
    def found(threads: int) -> list[Any]:
        context = EngineContext(models, threads, approximation=Approximation(precision, 20.0))
        pipeline = legacy_3_1(context)._pipeline
        return [pipeline.get_segmentations(halves[0]).data, pipeline.get_embeddings(*halves)]

    for one, other in zip(found(1), found(3), strict=True):
        np.testing.assert_array_equal(one, other)


@NOISE
def test_a_pass_that_does_not_fit_into_memory_is_halved(models: Path, halves: tuple[Any, Any]) -> None:
    import torch

    pipeline = legacy_3_1(EngineContext(models, approximation=Approximation("float32", 60.0)))._pipeline
    small = legacy_3_1(EngineContext(models, approximation=Approximation("float32", 13.0)))._pipeline

    def short_of_memory(_layer: Any, inputs: Any) -> None:
        if inputs[0].shape[-1] > 1350:  # frames of 10 ms: more than four chunks
            raise torch.OutOfMemoryError

    pipeline._embedding.model_.resnet.layer1.register_forward_pre_hook(short_of_memory)
    expected = small.get_embeddings(*halves)

    found = pipeline.get_embeddings(*halves)

    np.testing.assert_allclose(found, expected, atol=1e-5)


@NOISE
def test_tensors_of_a_failed_pass_are_freed_before_it_is_halved(models: Path, halves: tuple[Any, Any]) -> None:
    import torch

    class Activations:
        pass

    pipeline = legacy_3_1(EngineContext(models, approximation=Approximation("float32", 60.0)))._pipeline
    created: list[weakref.ref[Activations]] = []
    alive: list[bool] = []

    def short_of_memory(_layer: Any, inputs: Any) -> None:
        alive.append(any(activations() is not None for activations in created))
        if inputs[0].shape[-1] > 1350:
            activations = Activations()
            created.append(weakref.ref(activations))
            raise torch.OutOfMemoryError

    pipeline._embedding.model_.resnet.layer1.register_forward_pre_hook(short_of_memory)

    pipeline.get_embeddings(*halves)

    assert created
    assert not any(alive)


@NOISE
def test_a_batch_that_does_not_fit_into_memory_is_halved(models: Path) -> None:
    import torch

    pipeline = legacy_3_1(EngineContext(models, approximation=EXACT))._pipeline
    seen: list[int] = []

    def short_of_memory(_model: Any, inputs: Any) -> None:
        seen.append(len(inputs[0]))
        if len(inputs[0]) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")

    file = {"waveform": torch.from_numpy(talk(15.0))[None], "sample_rate": RATE, "uri": "recording"}
    expected = pipeline.get_segmentations(file).data
    pipeline._segmentation.model.register_forward_pre_hook(short_of_memory)

    found = pipeline.get_segmentations(file).data

    assert seen[:3] == [4, 2, 1]
    np.testing.assert_array_equal(found, expected)


@NOISE
def test_an_available_gpu_is_used_with_its_own_precision(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from pyannote.audio.pipelines import SpeakerDiarization

    moved: list[torch.device] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)
    monkeypatch.setattr(SpeakerDiarization, "to", lambda _pipeline, device: moved.append(device))

    pipeline = legacy_3_1(EngineContext(models))._pipeline

    assert moved == [torch.device("cuda")]
    assert pipeline.bf16
    assert pipeline._segmentation.batch_size == 32


@NOISE
def test_chunks_are_combined_as_in_the_stock_pipeline(models: Path) -> None:
    from pyannote.audio.pipelines import SpeakerDiarization
    from pyannote.core import SlidingWindow, SlidingWindowFeature

    pipeline = legacy_3_1(EngineContext(models, approximation=EXACT))._pipeline
    some = np.random.default_rng(0)
    segmentations = SlidingWindowFeature(
        some.random((12, 50, 3)) > 0.5, SlidingWindow(start=0.0, duration=10.0, step=1.0)
    )
    clusters = some.integers(0, 3, (12, 3)).astype(np.int8)
    clusters[5] = -2
    count = SlidingWindowFeature(some.integers(0, 3, (120, 1)).astype(np.int8), SlidingWindow(0.2, 0.2, 0.0))

    found = pipeline.reconstruct(segmentations, clusters, count)

    expected = SpeakerDiarization.reconstruct(pipeline, segmentations, clusters, count)
    np.testing.assert_array_equal(found.data, expected.data)
