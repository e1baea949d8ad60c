import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, text, update

from backend.accounts.tables import User
from backend.database import new_id
from backend.delivery.tables import Channel, Delivery, DeliveryCursor
from backend.events import log
from backend.events.log import record
from backend.events.repair import repair
from backend.events.tables import Event, EventKind
from backend.housekeeping.check import check_installation, run_check
from backend.housekeeping.report import CheckImpossible, Report
from backend.jobs.queue import Limits
from backend.jobs.tables import Job, Status
from backend.jobs.workspace import SENTENCES, Workspace
from backend.library.tables import Folder, RecordingTag, Tag
from backend.people.tables import Person, Sample
from backend.recordings import service as recordings
from backend.recordings.tables import Recording
from backend.search import rebuild
from backend.search.tables import Passage
from backend.settings import Settings
from backend.transcripts import service as transcripts
from tests.housekeeping.conftest import Installation

LIMITS = Limits(concurrent=3, per_user=2, size=50)


async def run(installation: Installation, **more: object) -> Report:
    url, uploads = installation.settings.database_url, installation.settings.uploads_dir
    return await check_installation(url, uploads, limits=LIMITS, now=installation.now, **more)  # type: ignore[arg-type]


async def found(installation: Installation, **more: object) -> list[tuple[str, str]]:
    return sorted({(problem.invariant, problem.subject) for problem in (await run(installation, **more)).problems})


async def test_a_consistent_installation_is_green(installation: Installation) -> None:
    for _ in range(2):
        await installation.recording()
    await installation.put_in_trash(await installation.recording())

    report = await run(installation)

    assert report.problems == []
    counts = {"DB": 1, "I1": 3, "I2": 0, "I3": 3, "I4": 3, "I5": 4, "I6": 0, "I8": 3, "I9": 3, "I10": 0}
    assert report.checked == counts | {"I11": 0, "I12": 0}


async def test_a_changed_or_missing_original_is_a_problem(installation: Installation) -> None:
    id = await installation.recording()
    (installation.storage.folder(id) / "original.wav").write_bytes(b"RIFF of another..")

    assert await found(installation) == [("I1", id)]
    assert await found(installation, hashes=False) == []  # of the same length

    (installation.storage.folder(id) / "original.wav").unlink()
    assert await found(installation, hashes=False) == [("I1", id)]


async def test_the_parts_of_a_recording_are_checked(installation: Installation) -> None:
    import hashlib

    id = await installation.recording()
    folder = installation.storage.folder(id)
    (folder / "parts").mkdir()
    (folder / "parts" / "0001.wav").write_bytes(b"one")
    listed = f"{hashlib.sha256(b'one').hexdigest()}  parts/0001.wav\n".encode()
    (folder / "original.wav").rename(folder / "original.sha256")
    (folder / "original.sha256").write_bytes(listed)
    async with installation.database.write() as session:
        row = await session.merge(await installation.row(id))
        row.extension, row.sha256 = "sha256", hashlib.sha256(listed).hexdigest()
    assert await found(installation) == []

    (folder / "parts" / "0001.wav").write_bytes(b"two")
    assert await found(installation) == [("I1", id)]


async def test_an_original_removed_by_retention_is_no_problem(installation: Installation) -> None:
    id = await installation.recording()
    (installation.storage.folder(id) / "original.wav").unlink()
    async with installation.database.write() as session:
        (await session.merge(await installation.row(id))).original_removed_at = installation.now

    assert await found(installation) == []


