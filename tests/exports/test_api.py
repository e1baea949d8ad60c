import csv
import io
import re
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import httpx
import pytest
from docx import Document as open_document
from sqlalchemy import select

from backend.accounts.tables import AuditEntry
from backend.database import new_id
from backend.exports.zip_stream import unique_names
from backend.jobs.tables import Job
from backend.recordings.tables import Recording
from backend.transcripts import service as transcripts
from backend.transcripts.fonts import FontMissing
from backend.transcripts.render_pool import RenderPool
from backend.transcripts.tables import Origin
from tests.shares.conftest import Api


async def export(api: Api, **query: object) -> httpx.Response:
    return await api.ada.get(f"/api/recordings/{api.scenario.recording_id}/export", params=query)


async def add(api: Api, *names: str, with_transcript: bool = True) -> list[str]:
    """Add recordings of ada."""
    ids = []
    async with api.database.write() as session:
        for name in names:
            columns = {"extension": "m4a", "size": 1, "sha256": "0" * 64, "duration": 20.0}
            recording = Recording(owner_id=api.scenario.ada.id, name=name, **columns)
            session.add(recording)
            await session.flush()
            ids.append(recording.id)
            if with_transcript:
                await transcripts.publish(
                    session, recording_id=recording.id, owner_id=api.scenario.ada.id, job_id=new_id(),
                    origin=Origin.MACHINE, document=api.document,
                )  # fmt: skip
    return ids


async def test_a_file_is_named_after_its_recording(api: Api) -> None:
    answer = await export(api, format="docx")

    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert unquote(answer.headers["Content-Disposition"]).endswith("''周会.docx")
    assert (answer.headers["X-Content-Type-Options"], answer.headers["Cache-Control"]) == ("nosniff", "no-store")
    assert open_document(io.BytesIO(answer.content)).paragraphs[3].text == "我们今天讨论预算，大家有意见吗？"


async def test_every_style_option_is_applied(api: Api) -> None:
    query = {"times": False, "speakers": False, "punctuation": False, "script": "traditional"}

    text = (await export(api, format="txt", **query)).text
    table = (await export(api, format="csv", bom=False, **query)).text

    assert "我們今天討論預算 大家有意見嗎\n\n沒有意見\n" in text
    assert "00:00" not in text
    assert "发言人" not in text
    assert next(csv.reader(io.StringIO(table))) == ["文字"]


async def add_job(api: Api, *hotwords: str) -> None:
    async with api.database.write() as session:
        facts = {"owner_id": api.scenario.ada.id, "recording_id": api.scenario.recording_id}
        session.add(Job(**facts, options={"hotwords": list(hotwords)}))


async def test_hotwords_of_every_job_stay_as_they_are_in_another_script(api: Api) -> None:
    await add_job(api, "讨论预算")
    await add_job(api, "大家有")
    version = f"/api/recordings/{api.scenario.recording_id}/transcript/export"
    query = {"format": "txt", "script": "taiwan"}

    texts = [(await export(api, **query)).text, (await api.ada.get(version, params=query)).text]
    zipped = await api.ada.post("/api/exports", json={"recording_ids": [api.scenario.recording_id], **query})
    with ZipFile(io.BytesIO(zipped.content)) as opened:
        texts.append(opened.read("周会.txt").decode())
    word = open_document(io.BytesIO((await export(api, **{**query, "format": "docx"})).content))

    for text in texts:
        assert "我們今天讨论预算，大家有意見嗎？" in text
    assert "我們今天讨论预算，大家有意見嗎？" == word.paragraphs[3].text


@pytest.mark.parametrize(
    ("script", "lines"),
    [
        ("as_is", ["## 决议", "预算定了。", "## 发言要点"]),
        ("taiwan", ["## 決議", "預算定了。", "## 發言要點"]),
        ("hong_kong", ["## 決議", "預算定了。", "## 發言要點"]),
    ],
)
async def test_minutes_are_written_in_the_script_that_was_chosen(api: Api, script: str, lines: list[str]) -> None:
    path = f"/api/recordings/{api.scenario.recording_id}/minutes/export"

    markdown = await api.ada.get(path, params={"script": script, "template": "weekly"})
    word = await api.ada.get(path, params={"script": script, "template": "weekly", "format": "docx"})

    text = "\n".join(one.text for one in open_document(io.BytesIO(word.content)).paragraphs)
    for line in lines:
        assert line in markdown.text
        assert line.removeprefix("## ") in text


