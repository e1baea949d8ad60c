from typing import Any

import pytest
from fastapi import FastAPI

from backend.transcripts.api import router
from backend.transcripts.document import Document, document_to_json
from backend.transcripts.schema import MAX_BODY_BYTES
from tests.transcripts.conftest import TranscriptApi, TranscriptScenario


@pytest.fixture(autouse=True)
async def published(scenario: TranscriptScenario, document: Document) -> None:
    await scenario.publish(document)


def save_of(document: Document, based_on: int, text: str = "改过的。") -> dict[str, Any]:
    value = document_to_json(document)
    value["segments"][0] |= {"text": text, "words": [], "source": "edited"}
    return {"based_on": based_on, "document": value}


async def test_the_newest_version_is_read_with_its_document(
    api: TranscriptApi, scenario: TranscriptScenario, document: Document
) -> None:
    answer = await api.client.get(api.path)

    found = answer.json()
    assert answer.status_code == 200
    assert (found["number"], found["origin"], found["recording_id"]) == (1, "machine", scenario.recording_id)
    assert found["document"] == document_to_json(document)


async def test_a_correction_is_a_version_and_the_old_one_can_be_read(api: TranscriptApi, document: Document) -> None:
    saved = await api.client.put(api.path, json=save_of(document, 1))

    newest, first = [(await api.client.get(api.path, params=version)).json() for version in ({}, {"version": 1})]
    assert (saved.status_code, saved.json()["number"], saved.json()["origin"]) == (200, 2, "person")
    assert newest["document"]["segments"][0]["text"] == "改过的。"
    assert first["document"] == document_to_json(document)
    versions = (await api.client.get(f"{api.path}/versions")).json()
    assert [(one["number"], one["origin"]) for one in versions] == [(2, "person"), (1, "machine")]


async def test_a_stale_save_answers_the_newest_number(api: TranscriptApi, document: Document) -> None:
    await api.client.put(api.path, json=save_of(document, 1))

    stale = await api.client.put(api.path, json=save_of(document, 1, "又改。"))

    assert stale.status_code == 409
    assert (stale.json()["code"], stale.json()["newest"]) == ("transcript_changed", 2)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"based_on": 1}',
        b'{"based_on": 0, "document": {"speakers": [], "segments": []}}',
        b'{"based_on": 99999999999999999999, "document": {"speakers": [], "segments": []}}',
        b"\xff\xfe",
        b'{"based_on": 1, "document": {"speakers": [], "segments": [{"id": "a", "start": NaN, "end": 1, "text": ""}]}}',
        b'{"based_on": 1, "document": {"speakers": [], "segments": [{"id": "a", "start": 5, "end": 1, "text": ""}]}}',
    ],
)
async def test_an_invalid_document_is_refused_with_its_field(api: TranscriptApi, body: bytes) -> None:
    answer = await api.client.put(api.path, content=body)

    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_input"
    assert answer.json()["fields"]
    assert len((await api.client.get(f"{api.path}/versions")).json()) == 1


async def test_a_document_that_is_too_large_is_not_read_to_its_end(api: TranscriptApi) -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        while True:
            sent += 1 << 20
            yield b" " * (1 << 20)

    answer = await api.client.put(api.path, content=endless())

    assert (answer.status_code, answer.json()["code"]) == (413, "document_too_large")
    assert sent <= MAX_BODY_BYTES + (2 << 20)


async def test_the_body_of_an_anonymous_request_is_not_read(api: TranscriptApi) -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        while True:
            sent += 1
            yield b" "

    answer = await api.client.put(api.path, content=endless(), headers={"Authorization": ""})

    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert sent == 0


async def test_a_speaker_is_renamed_everywhere(api: TranscriptApi) -> None:
    renamed = await api.client.patch(f"{api.path}/speakers/S1", json={"name": "王小明"})

    assert (renamed.status_code, renamed.json()["number"]) == (200, 2)
    assert renamed.json()["document"]["speakers"][0] == {"id": "S1", "name": "王小明"}
    for format in ("txt", "srt", "vtt", "md", "json"):
        exported = (await api.client.get(f"{api.path}/export", params={"format": format})).text
        assert "王小明" in exported


