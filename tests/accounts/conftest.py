"""Fixtures for the tests of accounts."""

from collections.abc import AsyncIterator, Iterator

import pytest

from backend.accounts.passwords import Passwords
from backend.database import Database
from backend.settings import Settings
from tests.accounts.people import Api, make_app, open_api


@pytest.fixture
async def api(settings: Settings, database: Database) -> AsyncIterator[Api]:
    async with open_api(make_app(settings, database)) as api:
        yield api


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    passwords = Passwords()
    yield passwords
    passwords.close()
