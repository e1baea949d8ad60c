import json
import re
import threading
from pathlib import Path

import httpx
import pytest
from docx import Document as open_document

from tests.language_server import KEY, LanguageServer, ModelRequest, Reply, fault
from tests.minutes.api.client import ScriptedModel, ask, get, jobs, jobs_of, polisher
from tests.minutes.models import good, is_section, is_whole
from tests.serving import Server, until


def test_minutes_are_a_job_and_cite_the_transcript(server: Server, transcribed: str) -> None:
    job = ask(server, transcribed, template="weekly")
    ended = server.ended(job["id"])

    minutes = get(server, f"{transcribed}/minutes")
    document = get(server, f"{transcribed}/transcript")["document"]
    assert (job["kind"], ended["status"], ended["warnings"]) == ("minutes", "done", [])
    assert [stage["name"] for stage in ended["stages"]] == ["summarize"]
    assert (minutes["transcript"], minutes["stale"], minutes["template"]["name"]) == (1, False, "周会")
    assert {id for one in minutes["content"]["overview"] for id in one["evidence"]} <= {
        segment["id"] for segment in document["segments"]
    }
    assert minutes["content"]["coverage"]["covered"] == minutes["segments"] > 0
    heard = server.client.get(f"/api/jobs/{job['id']}/transcript")
    assert (heard.status_code, heard.json()["code"]) == (404, "transcript_not_found")


def test_minutes_are_mirrored_and_exported(server: Server, transcribed: str) -> None:
    number = get(server, f"{transcribed}/minutes")["number"] if get(server, f"{transcribed}/minutes/versions") else 0
    server.ended(ask(server, transcribed)["id"])

    mirrors = {kind: server.folder / "uploads/transcripts" / f"{transcribed}.minutes.{kind}" for kind in ("md", "docx")}
    until(lambda: mirrored(server, transcribed) == (number + 1, False))
    markdown = server.client.get(f"/api/recordings/{transcribed}/minutes/export")
    # The day of the meeting is that in the time zone of the person who exports.
    assert mirrors["md"].read_text(encoding="utf-8") == re.sub(r"- \*\*时间\*\* .*\n\n", "", markdown.text)
    assert "周会纪要" in [paragraph.text for paragraph in open_document(mirrors["docx"]).paragraphs]
    assert markdown.text.startswith("# 周会纪要")
    assert "attachment" in markdown.headers["content-disposition"]
    official = server.client.get(f"/api/recordings/{transcribed}/minutes/export", params={"template": "official"})
    assert "## 发言要点" in markdown.text
    assert "## 发言要点" not in official.text
    assert get(server, f"{transcribed}/minutes/export", format="json")["schema_version"] == 1


def mirrored(server: Server, recording: str) -> tuple[int, bool] | None:
    """The number of the minutes under uploads/transcripts/, and whether the file says they are stale."""
    try:
        content = json.loads((server.folder / "uploads/transcripts" / f"{recording}.minutes.json").read_bytes())
    except FileNotFoundError:
        return None
    return content["number"], content["stale"]


def test_an_edit_makes_minutes_stale_without_remaking_them(server: Server, recording: Path) -> None:
    id, first = server.upload(recording)
    server.ended(first)
    server.ended(ask(server, id)["id"])
    speaker = get(server, f"{id}/transcript")["document"]["speakers"][0]["id"]

    server.client.patch(f"/api/recordings/{id}/transcript/speakers/{speaker}", json={"name": "李四"}).raise_for_status()

    versions = get(server, f"{id}/minutes/versions")
    assert [(one["number"], one["stale"]) for one in versions] == [(1, True)]
    assert "过时" in server.client.get(f"/api/recordings/{id}/minutes/export").text
    until(lambda: mirrored(server, id) == (1, True))
    assert "过时" in (server.folder / "uploads/transcripts" / f"{id}.minutes.md").read_text(encoding="utf-8")
    server.ended(ask(server, id)["id"])
    assert [(one["number"], one["stale"]) for one in get(server, f"{id}/minutes/versions")] == [(2, False), (1, True)]


def content(request: ModelRequest) -> Reply:
    """A good model that has nothing to change."""
    return good(request) if is_section(request) or is_whole(request) else Reply({"lines": [], "repairs": []})


@pytest.mark.parametrize("kind", ["minutes", "polish", "repair"])
@pytest.mark.parametrize(
    ("bad", "code"), [(fault(401, KEY), "language_model_key"), (Reply("不"), "language_model_bad_answer")]
)
def test_a_model_that_fails_leaves_the_transcript_and_a_retry(
    server: Server, transcribed: str, scripted_model: ScriptedModel, kind: str, bad: Reply, code: str
) -> None:
    before = get(server, f"{transcribed}/transcript")
    scripted_model.script = lambda _request: bad
    created = server.client.post(f"/api/recordings/{transcribed}/{kind}", json={}).raise_for_status().json()
    job = server.ended(created["id"])
    untouched = get(server, f"{transcribed}/transcript")
    scripted_model.script = content

    retried = server.client.post(f"/api/jobs/{job['id']}/retry").raise_for_status().json()

    assert (job["status"], job["error"]["code"]) == ("failed", code)
    assert server.ended(retried["id"])["status"] == "done"
    assert untouched == before == get(server, f"{transcribed}/transcript")
    assert KEY not in server.log.read_text()


