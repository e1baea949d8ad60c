"""Ada's recording with transcript, minutes and sound; a small app with the routes of exports and shares."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI

from backend.accounts import tokens
from backend.accounts.passwords import Passwords
from backend.accounts.tables import User
from backend.accounts.throttle import Throttle
from backend.database import Database, utc_now
from backend.errors import install_handlers
from backend.exports import api as exports
from backend.minutes import service as minutes
from backend.minutes.form import MinutesForm
from backend.minutes.templates import BUILT_IN
from backend.settings import Settings
from backend.shares.api import links, visitors
from backend.transcripts.document import Document
from backend.transcripts.press import Press
from tests.transcripts.conftest import Home, document, home  # noqa: F401  (fixtures)

SOUND = bytes(range(256)) * 4
EVERYTHING = {"audio": True, "transcript": True, "minutes": True}


@dataclass(frozen=True, slots=True)
class House:
    """The app, and clients before it: of Ada and Eve, and of people who are nobody to it."""

    app: FastAPI
    database: Database
    home: Home
    document: Document
    ada: httpx.AsyncClient
    eve: httpx.AsyncClient
    stranger: Callable[[], httpx.AsyncClient]

    @property
    def shares(self) -> str:
        return f"/api/recordings/{self.home.recording_id}/shares"

    async def share(self, **shows: object) -> tuple[str, str]:
        """Id and access code of a new link."""
        made = (await self.ada.post(self.shares, json=shows or EVERYTHING)).raise_for_status().json()
        return made["id"], made["access_code"]

    async def visitor(self, share_id: str, code: str) -> httpx.AsyncClient:
        """Somebody with the link, who has given the code."""
        client = self.stranger()
        (await client.post(f"/api/shares/{share_id}/open", json={"access_code": code})).raise_for_status()
        return client

    async def change(self, user: User, **values: object) -> None:
        async with self.database.write() as session:
            row = await session.get(User, user.id)
            for name, value in values.items():
                setattr(row, name, value)


@pytest.fixture
async def house(settings: Settings, home: Home, document: Document) -> AsyncIterator[House]:  # noqa: F811
    app = FastAPI()
    app.state.settings, app.state.database = settings, home.database
    app.state.passwords, app.state.throttle = Passwords(), Throttle()
    app.state.press = Press(settings.models_dir)
    install_handlers(app)
    for room in (exports, links, visitors):
        app.include_router(room.router)
    clients: list[httpx.AsyncClient] = []

    def client(user: User | None = None) -> httpx.AsyncClient:
        headers = {}
        if user:
            token = tokens.issue(settings, tokens.Login(user.id, user.token_epoch), utc_now())
            headers = {"Authorization": f"Bearer {token}"}
        clients.append(httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://house", headers=headers))
        return clients[-1]

    await home.publish(document)
    await _write_minutes(home, document)
    sound = settings.uploads_dir / home.recording_id / "listen.m4a"
    sound.parent.mkdir(parents=True)
    sound.write_bytes(SOUND)
    yield House(app, home.database, home, document, client(home.ada), client(home.eve), client)
    for one in clients:
        await one.aclose()
    app.state.press.close()
    app.state.passwords.close()


async def _write_minutes(home: Home, document: Document) -> None:  # noqa: F811
    said = {"text": "预算定了。", "evidence": [document.segments[0].id]}
    content = MinutesForm.model_validate(
        {
            "language": "zh",
            "title": "<b>周会</b>",
            "headline": said,
            "overview": [said],
            "topics": [],
            "decisions": [said],
            "actions": [],
            "questions": [],
            "speakers": [{**said, "speaker": "S1", "name": "发言人 1"}],
            "keywords": ["预算"],
            "coverage": {"segments": 4, "covered": 4, "sections": []},
            "dropped": 0,
            "used": {"calls": 3, "prompt_tokens": 1, "completion_tokens": 1},
        }
    )
    async with home.database.write() as session:
        await minutes.publish(
            session,
            owner_id=home.ada.id,
            recording_id=home.recording_id,
            job_id=None,
            transcript=1,
            template=next(iter(BUILT_IN.values())),
            model="a model",
            content=content,
        )
