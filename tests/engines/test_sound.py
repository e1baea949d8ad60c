"""Sound is read from disk piece by piece, and what is no sound says so."""

import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from backend.engines.ports import EngineError
from backend.engines.sound import RATE, Sound, as_floats


def write(path: Path, samples: np.ndarray, rate: int = RATE, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setframerate(rate)
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def test_any_part_can_be_read_in_any_order(tmp_path: Path) -> None:
    samples = np.arange(RATE, dtype=np.int16)

    with Sound(write(tmp_path / "a.wav", samples)) as sound:
        assert sound.duration == 1.0
        assert np.array_equal(sound.read(0.5, 0.75), samples[8000:12000])
        assert np.array_equal(sound.read(0.0, 0.25), samples[:4000])
        assert np.array_equal(sound.read(-1, 9), samples)
        assert len(sound.read(2, 3)) == 0


def test_blocks_are_the_whole_sound(tmp_path: Path) -> None:
    samples = np.arange(RATE * 2 + 100, dtype=np.int16)

    with Sound(write(tmp_path / "a.wav", samples)) as sound:
        blocks = list(sound.blocks(1.0))

    assert [len(block) for block in blocks] == [RATE, RATE, 100]
    assert np.array_equal(np.concatenate(blocks), samples)


def test_the_quietest_place_is_found(tmp_path: Path) -> None:
    samples = np.full(RATE * 3, 1000)
    samples[20_000:24_000] = 3

    with Sound(write(tmp_path / "a.wav", samples)) as sound:
        assert 1.25 <= sound.quietest(0.5, 2.5) <= 1.5
        assert sound.quietest(1.0, 1.04) == pytest.approx(1.02)


def test_what_is_mapped_can_be_forgotten_and_read_again(tmp_path: Path) -> None:
    samples = np.arange(RATE, dtype=np.int16)

    with Sound(write(tmp_path / "a.wav", samples)) as sound:
        mapped = sound.mapped()

    assert np.array_equal(mapped.samples, samples), "it outlives the sound"
    mapped.forget()
    assert np.array_equal(mapped.samples, samples)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what is mapped")
def test_what_is_forgotten_takes_no_memory(tmp_path: Path) -> None:
    file = write(tmp_path / "a.wav", np.ones(600 * RATE, np.int16))

    with Sound(file) as sound:
        mapped = sound.mapped()
    assert mapped.samples.sum() == 600 * RATE
    before = _resident(file)
    mapped.forget()

    assert before > 18_000
    assert _resident(file) == 0


def _resident(file: Path) -> int:
    """kB of this file that count as memory of this process."""
    rows = Path("/proc/self/smaps").read_text().splitlines()
    at = next(number for number, row in enumerate(rows) if row.endswith(str(file)))
    return int(next(row for row in rows[at:] if row.startswith("Rss:")).split()[1])


def test_models_get_small_floats(tmp_path: Path) -> None:
    floats = as_floats(np.array([-32768, 0, 16384], np.int16))

    assert floats.dtype == np.float32
    assert floats.tolist() == [-1.0, 0.0, 0.5]


def test_a_file_cut_short_is_as_long_as_what_is_there(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", np.ones(RATE))
    path.write_bytes(path.read_bytes()[:-RATE])

    with Sound(path) as sound:
        assert sound.duration == 0.5
        assert len(sound.read(0, 1)) == RATE // 2


def test_anything_else_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "text.wav").write_text("RIFF but not really, and long enough to be read as a header")
    write(tmp_path / "stereo.wav", np.ones(100), channels=2)
    write(tmp_path / "slow.wav", np.ones(100), rate=8000)

    for name in ("none.wav", "empty.wav", "text.wav", "stereo.wav", "slow.wav"):
        with pytest.raises(EngineError) as caught:
            Sound(tmp_path / name)
        assert caught.value.code == "audio_unreadable"
