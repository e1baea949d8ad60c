"""Computes the peak of each short window of a recording, in a child process:

    python -m backend.recordings.compute_peaks WAV OUT

Only the necessary modules are imported: for a short recording, the imports take most of the time.
"""

import json
import os
import sys
import wave
from pathlib import Path

import numpy

from backend.durable import write_durably

_PER_SECOND = 40  #: more cannot be seen
_MAX_PEAKS = 200_000  #: for long recordings: 1.3 MB of JSON
_BLOCK = 16_000 * 60


def _main(wav: Path, out: Path) -> None:
    with wave.open(str(wav), "rb") as file:
        frames, rate = file.getnframes(), file.getframerate()
        if (file.getnchannels(), file.getsampwidth()) != (1, 2):
            raise ValueError("peaks are computed from 16-bit mono only")
        window = max(rate // _PER_SECOND, -(-frames // _MAX_PEAKS), 1)
        peaks: list[float] = []
        per_block = max(_BLOCK // window, 1) * window
        # read block by block: only one minute is in memory
        while block := file.readframes(per_block):
            samples = numpy.abs(numpy.frombuffer(block, dtype="<i2").astype(numpy.int32))
            samples = numpy.pad(samples, (0, -len(samples) % window))
            peaks += (samples.reshape(-1, window).max(axis=1) / 32768).round(3).tolist()
    write_durably(out, json.dumps({"duration": frames / rate, "peaks": peaks}, separators=(",", ":")).encode())


if __name__ == "__main__":
    os.nice(10)
    _main(Path(sys.argv[1]), Path(sys.argv[2]))
