from datetime import timedelta

from backend.database import utc_now
from backend.housekeeping.context import total_of
from backend.housekeeping.housekeeper import remove_items
from backend.housekeeping.incoming import ExpiredUploads
from backend.housekeeping.usage import StorageKind, usage
from backend.recordings import uploads
from backend.recordings.tables import Upload
from tests.housekeeping.conftest import Installation

LIFE = timedelta(hours=24)
SWEEPER = ExpiredUploads()


async def begin_upload(installation: Installation, owner: str = "ada") -> str:
    """An upload that has received 1,000 bytes."""
    await installation.user(owner)
    async with installation.database.write() as session:
        row = await uploads.create(session, owner_id=owner, name="a.wav", size=2000, now=utc_now(), lifetime=LIFE)
    installation.storage.make_folder(installation.storage.incoming)
    installation.storage.upload(row.id).write_bytes(b"x" * 1000)
    return row.id


async def test_uploads_are_removed_when_they_expire_and_not_before(installation: Installation) -> None:
    id = await begin_upload(installation)

    assert await SWEEPER.find(installation.context, utc_now()) == []
    later = utc_now() + LIFE
    items = await SWEEPER.find(installation.context, later)
    removed = await remove_items(installation.context, SWEEPER, items, later)

    assert [(item.id, item.bytes, item.owner_id) for item in items] == [(id, 1000, "ada")]
    assert removed == total_of("uploads", items)
    assert not installation.storage.upload(id).exists()
    async with installation.database.read() as session:
        assert await session.get(Upload, id) is None


async def test_upload_files_without_a_row_are_removed_at_once(installation: Installation) -> None:
    id = await begin_upload(installation)
    orphan = installation.storage.upload("0" * 32)
    orphan.write_bytes(b"left by a delete that was killed")

    (item,) = await SWEEPER.find(installation.context, utc_now())
    assert await SWEEPER.remove(installation.context, item, utc_now())

    assert (item.id, item.owner_id) == ("0" * 32, None)
    assert (orphan.exists(), installation.storage.upload(id).exists()) == (False, True)


async def test_an_upload_that_is_continued_stays(installation: Installation) -> None:
    id = await begin_upload(installation)
    later = utc_now() + LIFE
    (item,) = await SWEEPER.find(installation.context, later)
    async with installation.database.write() as session:
        (await session.get_one(Upload, id)).expires_at = later + LIFE

    assert not await SWEEPER.remove(installation.context, item, later)
    assert installation.storage.upload(id).exists()


async def test_unfinished_uploads_count_for_their_owner(installation: Installation) -> None:
    await begin_upload(installation, "eve")

    found = await usage(installation.database, installation.storage, installation.settings.database_url)

    assert found.kinds[StorageKind.UPLOADS] == 1000
    assert {user.user_id: user.kinds[StorageKind.UPLOADS] for user in found.users} == {"eve": 1000}