def _running(installation: Installation, **values: object) -> dict[str, object]:
    heartbeat = {"runner": "host:1:1.00", "started_at": installation.now, "heartbeat_at": installation.now}
    return {"status": Status.RUNNING.value, "attempt": 1, "finished_at": None, **heartbeat, **values}


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({}, False),
        ({"heartbeat_at": None}, True),
        ({"runner": None}, True),
        ({"started_at": None}, True),
        ({"heartbeat_at": timedelta(days=400)}, True),
        ({"heartbeat_at": timedelta(minutes=-5)}, False),  # it will be rescued
        ({"status": "queued", "not_before": timedelta(minutes=5)}, False),
        ({"status": "queued", "not_before": timedelta(days=400)}, True),
        ({"status": "failed"}, True),  # without an end time
    ],
)
async def test_every_job_has_ended_waits_or_will_be_rescued(
    installation: Installation, values: dict[str, object], wrong: bool
) -> None:
    id = await installation.recording()
    job = new_id()
    moments = {
        name: installation.now + value if isinstance(value, timedelta) else value for name, value in values.items()
    }
    async with installation.database.write() as session:
        session.add(
            Job(
                **{"id": job, "owner_id": "ada", "recording_id": id, "options": {}, **_running(installation, **moments)}
            )
        )

    report = await run(installation)

    assert [(one.invariant, one.subject) for one in report.problems] == ([("I2", job)] if wrong else [])
    assert bool(report.notes) == (values.get("heartbeat_at") == timedelta(minutes=-5))


async def test_an_open_job_of_a_trashed_recording_is_a_problem(installation: Installation) -> None:
    id = await installation.recording()
    await installation.put_in_trash(id)
    job = new_id()
    async with installation.database.write() as session:
        session.add(Job(id=job, owner_id="ada", recording_id=id, options={}))

    assert await found(installation) == [("I2", job)]


async def test_a_job_published_more_often_than_attempted_is_a_problem(installation: Installation) -> None:
    id = await installation.recording()
    job = await installation.job_of(id)
    await _add_version(installation, id, 2, job)

    assert await found(installation) == [("I3", job)]

    await installation.change_job(job, attempt=2)
    assert await found(installation) == []


async def _add_version(installation: Installation, id: str, number: int, job: str | None) -> None:
    from backend.transcripts.tables import Transcript

    (first,) = await installation.versions(id)
    async with installation.database.write() as session:
        session.add(
            Transcript(
                **{"recording_id": id, "owner_id": "ada", "job_id": job, "number": number, "origin": "machine"},
                **{"document": first.document, "text": first.text, "mirrored": False},
            )
        )


async def _text(installation: Installation, id: str, job: str) -> None:
    async with installation.database.write() as session:
        (await session.merge((await installation.versions(id))[0])).text = "something else"


async def _document(installation: Installation, id: str, job: str) -> None:
    async with installation.database.write() as session:
        (await session.merge((await installation.versions(id))[0])).document = {"segments": []}


async def _no_version(installation: Installation, id: str, job: str) -> None:
    async with installation.database.write() as session:
        await session.delete(await session.merge((await installation.versions(id))[0]))


async def _mirrored_text(installation: Installation, id: str, job: str) -> None:
    installation.storage.mirror(id, "txt").write_text("something else", encoding="utf-8")


async def _mirrored_document(installation: Installation, id: str, job: str) -> None:
    path = installation.storage.mirror(id, "json")
    path.write_text(path.read_text(encoding="utf-8").replace("预算", "演算"), encoding="utf-8")


async def _mirrored_half(installation: Installation, id: str, job: str) -> None:
    path = installation.storage.mirror(id, "json")
    path.write_text(path.read_text(encoding="utf-8")[:50], encoding="utf-8")


async def _more_was_heard(installation: Installation, id: str, job: str) -> None:
    workspace = Workspace(installation.storage.job_folder(id, job))
    rows = await asyncio.to_thread(workspace.read, SENTENCES)
    rows.append({**rows[0], "start": 9.0, "end": 9.9, "text": "这一句不见了。"})
    workspace.write(SENTENCES, rows)


async def _an_error_was_hidden(installation: Installation, id: str, job: str) -> None:
    workspace = Workspace(installation.storage.job_folder(id, job))
    rows = await asyncio.to_thread(workspace.read, SENTENCES)
    rows.append({**rows[1], "start": 100.0, "end": 101.0})
    workspace.write(SENTENCES, rows)


