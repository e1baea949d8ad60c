"""The pyannote adapter: the same turns as the stock pipeline, progress, and edge cases."""

# ruff: noqa: F811  (fixtures are imported, and asked for by their names)

import json
import subprocess
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.engines.hosts import Engines
from backend.engines.protocols import EngineContext, EngineError, SpeakerHints
from backend.engines.pyannote import Pyannote, community_1, legacy_3_1
from backend.engines.result_checks import check_diarization
from backend.speech.types import Diarization, Turn, diarization_from_json
from backend.weights import store
from tests.engines.conftest import RATE, ProgressRecorder
from tests.engines.tiny_diarizers import EXACT, NOISE, Samples, models, talk  # noqa: F401  (a fixture)

KINDS = {"community-1": community_1, "3.1": legacy_3_1}

Say = Callable[[Samples], Path]


@pytest.fixture(scope="module", params=KINDS)
def diarizer(models: Path, request: pytest.FixtureRequest) -> Pyannote:
    return KINDS[request.param](EngineContext(models))


@pytest.fixture(scope="module")
def legacy(models: Path) -> Pyannote:
    return legacy_3_1(EngineContext(models, approximation=EXACT))


@pytest.fixture
def say(tmp_path: Path) -> Say:
    """Writes samples to a wav file."""

    def write(samples: Samples) -> Path:
        path = tmp_path / "speech.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes((samples * 32767).astype("<i2").tobytes())
        return path

    return write


def voices(diarization: Diarization) -> set[str]:
    return {turn.voice for turn in diarization.turns}


class Stock:
    """The result of the stock pipeline for the same weights and audio."""

    def __init__(self, folder: Path, samples: Samples) -> None:
        import torch
        from pyannote.audio import Pipeline

        pipeline = Pipeline.from_pretrained(folder)
        assert pipeline is not None
        artifacts: dict[str, Any] = {}
        waveform = torch.from_numpy((samples * 32767).astype(np.int16).astype(np.float32) / 32768)[None]
        file = {"waveform": waveform, "sample_rate": RATE, "uri": "recording"}
        output = pipeline(file, hook=lambda step, found, **_: artifacts.update({step: found}))
        self.embeddings = artifacts["embeddings"]
        self.centroids = output.speaker_embeddings
        rows = [
            (turn.start, turn.end, voice) for turn, _, voice in output.speaker_diarization.itertracks(yield_label=True)
        ]
        single = output.exclusive_speaker_diarization.itertracks(yield_label=True)
        self.turns = sorted((start, min(end, len(samples) / RATE), voice) for start, end, voice in rows)
        self.exclusive = sorted((turn.start, min(turn.end, len(samples) / RATE), voice) for turn, _, voice in single)


def rows(turns: tuple[Turn, ...]) -> list[tuple[float, float, str]]:
    return sorted((turn.start, turn.end, turn.voice) for turn in turns)


def embeddings_of(diarizer: Pyannote, samples: Samples) -> tuple[Any, Any]:
    """The embeddings and centroids of our pipeline."""
    import torch

    artifacts: dict[str, Any] = {}
    waveform = torch.from_numpy((samples * 32767).astype(np.int16).astype(np.float32) / 32768)[None]
    file = {"waveform": waveform, "sample_rate": RATE, "uri": "recording"}
    output = diarizer._pipeline(file, hook=lambda step, found, **_: artifacts.update({step: found}))
    return artifacts["embeddings"], output.speaker_embeddings


@NOISE
@pytest.mark.parametrize("kind", KINDS)
def test_turns_and_embeddings_are_those_of_the_stock_pipeline(
    models: Path, kind: str, say: Say, recorder: ProgressRecorder
) -> None:
    samples = talk(14.5)
    stock = Stock(models / f"pyannote-{kind}", samples)
    diarizer = KINDS[kind](EngineContext(models, approximation=EXACT))

    diarization = diarizer.diarize(say(samples), SpeakerHints(), recorder)
    embeddings, centroids = embeddings_of(diarizer, samples)

    assert stock.turns
    assert rows(diarization.turns) == stock.turns
    assert rows(diarization.exclusive) == stock.exclusive
    np.testing.assert_allclose(embeddings, stock.embeddings, atol=1e-5)
    np.testing.assert_allclose(centroids, stock.centroids, atol=1e-5)


