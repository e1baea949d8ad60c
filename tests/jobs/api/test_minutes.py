import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.language_server import KEY, MODEL, Asked, LanguageServer, Reply, fault, serve_language
from tests.minutes.models import good, is_section, lines_of
from tests.serving import Server, until


class Moody:
    """A good model, unless a test tells it otherwise."""

    def __init__(self) -> None:
        self.script = good

    def __call__(self, asked: Asked) -> Reply:
        return self.script(asked)


@pytest.fixture(scope="module")
def mood() -> Moody:
    return Moody()


@pytest.fixture(scope="module")
def language(mood: Moody) -> Iterator[LanguageServer]:
    with serve_language(mood) as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, language: LanguageServer) -> Iterator[Server]:
    """A demo server with a language model."""
    settings = {"OPENAI_BASE_URL": language.url, "OPENAI_API_KEY": KEY, "OPENAI_MODEL_NAME": MODEL}
    server = Server(tmp_path_factory.mktemp("house"), **settings, OPENAI_ALLOW_PRIVATE="true")
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def transcribed(server: Server, recording: Path) -> str:
    """A recording with a transcript."""
    recording_id, job = server.upload(recording)
    assert server.ended(job)["status"] == "done"
    return recording_id


@pytest.fixture(autouse=True)
def good_mood(mood: Moody) -> None:
    mood.script = good


def ask(server: Server, recording: str, **options: Any) -> dict[str, Any]:
    answer = server.client.post(f"/api/recordings/{recording}/minutes", json=options)
    assert answer.status_code == 201, answer.text
    job: dict[str, Any] = answer.json()
    return job


def get(server: Server, path: str, **query: Any) -> Any:
    return server.client.get(f"/api/recordings/{path}", params=query).raise_for_status().json()


def test_minutes_are_a_job_and_rest_on_the_transcript(server: Server, transcribed: str) -> None:
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


def test_minutes_are_mirrored_and_taken_away(server: Server, transcribed: str) -> None:
    server.ended(ask(server, transcribed)["id"])

    mirror = server.folder / "uploads" / "transcripts" / f"{transcribed}.minutes.md"
    until(mirror.exists)
    markdown = server.client.get(f"/api/recordings/{transcribed}/minutes/export")
    assert markdown.text.startswith("# 周会纪要")
    assert "attachment" in markdown.headers["content-disposition"]
    official = server.client.get(f"/api/recordings/{transcribed}/minutes/export", params={"template": "official"})
    assert "## 发言要点" in markdown.text
    assert "## 发言要点" not in official.text
    assert get(server, f"{transcribed}/minutes/export", format="json")["schema_version"] == 1


def test_an_edit_makes_minutes_stale_and_makes_nothing_again(server: Server, recording: Path) -> None:
    id, first = server.upload(recording)
    server.ended(first)
    server.ended(ask(server, id)["id"])
    speaker = get(server, f"{id}/transcript")["document"]["speakers"][0]["id"]

    server.client.patch(f"/api/recordings/{id}/transcript/speakers/{speaker}", json={"name": "李四"}).raise_for_status()

    versions = get(server, f"{id}/minutes/versions")
    assert [(one["number"], one["stale"]) for one in versions] == [(1, True)]
    assert "过时" in server.client.get(f"/api/recordings/{id}/minutes/export").text
    server.ended(ask(server, id)["id"])
    assert [(one["number"], one["stale"]) for one in get(server, f"{id}/minutes/versions")] == [(2, False), (1, True)]


def test_a_model_that_fails_leaves_the_transcript_and_a_retry(server: Server, transcribed: str, mood: Moody) -> None:
    before = get(server, f"{transcribed}/transcript")
    mood.script = lambda _asked: fault(401, KEY)
    job = server.ended(ask(server, transcribed)["id"])
    mood.script = good

    retried = server.client.post(f"/api/jobs/{job['id']}/retry").raise_for_status().json()

    assert (job["status"], job["error"]["code"]) == ("failed", "language_model_key")
    assert server.ended(retried["id"])["status"] == "done"
    assert get(server, f"{transcribed}/transcript") == before
    assert KEY not in server.log.read_text()


