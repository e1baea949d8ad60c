"""A second job reuses the stages that did not change, and never overwrites the edits of users."""

from pathlib import Path
from typing import Any

import pytest

from tests.serving import Server

SPEECH, SENTENCES, TURNS = "speech.wav", "sentences.json", "turns.json"


@pytest.fixture
def done_recording(server: Server, recording: Path) -> tuple[str, str]:
    """A recording and its first job, which is done."""
    id, job = server.upload(recording, hotwords="飞书", speakers="2")
    assert server.ended(job)["status"] == "done"
    return id, job


def run_again(server: Server, recording: str, **options: Any) -> dict[str, Any]:
    """The new job, once it has ended."""
    body = {"hotwords": ["飞书"], "min_speakers": 2, "max_speakers": 2, **options}
    answer = server.client.post(f"/api/recordings/{recording}/jobs", json=body)
    assert answer.status_code == 201, answer.text
    state = server.ended(answer.json()["id"])
    assert state["status"] == "done"
    return state


def reused_artifacts(server: Server, recording: str, earlier: str, later: str) -> set[str]:
    """The artifacts that are the same file in both jobs."""
    jobs = server.folder / "uploads" / recording / "jobs"
    return {name for name in (SPEECH, SENTENCES, TURNS) if (jobs / later / name).samefile(jobs / earlier / name)}


@pytest.mark.parametrize(
    ("change", "reused"),
    [
        ({"min_speakers": 4, "max_speakers": 4}, {SPEECH, SENTENCES}),
        ({"hotwords": ["飞书", "火山引擎"]}, {SPEECH, TURNS}),
        ({}, {SPEECH, SENTENCES, TURNS}),
        ({"fresh": True}, set()),
    ],
    ids=["four speakers", "other hotwords", "nothing else", "everything fresh"],
)
def test_only_stages_affected_by_the_change_run_again(
    server: Server, done_recording: tuple[str, str], change: dict[str, Any], reused: set[str]
) -> None:
    id, job = done_recording

    state = run_again(server, id, **change)

    assert reused_artifacts(server, id, job, state["id"]) == reused
    assert {stage["name"] for stage in state["stages"]} == {"prepare", "transcribe", "diarize", "merge"}
    assert server.client.get(f"/api/recordings/{id}/transcript").json()["number"] == 2


def test_a_damaged_artifact_of_an_earlier_job_is_not_reused(server: Server, done_recording: tuple[str, str]) -> None:
    id, job = done_recording
    before = server.text(id)
    sentences = server.folder / "uploads" / id / "jobs" / job / SENTENCES
    sentences.write_bytes(sentences.read_bytes()[:-1] + b" ")

    state = run_again(server, id)

    assert reused_artifacts(server, id, job, state["id"]) == {SPEECH, TURNS}
    assert server.text(id) == before


def test_an_edited_transcript_stays_the_newest_until_a_user_adopts_the_side_version(
    server: Server, done_recording: tuple[str, str]
) -> None:
    id, _ = done_recording
    address = f"/api/recordings/{id}/transcript"
    named = server.client.patch(f"{address}/speakers/S1", json={"name": "张三"}).raise_for_status().json()

    state = run_again(server, id, min_speakers=1, max_speakers=4)

    assert [warning["code"] for warning in state["warnings"]] == ["laid_aside"]
    newest = server.client.get(address).json()
    assert (newest["number"], newest["aside"]) == (named["number"], False)
    versions = server.client.get(f"{address}/versions").json()
    assert [(version["number"], version["aside"]) for version in versions] == [(3, True), (2, False), (1, False)]
    assert '"张三"' in server.text(id)

    adopted = server.client.post(f"{address}/versions/3/take", json={"based_on": 2}).raise_for_status().json()

    assert (adopted["number"], adopted["origin"], adopted["aside"]) == (4, "person", False)
    assert server.client.get(address).json()["document"] == adopted["document"]
    assert '"张三"' not in server.text(id)


def test_replace_makes_the_new_version_the_newest_despite_edits(
    server: Server, done_recording: tuple[str, str]
) -> None:
    id, _ = done_recording
    address = f"/api/recordings/{id}/transcript"
    server.client.patch(f"{address}/speakers/S1", json={"name": "张三"}).raise_for_status()

    state = run_again(server, id, replace=True)

    assert state["warnings"] == []
    assert server.client.get(address).json()["number"] == 3
    assert server.client.get(address, params={"version": 2}).json()["origin"] == "person"