def test_progress_is_audio_time_and_only_grows(diarizer: Pyannote, say: Say, recorder: ProgressRecorder) -> None:
    diarizer.diarize(say(talk(300.0)), SpeakerHints(), recorder)

    done = [report[0] for report in recorder.reports]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0.0, 300.0)
    assert {total for _, total in recorder.reports} == {300.0}
    assert sum(30.0 < value < 290.0 for value in done) >= 4


@pytest.mark.parametrize("samples", [0, 1, 3200, 7999])
def test_less_than_half_a_second_has_no_turns(
    legacy: Pyannote, say: Say, recorder: ProgressRecorder, samples: int
) -> None:
    assert legacy.diarize(say(talk(1.0)[:samples]), SpeakerHints(), recorder) == Diarization()


def test_silence_has_no_turns(diarizer: Pyannote, say: Say, recorder: ProgressRecorder) -> None:
    assert diarizer.diarize(say(np.zeros(5 * RATE, np.float32)), SpeakerHints(), recorder) == Diarization()
    assert recorder.reports[-1] == (5.0, 5.0)


@pytest.mark.parametrize(
    ("fewest", "most", "seconds"),
    [
        (1, 1, 0.5),
        (1, 1, 6.0),
        (2, 2, 6.0),
        (50, 50, 6.0),
        (2, 3, 6.0),
        (30, None, 6.0),
        (None, 1, 6.0),
        (4, 2, 6.0),
        (0, 0, 6.0),
    ],
)
def test_any_hint_gives_valid_turns(
    diarizer: Pyannote, say: Say, recorder: ProgressRecorder, fewest: int | None, most: int | None, seconds: float
) -> None:
    diarization = check_diarization(diarizer.diarize(say(talk(seconds)), SpeakerHints(fewest, most), recorder))

    assert all(turn.end <= seconds for turn in diarization.turns)
    assert len(voices(diarization)) <= max(most or 99, fewest or 1)
    assert {turn.voice for turn in diarization.exclusive} <= voices(diarization)


def test_a_config_that_names_a_hub_is_refused(models: Path, tmp_path: Path) -> None:
    config = (models / "pyannote-3.1" / "config.yaml").read_text()
    (tmp_path / "config.yaml").write_text(config.replace("$model/segmentation", "somebody/segmentation-3.0"))

    with pytest.raises(EngineError, match=r"model_damaged.*somebody/segmentation-3.0"):
        Pyannote(tmp_path, 1, EXACT)


def test_an_invalid_config_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("pipeline: 3")

    with pytest.raises(EngineError, match="model_damaged"):
        Pyannote(tmp_path, 1, EXACT)


def test_a_missing_folder_is_refused_with_the_fetch_command(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"model_missing.*python -m backend models fetch --set full"):
        community_1(EngineContext(tmp_path))


@pytest.fixture(scope="module")
def meeting(shared: Path) -> Samples:
    """The beginning of two-minutes: two people who alternate."""
    command = ["ffmpeg", "-v", "error", "-i", str(shared / "audio/meetings/two-minutes.flac")]
    output = subprocess.run([*command, "-t", "20", "-f", "s16le", "-"], capture_output=True, check=True).stdout
    return np.frombuffer(output, "<i2").astype(np.float32) / 32767


@pytest.mark.shared
@NOISE
def test_real_weights_give_the_turns_of_the_stock_pipeline(
    shared: Path, meeting: Samples, say: Say, recorder: ProgressRecorder
) -> None:
    samples = meeting[4 * RATE : 16 * RATE]
    stock = Stock(shared / "models" / "pyannote-3.1", samples)
    diarizer = legacy_3_1(EngineContext(shared / "models", approximation=EXACT))

    diarization = diarizer.diarize(say(samples), SpeakerHints(), recorder)
    embeddings, centroids = embeddings_of(diarizer, samples)

    assert stock.turns
    assert rows(diarization.turns) == stock.turns
    assert rows(diarization.exclusive) == stock.exclusive
    np.testing.assert_allclose(embeddings, stock.embeddings, atol=1e-5)
    np.testing.assert_allclose(centroids, stock.centroids, atol=1e-5)


