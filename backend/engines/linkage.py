"""Centroid linkage in two levels: a dendrogram of any number of embeddings, with memory linear in their number.

scipy's linkage needs 8 n² bytes and about n² time: an hour of speech has some 5,000 embeddings, twelve hours 60,000.
Here blocks of neighbours in time are linked first, each down to its share of a fixed number of groups; the groups are
then linked by the same rule, weighted by their numbers of members. The result is a dendrogram of all n in scipy's
format. The rule is that of Lance and Williams (1967).
"""

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import linkage, maxdists

Floats = npt.NDArray[np.floating]
Dendrogram = npt.NDArray[np.float64]

#: Up to this many embeddings scipy computes the dendrogram: about 75 minutes of speech.
EXACT = 6_000
#: Embeddings of one block: about 12 minutes of speech.
BLOCK = 1_000
#: Embeddings per group, and the most groups: fewer would force different speakers into one group.
PER_GROUP = 8
MOST_GROUPS = 6_000


def centroid_linkage(vectors: Floats, exact: int = EXACT, block: int = BLOCK) -> Dendrogram:
    """The dendrogram of `vectors` (n, dimension) by Euclidean distance of centroids, n - 1 rows, lowest merge first.

    With at most `exact` vectors it is scipy's. With more, a group is never split again: its merges have height 0. The
    same vectors always give the same dendrogram.
    """
    count = len(vectors)
    if count <= exact:
        return np.asarray(linkage(vectors, method="centroid", metric="euclidean"))
    merges = _Merges(count)
    starts = range(0, count, block)
    share = max(1, min(count // PER_GROUP, MOST_GROUPS) // len(starts))
    nodes: list[int] = []
    for start in starts:
        nodes += _link_block(vectors[start : start + block], start, share, merges)
    _link_groups(np.array([merges.centroid(node, vectors) for node in nodes]), nodes, merges)
    return merges.dendrogram()


class _Merges:
    """The merges so far, as rows of a dendrogram that are not yet sorted by height."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.rows: list[tuple[int, int, float, int]] = []
        self._members: dict[int, list[int]] = {}

    def size(self, node: int) -> int:
        return 1 if node < self.count else self.rows[node - self.count][3]

    def add(self, left: int, right: int, height: float) -> int:
        self.rows.append((left, right, height, self.size(left) + self.size(right)))
        return self.count + len(self.rows) - 1

    def centroid(self, node: int, vectors: Floats) -> Floats:
        leaves, stack = [], [node]
        while stack:
            node = stack.pop()
            if node < self.count:
                leaves.append(node)
            else:
                stack += self.rows[node - self.count][:2]
        middle: Floats = vectors[sorted(leaves)].mean(axis=0)
        return middle

    def dendrogram(self) -> Dendrogram:
        """The rows by height, children before parents: a merge may be lower than the merges it consists of."""
        rows = np.array(self.rows, dtype=np.float64)
        order = np.argsort(maxdists(rows), kind="stable")
        new_ids = np.empty(self.count + len(rows))
        new_ids[: self.count] = np.arange(self.count)
        new_ids[self.count + order] = self.count + np.arange(len(rows))
        rows[:, :2] = np.sort(new_ids[rows[:, :2].astype(int)], axis=1)
        return rows[order]


def _link_block(vectors: Floats, start: int, share: int, merges: _Merges) -> list[int]:
    """Link one block into `share` groups. Returns the nodes of the groups."""
    count = len(vectors)
    nodes = list(range(start, start + count))
    if count <= share:
        return nodes
    rows = linkage(vectors, method="centroid", metric="euclidean")
    lowest = np.argsort(maxdists(rows), kind="stable")[: count - share]
    nodes += [-1] * len(rows)
    roots = set(nodes[:count])
    for row in sorted(lowest):  # a row refers only to earlier rows, none of them higher
        left, right = (nodes[int(side)] for side in rows[row, :2])
        nodes[count + row] = merges.add(left, right, 0.0)
        roots -= {left, right}
        roots.add(nodes[count + row])
    return sorted(roots)


def _link_groups(centroids: Floats, nodes: list[int], merges: _Merges) -> None:
    """Link the groups until one is left, nearest centroids first. Distances are squared."""
    count = len(nodes)
    nodes = list(nodes)
    sizes = np.array([merges.size(node) for node in nodes], dtype=np.float64)
    squares = _squared_distances(centroids)
    nearest = squares.argmin(axis=1)
    lowest = squares[np.arange(count), nearest]
    for _ in range(count - 1):
        left = int(lowest.argmin())
        right = int(nearest[left])
        height = float(lowest[left])
        nodes[left] = merges.add(nodes[left], nodes[right], max(0.0, height) ** 0.5)
        both = sizes[left] + sizes[right]
        new = (sizes[left] * squares[left] + sizes[right] * squares[right]) / both
        new -= sizes[left] * sizes[right] / both**2 * height
        new[[left, right]] = np.inf
        new[lowest == np.inf] = np.inf  # already merged into another group
        sizes[left] = both
        squares[right] = squares[:, right] = np.inf
        squares[left] = squares[:, left] = new
        lowest[right] = np.inf
        nearer = new < lowest
        nearest[nearer], lowest[nearer] = left, new[nearer]
        # find the nearest group again for those that were nearest to one of the two, and for the new group
        for row in np.flatnonzero(((nearest == left) | (nearest == right)) & ~nearer & (lowest < np.inf)):
            nearest[row] = squares[row].argmin()
            lowest[row] = squares[row, nearest[row]]
        nearest[left] = squares[left].argmin()
        lowest[left] = squares[left, nearest[left]]


def _squared_distances(centroids: Floats) -> npt.NDArray[np.float32]:
    """The squared distances of all pairs. A group's distance to itself is infinite, so it is never its own nearest."""
    lengths = np.square(centroids).sum(axis=1)
    squares = np.asarray(lengths[:, None] + lengths[None] - 2 * centroids @ centroids.T, np.float32)
    np.maximum(squares, 0, out=squares)
    np.fill_diagonal(squares, np.inf)
    return squares
