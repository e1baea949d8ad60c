"""What a diarizer has made is kept while it lasts: whole arrays, of the same audio and weights, and nothing else."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from backend.engines.passes import Array, Passes

HEARD = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
VOICES = np.linspace(-1, 1, 10, dtype=np.float32).reshape(2, 5)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    kept = Passes(tmp_path / "passes.bin", "a print")
    kept.keep("segmentation", 0, HEARD)
    kept.keep("embeddings", 0, VOICES)
    return tmp_path / "passes.bin"


def test_arrays_come_back_as_they_were(path: Path) -> None:
    kept = Passes(path, "a print")

    for kind, array in (("segmentation", HEARD), ("embeddings", VOICES)):
        found = kept.get(kind, 0)
        assert found is not None
        assert found.dtype == array.dtype
        np.testing.assert_array_equal(found, array)
    assert kept.get("segmentation", 4) is None


def test_what_was_just_kept_is_there_at_once(path: Path) -> None:
    kept = Passes(path, "a print")
    kept.keep("segmentation", 4, HEARD[:1])

    np.testing.assert_array_equal(kept.get("segmentation", 4), HEARD[:1])
    np.testing.assert_array_equal(Passes(path, "a print").get("segmentation", 4), HEARD[:1])


def test_the_later_of_two_counts(path: Path) -> None:
    Passes(path, "a print").keep("embeddings", 0, 2 * VOICES)

    np.testing.assert_array_equal(Passes(path, "a print").get("embeddings", 0), 2 * VOICES)


def test_what_is_there_is_not_made_again(path: Path) -> None:
    kept = Passes(path, "a print")
    made: list[str] = []

    def make() -> Array:
        made.append("made")
        return HEARD[:1]

    assert kept.once("segmentation", 0, len(HEARD), make).tolist() == HEARD.tolist()
    assert made == []
    for _ in range(2):
        assert kept.once("segmentation", 4, 1, make).tolist() == HEARD[:1].tolist()
    assert made == ["made"]


def test_what_was_kept_in_another_length_is_made_again(path: Path) -> None:
    kept = Passes(path, "a print")

    assert len(kept.once("segmentation", 0, 1, lambda: HEARD[:1])) == 1
    assert len(Passes(path, "a print").once("segmentation", 0, 1, lambda: HEARD)) == 1


def test_threads_may_keep_at_once(path: Path) -> None:
    kept = Passes(path, "a print")
    arrays = {first: np.full((3, 50), first, np.uint8) for first in range(100, 200)}

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda first: kept.keep("segmentation", first, arrays[first]), arrays))

    again = Passes(path, "a print")
    for first, array in arrays.items():
        np.testing.assert_array_equal(again.get("segmentation", first), array)
        np.testing.assert_array_equal(kept.get("segmentation", first), array)


def test_with_another_fingerprint_nothing_counts(path: Path, tmp_path: Path) -> None:
    other_name = tmp_path / "of an earlier job"
    other_name.hardlink_to(path)
    before = other_name.read_bytes()

    assert Passes(path, "another print").get("segmentation", 0) is None

    assert other_name.read_bytes() == before, "an earlier job's file is not touched"
    assert Passes(path, "a print").get("segmentation", 0) is None


def test_wherever_the_file_is_torn_what_came_before_counts_and_more_can_be_kept(path: Path) -> None:
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])

        kept = Passes(path, "a print")
        for kind, array in (("segmentation", HEARD), ("embeddings", VOICES)):
            found = kept.get(kind, 0)
            assert found is None or np.array_equal(found, array)
        assert kept.get("embeddings", 0) is None
        kept.keep("embeddings", 0, VOICES)
        np.testing.assert_array_equal(Passes(path, "a print").get("embeddings", 0), VOICES)


def test_a_damaged_array_does_not_count(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    for place in range(len(whole)):
        damaged = bytes(whole[:place]) + bytes([whole[place] ^ 1]) + bytes(whole[place + 1 :])
        path.write_bytes(damaged)

        kept = Passes(path, "a print")
        for kind, array in (("segmentation", HEARD), ("embeddings", VOICES)):
            found = kept.get(kind, 0)
            assert found is None or np.array_equal(found, array), place


def test_without_a_path_nothing_is_kept() -> None:
    kept = Passes(None)
    kept.keep("segmentation", 0, HEARD)

    assert kept.get("segmentation", 0) is None


def test_a_file_that_is_touched_meanwhile_gives_nothing_rather_than_something_else(path: Path) -> None:
    kept = Passes(path, "a print")
    path.write_bytes(bytes(path.stat().st_size))

    assert kept.get("segmentation", 0) is None
    path.write_bytes(b"")
    assert kept.get("embeddings", 0) is None