async def test_hotwords_and_names_in_minutes_stay_as_they_are(api: Api) -> None:
    await add_job(api, "预算")

    text = (await api.ada.get(f"/api/recordings/{api.scenario.recording_id}/minutes/export?script=taiwan")).text

    assert "预算定了。" in text


@pytest.mark.parametrize("query", [{"format": "odt"}, {"script": "seal"}, {"times": "perhaps"}])
async def test_unknown_options_are_refused(api: Api, query: dict[str, str]) -> None:
    assert (await export(api, **query)).status_code == 422


async def test_a_missing_pdf_font_is_reported_with_its_fix(api: Api) -> None:
    class PoolWithoutFont(RenderPool):
        async def check(self, format: str) -> list[Path]:
            raise FontMissing

    api.app.state.render_pool = PoolWithoutFont(Path("nowhere"))
    answer = await export(api, format="pdf")

    assert (answer.status_code, answer.json()["code"]) == (503, "font_missing")
    assert "models fetch --set print" in answer.json()["detail"]


async def test_several_transcripts_come_as_a_zip_with_unique_names(api: Api) -> None:
    ids = [api.scenario.recording_id, *await add(api, "周会.wav", "../../etc/passwd", "=cmd")]
    without_transcript = await add(api, "空\n的.m4a", with_transcript=False)

    answer = await api.ada.post(
        "/api/exports", json={"recording_ids": [*ids, *without_transcript, ids[0]], "format": "csv"}
    )

    assert answer.headers["Content-Type"] == "application/zip"
    assert unquote(answer.headers["Content-Disposition"]).startswith("attachment; ")
    with ZipFile(io.BytesIO(answer.content)) as opened:
        assert opened.testzip() is None
        assert opened.namelist() == ["周会.csv", "周会 (2).csv", "etc passwd.csv", "=cmd.csv", "没有文稿.txt"]
        assert opened.read("没有文稿.txt").decode() == "空 的.m4a\n"
        assert "没有意见。" in opened.read("周会.csv").decode()


async def test_a_zip_is_dated_by_the_time_zone_of_its_reader(api: Api) -> None:
    names = []
    for zone in ("Etc/GMT-14", "Etc/GMT+12"):  # 26 hours apart, so that the date is never the same
        await api.change(api.scenario.ada, time_zone=zone)
        body = {"recording_ids": [api.scenario.recording_id]}
        before, answer, after = _today(zone), await api.ada.post("/api/exports", json=body), _today(zone)
        [date] = re.findall(r"\d{4}-\d\d-\d\d", unquote(answer.headers["Content-Disposition"]))[-1:]
        assert date in (before, after)
        names.append(date)

    assert names[0] != names[1]


def _today(zone: str) -> str:
    return f"{datetime.now(ZoneInfo(zone)):%Y-%m-%d}"


async def test_a_zip_contains_own_recordings_only(api: Api) -> None:
    ids = [api.scenario.recording_id]

    foreign = await api.eve.post("/api/exports", json={"recording_ids": ids})
    missing = await api.ada.post("/api/exports", json={"recording_ids": [*ids, "0" * 32]})

    assert {(one.status_code, one.json()["code"]) for one in (foreign, missing)} == {(404, "recording_not_found")}


async def test_a_zip_requires_at_least_one_transcript(api: Api) -> None:
    ids = await add(api, "空.m4a", with_transcript=False)

    answer = await api.ada.post("/api/exports", json={"recording_ids": ids})

    assert (answer.status_code, answer.json()["code"]) == (404, "transcript_not_found")


@pytest.mark.parametrize("ids", [[], ["x"] * 201, "x"])
async def test_a_zip_requires_a_list_of_valid_length(api: Api, ids: object) -> None:
    assert (await api.ada.post("/api/exports", json={"recording_ids": ids})).status_code == 422


async def test_exports_are_logged(api: Api) -> None:
    await export(api, format="csv")
    await api.ada.post("/api/exports", json={"recording_ids": [api.scenario.recording_id], "format": "md"})

    async with api.database.read() as session:
        entries = (await session.scalars(select(AuditEntry).order_by(AuditEntry.number))).all()
    assert [(entry.action, entry.subject_id) for entry in entries] == [("exported", api.scenario.recording_id)] * 2
    assert [entry.facts for entry in entries] == [{"format": "csv", "version": 1}, {"format": "md", "together": 1}]


def test_file_names_are_unique_ignoring_case() -> None:
    assert unique_names(["A.wav", "a.mp3", "a (2)", "没有文稿"], "txt") == [
        "A.txt", "a (2).txt", "a (2) (2).txt", "没有文稿 (2).txt",
    ]  # fmt: skip