def test_a_section_without_an_answer_is_a_warning(server: Server, transcribed: str, mood: Moody) -> None:
    mood.script = lambda asked: good(asked) if is_section(asked) else Reply("不")

    job = server.ended(ask(server, transcribed)["id"])

    assert job["status"] == "done"
    assert [warning["code"] for warning in job["warnings"]] == ["language_model_bad_answer"]


def test_one_at_a_time_and_it_can_be_cancelled(
    server: Server, transcribed: str, mood: Moody, language: LanguageServer
) -> None:
    gate = threading.Event()
    asked = len(language.asked)
    mood.script = lambda _asked: Reply(until=gate)
    job = ask(server, transcribed)
    until(lambda: len(language.asked) > asked)

    second = server.client.post(f"/api/recordings/{transcribed}/minutes", json={})
    cancelled = server.client.post(f"/api/jobs/{job['id']}/cancel").raise_for_status().json()
    gate.set()

    assert (second.status_code, second.json()["code"]) == (409, "already_asked")
    assert cancelled["status"] == "cancelled"


def test_a_killed_server_goes_on_without_paying_again(
    server: Server, transcribed: str, mood: Moody, language: LanguageServer
) -> None:
    def slow_whole(asked: Asked) -> Reply:
        return good(asked) if is_section(asked) else Reply(until=threading.Event())

    mood.script = slow_whole
    begun = len(language.asked)
    job = ask(server, transcribed)
    until(lambda: any(not is_section(one) for one in language.asked[begun:]))
    server.kill()
    mood.script = good
    again = len(language.asked)
    server.start()

    assert server.ended(job["id"])["status"] == "done"
    assert [is_section(one) for one in language.asked[again:]] == [False]


def polisher(asked: Asked) -> Reply:
    return Reply({"lines": [{"n": number, "t": text.rstrip("。") + "！"} for number, _, text in lines_of(asked)]})


def test_a_polish_is_a_version_of_its_own_and_a_diff_to_review(server: Server, recording: Path, mood: Moody) -> None:
    id, first = server.upload(recording)
    server.ended(first)
    raw = get(server, f"{id}/transcript")["document"]
    mood.script = polisher

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


def test_a_polish_never_overwrites_what_somebody_wrote_meanwhile(
    server: Server, recording: Path, mood: Moody, language: LanguageServer
) -> None:
    id, first = server.upload(recording)
    server.ended(first)
    gate = threading.Event()
    mood.script = lambda asked: replace(polisher(asked), until=gate)
    begun = len(language.asked)
    job = server.client.post(f"/api/recordings/{id}/polish").raise_for_status().json()
    until(lambda: len(language.asked) > begun)
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


def jobs_of(server: Server, recording: str) -> dict[str, dict[str, Any]]:
    page = server.client.get("/api/jobs", params={"recording_id": recording}).raise_for_status().json()
    return {job["kind"]: job for job in page["jobs"]}


def test_what_was_asked_for_with_the_recording_follows_the_transcript(
    server: Server, recording: Path, mood: Moody
) -> None:
    mood.script = lambda asked: polisher(asked) if "校订" in asked.system else good(asked)

    id, _ = server.upload(recording, polish="true", minutes="weekly")
    until(lambda: jobs_of(server, id).get("minutes", {}).get("status") == "done")

    kinds = {kind: job["status"] for kind, job in jobs_of(server, id).items()}
    assert kinds == {"transcript": "done", "polish": "done", "minutes": "done"}
    minutes = get(server, f"{id}/minutes")
    assert (minutes["transcript"], minutes["stale"], minutes["template"]["key"]) == (2, False, "weekly")


def test_what_cannot_follow_is_a_warning_and_the_transcript_is_there(server: Server, recording: Path) -> None:
    id, first = server.upload(recording, minutes="nothing")

    job = server.ended(first)

    assert (job["status"], [one["code"] for one in job["warnings"]]) == ("done", ["template_not_found"])
    assert get(server, f"{id}/transcript")["number"] == 1


