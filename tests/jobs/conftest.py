"""Users and recordings that jobs can belong to."""

from collections.abc import Awaitable, Callable

import pytest

from backend.accounts.tables import User
from backend.database import Database, new_id
from backend.recordings.tables import Recording
from tests.jobs.queue_actions import QueueActions

MakeRecording = Callable[[str], Awaitable[str]]


@pytest.fixture
def recording_of(database: Database) -> MakeRecording:
    """Make a recording of a user, and the user if needed; answers the recording's id."""

    async def make(owner: str) -> str:
        async with database.write() as session:
            if await session.get(User, owner) is None:
                session.add(User(id=owner, username=owner, username_key=owner))
                await session.flush()
            recording = Recording(
                id=new_id(), owner_id=owner, name="周会.m4a", extension="m4a", size=1, sha256="0" * 64
            )
            session.add(recording)
        return recording.id

    return make


@pytest.fixture
def actions(database: Database, recording_of: MakeRecording) -> QueueActions:
    return QueueActions(database, recording_of)
