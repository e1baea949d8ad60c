"""A recording of Ada, its document, and a small app with the transcript routes."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI

from backend.accounts import tokens
from backend.accounts.tables import User
from backend.coordination.clock import ServerClock
from backend.database import Database, new_id, utc_now
from backend.errors import install_handlers
from backend.exports.api import transcripts as exports
from backend.recordings.tables import Recording
from backend.settings import Settings
from backend.speech.merge import merge
from backend.speech.types import Sentence
from backend.transcripts import service
from backend.transcripts.api import router
from backend.transcripts.document import Document, from_merged
from backend.transcripts.render_pool import RenderPool
from backend.transcripts.tables import Origin
from tests.speech.talk import said, spoken


@pytest.fixture
def document() -> Document:
    """Two speakers, three segments, and one segment that was not recognised."""
    talk = [
        said("我们今天讨论预算，大家有意见吗？", 1.0),
        said("没有意见。", 5.0),
        Sentence(8.0, 11.0, "", error="engine_failed"),
        said("Python 3.11够用了。", 12.0),
    ]
    merged = merge(talk, spoken(("x", 1.0, 4.75), ("y", 5.0, 6.0), ("x", 12.0, 20.0)))
    return from_merged(merged, duration=20.0, engines={"transcribe": "scripted", "diarize": "scripted-diarizer"})


@dataclass(frozen=True, slots=True)
class TranscriptScenario:
    """Two users and a recording of the first."""

    database: Database
    ada: User
    eve: User
    recording_id: str

    async def publish(self, document: Document) -> None:
        """Publish a version as a job does."""
        async with self.database.write() as session:
            await service.publish(
                session,
                recording_id=self.recording_id,
                owner_id=self.ada.id,
                job_id=new_id(),
                origin=Origin.MACHINE,
                document=document,
            )


@pytest.fixture
async def scenario(database: Database) -> TranscriptScenario:
    async with database.write() as session:
        ada, eve = (User(username=name, username_key=name) for name in ("ada", "eve"))
        session.add_all([ada, eve])
        await session.flush()
        recording = Recording(owner_id=ada.id, name="周会.m4a", extension="m4a", size=1, sha256="0" * 64, duration=20.0)
        session.add(recording)
    return TranscriptScenario(database, ada, eve, recording.id)


@dataclass(frozen=True, slots=True)
class TranscriptApi:
    """The app with Ada's credentials; other headers can be sent."""

    client: httpx.AsyncClient
    path: str
    ada: dict[str, str]
    eve: dict[str, str]


@pytest.fixture
async def api(settings: Settings, scenario: TranscriptScenario) -> AsyncIterator[TranscriptApi]:
    app = FastAPI()
    app.state.settings, app.state.database = settings, scenario.database
    app.state.clock = ServerClock()
    app.state.render_pool = RenderPool(settings.models_dir)
    install_handlers(app)
    app.include_router(router)
    app.include_router(exports.router)

    def bearer(user: User) -> dict[str, str]:
        token = tokens.issue(settings, tokens.Login(user.id, user.token_epoch), utc_now())
        return {"Authorization": f"Bearer {token}"}

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://server", headers=bearer(scenario.ada)) as client:
        yield TranscriptApi(
            client, f"/api/recordings/{scenario.recording_id}/transcript", bearer(scenario.ada), bearer(scenario.eve)
        )
    await app.state.render_pool.close()
