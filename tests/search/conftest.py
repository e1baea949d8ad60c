"""Recordings of two users with texts to be found, and an app with the routes of the search."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from backend.accounts import tokens
from backend.accounts.tables import User
from backend.coordination.clock import ServerClock
from backend.database import Database, new_id, utc_now
from backend.errors import install_handlers
from backend.recordings.tables import Recording
from backend.search import texts
from backend.search.api import router
from backend.settings import Settings
from backend.speech.types import Segment, Word
from backend.transcripts import service
from backend.transcripts.document import Document, Speaker
from backend.transcripts.tables import Origin


def segment(id: str, text: str, speaker: str | None = "S1") -> Segment:
    """Every character takes a tenth of a second; the second of a segment's start is the number in its id."""
    start = float(id.removeprefix("s"))
    words = tuple(Word(one, start + at / 10, start + (at + 1) / 10) for at, one in enumerate(text) if one.isalnum())
    return Segment(id, start, start + len(text) / 10, text, words, speaker)


def document(*texts: str, speakers: Sequence[Speaker] = (Speaker("S1", "张三"), Speaker("S2"))) -> Document:
    """One segment of the first speaker for each text."""
    segments = tuple(segment(f"s{number}", text) for number, text in enumerate(texts))
    return Document(100.0, tuple(speakers), segments)


@dataclass(slots=True)
class Library:
    """Adds recordings of Ada and Eve and searches as one of them."""

    database: Database
    client: httpx.AsyncClient
    ada: User
    eve: User
    headers: dict[str, dict[str, str]]
    _days: int = field(default=0)

    async def add(self, made: Document, *, owner: User | None = None, name: str = "会议.m4a") -> str:
        """The id of a new recording with this transcript; each is a day newer than the one before."""
        owner = owner or self.ada
        self._days += 1
        created = utc_now() - timedelta(days=300 - self._days)
        recording = Recording(
            owner_id=owner.id, name=name, extension="m4a", size=1, sha256="0" * 64, duration=100.0, created_at=created
        )
        async with self.database.write() as session:
            session.add(recording)
            await session.flush()
            scope = {"owner_id": owner.id, "recording_id": recording.id}
            await texts.replace(session, **scope, kind=texts.Kind.NAME, texts={"name": name})
            await service.publish(
                session,
                recording_id=recording.id,
                owner_id=owner.id,
                job_id=new_id(),
                origin=Origin.MACHINE,
                document=made,
            )
        return recording.id

    async def save(self, recording_id: str, made: Document) -> None:
        async with self.database.write() as session:
            scope = {"owner_id": self.ada.id, "recording_id": recording_id}
            newest = await service.newest(session, **scope)
            await service.save(session, **scope, author_id=self.ada.id, document=made, based_on=newest.number)

    async def ask(self, q: str, *, user: User | None = None, **filters: Any) -> dict[str, Any]:
        headers = self.headers[(user or self.ada).id]
        answer = await self.client.get("/api/search", params={"q": q, **filters}, headers=headers)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    async def found(self, q: str, *, user: User | None = None, **filters: Any) -> list[tuple[str, list[str]]]:
        """Each recording found with the segments shown of it."""
        answer = await self.ask(q, user=user, **filters)
        return [(one["recording"]["id"], [place["segment_id"] for place in one["places"]]) for one in answer["groups"]]


@pytest.fixture
async def library(settings: Settings, database: Database) -> AsyncIterator[Library]:
    async with database.write() as session:
        ada, eve = (User(username=name, username_key=name) for name in ("ada", "eve"))
        session.add_all([ada, eve])
    app = FastAPI()
    app.state.settings, app.state.database = settings, database
    app.state.clock = ServerClock()
    install_handlers(app)
    app.include_router(router)
    headers = {
        user.id: {
            "Authorization": f"Bearer {tokens.issue(settings, tokens.Login(user.id, user.token_epoch), utc_now())}"
        }
        for user in (ada, eve)
    }
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server") as client:
        yield Library(database, client, ada, eve, headers)
