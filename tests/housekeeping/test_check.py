import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from backend.database import new_id
from backend.housekeeping.check import check_house, run_check
from backend.housekeeping.report import CannotLook, Report
from backend.jobs.queue import Limits
from backend.jobs.tables import Job, Status
from backend.jobs.workspace import SENTENCES, Workspace
from backend.settings import Settings
from tests.housekeeping.conftest import Place

LIMITS = Limits(concurrent=3, per_user=2, size=50)


async def checked(place: Place, **more: object) -> Report:
    url, uploads = place.settings.database_url, place.settings.uploads_dir
    return await check_house(url, uploads, limits=LIMITS, now=place.now, **more)  # type: ignore[arg-type]


async def found(place: Place, **more: object) -> list[tuple[str, str]]:
    return sorted({(problem.invariant, problem.subject) for problem in (await checked(place, **more)).problems})


async def test_a_house_in_order_is_green(place: Place) -> None:
    for _ in range(2):
        await place.recording()
    await place.put_in_trash(await place.recording())

    report = await checked(place)

    assert report.problems == []
    assert report.looked == {"DB": 1, "I1": 3, "I2": 0, "I3": 3, "I4": 3, "I5": 4, "I6": 0}


async def test_an_original_that_is_not_what_was_uploaded(place: Place) -> None:
    id = await place.recording()
    (place.storage.folder(id) / "original.wav").write_bytes(b"RIFF of another..")

    assert await found(place) == [("I1", id)]
    assert await found(place, hashes=False) == []  # of the same length

    (place.storage.folder(id) / "original.wav").unlink()
    assert await found(place, hashes=False) == [("I1", id)]


async def test_the_parts_of_a_recording_in_several(place: Place) -> None:
    import hashlib

    id = await place.recording()
    folder = place.storage.folder(id)
    (folder / "parts").mkdir()
    (folder / "parts" / "0001.wav").write_bytes(b"one")
    listed = f"{hashlib.sha256(b'one').hexdigest()}  parts/0001.wav\n".encode()
    (folder / "original.wav").rename(folder / "original.sha256")
    (folder / "original.sha256").write_bytes(listed)
    async with place.database.write() as session:
        row = await session.merge(await place.row(id))
        row.extension, row.sha256 = "sha256", hashlib.sha256(listed).hexdigest()
    assert await found(place) == []

    (folder / "parts" / "0001.wav").write_bytes(b"two")
    assert await found(place) == [("I1", id)]


async def test_an_original_that_retention_took_is_not_missed(place: Place) -> None:
    id = await place.recording()
    (place.storage.folder(id) / "original.wav").unlink()
    async with place.database.write() as session:
        (await session.merge(await place.row(id))).original_removed_at = place.now

    assert await found(place) == []


def _running(place: Place, **values: object) -> dict[str, object]:
    beat = {"runner": "host:1:1.00", "started_at": place.now, "beat_at": place.now}
    return {"status": Status.RUNNING.value, "attempt": 1, "finished_at": None, **beat, **values}


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({}, False),
        ({"beat_at": None}, True),
        ({"runner": None}, True),
        ({"started_at": None}, True),
        ({"beat_at": timedelta(days=400)}, True),
        ({"beat_at": timedelta(minutes=-5)}, False),  # it will be rescued
        ({"status": "queued", "not_before": timedelta(minutes=5)}, False),
        ({"status": "queued", "not_before": timedelta(days=400)}, True),
        ({"status": "failed"}, True),  # and nobody knows when
    ],
)
async def test_every_job_goes_on_or_has_ended(place: Place, values: dict[str, object], wrong: bool) -> None:
    id = await place.recording()
    job = new_id()
    moments = {name: place.now + value if isinstance(value, timedelta) else value for name, value in values.items()}
    async with place.database.write() as session:
        session.add(
            Job(**{"id": job, "owner_id": "ada", "recording_id": id, "options": {}, **_running(place, **moments)})
        )

    report = await checked(place)

    assert [(one.invariant, one.subject) for one in report.problems] == ([("I2", job)] if wrong else [])
    assert bool(report.notes) == (values.get("beat_at") == timedelta(minutes=-5))


async def test_an_open_job_of_what_is_in_the_trash(place: Place) -> None:
    id = await place.recording()
    await place.put_in_trash(id)
    job = new_id()
    async with place.database.write() as session:
        session.add(Job(id=job, owner_id="ada", recording_id=id, options={}))

    assert await found(place) == [("I2", job)]


async def test_a_job_that_published_more_often_than_it_ran(place: Place) -> None:
    id = await place.recording()
    job = await place.job_of(id)
    await _add_version(place, id, 2, job)

    assert await found(place) == [("I3", job)]

    await place.change_job(job, attempt=2)
    assert await found(place) == []


async def _add_version(place: Place, id: str, number: int, job: str | None) -> None:
    from backend.transcripts.tables import Transcript

    (first,) = await place.versions(id)
    async with place.database.write() as session:
        session.add(
            Transcript(
                **{"recording_id": id, "owner_id": "ada", "job_id": job, "number": number, "origin": "machine"},
                **{"document": first.document, "text": first.text, "mirrored": False},
            )
        )


async def _text(place: Place, id: str, job: str) -> None:
    async with place.database.write() as session:
        (await session.merge((await place.versions(id))[0])).text = "something else"


async def _document(place: Place, id: str, job: str) -> None:
    async with place.database.write() as session:
        (await session.merge((await place.versions(id))[0])).document = {"segments": []}


async def _no_version(place: Place, id: str, job: str) -> None:
    async with place.database.write() as session:
        await session.delete(await session.merge((await place.versions(id))[0]))


