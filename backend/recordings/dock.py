"""Where uploads come in: one request at a time fills each, and what is acknowledged would survive a power cut."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from backend.crash import durable_step
from backend.database import Database, utc_now
from backend.durable import sync_folder
from backend.errors import AppError, Conflict
from backend.recordings import uploads
from backend.recordings.berth import Berth, Digest
from backend.recordings.files import DiskFull, Storage
from backend.recordings.intake import SLOWEST, Stalled, TooLarge
from backend.recordings.patience import to_its_end
from backend.recordings.tables import Upload
from backend.recordings.tus import Checksum
from backend.recordings.uploads import UploadNotFound

_BATCH = 1024**2  #: handed to a thread at once
_KEEP = 64 * 1024**2  #: a long request is made durable this often


class WrongOffset(Conflict):
    code = "wrong_offset"
    detail = "The upload is at another offset. Ask for it, and go on from there."


class UploadBusy(AppError):
    status = 423
    code = "upload_busy"
    detail = "Another request is sending a piece of this upload."


class UploadInterrupted(Conflict):
    code = "upload_interrupted"
    detail = "Another request has asked for the offset. Ask for it too, and go on from there."


class ChecksumMismatch(AppError):
    status = 460
    code = "checksum_mismatch"
    detail = "The piece did not arrive as it was sent, and was dropped. Send it again."


@dataclass(slots=True)
class _Filling:
    """A request that fills an upload; `reading` ends when the body does, or when somebody ends it."""

    over: asyncio.Event = field(default_factory=asyncio.Event)
    reading: "asyncio.Task[None] | None" = None
    why: type[AppError] | None = None

    def end(self, why: type[AppError]) -> None:
        self.why = self.why or why
        if self.reading is not None:
            self.reading.cancel()


class Dock:
    """Running hashes live here: a file is read again at its end only where the server was restarted meanwhile."""

    def __init__(self, storage: Storage, *, reserve_bytes: int, life: timedelta, stall_seconds: float = 60.0) -> None:
        self.storage = storage
        self.life = life
        self.stall_seconds = stall_seconds
        self.digests: dict[str, tuple[int, Digest]] = {}  #: of how many bytes, and the hash so far
        self._reserve = reserve_bytes
        self._filling: dict[str, _Filling] = {}

    async def fill(
        self,
        database: Database,
        *,
        owner_id: str,
        upload_id: str,
        offset: int,
        length: int | None,
        checksum: Checksum | None,
        stream: AsyncIterator[bytes],
    ) -> Upload:
        """Put what `stream` gives at `offset`, and answer with the upload as it then is.

        Whatever ends the request early, what came is kept; a piece with a checksum is kept whole or not at all.
        """
        if upload_id in self._filling:
            raise UploadBusy(headers={"Retry-After": "1"})
        filling = self._filling[upload_id] = _Filling()
        try:
            async with database.read() as session:
                upload = await uploads.find(session, owner_id=owner_id, upload_id=upload_id, now=utc_now())
            if offset != upload.received:
                raise WrongOffset(offset=upload.received)
            if offset + (length or 0) > upload.size:
                raise TooLarge
            await asyncio.to_thread(self.storage.check_room, length or 0, self._reserve)
            return await _Visit(self, database, upload, checksum, filling).see_through(stream)
        finally:
            del self._filling[upload_id]
            filling.over.set()

    async def settle(self, upload_id: str) -> None:
        """End the request that fills this upload, if there is one: its line may be dead. What came is kept."""
        if (filling := self._filling.get(upload_id)) is not None:
            filling.end(UploadInterrupted)
            await filling.over.wait()

    async def clear(self, ids: Sequence[str]) -> None:
        """Remove the files of uploads that have no rows any more."""
        for id in ids:
            await self.settle(id)
            self.digests.pop(id, None)
        await asyncio.to_thread(self._unlink, ids)

    async def close(self) -> None:
        """Keep what has come of every upload, before the database closes."""
        for id in list(self._filling):
            await self.settle(id)

    def check_reserve(self) -> None:
        """Raise DiskFull where the disk has no more than its reserve."""
        self.storage.check_room(0, self._reserve)

    def remember(self, upload: Upload, digest: Digest | None) -> None:
        """Keep the hash of what has come, until the upload is whole."""
        if digest is None or upload.whole:
            self.digests.pop(upload.id, None)
        else:
            self.digests[upload.id] = (upload.received, digest)

    def _unlink(self, ids: Sequence[str]) -> None:
        with durable_step("upload.gone"):
            for id in ids:
                self.storage.upload(id).unlink(missing_ok=True)
            if self.storage.incoming.is_dir():
                sync_folder(self.storage.incoming)


class _Visit:
    """One request that fills one upload: it reads, while a thread writes and another makes durable what was written."""

    def __init__(
        self, dock: Dock, database: Database, upload: Upload, checksum: Checksum | None, filling: _Filling
    ) -> None:
        self._dock = dock
        self._database = database
        self._upload = upload
        self._checksum = checksum
        self._filling = filling
        self._arrived = self._kept = upload.received  #: bytes read; bytes the row speaks of
        start, digest = dock.digests.get(upload.id, (0, hashlib.sha256()))
        self._digest = digest.copy() if start == upload.received else None
        self._piece = hashlib.new(checksum.algorithm) if checksum else None
        digests = [one for one in (self._digest, self._piece) if one is not None]
        self._berth = Berth(dock.storage.upload(upload.id), self._kept, digests, dock.check_reserve)
        self._batch: list[bytes] = []
        self._writing: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._sure = True  #: that the row says what we think

    async def see_through(self, stream: AsyncIterator[bytes]) -> Upload:
        try:
            await to_its_end(self._open())
            reading = self._filling.reading = asyncio.create_task(self._read(stream))
            if self._filling.why is not None:  # somebody was faster
                reading.cancel()
            watching = asyncio.create_task(self._watch())
            broken = await _what_ended(reading)
            watching.cancel()
            if not isinstance(broken, TooLarge | DiskFull | OSError):
                await to_its_end(self._keep_all(whole=broken is None))
            if isinstance(broken, asyncio.CancelledError) and self._filling.why is not None:
                raise self._filling.why
            if broken is not None:
                raise broken
            return self._upload
        finally:
            await to_its_end(self._leave())

    async def _open(self) -> None:
        await asyncio.to_thread(self._dock.storage.make, self._dock.storage.incoming)
        if not await asyncio.to_thread(self._berth.open):
            async with self._database.write() as session:
                await uploads.remove(session, owner_id=self._upload.owner_id, ids=[self._upload.id])
            raise UploadNotFound

    async def _read(self, stream: AsyncIterator[bytes]) -> None:
        waiting, kept = 0, self._kept
        async for chunk in stream:
            self._arrived += len(chunk)
            if self._arrived > self._upload.size:
                raise TooLarge
            self._batch.append(chunk)
            waiting += len(chunk)
            if waiting >= _BATCH:
                await self._write()
                waiting = 0
                if self._arrived - kept >= _KEEP and self._checksum is None:
                    kept = self._arrived
                    await self._keep_beside()

    async def _watch(self) -> None:
        arrived = -SLOWEST
        while self._arrived - arrived >= SLOWEST:
            arrived = self._arrived
            await asyncio.sleep(self._dock.stall_seconds)
        self._filling.end(Stalled)

    async def _write(self) -> None:
        """Hand what has come to a thread, once it is done with what came before."""
        await _done(self._writing)
        batch, self._batch = self._batch, []
        self._writing = asyncio.create_task(asyncio.to_thread(self._berth.write, batch))

    async def _keep_beside(self) -> None:
        await _done(self._writing)
        await _done(self._keeping)
        self._keeping = asyncio.create_task(self._keep(self._berth.written, self._digest and self._digest.copy()))

    async def _keep_all(self, *, whole: bool) -> None:
        if self._checksum is not None and not whole:
            return
        await self._write()
        await _done(self._writing)
        if self._piece is not None and self._checksum is not None and self._piece.digest() != self._checksum.digest:
            raise ChecksumMismatch
        await self._keep_beside()
        await _done(self._keeping)

    async def _keep(self, written: int, digest: Digest | None) -> None:
        """Make durable what was written so far; only then say so."""
        if written == self._kept:
            return
        await asyncio.to_thread(self._berth.sync)
        sha256 = None
        if written == self._upload.size:
            sha256 = digest.hexdigest() if digest else await asyncio.to_thread(self._berth.sha256)
        expires_at = utc_now() + self._dock.life
        self._sure = False
        with durable_step("upload.offset"):
            async with self._database.write() as session:
                await uploads.advance(
                    session,
                    upload=self._upload,
                    was=self._kept,
                    received=written,
                    sha256=sha256,
                    expires_at=expires_at,
                )
        self._sure, self._kept = True, written
        self._upload.received, self._upload.sha256, self._upload.expires_at = written, sha256, expires_at
        self._dock.remember(self._upload, digest)

    async def _leave(self) -> None:
        for task in (self._writing, self._keeping):
            if task is not None:
                await asyncio.wait([task])
                if not task.cancelled():
                    task.exception()  # it was raised where it was waited for, or another was
        # A commit may have happened and been reported as failed: then the next to open the file looks at the row.
        await asyncio.to_thread(self._berth.close, self._kept if self._sure else None)


async def _done(task: "asyncio.Task[None] | None") -> None:
    """Wait without taking the task along when cancelled."""
    if task is not None:
        await asyncio.shield(task)


async def _what_ended(reading: "asyncio.Task[None]") -> BaseException | None:
    """None where the body came to its end; who is cancelled meanwhile raises it after keeping what came."""
    try:
        await asyncio.wait([reading])
    except asyncio.CancelledError as cancelled:
        reading.cancel()
        await asyncio.wait([reading])
        return cancelled
    return asyncio.CancelledError() if reading.cancelled() else reading.exception()
