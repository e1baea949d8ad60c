"""Receives uploads: one request at a time writes to each, and acknowledged bytes survive a power cut."""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from backend.crash_points import durable_step
from backend.database import Database, utc_now
from backend.durable import sync_folder
from backend.errors import AppError, Conflict
from backend.recordings import uploads
from backend.recordings.files import DiskFull, Storage
from backend.recordings.multipart import MIN_BYTES_PER_PERIOD, TooLarge, UploadStalled
from backend.recordings.partial_file import Digest, FileInUse, PartialFile, is_in_use
from backend.recordings.tables import Upload
from backend.recordings.timeouts import run_to_completion, with_timeout
from backend.recordings.tus import Checksum
from backend.recordings.uploads import UploadNotFound

logger = logging.getLogger(__name__)

_BATCH = 1024**2  #: bytes that are handed to a thread at once
_SAVE_EVERY = 64 * 1024**2  #: bytes after which a long request is synced to the disk and its offset stored
#: How often a request looks whether another server asks for the offset, and how long that server waits for its end.
_LOOK_SECONDS, _INTERRUPT_SECONDS = 1.0, 10.0


class WrongOffset(Conflict):
    code = "wrong_offset"
    detail = "The upload is at another offset. Ask for the offset and continue from there."


class UploadBusy(AppError):
    status = 423
    code = "upload_busy"
    detail = "Another request is sending a chunk of this upload."


class UploadInterrupted(Conflict):
    code = "upload_interrupted"
    detail = "Another request has asked for the offset. Ask for it again and continue from there."


class ChecksumMismatch(AppError):
    status = 460
    code = "checksum_mismatch"
    detail = "The chunk was damaged on its way and was dropped. Send it again."


@dataclass(slots=True)
class _ActiveRequest:
    """The request that writes to an upload at the moment; `reader` ends with its body, or when it is cancelled."""

    finished: asyncio.Event = field(default_factory=asyncio.Event)
    reader: "asyncio.Task[None] | None" = None
    error: type[AppError] | None = None

    def end(self, error: type[AppError]) -> None:
        self.error = self.error or error
        if self.reader is not None:
            self.reader.cancel()


