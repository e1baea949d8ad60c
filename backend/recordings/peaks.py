"""The waveform of a recording as the browser draws it: the loudest sample of each short stretch.

`python -m backend.recordings.peaks WAV OUT` is the child that counts them.
"""

import json
import sys
import wave
from pathlib import Path

from backend.durable import write_durably
from backend.recordings import child
from backend.recordings.refusals import DecoderKilled

_PER_SECOND = 40  #: finer is not to be seen
_MOST = 200_000  #: of a long recording: 1.3 MB of JSON
_BLOCK = 16_000 * 60

_PROJECT = Path(__file__).resolve().parent.parent.parent


async def make_peaks(wav: Path, out: Path) -> None:
    """Write `out`, as {"duration", "peaks": [0…1, …]}, from a 16-bit mono wav. Cancelling kills the child."""
    command = [sys.executable, "-m", "backend.recordings.peaks", str(wav.absolute()), str(out.absolute())]
    outcome = await child.run(command, seconds=1800, quiet_seconds=1800, folder=str(_PROJECT))
    if outcome.killed:
        raise DecoderKilled
    if outcome.code != 0:
        raise RuntimeError(f"The peaks could not be counted: {outcome.errors[-2000:]}")


def _main(wav: Path, out: Path) -> None:
    import numpy

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
    import os

    os.nice(10)
    _main(Path(sys.argv[1]), Path(sys.argv[2]))
