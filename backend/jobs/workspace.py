"""The folder of one job: artifacts, each with its checksum in a file. A whole artifact is not made again."""

import json
import shutil
from pathlib import Path
from typing import Any

from backend.checksums import sha256
from backend.durable import link_durably, write_durably

#: The segments a transcriber has finished, written while it works.
FINISHED = "finished.jsonl"

#: The diarizer's results before clustering.
PASSES = "passes.bin"

SPEECH = "speech.wav"
SENTENCES = "sentences.json"
TURNS = "turns.json"

#: How the voices sound: see `backend.jobs.voices`.
VOICES = "voices.json"

DOCUMENT = "document.json"


class Workspace:
    """All methods use the disk: call them from a thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        return self.folder / name

    def open(self) -> None:
        """Make the folder. The recording's folder must exist: if it does not, the recording has been deleted."""
        jobs = self.folder.parent
        jobs.mkdir(exist_ok=True)
        self.folder.mkdir(exist_ok=True)

    def record_checksum(self, name: str, facts: dict[str, Any] | None = None) -> None:
        """Store the checksum of an artifact that is whole and on disk. An artifact without it is not used."""
        record = {"sha256": sha256(self.path(name)), "size": self.path(name).stat().st_size, "facts": facts or {}}
        write_durably(self._checksum_file(name), json.dumps(record).encode())

    def write(self, name: str, content: Any, facts: dict[str, Any] | None = None) -> None:
        """Store a JSON artifact and its checksum."""
        write_durably(self.path(name), json.dumps(content, ensure_ascii=False).encode())
        self.record_checksum(name, facts)

    def facts(self, name: str) -> dict[str, Any] | None:
        """What was stored with the artifact's checksum, or None if either is missing or the artifact is damaged."""
        try:
            record = json.loads(self._checksum_file(name).read_bytes())
            if self.path(name).stat().st_size != record["size"] or sha256(self.path(name)) != record["sha256"]:
                return None
            return dict(record["facts"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def read(self, name: str) -> Any:
        """The JSON artifact `name`, or None if it is missing or damaged."""
        return None if self.facts(name) is None else json.loads(self.path(name).read_bytes())

    def reuse(self, name: str, facts: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """Link a whole artifact of an earlier job of this recording, if one has these facts (any, if None are given);
        answers its facts. It takes no space: both jobs name the same file."""
        for folder in self.folder.parent.iterdir():
            found = Workspace(folder).facts(name)
            if folder == self.folder or found is None or (facts is not None and found != facts):
                continue
            try:
                link_durably(folder / name, self.path(name))
            except OSError:
                # That job was just deleted, or the file system has no hard links: the artifact is made again.
                continue
            self.record_checksum(name, found)
            return found
        return None

    def discard(self, *names: str) -> None:
        """Remove artifacts, so that their stages run again."""
        for name in names:
            self._checksum_file(name).unlink(missing_ok=True)
            self.path(name).unlink(missing_ok=True)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _checksum_file(self, name: str) -> Path:
        return self.folder / f"{name}.seal"
