import pytest
from sqlalchemy import select

from backend.admin import leaving
from backend.database import Base, Database, utc_now
from backend.jobs.tables import Job
from backend.minutes.tables import Exchange, Minutes, Polish, Repair
from backend.recordings.tables import Recording
from backend.shares.tables import Share
from backend.transcripts.tables import Transcript
from tests.accounts.people import House
from tests.jobs.conftest import recording_of  # noqa: F401  (a fixture)


@pytest.fixture
async def everything(house: House, database: Database) -> dict[type[Base], str]:
    """One row of every kind of thing that is made of a recording, all ada's."""
    ada = house.people["ada"].id
    async with database.write() as session:
        recording = Recording(owner_id=ada, name="x.wav", extension="wav", size=1, sha256="0" * 64)
        session.add(recording)
        await session.flush()
        whose = {"owner_id": ada, "recording_id": recording.id}
        paid = {"prompt_tokens": 1, "completion_tokens": 1}
        rows = [
            recording,
            Job(**whose, options={}, status="done"),
            Transcript(**whose, number=1, origin="machine", document={}, text=""),
            Minutes(**whose, number=1, transcript=1, template={}, model="m", content={}),
            Polish(**whose, base=1, changes=[], refused=[], model="m"),
            Repair(**whose, base=1, items=[], model="m"),
            Share(**whose, id="s", code_hash="", audio=True, transcript=True, minutes=True, expires_at=utc_now()),
            Exchange(**whose, transcript=1, question="?", answer="!", citations=[], **paid),
        ]
        session.add_all(rows)
    return {type(row): row.id for row in rows}


async def test_the_heir_gets_everything_that_was_made_of_the_recordings(
    house: House, database: Database, everything: dict[type[Base], str]
) -> None:
    root, ada, heir = (house.people[name].id for name in ("root", "ada", "nobody"))

    async with database.write() as session:
        left = await leaving.delete(session, actor_id=root, user_id=ada, heir_id=heir)

    assert (left.recordings, left.jobs) == ([], [])
    async with database.read() as session:
        owners = {table: (await session.scalars(select(table.owner_id))).all() for table in everything}
    assert owners == {table: [heir] for table in everything}


async def test_everything_that_names_a_recording_is_among_what_is_handed_over(
    everything: dict[type[Base], str],
) -> None:
    """A table somebody adds later has to be thought of: else the heir's things would end with the one who left."""
    owned = {
        mapper.class_ for mapper in Base.registry.mappers if {"owner_id", "recording_id"} <= set(mapper.columns.keys())
    }

    assert owned <= set(everything)