@NOISE
@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_run_resumes_with_the_same_result(
    models: Path, kind: str, say: Say, recorder: ProgressRecorder, tmp_path: Path
) -> None:
    wav, cache_file = say(talk(200.0)), tmp_path / "passes.bin"
    unbroken = KINDS[kind](EngineContext(models))
    asked = count_seconds(unbroken)
    diarization = unbroken.diarize(wav, SpeakerHints(cache_file=cache_file), recorder)
    whole = cache_file.read_bytes()

    for share in (0.3, 0.9):  # a pass covers a minute, so part of the last of four minutes is computed again
        cache_file.write_bytes(whole[: round(share * len(whole))])
        resumed = KINDS[kind](EngineContext(models))
        again = count_seconds(resumed)

        assert resumed.diarize(wav, SpeakerHints(cache_file=cache_file), recorder) == diarization
        assert 0 < again["seconds"] < (1.0 if share < 0.5 else 0.5) * asked["seconds"]
        assert cache_file.read_bytes() == whole


@NOISE
def test_another_number_of_speakers_uses_only_the_cache(
    diarizer: Pyannote, say: Say, recorder: ProgressRecorder, tmp_path: Path
) -> None:
    wav, cache_file = say(talk(60.0)), tmp_path / "passes.bin"
    diarizer.diarize(wav, SpeakerHints(cache_file=cache_file), recorder)
    asked = count_seconds(diarizer)

    two = diarizer.diarize(wav, SpeakerHints(2, 2, cache_file), recorder)

    assert asked["seconds"] == 0
    assert two == diarizer.diarize(wav, SpeakerHints(2, 2), recorder)
    assert asked["seconds"] > 0


@NOISE
def test_the_cache_of_other_audio_is_not_used(
    diarizer: Pyannote, say: Say, recorder: ProgressRecorder, tmp_path: Path
) -> None:
    cache_file = tmp_path / "passes.bin"
    diarizer.diarize(say(talk(30.0)), SpeakerHints(cache_file=cache_file), recorder)
    other = say(talk(31.0)[::-1].copy())

    assert diarizer.diarize(other, SpeakerHints(cache_file=cache_file), recorder) == diarizer.diarize(
        other, SpeakerHints(), recorder
    )


@NOISE
@pytest.mark.parametrize("kind", KINDS)
def test_digital_silence_gives_the_stock_pipelines_turns_at_almost_no_cost(
    models: Path, kind: str, say: Say, recorder: ProgressRecorder
) -> None:
    samples = np.concatenate([talk(20.0), np.zeros(60 * RATE, np.float32), talk(20.0)])
    stock = Stock(models / f"pyannote-{kind}", samples)
    diarizer = KINDS[kind](EngineContext(models, approximation=EXACT))
    asked = count_seconds(diarizer)

    assert rows(diarizer.diarize(say(samples), SpeakerHints(), recorder).turns) == stock.turns

    assert asked["chunks"] < 65, "of 91"


def count_seconds(diarizer: Pyannote) -> dict[str, float]:
    """Counts the seconds of audio that both networks of this diarizer process from now on."""
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
def test_approximation_keeps_the_voices_and_nearly_every_boundary(
    shared: Path, meeting: Samples, say: Say, recorder: ProgressRecorder
) -> None:
    from benchmarks.accuracy import diarization_error

    exact = legacy_3_1(EngineContext(shared / "models", approximation=EXACT)).diarize(
        say(meeting), SpeakerHints(), recorder
    )
    thrifty = legacy_3_1(EngineContext(shared / "models")).diarize(say(meeting), SpeakerHints(), recorder)

    assert len(voices(thrifty)) == len(voices(exact)) == 2
    assert diarization_error(exact.turns, thrifty.turns) < 0.01


@pytest.mark.shared
async def test_the_real_engine_in_its_child_finds_two_speakers(
    shared: Path, meeting: Samples, say: Say, recorder: ProgressRecorder, tmp_path: Path
) -> None:
    store.adopt(shared / "models" / "pyannote-3.1", tmp_path / "models", "pyannote-3.1")
    engines = Engines(tmp_path / "models", threads=1)

    await engines.diarize("pyannote-3.1", say(meeting[: 16 * RATE]), SpeakerHints(), tmp_path / "turns.json", recorder)
    [state] = engines.state()
    await engines.close()

    diarization = diarization_from_json(json.loads((tmp_path / "turns.json").read_text()))
    assert len(voices(diarization)) == 2
    assert 12 < sum(turn.end - turn.start for turn in diarization.exclusive) < 16
    assert len(recorder.reports) > 3
    assert state["alive"]
