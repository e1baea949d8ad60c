from pathlib import Path

import httpx

from tests.language_server import KEY, Reply, fault
from tests.minutes.api.client import ScriptedModel, events, get
from tests.minutes.models import lines_of, obliging
from tests.serving import Server


def test_an_answer_is_streamed_as_events_and_stored_until_deleted(
    server: Server, transcribed: str, scripted_model: ScriptedModel, other_user: httpx.Client
) -> None:
    other_user.base_url = server.client.base_url
    path = f"/api/recordings/{transcribed}/questions"
    text = get(server, f"{transcribed}/transcript")["document"]["segments"][0]["text"]
    scripted_model.script = lambda request: Reply(f"说了这件事[{lines_of(request)[0][0]}]。别的没有。")

    nothing = events(server.client.post(path, json={"question": "xyzzy plugh"}))
    told = events(server.client.post(path, json={"question": text}))
    scripted_model.script = lambda _request: fault(401, KEY)
    failed = events(server.client.post(path, json={"question": text}))

    assert [name for name, _ in told] == ["text", "answer"]
    assert told[-1][1]["answer"] == "说了这件事。[1]"
    assert len(told[-1][1]["citations"]) == 1
    assert (nothing[0][1]["found"], nothing[0][1]["answer"]) == (False, "")
    assert [(name, content["code"]) for name, content in failed] == [("error", "language_model_key")]
    assert [one["question"] for one in server.client.get(path).json()] == ["xyzzy plugh", text]
    assert [other_user.get(path).status_code, other_user.delete(path).status_code] == [404, 404]
    assert other_user.post(path, json={"question": "?"}).status_code == 404
    server.client.delete(path).raise_for_status()
    assert server.client.get(path).json() == []


def test_names_are_suggested_and_nobody_is_renamed(
    server: Server, transcribed: str, scripted_model: ScriptedModel
) -> None:
    before = get(server, f"{transcribed}/transcript")
    scripted_model.script = lambda _request: Reply({"speakers": [{"s": "@1", "name": "没有说过", "n": [1]}]})

    answer = server.client.post(f"/api/recordings/{transcribed}/speaker-names")

    assert (answer.status_code, answer.json()) == (200, [])
    assert get(server, f"{transcribed}/transcript") == before


def test_a_failed_question_has_a_code_and_can_be_asked_again(
    server: Server, transcribed: str, scripted_model: ScriptedModel
) -> None:
    text = get(server, f"{transcribed}/transcript")["document"]["segments"][0]["text"]
    path, question = f"/api/recordings/{transcribed}", {"question": text}
    rows = server.rows("SELECT count(*) FROM language_uses")
    for bad, code in (
        (Reply(""), "bad_answer"),
        (Reply(refusal="no"), "refused"),
        (fault(400, "context"), "context"),
    ):
        scripted_model.script = lambda _request, bad=bad: bad
        (event,) = events(server.client.post(f"{path}/questions", json=question))
        assert (event[0], event[1]["code"]) == ("error", f"language_model_{code}")
    kept = server.client.get(f"{path}/questions").json()
    scripted_model.script = obliging
    told = events(server.client.post(f"{path}/questions", json=question))

    assert kept == []
    assert told[-1][0] == "answer"
    assert told[-1][1]["found"]
    # The usage is stored for failed calls too.
    assert server.rows("SELECT count(*) FROM language_uses")[0][0] >= rows[0][0] + 3


def test_failed_name_suggestions_can_be_requested_again(
    server: Server, recording: Path, scripted_model: ScriptedModel
) -> None:
    id, job = server.upload(recording)
    server.ended(job)
    document = get(server, f"{id}/transcript")["document"]
    document["segments"][0] |= {"text": "我是王小明。", "words": []}
    body = {"based_on": 1, "document": {key: document[key] for key in ("speakers", "segments")}}
    server.client.put(f"/api/recordings/{id}/transcript", json=body).raise_for_status()
    named = {"s": "@1", "name": "王小明", "n": [1]}
    for bad, code in ((fault(401, KEY), "key"), (Reply("好的"), "bad_answer"), (Reply(refusal="no"), "refused")):
        scripted_model.script = lambda _request, bad=bad: bad
        failed = server.client.post(f"/api/recordings/{id}/speaker-names")
        assert (failed.status_code, failed.json()["code"]) == (502, f"language_model_{code}")
        assert KEY not in failed.text
    scripted_model.script = lambda _request: Reply({"speakers": [named]})

    (suggested,) = server.client.post(f"/api/recordings/{id}/speaker-names").raise_for_status().json()

    assert (suggested["name"], suggested["quote"]) == ("王小明", "我是王小明。")
