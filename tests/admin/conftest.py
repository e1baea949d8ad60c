"""The same app and users as for the tests of accounts."""

from collections.abc import AsyncIterator

import pytest

from backend.database import Database
from backend.settings import Settings
from tests.accounts.people import Api, make_app, open_api
from tests.jobs.api.conftest import recording  # noqa: F401  (a fixture)


@pytest.fixture
async def api(settings: Settings, database: Database) -> AsyncIterator[Api]:
    async with open_api(make_app(settings, database)) as api:
        yield api
