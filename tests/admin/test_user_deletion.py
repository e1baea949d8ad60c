from typing import Any

import pytest
from sqlalchemy import select

from backend.admin import user_deletion
from backend.comments.tables import Comment
from backend.database import Base, Database, utc_now
from backend.events.tables import Event
from backend.jobs.tables import Job
from backend.minutes.tables import Exchange, Minutes, Polish, Repair, Translation
from backend.people.tables import Person, Sample
from backend.recordings.tables import Recording
from backend.search.tables import Passage, SearchText
from backend.shares.tables import Share
from backend.transcripts.tables import Transcript
from tests.accounts.people import Api
from tests.jobs.conftest import recording_of  # noqa: F401  (a fixture)


@pytest.fixture
async def everything(api: Api, database: Database) -> dict[type[Base], Any]:
    """One row of each table that references a recording, all owned by ada."""
    ada = api.people["ada"].id
    async with database.write() as session:
        recording = Recording(owner_id=ada, name="x.wav", extension="wav", size=1, sha256="0" * 64)
        session.add(recording)
        await session.flush()
        owner = {"owner_id": ada, "recording_id": recording.id}
        tokens = {"prompt_tokens": 1, "completion_tokens": 1}
        rows = [
            recording,
            Job(**owner, options={}, status="done"),
            Transcript(**owner, number=1, origin="machine", document={}, text=""),
            Minutes(**owner, number=1, transcript=1, template={}, model="m", content={}),
            Polish(**owner, base=1, changes=[], refused=[], model="m"),
            Repair(**owner, base=1, items=[], model="m"),
            Translation(**owner, base=1, language="en", lines=[], model="m"),
            Share(**owner, id="s", code_hash="", audio=True, transcript=True, minutes=True, expires_at=utc_now()),
            Passage(**owner, segment_id="p1", position=0, start=0.0, end=1.0, text="x", times="[]"),
            SearchText(**owner, kind="name", part="name", position=0, text="x"),
            Comment(
                **owner, text="?", segment_id="p1", start=0, end=1, quote="x", before="", after="", at=0.0, version=1
            ),
            Exchange(**owner, transcript=1, question="?", answer="!", citations=[], **tokens),
        ]
        session.add_all(rows)
    return {type(row): row.id for row in rows}


async def test_everything_made_from_the_recordings_is_transferred(
    api: Api, database: Database, everything: dict[type[Base], Any]
) -> None:
    root, ada, new_owner = (api.people[name].id for name in ("root", "ada", "mary"))

    async with database.write() as session:
        data = await user_deletion.delete(session, actor_id=root, user_id=ada, new_owner_id=new_owner)

    assert (data.recordings, data.jobs) == ([], [])
    async with database.read() as session:
        owners = {table: (await session.scalars(select(table.owner_id))).all() for table in everything}
    assert owners == {table: [new_owner] for table in everything}


async def test_every_table_that_references_recordings_is_transferred(
    everything: dict[type[Base], Any],
) -> None:
    """Fails when a new table is missing, whose rows would otherwise be deleted with the old owner."""
    owned = {
        mapper.class_ for mapper in Base.registry.mappers if {"owner_id", "recording_id"} <= set(mapper.columns.keys())
    }

    # what happened stays with whom it happened to, and nobody inherits how people sound
    assert owned - {Event, Sample} <= set(everything)


async def test_people_and_how_they_sound_are_deleted_with_their_owner(
    api: Api, database: Database, everything: dict[type[Base], Any]
) -> None:
    root, ada, new_owner = (api.people[name].id for name in ("root", "ada", "mary"))
    async with database.write() as session:
        person = Person(owner_id=ada, name="张三")
        session.add(person)
        await session.flush()
        known = {"person_id": person.id, "recording_id": everything[Recording], "speaker": "S1", "name": "张三"}
        session.add(Sample(owner_id=ada, **known, model="m", vector="", seconds=9.0, clips=[]))

    async with database.write() as session:
        await user_deletion.delete(session, actor_id=root, user_id=ada, new_owner_id=new_owner)

    async with database.read() as session:
        assert [(await session.scalars(select(table))).all() for table in (Person, Sample)] == [[], []]
