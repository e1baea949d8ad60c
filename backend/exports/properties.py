"""The properties of an exported file: who exports it, when its text was made, and the day of the meeting."""

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts import time_zones
from backend.accounts.tables import User
from backend.minutes.tables import Minutes
from backend.recordings.tables import Recording
from backend.transcripts.file_properties import FileProperties
from backend.transcripts.tables import Transcript


async def properties_of(
    session: AsyncSession, version: Transcript | Minutes, recording: Recording, reader: User
) -> FileProperties:
    """The date is that of the recording, in the time zone of the reader."""
    held = await time_zones.local(session, reader.id, recording.created_at)
    return FileProperties(author=reader.username, created=version.created_at, held=held.date())
