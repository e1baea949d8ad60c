"""What tests of accounts may ask for."""

from collections.abc import AsyncIterator, Iterator

import pytest

from backend.accounts.passwords import Passwords
from backend.database import Database
from backend.settings import Settings
from tests.accounts.people import House, make_app, open_house


@pytest.fixture
async def house(settings: Settings, database: Database) -> AsyncIterator[House]:
    async with open_house(make_app(settings, database)) as house:
        yield house


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    passwords = Passwords()
    yield passwords
    passwords.close()
