import csv
import io
from pathlib import Path
from urllib.parse import unquote
from zipfile import ZipFile

import httpx
import pytest
from docx import Document as open_document
from sqlalchemy import select

from backend.accounts.tables import AuditEntry
from backend.database import new_id
from backend.exports.zips import unique_names
from backend.recordings.tables import Recording
from backend.transcripts import service as transcripts
from backend.transcripts.fonts import FontMissing
from backend.transcripts.press import Press
from backend.transcripts.tables import Origin
from tests.shares.conftest import House


async def export(house: House, **query: object) -> httpx.Response:
    return await house.ada.get(f"/api/recordings/{house.home.recording_id}/export", params=query)


async def add(house: House, *names: str, with_transcript: bool = True) -> list[str]:
    """More recordings of Ada's."""
    ids = []
    async with house.database.write() as session:
        for name in names:
            facts = {"extension": "m4a", "size": 1, "sha256": "0" * 64, "duration": 20.0}
            recording = Recording(owner_id=house.home.ada.id, name=name, **facts)
            session.add(recording)
            await session.flush()
            ids.append(recording.id)
            if with_transcript:
                await transcripts.publish(
                    session, recording_id=recording.id, owner_id=house.home.ada.id, job_id=new_id(),
                    origin=Origin.MACHINE, document=house.document,
                )  # fmt: skip
    return ids


async def test_a_file_is_named_after_its_recording(house: House) -> None:
    answer = await export(house, format="docx")

    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert unquote(answer.headers["Content-Disposition"]).endswith("''周会.docx")
    assert (answer.headers["X-Content-Type-Options"], answer.headers["Cache-Control"]) == ("nosniff", "no-store")
    assert open_document(io.BytesIO(answer.content)).paragraphs[3].text == "我们今天讨论预算，大家有意见吗？"


async def test_every_choice_is_heard(house: House) -> None:
    query = {"times": False, "speakers": False, "punctuation": False, "script": "traditional"}

    text = (await export(house, format="txt", **query)).text
    table = (await export(house, format="csv", bom=False, **query)).text

    assert "我們今天討論預算 大家有意見嗎\n\n沒有意見\n" in text
    assert "00:00" not in text
    assert "发言人" not in text
    assert next(csv.reader(io.StringIO(table))) == ["文字"]


@pytest.mark.parametrize("query", [{"format": "odt"}, {"script": "seal"}, {"times": "perhaps"}])
async def test_what_there_is_not_is_refused(house: House, query: dict[str, str]) -> None:
    assert (await export(house, **query)).status_code == 422


async def test_a_pdf_without_a_font_says_what_to_do(house: House) -> None:
    class Fontless(Press):
        async def check(self, format: str) -> list[Path]:
            raise FontMissing

    house.app.state.press = Fontless(Path("nowhere"))
    answer = await export(house, format="pdf")

    assert (answer.status_code, answer.json()["code"]) == (503, "font_missing")
    assert "models fetch --set print" in answer.json()["detail"]


async def test_several_come_as_a_zip_with_names_of_their_own(house: House) -> None:
    ids = [house.home.recording_id, *await add(house, "周会.wav", "../../etc/passwd", "=cmd")]
    silent = await add(house, "空\n的.m4a", with_transcript=False)

    answer = await house.ada.post("/api/exports", json={"recording_ids": [*ids, *silent, ids[0]], "format": "csv"})

    assert answer.headers["Content-Type"] == "application/zip"
    assert unquote(answer.headers["Content-Disposition"]).startswith("attachment; ")
    with ZipFile(io.BytesIO(answer.content)) as opened:
        assert opened.testzip() is None
        assert opened.namelist() == ["周会.csv", "周会 (2).csv", "etc passwd.csv", "=cmd.csv", "没有文稿.txt"]
        assert opened.read("没有文稿.txt").decode() == "空 的.m4a\n"
        assert "没有意见。" in opened.read("周会.csv").decode()


async def test_a_zip_is_of_ones_own_recordings_only(house: House) -> None:
    ids = [house.home.recording_id]

    foreign = await house.eve.post("/api/exports", json={"recording_ids": ids})
    missing = await house.ada.post("/api/exports", json={"recording_ids": [*ids, "0" * 32]})

    assert {(one.status_code, one.json()["code"]) for one in (foreign, missing)} == {(404, "recording_not_found")}


async def test_where_nothing_was_heard_there_is_no_zip(house: House) -> None:
    ids = await add(house, "空.m4a", with_transcript=False)

    answer = await house.ada.post("/api/exports", json={"recording_ids": ids})

    assert (answer.status_code, answer.json()["code"]) == (404, "transcript_not_found")


@pytest.mark.parametrize("ids", [[], ["x"] * 201, "x"])
async def test_a_zip_wants_a_list_of_some(house: House, ids: object) -> None:
    assert (await house.ada.post("/api/exports", json={"recording_ids": ids})).status_code == 422


async def test_what_was_taken_away_is_noted(house: House) -> None:
    await export(house, format="csv")
    await house.ada.post("/api/exports", json={"recording_ids": [house.home.recording_id], "format": "md"})

    async with house.database.read() as session:
        entries = (await session.scalars(select(AuditEntry).order_by(AuditEntry.number))).all()
    assert [(entry.action, entry.subject_id) for entry in entries] == [("exported", house.home.recording_id)] * 2
    assert [entry.facts for entry in entries] == [{"format": "csv", "version": 1}, {"format": "md", "together": 1}]


def test_names_differ_also_where_capitals_do_not_count() -> None:
    assert unique_names(["A.wav", "a.mp3", "a (2)", "没有文稿"], "txt") == [
        "A.txt", "a (2).txt", "a (2) (2).txt", "没有文稿 (2).txt",
    ]  # fmt: skip
