"""An upload on its way to the disk: parsed, counted and hashed as it arrives, written once, and gone if it fails."""

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

from backend.crash import durable_step
from backend.durable import sync_folder
from backend.errors import AppError, InvalidInput
from backend.recordings.files import Storage, clean_name, disk_watched, extension_of
from backend.recordings.patience import to_its_end, within

#: What a body may hold besides the file: boundaries, headers and the other fields.
BESIDES_BYTES = 64 * 1024

_BATCH = 1024**2  #: handed to a thread at once
_MOST_PARTS = 50
SLOWEST = 64 * 1024  #: bytes that must arrive within `stall_seconds`


class TooLarge(AppError):
    status = 413
    code = "too_large"
    detail = "This file is larger than this server takes."


class NotAForm(AppError):
    status = 415
    code = "not_a_form"
    detail = "Send the file as multipart/form-data."


class BrokenForm(AppError):
    status = 400
    code = "broken_form"
    detail = "The upload did not arrive whole. Try again."


class NoFile(InvalidInput):
    code = "no_file"
    detail = "The upload holds no file."


class SeveralFiles(InvalidInput):
    code = "several_files"
    detail = "Upload one file at a time."


class EmptyFile(InvalidInput):
    code = "empty_file"
    detail = "This file is empty."


class Stalled(AppError):
    status = 408
    code = "upload_stalled"
    detail = "The upload came to a standstill. Try again."


@dataclass(frozen=True, slots=True)
class Received:
    """A file that lies whole and named on the disk; no row names it yet."""

    name: str  #: as the user knows it, cleaned
    path: Path
    extension: str
    size: int
    sha256: str
    fields: dict[str, list[str]] = field(default_factory=dict)  #: the other fields of the form
    parts: int = 1  #: files it came in


async def receive(
    stream: AsyncIterator[bytes],
    content_type: str | None,
    content_length: int | None,
    storage: Storage,
    recording_id: str,
    *,
    max_bytes: int,
    reserve_bytes: int,
    stall_seconds: float = 60.0,
) -> Received:
    """Stream the one file of a form into the folder of `recording_id`, which must be new.

    Whatever is wrong with the request itself is said before a byte is read. After any error, a disconnect or a
    cancellation the folder is gone.
    """
    boundary = _boundary(content_type)
    if content_length is not None and content_length > max_bytes + BESIDES_BYTES:
        raise TooLarge
    await asyncio.to_thread(storage.check_room, content_length or 0, reserve_bytes)
    form = _Form(boundary, storage, recording_id, max_bytes, reserve_bytes)
    try:
        batch: list[bytes] = []
        waiting = total = 0
        async for chunk in _moving(stream, stall_seconds):
            total += len(chunk)
            if total > max_bytes + BESIDES_BYTES:
                raise TooLarge
            batch.append(chunk)
            waiting += len(chunk)
            if waiting >= _BATCH:
                await to_its_end(asyncio.to_thread(form.feed, b"".join(batch)))
                batch, waiting = [], 0
        await to_its_end(asyncio.to_thread(form.feed, b"".join(batch)))
        return await to_its_end(asyncio.to_thread(form.close))
    except BaseException:
        await asyncio.to_thread(form.discard)
        raise


async def _moving(stream: AsyncIterator[bytes], stall_seconds: float) -> AsyncIterator[bytes]:
    """The chunks of `stream`, as long as they come at more than a trickle."""
    clock = asyncio.get_running_loop().time
    began, arrived = clock(), 0
    chunks = aiter(stream)
    while True:
        left = began + stall_seconds - clock()
        if left <= 0:
            if arrived < SLOWEST:
                raise Stalled
            began, arrived, left = clock(), 0, stall_seconds
        try:
            chunk = await within(left, anext(chunks))
        except StopAsyncIteration:
            return
        except asyncio.TimeoutError:
            raise Stalled from None
        arrived += len(chunk)
        yield chunk


