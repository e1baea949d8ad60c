"""What the pipeline gives its engines, and keeps of what they leave."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.engines.ports import Listening, SpeakerHints
from backend.jobs import pipeline
from backend.jobs.options import Options
from backend.jobs.pipeline import Pipeline, Source
from backend.jobs.tables import Stage
from backend.jobs.workspace import PASSES, Workspace
from backend.recordings.peaks import make_peaks
from tests.engines.conftest import tone

Told = Callable[[float, float], None]


class Engines:
    """Hears nothing; its diarizer keeps passes where it is told to, and remembers what it found there."""

    def __init__(self) -> None:
        self.found: list[bytes | None] = []
        self.hints: list[SpeakerHints] = []

    async def transcribe(self, name: str, audio: Path, options: Listening, result: Path, progress: Told) -> None:
        result.write_text("[]")

    async def diarize(self, name: str, audio: Path, options: SpeakerHints, result: Path, progress: Told) -> None:
        assert options.passes is not None
        self.hints.append(options)
        self.found.append(options.passes.read_bytes() if options.passes.exists() else None)
        options.passes.write_bytes(b"passes")
        result.write_text(json.dumps({"turns": [], "exclusive": []}))


@pytest.fixture
def engines() -> Engines:
    return Engines()


@pytest.fixture
def source(tmp_path: Path) -> Source:
    folder = tmp_path / "recording"
    folder.mkdir()
    return Source(tone(folder / "original.wav", 2.0), folder / "listen.m4a", folder / "peaks.json", 60.0)


async def run(engines: Engines, source: Source, job: str, options: Options) -> Workspace:
    workspace = Workspace(source.original.parent / "jobs" / job)
    await Pipeline(engines, source.original.parent, demo=True).run(source, workspace, options, _ignore)
    return workspace


async def test_another_number_of_speakers_is_counted_on_the_passes_of_the_job_before(
    engines: Engines, source: Source
) -> None:
    first = await run(engines, source, "first", Options())
    second = await run(engines, source, "second", Options(min_speakers=3, max_speakers=3))

    assert engines.found == [None, b"passes"]
    assert (engines.hints[1].min_speakers, engines.hints[1].max_speakers) == (3, 3)
    assert second.path(PASSES).samefile(first.path(PASSES))


async def test_all_afresh_takes_no_passes_over(engines: Engines, source: Source) -> None:
    await run(engines, source, "first", Options())
    await run(engines, source, "second", Options(fresh=True))

    assert engines.found == [None, None]


async def test_passes_that_were_not_finished_stay_with_their_job(engines: Engines, source: Source) -> None:
    first = await run(engines, source, "first", Options())
    first.path(f"{PASSES}.seal").unlink()

    await run(engines, source, "second", Options(min_speakers=3, max_speakers=3))

    assert engines.found == [None, None]


async def test_no_engine_waits_for_the_waveform_to_be_drawn(
    engines: Engines, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = asyncio.Event()

    class Telling(Engines):
        async def transcribe(self, name: str, audio: Path, options: Listening, result: Path, progress: Told) -> None:
            await super().transcribe(name, audio, options, result, progress)
            heard.set()

    async def draw_late(wav: Path, out: Path) -> None:
        await heard.wait()
        await make_peaks(wav, out)

    monkeypatch.setattr(pipeline, "make_peaks", draw_late)

    await asyncio.wait_for(run(Telling(), source, "first", Options()), 60)

    assert source.peaks.exists()


def _ignore(_stage: Stage, _done: float, _total: float) -> None:
    pass
