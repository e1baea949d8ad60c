"""One request at a time fills an upload, and what it was told is there stays there."""

import asyncio
import hashlib
import os
import random
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from backend.accounts.tables import User
from backend.database import Database, utc_now
from backend.errors import AppError
from backend.recordings import dock as docks
from backend.recordings import uploads
from backend.recordings.dock import Dock
from backend.recordings.files import Storage
from backend.recordings.tables import Upload
from backend.recordings.tus import Checksum

CONTENT = random.Random(4).randbytes(5_000_000)
LIFE = timedelta(hours=1)


class Gone(Exception):
    """As ClientDisconnect: nobody sends any more."""


async def sent(content: bytes, then: BaseException | None = None, piece: int = 100_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), piece):
        await asyncio.sleep(0)
        yield content[start : start + piece]
    if then is not None:
        raise then


class Place:
    """A dock, and one owner with one upload that is to hold CONTENT."""

    def __init__(self, database: Database, root: Path) -> None:
        self.database = database
        self.storage = Storage(root)
        self.dock = self.restarted()
        self.id = ""

    def restarted(self, stall_seconds: float = 60.0) -> Dock:
        self.dock = Dock(self.storage, reserve_bytes=0, life=LIFE, stall_seconds=stall_seconds)
        return self.dock

    async def fill(
        self,
        offset: int,
        stream: AsyncIterator[bytes],
        *,
        length: int | None = None,
        checksum: Checksum | None = None,
        owner: str = "ada",
    ) -> Upload:
        return await self.dock.fill(
            self.database,
            owner_id=owner,
            upload_id=self.id,
            offset=offset,
            length=length,
            checksum=checksum,
            stream=stream,
        )

    async def refused(self, *arguments: object, **named: object) -> str:
        with pytest.raises(AppError) as refusal:
            await self.fill(*arguments, **named)  # type: ignore[arg-type]
        return refusal.value.code

    async def row(self) -> Upload:
        async with self.database.read() as session:
            return await uploads.find(session, owner_id="ada", upload_id=self.id, now=utc_now())

    async def received(self) -> int:
        return (await self.row()).received

    @property
    def file(self) -> Path:
        return self.storage.upload(self.id)


@pytest.fixture
async def place(database: Database, tmp_path: Path) -> Place:
    place = Place(database, tmp_path / "uploads")
    async with database.write() as session:
        session.add_all([User(id=name, username=name, username_key=name) for name in ("ada", "eve")])
        await session.flush()
        made = await uploads.create(
            session, owner_id="ada", name="../周会.wav", size=len(CONTENT), now=utc_now(), life=LIFE
        )
    place.id = made.id
    assert "周会.wav" == made.name
    return place


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def test_a_file_in_one_piece_is_whole_with_its_hash(place: Place) -> None:
    upload = await place.fill(0, sent(CONTENT))

    assert (len(CONTENT), sha256(CONTENT)) == (upload.received, upload.sha256)
    assert CONTENT == place.file.read_bytes()
    assert {} == place.dock.digests


