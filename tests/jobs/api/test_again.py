"""Recognised again, part by part: what did not change is not paid for, and nobody loses what they wrote."""

from pathlib import Path
from typing import Any

import pytest

from tests.serving import Server

SPEECH, SENTENCES, TURNS = "speech.wav", "sentences.json", "turns.json"


@pytest.fixture
def heard(server: Server, recording: Path) -> tuple[str, str]:
    """A recording and its first job, which is done."""
    id, job = server.upload(recording, hotwords="飞书", speakers="2")
    assert server.ended(job)["status"] == "done"
    return id, job


def again(server: Server, recording: str, **options: Any) -> dict[str, Any]:
    """The new job, once it has ended."""
    asked = {"hotwords": ["飞书"], "min_speakers": 2, "max_speakers": 2, **options}
    answer = server.client.post(f"/api/recordings/{recording}/jobs", json=asked)
    assert answer.status_code == 201, answer.text
    state = server.ended(answer.json()["id"])
    assert state["status"] == "done"
    return state


def taken_over(server: Server, recording: str, earlier: str, later: str) -> set[str]:
    """The artifacts that are one file in both jobs."""
    jobs = server.folder / "uploads" / recording / "jobs"
    return {name for name in (SPEECH, SENTENCES, TURNS) if (jobs / later / name).samefile(jobs / earlier / name)}


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"min_speakers": 4, "max_speakers": 4}, {SPEECH, SENTENCES}),
        ({"hotwords": ["飞书", "火山引擎"]}, {SPEECH, TURNS}),
        ({}, {SPEECH, SENTENCES, TURNS}),
        ({"fresh": True}, set()),
    ],
    ids=["four speakers", "other hotwords", "nothing else", "all afresh"],
)
def test_only_what_depends_on_the_change_is_made_again(
    server: Server, heard: tuple[str, str], change: dict[str, Any], kept: set[str]
) -> None:
    id, job = heard

    state = again(server, id, **change)

    assert taken_over(server, id, job, state["id"]) == kept
    assert {stage["name"] for stage in state["stages"]} == {"prepare", "transcribe", "diarize", "merge"}
    assert server.client.get(f"/api/recordings/{id}/transcript").json()["number"] == 2


def test_a_damaged_artifact_of_an_earlier_job_is_made_again(server: Server, heard: tuple[str, str]) -> None:
    id, job = heard
    before = server.text(id)
    sentences = server.folder / "uploads" / id / "jobs" / job / SENTENCES
    sentences.write_bytes(sentences.read_bytes()[:-1] + b" ")

    state = again(server, id)

    assert taken_over(server, id, job, state["id"]) == {SPEECH, TURNS}
    assert server.text(id) == before


def test_what_people_wrote_stays_the_newest_until_somebody_takes_the_other(
    server: Server, heard: tuple[str, str]
) -> None:
    id, _ = heard
    address = f"/api/recordings/{id}/transcript"
    named = server.client.patch(f"{address}/speakers/S1", json={"name": "张三"}).raise_for_status().json()

    state = again(server, id, min_speakers=1, max_speakers=4)

    assert [warning["code"] for warning in state["warnings"]] == ["laid_aside"]
    newest = server.client.get(address).json()
    assert (newest["number"], newest["aside"]) == (named["number"], False)
    versions = server.client.get(f"{address}/versions").json()
    assert [(version["number"], version["aside"]) for version in versions] == [(3, True), (2, False), (1, False)]
    assert '"张三"' in server.text(id)

    taken = server.client.post(f"{address}/versions/3/take", json={"based_on": 2}).raise_for_status().json()

    assert (taken["number"], taken["origin"], taken["aside"]) == (4, "person", False)
    assert server.client.get(address).json()["document"] == taken["document"]
    assert '"张三"' not in server.text(id)


def test_who_says_so_has_the_new_version_in_the_place_of_what_was_written(
    server: Server, heard: tuple[str, str]
) -> None:
    id, _ = heard
    address = f"/api/recordings/{id}/transcript"
    server.client.patch(f"{address}/speakers/S1", json={"name": "张三"}).raise_for_status()

    state = again(server, id, replace=True)

    assert state["warnings"] == []
    assert server.client.get(address).json()["number"] == 3
    assert server.client.get(address, params={"version": 2}).json()["origin"] == "person"
