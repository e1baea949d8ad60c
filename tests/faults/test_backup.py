"""A backup while the server works: what was acknowledged before it is in it, and nothing in it is half."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import moved_in, play
from tests.faults.test_housekeeping import checked
from tests.serving import PASSWORD, ROOT, Server, until


def command(server: Server, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "backend", *arguments],
        env={**server.env, **more},
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=False,
    )


class Load(threading.Thread):
    """Uploads, deletions, renames and saves, until it is told to stop."""

    def __init__(self, server: Server, recording: Path) -> None:
        super().__init__()
        self.server, self.recording = server, recording
        self.over = threading.Event()
        self.rounds = 0

    def run(self) -> None:
        while not self.over.is_set():
            id, _ = self.server.upload(self.recording)
            client = self.server.client
            if self.rounds % 3 == 1:
                client.delete(f"/api/recordings/{id}", params={"for_good": True}).raise_for_status()
            elif self.rounds % 3 == 2:
                client.delete(f"/api/recordings/{id}").raise_for_status()
            else:
                client.patch(f"/api/recordings/{id}", json={"name": f"第{self.rounds}次.wav"}).raise_for_status()
            self.rounds += 1


@pytest.mark.parametrize(("target", "more"), [("kept", ["--link"]), ("kept.tar", ["--portable"])])
def test_a_backup_during_load_is_whole_elsewhere(
    server: Server, recording: Path, tmp_path: Path, target: str, more: list[str]
) -> None:
    server.env["JOB_QUEUE_MAX_SIZE"] = "10000"
    play(server, transcribe={"delay": 0.01}, diarize={"delay": 0.01})
    server.start()
    before = {server.upload(recording) for _ in range(3)}
    first_text = _done_text(server, before)
    load = Load(server, recording)
    load.start()
    try:
        until(lambda: load.rounds >= 3)
        kept = command(server, "backup", str(tmp_path / target), *more)
        rounds = load.rounds
        until(lambda: load.rounds > rounds)
    finally:
        load.over.set()
        load.join()
    assert kept.returncode == 0, kept.stderr
    assert server.stop() == 0

    there = Server(_folder(tmp_path), SCRIPT=server.env["SCRIPT"])
    restored = command(there, "restore", str(tmp_path / target))
    assert restored.returncode == 0, restored.stdout + restored.stderr
    checked = command(there, "check", "--json")
    report: dict[str, Any] = json.loads(checked.stdout)
    assert (checked.returncode, report["problems"]) == (0, [])
    assert report["looked"]["I1"] >= len(before)

    there.client.headers["Authorization"] = ""
    there.start()
    login = there.client.post("/api/auth/login", data={"username": "chief", "password": PASSWORD})
    there.client.headers["Authorization"] = f"Bearer {login.raise_for_status().json()['access_token']}"
    for id, job in before:
        assert there.client.get(f"/api/recordings/{id}/original").content == recording.read_bytes()
        assert there.ended(job)["status"] == "done"
        assert json.loads(there.text(id))["segments"] == first_text
    jobs = there.client.get("/api/jobs", params={"limit": 100}).json()["jobs"]
    for job in jobs:  # those that ran or waited when the backup was made go on by themselves
        assert there.ended(job["id"])["status"] == "done"
    there.stop()
    assert command(there, "check").returncode == 0
    there.close()


def _done_text(server: Server, taken: set[tuple[str, str]]) -> list[Any]:
    texts = []
    for id, job in taken:
        assert server.ended(job)["status"] == "done"
        texts.append(json.loads(server.text(id))["segments"])
    assert all(one == texts[0] for one in texts)
    return list(texts[0])


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


@dataclass(frozen=True, slots=True)
class LivedIn:
    """A house that is stopped, with one recording that is done, and a backup of it."""

    server: Server
    recording: str
    kept: Path


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory, furnished: Server, recording: Path) -> LivedIn:
    server = moved_in(tmp_path_factory.mktemp("house"), furnished)
    try:
        server.start()
        id, job = server.upload(recording)
        assert server.ended(job)["status"] == "done"
        assert server.stop() == 0
    finally:
        server.close()
    kept = tmp_path_factory.mktemp("backups") / "kept"
    assert command(server, "backup", str(kept)).returncode == 0
    return LivedIn(server, id, kept)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", ["backup.manifest", "restore.files", "restore.database"])
async def test_a_command_killed_at_a_durable_step_can_be_given_again(
    lived_in: LivedIn, recording: Path, tmp_path: Path, step: str, moment: str
) -> None:
    there = Server(_folder(tmp_path))
    crash = {"CRASH_AT": f"{moment}:{step}"}
    if step.startswith("backup"):
        kept = tmp_path / "kept"
        assert command(lived_in.server, "backup", str(kept), **crash).returncode == -signal.SIGKILL
        assert (await checked(lived_in.server)).problems == []
        if moment == "before":  # without a manifest it is none
            refused = command(there, "restore", str(kept))
            assert (refused.returncode, "no whole backup" in refused.stderr) == (1, True)
            shutil.rmtree(kept)
            assert command(lived_in.server, "backup", str(kept)).returncode == 0
    else:
        kept = lived_in.kept
        assert command(there, "restore", str(kept), **crash).returncode == -signal.SIGKILL
        shutil.rmtree(there.folder)
        there.folder.mkdir()

    restored = command(there, "restore", str(kept))

    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert (await checked(there)).problems == []
    assert (there.folder / "uploads" / lived_in.recording / "original.wav").read_bytes() == recording.read_bytes()
    there.close()


def test_the_commands_say_what_is_wrong(server: Server, tmp_path: Path) -> None:
    (server.folder / "house.db").unlink()
    nothing = command(server, "check")
    assert (nothing.returncode, "There is no database" in nothing.stderr) == (2, True)
    server.start()
    server.stop()
    assert command(server, "check").returncode == 0

    (tmp_path / "taken").write_text("something")
    refused = command(server, "backup", str(tmp_path / "taken"))
    assert (refused.returncode, "already" in refused.stderr) == (1, True)
    os.mkdir(tmp_path / "empty")
    refused = command(server, "restore", str(tmp_path / "empty"))
    assert (refused.returncode, "Nothing was restored" in refused.stderr) == (1, True)
