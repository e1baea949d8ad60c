"""The checkpoint of a transcription: finished chunks are appended to a file, so a resumed job does not repeat them."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from backend import checksums
from backend.crash_points import durable_step
from backend.speech.text import join
from backend.speech.types import Sentence, sentence_from_json, sentence_to_json


class TranscriptionCheckpoint:
    """The finished chunks of one request, by their index in the engine's list of chunks.

    The first line of the file is the fingerprint of everything the result depends on: engine, weights, audio, options.
    A file with another fingerprint is replaced. Every line has its own checksum; a torn or damaged line is ignored, and
    its chunk is recognised again. Without a path nothing is written.
    """

    def __init__(self, path: Path | None, fingerprint: str = "") -> None:
        self._path = path
        self._finished: dict[int, Sentence] = {}
        if path is None:
            return
        entries = list(_entries(path))
        if entries and entries[0] == {"fingerprint": fingerprint}:
            self._finished = dict(filter(None, map(_chunk, entries[1:])))
        else:
            self._start_over(path, fingerprint)

    def finished_sentences(self) -> dict[int, Sentence]:
        """The chunks that need not be recognised again."""
        return dict(self._finished)

    def save(self, index: int, sentence: Sentence) -> Sentence:
        """Write a chunk to disk. Returns it as a resumed job will read it, so that both runs give the same result."""
        value = sentence_to_json(sentence)
        if self._path is not None:
            _append(self._path, {"index": index, "sentence": value})
        self._finished[index] = sentence_from_json(value)
        return self._finished[index]

    def _start_over(self, path: Path, fingerprint: str) -> None:
        path.unlink(missing_ok=True)
        _append(path, {"fingerprint": fingerprint})
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def read_checkpoint(path: Path) -> list[Sentence]:
    """What has been recognised so far, in order of time: the partial text of a job that runs or was cancelled."""
    finished = dict(filter(None, map(_chunk, _entries(path))))
    return sorted(map(_without_overlap, finished.values()), key=lambda sentence: (sentence.start, sentence.end))


def _without_overlap(sentence: Sentence) -> Sentence:
    """Without the words outside its span: where speech was cut, the neighbouring chunk contains them too."""
    inside = tuple(word for word in sentence.words if sentence.start <= (word.start + word.end) / 2 <= sentence.end)
    return sentence if inside == sentence.words else replace(sentence, words=inside, text=join(inside))


def fingerprint(*facts: object) -> str:
    """A hash of everything a result depends on. Facts are compared by their `repr`."""
    return sha256(repr(facts).encode()).hexdigest()


def model_fingerprint(folder: Path) -> str:
    """Identifies the weights in a folder: by its manifest, or by names and sizes of the files where there is none."""
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


def _chunk(entry: dict[str, Any]) -> tuple[int, Sentence] | None:
    return (int(entry["index"]), sentence_from_json(entry["sentence"])) if "index" in entry else None


def _check(body: bytes) -> bytes:
    return sha256(body).hexdigest()[:16].encode()


def _append(path: Path, entry: dict[str, Any]) -> None:
    body = json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode()
    with durable_step("heard"), path.open("ab") as file:
        # every entry begins with a newline, so an earlier torn line does not damage it
        file.write((b"\n" if file.tell() else b"") + _check(body) + b" " + body)
        file.flush()
        os.fsync(file.fileno())
