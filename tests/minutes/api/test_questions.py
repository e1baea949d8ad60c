from pathlib import Path

import httpx

from tests.language_server import KEY, Reply, fault
from tests.minutes.api.asking import Moody, events, get
from tests.minutes.models import lines_of, obliging
from tests.serving import Server


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


def test_a_model_that_fails_says_why_and_the_next_try_is_heard(server: Server, transcribed: str, mood: Moody) -> None:
    text = get(server, f"{transcribed}/transcript")["document"]["segments"][0]["text"]
    path, question = f"/api/recordings/{transcribed}", {"question": text}
    rows = server.rows("SELECT count(*) FROM language_uses")
    for bad, code in ((Reply(""), "bad_answer"), (Reply(refusal="no"), "refused"), (fault(400, "context"), "context")):
        mood.script = lambda _asked, bad=bad: bad
        (event,) = events(server.client.post(f"{path}/questions", json=question))
        assert (event[0], event[1]["code"]) == ("error", f"language_model_{code}")
    kept = server.client.get(f"{path}/questions").json()
    mood.script = obliging
    told = events(server.client.post(f"{path}/questions", json=question))

    assert kept == []
    assert told[-1][0] == "answer"
    assert told[-1][1]["found"]
    # What was paid for is written down, whatever came of it.
    assert server.rows("SELECT count(*) FROM language_uses")[0][0] >= rows[0][0] + 3


def test_names_that_could_not_be_asked_for_can_be_asked_for_again(server: Server, recording: Path, mood: Moody) -> None:
    id, job = server.upload(recording)
    server.ended(job)
    document = get(server, f"{id}/transcript")["document"]
    document["segments"][0] |= {"text": "我是王小明。", "words": []}
    body = {"based_on": 1, "document": {key: document[key] for key in ("speakers", "segments")}}
    server.client.put(f"/api/recordings/{id}/transcript", json=body).raise_for_status()
    named = {"s": "@1", "name": "王小明", "n": [1]}
    for bad, code in ((fault(401, KEY), "key"), (Reply("好的"), "bad_answer"), (Reply(refusal="no"), "refused")):
        mood.script = lambda _asked, bad=bad: bad
        failed = server.client.post(f"/api/recordings/{id}/speaker-names")
        assert (failed.status_code, failed.json()["code"]) == (502, f"language_model_{code}")
        assert KEY not in failed.text
    mood.script = lambda _asked: Reply({"speakers": [named]})

    (suggested,) = server.client.post(f"/api/recordings/{id}/speaker-names").raise_for_status().json()

    assert (suggested["name"], suggested["quote"]) == ("王小明", "我是王小明。")
