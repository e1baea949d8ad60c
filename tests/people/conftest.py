"""Recordings of Ada with known voices, and a small app with the routes of people."""

import json
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI

from backend.accounts import tokens
from backend.accounts.tables import User
from backend.coordination.clock import ServerClock
from backend.database import Database, utc_now
from backend.errors import install_handlers
from backend.jobs.tables import Job, Status
from backend.jobs.voices import UNSEALED_VOICES, seal
from backend.jobs.workspace import Workspace
from backend.library.api import trash
from backend.people.api import people, speakers
from backend.recordings.files import Storage
from backend.recordings.tables import Recording
from backend.settings import Settings
from backend.speech.types import Segment
from backend.speech.voices import Voice, voices_to_json
from backend.transcripts import api as transcripts
from backend.transcripts import service
from backend.transcripts.document import Document, Speaker
from backend.transcripts.tables import Origin
from backend.voice_settings import Voices

MODEL = "pyannote-3.1"
CONSENT = {"at": "2026-11-02T09:00:00+08:00", "how": "口头，周会开始时"}


def vector(degrees: float) -> tuple[float, ...]:
    """Two voices are as alike as the cosine of the angle between them."""
    return math.cos(math.radians(degrees)), math.sin(math.radians(degrees))


@dataclass(slots=True)
class Meetings:
    """The app, with a client for Ada and one for Eve, who owns nothing."""

    app: FastAPI
    database: Database
    settings: Settings
    owner: User
    ada: httpx.AsyncClient
    eve: httpx.AsyncClient

    async def record(self, *degrees: float, seconds: float = 30.0, model: str = MODEL) -> str:
        """A recording in which one speaker after the other talks that long; their voices lie in these directions."""
        times = [(number * seconds, (number + 1) * seconds) for number in range(len(degrees))]
        speakers = tuple(Speaker(f"S{number}") for number in range(1, len(degrees) + 1))
        segments = tuple(
            Segment(f"p{number}", start, end, "大家好。", speaker=speakers[number].id)
            for number, (start, end) in enumerate(times)
        )
        sounds = [
            Voice(f"SPEAKER_{number:02}", vector(angle), (span,))
            for number, (angle, span) in enumerate(zip(degrees, times, strict=True))
        ]
        async with self.database.write() as session:
            recording = Recording(owner_id=self.owner.id, name="周会.m4a", extension="m4a", size=1, sha256="0" * 64)
            session.add(recording)
            await session.flush()
            job = Job(owner_id=self.owner.id, recording_id=recording.id, options={}, status=Status.DONE.value)
            session.add(job)
            await session.flush()
            await service.publish(
                session,
                recording_id=recording.id,
                owner_id=self.owner.id,
                job_id=job.id,
                origin=Origin.MACHINE,
                document=Document(len(degrees) * seconds, speakers, segments),
            )
        folder = Storage(self.settings.uploads_dir).job_folder(recording.id, job.id)
        folder.mkdir(parents=True)
        (folder / UNSEALED_VOICES).write_text(json.dumps(voices_to_json(model, sounds)))
        seal(Workspace(folder), self.settings.secret_key.get_secret_value(), {})
        return recording.id

    async def add(self, name: str, *, consents: bool = True) -> str:
        body = {"name": name} | ({"consent": CONSENT} if consents else {})
        added = (await self.ada.post("/api/people", json=body)).raise_for_status()
        return str(added.json()["id"])

    async def accept(self, recording: str, speaker: str, person: str) -> dict[str, object]:
        path = f"/api/recordings/{recording}/people/{speaker}"
        accepted = (await self.ada.put(path, json={"person_id": person})).raise_for_status()
        return dict(accepted.json())

    async def rename(self, recording: str, speaker: str, name: str | None) -> None:
        path = f"/api/recordings/{recording}/transcript/speakers/{speaker}"
        (await self.ada.patch(path, json={"name": name})).raise_for_status()

    async def suggested(self, recording: str) -> dict[str, str]:
        """The suggested people, by speaker."""
        answer = (await self.ada.get(f"/api/recordings/{recording}/people")).raise_for_status().json()
        rows = answer["speakers"]
        return {row["speaker"]: row["suggestion"]["person_id"] for row in rows if row["suggestion"]}

    def turn(self, voices: Voices) -> None:
        self.app.state.settings = self.settings.model_copy(update={"voices": voices})


@pytest.fixture
async def meetings(settings: Settings, database: Database) -> AsyncIterator[Meetings]:
    app = FastAPI()
    install_handlers(app)
    app.state.clock = ServerClock()
    for module in (people, speakers, transcripts, trash):
        app.include_router(module.router)
    async with database.write() as session:
        users = [User(username=name, username_key=name) for name in ("ada", "eve")]
        session.add_all(users)

    def client(user: User) -> httpx.AsyncClient:
        token = tokens.issue(settings, tokens.Login(user.id, user.token_epoch), utc_now())
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server", headers=headers)

    app.state.database = database
    async with client(users[0]) as ada, client(users[1]) as eve:
        made = Meetings(app, database, settings, users[0], ada, eve)
        made.turn(Voices.OWN)
        yield made
