"""Our centroid linkage beside scipy's, turn by turn in one run, on planted voices; then as many as 12 hours have."""

import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.machine import describe
from benchmarks.sides import Hear, Side, start, take_turns

#: What is promised: so many times faster and leaner than scipy, and so much of the same clusters (adjusted Rand index).
RATIO, SAME = 10.0, 0.99
#: And of the twelve hours: seconds, and MiB.
SECONDS, MEBIBYTES = 30.0, 1024.0

_VOICES = 12
_DIMENSIONS = 256
#: Between what two voices are apart and what one is from itself.
_THRESHOLD = 0.8


def run(count: int, many: int, rounds: int) -> int:
    """Print the table; answers 1 where a promise is not kept."""
    import numpy as np
    from sklearn.metrics import adjusted_rand_score

    console = Console()
    console.print(describe(), highlight=False)
    table = Table("embeddings", "by", "seconds", "MiB", "clusters", "adjusted Rand index")
    with tempfile.TemporaryDirectory() as folder:
        few, lots = (_planted(Path(folder) / f"{size}.npy", size) for size in (count, many))
        sides = [start("scipy", scipys), start("ours", ours), start("ours, of twelve hours", ours)]
        try:
            found = take_turns(sides[:2], few, rounds) + take_turns(sides[2:], lots, 1)
        finally:
            for side in sides:
                side.process.kill()
        same = []
        for side, size, (labels, mebibytes) in zip(sides, (count, count, many), found, strict=True):
            who = np.load(Path(folder) / f"{size}.who.npy")
            same.append(adjusted_rand_score(who, labels))
            row = f"{size}", side.name, f"{side.median:.2f}", f"{mebibytes:.0f}", f"{len(set(labels))}"
            table.add_row(*row, f"{same[-1]:.4f}")
    console.print(table)
    return 0 if _kept(console, sides, [mebibytes for _, mebibytes in found], same) else 1


def _kept(console: Console, sides: list[Side[Any]], mebibytes: list[float], same: list[float]) -> bool:
    scipy, own, most = sides
    faster, leaner = scipy.median / own.median, mebibytes[0] / mebibytes[1]
    console.print(
        f"{faster:.1f} times as fast, {leaner:.1f} times as lean (promised {RATIO:.0f}); the most took "
        f"{most.median:.1f} s (limit {SECONDS:.0f}) and {mebibytes[2]:.0f} MiB (limit {MEBIBYTES:.0f})",
        highlight=False,
    )
    kept = min(faster, leaner) >= RATIO and min(same) >= SAME
    return kept and most.median <= SECONDS and mebibytes[2] <= MEBIBYTES


def scipys() -> Hear[tuple[list[int], float]]:
    from scipy.cluster.hierarchy import linkage

    return _clusters(lambda vectors: linkage(vectors, method="centroid"))


def ours() -> Hear[tuple[list[int], float]]:
    from backend.engines.linkage import centroid_linkage

    return _clusters(centroid_linkage)


def _clusters(link: Any) -> Hear[tuple[list[int], float]]:
    """The cluster of each embedding in a file, and how much larger the process became for it, in MiB."""
    import numpy as np
    from scipy.cluster.hierarchy import fcluster

    def hear(file: Path) -> tuple[list[int], float]:
        vectors = np.load(file)
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak: importing was larger
        before = _status("VmRSS")
        dendrogram = link(vectors)
        return fcluster(dendrogram, _THRESHOLD, criterion="distance").tolist(), _status("VmHWM") - before

    return hear


def _status(name: str) -> float:
    """MiB, of Linux's account of this process."""
    rows = dict(row.split(":", 1) for row in Path("/proc/self/status").read_text().splitlines())
    return int(rows[name].split()[0]) / 1024


def _planted(file: Path, count: int) -> Path:
    """Unit vectors around the middles of some voices, ten in a row of one; who each is of lies beside them."""
    import numpy as np

    some = np.random.default_rng(count)
    middles = some.standard_normal((_VOICES, _DIMENSIONS))
    who = some.integers(0, _VOICES, count // 10 + 1).repeat(10)[:count]
    vectors = middles[who] + 0.5 * some.standard_normal((count, _DIMENSIONS))
    np.save(file, (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32))
    np.save(file.with_suffix(".who.npy"), who)
    return file
