"""People and a house for them: four users of three roles, and an app with the routes of accounts and administration."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI

from backend.accounts import service, tokens
from backend.accounts.api import account, google, keys, register, second_factor
from backend.accounts.google import Google
from backend.accounts.passwords import LANES, MEMORY_KIB, PASSES, Passwords
from backend.accounts.presence import Presence
from backend.accounts.tables import Role, User
from backend.accounts.throttle import Throttle
from backend.accounts.tickets import Tickets
from backend.admin.api import audit, users
from backend.database import Database, utc_now
from backend.errors import install_handlers
from backend.settings import Settings

PASSWORD = "会议室里的大白熊 Nr. 7"

ROLES = {
    "nobody": Role.USER,
    "ada": Role.USER,
    "grace": Role.ADMIN,
    "linus": Role.ADMIN,
    "root": Role.SUPER_ADMIN,
    "toor": Role.SUPER_ADMIN,
}


@dataclass
class House:
    """The app as its users see it, and its people by name; all have the same password."""

    client: httpx.AsyncClient
    settings: Settings
    database: Database
    people: dict[str, User]

    def bearer(self, name: str | None) -> dict[str, str]:
        """The headers with which `name` asks; of nobody where it is none."""
        if name is None:
            return {}
        user = self.people[name]
        token = tokens.issue(self.settings, tokens.Login(user.id, user.token_epoch), utc_now())
        return {"Authorization": f"Bearer {token}"}

    async def login(self, name: str, password: str = PASSWORD) -> httpx.Response:
        return await self.client.post("/api/auth/login", data={"username": name, "password": password})

    async def row(self, name: str) -> User:
        """What the database holds of this user now."""
        async with self.database.read() as session:
            return await service.find(session, self.people[name].id)


def make_app(settings: Settings, database: Database) -> FastAPI:
    app = FastAPI()
    app.state.settings = settings
    app.state.database = database
    app.state.passwords = Passwords()
    app.state.presence = Presence()
    app.state.tickets = Tickets()
    app.state.throttle = Throttle(lambda: 0.0)  # time stands still: a slow machine guesses as fast as any
    app.state.google = Google(settings.google_clients)
    install_handlers(app)
    for room in (account, google, keys, second_factor, register, users, audit):
        app.include_router(room.router)
    return app


async def settle(database: Database) -> dict[str, User]:
    """Let the people of `ROLES` in."""
    hash = _hash_of(PASSWORD)
    async with database.write() as session:
        return {
            name: await service.create(session, username=name, password_hash=hash, role=role)
            for name, role in ROLES.items()
        }


@asynccontextmanager
async def open_house(app: FastAPI) -> AsyncIterator[House]:
    """The app with its people in it."""
    settings, database = app.state.settings, app.state.database
    people = await settle(database)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
        yield House(client, settings, database, people)
    app.state.passwords.close()


@cache
def _hash_of(password: str) -> str:
    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES).hash(password)
