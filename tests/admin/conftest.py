"""Administration is tested in the same house, with the same people."""

from collections.abc import AsyncIterator

import pytest

from backend.database import Database
from backend.settings import Settings
from tests.accounts.people import House, make_app, open_house
from tests.jobs.api.conftest import recording  # noqa: F401  (a fixture)


@pytest.fixture
async def house(settings: Settings, database: Database) -> AsyncIterator[House]:
    async with open_house(make_app(settings, database)) as house:
        yield house
