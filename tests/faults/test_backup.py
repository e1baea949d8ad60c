"""A backup while the server works has everything acknowledged before it, and nothing incomplete."""

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

from tests.faults.conftest import play, server_from
from tests.faults.test_housekeeping import run_check
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
    """Uploads, deletes and renames recordings until it is stopped."""

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
def test_a_backup_during_load_restores_completely(
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
        backup_path = command(server, "backup", str(tmp_path / target), *more)
        rounds = load.rounds
        until(lambda: load.rounds > rounds)
    finally:
        load.over.set()
        load.join()
    assert backup_path.returncode == 0, backup_path.stderr
    assert server.stop() == 0

    restored_server = Server(_folder(tmp_path), SCRIPT=server.env["SCRIPT"])
    restored = command(restored_server, "restore", str(tmp_path / target))
    assert restored.returncode == 0, restored.stdout + restored.stderr
    run_check = command(restored_server, "check", "--json")
    report: dict[str, Any] = json.loads(run_check.stdout)
    assert (run_check.returncode, report["problems"]) == (0, [])
    assert report["looked"]["I1"] >= len(before)

    restored_server.client.headers["Authorization"] = ""
    restored_server.start()
    login = restored_server.client.post("/api/auth/login", data={"username": "chief", "password": PASSWORD})
    restored_server.client.headers["Authorization"] = f"Bearer {login.raise_for_status().json()['access_token']}"
    for id, job in before:
        assert restored_server.client.get(f"/api/recordings/{id}/original").content == recording.read_bytes()
        assert restored_server.ended(job)["status"] == "done"
        assert json.loads(restored_server.text(id))["segments"] == first_text
    jobs = restored_server.client.get("/api/jobs", params={"limit": 100}).json()["jobs"]
    for job in jobs:  # jobs that ran or waited during the backup continue by themselves
        assert restored_server.ended(job["id"])["status"] == "done"
    restored_server.stop()
    assert command(restored_server, "check").returncode == 0
    restored_server.close()


def _done_text(server: Server, uploaded: set[tuple[str, str]]) -> list[Any]:
    texts = []
    for id, job in uploaded:
        assert server.ended(job)["status"] == "done"
        texts.append(json.loads(server.text(id))["segments"])
    assert all(one == texts[0] for one in texts)
    return list(texts[0])


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


@dataclass(frozen=True, slots=True)
class StoppedInstallation:
    """A stopped installation with one transcribed recording, and a backup of it."""

    server: Server
    recording: str
    backup_path: Path


@pytest.fixture(scope="module")
def stopped_installation(
    tmp_path_factory: pytest.TempPathFactory, prepared: Server, recording: Path
) -> StoppedInstallation:
    server = server_from(tmp_path_factory.mktemp("installation"), prepared)
    try:
        server.start()
        id, job = server.upload(recording)
        assert server.ended(job)["status"] == "done"
        assert server.stop() == 0
    finally:
        server.close()
    backup_path = tmp_path_factory.mktemp("backups") / "kept"
    assert command(server, "backup", str(backup_path)).returncode == 0
    return StoppedInstallation(server, id, backup_path)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", ["backup.manifest", "restore.files", "restore.database"])
async def test_a_command_killed_at_a_durable_step_can_be_repeated(
    stopped_installation: StoppedInstallation, recording: Path, tmp_path: Path, step: str, moment: str
) -> None:
    restored_server = Server(_folder(tmp_path))
    crash = {"CRASH_AT": f"{moment}:{step}"}
    if step.startswith("backup"):
        backup_path = tmp_path / "kept"
        assert command(stopped_installation.server, "backup", str(backup_path), **crash).returncode == -signal.SIGKILL
        assert (await run_check(stopped_installation.server)).problems == []
        if moment == "before":  # without a manifest it is incomplete
            refused = command(restored_server, "restore", str(backup_path))
            assert (refused.returncode, "not a complete backup" in refused.stderr) == (1, True)
            shutil.rmtree(backup_path)
            assert command(stopped_installation.server, "backup", str(backup_path)).returncode == 0
    else:
        backup_path = stopped_installation.backup_path
        assert command(restored_server, "restore", str(backup_path), **crash).returncode == -signal.SIGKILL
        shutil.rmtree(restored_server.folder)
        restored_server.folder.mkdir()

    restored = command(restored_server, "restore", str(backup_path))

    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert (await run_check(restored_server)).problems == []
    assert (
        restored_server.folder / "uploads" / stopped_installation.recording / "original.wav"
    ).read_bytes() == recording.read_bytes()
    restored_server.close()


def test_the_commands_print_what_is_wrong(server: Server, tmp_path: Path) -> None:
    (server.folder / "server.db").unlink()
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
