"""Test users of all roles, and an app with the routes of accounts and user administration."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI

from backend.accounts import service, tokens
from backend.accounts.api import account, google, keys, register, second_factor
from backend.accounts.google import GoogleSignIn
from backend.accounts.nonces import Nonces
from backend.accounts.open_sockets import OpenSockets
from backend.accounts.passwords import PARALLELISM, TIME_COST, Passwords
from backend.accounts.tables import Role, User
from backend.accounts.throttle import Throttle
from backend.accounts.tickets import Tickets
from backend.admin.api import audit, users
from backend.coordination.clock import ServerClock
from backend.coordination.leases import Leases
from backend.database import Database, utc_now
from backend.errors import install_handlers
from backend.settings import Settings
from tests.clocks import FixedClock

PASSWORD = "会议室里的大白熊 Nr. 7"

#: Memory of a password hash in tests about something else: a hash then takes a hundredth of the time.
TEST_MEMORY_KIB = 64

ROLES = {
    "mary": Role.USER,
    "ada": Role.USER,
    "grace": Role.ADMIN,
    "linus": Role.ADMIN,
    "root": Role.SUPER_ADMIN,
    "toor": Role.SUPER_ADMIN,
}


@dataclass
class Api:
    """An HTTP client of the app, with its users by name; all have the same password."""

    client: httpx.AsyncClient
    settings: Settings
    database: Database
    people: dict[str, User]
    clock: ServerClock

    def bearer(self, name: str | None) -> dict[str, str]:
        """The Authorization header of `name`; empty for none."""
        if name is None:
            return {}
        user = self.people[name]
        token = tokens.issue(self.settings, tokens.Login(user.id, user.token_epoch), utc_now())
        return {"Authorization": f"Bearer {token}"}

    async def login(self, name: str, password: str = PASSWORD) -> httpx.Response:
        return await self.client.post("/api/auth/login", data={"username": name, "password": password})

    async def row(self, name: str) -> User:
        """The row of this user as it is in the database now."""
        async with self.database.read() as session:
            return await service.find(session, self.people[name].id)


def make_app(settings: Settings, database: Database) -> FastAPI:
    app = FastAPI()
    app.state.settings = settings
    app.state.clock = ServerClock()
    app.state.database = database
    app.state.passwords = Passwords(memory_kib=TEST_MEMORY_KIB)
    app.state.open_sockets = OpenSockets(Leases(database))
    app.state.tickets = Tickets(database)
    # A fixed clock, so that the speed of the machine does not matter.
    app.state.throttle = Throttle(database, FixedClock())
    app.state.google = GoogleSignIn(settings.google_clients, nonces_of(settings, database))
    install_handlers(app)
    for module in (account, google, keys, second_factor, register, users, audit):
        app.include_router(module.router)
    return app


def nonces_of(settings: Settings, database: Database) -> Nonces:
    return Nonces(database, settings.secret_key.get_secret_value())


async def create_users(database: Database) -> dict[str, User]:
    """Create the users of `ROLES`."""
    hash = _hash_of(PASSWORD)
    async with database.write() as session:
        return {
            name: await service.create(session, username=name, password_hash=hash, role=role)
            for name, role in ROLES.items()
        }


@asynccontextmanager
async def open_api(app: FastAPI) -> AsyncIterator[Api]:
    """Create the users of the app and open a client."""
    settings, database = app.state.settings, app.state.database
    people = await create_users(database)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
        yield Api(client, settings, database, people, app.state.clock)
    app.state.passwords.close()


@cache
def _hash_of(password: str) -> str:
    return PasswordHasher(time_cost=TIME_COST, memory_cost=TEST_MEMORY_KIB, parallelism=PARALLELISM).hash(password)
