"""The cache of a diarizer returns only intact arrays of the same audio and weights."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from backend.engines.diarizer_cache import Array, DiarizerCache

SEGMENTS = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
EMBEDDINGS = np.linspace(-1, 1, 10, dtype=np.float32).reshape(2, 5)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    cache = DiarizerCache(tmp_path / "passes.bin", "a print")
    cache.put("segmentation", 0, SEGMENTS)
    cache.put("embeddings", 0, EMBEDDINGS)
    return tmp_path / "passes.bin"


def test_arrays_are_read_back_unchanged(path: Path) -> None:
    cache = DiarizerCache(path, "a print")

    for kind, array in (("segmentation", SEGMENTS), ("embeddings", EMBEDDINGS)):
        found = cache.get(kind, 0)
        assert found is not None
        assert found.dtype == array.dtype
        np.testing.assert_array_equal(found, array)
    assert cache.get("segmentation", 4) is None


def test_a_stored_array_is_available_at_once(path: Path) -> None:
    cache = DiarizerCache(path, "a print")
    cache.put("segmentation", 4, SEGMENTS[:1])

    np.testing.assert_array_equal(cache.get("segmentation", 4), SEGMENTS[:1])
    np.testing.assert_array_equal(DiarizerCache(path, "a print").get("segmentation", 4), SEGMENTS[:1])


def test_a_later_array_replaces_an_earlier_one(path: Path) -> None:
    DiarizerCache(path, "a print").put("embeddings", 0, 2 * EMBEDDINGS)

    np.testing.assert_array_equal(DiarizerCache(path, "a print").get("embeddings", 0), 2 * EMBEDDINGS)


def test_a_cached_array_is_not_computed_again(path: Path) -> None:
    cache = DiarizerCache(path, "a print")
    computed: list[str] = []

    def compute() -> Array:
        computed.append("computed")
        return SEGMENTS[:1]

    assert cache.get_or_compute("segmentation", 0, len(SEGMENTS), compute).tolist() == SEGMENTS.tolist()
    assert computed == []
    for _ in range(2):
        assert cache.get_or_compute("segmentation", 4, 1, compute).tolist() == SEGMENTS[:1].tolist()
    assert computed == ["computed"]


def test_a_cached_array_of_another_length_is_computed_again(path: Path) -> None:
    cache = DiarizerCache(path, "a print")

    assert len(cache.get_or_compute("segmentation", 0, 1, lambda: SEGMENTS[:1])) == 1
    assert len(DiarizerCache(path, "a print").get_or_compute("segmentation", 0, 1, lambda: SEGMENTS)) == 1


def test_threads_may_store_at_the_same_time(path: Path) -> None:
    cache = DiarizerCache(path, "a print")
    arrays = {first: np.full((3, 50), first, np.uint8) for first in range(100, 200)}

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda first: cache.put("segmentation", first, arrays[first]), arrays))

    again = DiarizerCache(path, "a print")
    for first, array in arrays.items():
        np.testing.assert_array_equal(again.get("segmentation", first), array)
        np.testing.assert_array_equal(cache.get("segmentation", first), array)


def test_a_file_with_another_fingerprint_is_replaced(path: Path, tmp_path: Path) -> None:
    other_name = tmp_path / "of an earlier job"
    other_name.hardlink_to(path)
    before = other_name.read_bytes()

    assert DiarizerCache(path, "another print").get("segmentation", 0) is None

    assert other_name.read_bytes() == before, "an earlier job's file is not touched"
    assert DiarizerCache(path, "a print").get("segmentation", 0) is None


def test_a_torn_file_keeps_earlier_records_and_accepts_new_ones(path: Path) -> None:
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])

        cache = DiarizerCache(path, "a print")
        for kind, array in (("segmentation", SEGMENTS), ("embeddings", EMBEDDINGS)):
            found = cache.get(kind, 0)
            assert found is None or np.array_equal(found, array)
        assert cache.get("embeddings", 0) is None
        cache.put("embeddings", 0, EMBEDDINGS)
        np.testing.assert_array_equal(DiarizerCache(path, "a print").get("embeddings", 0), EMBEDDINGS)


def test_a_damaged_array_is_ignored(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for place in range(len(content)):
        damaged = bytes(content[:place]) + bytes([content[place] ^ 1]) + bytes(content[place + 1 :])
        path.write_bytes(damaged)

        cache = DiarizerCache(path, "a print")
        for kind, array in (("segmentation", SEGMENTS), ("embeddings", EMBEDDINGS)):
            found = cache.get(kind, 0)
            assert found is None or np.array_equal(found, array), place


def test_without_a_path_nothing_is_cached() -> None:
    cache = DiarizerCache(None)
    cache.put("segmentation", 0, SEGMENTS)

    assert cache.get("segmentation", 0) is None


def test_a_file_changed_while_open_gives_no_array(path: Path) -> None:
    cache = DiarizerCache(path, "a print")
    path.write_bytes(bytes(path.stat().st_size))

    assert cache.get("segmentation", 0) is None
    path.write_bytes(b"")
    assert cache.get("embeddings", 0) is None