@pytest.mark.parametrize("restart", [False, True])
async def test_cut_at_every_tenth_it_is_gone_on_with_from_the_offset(place: Place, restart: bool) -> None:
    size, offset = len(CONTENT), 0
    for tenth in range(1, 10):
        with pytest.raises(Gone):
            await place.fill(offset, sent(CONTENT[offset : size * tenth // 10], Gone()))
        assert size * tenth // 10 == await place.received()
        offset = await place.received()
        if restart:
            place.restarted()

    upload = await place.fill(offset, sent(CONTENT[offset:]))

    assert sha256(CONTENT) == upload.sha256
    assert CONTENT == place.file.read_bytes()


async def test_a_wrong_offset_changes_nothing(place: Place) -> None:
    await place.fill(0, sent(CONTENT[:1000]))

    for offset in (0, 999, 1001, len(CONTENT)):
        with pytest.raises(docks.WrongOffset) as refusal:
            await place.fill(offset, sent(b"x" * 10))
        assert {"offset": 1000} == refusal.value.facts

    assert CONTENT[:1000] == place.file.read_bytes()


async def test_two_at_once_one_is_taken_and_the_other_told_to_wait(place: Place) -> None:
    began, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        began.set()
        yield CONTENT[:1000]
        await go_on.wait()
        yield CONTENT[1000:]

    first = asyncio.create_task(place.fill(0, slow()))
    await began.wait()
    assert "upload_busy" == await place.refused(0, sent(b"x" * 1000))
    go_on.set()

    assert sha256(CONTENT) == (await first).sha256
    assert CONTENT == place.file.read_bytes()


async def test_who_asks_for_the_offset_ends_a_dead_line_and_keeps_what_came(place: Place) -> None:
    came, never = asyncio.Event(), asyncio.Event()

    async def dying() -> AsyncIterator[bytes]:
        yield CONTENT[:123_456]
        came.set()
        await never.wait()

    dead = asyncio.create_task(place.refused(0, dying()))
    await came.wait()
    await place.dock.settle(place.id)

    assert 123_456 == await place.received()
    assert "upload_interrupted" == await dead
    assert sha256(CONTENT) == (await place.fill(123_456, sent(CONTENT[123_456:]))).sha256


async def test_being_cancelled_keeps_what_came(place: Place) -> None:
    came, never = asyncio.Event(), asyncio.Event()

    async def dying() -> AsyncIterator[bytes]:
        yield CONTENT[:2000]
        came.set()
        await never.wait()

    filling = asyncio.create_task(place.fill(0, dying()))
    await came.wait()
    filling.cancel()

    with pytest.raises(asyncio.CancelledError):
        await filling
    assert 2000 == await place.received()


async def test_silence_ends_the_request_and_keeps_what_came(place: Place) -> None:
    place.restarted(stall_seconds=0.05)
    never = asyncio.Event()

    async def silent() -> AsyncIterator[bytes]:
        yield CONTENT[:3000]
        await never.wait()

    assert "upload_stalled" == await place.refused(0, silent())
    assert 3000 == await place.received()


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
async def test_a_piece_that_is_not_what_was_sent_is_dropped(place: Place, algorithm: str) -> None:
    await place.fill(0, sent(CONTENT[:1000]))
    right = Checksum(algorithm, hashlib.new(algorithm, CONTENT[1000:]).digest())

    assert "checksum_mismatch" == await place.refused(1000, sent(b"?" + CONTENT[1001:]), checksum=right)
    assert (1000, CONTENT[:1000]) == (await place.received(), place.file.read_bytes())

    assert sha256(CONTENT) == (await place.fill(1000, sent(CONTENT[1000:]), checksum=right)).sha256


async def test_half_a_piece_with_a_checksum_is_not_kept(place: Place) -> None:
    with pytest.raises(Gone):
        await place.fill(0, sent(CONTENT[:3_000_000], Gone()), checksum=Checksum("sha256", bytes(32)))

    assert (0, 0) == (await place.received(), place.file.stat().st_size)


async def test_more_than_was_announced_is_refused(place: Place) -> None:
    unread = sent(CONTENT)
    assert "too_large" == await place.refused(0, unread, length=len(CONTENT) + 1)
    assert CONTENT[:100_000] == await anext(unread)

    assert "too_large" == await place.refused(0, sent(CONTENT + b"x"))
    assert 0 == await place.received()

    await place.fill(0, sent(CONTENT))
    assert "too_large" == await place.refused(len(CONTENT), sent(b"x"))
    assert CONTENT == place.file.read_bytes()


async def test_a_long_request_is_made_durable_on_its_way(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docks, "_BATCH", 100_000)
    monkeypatch.setattr(docks, "_KEEP", 1_000_000)
    seen: list[int] = []

    async def watched() -> AsyncIterator[bytes]:
        async for chunk in sent(CONTENT):
            yield chunk
            seen.append(await place.received())

    await place.fill(0, watched())

    assert any(0 < received < len(CONTENT) for received in seen)
    assert sorted(seen) == seen
    assert sha256(CONTENT) == (await place.row()).sha256


async def test_an_offset_is_told_only_of_what_was_flushed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[int] = []
    fsync = os.fsync

    def noting(descriptor: int) -> None:
        if not os.path.isdir(f"/proc/self/fd/{descriptor}"):
            flushed.append(os.fstat(descriptor).st_size)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    for start, end in ((0, 1000), (1000, 2_500_000), (2_500_000, len(CONTENT))):
        upload = await place.fill(start, sent(CONTENT[start:end]))
        assert upload.received == end == flushed[-1]


async def test_what_was_not_acknowledged_is_written_over(place: Place) -> None:
    await place.fill(0, sent(CONTENT[:1000]))
    with place.file.open("ab") as file:
        file.write(b"written by a server that was killed before it said so")

    place.restarted()

    assert sha256(CONTENT) == (await place.fill(1000, sent(CONTENT[1000:]))).sha256
    assert CONTENT == place.file.read_bytes()


async def test_an_upload_that_has_lost_its_file_is_gone(place: Place) -> None:
    await place.fill(0, sent(CONTENT[:1000]))
    place.file.unlink()

    assert "upload_not_found" == await place.refused(1000, sent(CONTENT[1000:]))
    assert "upload_not_found" == await place.refused(0, sent(CONTENT))


async def test_a_full_disk_keeps_what_was_acknowledged(place: Place) -> None:
    await place.fill(0, sent(CONTENT[:1000]))
    room: Iterable[bool] = iter([True])  # at the door; none later

    def check_room(wanted: int, reserve: int) -> None:
        if not next(iter(room), False):
            raise docks.DiskFull

    place.storage.check_room = check_room  # type: ignore[method-assign]

    assert "disk_full" == await place.refused(1000, sent(CONTENT[1000:]))
    assert (1000, CONTENT[:1000]) == (await place.received(), place.file.read_bytes())


async def test_what_is_not_yours_is_not_found(place: Place) -> None:
    assert "upload_not_found" == await place.refused(0, sent(CONTENT), owner="eve")
    async with place.database.write() as session:
        assert [] == list(await uploads.mine(session, owner_id="eve", now=utc_now()))
        with pytest.raises(uploads.UploadNotFound):
            await uploads.remove(session, owner_id="eve", ids=[place.id])
        with pytest.raises(uploads.UploadNotFound):
            await uploads.find_whole(session, owner_id="eve", ids=[place.id], now=utc_now())


async def test_an_expired_upload_is_not_found_even_before_the_sweep(place: Place) -> None:
    async with place.database.write() as session:
        await session.execute(update(Upload).values(expires_at=utc_now()))

    assert "upload_not_found" == await place.refused(0, sent(CONTENT))


async def test_each_byte_that_is_kept_puts_the_expiry_off(place: Place) -> None:
    before = (await place.row()).expires_at

    await place.fill(0, sent(CONTENT[:1000]))

    assert (await place.row()).expires_at > before


async def test_a_hundred_uploads_may_be_open(place: Place) -> None:
    async with place.database.write() as session:
        for _ in range(uploads.MOST_OPEN - 1):
            await uploads.create(session, owner_id="ada", name="a", size=1, now=utc_now(), life=LIFE)
        await uploads.create(session, owner_id="eve", name="a", size=1, now=utc_now(), life=LIFE)

        with pytest.raises(uploads.TooManyUploads):
            await uploads.create(session, owner_id="ada", name="a", size=1, now=utc_now(), life=LIFE)
