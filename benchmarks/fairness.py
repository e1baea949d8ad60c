"""A short file beside long ones at one engine: how long it takes, and what sharing costs the long ones."""

import asyncio
import tempfile
import time
import wave
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from backend.engines.hosts import Engines
from backend.engines.protocols import TranscribeOptions
from backend.engines.registry import choose
from backend.engines.turns import Priority
from backend.engines.wav_reader import RATE, WavReader
from backend.recordings.media import normalize
from backend.settings import ROOT
from benchmarks.machine import describe

#: The limits: the short file takes at most this many times its time alone, and one slice; the long ones keep this share
#: of their throughput.
SHORT, LONG = 3.0, 0.95
_SLICE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Request:
    name: str
    audio: Path
    owner: str
    seconds: float


def run(shared: Path, recording: str, minutes: float, others: int, engine: str | None) -> int:
    """Print the table; returns 1 if a limit is exceeded or a text differs."""
    console = Console()
    console.print(describe(), highlight=False)
    models = ROOT / "models"
    transcriber = choose("transcribe", engine, models, False)
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(console, models, transcriber, shared, recording, minutes, others, Path(folder)))


async def _measure(
    console: Console,
    models: Path,
    transcriber: str,
    shared: Path,
    recording: str,
    minutes: float,
    others: int,
    folder: Path,
) -> int:
    talk = folder / "talk.wav"
    source = shared / "audio" / "meetings" / f"{recording}.flac"
    await normalize(source, wav=talk, listening_copy=folder / "talk.m4a", max_seconds=1e6)
    short = _Request("short", _repeated(talk, folder / "short.wav", 20), "short", 20)
    long = [
        _Request(f"long {n}", _repeated(talk, folder / f"long{n}.wav", minutes * 60), f"owner {n}", minutes * 60)
        for n in range(others)
    ]
    engines = Engines(models)
    try:
        await _transcribe(engines, transcriber, short, folder)  # loads the model
        alone = await _transcribe(engines, transcriber, short, folder)
        text = (folder / "short.json").read_bytes()
        begun = time.perf_counter()
        for request in long:
            await _transcribe(engines, transcriber, request, folder)
        in_sequence = time.perf_counter() - begun
        texts = [(folder / f"{request.name}.json").read_bytes() for request in long]

        begun = time.perf_counter()
        tasks = [asyncio.create_task(_transcribe(engines, transcriber, request, folder)) for request in long]
        await asyncio.sleep(in_sequence / 4)
        beside = await _transcribe(engines, transcriber, short, folder)
        running = sum(not task.done() for task in tasks)
        await asyncio.gather(*tasks)
        shared_seconds = time.perf_counter() - begun - alone
    finally:
        await engines.close()
    equal = text == (folder / "short.json").read_bytes() and texts == [
        (folder / f"{request.name}.json").read_bytes() for request in long
    ]
    throughput = in_sequence / shared_seconds
    table = Table("what", "measured", "limit")
    table.add_row(f"20 s alone, by {transcriber}", f"{alone:.1f} s", "")
    table.add_row(
        f"20 s beside {running} × {minutes:g} min", f"{beside:.1f} s", f"{SHORT * alone + _SLICE_SECONDS:.1f} s"
    )
    table.add_row("throughput of the long ones", f"{throughput:.3f} ×", f"{LONG} ×")
    table.add_row("texts equal to the byte", str(equal), "True")
    console.print(table)
    return 0 if beside <= SHORT * alone + _SLICE_SECONDS and throughput >= LONG and equal and running else 1


async def _transcribe(engines: Engines, transcriber: str, request: _Request, folder: Path) -> float:
    options = TranscribeOptions(priority=Priority(request.owner, request.seconds))
    begun = time.perf_counter()
    await engines.transcribe(transcriber, request.audio, options, folder / f"{request.name}.json", _ignore)
    return time.perf_counter() - begun


def _repeated(talk: Path, path: Path, seconds: float) -> Path:
    """The talk, repeated or cut to this length."""
    with WavReader(talk) as reader:
        talk_bytes = reader.read(0.0, min(reader.duration, seconds)).tobytes()
    count = int(seconds * RATE) * 2
    content = talk_bytes * (count // len(talk_bytes) + 1)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(content[:count])
    return path


def _ignore(_done: float, _total: float, /) -> None:
    pass
