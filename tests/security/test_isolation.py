"""Things of one user are in no list, count or search of another, and their ids cannot be guessed."""

from collections import Counter

import httpx

from backend.database import new_id
from tests.security.rules import RULES, Access
from tests.security.scenario import PATH_DEFAULTS, Scenario, body_of
from tests.serving import Server

#: Search texts for every list.
_SEARCHES = ("", "周", "三月 周会.wav", "%", "_", "*", "' OR 1=1 --")


def test_an_id_has_128_random_bits() -> None:
    ids = [int(new_id(), 16) for _ in range(4000)]

    ones = [sum(id >> bit & 1 for id in ids) for bit in range(128)]
    # each bit is set in half of the ids: 2000 ± 6 standard deviations of 32
    assert all(1810 < count < 2190 for count in ones)
    assert len(set(ids)) == 4000


def test_no_list_shows_things_of_other_users(scenario: Scenario) -> None:
    shared = {"user_id", "shared_template", "shared_endpoint_id"}
    foreign = {id for name, id in scenario.owned.items() if name not in shared}
    leaks = []
    with httpx.Client(base_url=scenario.base, headers=scenario.people["other"], timeout=30) as other:
        for (method, path), rule in RULES.items():
            if method != "GET" or "{" in path or rule.access is not Access.SIGNED_IN:
                continue
            for text in _SEARCHES:
                params = {"q": text, "text": text, "limit": "100"}
                for more in ({}, {"recording_id": scenario.owned["recording_id"]}, {"status": "done"}):
                    answer = other.get(path, params={**params, **more})
                    leaks += [(path, id) for id in foreign if id in answer.text]

    assert leaks == []


def test_no_count_includes_things_of_other_users(scenario: Scenario) -> None:
    with httpx.Client(base_url=scenario.base, headers=scenario.people["other"], timeout=30) as other:
        for text in _SEARCHES:
            assert other.get("/api/recordings", params={"q": text}).json()["total"] == 0
        for status in ("queued", "running", "done", "failed", "cancelled"):
            assert other.get("/api/jobs", params={"status": status}).json() == {"jobs": [], "total": 0}
        by_recording = other.get("/api/jobs", params={"recording_id": scenario.owned["recording_id"]})
        assert by_recording.json() == {"jobs": [], "total": 0}
        quota = other.get("/api/quota").json()
        assert (quota["used_stored_bytes"], quota["used_minutes_this_month"], quota["used_queued_jobs"]) == (0, 0, 0)
        queue = other.get("/api/queue").json()
        assert (queue["mine_waiting"], queue["mine_running"]) == (0, 0)
        assert other.get("/api/language-model").json()["used_tokens"] == 0


def test_foreign_and_unknown_ids_are_answered_alike(scenario: Scenario) -> None:
    unknown = dict.fromkeys(scenario.owned, "0" * 32)
    with httpx.Client(base_url=scenario.base, headers=scenario.people["other"], timeout=30) as other:
        for (method, path), rule in RULES.items():
            if rule.access is not Access.OWNER:
                continue
            answers = [
                other.request(method, path.format_map({**PATH_DEFAULTS, **owned}), json=body_of(rule, owned))
                for owned in (scenario.owned, unknown)
            ]

            responses = Counter((answer.status_code, answer.content) for answer in answers)
            assert len(responses) == 1, (method, path, responses)


def test_admin_lists_show_no_recording_names_and_no_text(scenario: Scenario, server: Server) -> None:
    leaks = []
    with httpx.Client(base_url=scenario.base, headers=scenario.people["admin"], timeout=30) as admin:
        for (method, path), rule in RULES.items():
            if method == "GET" and "{" not in path and rule.access is Access.ADMIN:
                answer = admin.get(path)
                leaks += [(path, word) for word in ("周会", "大家好", "S1") if word in answer.text]

    assert leaks == []
