"""The pyannote adapter: the same turns as the stock pipeline, real progress, and sense in every corner."""

import importlib
import json
import subprocess
import warnings
import wave
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from backend.engines.checks import check_diarization
from backend.engines.hosts import Engines
from backend.engines.ports import EngineError, Home, SpeakerHints, Thrift
from backend.engines.pyannote import Pyannote, community_1, legacy_3_1
from backend.engines.torchaudio_compat import ensure_torchaudio
from backend.speech.types import Diarization, Turn, diarization_from_json
from backend.weights import store
from tests.engines.conftest import RATE, Told

# libraries of others warn while they are imported and while they load; ours may not, and the adapter keeps them quiet
NOISE = pytest.mark.filterwarnings("ignore")
KINDS = {"community-1": community_1, "3.1": legacy_3_1}

#: Each chunk for itself and in full: then the numbers are those of the stock pipeline.
EXACT = Thrift(precision="float32", pass_seconds=0.0)

Samples = npt.NDArray[np.floating]
Say = Callable[[Samples], Path]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of tiny pipelines."""
    folder = tmp_path_factory.mktemp("models")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ensure_torchaudio()
        importlib.import_module("tests.engines.tiny_pyannote").write_pipelines(folder)
    return folder


@pytest.fixture(scope="module", params=KINDS)
def diarizer(models: Path, request: pytest.FixtureRequest) -> Pyannote:
    return KINDS[request.param](Home(models))


@pytest.fixture(scope="module")
def legacy(models: Path) -> Pyannote:
    return legacy_3_1(Home(models, thrift=EXACT))


@pytest.fixture
def say(tmp_path: Path) -> Say:
    """Writes samples to a wav."""

    def write(samples: Samples) -> Path:
        path = tmp_path / "speech.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes((samples * 32767).astype("<i2").tobytes())
        return path

    return write


def talk(seconds: float) -> Samples:
    """Two buzzing voices in turn, with pauses."""
    time = np.arange(round(seconds * RATE)) / RATE
    pitch = np.where(time % 6 < 3, 110.0, 210.0)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    buzz = sum(np.sin(k * phase) / k for k in range(1, 12)) * np.abs(np.sin(2 * np.pi * 3.7 * time))
    noise = np.random.default_rng(0).standard_normal(len(time))
    return (0.1 * buzz * (time % 3 < 2.4) + 0.0005 * noise).clip(-1, 1).astype(np.float32)


def voices(diarization: Diarization) -> set[str]:
    return {turn.voice for turn in diarization.turns}


class Stock:
    """What the stock pipeline says of the same weights and the same audio."""

    def __init__(self, folder: Path, samples: Samples) -> None:
        import torch
        from pyannote.audio import Pipeline

        pipeline = Pipeline.from_pretrained(folder)
        assert pipeline is not None
        kept: dict[str, Any] = {}
        waveform = torch.from_numpy((samples * 32767).astype(np.int16).astype(np.float32) / 32768)[None]
        file = {"waveform": waveform, "sample_rate": RATE, "uri": "recording"}
        output = pipeline(file, hook=lambda step, found, **_: kept.update({step: found}))
        self.embeddings = kept["embeddings"]
        self.centroids = output.speaker_embeddings
        rows = [
            (turn.start, turn.end, voice) for turn, _, voice in output.speaker_diarization.itertracks(yield_label=True)
        ]
        single = output.exclusive_speaker_diarization.itertracks(yield_label=True)
        self.turns = sorted((start, min(end, len(samples) / RATE), voice) for start, end, voice in rows)
        self.exclusive = sorted((turn.start, min(turn.end, len(samples) / RATE), voice) for turn, _, voice in single)


def rows(turns: tuple[Turn, ...]) -> list[tuple[float, float, str]]:
    return sorted((turn.start, turn.end, turn.voice) for turn in turns)


def heard_by(diarizer: Pyannote, samples: Samples) -> tuple[Any, Any]:
    """The embeddings and the centroids that our pipeline finds."""
    import torch

    kept: dict[str, Any] = {}
    waveform = torch.from_numpy((samples * 32767).astype(np.int16).astype(np.float32) / 32768)[None]
    file = {"waveform": waveform, "sample_rate": RATE, "uri": "recording"}
    output = diarizer._pipeline(file, hook=lambda step, found, **_: kept.update({step: found}))
    return kept["embeddings"], output.speaker_embeddings


@NOISE
@pytest.mark.parametrize("kind", KINDS)
def test_turns_and_embeddings_are_those_of_the_stock_pipeline(models: Path, kind: str, say: Say, told: Told) -> None:
    samples = talk(14.5)
    stock = Stock(models / f"pyannote-{kind}", samples)
    diarizer = KINDS[kind](Home(models, thrift=EXACT))

    diarization = diarizer.diarize(say(samples), SpeakerHints(), told)
    embeddings, centroids = heard_by(diarizer, samples)

    assert stock.turns
    assert rows(diarization.turns) == stock.turns
    assert rows(diarization.exclusive) == stock.exclusive
    np.testing.assert_allclose(embeddings, stock.embeddings, atol=1e-5)
    np.testing.assert_allclose(centroids, stock.centroids, atol=1e-5)


@pytest.fixture
def halves() -> tuple[Any, Any]:
    """Forty seconds with talk in the first eight chunks and in the last; a file and who speaks in its chunks."""
    import torch
    from pyannote.core import SlidingWindow, SlidingWindowFeature

    spoken = np.zeros((31, 50, 3))
    spoken[:8, :30, 0] = spoken[4:8, 20:50, 1] = spoken[30, :, 0] = 1
    window = SlidingWindow(start=0.0, duration=10.0, step=1.0)
    file = {"waveform": torch.from_numpy(talk(40.0))[None], "sample_rate": RATE, "uri": "recording"}
    return file, SlidingWindowFeature(spoken, window)


def count_passes(pipeline: Any) -> list[int]:
    """A list that grows by the samples of each pass through the network."""
    _ = pipeline._embedding.min_num_samples  # found by trying, once
    passes: list[int] = []
    pipeline._embedding.model_.resnet.layer1.register_forward_hook(lambda _m, given, _o: passes.append(len(given[0])))
    return passes


@NOISE
@pytest.mark.parametrize(("pass_seconds", "expected"), [(0.0, 9), (13.0, 3), (60.0, 2)])
def test_neighbouring_chunks_pass_together_and_silent_ones_never(
    models: Path, halves: tuple[Any, Any], pass_seconds: float, expected: int
) -> None:
    pipeline = legacy_3_1(Home(models, thrift=Thrift("float32", pass_seconds)))._pipeline
    passes = count_passes(pipeline)

    found = pipeline.get_embeddings(*halves, exclude_overlap=True)

    assert len(passes) == 1 + expected  # the first finds the embedding of nobody
    assert found.shape == (31, 3, 16)
    assert np.isfinite(found).all()
    assert (found[8:30] == found[0, 2]).all()


@NOISE
def test_a_pass_that_does_not_fit_the_memory_is_halved(models: Path, halves: tuple[Any, Any]) -> None:
    import torch

    pipeline = legacy_3_1(Home(models, thrift=Thrift("float32", 60.0)))._pipeline
    small = legacy_3_1(Home(models, thrift=Thrift("float32", 13.0)))._pipeline

    def short_of_memory(_layer: Any, given: Any) -> None:
        if given[0].shape[-1] > 1350:  # frames of 10 ms: more than four chunks
            raise torch.OutOfMemoryError

    pipeline._embedding.model_.resnet.layer1.register_forward_pre_hook(short_of_memory)
    expected = small.get_embeddings(*halves)

    found = pipeline.get_embeddings(*halves)

    np.testing.assert_allclose(found, expected, atol=1e-5)


@NOISE
def test_what_a_failed_pass_has_made_is_gone_before_less_is_tried(models: Path, halves: tuple[Any, Any]) -> None:
    import torch

    class Activations:
        pass

    pipeline = legacy_3_1(Home(models, thrift=Thrift("float32", 60.0)))._pipeline
    made: list[weakref.ref[Activations]] = []
    there: list[bool] = []

    def short_of_memory(_layer: Any, given: Any) -> None:
        there.append(any(activations() is not None for activations in made))
        if given[0].shape[-1] > 1350:
            activations = Activations()
            made.append(weakref.ref(activations))
            raise torch.OutOfMemoryError

    pipeline._embedding.model_.resnet.layer1.register_forward_pre_hook(short_of_memory)

    pipeline.get_embeddings(*halves)

    assert made
    assert not any(there)


@NOISE
def test_a_gpu_is_used_where_there_is_one_in_its_own_numbers(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from pyannote.audio.pipelines import SpeakerDiarization

    moved: list[torch.device] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)
    monkeypatch.setattr(SpeakerDiarization, "to", lambda _pipeline, device: moved.append(device))

    pipeline = legacy_3_1(Home(models))._pipeline

    assert moved == [torch.device("cuda")]
    assert pipeline.bf16
    assert pipeline._segmentation.batch_size == 32


@NOISE
def test_a_batch_that_does_not_fit_the_memory_is_halved(models: Path) -> None:
    import torch

    pipeline = legacy_3_1(Home(models, thrift=EXACT))._pipeline
    seen: list[int] = []

    def short_of_memory(_model: Any, given: Any) -> None:
        seen.append(len(given[0]))
        if len(given[0]) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")

    file = {"waveform": torch.from_numpy(talk(15.0))[None], "sample_rate": RATE, "uri": "recording"}
    expected = pipeline.get_segmentations(file).data
    pipeline._segmentation.model.register_forward_pre_hook(short_of_memory)

    found = pipeline.get_segmentations(file).data

    assert seen[:3] == [4, 2, 1]
    np.testing.assert_array_equal(found, expected)


@NOISE
def test_chunks_are_put_together_as_the_stock_pipeline_does(legacy: Pyannote) -> None:
    from pyannote.audio.pipelines import SpeakerDiarization
    from pyannote.core import SlidingWindow, SlidingWindowFeature

    some = np.random.default_rng(0)
    segmentations = SlidingWindowFeature(
        some.random((12, 50, 3)) > 0.5, SlidingWindow(start=0.0, duration=10.0, step=1.0)
    )
    clusters = some.integers(0, 3, (12, 3)).astype(np.int8)
    clusters[5] = -2
    count = SlidingWindowFeature(some.integers(0, 3, (120, 1)).astype(np.int8), SlidingWindow(0.2, 0.2, 0.0))

    found = legacy._pipeline.reconstruct(segmentations, clusters, count)

    expected = SpeakerDiarization.reconstruct(legacy._pipeline, segmentations, clusters, count)
    np.testing.assert_array_equal(found.data, expected.data)


def test_progress_is_audio_time_and_only_grows(diarizer: Pyannote, say: Say, told: Told) -> None:
    diarizer.diarize(say(talk(300.0)), SpeakerHints(), told)

    done = [report[0] for report in told.reports]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0.0, 300.0)
    assert {total for _, total in told.reports} == {300.0}
    assert sum(30.0 < value < 290.0 for value in done) >= 4


@pytest.mark.parametrize("samples", [0, 1, 3200, 7999])
def test_less_than_half_a_second_has_no_turns(legacy: Pyannote, say: Say, told: Told, samples: int) -> None:
    assert legacy.diarize(say(talk(1.0)[:samples]), SpeakerHints(), told) == Diarization()


def test_silence_has_no_turns(diarizer: Pyannote, say: Say, told: Told) -> None:
    assert diarizer.diarize(say(np.zeros(5 * RATE, np.float32)), SpeakerHints(), told) == Diarization()
    assert told.reports[-1] == (5.0, 5.0)


@pytest.mark.parametrize(
    "hints",
    [
        SpeakerHints(1, 1),
        SpeakerHints(2, 2),
        SpeakerHints(50, 50),
        SpeakerHints(2, 3),
        SpeakerHints(30, None),
        SpeakerHints(None, 1),
        SpeakerHints(4, 2),
        SpeakerHints(0, 0),
    ],
    ids=str,
)
@pytest.mark.parametrize("seconds", [0.5, 12.0])
def test_any_hint_gives_turns_that_can_be_right(
    diarizer: Pyannote, say: Say, told: Told, hints: SpeakerHints, seconds: float
) -> None:
    diarization = check_diarization(diarizer.diarize(say(talk(seconds)), hints, told))

    assert all(turn.end <= seconds for turn in diarization.turns)
    most = max(hints.max_speakers or 99, hints.min_speakers or 1)
    assert len(voices(diarization)) <= most
    assert {turn.voice for turn in diarization.exclusive} <= voices(diarization)


def test_a_config_that_names_a_hub_is_refused(models: Path, tmp_path: Path) -> None:
    config = (models / "pyannote-3.1" / "config.yaml").read_text()
    (tmp_path / "config.yaml").write_text(config.replace("$model/segmentation", "somebody/segmentation-3.0"))

    with pytest.raises(EngineError, match=r"model_damaged.*somebody/segmentation-3.0"):
        Pyannote(tmp_path, 1, EXACT)


def test_a_config_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("pipeline: 3")

    with pytest.raises(EngineError, match="model_damaged"):
        Pyannote(tmp_path, 1, EXACT)


def test_a_missing_folder_is_refused_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"model_missing.*python -m backend models fetch --set full"):
        community_1(Home(tmp_path))


@pytest.fixture(scope="module")
def meeting(shared: Path) -> Samples:
    """The beginning of two-minutes: two people, in turn."""
    command = ["ffmpeg", "-v", "error", "-i", str(shared / "audio/meetings/two-minutes.flac")]
    output = subprocess.run([*command, "-t", "20", "-f", "s16le", "-"], capture_output=True, check=True).stdout
    return np.frombuffer(output, "<i2").astype(np.float32) / 32767


@pytest.mark.shared
@NOISE
def test_real_weights_give_the_turns_of_the_stock_pipeline(
    shared: Path, meeting: Samples, say: Say, told: Told
) -> None:
    samples = meeting[4 * RATE : 16 * RATE]
    stock = Stock(shared / "models" / "pyannote-3.1", samples)
    diarizer = legacy_3_1(Home(shared / "models", thrift=EXACT))

    diarization = diarizer.diarize(say(samples), SpeakerHints(), told)
    embeddings, centroids = heard_by(diarizer, samples)

    assert stock.turns
    assert rows(diarization.turns) == stock.turns
    assert rows(diarization.exclusive) == stock.exclusive
    np.testing.assert_allclose(embeddings, stock.embeddings, atol=1e-5)
    np.testing.assert_allclose(centroids, stock.centroids, atol=1e-5)


@NOISE
@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_run_goes_on_where_it_was_with_the_same_result(
    models: Path, kind: str, say: Say, told: Told, tmp_path: Path
) -> None:
    wav, kept = say(talk(200.0)), tmp_path / "passes.bin"
    unbroken = KINDS[kind](Home(models))
    asked = asked_of(unbroken)
    diarization = unbroken.diarize(wav, SpeakerHints(passes=kept), told)
    whole = kept.read_bytes()

    for share in (0.3, 0.9):  # a pass goes over a minute, so of the last part of four some is made again
        kept.write_bytes(whole[: round(share * len(whole))])
        resumed = KINDS[kind](Home(models))
        again = asked_of(resumed)

        assert resumed.diarize(wav, SpeakerHints(passes=kept), told) == diarization
        assert 0 < again["seconds"] < (1.0 if share < 0.5 else 0.5) * asked["seconds"]
        assert kept.read_bytes() == whole


@NOISE
def test_another_number_of_speakers_needs_no_network(diarizer: Pyannote, say: Say, told: Told, tmp_path: Path) -> None:
    wav, kept = say(talk(60.0)), tmp_path / "passes.bin"
    diarizer.diarize(wav, SpeakerHints(passes=kept), told)
    asked = asked_of(diarizer)

    two = diarizer.diarize(wav, SpeakerHints(2, 2, kept), told)

    assert asked["seconds"] == 0
    assert two == diarizer.diarize(wav, SpeakerHints(2, 2), told)
    assert asked["seconds"] > 0


@NOISE
def test_passes_over_other_audio_do_not_count(diarizer: Pyannote, say: Say, told: Told, tmp_path: Path) -> None:
    kept = tmp_path / "passes.bin"
    diarizer.diarize(say(talk(30.0)), SpeakerHints(passes=kept), told)
    other = say(talk(31.0)[::-1].copy())

    assert diarizer.diarize(other, SpeakerHints(passes=kept), told) == diarizer.diarize(other, SpeakerHints(), told)


@NOISE
@pytest.mark.parametrize("kind", KINDS)
def test_where_nothing_at_all_is_sent_the_turns_are_those_of_the_stock_pipeline_and_cost_next_to_nothing(
    models: Path, kind: str, say: Say, told: Told
) -> None:
    samples = np.concatenate([talk(20.0), np.zeros(60 * RATE, np.float32), talk(20.0)])
    stock = Stock(models / f"pyannote-{kind}", samples)
    diarizer = KINDS[kind](Home(models, thrift=EXACT))
    asked = asked_of(diarizer)

    assert rows(diarizer.diarize(say(samples), SpeakerHints(), told).turns) == stock.turns

    assert asked["chunks"] < 65, "of 91"


def asked_of(diarizer: Pyannote) -> dict[str, float]:
    """Counts the seconds of audio that both networks of this diarizer are given from now on."""
    asked = {"seconds": 0.0, "chunks": 0.0}
    pipeline = diarizer._pipeline
    segment, convolve = pipeline._infer, pipeline._frames

    def infer(chunks: Any) -> Any:
        asked["seconds"] += len(chunks)
        asked["chunks"] += len(chunks)
        return segment(chunks)

    def frames(audio: Any) -> Any:
        asked["seconds"] += audio.shape[-1] / RATE if audio.shape[-1] > RATE else 0
        return convolve(audio)

    pipeline._infer, pipeline._frames = infer, frames
    return asked


@pytest.mark.shared
@NOISE
def test_thrift_keeps_the_voices_and_nearly_every_boundary(
    shared: Path, meeting: Samples, say: Say, told: Told
) -> None:
    from benchmarks.accuracy import diarization_error

    exact = legacy_3_1(Home(shared / "models", thrift=EXACT)).diarize(say(meeting), SpeakerHints(), told)
    thrifty = legacy_3_1(Home(shared / "models")).diarize(say(meeting), SpeakerHints(), told)

    assert len(voices(thrifty)) == len(voices(exact)) == 2
    assert diarization_error(exact.turns, thrifty.turns) < 0.01


@pytest.mark.shared
async def test_the_real_engine_in_its_child_hears_two_people(
    shared: Path, meeting: Samples, say: Say, told: Told, tmp_path: Path
) -> None:
    store.adopt(shared / "models" / "pyannote-3.1", tmp_path / "models", "pyannote-3.1")
    engines = Engines(tmp_path / "models", threads=1)

    await engines.diarize("pyannote-3.1", say(meeting[: 16 * RATE]), SpeakerHints(), tmp_path / "turns.json", told)
    [state] = engines.state()
    await engines.close()

    diarization = diarization_from_json(json.loads((tmp_path / "turns.json").read_text()))
    assert len(voices(diarization)) == 2
    assert 12 < sum(turn.end - turn.start for turn in diarization.exclusive) < 16
    assert len(told.reports) > 3
    assert state["alive"]
