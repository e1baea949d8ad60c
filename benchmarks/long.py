"""Long meetings: how time and memory grow with the audio, what silence costs, and what a kill near the end costs."""

import asyncio
import json
import math
import resource
import tempfile
import time
import wave
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from rich.console import Console
from rich.table import Table

from backend.engines import child_process
from backend.engines.hosts import Engines
from backend.engines.protocols import EngineError, ProgressCallback, SpeakerHints, TranscribeOptions
from backend.engines.registry import choose
from backend.engines.wav_reader import RATE, Samples, WavReader
from backend.recordings.media import normalize
from backend.settings import ROOT
from backend.speech.merge import merge
from backend.speech.types import Sentence, diarization_from_json, sentence_from_json
from benchmarks.machine import describe
from benchmarks.memory import PeakMemory
from benchmarks.paraformer import random_models

#: The limits, as ratios.
SLOPE, MEMORY, SILENCE, RESUME = 1.05, 1.5, 0.3, 1.15

#: Silence between two meetings.
_PAUSE_SECONDS = 2.0
_SILENT_SHARE = 0.8
_KILL_AT = 0.9


@dataclass(frozen=True, slots=True)
class RunResult:
    """One run: wall seconds, CPU seconds of all processes (less affected by other load), the peak of the
    summed resident memory, and the results."""

    seconds: float
    cpu: float
    megabytes: float
    sentences: list[Sentence]
    voices: int


@dataclass(frozen=True, slots=True)
class EnginePair:
    """The models and the two engines to run."""

    models: Path
    transcriber: str
    diarizer: str


def run(shared: Path, hours: list[float], made_up: bool) -> int:
    """Print the tables; returns 1 if a limit is exceeded. `made_up` uses FunASR in int8 with random weights."""
    console = Console()
    console.print(describe(), highlight=False)
    with tempfile.TemporaryDirectory() as folder:
        if made_up:
            child_process._CHILD = "benchmarks.unverified"
            pair = EnginePair(random_models(ROOT / "models", Path(folder)), "funasr-int8", "pyannote-3.1")
        else:
            models = ROOT / "models"
            pair = EnginePair(models, choose("transcribe", None, models, False), choose("diarize", None, models, False))
        console.print(f"{pair.transcriber} beside {pair.diarizer}", highlight=False)
        talk = asyncio.run(_concatenated_meetings(shared / "audio" / "meetings", Path(folder)))
        within_limits, uninterrupted = _measure_growth(console, pair, talk, sorted(hours), Path(folder))
        within_limits &= _measure_costs(console, pair, talk, min(hours), uninterrupted, Path(folder))
    return 0 if within_limits else 1


def _measure_growth(
    console: Console, pair: EnginePair, talk: Samples, hours: list[float], folder: Path
) -> tuple[bool, RunResult]:
    """Returns whether the limits hold, and the run of the shortest recording."""
    table = Table("hours", "seconds", "CPU s", "real-time factor", "peak MB", "characters", "voices")
    results = []
    for length in hours:
        wav = _write(folder / f"{length:g}.wav", talk, length * 3600)
        results.append(one := asyncio.run(_run(pair, wav, folder / f"{length:g}")))
        sentences_file = str(sum(len(sentence.text) for sentence in one.sentences))
        factor = f"{one.seconds / length / 3600:.4f}"
        row = f"{length:g}", f"{one.seconds:.1f}", f"{one.cpu:.0f}", factor, f"{one.megabytes:.0f}", sentences_file
        table.add_row(*row, str(one.voices))
        console.print(" | ".join(row), highlight=False)
        wav.unlink()
    console.print(table)
    if len(results) == 1:
        return True, results[0]
    grown = math.log(hours[-1] / hours[0])
    slope = math.log(results[-1].seconds / results[0].seconds) / grown
    of_cpu = math.log(results[-1].cpu / results[0].cpu) / grown
    memory = results[-1].megabytes / results[0].megabytes
    console.print(f"slope of time on log-log: {slope:.3f} (limit {SLOPE}); of CPU time {of_cpu:.3f}", highlight=False)
    console.print(f"peak memory, longest / shortest: {memory:.2f} (limit {MEMORY})", highlight=False)
    return slope <= SLOPE and memory <= MEMORY, results[0]


def _measure_costs(
    console: Console, pair: EnginePair, talk: Samples, hours: float, uninterrupted: RunResult, folder: Path
) -> bool:
    """What silence and a kill cost, as shares of one uninterrupted run of the same length."""
    wav = _write(folder / "talk.wav", talk, hours * 3600)
    quiet = _write(folder / "quiet.wav", talk, hours * 3600, silent=_SILENT_SHARE)
    silent = asyncio.run(_run(pair, quiet, folder / "silent"))
    started, cpu = time.perf_counter(), _cpu()
    asyncio.run(_run_and_kill(pair, wav, folder / "resumed"))
    resumed = asyncio.run(_run(pair, wav, folder / "resumed"))
    whole, cpu = time.perf_counter() - started, _cpu() - cpu
    same = resumed.sentences == uninterrupted.sentences
    console.print(
        f"{100 * _SILENT_SHARE:.0f} % silence / all speech: {silent.seconds / uninterrupted.seconds:.2f} "
        f"(limit {SILENCE}); "
        f"of CPU time {silent.cpu / uninterrupted.cpu:.2f}\n"
        f"killed at {100 * _KILL_AT:.0f} % and resumed / clean: {whole / uninterrupted.seconds:.2f} (limit {RESUME}); "
        f"of CPU time {cpu / uninterrupted.cpu:.2f}\n"
        f"the same text after the kill: {'yes' if same else 'NO'}",
        highlight=False,
    )
    return same and silent.seconds <= SILENCE * uninterrupted.seconds and whole <= RESUME * uninterrupted.seconds