async def _silence_was_kept(installation: Installation, id: str, job: str) -> None:
    workspace = Workspace(installation.storage.job_folder(id, job))
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
async def test_a_done_job_has_its_whole_transcript(
    installation: Installation, harm: Callable[[Installation, str, str], Awaitable[None]], job_is_named: bool
) -> None:
    id = await installation.recording()
    job = await installation.job_of(id)

    await harm(installation, id, job)

    assert ("I4", job if job_is_named else id) in await found(installation)


async def test_a_mirror_with_an_older_title_is_no_problem(installation: Installation) -> None:
    id = await installation.recording()
    async with installation.database.write() as session:
        await recordings.rename(session, owner_id="ada", recording_id=id, name="另一个名字.wav")

    assert await found(installation) == []


async def test_files_without_rows_and_rows_without_files_are_problems(installation: Installation) -> None:
    id, lost, quiet = await installation.recording(), await installation.recording(), await installation.recording()
    await installation.delete_row(lost)
    (installation.storage.folder(id) / "peaks.json").unlink()
    installation.storage.mirror(quiet, "txt").unlink()

    expected = [
        ("I5", id),
        ("I5", lost),
        ("I5", quiet),
        *(("I5", f"transcripts/{lost}.{one}") for one in ("json", "txt")),
    ]
    assert await found(installation) == sorted(expected)

    for path in (
        installation.storage.folder(lost),
        installation.storage.mirror(lost, "txt"),
        installation.storage.mirror(lost, "json"),
    ):
        os.utime(path, (installation.now.timestamp(), installation.now.timestamp()))
    assert await found(installation) == sorted([("I5", id), ("I5", quiet)])  # a delete may be in progress


async def test_more_running_jobs_than_the_limits_allow_are_a_problem(installation: Installation) -> None:
    ids = [await installation.recording(owner) for owner in ("ada", "ada", "ada", "eve")]
    for id in ids:
        await installation.change_job(await installation.job_of(id), **_running(installation))

    assert [one for one in await found(installation) if one[0] == "I6"] == [("I6", "ada"), ("I6", "queue")]


async def test_a_transcript_that_is_not_found_by_its_text_is_a_problem(installation: Installation) -> None:
    recording = await installation.recording()
    async with installation.database.write() as session:
        await session.execute(update(Passage).where(Passage.recording_id == recording).values(text="别的"))

    assert [("I8", recording)] == await found(installation)
    assert 1 == await rebuild.rebuild(installation.database)
    assert [] == await found(installation)


async def test_events_of_a_recording_that_never_was_are_a_problem(installation: Installation) -> None:
    deleted, never_was = await installation.recording(), new_id()
    await installation.delete_row(deleted)
    async with installation.database.write() as session:
        record(session, EventKind.RECORDING_RENAMED, owner_id="ada", recording_id=never_was)

    assert ("I9", never_was) in await found(installation)
    assert ("I9", deleted) not in await found(installation)


async def test_a_gap_in_the_event_log_is_a_problem_until_housekeeping_has_repaired_it(
    installation: Installation,
) -> None:
    for _ in range(3):
        await installation.recording()
    async with installation.database.write() as session:
        await log.number(session)
    assert await found(installation) == []

    async with installation.database.write() as session:
        await session.execute(delete(Event).where(Event.position == 2))
    assert await found(installation) == [("I9", "event log")]

    await repair(installation.database)
    assert await found(installation) == []


@pytest.mark.parametrize(("name", "consents"), [("张三", False), ("李四", True)])
async def test_a_sample_without_a_consent_or_with_another_name_is_a_problem(
    installation: Installation, name: str, consents: bool
) -> None:
    recording = await installation.recording()
    async with installation.database.write() as session:
        newest = await transcripts.newest(session, owner_id="ada", recording_id=recording)
        newest.document = newest.document | {"speakers": [{"id": "S1", "name": "张三"}]}
        person = Person(owner_id="ada", name="张三", consent_at=installation.now if consents else None)
        session.add(person)
        await session.flush()
        known = {"person_id": person.id, "recording_id": recording, "speaker": "S1", "name": name}
        sample = Sample(owner_id="ada", **known, model="m", vector="", seconds=9.0, clips=[])
        session.add(sample)

    problems = await found(installation)

    assert [one for one in problems if one[0] == "I12"] == [("I12", sample.id)]


