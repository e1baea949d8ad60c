"""Arithmetic of voice vectors. Every result is the same to the bit in whatever order the vectors come."""

import base64
import math
import struct
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import mul

Vector = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """A vector of length 1, and the seconds of speech it was made from."""

    vector: Vector
    seconds: float


def unit(vector: Sequence[float]) -> Vector | None:
    """The vector with length 1; None for one without a direction: zero, infinite or not a number."""
    length = math.sqrt(math.fsum(value * value for value in vector))
    if not math.isfinite(length) or length == 0:
        return None
    return tuple(value / length for value in vector)


def cosine(one: Vector, other: Vector) -> float:
    """The similarity of two vectors of length 1, from -1 to 1; -1 if they are not of one dimension."""
    return math.fsum(map(mul, one, other)) if len(one) == len(other) else -1.0


def weighted_mean(parts: Iterable[Heard]) -> Heard | None:
    """The direction of all vectors together, each weighed by its seconds. None without a direction, or if they are not
    of one dimension."""
    parts = list(parts)
    if len({len(part.vector) for part in parts}) != 1:
        return None
    columns = zip(*([value * part.seconds for value in part.vector] for part in parts), strict=True)
    vector = unit([math.fsum(column) for column in columns])
    return None if vector is None else Heard(vector, math.fsum(part.seconds for part in parts))


def profile(samples: Iterable[tuple[str, Heard]]) -> Heard | None:
    """How a person sounds, from pairs of a recording and a voice in it. Every recording weighs the same: an hour on one
    bad telephone line is not worth ten meetings."""
    by_recording: dict[str, list[Heard]] = defaultdict(list)
    for recording, heard in samples:
        by_recording[recording].append(heard)
    means = [mean for parts in by_recording.values() if (mean := weighted_mean(parts)) is not None]
    whole = weighted_mean(Heard(mean.vector, 1.0) for mean in means)
    return None if whole is None else Heard(whole.vector, math.fsum(mean.seconds for mean in means))


def to_text(vector: Sequence[float]) -> str:
    """As 32-bit floats, the precision in which diarizers compute."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def from_text(text: str) -> Vector:
    """Raises ValueError for anything that `to_text` does not write."""
    packed = base64.b64decode(text, validate=True)
    if len(packed) % 4:
        raise ValueError("not a row of 32-bit floats")
    return struct.unpack(f"<{len(packed) // 4}f", packed)
