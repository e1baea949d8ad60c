"""Does, one after the other, what must last when it is done, and says so after each: strace listens (test_syncs)."""

import asyncio
import errno
import os
import sys
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from unittest.mock import patch

from backend.durable import link_durably, write_durably
from backend.engines.finished import Finished
from backend.housekeeping import disk, incoming
from backend.housekeeping.shelves import new_shelf
from backend.recordings import media
from backend.recordings.berth import Berth
from backend.recordings.dock import Dock
from backend.recordings.files import Storage
from backend.recordings.intake import receive
from backend.recordings.parts import land
from backend.recordings.tables import Upload
from backend.speech.types import Sentence

BYTES = bytes(range(256)) * 40


def main(root: Path) -> None:
    def said(name: str) -> None:
        (root / "done" / name).mkdir()

    write_durably(root / "given" / "written", BYTES)
    said("a file is written")
    link_durably(root / "given" / "old", root / "given" / "linked")
    said("a file gets a second name")
    storage = Storage(root / "uploads")
    storage.make(storage.root / "deep" / "deeper")
    said("folders are made")
    storage.make(storage.incoming)
    for id in ("one", "two", "forsaken", "expired"):
        berth = Berth(storage.upload(id), 0, [], lambda: None)
        assert berth.open()
        berth.write([BYTES])
        berth.sync()
        said(f"upload {id}")
    asyncio.run(receive(_form(), "multipart/form-data; boundary=b", None, storage, "form", max_bytes=10**6,
                        reserve_bytes=0))  # fmt: skip
    said("a form")
    now = datetime.now(timezone.utc)
    one, two = (
        Upload(id=id, name="a.wav", size=len(BYTES), sha256="0" * 64, created_at=now, expires_at=now)
        for id in ("one", "two")
    )
    land(storage, "alone", [one])
    said("an upload lands")
    land(storage, "both", [one, two])
    said("two uploads land")
    with patch.object(os, "link", side_effect=OSError(errno.EPERM, "this disk knows no second names")):
        land(storage, "copied", [one])
    said("an upload lands where files have one name")
    asyncio.run(Dock(storage, reserve_bytes=0, life=timedelta(hours=1)).clear(["forsaken"]))
    said("an upload is given up")
    incoming._unlink(storage, "expired")
    said("an upload expires")
    for name in ("wav", "m4a"):
        (root / "given" / f".{name}.part").write_bytes(BYTES)
    media._name_durably({root / "given" / f".{name}.part": root / "given" / f"heard.{name}" for name in ("wav", "m4a")})
    said("sound is prepared")
    finished = Finished(root / "given" / "finished.jsonl", "a print")
    finished.keep(0, Sentence(0.0, 1.0, "大家好。", (), None))
    said("a sentence is heard")
    with new_shelf(root / "given" / "far" / "off" / "shelf") as shelf:
        shelf.put("uploads/x/y", root / "given" / "old")
        shelf.write("manifest.json", BYTES)
    said("a folder is whole")
    with new_shelf(root / "given" / "backup.tar") as shelf:
        shelf.write("manifest.json", BYTES)
    said("a tar is whole")
    asyncio.run(storage.write_durably(storage.mirror("alone", "txt"), BYTES))
    said("a transcript is mirrored")
    asyncio.run(storage.delete("alone"))
    said("a recording is deleted")
    disk.remove(root / "given" / "swept")
    said("what is left over is swept")


async def _form() -> AsyncIterator[bytes]:
    yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n' + BYTES + b"\r\n--b--\r\n"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
