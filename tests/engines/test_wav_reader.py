"""Wav files are read in parts, and other files are refused."""

import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from backend.engines.protocols import EngineError
from backend.engines.wav_reader import RATE, WavReader, as_floats


def write(path: Path, samples: np.ndarray, rate: int = RATE, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setframerate(rate)
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def test_any_part_can_be_read_in_any_order(tmp_path: Path) -> None:
    samples = np.arange(RATE, dtype=np.int16)

    with WavReader(write(tmp_path / "a.wav", samples)) as reader:
        assert reader.duration == 1.0
        assert np.array_equal(reader.read(0.5, 0.75), samples[8000:12000])
        assert np.array_equal(reader.read(0.0, 0.25), samples[:4000])
        assert np.array_equal(reader.read(-1, 9), samples)
        assert len(reader.read(2, 3)) == 0


def test_blocks_contain_all_samples(tmp_path: Path) -> None:
    samples = np.arange(RATE * 2 + 100, dtype=np.int16)

    with WavReader(write(tmp_path / "a.wav", samples)) as reader:
        blocks = list(reader.blocks(1.0))

    assert [len(block) for block in blocks] == [RATE, RATE, 100]
    assert np.array_equal(np.concatenate(blocks), samples)


def test_the_quietest_place_is_found(tmp_path: Path) -> None:
    samples = np.full(RATE * 3, 1000)
    samples[20_000:24_000] = 3

    with WavReader(write(tmp_path / "a.wav", samples)) as reader:
        assert 1.25 <= reader.find_quietest(0.5, 2.5) <= 1.5
        assert reader.find_quietest(1.0, 1.04) == pytest.approx(1.02)


def test_mapped_samples_can_be_released_and_read_again(tmp_path: Path) -> None:
    samples = np.arange(RATE, dtype=np.int16)

    with WavReader(write(tmp_path / "a.wav", samples)) as reader:
        mapped = reader.map_samples()

    assert np.array_equal(mapped.samples, samples), "the mapping outlives the reader"
    mapped.release()
    assert np.array_equal(mapped.samples, samples)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux reports mapped memory")
def test_released_samples_take_no_memory(tmp_path: Path) -> None:
    file = write(tmp_path / "a.wav", np.ones(600 * RATE, np.int16))

    with WavReader(file) as reader:
        mapped = reader.map_samples()
    assert mapped.samples.sum() == 600 * RATE
    before = _resident(file)
    mapped.release()

    assert before > 18_000
    assert _resident(file) == 0


def _resident(file: Path) -> int:
    """The kB of this file that are in the memory of this process."""
    rows = Path("/proc/self/smaps").read_text().splitlines()
    at = next(number for number, row in enumerate(rows) if row.endswith(str(file)))
    return int(next(row for row in rows[at:] if row.startswith("Rss:")).split()[1])


def test_samples_are_converted_to_floats_between_minus_one_and_one(tmp_path: Path) -> None:
    floats = as_floats(np.array([-32768, 0, 16384], np.int16))

    assert floats.dtype == np.float32
    assert floats.tolist() == [-1.0, 0.0, 0.5]


def test_a_truncated_file_is_as_long_as_its_samples(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", np.ones(RATE))
    path.write_bytes(path.read_bytes()[:-RATE])

    with WavReader(path) as reader:
        assert reader.duration == 0.5
        assert len(reader.read(0, 1)) == RATE // 2


def test_other_files_are_unreadable(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "text.wav").write_text("RIFF but not really, and long enough to be read as a header")
    write(tmp_path / "stereo.wav", np.ones(100), channels=2)
    write(tmp_path / "slow.wav", np.ones(100), rate=8000)

    for name in ("none.wav", "empty.wav", "text.wav", "stereo.wav", "slow.wav"):
        with pytest.raises(EngineError) as caught:
            WavReader(tmp_path / name)
        assert caught.value.code == "audio_unreadable"