async def _mirrored_text(place: Place, id: str, job: str) -> None:
    place.storage.mirror(id, "txt").write_text("something else", encoding="utf-8")


async def _mirrored_document(place: Place, id: str, job: str) -> None:
    path = place.storage.mirror(id, "json")
    path.write_text(path.read_text(encoding="utf-8").replace("预算", "演算"), encoding="utf-8")


async def _mirrored_half(place: Place, id: str, job: str) -> None:
    path = place.storage.mirror(id, "json")
    path.write_text(path.read_text(encoding="utf-8")[:50], encoding="utf-8")


async def _more_was_heard(place: Place, id: str, job: str) -> None:
    workspace = Workspace(place.storage.job_folder(id, job))
    rows = await asyncio.to_thread(workspace.read, SENTENCES)
    rows.append({**rows[0], "start": 9.0, "end": 9.9, "text": "这一句不见了。"})
    workspace.write(SENTENCES, rows)


async def _an_error_was_hidden(place: Place, id: str, job: str) -> None:
    workspace = Workspace(place.storage.job_folder(id, job))
    rows = await asyncio.to_thread(workspace.read, SENTENCES)
    rows.append({**rows[1], "start": 100.0, "end": 101.0})
    workspace.write(SENTENCES, rows)


async def _silence_was_kept(place: Place, id: str, job: str) -> None:
    workspace = Workspace(place.storage.job_folder(id, job))
    rows = await asyncio.to_thread(workspace.read, SENTENCES)
    rows[1]["error"] = None
    workspace.write(SENTENCES, rows)


@pytest.mark.parametrize(
    ("harm", "job_is_named"),
    [
        (_text, False),
        (_document, False),
        (_no_version, True),
        (_mirrored_text, False),
        (_mirrored_document, False),
        (_mirrored_half, False),
        (_more_was_heard, True),
        (_an_error_was_hidden, True),
        (_silence_was_kept, True),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_what_is_done_has_all_of_its_transcript(
    place: Place, harm: Callable[[Place, str, str], Awaitable[None]], job_is_named: bool
) -> None:
    id = await place.recording()
    job = await place.job_of(id)

    await harm(place, id, job)

    assert ("I4", job if job_is_named else id) in await found(place)


async def test_a_mirror_under_the_name_of_then_is_right(place: Place) -> None:
    id = await place.recording()
    async with place.database.write() as session:
        (await session.merge(await place.row(id))).name = "另一个名字.wav"

    assert await found(place) == []


async def test_files_and_rows_need_each_other(place: Place) -> None:
    id, lost, quiet = await place.recording(), await place.recording(), await place.recording()
    await place.forget(lost)
    (place.storage.folder(id) / "peaks.json").unlink()
    place.storage.mirror(quiet, "txt").unlink()

    expected = [
        ("I5", id),
        ("I5", lost),
        ("I5", quiet),
        *(("I5", f"transcripts/{lost}.{one}") for one in ("json", "txt")),
    ]
    assert await found(place) == sorted(expected)

    for path in (place.storage.folder(lost), place.storage.mirror(lost, "txt"), place.storage.mirror(lost, "json")):
        os.utime(path, (place.now.timestamp(), place.now.timestamp()))
    assert await found(place) == sorted([("I5", id), ("I5", quiet)])  # a delete may be under way


async def test_more_jobs_than_may_run(place: Place) -> None:
    ids = [await place.recording(owner) for owner in ("ada", "ada", "ada", "eve")]
    for id in ids:
        await place.change_job(await place.job_of(id), **_running(place))

    assert [one for one in await found(place) if one[0] == "I6"] == [("I6", "ada"), ("I6", "queue")]


async def test_a_row_whose_parent_is_gone(place: Place) -> None:
    id = await place.recording()
    async with place.database.writer.connect() as connection:
        raw = await connection.get_raw_connection()
        cursor = await raw.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
        await cursor.close()
        await connection.execute(text("DELETE FROM recordings"))
        await connection.commit()

    problems = (await checked(place)).problems

    assert {one.what for one in problems if one.invariant == "DB"} == {"its recordings is missing"}
    assert not await asyncio.to_thread(place.storage.original_named(id, "mp3").exists)


async def test_what_cannot_be_looked_at_is_said(place: Place, settings: Settings, tmp_path: Path) -> None:
    for url, said in (
        (f"sqlite:///{tmp_path}/none.db", "There is no database"),
        ("postgresql://nobody@127.0.0.1:1/none", "cannot be reached"),
    ):
        with pytest.raises(CannotLook, match=said):
            await check_house(url, settings.uploads_dir, limits=LIMITS)
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "empty.db").touch()
    with pytest.raises(CannotLook, match="no tables of ours"):
        await check_house(f"sqlite:///{tmp_path}/empty.db", settings.uploads_dir, limits=LIMITS)
    async with place.database.writer.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(CannotLook, match="revision 0001"):
        await checked(place)


async def test_operators_get_an_exit_status_and_what_to_do(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    id = await place.recording()
    good = await checked(place)
    (place.storage.folder(id) / "original.wav").unlink()
    bad = await checked(place)

    def cannot() -> Report:
        raise CannotLook("There is no database.")

    assert run_check(lambda: good, as_json=False) == 0
    assert run_check(cannot, as_json=False) == 2
    capsys.readouterr()
    assert run_check(lambda: bad, as_json=True) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["green"], told["problems"][0]["invariant"], told["problems"][0]["subject"]) == (False, "I1", id)
    assert run_check(lambda: bad, as_json=False) == 1
    printed = capsys.readouterr().out
    assert id in printed
    assert "Bring it back from a backup" in printed
