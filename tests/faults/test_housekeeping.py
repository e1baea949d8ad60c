"""SIGKILL during housekeeping: nothing with a row loses its file, and leftovers are swept."""

import os
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from backend.housekeeping.check import check_installation
from backend.housekeeping.report import Report
from backend.jobs.queue import Limits
from tests.faults.conftest import play
from tests.serving import Server, until


async def run_check(server: Server) -> Report:
    folder = server.folder
    return await check_installation(f"sqlite:///{folder}/server.db", folder / "uploads", limits=Limits())


def aged(server: Server, days: float = 2.0) -> None:
    """Make every file old enough to be swept."""
    when = time.time() - days * 24 * 3600
    for path in (server.folder / "uploads").rglob("*"):
        os.utime(path, (when, when))


def rows(server: Server, query: str) -> list[Any]:
    database = sqlite3.connect(server.folder / "server.db", timeout=30)
    try:
        with database:
            return database.execute(query).fetchall()
    finally:
        database.close()


def done(server: Server, recording: Path) -> tuple[str, str]:
    id, job = server.upload(recording)
    assert server.ended(job)["status"] == "done"
    until(lambda: (server.folder / "uploads" / "transcripts" / f"{id}.json").exists())
    return id, job


def swept(server: Server) -> bool:
    return bool(server.client.get("/api/admin/retention").json()["last_run_at"])


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", ["trash.rows", "delete.files", "mirrors.gone"])
async def test_a_server_killed_while_it_empties_the_trash(
    server: Server, recording: Path, step: str, moment: str
) -> None:
    play(server, sentences=[])
    server.start()
    kept_id, _ = done(server, recording)
    trashed, _ = done(server, recording)
    assert server.client.delete(f"/api/recordings/{trashed}").status_code == 204
    server.stop()

    server.env["TRASH_DAYS"] = "0"
    server.start_to_die(CRASH_AT=f"{moment}:{step}")
    assert (await run_check(server)).problems == []
    aged(server)
    server.start()
    until(lambda: swept(server))

    assert server.nothing_left_of(trashed)
    assert server.client.get("/api/trash").json()["total"] == 0
    assert server.client.get(f"/api/recordings/{kept_id}/original").content == recording.read_bytes()
    assert (await run_check(server)).problems == []


@pytest.mark.parametrize(
    ("kind", "name", "point"),
    [
        ("originals", "original.wav", "before:retention.rows"),
        ("originals", "original.wav", "after:retention.rows"),
        ("listening_copies", "listen.m4a", "before:sweep.files"),
        ("listening_copies", "listen.m4a", "after:sweep.files"),
    ],
)
async def test_a_server_killed_while_it_applies_a_rule(
    server: Server, recording: Path, kind: str, name: str, point: str
) -> None:
    play(server, sentences=[])
    server.start()
    id, _ = done(server, recording)
    server.client.put(f"/api/admin/retention/{kind}", json={"days": 1}).raise_for_status()
    server.stop()
    rows(server, "UPDATE recordings SET created_at = '2026-01-01 00:00:00.000000'")

    server.start_to_die(CRASH_AT=point)
    assert (await run_check(server)).problems == []
    aged(server)
    server.start()
    until(lambda: swept(server))

    assert not (server.folder / "uploads" / id / name).exists()
    route = "original" if kind == "originals" else "audio"
    answer = server.client.get(f"/api/recordings/{id}/{route}")
    assert (answer.status_code, answer.json()["code"]) == (410, f"{route}_removed")
    assert server.client.get(f"/api/recordings/{id}/transcript").status_code == 200
    assert (await run_check(server)).problems == []


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", ["artifacts.going"])
async def test_a_server_killed_while_artifacts_go(server: Server, recording: Path, step: str, moment: str) -> None:
    play(server, sentences=[])
    server.start()
    id, job = done(server, recording)
    server.client.put("/api/admin/retention/artifacts", json={"days": 1}).raise_for_status()
    server.stop()
    rows(server, "UPDATE recordings SET created_at = '2026-01-01 00:00:00.000000'")
    rows(server, "UPDATE jobs SET finished_at = '2026-01-01 00:00:00.000000'")

    server.start_to_die(CRASH_AT=f"{moment}:{step}")
    assert (await run_check(server)).problems == []
    aged(server)
    server.start()
    until(lambda: swept(server))

    assert list((server.folder / "uploads" / id / "jobs").iterdir()) == []
    assert server.client.get(f"/api/jobs/{job}/transcript").json()["whole"]
    assert server.client.post(f"/api/jobs/{job}/retry").status_code == 200
    assert server.ended(job)["status"] == "done"
    assert (await run_check(server)).problems == []


def test_a_job_stopped_by_the_trash_continues_after_a_restore(server: Server, recording: Path) -> None:
    once = {"hang": True, "once": str(server.folder / "hung")}
    play(server, transcribe={"delay": 0.05, "steps": {"5": once}})
    server.start()
    id, job = server.upload(recording)
    until((server.folder / "hung").exists)

    assert server.client.delete(f"/api/recordings/{id}").status_code == 204
    until(lambda: server.client.get("/api/queue").json()["running"] == 0)
    assert rows(server, "SELECT status, error_code FROM jobs") == [("cancelled", "trashed")]
    server.client.post(f"/api/trash/{id}/restore").raise_for_status()

    assert server.ended(job)["status"] == "done"
