"""The first word stands in the subtitles at the time at which it is said, however late the sound begins."""

import json
import wave
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest

from backend.engines.protocols import TranscribeOptions
from backend.jobs.options import Options
from backend.jobs.pipeline import Pipeline, Source
from backend.jobs.tables import Stage
from backend.jobs.workspace import Workspace
from backend.speech.types import Sentence, Word, sentence_to_json
from backend.transcripts.export import export
from tests.jobs.test_pipeline import Engines
from tests.recordings.bursts import LOUDNESS, Burst, bursts_wav
from tests.recordings.normalizer import Make, write

pytestmark = pytest.mark.slow

SAID, DELAY = 0.5, 1.2


class ListeningEngines(Engines):
    """Hears one word, where the first tone is."""

    async def transcribe(
        self, name: str, audio: Path, options: TranscribeOptions, result: Path, progress: Callable[[float, float], None]
    ) -> None:
        with wave.open(str(audio)) as file:
            samples = numpy.frombuffer(file.readframes(file.getnframes()), "<i2")
        start = float(numpy.flatnonzero(numpy.abs(samples) > LOUDNESS / 3 * 32768)[0] / 16_000)
        word = Sentence(start, start + 0.3, "好", (Word("好", start, start + 0.3),), language="zh")
        result.write_text(json.dumps([sentence_to_json(word)]))


@pytest.mark.parametrize(
    ("suffix", "codec", "picture"),
    [
        ("mkv", "flac", "mpeg4"),
        ("ts", "mp2", "mpeg2video"),
        ("mp4", "aac", "mpeg4"),
        ("avi", "aac", "mpeg4"),  # empty packets stand for the delay
    ],
)
async def test_the_first_word_is_at_its_time(tmp_path: Path, make: Make, suffix: str, codec: str, picture: str) -> None:
    folder = tmp_path / "recording"
    folder.mkdir()
    sound = write(tmp_path / "a.wav", bursts_wav([Burst(SAID, 0), Burst(1.5, 0)], rate=48_000, channels=1))
    pictures = ("-f", "lavfi", "-i", "testsrc=duration=4:size=32x32:rate=25")
    streams = ("-map", "0", "-map", "1", "-c:v", picture, "-c:a", codec)
    original = make(folder / f"original.{suffix}", *pictures, "-itsoffset", str(DELAY), "-i", str(sound), *streams)
    source = Source(original, folder / "listen.m4a", folder / "peaks.json", 60.0)

    outcome = await Pipeline(ListeningEngines(), tmp_path, demo=True).run(
        source, Workspace(folder / "jobs" / "first"), Options(), _ignore
    )

    subtitles = export(outcome.document, "srt", "a").decode()
    time = subtitles.partition(" --> ")[0].rpartition("00:")[2].replace(",", ".")
    assert float(time) == pytest.approx(DELAY + SAID, abs=0.08)
    assert outcome.warnings == []


def _ignore(_stage: Stage, _done: float, _total: float) -> None:
    pass
