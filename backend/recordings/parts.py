"""A recording may consist of several files. They are stored unchanged; its original then lists their checksums."""

import hashlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from backend.crash_points import durable_step
from backend.durable import sync_folder, write_durably
from backend.recordings.files import Storage, StoredRecording, extension_of, translate_disk_full
from backend.recordings.multipart import ReceivedFile
from backend.recordings.tables import Upload
from backend.recordings.uploads import UploadNotFound

#: The extension of the list. It has the format of `sha256sum`, so that people can verify the parts with that tool.
PARTS_LIST_EXTENSION = "sha256"


class RecordingWithParts(StoredRecording, Protocol):
    @property
    def parts(self) -> int: ...


def parts_of(storage: Storage, recording: RecordingWithParts) -> list[Path]:
    """The files of a recording in playing order; only the original if there is just one file."""
    original = storage.original(recording)
    if recording.parts == 1:
        return [original]
    lines = original.read_text(encoding="ascii").splitlines()
    return [storage.part(recording.id, line.rpartition("/")[2]) for line in lines]


def link_uploads(storage: Storage, recording_id: str, uploads: Sequence[Upload]) -> tuple[ReceivedFile, list[Path]]:
    """Hard-link complete uploads into the folder of a new recording, durably. They also keep their old names, because
    they remain uploads until the rows are committed."""
    first = uploads[0]
    with translate_disk_full(), durable_step("recording.files"):
        storage.make_folder(storage.folder(recording_id))
        if len(uploads) == 1:
            extension = extension_of(first.name)
            path = storage.original_named(recording_id, extension)
            _link(storage.upload(first.id), path)
            sync_folder(path.parent)
            return ReceivedFile(first.name, path, extension, first.size, first.sha256 or ""), [path]
        names = [f"{number:04}.{extension_of(upload.name)}" for number, upload in enumerate(uploads, 1)]
        paths = [storage.part(recording_id, name) for name in names]
        storage.make_folder(paths[0].parent)
        for upload, path in zip(uploads, paths, strict=True):
            _link(storage.upload(upload.id), path)
        sync_folder(paths[0].parent)
        lines = [f"{upload.sha256}  parts/{name}\n" for upload, name in zip(uploads, names, strict=True)]
        text = "".join(lines).encode("ascii")
        list_path = storage.original_named(recording_id, PARTS_LIST_EXTENSION)
        write_durably(list_path, text)
    size = sum(upload.size for upload in uploads)
    received = ReceivedFile(
        first.name, list_path, PARTS_LIST_EXTENSION, size, hashlib.sha256(text).hexdigest(), parts=len(uploads)
    )
    return received, paths


def _link(upload: Path, path: Path) -> None:
    try:
        path.hardlink_to(upload)
    except FileNotFoundError:
        raise UploadNotFound from None
    except OSError:  # a file system without hard links
        shutil.copyfile(upload, path)
        with path.open("rb") as file:
            os.fsync(file.fileno())
