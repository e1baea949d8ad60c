import asyncio
import json
import subprocess
import sys
from pathlib import Path

import numpy
import pytest

from backend.recordings.peaks import make_peaks
from tests.recordings.conftest import wav, wav_of


async def test_loud_and_silent_stretches_are_told_apart(tmp_path: Path) -> None:
    silence = numpy.zeros(16_000, "<i2")
    tone = (16_384 * numpy.sin(numpy.arange(16_000))).astype("<i2")
    (tmp_path / "a.wav").write_bytes(wav_of(numpy.concatenate([silence, tone, -tone]).tobytes()))

    await make_peaks(tmp_path / "a.wav", tmp_path / "peaks.json")

    made = json.loads((tmp_path / "peaks.json").read_text())
    assert 3.0 == made["duration"]
    assert 120 == len(made["peaks"])
    assert {0.0} == set(made["peaks"][:40])
    assert made["peaks"][40:] == pytest.approx([0.5] * 80, abs=0.01)


async def test_the_loudest_sample_there_can_be_is_one(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav_of(numpy.full(401, -32768, "<i2").tobytes()))

    await make_peaks(tmp_path / "a.wav", tmp_path / "peaks.json")

    assert [1.0, 1.0] == json.loads((tmp_path / "peaks.json").read_text())["peaks"]


async def test_twelve_hours_give_a_bounded_file(tmp_path: Path) -> None:
    frames = 12 * 3600 * 16_000
    head = bytearray(wav_of(b""))
    head[4:8] = (36 + frames * 2).to_bytes(4, "little")
    head[40:44] = (frames * 2).to_bytes(4, "little")
    with (tmp_path / "a.wav").open("wb") as file:
        file.write(head)
        file.truncate(44 + frames * 2)  # a hole: silence that takes no room

    command = [sys.executable, "-c", _MEASURED, str(tmp_path / "a.wav"), str(tmp_path / "peaks.json")]
    measured = await asyncio.to_thread(subprocess.run, command, stdout=subprocess.PIPE, check=True)

    made = json.loads((tmp_path / "peaks.json").read_text())
    assert 12 * 3600 == made["duration"]
    assert 100_000 < len(made["peaks"]) <= 200_000
    assert int(measured.stdout) < 600_000


#: In a process of its own, whose only child is the one that is measured; in kilobytes.
_MEASURED = """
import asyncio, pathlib, resource, sys
from backend.recordings.peaks import make_peaks
asyncio.run(make_peaks(*map(pathlib.Path, sys.argv[1:])))
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


async def test_what_is_no_wav_of_ours_is_a_bug_and_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(1, channels=2))

    with pytest.raises(RuntimeError, match="mono"):
        await make_peaks(tmp_path / "a.wav", tmp_path / "peaks.json")

    assert not (tmp_path / "peaks.json").exists()
