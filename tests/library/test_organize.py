from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select, update

from backend.database import Database, utc_now
from backend.library import folders, tags
from backend.library.folders import FolderNotFound
from backend.library.organize import Move, organize
from backend.library.tables import has_tag
from backend.library.tags import TagExists, TagNotFound
from backend.library.transfer import transfer
from backend.recordings.service import RecordingNotFound
from backend.recordings.tables import Recording
from tests.jobs.conftest import recording_of  # noqa: F401  (a fixture)

MakeRecording = Callable[[str], Awaitable[str]]


async def test_several_recordings_are_tagged_and_moved_at_once(
    database: Database,
    recording_of: MakeRecording,  # noqa: F811
) -> None:
    ids = [await recording_of("ada") for _ in range(3)]
    async with database.write() as session:
        important = (await tags.create(session, owner_id="ada", name="重要")).id
        done = (await tags.create(session, owner_id="ada", name="已跟进")).id
        folder = (await folders.create(session, owner_id="ada", name="项目", parent_id=None)).id
        await organize(session, owner_id="ada", recordings=ids[:2], add_tags=[important])

        for _ in range(2):  # again, it changes nothing
            await organize(
                session,
                owner_id="ada",
                recordings=ids[1:],
                add_tags=[done],
                remove_tags=[important],
                move=Move(folder),
            )

    async with database.read() as session:
        of = await tags.tags_of(session, ids)
        assert {id: [tag.name for tag in found] for id, found in of.items()} == {
            ids[0]: ["重要"],
            ids[1]: ["已跟进"],
            ids[2]: ["已跟进"],
        }
        assert await folders.folders_of(session, ids) == dict.fromkeys(ids[1:], folder)
        assert (await session.scalars(select(Recording.id).where(has_tag(Recording.id, important)))).all() == ids[:1]

    async with database.write() as session:
        await organize(session, owner_id="ada", recordings=ids, move=Move(None))
        assert await folders.folders_of(session, ids) == {}


async def test_nothing_is_changed_if_one_thing_is_not_the_owners(
    database: Database,
    recording_of: MakeRecording,  # noqa: F811
) -> None:
    mine, theirs, trashed = await recording_of("ada"), await recording_of("mary"), await recording_of("ada")
    async with database.write() as session:
        await session.execute(update(Recording).where(Recording.id == trashed).values(trashed_at=utc_now()))
        tag = (await tags.create(session, owner_id="ada", name="重要")).id
        foreign_tag = (await tags.create(session, owner_id="mary", name="重要")).id
        foreign_folder = (await folders.create(session, owner_id="mary", name="项目", parent_id=None)).id

    async with database.write() as session:
        for other in (theirs, trashed, "none"):
            with pytest.raises(RecordingNotFound):
                await organize(session, owner_id="ada", recordings=[mine, other], add_tags=[tag])
        with pytest.raises(TagNotFound):
            await organize(session, owner_id="ada", recordings=[mine], add_tags=[tag, foreign_tag])
        with pytest.raises(FolderNotFound):
            await organize(session, owner_id="ada", recordings=[mine], add_tags=[tag], move=Move(foreign_folder))

    async with database.read() as session:
        assert await tags.tags_of(session, [mine, theirs]) == {}


async def test_a_tag_is_one_in_every_width_and_case(
    database: Database,
    recording_of: MakeRecording,  # noqa: F811
) -> None:
    recording = await recording_of("ada")
    async with database.write() as session:
        tag = await tags.create(session, owner_id="ada", name="OKR 复盘")
        with pytest.raises(TagExists):
            await tags.create(session, owner_id="ada", name="ｏｋｒ 复盘")
        other = await tags.create(session, owner_id="ada", name="周会")
        with pytest.raises(TagExists):
            await tags.rename(session, owner_id="ada", tag_id=other.id, name="okr 复盘")
        await tags.rename(session, owner_id="ada", tag_id=tag.id, name="okr 复盘")
        await organize(session, owner_id="ada", recordings=[recording], add_tags=[tag.id])

    async with database.read() as session:
        listed = [(one.name, count) for one, count in await tags.list_tags(session, owner_id="ada")]
    assert listed == [("okr 复盘", 1), ("周会", 0)]


async def test_tags_and_folders_go_with_the_recordings_to_a_new_owner(
    database: Database,
    recording_of: MakeRecording,  # noqa: F811
) -> None:
    first, second, third = [await recording_of("ada") for _ in range(3)]
    await recording_of("mary")
    async with database.write() as session:
        same = (await tags.create(session, owner_id="mary", name="OKR")).id
        project = (await folders.create(session, owner_id="mary", name="项目", parent_id=None)).id
        for name, recording in (("okr", first), ("周会", second)):
            tag = (await tags.create(session, owner_id="ada", name=name)).id
            await organize(session, owner_id="ada", recordings=[recording], add_tags=[tag])
        merged = (await folders.create(session, owner_id="ada", name="项目", parent_id=None)).id
        below = (await folders.create(session, owner_id="ada", name="甲", parent_id=merged)).id
        lowest = (await folders.create(session, owner_id="ada", name="项目", parent_id=below)).id
        for recording, folder in ((first, merged), (second, below), (third, lowest)):
            await folders.put(session, [recording], folder)

    async with database.write() as session:
        await transfer(session, owner_id="ada", new_owner_id="mary")

    async with database.read() as session:
        assert [one for one, _ in await tags.list_tags(session, owner_id="ada")] == []
        assert [one.name for one, _ in await tags.list_tags(session, owner_id="mary")] == ["OKR", "周会"]
        assert [tag.id for tag in (await tags.tags_of(session, [first]))[first]] == [same]
        assert await folders.folders_of(session, [first, second, third]) == {
            first: project,
            second: below,
            third: lowest,
        }
        tree = await folders.read_tree(session, owner_id="mary")
        assert list(tree.path(lowest)) == [lowest, below, project]
        assert await folders.list_folders(session, owner_id="ada") == []
