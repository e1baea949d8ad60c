"""SIGKILL in each stage, then a restart: the job completes by itself with exactly the same text."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.faults.conftest import KILL, play, server_from
from tests.faults.steps import ID
from tests.faults.test_housekeeping import run_check
from tests.serving import Server, until

#: The durable steps of a job: artifacts, their checksums, the files for the browser and the mirror.
STEPS = [
    *("prepare.files", "speech.wav.seal", "sentences.json.seal", "turns.json.seal", "document.json"),
    *("document.json.seal", "publish", f"{ID}.txt", f"{ID}.json"),
]
#: Those in child processes, which die without the server.
CHILD_STEPS = ["peaks.json", "heard", "sentences.json", "turns.json"]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, prepared: Server, recording: Path) -> dict[str, Any]:
    """The document of an undisturbed run."""
    server = server_from(tmp_path_factory.mktemp("undisturbed"), prepared)
    server.start()
    id, job = server.upload(recording)
    assert server.ended(job)["status"] == "done"
    document: dict[str, Any] = json.loads(server.text(id))
    server.close()
    return document


def assert_consistent(server: Server, recording: str, job: str, undisturbed: dict[str, Any], versions: int = 1) -> None:
    """Assert that the job has published `versions` versions, and that rows and files agree."""
    assert server.ended(job)["status"] == "done"
    assert json.loads(server.text(recording)) == undisturbed
    published = server.client.get(f"/api/recordings/{recording}/transcript/versions").json()
    assert len(published) == versions
    mirror = server.folder / "uploads" / "transcripts" / f"{recording}.json"
    until(lambda: mirror.exists() and json.loads(mirror.read_text(encoding="utf-8")) == undisturbed)
    assert asyncio.run(run_check(server)).problems == []


@pytest.mark.parametrize("stage", ["prepare", "transcribe"])
def test_a_server_killed_in_a_stage_continues_where_it_was(
    server: Server, recording: Path, undisturbed: dict[str, Any], stage: str
) -> None:
    server.start()
    id, job = server.upload(recording)
    if stage == "transcribe":
        until(lambda: transcribed_seconds(server, job) > 3)
    else:
        until(lambda: server.job(job)["status"] == "running")

    server.kill()
    server.start()

    assert_consistent(server, id, job, undisturbed)
    assert server.job(job)["attempt"] == 2


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_server_killed_at_a_durable_step_loses_and_repeats_nothing(
    server: Server, recording: Path, undisturbed: dict[str, Any], step: str, moment: str
) -> None:
    server.start(CRASH_AT=f"{moment}:{step}")
    id, job = server.upload(recording)

    server.wait_for_death()
    server.start()

    assert_consistent(server, id, job, undisturbed)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", CHILD_STEPS)
def test_a_child_killed_at_a_durable_step_does_not_kill_the_server(
    server: Server, recording: Path, undisturbed: dict[str, Any], step: str, moment: str
) -> None:
    server.start(CRASH_AT=f"{moment}:{step}")
    id, job = server.upload(recording)

    # Without peaks there is a transcript. Without turns there is one with a warning, and a retry adds the speakers.
    until(lambda: server.job(job)["error"] or server.job(job)["status"] == "done")
    server.kill()
    server.start()
    warned = bool(server.job(job)["warnings"])
    if warned:
        server.client.post(f"/api/jobs/{job}/retry").raise_for_status()

    assert_consistent(server, id, job, undisturbed, versions=1 + warned)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", ["speech.wav"])
def test_a_server_killed_while_a_job_reuses_an_artifact(
    server: Server, recording: Path, undisturbed: dict[str, Any], step: str, moment: str
) -> None:
    server.start()
    id, job = server.upload(recording)
    assert_consistent(server, id, job, undisturbed)
    server.stop()
    server.start(CRASH_AT=f"{moment}:{step}")
    with suppress(httpx.TransportError):
        server.client.post(f"/api/recordings/{id}/jobs", json={"max_speakers": 5})

    server.wait_for_death()
    server.start()

    [again] = [row["id"] for row in server.client.get("/api/jobs").json()["jobs"] if row["id"] != job]
    assert server.ended(again)["status"] == "done"
    assert json.loads(server.text(id))["segments"] == undisturbed["segments"]
    versions = server.client.get(f"/api/recordings/{id}/transcript/versions").json()
    assert sorted(version["number"] for version in versions) == [1, 2]
    assert asyncio.run(run_check(server)).problems == []


@pytest.mark.parametrize("part", ["transcribe", "diarize"])
def test_a_model_that_dies_is_started_again(
    server: Server, recording: Path, undisturbed: dict[str, Any], part: str
) -> None:
    once = {**KILL, "once": str(server.folder / "died")}
    play(server, **{part: {"delay": 0.05, "steps": {"1": once}}})
    server.start()

    id, job = server.upload(recording)

    assert_consistent(server, id, job, undisturbed)


def test_a_transcriber_that_always_dies_fails_the_job_with_the_reason_and_keeps_the_input(
    server: Server, recording: Path
) -> None:
    play(server, transcribe={"steps": {"4": KILL}})
    server.start()
    id, job = server.upload(recording)

    state = server.ended(job)

    assert (state["status"], state["error"]["code"], state["attempt"]) == ("failed", "engine_died", 3)
    assert server.client.get(f"/api/recordings/{id}/original").content == recording.read_bytes()
    transcript = server.client.get(f"/api/jobs/{job}/transcript").json()
    assert not transcript["whole"]
    assert len(transcript["document"]["segments"]) > 0

    play(server)
    server.stop()
    server.start()
    assert server.client.post(f"/api/jobs/{job}/retry").status_code == 200
    assert server.ended(job)["status"] == "done"


def test_a_diarizer_that_always_dies_is_a_warning(server: Server, recording: Path) -> None:
    play(server, diarize={"steps": {"0": KILL}})
    server.start()
    id, job = server.upload(recording)

    state = server.ended(job)

    assert (state["status"], [warning["code"] for warning in state["warnings"]]) == ("done", ["diarization_failed"])
    document = json.loads(server.text(id))
    assert "".join(segment["text"] for segment in document["segments"]).startswith("今天我们开会")
    assert {segment["speaker"] for segment in document["segments"]} == {None}


def test_a_stop_puts_the_job_back_without_counting_it_as_a_failure(
    server: Server, recording: Path, undisturbed: dict[str, Any]
) -> None:
    server.start()
    id, job = server.upload(recording)
    until(lambda: transcribed_seconds(server, job) > 2)

    assert server.stop() == 0
    server.start()

    assert_consistent(server, id, job, undisturbed)


def test_a_cancelled_job_stops_within_two_seconds_and_keeps_its_partial_transcript(
    server: Server, recording: Path
) -> None:
    play(server, transcribe={"delay": 0.1, "steps": {"5": {"hang": True}}}, diarize={"steps": {"0": {"hang": True}}})
    server.start()
    _, job = server.upload(recording)
    until(lambda: transcribed_seconds(server, job) > 4)

    assert server.client.post(f"/api/jobs/{job}/cancel").json()["status"] == "cancelled"
    until(lambda: not engines(server), seconds=2)

    transcript = server.client.get(f"/api/jobs/{job}/transcript").json()
    text = "".join(segment["text"] for segment in transcript["document"]["segments"])
    assert (transcript["status"], text) == (
        "cancelled",
        "今天我们开会。先说第一件事。预算已经批了。我这边没有问题。那就按计划来。",
    )


def test_a_damaged_artifact_is_made_again(server: Server, recording: Path, undisturbed: dict[str, Any]) -> None:
    server.start(CRASH_AT="after:turns.json.seal")
    id, job = server.upload(recording)
    server.wait_for_death()
    folder = server.folder / "uploads" / id / "jobs" / job
    turns = folder / "turns.json"
    turns.write_bytes(turns.read_bytes().replace(b"1", b"7"))

    server.start()

    assert_consistent(server, id, job, undisturbed)


def test_a_recording_deleted_while_it_is_transcribed_does_not_come_back(server: Server, recording: Path) -> None:
    play(server, transcribe={"delay": 0.1, "steps": {"5": {"hang": True}}})
    server.start()
    id, job = server.upload(recording)
    until(lambda: any(one["name"] == "transcribe" for one in server.job(job)["stages"]))

    assert server.client.delete(f"/api/recordings/{id}", params={"for_good": True}).status_code == 204

    until(lambda: server.nothing_left_of(id), seconds=5)
    assert server.client.get(f"/api/jobs/{job}").status_code == 404


def transcribed_seconds(server: Server, job: str) -> float:
    stages = {stage["name"]: float(stage["done_seconds"]) for stage in server.job(job)["stages"]}
    return stages.get("transcribe", 0.0)


def engines(server: Server) -> list[str]:
    """Children of the server that hold an engine."""
    import psutil

    assert server.process is not None
    found = []
    for child in psutil.Process(server.process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it may end meanwhile
            if "backend.engines.child" in " ".join(child.cmdline()):
                found.append(child.name())
    return found
