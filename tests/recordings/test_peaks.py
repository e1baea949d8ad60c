import asyncio
import json
import subprocess
import sys
from pathlib import Path

import numpy
import pytest

from backend.recordings.peaks import make_peaks
from tests.recordings.conftest import wav, wav_of


async def test_loud_and_silent_passages_have_different_peaks(tmp_path: Path) -> None:
    silence = numpy.zeros(16_000, "<i2")
    tone = (16_384 * numpy.sin(numpy.arange(16_000))).astype("<i2")
    (tmp_path / "a.wav").write_bytes(wav_of(numpy.concatenate([silence, tone, -tone]).tobytes()))

    await make_peaks(tmp_path / "a.wav", tmp_path / "peaks.json")

    peaks = json.loads((tmp_path / "peaks.json").read_text())
    assert 3.0 == peaks["duration"]
    assert 120 == len(peaks["peaks"])
    assert {0.0} == set(peaks["peaks"][:40])
    assert peaks["peaks"][40:] == pytest.approx([0.5] * 80, abs=0.01)


async def test_the_loudest_possible_sample_gives_a_peak_of_one(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav_of(numpy.full(401, -32768, "<i2").tobytes()))

    await make_peaks(tmp_path / "a.wav", tmp_path / "peaks.json")

    assert [1.0, 1.0] == json.loads((tmp_path / "peaks.json").read_text())["peaks"]


@pytest.mark.slow
async def test_twelve_hours_give_a_file_of_limited_size(tmp_path: Path) -> None:
    frames = 12 * 3600 * 16_000
    head = bytearray(wav_of(b""))
    head[4:8] = (36 + frames * 2).to_bytes(4, "little")
    head[40:44] = (frames * 2).to_bytes(4, "little")
    with (tmp_path / "a.wav").open("wb") as file:
        file.write(head)
        file.truncate(44 + frames * 2)  # a sparse file: silence that takes no space

    command = [sys.executable, "-c", _MEASURE, str(tmp_path / "a.wav"), str(tmp_path / "peaks.json")]
    measured = await asyncio.to_thread(subprocess.run, command, stdout=subprocess.PIPE, check=True)

    peaks = json.loads((tmp_path / "peaks.json").read_text())
    assert 12 * 3600 == peaks["duration"]
    assert 100_000 < len(peaks["peaks"]) <= 200_000
    assert int(measured.stdout) < 600_000


#: Runs in a separate process, whose only child is the measured one; prints kilobytes.
_MEASURE = """
import asyncio, pathlib, resource, sys
from backend.recordings.peaks import make_peaks
asyncio.run(make_peaks(*map(pathlib.Path, sys.argv[1:])))
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


async def test_an_unexpected_wav_format_raises_and_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(1, channels=2))

    with pytest.raises(RuntimeError, match="mono"):
        await make_peaks(tmp_path / "a.wav", tmp_path / "peaks.json")

    assert not (tmp_path / "peaks.json").exists()
