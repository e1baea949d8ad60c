"""The checks, one for each invariant. Each yields problems with how to fix them."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, text

from backend.checksums import sha256
from backend.housekeeping.delivery_invariants import check_deliveries
from backend.housekeeping.event_invariants import check_events
from backend.housekeeping.library_invariants import check_library
from backend.housekeeping.orphans import Orphans
from backend.housekeeping.report import CheckContext, Problem, Report
from backend.jobs.tables import FINAL, Job, Kind, Status
from backend.jobs.workspace import SENTENCES, Workspace
from backend.migrations.drift import missing_parts
from backend.minutes.tables import Minutes, Polish
from backend.people.tables import Person, Sample
from backend.recordings.files import Storage
from backend.recordings.tables import Recording
from backend.search import rebuild as search_index
from backend.search.tables import PassageState
from backend.search.terms import RULES
from backend.transcripts import service as transcripts
from backend.transcripts.document import Document, document_from_json, document_to_json, plain_text
from backend.transcripts.export import export
from backend.transcripts.tables import Origin, Transcript

Problems = AsyncIterator[Problem]

_BACKUP = "Restore it from a backup, or delete the recording."
_ENDED = [status.value for status in FINAL]


async def check_database(context: CheckContext, report: Report) -> Problems:
    async with context.housekeeping.database.read() as session:
        if session.get_bind().dialect.name == "sqlite":
            messages = (await session.scalars(text("PRAGMA integrity_check"))).all()
            for message in messages:
                if message != "ok":
                    yield Problem("DB", "database", str(message), "Stop the server and restore a backup.")
            broken = (await session.execute(text("PRAGMA foreign_key_check"))).all()
            for table, row, parent, _ in broken:
                yield Problem(
                    "DB", f"{table} {row}", f"its {parent} is missing", "Restore a backup, or delete the row."
                )
        for missing in await session.run_sync(lambda sync: missing_parts(sync.connection())):
            remedy = "Start the server: it makes it again." if missing.can_be_made else "Restore a backup."
            report.readable = report.readable and missing.index is not None
            yield Problem("DB", missing.name, "it is missing", remedy)
        report.checked["DB"] = 1


async def check_originals(context: CheckContext, report: Report) -> Problems:
    async with context.housekeeping.database.read() as session:
        query = select(Recording).where(Recording.original_removed_at.is_(None)).order_by(Recording.id)
        found = (await session.scalars(query)).all()
    for recording in found:
        report.checked["I1"] += 1
        try:
            wrong = await asyncio.to_thread(
                problem_of_original, context.housekeeping.storage, recording, context.hashes
            )
        except OSError as error:
            wrong = f"it cannot be read ({error.strerror})"
        if wrong:
            yield Problem("I1", recording.id, wrong, _BACKUP)


async def check_jobs(context: CheckContext, report: Report) -> Problems:
    retry = "Cancel the job and retry it."
    async with context.housekeeping.database.read() as session:
        jobs = (await session.scalars(select(Job).where(Job.status.not_in(_ENDED)))).all()
        without_end = select(Job.id).where(Job.status.in_(_ENDED), Job.finished_at.is_(None))
        ended_without_time = (await session.scalars(without_end)).all()
        trashed = set(await session.scalars(select(Recording.id).where(Recording.trashed_at.is_not(None))))
    report.checked["I2"] = len(jobs)
    tomorrow = context.now + timedelta(days=1)
    for job in jobs:
        if job.recording_id in trashed:
            yield Problem("I2", job.id, "it is open though its recording is in the trash", retry)
        elif job.status == Status.QUEUED.value and job.not_before > tomorrow:
            yield Problem("I2", job.id, f"it waits until {job.not_before}", "Check the server's clock. " + retry)
        elif job.status == Status.RUNNING.value:
            if job.runner is None or job.heartbeat_at is None or job.started_at is None:
                yield Problem("I2", job.id, "it runs without a runner, so it is never rescued", retry)
            elif job.heartbeat_at > tomorrow:
                yield Problem("I2", job.id, "its last heartbeat is in the future", "Check the server's clock. " + retry)
            elif job.heartbeat_at < context.now - timedelta(seconds=context.rescue_seconds):
                report.notes.append(f"Job {job.id} has lost its runner; a running server rescues it.")
    for id in ended_without_time:
        yield Problem("I2", id, "it has ended, but has no end time", "Retry the job.")


async def check_publications(context: CheckContext, report: Report) -> Problems:
    mend = "Compare the versions and delete the job; the newest version stays."
    async with context.housekeeping.database.read() as session:
        attempts = {id: attempt for id, attempt in await session.execute(select(Job.id, Job.attempt))}
        report.checked["I3"] = len(attempts)
        for table in (Transcript, Minutes, Polish):
            counted = select(table.job_id, func.count()).where(table.job_id.is_not(None)).group_by(table.job_id)
            for job, versions in await session.execute(counted):
                if job in attempts and versions > attempts[job]:
                    what = f"{versions} {table.__tablename__} of {attempts[job]} attempts"
                    yield Problem("I3", job, what, mend)


async def check_transcripts(context: CheckContext, report: Report) -> Problems:
    """For each recording: done jobs have a version, texts match their documents, mirrors match the newest version."""
    async with context.housekeeping.database.read() as session:
        recordings = (await session.scalars(select(Recording).order_by(Recording.id))).all()
    for recording in recordings:
        async for problem in _check_recording(context, report, recording):
            yield problem


async def check_files_have_rows(context: CheckContext, report: Report) -> Problems:
    report.checked["I5"] += 1
    for item in await Orphans().find(context.housekeeping, context.now):
        mend = "Housekeeping removes it within the hour, or an admin with the clean-up."
        yield Problem("I5", item.id, f"no row names it ({item.bytes} bytes)", mend)


async def check_rows_have_files(context: CheckContext, report: Report) -> Problems:
    """The files for the browser exist if a transcript job is done. Originals are checked by I1."""
    done = (Job.kind == Kind.TRANSCRIPT.value) & (Job.status == Status.DONE.value)
    is_transcribed = select(Job.id).where(Job.recording_id == Recording.id, done).exists()
    async with context.housekeeping.database.read() as session:
        query = select(Recording.id).where(Recording.audio_removed_at.is_(None), is_transcribed)
        ids = (await session.scalars(query)).all()
    storage = context.housekeeping.storage
    for id in ids:
        report.checked["I5"] += 1
        for path in (storage.listening_copy(id), storage.peaks(id)):
            if not await asyncio.to_thread(path.is_file):
                yield Problem("I5", id, f"{path.name} is missing", "Retry its job: it is made again from the original.")


async def check_limits(context: CheckContext, report: Report) -> Problems:
    running = select(Job.owner_id, func.count()).where(Job.status == Status.RUNNING.value).group_by(Job.owner_id)
    async with context.housekeeping.database.read() as session:
        counted = {owner: count for owner, count in await session.execute(running)}
    report.checked["I6"] = sum(counted.values())
    mend = "Restart the server. If it happens again, report it with the log."
    if sum(counted.values()) > context.limits.concurrent:
        yield Problem(
            "I6", "queue", f"{sum(counted.values())} jobs run, the limit is {context.limits.concurrent}", mend
        )
    for owner, count in counted.items():
        if count > context.limits.per_user:
            yield Problem("I6", owner, f"{count} jobs of one user run, the limit is {context.limits.per_user}", mend)


async def check_passages(context: CheckContext, report: Report) -> Problems:
    async with context.housekeeping.database.read() as session:
        query = select(PassageState.recording_id).where(PassageState.rules == RULES)
        indexed = (await session.scalars(query.order_by(PassageState.recording_id))).all()
        waiting = await search_index.count_missing(session)
    report.checked["I8"] = len(indexed)
    if waiting:
        report.notes.append(f"{waiting} recordings are not in the index of the search yet; a running server adds them.")
    for recording in indexed:
        async with context.housekeeping.database.read() as session:
            wrong = await search_index.differences(session, recording)
        if wrong:
            what = f"{len(wrong)} texts are not found by their words, or by others"
            yield Problem("I8", recording, what, "Run: python -m backend search rebuild")


async def check_samples(context: CheckContext, report: Report) -> Problems:
    """For each sample of a voice: the person consents, and the speaker has the name in the newest transcript."""
    async with context.housekeeping.database.read() as session:
        query = select(Sample, Person.consent_at).join(Person, Person.id == Sample.person_id).order_by(Sample.id)
        samples = (await session.execute(query)).all()
    report.checked["I12"] = len(samples)
    for sample, consent_at in samples:
        async with context.housekeeping.database.read() as session:
            newest = await search_index.newest_transcript(session, sample.recording_id)
        speakers = [] if newest is None else newest.document.get("speakers", [])
        called = [speaker.get("name") for speaker in speakers if speaker.get("id") == sample.speaker]
        mend = "Delete the sample on the page of people."
        if consent_at is None:
            yield Problem("I12", sample.id, "its person has not consented", mend)
        elif called != [sample.name]:
            yield Problem("I12", sample.id, "its speaker is not called so any more", mend)


#: In the order of the report.
CHECKS: tuple[Callable[[CheckContext, Report], Problems], ...] = (
    *(check_database, check_originals, check_jobs, check_publications),
    *(check_transcripts, check_files_have_rows, check_rows_have_files, check_limits, check_passages),
    *(check_events, check_library, check_deliveries, check_samples),
)


def problem_of_original(storage: Storage, recording: Recording, hashes: bool) -> str | None:
    """What is wrong with the uploaded file or files, or None."""
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


async def _check_recording(context: CheckContext, report: Report, recording: Recording) -> Problems:
    async with context.housekeeping.database.read() as session:
        mine = select(Transcript).where(Transcript.recording_id == recording.id).order_by(Transcript.number)
        versions = (await session.scalars(mine)).all()
        done = select(Job).where(Job.recording_id == recording.id, Job.status == Status.DONE.value)
        jobs = (await session.scalars(done.where(Job.kind == Kind.TRANSCRIPT.value))).all()
    report.checked["I4"] += len(versions)
    documents: dict[str, Document] = {}
    for version in versions:
        document, wrong = await asyncio.to_thread(_read, version)
        if wrong:
            yield Problem("I4", recording.id, f"version {version.number}: {wrong}", "Restore a backup of the database.")
        elif document is not None:
            documents[version.id] = document
    if versions and versions[0].number == 1 and versions[0].origin != Origin.MACHINE.value:
        yield Problem("I4", recording.id, "version 1 is not by the machine", "Restore a backup of the database.")
    for job in jobs:
        made = [version for version in versions if version.job_id == job.id]
        if not made:
            yield Problem("I4", job.id, "it is done, but has no transcript", "Retry the job.")
        elif (document := documents.get(made[-1].id)) is not None:
            workspace = Workspace(context.housekeeping.storage.job_folder(recording.id, job.id))
            sentences = await asyncio.to_thread(workspace.read, SENTENCES)
            if sentences is not None and (missing := missing_text(sentences, document)):
                yield Problem("I4", job.id, missing, "Retry the job, and report it.")
    if recording.trashed_at is None and versions:
        async for problem in _check_mirror(context, recording):
            yield problem


async def _check_mirror(context: CheckContext, recording: Recording) -> Problems:
    try:
        async with context.housekeeping.database.read() as session:
            newest = await transcripts.newest(session, owner_id=recording.owner_id, recording_id=recording.id)
    except transcripts.TranscriptNotFound:  # deleted meanwhile
        return
    if not newest.mirrored:
        return  # it will be mirrored soon
    wrong = await asyncio.to_thread(_problem_of_mirror, context.housekeeping.storage, recording.id, newest)
    if wrong:
        mend = "Save the transcript again, or retry its job: the file is written again."
        yield Problem("I5" if wrong.endswith("missing") else "I4", recording.id, wrong, mend)


def missing_text(sentences: list[dict[str, Any]], document: Document) -> str | None:
    """What part of the recognised speech has neither text nor an error in the document, or None."""
    bad = [one for one in sentences if not str(one["text"]).strip() and not one.get("error")]
    if bad:
        return f"{len(bad)} stretches of speech have neither text nor an error"
    failed = [one for one in sentences if one.get("error") and not str(one["text"]).strip()]
    failed_segments = [segment for segment in document.segments if segment.error]
    for one in failed:
        if not any(segment.start <= one["end"] and one["start"] <= segment.end for segment in failed_segments):
            return f"the stretch at {one['start']:.0f} s could not be recognised, and no segment says so"
    recognised = _letters("".join(str(one["text"]) for one in sentences))
    stored = _letters("".join(segment.text for segment in document.segments))
    if recognised != stored:
        missing, added = (recognised - stored).total(), (stored - recognised).total()
        return f"{missing} recognised characters are missing, {added} were not recognised"
    return None


def _letters(text: str) -> Counter[str]:
    """The characters without spaces and punctuation, which are set again when segments are made."""
    return Counter(character for character in text if character.isalnum())


def _read(version: Transcript) -> tuple[Document | None, str | None]:
    try:
        document = document_from_json(version.document)
    except (KeyError, TypeError, ValueError):
        return None, "its document cannot be read"
    return document, None if plain_text(document) == version.text else "its text is not that of its document"


def _problem_of_mirror(storage: Storage, id: str, newest: Transcript) -> str | None:
    text_file, json_file = (storage.mirror(id, suffix) for suffix in ("txt", "json"))
    for path in (text_file, json_file):
        if not path.is_file():
            return f"transcripts/{path.name} is missing"
    document, _ = _read(newest)
    if document is None:
        return None  # reported already
    try:
        mirrored = json.loads(json_file.read_bytes())
        title = str(mirrored.pop("title"))  # of that time: the recording may have been renamed
    except (ValueError, KeyError):
        return f"transcripts/{json_file.name} cannot be read"
    mirrored.pop("note", None)
    if mirrored != document_to_json(document):
        return f"transcripts/{json_file.name} is not version {newest.number}"
    if text_file.read_bytes() != export(document, "txt", title):
        return f"transcripts/{text_file.name} is not version {newest.number}"
    return None
