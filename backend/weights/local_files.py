"""Finds files of the catalogue that are on this machine already, wherever in some folders they lie.

They are recognised by their content: the caches of the hubs, folders that `git clone` or `snapshot_download` made and
folders that somebody sorted by hand all hold the same files under the same names."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from backend.checksums import sha256
from backend.weights.catalogue import MODELS
from backend.weights.model import Hub, Origin, PinnedFile

#: How deep the folders are searched: the caches of the hubs need six levels.
_MAX_DEPTH = 10


class LocalFiles:
    """The folders are searched once, at the first question, and each candidate is hashed once."""

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        self._folders = folders
        self._candidates: dict[str, list[Path]] | None = None
        self._hashes: dict[Path, str] = {}

    def find(self, file: PinnedFile) -> Path | None:
        """A file with the name and the content of `file`."""
        if self._candidates is None:
            self._candidates = {}
            for path in _files(self._folders):
                self._candidates.setdefault(path.name, []).append(path)
        name = PurePosixPath(file.source_path).name
        return next((path for path in self._candidates.get(name, []) if self._hash(path) == file.sha256), None)

    def has_all_of(self, origin: Origin) -> bool:
        """Whether the origin is a hub and none of its files has to be downloaded."""
        return all(isinstance(part, Hub) and all(map(self.find, part.files)) for part in origin.parts)

    def has_model(self, name: str) -> bool:
        return any(self.has_all_of(origin) for origin in MODELS[name].origins)

    def _hash(self, path: Path) -> str:
        if path not in self._hashes:
            try:
                self._hashes[path] = sha256(path)
            except OSError:
                self._hashes[path] = ""  # it cannot be read, so it is of no use
        return self._hashes[path]


def _files(folders: Sequence[Path]) -> Iterator[Path]:
    for root in folders:
        for folder, below, names in os.walk(root):
            if len(Path(folder).relative_to(root).parts) >= _MAX_DEPTH:
                below.clear()
            below.sort()
            yield from (Path(folder, name) for name in sorted(names))
