"""One request at a time writes to an upload, and acknowledged bytes are never lost."""

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
from backend.recordings import upload_receiver, uploads
from backend.recordings.files import Storage
from backend.recordings.partial_file import PartialFile
from backend.recordings.tables import Upload
from backend.recordings.tus import Checksum
from backend.recordings.upload_receiver import UploadReceiver

CONTENT = random.Random(4).randbytes(5_000_000)
LIFE = timedelta(hours=1)


class Disconnected(Exception):
    """Like ClientDisconnect: the client has gone."""


async def stream(content: bytes, then: BaseException | None = None, piece: int = 100_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), piece):
        await asyncio.sleep(0)
        yield content[start : start + piece]
    if then is not None:
        raise then


class UploadCase:
    """A receiver, and one owner with one upload for CONTENT."""

    def __init__(self, database: Database, root: Path) -> None:
        self.database = database
        self.storage = Storage(root)
        self.receiver = self.restart()
        self.id = ""

    def restart(self, stall_seconds: float = 60.0) -> UploadReceiver:
        self.receiver = UploadReceiver(self.storage, reserve_bytes=0, lifetime=LIFE, stall_seconds=stall_seconds)
        return self.receiver

    async def receive(
        self,
        offset: int,
        stream: AsyncIterator[bytes],
        *,
        length: int | None = None,
        checksum: Checksum | None = None,
        owner: str = "ada",
    ) -> Upload:
        return await self.receiver.receive(
            self.database,
            owner_id=owner,
            upload_id=self.id,
            offset=offset,
            length=length,
            checksum=checksum,
            stream=stream,
        )

    async def error_code(self, *arguments: object, **named: object) -> str:
        with pytest.raises(AppError) as raised:
            await self.receive(*arguments, **named)  # type: ignore[arg-type]
        return raised.value.code

    async def row(self) -> Upload:
        async with self.database.read() as session:
            return await uploads.find(session, owner_id="ada", upload_id=self.id, now=utc_now())

    async def received(self) -> int:
        return (await self.row()).received

    @property
    def file(self) -> Path:
        return self.storage.upload(self.id)


@pytest.fixture
async def case(database: Database, tmp_path: Path) -> UploadCase:
    case = UploadCase(database, tmp_path / "uploads")
    async with database.write() as session:
        session.add_all([User(id=name, username=name, username_key=name) for name in ("ada", "eve")])
        await session.flush()
        upload = await uploads.create(
            session, owner_id="ada", name="../周会.wav", size=len(CONTENT), now=utc_now(), lifetime=LIFE
        )
    case.id = upload.id
    assert "周会.wav" == upload.name
    return case


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def test_a_file_sent_in_one_request_is_complete_with_its_hash(case: UploadCase) -> None:
    upload = await case.receive(0, stream(CONTENT))

    assert (len(CONTENT), sha256(CONTENT)) == (upload.received, upload.sha256)
    assert CONTENT == case.file.read_bytes()
    assert {} == case.receiver.digests


