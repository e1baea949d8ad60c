"""The cache of a diarizer: arrays that its networks have computed are appended to a file, so that a resumed job, or a
job that only changes the number of speakers, does not compute them again."""

import json
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class DiarizerCache:
    """The arrays of one request, by kind and by the index of their first chunk.

    The first record of the file is the fingerprint of everything they depend on, as in
    `backend.engines.transcription_checkpoint`; a file with another fingerprint is replaced. A record is a line of JSON
    and the compressed array; everything after a torn or damaged record is ignored. Nothing is synced to disk: what a
    power cut loses is computed again. Without a path nothing is written. Threads may share one cache.
    """

    def __init__(self, path: Path | None, fingerprint: str = "") -> None:
        self._path = path
        self._write_lock = threading.Lock()
        self._index: dict[tuple[str, int], tuple[int, int, str, tuple[int, ...]]] = {}
        if path is None:
            return
        intact = self._read(path, fingerprint) if path.is_file() else 0
        if not intact:
            path.unlink(missing_ok=True)  # not truncated: the file may be hard-linked by an earlier job
            self._append({"fingerprint": fingerprint}, b"")
        elif intact < path.stat().st_size:
            with path.open("rb+") as file:
                file.truncate(intact)

    def get_or_compute(self, kind: str, first: int, length: int, compute: Callable[[], Array]) -> Array:
        """The cached array if it has `length` rows; otherwise the result of `compute`, which is stored."""
        cached = self.get(kind, first)
        if cached is not None and len(cached) == length:
            return cached
        computed = compute()
        self.put(kind, first, computed)
        return computed

    def get(self, kind: str, first: int) -> Array | None:
        """The cached array, or None."""
        if self._path is None or (kind, first) not in self._index:
            return None
        offset, length, dtype, shape = self._index[kind, first]
        with self._path.open("rb") as file:
            file.seek(offset)
            packed = file.read(length)
        try:
            return np.frombuffer(zlib.decompress(packed), dtype).reshape(shape)
        except (zlib.error, ValueError):  # the file was changed after it was opened
            return None

    def put(self, kind: str, first: int, array: Array) -> None:
        """Store an array. It replaces an earlier one with the same key."""
        record = {"kind": kind, "first": first, "dtype": array.dtype.str, "shape": list(array.shape)}
        packed = zlib.compress(np.ascontiguousarray(array).tobytes(), 1)
        if self._path is not None:
            self._append(record, packed)

    def _read(self, path: Path, fingerprint: str) -> int:
        """Index all intact records. Returns how many bytes of the file are intact, 0 for another fingerprint."""
        intact = 0
        with path.open("rb") as file:
            while (record := _record(file)) is not None:
                if intact == 0 and record != {"fingerprint": fingerprint, "bytes": 0}:
                    return 0
                if intact:
                    self._add_to_index(record, file.tell() - record["bytes"])
                intact = file.tell()
        return intact

    def _append(self, record: dict[str, Any], packed: bytes) -> None:
        assert self._path is not None
        record |= {"bytes": len(packed)}
        body = json.dumps(record).encode()
        with self._write_lock, self._path.open("ab") as file:
            file.write(b"%08x %s\n%s" % (zlib.crc32(packed, zlib.crc32(body)), body, packed))
            offset = file.tell() - len(packed)
        if "kind" in record:
            self._add_to_index(record, offset)

    def _add_to_index(self, record: dict[str, Any], offset: int) -> None:
        entry = offset, record["bytes"], record["dtype"], tuple(record["shape"])
        self._index[record["kind"], record["first"]] = entry


def _record(file: BinaryIO) -> dict[str, Any] | None:
    """The next record, or None if it is not intact. Afterwards the file is positioned behind the record's array."""
    check, _, line = file.readline().partition(b" ")
    try:
        record: dict[str, Any] = json.loads(line)
        packed = file.read(record["bytes"])
        valid = zlib.crc32(packed, zlib.crc32(line.removesuffix(b"\n"))) == int(check, 16)
    except (ValueError, KeyError, TypeError):
        return None
    return record if valid and line.endswith(b"\n") else None
