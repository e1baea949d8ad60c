"""What a diarizer has made of the audio so far, kept on disk array by array, so that a resumed job, or one that only
asks for another number of speakers, does not make it again."""

import json
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Passes:
    """The arrays of one request, each by its kind and by the chunk it begins with.

    The first record of the file carries the fingerprint of all they depend on, as in `backend.engines.finished`; a file
    with another one is started afresh. A record is a line of JSON and the array, deflated; what follows a torn or
    damaged one is as if it had never been written. Nothing is synced: what a power cut takes is made again. Without a
    path nothing is kept. Threads may share it.
    """

    def __init__(self, path: Path | None, fingerprint: str = "") -> None:
        self._path = path
        self._writing = threading.Lock()
        self._places: dict[tuple[str, int], tuple[int, int, str, tuple[int, ...]]] = {}
        if path is None:
            return
        whole = self._read(path, fingerprint) if path.is_file() else 0
        if not whole:
            path.unlink(missing_ok=True)  # rather than emptied: an earlier job may have a name for this file too
            self._append({"fingerprint": fingerprint}, b"")
        elif whole < path.stat().st_size:
            with path.open("rb+") as file:
                file.truncate(whole)

    def once(self, kind: str, first: int, length: int, make: Callable[[], Array]) -> Array:
        """The array of so many rows that was kept there; where there is none, what `make` makes, and that is kept."""
        kept = self.get(kind, first)
        if kept is not None and len(kept) == length:
            return kept
        made = make()
        self.keep(kind, first, made)
        return made

    def get(self, kind: str, first: int) -> Array | None:
        """The array that was kept there, if there is one."""
        if self._path is None or (kind, first) not in self._places:
            return None
        at, length, dtype, shape = self._places[kind, first]
        with self._path.open("rb") as file:
            file.seek(at)
            packed = file.read(length)
        try:
            return np.frombuffer(zlib.decompress(packed), dtype).reshape(shape)
        except (zlib.error, ValueError):  # somebody has touched the file meanwhile
            return None

    def keep(self, kind: str, first: int, array: Array) -> None:
        """Keep an array; it takes the place of another that may be there."""
        record = {"kind": kind, "first": first, "dtype": array.dtype.str, "shape": list(array.shape)}
        packed = zlib.compress(np.ascontiguousarray(array).tobytes(), 1)
        if self._path is not None:
            self._append(record, packed)

    def _read(self, path: Path, fingerprint: str) -> int:
        """Learn where everything is; gives how much of the file is whole, nothing where it is of something else."""
        whole = 0
        with path.open("rb") as file:
            while (record := _record(file)) is not None:
                if whole == 0 and record != {"fingerprint": fingerprint, "bytes": 0}:
                    return 0
                if whole:
                    self._learn(record, file.tell() - record["bytes"])
                whole = file.tell()
        return whole

    def _append(self, record: dict[str, Any], packed: bytes) -> None:
        assert self._path is not None
        record |= {"bytes": len(packed)}
        body = json.dumps(record).encode()
        with self._writing, self._path.open("ab") as file:
            file.write(b"%08x %s\n%s" % (zlib.crc32(packed, zlib.crc32(body)), body, packed))
            at = file.tell() - len(packed)
        if "kind" in record:
            self._learn(record, at)

    def _learn(self, record: dict[str, Any], at: int) -> None:
        place = at, record["bytes"], record["dtype"], tuple(record["shape"])
        self._places[record["kind"], record["first"]] = place


def _record(file: BinaryIO) -> dict[str, Any] | None:
    """The next record, if it is whole; the file is behind its array then."""
    check, _, line = file.readline().partition(b" ")
    try:
        record: dict[str, Any] = json.loads(line)
        packed = file.read(record["bytes"])
        right = zlib.crc32(packed, zlib.crc32(line.removesuffix(b"\n"))) == int(check, 16)
    except (ValueError, KeyError, TypeError):
        return None
    return record if right and line.endswith(b"\n") else None