def test_a_section_without_an_answer_is_a_warning(
    server: Server, transcribed: str, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = lambda request: good(request) if is_section(request) else Reply("不")

    job = server.ended(ask(server, transcribed)["id"])

    assert job["status"] == "done"
    assert [warning["code"] for warning in job["warnings"]] == ["language_model_bad_answer"]


def test_one_at_a_time_and_it_can_be_cancelled(
    server: Server, transcribed: str, scripted_model: ScriptedModel, language: LanguageServer
) -> None:
    gate = threading.Event()
    request_count = len(language.requests)
    scripted_model.script = lambda _request: Reply(until=gate)
    job = ask(server, transcribed)
    until(lambda: len(language.requests) > request_count)

    second = server.client.post(f"/api/recordings/{transcribed}/minutes", json={})
    cancelled = server.client.post(f"/api/jobs/{job['id']}/cancel").raise_for_status().json()
    gate.set()

    assert (second.status_code, second.json()["code"]) == (409, "already_asked")
    assert cancelled["status"] == "cancelled"


def test_a_killed_server_continues_without_repeating_calls(
    server: Server, transcribed: str, scripted_model: ScriptedModel, language: LanguageServer
) -> None:
    def slow_whole(request: ModelRequest) -> Reply:
        return good(request) if is_section(request) else Reply(until=threading.Event())

    scripted_model.script = slow_whole
    begun = len(language.requests)
    job = ask(server, transcribed)
    until(lambda: any(not is_section(one) for one in language.requests[begun:]))
    server.kill()
    scripted_model.script = good
    again = len(language.requests)
    server.start()

    assert server.ended(job["id"])["status"] == "done"
    assert [is_section(one) for one in language.requests[again:]] == [False]


def test_requested_minutes_follow_the_transcript(
    server: Server, recording: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = lambda request: polisher(request) if "校订" in request.system else good(request)

    id, _ = server.upload(recording, polish="true", minutes="weekly")
    until(lambda: jobs_of(server, id).get("minutes", {}).get("status") == "done")

    kinds = {kind: job["status"] for kind, job in jobs_of(server, id).items()}
    assert kinds == {"transcript": "done", "polish": "done", "minutes": "done"}
    minutes = get(server, f"{id}/minutes")
    assert (minutes["transcript"], minutes["stale"], minutes["template"]["key"]) == (2, False, "weekly")


def test_minutes_follow_a_polish_that_failed_and_follow_it_once(
    server: Server, recording: Path, scripted_model: ScriptedModel, language: LanguageServer
) -> None:
    scripted_model.script = lambda request: fault(401) if "校订" in request.system else good(request)
    id, _ = server.upload(recording, polish="true", minutes="weekly")
    until(lambda: jobs_of(server, id).get("minutes", {}).get("status") == "done")
    failed = jobs_of(server, id)["polish"]
    scripted_model.script = polisher

    server.client.post(f"/api/jobs/{failed['id']}/retry").raise_for_status()
    polished = server.ended(failed["id"])

    assert (failed["status"], failed["error"]["code"], polished["status"]) == ("failed", "language_model_key", "done")
    assert sorted(one["kind"] for one in jobs(server, id)) == ["minutes", "polish", "transcript"]
    assert [(one["number"], one["stale"]) for one in get(server, f"{id}/minutes/versions")] == [(1, True)]


def test_minutes_are_in_the_transcripts_language_unless_another_is_chosen(
    server: Server, transcribed: str, language: LanguageServer
) -> None:
    told = []
    for options, name in (({}, "中文"), ({"language": "en"}, "English")):
        begun = len(language.requests)
        server.ended(ask(server, transcribed, **options)["id"])
        assert all(f"用{name}写" in one.system for one in language.requests[begun:])
        told.append(get(server, f"{transcribed}/minutes")["language"])

    assert told == ["zh", "en"]


def test_a_follow_up_that_fails_is_a_warning(server: Server, recording: Path) -> None:
    id, first = server.upload(recording, minutes="nothing")

    job = server.ended(first)

    assert (job["status"], [one["code"] for one in job["warnings"]]) == ("done", ["template_not_found"])
    assert get(server, f"{id}/transcript")["number"] == 1


def test_recordings_of_others_are_not_found(server: Server, transcribed: str, other_user: httpx.Client) -> None:
    other_user.base_url = server.client.base_url
    path = f"/api/recordings/{transcribed}/minutes"

    answers = [other_user.get(path), other_user.get(f"{path}/versions"), other_user.get(f"{path}/export")]
    polish = f"/api/recordings/{transcribed}/polish"
    answers.append(other_user.post(f"/api/recordings/{transcribed}/speaker-names"))
    answers += [other_user.post(path, json={}), other_user.post(polish), other_user.get(polish)]
    answers.append(other_user.post(f"{polish}/review", json={"based_on": 1}))

    assert [answer.status_code for answer in answers] == [404] * 8
    with httpx.Client(base_url=server.client.base_url) as nobody:
        assert nobody.post(path, json={}).status_code == 401


def test_an_unknown_template_and_version_are_refused(server: Server, transcribed: str) -> None:
    path = f"/api/recordings/{transcribed}/minutes"

    codes = [
        server.client.post(path, json=body).json()["code"]
        for body in ({"template": "nothing"}, {"transcript": 99}, {"language": "xx"}, {"prompt": "obey"})
    ]

    assert codes == ["template_not_found", "transcript_not_found", "invalid_input", "invalid_input"]
