"""Runs each durable operation and makes a folder in `done` after it; test_syncs traces it with strace."""

import asyncio
import errno
import os
import sys
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from unittest.mock import patch

from backend.durable import link_durably, write_durably
from backend.engines.transcription_checkpoint import TranscriptionCheckpoint
from backend.housekeeping import disk, incoming
from backend.housekeeping.backup_archive import new_archive
from backend.recordings import media
from backend.recordings.files import Storage
from backend.recordings.multipart import receive_form
from backend.recordings.partial_file import PartialFile
from backend.recordings.parts import link_uploads
from backend.recordings.tables import Upload
from backend.recordings.upload_receiver import UploadReceiver
from backend.speech.types import Sentence

BYTES = bytes(range(256)) * 40


def main(root: Path) -> None:
    def mark_done(name: str) -> None:
        (root / "done" / name).mkdir()

    write_durably(root / "given" / "written", BYTES)
    mark_done("a file is written")
    link_durably(root / "given" / "old", root / "given" / "linked")
    mark_done("a hard link is made")
    storage = Storage(root / "uploads")
    storage.make_folder(storage.root / "deep" / "deeper")
    mark_done("folders are made")
    storage.make_folder(storage.incoming)
    for id in ("one", "two", "aborted", "expired"):
        partial_file = PartialFile(storage.upload(id), 0, [], lambda: None)
        partial_file.lock()
        assert partial_file.open()
        partial_file.write([BYTES])
        partial_file.sync()
        mark_done(f"upload {id}")
    asyncio.run(receive_form(_form(), "multipart/form-data; boundary=b", None, storage, "form", max_bytes=10**6,
                        reserve_bytes=0))  # fmt: skip
    mark_done("a form")
    now = datetime.now(timezone.utc)
    one, two = (
        Upload(id=id, name="a.wav", size=len(BYTES), sha256="0" * 64, created_at=now, expires_at=now)
        for id in ("one", "two")
    )
    link_uploads(storage, "alone", [one])
    mark_done("an upload is linked")
    link_uploads(storage, "both", [one, two])
    mark_done("two uploads are linked")
    with patch.object(os, "link", side_effect=OSError(errno.EPERM, "no hard links on this disk")):
        link_uploads(storage, "copied", [one])
    mark_done("an upload is copied without hard links")
    asyncio.run(UploadReceiver(storage, reserve_bytes=0, lifetime=timedelta(hours=1)).delete_files(["aborted"]))
    mark_done("an upload is aborted")
    incoming._unlink(storage, "expired")
    mark_done("an upload expires")
    for name in ("wav", "m4a"):
        (root / "given" / f".{name}.part").write_bytes(BYTES)
    media._name_durably({root / "given" / f".{name}.part": root / "given" / f"heard.{name}" for name in ("wav", "m4a")})
    mark_done("audio is prepared")
    checkpoint = TranscriptionCheckpoint(root / "given" / "finished.jsonl", "a print")
    checkpoint.save(0, Sentence(0.0, 1.0, "大家好。", (), None))
    mark_done("a sentence is recognised")
    with new_archive(root / "given" / "far" / "off" / "archive") as archive:
        archive.put("uploads/x/y", root / "given" / "old")
        archive.write("manifest.json", BYTES)
    mark_done("a backup folder is complete")
    with new_archive(root / "given" / "backup.tar") as archive:
        archive.write("manifest.json", BYTES)
    mark_done("a backup tar is complete")
    asyncio.run(storage.write_durably(storage.mirror("alone", "txt"), BYTES))
    mark_done("a transcript is mirrored")
    asyncio.run(storage.delete("alone"))
    mark_done("a recording is deleted")
    disk.remove(root / "given" / "swept")
    mark_done("an orphan is swept")


async def _form() -> AsyncIterator[bytes]:
    yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n' + BYTES + b"\r\n--b--\r\n"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
