"""Several transcripts as one zip, written while it is sent: neither the zip nor all of its files are ever in memory."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from zipfile import ZIP_DEFLATED, ZipFile

from backend.database import Database
from backend.recordings.tables import Recording
from backend.transcripts import service as transcripts
from backend.transcripts.export import file_name
from backend.transcripts.look import Look
from backend.transcripts.press import Press

#: The file of a zip that names the recordings it could not have.
MISSING = "没有文稿.txt"


async def zipped(
    database: Database, press: Press, *, owner_id: str, recordings: Sequence[Recording], format: str, look: Look
) -> AsyncIterator[bytes]:
    """The bytes of the zip, a recording at a time. Recordings without a transcript are named in `MISSING`."""
    sink = _Sink()
    missing: list[str] = []
    with ZipFile(sink, "w", ZIP_DEFLATED) as archive:
        for recording, name in zip(recordings, unique_names([one.name for one in recordings], format), strict=True):
            try:
                # A session each: whoever downloads slowly holds no connection.
                async with database.read() as session:
                    transcript = await transcripts.newest(session, owner_id=owner_id, recording_id=recording.id)
            except transcripts.TranscriptNotFound:
                missing.append(recording.name)
                continue
            data = await press.make(transcript.document, format, recording.name, look)
            await asyncio.to_thread(archive.writestr, name, data)
            yield sink.taken()
        if missing:
            archive.writestr(MISSING, "".join(f"{' '.join(name.split())}\n" for name in missing))
    yield sink.taken()


def unique_names(titles: Iterable[str], format: str) -> list[str]:
    """A safe file name for each title. No two are the same, also where capitals do not count."""
    names: list[str] = []
    taken = {MISSING.casefold()}
    for title in titles:
        name = file_name(title, format)
        stem, number = name.removesuffix(f".{format}"), 2
        while name.casefold() in taken:
            name = f"{stem} ({number}).{format}"
            number += 1
        taken.add(name.casefold())
        names.append(name)
    return names


class _Sink(io.RawIOBase):
    """A file that can only be written on; what was written is taken away in between."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # any buffer, in truth
        self._bytes += data
        return len(data)

    def taken(self) -> bytes:
        taken, self._bytes = bytes(self._bytes), bytearray()
        return taken
