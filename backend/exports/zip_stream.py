"""Streams several transcripts as one zip, without holding the whole zip or all files in memory."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from zipfile import ZIP_DEFLATED, ZipFile

from backend.accounts.tables import User
from backend.database import Database
from backend.exports.hotwords import with_hotwords
from backend.exports.properties import properties_of
from backend.recordings.tables import Recording
from backend.transcripts import service as transcripts
from backend.transcripts.export import file_name
from backend.transcripts.export_style import ExportStyle
from backend.transcripts.render_pool import RenderPool

#: The file in the zip that lists the recordings without a transcript.
MISSING_LIST = "没有文稿.txt"


async def stream_zip(
    database: Database,
    render_pool: RenderPool,
    *,
    owner: User,
    recordings: Sequence[Recording],
    format: str,
    style: ExportStyle,
) -> AsyncIterator[bytes]:
    """The bytes of the zip, one recording at a time. `MISSING_LIST` names the recordings without a transcript."""
    buffer = _Buffer()
    missing: list[str] = []
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for recording, name in zip(recordings, unique_names([one.name for one in recordings], format), strict=True):
            try:
                # One session per recording: a slow download must not hold a connection.
                async with database.read() as session:
                    transcript = await transcripts.newest(session, owner_id=owner.id, recording_id=recording.id)
                    own_style = await with_hotwords(session, style, owner_id=owner.id, recording_id=recording.id)
                    properties = await properties_of(session, transcript, recording, owner)
            except transcripts.TranscriptNotFound:
                missing.append(recording.name)
                continue
            name_and_look = (recording.name, own_style, properties)
            data = await render_pool.render(transcript.document, format, *name_and_look, user_id=owner.id)
            await asyncio.to_thread(archive.writestr, name, data)
            yield buffer.drain()
        if missing:
            archive.writestr(MISSING_LIST, "".join(f"{' '.join(name.split())}\n" for name in missing))
    yield buffer.drain()


def unique_names(titles: Iterable[str], format: str) -> list[str]:
    """A safe file name for each title, unique even if case is ignored."""
    names: list[str] = []
    used = {MISSING_LIST.casefold()}
    for title in titles:
        name = file_name(title, format)
        stem, number = name.removesuffix(f".{format}"), 2
        while name.casefold() in used:
            name = f"{stem} ({number}).{format}"
            number += 1
        used.add(name.casefold())
        names.append(name)
    return names


class _Buffer(io.RawIOBase):
    """A write-only file. `drain` returns and removes what was written."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # accepts any buffer
        self._bytes += data
        return len(data)

    def drain(self) -> bytes:
        content, self._bytes = bytes(self._bytes), bytearray()
        return content
