"""Whether the memory of a long transcription by Whisper grows: one recording, repeated, window after window.

Each window is noted with the memory the process then has. What grows with the length of the audio must be words alone:
twelve hours have about two hundred thousand characters.
"""

import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import psutil
from rich.console import Console

from backend.engines.protocols import EngineContext, TranscribeOptions
from backend.engines.whisper import Whisper
from backend.settings import ROOT
from benchmarks.machine import describe

_MEGABYTES_IN_TWELVE_HOURS = 100.0  #: that the process may grow by, for words and what the heap keeps


@dataclass(frozen=True, slots=True)
class Sample:
    """The memory of the process once this much audio was transcribed."""

    minutes: float
    megabytes: float


def run(shared: Path, name: str, repeats: int) -> int:
    """Print the memory along the way; returns 1 if it would grow by more than 100 MB in twelve hours."""
    console = Console()
    console.print(describe())
    process = psutil.Process()
    samples: list[Sample] = []
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "repeated.wav"
        source = shared / "audio" / "meetings" / f"{name}.flac"
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-stream_loop", str(repeats - 1), "-i", str(source)]
        subprocess.run([*command, "-ac", "1", "-ar", "16000", str(wav)], check=True, stdin=subprocess.DEVNULL)
        whisper = Whisper(EngineContext(ROOT / "models", threads=1))

        def note(done: float, _total: float, /) -> None:
            samples.append(Sample(done / 60, process.memory_info().rss / 1e6))

        began = time.process_time()
        sentences = whisper.transcribe(wav, TranscribeOptions(checkpoint_file=Path(folder) / "finished"), note)
        seconds = time.process_time() - began
    warm = samples[len(samples) // 4 :]  # the heap finds its size in the first windows
    slope = float(np.polyfit([one.minutes for one in warm], [one.megabytes for one in warm], 1)[0])
    for sample in samples[:: max(1, len(samples) // 12)]:
        console.print(f"{sample.minutes:7.1f} min  {sample.megabytes:7.1f} MB")
    words = sum(len(one.words) for one in sentences)
    console.print(
        f"{samples[-1].minutes:.1f} minutes in {len(samples)} windows, {words} words, "
        f"{seconds:.0f} CPU s. After the first quarter: {min(one.megabytes for one in warm):.1f} to "
        f"{max(one.megabytes for one in warm):.1f} MB, {slope * 60:+.2f} MB an hour, "
        f"{slope * 720:+.1f} MB in twelve hours if it went on."
    )
    return 1 if slope * 720 > _MEGABYTES_IN_TWELVE_HOURS else 0
