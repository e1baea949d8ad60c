"""A recording may come in several files. They are kept as they came, and a list of their checksums is its original."""

import hashlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from backend.crash import durable_step
from backend.durable import sync_folder, write_durably
from backend.recordings.files import Storage, Stored, disk_watched, extension_of
from backend.recordings.intake import Received
from backend.recordings.tables import Upload
from backend.recordings.uploads import UploadNotFound

#: The extension of the list. Its form is that of sha256sum, so that people can check the parts with it.
LIST = "sha256"


class Several(Stored, Protocol):
    @property
    def parts(self) -> int: ...


def parts_of(storage: Storage, recording: Several) -> list[Path]:
    """The files of a recording in the order they are heard; the original alone where it is the only one."""
    original = storage.original(recording)
    if recording.parts == 1:
        return [original]
    lines = original.read_text(encoding="ascii").splitlines()
    return [storage.part(recording.id, line.rpartition("/")[2]) for line in lines]


def land(storage: Storage, recording_id: str, uploads: Sequence[Upload]) -> tuple[Received, list[Path]]:
    """Give whole uploads a second name in the folder of a new recording, and make it last. They keep their first one:
    until the rows are committed they are uploads."""
    first = uploads[0]
    with disk_watched(), durable_step("recording.files"):
        storage.make(storage.folder(recording_id))
        if len(uploads) == 1:
            extension = extension_of(first.name)
            path = storage.original_named(recording_id, extension)
            _link(storage.upload(first.id), path)
            sync_folder(path.parent)
            return Received(first.name, path, extension, first.size, first.sha256 or ""), [path]
        names = [f"{number:04}.{extension_of(upload.name)}" for number, upload in enumerate(uploads, 1)]
        paths = [storage.part(recording_id, name) for name in names]
        storage.make(paths[0].parent)
        for upload, path in zip(uploads, paths, strict=True):
            _link(storage.upload(upload.id), path)
        sync_folder(paths[0].parent)
        lines = [f"{upload.sha256}  parts/{name}\n" for upload, name in zip(uploads, names, strict=True)]
        text = "".join(lines).encode("ascii")
        list_path = storage.original_named(recording_id, LIST)
        write_durably(list_path, text)
    size = sum(upload.size for upload in uploads)
    received = Received(first.name, list_path, LIST, size, hashlib.sha256(text).hexdigest(), parts=len(uploads))
    return received, paths


def _link(upload: Path, path: Path) -> None:
    try:
        path.hardlink_to(upload)
    except FileNotFoundError:
        raise UploadNotFound from None
    except OSError:  # a file system that knows no second names
        shutil.copyfile(upload, path)
        with path.open("rb") as file:
            os.fsync(file.fileno())
