"""The looks of the check, one a promise. Each tells what is wrong, and what to do about it."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, text

from backend.checksums import sha256
from backend.housekeeping.orphans import Orphans
from backend.housekeeping.report import House, Problem, Report
from backend.jobs.tables import FINAL, Job, Kind, Status
from backend.jobs.workspace import SENTENCES, Workspace
from backend.minutes.tables import Minutes, Polish
from backend.recordings.files import Storage
from backend.recordings.tables import Recording
from backend.transcripts import service as transcripts
from backend.transcripts.document import Document, document_from_json, document_to_json, plain_text
from backend.transcripts.export import export
from backend.transcripts.tables import Origin, Transcript

Problems = AsyncIterator[Problem]

_BACKUP = "Bring it back from a backup, or delete the recording."
_ENDED = [status.value for status in FINAL]


async def database_is_whole(house: House, report: Report) -> Problems:
    async with house.ground.database.read() as session:
        if session.get_bind().dialect.name == "sqlite":
            said = (await session.scalars(text("PRAGMA integrity_check"))).all()
            for one in said:
                if one != "ok":
                    yield Problem("DB", "database", str(one), "Stop the server and restore a backup.")
            loose = (await session.execute(text("PRAGMA foreign_key_check"))).all()
            for table, row, parent, _ in loose:
                yield Problem(
                    "DB", f"{table} {row}", f"its {parent} is missing", "Restore a backup, or delete the row."
                )
        report.looked["DB"] = 1


async def originals_are_there(house: House, report: Report) -> Problems:
    async with house.ground.database.read() as session:
        query = select(Recording).where(Recording.original_removed_at.is_(None)).order_by(Recording.id)
        found = (await session.scalars(query)).all()
    for recording in found:
        report.looked["I1"] += 1
        try:
            wrong = await asyncio.to_thread(wrong_original, house.ground.storage, recording, house.hashes)
        except OSError as error:
            wrong = f"it cannot be read ({error.strerror})"
        if wrong:
            yield Problem("I1", recording.id, wrong, _BACKUP)


async def jobs_go_on(house: House, report: Report) -> Problems:
    retry = "Cancel the job and retry it."
    async with house.ground.database.read() as session:
        jobs = (await session.scalars(select(Job).where(Job.status.not_in(_ENDED)))).all()
        never = select(Job.id).where(Job.status.in_(_ENDED), Job.finished_at.is_(None))
        unended = (await session.scalars(never)).all()
        trashed = set(await session.scalars(select(Recording.id).where(Recording.trashed_at.is_not(None))))
    report.looked["I2"] = len(jobs)
    tomorrow = house.now + timedelta(days=1)
    for job in jobs:
        if job.recording_id in trashed:
            yield Problem("I2", job.id, "it is open though its recording lies in the trash", retry)
        elif job.status == Status.QUEUED.value and job.not_before > tomorrow:
            yield Problem("I2", job.id, f"it waits until {job.not_before}", "Check the server's clock. " + retry)
        elif job.status == Status.RUNNING.value:
            if job.runner is None or job.beat_at is None or job.started_at is None:
                yield Problem("I2", job.id, "it runs without a runner, so nobody rescues it", retry)
            elif job.beat_at > tomorrow:
                yield Problem("I2", job.id, "its last beat lies in the future", "Check the server's clock. " + retry)
            elif job.beat_at < house.now - timedelta(seconds=house.rescue_seconds):
                report.notes.append(f"Job {job.id} has lost its runner; a running server rescues it.")
    for id in unended:
        yield Problem("I2", id, "it has ended, but nobody knows when", "Retry the job.")


async def nothing_is_published_twice(house: House, report: Report) -> Problems:
    keep = "Compare the versions and delete the job; the newest version stays."
    async with house.ground.database.read() as session:
        attempts = {id: attempt for id, attempt in await session.execute(select(Job.id, Job.attempt))}
        report.looked["I3"] = len(attempts)
        for table in (Transcript, Minutes, Polish):
            counted = select(table.job_id, func.count()).where(table.job_id.is_not(None)).group_by(table.job_id)
            for job, versions in await session.execute(counted):
                if job in attempts and versions > attempts[job]:
                    what = f"{versions} {table.__tablename__} of {attempts[job]} attempts"
                    yield Problem("I3", job, what, keep)


async def transcripts_are_whole(house: House, report: Report) -> Problems:
    """Recording by recording: what is done has its version, text is that of the document, mirrors are those of the
    newest version."""
    async with house.ground.database.read() as session:
        recordings = (await session.scalars(select(Recording).order_by(Recording.id))).all()
    for recording in recordings:
        async for problem in _of_recording(house, report, recording):
            yield problem


async def files_have_rows(house: House, report: Report) -> Problems:
    report.looked["I5"] += 1
    for item in await Orphans().find(house.ground, house.now):
        mend = "Housekeeping removes it within the hour, or an admin with the clean-up."
        yield Problem("I5", item.id, f"no row names it ({item.bytes} bytes)", mend)


async def rows_have_files(house: House, report: Report) -> Problems:
    """What a browser plays is there wherever a job has ended well. The originals are looked at by I1."""
    done = (Job.kind == Kind.TRANSCRIPT.value) & (Job.status == Status.DONE.value)
    heard = select(Job.id).where(Job.recording_id == Recording.id, done).exists()
    async with house.ground.database.read() as session:
        query = select(Recording.id).where(Recording.audio_removed_at.is_(None), heard)
        ids = (await session.scalars(query)).all()
    storage = house.ground.storage
    for id in ids:
        report.looked["I5"] += 1
        for path in (storage.listening_copy(id), storage.peaks(id)):
            if not await asyncio.to_thread(path.is_file):
                yield Problem("I5", id, f"{path.name} is missing", "Retry its job: it is made from the original.")


async def limits_hold(house: House, report: Report) -> Problems:
    running = select(Job.owner_id, func.count()).where(Job.status == Status.RUNNING.value).group_by(Job.owner_id)
    async with house.ground.database.read() as session:
        counted = {owner: count for owner, count in await session.execute(running)}
    report.looked["I6"] = sum(counted.values())
    mend = "Restart the server; if it comes again, report it with the log."
    if sum(counted.values()) > house.limits.concurrent:
        yield Problem("I6", "queue", f"{sum(counted.values())} jobs run, {house.limits.concurrent} may", mend)
    for owner, count in counted.items():
        if count > house.limits.per_user:
            yield Problem("I6", owner, f"{count} jobs of one user run, {house.limits.per_user} may", mend)


#: In the order in which they are told.
LOOKS: tuple[Callable[[House, Report], Problems], ...] = (
    *(database_is_whole, originals_are_there, jobs_go_on, nothing_is_published_twice),
    *(transcripts_are_whole, files_have_rows, rows_have_files, limits_hold),
)


def wrong_original(storage: Storage, recording: Recording, hashes: bool) -> str | None:
    """What is wrong with the uploaded file or files, if anything is."""
    path = storage.original(recording)
    if not path.is_file():
        return f"{path.name} is missing"
    if recording.extension == "sha256":  # a list of parts, in the format of sha256sum
        if sha256(path) != recording.sha256:
            return "the list of its parts is not what was uploaded"
        for line in path.read_text(encoding="utf-8").splitlines():
            digest, _, name = line.partition("  ")
            part = path.parent / name
            if not part.is_file():
                return f"{name} is missing"
            if hashes and sha256(part) != digest:
                return f"{name} is not what was uploaded"
        return None
    if path.stat().st_size != recording.size or (hashes and sha256(path) != recording.sha256):
        return f"{path.name} is not what was uploaded"
    return None


async def _of_recording(house: House, report: Report, recording: Recording) -> Problems:
    async with house.ground.database.read() as session:
        mine = select(Transcript).where(Transcript.recording_id == recording.id).order_by(Transcript.number)
        versions = (await session.scalars(mine)).all()
        done = select(Job).where(Job.recording_id == recording.id, Job.status == Status.DONE.value)
        jobs = (await session.scalars(done.where(Job.kind == Kind.TRANSCRIPT.value))).all()
    report.looked["I4"] += len(versions)
    documents: dict[str, Document] = {}
    for version in versions:
        document, wrong = await asyncio.to_thread(_read, version)
        if wrong:
            yield Problem("I4", recording.id, f"version {version.number}: {wrong}", "Restore a backup of the database.")
        elif document is not None:
            documents[version.id] = document
    if versions and versions[0].number == 1 and versions[0].origin != Origin.MACHINE.value:
        yield Problem("I4", recording.id, "version 1 is not the machine's", "Restore a backup of the database.")
    for job in jobs:
        made = [version for version in versions if version.job_id == job.id]
        if not made:
            yield Problem("I4", job.id, "it is done, and there is no transcript of it", "Retry the job.")
        elif (document := documents.get(made[-1].id)) is not None:
            workspace = Workspace(house.ground.storage.job_folder(recording.id, job.id))
            sentences = await asyncio.to_thread(workspace.read, SENTENCES)
            if sentences is not None and (missing := not_covered(sentences, document)):
                yield Problem("I4", job.id, missing, "Retry the job, and report it.")
    if recording.trashed_at is None and versions:
        async for problem in _mirror(house, recording):
            yield problem


async def _mirror(house: House, recording: Recording) -> Problems:
    try:
        async with house.ground.database.read() as session:
            newest = await transcripts.newest(session, owner_id=recording.owner_id, recording_id=recording.id)
    except transcripts.TranscriptNotFound:  # deleted meanwhile
        return
    if not newest.mirrored:
        return  # it is on its way
    wrong = await asyncio.to_thread(_wrong_mirror, house.ground.storage, recording.id, newest)
    if wrong:
        mend = "Save the transcript once more, or retry its job: it is written anew."
        yield Problem("I5" if wrong.endswith("missing") else "I4", recording.id, wrong, mend)


def not_covered(sentences: list[dict[str, Any]], document: Document) -> str | None:
    """What of the stretches in which somebody spoke has neither text nor an error in the document."""
    bad = [one for one in sentences if not str(one["text"]).strip() and not one.get("error")]
    if bad:
        return f"{len(bad)} stretches were heard without text and without an error"
    failed = [one for one in sentences if one.get("error") and not str(one["text"]).strip()]
    marks = [segment for segment in document.segments if segment.error]
    for one in failed:
        if not any(mark.start <= one["end"] and one["start"] <= mark.end for mark in marks):
            return f"the stretch at {one['start']:.0f} s could not be recognised, and nothing says so"
    heard = _letters("".join(str(one["text"]) for one in sentences))
    kept = _letters("".join(segment.text for segment in document.segments))
    if heard != kept:
        return (
            f"{(heard - kept).total()} characters that were heard are missing, {(kept - heard).total()} were not heard"
        )
    return None


def _letters(said: str) -> Counter[str]:
    """Without spaces and punctuation, which are set anew when segments are made."""
    return Counter(character for character in said if character.isalnum())


def _read(version: Transcript) -> tuple[Document | None, str | None]:
    try:
        document = document_from_json(version.document)
    except (KeyError, TypeError, ValueError):
        return None, "its document cannot be read"
    return document, None if plain_text(document) == version.text else "its text is not that of its document"


def _wrong_mirror(storage: Storage, id: str, newest: Transcript) -> str | None:
    text_file, json_file = (storage.mirror(id, suffix) for suffix in ("txt", "json"))
    for path in (text_file, json_file):
        if not path.is_file():
            return f"transcripts/{path.name} is missing"
    document, _ = _read(newest)
    if document is None:
        return None  # said already
    try:
        mirrored = json.loads(json_file.read_bytes())
        title = str(mirrored.pop("title"))  # of then: a recording may have another name since
    except (ValueError, KeyError):
        return f"transcripts/{json_file.name} cannot be read"
    mirrored.pop("note", None)
    if mirrored != document_to_json(document):
        return f"transcripts/{json_file.name} is not version {newest.number}"
    if text_file.read_bytes() != export(document, "txt", title):
        return f"transcripts/{text_file.name} is not version {newest.number}"
    return None