class UploadReceiver:
    """Keeps the running hashes, so that a complete file is read again only if the server was restarted meanwhile."""

    def __init__(
        self, storage: Storage, *, reserve_bytes: int, lifetime: timedelta, stall_seconds: float = 60.0
    ) -> None:
        self.storage = storage
        self.lifetime = lifetime
        self.stall_seconds = stall_seconds
        self.digests: dict[str, tuple[int, Digest]] = {}  #: number of bytes hashed, and the hash so far
        self._reserve = reserve_bytes
        self._active: dict[str, _ActiveRequest] = {}

    async def receive(
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
        """Write the bytes of `stream` at `offset` and return the updated upload.

        If the request ends early, the bytes that arrived are stored; a chunk with a checksum is stored completely or
        not at all.
        """
        if upload_id in self._active:
            raise UploadBusy(headers={"Retry-After": "1"})
        active = self._active[upload_id] = _ActiveRequest()
        try:
            async with database.read() as session:
                upload = await uploads.find(session, owner_id=owner_id, upload_id=upload_id, now=utc_now())
            if offset != upload.received:
                raise WrongOffset(offset=upload.received)
            if offset + (length or 0) > upload.size:
                raise TooLarge
            await asyncio.to_thread(self.storage.check_free_space, length or 0, self._reserve)
            return await _UploadRequest(self, database, upload, checksum, active).run(stream)
        finally:
            del self._active[upload_id]
            active.finished.set()

    async def interrupt_everywhere(self, database: Database, upload_id: str) -> None:
        """`interrupt`, also where another server receives it. Raises UploadBusy if that one does not answer."""
        await self.interrupt(upload_id)
        path = self.storage.upload(upload_id)
        if not await asyncio.to_thread(is_in_use, path):
            return
        async with database.write() as session:
            await uploads.interrupt(session, upload_id)
        for _ in range(round(_INTERRUPT_SECONDS / 0.1)):
            await asyncio.sleep(0.1)
            if not await asyncio.to_thread(is_in_use, path):
                return
        raise UploadBusy(headers={"Retry-After": "1"})

    async def interrupt(self, upload_id: str) -> None:
        """End the request of this server that writes to this upload, if any: its connection may be dead. Its bytes are
        stored."""
        if (active := self._active.get(upload_id)) is not None:
            active.end(UploadInterrupted)
            await active.finished.wait()

    async def delete_files(self, ids: Sequence[str]) -> None:
        """Delete the files of uploads whose rows are gone."""
        for id in ids:
            await self.interrupt(id)
            self.digests.pop(id, None)
        await asyncio.to_thread(self._unlink, ids)

    async def close(self) -> None:
        """Store what has arrived of every upload, before the database closes."""
        for id in list(self._active):
            await self.interrupt(id)

    def check_reserve(self) -> None:
        """Raise DiskFull if only the reserve of the disk is left."""
        self.storage.check_free_space(0, self._reserve)

    def store_digest(self, upload: Upload, digest: Digest | None) -> None:
        """Remember the hash of what has arrived until the upload is complete."""
        if digest is None or upload.complete:
            self.digests.pop(upload.id, None)
        else:
            self.digests[upload.id] = (upload.received, digest)

    def _unlink(self, ids: Sequence[str]) -> None:
        with durable_step("upload.gone"):
            for id in ids:
                self.storage.upload(id).unlink(missing_ok=True)
            if self.storage.incoming.is_dir():
                sync_folder(self.storage.incoming)


class _UploadRequest:
    """One request that writes to one upload: it reads while one thread writes and another syncs what was written."""

    def __init__(
        self,
        receiver: UploadReceiver,
        database: Database,
        upload: Upload,
        checksum: Checksum | None,
        active: _ActiveRequest,
    ) -> None:
        self._receiver = receiver
        self._database = database
        self._upload = upload
        self._checksum = checksum
        self._active = active
        self._arrived = self._saved = upload.received  #: bytes read; bytes acknowledged in the row
        start, digest = receiver.digests.get(upload.id, (0, hashlib.sha256()))
        self._digest = digest.copy() if start == upload.received else None
        self._chunk_digest = hashlib.new(checksum.algorithm) if checksum else None
        digests = [one for one in (self._digest, self._chunk_digest) if one is not None]
        self._file = PartialFile(receiver.storage.upload(upload.id), self._saved, digests, receiver.check_reserve)
        self._batch: list[bytes] = []
        self._writing: asyncio.Task[None] | None = None
        self._saving: asyncio.Task[None] | None = None
        self._saved_is_certain = False  #: not before the file is open, and not while a commit is under way
        self._interrupted_at: datetime | None = None  #: as it was when this request began
        self._ended = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    async def run(self, stream: AsyncIterator[bytes]) -> Upload:
        try:
            await run_to_completion(self._open())
            reader = self._active.reader = asyncio.create_task(self._read(stream))
            if self._active.error is not None:  # it was interrupted before `reader` existed
                reader.cancel()
            watching = asyncio.create_task(self._interrupt_when_stalled())
            self._looking = asyncio.create_task(self._look_for_interruption())
            error = await _error_of(reader)
            watching.cancel()
            if not isinstance(error, TooLarge | DiskFull | OSError):
                await run_to_completion(self._save_all(complete=error is None))
            if isinstance(error, asyncio.CancelledError) and self._active.error is not None:
                raise self._active.error
            if error is not None:
                raise error
            return self._upload
        finally:
            await run_to_completion(self._close())

    async def _open(self) -> None:
        await asyncio.to_thread(self._receiver.storage.make_folder, self._receiver.storage.incoming)
        try:
            await asyncio.to_thread(self._file.lock)
        except FileInUse:
            raise UploadBusy(headers={"Retry-After": "1"}) from None
        # Read again: until now another server may have written to it.
        owner_id, id = self._upload.owner_id, self._upload.id
        async with self._database.read() as session:
            upload = await uploads.find(session, owner_id=owner_id, upload_id=id, now=utc_now())
        if upload.received != self._saved:
            raise WrongOffset(offset=upload.received)
        self._interrupted_at = upload.interrupted_at
        if not await asyncio.to_thread(self._file.open):
            async with self._database.write() as session:
                await uploads.remove(session, owner_id=owner_id, ids=[id])
            raise UploadNotFound
        self._saved_is_certain = True

    async def _read(self, stream: AsyncIterator[bytes]) -> None:
        waiting, saved = 0, self._saved
        async for chunk in stream:
            self._arrived += len(chunk)
            if self._arrived > self._upload.size:
                raise TooLarge
            self._batch.append(chunk)
            waiting += len(chunk)
            if waiting >= _BATCH:
                await self._write()
                waiting = 0
                if self._arrived - saved >= _SAVE_EVERY and self._checksum is None:
                    saved = self._arrived
                    await self._save_in_background()

    async def _interrupt_when_stalled(self) -> None:
        arrived = -MIN_BYTES_PER_PERIOD
        while self._arrived - arrived >= MIN_BYTES_PER_PERIOD:
            arrived = self._arrived
            await asyncio.sleep(self._receiver.stall_seconds)
        self._active.end(UploadStalled)

    async def _look_for_interruption(self) -> None:
        """End the request when another server has asked for the offset, or has deleted the upload."""
        while self._active.error is None:
            with contextlib.suppress(asyncio.TimeoutError):
                await with_timeout(_LOOK_SECONDS, self._ended.wait())
                return
            try:
                async with self._database.read() as session:
                    if await uploads.interruption(session, self._upload.id) != self._interrupted_at:
                        self._active.end(UploadInterrupted)
            except UploadNotFound:
                self._active.end(UploadNotFound)
            except SQLAlchemyError:
                logger.warning("The database did not answer; trying again", exc_info=True)

    async def _write(self) -> None:
        """Hand the batch to a thread after the previous one was written."""
        await _wait_for(self._writing)
        batch, self._batch = self._batch, []
        self._writing = asyncio.create_task(asyncio.to_thread(self._file.write, batch))

    async def _save_in_background(self) -> None:
        await _wait_for(self._writing)
        await _wait_for(self._saving)
        self._saving = asyncio.create_task(self._save(self._file.written, self._digest and self._digest.copy()))

    async def _save_all(self, *, complete: bool) -> None:
        if self._checksum is not None and not complete:
            return
        await self._write()
        await _wait_for(self._writing)
        if (
            self._chunk_digest is not None
            and self._checksum is not None
            and self._chunk_digest.digest() != self._checksum.digest
        ):
            raise ChecksumMismatch
        await self._save_in_background()
        await _wait_for(self._saving)

    async def _save(self, written: int, digest: Digest | None) -> None:
        """Sync what was written so far, and only then acknowledge it in the row."""
        if written == self._saved:
            return
        await asyncio.to_thread(self._file.sync)
        sha256 = None
        if written == self._upload.size:
            sha256 = digest.hexdigest() if digest else await asyncio.to_thread(self._file.sha256)
        expires_at = utc_now() + self._receiver.lifetime
        self._saved_is_certain = False
        with durable_step("upload.offset"):
            async with self._database.write() as session:
                await uploads.advance(
                    session,
                    upload=self._upload,
                    expected=self._saved,
                    received=written,
                    sha256=sha256,
                    expires_at=expires_at,
                )
        self._saved_is_certain, self._saved = True, written
        self._upload.received, self._upload.sha256, self._upload.expires_at = written, sha256, expires_at
        self._receiver.store_digest(self._upload, digest)

    async def _close(self) -> None:
        self._ended.set()
        for task in (self._writing, self._saving, self._looking):
            if task is not None:
                await asyncio.wait([task])
                if not task.cancelled():
                    task.exception()  # it was already raised where it was awaited, or another error was
        # A commit that was reported as failed may have succeeded. Then nothing is cut off here; the next request that
        # opens the file cuts it to the size in the row.
        await asyncio.to_thread(self._file.close, self._saved if self._saved_is_certain else None)


async def _wait_for(task: "asyncio.Task[None] | None") -> None:
    """Wait for the task without cancelling it when this call is cancelled."""
    if task is not None:
        await asyncio.shield(task)


async def _error_of(reader: "asyncio.Task[None]") -> BaseException | None:
    """What ended the reader, or None if the body is complete.

    A cancellation of this call is returned, not raised, so that the caller can store the bytes first.
    """
    try:
        await asyncio.wait([reader])
    except asyncio.CancelledError as cancelled:
        reader.cancel()
        await asyncio.wait([reader])
        return cancelled
    return asyncio.CancelledError() if reader.cancelled() else reader.exception()