def _boundary(content_type: str | None) -> bytes:
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        raise NotAForm
    if not 0 < len(boundary := options.get(b"boundary", b"")) <= 70:
        raise BrokenForm
    return boundary


class _Form:
    """The parser and the file it fills. Lives in threads, one call at a time."""

    def __init__(self, boundary: bytes, storage: Storage, recording_id: str, max_bytes: int, reserve: int) -> None:
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._key.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                "on_header_end": self._header,
                "on_headers_finished": self._open,
                "on_part_data": self._data,
                "on_part_end": self._end,
                "on_end": self._over,
            },
        )
        self._storage = storage
        self._id = recording_id
        self._folder = storage.folder(recording_id)
        self._max_bytes = max_bytes
        self._reserve = reserve
        self._ours = False  #: the folder is made, and goes with the upload
        self._file: BinaryIO | None = None
        self._name: str | None = None
        self._size = 0
        self._besides = 0
        self._sha256 = hashlib.sha256()
        self._fields: dict[str, list[str]] = {}
        self._parts = 0
        self._complete = False
        self._key, self._value = bytearray(), bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._field: tuple[str, bytearray] | None = None  #: the field being read; none while it is the file

    def feed(self, data: bytes) -> None:
        try:
            with disk_watched():
                self._storage.check_room(0, self._reserve)
                self._parser.write(data)
        except FormParserError:
            raise BrokenForm from None

    def close(self) -> Received:
        """Make what has arrived last under its name."""
        if not self._complete:
            raise BrokenForm
        if self._file is None or self._name is None:
            raise NoFile
        if self._size == 0:
            raise EmptyFile
        extension = extension_of(self._name)
        path = self._storage.original_named(self._id, extension)
        with disk_watched(), durable_step("original"):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._part.replace(path)
            sync_folder(self._folder)
        return Received(self._name, path, extension, self._size, self._sha256.hexdigest(), self._fields)

    def discard(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # what it still held does not fit either
                self._file.close()
        if self._ours:
            shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _part(self) -> Path:
        return self._folder / ".upload.part"

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise BrokenForm("The form has too many fields.")
        self._headers = {}

    def _header(self) -> None:
        self._headers[bytes(self._key).lower()] = bytes(self._value)
        self._key.clear()
        self._value.clear()

    def _open(self) -> None:
        disposition = self._headers.get(b"content-disposition", b"").decode("latin-1")
        kind, options = parse_options_header(disposition)
        if kind != b"form-data" or b"name" not in options:
            raise BrokenForm
        file_name = _file_name(disposition, options.get(b"filename"))
        if file_name is None:
            self._field = (_text(options[b"name"]), bytearray())
            return
        if self._file is not None:
            raise SeveralFiles
        self._field = None
        self._name = clean_name(file_name)
        self._storage.make(self._folder.parent)
        self._folder.mkdir(mode=0o700)
        self._ours = True
        sync_folder(self._folder.parent)
        self._file = self._part.open("xb", buffering=_BATCH)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._field is not None:
            self._besides += end - start
            if self._besides > BESIDES_BYTES:
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

    def _end(self) -> None:
        if self._field is not None:
            name, value = self._field
            self._fields.setdefault(name, []).append(_text(bytes(value)))

    def _over(self) -> None:
        self._complete = True


def _file_name(disposition: str, plain: bytes | None) -> str | None:
    """The name of the file, or none where the part is a field. Browsers send UTF-8 between the quotes, with %22 for
    a quote; `filename*` counts only where there is no plain name, since forms should not have it at all."""
    if plain is not None:
        return _text(re.sub(rb"%22", b'"', plain))
    if found := re.search(r";\s*filename\*\s*=\s*\"?([^\";]*)", disposition, re.IGNORECASE):
        _charset, _language, value = decode_rfc2231(found[1])
        return _text(unquote_to_bytes(value))
    return None


def _text(raw: bytes) -> str:
    """UTF-8, or what old Chinese programs send in its place."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")
