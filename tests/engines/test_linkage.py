"""Centroid linkage in two levels: scipy's dendrogram for few vectors, and the same clusters for many."""

import numpy as np
import numpy.typing as npt
import pytest
from scipy.cluster.hierarchy import fcluster, is_valid_linkage, linkage
from sklearn.metrics import adjusted_rand_score

from backend.engines.linkage import centroid_linkage

Floats = npt.NDArray[np.float64]


def planted(count: int, voices: int = 6, noise: float = 0.5, seed: int = 0) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Unit vectors around some centres, ten in a row for each voice, and the voice of each vector."""
    some = np.random.default_rng(seed)
    centres = some.standard_normal((voices, 64))
    who = some.integers(0, voices, count // 10 + 1).repeat(10)[:count]
    vectors = centres[who] + noise * some.standard_normal((count, 64))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), who


def test_few_vectors_give_scipys_dendrogram() -> None:
    vectors, _ = planted(300)

    np.testing.assert_array_equal(centroid_linkage(vectors), linkage(vectors, method="centroid"))


@pytest.mark.parametrize("count", [2, 3, 299, 300, 301, 1234])
def test_the_dendrogram_is_complete_for_any_number_of_blocks(count: int) -> None:
    vectors, _ = planted(count)

    dendrogram = centroid_linkage(vectors, exact=1, block=100)

    assert is_valid_linkage(dendrogram)
    assert len(dendrogram) == count - 1
    assert dendrogram[-1, 3] == count
    assert len(set(fcluster(dendrogram, 10.0, criterion="distance"))) == 1


@pytest.mark.parametrize("noise", [0.3, 0.5])
def test_many_vectors_give_the_same_clusters_as_scipy(noise: float) -> None:
    vectors, who = planted(3000, noise=noise)

    ours = fcluster(centroid_linkage(vectors, exact=1, block=500), 0.8, criterion="distance")

    scipys = fcluster(linkage(vectors, method="centroid"), 0.8, criterion="distance")
    assert adjusted_rand_score(scipys, ours) == 1.0
    assert adjusted_rand_score(who, ours) == 1.0


def test_a_rare_voice_in_every_block_stays_one_cluster() -> None:
    vectors, who = planted(3000)
    strangers = np.arange(50, 3000, 100)
    vectors[strangers] = np.linalg.qr(np.random.default_rng(1).standard_normal((64, 64)))[0][: len(strangers)]

    found = fcluster(centroid_linkage(vectors, exact=1, block=500), 0.8, criterion="distance")

    others = np.setdiff1d(np.arange(3000), strangers)
    assert adjusted_rand_score(who[others], found[others]) == 1.0
    assert not set(found[strangers]) & set(found[others])


def test_a_voice_only_at_the_end_is_found() -> None:
    vectors, who = planted(3000, voices=2)
    end, _ = planted(40, voices=1, seed=9)
    vectors[-40:] = end
    who[-40:] = 2

    found = fcluster(centroid_linkage(vectors, exact=1, block=500), 0.8, criterion="distance")

    assert adjusted_rand_score(who, found) == 1.0


def test_the_same_vectors_give_the_same_dendrogram() -> None:
    vectors, _ = planted(2000)

    first, second = (centroid_linkage(vectors, exact=1, block=500) for _ in range(2))

    np.testing.assert_array_equal(first, second)


def test_memory_is_linear_in_the_number_of_vectors() -> None:
    """No array is as large as the matrix of all distances."""
    import tracemalloc

    vectors, _ = planted(12_000)
    vectors = vectors.astype(np.float32)
    tracemalloc.start()
    centroid_linkage(vectors)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 8 * 12_000**2 / 10