def test_what_was_not_changed_cannot_be_reviewed(server: Server, transcribed: str) -> None:
    path = f"/api/recordings/{transcribed}/polish"

    assert server.client.get(path).json()["code"] == "polish_not_found"
    refused = server.client.post(f"{path}/review", json={"based_on": 1, "accept": ["x"]})
    assert refused.json()["code"] == "polish_not_found"


def events(answer: httpx.Response) -> list[tuple[str, dict[str, Any]]]:
    assert answer.headers["content-type"].startswith("text/event-stream")
    found = []
    for block in answer.text.strip().split("\n\n"):
        name, content = (line.partition(": ")[2] for line in block.split("\n"))
        found.append((name, json.loads(content)))
    return found


def test_a_question_is_answered_in_events_and_kept_until_it_is_forgotten(
    server: Server, transcribed: str, mood: Moody, stranger: httpx.Client
) -> None:
    stranger.base_url = server.client.base_url
    path = f"/api/recordings/{transcribed}/questions"
    text = get(server, f"{transcribed}/transcript")["document"]["segments"][0]["text"]
    mood.script = lambda asked: Reply(f"说了这件事[{lines_of(asked)[0][0]}]。别的没有。")

    nothing = events(server.client.post(path, json={"question": "xyzzy plugh"}))
    told = events(server.client.post(path, json={"question": text}))
    mood.script = lambda _asked: fault(401, KEY)
    failed = events(server.client.post(path, json={"question": text}))

    assert [name for name, _ in told] == ["text", "answer"]
    assert told[-1][1]["answer"] == "说了这件事。[1]"
    assert len(told[-1][1]["citations"]) == 1
    assert (nothing[0][1]["found"], nothing[0][1]["answer"]) == (False, "")
    assert [(name, content["code"]) for name, content in failed] == [("error", "language_model_key")]
    assert [one["question"] for one in server.client.get(path).json()] == ["xyzzy plugh", text]
    assert [stranger.get(path).status_code, stranger.delete(path).status_code] == [404, 404]
    assert stranger.post(path, json={"question": "?"}).status_code == 404
    server.client.delete(path).raise_for_status()
    assert server.client.get(path).json() == []


def test_names_are_suggested_and_nobody_is_renamed(server: Server, transcribed: str, mood: Moody) -> None:
    before = get(server, f"{transcribed}/transcript")
    mood.script = lambda _asked: Reply({"speakers": [{"s": "@1", "name": "没有说过", "n": [1]}]})

    answer = server.client.post(f"/api/recordings/{transcribed}/speaker-names")

    assert (answer.status_code, answer.json()) == (200, [])
    assert get(server, f"{transcribed}/transcript") == before


def test_what_is_not_mine_is_not_found(server: Server, transcribed: str, stranger: httpx.Client) -> None:
    stranger.base_url = server.client.base_url
    path = f"/api/recordings/{transcribed}/minutes"

    answers = [stranger.get(path), stranger.get(f"{path}/versions"), stranger.get(f"{path}/export")]
    polish = f"/api/recordings/{transcribed}/polish"
    answers.append(stranger.post(f"/api/recordings/{transcribed}/speaker-names"))
    answers += [stranger.post(path, json={}), stranger.post(polish), stranger.get(polish)]
    answers.append(stranger.post(f"{polish}/review", json={"based_on": 1}))

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


