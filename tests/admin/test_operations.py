"""Admin routes on a real server: jobs of all users, engines, limits, quotas, deletion of users, metrics."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.conftest import ROOT
from tests.serving import PASSWORD, Server, until

METRICS = "a token of the tests for metrics"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"), METRICS_TOKEN=METRICS)
    server.start()
    yield server
    server.close()


@pytest.fixture
def ada(server: Server, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """A new user for each test."""
    with _person(server, f"ada {request.node.name}"[:60]) as client:
        yield client


def test_admins_see_all_jobs_but_no_recording_names(server: Server, ada: httpx.Client, recording: Path) -> None:
    _, job = _send(server, ada, recording)

    listed = server.client.get("/api/admin/jobs", params={"owner_id": _id(ada), "status": "done"}).json()

    assert (listed["total"], [one["id"] for one in listed["jobs"]]) == (1, [job])
    assert listed["jobs"][0]["owner_name"].startswith("ada ")
    assert "会" not in str(listed)
    assert server.client.get("/api/admin/jobs", params={"owner_id": "0" * 32}).json() == {"jobs": [], "total": 0}


def test_an_admin_retries_and_cancels_any_users_job(server: Server, ada: httpx.Client, recording: Path) -> None:
    _, job = _send(server, ada, recording)
    path = f"/api/admin/jobs/{job}"

    assert server.client.post(path + "/cancel").json()["code"] == "job_final"
    assert server.client.post(path + "/retry").json()["owner_id"] == _id(ada)
    until(lambda: ada.get(f"/api/jobs/{job}").json()["status"] == "done")
    assert server.client.post(f"/api/admin/jobs/{'0' * 32}/retry").status_code == 404
    actions = [entry["action"] for entry in _audit(server, subject_id=job)]
    assert actions == ["job_retried"]


def test_engines_report_their_state(server: Server, ada: httpx.Client, recording: Path) -> None:
    _send(server, ada, recording)

    engines = {one["name"]: one for one in server.client.get("/api/admin/engines").json()}

    assert engines["scripted"]["served"] >= 2
    assert set(engines["scripted"]) == {"name", "alive", "pid", "memory", "busy", "waiting", "served"}


def test_an_idle_engine_is_unloaded_and_loaded_again(server: Server, ada: httpx.Client, recording: Path) -> None:
    _send(server, ada, recording)

    assert server.client.post("/api/admin/engines/scripted/unload").status_code == 204
    assert server.client.post("/api/admin/engines/none/unload").json()["code"] == "engine_not_found"

    (engine,) = [one for one in server.client.get("/api/admin/engines").json() if one["name"] == "scripted"]
    assert (engine["alive"], engine["memory"]) == (False, 0)
    _send(server, ada, recording)


def test_a_restarted_engine_has_a_new_process(server: Server, ada: httpx.Client, recording: Path) -> None:
    _send(server, ada, recording)

    def pid() -> int | None:
        engines = server.client.get("/api/admin/engines").json()
        return next(one["pid"] for one in engines if one["name"] == "scripted")

    before = pid()
    assert server.client.post("/api/admin/engines/scripted/restart").status_code == 204

    assert pid() not in (None, before)
    assert server.client.post("/api/admin/engines/none/restart").json()["code"] == "engine_not_found"
    assert "engine_restarted" in [entry["action"] for entry in _audit(server, subject_id="scripted")]
    _send(server, ada, recording)


def test_queue_limits_are_set_at_run_time_and_survive_a_restart(tmp_path: Path) -> None:
    server = Server(tmp_path, JOB_QUEUE_MAX_SIZE="7")
    server.start()
    try:
        settings = {"max_concurrent": 3, "max_per_user": 2, "max_size": 7}
        path = "/api/admin/limits"
        assert server.client.get(path).json() == {**settings, "settings": settings}

        changed = server.client.patch(path, json={"max_concurrent": 1, "max_size": 9})

        assert changed.json() == {"max_concurrent": 1, "max_per_user": 2, "max_size": 9, "settings": settings}
        for wrong in ({"max_concurrent": 0}, {"max_per_user": -1}, {"max_size": 10**6}, {"max_size": "x"}, {"more": 1}):
            assert server.client.patch(path, json=wrong).status_code == 422
        server.kill()
        server.start()
        state = server.client.get("/api/queue").json()
        assert (state["max_concurrent"], state["max_per_user"], state["max_size"]) == (1, 2, 9)
        assert server.client.patch(path, json={"max_concurrent": None, "max_size": None}).json()["max_size"] == 7
        first, *_ = reversed(_audit(server, action="limits_changed"))
        assert first["facts"]["before"] == {
            "concurrent": 3,
            "per_user": 2,
            "per_server": None,
            "size": 7,
            "language": 4,
        }
        assert first["facts"]["after"] == {"concurrent": 1, "per_user": 2, "per_server": None, "size": 9, "language": 4}
    finally:
        server.close()


def test_an_admin_moves_any_users_waiting_job_to_the_front(tmp_path: Path, recording: Path) -> None:
    script = tmp_path / "slow.json"
    script.write_text('{"transcribe": {"steps": {"0": {"hang": true}}}}')
    server = Server(tmp_path, SCRIPT=str(script), JOB_QUEUE_MAX_CONCURRENT="1")
    server.start()
    try:
        jobs = [server.upload(recording)[1] for _ in range(3)]
        until(lambda: server.job(jobs[0])["status"] == "running")
        assert server.job(jobs[2])["position"] == 2

        moved = server.client.post(f"/api/admin/jobs/{jobs[2]}/front")

        assert (moved.json()["position"], moved.json()["kind"]) == (1, "transcript")
        assert server.client.post(f"/api/admin/jobs/{jobs[0]}/front").json()["code"] == "job_not_waiting"
        assert server.client.post(f"/api/admin/jobs/{'0' * 32}/front").json()["code"] == "job_not_found"
        server.client.post(f"/api/jobs/{jobs[0]}/cancel")
        until(lambda: server.job(jobs[2])["status"] == "running")
        assert [entry["subject_id"] for entry in _audit(server, action="job_moved")] == [jobs[2]]
    finally:
        server.close()


def test_jobs_are_found_by_their_kind(server: Server, ada: httpx.Client, recording: Path) -> None:
    _, job = _send(server, ada, recording)
    params = {"owner_id": _id(ada)}

    transcripts = server.client.get("/api/admin/jobs", params={**params, "kind": "transcript"}).json()

    assert [one["id"] for one in transcripts["jobs"]] == [job]
    assert server.client.get("/api/admin/jobs", params={**params, "kind": "minutes"}).json()["total"] == 0


def test_the_figures_include_every_day(server: Server, ada: httpx.Client, recording: Path) -> None:
    _send(server, ada, recording)

    figures = server.client.get("/api/admin/figures", params={"days": 3, "offset_minutes": 480}).json()

    assert len(figures["days"]) == 3
    today = figures["days"][-1]
    assert today["started"] >= 1
    assert today["audio_minutes"] >= 0.33
    assert today["wait_p95_seconds"] >= today["wait_p50_seconds"] >= 0
    assert figures["overall"]["done"] >= today["done"] >= 1
    assert server.client.get("/api/admin/figures", params={"days": 91}).status_code == 422


def test_quotas_of_one_user_are_shown_apart_from_the_defaults(server: Server, ada: httpx.Client) -> None:
    path = f"/api/admin/users/{_id(ada)}/quotas"
    nothing = {"minutes_a_month": None, "stored_bytes": None, "queued_jobs": None}
    assert server.client.get(path).json()["own"] == nothing

    server.client.patch(path, json={"queued_jobs": 5}).raise_for_status()

    assert server.client.get(path).json()["own"] == {**nothing, "queued_jobs": 5}


def test_deleting_a_user_deletes_the_files(server: Server, ada: httpx.Client, recording: Path) -> None:
    id, _ = _send(server, ada, recording)
    uploads = server.folder / "uploads"
    until(lambda: list((uploads / "transcripts").glob(f"{id}.*")))

    deleted = server.client.delete(f"/api/admin/users/{_id(ada)}")

    assert deleted.status_code == 204
    until(lambda: not (uploads / id).exists() and not list((uploads / "transcripts").glob(f"{id}.*")))
    assert ada.get("/api/auth/me").status_code == 401
    (entry,) = _audit(server, action="user_deleted", subject_id=ada.headers["X-Id"])
    assert entry["facts"]["recordings"] == 1


def test_recordings_of_a_deleted_user_can_be_transferred(server: Server, ada: httpx.Client, recording: Path) -> None:
    id, job = _send(server, ada, recording)
    with _person(server, "new owner") as new_owner:
        user = f"/api/admin/users/{_id(ada)}"
        assert server.client.delete(user, params={"to": "0" * 32}).status_code == 404
        assert server.client.delete(user, params={"to": _id(ada)}).status_code == 404
        assert new_owner.get(f"/api/recordings/{id}").status_code == 404

        assert server.client.delete(user, params={"to": _id(new_owner)}).status_code == 204

        assert new_owner.get(f"/api/recordings/{id}/transcript").status_code == 200
        assert new_owner.get(f"/api/jobs/{job}").json()["status"] == "done"
        assert new_owner.get(f"/api/recordings/{id}/original").content == recording.read_bytes()
        assert ada.get(f"/api/recordings/{id}").status_code == 401


def test_admins_cannot_delete_their_own_account(server: Server) -> None:
    me = server.client.get("/api/auth/me").json()["id"]

    assert server.client.delete(f"/api/admin/users/{me}").json()["code"] == "not_oneself"


def test_ending_a_users_logins_revokes_the_keys_too(server: Server, ada: httpx.Client) -> None:
    key = ada.post("/api/auth/keys", json={"name": "x", "scopes": ["read"]}).json()["key"]

    assert server.client.post(f"/api/admin/users/{_id(ada)}/logins/end").status_code == 204

    assert ada.get("/api/auth/me").status_code == 401
    assert httpx.get(f"{ada.base_url}/api/jobs", headers={"X-API-Key": key}).status_code == 401


@pytest.mark.parametrize(
    ("quota", "status", "code"),
    [
        ({"minutes_a_month": 0}, 413, "quota_minutes"),
        ({"minutes_a_month": 0.3}, 413, "quota_minutes"),  # 20 seconds are more
        ({"stored_bytes": 0}, 413, "quota_bytes"),
        ({"stored_bytes": 1000}, 413, "quota_bytes"),
        ({"queued_jobs": 0}, 429, "quota_jobs"),
    ],
)
def test_an_upload_beyond_the_quota_is_refused(
    server: Server, ada: httpx.Client, recording: Path, quota: dict[str, Any], status: int, code: str
) -> None:
    _allow(server, ada, **quota)
    before = sorted(path.name for path in (server.folder / "uploads").iterdir())

    answer = _upload(ada, recording)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert ada.get("/api/recordings").json()["total"] == 0
    assert ada.get("/api/quota").json()["used_minutes_this_month"] == 0
    assert sorted(path.name for path in (server.folder / "uploads").iterdir()) == before


def test_the_quota_also_applies_to_uploads_without_content_length(
    server: Server, ada: httpx.Client, recording: Path
) -> None:
    _allow(server, ada, stored_bytes=1000)
    request = ada.build_request("POST", "/api/recordings", files={"file": ("a.wav", recording.read_bytes())})
    body = request.read()

    answer = ada.post(
        "/api/recordings", content=iter([body]), headers={"Content-Type": request.headers["content-type"]}
    )

    assert answer.status_code == 413


def test_deleting_a_recording_does_not_return_its_minutes(server: Server, ada: httpx.Client, recording: Path) -> None:
    _allow(server, ada, minutes_a_month=0.5)
    id, _ = _send(server, ada, recording)
    assert ada.delete(f"/api/recordings/{id}", params={"for_good": True}).status_code == 204

    answer = _upload(ada, recording)

    assert (answer.status_code, answer.json()["code"]) == (413, "quota_minutes")
    used = ada.get("/api/quota").json()
    assert used["used_minutes_this_month"] == pytest.approx(0.33, abs=0.01)
    assert (used["used_stored_bytes"], used["minutes_a_month"]) == (0, 0.5)


def test_making_a_transcript_again_costs_minutes(server: Server, ada: httpx.Client, recording: Path) -> None:
    id, job = _send(server, ada, recording)
    _allow(server, ada, minutes_a_month=0.5)

    again = ada.post(f"/api/recordings/{id}/jobs", json={})
    retried = ada.post(f"/api/jobs/{job}/retry")

    assert (again.status_code, again.json()["code"]) == (413, "quota_minutes")
    assert retried.status_code == 200  # its minutes were counted before
    until(lambda: ada.get(f"/api/jobs/{job}").json()["status"] == "done")


def test_metrics_require_their_own_token(server: Server, ada: httpx.Client, recording: Path) -> None:
    _send(server, ada, recording)
    address = f"{ada.base_url}/metrics"

    assert httpx.get(address).status_code == 401
    assert server.client.get("/metrics").status_code == 401
    answer = httpx.get(address, headers={"Authorization": f"Bearer {METRICS}"})

    assert answer.status_code == 200
    figures = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#"))
    assert float(figures['meeting_asr_jobs{status="done"}']) >= 1
    assert float(figures["meeting_asr_disk_free_bytes"]) > 0
    assert {"meeting_asr_queue_wait_seconds", "meeting_asr_job_failure_ratio"} <= set(figures)
    assert "ada" not in answer.text
    assert float(figures['meeting_asr_job_ends_total{kind="transcript",status="done"}']) >= 1
    assert float(figures['meeting_asr_job_wait_seconds_bucket{kind="transcript",le="+Inf"}']) >= 1
    assert float(figures['meeting_asr_requests_total{method="GET",status="401"}']) >= 2


def test_the_alert_rules_name_metrics_and_labels_that_exist(server: Server, ada: httpx.Client, recording: Path) -> None:
    _send(server, ada, recording)
    answer = httpx.get(f"{ada.base_url}/metrics", headers={"Authorization": f"Bearer {METRICS}"})
    labels: dict[str, set[str]] = {}
    for sample in (line.rsplit(" ", 1)[0] for line in answer.text.splitlines() if not line.startswith("#")):
        name, _, pairs = sample.partition("{")
        labels.setdefault(name, set()).update(re.findall(r'(\w+)="', pairs))
    labels.setdefault("meeting_asr_attempt_errors_total", {"code"})  # there is no series before the first error

    rules = yaml.safe_load((ROOT / "deploy" / "prometheus-alerts.yaml").read_text())["groups"][0]["rules"]

    assert {"MeetingAsrQueueSlow", "MeetingAsrJobsFail", "MeetingAsrDecoderBroken"} <= {one["alert"] for one in rules}
    for rule in rules:
        used = re.findall(r"\b(meeting_asr_\w+)(?:{([^}]*)})?", rule["expr"])
        assert used, rule
        for name, selector in used:
            assert name in labels, (rule["alert"], name)
            assert set(re.findall(r"(\w+)=", selector)) <= labels[name], rule["alert"]
        assert rule["expr"].count("(") == rule["expr"].count(")")
        assert rule["annotations"]["summary"]


def _person(server: Server, name: str) -> httpx.Client:
    base = str(server.client.base_url)
    created = server.client.post("/api/admin/users", json={"username": name, "password": PASSWORD})
    assert created.status_code == 201, created.text
    login = httpx.post(f"{base}/api/auth/login", data={"username": name, "password": PASSWORD}).raise_for_status()
    headers = {"Authorization": f"Bearer {login.json()['access_token']}", "X-Id": created.json()["id"]}
    return httpx.Client(base_url=base, headers=headers, timeout=30)


def _id(client: httpx.Client) -> str:
    return client.headers["X-Id"]


def _upload(client: httpx.Client, recording: Path) -> httpx.Response:
    with recording.open("rb") as file:
        return client.post("/api/recordings", data={"allow_duplicate": "true"}, files={"file": (recording.name, file)})


def _send(server: Server, client: httpx.Client, recording: Path) -> tuple[str, str]:
    uploaded = _upload(client, recording).raise_for_status().json()
    job = uploaded["job"]["id"]
    until(lambda: client.get(f"/api/jobs/{job}").json()["status"] == "done")
    return uploaded["recording"]["id"], job


def _allow(server: Server, client: httpx.Client, **quota: Any) -> None:
    answer = server.client.patch(f"/api/admin/users/{_id(client)}/quotas", json=quota)
    assert answer.status_code == 200, answer.text
    assert answer.json() | quota == answer.json()


def _audit(server: Server, **params: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = server.client.get("/api/admin/audit", params=params).json()["entries"]
    return entries