async def test_a_row_without_its_parent_is_a_problem(installation: Installation) -> None:
    id = await installation.recording()
    async with installation.database.writer.connect() as connection:
        raw = await connection.get_raw_connection()
        cursor = await raw.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
        await cursor.close()
        await connection.execute(text("DELETE FROM recordings"))
        await connection.commit()

    problems = (await run(installation)).problems

    assert {one.what for one in problems if one.invariant == "DB"} == {"its recordings is missing"}
    assert not await asyncio.to_thread(installation.storage.original_named(id, "mp3").exists)


async def test_an_impossible_check_says_why(installation: Installation, settings: Settings, tmp_path: Path) -> None:
    for url, message in (
        (f"sqlite:///{tmp_path}/none.db", "There is no database"),
        ("postgresql://nobody@127.0.0.1:1/none", "cannot be reached"),
    ):
        with pytest.raises(CheckImpossible, match=message):
            await check_installation(url, settings.uploads_dir, limits=LIMITS)
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "empty.db").touch()
    with pytest.raises(CheckImpossible, match="no tables of Meeting ASR"):
        await check_installation(f"sqlite:///{tmp_path}/empty.db", settings.uploads_dir, limits=LIMITS)
    async with installation.database.writer.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(CheckImpossible, match="revision 0001"):
        await run(installation)


async def test_a_delivery_that_nobody_sends_and_a_cursor_past_the_log_are_found(
    installation: Installation,
) -> None:
    id = await installation.recording()
    async with installation.database.write() as session:
        owner = (await session.get_one(Recording, id)).owner_id
        channel = Channel(owner_id=owner, kind="webhook", name="a", sealed_address="", events=[], content="ids")
        session.add(channel)
        await session.flush()
        delivery = Delivery(channel_id=channel.id, kind="x", facts={}, happened_at=installation.now, status="sending")
        session.add_all([delivery, DeliveryCursor(id=1, position=10**9)])

    assert set(await found(installation)) == {("I11", "delivery_cursor"), ("I11", delivery.id)}


async def test_the_check_command_prints_fixes_and_sets_the_exit_status(
    installation: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    id = await installation.recording()
    good = await run(installation)
    (installation.storage.folder(id) / "original.wav").unlink()
    bad = await run(installation)

    def cannot() -> Report:
        raise CheckImpossible("There is no database.")

    assert run_check(lambda: good, as_json=False) == 0
    assert run_check(cannot, as_json=False) == 2
    capsys.readouterr()
    assert run_check(lambda: bad, as_json=True) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["green"], report["problems"][0]["invariant"], report["problems"][0]["subject"]) == (False, "I1", id)
    assert run_check(lambda: bad, as_json=False) == 1
    printed = capsys.readouterr().out
    assert id in printed
    assert "Restore it from a backup" in printed


async def test_a_tag_of_somebody_else_and_a_folder_that_lies_too_deep_are_problems(installation: Installation) -> None:
    recording = await installation.recording()
    async with installation.database.write() as session:
        session.add(User(id="mary", username="mary", username_key="mary"))
        await session.flush()
        session.add(Tag(id="tag", owner_id="mary", name="x", folded="x"))
        for level, parent in enumerate((None, "0", "1", "2")):
            session.add(Folder(id=str(level), owner_id="ada", parent_id=parent, name="x", folded="x"))
            await session.flush()
        session.add(RecordingTag(recording_id=recording, tag_id="tag"))

    assert await found(installation) == sorted([("I10", "3"), ("I10", recording)])
