"""An installation on a disk: users with recordings, jobs, transcripts and all their files, of any age."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from backend import migrations
from backend.accounts.tables import User
from backend.database import Database, connect, new_id, utc_now
from backend.housekeeping.context import HousekeepingContext
from backend.jobs.mirror import mirror_new
from backend.jobs.tables import Job, Status
from backend.jobs.workspace import SENTENCES, Workspace
from backend.library import trash
from backend.recordings.files import Storage
from backend.recordings.tables import Recording
from backend.search import texts
from backend.settings import Settings
from backend.speech.merge import merge
from backend.speech.types import Diarization, Sentence, sentence_to_json
from backend.transcripts import service as transcripts
from backend.transcripts.document import from_merged
from backend.transcripts.render_pool import RenderPool
from backend.transcripts.tables import Origin, Transcript
from tests.speech.talk import said

SOUND = b"RIFF of a meeting"
TALK = [said("今天我们开会。", 0.0), Sentence(3.0, 4.0, "", error="asr_error"), said("预算已经批了。", 5.0)]


class InProcess(RenderPool):
    """Renders without a child: only what is on the disk afterwards matters here."""

    async def run(self, function: Callable[..., bytes], *arguments: object, user_id: str) -> bytes:
        return function(*arguments)


@dataclass
class Installation:
    """Makes recordings whose rows and files are `age` days old."""

    database: Database
    storage: Storage
    context: HousekeepingContext
    settings: Settings
    now: datetime
    render_pool: RenderPool

    async def user(self, name: str) -> str:
        async with self.database.write() as session:
            if await session.get(User, name) is None:
                session.add(User(id=name, username=name, username_key=name))
        return name

    async def recording(self, owner: str = "ada", age: float = 10.0) -> str:
        """A recording that was uploaded, transcribed and mirrored."""
        id, job = new_id(), new_id()
        when = self.now - timedelta(days=age)
        await self.user(owner)
        document = from_merged(merge(TALK, Diarization()), duration=6.0, engines={"transcribe": "scripted"})
        async with self.database.write() as session:
            digest = hashlib.sha256(SOUND).hexdigest()
            session.add(
                Recording(
                    **{"id": id, "owner_id": owner, "name": "周会.wav", "extension": "wav", "size": len(SOUND)},
                    **{"sha256": digest, "duration": 6.0, "created_at": when},
                )
            )
            await session.flush()
            await texts.replace(
                session, owner_id=owner, recording_id=id, kind=texts.Kind.NAME, texts={"name": "周会.wav"}
            )
            session.add(
                Job(
                    **{"id": job, "owner_id": owner, "recording_id": id, "options": {}, "status": Status.DONE.value},
                    **{"attempt": 1, "created_at": when, "started_at": when, "finished_at": when},
                )
            )
            await session.flush()
            version = await transcripts.publish(
                session, recording_id=id, owner_id=owner, job_id=job, origin=Origin.MACHINE, document=document
            )
            version.created_at = when
        await asyncio.to_thread(self._files, id, job)
        await mirror_new(self.database, self.storage, self.render_pool)
        self.age(id, age)
        return id

    def _files(self, id: str, job: str) -> None:
        recording = self.storage.make_folder(self.storage.folder(id))
        for name, data in (("original.wav", SOUND), ("listen.m4a", b"sound"), ("peaks.json", b"{}")):
            (recording / name).write_bytes(data)
        workspace = Workspace(self.storage.make_folder(self.storage.job_folder(id, job)))
        workspace.path("speech.wav").write_bytes(b"wav" * 100)
        workspace.record_checksum("speech.wav")
        workspace.write(SENTENCES, [sentence_to_json(sentence) for sentence in TALK])

    def age(self, id: str, days: float) -> None:
        """Set the age of a recording's files."""
        when = (self.now - timedelta(days=days)).timestamp()
        folder = self.storage.folder(id)
        for path in (folder, *folder.rglob("*"), *self.storage.root.glob(f"transcripts/{id}.*")):
            os.utime(path, (when, when))

    async def put_in_trash(self, id: str, days_ago: float = 0.0) -> None:
        async with self.database.write() as session:
            (await session.get_one(Recording, id)).trashed_at = self.now - timedelta(days=days_ago)

    async def row(self, id: str) -> Recording | None:
        async with self.database.read() as session:
            return await session.get(Recording, id)

    async def job_of(self, id: str) -> str:
        async with self.database.read() as session:
            version = await transcripts.newest(session, owner_id=(await self._owner(id)), recording_id=id)
        assert version.job_id is not None
        return version.job_id

    async def _owner(self, id: str) -> str:
        row = await self.row(id)
        assert row is not None
        return row.owner_id

    async def change_job(self, id: str, **values: object) -> None:
        async with self.database.write() as session:
            job = await session.get_one(Job, id)
            for name, value in values.items():
                setattr(job, name, value)

    async def delete_row(self, id: str) -> None:
        """Delete the row of a recording and leave its files."""
        async with self.database.write() as session:
            await trash.delete(session, id)

    async def versions(self, id: str) -> list[Transcript]:
        async with self.database.read() as session:
            return [
                await transcripts.version(session, owner_id=await self._owner(id), recording_id=id, number=one.number)
                for one in await transcripts.versions(session, owner_id=await self._owner(id), recording_id=id)
            ]

    def files(self, id: str) -> list[str]:
        """The files in a recording's folder."""
        folder = self.storage.folder(id)
        return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
async def installation(settings: Settings) -> AsyncIterator[Installation]:
    """An installation with the schema of the migrations."""
    await asyncio.to_thread(migrations.upgrade, settings.database_url)
    database = connect(settings.database_url)
    storage = Storage(settings.uploads_dir)
    storage.make_folder(settings.uploads_dir)
    context = HousekeepingContext(database, storage)
    yield Installation(database, storage, context, settings, utc_now(), InProcess(settings.models_dir))
    await database.close()


def original(settings: Settings, id: str) -> Path:
    return settings.uploads_dir / id / "original.wav"