async def _run(pair: EnginePair, wav: Path, folder: Path) -> RunResult:
    """Recognise and diarize in parallel, then merge; results already in the folder are reused."""
    folder.mkdir(exist_ok=True)
    sentences_file, turns = folder / "sentences.json", folder / "turns.json"
    engines = Engines(pair.models)
    try:
        with PeakMemory() as peak:
            await _load(engines, pair, folder)
            started, cpu = time.perf_counter(), _cpu()
            missing = [] if sentences_file.exists() else [_transcribe(engines, pair, wav, folder)]
            missing += [] if turns.exists() else [_diarize(engines, pair, wav, turns)]
            await asyncio.gather(*missing)
            sentences = [sentence_from_json(row) for row in json.loads(sentences_file.read_text())]
            diarization = diarization_from_json(json.loads(turns.read_text()))
            await asyncio.to_thread(merge, sentences, diarization)
    finally:
        await engines.close()
    voices = len({turn.voice for turn in diarization.turns})
    return RunResult(time.perf_counter() - started, _cpu() - cpu, peak.megabytes, sentences, voices)


def _cpu() -> float:
    """CPU seconds of this process and of the children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


async def _load(engines: Engines, pair: EnginePair, folder: Path) -> None:
    """Make both load their models, which takes as long for a minute as for twelve hours."""
    import numpy as np

    wav, aside = _write(folder / "nothing.wav", np.zeros(RATE, np.int16), 1.0), folder / "nothing.json"
    await asyncio.gather(
        engines.transcribe(pair.transcriber, wav, TranscribeOptions(), aside, _quiet),
        engines.diarize(pair.diarizer, wav, SpeakerHints(), aside.with_suffix(".turns"), _quiet),
    )


async def _run_and_kill(pair: EnginePair, wav: Path, folder: Path) -> None:
    """As `_run`, but both children are killed when the slower has done most of it."""
    folder.mkdir(exist_ok=True)
    engines, late = Engines(pair.models), (asyncio.Event(), asyncio.Event())

    def set_when_late(event: asyncio.Event) -> ProgressCallback:
        return lambda done, total: event.set() if done >= _KILL_AT * total else None

    async def kill() -> None:
        for event in late:
            await event.wait()
        await engines.close()

    sentences_file = _transcribe(engines, pair, wav, folder, set_when_late(late[0]))
    work = (sentences_file, _diarize(engines, pair, wav, folder / "turns.json", set_when_late(late[1])), kill())
    for outcome in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(outcome, BaseException) and not isinstance(outcome, EngineError):
            raise outcome


def _quiet(_done: float, _total: float) -> None:
    pass


async def _transcribe(
    engines: Engines, pair: EnginePair, wav: Path, folder: Path, progress: ProgressCallback = _quiet
) -> None:
    listening = TranscribeOptions(checkpoint_file=folder / "finished.jsonl")
    await engines.transcribe(pair.transcriber, wav, listening, folder / "sentences.json", progress)


async def _diarize(
    engines: Engines, pair: EnginePair, wav: Path, turns: Path, progress: ProgressCallback = _quiet
) -> None:
    hints = SpeakerHints(cache_file=turns.with_name("passes.bin"))
    await engines.diarize(pair.diarizer, wav, hints, turns, progress)


async def _concatenated_meetings(meetings: Path, folder: Path) -> Samples:
    """All shared meetings, one after the other."""
    import numpy as np

    parts: list[Samples] = []
    for meeting in sorted(meetings.glob("*.flac")):
        wav = folder / "one.wav"
        await normalize(meeting, wav=wav, listening_copy=folder / "one.m4a", max_seconds=12 * 3600)
        with WavReader(wav) as sound:
            parts += [sound.read(0.0, sound.duration), np.zeros(round(_PAUSE_SECONDS * RATE), np.int16)]
    return np.concatenate(parts)


def _write(path: Path, talk: Samples, seconds: float, silent: float = 0.0) -> Path:
    """Repeat `talk` minute by minute, each followed by silence, so that silence has the share `silent`."""
    import numpy as np

    minutes = [talk[first : first + 60 * RATE] for first in range(0, len(talk), 60 * RATE)]
    left = round(seconds * RATE)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for minute in cycle(minutes):
            for part in (minute, np.zeros(round(len(minute) * silent / (1 - silent)), np.int16)):
                file.writeframes(part[:left].tobytes())
                left -= min(left, len(part))
            if left == 0:
                return path
    raise AssertionError("a cycle never ends")
