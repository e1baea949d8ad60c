from datetime import timedelta

from backend.database import utc_now
from backend.housekeeping.ground import summed
from backend.housekeeping.incoming import ExpiredUploads
from backend.housekeeping.keeper import carry_out
from backend.housekeeping.usage import Takes, usage
from backend.recordings import uploads
from backend.recordings.tables import Upload
from tests.housekeeping.conftest import Place

LIFE = timedelta(hours=24)
SWEEPER = ExpiredUploads()


async def begun(place: Place, owner: str = "ada") -> str:
    """An upload of which 1,000 bytes have come."""
    await place.user(owner)
    async with place.database.write() as session:
        row = await uploads.create(session, owner_id=owner, name="a.wav", size=2000, now=utc_now(), life=LIFE)
    place.storage.make(place.storage.incoming)
    place.storage.upload(row.id).write_bytes(b"x" * 1000)
    return row.id


async def test_uploads_go_when_their_time_is_over_and_not_before(place: Place) -> None:
    id = await begun(place)

    assert await SWEEPER.find(place.ground, utc_now()) == []
    later = utc_now() + LIFE
    items = await SWEEPER.find(place.ground, later)
    went = await carry_out(place.ground, SWEEPER, items, later)

    assert [(item.id, item.bytes, item.owner_id) for item in items] == [(id, 1000, "ada")]
    assert went == summed("uploads", items)
    assert not place.storage.upload(id).exists()
    async with place.database.read() as session:
        assert await session.get(Upload, id) is None


async def test_files_that_no_row_names_go_at_once(place: Place) -> None:
    id = await begun(place)
    orphan = place.storage.upload("0" * 32)
    orphan.write_bytes(b"left by a delete that was killed")

    (item,) = await SWEEPER.find(place.ground, utc_now())
    assert await SWEEPER.remove(place.ground, item, utc_now())

    assert (item.id, item.owner_id) == ("0" * 32, None)
    assert (orphan.exists(), place.storage.upload(id).exists()) == (False, True)


async def test_an_upload_that_somebody_goes_on_with_stays(place: Place) -> None:
    id = await begun(place)
    later = utc_now() + LIFE
    (item,) = await SWEEPER.find(place.ground, later)
    async with place.database.write() as session:
        (await session.get_one(Upload, id)).expires_at = later + LIFE

    assert not await SWEEPER.remove(place.ground, item, later)
    assert place.storage.upload(id).exists()


async def test_what_is_under_way_counts_as_its_owners(place: Place) -> None:
    await begun(place, "eve")

    found = await usage(place.database, place.storage, place.settings.database_url)

    assert found.kinds[Takes.UPLOADS] == 1000
    assert {user.user_id: user.kinds[Takes.UPLOADS] for user in found.users} == {"eve": 1000}
