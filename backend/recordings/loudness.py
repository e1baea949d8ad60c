"""The loudest sample of each short stretch of a recording, counted by a child of its own:

    python -m backend.recordings.loudness WAV OUT

Nothing is imported that this does not need: for a short recording, that would be most of its time.
"""

import json
import os
import sys
import wave
from pathlib import Path

import numpy

from backend.durable import write_durably

_PER_SECOND = 40  #: finer is not to be seen
_MOST = 200_000  #: of a long recording: 1.3 MB of JSON
_BLOCK = 16_000 * 60


def _main(wav: Path, out: Path) -> None:
    with wave.open(str(wav), "rb") as file:
        frames, rate = file.getnframes(), file.getframerate()
        if (file.getnchannels(), file.getsampwidth()) != (1, 2):
            raise ValueError("peaks are counted from 16-bit mono only")
        stretch = max(rate // _PER_SECOND, -(-frames // _MOST), 1)
        peaks: list[float] = []
        per_block = max(_BLOCK // stretch, 1) * stretch
        # read block by block: of twelve hours, one minute is in memory
        while block := file.readframes(per_block):
            samples = numpy.abs(numpy.frombuffer(block, dtype="<i2").astype(numpy.int32))
            samples = numpy.pad(samples, (0, -len(samples) % stretch))
            peaks += (samples.reshape(-1, stretch).max(axis=1) / 32768).round(3).tolist()
    write_durably(out, json.dumps({"duration": frames / rate, "peaks": peaks}, separators=(",", ":")).encode())


if __name__ == "__main__":
    os.nice(10)
    _main(Path(sys.argv[1]), Path(sys.argv[2]))
