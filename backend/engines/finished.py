"""What an engine has already heard, kept on disk line by line, so that a resumed job does not hear it twice."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from backend import checksums
from backend.crash import durable_step
from backend.speech.text import join
from backend.speech.types import Sentence, sentence_from_json, sentence_to_json


class Finished:
    """The finished pieces of one request, by their index in the engine's own cut list.

    The first line of the file carries the fingerprint of everything the result depends on: engine, weights, audio,
    options. A file with another fingerprint is started afresh. Every line has its own checksum; a torn or damaged one
    is as if it had never been written, so its piece is heard again. Without a path nothing is kept.
    """

    def __init__(self, path: Path | None, fingerprint: str = "") -> None:
        self._path = path
        self._kept: dict[int, Sentence] = {}
        if path is None:
            return
        entries = list(_entries(path))
        if entries and entries[0] == {"fingerprint": fingerprint}:
            self._kept = dict(filter(None, map(_piece, entries[1:])))
        else:
            self._start_afresh(path, fingerprint)

    def kept(self) -> dict[int, Sentence]:
        """The pieces that need not be heard again."""
        return dict(self._kept)

    def keep(self, index: int, sentence: Sentence) -> Sentence:
        """Keep a piece durably. Returns it as `kept` will give it back, so that resumed and unbroken runs agree."""
        value = sentence_to_json(sentence)
        if self._path is not None:
            _append(self._path, {"index": index, "sentence": value})
        self._kept[index] = sentence_from_json(value)
        return self._kept[index]

    def _start_afresh(self, path: Path, fingerprint: str) -> None:
        path.unlink(missing_ok=True)
        _append(path, {"fingerprint": fingerprint})
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def read_finished(path: Path) -> list[Sentence]:
    """Whatever has been heard so far, in order of time: the partial text of a request that was cancelled."""
    kept = dict(filter(None, map(_piece, _entries(path))))
    return sorted(map(_own, kept.values()), key=lambda sentence: (sentence.start, sentence.end))


def _own(sentence: Sentence) -> Sentence:
    """Without the words beyond its bounds: where a long stretch had to be cut, its neighbour has heard them too."""
    inside = tuple(word for word in sentence.words if sentence.start <= (word.start + word.end) / 2 <= sentence.end)
    return sentence if inside == sentence.words else replace(sentence, words=inside, text=join(inside))


def fingerprint(*facts: object) -> str:
    """One line for everything a result depends on. Facts are told apart by how they print."""
    return sha256(repr(facts).encode()).hexdigest()


def mark_of_model(folder: Path) -> str:
    """What tells the weights in a folder from others: its manifest, else the names and sizes of its files."""
    manifest = folder / "manifest.json"
    if manifest.is_file():
        return checksums.sha256(manifest)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return fingerprint([(path.relative_to(folder).as_posix(), path.stat().st_size) for path in files])


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return
    for line in lines:
        check, _, body = line.partition(b" ")
        if body and check == _check(body):
            yield json.loads(body)


def _piece(entry: dict[str, Any]) -> tuple[int, Sentence] | None:
    return (int(entry["index"]), sentence_from_json(entry["sentence"])) if "index" in entry else None


def _check(body: bytes) -> bytes:
    return sha256(body).hexdigest()[:16].encode()


def _append(path: Path, entry: dict[str, Any]) -> None:
    body = json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode()
    with durable_step("heard"), path.open("ab") as file:
        # a line always begins anew: whatever was torn before it then stays a line of its own
        file.write((b"\n" if file.tell() else b"") + _check(body) + b" " + body)
        file.flush()
        os.fsync(file.fileno())
