"""Each stage alone, then transcribe and diarize together, on recordings with references; then the whole pipeline
compared with the libraries it is built on."""

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from backend.engines.hosts import Engines
from backend.engines.protocols import SpeakerHints, TranscribeOptions
from backend.engines.registry import available, choose
from backend.recordings.media import normalize
from backend.recordings.peaks import make_peaks
from backend.settings import ROOT
from backend.speech.merge import merge
from backend.speech.types import diarization_from_json, sentence_from_json
from backend.transcripts.document import from_merged
from benchmarks.accuracy import Accuracy, measure, read_stm, until
from benchmarks.comparison import as_wav
from benchmarks.end_to_end import compare_with_libraries
from benchmarks.machine import describe
from benchmarks.memory import PeakMemory
from benchmarks.paraformer import random_models

#: The diarizer that both variants can use: the only one that needs no account.
_STOCK = "pyannote-3.1"

#: Limit of the time of both engines together, as a multiple of the longer one alone.
OVERLAP_LIMIT = 1.15


@dataclass(slots=True)
class Figures:
    """Seconds of each round, and the highest peak of them all."""

    seconds: list[float] = field(default_factory=list)
    megabytes: float = 0.0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


async def _timed(figures: Figures, work: Callable[[], Awaitable[object]]) -> None:
    with PeakMemory() as peak:
        started = time.perf_counter()
        await work()
        figures.seconds.append(time.perf_counter() - started)
    figures.megabytes = max(figures.megabytes, peak.megabytes)


def _quiet(_done: float, _total: float) -> None:
    pass


async def _one(models: Path, meeting: Path, rounds: int, folder: Path) -> tuple[float, dict[str, Figures], Accuracy]:
    names = ("prepare", "peaks", "transcribe", "diarize", "both together", "merge")
    figures = {name: Figures() for name in names}
    engines = Engines(models)
    transcriber, diarizer = choose("transcribe", None, models, False), choose("diarize", None, models, False)
    wav, heard, turns = folder / "speech.wav", folder / "sentences.json", folder / "turns.json"

    async def prepare() -> None:
        await normalize(
            meeting.with_suffix(".flac"),
            wav=wav,
            listening_copy=folder / "listen.m4a",
            max_seconds=12 * 3600,
        )

    async def draw() -> None:
        await make_peaks(wav, folder / "peaks.json")

    async def transcribe() -> None:
        await engines.transcribe(transcriber, wav, TranscribeOptions(), heard, _quiet)

    async def diarize() -> None:
        await engines.diarize(diarizer, wav, SpeakerHints(), turns, _quiet)

    async def both() -> None:
        await asyncio.gather(transcribe(), diarize())

    async def merged() -> None:
        merge(sentences, diarization)

    try:
        await _timed(figures["prepare"], prepare)
        await _timed(figures["peaks"], draw)
        await both()  # loads the models, which is not measured
        for _ in range(rounds):
            await _timed(figures["transcribe"], transcribe)
            await _timed(figures["diarize"], diarize)
            await _timed(figures["both together"], both)
        sentences = [sentence_from_json(row) for row in json.loads(heard.read_text())]
        diarization = diarization_from_json(json.loads(turns.read_text()))
        await _timed(figures["merge"], merged)
    finally:
        await engines.close()
    duration = wav.stat().st_size / 32000
    document = from_merged(merge(sentences, diarization), duration=duration, engines={})
    return duration, figures, measure(document, sentences, diarization, read_stm(meeting.with_suffix(".stm")))


def run(shared: Path, names: list[str], rounds: int, seconds: float, made_up: bool) -> int:
    """Print the tables; returns 1 if the pipeline loses characters of its recogniser. `made_up` leaves out the
    stages, because random text has no errors to count."""
    console = Console()
    console.print(describe(), highlight=False)
    lost = not made_up and _stages(console, shared, names, rounds)
    with tempfile.TemporaryDirectory() as folder:
        meeting = shared / "audio/meetings/two-minutes.flac"
        clip = as_wav(meeting, Path(folder) / "clip.wav", seconds)
        reference = until(read_stm(meeting.with_suffix(".stm")), seconds)
        models = random_models(ROOT / "models", Path(folder)) if made_up else ROOT / "models"
        for transcriber in ("funasr", "funasr-int8") if made_up else available("transcribe", models, False):
            console.print(compare_with_libraries(models, transcriber, _STOCK, clip, reference, rounds, made_up))
    return 1 if lost else 0


def _stages(console: Console, shared: Path, names: list[str], rounds: int) -> bool:
    """Returns whether characters were lost."""
    lost = False
    quality = Table("recording", "CER", "recogniser alone", "DER", "DER, collar 0.25 s", "cpCER", "speakers")
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            meeting = shared / "audio" / "meetings" / name
            duration, figures, accuracy = asyncio.run(_one(ROOT / "models", meeting, rounds, Path(folder)))
        table = Table("stage", "seconds", "real-time factor", "peak MB", title=f"{name}, {duration:.0f} s")
        for stage, found in figures.items():
            table.add_row(stage, f"{found.median:.2f}", f"{found.median / duration:.4f}", f"{found.megabytes:.0f}")
        console.print(table)
        longer = max(figures["transcribe"].median, figures["diarize"].median)
        ratio = figures["both together"].median / longer
        console.print(f"together / longer alone: {ratio:.2f} (limit {OVERLAP_LIMIT})\n", highlight=False)
        quality.add_row(
            name,
            *(
                f"{100 * share:.1f} %"
                for share in (accuracy.cer, accuracy.heard_cer, accuracy.der, accuracy.der_collar)
            ),
            f"{100 * accuracy.cp_cer:.1f} %",
            str(accuracy.speakers),
        )
        lost = lost or accuracy.cer > accuracy.heard_cer
    console.print(quality)
    return lost
