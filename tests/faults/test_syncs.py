"""A completed operation survives a power cut: strace and a simulated disk check each one."""

import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from backend.engines.transcription_checkpoint import TranscriptionCheckpoint
from backend.housekeeping.backup import MANIFEST, manifest_from_json
from backend.housekeeping.backup_archive import FileChecksum, copy
from tests.faults.durable_operations import BYTES
from tests.faults.simulated_disk import CALLS, Disk, calls
from tests.serving import ROOT


def _is(*path: str) -> Callable[[Path], bool]:
    return lambda installation: (found := installation.joinpath(*path)).is_file() and found.read_bytes() == BYTES


def _gone(*path: str) -> Callable[[Path], bool]:
    return lambda installation: installation.joinpath(*path[:-1]).is_dir() and not installation.joinpath(*path).exists()


def _whole(kept: Path) -> bool:
    manifest = manifest_from_json((kept / MANIFEST).read_bytes())
    return all(_checksum(kept / name) == found for name, found in manifest.files.items())


def _checksum(path: Path) -> FileChecksum:
    with path.open("rb") as file:
        return copy(file, None)


def _names_the_recording(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as database:
        whole = database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return whole and database.execute("SELECT name FROM recordings").fetchall() == [("周会.wav",)]


Facts = dict[str, Callable[[Path], bool]]

#: What must be on the disk once an operation is done.
OPERATIONS: Facts = {
    "a file is written": _is("given", "written"),
    "a hard link is made": _is("given", "linked"),
    "folders are made": lambda installation: (installation / "uploads" / "deep" / "deeper").is_dir(),
    "upload one": _is("uploads", "incoming", "one"),
    "upload two": _is("uploads", "incoming", "two"),
    "upload aborted": _is("uploads", "incoming", "aborted"),
    "upload expired": _is("uploads", "incoming", "expired"),
    "a form": _is("uploads", "form", "original.wav"),
    "an upload is linked": _is("uploads", "alone", "original.wav"),
    "two uploads are linked": lambda installation: (
        all(_is("uploads", "both", "parts", f"{number:04}.wav")(installation) for number in (1, 2))
        and len((installation / "uploads" / "both" / "original.sha256").read_text().splitlines()) == 2
    ),
    "an upload is copied without hard links": _is("uploads", "copied", "original.wav"),
    "an upload is aborted": _gone("uploads", "incoming", "aborted"),
    "an upload expires": _gone("uploads", "incoming", "expired"),
    "audio is prepared": lambda installation: all(
        _is("given", f"heard.{name}")(installation) for name in ("wav", "m4a")
    ),
    "a sentence is recognised": lambda installation: (
        TranscriptionCheckpoint(installation / "given" / "finished.jsonl", "a print").finished_sentences().keys() == {0}
    ),
    "a backup folder is complete": lambda installation: all(
        _is("given", "far", "off", "archive", *path)(installation)
        for path in (("uploads", "x", "y"), ("manifest.json",))
    ),
    "a backup tar is complete": lambda installation: tarfile.is_tarfile(installation / "given" / "backup.tar"),
    "a transcript is mirrored": _is("uploads", "transcripts", "alone.txt"),
    "a recording is deleted": lambda installation: (
        not (installation / "uploads" / "alone").exists()
        and not (installation / "uploads" / "transcripts" / "alone.txt").exists()
    ),
    "an orphan is swept": _gone("given", "swept"),
}

#: And of a backup and its restore.
BACKUPS: Facts = {
    "a backup is made": lambda installation: _whole(installation / "given" / "far" / "off" / "kept"),
    "a backup is restored": lambda installation: (
        _names_the_recording(installation / "given" / "server.db")
        and _is("a", "new", "place", "heard", "original.wav")(installation)
    ),
}


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
@pytest.mark.parametrize(
    ("program", "facts"),
    [("durable_operations", OPERATIONS), ("backup_and_restore", BACKUPS)],
    ids=["durable_operations", "backup_and_restore"],
)
def test_completed_operations_survive_a_power_cut(tmp_path: Path, program: str, facts: Facts) -> None:
    root, trace = tmp_path / "root", tmp_path / "trace"
    for folder in ("given", "done"):
        (root / folder).mkdir(parents=True)
    for name in ("old", "swept"):
        (root / "given" / name).write_bytes(BYTES)
    disk = Disk(root)
    watch = ["strace", "-f", "-y", "--seccomp-bpf", "-s", "10000000", "-e", "signal=none"]
    watch += ["-e", f"trace={','.join(CALLS)}", "-o", str(trace)]
    command = [*watch, sys.executable, "-m", f"tests.faults.{program}", str(root)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr

    lost, seen = [], []
    for process, call, arguments, result in calls(trace):
        disk.do(process, call, arguments, result)
        if call == "mkdir" and f'"{root}/done/' in arguments:
            name = arguments.partition("/done/")[2].partition('"')[0]
            installation = tmp_path / f"after {name}"
            disk.write_after_power_cut(installation, None)
            seen.append(name)
            # In an incomplete tree the files that the fact reads may be missing.
            try:
                holds = facts[name](installation)
            except (OSError, sqlite3.Error):
                holds = False
            lost += [] if holds else [name]

    assert lost == []
    assert seen == list(facts)
