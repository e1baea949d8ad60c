"""Receives a file as multipart/form-data: it is parsed, counted and hashed while it is written to the disk."""

import asyncio
import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.utils import decode_rfc2231
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from backend.crash_points import durable_step
from backend.durable import sync_folder
from backend.errors import AppError, InvalidInput
from backend.recordings.files import Storage, clean_name, extension_of, translate_disk_full
from backend.recordings.timeouts import run_to_completion, with_timeout

#: The most that a body may contain besides the file: boundaries, headers and the other fields.
MAX_BYTES_BESIDES_FILE = 64 * 1024

_BATCH = 1024**2  #: bytes that are handed to a thread at once
_MAX_FIELDS = 50
MIN_BYTES_PER_PERIOD = 64 * 1024  #: bytes that must arrive within `stall_seconds`


class TooLarge(AppError):
    status = 413
    code = "too_large"
    detail = "This file is larger than this server accepts."


class NotAForm(AppError):
    status = 415
    code = "not_a_form"
    detail = "Send the file as multipart/form-data."


class BrokenForm(AppError):
    status = 400
    code = "broken_form"
    detail = "The upload is incomplete. Try again."


class NoFile(InvalidInput):
    code = "no_file"
    detail = "The upload contains no file."


class MultipleFiles(InvalidInput):
    code = "several_files"
    detail = "Upload one file at a time."


class EmptyFile(InvalidInput):
    code = "empty_file"
    detail = "This file is empty."


