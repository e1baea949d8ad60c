import io
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from docx import Document as open_document

from tests.language_server import LanguageServer, ModelRequest, Reply
from tests.minutes.api.client import ScriptedModel, get
from tests.minutes.models import lines_of
from tests.serving import Server, until


def translator(request: ModelRequest) -> Reply:
    return Reply({"lines": [{"n": number, "t": f"Line {number} in English"} for number, _, _ in lines_of(request)]})


def translate(server: Server, recording: str, language: str = "en") -> dict[str, Any]:
    answer = server.client.post(f"/api/recordings/{recording}/translations", json={"language": language})
    job: dict[str, Any] = answer.raise_for_status().json()
    return job


@pytest.fixture
def translated(server: Server, recording: Path, scripted_model: ScriptedModel) -> str:
    """The id of a recording that was translated into English."""
    id, first = server.upload(recording)
    server.ended(first)
    scripted_model.script = translator
    server.ended(translate(server, id)["id"])
    return id


def edit_first_segment(server: Server, recording: str, text: str) -> str:
    now = get(server, f"{recording}/transcript")
    now["document"]["segments"][0] |= {"text": text, "words": [], "source": "edited"}
    body = {"based_on": now["number"], "document": now["document"]}
    server.client.put(f"/api/recordings/{recording}/transcript", json=body).raise_for_status()
    return str(now["document"]["segments"][0]["id"])


def test_a_translation_stands_beside_the_transcript(
    server: Server, recording: Path, scripted_model: ScriptedModel
) -> None:
    id, first = server.upload(recording)
    server.ended(first)
    scripted_model.script = translator
    before = get(server, f"{id}/transcript")

    job = translate(server, id)
    ended = server.ended(job["id"])

    assert (job["kind"], ended["status"], [stage["name"] for stage in ended["stages"]]) == (
        "translation",
        "done",
        ["translate"],
    )
    assert get(server, f"{id}/transcript") == before
    made = get(server, f"{id}/translations/en")
    segments = before["document"]["segments"]
    assert [line["segment"] for line in made["lines"]] == [segment["id"] for segment in segments]
    assert made["lines"][0]["text"] == "Line 1 in English"
    assert {line["standing"] for line in made["lines"]} == {"current"}
    assert (made["base"], made["newest"], made["current"], made["used"]["calls"]) == (1, 1, len(segments), 1)
    assert [one["language"] for one in get(server, f"{id}/translations")] == ["en"]


def test_a_corrected_segment_is_stale_until_it_is_translated_again(
    server: Server, translated: str, language: LanguageServer
) -> None:
    segment = edit_first_segment(server, translated, "我们明天再谈这个。")

    stale = get(server, f"{translated}/translations/en")
    exported = server.client.get(f"/api/recordings/{translated}/translations/en/export").text
    server.ended(translate(server, translated)["id"])
    again = get(server, f"{translated}/translations/en")

    assert [line["segment"] for line in stale["lines"] if line["standing"] == "stale"] == [segment]
    assert "Line 1 in English" not in exported
    assert "Line 2 in English" in exported
    assert [text for _, _, text in lines_of(language.requests[-1])] == ["我们明天再谈这个。"]
    assert {line["standing"] for line in again["lines"]} == {"current"}


def test_what_a_person_writes_stays_when_it_is_translated_again(
    server: Server, translated: str, scripted_model: ScriptedModel, language: LanguageServer
) -> None:
    segment = edit_first_segment(server, translated, "我们明天再谈这个。")
    gate = threading.Event()
    scripted_model.script = lambda request: replace(translator(request), until=gate)
    begun = len(language.requests)
    job = translate(server, translated)
    until(lambda: len(language.requests) > begun)
    address = f"/api/recordings/{translated}/translations/en/lines/{segment}"
    written = server.client.put(address, json={"text": "We talk about\nthis tomorrow."}).raise_for_status().json()
    gate.set()

    assert (written["text"], written["by_person"]) == ("We talk about this tomorrow.", True)
    assert server.ended(job["id"])["status"] == "done"
    line = get(server, f"{translated}/translations/en")["lines"][0]
    assert (line["text"], line["by_person"], line["standing"]) == ("We talk about this tomorrow.", True, "current")


def test_files_are_bilingual_or_only_the_translation(server: Server, translated: str) -> None:
    text = get(server, f"{translated}/transcript")["document"]["segments"][0]["text"]

    def export(**query: str) -> bytes:
        answer = server.client.get(f"/api/recordings/{translated}/translations/en/export", params=query)
        return answer.raise_for_status().content

    paragraphs = [one.text for one in open_document(io.BytesIO(export(format="docx"))).paragraphs]
    assert paragraphs[paragraphs.index(text) + 1] == "Line 1 in English"
    assert text in export(format="srt").decode().replace("\n", "").replace("发言人 1：", "")
    assert "Line 1 in English" in export(format="srt").decode()
    alone = export(format="vtt", layout="translation").decode()
    assert "Line 1 in English" in alone
    assert text[:4] not in alone


def test_a_deleted_translation_is_gone_and_the_transcript_is_not(server: Server, translated: str) -> None:

    assert server.client.delete(f"/api/recordings/{translated}/translations/en").status_code == 204
    assert server.client.get(f"/api/recordings/{translated}/translations/en").json()["code"] == "translation_not_found"
    assert get(server, f"{translated}/transcript")["number"] == 1


def test_what_cannot_be_translated_is_said(server: Server, transcribed: str) -> None:
    unknown = server.client.post(f"/api/recordings/{transcribed}/translations", json={"language": "xx"})
    assert unknown.status_code == 422
    missing = server.client.get(f"/api/recordings/{transcribed}/translations/fr/export")
    assert missing.json()["code"] == "translation_not_found"
    line = server.client.put(f"/api/recordings/{transcribed}/translations/fr/lines/s1", json={"text": "x"})
    assert line.json()["code"] == "translation_not_found"
