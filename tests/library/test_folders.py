from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from backend.database import Database
from backend.library import folders, names
from backend.library.folders import (
    FolderExists,
    FolderInItself,
    FolderNotFound,
    FolderTooDeep,
    FolderTree,
)
from backend.library.tables import MAX_LEVELS, Folder, in_folder
from backend.recordings.tables import Recording
from tests.jobs.conftest import recording_of  # noqa: F401  (a fixture)

MakeRecording = Callable[[str], Awaitable[str]]


@pytest.fixture
async def three_levels(database: Database, recording_of: MakeRecording) -> dict[str, str]:  # noqa: F811
    """Ids of folders by name, each in the one before; and of a recording in the last, under "recording"."""
    recording = await recording_of("ada")
    ids: dict[str, str] = {}
    async with database.write() as session:
        parent = None
        for name in ("客户", "甲公司", "例会"):
            parent = ids[name] = (await folders.create(session, owner_id="ada", name=name, parent_id=parent)).id
        await folders.put(session, [recording], parent)
    return {**ids, "recording": recording}


async def test_a_fourth_level_is_refused(database: Database, three_levels: dict[str, str]) -> None:
    async with database.write() as session:
        with pytest.raises(FolderTooDeep):
            await folders.create(session, owner_id="ada", name="太深", parent_id=three_levels["例会"])
        other = await folders.create(session, owner_id="ada", name="乙", parent_id=None)
        with pytest.raises(FolderTooDeep):  # it has two levels below it
            await folders.move(session, owner_id="ada", folder_id=three_levels["客户"], parent_id=other.id)
        moved = await folders.move(session, owner_id="ada", folder_id=three_levels["甲公司"], parent_id=other.id)
    assert moved.parent_id == other.id


async def test_a_folder_is_never_moved_into_itself(database: Database, three_levels: dict[str, str]) -> None:
    async with database.write() as session:
        for inside in ("客户", "例会"):
            with pytest.raises(FolderInItself):
                await folders.move(
                    session, owner_id="ada", folder_id=three_levels["客户"], parent_id=three_levels[inside]
                )


async def test_names_are_unique_in_one_place_only(database: Database, three_levels: dict[str, str]) -> None:
    async with database.write() as session:
        top = await folders.create(session, owner_id="ada", name="Weekly", parent_id=None)
        with pytest.raises(FolderExists):
            await folders.create(session, owner_id="ada", name=" ｗｅｅｋｌｙ ", parent_id=None)
        await folders.create(session, owner_id="ada", name="weekly", parent_id=three_levels["客户"])
        with pytest.raises(FolderExists):
            await folders.move(session, owner_id="ada", folder_id=top.id, parent_id=three_levels["客户"])
        renamed = await folders.rename(session, owner_id="ada", folder_id=top.id, name="WEEKLY")
    assert renamed.name == "WEEKLY"


async def test_folders_of_others_are_not_found(
    database: Database,
    three_levels: dict[str, str],
    recording_of: MakeRecording,  # noqa: F811
) -> None:
    await recording_of("mary")
    id = three_levels["客户"]
    async with database.write() as session:
        with pytest.raises(FolderNotFound):
            await folders.create(session, owner_id="mary", name="x", parent_id=id)
        with pytest.raises(FolderNotFound):
            await folders.move(session, owner_id="mary", folder_id=id, parent_id=None)
        with pytest.raises(FolderNotFound):
            await folders.delete(session, owner_id="mary", folder_id=id)
        assert await folders.list_folders(session, owner_id="mary") == []


async def test_a_folder_counts_what_is_in_the_folders_inside_it(
    database: Database, three_levels: dict[str, str]
) -> None:
    async with database.write() as session:
        assert {one.name: count for one, count in await folders.list_folders(session, owner_id="ada")} == {
            "客户": 1,
            "甲公司": 1,
            "例会": 1,
        }
        for name in ("客户", "甲公司", "例会"):
            inside = select(Recording.id).where(in_folder(Recording.id, three_levels[name]))
            assert (await session.scalars(inside)).all() == [three_levels["recording"]]
        assert (await session.scalars(select(Recording.id).where(in_folder(Recording.id, None)))).all() == []


async def test_recordings_stay_when_their_folder_is_deleted(database: Database, three_levels: dict[str, str]) -> None:
    recording = three_levels["recording"]
    async with database.write() as session:
        await folders.delete(session, owner_id="ada", folder_id=three_levels["甲公司"])
    async with database.read() as session:
        assert await folders.folders_of(session, [recording]) == {recording: three_levels["客户"]}
        assert [one.name for one, _ in await folders.list_folders(session, owner_id="ada")] == ["客户"]

    async with database.write() as session:
        await folders.delete(session, owner_id="ada", folder_id=three_levels["客户"])
    async with database.read() as session:
        assert await folders.folders_of(session, [recording]) == {}
        assert await session.get(Recording, recording) is not None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(-1, 9)), max_size=60))
def test_no_order_of_moves_makes_a_circle_or_a_fourth_level(moves: list[tuple[int, int]]) -> None:
    tree = FolderTree({str(id): Folder(id=str(id), parent_id=None, folded=str(id)) for id in range(10)})

    for id, into in moves:
        parent = None if into < 0 else str(into)
        try:
            tree.check_place(str(id), parent, str(id))
        except (FolderInItself, FolderTooDeep):
            continue
        tree[str(id)].parent_id = parent

    assert all(len(list(tree.path(id))) <= MAX_LEVELS for id in tree.folders)


@pytest.mark.parametrize("name", ["", " ", "\u200b\u202e", "\x00", "长" * 65, "\ufdfa" * 60])
def test_a_name_that_nobody_could_read_is_refused(name: str) -> None:
    with pytest.raises(names.NameUnusable):
        names.clean(name)


def test_a_name_is_cleaned_and_folded() -> None:
    assert names.clean(" 季度\t\u202e 复盘\x00 ") == "季度 复盘"
    assert names.fold("ＡＢｃ") == names.fold("abC") == "abc"
    assert names.fold("Straße") == names.fold("STRASSE")
