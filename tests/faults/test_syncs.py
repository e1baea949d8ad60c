"""When a step says that it is done, a power cut takes nothing of it: strace and a strict disk look at each."""

import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.engines.finished import Finished
from tests.faults.acts import BYTES
from tests.faults.disk import CALLS, Disk, calls
from tests.serving import ROOT


def _is(*path: str) -> Callable[[Path], bool]:
    return lambda house: (found := house.joinpath(*path)).is_file() and found.read_bytes() == BYTES


#: What is there once an act is done, whatever happens then.
FACTS: dict[str, Callable[[Path], bool]] = {
    "a file is written": _is("given", "written"),
    "a file gets a second name": _is("given", "linked"),
    "folders are made": lambda house: (house / "uploads" / "deep" / "deeper").is_dir(),
    "upload one": _is("uploads", "incoming", "one"),
    "upload two": _is("uploads", "incoming", "two"),
    "a form": _is("uploads", "form", "original.wav"),
    "an upload lands": _is("uploads", "alone", "original.wav"),
    "two uploads land": lambda house: (
        all(_is("uploads", "both", "parts", f"{number:04}.wav")(house) for number in (1, 2))
        and len((house / "uploads" / "both" / "original.sha256").read_text().splitlines()) == 2
    ),
    "sound is prepared": lambda house: all(_is("given", f"heard.{name}")(house) for name in ("wav", "m4a")),
    "a sentence is heard": lambda house: Finished(house / "given" / "finished.jsonl", "a print").kept().keys() == {0},
    "a folder is whole": lambda house: all(
        _is("given", "shelf", *path)(house) for path in (("uploads", "x", "y"), ("manifest.json",))
    ),
    "a tar is whole": lambda house: tarfile.is_tarfile(house / "given" / "backup.tar"),
    "a recording is deleted": lambda house: not (house / "uploads" / "alone").exists(),
}


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here")
def test_what_is_done_outlives_a_power_cut(tmp_path: Path) -> None:
    root, trace = tmp_path / "root", tmp_path / "trace"
    for folder in ("given", "done"):
        (root / folder).mkdir(parents=True)
    (root / "given" / "old").write_bytes(BYTES)
    disk = Disk(root)
    watch = ["strace", "-f", "-y", "--seccomp-bpf", "-s", "10000000", "-e", "signal=none"]
    watch += ["-e", f"trace={','.join(CALLS)}", "-o", str(trace), sys.executable, "-m", "tests.faults.acts", str(root)]
    ran = subprocess.run(watch, cwd=ROOT, capture_output=True, text=True, check=False)
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
                holds = FACTS[name](house)
            except OSError:
                holds = False
            lost += [] if holds else [name]

    assert lost == []
    assert seen == list(FACTS)
