"""Errors that kill no process: a full disk, a silent recording, an engine that fails on one segment."""

import errno
import json
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

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


def test_a_recording_without_speech_is_done_and_exported_with_a_note(server: Server, recording: Path) -> None:
    play(server, sentences=[])
    server.start()
    id, job = server.upload(recording)

    state = server.ended(job)

    assert (state["status"], [warning["code"] for warning in state["warnings"]]) == ("done", ["nothing_said"])
    assert json.loads(server.text(id))["segments"] == []
    assert "没有检测到语音" in server.text(id, "txt")


def test_a_segment_that_cannot_be_recognised_is_marked_and_the_rest_is_there(server: Server, recording: Path) -> None:
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


def test_a_damaged_file_is_transcribed_as_far_as_readable_with_a_warning(server: Server, tmp_path: Path) -> None:
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


@pytest.fixture
def slow_ffmpeg(tmp_path: Path) -> Path:
    """A folder for PATH whose FFmpeg reads in real time while a file `slow` is beside it, and misses a library while a
    file `broken` is."""
    folder = tmp_path / "programs"
    folder.mkdir()
    real = shutil.copy(ffmpeg_path(), folder / "ffmpeg-itself")  # the sandbox lets a program read its own folder
    program = folder / "ffmpeg"
    broken = f"[ -e {folder}/broken ] && echo 'ffmpeg: error while loading shared libraries: libx.so' >&2 && exit 127"
    program.write_text(f'#!/bin/sh\n{broken}\n[ -e {folder}/slow ] && exec {real} -re "$@"\nexec {real} "$@"\n')
    program.chmod(0o755)
    return folder


def kill_ffmpeg(server: Server) -> None:
    """Kill FFmpeg as the kernel does when memory runs out."""
    for process in until(lambda: ffmpegs(server)):
        with suppress(psutil.NoSuchProcess):
            process.kill()


def ffmpegs(server: Server) -> list[psutil.Process]:
    assert server.process is not None
    found = []
    for child in psutil.Process(server.process.pid).children():
        with suppress(psutil.NoSuchProcess, IndexError):  # it may end meanwhile
            if Path(child.cmdline()[0]).name == "ffmpeg-itself":
                found.append(child)
    return found


def test_a_killed_ffmpeg_is_started_again_and_the_job_succeeds(
    server: Server, recording: Path, slow_ffmpeg: Path
) -> None:
    server.start(PATH=f"{slow_ffmpeg}:{os.environ['PATH']}")
    id, job = server.upload(recording)
    server.ended(job)
    (slow_ffmpeg / "slow").touch()
    again = server.client.post(f"/api/recordings/{id}/jobs", json={"fresh": True}).raise_for_status().json()["id"]

    kill_ffmpeg(server)
    waiting = until(lambda: (state := server.job(again))["error"] and state)
    (slow_ffmpeg / "slow").unlink()

    assert (waiting["status"], waiting["error"]["code"]) == ("queued", "decoder_killed")
    state = server.ended(again)
    assert (state["status"], state["attempt"], state["warnings"]) == ("done", 2, [])


def test_an_ffmpeg_that_is_always_killed_fails_the_job_with_the_reason_and_keeps_the_input(
    server: Server, recording: Path, slow_ffmpeg: Path
) -> None:
    server.start(PATH=f"{slow_ffmpeg}:{os.environ['PATH']}")
    id, job = server.upload(recording)
    server.ended(job)
    (slow_ffmpeg / "slow").touch()
    again = server.client.post(f"/api/recordings/{id}/jobs", json={"fresh": True}).raise_for_status().json()["id"]

    for _ in range(3):
        kill_ffmpeg(server)
        until(lambda: server.job(again)["status"] != "running")
    state = server.ended(again)
    (slow_ffmpeg / "slow").unlink()

    assert (state["status"], state["error"]["code"], state["attempt"]) == ("failed", "decoder_killed", 3)
    assert server.client.get(f"/api/recordings/{id}/original").content == recording.read_bytes()
    server.client.post(f"/api/jobs/{again}/retry").raise_for_status()
    assert server.ended(again)["status"] == "done"


def test_an_upload_whose_probe_was_killed_can_be_retried(server: Server, recording: Path, slow_ffmpeg: Path) -> None:
    (slow_ffmpeg / "slow").touch()
    server.start(PATH=f"{slow_ffmpeg}:{os.environ['PATH']}")
    with recording.open("rb") as file, ThreadPoolExecutor() as pool:
        sending = pool.submit(
            server.client.post, "/api/recordings", data={"allow_duplicate": "true"}, files={"file": file}
        )
        kill_ffmpeg(server)
        answer = sending.result()
    (slow_ffmpeg / "slow").unlink()

    assert (answer.status_code, answer.json()["code"]) == (503, "decoder_killed")
    assert answer.headers["Retry-After"].isdigit()
    _, job = server.upload(recording)
    assert server.ended(job)["status"] == "done"


def test_a_database_locked_by_another_process_is_a_503_and_nothing_is_stored(server: Server, recording: Path) -> None:
    server.start(DATABASE_BUSY_SECONDS="2")
    holder = subprocess.Popen(
        ["python3", "-c", _HOLD, str(server.folder / "server.db")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdin is not None
    holder.stdout.readline()

    with recording.open("rb") as file:
        answer = server.client.post("/api/recordings", data={"allow_duplicate": "true"}, files={"file": file})
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


def test_jobs_wait_for_a_broken_ffmpeg_and_go_on_when_it_is_mended(
    server: Server, recording: Path, slow_ffmpeg: Path
) -> None:
    server.start(PATH=f"{slow_ffmpeg}:{os.environ['PATH']}")
    id, job = server.upload(recording)
    server.ended(job)
    (slow_ffmpeg / "broken").touch()

    again = server.client.post(f"/api/recordings/{id}/jobs", json={"fresh": True}).raise_for_status().json()["id"]
    waiting = until(lambda: (state := server.job(again))["error"] and state)
    refused = server.client.post("/api/recordings", files={"file": ("b.wav", recording.read_bytes())})
    (slow_ffmpeg / "broken").unlink()

    assert (waiting["status"], waiting["error"]["code"]) == ("queued", "decoder_broken")
    assert (refused.status_code, refused.json()["code"]) == (503, "decoder_broken")
    server.client.post(f"/api/jobs/{again}/cancel").raise_for_status()
    server.client.post(f"/api/jobs/{again}/retry").raise_for_status()
    assert server.ended(again)["status"] == "done"
