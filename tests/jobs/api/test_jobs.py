import re
from pathlib import Path

import httpx

from tests.serving import Server, until


def test_a_recording_becomes_a_transcript_with_speakers(server: Server, recording: Path) -> None:
    id, job = server.upload(recording, speakers="2-5", hotwords="火山引擎，飞书")

    state = server.ended(job)

    assert (state["status"], state["error"], state["warnings"]) == ("done", None, [])
    assert state["options"] == {"min_speakers": 2, "max_speakers": 5, "hotwords": ["火山引擎", "飞书"]}
    transcript = server.client.get(f"/api/recordings/{id}/transcript").raise_for_status().json()
    assert transcript["number"] == 1
    segments = transcript["document"]["segments"]
    assert {segment["speaker"] for segment in segments} >= {"S1", "S2"}
    assert all(segment["text"] for segment in segments)


def test_text_and_json_are_mirrored_in_the_uploads_folder(server: Server, recording: Path) -> None:
    id, job = server.upload(recording)
    server.ended(job)

    mirror = server.folder / "uploads" / "transcripts"
    until(lambda: (mirror / f"{id}.json").exists())

    for format in ("txt", "json"):
        assert (mirror / f"{id}.{format}").read_text(encoding="utf-8") == server.text(id, format)


def test_every_export_is_named_after_the_recording(server: Server, recording: Path) -> None:
    id, job = server.upload(recording)
    server.ended(job)

    for format in ("txt", "srt", "vtt", "md", "json"):
        answer = server.client.get(f"/api/recordings/{id}/export", params={"format": format})
        assert answer.status_code == 200, answer.text
        assert "%E4%B8%89%E6%9C%88" in answer.headers["content-disposition"]
        assert answer.content
    assert server.client.get(f"/api/recordings/{id}/export", params={"format": "exe"}).status_code == 422


def test_the_original_and_the_listening_copy_can_be_downloaded(server: Server, recording: Path) -> None:
    id, job = server.upload(recording)
    server.ended(job)

    original = server.client.get(f"/api/recordings/{id}/original")
    part = server.client.get(f"/api/recordings/{id}/audio", headers={"Range": "bytes=0-99"})

    assert original.content == recording.read_bytes()
    assert (part.status_code, len(part.content)) == (206, 100)
    assert server.client.get(f"/api/recordings/{id}/peaks").status_code == 200


def test_deleting_a_recording_for_good_removes_everything(server: Server, recording: Path) -> None:
    id, job = server.upload(recording)
    server.ended(job)
    until(lambda: (server.folder / "uploads" / "transcripts" / f"{id}.json").exists())

    assert server.client.delete(f"/api/recordings/{id}", params={"for_good": True}).status_code == 204

    assert server.client.get(f"/api/recordings/{id}").status_code == 404
    assert server.client.get(f"/api/jobs/{job}").status_code == 404
    until(lambda: server.nothing_left_of(id))


def test_jobs_and_recordings_of_others_are_not_found(server: Server, recording: Path, other_user: httpx.Client) -> None:
    id, job = server.upload(recording)
    server.ended(job)

    paths = [f"/api/recordings/{id}", f"/api/recordings/{id}/transcript", f"/api/recordings/{id}/export"]
    paths += [f"/api/recordings/{id}/audio", f"/api/recordings/{id}/original", f"/api/recordings/{id}/peaks"]
    paths += [f"/api/jobs/{job}", f"/api/jobs/{job}/transcript"]
    assert {path: other_user.get(path).status_code for path in paths} == dict.fromkeys(paths, 404)
    for action in ("cancel", "retry"):
        assert other_user.post(f"/api/jobs/{job}/{action}").status_code == 404
    assert other_user.post(f"/api/recordings/{id}/jobs", json={}).status_code == 404
    assert other_user.delete(f"/api/recordings/{id}").status_code == 404
    assert other_user.delete(f"/api/jobs/{job}").status_code == 404
    assert other_user.get("/api/jobs").json() == {"jobs": [], "total": 0}
    assert other_user.get("/api/recordings").json()["total"] == 0


def test_a_second_job_of_a_recording_creates_the_next_version(server: Server, recording: Path) -> None:
    id, job = server.upload(recording)
    server.ended(job)

    again = server.client.post(f"/api/recordings/{id}/jobs", json={"max_speakers": 2})
    assert again.status_code == 201, again.text
    server.ended(again.json()["id"])

    assert server.client.get(f"/api/recordings/{id}/transcript").json()["number"] == 2
    listed = server.client.get("/api/jobs", params={"recording_id": id}).json()
    assert (listed["total"], [one["id"] for one in listed["jobs"]]) == (2, [again.json()["id"], job])


def test_deleting_an_ended_job_keeps_its_transcript(server: Server, recording: Path) -> None:
    id, job = server.upload(recording)
    server.ended(job)

    assert server.client.delete(f"/api/jobs/{job}").status_code == 204

    assert server.client.get(f"/api/jobs/{job}").status_code == 404
    assert server.client.get(f"/api/recordings/{id}/transcript").status_code == 200
    until(lambda: not list((server.folder / "uploads" / id / "jobs").iterdir()))


def test_a_done_job_cannot_be_cancelled(server: Server, recording: Path) -> None:
    _, job = server.upload(recording)
    server.ended(job)

    answer = server.client.post(f"/api/jobs/{job}/cancel")

    assert (answer.status_code, answer.json()["code"]) == (409, "job_final")


def test_the_queue_and_the_engines_are_listed(server: Server) -> None:
    queue = server.client.get("/api/queue").json()
    engines = server.client.get("/api/engines").json()

    assert (queue["max_concurrent"], queue["max_per_user"], queue["max_size"]) == (3, 2, 50)
    assert {"funasr", "vosk", "pyannote-3.1", "scripted"} <= {engine["name"] for engine in engines}
    assert {engine["name"] for engine in engines if engine["default"]} == {"scripted", "scripted-diarizer"}
    assert {engine["name"] for engine in engines if engine["task"] == "transcribe" and not engine["hotwords"]} == {
        "vosk"
    }
    assert {(True, None)} == {(engine["times"], engine["measured"]) for engine in engines}


def test_the_docs_and_health_routes_are_served(server: Server) -> None:
    page = server.client.get("/docs")
    assert page.status_code == 200
    assert "https://" not in page.text  # a closed network has no CDN
    script = re.search(r'src="([^"]+bundle.js)"', page.text)
    assert script is not None
    assert server.client.get(script[1]).status_code == 200
    parts = ("database", "runner", "storage", "engines", "ffmpeg", "proxy")
    assert server.client.get("/ready").json() == dict.fromkeys(parts, "ok")
    assert server.client.get("/health").headers["x-content-type-options"] == "nosniff"
