"""Of a file with tracks in several languages, the one that a job asks for is heard, and a warning names them all."""

import subprocess
import wave
from pathlib import Path

import numpy
import pytest

from backend.ffmpeg import ffmpeg_path
from backend.jobs.options import Options
from backend.jobs.pipeline import Outcome, Pipeline, Source
from backend.jobs.workspace import PASSES, SENTENCES, SPEECH, TURNS, Workspace
from tests.jobs.test_pipeline import Engines, _ignore

pytestmark = pytest.mark.slow

#: The frequencies of the tones on the English track, which is the default one, and on the Chinese one.
ENGLISH, CHINESE = 400, 1200


@pytest.fixture
def source(tmp_path: Path) -> Source:
    folder = tmp_path / "recording"
    folder.mkdir()
    tones = [
        ("-f", "lavfi", "-i", f"sine=frequency={tone}:sample_rate=16000:duration=2,volume={loudness}")
        for tone, loudness in ((ENGLISH, 2), (CHINESE, 1))
    ]
    marks = ("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=zh-CN", "-disposition:a:0", "default")
    command = [ffmpeg_path(), *tones[0], *tones[1], "-map", "0", "-map", "1", *marks, "-c:a", "pcm_s16le"]
    subprocess.run([*command, "-f", "matroska", str(folder / "original.bin")], check=True, capture_output=True)
    return Source(folder / "original.bin", folder / "listen.m4a", folder / "peaks.json", 60.0)


async def run(source: Source, job: str, language: str) -> tuple[Workspace, Outcome, int]:
    """The workspace, the result, and the frequency of the tone that was heard."""
    workspace = Workspace(source.original.parent / "jobs" / job)
    outcome = await Pipeline(Engines(), source.original.parent, demo=True).run(
        source, workspace, Options(language=language), _ignore
    )
    with wave.open(str(workspace.path(SPEECH))) as file:
        samples = numpy.frombuffer(file.readframes(16_000), "<i2")
    return workspace, outcome, int(numpy.abs(numpy.fft.rfft(samples)).argmax())


async def test_a_job_hears_the_track_of_its_language_and_reuses_nothing_of_another(source: Source) -> None:
    english, outcome, tone = await run(source, "first", "en")
    peaks = source.peaks.read_bytes()
    chinese, other_outcome, other_tone = await run(source, "second", "zh")

    assert (tone, other_tone) == (ENGLISH, CHINESE)
    assert _named(outcome) == [("tracks_left_out", "en, zh")]
    assert _named(other_outcome) == [("tracks_left_out", "zh, en")]
    for artifact in (SENTENCES, TURNS, PASSES):
        assert not chinese.path(artifact).samefile(english.path(artifact))
    assert source.peaks.read_bytes() != peaks


async def test_without_a_choice_the_track_is_heard_whose_language_the_engine_knows(source: Source) -> None:
    _, outcome, tone = await run(source, "first", "auto")  # an engine for Mandarin

    assert (tone, _named(outcome)) == (CHINESE, [("tracks_left_out", "zh, en")])


def _named(outcome: Outcome) -> list[tuple[str, str]]:
    return [(one["code"], one["names"]) for one in outcome.warnings if "track" in one["code"]]
