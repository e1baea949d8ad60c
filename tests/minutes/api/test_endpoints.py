from pathlib import Path

import httpx

from tests.language_server import KEY, MODEL, LanguageServer, Reply, fault
from tests.minutes.api.client import ScriptedModel, ask, get, jobs
from tests.minutes.models import good
from tests.serving import Server, until


def test_the_model_can_be_shown_and_tested(
    server: Server, scripted_model: ScriptedModel, other_user: httpx.Client
) -> None:
    other_user.base_url = server.client.base_url
    told = other_user.get("/api/language-model").json()
    scripted_model.script = lambda _request: Reply({"ok": True})
    well = server.client.post("/api/language-model/test")
    scripted_model.script = lambda _request: fault(401, KEY)
    unwell = server.client.post("/api/language-model/test")

    assert (told["configured"], told["model"], told["used_tokens"], told["code"]) == (True, MODEL, 0, None)
    assert (well.status_code, unwell.json()["code"]) == (200, "language_model_key")
    assert server.client.get("/api/language-model").json()["used_tokens"] > 0
    assert other_user.post("/api/language-model/test").status_code == 403


def test_the_daily_token_limit_covers_every_use(
    tmp_path: Path, recording: Path, language: LanguageServer, scripted_model: ScriptedModel
) -> None:
    settings = {"OPENAI_BASE_URL": language.url, "OPENAI_API_KEY": KEY, "OPENAI_MODEL_NAME": MODEL}
    server = Server(tmp_path, **settings, OPENAI_ALLOW_PRIVATE="true", OPENAI_DAILY_TOKENS="10")
    server.start()
    try:
        id, job = server.upload(recording)
        server.ended(job)
        scripted_model.script = lambda _request: Reply("不")
        assert server.ended(ask(server, id)["id"])["error"]["code"] == "language_model_bad_answer"

        paths = ("minutes", "polish", "speaker-names", "questions")
        answers = [server.client.post(f"/api/recordings/{id}/{path}", json={"question": "?"}) for path in paths[2:]]
        answers += [server.client.post(f"/api/recordings/{id}/{path}", json={}) for path in paths[:2]]

        assert [(one.status_code, one.json()["code"]) for one in answers] == [(429, "language_model_budget")] * 4
        told = server.client.get("/api/language-model").json()
        assert told["used_tokens"] > told["daily_tokens"] == 10

        # A retry and minutes requested with a recording are subject to it too.
        request_count = len(language.requests)
        (failed,) = jobs(server, id, "minutes")
        server.client.post(f"/api/jobs/{failed['id']}/retry").raise_for_status()
        other, _ = server.upload(recording, minutes="weekly")
        following = until(lambda: jobs(server, other, "minutes"))
        for job in (failed, *following):
            assert server.ended(job["id"])["error"]["code"] == "language_model_budget"
        assert len(language.requests) == request_count
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


def test_a_system_wide_endpoint_is_tested_and_chosen_and_its_key_is_never_returned(
    server: Server, transcribed: str, language: LanguageServer, scripted_model: ScriptedModel, other_user: httpx.Client
) -> None:
    scripted_model.script = lambda request: Reply({"ok": True})
    path = "/api/admin/language-model"
    body = {"name": "另一台", "url": language.url, "key": KEY, "model": MODEL, "allow_private": True}

    added = server.client.post(f"{path}/endpoints", json=body).raise_for_status()
    tried = server.client.post(f"{path}/endpoints/{added.json()['id']}/test").raise_for_status().json()
    choice = {"default": added.json()["id"], "own_endpoints": True}
    server.client.put(path, json=choice).raise_for_status()
    scripted_model.script = good
    job = server.ended(ask(server, transcribed)["id"])
    theirs = other_user.get("/api/language-model/endpoints")
    private = other_user.post("/api/language-model/endpoints", json={**body, "allow_private": True})
    own = other_user.post("/api/language-model/endpoints", json={k: v for k, v in body.items() if k != "allow_private"})
    refused = other_user.post(f"/api/language-model/endpoints/{own.json()['id']}/test").json()
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