async def test_a_speaker_named_in_between_keeps_the_name(api: TranscriptApi) -> None:
    address = f"{api.path}/speakers/S1"

    first = await api.client.patch(address, json={"name": "王小明", "expected_name": None})
    late = await api.client.patch(address, json={"name": "李雷", "expected_name": None})
    again = await api.client.patch(address, json={"name": "李雷", "expected_name": "王小明"})

    assert [200, 409, 200] == [first.status_code, late.status_code, again.status_code]
    assert ("name_changed", "王小明") == (late.json()["code"], late.json()["name"])
    assert "李雷" == again.json()["document"]["speakers"][0]["name"]


async def test_an_invalid_rename_is_refused(api: TranscriptApi) -> None:
    unknown = await api.client.patch(f"{api.path}/speakers/S9", json={"name": "王"})
    stale = await api.client.patch(f"{api.path}/speakers/S1", json={"name": "王", "based_on": 7})
    long = await api.client.patch(f"{api.path}/speakers/S1", json={"name": "王" * 65})

    assert (unknown.status_code, unknown.json()["code"]) == (404, "speaker_not_found")
    assert (stale.status_code, stale.json()["newest"]) == (409, 1)
    assert long.status_code == 422


@pytest.mark.parametrize(
    ("format", "content_type", "beginning"),
    [
        ("txt", "text/plain", "文稿"),
        ("srt", "application/x-subrip", "1\n00:00:01,000 --> "),
        ("vtt", "text/vtt", "WEBVTT\n"),
        ("md", "text/markdown", "# 文稿"),
        ("json", "application/json", '{"title"'),
    ],
)
async def test_a_transcript_is_exported_as_a_file(
    api: TranscriptApi, format: str, content_type: str, beginning: str
) -> None:
    answer = await api.client.get(f"{api.path}/export", params={"format": format})

    assert answer.status_code == 200
    assert answer.text.startswith(beginning)
    assert answer.headers["Content-Type"] == f"{content_type}; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "filename*=UTF-8''%E6%96%87%E7%A8%BF" in answer.headers["Content-Disposition"]


async def test_times_and_speakers_can_be_left_out_of_an_export(api: TranscriptApi) -> None:
    answer = await api.client.get(f"{api.path}/export", params={"times": False, "speakers": False})

    assert "发言人" not in answer.text
    assert "00:00" not in answer.text
    assert "没有意见。" in answer.text


async def test_an_unknown_format_or_version_is_refused(api: TranscriptApi) -> None:
    assert (await api.client.get(f"{api.path}/export", params={"format": "exe"})).status_code == 422
    assert (await api.client.get(f"{api.path}/export", params={"version": 9})).status_code == 404
    assert (await api.client.get(api.path, params={"version": 10**20})).status_code == 422


def test_the_openapi_schema_describes_the_saved_document() -> None:
    app = FastAPI()
    app.include_router(router)

    schema = app.openapi()

    save = schema["paths"]["/api/recordings/{recording_id}/transcript"]["put"]["requestBody"]["content"]
    sent = save["application/json"]["schema"]["properties"]["document"]["$ref"].rpartition("/")[2]
    assert {"speakers", "segments"} <= schema["components"]["schemas"][sent]["properties"].keys()


async def test_every_route_needs_a_login_and_hides_transcripts_of_others(
    api: TranscriptApi, document: Document
) -> None:
    asks: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", api.path, {}),
        ("GET", f"{api.path}?version=1", {}),
        ("GET", f"{api.path}/versions", {}),
        ("GET", f"{api.path}/export", {}),
        ("PUT", api.path, {"json": save_of(document, 1)}),
        ("PATCH", f"{api.path}/speakers/S1", {"json": {"name": "王"}}),
    ]

    for method, path, body in asks:
        other_user = await api.client.request(method, path, headers={"Authorization": ""}, **body)
        other = await api.client.request(method, path, headers=api.eve, **body)
        nowhere = await api.client.request(method, path.replace("/api/recordings/", "/api/recordings/x"), **body)
        assert (other_user.status_code, other_user.json()["code"]) == (401, "not_signed_in")
        assert (other.status_code, other.json()["code"]) == (404, "transcript_not_found")
        assert other.json() == nowhere.json()
    assert len((await api.client.get(f"{api.path}/versions")).json()) == 1
