import threading
from dataclasses import replace
from pathlib import Path

import httpx

from tests.language_server import LanguageServer, ModelRequest, Reply
from tests.minutes.api.client import ScriptedModel, get, polisher
from tests.minutes.models import lines_of
from tests.serving import Server, until


def test_a_polish_is_a_new_version_and_a_diff_to_review(
    server: Server, recording: Path, scripted_model: ScriptedModel
) -> None:
    id, first = server.upload(recording)
    server.ended(first)
    raw = get(server, f"{id}/transcript")["document"]
    scripted_model.script = polisher

    job = server.client.post(f"/api/recordings/{id}/polish").raise_for_status().json()
    ended = server.ended(job["id"])
    diff = get(server, f"{id}/polish")
    polished = get(server, f"{id}/transcript")
    keep, drop = (change["segment"] for change in diff["changes"][:2])
    review = {"based_on": diff["newest"], "accept": [keep], "reject": [drop]}
    reviewed = server.client.post(f"/api/recordings/{id}/polish/review", json=review)
    stale = server.client.post(f"/api/recordings/{id}/polish/review", json=review)

    after = get(server, f"{id}/transcript")["document"]
    texts = {segment["id"]: segment["text"] for segment in after["segments"]}
    assert (job["kind"], ended["status"], [stage["name"] for stage in ended["stages"]]) == (
        "polish",
        "done",
        ["polish"],
    )
    assert (polished["number"], polished["origin"], diff["base"], diff["number"]) == (2, "polish", 1, 2)
    assert get(server, f"{id}/transcript", version=1)["document"] == raw
    assert {change["standing"] for change in diff["changes"]} == {"polished"}
    assert (reviewed.status_code, reviewed.json()["origin"], reviewed.json()["number"]) == (200, "person", 3)
    assert (stale.status_code, stale.json()["code"]) == (409, "transcript_changed")
    first_raw = {segment["id"]: segment for segment in raw["segments"]}
    assert texts[keep].endswith("！")
    assert next(segment for segment in after["segments"] if segment["id"] == drop) == first_raw[drop]
    standing = {change["segment"]: change["standing"] for change in get(server, f"{id}/polish")["changes"]}
    assert (standing[keep], standing[drop]) == ("polished", "raw")


def test_a_polish_never_overwrites_concurrent_edits(
    server: Server, recording: Path, scripted_model: ScriptedModel, language: LanguageServer
) -> None:
    id, first = server.upload(recording)
    server.ended(first)
    gate = threading.Event()
    scripted_model.script = lambda request: replace(polisher(request), until=gate)
    begun = len(language.requests)
    job = server.client.post(f"/api/recordings/{id}/polish").raise_for_status().json()
    until(lambda: len(language.requests) > begun)
    document = get(server, f"{id}/transcript")["document"]
    document["segments"][0] |= {"text": "我亲手改的。", "words": [], "source": "edited"}
    server.client.put(f"/api/recordings/{id}/transcript", json={"based_on": 1, "document": document}).raise_for_status()
    gate.set()

    assert server.ended(job["id"])["status"] == "done"
    newest = get(server, f"{id}/transcript")
    assert (newest["number"], newest["origin"]) == (3, "polish")
    assert newest["document"]["segments"][0]["text"] == "我亲手改的。"
    assert all(segment["text"].endswith("！") for segment in newest["document"]["segments"][1:])
    assert get(server, f"{id}/polish")["changes"][0]["standing"] == "edited"


def test_a_transcript_without_polish_cannot_be_reviewed(server: Server, transcribed: str) -> None:
    path = f"/api/recordings/{transcribed}/polish"

    assert server.client.get(path).json()["code"] == "polish_not_found"
    refused = server.client.post(f"{path}/review", json={"based_on": 1, "accept": ["x"]})
    assert refused.json()["code"] == "polish_not_found"


def test_split_segments_are_repaired_only_where_a_person_accepts(
    server: Server, recording: Path, scripted_model: ScriptedModel
) -> None:
    id, first = server.upload(recording)
    server.ended(first)
    before = get(server, f"{id}/transcript")
    scripted_model.script = lambda request: Reply({"repairs": [{"do": "merge", "n": n, "s": ""} for n in (1, 3, 5)]})

    job = server.ended(server.client.post(f"/api/recordings/{id}/repair").raise_for_status().json()["id"])
    proposed = get(server, f"{id}/repair")
    untouched = get(server, f"{id}/transcript")
    path = f"/api/recordings/{id}/repair/review"
    review = {"based_on": 1, "accept": [0], "reject": [item["id"] for item in proposed["items"][1:]]}
    reviewed = server.client.post(path, json=review).raise_for_status().json()
    again = server.client.post(path, json=review)

    assert (job["status"], [stage["name"] for stage in job["stages"]]) == ("done", ["repair"])
    assert {item["standing"] for item in proposed["items"]} == {"open"}
    assert untouched == before
    assert (reviewed["number"], reviewed["origin"]) == (2, "repair")
    segments = get(server, f"{id}/transcript")["document"]["segments"]
    raw = before["document"]["segments"]
    assert segments[0]["text"] == raw[0]["text"] + raw[1]["text"]
    assert [one["id"] for one in segments] == [raw[0]["id"], *(one["id"] for one in raw[2:])]
    assert [one["standing"] for one in get(server, f"{id}/repair")["items"]] == [
        "accepted",
        *("rejected" for _ in proposed["items"][1:]),
    ]
    assert (again.status_code, again.json()["code"]) == (409, "transcript_changed")


def test_rejected_or_undone_repairs_can_still_be_accepted(
    server: Server, recording: Path, scripted_model: ScriptedModel
) -> None:
    id, first = server.upload(recording)
    server.ended(first)
    raw = get(server, f"{id}/transcript")["document"]

    def proposed(request: ModelRequest) -> Reply:
        voice = lines_of(request)[1][1]
        return Reply(
            {
                "repairs": [
                    {"do": "split", "n": 1, "t": "先请", "s": f"@{voice}"},
                    {"do": "assign", "n": 3, "s": f"@{voice}"},
                ]
            }
        )

    scripted_model.script = proposed
    server.ended(server.client.post(f"/api/recordings/{id}/repair").raise_for_status().json()["id"])

    def review(**said: list[int]) -> httpx.Response:
        base = get(server, f"{id}/transcript")["number"]
        return server.client.post(f"/api/recordings/{id}/repair/review", json={"based_on": base, **said})

    def standings() -> list[str]:
        return [one["standing"] for one in get(server, f"{id}/repair")["items"]]

    review(accept=[0], reject=[1]).raise_for_status()
    accepted = standings()
    base = get(server, f"{id}/transcript")["number"]
    body = {"based_on": base, "document": {name: raw[name] for name in ("speakers", "segments")}}
    server.client.put(f"/api/recordings/{id}/transcript", json=body).raise_for_status()
    taken_back = standings()
    twice_rejected = review(reject=[1])
    review(accept=[0, 1]).raise_for_status()

    assert (accepted, taken_back, standings()) == (
        ["accepted", "rejected"],
        ["open", "rejected"],
        ["accepted", "accepted"],
    )
    assert (twice_rejected.status_code, review(accept=[0]).status_code) == (422, 422)
    speakers = [one["speaker"] for one in get(server, f"{id}/transcript")["document"]["segments"]]
    second = raw["segments"][1]["speaker"]
    assert speakers[:4] == [raw["segments"][0]["speaker"], second, second, second]
