"""A recording of ada with transcript, minutes and audio, and a small app with the routes of exports and shares."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI

from backend.accounts import tokens
from backend.accounts.passwords import Passwords
from backend.accounts.tables import User
from backend.accounts.throttle import Throttle
from backend.coordination.clock import ServerClock
from backend.database import Database, utc_now
from backend.errors import install_handlers
from backend.exports.api import minutes as minutes_exports
from backend.exports.api import shared_written_form, written_form
from backend.exports.api import transcripts as transcript_exports
from backend.minutes import service as minutes
from backend.minutes.schema import MinutesContent
from backend.minutes.templates import BUILT_IN
from backend.settings import Settings
from backend.shares.api import links, visitors
from backend.transcripts.document import Document
from backend.transcripts.render_pool import RenderPool
from tests.accounts.people import TEST_MEMORY_KIB
from tests.transcripts.conftest import TranscriptScenario, document, scenario  # noqa: F401  (fixtures)

AUDIO = bytes(range(256)) * 4
EVERYTHING = {"audio": True, "transcript": True, "minutes": True}


@dataclass(frozen=True, slots=True)
class Api:
    """The app with clients for ada, for eve and for visitors without an account."""

    app: FastAPI
    database: Database
    scenario: TranscriptScenario
    document: Document
    ada: httpx.AsyncClient
    eve: httpx.AsyncClient
    anonymous: Callable[[], httpx.AsyncClient]

    @property
    def shares(self) -> str:
        return f"/api/recordings/{self.scenario.recording_id}/shares"

    async def share(self, **shows: object) -> tuple[str, str]:
        """Create a link. Returns its id and access code."""
        created = (await self.ada.post(self.shares, json=shows or EVERYTHING)).raise_for_status().json()
        return created["id"], created["access_code"]

    async def visitor(self, share_id: str, code: str) -> httpx.AsyncClient:
        """A client that has entered the access code."""
        client = self.anonymous()
        (await client.post(f"/api/shares/{share_id}/open", json={"access_code": code})).raise_for_status()
        return client

    async def change(self, user: User, **values: object) -> None:
        async with self.database.write() as session:
            row = await session.get(User, user.id)
            for name, value in values.items():
                setattr(row, name, value)


@pytest.fixture
async def api(settings: Settings, scenario: TranscriptScenario, document: Document) -> AsyncIterator[Api]:  # noqa: F811
    app = FastAPI()
    app.state.settings, app.state.database = settings, scenario.database
    app.state.clock = ServerClock()
    app.state.passwords, app.state.throttle = Passwords(memory_kib=TEST_MEMORY_KIB), Throttle(scenario.database)
    app.state.render_pool = RenderPool(settings.models_dir)
    install_handlers(app)
    for module in (transcript_exports, minutes_exports, written_form, links, visitors, shared_written_form):
        app.include_router(module.router)
    clients: list[httpx.AsyncClient] = []

    def client(user: User | None = None) -> httpx.AsyncClient:
        headers = {}
        if user:
            token = tokens.issue(settings, tokens.Login(user.id, user.token_epoch), utc_now())
            headers = {"Authorization": f"Bearer {token}"}
        clients.append(httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server", headers=headers))
        return clients[-1]

    await scenario.publish(document)
    await _write_minutes(scenario, document)
    audio = settings.uploads_dir / scenario.recording_id / "listen.m4a"
    audio.parent.mkdir(parents=True)
    audio.write_bytes(AUDIO)
    yield Api(app, scenario.database, scenario, document, client(scenario.ada), client(scenario.eve), client)
    for one in clients:
        await one.aclose()
    await app.state.render_pool.close()
    app.state.passwords.close()


async def _write_minutes(scenario: TranscriptScenario, document: Document) -> None:  # noqa: F811
    statement = {"text": "预算定了。", "evidence": [document.segments[0].id]}
    content = MinutesContent.model_validate(
        {
            "language": "zh",
            "title": "<b>周会</b>",
            "headline": statement,
            "overview": [statement],
            "topics": [],
            "decisions": [statement],
            "actions": [],
            "questions": [],
            "speakers": [{**statement, "speaker": "S1", "name": "发言人 1"}],
            "keywords": ["预算"],
            "coverage": {"segments": 4, "covered": 4, "sections": []},
            "dropped": 0,
            "used": {"calls": 3, "prompt_tokens": 1, "completion_tokens": 1},
        }
    )
    async with scenario.database.write() as session:
        await minutes.publish(
            session,
            owner_id=scenario.ada.id,
            recording_id=scenario.recording_id,
            job_id=None,
            transcript=1,
            template=next(iter(BUILT_IN.values())),
            model="a model",
            content=content,
        )
