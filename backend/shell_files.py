"""Which recordings `transcribe` reads, and under which names it writes their transcripts.

Names are bytes to a file system: they may be in another encoding, as long as it allows, and contain line breaks."""

import hashlib
import os
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.errors import InvalidInput
from backend.recordings.whitelists import EXTENSIONS

#: What a file system allows, less what a temporary name needs.
_MAX_NAME_BYTES = 240


class NothingToTranscribe(InvalidInput):
    code = "nothing_to_transcribe"


@dataclass(frozen=True, slots=True)
class Task:
    """One recording, and the path of its transcript in each format."""

    recording: Path
    targets: dict[str, Path]

    def existing(self) -> list[Path]:
        """The targets that are there already."""
        return [path for path in self.targets.values() if os.path.lexists(path)]


def tasks(inputs: Sequence[Path], output: Path, formats: Sequence[str]) -> list[Task]:
    """A task for each recording among the inputs, which are files and folders. Folders are searched through, hidden
    files left out, and keep their folders in `output`. No two tasks share a target, and none has a recording as its
    target. Raises NothingToTranscribe."""
    found = list(_recordings(inputs))
    if not found:
        raise NothingToTranscribe("There is no audio or video file in " + ", ".join(map(shown, inputs)) + ".")
    taken = {_comparable(path) for path, _ in found}
    return [Task(path, _targets(path.name, output / folder, formats, taken)) for path, folder in found]


def shown(path: Path | str) -> str:
    """A name as a person can read it: bytes that are not UTF-8 are read as GB 18030, as old Chinese systems wrote them,
    and characters that would move the cursor are shown as a question mark."""
    raw = os.fsencode(path)
    for encoding in ("utf-8", "gb18030"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        text = raw.decode("utf-8", "replace")
    return "".join(
        "?" if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp") else character for character in text
    )


def unused(path: Path) -> Path:
    """`path`, or where something is there already, a path beside it that is free."""
    number, free = 2, path
    while os.path.lexists(free):
        free = path.with_name(_fitted(os.fsencode(path.stem), os.fsencode(f" ({number}){path.suffix}")))
        number += 1
    return free


def _recordings(inputs: Iterable[Path]) -> Iterator[tuple[Path, Path]]:
    """Every recording once, with the folder of `output` that its transcripts go to."""
    seen = set()
    for path in inputs:
        for recording, folder in _in_folder(path) if path.is_dir() else [(path, Path())]:
            if (key := recording.resolve()) not in seen:
                seen.add(key)
                yield recording, folder


def _in_folder(root: Path) -> Iterator[tuple[Path, Path]]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower().lstrip(".") in EXTENSIONS:
                yield Path(folder, name), Path(folder).relative_to(root)


def _targets(name: str, folder: Path, formats: Sequence[str], taken: set[str]) -> dict[str, Path]:
    """Free names: without the extension, or else with it, or else with a number."""
    stem, number = os.fsencode(Path(name).stem), 1
    while True:
        base = stem if number == 1 else os.fsencode(name) + (f" ({number - 1})".encode() if number > 2 else b"")
        targets = {format: folder / _fitted(base, f".{format}".encode()) for format in formats}
        keys = {_comparable(path) for path in targets.values()}
        if not keys & taken:
            taken |= keys
            return targets
        number += 1


def _fitted(stem: bytes, ending: bytes) -> str:
    """A name no longer than a file system allows: a stem that is too long is cut, and its hash keeps it apart."""
    if len(stem) + len(ending) > _MAX_NAME_BYTES:
        ending = b"-" + hashlib.sha256(stem).hexdigest()[:8].encode() + ending
        stem = stem[: _MAX_NAME_BYTES - len(ending)]
        while stem and stem[-1] & 0xC0 == 0x80:  # not in the middle of a character
            stem = stem[:-1]
        stem = stem[:-1] if stem and stem[-1] & 0x80 else stem
    return os.fsdecode(stem + ending)


def _comparable(path: Path) -> str:
    """Equal for two paths that some file system takes for the same."""
    return unicodedata.normalize("NFC", os.fsdecode(os.path.realpath(path))).casefold()
