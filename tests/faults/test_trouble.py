"""Trouble short of death: a full disk, a silent recording, an engine that fails on one stretch."""

import errno
import json
import subprocess
from pathlib import Path

from backend.ffmpeg import ffmpeg_path
from tests.faults.conftest import SENTENCES, play
from tests.serving import Server, until


def test_a_full_disk_makes_a_job_wait_not_fail(server: Server, recording: Path) -> None:
    once = {"errno": errno.ENOSPC, "once": str(server.folder / "full")}
    play(server, transcribe={"steps": {"3": once}})
    server.start()
    _, job = server.upload(recording)

    waiting = until(lambda: (state := server.job(job))["error"] and state)

    assert (waiting["status"], waiting["error"]["code"]) == ("queued", "waiting_disk")
    assert server.client.post(f"/api/jobs/{job}/cancel").status_code == 200


def test_a_recording_without_speech_is_done_and_says_so(server: Server, recording: Path) -> None:
    play(server, sentences=[])
    server.start()
    id, job = server.upload(recording)

    state = server.ended(job)

    assert (state["status"], state["warnings"]) == ("done", [])
    assert json.loads(server.text(id))["segments"] == []
    assert "没有检测到语音" in server.text(id, "txt")


def test_a_stretch_that_cannot_be_recognised_is_marked_and_the_rest_is_there(server: Server, recording: Path) -> None:
    damaged = [{**row, "text": "", "error": "asr_error"} if k == 2 else row for k, row in enumerate(SENTENCES)]
    play(server, sentences=damaged)
    server.start()
    id, job = server.upload(recording)

    state = server.ended(job)

    assert [warning["code"] for warning in state["warnings"]] == ["segments_failed"]
    segments = json.loads(server.text(id))["segments"]
    assert [segment["error"] for segment in segments if segment["error"]] == ["asr_error"]
    assert "预算已经批了" not in "".join(segment["text"] for segment in segments)
    assert "[无法识别]" in server.text(id, "txt")


def test_a_damaged_file_gives_what_can_be_read_and_a_warning(server: Server, tmp_path: Path) -> None:
    sound = tmp_path / "damaged.mp3"
    tone = ["-f", "lavfi", "-i", "sine=frequency=300:duration=20", "-b:a", "64k"]
    subprocess.run([ffmpeg_path(), "-v", "error", *tone, str(sound)], check=True)
    content = bytearray(sound.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4000] = b"\x55" * 4000
    sound.write_bytes(content)
    server.start()
    _, job = server.upload(sound)

    state = server.ended(job)

    assert (state["status"], [warning["code"] for warning in state["warnings"]]) == ("done", ["media_damaged"])


def test_a_database_held_by_another_is_a_503_and_nothing_is_kept(server: Server, recording: Path) -> None:
    server.start(DATABASE_BUSY_SECONDS="2")
    holder = subprocess.Popen(
        ["python3", "-c", _HOLD, str(server.folder / "house.db")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdin is not None
    holder.stdout.readline()

    with recording.open("rb") as file:
        answer = server.client.post("/api/recordings", files={"file": file})
    holder.stdin.close()
    holder.wait(10)
    holder.stdout.close()

    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.headers["Retry-After"].isdigit()
    assert not [path for path in (server.folder / "uploads").iterdir() if len(path.name) == 32]
    _, job = server.upload(recording)
    assert server.ended(job)["status"] == "done"


_HOLD = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""
