"""The folder of one job: artifacts, each sealed with its checksum. What is whole is not made again."""

import json
import shutil
from pathlib import Path
from typing import Any

from backend.checksums import sha256
from backend.durable import link_durably, write_durably

#: Finished segments of the transcriber, kept while it works.
FINISHED = "finished.jsonl"

#: What the diarizer has made of the audio before it counts voices.
PASSES = "passes.bin"

SPEECH = "speech.wav"
SENTENCES = "sentences.json"
TURNS = "turns.json"
DOCUMENT = "document.json"


class Workspace:
    """All methods touch the disk: call them from a thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        return self.folder / name

    def open(self) -> None:
        """Make the folder; the folder of the recording must be there, or the recording has been deleted."""
        jobs = self.folder.parent
        jobs.mkdir(exist_ok=True)
        self.folder.mkdir(exist_ok=True)

    def seal(self, name: str, facts: dict[str, Any] | None = None) -> None:
        """Note the checksum of an artifact that is whole and on disk. An artifact without its seal does not count."""
        seal = {"sha256": sha256(self.path(name)), "size": self.path(name).stat().st_size, "facts": facts or {}}
        write_durably(self._seal(name), json.dumps(seal).encode())

    def write(self, name: str, content: Any) -> None:
        """Store a JSON artifact and seal it."""
        write_durably(self.path(name), json.dumps(content, ensure_ascii=False).encode())
        self.seal(name)

    def facts(self, name: str) -> dict[str, Any] | None:
        """What was noted when the artifact was sealed, or None where it is missing, unsealed or damaged."""
        try:
            seal = json.loads(self._seal(name).read_bytes())
            if self.path(name).stat().st_size != seal["size"] or sha256(self.path(name)) != seal["sha256"]:
                return None
            return dict(seal["facts"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def read(self, name: str) -> Any:
        """The JSON artifact `name`, or None where it does not count."""
        return None if self.facts(name) is None else json.loads(self.path(name).read_bytes())

    def take_over(self, name: str, facts: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """Have the artifact that an earlier job of this recording made, where one is whole and has these facts (any,
        where none are given); answers its facts. It costs no room: both jobs name the same file."""
        for folder in self.folder.parent.iterdir():
            found = Workspace(folder).facts(name)
            if folder == self.folder or found is None or (facts is not None and found != facts):
                continue
            try:
                link_durably(folder / name, self.path(name))
            except OSError:
                # That job was deleted at this very moment, or this disk knows no second names: it is made again.
                continue
            self.seal(name, found)
            return found
        return None

    def forget(self, *names: str) -> None:
        """Remove artifacts, so that their stages are made again."""
        for name in names:
            self._seal(name).unlink(missing_ok=True)
            self.path(name).unlink(missing_ok=True)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _seal(self, name: str) -> Path:
        return self.folder / f"{name}.seal"
