from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from backend.accounts.tables import User
from backend.database import Database, new_id, utc_now
from backend.errors import InvalidInput, NameChanged
from backend.recordings import service
from backend.recordings.multipart import ReceivedFile
from backend.recordings.service import RecordingNotFound
from backend.recordings.tables import Recording


async def people(database: Database, *names: str) -> list[str]:
    async with database.write() as session:
        users = [User(username=name, username_key=name) for name in names]
        session.add_all(users)
        await session.flush()
        return [user.id for user in users]


async def upload(database: Database, owner_id: str, name: str, age: float = 0) -> str:
    received = ReceivedFile(name, Path("original.wav"), "wav", 4, "0" * 64, {})
    async with database.write() as session:
        recording = await service.create(session, owner_id=owner_id, recording_id=new_id(), received=received)
        recording.created_at = utc_now() - timedelta(seconds=age)
        return recording.id


async def test_recordings_of_others_are_not_found(database: Database) -> None:
    ada, eve = await people(database, "ada", "eve")
    recording = await upload(database, ada, "周会.wav")

    async with database.write() as session:
        assert (await service.find(session, owner_id=ada, recording_id=recording)).name == "周会.wav"
        for attempt in (
            service.find(session, owner_id=eve, recording_id=recording),
            service.rename(session, owner_id=eve, recording_id=recording, name="mine"),
            service.find_trashed(session, owner_id=eve, recording_id=recording),
            service.find(session, owner_id=ada, recording_id=new_id()),
        ):
            with pytest.raises(RecordingNotFound):
                await attempt
        assert 0 == (await service.search(session, owner_id=eve)).total


async def test_recordings_are_listed_newest_first_with_at_most_a_hundred_on_a_page(database: Database) -> None:
    [ada, eve] = await people(database, "ada", "eve")
    for number in range(105):
        await upload(database, ada, f"{number}.wav", age=number)
    await upload(database, eve, "foreign.wav")

    async with database.read() as session:
        first = await service.search(session, owner_id=ada, limit=1000)
        rest = await service.search(session, owner_id=ada, offset=100)

    assert (105, 105) == (first.total, rest.total)
    assert [f"{number}.wav" for number in range(105)] == [row.name for row in (*first.recordings, *rest.recordings)]
    assert 100 == len(first.recordings)


@pytest.mark.parametrize(
    ("text", "found"), [("周会", 2), ("MEETING", 1), ("100%", 1), ("%", 1), ("_", 0), ("' OR 1=1 --", 0), (" ", 3)]
)
async def test_search_matches_names_and_treats_wildcards_as_text(database: Database, text: str, found: int) -> None:
    [ada] = await people(database, "ada")
    for name in ("周会 一.wav", "周会 Meeting.m4a", "100%.mp3"):
        await upload(database, ada, name)

    async with database.read() as session:
        assert found == (await service.search(session, owner_id=ada, text=text)).total


async def test_a_new_name_is_cleaned_and_never_blank(database: Database) -> None:
    [ada] = await people(database, "ada")
    recording = await upload(database, ada, "a.wav")

    async with database.write() as session:
        renamed = await service.rename(session, owner_id=ada, recording_id=recording, name="../\u202e新名字.wav")
        assert renamed.name == "..／新名字.wav"
        with pytest.raises(InvalidInput):
            await service.rename(session, owner_id=ada, recording_id=recording, name="  ")


async def test_a_name_given_in_between_is_not_replaced(database: Database) -> None:
    [ada] = await people(database, "ada")
    recording = await upload(database, ada, "a.wav")
    mine = {"owner_id": ada, "recording_id": recording, "expected_name": "a.wav"}

    async with database.write() as session:
        await service.rename(session, **mine, name="周会")
        with pytest.raises(NameChanged) as refused:
            await service.rename(session, **mine, name="例会")
        assert {"name": "周会"} == refused.value.facts
        await service.rename(session, **mine | {"expected_name": "周会"}, name="例会")

    async with database.read() as session:
        assert "例会" == (await service.find(session, owner_id=ada, recording_id=recording)).name


async def test_deleting_removes_the_row(database: Database) -> None:
    [ada] = await people(database, "ada")
    kept, recording = await upload(database, ada, "kept.wav"), await upload(database, ada, "a.wav")

    async with database.write() as session:
        assert await service.delete(session, recording)
        assert not await service.delete(session, recording)
        assert not await service.delete(session, kept, Recording.trashed_at.is_not(None))

    async with database.read() as session:
        assert [kept] == list(await session.scalars(select(Recording.id)))


async def test_trashed_recordings_are_found_only_in_the_trash(database: Database) -> None:
    [ada] = await people(database, "ada")
    id = await upload(database, ada, "a.wav")
    now = utc_now()
    async with database.write() as session:
        recording = await service.find(session, owner_id=ada, recording_id=id)
        assert await service.set_trashed(session, recording, trashed=True, now=now)
        assert not await service.set_trashed(session, recording, trashed=True, now=now)

    async with database.write() as session:
        with pytest.raises(RecordingNotFound):
            await service.find(session, owner_id=ada, recording_id=id)
        assert 0 == (await service.search(session, owner_id=ada)).total
        assert [id] == [one.id for one in (await service.list_trashed(session, owner_id=ada)).recordings]
        recording = await service.find_trashed(session, owner_id=ada, recording_id=id)
        assert await service.set_trashed(session, recording, trashed=False, now=now)
        assert not await service.set_trashed(session, recording, trashed=False, now=now)

    async with database.read() as session:
        found = await service.find(session, owner_id=ada, recording_id=id)
        assert (found.trashed_at, found.restored_at) == (None, now)
        assert 0 == (await service.list_trashed(session, owner_id=ada)).total
