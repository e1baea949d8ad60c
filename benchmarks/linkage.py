"""Our centroid linkage compared with scipy's on generated voices; then with as many embeddings as 12 hours have."""

import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.comparison import EngineCall, Variant, run_alternately, start
from benchmarks.machine import describe

#: The limits: how many times faster and smaller than scipy, and the agreement of the clusters (adjusted Rand index).
RATIO, SAME = 10.0, 0.99
#: For twelve hours: seconds and MiB.
SECONDS, MEBIBYTES = 30.0, 1024.0

_VOICES = 12
_DIMENSIONS = 256
#: Between the distance of two voices and the distances within one voice.
_THRESHOLD = 0.8


def run(count: int, many: int, rounds: int) -> int:
    """Print the table; returns 1 if a limit is exceeded."""
    import numpy as np
    from sklearn.metrics import adjusted_rand_score

    console = Console()
    console.print(describe(), highlight=False)
    table = Table("embeddings", "by", "seconds", "MiB", "clusters", "adjusted Rand index")
    with tempfile.TemporaryDirectory() as folder:
        small, large = (_planted_embeddings(Path(folder) / f"{size}.npy", size) for size in (count, many))
        variants = [start("scipy", scipy_variant), start("ours", ours), start("ours, of twelve hours", ours)]
        try:
            found = run_alternately(variants[:2], small, rounds) + run_alternately(variants[2:], large, 1)
        finally:
            for variant in variants:
                variant.process.kill()
        scores = []
        for variant, size, (labels, mebibytes) in zip(variants, (count, count, many), found, strict=True):
            labels_of_truth = np.load(Path(folder) / f"{size}.who.npy")
            scores.append(adjusted_rand_score(labels_of_truth, labels))
            row = f"{size}", variant.name, f"{variant.median:.2f}", f"{mebibytes:.0f}", f"{len(set(labels))}"
            table.add_row(*row, f"{scores[-1]:.4f}")
    console.print(table)
    return 0 if _within_limits(console, variants, [mebibytes for _, mebibytes in found], scores) else 1


def _within_limits(console: Console, variants: list[Variant[Any]], mebibytes: list[float], scores: list[float]) -> bool:
    scipy, own, most = variants
    faster, leaner = scipy.median / own.median, mebibytes[0] / mebibytes[1]
    console.print(
        f"{faster:.1f} times as fast, {leaner:.1f} times less memory (promised {RATIO:.0f}); the most took "
        f"{most.median:.1f} s (limit {SECONDS:.0f}) and {mebibytes[2]:.0f} MiB (limit {MEBIBYTES:.0f})",
        highlight=False,
    )
    kept = min(faster, leaner) >= RATIO and min(scores) >= SAME
    return kept and most.median <= SECONDS and mebibytes[2] <= MEBIBYTES


def scipy_variant() -> EngineCall[tuple[list[int], float]]:
    from scipy.cluster.hierarchy import linkage

    return _clusters(lambda vectors: linkage(vectors, method="centroid"))


def ours() -> EngineCall[tuple[list[int], float]]:
    from backend.engines.linkage import centroid_linkage

    return _clusters(centroid_linkage)


def _clusters(link: Any) -> EngineCall[tuple[list[int], float]]:
    """Returns the cluster of each embedding in a file, and how much the process grew, in MiB."""
    import numpy as np
    from scipy.cluster.hierarchy import fcluster

    def cluster(file: Path) -> tuple[list[int], float]:
        vectors = np.load(file)
        Path("/proc/self/clear_refs").write_text("5")  # reset the peak, which was higher during imports
        before = _status("VmRSS")
        dendrogram = link(vectors)
        return fcluster(dendrogram, _THRESHOLD, criterion="distance").tolist(), _status("VmHWM") - before

    return cluster


def _status(name: str) -> float:
    """A value of /proc/self/status in MiB."""
    rows = dict(row.split(":", 1) for row in Path("/proc/self/status").read_text().splitlines())
    return int(rows[name].split()[0]) / 1024


def _planted_embeddings(file: Path, count: int) -> Path:
    """Write unit vectors around the centres of some voices, ten in a row per voice, and their labels beside them."""
    import numpy as np

    some = np.random.default_rng(count)
    middles = some.standard_normal((_VOICES, _DIMENSIONS))
    labels_of_truth = some.integers(0, _VOICES, count // 10 + 1).repeat(10)[:count]
    vectors = middles[labels_of_truth] + 0.5 * some.standard_normal((count, _DIMENSIONS))
    np.save(file, (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32))
    np.save(file.with_suffix(".who.npy"), labels_of_truth)
    return file