def test_a_template_of_my_own_is_versioned_and_used(server: Server, transcribed: str, stranger: httpx.Client) -> None:
    stranger.base_url = server.client.base_url
    mine = {"name": "我的", "guidance": "只看预算。", "parts": ["decisions", "overview"]}

    made = server.client.post("/api/templates", json=mine).raise_for_status().json()
    changed = server.client.put(f"/api/templates/{made['key']}", json=mine | {"name": "改过"}).json()
    server.ended(ask(server, transcribed, template=made["key"])["id"])

    minutes = get(server, f"{transcribed}/minutes")
    assert (made["version"], changed["version"], minutes["template"]["name"]) == (1, 2, "改过")
    markdown = server.client.get(f"/api/recordings/{transcribed}/minutes/export").text
    assert markdown.index("## 决议") < markdown.index("## 概要")
    assert stranger.put(f"/api/templates/{made['key']}", json=mine).status_code == 404
    assert made["key"] not in [one["key"] for one in stranger.get("/api/templates").json()]
    assert server.client.delete("/api/templates/weekly").json()["code"] == "template_built_in"
    server.client.delete(f"/api/templates/{made['key']}").raise_for_status()
    assert [one["name"] for one in server.client.get("/api/templates").json() if not one["built_in"]] == []
    assert get(server, f"{transcribed}/minutes")["template"]["name"] == "改过"


def test_the_model_can_be_looked_at_and_tested(server: Server, mood: Moody, stranger: httpx.Client) -> None:
    stranger.base_url = server.client.base_url
    told = stranger.get("/api/language-model").json()
    mood.script = lambda _asked: Reply({"ok": True})
    well = server.client.post("/api/language-model/test")
    mood.script = lambda _asked: fault(401, KEY)
    unwell = server.client.post("/api/language-model/test")

    assert (told["configured"], told["model"], told["used_tokens"], told["code"]) == (True, MODEL, 0, None)
    assert (well.status_code, unwell.json()["code"]) == (200, "language_model_key")
    assert stranger.post("/api/language-model/test").status_code == 403


def test_who_has_used_up_the_day_is_told_so_and_others_are_not(
    tmp_path: Path, recording: Path, language: LanguageServer, mood: Moody
) -> None:
    settings = {"OPENAI_BASE_URL": language.url, "OPENAI_API_KEY": KEY, "OPENAI_MODEL_NAME": MODEL}
    server = Server(tmp_path, **settings, OPENAI_ALLOW_PRIVATE="true", OPENAI_DAILY_TOKENS="10")
    server.start()
    try:
        id, job = server.upload(recording)
        server.ended(job)
        mood.script = lambda _asked: Reply("不")
        assert server.ended(ask(server, id)["id"])["error"]["code"] == "language_model_bad_answer"

        paths = ("minutes", "polish", "speaker-names", "questions")
        answers = [server.client.post(f"/api/recordings/{id}/{path}", json={"question": "?"}) for path in paths[2:]]
        answers += [server.client.post(f"/api/recordings/{id}/{path}", json={}) for path in paths[:2]]

        assert [(one.status_code, one.json()["code"]) for one in answers] == [(429, "language_model_budget")] * 4
        told = server.client.get("/api/language-model").json()
        assert told["used_tokens"] > told["daily_tokens"] == 10
    finally:
        server.close()


def test_without_a_model_everything_else_works(tmp_path: Path, recording: Path) -> None:
    server = Server(tmp_path, OPENAI_BASE_URL="", OPENAI_API_KEY="")
    server.start()
    try:
        id, job = server.upload(recording, minutes="bluf")
        ended = server.ended(job)
        assert (ended["status"], [one["code"] for one in ended["warnings"]]) == ("done", ["language_model_missing"])

        answer = server.client.post(f"/api/recordings/{id}/minutes", json={})

        assert (answer.status_code, answer.json()["code"]) == (409, "language_model_missing")
        assert "OPENAI_BASE_URL" in answer.json()["detail"]
        assert server.client.get("/api/language-model").json()["configured"] is False
        assert get(server, f"{id}/minutes/versions") == []
    finally:
        server.close()


def test_torn_segments_are_proposed_and_repaired_only_where_somebody_says_so(
    server: Server, recording: Path, mood: Moody
) -> None:
    id, first = server.upload(recording)
    server.ended(first)
    before = get(server, f"{id}/transcript")
    mood.script = lambda asked: Reply({"repairs": [{"do": "merge", "n": n, "s": ""} for n in (1, 3, 5)]})

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


