"""When a step says that it is done, a power cut takes nothing of it: strace and a strict disk look at each."""

import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from backend.engines.finished import Finished
from backend.housekeeping.backup import MANIFEST, manifest_from_json
from backend.housekeeping.shelves import Print, copy
from tests.faults.acts import BYTES
from tests.faults.disk import CALLS, Disk, calls
from tests.serving import ROOT


def _is(*path: str) -> Callable[[Path], bool]:
    return lambda house: (found := house.joinpath(*path)).is_file() and found.read_bytes() == BYTES


def _gone(*path: str) -> Callable[[Path], bool]:
    return lambda house: house.joinpath(*path[:-1]).is_dir() and not house.joinpath(*path).exists()


def _whole(kept: Path) -> bool:
    manifest = manifest_from_json((kept / MANIFEST).read_bytes())
    return all(_print(kept / name) == found for name, found in manifest.files.items())


def _print(path: Path) -> Print:
    with path.open("rb") as file:
        return copy(file, None)


def _names_the_recording(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as database:
        whole = database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return whole and database.execute("SELECT name FROM recordings").fetchall() == [("周会.wav",)]


Facts = dict[str, Callable[[Path], bool]]

#: What is there once an act is done, whatever happens then.
ACTS: Facts = {
    "a file is written": _is("given", "written"),
    "a file gets a second name": _is("given", "linked"),
    "folders are made": lambda house: (house / "uploads" / "deep" / "deeper").is_dir(),
    "upload one": _is("uploads", "incoming", "one"),
    "upload two": _is("uploads", "incoming", "two"),
    "upload forsaken": _is("uploads", "incoming", "forsaken"),
    "upload expired": _is("uploads", "incoming", "expired"),
    "a form": _is("uploads", "form", "original.wav"),
    "an upload lands": _is("uploads", "alone", "original.wav"),
    "two uploads land": lambda house: (
        all(_is("uploads", "both", "parts", f"{number:04}.wav")(house) for number in (1, 2))
        and len((house / "uploads" / "both" / "original.sha256").read_text().splitlines()) == 2
    ),
    "an upload lands where files have one name": _is("uploads", "copied", "original.wav"),
    "an upload is given up": _gone("uploads", "incoming", "forsaken"),
    "an upload expires": _gone("uploads", "incoming", "expired"),
    "sound is prepared": lambda house: all(_is("given", f"heard.{name}")(house) for name in ("wav", "m4a")),
    "a sentence is heard": lambda house: Finished(house / "given" / "finished.jsonl", "a print").kept().keys() == {0},
    "a folder is whole": lambda house: all(
        _is("given", "far", "off", "shelf", *path)(house) for path in (("uploads", "x", "y"), ("manifest.json",))
    ),
    "a tar is whole": lambda house: tarfile.is_tarfile(house / "given" / "backup.tar"),
    "a transcript is mirrored": _is("uploads", "transcripts", "alone.txt"),
    "a recording is deleted": lambda house: (
        not (house / "uploads" / "alone").exists() and not (house / "uploads" / "transcripts" / "alone.txt").exists()
    ),
    "what is left over is swept": _gone("given", "swept"),
}

#: And of a house that moves.
MOVING: Facts = {
    "a house is kept": lambda house: _whole(house / "given" / "far" / "off" / "kept"),
    "a house is restored": lambda house: (
        _names_the_recording(house / "given" / "house.db") and _is("a", "new", "place", "heard", "original.wav")(house)
    ),
}


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here")
@pytest.mark.parametrize(("program", "facts"), [("acts", ACTS), ("moving", MOVING)], ids=["acts", "moving"])
def test_what_is_done_outlives_a_power_cut(tmp_path: Path, program: str, facts: Facts) -> None:
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
    for process, call, said, result in calls(trace):
        disk.do(process, call, said, result)
        if call == "mkdir" and f'"{root}/done/' in said:
            name = said.partition("/done/")[2].partition('"')[0]
            house = tmp_path / f"after {name}"
            disk.cut(house, None)
            seen.append(name)
            # A tree that is not whole may have nothing that the fact reads.
            try:
                holds = facts[name](house)
            except (OSError, sqlite3.Error):
                holds = False
            lost += [] if holds else [name]

    assert lost == []
    assert seen == list(facts)
