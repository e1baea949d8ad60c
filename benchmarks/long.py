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

from backend.engines import host
from backend.engines.hosts import Engines
from backend.engines.ports import EngineError, Listening, Progress, SpeakerHints
from backend.engines.sound import RATE, Samples, Sound
from backend.engines.table import choose
from backend.recordings.media import normalize
from backend.settings import ROOT
from backend.speech.merge import merge
from backend.speech.types import Sentence, diarization_from_json, sentence_from_json
from benchmarks.machine import describe
from benchmarks.memory import PeakMemory
from benchmarks.paraformer import made_up_models

#: What is promised, as ratios; see the issue of speed.
SLOPE, MEMORY, SILENCE, RESUME = 1.05, 1.5, 0.3, 1.15

#: One meeting after the other, with so much quiet between them.
_PAUSE_SECONDS = 2.0
_SILENT_SHARE = 0.8
_KILL_AT = 0.9


@dataclass(frozen=True, slots=True)
class Ran:
    """One run: wall seconds, CPU seconds of all processes (which other work on the machine touches less), the largest
    sum of resident memory, and what was heard."""

    seconds: float
    cpu: float
    megabytes: float
    sentences: list[Sentence]
    voices: int


@dataclass(frozen=True, slots=True)
class Rig:
    """What hears: the models, and which two engines."""

    models: Path
    transcriber: str
    diarizer: str


def run(shared: Path, hours: list[float], made_up: bool) -> int:
    """Print the tables; answers 1 where a limit is not kept. `made_up` has FunASR in int8, of random weights, hear."""
    console = Console()
    console.print(describe(), highlight=False)
    with tempfile.TemporaryDirectory() as folder:
        if made_up:
            host._CHILD = "benchmarks.unverified"
            rig = Rig(made_up_models(ROOT / "models", Path(folder)), "funasr-int8", "pyannote-3.1")
        else:
            models = ROOT / "models"
            rig = Rig(models, choose("transcribe", None, models, False), choose("diarize", None, models, False))
        console.print(f"{rig.transcriber} beside {rig.diarizer}", highlight=False)
        talk = asyncio.run(_talk(shared / "audio" / "meetings", Path(folder)))
        kept, clean = _grows(console, rig, talk, sorted(hours), Path(folder))
        kept &= _costs(console, rig, talk, min(hours), clean, Path(folder))
    return 0 if kept else 1


def _grows(console: Console, rig: Rig, talk: Samples, hours: list[float], folder: Path) -> tuple[bool, Ran]:
    """Whether the limits are kept, and the run of the shortest."""
    table = Table("hours", "seconds", "CPU s", "real-time factor", "peak MB", "characters", "voices")
    ran = []
    for length in hours:
        wav = _write(folder / f"{length:g}.wav", talk, length * 3600)
        ran.append(one := asyncio.run(_run(rig, wav, folder / f"{length:g}")))
        heard = str(sum(len(sentence.text) for sentence in one.sentences))
        factor = f"{one.seconds / length / 3600:.4f}"
        row = f"{length:g}", f"{one.seconds:.1f}", f"{one.cpu:.0f}", factor, f"{one.megabytes:.0f}", heard
        table.add_row(*row, str(one.voices))
        console.print(" | ".join(row), highlight=False)
        wav.unlink()
    console.print(table)
    if len(ran) == 1:
        return True, ran[0]
    grown = math.log(hours[-1] / hours[0])
    slope = math.log(ran[-1].seconds / ran[0].seconds) / grown
    of_cpu = math.log(ran[-1].cpu / ran[0].cpu) / grown
    memory = ran[-1].megabytes / ran[0].megabytes
    console.print(f"slope of time on log-log: {slope:.3f} (limit {SLOPE}); of CPU time {of_cpu:.3f}", highlight=False)
    console.print(f"peak memory, longest / shortest: {memory:.2f} (limit {MEMORY})", highlight=False)
    return slope <= SLOPE and memory <= MEMORY, ran[0]