def test_repairs_that_were_rejected_or_taken_back_may_still_be_accepted(
    server: Server, recording: Path, mood: Moody
) -> None:
    id, first = server.upload(recording)
    server.ended(first)
    raw = get(server, f"{id}/transcript")["document"]

    def proposed(asked: Asked) -> Reply:
        voice = lines_of(asked)[1][1]
        return Reply(
            {
                "repairs": [
                    {"do": "split", "n": 1, "t": "先请", "s": f"@{voice}"},
                    {"do": "assign", "n": 3, "s": f"@{voice}"},
                ]
            }
        )

    mood.script = proposed
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


def test_an_endpoint_of_the_house_is_tested_chosen_and_keeps_its_key_to_itself(
    server: Server, transcribed: str, language: LanguageServer, mood: Moody, stranger: httpx.Client
) -> None:
    mood.script = lambda asked: Reply({"ok": True})
    path = "/api/admin/language-model"
    body = {"name": "另一台", "url": language.url, "key": KEY, "model": MODEL, "allow_private": True}

    added = server.client.post(f"{path}/endpoints", json=body).raise_for_status()
    tried = server.client.post(f"{path}/endpoints/{added.json()['id']}/test").raise_for_status().json()
    choice = {"default": added.json()["id"], "own_endpoints": True}
    server.client.put(path, json=choice).raise_for_status()
    mood.script = good
    job = server.ended(ask(server, transcribed)["id"])
    theirs = stranger.get("/api/language-model/endpoints")
    private = stranger.post("/api/language-model/endpoints", json={**body, "allow_private": True})
    own = stranger.post("/api/language-model/endpoints", json={k: v for k, v in body.items() if k != "allow_private"})
    refused = stranger.post(f"/api/language-model/endpoints/{own.json()['id']}/test").json()
    used = {one["id"]: one for one in server.client.get(f"{path}/endpoints").json()}[choice["default"]]
    server.client.put(path, json={"default": None, "own_endpoints": False}).raise_for_status()

    assert (tried["ok"], tried["code"], job["status"]) == (True, None, "done")
    assert used["used_tokens"] > tried["prompt_tokens"] > 0
    assert [one["default"] for one in theirs.json()] == [False, True]
    assert [one["url"] for one in theirs.json()] == ["", ""]
    assert (private.status_code, own.status_code) == (422, 201)
    assert (refused["ok"], refused["code"]) == (False, "language_model_address")
    assert not any(KEY in answer.text for answer in (added, theirs, own))
    assert KEY not in server.log.read_text()


def test_an_admin_shares_a_template_and_everybody_uses_its_newest_version(
    server: Server, transcribed: str, stranger: httpx.Client
) -> None:
    body = {"name": "我们组的周会", "guidance": "只看风险。", "parts": ["actions", "overview"]}

    made = server.client.post("/api/admin/templates", json=body).raise_for_status().json()
    path = f"/api/admin/templates/{made['key']}"
    changed = server.client.put(path, json={**body, "parts": ["overview"]}).raise_for_status().json()
    theirs = next(one for one in stranger.get("/api/templates").json() if one["key"] == made["key"])
    refused = [stranger.put(path, json=body), stranger.put(f"/api/templates/{made['key']}", json=body)]
    server.ended(ask(server, transcribed, template=made["key"])["id"])
    minutes = get(server, f"{transcribed}/minutes")
    word = server.client.get(f"/api/recordings/{transcribed}/minutes/export", params={"format": "docx"})
    server.client.delete(path).raise_for_status()

    assert (changed["version"], changed["shared"], theirs) == (2, True, changed)
    assert [answer.status_code for answer in refused] == [403, 404]
    assert (minutes["template"]["name"], minutes["template"]["version"]) == ("我们组的周会", 2)
    assert word.headers["content-type"].endswith("wordprocessingml.document")
    assert word.content.startswith(b"PK")
    assert made["key"] not in [one["key"] for one in stranger.get("/api/templates").json()]
