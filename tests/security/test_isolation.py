"""What belongs to one user is in no list, no count and no search of another, and its number is not to be guessed."""

from collections import Counter

import httpx

from backend.database import new_id
from tests.security.rules import RULES, Whose
from tests.security.world import NOBODYS, World, body_of
from tests.serving import Server

#: Ways to look for something, whatever the list is of.
_SEARCHES = ("", "周", "三月 周会.wav", "%", "_", "*", "' OR 1=1 --")


def test_an_id_is_made_of_128_random_bits() -> None:
    ids = [int(new_id(), 16) for _ in range(4000)]

    ones = [sum(id >> bit & 1 for id in ids) for bit in range(128)]
    # each bit is one in half of them; 2000 ± 6 times the spread of 32
    assert all(1810 < count < 2190 for count in ones)
    assert len(set(ids)) == 4000


def test_no_list_shows_what_is_somebody_elses(world: World) -> None:
    everybodys = {"user_id", "shared_template", "shared_endpoint_id"}
    theirs = {id for name, id in world.owned.items() if name not in everybodys}
    shown = []
    with httpx.Client(base_url=world.base, headers=world.people["other"], timeout=30) as other:
        for (method, path), rule in RULES.items():
            if method != "GET" or "{" in path or rule.whose is not Whose.SIGNED_IN:
                continue
            for text in _SEARCHES:
                asked = {"q": text, "text": text, "limit": "100"}
                for more in ({}, {"recording_id": world.owned["recording_id"]}, {"status": "done"}):
                    answer = other.get(path, params={**asked, **more})
                    shown += [(path, id) for id in theirs if id in answer.text]

    assert shown == []


def test_no_count_betrays_what_is_somebody_elses(world: World) -> None:
    with httpx.Client(base_url=world.base, headers=world.people["other"], timeout=30) as other:
        for text in _SEARCHES:
            assert other.get("/api/recordings", params={"q": text}).json()["total"] == 0
        for status in ("queued", "running", "done", "failed", "cancelled"):
            assert other.get("/api/jobs", params={"status": status}).json() == {"jobs": [], "total": 0}
        by_recording = other.get("/api/jobs", params={"recording_id": world.owned["recording_id"]})
        assert by_recording.json() == {"jobs": [], "total": 0}
        quota = other.get("/api/quota").json()
        assert (quota["used_stored_bytes"], quota["used_minutes_this_month"], quota["used_queued_jobs"]) == (0, 0, 0)
        queue = other.get("/api/queue").json()
        assert (queue["mine_waiting"], queue["mine_running"]) == (0, 0)
        assert other.get("/api/language-model").json()["used_tokens"] == 0


def test_a_refusal_is_the_same_for_what_is_somebody_elses_and_what_is_not_there(world: World) -> None:
    nothing = dict.fromkeys(world.owned, "0" * 32)
    with httpx.Client(base_url=world.base, headers=world.people["other"], timeout=30) as other:
        for (method, path), rule in RULES.items():
            if rule.whose is not Whose.OWNER:
                continue
            answers = [
                other.request(method, path.format_map({**NOBODYS, **owned}), json=body_of(rule, owned))
                for owned in (world.owned, nothing)
            ]

            seen = Counter((answer.status_code, answer.content) for answer in answers)
            assert len(seen) == 1, (method, path, seen)


def test_an_admin_sees_no_name_and_no_word_of_anybody(world: World, server: Server) -> None:
    shown = []
    with httpx.Client(base_url=world.base, headers=world.people["admin"], timeout=30) as admin:
        for (method, path), rule in RULES.items():
            if method == "GET" and "{" not in path and rule.whose is Whose.ADMIN:
                answer = admin.get(path)
                shown += [(path, word) for word in ("周会", "大家好", "S1") if word in answer.text]

    assert shown == []