class UploadStalled(AppError):
    status = 408
    code = "upload_stalled"
    detail = "The upload stalled. Try again."


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A complete file under its final name on the disk, before its row exists."""

    name: str  #: the file name of the user, cleaned
    path: Path
    extension: str
    size: int
    sha256: str
    fields: dict[str, list[str]] = field(default_factory=dict)  #: the other fields of the form
    parts: int = 1  #: number of files it consists of


async def receive_form(
    stream: AsyncIterator[bytes],
    content_type: str | None,
    content_length: int | None,
    storage: Storage,
    recording_id: str,
    *,
    max_bytes: int,
    reserve_bytes: int,
    stall_seconds: float = 60.0,
) -> ReceivedFile:
    """Stream the only file of a form into the folder of `recording_id`, which must be new.

    Errors in the headers of the request are raised before a byte of its body is read. After any error, a disconnect or
    a cancellation the folder is removed.
    """
    boundary = _boundary(content_type)
    if content_length is not None and content_length > max_bytes + MAX_BYTES_BESIDES_FILE:
        raise TooLarge
    await asyncio.to_thread(storage.check_free_space, content_length or 0, reserve_bytes)
    parser = _FormParser(boundary, storage, recording_id, max_bytes, reserve_bytes)
    try:
        batch: list[bytes] = []
        waiting = total = 0
        async for chunk in _stop_when_stalled(stream, stall_seconds):
            total += len(chunk)
            if total > max_bytes + MAX_BYTES_BESIDES_FILE:
                raise TooLarge
            batch.append(chunk)
            waiting += len(chunk)
            if waiting >= _BATCH:
                await run_to_completion(asyncio.to_thread(parser.feed, b"".join(batch)))
                batch, waiting = [], 0
        await run_to_completion(asyncio.to_thread(parser.feed, b"".join(batch)))
        return await run_to_completion(asyncio.to_thread(parser.close))
    except BaseException:
        await asyncio.to_thread(parser.discard)
        raise


async def _stop_when_stalled(stream: AsyncIterator[bytes], stall_seconds: float) -> AsyncIterator[bytes]:
    """The chunks of `stream`. Raises UploadStalled if too few bytes arrive within `stall_seconds`."""
    clock = asyncio.get_running_loop().time
    started, arrived = clock(), 0
    chunks = aiter(stream)
    while True:
        left = started + stall_seconds - clock()
        if left <= 0:
            if arrived < MIN_BYTES_PER_PERIOD:
                raise UploadStalled
            started, arrived, left = clock(), 0, stall_seconds
        try:
            chunk = await with_timeout(left, anext(chunks))
        except StopAsyncIteration:
            return
        except asyncio.TimeoutError:
            raise UploadStalled from None
        arrived += len(chunk)
        yield chunk


def _boundary(content_type: str | None) -> bytes:
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        raise NotAForm
    if not 0 < len(boundary := options.get(b"boundary", b"")) <= 70:
        raise BrokenForm
    return boundary


class _FormParser:
    """The parser and the file it writes. Used in threads, one call at a time."""

    def __init__(self, boundary: bytes, storage: Storage, recording_id: str, max_bytes: int, reserve: int) -> None:
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": lambda data, start, end: self._key.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                "on_header_end": self._end_header,
                "on_headers_finished": self._open_part,
                "on_part_data": self._part_data,
                "on_part_end": self._end_part,
                "on_end": self._end_of_form,
            },
        )
        self._storage = storage
        self._id = recording_id
        self._folder = storage.folder(recording_id)
        self._max_bytes = max_bytes
        self._reserve = reserve
        self._folder_created = False  #: then it is also removed after an error
        self._file: BinaryIO | None = None
        self._name: str | None = None
        self._size = 0
        self._field_bytes = 0
        self._sha256 = hashlib.sha256()
        self._fields: dict[str, list[str]] = {}
        self._part_count = 0
        self._complete = False
        self._key, self._value = bytearray(), bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._field: tuple[str, bytearray] | None = None  #: the field being read; None while the file is read

    def feed(self, data: bytes) -> None:
        try:
            with translate_disk_full():
                self._storage.check_free_space(0, self._reserve)
                self._parser.write(data)
        except FormParserError:
            raise BrokenForm from None

    def close(self) -> ReceivedFile:
        """Sync the file and give it its final name."""
        if not self._complete:
            raise BrokenForm
        if self._file is None or self._name is None:
            raise NoFile
        if self._size == 0:
            raise EmptyFile
        extension = extension_of(self._name)
        path = self._storage.original_named(self._id, extension)
        with translate_disk_full(), durable_step("original"):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._temporary_path.replace(path)
            sync_folder(self._folder)
        return ReceivedFile(self._name, path, extension, self._size, self._sha256.hexdigest(), self._fields)

    def discard(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # the disk may be too full to write the buffer
                self._file.close()
        if self._folder_created:
            shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _temporary_path(self) -> Path:
        return self._folder / ".upload.part"

    def _begin_part(self) -> None:
        self._part_count += 1
        if self._part_count > _MAX_FIELDS:
            raise BrokenForm("The form has too many fields.")
        self._headers = {}

    def _end_header(self) -> None:
        self._headers[bytes(self._key).lower()] = bytes(self._value)
        self._key.clear()
        self._value.clear()

    def _open_part(self) -> None:
        disposition = self._headers.get(b"content-disposition", b"").decode("latin-1")
        kind, options = parse_options_header(disposition)
        if kind != b"form-data" or b"name" not in options:
            raise BrokenForm
        file_name = _file_name(disposition, options.get(b"filename"))
        if file_name is None:
            self._field = (_decode(options[b"name"]), bytearray())
            return
        if self._file is not None:
            raise MultipleFiles
        self._field = None
        self._name = clean_name(file_name)
        self._storage.make_folder(self._folder.parent)
        self._folder.mkdir(mode=0o700)
        self._folder_created = True
        sync_folder(self._folder.parent)
        self._file = self._temporary_path.open("xb", buffering=_BATCH)

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._field is not None:
            self._field_bytes += end - start
            if self._field_bytes > MAX_BYTES_BESIDES_FILE:
                raise TooLarge("The fields of the form are too large.")
            self._field[1].extend(data[start:end])
            return
        self._size += end - start
        if self._size > self._max_bytes:
            raise TooLarge
        piece = memoryview(data)[start:end]
        self._sha256.update(piece)
        assert self._file is not None
        self._file.write(piece)

    def _end_part(self) -> None:
        if self._field is not None:
            name, value = self._field
            self._fields.setdefault(name, []).append(_decode(bytes(value)))

    def _end_of_form(self) -> None:
        self._complete = True


def _file_name(disposition: str, plain: bytes | None) -> str | None:
    """The name of the file, or None if the part is a field. Browsers send UTF-8 between the quotes, with %22 for a
    quote. `filename*` only counts without a plain name, because forms should not contain it at all."""
    if plain is not None:
        return _decode(re.sub(rb"%22", b'"', plain))
    if found := re.search(r";\s*filename\*\s*=\s*\"?([^\";]*)", disposition, re.IGNORECASE):
        _charset, _language, value = decode_rfc2231(found[1])
        return _decode(unquote_to_bytes(value))
    return None


def _decode(raw: bytes) -> str:
    """UTF-8, or GB 18030, which old Chinese programs send."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")