def _costs(console: Console, rig: Rig, talk: Samples, hours: float, clean: Ran, folder: Path) -> bool:
    """What silence and a kill cost, as shares of one clean run of the same length."""
    wav = _write(folder / "talk.wav", talk, hours * 3600)
    quiet = _write(folder / "quiet.wav", talk, hours * 3600, silent=_SILENT_SHARE)
    silent = asyncio.run(_run(rig, quiet, folder / "silent"))
    begun, cpu = time.perf_counter(), _cpu()
    asyncio.run(_killed(rig, wav, folder / "resumed"))
    resumed = asyncio.run(_run(rig, wav, folder / "resumed"))
    whole, cpu = time.perf_counter() - begun, _cpu() - cpu
    same = resumed.sentences == clean.sentences
    console.print(
        f"{100 * _SILENT_SHARE:.0f} % silence / all talk: {silent.seconds / clean.seconds:.2f} (limit {SILENCE}); "
        f"of CPU time {silent.cpu / clean.cpu:.2f}\n"
        f"killed at {100 * _KILL_AT:.0f} % and resumed / clean: {whole / clean.seconds:.2f} (limit {RESUME}); "
        f"of CPU time {cpu / clean.cpu:.2f}\n"
        f"the same text after the kill: {'yes' if same else 'NO'}",
        highlight=False,
    )
    return same and silent.seconds <= SILENCE * clean.seconds and whole <= RESUME * clean.seconds


async def _run(rig: Rig, wav: Path, folder: Path) -> Ran:
    """Recognise and diarize side by side, then merge; what the folder has already is not done again."""
    folder.mkdir(exist_ok=True)
    heard, turns = folder / "sentences.json", folder / "turns.json"
    engines = Engines(rig.models)
    try:
        with PeakMemory() as peak:
            await _load(engines, rig, folder)
            begun, cpu = time.perf_counter(), _cpu()
            missing = [] if heard.exists() else [_transcribe(engines, rig, wav, folder)]
            missing += [] if turns.exists() else [_diarize(engines, rig, wav, turns)]
            await asyncio.gather(*missing)
            sentences = [sentence_from_json(row) for row in json.loads(heard.read_text())]
            diarization = diarization_from_json(json.loads(turns.read_text()))
            await asyncio.to_thread(merge, sentences, diarization)
    finally:
        await engines.close()
    voices = len({turn.voice for turn in diarization.turns})
    return Ran(time.perf_counter() - begun, _cpu() - cpu, peak.megabytes, sentences, voices)


def _cpu() -> float:
    """CPU seconds of this process and of the children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


async def _load(engines: Engines, rig: Rig, folder: Path) -> None:
    """Have both load their models: that takes as long for a minute as for twelve hours."""
    import numpy as np

    wav, aside = _write(folder / "nothing.wav", np.zeros(RATE, np.int16), 1.0), folder / "nothing.json"
    await asyncio.gather(
        engines.transcribe(rig.transcriber, wav, Listening(), aside, _quiet),
        engines.diarize(rig.diarizer, wav, SpeakerHints(), aside.with_suffix(".turns"), _quiet),
    )


async def _killed(rig: Rig, wav: Path, folder: Path) -> None:
    """As `_run`, but both children are killed when the slower has done most of it."""
    folder.mkdir(exist_ok=True)
    engines, late = Engines(rig.models), (asyncio.Event(), asyncio.Event())

    def telling(event: asyncio.Event) -> Progress:
        return lambda done, total: event.set() if done >= _KILL_AT * total else None

    async def kill() -> None:
        for event in late:
            await event.wait()
        await engines.close()

    heard = _transcribe(engines, rig, wav, folder, telling(late[0]))
    work = (heard, _diarize(engines, rig, wav, folder / "turns.json", telling(late[1])), kill())
    for outcome in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(outcome, BaseException) and not isinstance(outcome, EngineError):
            raise outcome


def _quiet(_done: float, _total: float) -> None:
    pass


async def _transcribe(engines: Engines, rig: Rig, wav: Path, folder: Path, progress: Progress = _quiet) -> None:
    listening = Listening(finished=folder / "finished.jsonl")
    await engines.transcribe(rig.transcriber, wav, listening, folder / "sentences.json", progress)


async def _diarize(engines: Engines, rig: Rig, wav: Path, turns: Path, progress: Progress = _quiet) -> None:
    hints = SpeakerHints(passes=turns.with_name("passes.bin"))
    await engines.diarize(rig.diarizer, wav, hints, turns, progress)


async def _talk(meetings: Path, folder: Path) -> Samples:
    """Every meeting there is, one after the other."""
    import numpy as np

    parts: list[Samples] = []
    for meeting in sorted(meetings.glob("*.flac")):
        wav = folder / "one.wav"
        await normalize(meeting, wav=wav, listening_copy=folder / "one.m4a", max_seconds=12 * 3600)
        with Sound(wav) as sound:
            parts += [sound.read(0.0, sound.duration), np.zeros(round(_PAUSE_SECONDS * RATE), np.int16)]
    return np.concatenate(parts)


def _write(path: Path, talk: Samples, seconds: float, silent: float = 0.0) -> Path:
    """`talk` over and over, minute by minute, each followed by nothing at all, so that this has the share `silent`."""
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
