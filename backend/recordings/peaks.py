"""The waveform of a recording as the browser draws it, computed in a child by `backend.recordings.compute_peaks`."""

import sys
from pathlib import Path

from backend.recordings import child
from backend.recordings.media_errors import DecoderKilled

_PROJECT = Path(__file__).resolve().parent.parent.parent


async def make_peaks(wav: Path, out: Path) -> None:
    """Write `out`, as {"duration", "peaks": [0…1, …]}, from a 16-bit mono wav. Cancelling kills the child."""
    command = [sys.executable, "-m", "backend.recordings.compute_peaks", str(wav.absolute()), str(out.absolute())]
    outcome = await child.run(command, seconds=1800, quiet_seconds=1800, folder=str(_PROJECT))
    if outcome.killed:
        raise DecoderKilled
    if outcome.code != 0:
        raise RuntimeError(f"The peaks could not be computed: {outcome.errors[-2000:]}")