@pytest.mark.parametrize("restart", [False, True])
async def test_an_upload_interrupted_at_every_tenth_continues_from_the_offset(case: UploadCase, restart: bool) -> None:
    size, offset = len(CONTENT), 0
    for tenth in range(1, 10):
        with pytest.raises(Disconnected):
            await case.receive(offset, stream(CONTENT[offset : size * tenth // 10], Disconnected()))
        assert size * tenth // 10 == await case.received()
        offset = await case.received()
        if restart:
            case.restart()

    upload = await case.receive(offset, stream(CONTENT[offset:]))

    assert sha256(CONTENT) == upload.sha256
    assert CONTENT == case.file.read_bytes()


async def test_a_wrong_offset_changes_nothing(case: UploadCase) -> None:
    await case.receive(0, stream(CONTENT[:1000]))

    for offset in (0, 999, 1001, len(CONTENT)):
        with pytest.raises(upload_receiver.WrongOffset) as raised:
            await case.receive(offset, stream(b"x" * 10))
        assert {"offset": 1000} == raised.value.facts

    assert CONTENT[:1000] == case.file.read_bytes()


async def test_a_second_simultaneous_request_is_refused_as_busy(case: UploadCase) -> None:
    began, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        began.set()
        yield CONTENT[:1000]
        await go_on.wait()
        yield CONTENT[1000:]

    first = asyncio.create_task(case.receive(0, slow()))
    await began.wait()
    assert "upload_busy" == await case.error_code(0, stream(b"x" * 1000))
    go_on.set()

    assert sha256(CONTENT) == (await first).sha256
    assert CONTENT == case.file.read_bytes()


async def test_interrupting_a_dead_connection_keeps_its_bytes(case: UploadCase) -> None:
    arrived, never = asyncio.Event(), asyncio.Event()

    async def dying() -> AsyncIterator[bytes]:
        yield CONTENT[:123_456]
        arrived.set()
        await never.wait()

    dead = asyncio.create_task(case.error_code(0, dying()))
    await arrived.wait()
    await case.receiver.interrupt(case.id)

    assert 123_456 == await case.received()
    assert "upload_interrupted" == await dead
    assert sha256(CONTENT) == (await case.receive(123_456, stream(CONTENT[123_456:]))).sha256


@pytest.fixture
def other_server(case: UploadCase, monkeypatch: pytest.MonkeyPatch) -> UploadCase:
    """The same upload at another server."""
    monkeypatch.setattr(upload_receiver, "_LOOK_SECONDS", 0.01)
    other = UploadCase(case.database, case.storage.root)
    other.id = case.id
    return other


async def test_the_offset_asked_at_another_server_ends_the_request_and_keeps_its_bytes(
    case: UploadCase, other_server: UploadCase
) -> None:
    arrived, never = asyncio.Event(), asyncio.Event()

    async def dying() -> AsyncIterator[bytes]:
        yield CONTENT[:123_456]
        arrived.set()
        await never.wait()

    dead = asyncio.create_task(case.error_code(0, dying()))
    await arrived.wait()
    assert "upload_busy" == await other_server.error_code(0, stream(CONTENT))
    await other_server.receiver.interrupt_everywhere(case.database, case.id)

    assert 123_456 == await case.received()
    assert "upload_interrupted" == await dead
    assert sha256(CONTENT) == (await other_server.receive(123_456, stream(CONTENT[123_456:]))).sha256
    assert CONTENT == case.file.read_bytes()


async def test_a_request_that_another_server_overtook_changes_nothing(
    case: UploadCase, other_server: UploadCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = PartialFile.lock

    def late(file: PartialFile) -> None:
        """Meanwhile the other server receives everything."""
        monkeypatch.setattr(PartialFile, "lock", lock)
        asyncio.run_coroutine_threadsafe(other_server.receive(0, stream(CONTENT)), loop).result()
        lock(file)

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(PartialFile, "lock", late)

    assert "wrong_offset" == await case.error_code(0, stream(b"x" * len(CONTENT)))

    assert CONTENT == case.file.read_bytes()


async def test_an_upload_deleted_at_another_server_is_received_no_further(
    case: UploadCase, other_server: UploadCase
) -> None:
    arrived, never = asyncio.Event(), asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield CONTENT[:1000]
        arrived.set()
        await never.wait()

    receiving = asyncio.create_task(case.error_code(0, endless()))
    await arrived.wait()
    async with case.database.write() as session:
        await uploads.remove(session, owner_id="ada", ids=[case.id])

    assert "upload_not_found" == await receiving


async def test_a_cancelled_request_keeps_its_bytes(case: UploadCase) -> None:
    arrived, never = asyncio.Event(), asyncio.Event()

    async def dying() -> AsyncIterator[bytes]:
        yield CONTENT[:2000]
        arrived.set()
        await never.wait()

    filling = asyncio.create_task(case.receive(0, dying()))
    await arrived.wait()
    filling.cancel()

    with pytest.raises(asyncio.CancelledError):
        await filling
    assert 2000 == await case.received()


async def test_a_stalled_request_is_ended_and_keeps_its_bytes(case: UploadCase) -> None:
    case.restart(stall_seconds=0.05)
    never = asyncio.Event()

    async def silent() -> AsyncIterator[bytes]:
        yield CONTENT[:3000]
        await never.wait()

    assert "upload_stalled" == await case.error_code(0, silent())
    assert 3000 == await case.received()


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
async def test_a_chunk_with_a_wrong_checksum_is_dropped(case: UploadCase, algorithm: str) -> None:
    await case.receive(0, stream(CONTENT[:1000]))
    right = Checksum(algorithm, hashlib.new(algorithm, CONTENT[1000:]).digest())

    assert "checksum_mismatch" == await case.error_code(1000, stream(b"?" + CONTENT[1001:]), checksum=right)
    assert (1000, CONTENT[:1000]) == (await case.received(), case.file.read_bytes())

    assert sha256(CONTENT) == (await case.receive(1000, stream(CONTENT[1000:]), checksum=right)).sha256


async def test_half_a_chunk_with_a_checksum_is_not_stored(case: UploadCase) -> None:
    with pytest.raises(Disconnected):
        await case.receive(0, stream(CONTENT[:3_000_000], Disconnected()), checksum=Checksum("sha256", bytes(32)))

    assert (0, 0) == (await case.received(), case.file.stat().st_size)


async def test_more_bytes_than_announced_are_refused(case: UploadCase) -> None:
    unread = stream(CONTENT)
    assert "too_large" == await case.error_code(0, unread, length=len(CONTENT) + 1)
    assert CONTENT[:100_000] == await anext(unread)

    assert "too_large" == await case.error_code(0, stream(CONTENT + b"x"))
    assert 0 == await case.received()

    await case.receive(0, stream(CONTENT))
    assert "too_large" == await case.error_code(len(CONTENT), stream(b"x"))
    assert CONTENT == case.file.read_bytes()


async def test_a_long_request_is_synced_while_it_arrives(case: UploadCase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_receiver, "_BATCH", 100_000)
    monkeypatch.setattr(upload_receiver, "_SAVE_EVERY", 1_000_000)
    seen: list[int] = []

    async def watched() -> AsyncIterator[bytes]:
        async for chunk in stream(CONTENT):
            yield chunk
            seen.append(await case.received())

    await case.receive(0, watched())

    assert any(0 < received < len(CONTENT) for received in seen)
    assert sorted(seen) == seen
    assert sha256(CONTENT) == (await case.row()).sha256


async def test_only_synced_bytes_are_acknowledged(case: UploadCase, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[int] = []
    fsync = os.fsync

    def noting(descriptor: int) -> None:
        if not os.path.isdir(f"/proc/self/fd/{descriptor}"):
            flushed.append(os.fstat(descriptor).st_size)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    for start, end in ((0, 1000), (1000, 2_500_000), (2_500_000, len(CONTENT))):
        upload = await case.receive(start, stream(CONTENT[start:end]))
        assert upload.received == end == flushed[-1]


async def test_unacknowledged_bytes_are_overwritten(case: UploadCase) -> None:
    await case.receive(0, stream(CONTENT[:1000]))
    with case.file.open("ab") as file:
        file.write(b"written by a server that was killed before it acknowledged this")

    case.restart()

    assert sha256(CONTENT) == (await case.receive(1000, stream(CONTENT[1000:]))).sha256
    assert CONTENT == case.file.read_bytes()


async def test_an_upload_without_its_file_is_not_found(case: UploadCase) -> None:
    await case.receive(0, stream(CONTENT[:1000]))
    case.file.unlink()

    assert "upload_not_found" == await case.error_code(1000, stream(CONTENT[1000:]))
    assert "upload_not_found" == await case.error_code(0, stream(CONTENT))


async def test_a_full_disk_does_not_lose_acknowledged_bytes(case: UploadCase) -> None:
    await case.receive(0, stream(CONTENT[:1000]))
    room: Iterable[bool] = iter([True])  # free at the start, full later

    def check_free_space(wanted: int, reserve: int) -> None:
        if not next(iter(room), False):
            raise upload_receiver.DiskFull

    case.storage.check_free_space = check_free_space  # type: ignore[method-assign]

    assert "disk_full" == await case.error_code(1000, stream(CONTENT[1000:]))
    assert (1000, CONTENT[:1000]) == (await case.received(), case.file.read_bytes())


async def test_uploads_of_others_are_not_found(case: UploadCase) -> None:
    assert "upload_not_found" == await case.error_code(0, stream(CONTENT), owner="eve")
    async with case.database.write() as session:
        assert [] == list(await uploads.list_open(session, owner_id="eve", now=utc_now()))
        with pytest.raises(uploads.UploadNotFound):
            await uploads.remove(session, owner_id="eve", ids=[case.id])
        with pytest.raises(uploads.UploadNotFound):
            await uploads.find_complete(session, owner_id="eve", ids=[case.id], now=utc_now())


async def test_an_expired_upload_is_not_found_even_before_it_is_cleaned_up(case: UploadCase) -> None:
    async with case.database.write() as session:
        await session.execute(update(Upload).values(expires_at=utc_now()))

    assert "upload_not_found" == await case.error_code(0, stream(CONTENT))


async def test_new_bytes_postpone_the_expiry(case: UploadCase) -> None:
    before = (await case.row()).expires_at

    await case.receive(0, stream(CONTENT[:1000]))

    assert (await case.row()).expires_at > before


async def test_one_user_may_have_a_hundred_open_uploads(case: UploadCase) -> None:
    async with case.database.write() as session:
        for _ in range(uploads.MAX_OPEN - 1):
            await uploads.create(session, owner_id="ada", name="a", size=1, now=utc_now(), lifetime=LIFE)
        await uploads.create(session, owner_id="eve", name="a", size=1, now=utc_now(), lifetime=LIFE)

        with pytest.raises(uploads.TooManyUploads):
            await uploads.create(session, owner_id="ada", name="a", size=1, now=utc_now(), lifetime=LIFE)
